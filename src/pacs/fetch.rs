//! Fetching a study: C-GET over the same association, C-MOVE to a listener of our own (PS3.4 C.4.2, C.4.3).

use std::cell::Cell;
use std::net::Ipv6Addr;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use dicom_core::{DataElement, VR};
use dicom_dictionary_std::tags;
use dicom_object::InMemDicomObject;
use dicom_transfer_syntax_registry::{TransferSyntaxIndex, TransferSyntaxRegistry};

use super::association::{Association, Heard, is_answer};
use super::classes::{
    BESIDE_PICTURES, GET, MORE_PICTURES, MOVE, PACKED, PICTURES, PLAIN, is_beside_images, is_of_images,
};
use super::client::check;
use super::message::{CommandSet, element, field, status};
use super::parcel::identity;
use super::receive::{receive, sweep};
use super::request::{Proposal, associate, broken, name};
use super::server::{Arrived, Handler, Listener, Rules, StoreStatus};
use super::wire::Broken;
use super::{PacsError, Patience, Peer};

/// Largest object that is fetched: the largest file that can be opened.
pub const MOST_OBJECT_BYTES: u64 = 1 << 30;
/// Most objects of a study: a CT series has some thousand.
pub const MOST_OBJECTS: usize = 20_000;
/// An archive that sends to our listener may be silent on its own association as long as objects arrive.
const WITHOUT_A_WORD: Duration = Duration::from_secs(24 * 60 * 60);
const MOST_SENDERS: usize = 8;

/// Where the objects of one study are collected, in numbered files.
pub struct Landing {
    folder: PathBuf,
    study_uid: String,
    landed: Mutex<Vec<PathBuf>>,
}

impl Landing {
    /// Creates the folder where it does not exist.
    ///
    /// # Errors
    /// A folder that cannot be created.
    pub fn new(folder: &Path, study_uid: &str) -> Result<Self, PacsError> {
        sweep(folder).map_err(|error| PacsError::Here(format!("{}: {error}", folder.display())))?;
        Ok(Self { folder: folder.to_owned(), study_uid: study_uid.to_owned(), landed: Mutex::default() })
    }

    pub fn folder(&self) -> &Path {
        &self.folder
    }

    fn landed(&self) -> std::sync::MutexGuard<'_, Vec<PathBuf>> {
        self.landed.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub fn count(&self) -> usize {
        self.landed().len()
    }

    /// Takes the file at `arrived` if it is a picture of this study; any other stays where it is. An object that is no
    /// picture still counts as a success: an archive that is told of a failure may stop sending.
    pub fn take(&self, arrived: &Path) -> StoreStatus {
        let says = identity(arrived).filter(|says| says.study_uid.is_empty() || says.study_uid == self.study_uid);
        if says.as_ref().is_some_and(|says| is_beside_images(&says.sop_class_uid)) {
            return StoreStatus::Success;
        }
        let is_wanted = says.is_some_and(|says| is_of_images(&says.sop_class_uid));
        let mut landed = self.landed();
        if !is_wanted {
            return StoreStatus::CannotUnderstand;
        }
        if landed.len() >= MOST_OBJECTS {
            return StoreStatus::OutOfResources;
        }
        let numbered = |number: usize| self.folder.join(format!("{number:05}.dcm"));
        let free = (landed.len() + 1..).map(numbered).find(|place| !place.exists());
        match free.filter(|place| std::fs::rename(arrived, place).is_ok()) {
            Some(place) => {
                landed.push(place);
                StoreStatus::Success
            }
            None => StoreStatus::OutOfResources,
        }
    }

    /// Those that have arrived.
    pub fn paths(&self) -> Vec<PathBuf> {
        self.landed().clone()
    }
}

/// Sends the request for a study with its identifier.
fn request(
    association: &mut Association<'_>,
    id: u8,
    (field, class): (u16, &str),
    destination: Option<&str>,
    study_uid: &str,
) -> Result<u16, Broken> {
    let message = association.next_message();
    let command = CommandSet::request(field, message).uid(element::AFFECTED_CLASS, class).number(element::PRIORITY, 0);
    let command = match destination {
        Some(title) => command.text(element::MOVE_DESTINATION, title),
        None => command,
    };
    let asked = InMemDicomObject::from_element_iter([
        DataElement::new(tags::QUERY_RETRIEVE_LEVEL, VR::CS, "STUDY"),
        DataElement::new(tags::STUDY_INSTANCE_UID, VR::UI, study_uid),
    ]);
    let syntax = association.context(id).and_then(|context| TransferSyntaxRegistry.get(&context.syntax));
    let mut bytes = Vec::new();
    let written = syntax.is_some_and(|syntax| asked.write_dataset_with_ts(&mut bytes, syntax).is_ok());
    if !written {
        return Err(Broken::Line("a request cannot be written".to_owned()));
    }
    association.send_command(id, &command.with_data_set())?;
    association.send_data(id, &mut bytes.as_slice())?;
    Ok(message)
}

/// Judges the final response: objects that could not be sent are no failure where others were.
fn concluded(peer: &Peer, answered: Option<u16>, landing: &Landing) -> Result<Vec<PathBuf>, PacsError> {
    const SOME_FAILED: u16 = 0xb000;
    if answered == Some(SOME_FAILED) && landing.count() == 0 {
        let meaning = "none of the study's objects could be sent".to_owned();
        return Err(PacsError::Status { peer: name(peer), status: SOME_FAILED, meaning, is_final: true });
    }
    check(peer, answered)?;
    Ok(landing.paths())
}

/// Fetches a study by C-GET.
///
/// # Errors
/// Those of the connection, and [`PacsError::Stopped`] once `may_go_on` says no.
pub fn get(
    peer: &Peer,
    landing: &Landing,
    patience: Patience,
    arrived: &dyn Fn(usize),
    may_go_on: &dyn Fn() -> bool,
) -> Result<Vec<PathBuf>, PacsError> {
    let mut proposals = vec![Proposal::new(GET, &PLAIN)];
    for class in PICTURES {
        proposals.push(Proposal::new(class, &PLAIN).for_us());
        proposals.extend(PACKED.iter().map(|row| Proposal::new(class, row).for_us()));
    }
    let plain = MORE_PICTURES.iter().chain(&BESIDE_PICTURES);
    proposals.extend(plain.map(|class| Proposal::new(class, &PLAIN).for_us()));
    let mut association = associate(peer, &proposals, patience, may_go_on)?;
    let Some(id) = association.context_for(GET, None) else {
        association.release();
        let reason = "it sends no objects over the same association (C-GET)".to_owned();
        return Err(PacsError::Refused { peer: name(peer), reason });
    };
    match get_all(&mut association, id, landing, patience, arrived) {
        Ok(answered) => {
            association.release();
            concluded(peer, answered, landing)
        }
        Err(error) => {
            association.abort();
            Err(broken(peer, error))
        }
    }
}

fn get_all(
    association: &mut Association<'_>,
    id: u8,
    landing: &Landing,
    patience: Patience,
    arrived: &dyn Fn(usize),
) -> Result<Option<u16>, Broken> {
    let message = request(association, id, (field::C_GET, GET), None, &landing.study_uid)?;
    loop {
        let Heard::Command(id, command) = association.command(patience.answer)? else {
            return Err(Broken::nonsense("the end of an association before all objects had come"));
        };
        if command.field() == field::C_STORE {
            let status = match receive(association, id, &command, &landing.folder, MOST_OBJECT_BYTES)? {
                Ok(parcel) => {
                    let taken = landing.take(&parcel.file);
                    let _ = std::fs::remove_file(&parcel.file);
                    taken.code()
                }
                Err(status) => status,
            };
            association.send_command(id, &CommandSet::answer(&command, status))?;
            arrived(landing.count());
            continue;
        }
        if !is_answer(&command, message, field::C_GET) {
            return Err(Broken::nonsense("something that is no answer to a request for a study"));
        }
        if command.has_data_set() {
            association.skip_data(id, super::commitment::MOST_REQUEST_BYTES as u64)?;
        }
        match command.status() {
            Some(status) if status::is_pending(status) => {}
            answered => return Ok(answered),
        }
    }
}

/// Receives what a C-MOVE sends.
struct MoveReceiver(Arc<Landing>);

impl Handler for MoveReceiver {
    fn has_room(&self) -> bool {
        self.0.count() < MOST_OBJECTS
    }

    fn store(&self, arrived: Arrived) -> StoreStatus {
        let taken = self.0.take(&arrived.parcel.file);
        // It was moved to its place, or is not wanted.
        let _ = std::fs::remove_file(&arrived.parcel.file);
        taken
    }

    fn takes(&self, sop_class_uid: &str) -> bool {
        is_of_images(sop_class_uid) || is_beside_images(sop_class_uid)
    }

    fn is_kept(&self, objects: &[(String, String)]) -> Vec<bool> {
        vec![false; objects.len()]
    }

    fn peer(&self, _ae_title: &str) -> Option<Peer> {
        None
    }

    fn note(&self, _what: &str) {}
}

/// Fetches a study by C-MOVE to our own AE title, listening on `port` of this machine meanwhile.
///
/// # Errors
/// Like [`get`]; a port that is taken.
pub fn by_move(
    peer: &Peer,
    port: u16,
    landing: Landing,
    patience: Patience,
    arrived: &dyn Fn(usize),
    may_go_on: &dyn Fn() -> bool,
) -> Result<Vec<PathBuf>, PacsError> {
    let rules = Rules {
        listen: (Ipv6Addr::UNSPECIFIED, port).into(),
        ae_title: peer.own_ae_title.clone(),
        callers: Vec::new(),
        addresses: Vec::new(),
        most_associations: MOST_SENDERS,
        most_object_bytes: MOST_OBJECT_BYTES,
        patience,
        arrivals: landing.folder.clone(),
        tls: peer.tls.clone(),
    };
    let listener = Listener::bind(rules.clone()).or_else(|_| {
        // A machine without IPv6.
        Listener::bind(Rules { listen: (std::net::Ipv4Addr::UNSPECIFIED, port).into(), ..rules })
    })?;
    let landing = Arc::new(landing);
    let handler: Arc<dyn Handler> = Arc::new(MoveReceiver(landing.clone()));
    let stop = AtomicBool::new(false);
    std::thread::scope(|scope| {
        scope.spawn(|| listener.run(&handler, &stop));
        // Even on a panic.
        let _stop = StopOnDrop(&stop);
        move_all(peer, &landing, patience, arrived, may_go_on)
    })
}

/// Sets a stop when it is dropped.
struct StopOnDrop<'s>(&'s AtomicBool);

impl Drop for StopOnDrop<'_> {
    fn drop(&mut self) {
        self.0.store(true, Ordering::Relaxed);
    }
}

fn move_all(
    peer: &Peer,
    landing: &Landing,
    patience: Patience,
    arrived: &dyn Fn(usize),
    may_go_on: &dyn Fn() -> bool,
) -> Result<Vec<PathBuf>, PacsError> {
    // As long as something arrives we keep waiting.
    let (latest, seen) = (Cell::new(Instant::now()), Cell::new(0));
    let is_alive = || {
        let count = landing.count();
        if count != seen.replace(count) {
            latest.set(Instant::now());
            arrived(count);
        }
        latest.get().elapsed() < patience.answer && may_go_on()
    };
    let mut association = associate(peer, &[Proposal::new(MOVE, &PLAIN)], patience, &is_alive)?;
    let Some(id) = association.context_for(MOVE, None) else {
        association.release();
        let reason = "it sends no objects elsewhere (C-MOVE)".to_owned();
        return Err(PacsError::Refused { peer: name(peer), reason });
    };
    let mut wait = || {
        let asked = (field::C_MOVE, MOVE);
        let message = request(&mut association, id, asked, Some(&peer.own_ae_title), &landing.study_uid)?;
        loop {
            let Heard::Command(id, command) = association.command(WITHOUT_A_WORD)? else {
                return Err(Broken::nonsense("the end of an association before all objects had come"));
            };
            if !is_answer(&command, message, field::C_MOVE) {
                return Err(Broken::nonsense("something that is no answer to a request for a study"));
            }
            latest.set(Instant::now());
            if command.has_data_set() {
                association.skip_data(id, super::commitment::MOST_REQUEST_BYTES as u64)?;
            }
            match command.status() {
                Some(status) if status::is_pending(status) => {}
                answered => return Ok(answered),
            }
        }
    };
    match wait() {
        Ok(answered) => {
            association.release();
            arrived(landing.count());
            concluded(peer, answered, landing)
        }
        Err(error) => {
            association.abort();
            let error = match error {
                Broken::Stopped if may_go_on() => Broken::TimedOut,
                error => error,
            };
            Err(broken(peer, error))
        }
    }
}
