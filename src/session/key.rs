//! What an answer belongs to: picture, model and settings. If any of these differs, it is another answer.
//!
//! Must not know who asks or who answers.

use std::path::PathBuf;

use crate::method::Asked;

/// One frame of a file, as the file was when it was read.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct PictureKey {
    pub path: PathBuf,
    /// Counted from 0.
    pub frame: u32,
    /// How often the file had been invalidated by then.
    pub reading: u32,
}

/// What a look is made under.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Under {
    /// The SHA-256 of the model's weights: another model may have the same name.
    pub model: String,
    pub asked: Asked,
}

/// One look of one model at one picture.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct LookKey {
    pub picture: PictureKey,
    pub under: Under,
}
