//! Our two sides against each other over the loopback, and our server against those who mean it harm.

#[path = "../../../tests/pacs/certificates.rs"]
pub mod certificates;
mod commitment;
mod encryption;
mod hostile;
#[path = "../../../tests/pacs/shelf.rs"]
mod shelf;
mod storing;
mod welcome;

use std::io::Read;
use std::net::SocketAddr;
use std::path::Path;
use std::time::Duration;

use dicom_core::{DataElement, VR};
use dicom_dictionary_std::{tags, uids};
use dicom_object::InMemDicomObject;
use dicom_transfer_syntax_registry::{TransferSyntaxIndex, TransferSyntaxRegistry};

use self::shelf::{Shelf, serving};
use super::server::Rules;
use super::{Parcel, Patience, Peer, parcel};

const PATIENCE: Patience = Patience { connect: Duration::from_secs(10), answer: Duration::from_secs(10) };
const CLASS: &str = uids::SECONDARY_CAPTURE_IMAGE_STORAGE;
const SECRET: &str = "Nobody^Knows";

/// Does `work` against a server; returns once that has ended.
fn with_server(change: impl FnOnce(&mut Rules), work: impl FnOnce(SocketAddr, &Shelf, &Path)) {
    let folder = tempfile::tempdir().unwrap();
    let mut rules =
        Rules { most_object_bytes: 1 << 20, patience: PATIENCE, ..shelf::rules(&folder.path().join("arrivals")) };
    change(&mut rules);
    let arrivals = rules.arrivals.clone();
    let notes = serving(rules, |address, shelf| work(address, shelf, &arrivals));
    assert_eq!(names(&arrivals, "arriving"), 0, "what was not taken is gone");
    assert!(!notes.contains("Nobody") && !notes.contains("1.2.3"), "no identifier in: {notes}");
}

fn names(folder: &Path, ending: &str) -> usize {
    let entries = std::fs::read_dir(folder).unwrap();
    entries.filter(|entry| entry.as_ref().unwrap().path().extension().is_some_and(|found| found == ending)).count()
}

fn peer(address: SocketAddr) -> Peer {
    let (host, port) = (address.ip().to_string(), address.port());
    Peer { host, port, ae_title: "FOVEA".to_owned(), own_ae_title: "TESTS".to_owned(), tls: None }
}

/// A data set with so many bytes of pixels.
fn data_set(instance: &str, syntax: &str, pixels: usize) -> Vec<u8> {
    let mut object = InMemDicomObject::from_element_iter([
        DataElement::new(tags::SOP_CLASS_UID, VR::UI, CLASS),
        DataElement::new(tags::SOP_INSTANCE_UID, VR::UI, instance),
        DataElement::new(tags::PATIENT_NAME, VR::PN, SECRET),
        DataElement::new(tags::STUDY_INSTANCE_UID, VR::UI, "1.2.3"),
    ]);
    object.put(DataElement::new(tags::PIXEL_DATA, VR::OB, dicom_core::PrimitiveValue::from(vec![7u8; pixels])));
    let mut bytes = Vec::new();
    object.write_dataset_with_ts(&mut bytes, TransferSyntaxRegistry.get(syntax).unwrap()).unwrap();
    bytes
}

fn object(folder: &Path, instance: &str, syntax: &str, pixels: usize) -> Parcel {
    let file = folder.join(format!("{instance}.dcm"));
    let head = parcel::head(CLASS, instance, syntax).unwrap();
    std::fs::write(&file, [head, data_set(instance, syntax, pixels)].concat()).unwrap();
    Parcel {
        sop_class_uid: CLASS.to_owned(),
        sop_instance_uid: instance.to_owned(),
        transfer_syntax_uid: syntax.to_owned(),
        file,
    }
}

fn body(parcel: &Parcel) -> Vec<u8> {
    let mut bytes = Vec::new();
    parcel::data_set(parcel).unwrap().read_to_end(&mut bytes).unwrap();
    bytes
}
