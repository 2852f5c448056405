//! What can be wrong with a bundle.

use std::path::PathBuf;

/// Why a model was refused. Every text names the model, the place, and what to do.
#[derive(Debug, thiserror::Error)]
#[allow(missing_docs)] // The fields are what the text names.
pub enum BundleError {
    /// No model has this name.
    #[error("there is no model `{wanted}`; known are: {known}")]
    Unknown { wanted: String, known: String },
    /// A card that comes without weights, such as `chexnet`.
    #[error(
        "model `{model}` comes without weights; add those of a checkpoint that you have: fovea import CHECKPOINT --as {kind} --card {model} --out {}", out.display()
    )]
    NoWeights { model: String, kind: String, out: PathBuf },
    // What the system said is in the sentence, and so no source that would be said again.
    /// A file that cannot be read.
    #[error("cannot read {}: {error}; check that the model's folder is complete", path.display())]
    Read { path: PathBuf, error: std::io::Error },
    /// A card that makes no sense.
    #[error("model `{model}`: its model.toml is not valid: {reason}")]
    Card { model: String, reason: String },
    /// A file that is larger than such a file can be.
    #[error(
        "model `{model}`: {file} is {found} bytes where its card allows at most {limit}; it is not the file that belongs to this card"
    )]
    TooLarge { model: String, file: String, found: u64, limit: u64 },
    /// Weights of another SHA-256 than the card's.
    #[error("model `{model}`: {file} was altered (SHA-256 {found}, the card says {expected}); copy the model again")]
    Altered { model: String, file: String, found: String, expected: String },
    /// A file of weights that is no sound safetensors file.
    #[error("model `{model}`: {file} is not a readable safetensors file: {reason}")]
    Format { model: String, file: String, reason: String },
    /// A tensor that the network needs.
    #[error("model `{model}`: {file} lacks tensor `{tensor}`; copy the model again")]
    Missing { model: String, file: String, tensor: String },
    /// A tensor that the network has no place for.
    #[error("model `{model}`: {file} holds tensor `{tensor}`, which its architecture has no place for")]
    Extra { model: String, file: String, tensor: String },
    /// A tensor of another shape than the network's.
    #[error("model `{model}`: tensor `{tensor}` is {found} where the card's architecture needs {expected}")]
    Misshapen { model: String, tensor: String, found: String, expected: String },
    /// Infinities among the weights, or values that are no numbers.
    #[error("model `{model}`: tensor `{tensor}` holds a value that is no finite number")]
    NotFinite { model: String, tensor: String },
    /// A normalisation that would take a root of a negative number.
    #[error("model `{model}`: tensor `{tensor}` holds a negative variance")]
    NegativeVariance { model: String, tensor: String },
    /// A calibration beside the model that cannot be used.
    #[error(transparent)]
    Calibration(#[from] super::calibration::CalibrationError),
}
