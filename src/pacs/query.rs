//! Searching an archive and fetching from it, by DIMSE or DICOMweb.

use std::path::{Path, PathBuf};

use super::fetch::{self, Landing};
use super::message::is_uid;
pub use super::study::{FoundStudy, MOST_FOUND, Query};
use super::{Archive, PacsError, Patience, Retrieval, client, search, web};

/// The studies that match, at most [`MOST_FOUND`].
///
/// # Errors
/// Those of the connection, and [`PacsError::Stopped`] once `may_go_on` says no.
pub fn find(
    archive: &Archive,
    query: &Query,
    patience: Patience,
    may_go_on: &dyn Fn() -> bool,
) -> Result<Vec<FoundStudy>, PacsError> {
    match archive {
        Archive::Dimse { peer, .. } => search::find(peer, query, patience, may_go_on),
        Archive::Web(peer) => web::find(peer, query, patience, may_go_on),
    }
}

/// Fetches all pictures of a study into `folder`, one file each, whose name tells nothing of the patient; `arrived` is
/// called with the number so far. Returns their paths.
///
/// # Errors
/// Like [`find`].
pub fn retrieve(
    archive: &Archive,
    study_uid: &str,
    folder: &Path,
    patience: Patience,
    arrived: &dyn Fn(usize),
    may_go_on: &dyn Fn() -> bool,
) -> Result<Vec<PathBuf>, PacsError> {
    if !is_uid(study_uid) {
        return Err(PacsError::Here("a study is asked for by its UID".to_owned()));
    }
    let landing = Landing::new(folder, study_uid)?;
    match archive {
        Archive::Dimse { peer, retrieval: Retrieval::Get } => fetch::get(peer, &landing, patience, arrived, may_go_on),
        Archive::Dimse { peer, retrieval: Retrieval::Move { port } } => {
            fetch::by_move(peer, *port, landing, patience, arrived, may_go_on)
        }
        Archive::Web(peer) => web::retrieve(peer, study_uid, &landing, patience, arrived, may_go_on),
    }
}

/// Whether it answers: C-ECHO, or a search for one study.
///
/// # Errors
/// Like [`find`].
pub fn echo(archive: &Archive, patience: Patience, may_go_on: &dyn Fn() -> bool) -> Result<(), PacsError> {
    match archive {
        Archive::Dimse { peer, .. } => client::echo(peer, patience, may_go_on),
        Archive::Web(peer) => web::echo(peer, patience, may_go_on),
    }
}
