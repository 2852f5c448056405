//! One association with a caller, from negotiation to its end: each request and its response.

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize};
use std::thread::Scope;

use super::association::{Association, Heard};
use super::classes::COMMITMENT;
use super::commitment::{self, CommitmentReport, CommitmentRequest, Committed};
use super::grace::Grace;
use super::handler::{Arrived, Handler, Rules, StoreStatus};
use super::message::{CommandSet, element, field, status};
use super::receive;
use super::slot::Slot;
use super::wire::Broken;

/// At most this many storage commitment reports wait to be sent.
const MOST_REPORTS: usize = 8;

/// What all associations share.
pub struct House<'r> {
    pub rules: &'r Rules,
    pub handler: &'r Arc<dyn Handler>,
    pub stop: &'r AtomicBool,
    /// Storage commitment reports that wait to be sent.
    pub reports: AtomicUsize,
}

/// The other end.
pub struct Caller {
    pub ae_title: String,
    pub from: SocketAddr,
}

/// An association with a caller; `'s` is the lifetime of the house and of the threads of `scope`.
pub struct Conversation<'s, 'e, 'w> {
    pub house: &'s House<'s>,
    pub scope: &'s Scope<'s, 'e>,
    pub association: Association<'w>,
    pub caller: Caller,
}

impl<'s> Conversation<'s, '_, '_> {
    /// Answers until the caller releases the association, or it breaks.
    pub fn run(mut self, grace: &Grace<'_>) -> Result<(), Broken> {
        let patience = self.house.rules.patience.answer;
        loop {
            grace.is_busy.set(false);
            let heard = self.association.command(patience);
            grace.is_busy.set(true);
            let done = match heard {
                Ok(Heard::Command(id, command)) => self.answer(id, &command),
                Ok(Heard::Release) => {
                    self.association.released();
                    return Ok(());
                }
                Err(error) => Err(error),
            };
            if let Err(error) = done {
                self.association.abort();
                return Err(error);
            }
        }
    }

    /// Answers `command`, which arrived under the presentation context `id`.
    fn answer(&mut self, id: u8, command: &CommandSet) -> Result<(), Broken> {
        let status = match command.field() {
            field::C_ECHO => status::SUCCESS,
            field::C_STORE => self.store(id, command)?,
            field::N_ACTION => return self.commit(id, command),
            // Nothing that is answered at once can be cancelled, and responses to our reports need no answer.
            field::C_CANCEL => return Ok(()),
            answer if answer & field::ANSWER != 0 => return self.skip(id, command),
            _ => {
                self.skip(id, command)?;
                status::UNRECOGNISED
            }
        };
        self.association.send_command(id, &CommandSet::answer(command, status))
    }

    /// Reads past a data set that nobody wants.
    fn skip(&mut self, id: u8, command: &CommandSet) -> Result<(), Broken> {
        if command.has_data_set() {
            self.association.skip_data(id, commitment::MOST_REQUEST_BYTES as u64)?;
        }
        Ok(())
    }

    fn store(&mut self, id: u8, command: &CommandSet) -> Result<u16, Broken> {
        let House { rules, handler, .. } = self.house;
        let most = rules.most_object_bytes;
        if !handler.has_room() {
            if command.has_data_set() {
                self.association.skip_data(id, most)?;
            }
            return Ok(status::OUT_OF_RESOURCES);
        }
        let parcel = match receive::receive(&mut self.association, id, command, &rules.arrivals, most)? {
            Ok(parcel) => parcel,
            Err(status) => {
                let (from, meaning) = (self.caller.from.ip(), status::meaning(status));
                handler.note(&format!("an object from {from} was refused: {meaning}"));
                return Ok(status);
            }
        };
        let file = parcel.file.clone();
        let calling_ae_title = self.caller.ae_title.clone();
        let status = handler.store(Arrived { parcel, calling_ae_title, from: self.caller.from });
        if status != StoreStatus::Success {
            // Unless the handler moved or removed it.
            let _ = std::fs::remove_file(file);
        }
        Ok(status.code())
    }

    /// Storage commitment: confirms the request, then reports what is stored.
    fn commit(&mut self, id: u8, command: &CommandSet) -> Result<(), Broken> {
        let data = match command.has_data_set() {
            true => self.association.data_in_memory(id, commitment::MOST_REQUEST_BYTES)?,
            false => Vec::new(),
        };
        let context = self.association.context(id).filter(|context| context.class == COMMITMENT);
        let syntax = context.map(|context| context.syntax.clone());
        let request = syntax.as_ref().and_then(|syntax| commitment::read(&data, syntax));
        let slot = Slot::take(&self.house.reports, MOST_REPORTS);
        let (status, task) = match (syntax, command.value(element::ACTION_TYPE), request, slot) {
            (None, ..) => (status::NO_SUCH_CLASS, None),
            (_, action, ..) if action != Some(commitment::ACTION) => (status::NO_SUCH_ACTION, None),
            (.., None, _) => (status::FAILURE, None),
            (.., None) => (status::RESOURCE_LIMIT, None),
            (.., Some(request), Some(slot)) => (status::SUCCESS, Some((request, slot))),
        };
        self.association.send_command(id, &CommandSet::answer(command, status))?;
        let Some((request, slot)) = task else { return Ok(()) };
        self.report(id, request, slot)
    }

    /// Reports what is stored: to the peer known by the caller's AE title, else over this association.
    fn report(&mut self, id: u8, request: CommitmentRequest, slot: Slot<'s>) -> Result<(), Broken> {
        let house = self.house;
        let report = report_on(request, house.handler.as_ref());
        let Some(peer) = house.handler.peer(&self.caller.ae_title) else {
            // Its response is read like any other command.
            return report.send(&mut self.association, id).map(drop);
        };
        let patience = house.rules.patience;
        let say = move || {
            let _slot = slot;
            if let Err(error) = report.deliver(&peer, patience, house.stop) {
                house.handler.note(&format!("a storage commitment report was not delivered: {error}"));
            }
        };
        let begun = std::thread::Builder::new().spawn_scoped(self.scope, say);
        begun.map(drop).map_err(|error| Broken::Line(error.to_string()))
    }
}

fn report_on(request: CommitmentRequest, handler: &dyn Handler) -> CommitmentReport {
    // An object that the handler says nothing about is not stored.
    let kept = handler.is_kept(&request.objects).into_iter().chain(std::iter::repeat(false));
    let committed =
        |((sop_class_uid, sop_instance_uid), is_kept)| Committed { sop_class_uid, sop_instance_uid, is_kept };
    let objects = request.objects.into_iter().zip(kept).map(committed).collect();
    CommitmentReport { transaction_uid: request.transaction_uid, objects }
}
