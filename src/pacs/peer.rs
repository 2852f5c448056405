//! Peers, as they are stored in the settings.

use std::path::PathBuf;

use serde::{Deserialize, Serialize};

/// An application entity that speaks DIMSE.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Peer {
    pub host: String,
    pub port: u16,
    /// Of the other side, at most 16 characters.
    pub ae_title: String,
    /// Our own, as the calling side.
    pub own_ae_title: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tls: Option<Tls>,
}

/// TLS: certificates and keys, as PEM files.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Tls {
    /// Certificate authorities that are trusted; without it, those of the web.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub authorities: Option<PathBuf>,
    /// Our own certificate and its key, for peers that ask for one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub certificate: Option<PathBuf>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub key: Option<PathBuf>,
}

/// A DICOMweb service.
#[derive(Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct WebPeer {
    /// The service's base address, such as `https://pacs.example/dicom-web`.
    pub url: String,
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub user: String,
    /// The file that holds password or token, if any: settings are no place for secrets.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub secret: Option<PathBuf>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tls: Option<Tls>,
}

impl std::fmt::Debug for WebPeer {
    /// An address may carry a password.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("WebPeer(hidden)")
    }
}

/// How objects come from an archive that speaks DIMSE.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum Retrieval {
    /// Over the same association.
    Get,
    /// To our own application entity, which listens on this port while it waits.
    Move { port: u16 },
}

/// An archive that can be searched.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum Archive {
    Dimse { peer: Peer, retrieval: Retrieval },
    Web(WebPeer),
}

/// An archive with the name that it has in the settings.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Connection {
    pub name: String,
    pub archive: Archive,
}

impl Connection {
    /// The files that it names.
    pub fn paths(&self) -> impl Iterator<Item = &PathBuf> {
        let (tls, secret) = match &self.archive {
            Archive::Dimse { peer, .. } => (peer.tls.as_ref(), None),
            Archive::Web(peer) => (peer.tls.as_ref(), peer.secret.as_ref()),
        };
        let of_tls = tls.into_iter().flat_map(|tls| [&tls.authorities, &tls.certificate, &tls.key]);
        of_tls.flatten().chain(secret)
    }
}
