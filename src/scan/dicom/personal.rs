//! Whose picture it is: read when somebody asks, and at no other time.

use dicom_core::Tag;
use dicom_dictionary_std::tags;

use super::attributes::text;
use super::charset::unescaped;
use super::source::Source;
use crate::scan::ScanError;

const SHOWN: [(&str, Tag); 8] = [
    ("Patient's name", tags::PATIENT_NAME),
    ("Patient's id", tags::PATIENT_ID),
    ("Born", tags::PATIENT_BIRTH_DATE),
    ("Sex", tags::PATIENT_SEX),
    ("Age", tags::PATIENT_AGE),
    ("Study of", tags::STUDY_DATE),
    ("Accession number", tags::ACCESSION_NUMBER),
    ("Institution", tags::INSTITUTION_NAME),
];
/// Longer values are cut: they are shown in a row.
const MOST_CHARACTERS: usize = 128;

fn is_personal(tag: u32) -> bool {
    tag == 0x0008_0005 || SHOWN.iter().any(|(_, shown)| u32::from(shown.0) << 16 | u32::from(shown.1) == tag)
}

/// What a DICOM file's bytes say of the patient, as label and value; nothing of a file that is none. The caller keeps it no longer than it is shown.
///
/// # Errors
/// A file whose elements cannot be followed.
pub fn personal(bytes: &[u8], path: &std::path::Path) -> Result<Vec<(&'static str, String)>, ScanError> {
    let source = Source::read(bytes, is_personal, 0).map_err(|fault| fault.at(path))?;
    let said = |(label, tag): &(&'static str, Tag)| {
        let value = unescaped(&text(&source.object, *tag)?).replace('^', " ");
        Some((*label, value.chars().filter(|c| !c.is_control()).take(MOST_CHARACTERS).collect::<String>()))
    };
    Ok(SHOWN.iter().filter_map(said).collect())
}
