//! TLS on both ways: a modality that sends so, and answers that leave so.

use std::sync::atomic::Ordering;

use dicom_dictionary_std::uids;
use fovea::pacs::Tls;
use fovea::pacs::server::Rules;

use super::certificates::{authority, certificate};
use super::shelf::{rules, serving};
use super::*;

#[test]
fn pictures_come_and_answers_leave_over_tls() {
    let (folder, files) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let files = files.path();
    let (authorities, issuer) = authority(files);
    let signed = |name: &str| Tls { authorities: authorities.clone(), ..certificate(files, name, Some(&issuer)).0 };
    let (archive, node_keys, modality) = (signed("archive"), signed("node"), signed("modality"));
    let (stranger, _) = certificate(files, "stranger", None);
    let log: Arc<Mutex<Vec<String>>> = Arc::default();
    let rules = Rules { tls: Some(archive), ..rules(&files.join("arrivals")) };
    let notes = serving(rules, |address, shelf| {
        shelf.takes_all.store(true, Ordering::Relaxed);
        let (to, text) =
            (format!("{address}:FOVEA"), |path: &Option<PathBuf>| path.clone().unwrap().display().to_string());
        let [certificate, key, authorities] =
            [&node_keys.certificate, &node_keys.key, &node_keys.authorities].map(text);
        let mut options = vec!["--port", "0", "--listen", "127.0.0.1", "--model", "mnist", "--to-tls", to.as_str()];
        options.extend([
            "--tls",
            "--tls-certificate",
            &certificate,
            "--tls-key",
            &key,
            "--tls-authorities",
            &authorities,
        ]);
        let node = Node::start(folder.path(), &log, &options);
        let parcel = picture(files, 1);
        let send = |tls| {
            let peer = Peer { tls, ..node.peer() };
            client::store(&peer, std::slice::from_ref(&parcel), Patience::default(), &|| true)
        };
        // Who does not encrypt, and who cannot say who it is, sends nothing.
        let unknown = Tls { authorities: modality.authorities.clone(), ..stranger };
        assert!(send(None).is_err() && send(Some(unknown)).is_err());
        let sent = send(Some(modality)).unwrap();
        assert!(sent.iter().all(Result::is_ok), "{sent:?}");
        until("the answer", || node.explained() == 1 && is_done(&node, &log));
        node.end();
        let arrived = shelf.arrived.lock().unwrap();
        let count = |class: &str| arrived.iter().filter(|parcel| parcel.sop_class_uid == class).count();
        assert_eq!(count(uids::SECONDARY_CAPTURE_IMAGE_STORAGE), 1);
        assert!(count(uids::PARAMETRIC_MAP_STORAGE) > 0);
        for answer in arrived.iter() {
            let object = dicom_object::open_file(&answer.file).unwrap();
            let study = object.element(tags::STUDY_INSTANCE_UID).unwrap().to_str().unwrap();
            assert!(study.starts_with(&format!("{}.2.1", SECRETS[3])), "of the picture's study");
        }
    });
    assert!(notes.is_empty(), "{notes}");
    assert_silent(folder.path(), &log.lock().unwrap(), "");
}
