//! Whose eye a picture shows, and when it was taken: from what files and folders are called. What a DICOM file says of it
//! is read by [`crate::scan`] when somebody opens a list.

mod dates;
mod names;
mod pattern;
mod words;

use std::path::Path;

use serde::{Deserialize, Serialize};

pub use self::dates::{is_date, of_dicom};
pub use self::pattern::{Pattern, PatternError};

/// Which eye, or which side of the body.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Eye {
    /// Oculus dexter.
    Right,
    /// Oculus sinister.
    Left,
}

impl Eye {
    pub const BOTH: [Self; 2] = [Self::Right, Self::Left];

    /// As readers write it.
    pub fn short_name(self) -> &'static str {
        match self {
            Self::Right => "R",
            Self::Left => "L",
        }
    }

    pub fn name(self) -> &'static str {
        match self {
            Self::Right => "right",
            Self::Left => "left",
        }
    }
}

/// What is known of whose picture it is. Nothing here stands in a record or an export unless somebody asks.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Identity {
    /// Tells patients of one list apart; empty where nothing is known.
    pub patient: String,
    pub eye: Option<Eye>,
    /// When the picture was taken, as `2024-03-01`, perhaps with a time behind it.
    pub taken: Option<String>,
    /// Whether `patient` is a patient's number out of a DICOM file: shown to who asks for names, and to nobody else.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub is_private: bool,
}

impl Identity {
    pub fn is_known(&self) -> bool {
        *self != Self::default()
    }

    /// What `self` leaves open taken from `other`.
    #[must_use]
    pub fn or(self, other: Self) -> Self {
        let (patient, is_private) =
            if self.patient.is_empty() { (other.patient, other.is_private) } else { (self.patient, self.is_private) };
        Self { patient, is_private, eye: self.eye.or(other.eye), taken: self.taken.or(other.taken) }
    }
}

/// What the path of a picture says, by the reader's own pattern first. Folders above `root`, which all pictures of the
/// list have in common, say nothing of one of them.
pub fn of_path(path: &Path, root: &Path, own: Option<&Pattern>) -> Identity {
    match own.and_then(|pattern| pattern.read(path)) {
        Some(said) => said,
        None => names::of_path(path, root),
    }
}

/// The folder that all paths have in common.
pub fn common_root<'a>(mut paths: impl Iterator<Item = &'a Path>) -> &'a Path {
    let mut root = paths.next().and_then(Path::parent).unwrap_or(Path::new(""));
    for path in paths {
        while !path.starts_with(root) {
            let Some(above) = root.parent() else { return Path::new("") };
            root = above;
        }
    }
    root
}
