//! Brings a study here, and keeps of it what is a picture.

use std::path::{Path, PathBuf};

use super::study::{Private, key_of};
use super::words::advice;
use super::{Archives, Stop, Study};
use crate::guard::regular;
use crate::guard::whole::OutputSet;
use crate::pacs::{Archive, PacsError};
use crate::scan::{self, dicom::Instance};

/// Where objects lie while they arrive.
const ARRIVING: &str = "arriving";
/// A larger object is nobody's picture.
const MOST_BYTES: u64 = 4 << 30;
/// A modality is a word of DICOM (PS3.3 C.7.3.1.1.1); what a file calls so may be anything.
const MOST_MODALITY: usize = 8;

/// What is fetched, and to where.
pub struct Wish<'a> {
    pub archive: &'a Archive,
    pub study_uid: &'a str,
    /// The folder in which a copy is kept; a private one that goes with the study where `None`.
    pub keep: Option<&'a Path>,
    /// Where private folders are made.
    pub place: &'a Path,
    pub stop: &'a Stop,
}

/// Fetches a study. Structured reports, segmentations and the like are passed over, and results of this program are.
///
/// # Errors
/// In words for the user; nothing of the study is left here then.
pub fn fetch(archives: &dyn Archives, wish: &Wish<'_>, arrived: &dyn Fn(usize)) -> Result<Study, String> {
    let failed = |error: &dyn std::fmt::Display| format!("The study cannot be kept here: {error}");
    let private = Private::new(wish.place).map_err(|error| failed(&error))?;
    let (arriving, folder) = (private.path().join(ARRIVING), private.path().join(key_of(wish.study_uid)));
    [&arriving, &folder].into_iter().try_for_each(std::fs::create_dir).map_err(|error| failed(&error))?;
    let may_go_on = || !wish.stop.is_set();
    let objects = archives
        .retrieve(wish.archive, wish.study_uid, &arriving, arrived, &may_go_on)
        .map_err(|error| advice(&error, wish.archive))?;
    let (mut pictures, all) = (0, objects.len());
    for object in objects {
        if !may_go_on() {
            return Err(advice(&PacsError::Stopped, wish.archive));
        }
        let is_picture = scan::kind(&object).is_some_and(|kind| kind.is_image && !kind.is_own);
        match scan::instance(&object).filter(|_| is_picture) {
            Some(instance) => {
                std::fs::rename(&object, folder.join(name_of(&instance))).map_err(|error| failed(&error))?;
                pictures += 1;
            }
            None => std::fs::remove_file(&object).map_err(|error| failed(&error))?,
        }
    }
    let study = match wish.keep.filter(|_| pictures > 0) {
        Some(keep) => {
            let place = keep.join(format!("study-{}", key_of(wish.study_uid)));
            copy(&folder, &place, wish.stop)?;
            Study::new(place, wish.study_uid, None)
        }
        None => Study::new(folder, wish.study_uid, Some(private)),
    };
    Ok(study.counting(pictures, all - pictures))
}

/// The same for the same object, in the archive's own order, and without anything of a patient's.
fn name_of(of: &Instance) -> String {
    let modality: String = of.modality.chars().filter(char::is_ascii_alphanumeric).take(MOST_MODALITY).collect();
    let number = |number: Option<i64>| number.unwrap_or(0).clamp(0, 999_999);
    let (series, instance) = (number(of.series_number), number(of.instance_number));
    let object = key_of(&of.sop_instance_uid);
    let modality = if modality.is_empty() { "picture".to_owned() } else { modality };
    format!("{modality}-{series:03}-{instance:04}-{object}.dcm")
}

/// All files, or none.
fn copy(from: &Path, to: &Path, stop: &Stop) -> Result<(), String> {
    let failed = |error: &dyn std::fmt::Display| format!("The copy cannot be kept: {error}");
    let mut files = OutputSet::new(to, "study", true);
    for entry in std::fs::read_dir(from).map_err(|error| failed(&error))? {
        if stop.is_set() {
            return Err(PacsError::Stopped.to_string());
        }
        let path: PathBuf = entry.map_err(|error| failed(&error))?.path();
        let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
        let bytes = regular::read(&path, MOST_BYTES).map_err(|error| failed(&error))?;
        files.add_file(&name, &bytes).map_err(|error| failed(&error))?;
    }
    files.finish().map(drop).map_err(|error| failed(&error))
}
