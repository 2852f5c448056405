//! Our SCU side against archives that fail, refuse, lie or never end.

use std::net::{Ipv4Addr, TcpListener};
use std::path::PathBuf;
use std::time::{Duration, Instant};

use dicom_core::{DataElement, VR};
use dicom_dictionary_std::{tags, uids};
use dicom_object::InMemDicomObject;
use dicom_transfer_syntax_registry::{TransferSyntaxIndex, TransferSyntaxRegistry};
use dicom_ul::pdu::{AssociationAC, Pdu, PresentationContextResult, PresentationContextResultReason, UserVariableItem};

use super::association::{Association, Context, Heard};
use super::classes::{EXPLICIT_LITTLE, FIND};
use super::message::{CommandSet, field, status};
use super::query::{Query, find, retrieve};
use super::study::MOST_FOUND;
use super::wire::{Secrecy, Wire};
use super::{Archive, PacsError, Parcel, Patience, Peer, Retrieval, client, parcel};

const PATIENCE: Patience = Patience { connect: Duration::from_secs(10), answer: Duration::from_secs(10) };
const CLASS: &str = uids::SECONDARY_CAPTURE_IMAGE_STORAGE;

/// Accepts everything proposed, each with its first syntax, and announces `most_bytes` as its maximum PDU length.
fn accept<'a>(listener: &TcpListener, most_bytes: u32, go_on: &'a dyn Fn() -> bool) -> Option<Association<'a>> {
    let mut wire = Wire::new(listener.accept().unwrap().0, Secrecy::None, go_on);
    let until = Instant::now() + PATIENCE.answer;
    let Pdu::AssociationRQ(asked) = wire.receive(until).unwrap() else { panic!("no request") };
    let contexts: Vec<Context> = asked
        .presentation_contexts
        .iter()
        .map(|c| Context { id: c.id, class: c.abstract_syntax.clone(), syntax: c.transfer_syntaxes[0].clone() })
        .collect();
    let result = |context: &Context| PresentationContextResult {
        id: context.id,
        reason: PresentationContextResultReason::Acceptance,
        transfer_syntax: context.syntax.clone(),
    };
    let answer = AssociationAC {
        protocol_version: 1,
        calling_ae_title: asked.calling_ae_title,
        called_ae_title: asked.called_ae_title,
        application_context_name: asked.application_context_name,
        presentation_contexts: contexts.iter().map(result).collect(),
        user_variables: vec![UserVariableItem::MaxLength(most_bytes)],
    };
    wire.send(&Pdu::AssociationAC(answer), until).unwrap();
    Association::new(wire, contexts, 0, PATIENCE.answer).ok()
}

/// Runs `work` against a peer played by `archive`.
fn with_archive(archive: impl FnOnce(&TcpListener) + Send, work: impl FnOnce(Peer)) {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
    let port = listener.local_addr().unwrap().port();
    let [ae_title, own_ae_title] = ["ARCHIVE", "TESTS"].map(str::to_owned);
    std::thread::scope(|scope| {
        scope.spawn(|| archive(&listener));
        work(Peer { host: "127.0.0.1".to_owned(), port, ae_title, own_ae_title, tls: None });
    });
}

fn heard(association: &mut Association<'_>) -> (u8, CommandSet) {
    match association.command(PATIENCE.answer).unwrap() {
        Heard::Command(id, command) => (id, command),
        Heard::Release => panic!("it parted"),
    }
}

/// Answers a release.
fn part(mut association: Association<'_>) {
    assert!(matches!(association.command(PATIENCE.answer).unwrap(), Heard::Release));
    association.released();
}

fn dimse(peer: Peer) -> Archive {
    Archive::Dimse { peer, retrieval: Retrieval::Get }
}

fn study(uid: &str) -> Vec<u8> {
    let object = InMemDicomObject::from_element_iter([DataElement::new(tags::STUDY_INSTANCE_UID, VR::UI, uid)]);
    let mut bytes = Vec::new();
    object.write_dataset_with_ts(&mut bytes, TransferSyntaxRegistry.get(EXPLICIT_LITTLE).unwrap()).unwrap();
    bytes
}

#[test]
fn a_search_that_finds_too_much_is_called_off() {
    let endless = |listener: &TcpListener| {
        let go_on = || true;
        let mut association = accept(listener, 0, &go_on).unwrap();
        let (id, asked) = heard(&mut association);
        assert_eq!(association.context(id).unwrap().class, FIND);
        association.data_in_memory(id, 1 << 16).unwrap();
        // More than are taken; an answer without a study, and one that is no data set, count as none.
        for number in 0..MOST_FOUND + 20 {
            association.send_command(id, &CommandSet::answer(&asked, 0xff00).with_data_set()).unwrap();
            let data = match number {
                3 => study(""),
                4 => vec![0xff; 50],
                _ => study(&format!("1.2.{number}")),
            };
            association.send_data(id, &mut data.as_slice()).unwrap();
        }
        let (_, called_off) = heard(&mut association);
        assert_eq!(called_off.field(), field::C_CANCEL);
        association.send_command(id, &CommandSet::answer(&asked, status::CANCEL)).unwrap();
        part(association);
    };
    with_archive(endless, |peer| {
        let found = find(&dimse(peer), &Query::default(), PATIENCE, &|| true).unwrap();
        assert_eq!(found.len(), MOST_FOUND);
    });
}

#[test]
fn a_search_that_fails_or_makes_no_sense_is_an_error() {
    let fails = |listener: &TcpListener| {
        let go_on = || true;
        let mut association = accept(listener, 0, &go_on).unwrap();
        let (id, asked) = heard(&mut association);
        association.data_in_memory(id, 1 << 16).unwrap();
        association.send_command(id, &CommandSet::answer(&asked, 0xa700)).unwrap();
        part(association);
    };
    with_archive(fails, |peer| {
        let failed = find(&dimse(peer), &Query::default(), PATIENCE, &|| true).unwrap_err();
        assert!(matches!(failed, PacsError::Status { status: 0xa700, is_final: false, .. }), "{failed}");
    });
    let another_answer = |listener: &TcpListener| {
        let go_on = || true;
        let mut association = accept(listener, 0, &go_on).unwrap();
        let (id, _) = heard(&mut association);
        association.data_in_memory(id, 1 << 16).unwrap();
        association.send_command(id, &CommandSet::answer(&CommandSet::request(field::C_FIND, 77), 0)).unwrap();
        assert!(association.command(PATIENCE.answer).is_err(), "we break off");
    };
    with_archive(another_answer, |peer| {
        let failed = find(&dimse(peer), &Query::default(), PATIENCE, &|| true).unwrap_err();
        assert!(matches!(failed, PacsError::Nonsense { .. }), "{failed}");
    });
    let silent = |listener: &TcpListener| {
        let go_on = || true;
        drop(accept(listener, 0, &go_on));
    };
    with_archive(silent, |peer| {
        let failed = find(&dimse(peer), &Query::default(), PATIENCE, &|| true).unwrap_err();
        assert!(matches!(failed, PacsError::Away { .. }), "{failed}");
    });
    let tiny = |listener: &TcpListener| {
        let go_on = || true;
        drop(accept(listener, 16, &go_on));
    };
    with_archive(tiny, |peer| {
        let failed = find(&dimse(peer), &Query::default(), PATIENCE, &|| true).unwrap_err();
        assert!(matches!(failed, PacsError::Nonsense { .. }), "{failed}");
    });
}

fn objects(folder: &std::path::Path, count: usize) -> Vec<Parcel> {
    let object = |number: usize| {
        let instance = format!("1.2.3.{number}");
        let file: PathBuf = folder.join(format!("{number}.dcm"));
        let head = parcel::head(CLASS, &instance, EXPLICIT_LITTLE).unwrap();
        std::fs::write(&file, [head, study("1.2.3")].concat()).unwrap();
        let [sop_class_uid, transfer_syntax_uid] = [CLASS, EXPLICIT_LITTLE].map(str::to_owned);
        Parcel { sop_class_uid, sop_instance_uid: instance, transfer_syntax_uid, file }
    };
    (0..count).map(object).collect()
}

#[test]
fn each_object_has_its_own_answer() {
    const ANSWERS: [u16; 7] = [0, 0xb000, 0x0111, 0xa700, 0xa900, 0xc123, 0x0110];
    let folder = tempfile::tempdir().unwrap();
    let mut parcels = objects(folder.path(), ANSWERS.len() + 2);
    // Of one there is no file, of another no file of DICOM: neither is sent, and the others are.
    std::fs::remove_file(&parcels[0].file).unwrap();
    std::fs::write(&parcels[1].file, "a picture of a cat").unwrap();
    parcels.rotate_left(1);
    let says = |listener: &TcpListener| {
        let go_on = || true;
        let mut association = accept(listener, 0, &go_on).unwrap();
        for answer in ANSWERS {
            let (id, asked) = heard(&mut association);
            association.data_in_memory(id, 1 << 16).unwrap();
            association.send_command(id, &CommandSet::answer(&asked, answer)).unwrap();
        }
        part(association);
    };
    with_archive(says, |peer| {
        let sent = client::store(&peer, &parcels, PATIENCE, &|| true).unwrap();
        let retried: Vec<Option<bool>> =
            sent.iter().map(|one| one.as_ref().err().map(PacsError::is_worth_a_retry)).collect();
        let (fine, later, never) = (None, Some(true), Some(false));
        assert_eq!(retried, [never, fine, fine, fine, later, never, never, later, never]);
        let words: Vec<String> = sent.into_iter().filter_map(Result::err).map(|error| error.to_string()).collect();
        assert!(!words.join(" ").contains("1.2.3") && !words.join(" ").contains("dcm"), "{words:?}");
    });
}

#[test]
fn what_comes_after_a_broken_association_is_not_sent() {
    let folder = tempfile::tempdir().unwrap();
    let parcels = objects(folder.path(), 4);
    let breaks = |listener: &TcpListener| {
        let go_on = || true;
        let mut association = accept(listener, 0, &go_on).unwrap();
        for at in 0..2 {
            let (id, asked) = heard(&mut association);
            association.data_in_memory(id, 1 << 16).unwrap();
            if at == 0 {
                association.send_command(id, &CommandSet::answer(&asked, 0)).unwrap();
            }
        }
        association.abort();
    };
    with_archive(breaks, |peer| {
        let sent = client::store(&peer, &parcels, PATIENCE, &|| true).unwrap();
        let away = |one: &Result<(), PacsError>| matches!(one, Err(PacsError::Away { .. }));
        assert!(sent[0].is_ok() && sent[1..].iter().all(away), "{sent:?}");
    });
}

#[test]
fn a_study_comes_with_what_belongs_to_it_and_no_more() {
    let folder = tempfile::tempdir().unwrap();
    let sends = |listener: &TcpListener| {
        let go_on = || true;
        let mut association = accept(listener, 0, &go_on).unwrap();
        let (id, asked) = heard(&mut association);
        assert_eq!(asked.field(), field::C_GET);
        association.data_in_memory(id, 1 << 16).unwrap();
        let context = association.context_for(CLASS, Some(EXPLICIT_LITTLE)).unwrap();
        // One that belongs to it, one of another study, and one that is something else than was said.
        for (instance, says, study_uid, answer) in [
            ("1.2.3.1", "1.2.3.1", "1.2.3", 0),
            ("1.2.3.2", "1.2.3.2", "1.2.4", status::CANNOT_UNDERSTAND),
            ("1.2.3.3", "1.2.3.4", "1.2.3", status::NOT_OF_ITS_CLASS),
        ] {
            let uid = |tag, uid: &str| DataElement::new(tag, VR::UI, uid);
            let object = InMemDicomObject::from_element_iter([
                uid(tags::SOP_CLASS_UID, CLASS),
                uid(tags::SOP_INSTANCE_UID, says),
                uid(tags::STUDY_INSTANCE_UID, study_uid),
            ]);
            let mut bytes = Vec::new();
            object.write_dataset_with_ts(&mut bytes, TransferSyntaxRegistry.get(EXPLICIT_LITTLE).unwrap()).unwrap();
            let message = association.next_message();
            let command = CommandSet::request(field::C_STORE, message)
                .uid(super::message::element::AFFECTED_CLASS, CLASS)
                .uid(super::message::element::AFFECTED_INSTANCE, instance)
                .with_data_set();
            association.send_command(context, &command).unwrap();
            association.send_data(context, &mut bytes.as_slice()).unwrap();
            assert_eq!(association.answer(message, field::C_STORE).unwrap().status(), Some(answer));
            association.send_command(id, &CommandSet::answer(&asked, 0xff00)).unwrap();
        }
        association.send_command(id, &CommandSet::answer(&asked, 0xb000)).unwrap();
        part(association);
    };
    with_archive(sends, |peer| {
        let fetched = retrieve(&dimse(peer), "1.2.3", folder.path(), PATIENCE, &|_| {}, &|| true).unwrap();
        assert_eq!(fetched, [folder.path().join("00001.dcm")]);
        assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 1);
    });
}
