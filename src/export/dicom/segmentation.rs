//! Segmentation, BINARY (PS3.3 A.51): where each class dominates the smoothed response, as the CLEAR map shows it.

use anyhow::Result;
use dicom_core::VR;
use dicom_core::value::PrimitiveValue;
use dicom_dictionary_std::tags;
use dicom_object::InMemDicomObject;

use super::DicomObject;
use super::colour::cie_lab;
use super::element::{Code, Row, coded, item, list, row, sequence};
use super::frames::{Frames, content};
use super::kind::ObjectKind;
use super::shared::{Model, PROGRAM, Shared};
use super::words::class_code;
use crate::compose::dominant_classes;
use crate::explain::attention::THRESHOLD;
use crate::export::{NOTICE, Pictures};

/// One segment for each class that dominates somewhere with at least [`THRESHOLD`] of the strongest response of all, which
/// is the red box's own limit; `None` where none does.
///
/// # Errors
/// A picture whose sides DICOM cannot say.
pub fn segmentation(shared: &Shared<'_>, model: Model<'_>, pictures: &Pictures<'_>) -> Result<Option<DicomObject>> {
    let scene = pictures.scene();
    let (maps, size_px) = (scene.maps, pictures.picture.dimensions());
    let transform = &maps.explanation.source_from_model;
    let enabled = &scene.style.clear.enabled;
    let places = dominant_classes(maps.smoothed, transform, size_px, THRESHOLD * maps.peak, enabled);
    let mut is_there = [false; 256];
    places.iter().for_each(|place| is_there[usize::from(*place)] = true);
    let there: Vec<u8> = (1..=u8::MAX).filter(|place| is_there[usize::from(*place)]).collect();
    if there.is_empty() {
        return Ok(None);
    }
    let class = |place: u8| maps.smoothed.held[usize::from(place) - 1];
    let colours = scene.style.colours(model.card);
    let numbered = || (1u16..).zip(&there);
    let segments =
        numbered().map(|(number, place)| segment(number, class(*place), model, cie_lab(colours[class(*place)])));
    let frame = |(number, _): (u16, &u8)| frame(shared, number);
    let frames = Frames {
        size_px,
        content_label: "DOMINANT_CLASS",
        content_description: "Where each class dominates the smoothed response",
        shared: Vec::new(),
        each: numbered().map(frame).collect(),
        dimensions: &[
            (tags::REFERENCED_SEGMENT_NUMBER, tags::SEGMENT_IDENTIFICATION_SEQUENCE, "Segment"),
            (tags::IMAGE_POSITION_PATIENT, tags::PLANE_POSITION_SEQUENCE, "Position"),
        ],
    };
    let bits = packed(&places, &there);
    drop(places);
    let mut rows = frames.rows(shared, shared.planes.shared_groups())?;
    rows.push(sequence(tags::SEGMENT_SEQUENCE, segments.collect()));
    let numbers =
        [(tags::BITS_ALLOCATED, 1), (tags::BITS_STORED, 1), (tags::HIGH_BIT, 0), (tags::PIXEL_REPRESENTATION, 0)];
    rows.extend(numbers.map(|(tag, value): (_, u16)| row(tag, VR::US, PrimitiveValue::from(value))));
    rows.extend([
        list(tags::IMAGE_TYPE, VR::CS, &["DERIVED", "PRIMARY"]),
        row(tags::SEGMENTATION_TYPE, VR::CS, "BINARY"),
        row(tags::SEGMENTS_OVERLAP, VR::CS, "NO"),
        row(tags::PIXEL_DATA, VR::OB, PrimitiveValue::U8(bits.into())),
    ]);
    shared
        .object(ObjectKind::Segmentation, ("", 1, ObjectKind::Segmentation.title()), "seg.dcm".to_owned(), rows)
        .map(Some)
}

/// One item of Segment Sequence (PS3.3 C.8.20.4). It marks where a network looked, which is no anatomy.
fn segment(number: u16, class: usize, model: Model<'_>, lab: [u16; 3]) -> InMemDicomObject {
    let class = &model.card.classes[class];
    let how = format!(
        "Where the smoothed CLEAR response of this class is larger than that of every other class and at least {:.0} % of \
         the picture's largest. It shows where the network looked, no lesion. {NOTICE}",
        THRESHOLD * 100.0
    );
    item([
        row(tags::SEGMENT_NUMBER, VR::US, PrimitiveValue::from(number)),
        row(tags::SEGMENT_LABEL, VR::LO, class.full_name()),
        row(tags::SEGMENT_DESCRIPTION, VR::ST, how),
        row(tags::SEGMENT_ALGORITHM_TYPE, VR::CS, "AUTOMATIC"),
        row(tags::SEGMENT_ALGORITHM_NAME, VR::LO, algorithm_name(model)),
        algorithm(model),
        coded(
            tags::SEGMENTED_PROPERTY_CATEGORY_CODE_SEQUENCE,
            &Code::sct("309825002", "Spatial and Relational Concept"),
        ),
        coded(tags::SEGMENTED_PROPERTY_TYPE_CODE_SEQUENCE, &class_code(model.card, class)),
        row(tags::RECOMMENDED_DISPLAY_CIE_LAB_VALUE, VR::US, PrimitiveValue::U16(lab.into_iter().collect())),
    ])
}

fn algorithm_name(model: Model<'_>) -> String {
    format!("{PROGRAM}: CLEAR on {}", model.card.name)
}

/// The Algorithm Identification Macro (PS3.3 10.16).
fn algorithm(model: Model<'_>) -> Row {
    let algorithm = item([
        coded(tags::ALGORITHM_FAMILY_CODE_SEQUENCE, &Code::dcm("123110", "Artificial Intelligence")),
        row(tags::ALGORITHM_NAME, VR::LO, algorithm_name(model)),
        row(tags::ALGORITHM_VERSION, VR::LO, model.card.version.as_str()),
        row(tags::ALGORITHM_PARAMETERS, VR::LT, format!("weights SHA-256 {}", model.sha256)),
        row(tags::ALGORITHM_SOURCE, VR::LO, PROGRAM),
    ]);
    sequence(tags::SEGMENTATION_ALGORITHM_IDENTIFICATION_SEQUENCE, vec![algorithm])
}

fn frame(shared: &Shared<'_>, number: u16) -> Vec<Row> {
    let identification = item([row(tags::REFERENCED_SEGMENT_NUMBER, VR::US, PrimitiveValue::from(number))]);
    let mut groups = vec![
        content(&[u32::from(number), 1]),
        shared.planes.position(),
        sequence(tags::SEGMENT_IDENTIFICATION_SEQUENCE, vec![identification]),
    ];
    groups.extend(shared.picture.as_ref().map(|picture| picture.derivation(&Code::dcm("113076", "Segmentation"))));
    groups
}

/// The frames of `there`, a bit for each pixel, the first in the lowest bit; a frame goes on where the last one ended, in the
/// middle of a byte if need be (PS3.5 8.1.1), and all end at an even byte.
fn packed(places: &[u8], there: &[u8]) -> Vec<u8> {
    let bits = there.len() * places.len();
    let mut bytes = vec![0_u8; bits.div_ceil(8).next_multiple_of(2)];
    for (frame, wanted) in there.iter().enumerate() {
        let start = frame * places.len();
        for (pixel, _) in places.iter().enumerate().filter(|(_, place)| *place == wanted) {
            bytes[(start + pixel) / 8] |= 1 << ((start + pixel) % 8);
        }
    }
    bytes
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bits_follow_each_other_through_all_frames() {
        // 5 pixels in 3 frames: 15 bits.
        let bytes = packed(&[1, 0, 2, 2, 4], &[1, 2, 4]);
        let bits: Vec<u8> = (0..16).map(|bit| bytes[bit / 8] >> (bit % 8) & 1).collect();
        assert_eq!(bits, [1, 0, 0, 0, 0, 0, 0, 1, 1, 0, 0, 0, 0, 0, 1, 0]);
        assert_eq!(packed(&[1], &[1]), [1, 0], "an even number of bytes");
    }
}
