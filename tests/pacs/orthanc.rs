//! Orthanc as the archive: DIMSE, DICOMweb, and storage commitment that it asks of us.

use std::process::Command;

use fovea::pacs::{Archive, Parcel, Retrieval, WebPeer, client, query, web};

use super::dcmtk::{Knows, searched_and_fetched};
use super::*;

const WEB_PLUGIN: &str = "/usr/share/orthanc/plugins/libOrthancDicomWeb.so";

struct Orthanc {
    _running: Running,
    dicom_port: u16,
    http_port: u16,
    own_port: u16,
}

/// Starts one with its files in `folder`, to which we are FOVEA on a port of our own.
fn orthanc(folder: &Path, is_protected: bool) -> Option<Orthanc> {
    if !has(&["Orthanc"]) {
        return None;
    }
    if !Path::new(WEB_PLUGIN).is_file() {
        eprintln!("LEFT OUT: Orthanc's plugin for DICOMweb is not installed");
        return None;
    }
    let (dicom_port, http_port, own_port) = (free_port(), free_port(), free_port());
    let settings = serde_json::json!({
        "Name": "TESTS",
        "StorageDirectory": folder.join("storage"),
        "IndexDirectory": folder.join("storage"),
        "HttpPort": http_port,
        "DicomPort": dicom_port,
        "DicomAet": "ORTHANC",
        "DicomCheckCalledAet": true,
        "RemoteAccessAllowed": false,
        "AuthenticationEnabled": is_protected,
        "RegisteredUsers": { "us": "s3cret:word" },
        "DicomModalities": { "fovea": ["FOVEA", "127.0.0.1", own_port] },
        "StableAge": 1,
        "Plugins": [WEB_PLUGIN],
        "DicomWeb": { "Enable": true, "Root": "/dicom-web/" },
    });
    let file = folder.join("orthanc.json");
    std::fs::write(&file, settings.to_string()).unwrap();
    let mut command = Command::new("Orthanc");
    let path = std::env::var("PATH").unwrap_or_default() + ":/usr/sbin";
    let running = Running::start(command.env("PATH", path).arg(&file), &[dicom_port, http_port]);
    Some(Orthanc { _running: running, dicom_port, http_port, own_port })
}

fn parcels(folder: &Path) -> Vec<Parcel> {
    (1..=4).map(|number| radiograph(folder, number, "ISO_IR 192")).collect()
}

#[test]
fn orthanc_over_dimse() {
    let folder = tempfile::tempdir().unwrap();
    let Some(orthanc) = orthanc(folder.path(), false) else { return };
    let peer = peer(orthanc.dicom_port, "ORTHANC");
    let parcels = parcels(folder.path());
    client::echo(&peer, PATIENCE, &|| true).unwrap();
    // The second time it has all of them already, which is no failure.
    for _ in 0..2 {
        let sent = client::store(&peer, &parcels, PATIENCE, &|| true).unwrap();
        assert!(sent.iter().all(Result::is_ok), "{sent:?}");
    }
    for retrieval in [Retrieval::Get, Retrieval::Move { port: orthanc.own_port }] {
        let archive = Archive::Dimse { peer: peer.clone(), retrieval };
        searched_and_fetched(&archive, &parcels, &Knows { modalities: true, umlauts: true });
    }
}

#[test]
fn orthanc_over_dicomweb() {
    let folder = tempfile::tempdir().unwrap();
    let Some(orthanc) = orthanc(folder.path(), true) else { return };
    let secret = folder.path().join("secret");
    std::fs::write(&secret, "s3cret:word\n").unwrap();
    let url = format!("http://127.0.0.1:{}/dicom-web/", orthanc.http_port);
    let service = WebPeer { url, user: "us".to_owned(), secret: Some(secret), tls: None };
    let nobody = WebPeer { secret: None, ..service.clone() };
    let refused = web::echo(&nobody, PATIENCE, &|| true).unwrap_err().to_string();
    assert!(refused.contains("does not let us in"), "{refused}");
    let archive = Archive::Web(service.clone());
    query::echo(&archive, PATIENCE, &|| true).unwrap();
    let parcels = parcels(folder.path());
    for _ in 0..2 {
        let sent = web::store(&service, &parcels, PATIENCE, &|| true).unwrap();
        assert!(sent.iter().all(Result::is_ok), "{sent:?}");
    }
    let garbage = Parcel { file: folder.path().join("garbage"), ..parcels[0].clone() };
    std::fs::write(&garbage.file, "no DICOM at all").unwrap();
    let sent = web::store(&service, &[garbage], PATIENCE, &|| true).unwrap().remove(0).unwrap_err();
    assert!(!sent.to_string().contains(NAME), "{sent}");
    // Its DICOMweb finds no name by a letter beyond ASCII (1.10.1), whatever it is written in.
    searched_and_fetched(&archive, &parcels, &Knows { modalities: true, umlauts: false });
}

#[test]
fn orthanc_sends_to_us_and_asks_whether_we_keep_it() {
    let folder = tempfile::tempdir().unwrap();
    let Some(orthanc) = orthanc(folder.path(), false) else { return };
    let archive = peer(orthanc.dicom_port, "ORTHANC");
    let parcels = parcels(folder.path());
    client::store(&archive, &parcels, PATIENCE, &|| true).unwrap().into_iter().for_each(Result::unwrap);
    let rest = |path: &str| format!("http://127.0.0.1:{}{path}", orthanc.http_port);
    let get = |path: &str| ureq::get(rest(path)).call().unwrap().body_mut().read_to_string().unwrap();
    let post =
        |path: &str, body: String| ureq::post(rest(path)).send(body).unwrap().body_mut().read_to_string().unwrap();
    with_server(orthanc.own_port, |_, shelf| {
        *shelf.peer.lock().unwrap() = Some(archive.clone());
        let studies: Vec<String> = serde_json::from_str(&get("/studies")).unwrap();
        post("/modalities/fovea/echo", "{}".to_owned());
        post("/modalities/fovea/store", serde_json::json!({ "Resources": studies }).to_string());
        assert_eq!(shelf.arrived.lock().unwrap().len(), parcels.len());
        let asked = |instances: &[&str]| {
            let objects: Vec<_> = instances
                .iter()
                .map(|instance| serde_json::json!({ "SOPClassUID": CLASS, "SOPInstanceUID": instance }))
                .collect();
            let body = serde_json::json!({ "DicomInstances": objects }).to_string();
            let begun = post("/modalities/fovea/storage-commitment", body);
            let begun: serde_json::Value = serde_json::from_str(&begun).unwrap();
            let path = begun["Path"].as_str().unwrap().to_owned();
            let since = Instant::now();
            loop {
                let report: serde_json::Value = serde_json::from_str(&get(&path)).unwrap();
                if report["Status"] != "Pending" {
                    return report;
                }
                assert!(since.elapsed() < Duration::from_secs(120), "{report}");
                std::thread::sleep(Duration::from_millis(100));
            }
        };
        let instances: Vec<&str> = parcels.iter().map(|parcel| parcel.sop_instance_uid.as_str()).collect();
        assert_eq!(asked(&instances)["Status"], "Success");
        let report = asked(&[instances[0], "1.2.3.4"]);
        assert_eq!(report["Status"], "Failure");
        assert_eq!(report["Success"].as_array().unwrap().len(), 1, "{report}");
    });
}
