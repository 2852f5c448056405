//! An archive with invented patients.

use std::path::{Path, PathBuf};

use fovea::pacs::{Archive, Connection, FoundStudy, PacsError, Peer, Query, Retrieval};
use fovea::session::archive::Archives;

/// It finds what it has, and fetches nothing.
#[derive(Debug)]
pub struct Invented;

impl Archives for Invented {
    fn find(&self, _: &Archive, _: &Query, _: &dyn Fn() -> bool) -> Result<Vec<FoundStudy>, PacsError> {
        Ok(studies())
    }

    fn retrieve(
        &self,
        _: &Archive,
        _: &str,
        _: &Path,
        arrived: &dyn Fn(usize),
        _: &dyn Fn() -> bool,
    ) -> Result<Vec<PathBuf>, PacsError> {
        arrived(1);
        let reason = "the calling AE title is not recognised".to_owned();
        Err(PacsError::Refused { peer: "pacs.example:104 (ORTHANC)".to_owned(), reason })
    }

    fn echo(&self, _: &Archive, _: &dyn Fn() -> bool) -> Result<(), PacsError> {
        Ok(())
    }
}

pub fn connection() -> Connection {
    let peer = Peer {
        host: "pacs.example".to_owned(),
        port: 104,
        ae_title: "ORTHANC".to_owned(),
        own_ae_title: "FOVEA".to_owned(),
        tls: None,
    };
    let retrieval = Retrieval::Move { port: 11112 };
    Connection { name: "Radiology".to_owned(), archive: Archive::Dimse { peer, retrieval } }
}

fn studies() -> Vec<FoundStudy> {
    let names =
        ["One", "Two^Anna", "Three^Anna Maria", "Four=試験^四", "Five^With a name that is longer than its column is"];
    let descriptions =
        ["Chest PA and lateral", "Fundus, both eyes", "", "Follow-up after six weeks, chest in one plane, lying"];
    let study = |at: usize| FoundStudy {
        study_uid: format!("1.2.826.0.1.3680043.9.{at}"),
        patient_id: format!("T-{:04}", 7 * at + 1),
        patient_name: format!("Test^{}", names[at % names.len()]),
        study_date: format!("202603{:02}", 28 - at % 28),
        modalities: [vec!["DX".to_owned()], vec!["OP".to_owned()], vec!["CR".to_owned(), "SR".to_owned()]][at % 3]
            .clone(),
        description: descriptions[at % descriptions.len()].to_owned(),
        instances: Some(2 + at as u32 % 5).filter(|_| at % 7 != 3),
    };
    (0..24).map(study).collect()
}
