//! MNIST in its own files, as examples.

use std::path::Path;

use super::TrainError;
use super::data::{DataSet, Example, Values};
use crate::bundle::Card;
use crate::input;
use crate::scan::idx::{Digits, IdxError};

/// Reads the training digits, to learn from, and the test digits, to measure on.
pub fn read(card: &Card, folder: &Path) -> Result<DataSet, TrainError> {
    let learn = part(card, folder, "train")?;
    let held = part(card, folder, "t10k")?;
    let held_is = format!("{} test digits of MNIST (t10k), none seen in training", held.len());
    Ok(DataSet { learn, held, held_is, input: card.architecture.input(), ..DataSet::default() })
}

fn part(card: &Card, folder: &Path, name: &str) -> Result<Vec<Example>, TrainError> {
    let digits = Digits::read(folder, name).map_err(|IdxError { path, reason }| TrainError::Data { path, reason })?;
    let [path, labels_path] = Digits::files(folder, name);
    digits
        .scans()
        .map(|(scan, label)| {
            let class = usize::from(label);
            if class >= card.classes.len() {
                return Err(TrainError::data(&labels_path, format!("label {label} is no digit")));
            }
            let failed = |error| TrainError::Input { path: path.clone(), error };
            let input = input::prepare(&scan, &card.preprocessing).map_err(failed)?;
            Ok(Example { values: Values::Ready(input.values), class, ..Example::default() })
        })
        .collect()
}
