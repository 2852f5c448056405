//! Queue errors.

use std::path::PathBuf;

/// Names paths in the node's own folder, and nothing of a patient.
#[derive(Debug, thiserror::Error)]
pub enum QueueError {
    #[error("another node works in {}; give one of them another --folder", .0.display())]
    InUse(PathBuf),
    #[error("{} is no queue of this version of fovea, or damaged ({error}); move it away, or give another --folder", path.display())]
    Foreign { path: PathBuf, error: rusqlite::Error },
    #[error("the queue cannot be read or written: {0}")]
    Store(#[from] rusqlite::Error),
    #[error("{}: {error}", path.display())]
    File { path: PathBuf, error: std::io::Error },
}

impl QueueError {
    /// What failed at `path`.
    pub fn at(path: impl Into<PathBuf>) -> impl FnOnce(std::io::Error) -> Self {
        let path = path.into();
        |error| Self::File { path, error }
    }
}
