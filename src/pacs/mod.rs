//! Talking to archives: DIMSE over TCP or TLS ([`client`], [`server`]) and DICOMweb ([`web`]).
//!
//! Takes and gives whole objects, as bytes or files. Must not know pictures, models or explanations, and writes no
//! identifier of a patient into any log or error.

pub mod client;
mod error;
pub mod peer;
pub mod query;
pub mod server;
pub mod web;

pub use error::PacsError;
pub use peer::{Archive, Connection, Peer, Retrieval, Tls, WebPeer};
pub use query::{Found, Query};

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
