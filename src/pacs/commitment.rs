//! Storage commitment (PS3.4 annex J): a peer asks whether objects are safely stored, and is told which are.

use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use dicom_core::value::DataSetSequence;
use dicom_core::{DataElement, VR};
use dicom_dictionary_std::tags;
use dicom_object::InMemDicomObject;
use dicom_transfer_syntax_registry::{TransferSyntaxIndex, TransferSyntaxRegistry};

use super::association::Association;
use super::classes::{COMMITMENT, COMMITMENT_INSTANCE, PLAIN};
use super::grace::Grace;
use super::message::{CommandSet, element, field, is_uid, status};
use super::parcel::{attributes, text};
use super::request::{Proposal, associate, broken};
use super::wire::Broken;
use super::{PacsError, Patience, Peer};

/// Longest request: some ten thousand objects.
pub const MOST_REQUEST_BYTES: usize = 2 << 20;
/// The action: a request for commitment.
pub const ACTION: u16 = 1;
/// Pauses before each further attempt to deliver a report.
const PAUSES: [Duration; 4] =
    [Duration::from_secs(2), Duration::from_secs(15), Duration::from_secs(60), Duration::from_secs(300)];
const ALL_KEPT: u16 = 1;
const SOME_MISSING: u16 = 2;

/// An object that commitment was requested for, and whether it is stored.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Committed {
    pub sop_class_uid: String,
    pub sop_instance_uid: String,
    pub is_kept: bool,
}

/// A request: its transaction, and class and instance of each object.
pub struct CommitmentRequest {
    pub transaction_uid: String,
    pub objects: Vec<(String, String)>,
}

/// Reads a request from a data set in `syntax`; `None` where it is none.
pub fn read(data: &[u8], syntax: &str) -> Option<CommitmentRequest> {
    let object = attributes(data, syntax, |tag| matches!(tag, 0x0008_1195 | 0x0008_1199))?;
    let uid = |object: &InMemDicomObject, tag| Some(text(object, tag)).filter(|text| is_uid(text));
    let transaction_uid = uid(&object, tags::TRANSACTION_UID)?;
    let items = object.get(tags::REFERENCED_SOP_SEQUENCE)?.items()?;
    let pair = |item| Some((uid(item, tags::REFERENCED_SOP_CLASS_UID)?, uid(item, tags::REFERENCED_SOP_INSTANCE_UID)?));
    let objects: Option<Vec<_>> = items.iter().map(pair).collect();
    Some(CommitmentRequest { transaction_uid, objects: objects.filter(|objects| !objects.is_empty())? })
}

/// The answer, object by object.
pub struct CommitmentReport {
    pub transaction_uid: String,
    pub objects: Vec<Committed>,
}

impl CommitmentReport {
    fn event(&self) -> u16 {
        if self.objects.iter().all(|object| object.is_kept) { ALL_KEPT } else { SOME_MISSING }
    }

    /// The N-EVENT-REPORT that carries it (PS3.4 J.3.3).
    fn message(&self, message: u16, syntax: &str) -> Option<(CommandSet, Vec<u8>)> {
        let command = CommandSet::request(field::N_EVENT_REPORT, message)
            .uid(element::AFFECTED_CLASS, COMMITMENT)
            .uid(element::AFFECTED_INSTANCE, COMMITMENT_INSTANCE)
            .number(element::EVENT_TYPE, self.event())
            .with_data_set();
        let uid = |tag, uid: &str| DataElement::new(tag, VR::UI, uid);
        let item = |object: &Committed| {
            let mut item = InMemDicomObject::from_element_iter([
                uid(tags::REFERENCED_SOP_CLASS_UID, &object.sop_class_uid),
                uid(tags::REFERENCED_SOP_INSTANCE_UID, &object.sop_instance_uid),
            ]);
            if !object.is_kept {
                item.put(DataElement::new(
                    tags::FAILURE_REASON,
                    VR::US,
                    dicom_core::dicom_value!(U16, [status::NO_SUCH_INSTANCE]),
                ));
            }
            item
        };
        let mut data = InMemDicomObject::from_element_iter([uid(tags::TRANSACTION_UID, &self.transaction_uid)]);
        for (tag, is_kept) in [(tags::FAILED_SOP_SEQUENCE, false), (tags::REFERENCED_SOP_SEQUENCE, true)] {
            let items: Vec<InMemDicomObject> = self.objects.iter().filter(|o| o.is_kept == is_kept).map(item).collect();
            if !items.is_empty() {
                data.put(DataElement::new(tag, VR::SQ, DataSetSequence::from(items)));
            }
        }
        let mut bytes = Vec::new();
        data.write_dataset_with_ts(&mut bytes, TransferSyntaxRegistry.get(syntax)?).ok()?;
        Some((command, bytes))
    }

    /// Sends it over `association`, under the context `id`; its response is read later.
    pub fn send(&self, association: &mut Association<'_>, id: u8) -> Result<u16, Broken> {
        let message = association.next_message();
        let syntax = association.context(id).map(|context| context.syntax.clone()).unwrap_or_default();
        let (command, data) =
            self.message(message, &syntax).ok_or_else(|| Broken::Line("a report cannot be written".to_owned()))?;
        association.send_command(id, &command)?;
        association.send_data(id, &mut data.as_slice())?;
        Ok(message)
    }

    /// Sends it to `peer` over an association of our own, with several attempts, until `stop` is set.
    ///
    /// # Errors
    /// Those of the last attempt.
    pub fn deliver(&self, peer: &Peer, patience: Patience, stop: &AtomicBool) -> Result<(), PacsError> {
        let mut pauses = PAUSES.iter();
        loop {
            match (self.deliver_once(peer, patience, stop), pauses.next()) {
                (Err(error), Some(pause)) if error.is_worth_a_retry() => {
                    let until = Instant::now() + *pause;
                    while Instant::now() < until {
                        if stop.load(Ordering::Relaxed) {
                            return Err(error);
                        }
                        std::thread::sleep(Duration::from_millis(100));
                    }
                }
                (done, _) => return done,
            }
        }
    }

    fn deliver_once(&self, peer: &Peer, patience: Patience, stop: &AtomicBool) -> Result<(), PacsError> {
        let grace = Grace::new(stop);
        let may_go_on = || grace.may_go_on();
        // We open the association, but act as the SCP (PS3.4 J.3.3).
        let proposal = Proposal::new(COMMITMENT, &PLAIN).for_us();
        let mut association = associate(peer, &[proposal], patience, &may_go_on)?;
        let Some(id) = association.context_for(COMMITMENT, None) else {
            association.release();
            let reason = "it takes no reports of storage commitment".to_owned();
            return Err(PacsError::Refused { peer: super::request::name(peer), reason });
        };
        let said = self.send(&mut association, id);
        let answered = said.and_then(|message| association.answer(message, field::N_EVENT_REPORT));
        answered.map_err(|error| broken(peer, error))?;
        association.release();
        Ok(())
    }
}
