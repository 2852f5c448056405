//! DICOMweb against services that refuse, fail, or break off; each answers one request with what a test provides.

use std::cell::Cell;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{Ipv4Addr, TcpListener};
use std::path::Path;
use std::time::Duration;

use super::loopback_tests::certificates::{authority, certificate};
use super::query::{Query, find, retrieve};
use super::server::StoreStatus;
use super::{Archive, PacsError, Parcel, Patience, Peer, WebPeer, client, fetch, parcel, tls, web};

const PATIENCE: Patience = Patience { connect: Duration::from_secs(10), answer: Duration::from_secs(10) };
const CLASS: &str = dicom_dictionary_std::uids::SECONDARY_CAPTURE_IMAGE_STORAGE;

/// Says yes `times` times.
pub fn yes(times: usize) -> impl Fn() -> bool {
    let left = Cell::new(times);
    move || left.replace(left.get().saturating_sub(1)) > 0
}

/// Reads a whole request.
fn request(stream: impl Read) -> String {
    let (mut stream, mut head) = (BufReader::new(stream), String::new());
    while !head.ends_with("\r\n\r\n") {
        assert_ne!(stream.read_line(&mut head).unwrap(), 0, "{head}");
    }
    let length = head.lines().find_map(|line| line.to_lowercase().strip_prefix("content-length: ")?.parse().ok());
    let mut body = Vec::new();
    stream.take(length.unwrap_or(0)).read_to_end(&mut body).unwrap();
    head + &String::from_utf8_lossy(&body)
}

/// Runs `work` against a service that gives this answer; returns its result and the request.
fn with_service<T>(answer: &[u8], work: impl FnOnce(WebPeer) -> T) -> (T, String) {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
    let url = format!("http://{}/dicom-web", listener.local_addr().unwrap());
    std::thread::scope(|scope| {
        let service = scope.spawn(|| {
            let mut stream = listener.accept().unwrap().0;
            let asked = request(&stream);
            // The client may hang up early.
            let _ = stream.write_all(answer);
            asked
        });
        let done = work(WebPeer { url, ..WebPeer::default() });
        (done, service.join().unwrap())
    })
}

fn answer(status: &str, kind: &str, body: &[u8]) -> Vec<u8> {
    let head = format!("HTTP/1.1 {status}\r\nContent-Type: {kind}\r\nContent-Length: {}\r\n", body.len());
    [head.as_bytes(), b"Connection: close\r\n\r\n", body].concat()
}

fn file_of(instance: &str, study: &str) -> Vec<u8> {
    use dicom_core::{DataElement, VR};
    use dicom_dictionary_std::tags;
    use dicom_transfer_syntax_registry::{TransferSyntaxIndex, TransferSyntaxRegistry};
    let uid = |tag, uid: &str| DataElement::new(tag, VR::UI, uid);
    let object = dicom_object::InMemDicomObject::from_element_iter([
        uid(tags::SOP_CLASS_UID, CLASS),
        uid(tags::SOP_INSTANCE_UID, instance),
        uid(tags::STUDY_INSTANCE_UID, study),
    ]);
    let syntax = super::classes::EXPLICIT_LITTLE;
    let mut bytes = parcel::head(CLASS, instance, syntax).unwrap();
    object.write_dataset_with_ts(&mut bytes, TransferSyntaxRegistry.get(syntax).unwrap()).unwrap();
    bytes
}

fn object(folder: &Path) -> Parcel {
    let file = folder.join("secret-name.dcm");
    std::fs::write(&file, file_of("1.2.3.1", "1.2.3")).unwrap();
    let [sop_class_uid, transfer_syntax_uid] = [CLASS, super::classes::EXPLICIT_LITTLE].map(str::to_owned);
    Parcel { sop_class_uid, sop_instance_uid: "1.2.3.1".to_owned(), transfer_syntax_uid, file }
}

#[test]
fn what_became_of_an_object_is_in_status_and_body() {
    let folder = tempfile::tempdir().unwrap();
    let parcel = object(folder.path());
    let failed = |reason: u16| {
        format!(r#"{{"00081198":{{"vr":"SQ","Value":[{{"00081197":{{"vr":"US","Value":[{reason}]}}}}]}}}}"#)
    };
    let sent = |status: &str, body: &str| {
        let answer = answer(status, "application/dicom+json", body.as_bytes());
        let (sent, asked) =
            with_service(&answer, |peer| web::store(&peer, std::slice::from_ref(&parcel), PATIENCE, &|| true).unwrap());
        assert!(asked.starts_with("POST /dicom-web/studies HTTP/1.1\r\n"), "{asked}");
        assert!(asked.contains("DICM") && asked.trim_end().ends_with("--"));
        let error = sent.into_iter().next().unwrap().err();
        assert!(!error.as_ref().is_some_and(|e| e.to_string().contains("1.2.3") || e.to_string().contains("secret")));
        error.map(|error| error.is_worth_a_retry())
    };
    let (fine, later, never) = (None, Some(true), Some(false));
    assert_eq!(sent("200 OK", r#"{"00081199":{"vr":"SQ","Value":[{}]}}"#), fine);
    assert_eq!(sent("200 OK", ""), fine);
    assert_eq!(sent("200 OK", "<xml/>"), fine);
    assert_eq!(sent("202 Accepted", &failed(0xa700)), later);
    assert_eq!(sent("409 Conflict", &failed(0xa900)), never);
    assert_eq!(sent("409 Conflict", &failed(0x0111)), fine);
    assert_eq!(sent("409 Conflict", "no JSON"), never);
    assert_eq!(sent("415 Unsupported Media Type", ""), never);
    assert_eq!(sent("503 Service Unavailable", ""), later);
    assert_eq!(sent("429 Too Many Requests", ""), later);
    assert_eq!(sent("401 Unauthorized", ""), later);
    let nobody = WebPeer { url: "http://127.0.0.1:1/x".to_owned(), ..WebPeer::default() };
    let away = web::store(&nobody, &[parcel], PATIENCE, &|| true).unwrap().remove(0).unwrap_err();
    assert!(matches!(away, PacsError::Away { .. }), "{away}");
}

#[test]
fn a_search_is_an_address_and_its_answer_a_list() {
    let query = Query { patient_name: "A&B É".to_owned(), modality: "OP".to_owned(), ..Query::default() };
    let search = |bytes: &[u8]| {
        with_service(bytes, |peer| find(&Archive::Web(peer), &query, PATIENCE, &|| true).map_err(|e| e.to_string()))
    };
    let list = r#"[
        {"0020000D":{"vr":"UI","Value":["1.2.3"]},"00100010":{"vr":"PN","Value":[{"Alphabetic":"Élan^A"}]},
         "00080061":{"vr":"CS","Value":["OP","SC"]},"00201208":{"vr":"IS","Value":[7]},"00091001":{"vr":"UN","Value":[1]}},
        {"0020000D":{"vr":"UI","Value":["1.2.4"]},"00100010":{"vr":"PN","Value":[null]},"00080061":{"vr":"CS"}},
        {"0020000D":{"vr":"UI","Value":["1.2.5"]},"00080061":{"vr":"CS","Value":["CR"]}},
        {"0020000D":{"vr":"UI","Value":["../../etc"]}}, 7]"#;
    let (found, asked) = search(&answer("200 OK", "application/dicom+json", list.as_bytes()));
    let found = found.unwrap();
    let uids: Vec<&str> = found.iter().map(|study| study.study_uid.as_str()).collect();
    assert_eq!(uids, ["1.2.3", "1.2.4"]);
    assert_eq!((found[0].patient_name.as_str(), found[0].instances), ("Élan^A", Some(7)));
    assert_eq!(found[0].modalities, ["OP", "SC"]);
    let line = asked.lines().next().unwrap();
    assert!(line.contains("00100010=A%26B%20%C3%89*&") && line.contains("00080061=OP&"), "{line}");
    assert_eq!(search(&answer("204 No Content", "text/plain", b"")).0, Ok(Vec::new()));
    for (status, body) in [("200 OK", &b"{}"[..]), ("200 OK", b"[{"), ("404 Not Found", b""), ("302 Found", b"")] {
        let error = search(&answer(status, "application/dicom+json", body)).0.unwrap_err();
        assert!(!error.contains('É') && !error.contains("OP"), "{error}");
    }
    let long = answer("200 OK", "application/dicom+json", &vec![b' '; 17 << 20]);
    assert!(search(&long).0.unwrap_err().contains("far too long"));
}

#[test]
fn a_study_is_taken_apart_and_nothing_is_left_of_half_of_it() {
    let fetch = |body: &[u8], may_go_on: &dyn Fn() -> bool| {
        let folder = tempfile::tempdir().unwrap();
        let bytes = answer("200 OK", "multipart/related; type=\"application/dicom\"; boundary=\"b;b\"", body);
        let work = |peer| retrieve(&Archive::Web(peer), "1.2.3", folder.path(), PATIENCE, &|_| {}, may_go_on);
        let (fetched, asked) = with_service(&bytes, work);
        assert!(asked.starts_with("GET /dicom-web/studies/1.2.3 HTTP/1.1\r\n"), "{asked}");
        let names = std::fs::read_dir(folder.path()).unwrap().map(|e| e.unwrap().file_name().into_string().unwrap());
        let mut names: Vec<String> = names.collect();
        names.sort();
        (fetched.map(|paths| paths.len()), names)
    };
    let part = |bytes: &[u8]| [b"\r\n--b;b\r\nContent-Type: application/dicom\r\n\r\n", bytes].concat();
    let [own, second, other] = [("1.2.3.1", "1.2.3"), ("1.2.3.2", "1.2.3"), ("1.2.4.1", "1.2.4")]
        .map(|(instance, study)| part(&file_of(instance, study)));
    let whole = [own.clone(), other, part(b"no DICOM"), second.clone(), b"\r\n--b;b--".to_vec()].concat();
    let (fetched, names) = fetch(&whole, &|| true);
    assert_eq!((fetched.unwrap(), names), (2, ["00001.dcm", "00002.dcm"].map(str::to_owned).to_vec()));
    let cut = [own, second[..second.len() - 9].to_vec()].concat();
    let (fetched, names) = fetch(&cut, &|| true);
    assert!(matches!(fetched, Err(PacsError::Nonsense { .. })), "{fetched:?}");
    assert_eq!(names, ["00001.dcm"]);
    // The request goes out; then somebody stops.
    assert!(matches!(fetch(&whole, &yes(1)).0, Err(PacsError::Stopped)));
}

#[test]
fn a_peer_that_hangs_is_left_at_once() {
    let folder = tempfile::tempdir().unwrap();
    let parcels = [object(folder.path()), object(folder.path())];
    // Takes connections into its backlog, and never says a word.
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
    let address = listener.local_addr().unwrap();
    let web = WebPeer { url: format!("http://{address}/dicom-web"), ..WebPeer::default() };
    let (host, port) = (address.ip().to_string(), address.port());
    let [ae_title, own_ae_title] = ["PACS", "TESTS"].map(str::to_owned);
    let dimse = Peer { host, port, ae_title, own_ae_title, tls: None };
    let forever = Patience { connect: Duration::from_secs(3600), answer: Duration::from_secs(3600) };
    let is_stopped = |done: Result<(), PacsError>| assert!(matches!(done, Err(PacsError::Stopped)), "{done:?}");
    is_stopped(find(&Archive::Web(web.clone()), &Query::default(), forever, &yes(3)).map(drop));
    is_stopped(web::echo(&web, forever, &yes(3)));
    web::store(&web, &parcels, forever, &yes(3)).unwrap().into_iter().for_each(is_stopped);
    is_stopped(client::echo(&dimse, forever, &yes(3)));
    is_stopped(client::store(&dimse, &parcels, forever, &yes(3)).map(drop));
}

#[test]
fn secrets_come_from_files_and_go_nowhere_else() {
    let folder = tempfile::tempdir().unwrap();
    let secret = folder.path().join("secret");
    std::fs::write(&secret, "open sesame\n").unwrap();
    let asked = |user: &str| {
        let none = answer("204 No Content", "text/plain", b"");
        let with = |peer: WebPeer| {
            web::echo(&WebPeer { user: user.to_owned(), secret: Some(secret.clone()), ..peer }, PATIENCE, &|| true)
        };
        with_service(&none, |peer| with(peer).unwrap()).1.to_lowercase()
    };
    assert!(asked("").contains("authorization: bearer open sesame\r\n"));
    assert!(asked("ali").contains("authorization: basic ywxpom9wzw4gc2vzyw1l\r\n"));
    std::fs::write(&secret, "open\r\nHost: elsewhere").unwrap();
    let wrong = WebPeer { url: "http://127.0.0.1:1".to_owned(), secret: Some(secret), ..WebPeer::default() };
    assert!(!web::echo(&wrong, PATIENCE, &|| true).unwrap_err().to_string().contains("elsewhere"));
    for url in ["http://me:word@127.0.0.1:1", "ftp://127.0.0.1", "127.0.0.1", ""] {
        let error = web::echo(&WebPeer { url: url.to_owned(), ..WebPeer::default() }, PATIENCE, &|| true).unwrap_err();
        assert!(matches!(&error, PacsError::Here(says) if !says.contains("word@")), "{error}");
    }
}

#[test]
fn encryption_believes_who_is_named() {
    let folder = tempfile::tempdir().unwrap();
    let (authorities, issuer) = authority(folder.path());
    let (own, _) = certificate(folder.path(), "own", Some(&issuer));
    let config = tls::called(&own).unwrap();
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
    let url = format!("https://{}/dicom-web", listener.local_addr().unwrap());
    let believed = super::Tls { authorities, ..super::Tls::default() };
    let answers = std::thread::scope(|scope| {
        scope.spawn(|| {
            for _ in 0..2 {
                let stream = listener.accept().unwrap().0;
                let mut stream = rustls::StreamOwned::new(tls::connection(&config).unwrap(), stream);
                let mut byte = [0];
                // A client that does not trust us sends nothing more.
                if stream.read_exact(&mut byte).is_ok() {
                    request(byte.chain(&mut stream));
                    stream.write_all(&answer("204 No Content", "text/plain", b"")).unwrap();
                }
            }
        });
        let of = |tls| web::echo(&WebPeer { url: url.clone(), tls, ..WebPeer::default() }, PATIENCE, &|| true);
        [of(Some(believed)), of(None)]
    });
    let [Ok(()), Err(refused)] = answers else { panic!("{answers:?}") };
    assert!(refused.to_string().contains("certificate"), "{refused}");
}

#[test]
fn a_landing_takes_no_more_than_it_should() {
    let folder = tempfile::tempdir().unwrap();
    let landing = fetch::Landing::new(folder.path(), "1.2.3").unwrap();
    std::fs::write(folder.path().join("00001.dcm"), "somebody else's").unwrap();
    let arrived = folder.path().join("x.arriving");
    std::fs::write(&arrived, file_of("1.2.3.1", "1.2.3")).unwrap();
    assert_eq!(landing.take(&arrived), StoreStatus::Success);
    assert_eq!(landing.paths(), [folder.path().join("00002.dcm")]);
    assert_eq!(std::fs::read(folder.path().join("00001.dcm")).unwrap(), b"somebody else's");
}
