//! What an archive's refusal means, in words that say what to do about it.

use crate::pacs::{Archive, PacsError, Retrieval};

/// C-MOVE: the archive has no address for the AE title to which it is to send (PS3.4 C.4.2.1.5).
const DESTINATION_UNKNOWN: u16 = 0xA801;
/// C-MOVE and C-GET: what was to be sent did not all arrive.
const SOME_FAILED: u16 = 0xB000;
/// A DICOMweb service that knows nobody.
const WHO_ASKS: &str = "Are user and secret of the connection right, and may this user see studies?";

/// Why `archive` did not do as asked, and what can be done.
pub fn advice(error: &PacsError, archive: &Archive) -> String {
    let says = format!("{}.", error.to_string().trim_end_matches('.'));
    match hint(error, archive) {
        Some(hint) => format!("{says} {hint}"),
        None => says,
    }
}

fn hint(error: &PacsError, archive: &Archive) -> Option<String> {
    match (error, archive) {
        (PacsError::Stopped | PacsError::Here(_), _) => None,
        // Some hang up on who may not ask.
        (PacsError::Away { .. }, Archive::Dimse { peer, .. }) => Some(format!(
            "Is it switched on, are host and port of the connection right, and does it know this computer as {}?",
            peer.own_ae_title
        )),
        (PacsError::Away { .. }, Archive::Web(_)) => {
            Some("Is it switched on, and is the address of the connection right?".to_owned())
        }
        (PacsError::Refused { .. }, Archive::Dimse { peer, .. }) => Some(format!(
            "Does the archive know this computer as {}, and is it called {} itself?",
            peer.own_ae_title, peer.ae_title
        )),
        (PacsError::Refused { .. }, Archive::Web(_)) => Some(WHO_ASKS.to_owned()),
        (PacsError::Status { status: DESTINATION_UNKNOWN, .. }, Archive::Dimse { peer, retrieval }) => {
            let port = match retrieval {
                Retrieval::Move { port } => format!(" and the port {port}"),
                Retrieval::Get => String::new(),
            };
            Some(format!(
                "The archive does not know where {} is: its administrator enters that AE title with this computer's \
                 address{port}. Or fetch by C-GET, which needs none.",
                peer.own_ae_title
            ))
        }
        (PacsError::Status { status: SOME_FAILED, .. }, _) => {
            Some("A part of the study did not arrive; the archive's log says why.".to_owned())
        }
        (PacsError::Status { is_final: false, .. }, _) => Some("Try again in a while.".to_owned()),
        (PacsError::Status { .. }, Archive::Dimse { peer, retrieval: Retrieval::Move { port } }) => {
            Some(format!("Does the archive know {} at this computer's address and the port {port}?", peer.own_ae_title))
        }
        (PacsError::Status { .. }, _) => Some("The archive's administrator can say whether it allows this.".to_owned()),
        (PacsError::Http { code: 401 | 403, .. }, _) => Some(WHO_ASKS.to_owned()),
        (PacsError::Http { code: 400..500, .. }, _) => {
            Some("Does the address of the connection end where the archive's DICOMweb begins?".to_owned())
        }
        (PacsError::Http { .. }, _) => Some("Try again in a while; the archive's log says more.".to_owned()),
        (PacsError::Nonsense { .. }, Archive::Dimse { .. }) => {
            Some("Is that port one for DICOM, and not for the web?".to_owned())
        }
        (PacsError::Nonsense { .. }, Archive::Web(_)) => {
            Some("Is that the address of a DICOMweb service, such as https://pacs.example/dicom-web?".to_owned())
        }
    }
}
