//! From a file to a [`Scan`], for callers with memory for any picture; [`super::encoded`] is for the others.

use std::path::Path;

use super::dicom::{Instance, Kind, Whose};
use super::encoded::{Encoded, read_file};
use super::{Scan, ScanError, dicom};
use crate::guard::panics;

/// Bytes of a file read to learn whose it is: that is at its beginning.
const BEGINNING_BYTES: u64 = 256 << 10;

/// Reads and decodes the picture at `path`, turned upright as its EXIF orientation says.
///
/// # Errors
/// See [`ScanError`]; nothing that a file says about itself is believed before it is checked.
pub fn open(path: &Path) -> Result<Scan, ScanError> {
    open_frame(path, 0)
}

/// Like [`open`], frame `frame` of a picture that has several, counted from 0.
///
/// # Errors
/// Like [`open`], and a frame that the picture does not have.
pub fn open_frame(path: &Path, frame: u32) -> Result<Scan, ScanError> {
    Encoded::read(path, frame)?.decode()
}

/// What a DICOM file says of its patient, as label and value, for somebody who asked; nothing for other pictures.
///
/// # Errors
/// A file that cannot be read.
pub fn personal(path: &Path) -> Result<Vec<(&'static str, String)>, ScanError> {
    let bytes = read_file(path)?;
    if dicom::is_dicom(&bytes) { dicom::personal(&bytes, path) } else { Ok(Vec::new()) }
}

/// Whose picture a DICOM file is, from its beginning; nothing of other files, nor of one that cannot be read: whoever opens
/// it is told why.
pub fn whose(path: &Path) -> Option<Whose> {
    of_beginning(path, dicom::whose)
}

/// What a DICOM file is, from its beginning; nothing of other files, nor of one that cannot be read.
pub fn kind(path: &Path) -> Option<Kind> {
    of_beginning(path, dicom::kind)
}

/// Which object of a study a DICOM file is, from its beginning; nothing of other files, nor of one that cannot be read.
pub fn instance(path: &Path) -> Option<Instance> {
    of_beginning(path, dicom::instance)
}

fn of_beginning<T>(path: &Path, said: fn(&[u8]) -> Option<T>) -> Option<T> {
    let head = super::find::head(path, BEGINNING_BYTES)?;
    let read = || if dicom::is_dicom(&head) { said(&head) } else { None };
    panics::caught(read).unwrap_or(None)
}
