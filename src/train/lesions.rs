//! Where lesions are, on the cells of the lesion head: from boxes as fractions of a picture, or from masks of pixels.
//! Must not know Burn.

use std::collections::HashMap;
use std::path::Path;

use super::TrainError;
use super::plan::Plan;
use super::schedule::LesionHead;
use crate::geometry::Transform;
use crate::lesions::{self, KINDS, LesionBox};

/// What boxes can tell; where there are boxes of a picture, these kinds were looked for.
const BOXED: [&str; 3] = ["haemorrhage", "hard_exudates", "optic_disc"];

/// What is known of one picture.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Lesions {
    /// 1 where a cell shows a lesion, `[kinds, rows, columns]`.
    pub cells: Vec<f32>,
    /// 1 where a kind was looked for, `[kinds]`.
    pub known: Vec<f32>,
}

/// From a picture's pixels to the cells of the lesion head.
#[derive(Debug, Clone, Copy)]
pub struct Grid {
    /// Kinds, rows and columns.
    pub shape: [usize; 3],
    /// The picture's width and height in pixels.
    pub source_px: (u32, u32),
    /// The model's frame in source pixels, and its width and height.
    pub source_from_model: Transform,
    pub model_px: (usize, usize),
}

/// Kinds, rows and columns of what a lesion head tells; `None` where the network has no value of its stride.
pub fn shape(plan: &Plan, head: LesionHead) -> Option<[usize; 3]> {
    let [rows, columns] = plan.place_of(head)?.grid;
    Some([head.kinds.min(KINDS.len()), rows * head.finer, columns * head.finer])
}

/// The lesion boxes by picture, or `None` where there is no such file.
pub fn read_boxes(path: &Path) -> Result<Option<HashMap<String, Vec<LesionBox>>>, TrainError> {
    Ok(if path.exists() { Some(lesions::read_boxes(path)?) } else { None })
}

/// The pixels of a mask, one bit a kind of lesion, row by row; as large as its picture.
pub fn read_mask(path: &Path, source_px: (u32, u32)) -> Result<Vec<u8>, TrainError> {
    let values = lesions::read_mask(path, source_px)?;
    let most = (1u8 << KINDS.len()) - 1;
    match values.iter().find(|bits| **bits > most) {
        Some(bits) => Err(TrainError::data(
            path,
            format!(
                "the mask has a value of {bits}; 1 microaneurysm, 2 haemorrhage, 4 hard and 8 soft exudates and 16 optic disc add up to {most}"
            ),
        )),
        None => Ok(values),
    }
}

impl Grid {
    /// No kind was looked for.
    pub fn unknown(&self) -> Lesions {
        let [kinds, rows, columns] = self.shape;
        Lesions { cells: vec![0.0; kinds * rows * columns], known: vec![0.0; kinds] }
    }

    /// The cells that the boxes touch; of the kinds that boxes tell.
    pub fn of_boxes(&self, boxes: &[LesionBox]) -> Lesions {
        let mut found = self.unknown();
        let [kinds, rows, columns] = self.shape;
        for (known, kind) in found.known.iter_mut().zip(KINDS) {
            *known = if BOXED.contains(&kind) { 1.0 } else { 0.0 };
        }
        let Some(model_from_source) = self.source_from_model.inverse() else { return found };
        let (width, height) = (f64::from(self.source_px.0), f64::from(self.source_px.1));
        let cell = |x: f64, y: f64| {
            let (x, y) = model_from_source.apply(x.clamp(0.0, 1.0) * width, y.clamp(0.0, 1.0) * height);
            let place = |v: f64, side: usize, count: usize| (v * count as f64 / side as f64).clamp(0.0, count as f64);
            (place(x, self.model_px.0, columns) as usize, place(y, self.model_px.1, rows) as usize)
        };
        for lesion in boxes {
            let Some(kind) = KINDS.iter().take(kinds).position(|kind| *kind == lesion.lesion) else { continue };
            let ((left, top), (right, low)) = (cell(lesion.x_min, lesion.y_min), cell(lesion.x_max, lesion.y_max));
            for row in top..(low + 1).min(rows) {
                for column in left..(right + 1).min(columns) {
                    found.cells[(kind * rows + row) * columns + column] = 1.0;
                }
            }
        }
        found
    }

    /// The cells in which a pixel is marked: a microaneurysm of a few pixels is not lost. All kinds were looked for.
    pub fn of_mask(&self, mask: &[u8]) -> Lesions {
        let mut found = self.unknown();
        found.known.fill(1.0);
        let [kinds, rows, columns] = self.shape;
        let Some(model_from_source) = self.source_from_model.inverse() else { return found };
        let width = self.source_px.0.max(1) as usize;
        for (i, bits) in mask.iter().enumerate().filter(|(_, bits)| **bits > 0) {
            let (x, y) = model_from_source.apply((i % width) as f64 + 0.5, (i / width) as f64 + 0.5);
            let (x, y) = (x * columns as f64 / self.model_px.0 as f64, y * rows as f64 / self.model_px.1 as f64);
            if x < 0.0 || y < 0.0 || x >= columns as f64 || y >= rows as f64 {
                continue;
            }
            for kind in (0..kinds).filter(|kind| bits & (1 << kind) > 0) {
                found.cells[(kind * rows + y as usize) * columns + x as usize] = 1.0;
            }
        }
        found
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::train::Recipe;

    /// A picture of 200×100 pixels, cropped to its middle square and shown to the model at 50×50.
    fn grid() -> Grid {
        let source_from_model = Transform::scale_then_move(2.0, 2.0, 50.0, 0.0);
        Grid { shape: [5, 5, 5], source_px: (200, 100), source_from_model, model_px: (50, 50) }
    }

    fn lit(lesions: &Lesions) -> Vec<usize> {
        (0..lesions.cells.len()).filter(|i| lesions.cells[*i] > 0.0).collect()
    }

    #[test]
    fn a_box_marks_the_cells_that_it_touches() {
        let (image, lesion) = ("a.jpg".to_owned(), "haemorrhage".to_owned());
        let found = grid().of_boxes(&[LesionBox { image, lesion, x_min: 0.30, y_min: 0.5, x_max: 0.55, y_max: 0.5 }]);
        // Columns 0 (x = 5 of 50) to 3 (x = 30), row 2 (y = 25), of the second kind.
        assert_eq!(lit(&found), [35, 36, 37, 38]);
        assert_eq!(found.known, [0.0, 1.0, 1.0, 0.0, 1.0], "boxes say nothing of the other two");
    }

    #[test]
    fn a_pixel_of_a_mask_marks_its_cell_for_every_kind() {
        let mut mask = vec![0u8; 200 * 100];
        mask[41 * 200 + 69] = 1 | 16; // x 9.75, y 20.75 of 50
        mask[10 * 200 + 20] = 2; // left of the square
        let found = grid().of_mask(&mask);
        assert_eq!(lit(&found), [10, 110]);
        assert_eq!(found.known, [1.0; 5]);
    }

    #[test]
    fn masks_of_another_meaning_are_refused() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("mask.png");
        let refusal = |value: u8| {
            image::GrayImage::from_pixel(4, 3, image::Luma([value])).save(&path).unwrap();
            read_mask(&path, (4, 3)).map_err(|error| error.to_string())
        };
        assert_eq!(refusal(18).unwrap(), [18; 12]);
        assert!(refusal(255).unwrap_err().contains("a value of 255"));
    }

    #[test]
    fn the_lesion_grid_follows_strides_pools_and_finer_cells() {
        let recipe = Recipe::find("retina-dr").unwrap();
        let head = recipe.schedule.lesion_head.unwrap();
        assert_eq!(shape(&recipe.plan().unwrap(), head), Some([5, 128, 128]));
    }
}
