//! What can be wrong with a DICOM file, before it is known which file it was.

use std::path::Path;

use super::walk::WalkError;
use crate::scan::ScanError;

#[derive(Debug)]
pub enum Fault {
    Cut,
    NoPixelData,
    NotAnImage(String),
    Photometric(String),
    Syntax(String),
    Size(String),
    NoFrame { wanted: u32, frames: u32 },
    Pixels { width: u32, height: u32 },
    Other(String),
}

impl Fault {
    pub fn other(reason: impl Into<String>) -> Self {
        Self::Other(reason.into())
    }

    /// The sentence for the file at `path`.
    pub fn at(self, path: &Path) -> ScanError {
        let path = path.to_owned();
        match self {
            Self::Cut => ScanError::Truncated(path),
            Self::NoPixelData => ScanError::NoPixelData(path),
            Self::NotAnImage(what) => ScanError::NotAnImage { path, what },
            Self::Photometric(found) => ScanError::Photometric { path, found },
            Self::Syntax(syntax) => ScanError::TransferSyntax { path, syntax },
            Self::Size(reason) => ScanError::LyingSize { path, reason },
            Self::NoFrame { wanted, frames } => ScanError::NoFrame { path, wanted: u64::from(wanted) + 1, frames },
            Self::Pixels { width: 0, height } => ScanError::NoPixels { path, width: 0, height },
            Self::Pixels { width, height: 0 } => ScanError::NoPixels { path, width, height: 0 },
            Self::Pixels { width, height } => ScanError::TooManyPixels { path, width, height },
            Self::Other(reason) => ScanError::Damaged { path, reason },
        }
    }
}

impl From<WalkError> for Fault {
    fn from(error: WalkError) -> Self {
        match error {
            WalkError::Cut => Self::Cut,
            WalkError::Broken(at) => Self::Other(format!("its DICOM data elements cannot be followed at byte {at}")),
        }
    }
}

/// Text from a file, short and printable enough for a sentence.
pub fn printable(text: &str) -> String {
    let kept: String = text.chars().filter(|c| c.is_ascii_graphic() || *c == ' ').take(64).collect();
    if kept.trim().is_empty() { "(nothing)".to_owned() } else { kept.trim().to_owned() }
}
