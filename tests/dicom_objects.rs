//! What `fovea explain --dicom` writes, read by `dicom-object`: `tests/dicom_objects.sh` has it read by others.
#![allow(clippy::unwrap_used)] // A panic is how a test fails.

mod common;

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use assert_cmd::Command;
use common::{files, picture};
use dicom_core::value::PrimitiveValue;
use dicom_core::{DataElement, Tag, VR};
use dicom_dictionary_std::tags;
use dicom_object::{DefaultDicomObject, FileMetaTableBuilder, InMemDicomObject, open_file};
use fovea::export::dicom::{Profile, Source, unanswered};
use fovea::scan::Encoded;
use predicates::str::contains;

const SALT: &str = "sixteen bytes at the least";

/// `fovea explain --model mnist --answer-anyway --no-layers --out OUT FILE`.
fn explain(out: &Path, file: &Path) -> Command {
    let mut command = Command::cargo_bin("fovea").unwrap();
    command.env("XDG_DATA_HOME", "/nonexistent").env("HOME", "/nonexistent");
    command
        .args(["explain", "--device", "cpu", "--model", "mnist", "--answer-anyway", "--no-layers", "--out"])
        .arg(out);
    command.arg(file);
    command
}

/// A radiograph of a person with a name, but for the attributes that `without` leaves out.
fn radiograph(folder: &Path, without: &[Tag], more: &[(Tag, VR, &str)]) -> PathBuf {
    let texts: [(Tag, VR, &str); 16] = [
        (tags::SPECIFIC_CHARACTER_SET, VR::CS, "ISO_IR 100"),
        (tags::SOP_CLASS_UID, VR::UI, "1.2.840.10008.5.1.4.1.1.1"),
        (tags::SOP_INSTANCE_UID, VR::UI, "1.2.3.4"),
        (tags::STUDY_INSTANCE_UID, VR::UI, "1.2.3.5"),
        (tags::SERIES_INSTANCE_UID, VR::UI, "1.2.3.6"),
        (tags::MODALITY, VR::CS, "CR"),
        (tags::PATIENT_NAME, VR::PN, "Müllersdottir^Ölga"),
        (tags::PATIENT_ID, VR::LO, "QX-77"),
        (tags::STUDY_DATE, VR::DA, "20240229"),
        (tags::PHOTOMETRIC_INTERPRETATION, VR::CS, "MONOCHROME2"),
        (tags::IMAGER_PIXEL_SPACING, VR::DS, "0.25\\0.2"),
        (tags::WINDOW_CENTER, VR::DS, "128"),
        (tags::WINDOW_WIDTH, VR::DS, "256"),
        (tags::LATERALITY, VR::CS, "R"),
        (tags::ACCESSION_NUMBER, VR::SH, "ACC-4711"),
        (tags::STUDY_TIME, VR::TM, "101112"),
    ];
    let numbers = [
        (tags::ROWS, 50),
        (tags::COLUMNS, 60),
        (tags::SAMPLES_PER_PIXEL, 1),
        (tags::BITS_ALLOCATED, 8),
        (tags::BITS_STORED, 8),
        (tags::HIGH_BIT, 7),
        (tags::PIXEL_REPRESENTATION, 0_u16),
    ];
    let mut object = InMemDicomObject::new_empty();
    let kept = texts.iter().filter(|(tag, ..)| !without.contains(tag)).chain(more);
    for (tag, vr, value) in kept {
        object.put(DataElement::new(*tag, *vr, PrimitiveValue::from(*value)));
    }
    for (tag, value) in numbers {
        object.put(DataElement::new(tag, VR::US, PrimitiveValue::from(value)));
    }
    let stroke = |x: u32, y: u32| if (26..34).contains(&x) && (8..42).contains(&y) { 250 } else { 3 };
    let pixels: Vec<u8> = (0..3000).map(|i| stroke(i % 60, i / 60)).collect();
    object.put(DataElement::new(tags::PIXEL_DATA, VR::OB, PrimitiveValue::U8(pixels.into())));
    let meta = FileMetaTableBuilder::new().transfer_syntax("1.2.840.10008.1.2.1");
    let meta = meta.media_storage_sop_class_uid("1.2.840.10008.5.1.4.1.1.1").media_storage_sop_instance_uid("1.2.3.4");
    let path = folder.join("one.dcm");
    object.with_exact_meta(meta.build().unwrap()).write_to_file(&path).unwrap();
    path
}

fn objects(out: &Path) -> Vec<(String, DefaultDicomObject)> {
    let names = files(out).into_iter().filter(|name| name.ends_with(".dcm"));
    names.map(|name| (name.clone(), open_file(out.join(name)).unwrap())).collect()
}

fn said(object: &InMemDicomObject, tag: Tag) -> String {
    let element = object.get(tag).map(|element| element.to_str().unwrap().trim_end_matches(['\0', ' ']).to_owned());
    element.unwrap_or_default()
}

/// Names of the files, each with the UID of its object.
fn uids(out: &Path) -> BTreeSet<(String, String)> {
    objects(out).iter().map(|(name, object)| (name.clone(), said(object, tags::SOP_INSTANCE_UID))).collect()
}

fn record(out: &Path) -> serde_json::Value {
    serde_json::from_slice(&std::fs::read(out.join("one.json")).unwrap()).unwrap()
}

#[test]
fn objects_of_a_radiograph_go_back_where_it_came_from() {
    let folder = tempfile::tempdir().unwrap();
    let (file, out) = (radiograph(folder.path(), &[], &[]), folder.path().join("out"));
    explain(&out, &file).arg("--dicom").assert().success();
    let made = objects(&out);
    let named: BTreeSet<String> =
        record(&out)["files"].as_array().unwrap().iter().map(|f| format!("one.{}", f.as_str().unwrap())).collect();
    assert!(made.iter().all(|(name, _)| named.contains(name)), "the record names all");
    let endings: Vec<&str> = made.iter().map(|(name, _)| name.as_str()).collect();
    assert!(
        ["one.sc.dcm", "one.seg.dcm", "one.sr.dcm", "one.pm-1.dcm"].iter().all(|name| endings.contains(name)),
        "{endings:?}"
    );
    assert!(!endings.contains(&"one.picture.dcm"), "it is an object itself");
    for (name, object) in &made {
        assert_eq!(said(object, tags::PATIENT_NAME), "Müllersdottir^Ölga", "{name}");
        assert_eq!(said(object, tags::SPECIFIC_CHARACTER_SET), "ISO_IR 192", "{name}");
        assert_eq!(
            (said(object, tags::STUDY_INSTANCE_UID), said(object, tags::PATIENT_ID)),
            ("1.2.3.5".into(), "QX-77".into())
        );
        assert_eq!(
            object.get(tags::BURNED_IN_ANNOTATION).is_some(),
            name.contains("pm-"),
            "{name}: the file does not say"
        );
    }
    let series: BTreeSet<String> = made.iter().map(|(_, object)| said(object, tags::SERIES_INSTANCE_UID)).collect();
    assert_eq!(series.len(), made.len(), "one for each: some viewers open one object of a series alone");
    let frames: BTreeSet<String> = made
        .iter()
        .map(|(_, object)| said(object, tags::FRAME_OF_REFERENCE_UID))
        .filter(|uid| !uid.is_empty())
        .collect();
    assert_eq!(frames.len(), 1, "segmentation and maps lie in one space");

    // The same again: by another run, and by the record.
    let known = uids(&out);
    explain(&out, &file).args(["--dicom", "--resume"]).assert().success().stderr(contains("1 already explained"));
    explain(&out, &file).args(["--dicom", "--force"]).assert().success();
    assert_eq!(uids(&out), known);
    let again = folder.path().join("again");
    let mut repeated = Command::cargo_bin("fovea").unwrap();
    repeated
        .args(["explain", "--device", "cpu", "--from"])
        .arg(out.join("one.json"))
        .arg(&file)
        .arg("--out")
        .arg(&again);
    repeated.assert().success();
    assert_eq!(uids(&again), known);
    // Other settings are other objects.
    let other = folder.path().join("other");
    explain(&other, &file).args(["--dicom", "--gain", "2"]).assert().success();
    assert!(uids(&other).is_disjoint(&known));
    // Who explains the folder explains the radiograph alone.
    let found = fovea::scan::find::pictures(&[folder.path().to_owned()]).unwrap();
    assert_eq!((found.pictures, found.problems.len()), (vec![file.clone()], 0));
    let plain = folder.path().join("plain");
    explain(&plain, &file).assert().success();
    assert_eq!(objects(&plain).len(), 0);
}

#[test]
fn nobody_is_named_in_what_is_de_identified() {
    let folder = tempfile::tempdir().unwrap();
    let (file, out, salt) =
        (radiograph(folder.path(), &[], &[]), folder.path().join("out"), folder.path().join("salt"));
    std::fs::write(&salt, SALT).unwrap();
    explain(&out, &file).args(["--dicom-deidentified", "--dicom-salt"]).arg(&salt).assert().success();
    assert_eq!(record(&out)["dicom_profile"], "de-identified");
    for (name, object) in objects(&out) {
        assert_eq!(said(&object, tags::PATIENT_IDENTITY_REMOVED), "YES", "{name}");
        let bytes = std::fs::read(out.join(&name)).unwrap();
        for who in ["Müllersdottir", "QX-77", "ACC-4711", "20240229", "1.2.3.4", "1.2.3.5", "1.2.3.6"] {
            assert!(!bytes.windows(who.len()).any(|at| at == who.as_bytes()), "{name} holds {who}");
        }
    }
    // Another secret gives other objects; the same one does not.
    let again = |secret: &str, more: &[&str]| {
        std::fs::write(&salt, secret).unwrap();
        let mut command = explain(&out, &file);
        command.args(["--dicom-deidentified", "--resume"]).args(more).arg("--dicom-salt").arg(&salt);
        command.assert()
    };
    let known = uids(&out);
    again(SALT, &[]).success().stderr(contains("1 already explained"));
    again("another secret of sixteen bytes", &[]).failure().stderr(contains("exists already"));
    again("another secret of sixteen bytes", &["--force"]).success();
    assert!(uids(&out).is_disjoint(&known));
    std::fs::write(&salt, "short").unwrap();
    let mut refused = explain(&out, &file);
    refused.args(["--dicom-deidentified", "--force", "--dicom-salt"]).arg(&salt);
    refused.assert().failure().stderr(contains("at least 16 bytes"));
    std::fs::write(&salt, SALT).unwrap();
    let named = radiograph(folder.path(), &[], &[(tags::BURNED_IN_ANNOTATION, VR::CS, "YES")]);
    let mut refused = explain(&folder.path().join("named"), &named);
    refused.args(["--dicom-deidentified", "--dicom-salt"]).arg(&salt);
    refused.assert().failure().stderr(contains("Burned In Annotation"));
    assert!(files(&folder.path().join("named")).is_empty());
}

#[test]
fn a_photograph_is_given_a_study_and_an_object_of_its_own() {
    let folder = tempfile::tempdir().unwrap();
    let out = folder.path().join("out");
    explain(&out, &picture(&folder.path().join("one.png"))).arg("--dicom").assert().success();
    let made = objects(&out);
    let picture = &made.iter().find(|(name, _)| name == "one.picture.dcm").unwrap().1;
    assert!(
        said(picture, tags::STUDY_DESCRIPTION).contains("made by Fovea") && !said(picture, tags::PATIENT_ID).is_empty()
    );
    let own = said(picture, tags::SOP_INSTANCE_UID);
    for (name, object) in made.iter().filter(|(name, _)| name != "one.picture.dcm" && name != "one.sr.dcm") {
        let source = &object.element(tags::SOURCE_IMAGE_SEQUENCE).unwrap().items().unwrap()[0];
        assert_eq!(said(source, tags::REFERENCED_SOP_INSTANCE_UID), own, "{name}");
    }
}

#[test]
fn a_file_that_nothing_can_refer_to_is_refused_in_words() {
    let folder = tempfile::tempdir().unwrap();
    for (tag, name) in [(tags::SOP_INSTANCE_UID, "SOP Instance UID"), (tags::STUDY_INSTANCE_UID, "Study Instance UID")]
    {
        let (file, out) = (radiograph(folder.path(), &[tag], &[]), folder.path().join("out"));
        explain(&out, &file).arg("--dicom").assert().failure().stderr(contains(name));
        assert!(files(&out).is_empty());
    }
}

#[test]
fn a_picture_without_an_answer_has_a_report_that_says_why() {
    let folder = tempfile::tempdir().unwrap();
    let file = Encoded::read(&radiograph(folder.path(), &[], &[]), 0).unwrap();
    let (origin, sha256) = (file.origin().unwrap(), file.sha256());
    let source =
        Source { origin: origin.as_ref(), sha256: &sha256, lossy_bytes: None, profile: Profile::Kept, secret: &[] };
    let object = unanswered(&source, "no model reads such pictures").unwrap();
    assert_eq!(object.ending, "sr.dcm");
    assert_eq!(unanswered(&source, "no model reads such pictures").unwrap().sop_instance_uid, object.sop_instance_uid);
    let read = dicom_object::from_reader(object.bytes.as_slice()).unwrap();
    assert_eq!(said(&read, tags::SOP_INSTANCE_UID), object.sop_instance_uid);
    assert_eq!(
        (said(&read, tags::COMPLETION_FLAG), said(&read, tags::STUDY_INSTANCE_UID)),
        ("PARTIAL".into(), "1.2.3.5".into())
    );
    let says = b"no model reads such pictures";
    assert!(object.bytes.windows(says.len()).any(|at| at == says));
    let logged = format!("{object:?} {origin:?} {source:?}");
    assert!(!logged.contains("QX-77") && !logged.contains("Ölga"), "nobody's name in a log");
}
