//! What can end a training.

use std::path::PathBuf;

use crate::guard::whole::WriteError;
use crate::input::InputError;
use crate::labels::LabelsError;
use crate::lesions::LesionsError;
use crate::network::NetworkError;
use crate::scan::ScanError;

/// Why no model came out. Every text says what to do where something can be done.
#[derive(Debug, thiserror::Error)]
pub enum TrainError {
    #[error("there is no recipe `{wanted}`; known are: {known}")]
    Unknown { wanted: String, known: String },
    #[error("recipe `{recipe}` is not valid: {reason}")]
    Recipe { recipe: String, reason: String },
    #[error(
        "`{parent}` cannot be gone on from by the recipe `{recipe}`: {reason}; name another model as --from, or train without one"
    )]
    Parent { parent: String, recipe: String, reason: String },
    #[error("{}: {reason}", path.display())]
    Data { path: PathBuf, reason: String },
    #[error(transparent)]
    Labels(#[from] LabelsError),
    #[error(transparent)]
    Lesions(#[from] LesionsError),
    #[error(transparent)]
    Scan(#[from] ScanError),
    #[error("the pictures cannot be prepared for the network: {0}")]
    Steps(String),
    #[error("{}: {error}", path.display())]
    Input { path: PathBuf, error: InputError },
    #[error("{}: {reason}; give --force to start over, or another --out", path.display())]
    Checkpoint { path: PathBuf, reason: String },
    #[error("{} was made with other settings ({found}; now {wanted}); give --force to start over, or another --out", path.display())]
    OtherSettings { path: PathBuf, found: String, wanted: String },
    #[error("stopped after step {step} of {steps}; nothing is lost: run the same command again to continue")]
    Interrupted { step: usize, steps: usize },
    #[error("the loss is no finite number after step {0}; try a lower --rate")]
    Diverged(usize),
    #[error("the trained weights cannot be stored: {0}")]
    Store(String),
    #[error(transparent)]
    Export(#[from] WriteError),
    #[error(transparent)]
    Network(#[from] NetworkError),
}

impl TrainError {
    pub(super) fn data(path: &std::path::Path, reason: impl Into<String>) -> Self {
        Self::Data { path: path.to_owned(), reason: reason.into() }
    }
}
