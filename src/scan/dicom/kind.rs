//! What a DICOM object is, before anybody opens it: a picture of a patient, something made of one, or no picture at all.

use dicom_core::Tag;
use dicom_dictionary_std::tags;

use super::attributes::{text, whole};
use super::source::Source;

/// Nothing that is wanted stands behind the instance number.
const END: u32 = 0x0020_0014;
/// Of DICOM's own classes for storage (PS3.4 B.5).
const STORAGE: &str = "1.2.840.10008.5.1.4.1.1.";
/// Those of them that hold no picture: waveforms, presentation states, parametric maps, segmentations and other derived
/// data, structured reports, encapsulated documents, plans of radiotherapy.
const NO_PICTURES: [&str; 10] = ["9", "11", "30", "66", "67", "68", "78", "79", "88", "104"];
const RADIOTHERAPY: &str = "481.";
/// The only class of radiotherapy that is a picture taken of somebody.
const RT_IMAGE: &str = "481.1";
/// By which this program's own objects are known, whatever stands before or behind it.
const OWN: &str = "fovea";

/// What stands at an object's beginning.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct Kind {
    /// Whether it is of a class that holds no picture.
    pub is_no_picture: bool,
    /// Whether this program has made it.
    pub is_own: bool,
    pub sop_instance_uid: String,
    /// `CR`, `DX`, `OP`; empty where the file does not say.
    pub modality: String,
    pub series_number: Option<i64>,
    pub instance_number: Option<i64>,
}

impl std::fmt::Debug for Kind {
    /// A UID leads to a patient.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Kind").field("is_no_picture", &self.is_no_picture).finish_non_exhaustive()
    }
}

fn is_wanted(tag: u32) -> bool {
    matches!(
        tag,
        0x0008_0016 | 0x0008_0018 | 0x0008_0060 | 0x0008_0070 | 0x0008_1090 | 0x0018_1020 | 0x0020_0011 | 0x0020_0013
    )
}

/// What the beginning of a DICOM file says; `None` where it does not say which object it is.
pub fn kind(head: &[u8]) -> Option<Kind> {
    let object = Source::beginning(head, is_wanted, END).ok()?;
    let says = |tag: Tag| text(&object, tag).unwrap_or_default();
    let maker = [tags::MANUFACTURER, tags::MANUFACTURER_MODEL_NAME, tags::SOFTWARE_VERSIONS];
    Some(Kind {
        is_no_picture: has_no_picture(&text(&object, tags::SOP_CLASS_UID)?),
        is_own: maker.into_iter().any(|tag| says(tag).to_lowercase().starts_with(OWN)),
        sop_instance_uid: text(&object, tags::SOP_INSTANCE_UID)?,
        modality: says(tags::MODALITY),
        series_number: whole(&object, tags::SERIES_NUMBER),
        instance_number: whole(&object, tags::INSTANCE_NUMBER),
    })
}

fn has_no_picture(sop_class_uid: &str) -> bool {
    let Some(class) = sop_class_uid.strip_prefix(STORAGE) else { return false };
    let is_plan = class.starts_with(RADIOTHERAPY) && class != RT_IMAGE;
    is_plan || class.split('.').next().is_some_and(|group| NO_PICTURES.contains(&group))
}

#[cfg(test)]
mod tests {
    use super::*;
    use dicom_dictionary_std::uids;

    #[test]
    fn classes_without_pictures_are_known() {
        for class in [
            uids::COMPREHENSIVE3_DSR_STORAGE,
            uids::ENHANCED_SR_STORAGE,
            uids::SEGMENTATION_STORAGE,
            uids::PARAMETRIC_MAP_STORAGE,
            uids::GRAYSCALE_SOFTCOPY_PRESENTATION_STATE_STORAGE,
            uids::KEY_OBJECT_SELECTION_DOCUMENT_STORAGE,
            uids::ENCAPSULATED_PDF_STORAGE,
            uids::RT_STRUCTURE_SET_STORAGE,
        ] {
            assert!(has_no_picture(class), "{class}");
        }
        for class in [
            uids::COMPUTED_RADIOGRAPHY_IMAGE_STORAGE,
            uids::DIGITAL_X_RAY_IMAGE_STORAGE_FOR_PRESENTATION,
            uids::OPHTHALMIC_PHOTOGRAPHY8_BIT_IMAGE_STORAGE,
            uids::SECONDARY_CAPTURE_IMAGE_STORAGE,
            uids::CT_IMAGE_STORAGE,
            uids::RT_IMAGE_STORAGE,
            "1.2.3.4",
        ] {
            assert!(!has_no_picture(class), "{class}");
        }
    }
}
