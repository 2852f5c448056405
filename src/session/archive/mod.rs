//! Archives that studies come from: who talks to them, what is asked of them, and where their pictures lie meanwhile.
//!
//! Must not know windows, nor what is made of the pictures. No name and no UID stands in anything that is printed here.

mod connection;
mod fetch;
mod study;
#[cfg(test)]
mod tests;
mod words;

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Instant;

use crate::pacs::{self, Archive, FoundStudy, PacsError, Patience, Query};

pub use self::connection::{USUAL_AE_TITLE, USUAL_PORT, fault_of, is_sound};
pub use self::fetch::{Wish, fetch};
pub use self::study::{Private, Study, sweep};
pub use self::words::advice;

/// Whoever talks to archives. Each call blocks, and asks `may_go_on` while it waits.
pub trait Archives: std::fmt::Debug + Send + Sync {
    /// The studies that match.
    ///
    /// # Errors
    /// See [`pacs::query::find`].
    fn find(
        &self,
        archive: &Archive,
        query: &Query,
        may_go_on: &dyn Fn() -> bool,
    ) -> Result<Vec<FoundStudy>, PacsError>;

    /// Brings all objects of a study into `folder`; `arrived` is told how many there are by now.
    ///
    /// # Errors
    /// See [`pacs::query::retrieve`].
    fn retrieve(
        &self,
        archive: &Archive,
        study_uid: &str,
        folder: &Path,
        arrived: &dyn Fn(usize),
        may_go_on: &dyn Fn() -> bool,
    ) -> Result<Vec<PathBuf>, PacsError>;

    /// Whether it answers.
    ///
    /// # Errors
    /// See [`pacs::query::echo`].
    fn echo(&self, archive: &Archive, may_go_on: &dyn Fn() -> bool) -> Result<(), PacsError>;
}

/// The archives on the network.
#[derive(Debug, Clone, Copy)]
pub struct OverNetwork;

impl Archives for OverNetwork {
    fn find(
        &self,
        archive: &Archive,
        query: &Query,
        may_go_on: &dyn Fn() -> bool,
    ) -> Result<Vec<FoundStudy>, PacsError> {
        pacs::query::find(archive, query, Patience::default(), may_go_on)
    }

    fn retrieve(
        &self,
        archive: &Archive,
        study_uid: &str,
        folder: &Path,
        arrived: &dyn Fn(usize),
        may_go_on: &dyn Fn() -> bool,
    ) -> Result<Vec<PathBuf>, PacsError> {
        pacs::query::retrieve(archive, study_uid, folder, Patience::default(), arrived, may_go_on)
    }

    fn echo(&self, archive: &Archive, may_go_on: &dyn Fn() -> bool) -> Result<(), PacsError> {
        pacs::query::echo(archive, Patience::default(), may_go_on)
    }
}

/// Set once, by whoever does not want to wait any longer.
#[derive(Debug, Clone, Default)]
pub struct Stop(Arc<AtomicBool>);

impl Stop {
    pub fn set(&self) {
        self.0.store(true, Ordering::Relaxed);
    }

    pub fn is_set(&self) -> bool {
        self.0.load(Ordering::Relaxed)
    }
}

/// What is asked of an archive.
#[derive(Clone)]
pub enum ArchiveQuestion {
    Find(Query),
    /// Brings a study here; where a folder is named, it stays there.
    Fetch {
        study_uid: String,
        keep: Option<PathBuf>,
    },
    Echo,
}

/// A question on its way.
#[derive(Clone)]
pub struct ArchiveJob {
    pub number: u64,
    pub archive: Archive,
    pub question: ArchiveQuestion,
    pub stop: Stop,
}

impl std::fmt::Debug for ArchiveJob {
    /// Whom one searches for belongs in no log.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "ArchiveJob({}, hidden)", self.number)
    }
}

/// What an archive has to say.
#[derive(Debug)]
pub enum ArchiveAnswer {
    Found(Vec<FoundStudy>),
    /// Objects of a study that have arrived so far.
    Arrived(usize),
    Fetched(Study),
    /// It answers.
    Here,
}

/// What an archive is asked for at the moment, as it is shown.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PendingQuestion {
    pub since: Instant,
    pub what: WaitingFor,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum WaitingFor {
    Search,
    Echo,
    /// Objects that have arrived, and their total where the archive tells it.
    Fetch {
        arrived: usize,
        of: Option<u32>,
    },
}

impl WaitingFor {
    /// For a progress line.
    pub fn says(self) -> String {
        match self {
            Self::Search => "Searching the archive".to_owned(),
            Self::Echo => "Asking the archive".to_owned(),
            Self::Fetch { arrived, of: Some(of) } => format!("Fetching the study: {arrived} of {of} objects"),
            Self::Fetch { arrived, of: None } => format!("Fetching the study: {arrived} objects"),
        }
    }
}
