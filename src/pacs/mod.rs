//! Talking to archives: DIMSE over TCP or TLS ([`client`], [`server`]) and DICOMweb ([`web`]).
//!
//! Takes and gives whole objects, as files. Must not know pixels, models or explanations, and writes no identifier of a
//! patient into any log or error.
//!
//! `dicom-ul` reads and writes the protocol's units; the association above them ([`association`]) is our own, for it must
//! end every wait, of either side, and `dicom-ul` 0.10.1 goes round for ever where a caller hangs up before its first byte.

mod accept;
#[cfg(test)]
mod archive_tests;
mod association;
mod classes;
pub mod client;
mod commitment;
mod error;
mod fetch;
#[cfg(test)]
mod loopback_tests;
mod message;
mod multipart;
mod parcel;
pub mod peer;
pub mod query;
mod receive;
mod request;
mod search;
pub mod server;
mod study;
mod tls;
pub mod web;
#[cfg(test)]
mod web_tests;
mod wire;

pub use error::PacsError;
pub use peer::{Archive, Connection, Peer, Retrieval, Tls, WebPeer};
pub use query::{FoundStudy, Query};

use std::path::PathBuf;
use std::time::Duration;

/// An object on its way: what an association has to say of it before its first byte.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Parcel {
    pub sop_class_uid: String,
    pub sop_instance_uid: String,
    pub transfer_syntax_uid: String,
    /// A whole file of DICOM: preamble, file meta information, data set.
    pub file: PathBuf,
}

/// How long one waits for somebody else.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Patience {
    /// For a connection.
    pub connect: Duration,
    /// For each answer, and for each part of an object.
    pub answer: Duration,
}

impl Default for Patience {
    fn default() -> Self {
        Self { connect: Duration::from_secs(10), answer: Duration::from_secs(60) }
    }
}
