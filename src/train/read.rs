//! Where the examples come from: a data set in its own layout, or a table of any folder.

use std::path::Path;

use super::data::DataSet;
use super::schedule::FolderLayout;
use super::{Recipe, TrainError, folder, idrid, idx, kermany};

/// Reads the data of `recipe` from `place`: in the layout of a data set, or as the table `labels` says.
///
/// # Errors
/// One sentence about the first file that is missing or broken.
pub fn read(recipe: &Recipe, place: &Path, labels: Option<&Path>) -> Result<DataSet, TrainError> {
    if !place.is_dir() {
        return Err(TrainError::data(place, "there is no such folder; give the data's folder as --data"));
    }
    if let Some(labels) = labels {
        return folder::read(recipe, place, labels);
    }
    match recipe.schedule.data {
        FolderLayout::Mnist => idx::read(&recipe.card, place),
        FolderLayout::Idrid => idrid::read(recipe, place),
        FolderLayout::Kermany => kermany::read(&recipe.card, place),
    }
}
