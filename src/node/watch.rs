//! Watches a folder, whose pictures are answered like received ones.

use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, SystemTime};

use super::Say;
use super::bell::Bell;
use super::queue::{Known, Queue, Taken};
use crate::guard::regular;
use crate::scan::{MOST_FILE_BYTES, find};

/// Time between two scans.
const EACH: Duration = Duration::from_secs(2);

/// Size and time of a file when it was scanned.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct FileStamp {
    bytes: u64,
    modified: Option<SystemTime>,
}

/// A watched folder.
#[derive(Debug)]
pub struct Watched {
    folder: PathBuf,
    /// Each file's stamp at the last scan, and whether it was taken in that state.
    seen: HashMap<PathBuf, (FileStamp, bool)>,
    is_gone: bool,
}

impl Watched {
    pub fn new(folder: &Path) -> Self {
        Self { folder: folder.to_owned(), seen: HashMap::new(), is_gone: false }
    }

    /// Scans until the node stops.
    pub fn run(mut self, queue: &Queue, arrived: &Bell, stop: &AtomicBool, say: &Say) {
        while !stop.load(Ordering::Relaxed) {
            if self.look(queue, say) > 0 {
                arrived.ring();
            }
            let mut left = EACH;
            while !left.is_zero() && !stop.load(Ordering::Relaxed) {
                std::thread::sleep(Duration::from_millis(100));
                left = left.saturating_sub(Duration::from_millis(100));
            }
        }
    }

    /// Takes every file that has not changed since the last scan, once; returns how many are new. Files stay where they are.
    pub fn look(&mut self, queue: &Queue, say: &Say) -> usize {
        let paths = match find::pictures(std::slice::from_ref(&self.folder)) {
            Ok(found) => found.pictures,
            Err(crate::scan::ScanError::NoPictures(_)) => Vec::new(),
            Err(_) => {
                if !self.is_gone {
                    // A path may contain a patient's name.
                    say("the watched folder cannot be read; it is looked for again");
                }
                self.is_gone = true;
                return 0;
            }
        };
        self.is_gone = false;
        let mut before = std::mem::take(&mut self.seen);
        let mut new = 0;
        for path in paths {
            let Some(now) = stamp(&path) else { continue };
            let (was, mut is_taken) = before.remove(&path).map_or((None, false), |(was, taken)| (Some(was), taken));
            is_taken &= was == Some(now);
            if !is_taken && was == Some(now) {
                match take(queue, &path) {
                    Ok(Some(Taken::New(_))) => (new, is_taken) = (new + 1, true),
                    Ok(Some(Taken::Again)) => is_taken = true,
                    // There will be room; a file that is being written is scanned again.
                    Ok(Some(Taken::Full) | None) => {}
                    Err(reason) => say(&format!("a file of the watched folder cannot be taken: {reason}")),
                }
            }
            self.seen.insert(path, (now, is_taken));
        }
        new
    }
}

fn stamp(path: &Path) -> Option<FileStamp> {
    let data = std::fs::metadata(path).ok()?;
    Some(FileStamp { bytes: data.len(), modified: data.modified().ok() })
}

/// Copies the file at `path` and gives the copy to the queue; `None` if it changed meanwhile.
fn take(queue: &Queue, path: &Path) -> Result<Option<Taken>, String> {
    if !queue.has_room().map_err(|error| error.to_string())? {
        return Ok(Some(Taken::Full));
    }
    let before = stamp(path);
    // These errors contain no path.
    let bytes = regular::read(path, MOST_FILE_BYTES).map_err(|error| error.to_string())?;
    if before.is_none() || stamp(path) != before {
        return Ok(None);
    }
    let copy = tempfile::NamedTempFile::new_in(queue.arrivals()).map_err(|error| error.to_string())?;
    std::fs::write(copy.path(), &bytes).map_err(|error| error.to_string())?;
    let taken = queue.take(copy.path(), Known::File).map_err(|error| error.to_string())?;
    // It has been moved.
    let _ = copy.into_temp_path().keep();
    Ok(Some(taken))
}
