//! An archive that others wrote the protocol of (`dicom-ul`), and that comes and goes.

use std::collections::BTreeMap;
use std::net::{Shutdown, SocketAddr, TcpListener, TcpStream};
use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use dicom_core::{DataElement, PrimitiveValue, Tag, VR};
use dicom_dictionary_std::{tags, uids};
use dicom_object::{FileMetaTableBuilder, InMemDicomObject};
use dicom_transfer_syntax_registry::entries::{
    EXPLICIT_VR_LITTLE_ENDIAN as EXPLICIT, IMPLICIT_VR_LITTLE_ENDIAN as IMPLICIT,
};
use dicom_ul::association::server::ServerAssociationOptions;
use dicom_ul::pdu::{PDataValue, PDataValueType, Pdu};
use fovea::guard::checksum::sha256_hex;

const ARCHIVE: &str = "ARCHIVE";

/// An object that an archive was sent.
#[derive(Debug)]
pub struct Stored {
    pub study: String,
    pub class: String,
    /// Of each time it came.
    pub contents: Vec<String>,
}

/// What an archive has, by UID.
pub type Holdings = Mutex<BTreeMap<String, Stored>>;

/// An archive that takes whatever it is sent, and can be closed and opened again. What comes is kept as files, too.
pub struct Archive {
    pub copies: tempfile::TempDir,
    pub holdings: Arc<Holdings>,
    address: SocketAddr,
    callers: Arc<Mutex<Vec<TcpStream>>>,
    pub running: Option<(Arc<AtomicBool>, std::thread::JoinHandle<()>)>,
}

impl Archive {
    pub fn new() -> Self {
        let (copies, address) = (tempfile::tempdir().unwrap(), ([127, 0, 0, 1], 0).into());
        let mut archive = Self { copies, holdings: Arc::default(), address, callers: Arc::default(), running: None };
        archive.open();
        archive
    }

    pub fn open(&mut self) {
        let listener = TcpListener::bind(self.address).unwrap();
        self.address = listener.local_addr().unwrap();
        listener.set_nonblocking(true).unwrap();
        let (stop, holdings, callers) = (Arc::new(AtomicBool::new(false)), self.holdings.clone(), self.callers.clone());
        let (stopped, copies) = (Arc::clone(&stop), self.copies.path().to_owned());
        let thread = std::thread::spawn(move || {
            while !stopped.load(Ordering::Relaxed) {
                let Ok((stream, _)) = listener.accept() else {
                    std::thread::sleep(Duration::from_millis(5));
                    continue;
                };
                stream.set_nonblocking(false).unwrap();
                callers.lock().unwrap().push(stream.try_clone().unwrap());
                let (holdings, copies) = (Arc::clone(&holdings), copies.clone());
                std::thread::spawn(move || drop(association(stream, &holdings, &copies)));
            }
        });
        self.running = Some((stop, thread));
    }

    /// Hangs up on all.
    pub fn close(&mut self) {
        if let Some((stop, thread)) = self.running.take() {
            stop.store(true, Ordering::Relaxed);
            thread.join().unwrap();
        }
        self.callers.lock().unwrap().drain(..).for_each(|stream| drop(stream.shutdown(Shutdown::Both)));
    }

    pub fn destination(&self) -> String {
        format!("{}:{ARCHIVE}", self.address)
    }
}

impl Drop for Archive {
    fn drop(&mut self) {
        self.close();
    }
}

/// One caller, until it releases or is hung up on.
fn association(stream: TcpStream, holdings: &Holdings, copies: &Path) -> Result<(), Box<dyn std::error::Error>> {
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
                keep(&std::mem::take(&mut data_set), holdings, copies);
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

fn keep(data_set: &[u8], holdings: &Holdings, copies: &Path) {
    let object = InMemDicomObject::read_dataset_with_ts(data_set, &EXPLICIT.erased()).unwrap();
    let said = |tag| object.element(tag).unwrap().to_str().unwrap().trim_end_matches(['\0', ' ']).to_owned();
    let (uid, study, class) = (said(tags::SOP_INSTANCE_UID), said(tags::STUDY_INSTANCE_UID), said(tags::SOP_CLASS_UID));
    let mut stored = holdings.lock().unwrap();
    let copy = copies.join(stored.len().to_string());
    let entry = stored.entry(uid).or_insert_with(|| Stored { study, class, contents: Vec::new() });
    if entry.contents.is_empty() {
        let meta = FileMetaTableBuilder::new().transfer_syntax(uids::EXPLICIT_VR_LITTLE_ENDIAN);
        object.with_meta(meta).unwrap().write_to_file(copy).unwrap();
    }
    entry.contents.push(sha256_hex(data_set));
}
