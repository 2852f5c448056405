//! Examples to learn from and examples that are left out, as plain values. Must not know Burn.

use std::path::Path;

use sha2::{Digest, Sha256};

use super::schedule::Layout;
use super::{Recipe, TrainError, idx, kermany, retina};

/// One picture, as the network receives it.
#[derive(Debug, Clone)]
pub struct Example {
    /// `[channels, height, width]`
    pub values: Vec<f32>,
    pub class: usize,
    /// 1 where a cell shows a lesion, `[kinds, rows, columns]`; empty where lesions are not known.
    pub cells: Vec<f32>,
    /// The whole picture as it was stored, as 16×16 grey values; empty where nobody asks what they alone can tell.
    pub thumbnail: Vec<f32>,
}

/// What a training has to work with.
#[derive(Debug, Clone)]
pub struct DataSet {
    pub learn: Vec<Example>,
    /// Neither learned from nor measured on: the operating point is chosen on these. Empty where there is none.
    pub tune: Vec<Example>,
    /// Never learned from; the model is measured on these.
    pub held: Vec<Example>,
    /// What `held` is, for the card.
    pub held_is: String,
    /// Channels, height and width.
    pub input: [usize; 3],
    /// Kinds, rows and columns of the lesion cells, where they are known.
    pub cells: Option<[usize; 3]>,
}

/// Reads the data of `recipe` from `folder`.
///
/// # Errors
/// One sentence about the first file that is missing or broken.
pub fn read(recipe: &Recipe, folder: &Path) -> Result<DataSet, TrainError> {
    if !folder.is_dir() {
        return Err(TrainError::data(folder, "there is no such folder; give the data's folder as --data"));
    }
    match recipe.schedule.data {
        Layout::Mnist => idx::read(&recipe.card, folder),
        Layout::Idrid => retina::read(recipe, folder),
        Layout::Kermany => kermany::read(&recipe.card, folder),
    }
}

impl DataSet {
    /// A checksum of everything that is learned from, so that a checkpoint is never continued with other data.
    pub fn fingerprint(&self) -> String {
        let mut hash = Sha256::new();
        for example in &self.learn {
            hash.update((example.class as u64).to_le_bytes());
            for values in [&example.values, &example.cells] {
                let bytes: Vec<u8> = values.iter().flat_map(|v| v.to_le_bytes()).collect();
                hash.update(&bytes);
            }
        }
        hash.finalize().iter().take(8).map(|byte| format!("{byte:02x}")).collect()
    }

    /// How many examples to learn from each class has.
    pub fn counts(&self, classes: usize) -> Vec<usize> {
        let mut counts = vec![0; classes];
        self.learn.iter().for_each(|example| counts[example.class] += 1);
        counts
    }
}
