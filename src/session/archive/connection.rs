//! What a connection must be before it is kept or used.

use crate::pacs::{Archive, Connection, Peer, Retrieval, Tls, WebPeer};

/// By which this program calls itself where nobody chose otherwise.
pub const USUAL_AE_TITLE: &str = "FOVEA";
/// On which it listens for what a C-MOVE brings.
pub const USUAL_PORT: u16 = 11_112;
/// PS3.5 6.2: an application entity's name.
const MOST_AE_TITLE: usize = 16;
const MOST_NAME: usize = 60;

/// What is wrong with `connection`, in words for who typed it. `others` are the names of those that there are beside it.
pub fn fault_of<'a>(connection: &Connection, mut others: impl Iterator<Item = &'a str>) -> Option<String> {
    let name = connection.name.trim();
    if name.is_empty() {
        return Some("Give the connection a name.".to_owned());
    }
    if name.chars().count() > MOST_NAME || name.chars().any(char::is_control) {
        return Some(format!("The name has at most {MOST_NAME} letters."));
    }
    if others.any(|other| other == name) {
        return Some(format!("There is a connection called {name} already."));
    }
    match &connection.archive {
        Archive::Dimse { peer, retrieval } => fault_of_peer(peer, retrieval),
        Archive::Web(peer) => fault_of_web(peer),
    }
}

fn fault_of_peer(peer: &Peer, retrieval: &Retrieval) -> Option<String> {
    let host = &peer.host;
    let fault = if host.is_empty() || host.contains(|c: char| c.is_whitespace() || c.is_control() || c == '/') {
        "The host is a name or an address, such as pacs.example or 10.0.0.7."
    } else if peer.port == 0 {
        "A port is a number from 1 to 65535; archives often have 104, 4242 or 11112."
    } else if !is_ae_title(&peer.ae_title) {
        "The archive's AE title has 1 to 16 letters, digits or signs. Its administrator knows it."
    } else if !is_ae_title(&peer.own_ae_title) {
        "The own AE title has 1 to 16 letters, digits or signs, such as FOVEA."
    } else if peer.tls.as_ref().is_some_and(|tls| tls.authorities.is_none()) {
        "Encryption needs to know whose certificates are trusted: name a PEM file of them."
    } else if *retrieval == (Retrieval::Move { port: 0 }) {
        "The own port is a number from 1 to 65535, such as 11112."
    } else {
        return fault_of_tls(peer.tls.as_ref());
    };
    Some(fault.to_owned())
}

fn is_ae_title(title: &str) -> bool {
    let is_letter = |c: char| (' '..='~').contains(&c) && c != '\\';
    !title.trim().is_empty() && title.len() <= MOST_AE_TITLE && title.chars().all(is_letter)
}

fn fault_of_web(peer: &WebPeer) -> Option<String> {
    let Some(rest) = peer.url.strip_prefix("https://").or_else(|| peer.url.strip_prefix("http://")) else {
        return Some("The address begins with https:// or http://.".to_owned());
    };
    let host = rest.split('/').next().unwrap_or_default();
    let fault = if host.is_empty() || rest.contains(char::is_whitespace) {
        "The address has the form https://pacs.example/dicom-web."
    } else if host.contains('@') {
        "A password belongs in the secret file, not in the address: settings are kept as plain text."
    } else {
        return fault_of_tls(peer.tls.as_ref());
    };
    Some(fault.to_owned())
}

fn fault_of_tls(tls: Option<&Tls>) -> Option<String> {
    let tls = tls?;
    let is_half = tls.certificate.is_some() != tls.key.is_some();
    is_half.then(|| "A certificate of one's own needs its key, and a key its certificate.".to_owned())
}

/// Whether what stands in the settings can be used at all; a reader of them may have changed them by hand.
pub fn is_sound(connection: &Connection) -> bool {
    fault_of(connection, std::iter::empty()).is_none()
}
