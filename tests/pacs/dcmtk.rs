//! dcmtk's programs call us, and are called.

use std::cell::Cell;
use std::process::Command;

use fovea::pacs::query::{Query, find, retrieve};
use fovea::pacs::{Archive, PacsError, Parcel, Retrieval, client};

use super::*;

#[test]
fn dcmtk_sends_in_all_syntaxes_that_it_has() {
    if !has(&["echoscu", "storescu", "dcmcrle", "dcmcjpeg", "dcmcjpls", "dcmconv"]) {
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let plain = radiograph(folder.path(), 7, "ISO_IR 100").file;
    let packed = |program: &str, option: &str| {
        let file = folder.path().join(format!("{program}{option}.dcm"));
        run(Command::new(program).arg(option).arg(&plain).arg(&file));
        file
    };
    // The file, how it is proposed, and the syntax that must come.
    let cases = [
        (plain.clone(), "-x=", uids::EXPLICIT_VR_LITTLE_ENDIAN),
        (packed("dcmconv", "+ti"), "-xi", uids::IMPLICIT_VR_LITTLE_ENDIAN),
        (packed("dcmconv", "+tb"), "-xb", BIG_ENDIAN),
        (packed("dcmconv", "+td"), "-xd", uids::DEFLATED_EXPLICIT_VR_LITTLE_ENDIAN),
        (packed("dcmcrle", "+un"), "-xr", uids::RLE_LOSSLESS),
        (packed("dcmcjpeg", "+e1"), "-xs", uids::JPEG_LOSSLESS_SV1),
        (packed("dcmcjpeg", "+eb"), "-xy", uids::JPEG_BASELINE8_BIT),
        (packed("dcmcjpls", "+el"), "-xt", uids::JPEGLS_LOSSLESS),
    ];
    with_server(0, |port, shelf| {
        run(Command::new("echoscu").args(["-aec", "FOVEA", "127.0.0.1", &port.to_string()]));
        for (file, option, syntax) in &cases {
            let mut call = Command::new("storescu");
            call.args(["-aec", "FOVEA", "-R", option, "127.0.0.1", &port.to_string()]).arg(file);
            run(&mut call);
            let arrived = shelf.arrived.lock().unwrap().pop().expect(syntax);
            assert_eq!(arrived.transfer_syntax_uid, *syntax);
            assert_eq!(arrived.sop_class_uid, CLASS);
            let (found, sent) = (codes(&arrived.file), codes(file));
            assert_eq!(found, sent, "{syntax}");
        }
    });
}

/// A certificate for this machine and its key in files, signed by the first of the pair.
fn certificates(folder: &Path) -> [PathBuf; 3] {
    let mut own = rcgen::CertificateParams::new(vec!["localhost".to_owned(), "127.0.0.1".to_owned()]).unwrap();
    // With the name of its authority it would count as signed by itself.
    own.distinguished_name.push(rcgen::DnType::CommonName, "a machine");
    let mut authority = rcgen::CertificateParams::new(Vec::new()).unwrap();
    authority.is_ca = rcgen::IsCa::Ca(rcgen::BasicConstraints::Unconstrained);
    let (key, authority_key) = (rcgen::KeyPair::generate().unwrap(), rcgen::KeyPair::generate().unwrap());
    let signed = authority.self_signed(&authority_key).unwrap().pem();
    let own = own.signed_by(&key, &rcgen::Issuer::new(authority, authority_key)).unwrap().pem();
    let files = ["authority.pem", "own.pem", "own.key"].map(|name| folder.join(name));
    for (file, text) in files.iter().zip([signed, own, key.serialize_pem()]) {
        std::fs::write(file, text).unwrap();
    }
    files
}

#[test]
fn dcmtk_and_we_encrypt() {
    if !has(&["echoscu", "storescp"]) {
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let [authority, own, key] = certificates(folder.path());
    let keys = ["+tls", key.to_str().unwrap(), own.to_str().unwrap(), "+cf", authority.to_str().unwrap()];
    let tls = Tls { authorities: Some(authority.clone()), certificate: Some(own.clone()), key: Some(key.clone()) };
    with_tls_server(Some(tls.clone()), 0, |port, _| {
        run(Command::new("echoscu").args(keys).args(["-aec", "FOVEA", "127.0.0.1", &port.to_string()]));
    });
    let port = free_port();
    let mut call = Command::new("storescp");
    call.args(keys).args(["-aet", "TAKER", "-od"]).arg(folder.path()).arg(port.to_string());
    let _running = Running::start(&mut call, &[port]);
    let taker = Peer { tls: Some(tls), ..peer(port, "TAKER") };
    client::echo(&taker, PATIENCE, &|| true).unwrap();
    let sent = client::store(&taker, &[radiograph(folder.path(), 1, "ISO_IR 192")], PATIENCE, &|| true).unwrap();
    assert!(sent.iter().all(Result::is_ok), "{sent:?}");
}

#[test]
fn storescp_takes_what_we_send() {
    if !has(&["storescp"]) {
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let parcels: Vec<Parcel> = (1..=3).map(|number| radiograph(folder.path(), number, "ISO_IR 192")).collect();
    let (port, taken) = (free_port(), folder.path().join("taken"));
    std::fs::create_dir(&taken).unwrap();
    let mut call = Command::new("storescp");
    // Small units, so that objects come in many.
    call.args(["-pdu", "4096", "-aet", "TAKER", "-od"]).arg(&taken).arg(port.to_string());
    let running = Running::start(&mut call, &[port]);
    client::echo(&peer(port, "TAKER"), PATIENCE, &|| true).unwrap();
    let video = Parcel { transfer_syntax_uid: uids::MPEG4HP41.to_owned(), ..parcels[0].clone() };
    let all = [&parcels[..], &[video]].concat();
    let sent = client::store(&peer(port, "TAKER"), &all, PATIENCE, &|| true).unwrap();
    assert!(matches!(&sent[..], [Ok(()), Ok(()), Ok(()), Err(PacsError::Refused { .. })]), "{sent:?}");
    let mut files: Vec<PathBuf> = std::fs::read_dir(&taken).unwrap().map(|entry| entry.unwrap().path()).collect();
    files.sort();
    assert_eq!(files.len(), 3);
    for (file, parcel) in files.iter().zip(&parcels) {
        assert_eq!(codes(file), codes(&parcel.file));
    }
    drop(running);
    let away = client::store(&peer(port, "TAKER"), &parcels, PATIENCE, &|| true).unwrap_err();
    assert!(away.is_worth_a_retry(), "{away}");
}

#[test]
fn dcmqrscp_is_searched_and_sends() {
    if !has(&["dcmqrscp"]) {
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let (port, own_port) = (free_port(), free_port());
    let archive = folder.path().join("archive");
    std::fs::create_dir(&archive).unwrap();
    let settings = folder.path().join("dcmqrscp.cfg");
    let text = format!(
        "NetworkTCPPort = {port}\nMaxPDUSize = 16384\nMaxAssociations = 16\nHostTable BEGIN\nfovea = (FOVEA, 127.0.0.1, \
         {own_port})\nHostTable END\nVendorTable BEGIN\nVendorTable END\nAETable BEGIN\nARCHIVE {} RW (200, 1024mb) \
         ANY\nAETable END\n",
        archive.display()
    );
    std::fs::write(&settings, text).unwrap();
    let mut call = Command::new("dcmqrscp");
    let _running = Running::start(call.arg("-c").arg(&settings), &[port]);
    let peer = peer(port, "ARCHIVE");
    let parcels: Vec<Parcel> = (1..=4).map(|number| radiograph(folder.path(), number, "ISO_IR 192")).collect();
    let sent = client::store(&peer, &parcels, PATIENCE, &|| true).unwrap();
    assert!(sent.iter().all(Result::is_ok), "{sent:?}");
    for retrieval in [Retrieval::Get, Retrieval::Move { port: own_port }] {
        let archive = Archive::Dimse { peer: peer.clone(), retrieval };
        // It keeps no modalities of studies.
        searched_and_fetched(&archive, &parcels, &Knows { modalities: false, umlauts: true });
    }
}

/// Retired, and still met.
const BIG_ENDIAN: &str = "1.2.840.10008.1.2.2";

/// What an archive can search by.
pub struct Knows {
    pub modalities: bool,
    pub umlauts: bool,
}

/// Searches for the study in several ways, and fetches it.
pub fn searched_and_fetched(archive: &Archive, parcels: &[Parcel], knows: &Knows) {
    let find = |query: &Query| find(archive, query, PATIENCE, &|| true).unwrap();
    let day = |from: &str, to: &str| Query { study_date: [from.to_owned(), to.to_owned()], ..Query::default() };
    for query in [
        Query::default(),
        Query { patient_id: "P-17".to_owned(), ..Query::default() },
        Query { patient_name: if knows.umlauts { "Mül" } else { "M" }.to_owned(), ..Query::default() },
        Query { modality: "CR".to_owned(), ..day("20240201", "20240301") },
        day("20240229", "20240229"),
    ] {
        let found = find(&query);
        let [study] = &found[..] else { panic!("{} studies by {query:?}", found.len()) };
        assert_eq!((study.study_uid.as_str(), study.patient_id.as_str()), (STUDY, "P-17"));
        assert_eq!((study.patient_name.as_str(), study.study_date.as_str()), (NAME, "20240229"));
    }
    for query in [
        Query { patient_id: "P-18".to_owned(), ..Query::default() },
        Query { modality: "OP".to_owned(), ..if knows.modalities { Query::default() } else { day("", "20240101") } },
        day("20240301", ""),
        day("", "20240101"),
    ] {
        assert!(find(&query).is_empty(), "{query:?}");
    }
    let folder = tempfile::tempdir().unwrap();
    let most = Cell::new(0);
    let fetched = retrieve(archive, STUDY, folder.path(), PATIENCE, &|count| most.set(count), &|| true).unwrap();
    assert_eq!((fetched.len(), most.get()), (parcels.len(), parcels.len()));
    let mut found: Vec<_> = fetched.iter().map(|path| codes(path)).collect();
    let mut sent: Vec<_> = parcels.iter().map(|parcel| codes(&parcel.file)).collect();
    found.sort();
    sent.sort();
    assert_eq!(found, sent);
    let other = retrieve(archive, "1.2.3", &folder.path().join("other"), PATIENCE, &|_| {}, &|| true);
    assert!(other.is_err() || other.unwrap().is_empty());
    let stopped = retrieve(archive, STUDY, &folder.path().join("stopped"), PATIENCE, &|_| {}, &|| false);
    assert!(matches!(stopped, Err(PacsError::Stopped)), "{stopped:?}");
}
