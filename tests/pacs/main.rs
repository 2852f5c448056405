//! Our network sides against those of others: dcmtk and Orthanc, over the loopback. Left out, and said so, where these are
//! not installed (Debian: `dcmtk`, `orthanc`, `orthanc-dicomweb`).
#![allow(clippy::unwrap_used, clippy::print_stderr)] // A panic is how a test fails.

mod dcmtk;
mod orthanc;
mod shelf;

use std::net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use dicom_core::{DataElement, PrimitiveValue, VR};
use dicom_dictionary_std::{tags, uids};
use dicom_object::{FileMetaTableBuilder, InMemDicomObject};
use fovea::pacs::server::Rules;
use fovea::pacs::{Parcel, Patience, Peer, Tls};

use self::shelf::{Shelf, rules, serving};

const PATIENCE: Patience = Patience { connect: Duration::from_secs(10), answer: Duration::from_secs(60) };
const CLASS: &str = uids::COMPUTED_RADIOGRAPHY_IMAGE_STORAGE;
const STUDY: &str = "1.2.826.0.1.3680043.8.498.1";
const NAME: &str = "Müller^Jörg";

/// Does `work` beside our own server, called FOVEA, on `port`.
fn with_server(port: u16, work: impl FnOnce(u16, &Shelf)) {
    with_tls_server(None, port, work);
}

/// The same, encrypted.
fn with_tls_server(tls: Option<Tls>, port: u16, work: impl FnOnce(u16, &Shelf)) {
    let folder = tempfile::tempdir().unwrap();
    let here = Ipv4Addr::LOCALHOST;
    let rules = Rules { listen: (here, port).into(), addresses: vec![here.into()], tls, ..rules(folder.path()) };
    let notes = serving(rules, |address, shelf| work(address.port(), shelf));
    assert!(notes.is_empty(), "{notes}");
}

/// A radiograph of one picture, number `number` of its study, as a file.
fn radiograph(folder: &Path, number: usize, charset: &str) -> Parcel {
    let instance = format!("{STUDY}.1.{number}");
    let text = |tag, vr, text: &str| DataElement::new(tag, vr, text);
    let whole = |tag, value: u16| DataElement::new(tag, VR::US, PrimitiveValue::from(value));
    let (rows, columns) = (48u16, 64u16);
    let pixels: Vec<u8> = (0..rows * columns).map(|at| (usize::from(at) * number % 251) as u8).collect();
    let object = InMemDicomObject::from_element_iter([
        text(tags::SPECIFIC_CHARACTER_SET, VR::CS, charset),
        text(tags::IMAGE_TYPE, VR::CS, "ORIGINAL\\PRIMARY"),
        text(tags::SOP_CLASS_UID, VR::UI, CLASS),
        text(tags::SOP_INSTANCE_UID, VR::UI, &instance),
        text(tags::STUDY_DATE, VR::DA, "20240229"),
        text(tags::STUDY_TIME, VR::TM, "101112"),
        text(tags::ACCESSION_NUMBER, VR::SH, "A1"),
        text(tags::MODALITY, VR::CS, "CR"),
        text(tags::STUDY_DESCRIPTION, VR::LO, "Chest"),
        text(tags::PATIENT_NAME, VR::PN, NAME),
        text(tags::PATIENT_ID, VR::LO, "P-17"),
        text(tags::STUDY_INSTANCE_UID, VR::UI, STUDY),
        text(tags::SERIES_INSTANCE_UID, VR::UI, &format!("{STUDY}.1")),
        text(tags::STUDY_ID, VR::SH, "1"),
        text(tags::SERIES_NUMBER, VR::IS, "1"),
        text(tags::INSTANCE_NUMBER, VR::IS, &number.to_string()),
        whole(tags::SAMPLES_PER_PIXEL, 1),
        text(tags::PHOTOMETRIC_INTERPRETATION, VR::CS, "MONOCHROME2"),
        whole(tags::ROWS, rows),
        whole(tags::COLUMNS, columns),
        whole(tags::BITS_ALLOCATED, 8),
        whole(tags::BITS_STORED, 8),
        whole(tags::HIGH_BIT, 7),
        whole(tags::PIXEL_REPRESENTATION, 0),
        DataElement::new(tags::PIXEL_DATA, VR::OW, PrimitiveValue::from(pixels)),
    ]);
    let syntax = uids::EXPLICIT_VR_LITTLE_ENDIAN;
    let meta = FileMetaTableBuilder::new().media_storage_sop_class_uid(CLASS).transfer_syntax(syntax);
    let meta = meta.media_storage_sop_instance_uid(instance.as_str());
    let file = folder.join(format!("{number}.dcm"));
    object.with_meta(meta).unwrap().write_to_file(&file).unwrap();
    Parcel { sop_class_uid: CLASS.to_owned(), sop_instance_uid: instance, transfer_syntax_uid: syntax.to_owned(), file }
}

/// The grey codes of a picture.
fn codes(path: &Path) -> Vec<u16> {
    fovea::scan::open(path).unwrap().grey().unwrap().codes.as_raw().clone()
}

fn peer(port: u16, ae_title: &str) -> Peer {
    let own_ae_title = "FOVEA".to_owned();
    Peer { host: "127.0.0.1".to_owned(), port, ae_title: ae_title.to_owned(), own_ae_title, tls: None }
}

/// A port that is free now.
fn free_port() -> u16 {
    TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap().local_addr().unwrap().port()
}

/// A program that ends with the test.
struct Running(Child);

impl Running {
    /// Starts it, and waits until somebody listens on all these ports.
    fn start(command: &mut Command, ports: &[u16]) -> Self {
        let running = Self(command.stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap());
        let since = Instant::now();
        for port in ports {
            let address = SocketAddr::from((Ipv4Addr::LOCALHOST, *port));
            while TcpStream::connect(address).is_err() {
                assert!(since.elapsed() < Duration::from_secs(120), "nobody listens on port {port}: {command:?}");
                std::thread::sleep(Duration::from_millis(50));
            }
        }
        running
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// Whether all of these programs are there; says what is left out if not.
fn has(programs: &[&str]) -> bool {
    let path = std::env::var_os("PATH").unwrap_or_default();
    let mut folders: Vec<PathBuf> = std::env::split_paths(&path).collect();
    folders.push("/usr/sbin".into());
    let missing: Vec<&&str> = programs.iter().filter(|p| !folders.iter().any(|f| f.join(p).is_file())).collect();
    if !missing.is_empty() {
        eprintln!("LEFT OUT: {missing:?} is not installed");
    }
    missing.is_empty()
}

/// The last line of what a program says, where it fails.
fn run(command: &mut Command) {
    let output = command.output().unwrap();
    let says = String::from_utf8_lossy(&output.stderr).into_owned() + &String::from_utf8_lossy(&output.stdout);
    assert!(output.status.success(), "{command:?}: {says}");
}
