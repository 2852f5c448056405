//! The SCP side: C-ECHO, C-STORE, storage commitment. Does not know what happens to an object: a [`Handler`] does.

use std::net::{IpAddr, Shutdown, SocketAddr, TcpListener, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::thread::Scope;
use std::time::{Duration, Instant};

use rustls::ServerConfig;

use super::accept::{agree, full};
use super::association::Association;
use super::conversation::{Caller, Conversation, House};
use super::grace::Grace;
pub use super::handler::{Arrived, Handler, Rules, StoreStatus, is_of_images};
use super::slot::Slot;
use super::wire::{Broken, Secrecy, Wire};
use super::{PacsError, receive, request, tls};
use crate::guard::panics::caught;

/// Callers beyond `most_associations` that get a rejection; further ones are disconnected.
const MOST_REFUSED: usize = 8;
/// How long such a caller has to send its request.
const REFUSING: Duration = Duration::from_secs(3);
/// Polling interval for callers: while some come, and after a while without.
const BUSY_POLL: Duration = Duration::from_millis(2);
const IDLE_POLL: Duration = Duration::from_millis(40);
const STILL_BUSY: Duration = Duration::from_secs(2);

/// Listens until `stop` is set, gives requests under way some seconds to finish, and returns.
///
/// # Errors
/// An address in use, or certificates that cannot be read.
pub fn serve(rules: &Rules, handler: &Arc<dyn Handler>, stop: &AtomicBool) -> Result<(), PacsError> {
    Listener::bind(rules.clone())?.run(handler, stop);
    Ok(())
}

/// A bound socket that waits for callers.
pub struct Listener {
    socket: TcpListener,
    address: SocketAddr,
    rules: Rules,
    tls: Option<Arc<ServerConfig>>,
}

impl Listener {
    /// Binds the address, and removes incomplete files from [`Rules::arrivals`].
    ///
    /// # Errors
    /// An address in use, a folder that cannot be created, an invalid AE title or certificate.
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

    /// The address that callers connect to.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Listens until `stop` is set, then lets associations finish and returns.
    pub fn run(&self, handler: &Arc<dyn Handler>, stop: &AtomicBool) {
        let zero = || AtomicUsize::new(0);
        let house = House { rules: &self.rules, handler, stop, reports: zero() };
        let door = Door { house, tls: self.tls.as_ref(), associations: zero(), refused: zero() };
        std::thread::scope(|scope| {
            let mut latest = Instant::now();
            while !stop.load(Ordering::Relaxed) {
                match self.socket.accept() {
                    Ok((stream, from)) => {
                        latest = Instant::now();
                        door.welcome(scope, stream, from);
                    }
                    Err(error) if error.kind() == std::io::ErrorKind::WouldBlock => {
                        std::thread::sleep(if latest.elapsed() < STILL_BUSY { BUSY_POLL } else { IDLE_POLL });
                    }
                    // The caller is gone already, or the system is out of sockets.
                    Err(_) => std::thread::sleep(IDLE_POLL),
                }
            }
        });
    }
}

/// Lets callers in, or turns them away.
struct Door<'r> {
    house: House<'r>,
    tls: Option<&'r Arc<ServerConfig>>,
    associations: AtomicUsize,
    refused: AtomicUsize,
}

impl Door<'_> {
    fn note(&self, what: &str) {
        self.house.handler.note(what);
    }

    /// Gives a caller a thread, where there is a slot.
    fn welcome<'s, 'e>(&'s self, scope: &'s Scope<'s, 'e>, stream: TcpStream, from: SocketAddr) {
        let (rules, address) = (self.house.rules, from.ip().to_canonical());
        let is_known = |allowed: &IpAddr| allowed.to_canonical() == address;
        if !rules.addresses.is_empty() && !rules.addresses.iter().any(is_known) {
            self.note(&format!("a caller from {address} was turned away: its address is not allowed"));
            return hang_up(&stream);
        }
        // On some systems accepted sockets inherit non-blocking mode.
        if stream.set_nonblocking(false).is_err() {
            return;
        }
        let spare = stream.try_clone();
        let begun = if let Some(slot) = Slot::take(&self.associations, rules.most_associations) {
            std::thread::Builder::new().spawn_scoped(scope, move || self.guarded(slot, scope, stream, from))
        } else {
            self.note(&format!("a caller from {address} was turned away: all places are taken"));
            let Some(slot) = Slot::take(&self.refused, MOST_REFUSED) else { return hang_up(&stream) };
            std::thread::Builder::new().spawn_scoped(scope, move || self.refuse(slot, stream))
        };
        if let (Err(_), Ok(stream)) = (begun, spare) {
            self.note("a caller was turned away: the system has no thread left");
            hang_up(&stream);
        }
    }

    /// Rejects because all slots are taken; a caller accepts that only after its own request.
    fn refuse(&self, _slot: Slot<'_>, stream: TcpStream) {
        let until = Instant::now() + REFUSING;
        let may_go_on = || !self.house.stop.load(Ordering::Relaxed);
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

    /// A panic ends this association alone.
    fn guarded<'s, 'e>(&'s self, _slot: Slot<'_>, scope: &'s Scope<'s, 'e>, stream: TcpStream, from: SocketAddr) {
        let address = from.ip().to_canonical();
        match caught(|| self.association(scope, stream, from)) {
            Ok(Ok(())) | Ok(Err(Broken::Stopped)) => {}
            Ok(Err(error)) => self.note(&format!("an association from {address} broke: {error}")),
            Err(panic) => self.note(&format!("a fault ended an association from {address}: {panic}")),
        }
    }

    /// Negotiates an association, and runs it.
    fn association<'s, 'e>(
        &'s self,
        scope: &'s Scope<'s, 'e>,
        stream: TcpStream,
        from: SocketAddr,
    ) -> Result<(), Broken> {
        let House { rules, handler, stop, .. } = &self.house;
        let grace = Grace::new(stop);
        let may_go_on = || grace.may_go_on();
        let secrecy = self.secrecy().map_err(|error| Broken::Line(error.to_string()))?;
        let mut wire = Wire::new(stream, secrecy, &may_go_on);
        let until = Instant::now() + rules.patience.connect;
        let takes = |class: &str| handler.takes(class);
        let agreed = match agree(wire.receive(until)?, &rules.ae_title, &rules.callers, &takes) {
            Ok(agreed) => agreed,
            Err(refusal) => {
                wire.send(&refusal.answer, until)?;
                wire.close();
                self.note(&format!("a caller from {} was turned away: {}", from.ip(), refusal.reason));
                return Ok(());
            }
        };
        wire.send(&agreed.answer, until)?;
        let association = Association::new(wire, agreed.contexts, agreed.most_out_bytes, rules.patience.answer)?;
        let caller = Caller { ae_title: agreed.calling_ae_title, from };
        Conversation { house: &self.house, scope, association, caller }.run(&grace)
    }
}

fn hang_up(stream: &TcpStream) {
    let _ = stream.shutdown(Shutdown::Both);
}
