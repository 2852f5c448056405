//! Our two sides against each other over the loopback, and our server against those who mean it harm.

use std::io::{Read, Write};
use std::net::{Ipv4Addr, SocketAddr, TcpStream};
use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use dicom_core::{DataElement, VR};
use dicom_dictionary_std::{tags, uids};
use dicom_object::InMemDicomObject;
use dicom_transfer_syntax_registry::{TransferSyntaxIndex, TransferSyntaxRegistry};

use super::association::Heard;
use super::classes::{COMMITMENT, COMMITMENT_INSTANCE, EXPLICIT_LITTLE, IMPLICIT_LITTLE, PLAIN, VERIFICATION};
use super::message::{CommandSet, element, field, status};
use super::request::{Proposal, associate};
use super::server::{Arrived, Handler, Listener, Rules, StoreStatus};
use super::wire::{Secrecy, Wire};
use super::{PacsError, Parcel, Patience, Peer, Tls, client, parcel};

const PATIENCE: Patience = Patience { connect: Duration::from_secs(10), answer: Duration::from_secs(10) };
const CLASS: &str = uids::SECONDARY_CAPTURE_IMAGE_STORAGE;
const SECRET: &str = "Nobody^Knows";

/// Keeps what comes.
#[derive(Default)]
struct Shelf {
    arrived: Mutex<Vec<Parcel>>,
    notes: Mutex<Vec<String>>,
    is_full: AtomicBool,
    refuses: Mutex<Option<StoreStatus>>,
    peer: Mutex<Option<Peer>>,
}

impl Handler for Shelf {
    fn has_room(&self) -> bool {
        !self.is_full.load(Ordering::Relaxed)
    }

    fn store(&self, arrived: Arrived) -> StoreStatus {
        if let Some(refusal) = *self.refuses.lock().unwrap() {
            return refusal;
        }
        let mut parcel = arrived.parcel;
        let kept = parcel.file.with_extension("dcm");
        std::fs::rename(&parcel.file, &kept).unwrap();
        parcel.file = kept;
        self.arrived.lock().unwrap().push(parcel);
        StoreStatus::Success
    }

    fn is_kept(&self, objects: &[(String, String)]) -> Vec<bool> {
        let arrived = self.arrived.lock().unwrap();
        objects.iter().map(|(_, instance)| arrived.iter().any(|parcel| parcel.sop_instance_uid == *instance)).collect()
    }

    fn peer(&self, _ae_title: &str) -> Option<Peer> {
        self.peer.lock().unwrap().clone()
    }

    fn note(&self, what: &str) {
        self.notes.lock().unwrap().push(what.to_owned());
    }
}

/// Does `work` against a server; gives back once that has ended.
fn with_server(change: impl FnOnce(&mut Rules), work: impl FnOnce(SocketAddr, &Shelf, &Path)) {
    let folder = tempfile::tempdir().unwrap();
    let mut rules = Rules {
        listen: (Ipv4Addr::LOCALHOST, 0).into(),
        ae_title: "FOVEA".to_owned(),
        callers: Vec::new(),
        addresses: Vec::new(),
        most_associations: 4,
        most_object_bytes: 1 << 20,
        patience: PATIENCE,
        arrivals: folder.path().join("arrivals"),
        tls: None,
    };
    change(&mut rules);
    let arrivals = rules.arrivals.clone();
    let listener = Listener::bind(rules).unwrap();
    let shelf = Arc::new(Shelf::default());
    let handler: Arc<dyn Handler> = shelf.clone();
    let stop = AtomicBool::new(false);
    /// Also where the work panics.
    struct Stop<'s>(&'s AtomicBool);
    impl Drop for Stop<'_> {
        fn drop(&mut self) {
            self.0.store(true, Ordering::Relaxed);
        }
    }
    std::thread::scope(|scope| {
        scope.spawn(|| listener.run(&handler, &stop));
        let _stop = Stop(&stop);
        work(listener.address(), &shelf, &arrivals);
    });
    assert_eq!(names(&arrivals, "arriving"), 0, "what was not taken is gone");
    let notes = shelf.notes.lock().unwrap().join("\n");
    assert!(!notes.contains("Nobody") && !notes.contains("1.2.3"), "no identifier in: {notes}");
}

fn names(folder: &Path, ending: &str) -> usize {
    let entries = std::fs::read_dir(folder).unwrap();
    entries.filter(|entry| entry.as_ref().unwrap().path().extension().is_some_and(|found| found == ending)).count()
}

fn peer(address: SocketAddr) -> Peer {
    let (host, port) = (address.ip().to_string(), address.port());
    Peer { host, port, ae_title: "FOVEA".to_owned(), own_ae_title: "TESTS".to_owned(), tls: None }
}

/// A data set with so many bytes of pixels.
fn data_set(instance: &str, syntax: &str, pixels: usize) -> Vec<u8> {
    let mut object = InMemDicomObject::from_element_iter([
        DataElement::new(tags::SOP_CLASS_UID, VR::UI, CLASS),
        DataElement::new(tags::SOP_INSTANCE_UID, VR::UI, instance),
        DataElement::new(tags::PATIENT_NAME, VR::PN, SECRET),
        DataElement::new(tags::STUDY_INSTANCE_UID, VR::UI, "1.2.3"),
    ]);
    object.put(DataElement::new(tags::PIXEL_DATA, VR::OB, dicom_core::PrimitiveValue::from(vec![7u8; pixels])));
    let mut bytes = Vec::new();
    object.write_dataset_with_ts(&mut bytes, TransferSyntaxRegistry.get(syntax).unwrap()).unwrap();
    bytes
}

fn object(folder: &Path, instance: &str, syntax: &str, pixels: usize) -> Parcel {
    let file = folder.join(format!("{instance}.dcm"));
    let head = parcel::head(CLASS, instance, syntax).unwrap();
    std::fs::write(&file, [head, data_set(instance, syntax, pixels)].concat()).unwrap();
    Parcel {
        sop_class_uid: CLASS.to_owned(),
        sop_instance_uid: instance.to_owned(),
        transfer_syntax_uid: syntax.to_owned(),
        file,
    }
}

fn body(parcel: &Parcel) -> Vec<u8> {
    let mut bytes = Vec::new();
    parcel::data_set(parcel).unwrap().read_to_end(&mut bytes).unwrap();
    bytes
}

#[test]
fn objects_arrive_as_they_were_sent() {
    let folder = tempfile::tempdir().unwrap();
    // Of no length, of less than a unit, of exactly one, and of several.
    let sizes = [0, 1000, (1 << 17) - 6, 400_000];
    let mut parcels = Vec::new();
    for (number, size) in sizes.into_iter().enumerate() {
        for (kind, syntax) in [EXPLICIT_LITTLE, IMPLICIT_LITTLE].into_iter().enumerate() {
            parcels.push(object(folder.path(), &format!("1.2.3.{number}.{kind}"), syntax, size));
        }
    }
    with_server(
        |_| {},
        |address, shelf, arrivals| {
            client::echo(&peer(address), PATIENCE).unwrap();
            let sent = client::store(&peer(address), &parcels, PATIENCE).unwrap();
            assert!(sent.iter().all(Result::is_ok), "{sent:?}");
            let arrived = shelf.arrived.lock().unwrap();
            assert_eq!(arrived.len(), parcels.len());
            for (arrived, sent) in arrived.iter().zip(&parcels) {
                assert_eq!(
                    (&arrived.sop_class_uid, &arrived.sop_instance_uid, &arrived.transfer_syntax_uid),
                    (&sent.sop_class_uid, &sent.sop_instance_uid, &sent.transfer_syntax_uid)
                );
                assert_eq!(body(arrived), body(sent));
                assert!(dicom_object::open_file(&arrived.file).is_ok());
            }
            assert_eq!(names(arrivals, "dcm"), parcels.len());
        },
    );
}

#[test]
fn a_class_or_syntax_that_is_not_taken_fails_alone() {
    let folder = tempfile::tempdir().unwrap();
    let good = object(folder.path(), "1.2.3.1", EXPLICIT_LITTLE, 10);
    let report = Parcel { sop_class_uid: uids::BASIC_TEXT_SR_STORAGE.to_owned(), ..good.clone() };
    let film = Parcel { transfer_syntax_uid: uids::MPEG2MPML.to_owned(), ..good.clone() };
    with_server(
        |_| {},
        |address, shelf, _| {
            let sent = client::store(&peer(address), &[report, film, good], PATIENCE).unwrap();
            assert!(matches!(&sent[..], [Err(PacsError::Refused { .. }), Err(PacsError::Refused { .. }), Ok(())]));
            assert_eq!(shelf.arrived.lock().unwrap().len(), 1);
        },
    );
}

#[test]
fn who_may_not_come_is_told_so() {
    with_server(
        |rules| rules.callers = vec!["FRIEND".to_owned()],
        |address, _, _| {
            let friend = Peer { own_ae_title: "FRIEND".to_owned(), ..peer(address) };
            client::echo(&friend, PATIENCE).unwrap();
            let refused = client::echo(&peer(address), PATIENCE).unwrap_err();
            assert!(refused.to_string().contains("does not know our AE title"), "{refused}");
            let other = Peer { ae_title: "OTHER".to_owned(), ..friend };
            let refused = client::echo(&other, PATIENCE).unwrap_err();
            assert!(refused.to_string().contains("goes by another AE title"), "{refused}");
        },
    );
    with_server(
        |rules| rules.addresses = vec!["192.0.2.1".parse().unwrap()],
        |address, _, _| assert!(client::echo(&peer(address), PATIENCE).is_err()),
    );
}

#[test]
fn who_comes_when_all_places_are_taken_is_told_to_come_again() {
    with_server(
        |rules| rules.most_associations = 1,
        |address, _, _| {
            let may_go_on = || true;
            let first =
                associate(&peer(address), &[Proposal::new(VERIFICATION, &PLAIN)], PATIENCE, &may_go_on).unwrap();
            let refused = client::echo(&peer(address), PATIENCE).unwrap_err();
            assert!(refused.is_worth_a_retry() && refused.to_string().contains("local limit"), "{refused}");
            first.release();
        },
    );
}

#[test]
fn what_cannot_be_kept_is_answered_with_a_status() {
    let folder = tempfile::tempdir().unwrap();
    let small = object(folder.path(), "1.2.3.1", EXPLICIT_LITTLE, 10);
    let large = object(folder.path(), "1.2.3.2", EXPLICIT_LITTLE, 1_200_000);
    let other = Parcel { sop_instance_uid: "1.2.3.9".to_owned(), ..small.clone() };
    with_server(
        |_| {},
        |address, shelf, arrivals| {
            let status_of = |parcel: &Parcel| {
                // An object after it shows that the association goes on.
                let sent = client::store(&peer(address), &[parcel.clone(), parcel.clone()], PATIENCE).unwrap();
                match &sent[..] {
                    [Err(PacsError::Status { status, is_final, .. }), Err(PacsError::Status { .. })] => {
                        (*status, *is_final)
                    }
                    other => panic!("{other:?}"),
                }
            };
            assert_eq!(status_of(&large), (status::CANNOT_UNDERSTAND, true));
            assert_eq!(status_of(&other), (status::NOT_OF_ITS_CLASS, true));
            shelf.is_full.store(true, Ordering::Relaxed);
            assert_eq!(status_of(&small), (status::OUT_OF_RESOURCES, false));
            shelf.is_full.store(false, Ordering::Relaxed);
            *shelf.refuses.lock().unwrap() = Some(StoreStatus::OutOfResources);
            assert_eq!(status_of(&small), (status::OUT_OF_RESOURCES, false));
            *shelf.refuses.lock().unwrap() = Some(StoreStatus::CannotUnderstand);
            assert_eq!(status_of(&small), (status::CANNOT_UNDERSTAND, true));
            *shelf.refuses.lock().unwrap() = None;
            // No place to write to: as a full disk.
            std::fs::remove_dir(arrivals).unwrap();
            assert_eq!(status_of(&small), (status::OUT_OF_RESOURCES, false));
            std::fs::create_dir(arrivals).unwrap();
        },
    );
}

/// Sends bytes and reads until the server hangs up.
fn hang_up_after(address: SocketAddr, bytes: &[u8]) -> Vec<u8> {
    let mut stream = TcpStream::connect(address).unwrap();
    stream.set_read_timeout(Some(Duration::from_secs(60))).unwrap();
    let _ = stream.write_all(bytes);
    let mut answer = Vec::new();
    match stream.read_to_end(&mut answer) {
        Ok(_) => {}
        Err(error) => assert_eq!(error.kind(), std::io::ErrorKind::ConnectionReset, "{error}"),
    }
    answer
}

#[test]
fn nonsense_is_hung_up_on_and_harms_nobody() {
    with_server(
        |rules| rules.patience.connect = Duration::from_millis(300),
        |address, _, _| {
            let cases: [&[u8]; 9] = [
                b"",
                b"GET / HTTP/1.1\r\n\r\n",
                // A hello of TLS.
                &[0x16, 3, 1, 0, 5, 1, 0, 0, 1, 0],
                // A unit that says it has four gigabytes.
                &[1, 0, 255, 255, 255, 255, 0, 0],
                &[4, 0, 255, 255, 255, 255, 0, 0],
                // Half a head, an empty request, data before any request, and a unit of another kind.
                &[1, 0, 0],
                &[1, 0, 0, 0, 0, 0],
                &[4, 0, 0, 0, 0, 6, 0, 0, 0, 2, 1, 3],
                &[99, 0, 0, 0, 0, 0],
            ];
            for case in cases {
                hang_up_after(address, case);
            }
            // On a busy machine even a friend may be too slow for so little patience.
            assert!((0..100).any(|_| client::echo(&peer(address), PATIENCE).is_ok()));
        },
    );
}

#[test]
fn who_is_silent_or_dribbles_holds_no_place_for_ever() {
    let short = Patience { connect: Duration::from_millis(300), answer: Duration::from_millis(300) };
    with_server(
        |rules| {
            rules.patience = short;
            rules.most_associations = 1;
        },
        |address, _, _| {
            // Says nothing at all.
            hang_up_after(address, b"");
            // A byte now and then, of a unit that would be small.
            let mut stream = TcpStream::connect(address).unwrap();
            let mut sent = 0;
            while stream.write_all(&[if sent == 0 { 1 } else { 0 }]).is_ok() && sent < 1000 {
                sent += 1;
                std::thread::sleep(Duration::from_millis(20));
            }
            assert!(sent < 1000, "it was never hung up on");
            // Agreed on, then silent.
            let may_go_on = || true;
            // The one place is free a moment after its holder was hung up on.
            let again = || associate(&peer(address), &[Proposal::new(VERIFICATION, &PLAIN)], PATIENCE, &may_go_on).ok();
            let mut silent = (0..1000).find_map(|_| again()).expect("the place is free again");
            assert!(silent.command(Duration::from_secs(60)).is_err());
        },
    );
}

#[test]
fn half_an_object_leaves_nothing() {
    let whole = data_set("1.2.3.5", EXPLICIT_LITTLE, 300_000);
    with_server(
        |_| {},
        |address, shelf, _| {
            let may_go_on = || true;
            let proposals = [Proposal::new(CLASS, &[EXPLICIT_LITTLE])];
            let begin = || {
                let mut association = associate(&peer(address), &proposals, PATIENCE, &may_go_on).unwrap();
                let command = CommandSet::request(field::C_STORE, 1)
                    .uid(element::AFFECTED_CLASS, CLASS)
                    .uid(element::AFFECTED_INSTANCE, "1.2.3.5")
                    .with_data_set();
                association.send_command(1, &command).unwrap();
                association
            };
            // Gone without a word, broken off, and a command in the middle.
            drop(begin());
            begin().abort();
            let mut confused = begin();
            confused.send_command(1, &CommandSet::request(field::C_ECHO, 2)).unwrap();
            assert!(confused.command(PATIENCE.answer).is_err());
            // Cut in the middle of its data set, without the fragment that ends it.
            let mut cut = begin();
            let mut failing = whole[..200_000].chain(Broken);
            assert!(cut.send_data(1, &mut failing).is_err());
            drop(cut);
            client::echo(&peer(address), PATIENCE).unwrap();
            assert!(shelf.arrived.lock().unwrap().is_empty());
        },
    );
}

/// A file that cannot be read on.
struct Broken;

impl Read for Broken {
    fn read(&mut self, _: &mut [u8]) -> std::io::Result<usize> {
        Err(std::io::Error::other("broken"))
    }
}

#[test]
fn what_a_dead_server_left_is_swept_away() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("1-2-3.arriving"), "half").unwrap();
    std::fs::write(folder.path().join("1-2-3.dcm"), "whole").unwrap();
    with_server(
        |rules| rules.arrivals = folder.path().to_owned(),
        |_, _, arrivals| assert_eq!((names(arrivals, "arriving"), names(arrivals, "dcm")), (0, 1)),
    );
}

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
fn reported(association: &mut super::association::Association<'_>) -> (u16, String, usize, usize) {
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
            client::store(&peer(address), &[kept], PATIENCE).unwrap().remove(0).unwrap();
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
            let agreed =
                super::accept::agree(wire.receive(until).unwrap(), "ELSE", &[], &|_| true).unwrap_or_else(|_| panic!());
            wire.send(&agreed.answer, until).unwrap();
            let mut association =
                super::association::Association::new(wire, agreed.contexts, 0, PATIENCE.answer).unwrap();
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

/// A certificate with its key in files, signed by `by` or by itself.
pub fn certificate(folder: &Path, name: &str, by: Option<&rcgen::Issuer<'_, rcgen::KeyPair>>) -> (Tls, rcgen::KeyPair) {
    let key = rcgen::KeyPair::generate().unwrap();
    let mut params = rcgen::CertificateParams::new(vec!["localhost".to_owned(), "127.0.0.1".to_owned()]).unwrap();
    if by.is_none() {
        params.is_ca = rcgen::IsCa::Ca(rcgen::BasicConstraints::Unconstrained);
    }
    let certificate = match by {
        Some(issuer) => params.signed_by(&key, issuer).unwrap(),
        None => params.self_signed(&key).unwrap(),
    };
    let [pem, key_pem] = ["pem", "key"].map(|ending| folder.join(format!("{name}.{ending}")));
    std::fs::write(&pem, certificate.pem()).unwrap();
    std::fs::write(&key_pem, key.serialize_pem()).unwrap();
    (Tls { authorities: None, certificate: Some(pem), key: Some(key_pem) }, key)
}

/// Who signs, with its certificate in a file.
pub fn authority(folder: &Path) -> (Option<std::path::PathBuf>, rcgen::Issuer<'static, rcgen::KeyPair>) {
    let (tls, key) = certificate(folder, "authority", None);
    let mut params = rcgen::CertificateParams::new(Vec::new()).unwrap();
    params.is_ca = rcgen::IsCa::Ca(rcgen::BasicConstraints::Unconstrained);
    (tls.certificate, rcgen::Issuer::new(params, key))
}

#[test]
fn encryption_asks_both_sides_who_they_are() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    let (authorities, issuer) = authority(folder);
    let known = |name: &str| Tls { authorities: authorities.clone(), ..certificate(folder, name, Some(&issuer)).0 };
    let (ours, theirs) = (known("ours"), known("theirs"));
    let (stranger, _) = certificate(folder, "stranger", None);
    let parcels = [object(folder, "1.2.3.1", EXPLICIT_LITTLE, 300_000)];
    with_server(
        |rules| rules.tls = Some(ours),
        |address, shelf, _| {
            let with = |tls: Option<Tls>| Peer { tls, ..peer(address) };
            client::echo(&with(Some(theirs.clone())), PATIENCE).unwrap();
            client::store(&with(Some(theirs.clone())), &parcels, PATIENCE).unwrap().remove(0).unwrap();
            assert_eq!(body(&shelf.arrived.lock().unwrap()[0]), body(&parcels[0]));
            let nobody = Tls { certificate: None, key: None, ..theirs.clone() };
            let false_name = Tls { authorities: authorities.clone(), ..stranger.clone() };
            let believes_others = Tls { authorities: stranger.certificate.clone(), ..theirs };
            for tls in [None, Some(nobody), Some(false_name), Some(believes_others)] {
                assert!(client::echo(&with(tls.clone()), PATIENCE).is_err(), "{tls:?}");
            }
            let without = client::echo(&with(Some(Tls::default())), PATIENCE).unwrap_err();
            assert!(matches!(without, PacsError::Here(_)), "{without}");
        },
    );
}
