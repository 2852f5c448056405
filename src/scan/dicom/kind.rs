//! Whether a DICOM object is a picture: whoever answers objects that come by themselves must know.

use dicom_core::dictionary::{UidDictionary, UidDictionaryEntry};
use dicom_dictionary_std::{StandardSopClassDictionary, tags};

use super::attributes::text;
use super::source::Source;

const CLASS: u32 = 0x0008_0016;

/// Whether the object whose file's bytes are `bytes` is of a SOP class of images, or of one that is not known; a report or
/// a segmentation is none. `None` where it does not say.
pub fn is_image(bytes: &[u8]) -> Option<bool> {
    let object = Source::beginning(bytes, |tag| tag == CLASS, CLASS + 1).ok()?;
    let class = text(&object, tags::SOP_CLASS_UID)?;
    let name = StandardSopClassDictionary.by_uid(class.trim_end_matches('\0')).map(UidDictionaryEntry::name);
    Some(name.is_none_or(|name| name.contains("Image")))
}

#[cfg(test)]
mod tests {
    use dicom_core::{DataElement, PrimitiveValue, VR};
    use dicom_dictionary_std::uids;
    use dicom_object::InMemDicomObject;

    use super::*;

    #[test]
    fn images_are_told_by_their_class() {
        let of = |class: &str| {
            let element = DataElement::new(tags::SOP_CLASS_UID, VR::UI, PrimitiveValue::from(class));
            let mut bytes = Vec::new();
            let syntax = dicom_transfer_syntax_registry::entries::EXPLICIT_VR_LITTLE_ENDIAN.erased();
            InMemDicomObject::from_element_iter([element]).write_dataset_with_ts(&mut bytes, &syntax).unwrap();
            is_image(&bytes)
        };
        assert_eq!(of(uids::DIGITAL_X_RAY_IMAGE_STORAGE_FOR_PRESENTATION), Some(true));
        assert_eq!(of("1.2.3.4"), Some(true), "a private class may be a picture");
        assert_eq!(of(uids::SEGMENTATION_STORAGE), Some(false));
        assert_eq!(of(uids::BASIC_TEXT_SR_STORAGE), Some(false));
        assert_eq!(is_image(b"no object"), None);
    }
}
