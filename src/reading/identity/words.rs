//! The words by which people name pictures: those that mean an eye, those that come before a patient's number, and those
//! that say nothing of a patient.

use super::Eye;

/// In lower case, whole words only.
const EYES: [(&str, Eye); 18] = [
    ("right", Eye::Right),
    ("left", Eye::Left),
    ("od", Eye::Right),
    ("os", Eye::Left),
    ("r", Eye::Right),
    ("l", Eye::Left),
    ("re", Eye::Right),
    ("le", Eye::Left),
    ("rt", Eye::Right),
    ("lt", Eye::Left),
    ("righteye", Eye::Right),
    ("lefteye", Eye::Left),
    ("eyeright", Eye::Right),
    ("eyeleft", Eye::Left),
    ("dexter", Eye::Right),
    ("sinister", Eye::Left),
    ("rechts", Eye::Right),
    ("links", Eye::Left),
];

/// Eyes that may stand behind or before a number without anything between: `Image_01L`, `RET002OD`, `1_l2`.
const ATTACHED: [&str; 6] = ["right", "left", "od", "os", "r", "l"];

/// What comes before a patient's number.
const PATIENT: [&str; 15] = [
    "patient",
    "patientid",
    "pat",
    "pt",
    "subject",
    "subj",
    "sub",
    "case",
    "person",
    "participant",
    "proband",
    "mrn",
    "pid",
    "id",
    "p",
];

/// What is said of pictures, not of patients.
const GENERIC: [&str; 88] = [
    "img",
    "im",
    "image",
    "images",
    "pic",
    "picture",
    "pictures",
    "photo",
    "photos",
    "foto",
    "dsc",
    "dscn",
    "scan",
    "scans",
    "file",
    "files",
    "data",
    "dataset",
    "retina",
    "retinal",
    "fundus",
    "fundi",
    "eye",
    "eyes",
    "cfp",
    "oct",
    "colour",
    "color",
    "macula",
    "disc",
    "disk",
    "center",
    "centre",
    "central",
    "nasal",
    "temporal",
    "field",
    "view",
    "train",
    "training",
    "test",
    "testing",
    "val",
    "valid",
    "validation",
    "sample",
    "samples",
    "copy",
    "crop",
    "cropped",
    "resized",
    "new",
    "old",
    "final",
    "raw",
    "orig",
    "original",
    "pp",
    "study",
    "series",
    "visit",
    "frontal",
    "lateral",
    "pa",
    "ap",
    "xray",
    "cxr",
    "chest",
    "jpg",
    "jpeg",
    "png",
    "dicom",
    "dcm",
    "downloads",
    "desktop",
    "documents",
    "home",
    "tmp",
    "temp",
    "phantom",
    "no",
    "healthy",
    "normal",
    "mild",
    "moderate",
    "severe",
    "proliferative",
    "dr",
];

/// Data sets whose numbers count pictures: they say no patient.
const PICTURE_NUMBERS: [&str; 9] = ["idrid", "messidor", "aptos", "refuge", "drive", "stare", "hrf", "rfmid", "ddr"];

pub fn eye(word: &str) -> Option<Eye> {
    let lower = word.to_lowercase();
    EYES.iter().find(|(name, _)| *name == lower).map(|(_, eye)| *eye)
}

/// Like [`eye`], of those that may stand at a number.
pub fn attached_eye(word: &str) -> Option<Eye> {
    ATTACHED.contains(&word.to_lowercase().as_str()).then(|| eye(word))?
}

pub fn comes_before_a_patient(word: &str) -> bool {
    PATIENT.contains(&word.to_lowercase().as_str())
}

pub fn is_generic(word: &str) -> bool {
    let lower = word.to_lowercase();
    GENERIC.contains(&lower.as_str()) || PICTURE_NUMBERS.contains(&lower.as_str())
}
