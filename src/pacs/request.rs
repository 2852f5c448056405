//! Requesting an association (PS3.8 9.3.2), and the response.

use std::net::{TcpStream, ToSocketAddrs};
use std::time::Instant;

use dicom_ul::pdu::{
    AssociationRJ, AssociationRQ, Pdu, PresentationContextProposed, PresentationContextResultReason, RequestorRoles,
    UserVariableItem,
};
use dicom_ul::{IMPLEMENTATION_CLASS_UID, IMPLEMENTATION_VERSION_NAME};

use super::aside::aside;
use super::association::{Association, Context};
use super::wire::{Broken, MOST_PDU_BYTES, Secrecy, Wire};
use super::{PacsError, Patience, Peer, tls};

pub const APPLICATION_CONTEXT: &str = "1.2.840.10008.3.1.1.1";
pub const PROTOCOL_VERSION: u16 = 1;
/// Presentation contexts of a request: ids are odd and fit into one byte.
pub const MOST_CONTEXTS: usize = 128;
const MOST_AE_TITLE_CHARACTERS: usize = 16;

/// A presentation context to be proposed: a class, and syntaxes of which the other side chooses one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Proposal {
    pub class: String,
    pub syntaxes: Vec<String>,
    /// Whether we are the SCP of it: objects come to us.
    pub is_for_us: bool,
}

impl Proposal {
    pub fn new(class: &str, syntaxes: &[&str]) -> Self {
        let syntaxes = syntaxes.iter().map(|syntax| (*syntax).to_owned()).collect();
        Self { class: class.to_owned(), syntaxes, is_for_us: false }
    }

    pub fn for_us(self) -> Self {
        Self { is_for_us: true, ..self }
    }
}

/// The name of a peer in errors and logs.
pub fn name(peer: &Peer) -> String {
    format!("{} ({}:{})", peer.ae_title, peer.host, peer.port)
}

/// The error of a broken association with `peer`.
pub fn broken(peer: &Peer, broken: Broken) -> PacsError {
    let (peer, reason) = (name(peer), broken.to_string());
    match broken {
        Broken::Stopped => PacsError::Stopped,
        Broken::Nonsense(_) => PacsError::Nonsense { peer, reason },
        Broken::File(_) => PacsError::Here(reason),
        Broken::Closed | Broken::TimedOut | Broken::Line(_) => PacsError::Away { peer, reason },
    }
}

/// Opens an association with `peer` for these proposals, at most [`MOST_CONTEXTS`]. It has the contexts that were accepted.
///
/// # Errors
/// A peer that cannot be reached or refuses; [`PacsError::Stopped`] once `may_go_on` says no.
pub fn associate<'a>(
    peer: &Peer,
    proposals: &[Proposal],
    patience: Patience,
    may_go_on: &'a dyn Fn() -> bool,
) -> Result<Association<'a>, PacsError> {
    for title in [&peer.ae_title, &peer.own_ae_title] {
        check_ae_title(title)?;
    }
    let secrecy = match &peer.tls {
        Some(keys) => Secrecy::Calling(tls::calling(keys, &peer.host)?),
        None => Secrecy::None,
    };
    let asked = (peer.clone(), patience);
    let stream = aside(may_go_on, move || connect(&asked.0, asked.1))??;
    let mut wire = Wire::new(stream, secrecy, may_go_on);
    let failed = |error| broken(peer, error);
    let until = Instant::now() + patience.answer;
    let asked = Pdu::AssociationRQ(request(peer, proposals));
    wire.send(&asked, until).map_err(failed)?;
    let (results, variables) = match wire.receive(until).map_err(failed)? {
        Pdu::AssociationAC(agreed) => (agreed.presentation_contexts, agreed.user_variables),
        Pdu::AssociationRJ(refused) => return Err(PacsError::Refused { peer: name(peer), reason: why(&refused) }),
        Pdu::AbortRQ { .. } => return Err(PacsError::Refused { peer: name(peer), reason: "it breaks off".to_owned() }),
        _ => return Err(failed(Broken::nonsense("something that is no answer to a request for an association"))),
    };
    let accepted = results.into_iter().filter(|result| result.reason == PresentationContextResultReason::Acceptance);
    let context = |(id, syntax): (u8, String)| {
        let proposal = proposals.get(usize::from(id / 2)).filter(|_| id % 2 == 1)?;
        let syntax = syntax.trim_end_matches(['\0', ' ']).to_owned();
        proposal.syntaxes.contains(&syntax).then(|| Context { id, class: proposal.class.clone(), syntax })
    };
    let contexts = accepted.filter_map(|result| context((result.id, result.transfer_syntax))).collect();
    let most_out = variables.iter().find_map(most_bytes).unwrap_or(MOST_PDU_BYTES);
    Association::new(wire, contexts, most_out, patience.answer).map_err(failed)
}

/// The maximum PDU length that the other side announced.
pub fn most_bytes(variable: &UserVariableItem) -> Option<u32> {
    if let UserVariableItem::MaxLength(bytes) = variable { Some(*bytes) } else { None }
}

/// # Errors
/// A title that cannot be sent (PS3.5 6.2, AE).
pub fn check_ae_title(title: &str) -> Result<(), PacsError> {
    let is_fine = (1..=MOST_AE_TITLE_CHARACTERS).contains(&title.len())
        && title.bytes().all(|byte| (b' '..=b'~').contains(&byte) && byte != b'\\')
        && !title.trim().is_empty();
    let says = || {
        format!(
            "`{}` is no AE title: these have 1 to {MOST_AE_TITLE_CHARACTERS} plain characters, none of them a backslash",
            title.escape_debug()
        )
    };
    if is_fine { Ok(()) } else { Err(PacsError::Here(says())) }
}

fn connect(peer: &Peer, patience: Patience) -> Result<TcpStream, PacsError> {
    let away = |reason: String| PacsError::Away { peer: name(peer), reason };
    let addresses = (peer.host.as_str(), peer.port).to_socket_addrs();
    let addresses = addresses.map_err(|error| away(format!("its name is not known ({error})")))?;
    let mut last = None;
    for address in addresses {
        match TcpStream::connect_timeout(&address, patience.connect) {
            Ok(stream) => return Ok(stream),
            Err(error) => last = Some(error),
        }
    }
    Err(away(last.map_or_else(|| "it has no address".to_owned(), |error| error.to_string())))
}

fn request(peer: &Peer, proposals: &[Proposal]) -> AssociationRQ {
    let mut variables = vec![
        UserVariableItem::MaxLength(MOST_PDU_BYTES),
        UserVariableItem::ImplementationClassUID(IMPLEMENTATION_CLASS_UID.to_owned()),
        UserVariableItem::ImplementationVersionName(IMPLEMENTATION_VERSION_NAME.to_owned()),
    ];
    let mut ours: Vec<&str> = proposals.iter().filter(|p| p.is_for_us).map(|p| p.class.as_str()).collect();
    ours.dedup();
    let roles = RequestorRoles { scu: false, scp: true };
    variables.extend(ours.iter().map(|class| UserVariableItem::ScuScpRoleSelectionSubItem((*class).to_owned(), roles)));
    let contexts = proposals.iter().take(MOST_CONTEXTS).zip((1..=255).step_by(2));
    AssociationRQ {
        protocol_version: PROTOCOL_VERSION,
        calling_ae_title: peer.own_ae_title.clone(),
        called_ae_title: peer.ae_title.clone(),
        application_context_name: APPLICATION_CONTEXT.to_owned(),
        presentation_contexts: contexts
            .map(|(proposal, id)| PresentationContextProposed {
                id,
                abstract_syntax: proposal.class.clone(),
                transfer_syntaxes: proposal.syntaxes.clone(),
            })
            .collect(),
        user_variables: variables,
    }
}

fn why(refused: &AssociationRJ) -> String {
    use dicom_ul::pdu::AssociationRJServiceUserReason::{CalledAETitleNotRecognized, CallingAETitleNotRecognized};
    use dicom_ul::pdu::AssociationRJSource::ServiceUser;
    match &refused.source {
        ServiceUser(CallingAETitleNotRecognized) => "it does not know our AE title".to_owned(),
        ServiceUser(CalledAETitleNotRecognized) => "it goes by another AE title".to_owned(),
        other => other.to_string(),
    }
}
