//! The node as a program: killed at random moments, with an archive that comes and goes, and senders that break off.
//! `FOVEA_SOAK=1` sends and kills more.
#![cfg(unix)]
#![allow(clippy::unwrap_used, clippy::print_stderr)] // A panic is how a test fails.

mod common;

use std::collections::{BTreeMap, BTreeSet};
use std::io::{BufRead, BufReader};
use std::net::{Shutdown, SocketAddr, TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use dicom_core::{DataElement, PrimitiveValue, Tag, VR};
use dicom_dictionary_std::{tags, uids};
use dicom_object::{FileMetaTableBuilder, InMemDicomObject};
use dicom_transfer_syntax_registry::entries::{
    EXPLICIT_VR_LITTLE_ENDIAN as EXPLICIT, IMPLICIT_VR_LITTLE_ENDIAN as IMPLICIT,
};
use dicom_ul::association::client::ClientAssociationOptions;
use dicom_ul::association::server::ServerAssociationOptions;
use dicom_ul::pdu::{PDataValue, PDataValueType, Pdu};
use fovea::guard::checksum::sha256_hex;
use fovea::pacs::{Parcel, Patience, Peer, client};

/// What no log, name or record of a node may hold.
const SECRETS: [&str; 4] = ["Inventedname", "PATIENT-0815", "ACCESSION-4711", "1.2.826.0.1.3680043.99"];
const ARCHIVE: &str = "ARCHIVE";
/// So long one waits for what must come; no test depends on how fast it does.
const LONGEST: Duration = Duration::from_secs(120);

fn soak(usual: usize, much: usize) -> usize {
    if std::env::var_os("FOVEA_SOAK").is_some() { much } else { usual }
}

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
    let text = |tag: Tag, vr, value: &str| DataElement::new(tag, vr, PrimitiveValue::from(value));
    let us = |tag: Tag, value: u16| DataElement::new(tag, VR::US, PrimitiveValue::from(value));
    let mut pixels = vec![0u8; 64 * 64];
    for y in 14..50 {
        pixels[y * 64 + 30..y * 64 + 34].fill(255);
    }
    (pixels[0], pixels[1]) = ((number % 256) as u8, (number / 256) as u8);
    let object = InMemDicomObject::from_element_iter([
        text(tags::SOP_CLASS_UID, VR::UI, uids::SECONDARY_CAPTURE_IMAGE_STORAGE),
        text(tags::SOP_INSTANCE_UID, VR::UI, &uid("1")),
        text(tags::STUDY_DATE, VR::DA, "20240101"),
        text(tags::ACCESSION_NUMBER, VR::SH, SECRETS[2]),
        text(tags::MODALITY, VR::CS, "OT"),
        text(tags::CONVERSION_TYPE, VR::CS, "WSD"),
        text(tags::PATIENT_NAME, VR::PN, &format!("{}^{number}", SECRETS[0])),
        text(tags::PATIENT_ID, VR::LO, SECRETS[1]),
        text(tags::STUDY_INSTANCE_UID, VR::UI, &uid("2")),
        text(tags::SERIES_INSTANCE_UID, VR::UI, &uid("3")),
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
    let file = folder.join(format!("{number}.dcm"));
    let meta = FileMetaTableBuilder::new().transfer_syntax(uids::EXPLICIT_VR_LITTLE_ENDIAN);
    object.with_meta(meta).unwrap().write_to_file(&file).unwrap();
    Parcel {
        sop_class_uid: uids::SECONDARY_CAPTURE_IMAGE_STORAGE.to_owned(),
        sop_instance_uid: uid("1"),
        transfer_syntax_uid: uids::EXPLICIT_VR_LITTLE_ENDIAN.to_owned(),
        file,
    }
}

/// An object that an archive was sent.
#[derive(Debug)]
struct Stored {
    study: String,
    class: String,
    /// Of each time it came.
    contents: Vec<String>,
}

/// What an archive has, by UID.
type Shelf = Mutex<BTreeMap<String, Stored>>;

/// An archive that takes whatever it is sent, and can be closed and opened again. What comes is kept as files, too.
struct Archive {
    copies: tempfile::TempDir,
    shelf: Arc<Shelf>,
    address: SocketAddr,
    callers: Arc<Mutex<Vec<TcpStream>>>,
    running: Option<(Arc<AtomicBool>, std::thread::JoinHandle<()>)>,
}

impl Archive {
    fn new() -> Self {
        let (copies, address) = (tempfile::tempdir().unwrap(), ([127, 0, 0, 1], 0).into());
        let mut archive = Self { copies, shelf: Arc::default(), address, callers: Arc::default(), running: None };
        archive.open();
        archive
    }

    fn open(&mut self) {
        let listener = TcpListener::bind(self.address).unwrap();
        self.address = listener.local_addr().unwrap();
        listener.set_nonblocking(true).unwrap();
        let (stop, shelf, callers) = (Arc::new(AtomicBool::new(false)), self.shelf.clone(), self.callers.clone());
        let (stopped, copies) = (Arc::clone(&stop), self.copies.path().to_owned());
        let thread = std::thread::spawn(move || {
            while !stopped.load(Ordering::Relaxed) {
                let Ok((stream, _)) = listener.accept() else {
                    std::thread::sleep(Duration::from_millis(5));
                    continue;
                };
                stream.set_nonblocking(false).unwrap();
                callers.lock().unwrap().push(stream.try_clone().unwrap());
                let (shelf, copies) = (Arc::clone(&shelf), copies.clone());
                std::thread::spawn(move || drop(association(stream, &shelf, &copies)));
            }
        });
        self.running = Some((stop, thread));
    }

    /// Hangs up on all.
    fn close(&mut self) {
        if let Some((stop, thread)) = self.running.take() {
            stop.store(true, Ordering::Relaxed);
            thread.join().unwrap();
        }
        self.callers.lock().unwrap().drain(..).for_each(|stream| drop(stream.shutdown(Shutdown::Both)));
    }

    fn destination(&self) -> String {
        format!("{}:{ARCHIVE}", self.address)
    }
}

impl Drop for Archive {
    fn drop(&mut self) {
        self.close();
    }
}

/// One caller, until it releases or is hung up on.
fn association(stream: TcpStream, shelf: &Shelf, copies: &Path) -> Result<(), Box<dyn std::error::Error>> {
    let options = ServerAssociationOptions::new().accept_any().ae_title(ARCHIVE).promiscuous(true);
    let mut association = options.with_transfer_syntax(uids::EXPLICIT_VR_LITTLE_ENDIAN).establish(stream)?;
    let (mut command, mut data_set) = (Vec::new(), Vec::new());
    loop {
        let values = match association.receive()? {
            Pdu::PData { data } => data,
            Pdu::ReleaseRQ => return Ok(association.send(&Pdu::ReleaseRP)?),
            _ => return Ok(()),
        };
        for PDataValue { presentation_context_id, value_type, is_last, data } in values {
            if value_type == PDataValueType::Command {
                command.extend(data);
                continue;
            }
            data_set.extend(data);
            if is_last {
                let asked = InMemDicomObject::read_dataset_with_ts(command.as_slice(), &IMPLICIT.erased())?;
                keep(&std::mem::take(&mut data_set), shelf, copies);
                command.clear();
                let answer = store_answer(&asked, presentation_context_id)?;
                association.send(&answer)?;
            }
        }
    }
}

/// C-STORE-RSP of success (PS3.7 9.3.1.2).
fn store_answer(asked: &InMemDicomObject, presentation_context_id: u8) -> Result<Pdu, Box<dyn std::error::Error>> {
    let us = |tag: Tag, value: u16| DataElement::new(tag, VR::US, PrimitiveValue::from(value));
    let same = |tag: Tag| asked.element(tag).cloned();
    let answer = InMemDicomObject::command_from_element_iter([
        same(tags::AFFECTED_SOP_CLASS_UID)?,
        us(tags::COMMAND_FIELD, 0x8001),
        us(tags::MESSAGE_ID_BEING_RESPONDED_TO, asked.element(tags::MESSAGE_ID)?.to_int()?),
        us(tags::COMMAND_DATA_SET_TYPE, 0x0101),
        us(tags::STATUS, 0),
        same(tags::AFFECTED_SOP_INSTANCE_UID)?,
    ]);
    let mut data = Vec::new();
    answer.write_dataset_with_ts(&mut data, &IMPLICIT.erased())?;
    let value = PDataValue { presentation_context_id, value_type: PDataValueType::Command, is_last: true, data };
    Ok(Pdu::PData { data: vec![value] })
}

fn keep(data_set: &[u8], shelf: &Shelf, copies: &Path) {
    let object = InMemDicomObject::read_dataset_with_ts(data_set, &EXPLICIT.erased()).unwrap();
    let said = |tag| object.element(tag).unwrap().to_str().unwrap().trim_end_matches(['\0', ' ']).to_owned();
    let (uid, study, class) = (said(tags::SOP_INSTANCE_UID), said(tags::STUDY_INSTANCE_UID), said(tags::SOP_CLASS_UID));
    let mut stored = shelf.lock().unwrap();
    let copy = copies.join(stored.len().to_string());
    let entry = stored.entry(uid).or_insert_with(|| Stored { study, class, contents: Vec::new() });
    if entry.contents.is_empty() {
        let meta = FileMetaTableBuilder::new().transfer_syntax(uids::EXPLICIT_VR_LITTLE_ENDIAN);
        object.with_meta(meta).unwrap().write_to_file(copy).unwrap();
    }
    entry.contents.push(sha256_hex(data_set));
}

/// A node's process.
struct Node {
    child: Child,
    address: Option<SocketAddr>,
    monitor: SocketAddr,
}

impl Node {
    /// Starts one in `folder`; its lines go to `log`.
    fn start(folder: &Path, log: &Arc<Mutex<Vec<String>>>, options: &[&str]) -> Self {
        let mut child = Command::new(env!("CARGO_BIN_EXE_fovea"))
            .args(["node", "--device", "cpu", "--monitor", "127.0.0.1:0", "--folder"])
            .arg(folder)
            .args(options)
            .env("HOME", "/nonexistent")
            .env("XDG_DATA_HOME", "/nonexistent")
            .env("FOVEA_LOG", "info")
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let (mut address, mut monitor) = (None, None);
        let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
        let errors = BufReader::new(child.stderr.take().unwrap()).lines();
        let error_log = Arc::clone(log);
        std::thread::spawn(move || {
            for line in errors.map_while(Result::ok) {
                error_log.lock().unwrap().push(line);
            }
        });
        while monitor.is_none() {
            let line = lines.next().unwrap_or_else(|| panic!("it ended: {:?}", log.lock().unwrap())).unwrap();
            if let Some((_, at)) = line.split_once("listens at ") {
                address = at.parse().ok();
            }
            if let Some((_, at)) = line.split_once("figures at http://") {
                monitor = at.parse().ok();
            }
            log.lock().unwrap().push(line);
        }
        let log = Arc::clone(log);
        std::thread::spawn(move || {
            for line in lines.map_while(Result::ok) {
                log.lock().unwrap().push(line);
            }
        });
        Self { child, address, monitor: monitor.unwrap() }
    }

    fn receiving(folder: &Path, log: &Arc<Mutex<Vec<String>>>, archive: &Archive) -> Self {
        let destination = archive.destination();
        let options =
            ["--port", "0", "--listen", "127.0.0.1", "--from", "SENDER", "--model", "mnist", "--to", &destination];
        Self::start(folder, log, &options)
    }

    fn peer(&self) -> Peer {
        let address = self.address.unwrap();
        Peer {
            host: address.ip().to_string(),
            port: address.port(),
            ae_title: "FOVEA".to_owned(),
            own_ae_title: "SENDER".to_owned(),
            tls: None,
        }
    }

    fn get(&self, path: &str) -> String {
        let mut response = ureq::get(format!("http://{}{path}", self.monitor)).call().unwrap();
        response.body_mut().read_to_string().unwrap()
    }

    fn queue(&self) -> serde_json::Value {
        let status: serde_json::Value = serde_json::from_str(&self.get("/status")).unwrap();
        status["queue"].clone()
    }

    fn explained(&self) -> u64 {
        self.queue()["totals"]["outcome:explained"].as_u64().unwrap_or(0)
    }

    /// Pictures that are not done.
    fn waits(&self) -> u64 {
        let queue = self.queue();
        queue["waiting"].as_u64().unwrap() + queue["answered"].as_u64().unwrap()
    }

    fn kill(&mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }

    /// Ends it as a service manager does.
    fn end(mut self) {
        let id = self.child.id().to_string();
        assert!(Command::new("kill").args(["-TERM", &id]).status().unwrap().success());
        let status = self.child.wait().unwrap();
        assert!(status.success(), "{status}");
    }
}

impl Drop for Node {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
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
fn assert_answered_once(shelf: &Shelf, count: usize) {
    let stored = shelf.lock().unwrap();
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

#[test]
fn every_picture_is_answered_once_whatever_is_killed_when() {
    let (count, kills) = (soak(8, 200), soak(4, 50));
    let (folder, sources) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let node_folder = folder.path().join("node");
    let log: Arc<Mutex<Vec<String>>> = Arc::default();
    let mut archive = Archive::new();
    let pictures: Vec<Parcel> = (0..count).map(|number| picture(sources.path(), number)).collect();
    let peer: Mutex<Option<Peer>> = Mutex::default();
    let mut node = Node::receiving(&node_folder, &log, &archive);
    *peer.lock().unwrap() = Some(node.peer());
    let is_sent = AtomicBool::new(false);
    std::thread::scope(|scope| {
        // A modality: sends each until it hears of success.
        scope.spawn(|| {
            for parcel in &pictures {
                until("success", || {
                    let Some(peer) = peer.lock().unwrap().clone() else { return false };
                    let patience = Patience { connect: Duration::from_secs(2), answer: Duration::from_secs(20) };
                    let answers = client::store(&peer, std::slice::from_ref(parcel), patience);
                    answers.is_ok_and(|answers| answers.iter().all(Result::is_ok))
                });
            }
            is_sent.store(true, Ordering::Relaxed);
        });
        for round in 0..kills {
            std::thread::sleep(Duration::from_millis(u64::from(rand::random::<u8>()) * 3));
            node.kill();
            *peer.lock().unwrap() = None;
            // The archive goes and comes, too.
            match round % 4 {
                1 => archive.close(),
                2 => archive.open(),
                _ => {}
            }
            node = Node::receiving(&node_folder, &log, &archive);
            *peer.lock().unwrap() = Some(node.peer());
            // A picture that is killed three times is given up, whoever kills it: each round answers one at least.
            let before = node.explained();
            until("progress", || node.explained() > before || node.queue()["waiting"] == 0);
        }
        if archive.running.is_none() {
            archive.open();
        }
        until("the last success", || is_sent.load(Ordering::Relaxed));
    });
    until("the last answer", || is_done(&node, &log));
    // What comes again is answered with success and nothing else.
    let again = client::store(&node.peer(), &pictures[..2], Patience::default()).unwrap();
    assert!(again.iter().all(Result::is_ok));
    assert_eq!(node.waits(), 0);
    let figures = node.get("/metrics");
    assert!(figures.contains(&format!("fovea_pictures_total{{outcome=\"explained\"}} {count}\n")), "{figures}");
    node.end();
    assert_answered_once(&archive.shelf, count);
    let lines = audit(&node_folder);
    let numbers: BTreeSet<i64> = lines.iter().map(|line| line["picture"].as_i64().unwrap()).collect();
    assert_eq!((lines.len(), numbers.len()), (count, count), "a line for each, once");
    assert_silent(&node_folder, &log.lock().unwrap(), &figures);
}

#[test]
fn broken_senders_leave_nothing_and_own_results_are_not_answered() {
    let (folder, sources) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let log: Arc<Mutex<Vec<String>>> = Arc::default();
    let archive = Archive::new();
    let node = Node::receiving(folder.path(), &log, &archive);
    half_send(node.address.unwrap(), &picture(sources.path(), 0));
    let stranger = Peer { own_ae_title: "STRANGER".to_owned(), ..node.peer() };
    let parcel = picture(sources.path(), 1);
    assert!(client::store(&stranger, std::slice::from_ref(&parcel), Patience::default()).is_err());
    let sent = client::store(&node.peer(), &[parcel], Patience::default()).unwrap();
    assert!(sent.iter().all(Result::is_ok));
    until("the answer", || is_done(&node, &log));
    assert_answered_once(&archive.shelf, 1);
    // The archive routes them back to where pictures go.
    let copies = std::fs::read_dir(archive.copies.path()).unwrap();
    let back: Vec<Parcel> = copies.map(|entry| routed(entry.unwrap().path())).collect();
    let count = back.len();
    let sent = client::store(&node.peer(), &back, Patience::default()).unwrap();
    // A node takes pictures; of its own results that is the report panel.
    let taken = sent.iter().filter(|answer| answer.is_ok()).count();
    assert!(taken > 0, "{sent:?}");
    until("the end", || node.waits() == 0);
    assert_eq!(archive.shelf.lock().unwrap().len(), count, "nothing was answered");
    let outcomes: Vec<String> =
        audit(folder.path()).iter().map(|line| line["outcome"].as_str().unwrap().to_owned()).collect();
    assert_eq!(outcomes[0], "explained");
    assert!(outcomes[1..].iter().all(|outcome| outcome == "own-result") && outcomes.len() == 1 + taken, "{outcomes:?}");
    let figures = node.get("/metrics");
    node.end();
    assert_silent(folder.path(), &log.lock().unwrap(), &figures);
}

fn routed(file: PathBuf) -> Parcel {
    let object = dicom_object::open_file(&file).unwrap();
    let meta = object.meta();
    Parcel {
        sop_class_uid: meta.media_storage_sop_class_uid.trim_end_matches('\0').to_owned(),
        sop_instance_uid: meta.media_storage_sop_instance_uid.trim_end_matches('\0').to_owned(),
        transfer_syntax_uid: meta.transfer_syntax.trim_end_matches('\0').to_owned(),
        file,
    }
}

/// Sends the first half of an object and hangs up.
fn half_send(to: SocketAddr, parcel: &Parcel) {
    let mut association = ClientAssociationOptions::new()
        .calling_ae_title("SENDER")
        .called_ae_title("FOVEA")
        .with_presentation_context(parcel.sop_class_uid.as_str(), vec![parcel.transfer_syntax_uid.as_str()])
        .establish(to)
        .unwrap();
    let text = |tag: Tag, value: &str| DataElement::new(tag, VR::UI, PrimitiveValue::from(value));
    let us = |tag: Tag, value: u16| DataElement::new(tag, VR::US, PrimitiveValue::from(value));
    let command = InMemDicomObject::command_from_element_iter([
        text(tags::AFFECTED_SOP_CLASS_UID, &parcel.sop_class_uid),
        us(tags::COMMAND_FIELD, 1),
        us(tags::MESSAGE_ID, 1),
        us(tags::PRIORITY, 0),
        us(tags::COMMAND_DATA_SET_TYPE, 0),
        text(tags::AFFECTED_SOP_INSTANCE_UID, &parcel.sop_instance_uid),
    ]);
    let mut bytes = Vec::new();
    command.write_dataset_with_ts(&mut bytes, &IMPLICIT.erased()).unwrap();
    let presentation_context_id = association.presentation_contexts()[0].id;
    let value = |value_type, is_last, data| PDataValue { presentation_context_id, value_type, is_last, data };
    let file = std::fs::read(&parcel.file).unwrap();
    let half = file[file.len() / 3..file.len() / 2].to_vec();
    association.send(&Pdu::PData { data: vec![value(PDataValueType::Command, true, bytes)] }).unwrap();
    association.send(&Pdu::PData { data: vec![value(PDataValueType::Data, false, half)] }).unwrap();
    drop(association);
}

#[test]
fn a_watched_folder_is_answered_into_another_by_options_from_a_file() {
    let folder = tempfile::tempdir().unwrap();
    let path = |name: &str| folder.path().join(name);
    std::fs::create_dir(path("in")).unwrap();
    let digit = common::picture(&path(&format!("in/{}.png", SECRETS[0])));
    let config = format!(
        "folder = \"{0}/node\"\nwatch = \"{0}/in\"\nout = [\"{0}/out\"]\nmodel = \"mnist\"\ndevice = \"cpu\"\nmonitor = \"127.0.0.1:0\"\n",
        folder.path().display()
    );
    std::fs::write(path("node.toml"), config).unwrap();
    let fovea = || {
        let mut command = Command::new(env!("CARGO_BIN_EXE_fovea"));
        command.env("HOME", "/nonexistent").env("XDG_DATA_HOME", "/nonexistent").arg("node");
        command
    };
    let mut child = fovea().arg("--config").arg(path("node.toml")).stdout(Stdio::piped()).spawn().unwrap();
    let stem = sha256_hex(&std::fs::read(&digit).unwrap())[..16].to_owned();
    // A hidden file waits for its place.
    let results = || common::files(&path("out")).into_iter().filter(|name| !name.starts_with('.')).collect::<Vec<_>>();
    let is_done = || {
        let status = fovea().args(["status", "--json", "--folder"]).arg(path("node")).output().unwrap();
        let status: serde_json::Value = serde_json::from_slice(&status.stdout).unwrap_or_default();
        status["queue"]["totals"]["outcome:explained"] == 1 && status["queue"]["answered"] == 0
    };
    until("the answer", is_done);
    let refused = fovea().arg("--config").arg(path("node.toml")).output().unwrap();
    assert!(String::from_utf8_lossy(&refused.stderr).contains("another node"), "{refused:?}");
    assert!(Command::new("kill").args(["-TERM", &child.id().to_string()]).status().unwrap().success());
    assert!(child.wait().unwrap().success());
    let names = results();
    assert!(names.iter().all(|name| name.starts_with(&stem) && name.ends_with(".dcm")), "{names:?}");
    assert!(names.iter().any(|name| name.ends_with(".sc.dcm")) && names.len() > 2, "{names:?}");
    assert_silent(&path("node"), &[], "");
    let said = fovea().args(["status", "--folder"]).arg(path("node")).output().unwrap();
    let said = String::from_utf8_lossy(&said.stdout).into_owned();
    assert!(said.contains("answered: 1 explained") && said.contains("waiting: 0"), "{said}");
}
