//! Secondary Capture (PS3.3 A.8.1): the report panel, and a photograph itself.

use anyhow::{Context, Result};
use dicom_core::VR;
use dicom_core::value::PrimitiveValue;
use dicom_dictionary_std::tags;
use image::RgbImage;

use super::DicomObject;
use super::element::{Code, Row, coded, empty, list, row, sequence};
use super::kind::ObjectKind;
use super::shared::Shared;
use crate::export::{NOTICE, Pictures};

/// The panel, without the name of the picture's file, which may be a patient's.
pub fn capture(shared: &Shared<'_>, pictures: &Pictures<'_>, measured: usize) -> Result<DicomObject> {
    let panel = pictures.panel_picture(&heading(shared));
    let how = format!(
        "Panel of the picture with class activation map and CLEAR map{}. {NOTICE}",
        if measured > 0 { ", and what a reader measured" } else { "" }
    );
    let mut rows = pixels(panel)?;
    rows.extend([
        list(tags::IMAGE_TYPE, VR::CS, &["DERIVED", "SECONDARY"]),
        row(tags::CONVERSION_TYPE, VR::CS, "WSD"),
        row(tags::DERIVATION_DESCRIPTION, VR::ST, how),
        coded(tags::DERIVATION_CODE_SEQUENCE, &Code::dcm("130401", "Visual explanation")),
    ]);
    // What the picture carries the panel carries, too; where its file does not say, nothing is said here.
    rows.extend(shared.burned_in().map(|said| row(tags::BURNED_IN_ANNOTATION, VR::CS, said)));
    rows.extend(shared.lossy(pictures.picture.dimensions()));
    if let Some(picture) = &shared.picture {
        rows.push(sequence(tags::SOURCE_IMAGE_SEQUENCE, vec![picture.source_item(false)]));
        rows.push(picture.series_row());
    }
    shared.object(ObjectKind::Capture, ("", 1, ObjectKind::Capture.title()), "sc.dcm".to_owned(), rows)
}

/// A photograph as it was shown, upright, in 8-bit colour: what segmentation and maps lie over.
pub fn picture(shared: &Shared<'_>, picture: &RgbImage) -> Result<DicomObject> {
    let mut rows = pixels(picture.clone())?;
    rows.extend([
        list(tags::IMAGE_TYPE, VR::CS, &["DERIVED", "SECONDARY"]),
        row(tags::CONVERSION_TYPE, VR::CS, "DI"),
        row(tags::DERIVATION_DESCRIPTION, VR::ST, "Picture that came as a file of no DICOM, in 8-bit colour"),
    ]);
    rows.extend(shared.lossy(picture.dimensions()));
    shared.object(ObjectKind::Picture, ("", 1, ObjectKind::Picture.title()), "picture.dcm".to_owned(), rows)
}

/// What stands in the place of a name.
fn heading(shared: &Shared<'_>) -> String {
    let said = |tag| shared.origin.as_ref().and_then(|origin| origin.text(tag));
    // Nothing but a word of capitals passes: such an attribute is no place for a name.
    let is_word = |text: &String| text.len() <= 4 && text.bytes().all(|b| b.is_ascii_uppercase());
    let side = said(tags::IMAGE_LATERALITY).or_else(|| said(tags::LATERALITY));
    let side = side.and_then(|side| match side.as_str() {
        "L" => Some("left".to_owned()),
        "R" => Some("right".to_owned()),
        _ => None,
    });
    let parts = [said(tags::MODALITY).filter(is_word), side];
    let parts: Vec<String> = parts.into_iter().flatten().collect();
    if parts.is_empty() { "Explained picture".to_owned() } else { parts.join(", ") }
}

/// The module Image Pixel (PS3.3 C.7.6.3).
fn pixels(picture: RgbImage) -> Result<Vec<Row>> {
    let side = |pixels: u32| u16::try_from(pixels).context("the picture has more than 65535 pixels a side");
    let (columns, rows) = (side(picture.width())?, side(picture.height())?);
    let mut bytes = picture.into_raw();
    bytes.resize(bytes.len().next_multiple_of(2), 0);
    let numbers = [
        (tags::SAMPLES_PER_PIXEL, 3),
        (tags::PLANAR_CONFIGURATION, 0),
        (tags::ROWS, rows),
        (tags::COLUMNS, columns),
        (tags::BITS_ALLOCATED, 8),
        (tags::BITS_STORED, 8),
        (tags::HIGH_BIT, 7),
        (tags::PIXEL_REPRESENTATION, 0),
    ];
    let mut all: Vec<Row> =
        numbers.into_iter().map(|(tag, value)| row(tag, VR::US, PrimitiveValue::from(value))).collect();
    all.extend([
        row(tags::PHOTOMETRIC_INTERPRETATION, VR::CS, "RGB"),
        // Type 2C: which way in the patient a panel lies is no question.
        empty(tags::PATIENT_ORIENTATION, VR::CS),
        row(tags::PIXEL_DATA, VR::OB, PrimitiveValue::U8(bytes.into())),
    ]);
    Ok(all)
}
