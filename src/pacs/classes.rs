//! SOP classes: which are accepted, and which are proposed.

use dicom_core::dictionary::{UidDictionary, UidDictionaryEntry};
use dicom_dictionary_std::{StandardSopClassDictionary, uids};

pub use crate::scan::dicom::is_read;

pub const VERIFICATION: &str = uids::VERIFICATION;
pub const COMMITMENT: &str = uids::STORAGE_COMMITMENT_PUSH_MODEL;
/// Its well-known instance (PS3.4 J.3.5).
pub const COMMITMENT_INSTANCE: &str = "1.2.840.10008.1.20.1.1";
pub const FIND: &str = uids::STUDY_ROOT_QUERY_RETRIEVE_INFORMATION_MODEL_FIND;
pub const MOVE: &str = uids::STUDY_ROOT_QUERY_RETRIEVE_INFORMATION_MODEL_MOVE;
pub const GET: &str = uids::STUDY_ROOT_QUERY_RETRIEVE_INFORMATION_MODEL_GET;
pub const IMPLICIT_LITTLE: &str = uids::IMPLICIT_VR_LITTLE_ENDIAN;
pub const EXPLICIT_LITTLE: &str = uids::EXPLICIT_VR_LITTLE_ENDIAN;
/// For everything but pixel data.
pub const PLAIN: [&str; 2] = [EXPLICIT_LITTLE, IMPLICIT_LITTLE];

/// Compressed transfer syntaxes, lossless first. Each row is proposed separately, so that an archive can send what it has
/// unchanged.
pub const PACKED: [&[&str]; 6] = [
    &[uids::JPEG_LOSSLESS_SV1, uids::JPEG_LOSSLESS],
    &[uids::JPEG2000_LOSSLESS],
    &[uids::JPEGLS_LOSSLESS, uids::JPEGLS_NEAR_LOSSLESS],
    &[uids::RLE_LOSSLESS],
    &[uids::JPEG_BASELINE8_BIT, uids::JPEG_EXTENDED12_BIT],
    &[uids::JPEG2000],
];

/// Whether objects of this class are images, judged by the standard's name for it.
pub fn is_of_images(class: &str) -> bool {
    StandardSopClassDictionary.by_uid(class).is_some_and(|entry| entry.name().contains("Image Storage"))
}

/// Whether objects of this class are stored beside images without being any: reports, segmentations, documents.
pub fn is_beside_images(class: &str) -> bool {
    class.starts_with("1.2.840.10008.5.1.4.1.1.") && !is_of_images(class)
}

/// Such classes, proposed uncompressed: an archive that cannot send one object of a study may send none of it
/// (Orthanc 1.10).
pub const BESIDE_PICTURES: [&str; 12] = [
    uids::BASIC_TEXT_SR_STORAGE,
    uids::ENHANCED_SR_STORAGE,
    uids::COMPREHENSIVE_SR_STORAGE,
    uids::COMPREHENSIVE3_DSR_STORAGE,
    uids::KEY_OBJECT_SELECTION_DOCUMENT_STORAGE,
    uids::X_RAY_RADIATION_DOSE_SR_STORAGE,
    uids::MAMMOGRAPHY_CADSR_STORAGE,
    uids::CHEST_CADSR_STORAGE,
    uids::SEGMENTATION_STORAGE,
    uids::PARAMETRIC_MAP_STORAGE,
    uids::GRAYSCALE_SOFTCOPY_PRESENTATION_STATE_STORAGE,
    uids::ENCAPSULATED_PDF_STORAGE,
];

/// Classes of single images, which a model may read: proposed in every compressed syntax.
pub const PICTURES: [&str; 13] = [
    uids::COMPUTED_RADIOGRAPHY_IMAGE_STORAGE,
    uids::DIGITAL_X_RAY_IMAGE_STORAGE_FOR_PRESENTATION,
    uids::DIGITAL_X_RAY_IMAGE_STORAGE_FOR_PROCESSING,
    uids::OPHTHALMIC_PHOTOGRAPHY8_BIT_IMAGE_STORAGE,
    uids::OPHTHALMIC_PHOTOGRAPHY16_BIT_IMAGE_STORAGE,
    uids::WIDE_FIELD_OPHTHALMIC_PHOTOGRAPHY_STEREOGRAPHIC_PROJECTION_IMAGE_STORAGE,
    uids::SECONDARY_CAPTURE_IMAGE_STORAGE,
    uids::VL_PHOTOGRAPHIC_IMAGE_STORAGE,
    uids::DIGITAL_MAMMOGRAPHY_X_RAY_IMAGE_STORAGE_FOR_PRESENTATION,
    uids::DIGITAL_MAMMOGRAPHY_X_RAY_IMAGE_STORAGE_FOR_PROCESSING,
    uids::CT_IMAGE_STORAGE,
    uids::MR_IMAGE_STORAGE,
    uids::ULTRASOUND_IMAGE_STORAGE,
];

/// Other image classes, proposed uncompressed only: a request has room for 128 presentation contexts.
pub const MORE_PICTURES: [&str; 22] = [
    uids::DERMOSCOPIC_PHOTOGRAPHY_IMAGE_STORAGE,
    uids::VL_ENDOSCOPIC_IMAGE_STORAGE,
    uids::WIDE_FIELD_OPHTHALMIC_PHOTOGRAPHY3_D_COORDINATES_IMAGE_STORAGE,
    uids::OPHTHALMIC_TOMOGRAPHY_IMAGE_STORAGE,
    uids::OPHTHALMIC_OPTICAL_COHERENCE_TOMOGRAPHY_EN_FACE_IMAGE_STORAGE,
    uids::MULTI_FRAME_GRAYSCALE_BYTE_SECONDARY_CAPTURE_IMAGE_STORAGE,
    uids::MULTI_FRAME_GRAYSCALE_WORD_SECONDARY_CAPTURE_IMAGE_STORAGE,
    uids::MULTI_FRAME_TRUE_COLOR_SECONDARY_CAPTURE_IMAGE_STORAGE,
    uids::MULTI_FRAME_SINGLE_BIT_SECONDARY_CAPTURE_IMAGE_STORAGE,
    uids::DIGITAL_INTRA_ORAL_X_RAY_IMAGE_STORAGE_FOR_PRESENTATION,
    uids::DIGITAL_INTRA_ORAL_X_RAY_IMAGE_STORAGE_FOR_PROCESSING,
    uids::X_RAY_ANGIOGRAPHIC_IMAGE_STORAGE,
    uids::X_RAY_RADIOFLUOROSCOPIC_IMAGE_STORAGE,
    uids::BREAST_TOMOSYNTHESIS_IMAGE_STORAGE,
    uids::ENHANCED_CT_IMAGE_STORAGE,
    uids::ENHANCED_MR_IMAGE_STORAGE,
    uids::ENHANCED_XA_IMAGE_STORAGE,
    uids::ULTRASOUND_MULTI_FRAME_IMAGE_STORAGE,
    uids::NUCLEAR_MEDICINE_IMAGE_STORAGE,
    uids::POSITRON_EMISSION_TOMOGRAPHY_IMAGE_STORAGE,
    uids::VL_MICROSCOPIC_IMAGE_STORAGE,
    uids::RT_IMAGE_STORAGE,
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_asked_for_is_taken() {
        assert!(PICTURES.iter().chain(&MORE_PICTURES).all(|class| is_of_images(class)));
        assert!(BESIDE_PICTURES.iter().all(|class| is_beside_images(class)));
        assert!(!is_beside_images(COMMITMENT) && !is_beside_images(PICTURES[0]));
        assert!(!is_of_images(VERIFICATION) && !is_of_images(COMMITMENT));
        assert!(!is_of_images(uids::SEGMENTATION_STORAGE) && !is_of_images(uids::BASIC_TEXT_SR_STORAGE));
        assert!(PLAIN.iter().all(|syntax| is_read(syntax)) && !is_read(uids::HTJ2K));
        assert!(PACKED.iter().flat_map(|row| row.iter()).all(|syntax| is_read(syntax)));
        // One context for the request itself, and one for each compressed syntax of each class.
        let plain = MORE_PICTURES.len() + BESIDE_PICTURES.len();
        assert!(1 + PICTURES.len() * (1 + PACKED.len()) + plain <= 128);
    }
}
