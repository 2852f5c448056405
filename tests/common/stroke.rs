//! A small DICOM picture of a stroke, which `mnist` reads.

use dicom_core::{DataElement, PrimitiveValue, Tag, VR};
use dicom_dictionary_std::{tags, uids};
use dicom_object::InMemDicomObject;

/// UIDs of a picture: its own, its study's and its series'.
pub struct Uids<'a> {
    pub instance: &'a str,
    pub study: &'a str,
    pub series: &'a str,
}

/// 64×64 pixels, MONOCHROME2, with a stroke as light as `light`, and `others` added or put in the place of what is there.
pub fn stroke(uids: &Uids<'_>, light: u8, others: &[(Tag, VR, &str)]) -> InMemDicomObject {
    let text = |tag: Tag, vr, value: &str| DataElement::new(tag, vr, PrimitiveValue::from(value));
    let us = |tag: Tag, value: u16| DataElement::new(tag, VR::US, PrimitiveValue::from(value));
    let mut pixels = vec![0u8; 64 * 64];
    (14..50).for_each(|y| pixels[y * 64 + 30..y * 64 + 34].fill(light));
    let mut object = InMemDicomObject::from_element_iter([
        text(tags::SOP_CLASS_UID, VR::UI, uids::SECONDARY_CAPTURE_IMAGE_STORAGE),
        text(tags::SOP_INSTANCE_UID, VR::UI, uids.instance),
        text(tags::STUDY_INSTANCE_UID, VR::UI, uids.study),
        text(tags::SERIES_INSTANCE_UID, VR::UI, uids.series),
        text(tags::MODALITY, VR::CS, "OT"),
        us(tags::SAMPLES_PER_PIXEL, 1),
        text(tags::PHOTOMETRIC_INTERPRETATION, VR::CS, "MONOCHROME2"),
        us(tags::ROWS, 64),
        us(tags::COLUMNS, 64),
        us(tags::BITS_ALLOCATED, 8),
        us(tags::BITS_STORED, 8),
        us(tags::HIGH_BIT, 7),
        us(tags::PIXEL_REPRESENTATION, 0),
        DataElement::new(tags::PIXEL_DATA, VR::OB, PrimitiveValue::from(pixels)),
    ]);
    for (tag, vr, value) in others {
        object.put(text(*tag, *vr, value));
    }
    object
}
