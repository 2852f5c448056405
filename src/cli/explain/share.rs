//! One picture of a shard: what the ledger knows of it, and what the ledger is told.

use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use anyhow::Result;

use super::done::are_there;
use super::sink::Sink;
use super::wanted::Wanted;
use super::work::{Noted, PictureOutcome, Work};
use crate::cli::fault::{Fault, Said};
use crate::guard::whole;
use crate::ledger::{Entry, Ledger, Stamp, State};

/// A set of files is moved in far less.
const CLEARING_UP: Duration = Duration::from_millis(200);

/// What one process does of the pictures.
pub struct Share<'a> {
    pub work: Work<'a>,
    pub ledger: Option<Ledger>,
    /// Records and maps that the pictures share.
    pub sink: Option<&'a Sink>,
    pub out: PathBuf,
    /// Something failed that would fail with every other picture.
    ended: AtomicBool,
}

impl<'a> Share<'a> {
    pub fn new(work: Work<'a>, ledger: Option<Ledger>, sink: Option<&'a Sink>, out: &Path) -> Self {
        let work = work.into_sink(sink);
        Self { work, ledger, sink, out: out.to_owned(), ended: AtomicBool::new(false) }
    }

    /// Whether it is of no use to begin another picture.
    pub fn is_ended(&self) -> bool {
        self.ended.load(Ordering::Relaxed)
    }

    /// Explains the picture, if the ledger does not say that this was done.
    pub fn one(&self, wanted: &Wanted) -> Result<PictureOutcome> {
        let Some(ledger) = &self.ledger else { return self.work.one(&wanted.path, &wanted.name) };
        let stamp = std::fs::metadata(&wanted.path).ok().as_ref().map(Stamp::of);
        let has_maps = |known: &Entry| self.sink.is_none_or(|sink| sink.has_maps(known));
        let is_right = |known: &Entry| is_right(known, stamp, &self.out) && has_maps(known);
        if let Some(known) = ledger.known(&wanted.name).filter(is_right) {
            return match known.state {
                State::Done => Ok(PictureOutcome::Already(None, Noted::default())),
                State::Bad => Err(Said { says: known.reason.unwrap_or_default(), fault: Fault::Picture }.into()),
            };
        }
        let answer = self.tried(wanted);
        self.keep(ledger, wanted, stamp, &answer)?;
        answer
    }

    fn tried(&self, wanted: &Wanted) -> Result<PictureOutcome> {
        match self.work.one(&wanted.path, &wanted.name) {
            Err(error) if Fault::of(&error) == Fault::Taken => {
                // Half of what a killed process had put there: another task may have been clearing that up just now.
                std::thread::sleep(CLEARING_UP);
                whole::sweep(&self.out);
                self.work.one(&wanted.path, &wanted.name)
            }
            answer => answer,
        }
    }

    /// Tells the ledger what is final.
    fn keep(
        &self,
        ledger: &Ledger,
        wanted: &Wanted,
        stamp: Option<Stamp>,
        answer: &Result<PictureOutcome>,
    ) -> Result<()> {
        let (name, file) = (wanted.name.clone(), wanted.file.clone());
        let entry = match answer {
            Ok(PictureOutcome::Explained(_, noted) | PictureOutcome::Already(_, noted)) => {
                let noted = noted.clone();
                Entry {
                    stamp,
                    picture_sha256: Some(noted.picture_sha256),
                    made_with: Some(noted.made_with),
                    files: noted.files,
                    maps_row: noted.maps_row,
                    milliseconds: noted.milliseconds,
                    record: noted.record,
                    ..Entry::new(name, file, State::Done)
                }
            }
            Err(error) => {
                let fault = Fault::of(error);
                if fault.ends_all() {
                    self.ended.store(true, Ordering::Relaxed);
                }
                if fault.passes() || fault == Fault::Request {
                    return Ok(());
                }
                // Without its stamp it is tried again.
                let stamp = stamp.filter(|_| fault == Fault::Picture);
                Entry { stamp, reason: Some(format!("{error:#}")), ..Entry::new(name, file, State::Bad) }
            }
        };
        Ok(ledger.add(&entry).inspect_err(|_| self.ended.store(true, Ordering::Relaxed))?)
    }
}

/// Whether what the ledger says still holds: the picture's file is as it was, and all of its results are there. No file is
/// read for that.
pub fn is_right(known: &Entry, stamp: Option<Stamp>, out: &Path) -> bool {
    let path = |ending: &str| out.join(format!("{}.{ending}", known.name));
    known.stamp.is_some() && known.stamp == stamp && are_there(&known.files, path)
}
