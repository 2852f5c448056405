//! Who may connect, and what happens to the objects they send.

use std::net::{IpAddr, SocketAddr};
use std::path::PathBuf;

pub use super::classes::is_of_images;
use super::message::status;
use super::{Parcel, Patience, Peer, Tls};

/// Who may connect, how many at once, and how large their objects may be.
#[derive(Debug, Clone)]
pub struct Rules {
    /// Port 0 means any free one: [`super::server::Listener::address`] says which.
    pub listen: SocketAddr,
    /// The called AE title that we answer to.
    pub ae_title: String,
    /// Calling AE titles allowed; empty for all.
    pub callers: Vec<String>,
    /// Addresses allowed; empty for all.
    pub addresses: Vec<IpAddr>,
    pub most_associations: usize,
    pub most_object_bytes: u64,
    /// `connect` also bounds the time to the association request, `answer` the silence within an association.
    pub patience: Patience,
    /// Where objects are written while they arrive. Incomplete ones are removed when the server starts.
    pub arrivals: PathBuf,
    /// With it only encrypted associations are accepted; `authorities` says whose certificates callers need.
    pub tls: Option<Tls>,
}

/// An object that has arrived complete and is on the disk. Its file lies in [`Rules::arrivals`]; a handler that takes the
/// object must rename it, because files under the old name are removed when the server starts again.
#[derive(Debug)]
pub struct Arrived {
    pub parcel: Parcel,
    pub calling_ae_title: String,
    pub from: SocketAddr,
}

/// The status a C-STORE is answered with (PS3.4 B.2.3).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum StoreStatus {
    Success,
    /// Queue or disk is full: the sender may try again later (0xA700).
    OutOfResources,
    /// It will never be accepted (0xC000).
    CannotUnderstand,
}

impl StoreStatus {
    /// The code on the wire.
    pub fn code(self) -> u16 {
        match self {
            Self::Success => status::SUCCESS,
            Self::OutOfResources => status::OUT_OF_RESOURCES,
            Self::CannotUnderstand => status::CANNOT_UNDERSTAND,
        }
    }
}

/// Decides what happens to objects. Called from many threads.
pub trait Handler: Send + Sync {
    /// Whether there is room for another object; asked before its first byte is read.
    fn has_room(&self) -> bool;
    /// Whether objects of this class are accepted at all; callers learn it during negotiation.
    fn takes(&self, sop_class_uid: &str) -> bool {
        is_of_images(sop_class_uid)
    }
    /// Takes an object. Once this returns success, the object survives any end of the program; otherwise its file goes.
    fn store(&self, arrived: Arrived) -> StoreStatus;
    /// Whether each of these (class, instance) was stored here; for storage commitment.
    fn is_kept(&self, objects: &[(String, String)]) -> Vec<bool>;
    /// Where a storage commitment report goes: the peer known by this AE title. Without one it is sent over the association
    /// that asked.
    fn peer(&self, ae_title: &str) -> Option<Peer>;
    /// Something worth a line in the log; never an identifier.
    fn note(&self, what: &str);
}
