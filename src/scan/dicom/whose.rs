//! What sorts a list by patient: the patient's number, the side, and the day. Kept in memory by whoever lists pictures,
//! and nowhere else.

use dicom_core::Tag;
use dicom_dictionary_std::tags;

use super::attributes::text;
use super::source::Source;

/// Nothing that is wanted stands behind laterality.
const END: u32 = 0x0021_0000;
/// Longer ids are cut by no standard, but nobody has them.
const MOST_CHARACTERS: usize = 64;

/// Of a DICOM file, as its attributes have it.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct Whose {
    /// PatientID (0010,0020).
    pub patient_id: Option<String>,
    /// `R` or `L`.
    pub laterality: Option<String>,
    /// `20240301`, perhaps with a time.
    pub taken: Option<String>,
}

impl std::fmt::Debug for Whose {
    /// Nobody's number belongs in a log.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Whose(hidden)")
    }
}

fn is_wanted(tag: u32) -> bool {
    matches!(
        tag,
        0x0008_0005 | 0x0008_0020 | 0x0008_0022 | 0x0008_0023 | 0x0008_002a | 0x0010_0020 | 0x0020_0060 | 0x0020_0062
    )
}

/// What the beginning of a DICOM file says.
pub fn whose(head: &[u8]) -> Option<Whose> {
    let object = Source::beginning(head, is_wanted, END).ok()?;
    let said = |tag: Tag| {
        let value = text(&object, tag)?;
        let value: String = value.chars().filter(|c| !c.is_control()).take(MOST_CHARACTERS).collect();
        (!value.is_empty()).then_some(value)
    };
    let first = |tags: &[Tag]| tags.iter().find_map(|tag| said(*tag));
    Some(Whose {
        patient_id: said(tags::PATIENT_ID),
        laterality: first(&[tags::IMAGE_LATERALITY, tags::LATERALITY]),
        taken: first(&[tags::ACQUISITION_DATE_TIME, tags::ACQUISITION_DATE, tags::CONTENT_DATE, tags::STUDY_DATE]),
    })
}
