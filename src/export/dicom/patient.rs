//! Patient and study: which attributes objects repeat of their source, and what becomes of each when nobody is to know
//! whose they are (PS3.15 annex E, table E.1-1).

use dicom_core::value::Value;
use dicom_core::{PrimitiveValue, Tag, VR};
use dicom_dictionary_std::tags;
use dicom_object::InMemDicomObject;

use super::element::{Code, Row, empty, row, sequence};
use super::uid::{digest, uid};
use crate::export::date;
use crate::scan::dicom::Origin;

/// What the basic profile does, with the option of modified dates.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Removal {
    /// Says nothing of who it is.
    Stays,
    /// D: a value that says nothing, the same for all of a patient.
    Replaced,
    /// Z.
    Emptied,
    /// X.
    Removed,
    /// U.
    Uid,
    /// C under the option: moved by the patient's own number of days.
    Date,
}

use Removal::{Date, Emptied, Removed, Replaced, Stays, Uid};

/// Tag, VR, whether an object needs it even without a value (types 1 and 2), and its removal.
type Repeated = (Tag, VR, bool, Removal);

/// Modules Patient, General Study and Patient Study (PS3.3 C.7.1.1, C.7.2.1, C.7.2.2).
const REPEATED: [Repeated; 28] = [
    (tags::PATIENT_NAME, VR::PN, true, Replaced),
    (tags::PATIENT_ID, VR::LO, true, Replaced),
    (tags::ISSUER_OF_PATIENT_ID, VR::LO, false, Removed),
    (tags::TYPE_OF_PATIENT_ID, VR::CS, false, Removed),
    (tags::ISSUER_OF_PATIENT_ID_QUALIFIERS_SEQUENCE, VR::SQ, false, Removed),
    (tags::OTHER_PATIENT_I_DS_SEQUENCE, VR::SQ, false, Removed),
    (tags::PATIENT_BIRTH_DATE, VR::DA, true, Emptied),
    (tags::PATIENT_BIRTH_TIME, VR::TM, false, Removed),
    (tags::PATIENT_SEX, VR::CS, true, Emptied),
    (tags::QUALITY_CONTROL_SUBJECT, VR::CS, false, Stays),
    (tags::PATIENT_AGE, VR::AS, false, Removed),
    (tags::PATIENT_SIZE, VR::DS, false, Removed),
    (tags::PATIENT_WEIGHT, VR::DS, false, Removed),
    (tags::PATIENT_IDENTITY_REMOVED, VR::CS, false, Stays),
    (tags::DEIDENTIFICATION_METHOD, VR::LO, false, Removed),
    (tags::DEIDENTIFICATION_METHOD_CODE_SEQUENCE, VR::SQ, false, Stays),
    (tags::LONGITUDINAL_TEMPORAL_INFORMATION_MODIFIED, VR::CS, false, Stays),
    (tags::STUDY_INSTANCE_UID, VR::UI, true, Uid),
    (tags::STUDY_DATE, VR::DA, true, Date),
    (tags::STUDY_TIME, VR::TM, true, Stays),
    (tags::REFERRING_PHYSICIAN_NAME, VR::PN, true, Emptied),
    (tags::STUDY_ID, VR::SH, true, Emptied),
    (tags::ACCESSION_NUMBER, VR::SH, true, Emptied),
    (tags::ISSUER_OF_ACCESSION_NUMBER_SEQUENCE, VR::SQ, false, Removed),
    (tags::STUDY_DESCRIPTION, VR::LO, false, Removed),
    (tags::PROCEDURE_CODE_SEQUENCE, VR::SQ, false, Removed),
    (tags::REFERENCED_STUDY_SEQUENCE, VR::SQ, false, Removed),
    (tags::TIMEZONE_OFFSET_FROM_UTC, VR::SH, false, Removed),
];

/// Of what is read besides: what the objects follow from or refer to. All else of a source is left behind.
const REFERRED: [(Tag, Removal); 23] = [
    (tags::SOP_CLASS_UID, Stays),
    (tags::SOP_INSTANCE_UID, Uid),
    (tags::SERIES_INSTANCE_UID, Uid),
    (tags::FRAME_OF_REFERENCE_UID, Uid),
    (tags::MODALITY, Stays),
    (tags::BODY_PART_EXAMINED, Stays),
    (tags::LATERALITY, Stays),
    (tags::IMAGE_LATERALITY, Stays),
    (tags::NUMBER_OF_FRAMES, Stays),
    (tags::PIXEL_SPACING, Stays),
    (tags::IMAGER_PIXEL_SPACING, Stays),
    (tags::NOMINAL_SCANNED_PIXEL_SPACING, Stays),
    (tags::SLICE_THICKNESS, Stays),
    (tags::IMAGE_ORIENTATION_PATIENT, Stays),
    (tags::IMAGE_POSITION_PATIENT, Stays),
    (tags::POSITION_REFERENCE_INDICATOR, Removed),
    (tags::BURNED_IN_ANNOTATION, Stays),
    (tags::LOSSY_IMAGE_COMPRESSION, Stays),
    (tags::LOSSY_IMAGE_COMPRESSION_RATIO, Stays),
    (tags::LOSSY_IMAGE_COMPRESSION_METHOD, Stays),
    // Numbers alone are taken out of these; they never enter an object as they are.
    (tags::SHARED_FUNCTIONAL_GROUPS_SEQUENCE, Stays),
    (tags::PER_FRAME_FUNCTIONAL_GROUPS_SEQUENCE, Stays),
    (tags::LONGITUDINAL_TEMPORAL_INFORMATION_MODIFIED, Stays),
];

/// Dates go back by up to ten years.
const MOST_DAYS: u64 = 3652;

/// The rows that an object repeats of `origin`.
pub fn rows(origin: &Origin) -> Vec<Row> {
    let row = |(tag, vr, is_needed, _): &Repeated| match origin.object.get(*tag) {
        Some(element) if is_written(element) => Some(element.clone()),
        _ if *is_needed => Some(empty(*tag, *vr)),
        _ => None,
    };
    REPEATED.iter().filter_map(row).collect()
}

/// An attribute with something in it.
fn is_written(element: &Row) -> bool {
    match element.value() {
        Value::Primitive(value) => value.calculate_byte_len() > 0,
        Value::Sequence(items) => !items.items().is_empty(),
        Value::PixelSequence(_) => false,
    }
}

/// By how many days the dates of the patient of `origin` go back.
pub fn days_back(origin: &Origin, secret: &[u8]) -> u64 {
    days_of(&of_patient("dates", origin, secret))
}

/// From 1 to [`MOST_DAYS`], from a hash in hexadecimal.
pub fn days_of(hash: &str) -> u64 {
    1 + u64::from_str_radix(&hash[..15], 16).unwrap_or_default() % MOST_DAYS
}

/// Under one secret the same for all objects of a patient, and without it nothing that leads back.
fn of_patient(what: &str, origin: &Origin, secret: &[u8]) -> String {
    let said = |tag| origin.text(tag).unwrap_or_default();
    let patient = match said(tags::PATIENT_ID) {
        // Nobody knows then who it is but by the study.
        id if id.is_empty() => said(tags::STUDY_INSTANCE_UID),
        id => id,
    };
    keyed(what, &[&said(tags::ISSUER_OF_PATIENT_ID), &patient], secret)
}

/// A hash that nobody makes without the secret.
pub fn keyed(what: &str, parts: &[&str], secret: &[u8]) -> String {
    let secret: String = secret.iter().map(|byte| format!("{byte:02x}")).collect();
    digest(&[&[what, &secret], parts, &[&secret]].concat())
}

/// `origin` with nothing left that says whose it is.
pub fn deidentified(origin: &Origin, secret: &[u8]) -> Origin {
    let dummy = format!("FOVEA-{}", &of_patient("patient", origin, secret)[..16].to_uppercase());
    let days = days_back(origin, secret);
    let repeated = REPEATED.iter().map(|(tag, vr, _, removal)| (*tag, *vr, *removal));
    let referred = REFERRED.iter().filter_map(|(tag, removal)| Some((*tag, origin.object.get(*tag)?.vr(), *removal)));
    let treated = |(tag, vr, removal): (Tag, VR, Removal)| {
        let text = || origin.text(tag);
        match removal {
            Stays => origin.object.get(tag).cloned(),
            Replaced if vr == VR::PN => Some(row(tag, vr, format!("Anonymous^{dummy}"))),
            Replaced => Some(row(tag, vr, dummy.as_str())),
            Emptied => Some(empty(tag, vr)),
            Removed => None,
            Uid => text().map(|known| row(tag, vr, uid(&["de-identified", &keyed("uid", &[&known], secret)]))),
            Date => {
                let moved = text().and_then(|date| date::earlier(&date, days));
                Some(moved.map_or_else(|| empty(tag, vr), |date| row(tag, vr, date)))
            }
        }
    };
    let mut object = InMemDicomObject::from_element_iter(repeated.chain(referred).filter_map(treated));
    said_of_removal().into_iter().for_each(|row| drop(object.put(row)));
    Origin { object, frame: origin.frame }
}

/// That it was done, and how (PS3.3 C.7.1.1, PS3.16 CID 7050).
pub fn said_of_removal() -> Vec<Row> {
    let codes = [
        Code::dcm("113100", "Basic Application Confidentiality Profile"),
        Code::dcm("113107", "Retain Longitudinal Temporal Information Modified Dates Option"),
    ];
    vec![
        row(tags::PATIENT_IDENTITY_REMOVED, VR::CS, "YES"),
        sequence(tags::DEIDENTIFICATION_METHOD_CODE_SEQUENCE, codes.iter().map(Code::item).collect()),
        row(tags::LONGITUDINAL_TEMPORAL_INFORMATION_MODIFIED, VR::CS, "MODIFIED"),
    ]
}

/// Of a photograph: a study of its own, which says what it is.
pub fn new_study(study_uid: &str, patient_id: &str, (day, time): (&str, &str)) -> Vec<Row> {
    let rows: [(Tag, VR, &str); 10] = [
        (tags::PATIENT_NAME, VR::PN, "Anonymous^Picture"),
        // Some archives refuse an empty one.
        (tags::PATIENT_ID, VR::LO, patient_id),
        (tags::PATIENT_BIRTH_DATE, VR::DA, ""),
        (tags::PATIENT_SEX, VR::CS, ""),
        (tags::STUDY_INSTANCE_UID, VR::UI, study_uid),
        (tags::STUDY_DATE, VR::DA, day),
        (tags::STUDY_TIME, VR::TM, time),
        (tags::STUDY_ID, VR::SH, "1"),
        (tags::STUDY_DESCRIPTION, VR::LO, "Study made by Fovea of a picture that came without one"),
        (tags::TIMEZONE_OFFSET_FROM_UTC, VR::SH, "+0000"),
    ];
    let needed = [empty(tags::REFERRING_PHYSICIAN_NAME, VR::PN), empty(tags::ACCESSION_NUMBER, VR::SH)];
    let written = rows.into_iter().map(|(tag, vr, value)| match value {
        "" => Row::new(tag, vr, PrimitiveValue::Empty),
        value => row(tag, vr, value),
    });
    written.chain(needed).collect()
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use dicom_object::FileMetaTableBuilder;

    use super::*;
    use crate::scan::dicom::origin;

    const SECRET: &[u8] = b"sixteen bytes or more";

    /// A file with a value in each attribute that is repeated or referred to, and in some others.
    fn full(patient: &str) -> Origin {
        let item = || vec![InMemDicomObject::from_element_iter([row(tags::ACCESSION_NUMBER, VR::SH, "nested Zzyzx")])];
        let value = |tag: Tag, vr: VR| match vr {
            VR::UI if tag == tags::SOP_CLASS_UID => row(tag, vr, "1.2.840.10008.5.1.4.1.1.1"),
            VR::SQ => sequence(tag, item()),
            VR::UI => row(tag, vr, format!("1.2.3.{}", u32::from(tag.1))),
            VR::DA => row(tag, vr, "20240301"),
            VR::TM => row(tag, vr, "101112"),
            VR::CS => row(tag, vr, "YES"),
            VR::DS => row(tag, vr, "1.5"),
            VR::AS => row(tag, vr, "064Y"),
            _ => row(tag, vr, format!("Zzyzx {patient}")),
        };
        let vr_of = |tag: Tag| match tag {
            tags::MODALITY | tags::LATERALITY | tags::IMAGE_LATERALITY | tags::BODY_PART_EXAMINED => VR::CS,
            tags::SHARED_FUNCTIONAL_GROUPS_SEQUENCE | tags::PER_FRAME_FUNCTIONAL_GROUPS_SEQUENCE => VR::SQ,
            tags::NUMBER_OF_FRAMES => VR::IS,
            tags::BURNED_IN_ANNOTATION | tags::LONGITUDINAL_TEMPORAL_INFORMATION_MODIFIED => VR::CS,
            tags::POSITION_REFERENCE_INDICATOR => VR::LO,
            tag if REFERRED[..4].iter().any(|(uid, _)| *uid == tag) => VR::UI,
            _ => VR::DS,
        };
        let repeated = REPEATED.iter().map(|(tag, vr, ..)| value(*tag, *vr));
        let referred = REFERRED.iter().map(|(tag, _)| value(*tag, vr_of(*tag)));
        let others = [
            row(tags::SPECIFIC_CHARACTER_SET, VR::CS, "ISO_IR 192"),
            row(tags::INSTITUTION_NAME, VR::LO, "Zzyzx clinic"),
            row(tags::PATIENT_COMMENTS, VR::LT, "Zzyzx comment"),
        ];
        let mut object = InMemDicomObject::from_element_iter(repeated.chain(referred).chain(others));
        object.put(row(tags::NUMBER_OF_FRAMES, VR::IS, "1"));
        let mut bytes = Vec::new();
        let meta = FileMetaTableBuilder::new().transfer_syntax("1.2.840.10008.1.2.1");
        object.with_meta(meta).unwrap().write_all(&mut bytes).unwrap();
        origin(&bytes, Path::new("a.dcm"), 0).unwrap()
    }

    fn written(object: &InMemDicomObject) -> String {
        let syntax = dicom_transfer_syntax_registry::entries::EXPLICIT_VR_LITTLE_ENDIAN.erased();
        let mut bytes = Vec::new();
        object.write_dataset_with_ts(&mut bytes, &syntax).unwrap();
        String::from_utf8_lossy(&bytes).into_owned()
    }

    #[test]
    fn what_is_repeated_is_read_and_nothing_else_is() {
        let origin = full("one");
        let found: Vec<Tag> = rows(&origin).iter().map(|row| row.header().tag).collect();
        let expected: Vec<Tag> = REPEATED.iter().map(|(tag, ..)| *tag).collect();
        assert_eq!(found, expected);
        let known = |tag: &Tag| expected.contains(tag) || REFERRED.iter().any(|(referred, _)| referred == tag);
        let missing = REFERRED.iter().filter(|(tag, _)| origin.object.get(*tag).is_none()).count();
        assert_eq!(missing, 0, "the reader wants them all");
        let beside: Vec<Tag> = origin.object.tags().filter(|tag| !known(tag)).collect();
        assert_eq!(beside, [tags::SPECIFIC_CHARACTER_SET]);
    }

    #[test]
    fn nothing_is_left_of_who_it_is_and_all_agree() {
        let hidden = deidentified(&full("one"), SECRET);
        let all = written(&hidden.object);
        let groups = [tags::SHARED_FUNCTIONAL_GROUPS_SEQUENCE, tags::PER_FRAME_FUNCTIONAL_GROUPS_SEQUENCE];
        let mut without = hidden.object.clone();
        assert!(groups.iter().all(|tag| without.remove_element(*tag)));
        let said = written(&without);
        assert!(!said.contains("Zzyzx") && !said.contains("1.2.3.") && !said.contains("20240301"), "{said:?}");
        assert!(all.contains("Basic Application Confidentiality Profile"));
        assert_eq!(hidden.text(tags::PATIENT_IDENTITY_REMOVED).as_deref(), Some("YES"));
        assert_eq!(hidden.text(tags::LONGITUDINAL_TEMPORAL_INFORMATION_MODIFIED).as_deref(), Some("MODIFIED"));
        let again = deidentified(&full("one"), SECRET);
        assert_eq!(written(&again.object), all);
        let said = |origin: &Origin, tag| origin.text(tag).unwrap();
        let (other, elsewhere) =
            (deidentified(&full("two"), SECRET), deidentified(&full("one"), b"another secret, longer"));
        for tag in [tags::PATIENT_ID, tags::STUDY_DATE] {
            assert_ne!(said(&hidden, tag), said(&other, tag));
            assert_ne!(said(&hidden, tag), said(&elsewhere, tag));
        }
        assert_ne!(said(&hidden, tags::STUDY_INSTANCE_UID), said(&elsewhere, tags::STUDY_INSTANCE_UID));
    }
}
