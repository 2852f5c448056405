//! An explanation as DICOM objects that other viewers show: Secondary Capture, Segmentation, Parametric Map, Structured
//! Report.

use anyhow::{Result, bail};

use super::{Pictures, Record};
use crate::scan::dicom::Origin;

/// What the objects say of the patient.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Profile {
    /// Patient and study as they are, so that the objects go back where the picture came from.
    #[default]
    Kept,
    /// By PS3.15's basic profile: names and ids removed, dates shifted, UIDs remapped, the same way for all objects of a
    /// patient.
    DeIdentified,
}

/// What the objects are of.
#[derive(Debug)]
pub struct Source<'a> {
    /// `None` of a photograph, for which a new study is made.
    pub origin: Option<&'a Origin>,
    /// Of the picture's file.
    pub sha256: &'a str,
    pub profile: Profile,
}

/// One object, as a whole file.
#[derive(Debug, Clone)]
pub struct DicomObject {
    /// Of its file's name, such as `seg.dcm`.
    pub ending: String,
    pub sop_class_uid: &'static str,
    /// The same for the same picture, model and settings: who receives it twice has it once.
    pub sop_instance_uid: String,
    pub bytes: Vec<u8>,
}

/// All objects of one explained picture, in the order: Secondary Capture, Segmentation, Parametric Maps, report.
///
/// # Errors
/// An origin that lacks what the objects need.
pub fn objects(_pictures: &Pictures<'_>, _record: &Record, _source: &Source<'_>) -> Result<Vec<DicomObject>> {
    bail!("DICOM objects are not built yet")
}

/// The report of a picture that no model reads, or that could not be read, with the reason in words.
///
/// # Errors
/// As [`objects`].
pub fn unanswered(_source: &Source<'_>, _reason: &str) -> Result<DicomObject> {
    bail!("DICOM objects are not built yet")
}
