//! What can be wrong with a bundle.

use std::path::PathBuf;

/// Why a model was refused. Every text names the model, the place, and what to do.
#[derive(Debug, thiserror::Error)]
pub enum BundleError {
    #[error("there is no model `{wanted}`; known are: {known}")]
    Unknown { wanted: String, known: String },
    #[error(
        "model `{model}` comes without weights; add those of a checkpoint that you have: fovea import CHECKPOINT --as {kind} --card {model} --out {}", out.display()
    )]
    NoWeights { model: String, kind: String, out: PathBuf },
    // What the system said is in the sentence, and so no source that would be said again.
    #[error("cannot read {}: {error}; check that the model's folder is complete", path.display())]
    Read { path: PathBuf, error: std::io::Error },
    #[error("model `{model}`: its model.toml is not valid: {reason}")]
    Card { model: String, reason: String },
    #[error(
        "model `{model}`: {file} is {found} bytes where its card allows at most {limit}; it is not the file that belongs to this card"
    )]
    TooLarge { model: String, file: String, found: u64, limit: u64 },
    #[error("model `{model}`: {file} was altered (SHA-256 {found}, the card says {expected}); copy the model again")]
    Altered { model: String, file: String, found: String, expected: String },
    #[error("model `{model}`: {file} is not a readable safetensors file: {reason}")]
    Format { model: String, file: String, reason: String },
    #[error("model `{model}`: {file} lacks tensor `{tensor}`; copy the model again")]
    Missing { model: String, file: String, tensor: String },
    #[error("model `{model}`: {file} holds tensor `{tensor}`, which its architecture has no place for")]
    Extra { model: String, file: String, tensor: String },
    #[error("model `{model}`: tensor `{tensor}` is {found} where the card's architecture needs {expected}")]
    Misshapen { model: String, tensor: String, found: String, expected: String },
    #[error("model `{model}`: tensor `{tensor}` holds a value that is no finite number")]
    NotFinite { model: String, tensor: String },
    #[error("model `{model}`: tensor `{tensor}` holds a negative variance")]
    NegativeVariance { model: String, tensor: String },
    #[error(transparent)]
    Calibration(#[from] super::calibration::CalibrationError),
}
