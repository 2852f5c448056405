//! IDRiD's folder layout and the lesion boxes beside it, as examples. Must not know Burn.

use std::collections::HashMap;
use std::path::{Path, PathBuf};

use rayon::prelude::*;
use serde::Deserialize;

use super::data::{DataSet, Example};
use super::{Recipe, TrainError};
use crate::bundle::card::{ConvStackSizes, Layer};
use crate::input::{self, ModelInput};
use crate::scan;

const PICTURES: &str = "1. Original Images/a. Training Set";
const GRADES: &str = "2. Groundtruths/a. IDRiD_Disease Grading_Training Labels.csv";
const BOXES: &str = "lesions.csv";
/// The kinds of lesion, in the order of the lesion head's outputs; the last is a landmark.
const KINDS: [&str; 3] = ["hard_exudates", "haemorrhage", "optic_disc"];
/// Every so many-th picture of a grade is left out of training.
const HELD_EVERY: usize = 5;

/// A line of `lesions.csv`: a box as fractions of the picture's width and height.
#[derive(Debug, Clone, Deserialize)]
struct LesionBox {
    image: String,
    lesion: String,
    x_min: f64,
    y_min: f64,
    x_max: f64,
    y_max: f64,
}

/// Reads pictures, grades and, where they are there, lesion boxes; a fifth of each grade is left out.
pub fn read(recipe: &Recipe, folder: &Path) -> Result<DataSet, TrainError> {
    let sizes = recipe.sizes()?;
    let grades = grades(&folder.join(GRADES), recipe.card.classes.len())?;
    let boxes = boxes(&folder.join(BOXES))?;
    let cells = recipe.schedule.lesion_head.filter(|_| boxes.is_some()).map(|head| {
        let [rows, columns] = grid(sizes, head.layer);
        [head.kinds.min(KINDS.len()), rows, columns]
    });
    let examples: Vec<Example> = grades
        .par_iter()
        .map(|(name, class)| {
            let path = folder.join(PICTURES).join(format!("{name}.jpg"));
            let scan = scan::open(&path)?;
            let failed = |source| TrainError::Input { path: path.clone(), source };
            let input = input::prepare(&scan, &recipe.card.preprocessing).map_err(failed)?;
            let of_picture = boxes.as_ref().and_then(|boxes| boxes.get(name)).map_or(&[][..], Vec::as_slice);
            let cells = cells.map_or_else(Vec::new, |grid| marked(of_picture, scan.size_px(), &input, grid));
            Ok(Example { values: input.values, class: *class, cells, thumbnail: Vec::new() })
        })
        .collect::<Result<_, TrainError>>()?;
    let (learn, held) = split(examples, recipe.card.classes.len());
    let held_is = format!(
        "{} pictures of the data, every fifth of each grade, none seen in training{}",
        held.len(),
        if boxes.is_some() { "" } else { " (trained without lesion boxes)" }
    );
    Ok(DataSet { learn, tune: Vec::new(), held, held_is, input: sizes.input, cells })
}

/// Every fifth example of a class is left out, beginning with the first.
fn split(examples: Vec<Example>, classes: usize) -> (Vec<Example>, Vec<Example>) {
    let mut seen = vec![0usize; classes];
    let (mut learn, mut held) = (Vec::new(), Vec::new());
    for example in examples {
        let number = &mut seen[example.class];
        if number.is_multiple_of(HELD_EVERY) { &mut held } else { &mut learn }.push(example);
        *number += 1;
    }
    (learn, held)
}

/// Names and grades, by name.
fn grades(path: &Path, classes: usize) -> Result<Vec<(String, usize)>, TrainError> {
    let mut grades = Vec::new();
    for record in reader(path)?.records() {
        let record = record.map_err(|error| TrainError::data(path, format!("is no readable table: {error}")))?;
        let (Some(name), Some(text)) = (record.get(0), record.get(1)) else { continue };
        if name.is_empty() {
            continue;
        }
        let plain = !name.contains(['/', '\\']) && !name.starts_with('.');
        let Some(grade) = text.parse().ok().filter(|grade| plain && *grade < classes) else {
            return Err(TrainError::data(path, format!("`{name}` with grade `{text}` makes no sense")));
        };
        grades.push((name.to_owned(), grade));
    }
    if grades.is_empty() {
        return Err(TrainError::data(path, "names no picture"));
    }
    grades.sort();
    Ok(grades)
}

/// The lesion boxes by picture, or `None` where there is no such file.
fn boxes(path: &Path) -> Result<Option<HashMap<String, Vec<LesionBox>>>, TrainError> {
    if !path.exists() {
        return Ok(None);
    }
    let mut boxes: HashMap<String, Vec<LesionBox>> = HashMap::new();
    for line in reader(path)?.deserialize() {
        let line: LesionBox = line.map_err(|error| TrainError::data(path, format!("is no table of boxes: {error}")))?;
        // Real boxes reach a little beyond their pictures; those that lie wholly elsewhere are mistakes.
        let spans = [(line.x_min, line.x_max), (line.y_min, line.y_max)];
        if !spans.iter().all(|(from, to)| from <= to && *to >= 0.0 && *from <= 1.0) {
            return Err(TrainError::data(path, format!("a box of {} lies outside of its picture", line.image)));
        }
        let stem = PathBuf::from(&line.image).file_stem().unwrap_or_default().to_string_lossy().into_owned();
        boxes.entry(stem).or_default().push(line);
    }
    Ok(Some(boxes))
}

fn reader(path: &Path) -> Result<csv::Reader<std::fs::File>, TrainError> {
    let file = std::fs::File::open(path)
        .map_err(|error| TrainError::data(path, format!("cannot be read ({error}); IDRiD's own folders are needed")))?;
    Ok(csv::ReaderBuilder::new().flexible(true).trim(csv::Trim::All).from_reader(file))
}

/// Rows and columns of a layer's output.
fn grid(sizes: &ConvStackSizes, layer: usize) -> [usize; 2] {
    let [_, height, width] = sizes.input;
    sizes.layers[..=layer].iter().fold([height, width], |grid, layer| {
        grid.map(|side| match *layer {
            Layer::Conv { stride, .. } => (side - 1) / stride + 1,
            Layer::MaxPool { size } => side / size,
            Layer::Classes { .. } => side,
        })
    })
}

/// The cells that the boxes touch, `[kinds, rows, columns]`.
fn marked(
    boxes: &[LesionBox],
    (width, height): (u32, u32),
    input: &ModelInput,
    [kinds, rows, columns]: [usize; 3],
) -> Vec<f32> {
    let mut cells = vec![0.0; kinds * rows * columns];
    let Some(model_from_source) = input.source_from_model.inverse() else { return cells };
    let cell = |x: f64, y: f64| {
        let (x, y) = (x.clamp(0.0, 1.0) * f64::from(width), y.clamp(0.0, 1.0) * f64::from(height));
        let (x, y) = model_from_source.apply(x, y);
        let place = |v: f64, side: usize, count: usize| (v * count as f64 / side as f64).clamp(0.0, count as f64);
        (place(x, input.width, columns) as usize, place(y, input.height, rows) as usize)
    };
    for lesion in boxes {
        let Some(kind) = KINDS.iter().take(kinds).position(|kind| *kind == lesion.lesion) else { continue };
        let ((left, top), (right, low)) = (cell(lesion.x_min, lesion.y_min), cell(lesion.x_max, lesion.y_max));
        for row in top..(low + 1).min(rows) {
            for column in left..(right + 1).min(columns) {
                cells[(kind * rows + row) * columns + column] = 1.0;
            }
        }
    }
    cells
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::geometry::Transform;

    #[test]
    fn a_fifth_of_every_class_is_left_out() {
        let example = |class| Example { values: Vec::new(), class, cells: Vec::new(), thumbnail: Vec::new() };
        let examples = (0..100).map(|i| example(usize::from(i % 4 == 0))).collect();
        let (learn, held) = split(examples, 2);
        let count = |part: &[Example], class| part.iter().filter(|e| e.class == class).count();
        assert_eq!((count(&held, 0), count(&held, 1)), (15, 5));
        assert_eq!((count(&learn, 0), count(&learn, 1)), (60, 20));
    }

    #[test]
    fn a_box_marks_the_cells_that_it_touches() {
        let lesion = LesionBox {
            image: "a.jpg".to_owned(),
            lesion: "haemorrhage".to_owned(),
            x_min: 0.30,
            y_min: 0.5,
            x_max: 0.55,
            y_max: 0.5,
        };
        // A picture of 200×100 pixels, cropped to its middle square and shown to the model at 50×50.
        let source_from_model = Transform::scale_then_move(2.0, 2.0, 50.0, 0.0);
        let input = ModelInput { values: Vec::new(), channels: 3, height: 50, width: 50, source_from_model };
        let cells = marked(&[lesion], (200, 100), &input, [3, 5, 5]);
        let lit: Vec<usize> = (0..75).filter(|i| cells[*i] > 0.0).collect();
        // Columns 0 (x = 5 of 50) to 3 (x = 30), row 2 (y = 25), of the second kind.
        assert_eq!(lit, [35, 36, 37, 38]);
    }

    #[test]
    fn the_lesion_grid_follows_strides_and_pools() {
        let recipe = Recipe::find("retina-dr").unwrap();
        assert_eq!(grid(recipe.sizes().unwrap(), 7), [64, 64]);
    }

    #[test]
    fn tables_that_make_no_sense_are_refused() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("grades.csv");
        let refusal = |text: &str| {
            std::fs::write(&path, text).unwrap();
            grades(&path, 5).err().map(|e| e.to_string()).unwrap_or_default()
        };
        assert!(refusal("Image name,Retinopathy grade\nA,7\n").contains("`A` with grade `7`"));
        assert!(refusal("Image name,Retinopathy grade\n../A,1\n").contains("makes no sense"));
        assert!(refusal("Image name,Retinopathy grade\n").contains("names no picture"));
        assert!(refusal("Image name,Retinopathy grade\nB,1,0\nA,2,0,,\n").is_empty());
    }
}
