//! As the side that is asked (SCP): C-ECHO, C-STORE, storage commitment. Knows nothing of what becomes of an object: a
//! [`Handler`] does.

use std::net::{IpAddr, SocketAddr};
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;

use super::{PacsError, Parcel, Patience, Tls};

/// Who may come, how many at once, and how large what they bring may be.
#[derive(Debug, Clone)]
pub struct Rules {
    pub listen: SocketAddr,
    /// By which we must be called.
    pub ae_title: String,
    /// Calling AE titles that may come; empty for all.
    pub callers: Vec<String>,
    /// Addresses that may come; empty for all.
    pub addresses: Vec<IpAddr>,
    pub most_associations: usize,
    pub most_object_bytes: u64,
    pub patience: Patience,
    /// Where objects lie while they arrive. Emptied of what was left half-sent when the server starts.
    pub arrivals: PathBuf,
    /// With it nobody comes without encryption; `authorities` there says whose certificates callers need.
    pub tls: Option<Tls>,
}

/// An object that has arrived whole: its file lies in [`Rules::arrivals`] and is the handler's now.
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

/// An object that somebody asks to be sure of, and whether it is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Committed {
    pub sop_class_uid: String,
    pub sop_instance_uid: String,
    pub is_kept: bool,
}

/// What becomes of objects. Called from many threads.
pub trait Handler: Send + Sync {
    /// Whether there is room for another object; asked before its first byte is read from the network.
    fn has_room(&self) -> bool;
    /// Takes an object; once this gives success, it survives any end of the program.
    fn store(&self, arrived: Arrived) -> StoreStatus;
    /// Whether each of these (class, instance) was stored here, for storage commitment.
    fn is_kept(&self, objects: &[(String, String)]) -> Vec<bool>;
    /// Where storage commitment's report goes: the peer that is known by this AE title, if there is one.
    fn peer(&self, ae_title: &str) -> Option<super::Peer>;
    /// Something worth a line in the log; never an identifier.
    fn note(&self, what: &str);
}

/// Listens until `stop` is set, then lets associations end and gives back.
///
/// # Errors
/// Where the address is taken, or certificates cannot be read.
pub fn serve(_rules: &Rules, _handler: &Arc<dyn Handler>, _stop: &AtomicBool) -> Result<(), PacsError> {
    Err(PacsError::Here("listening is not built yet".to_owned()))
}
