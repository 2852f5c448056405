//! The node as a program: killed at random moments, with an archive that comes and goes, and senders that break off.
//! `FOVEA_SOAK=1` sends and kills more.
#![cfg(unix)]
#![allow(clippy::unwrap_used, clippy::print_stderr)] // A panic is how a test fails.

mod archive;
#[path = "../pacs/certificates.rs"]
mod certificates;
#[path = "../common/mod.rs"]
mod common;
mod encrypted;
mod hanging;
mod killed;
mod program;
mod senders;
#[path = "../pacs/shelf.rs"]
mod shelf;
#[path = "../common/stroke.rs"]
mod stroke;
mod watched;

use std::collections::{BTreeMap, BTreeSet};
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use dicom_core::{Tag, VR};
use dicom_dictionary_std::{tags, uids};
use dicom_object::FileMetaTableBuilder;
use fovea::pacs::{Parcel, Patience, Peer, client};

use self::archive::{Archive, Holdings};
use self::program::Node;
use self::stroke::{Uids, stroke};

/// What no log, name or record of a node may hold.
const SECRETS: [&str; 4] = ["Inventedname", "PATIENT-0815", "ACCESSION-4711", "1.2.826.0.1.3680043.99"];
/// So long one waits for what must come; no test depends on how fast it does.
const LONGEST: Duration = Duration::from_secs(120);

fn until(what: &str, mut is_so: impl FnMut() -> bool) {
    let began = Instant::now();
    while !is_so() {
        assert!(began.elapsed() < LONGEST, "{what} did not come");
        std::thread::sleep(Duration::from_millis(50));
    }
}

/// A small picture of a stroke, of a study of its own.
fn picture(folder: &Path, number: usize) -> Parcel {
    let uid = |part: &str| format!("{}.{part}.{number}", SECRETS[3]);
    let (instance, study, series) = (uid("1"), uid("2"), uid("3"));
    let of = Uids { instance: &instance, study: &study, series: &series };
    let (name, instance_number) = (format!("{}^{number}", SECRETS[0]), number.to_string());
    let others: [(Tag, VR, &str); 6] = [
        (tags::STUDY_DATE, VR::DA, "20240101"),
        (tags::ACCESSION_NUMBER, VR::SH, SECRETS[2]),
        (tags::CONVERSION_TYPE, VR::CS, "WSD"),
        (tags::PATIENT_NAME, VR::PN, &name),
        (tags::PATIENT_ID, VR::LO, SECRETS[1]),
        (tags::INSTANCE_NUMBER, VR::IS, &instance_number),
    ];
    let file = folder.join(format!("{number}.dcm"));
    let meta = FileMetaTableBuilder::new().transfer_syntax(uids::EXPLICIT_VR_LITTLE_ENDIAN);
    stroke(&of, 255, &others).with_meta(meta).unwrap().write_to_file(&file).unwrap();
    Parcel {
        sop_class_uid: uids::SECONDARY_CAPTURE_IMAGE_STORAGE.to_owned(),
        sop_instance_uid: instance,
        transfer_syntax_uid: uids::EXPLICIT_VR_LITTLE_ENDIAN.to_owned(),
        file,
    }
}

/// Nothing waits; what is set aside would wait for ever.
fn is_done(node: &Node, log: &Mutex<Vec<String>>) -> bool {
    let lines = log.lock().unwrap();
    assert!(!lines.iter().any(|line| line.contains("set aside")), "{lines:#?}");
    node.waits() == 0
}

fn audit(folder: &Path) -> Vec<serde_json::Value> {
    let text = std::fs::read_to_string(folder.join("audit.jsonl")).unwrap();
    text.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

/// Everything of a node: names and contents of its files, its lines, its figures.
fn assert_silent(folder: &Path, log: &[String], figures: &str) {
    for entry in walkdir::WalkDir::new(folder).into_iter().map(Result::unwrap) {
        let name = entry.path().to_string_lossy().into_owned();
        let bytes = if entry.file_type().is_file() { std::fs::read(entry.path()).unwrap() } else { Vec::new() };
        for secret in SECRETS {
            let is_there = bytes.windows(secret.len()).any(|part| part == secret.as_bytes());
            assert!(!name.contains(secret) && !is_there, "{secret} in {name}");
        }
    }
    for secret in SECRETS {
        assert!(!log.iter().any(|line| line.contains(secret)) && !figures.contains(secret), "{secret}: {log:#?}");
    }
}

/// Each study of `count` was answered by the same number of objects, and each object has one content.
fn assert_answered_once(holdings: &Holdings, count: usize) {
    let stored = holdings.lock().unwrap();
    let mut studies: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
    for object in stored.values() {
        let contents: BTreeSet<&String> = object.contents.iter().collect();
        assert_eq!(contents.len(), 1, "an object that came twice was the same");
        studies.entry(&object.study).or_default().push(&object.class);
    }
    assert_eq!(studies.len(), count);
    let mut answers: Vec<Vec<&str>> = studies.into_values().collect();
    answers.iter_mut().for_each(|classes| classes.sort_unstable());
    assert!(answers.windows(2).all(|pair| pair[0] == pair[1]), "{answers:?}");
    let of = |class: &str| answers[0].iter().filter(|found| **found == class).count();
    assert_eq!(of(uids::SECONDARY_CAPTURE_IMAGE_STORAGE), 1, "{:?}", answers[0]);
    assert!(of(uids::PARAMETRIC_MAP_STORAGE) > 0, "{:?}", answers[0]);
}
