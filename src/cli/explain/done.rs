//! Which pictures have been explained before, with the same model and settings: a run that was stopped goes on there.

use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use super::Arguments;
use super::sink::OutFormat;
use crate::bundle::Calibration;
use crate::explain::Settings;
use crate::export::{MOST_RECORD_BYTES, Pages, Profile, Record, dicom};
use crate::guard::checksum::sha256_hex;
use crate::guard::regular;
use crate::guard::whole::OutputSet;
use crate::layers::Style;
use crate::method::BackwardRule;

/// All that results depend on; of several pictures only the first differs.
#[derive(Clone, Serialize)]
pub struct Made<'a> {
    pub picture_sha256: String,
    pub model_sha256: &'a str,
    pub calibration: Option<&'a Calibration>,
    pub settings: &'a Settings,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub compare_rule: Option<BackwardRule>,
    pub layer: Option<&'a str>,
    pub style: &'a Style,
    pub frame: u32,
    /// And whether light and dark are swapped.
    pub window: String,
    pub layers: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub pages: Option<Pages>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub dicom: Option<Profile>,
    /// Of what de-identified objects follow from.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub secret: Option<String>,
    /// Left out where nobody asks, so that what earlier versions made is found again.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub answer_anyway: bool,
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub record_paths: bool,
}

impl<'a> Made<'a> {
    pub fn new(
        picture_sha256: String,
        (model_sha256, calibration): (&'a str, Option<&'a Calibration>),
        (settings, style): (&'a Settings, &'a Style),
        (arguments, secret): (&'a Arguments, &[u8]),
    ) -> Self {
        Self {
            picture_sha256,
            model_sha256,
            calibration,
            settings,
            compare_rule: arguments.compare_rule,
            layer: arguments.layer.as_deref(),
            style,
            frame: arguments.frame,
            window: format!("{:?} {}", arguments.drawing.window, arguments.drawing.invert),
            layers: !arguments.no_layers,
            pages: Some(arguments.pages()).filter(|pages| pages.any()),
            dicom: arguments.dicom(),
            secret: (!secret.is_empty()).then(|| dicom::fingerprint(secret)),
            answer_anyway: arguments.answer_anyway,
            record_paths: arguments.record_paths,
        }
    }

    /// One number for a run of any pictures; tables and arrays are no place for files, nor the other way round.
    pub fn key_of_run(&self, format: OutFormat) -> String {
        let key = Self { picture_sha256: String::new(), ..self.clone() }.key();
        if format.has_rows() { sha256_hex(format!("{key} {}", format.name()).as_bytes()) } else { key }
    }

    /// One number for all of it, as it stands in a record.
    pub fn key(&self) -> String {
        sha256_hex(&serde_json::to_vec(self).unwrap_or_default())
    }
}

/// What de-identified objects follow from; nothing where none are asked for.
///
/// # Errors
/// A file that cannot be read, or is too short to be a secret.
pub fn secret(profile: Option<Profile>, file: Option<&Path>) -> anyhow::Result<Vec<u8>> {
    profile.map_or_else(|| Ok(Vec::new()), |profile| dicom::secret_of(profile, file))
}

/// What is needed of a record that was written before.
#[derive(Deserialize)]
struct Known {
    made_with: Option<String>,
    #[serde(default)]
    files: Vec<String>,
}

/// Whether the record in the place of `files` was made with `key`, and all files that it names are there.
pub fn is_done(files: &OutputSet, key: &str) -> bool {
    let known = regular::read(&files.path(Record::ENDING), MOST_RECORD_BYTES).ok();
    let known = known.and_then(|bytes| serde_json::from_slice::<Known>(&bytes).ok());
    known.is_some_and(|known| known.made_with.as_deref() == Some(key) && are_there(&known.files, |e| files.path(e)))
}

/// Whether a file with something in it lies where `path` says, for each ending. Endings are foreign words.
pub fn are_there(endings: &[String], path: impl Fn(&str) -> PathBuf) -> bool {
    endings.iter().all(|ending| !ending.contains(['/', '\\']) && regular::is_filled(&path(ending)))
}
