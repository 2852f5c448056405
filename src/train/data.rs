//! Examples to learn from and examples that are left out, as plain values. Must not know Burn.

use sha2::{Digest, Sha256};

use super::lesions::Lesions;
use crate::bundle::steps::Step;
use crate::input::{self, InputError};

/// What a picture is kept as.
#[derive(Debug, Clone, PartialEq)]
pub enum Values {
    /// What the network receives, `[channels, height, width]`.
    Ready(Vec<f32>),
    /// Cut and resized, `[height, width, channels]`: another camera can still be tried, and it takes a quarter of the
    /// memory.
    Framed(Vec<u8>),
}

/// One picture.
#[derive(Debug, Clone, PartialEq)]
pub struct Example {
    pub values: Values,
    pub class: usize,
    /// Pictures of one patient have one number.
    pub group: usize,
    /// What is known of its lesions; empty where no lesions are.
    pub lesions: Lesions,
    /// The whole picture as it was stored, as 16×16 grey values; empty where nobody asks what they alone can tell.
    pub thumbnail: Vec<f32>,
}

impl Default for Example {
    fn default() -> Self {
        let (lesions, thumbnail) = (Lesions::default(), Vec::new());
        Self { values: Values::Ready(Vec::new()), class: 0, group: 0, lesions, thumbnail }
    }
}

/// What a training has to work with.
#[derive(Debug, Clone, Default)]
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
    /// The card's preprocessing, for examples that are framed alone.
    pub steps: Vec<Step>,
    /// What the data are, where the recipe's card cannot say it.
    pub described: Option<String>,
    /// What of the folder is not used and why, in a sentence.
    pub left_out: Option<String>,
}

impl DataSet {
    /// A checksum of everything that is learned from, so that a checkpoint is never continued with other data.
    pub fn fingerprint(&self) -> String {
        let mut hash = Sha256::new();
        for example in &self.learn {
            hash.update((example.class as u64).to_le_bytes());
            let bytes = |values: &[f32]| values.iter().flat_map(|v| v.to_le_bytes()).collect::<Vec<u8>>();
            match &example.values {
                Values::Ready(values) => hash.update(bytes(values)),
                Values::Framed(values) => hash.update(values),
            }
            hash.update(bytes(&example.lesions.cells));
            hash.update(bytes(&example.lesions.known));
        }
        hash.finalize().iter().take(8).map(|byte| format!("{byte:02x}")).collect()
    }

    /// What the network receives of `example`, `[channels, height, width]`.
    ///
    /// # Errors
    /// Steps of a card that do not fit together.
    pub fn input_of(&self, example: &Example) -> Result<Vec<f32>, InputError> {
        match &example.values {
            Values::Ready(values) => Ok(values.clone()),
            Values::Framed(bytes) => input::finish(planes(bytes, self.input[0]), self.input, &self.steps),
        }
    }

    /// How many examples to learn from each class has.
    pub fn counts(&self, classes: usize) -> Vec<usize> {
        let mut counts = vec![0; classes];
        self.learn.iter().for_each(|example| counts[example.class] += 1);
        counts
    }
}

/// Planes `[channels, height, width]` of 0–255 from interleaved bytes.
fn planes(bytes: &[u8], channels: usize) -> Vec<f32> {
    let plane = |c: usize| bytes.iter().skip(c).step_by(channels).map(|v| f32::from(*v));
    (0..channels).flat_map(plane).collect()
}
