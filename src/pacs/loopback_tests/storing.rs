//! Objects on their way to the server's folder, or to a status.

use std::sync::atomic::Ordering;

use dicom_dictionary_std::uids;

use super::*;
use crate::pacs::classes::{EXPLICIT_LITTLE, IMPLICIT_LITTLE};
use crate::pacs::message::status;
use crate::pacs::server::StoreStatus;
use crate::pacs::{PacsError, client};

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
            client::echo(&peer(address), PATIENCE, &|| true).unwrap();
            let sent = client::store(&peer(address), &parcels, PATIENCE, &|| true).unwrap();
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
            let sent = client::store(&peer(address), &[report, film, good], PATIENCE, &|| true).unwrap();
            assert!(matches!(&sent[..], [Err(PacsError::Refused { .. }), Err(PacsError::Refused { .. }), Ok(())]));
            assert_eq!(shelf.arrived.lock().unwrap().len(), 1);
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
                let sent =
                    client::store(&peer(address), &[parcel.clone(), parcel.clone()], PATIENCE, &|| true).unwrap();
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
