//! As the side that is asked (SCP): C-ECHO, C-STORE, storage commitment. Knows nothing of what becomes of an object: a
//! [`Handler`] does.

use std::net::{IpAddr, Shutdown, SocketAddr, TcpListener, TcpStream};
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::thread::Scope;
use std::time::{Duration, Instant};

use rustls::ServerConfig;

use super::accept::{agree, full};
use super::association::{Association, Heard};
use super::classes::is_of_images;
pub use super::commitment::Committed;
use super::commitment::{self, CommitmentReport};
use super::message::{CommandSet, element, field, status};
use super::wire::{Broken, Going, Secrecy, Wire};
use super::{PacsError, Parcel, Patience, Tls, receive, request, tls};
use crate::guard::panics::caught;

/// Callers beyond the most associations who are told so; more are hung up on.
const MOST_REFUSED: usize = 8;
/// How long such a one has to say what it wants.
const REFUSING: Duration = Duration::from_secs(3);
/// Reports of storage commitment that wait to be said, at most.
const MOST_REPORTS: usize = 8;
/// How often one looks for callers: while some come, and after a while without.
const BUSY_POLL: Duration = Duration::from_millis(2);
const IDLE_POLL: Duration = Duration::from_millis(40);
const STILL_BUSY: Duration = Duration::from_secs(2);

/// Who may come, how many at once, and how large what they bring may be.
#[derive(Debug, Clone)]
pub struct Rules {
    /// With port 0 any that is free: [`Listener::address`] says which.
    pub listen: SocketAddr,
    /// By which we must be called.
    pub ae_title: String,
    /// Calling AE titles that may come; empty for all.
    pub callers: Vec<String>,
    /// Addresses that may come; empty for all.
    pub addresses: Vec<IpAddr>,
    pub most_associations: usize,
    pub most_object_bytes: u64,
    /// `connect` is also what a caller has to ask for an association, `answer` what it may be silent in one.
    pub patience: Patience,
    /// Where objects lie while they arrive. Emptied of what was left half-sent when the server starts.
    pub arrivals: PathBuf,
    /// With it nobody comes without encryption; `authorities` there says whose certificates callers need.
    pub tls: Option<Tls>,
}

/// An object that has arrived whole, and whose bytes have reached the disk. Its file lies in [`Rules::arrivals`]; a handler
/// that takes the object renames it, for what keeps its name is swept away when the server starts again.
#[derive(Debug)]
pub struct Arrived {
    pub parcel: Parcel,
    pub calling_ae_title: String,
    pub from: SocketAddr,
}

/// What a C-STORE is answered with (PS3.4 B.2.3).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum StoreStatus {
    Success,
    /// The queue is full, or the disk: the sender may try again later (0xA700).
    OutOfResources,
    /// It will never be taken (0xC000).
    CannotUnderstand,
}

impl StoreStatus {
    /// As it goes over the network.
    pub fn code(self) -> u16 {
        match self {
            Self::Success => status::SUCCESS,
            Self::OutOfResources => status::OUT_OF_RESOURCES,
            Self::CannotUnderstand => status::CANNOT_UNDERSTAND,
        }
    }
}

/// What becomes of objects. Called from many threads.
pub trait Handler: Send + Sync {
    /// Whether there is room for another object; asked before its first byte is read from the network.
    fn has_room(&self) -> bool;
    /// Whether objects of this class are taken at all: callers are told before they send one.
    fn takes(&self, sop_class_uid: &str) -> bool {
        is_of_images(sop_class_uid)
    }
    /// Takes an object; once this gives success, it survives any end of the program. Without success its file is removed.
    fn store(&self, arrived: Arrived) -> StoreStatus;
    /// Whether each of these (class, instance) was stored here, for storage commitment.
    fn is_kept(&self, objects: &[(String, String)]) -> Vec<bool>;
    /// Where storage commitment's report goes: the peer that is known by this AE title, if there is one. Without one it is
    /// said over the association that asked.
    fn peer(&self, ae_title: &str) -> Option<super::Peer>;
    /// Something worth a line in the log; never an identifier.
    fn note(&self, what: &str);
}

/// Listens until `stop` is set, then lets what is on its way come to its end, for some seconds, and gives back.
///
/// # Errors
/// Where the address is taken, or certificates cannot be read.
pub fn serve(rules: &Rules, handler: &Arc<dyn Handler>, stop: &AtomicBool) -> Result<(), PacsError> {
    Listener::bind(rules.clone())?.run(handler, stop);
    Ok(())
}

/// A place where callers are awaited.
pub struct Listener {
    socket: TcpListener,
    address: SocketAddr,
    rules: Rules,
    tls: Option<Arc<ServerConfig>>,
}

/// What all associations share.
struct Office<'r> {
    rules: &'r Rules,
    handler: &'r Arc<dyn Handler>,
    stop: &'r AtomicBool,
    tls: Option<&'r Arc<ServerConfig>>,
    associations: AtomicUsize,
    refused: AtomicUsize,
    reports: AtomicUsize,
}

/// One of a number of places, given back when it is dropped.
struct Place<'r>(&'r AtomicUsize);

impl<'r> Place<'r> {
    fn take(taken: &'r AtomicUsize, most: usize) -> Option<Self> {
        let more = |taken: usize| (taken < most).then_some(taken + 1);
        taken.fetch_update(Ordering::AcqRel, Ordering::Acquire, more).ok().map(|_| Self(taken))
    }
}

impl Drop for Place<'_> {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::AcqRel);
    }
}

impl Listener {
    /// Takes the address, and sweeps up in [`Rules::arrivals`].
    ///
    /// # Errors
    /// An address that is taken, a folder that cannot be had, an AE title or certificates that are none.
    pub fn bind(rules: Rules) -> Result<Self, PacsError> {
        request::check_ae_title(&rules.ae_title)?;
        let tls = rules.tls.as_ref().map(tls::called).transpose()?;
        let arrivals = |error| PacsError::Here(format!("{}: {error}", rules.arrivals.display()));
        receive::sweep(&rules.arrivals).map_err(arrivals)?;
        let taken = |error| PacsError::Here(format!("cannot listen on {}: {error}", rules.listen));
        let socket = TcpListener::bind(rules.listen).map_err(taken)?;
        socket.set_nonblocking(true).map_err(taken)?;
        let address = socket.local_addr().map_err(taken)?;
        Ok(Self { socket, address, rules, tls })
    }

    /// Where callers find us.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Listens until `stop` is set, then lets associations end and gives back.
    pub fn run(&self, handler: &Arc<dyn Handler>, stop: &AtomicBool) {
        let zero = || AtomicUsize::new(0);
        let (rules, tls) = (&self.rules, self.tls.as_ref());
        let office = Office { rules, handler, stop, tls, associations: zero(), refused: zero(), reports: zero() };
        std::thread::scope(|scope| {
            let mut latest = Instant::now();
            while !stop.load(Ordering::Relaxed) {
                match self.socket.accept() {
                    Ok((stream, from)) => {
                        latest = Instant::now();
                        office.welcome(scope, stream, from);
                    }
                    Err(error) if error.kind() == std::io::ErrorKind::WouldBlock => {
                        std::thread::sleep(if latest.elapsed() < STILL_BUSY { BUSY_POLL } else { IDLE_POLL });
                    }
                    // Of the caller, who is gone already, or of the system, which has no room for another.
                    Err(_) => std::thread::sleep(IDLE_POLL),
                }
            }
        });
    }
}

impl Office<'_> {
    /// Gives a caller a thread, where there is a place.
    fn welcome<'s, 'e>(&'s self, scope: &'s Scope<'s, 'e>, stream: TcpStream, from: SocketAddr) {
        let address = from.ip().to_canonical();
        let is_known = |allowed: &IpAddr| allowed.to_canonical() == address;
        if !self.rules.addresses.is_empty() && !self.rules.addresses.iter().any(is_known) {
            self.handler.note(&format!("a caller from {address} was turned away: its address may not come"));
            return hang_up(&stream);
        }
        // A listener's mode goes over to its callers on some systems.
        if stream.set_nonblocking(false).is_err() {
            return;
        }
        let spare = stream.try_clone();
        let begun = if let Some(place) = Place::take(&self.associations, self.rules.most_associations) {
            std::thread::Builder::new().spawn_scoped(scope, move || self.guarded(place, scope, stream, from))
        } else {
            self.handler.note(&format!("a caller from {address} was turned away: all places are taken"));
            let Some(place) = Place::take(&self.refused, MOST_REFUSED) else { return hang_up(&stream) };
            std::thread::Builder::new().spawn_scoped(scope, move || self.refuse(place, stream))
        };
        if let (Err(_), Ok(stream)) = (begun, spare) {
            self.handler.note("a caller was turned away: the system gives no more threads");
            hang_up(&stream);
        }
    }

    /// Says that all places are taken, which a caller hears only once it has said what it wants.
    fn refuse(&self, _place: Place<'_>, stream: TcpStream) {
        let until = Instant::now() + REFUSING;
        let may_go_on = || !self.stop.load(Ordering::Relaxed);
        let Ok(secrecy) = self.secrecy() else { return };
        let mut wire = Wire::new(stream, secrecy, &may_go_on);
        if wire.receive(until).is_ok() {
            let _ = wire.send(&full(), until);
        }
        wire.close();
    }

    fn secrecy(&self) -> Result<Secrecy, PacsError> {
        self.tls.map_or(Ok(Secrecy::None), |config| tls::connection(config).map(Secrecy::Called))
    }

    /// A fault of ours ends this association alone.
    fn guarded<'s, 'e>(&'s self, _place: Place<'_>, scope: &'s Scope<'s, 'e>, stream: TcpStream, from: SocketAddr) {
        let address = from.ip().to_canonical();
        match caught(|| self.association(scope, stream, from)) {
            Ok(Ok(())) | Ok(Err(Broken::Stopped)) => {}
            Ok(Err(error)) => self.handler.note(&format!("an association from {address} broke: {error}")),
            Err(panic) => self.handler.note(&format!("a fault ended an association from {address}: {panic}")),
        }
    }

    fn association<'s, 'e>(
        &'s self,
        scope: &'s Scope<'s, 'e>,
        stream: TcpStream,
        from: SocketAddr,
    ) -> Result<(), Broken> {
        let going = Going::new(self.stop);
        let may_go_on = || going.may_go_on();
        let secrecy = self.secrecy().map_err(|error| Broken::Line(error.to_string()))?;
        let mut wire = Wire::new(stream, secrecy, &may_go_on);
        let until = Instant::now() + self.rules.patience.connect;
        let takes = |class: &str| self.handler.takes(class);
        let agreed = match agree(wire.receive(until)?, &self.rules.ae_title, &self.rules.callers, &takes) {
            Ok(agreed) => agreed,
            Err(refusal) => {
                wire.send(&refusal.answer, until)?;
                wire.close();
                self.handler.note(&format!("a caller from {} was turned away: {}", from.ip(), refusal.reason));
                return Ok(());
            }
        };
        wire.send(&agreed.answer, until)?;
        let patience = self.rules.patience.answer;
        let mut association = Association::new(wire, agreed.contexts, agreed.most_out_bytes, patience)?;
        let caller = Caller { ae_title: agreed.calling_ae_title, from };
        loop {
            going.is_busy.set(false);
            let heard = association.command(patience);
            going.is_busy.set(true);
            let done = match heard {
                Ok(Heard::Command(id, command)) => self.answer(scope, &mut association, &caller, id, &command),
                Ok(Heard::Release) => {
                    association.released();
                    return Ok(());
                }
                Err(error) => Err(error),
            };
            if let Err(error) = done {
                association.abort();
                return Err(error);
            }
        }
    }

    fn answer<'s, 'e>(
        &'s self,
        scope: &'s Scope<'s, 'e>,
        association: &mut Association<'_>,
        caller: &Caller,
        id: u8,
        command: &CommandSet,
    ) -> Result<(), Broken> {
        let status = match command.field() {
            field::C_ECHO => status::SUCCESS,
            field::C_STORE => self.store(association, caller, id, command)?,
            field::N_ACTION => return self.commit(scope, association, caller, id, command),
            // Of what is answered at once nothing can be called off, and answers to our reports need none.
            field::C_CANCEL => return Ok(()),
            answer if answer & field::ANSWER != 0 => return self.skip(association, id, command),
            _ => {
                self.skip(association, id, command)?;
                status::UNRECOGNISED
            }
        };
        association.send_command(id, &CommandSet::answer(command, status))
    }

    /// Reads over a data set that nobody wants.
    fn skip(&self, association: &mut Association<'_>, id: u8, command: &CommandSet) -> Result<(), Broken> {
        if command.has_data_set() {
            association.skip_data(id, commitment::MOST_REQUEST_BYTES as u64)?;
        }
        Ok(())
    }

    fn store(
        &self,
        association: &mut Association<'_>,
        caller: &Caller,
        id: u8,
        command: &CommandSet,
    ) -> Result<u16, Broken> {
        let most = self.rules.most_object_bytes;
        if !self.handler.has_room() {
            if command.has_data_set() {
                association.skip_data(id, most)?;
            }
            return Ok(status::OUT_OF_RESOURCES);
        }
        let parcel = match receive::receive(association, id, command, &self.rules.arrivals, most)? {
            Ok(parcel) => parcel,
            Err(status) => {
                self.handler.note(&format!(
                    "an object from {} was refused: {}",
                    caller.from.ip(),
                    status::meaning(status)
                ));
                return Ok(status);
            }
        };
        let file = parcel.file.clone();
        let arrived = Arrived { parcel, calling_ae_title: caller.ae_title.clone(), from: caller.from };
        let status = self.handler.store(arrived);
        if status != StoreStatus::Success {
            // The handler may have moved it, or removed it itself.
            let _ = std::fs::remove_file(file);
        }
        Ok(status.code())
    }

    /// Storage commitment: answers that it was asked, then says what is kept.
    fn commit<'s, 'e>(
        &'s self,
        scope: &'s Scope<'s, 'e>,
        association: &mut Association<'_>,
        caller: &Caller,
        id: u8,
        command: &CommandSet,
    ) -> Result<(), Broken> {
        let data = match command.has_data_set() {
            true => association.data_in_memory(id, commitment::MOST_REQUEST_BYTES)?,
            false => Vec::new(),
        };
        let context = association.context(id).filter(|context| context.class == super::classes::COMMITMENT);
        let syntax = context.map(|context| context.syntax.clone());
        let request = syntax.as_ref().and_then(|syntax| commitment::read(&data, syntax));
        let place = Place::take(&self.reports, MOST_REPORTS);
        let (status, task) = match (syntax, command.value(element::ACTION_TYPE), request, place) {
            (None, ..) => (status::NO_SUCH_CLASS, None),
            (_, action, ..) if action != Some(commitment::ACTION) => (status::NO_SUCH_ACTION, None),
            (.., None, _) => (status::FAILURE, None),
            (.., None) => (status::RESOURCE_LIMIT, None),
            (.., Some(request), Some(place)) => (status::SUCCESS, Some((request, place))),
        };
        association.send_command(id, &CommandSet::answer(command, status))?;
        let Some((request, place)) = task else { return Ok(()) };
        let report = self.report(request);
        match self.handler.peer(&caller.ae_title) {
            // The answer to it is read as any other command.
            None => report.send(association, id).map(drop),
            Some(peer) => {
                let patience = self.rules.patience;
                let say = move || {
                    let _place = place;
                    if let Err(error) = report.deliver(&peer, patience, self.stop) {
                        self.handler.note(&format!("a report of storage commitment was not said: {error}"));
                    }
                };
                let begun = std::thread::Builder::new().spawn_scoped(scope, say);
                begun.map(drop).map_err(|error| Broken::Line(error.to_string()))
            }
        }
    }

    fn report(&self, request: commitment::CommitmentRequest) -> CommitmentReport {
        let kept = self.handler.is_kept(&request.objects);
        let kept = kept.into_iter().chain(std::iter::repeat(false));
        let committed =
            |((sop_class_uid, sop_instance_uid), is_kept)| Committed { sop_class_uid, sop_instance_uid, is_kept };
        let objects = request.objects.into_iter().zip(kept).map(committed).collect();
        CommitmentReport { transaction_uid: request.transaction_uid, objects }
    }
}

/// Who is at the other end.
struct Caller {
    ae_title: String,
    from: SocketAddr,
}

fn hang_up(stream: &TcpStream) {
    let _ = stream.shutdown(Shutdown::Both);
}
