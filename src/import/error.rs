//! What can be wrong with a checkpoint.

use std::path::PathBuf;

use crate::bundle::BundleError;
use crate::guard::whole::WriteError;

/// As many names as a message lists.
const MOST_NAMED: usize = 20;

/// Why a checkpoint did not become a bundle.
#[derive(Debug, thiserror::Error)]
pub enum ImportError {
    #[error("cannot read {}: {error}", path.display())]
    Read { path: PathBuf, error: std::io::Error },
    #[error("{} is {found} bytes; a checkpoint of this network has at most {limit}", path.display())]
    TooLarge { path: PathBuf, found: u64, limit: u64 },
    #[error("{} is no PyTorch checkpoint or safetensors file that can be read: {reason}", path.display())]
    Format { path: PathBuf, reason: String },
    #[error("the card `{card}` is not of a {kind}; give --as the kind of the card's [architecture], or another --card")]
    OtherKind { card: String, kind: String },
    #[error(
        "{} does not hold the weights of this card's network ({} {}):{}",
        path.display(), problems.count, if problems.count == 1 { "tensor" } else { "tensors" }, listed(problems)
    )]
    Tensors { path: PathBuf, problems: Problems },
    #[error("{}: {reason}", path.display())]
    Onnx { path: PathBuf, reason: String },
    #[error("the card `{card}` does not fit the network of the file: {reason}")]
    Form { card: String, reason: String },
    #[error(transparent)]
    Bundle(#[from] BundleError),
    #[error("the weights cannot be stored: {0}")]
    Store(String),
    #[error(transparent)]
    Export(#[from] WriteError),
}

/// What is wrong with tensors: as many words as are shown, and how many there would be.
#[derive(Debug, Default)]
pub struct Problems {
    count: usize,
    first: Vec<String>,
}

impl Problems {
    pub fn is_empty(&self) -> bool {
        self.count == 0
    }

    pub fn note(&mut self, problem: impl FnOnce() -> String) {
        self.count += 1;
        if self.first.len() < MOST_NAMED {
            self.first.push(problem());
        }
    }
}

fn listed(problems: &Problems) -> String {
    let mut text: String = problems.first.iter().map(|problem| format!("\n  {problem}")).collect();
    if problems.count > problems.first.len() {
        text += &format!("\n  and {} more", problems.count - problems.first.len());
    }
    text
}
