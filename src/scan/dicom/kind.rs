//! What a DICOM object is, and which program made it: whoever answers objects that come by themselves must know.

use dicom_core::dictionary::{UidDictionary, UidDictionaryEntry};
use dicom_dictionary_std::{StandardSopClassDictionary, tags};

use super::attributes::text;
use super::source::Source;

/// Nothing that is wanted stands behind the software's versions.
const END: u32 = 0x0019_0000;
/// Manufacturer and model of the objects that this program derives.
pub const PROGRAM: &str = "Fovea";

fn is_wanted(tag: u32) -> bool {
    matches!(tag, 0x0008_0005 | 0x0008_0016 | 0x0008_0070 | 0x0008_1090)
}

/// Of a DICOM object.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Kind {
    /// Whether its SOP class is one of images, or one that is not known: a report or a segmentation is none.
    pub is_image: bool,
    /// Whether this program made it.
    pub is_own: bool,
}

/// What the object whose file's bytes are `bytes` says it is; `None` where it does not say.
pub fn kind(bytes: &[u8]) -> Option<Kind> {
    let object = Source::beginning(bytes, is_wanted, END).ok()?;
    let class = text(&object, tags::SOP_CLASS_UID)?;
    let name = StandardSopClassDictionary.by_uid(class.trim_end_matches('\0')).map(UidDictionaryEntry::name);
    let made_by = [tags::MANUFACTURER, tags::MANUFACTURER_MODEL_NAME];
    let is_own = made_by.into_iter().all(|tag| text(&object, tag).as_deref() == Some(PROGRAM));
    Some(Kind { is_image: name.is_none_or(|name| name.contains("Image")), is_own })
}

#[cfg(test)]
mod tests {
    use dicom_core::{DataElement, PrimitiveValue, VR};
    use dicom_object::InMemDicomObject;

    use super::*;

    fn of(class: &str, maker: &str) -> Option<Kind> {
        let text = |tag, vr, value: &str| DataElement::new(tag, vr, PrimitiveValue::from(value));
        let object = InMemDicomObject::from_element_iter([
            text(tags::SOP_CLASS_UID, VR::UI, class),
            text(tags::MANUFACTURER, VR::LO, maker),
            text(tags::MANUFACTURER_MODEL_NAME, VR::LO, PROGRAM),
            text(tags::PATIENT_NAME, VR::PN, "Doe^Jane"),
        ]);
        let mut bytes = Vec::new();
        let syntax = dicom_transfer_syntax_registry::entries::EXPLICIT_VR_LITTLE_ENDIAN.erased();
        object.write_dataset_with_ts(&mut bytes, &syntax).unwrap();
        kind(&bytes)
    }

    #[test]
    fn images_and_own_results_are_told_by_class_and_maker() {
        let kind = |is_image, is_own| Some(Kind { is_image, is_own });
        assert_eq!(of("1.2.840.10008.5.1.4.1.1.1.1", "ACME"), kind(true, false));
        assert_eq!(of("1.2.840.10008.5.1.4.1.1.7", "Fovea"), kind(true, true));
        assert_eq!(of("1.2.840.10008.5.1.4.1.1.66.4", "ACME"), kind(false, false), "a segmentation");
        assert_eq!(of("1.2.840.10008.5.1.4.1.1.88.34", "ACME"), kind(false, false), "a report");
        assert_eq!(of("1.2.3.4", "Foveal Devices"), kind(true, false), "a private class may be a picture");
        assert_eq!(super::kind(b"no object"), None);
    }
}
