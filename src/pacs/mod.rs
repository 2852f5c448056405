//! Talking to archives: DIMSE over TCP or TLS ([`client`], [`server`]) and DICOMweb ([`web`]).
//!
//! Takes and gives whole objects, as files. Must not know pixels, models or explanations, and writes no identifier of a
//! patient into any log or error.
//!
//! `dicom-ul` reads and writes the protocol's units; the association above them ([`association`]) is our own, because it
//! must bound every wait on both sides, and `dicom-ul` 0.10.1 loops forever where a caller hangs up before its first byte.

mod accept;
#[cfg(test)]
mod archive_tests;
mod aside;
mod association;
mod classes;
pub mod client;
mod commitment;
mod conversation;
mod error;
mod fetch;
mod grace;
mod handler;
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
mod slot;
mod study;
mod tls;
pub mod web;
#[cfg(test)]
mod web_tests;
mod wire;

pub use error::PacsError;
pub use grace::Grace;
pub use peer::{Archive, Connection, Peer, Retrieval, Tls, WebPeer};
pub use query::{FoundStudy, Query};

use std::path::PathBuf;
use std::time::Duration;

/// An object to be sent or received, with what an association must announce before its first byte.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Parcel {
    pub sop_class_uid: String,
    pub sop_instance_uid: String,
    pub transfer_syntax_uid: String,
    /// A complete DICOM file: preamble, file meta information, data set.
    pub file: PathBuf,
}

/// How long to wait for the other side.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Patience {
    /// For a connection.
    pub connect: Duration,
    /// For each response, and for each part of an object.
    pub answer: Duration,
}

impl Default for Patience {
    fn default() -> Self {
        Self { connect: Duration::from_secs(10), answer: Duration::from_secs(60) }
    }
}
