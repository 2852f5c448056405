//! IDRiD's folder layout and the lesion boxes beside it, as examples. Must not know Burn.

use std::path::Path;

use rayon::prelude::*;

use super::data::{DataSet, Example};
use super::{Recipe, TrainError, lesions, photograph};
use crate::guard::regular;

const PICTURES: &str = "1. Original Images/a. Training Set";
const GRADES: &str = "2. Groundtruths/a. IDRiD_Disease Grading_Training Labels.csv";
const BOXES: &str = "lesions.csv";
/// Every so many-th picture of a grade is left out of training.
const HELD_EVERY: usize = 5;

/// Reads pictures, grades and, where they are there, lesion boxes; a fifth of each grade is left out.
pub fn read(recipe: &Recipe, folder: &Path) -> Result<DataSet, TrainError> {
    let plan = recipe.plan()?;
    let grades = grades(&folder.join(GRADES), recipe.card.classes.len())?;
    let boxes = lesions::read_boxes(&folder.join(BOXES))?;
    let cells = recipe.schedule.lesion_head.filter(|_| boxes.is_some()).and_then(|head| lesions::shape(&plan, head));
    let examples: Vec<Example> = grades
        .par_iter()
        .enumerate()
        .map(|(group, (name, class))| {
            let path = folder.join(PICTURES).join(format!("{name}.jpg"));
            let of_picture = boxes.as_ref().and_then(|boxes| boxes.get(name));
            let mark =
                |grid: lesions::Grid| Ok(of_picture.map_or_else(|| grid.unknown(), |boxes| grid.of_boxes(boxes)));
            let example = photograph::read(&path, recipe, cells, mark)?;
            Ok(Example { class: *class, group, ..example })
        })
        .collect::<Result<_, TrainError>>()?;
    let (learn, held) = split(examples, recipe.card.classes.len());
    let held_is = format!(
        "{} pictures of the data, every fifth of each grade, none seen in training{}",
        held.len(),
        if boxes.is_some() { "" } else { " (trained without lesion boxes)" }
    );
    let steps = recipe.remaining_steps();
    Ok(DataSet { learn, held, held_is, input: plan.input(), cells, steps, ..DataSet::default() })
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

fn reader(path: &Path) -> Result<csv::Reader<std::fs::File>, TrainError> {
    let (file, _) = regular::open(path).map_err(|error| {
        TrainError::data(path, format!("cannot be read ({error}); IDRiD's own folders are needed, or --labels"))
    })?;
    Ok(csv::ReaderBuilder::new().flexible(true).trim(csv::Trim::All).from_reader(file))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_fifth_of_every_class_is_left_out() {
        let example = |class| Example { class, ..Example::default() };
        let examples = (0..100).map(|i| example(usize::from(i % 4 == 0))).collect();
        let (learn, held) = split(examples, 2);
        let count = |part: &[Example], class| part.iter().filter(|e| e.class == class).count();
        assert_eq!((count(&held, 0), count(&held, 1)), (15, 5));
        assert_eq!((count(&learn, 0), count(&learn, 1)), (60, 20));
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
