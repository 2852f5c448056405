//! One photograph as an example to learn from, with what is known of its lesions. Must not know Burn.

use std::path::Path;

use super::data::{Example, Values};
use super::lesions::{Grid, Lesions};
use super::{Recipe, TrainError};
use crate::guard::panics;
use crate::input;
use crate::scan;

/// Reads the picture at `path`; `mark` says where its lesions are, on cells of the shape `cells`.
///
/// # Errors
/// A picture that cannot be read or prepared, and those of `mark`.
pub fn read(
    path: &Path,
    recipe: &Recipe,
    cells: Option<[usize; 3]>,
    mark: impl FnOnce(Grid) -> Result<Lesions, TrainError>,
) -> Result<Example, TrainError> {
    let fault = |reason: String| TrainError::data(path, panics::sentence(&reason));
    let scan = panics::caught(|| scan::open(path)).map_err(fault)??;
    let failed = |error| TrainError::Input { path: path.to_owned(), error };
    let steps = &recipe.card.preprocessing;
    let (values, model_px, source_from_model) = if recipe.schedule.augmentation.camera.is_some() {
        let framed = input::prepare_bytes(&scan, steps).map_err(failed)?;
        (Values::Framed(framed.bytes), (framed.width, framed.height), framed.source_from_model)
    } else {
        let ready = input::prepare(&scan, steps).map_err(failed)?;
        (Values::Ready(ready.values), (ready.width, ready.height), ready.source_from_model)
    };
    let grid = cells.map(|shape| Grid { shape, source_px: scan.size_px(), source_from_model, model_px });
    let lesions = grid.map_or_else(|| Ok(Lesions::default()), mark)?;
    Ok(Example { values, lesions, ..Example::default() })
}
