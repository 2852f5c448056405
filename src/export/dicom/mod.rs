//! An explanation as DICOM objects that other viewers show: Secondary Capture, Segmentation, Parametric Map, Structured
//! Report.
//!
//! [`source`] is what they are of, [`shared`] knows whose they are and what they refer to, [`patient`] what of that stays when nobody is to know, [`planes`]
//! where their pixels lie; each kind has a file of its own, which lists its attributes as rows. `docs/dicom-objects.md`
//! says what is written.

mod capture;
mod colour;
mod content;
mod element;
mod frames;
mod kind;
mod map;
mod patient;
mod planes;
mod report;
mod secret;
mod segmentation;
mod shared;
mod source;
mod stamp;
mod uid;
mod words;

use std::time::SystemTime;

use anyhow::Result;
use serde::Serialize;

pub use self::map::MOST_PIXELS as MOST_MAP_PIXELS;
pub use self::secret::{fingerprint, secret};
use self::shared::{Model, Shared};
pub use self::source::{Source, SourceFile, secret_of};
use super::record::{SettingsRecord, WindowRecord};
use super::{MeasurementRecord, Pictures, Record, iso_date};
use crate::layers::Style;

pub use super::profile::Profile;

/// One object, as a whole file.
#[derive(Clone)]
pub struct DicomObject {
    /// Of its file's name, such as `seg.dcm`.
    pub ending: String,
    /// SOPClassUID (0008,0016).
    pub sop_class_uid: &'static str,
    /// The same for the same picture, model and settings: who receives it twice has it once.
    pub sop_instance_uid: String,
    /// With preamble and file meta information (PS3.10 section 7).
    pub bytes: Vec<u8>,
}

impl std::fmt::Debug for DicomObject {
    /// Bytes hold names.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("DicomObject").field("ending", &self.ending).finish_non_exhaustive()
    }
}

/// Whatever objects depend on besides picture and weights.
#[derive(Serialize)]
struct Identity<'a> {
    version: &'a str,
    settings: &'a SettingsRecord,
    style: &'a Style,
    window: Option<&'a WindowRecord>,
    measurements: &'a [MeasurementRecord],
    is_refused: bool,
    grade_set: Option<&'a [usize]>,
}

/// All objects of one explained picture, in the order: the picture itself where it is no DICOM, Secondary Capture,
/// Segmentation, Parametric Maps, report. Of an answer that is held back there are neither Segmentation nor maps.
///
/// # Errors
/// An origin that lacks what the objects need, or that cannot be de-identified.
pub fn objects(pictures: &Pictures<'_>, record: &Record, source: &Source<'_>) -> Result<Vec<DicomObject>> {
    let mut all = Vec::new();
    each_object(pictures, record, source, |object| {
        all.push(object);
        Ok(())
    })?;
    Ok(all)
}

/// Like [`objects`], one after the other, so that one alone is in memory.
///
/// # Errors
/// Like [`objects`], and those of `take`.
pub fn each_object(
    pictures: &Pictures<'_>,
    record: &Record,
    source: &Source<'_>,
    mut take: impl FnMut(DicomObject) -> Result<()>,
) -> Result<()> {
    let is_refused = pictures.report().is_refused;
    let identity = Identity {
        version: &record.version,
        settings: &record.settings,
        style: &record.style,
        window: record.window.as_ref(),
        measurements: &record.measurements,
        is_refused,
        grade_set: record.grade_set.as_deref(),
    };
    let model = Model { card: pictures.card, sha256: &record.model_sha256 };
    let shared = Shared::new(source, Some(model), &record.date, serde_json::to_string(&identity)?)?;
    let shared = if source.origin.is_none() {
        let shared = shared.referring_to_own_picture();
        take(capture::picture(&shared, pictures.picture)?)?;
        shared
    } else {
        shared
    };
    take(capture::capture(&shared, pictures, record.measurements.len())?)?;
    if !is_refused {
        segmentation::segmentation(&shared, model, pictures)?.map_or(Ok(()), &mut take)?;
        map::each_map(&shared, model, pictures, &mut take)?;
    }
    take(report::report(&shared, model, record)?)
}

/// The endings of all files that a picture may have under a model of these classes.
pub fn endings<'a>(classes: impl Iterator<Item = &'a str>) -> Vec<String> {
    let maps = classes.flat_map(|class| [format!("pm-{class}.dcm"), format!("pm-cam-{class}.dcm")]);
    ["picture.dcm", "sc.dcm", "seg.dcm", "sr.dcm"].map(str::to_owned).into_iter().chain(maps).collect()
}

/// The report of a picture that no model reads, or that could not be read, with the reason in words.
///
/// # Errors
/// Like [`objects`].
pub fn unanswered(source: &Source<'_>, reason: &str) -> Result<DicomObject> {
    report::unanswered(&Shared::new(source, None, &iso_date(SystemTime::now()), reason.to_owned())?, reason)
}
