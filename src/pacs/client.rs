//! The SCU side: C-STORE and C-ECHO.

use std::io::Read;

use super::association::Association;
use super::classes::{PLAIN, VERIFICATION};
use super::message::{CommandSet, element, field, status};
use super::request::{MOST_CONTEXTS, Proposal, associate, broken, name};
use super::wire::Broken;
use super::{PacsError, Parcel, Patience, Peer, parcel};

/// Sends all parcels over one association, in order, and returns the outcome of each. A parcel whose class or transfer
/// syntax the other side does not accept fails alone. An object that the other side already has counts as sent.
///
/// # Errors
/// No association; then nothing was sent. Where one breaks, the parcels that were not answered get
/// [`PacsError::Away`], or [`PacsError::Stopped`] once `may_go_on` says no.
pub fn store(
    peer: &Peer,
    parcels: &[Parcel],
    patience: Patience,
    may_go_on: &dyn Fn() -> bool,
) -> Result<Vec<Result<(), PacsError>>, PacsError> {
    let mut proposals: Vec<Proposal> = Vec::new();
    for parcel in parcels {
        let proposal = Proposal::new(&parcel.sop_class_uid, &[&parcel.transfer_syntax_uid]);
        if !proposals.contains(&proposal) {
            proposals.push(proposal);
        }
    }
    if proposals.is_empty() {
        return Ok(Vec::new());
    }
    proposals.truncate(MOST_CONTEXTS);
    let mut association = Some(associate(peer, &proposals, patience, may_go_on)?);
    let mut sent = Vec::with_capacity(parcels.len());
    for parcel in parcels {
        sent.push(match &mut association {
            None if !may_go_on() => Err(PacsError::Stopped),
            None => {
                let reason = "the association broke before this object".to_owned();
                Err(PacsError::Away { peer: name(peer), reason })
            }
            Some(open) => match store_one(open, peer, parcel) {
                Ok(answered) => answered,
                Err(error) => {
                    association.take().into_iter().for_each(Association::abort);
                    Err(broken(peer, error))
                }
            },
        });
    }
    association.into_iter().for_each(Association::release);
    Ok(sent)
}

/// Outer errors concern the association, inner ones this parcel.
fn store_one(association: &mut Association<'_>, peer: &Peer, parcel: &Parcel) -> Result<Result<(), PacsError>, Broken> {
    let Some(id) = association.context_for(&parcel.sop_class_uid, Some(&parcel.transfer_syntax_uid)) else {
        let (class, syntax) = (&parcel.sop_class_uid, &parcel.transfer_syntax_uid);
        let reason = format!("it takes no objects of class {class} in transfer syntax {syntax}");
        return Ok(Err(PacsError::Refused { peer: name(peer), reason }));
    };
    let mut data = match parcel::data_set(parcel) {
        Ok(data) => data,
        Err(error) => return Ok(Err(error)),
    };
    let message = association.next_message();
    let command = CommandSet::request(field::C_STORE, message)
        .uid(element::AFFECTED_CLASS, &parcel.sop_class_uid)
        .uid(element::AFFECTED_INSTANCE, &parcel.sop_instance_uid)
        .number(element::PRIORITY, 0)
        .with_data_set();
    association.send_command(id, &command)?;
    association.send_data(id, &mut data.by_ref())?;
    let answer = association.answer(message, field::C_STORE)?;
    Ok(match answer.status() {
        Some(status::DUPLICATE_INSTANCE) => Ok(()),
        answered => check(peer, answered),
    })
}

/// Turns a status into a result; a response without one is invalid.
pub(super) fn check(peer: &Peer, answered: Option<u16>) -> Result<(), PacsError> {
    match answered {
        Some(answered) if status::is_done(answered) => Ok(()),
        Some(answered) => Err(PacsError::Status {
            peer: name(peer),
            status: answered,
            meaning: status::meaning(answered).to_owned(),
            is_final: status::is_final(answered),
        }),
        None => Err(broken(peer, Broken::nonsense("an answer without a status"))),
    }
}

/// Whether `peer` answers to C-ECHO.
///
/// # Errors
/// Where it does not, and [`PacsError::Stopped`] once `may_go_on` says no.
pub fn echo(peer: &Peer, patience: Patience, may_go_on: &dyn Fn() -> bool) -> Result<(), PacsError> {
    let mut association = associate(peer, &[Proposal::new(VERIFICATION, &PLAIN)], patience, may_go_on)?;
    let Some(id) = association.context_for(VERIFICATION, None) else {
        association.release();
        return Err(PacsError::Refused { peer: name(peer), reason: "it answers no C-ECHO".to_owned() });
    };
    let message = association.next_message();
    let command = CommandSet::request(field::C_ECHO, message).uid(element::AFFECTED_CLASS, VERIFICATION);
    let answer = association.send_command(id, &command).and_then(|()| association.answer(message, field::C_ECHO));
    let answer = answer.map_err(|error| broken(peer, error))?;
    association.release();
    check(peer, answer.status())
}
