//! What a study leaves here, what its files are called, and what refusals mean.

use std::path::{Path, PathBuf};

use super::*;
use crate::pacs::{Connection, Peer, Retrieval, WebPeer};

const UID: &str = "1.2.826.0.1.3680043.9.77";

/// An archive that has these objects, and no more patience than it is given.
#[derive(Debug)]
struct Shelf(Vec<(&'static str, Vec<u8>)>);

impl Archives for Shelf {
    fn find(&self, _: &Archive, _: &Query, _: &dyn Fn() -> bool) -> Result<Vec<FoundStudy>, PacsError> {
        Ok(Vec::new())
    }

    fn retrieve(
        &self,
        _: &Archive,
        _: &str,
        folder: &Path,
        arrived: &dyn Fn(usize),
        may_go_on: &dyn Fn() -> bool,
    ) -> Result<Vec<PathBuf>, PacsError> {
        let mut all = Vec::new();
        for (name, bytes) in &self.0 {
            if !may_go_on() {
                return Err(PacsError::Stopped);
            }
            let path = folder.join(name);
            std::fs::write(&path, bytes).unwrap();
            all.push(path);
            arrived(all.len());
        }
        Ok(all)
    }

    fn echo(&self, _: &Archive, _: &dyn Fn() -> bool) -> Result<(), PacsError> {
        Ok(())
    }
}

fn web() -> Archive {
    Archive::Web(WebPeer { url: "https://pacs.example".to_owned(), ..WebPeer::default() })
}

/// An object with nothing but its head, in explicit little endian.
fn object(class: &str, instance: &str, maker: &str) -> Vec<u8> {
    let element = |tag: (u16, u16), vr: &str, value: &str| {
        let padding = if vr == "UI" { "\0" } else { " " };
        let value = if value.len() % 2 == 1 { format!("{value}{padding}") } else { value.to_owned() };
        let mut bytes = [tag.0.to_le_bytes(), tag.1.to_le_bytes()].concat();
        bytes.extend(vr.as_bytes());
        bytes.extend((value.len() as u16).to_le_bytes());
        bytes.extend(value.as_bytes());
        bytes
    };
    let mut bytes = vec![0; 128];
    bytes.extend(b"DICM");
    let meta = element((2, 0x10), "UI", "1.2.840.10008.1.2.1");
    bytes.extend([2, 0, 0, 0, b'U', b'L', 4, 0]);
    bytes.extend((meta.len() as u32).to_le_bytes());
    bytes.extend(meta);
    bytes.extend(element((8, 0x16), "UI", class));
    bytes.extend(element((8, 0x18), "UI", instance));
    bytes.extend(element((8, 0x60), "CS", "DX"));
    bytes.extend(element((8, 0x70), "LO", maker));
    bytes.extend(element((8, 0x1090), "LO", maker));
    bytes.extend(element((0x10, 0x10), "PN", "Test^One"));
    bytes.extend(element((0x20, 0x11), "IS", "2"));
    bytes.extend(element((0x20, 0x13), "IS", "7"));
    bytes
}

fn shelf() -> Shelf {
    let (dx, sc) = ("1.2.840.10008.5.1.4.1.1.1.1", "1.2.840.10008.5.1.4.1.1.7");
    Shelf(vec![
        ("a", object(dx, "1.2.3.1", "Maker")),
        ("b", object("1.2.840.10008.5.1.4.1.1.88.34", "1.2.3.2", "Maker")),
        ("c", object("1.2.840.10008.5.1.4.1.1.66.4", "1.2.3.3", "Maker")),
        ("d", object(sc, "1.2.3.4", "Fovea")),
        ("e", b"no DICOM".to_vec()),
    ])
}

fn wish<'a>(archive: &'a Archive, place: &'a Path, keep: Option<&'a Path>, stop: &'a Stop) -> Wish<'a> {
    Wish { archive, study_uid: UID, keep, place, stop }
}

fn names(folder: &Path) -> Vec<String> {
    let all = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().file_name().to_string_lossy().into_owned());
    let mut all: Vec<String> = all.collect();
    all.sort();
    all
}

#[test]
fn pictures_come_others_are_passed_over_and_all_goes_with_the_study() {
    let (place, archive, stop) = (tempfile::tempdir().unwrap(), web(), Stop::default());
    let count = std::sync::Mutex::new(0);
    let arrived = |so_many| *count.lock().unwrap() = so_many;
    let study = fetch(&shelf(), &wish(&archive, place.path(), None, &stop), &arrived).unwrap();
    assert_eq!((study.pictures, study.passed_over, *count.lock().unwrap()), (1, 4, 5));
    let files = names(study.folder());
    assert_eq!(files.len(), 1);
    assert!(files[0].starts_with("DX-002-0007-") && !files[0].contains("1.2.3"), "{files:?}");
    assert!(study.is_private() && study.holds(&study.folder().join(&files[0])));
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        let above = study.folder().parent().unwrap();
        assert_eq!(std::fs::metadata(above).unwrap().permissions().mode() & 0o077, 0, "nobody else looks into it");
    }
    let again = fetch(&shelf(), &wish(&archive, place.path(), None, &stop), &|_| {}).unwrap();
    assert_eq!((names(again.folder()), again.key()), (files, study.key()), "a study is known when it comes again");
    drop((study, again));
    assert!(names(place.path()).is_empty());
}

#[test]
fn a_copy_is_kept_where_it_is_wanted() {
    let (place, keep) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let (archive, stop) = (web(), Stop::default());
    for _ in 0..2 {
        let wish = wish(&archive, place.path(), Some(keep.path()), &stop);
        let study = fetch(&shelf(), &wish, &|_| {}).unwrap();
        assert!(!study.is_private() && study.folder().starts_with(keep.path()));
        drop(study);
        let kept = names(keep.path());
        assert!(kept.len() == 1 && !kept[0].contains(UID), "{kept:?}");
        assert_eq!(names(&keep.path().join(&kept[0])).len(), 1);
        assert!(names(place.path()).is_empty());
    }
}

#[test]
fn what_is_stopped_or_fails_leaves_nothing() {
    let (place, archive, stop) = (tempfile::tempdir().unwrap(), web(), Stop::default());
    stop.set();
    assert!(fetch(&shelf(), &wish(&archive, place.path(), None, &stop), &|_| {}).is_err());
    assert!(names(place.path()).is_empty());
    // Stopped while the last object arrives: it is none of the archive's errors.
    let stop = Stop::default();
    let stops = |count| {
        if count == 5 {
            stop.set()
        }
    };
    assert!(fetch(&shelf(), &wish(&archive, place.path(), None, &stop), &stops).is_err());
    assert!(names(place.path()).is_empty());
}

#[test]
fn what_a_killed_process_left_is_deleted_and_what_lives_stays() {
    let place = tempfile::tempdir().unwrap();
    let alive = Private::new(place.path()).unwrap();
    let dead = place.path().join("fovea-study-dead");
    std::fs::create_dir_all(dead.join("study")).unwrap();
    std::fs::write(dead.join("lock"), "").unwrap();
    std::fs::write(dead.join("study/a.dcm"), "x").unwrap();
    std::fs::create_dir(place.path().join("somebody's")).unwrap();
    sweep(place.path());
    assert!(!dead.exists() && alive.path().exists() && place.path().join("somebody's").exists());
}

#[test]
fn a_refusal_says_what_to_do() {
    let peer = Peer {
        host: "pacs.example".to_owned(),
        port: 104,
        ae_title: "ORTHANC".to_owned(),
        own_ae_title: "FOVEA".to_owned(),
        tls: None,
    };
    let dimse = Archive::Dimse { peer, retrieval: Retrieval::Move { port: 11112 } };
    let name = || "pacs.example".to_owned();
    let refused = || PacsError::Refused { peer: name(), reason: "called AE title not recognised".to_owned() };
    let says = advice(&refused(), &dimse);
    assert!(says.contains("know this computer as FOVEA") && says.contains("called ORTHANC"), "{says}");
    assert!(advice(&refused(), &web()).contains("user and secret"));
    let unknown = PacsError::Status { peer: name(), status: 0xA801, meaning: "unknown".to_owned(), is_final: true };
    let says = advice(&unknown, &dimse);
    assert!(says.contains("FOVEA") && says.contains("port 11112"), "{says}");
    let away = PacsError::Away { peer: name(), reason: "connection refused".to_owned() };
    assert_eq!(
        advice(&away, &dimse),
        "pacs.example cannot be reached: connection refused. Is it switched on, are host and port of the connection \
         right, and does it know this computer as FOVEA?"
    );
    let failed = PacsError::Status { peer: name(), status: 0xC000, meaning: "failed".to_owned(), is_final: true };
    assert!(advice(&failed, &dimse).contains("this computer's address and the port 11112"));
    assert_eq!(advice(&PacsError::Here("no such file.".to_owned()), &web()), "no such file.");
}

#[test]
fn a_connection_that_cannot_work_is_told_so() {
    let peer = |host: &str, port, ae_title: &str| Peer {
        host: host.to_owned(),
        port,
        ae_title: ae_title.to_owned(),
        own_ae_title: "FOVEA".to_owned(),
        tls: None,
    };
    let dimse = |peer, retrieval| Connection { name: "x".to_owned(), archive: Archive::Dimse { peer, retrieval } };
    let web = |url: &str| {
        let peer = WebPeer { url: url.to_owned(), ..WebPeer::default() };
        Connection { name: "x".to_owned(), archive: Archive::Web(peer) }
    };
    let sound = [
        dimse(peer("10.0.0.7", 104, "PACS"), Retrieval::Get),
        dimse(peer("::1", 104, "PACS"), Retrieval::Move { port: 11112 }),
        web("https://pacs.example/dicom-web"),
    ];
    assert!(sound.iter().all(is_sound));
    let unsound = [
        dimse(peer("", 104, "PACS"), Retrieval::Get),
        dimse(peer("pacs example", 104, "PACS"), Retrieval::Get),
        dimse(peer("pacs", 0, "PACS"), Retrieval::Get),
        dimse(peer("pacs", 104, ""), Retrieval::Get),
        dimse(peer("pacs", 104, "SEVENTEEN LETTERS"), Retrieval::Get),
        dimse(peer("pacs", 104, "PÄCS"), Retrieval::Get),
        dimse(peer("pacs", 104, "PACS"), Retrieval::Move { port: 0 }),
        web("pacs.example"),
        web("https://"),
        web("https://me:secret@pacs.example"),
        Connection { name: String::new(), ..web("https://pacs.example") },
    ];
    for connection in &unsound {
        assert!(!is_sound(connection), "{connection:?}");
    }
    assert!(fault_of(&sound[0], ["x"].into_iter()).is_some(), "a name stands once");
}
