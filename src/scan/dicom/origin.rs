//! Where a derived object comes from: what it repeats of its source's patient, study and frame of reference. Read when
//! objects are to be written, and dropped with them.

use std::path::Path;

use dicom_object::InMemDicomObject;

use crate::scan::ScanError;

/// Attributes of a DICOM picture that objects derived from it repeat or refer to.
#[derive(Clone)]
pub struct Origin {
    pub object: InMemDicomObject,
    /// Counted from 0.
    pub frame: u32,
}

impl std::fmt::Debug for Origin {
    /// Nobody's name belongs into a log.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Origin(hidden)")
    }
}

/// Of the file at `path` whose bytes are `bytes`.
///
/// # Errors
/// A file whose elements cannot be followed, or that does not say which object it is.
pub fn origin(_bytes: &[u8], path: &Path, _frame: u32) -> Result<Origin, ScanError> {
    Err(ScanError::NotAPicture(path.to_owned()))
}
