//! Storage commitment, over the association that asks and over another one.

use std::net::Ipv4Addr;

use super::*;
use crate::pacs::accept::agree;
use crate::pacs::association::{Association, Heard};
use crate::pacs::classes::{COMMITMENT, COMMITMENT_INSTANCE, EXPLICIT_LITTLE, PLAIN, VERIFICATION};
use crate::pacs::client;
use crate::pacs::message::{CommandSet, element, field, status};
use crate::pacs::request::{Proposal, associate};
use crate::pacs::wire::{Secrecy, Wire};

/// What storage commitment asks for two objects, the second of which nobody has.
fn commitment() -> (CommandSet, Vec<u8>) {
    let command = CommandSet::request(field::N_ACTION, 9)
        .uid(element::REQUESTED_CLASS, COMMITMENT)
        .uid(element::REQUESTED_INSTANCE, COMMITMENT_INSTANCE)
        .number(element::ACTION_TYPE, 1)
        .with_data_set();
    let item = |instance| {
        InMemDicomObject::from_element_iter([
            DataElement::new(tags::REFERENCED_SOP_CLASS_UID, VR::UI, CLASS),
            DataElement::new(tags::REFERENCED_SOP_INSTANCE_UID, VR::UI, instance),
        ])
    };
    let items = dicom_core::value::DataSetSequence::from(vec![item("1.2.3.1"), item("1.2.3.2")]);
    let object = InMemDicomObject::from_element_iter([
        DataElement::new(tags::TRANSACTION_UID, VR::UI, "1.2.3.77"),
        DataElement::new(tags::REFERENCED_SOP_SEQUENCE, VR::SQ, items),
    ]);
    let mut bytes = Vec::new();
    object.write_dataset_with_ts(&mut bytes, TransferSyntaxRegistry.get(EXPLICIT_LITTLE).unwrap()).unwrap();
    (command, bytes)
}

/// What a report says: the event, the transaction, and how many objects are kept and are not.
fn reported(association: &mut Association<'_>) -> (u16, String, usize, usize) {
    let Heard::Command(id, command) = association.command(PATIENCE.answer).unwrap() else { panic!("it parted") };
    assert_eq!(command.field(), field::N_EVENT_REPORT);
    let data = association.data_in_memory(id, 1 << 16).unwrap();
    association.send_command(id, &CommandSet::answer(&command, status::SUCCESS)).unwrap();
    let syntax = TransferSyntaxRegistry.get(&association.context(id).unwrap().syntax).unwrap();
    let object = InMemDicomObject::read_dataset_with_ts(data.as_slice(), syntax).unwrap();
    let count = |tag| object.get(tag).map_or(0, |sequence| sequence.items().unwrap().len());
    let transaction =
        object.element(tags::TRANSACTION_UID).unwrap().to_str().unwrap().trim_end_matches('\0').to_owned();
    let event = command.value(element::EVENT_TYPE).unwrap();
    (event, transaction, count(tags::REFERENCED_SOP_SEQUENCE), count(tags::FAILED_SOP_SEQUENCE))
}

#[test]
fn commitment_is_reported_over_the_same_association_or_a_new_one() {
    let folder = tempfile::tempdir().unwrap();
    let kept = object(folder.path(), "1.2.3.1", EXPLICIT_LITTLE, 10);
    with_server(
        |_| {},
        |address, shelf, _| {
            client::store(&peer(address), &[kept], PATIENCE, &|| true).unwrap().remove(0).unwrap();
            let may_go_on = || true;
            let proposals = [Proposal::new(COMMITMENT, &[EXPLICIT_LITTLE])];
            let (command, data) = commitment();
            let ask = || {
                let mut association = associate(&peer(address), &proposals, PATIENCE, &may_go_on).unwrap();
                association.send_command(1, &command).unwrap();
                association.send_data(1, &mut data.as_slice()).unwrap();
                assert_eq!(association.answer(9, field::N_ACTION).unwrap().status(), Some(status::SUCCESS));
                association
            };
            let expected = (2, "1.2.3.77".to_owned(), 1, 1);
            let mut same = ask();
            assert_eq!(reported(&mut same), expected);
            same.release();
            // To somebody who listens elsewhere.
            let other = std::net::TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
            *shelf.peer.lock().unwrap() =
                Some(Peer { ae_title: "ELSE".to_owned(), ..peer(other.local_addr().unwrap()) });
            ask().release();
            let (stream, _) = other.accept().unwrap();
            let mut wire = Wire::new(stream, Secrecy::None, &may_go_on);
            let until = std::time::Instant::now() + PATIENCE.answer;
            let agreed = agree(wire.receive(until).unwrap(), "ELSE", &[], &|_| true).unwrap_or_else(|_| panic!());
            wire.send(&agreed.answer, until).unwrap();
            let mut association = Association::new(wire, agreed.contexts, 0, PATIENCE.answer).unwrap();
            assert_eq!(reported(&mut association), expected);
            assert!(matches!(association.command(PATIENCE.answer).unwrap(), Heard::Release));
            association.released();
        },
    );
}

#[test]
fn requests_that_are_no_commitment_are_answered_so() {
    with_server(
        |_| {},
        |address, _, _| {
            let may_go_on = || true;
            let proposals = [Proposal::new(COMMITMENT, &[EXPLICIT_LITTLE]), Proposal::new(VERIFICATION, &PLAIN)];
            let mut association = associate(&peer(address), &proposals, PATIENCE, &may_go_on).unwrap();
            let (command, data) = commitment();
            let mut ask = |id, command: &CommandSet, data: &[u8]| {
                association.send_command(id, command).unwrap();
                association.send_data(id, &mut &*data).unwrap();
                association.answer(9, field::N_ACTION).unwrap().status()
            };
            assert_eq!(ask(1, &command, b"nothing of the kind"), Some(status::FAILURE));
            assert_eq!(ask(3, &command, &data), Some(status::NO_SUCH_CLASS));
            assert_eq!(ask(1, &command.clone().number(element::ACTION_TYPE, 2), &data), Some(status::NO_SUCH_ACTION));
            let unknown = CommandSet::request(0x0140, 5);
            association.send_command(3, &unknown).unwrap();
            assert_eq!(association.answer(5, 0x0140).unwrap().status(), Some(status::UNRECOGNISED));
            association.release();
        },
    );
}
