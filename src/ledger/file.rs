//! One shard's ledger, as the process that works at the shard has it.

use std::collections::{BTreeSet, HashMap};
use std::fs::{File, OpenOptions, TryLockError};
use std::io::{BufWriter, Error, Write};
use std::path::{Path, PathBuf};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use super::entry::{Entry, Header, Line, State};
use super::lines::{self, Content, Place};
use super::places;
use super::shard::Shard;

/// A killed process is given this long to be gone.
const PATIENCE: Duration = Duration::from_secs(3);

/// Why a ledger cannot be kept.
#[derive(Debug, thiserror::Error)]
pub enum LedgerError {
    #[error("{}: another process works at this shard", .0.display())]
    Busy(PathBuf),
    #[error(
        "{}: made by another model or with other settings; give another --out, or --force to begin this shard anew",
        .0.display()
    )]
    OtherSettings(PathBuf),
    #[error(
        "{}: begun in {found} shards, and this is one of {wanted}; give {found}, or another --out, or delete that folder",
 folder.display()
    )]
    OtherSplit { folder: PathBuf, found: u32, wanted: u32 },
    #[error("{}: {error}", path.display())]
    File { path: PathBuf, error: Error },
}

/// How a ledger is opened.
#[derive(Debug, Clone)]
pub struct Opening<'a> {
    /// The folder of the results.
    pub out: &'a Path,
    pub shard: Shard,
    /// One number for model and settings: lines that were made by others do not count.
    pub key: String,
    /// How many pictures the shard has.
    pub pictures: usize,
    /// Forget what was done before.
    pub afresh: bool,
}

/// What a shard has done, and the file that grows by a line a picture. Threads share it.
#[derive(Debug)]
pub struct Ledger {
    folder: PathBuf,
    header: Header,
    shard: Shard,
    state: Mutex<Inside>,
    /// Held for as long as the process lives.
    _lock: File,
}

#[derive(Debug)]
struct Inside {
    part: File,
    part_bytes: u64,
    /// By the name of the results; without their records.
    kept: HashMap<String, (Entry, Place, Source)>,
    /// Whether the manifest says something else.
    is_changed: bool,
}

/// In which file a line lies.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Source {
    Manifest,
    Part,
}

impl Ledger {
    /// Takes the shard for this process and reads what was done of it. Entries that `holds` says no to are dropped: those of
    /// pictures that are no longer there.
    ///
    /// # Errors
    /// Another process that works at it, a ledger of other settings or of another split, and a file that cannot be read or
    /// written.
    pub fn open(opening: Opening<'_>, holds: impl Fn(&Entry) -> bool) -> Result<Self, LedgerError> {
        Self::open_within(opening, holds, PATIENCE)
    }

    fn open_within(
        opening: Opening<'_>,
        holds: impl Fn(&Entry) -> bool,
        patience: Duration,
    ) -> Result<Self, LedgerError> {
        let Opening { out, shard, key, pictures, afresh } = opening;
        let folder = places::folder(out);
        std::fs::create_dir_all(&folder).map_err(failed(&folder))?;
        check_split(&folder, shard)?;
        let lock = lock(&folder.join(format!(".{}.lock", shard.name())), patience)?;
        let (index, count, version) = (shard.index(), shard.count(), env!("CARGO_PKG_VERSION").to_owned());
        let header = Header { shard: index, shards: count, pictures: pictures as u64, key, version };
        let (manifest, part) =
            (places::file(&folder, shard, places::MANIFEST), places::file(&folder, shard, places::PART));
        if afresh {
            remove(&part)?;
            remove(&manifest)?;
        }
        let read = |path: &Path| -> Result<Content, LedgerError> {
            let content = lines::read(path).map_err(failed(path))?;
            match &content.header {
                Some(found) if found.key != header.key => Err(LedgerError::OtherSettings(path.to_owned())),
                Some(_) => Ok(content),
                None => Ok(Content::default()),
            }
        };
        let (before, begun) = (read(&manifest)?, read(&part)?);
        let is_changed = before.header.as_ref() != Some(&header) || !begun.entries.is_empty();
        let mut kept = HashMap::new();
        let mut dropped = 0;
        for (content, source) in [(&before, Source::Manifest), (&begun, Source::Part)] {
            // Another version may open what that one could not.
            let is_other = content.header.as_ref().is_some_and(|found| found.version != header.version);
            for (entry, place) in &content.entries {
                if holds(entry) && (entry.state == State::Done || !is_other) {
                    kept.insert(entry.name.clone(), (entry.clone(), *place, source));
                } else {
                    dropped += 1;
                }
            }
        }
        let file = part_file(&part, begun.whole_bytes).map_err(failed(&part))?;
        let inside = Inside { part: file, part_bytes: begun.whole_bytes, kept, is_changed: is_changed || dropped > 0 };
        let ledger = Self { folder, header, shard, state: Mutex::new(inside), _lock: lock };
        if begun.header.as_ref() != Some(&ledger.header) {
            let header = ledger.header.clone();
            ledger.append(&header).map_err(failed(&part))?;
        }
        Ok(ledger)
    }

    pub fn shard(&self) -> Shard {
        self.shard
    }

    /// Where a file of this shard with `ending` lies: `OUT/shards/0003-of-0020.ENDING`.
    pub fn path(&self, ending: &str) -> PathBuf {
        places::file(&self.folder, self.shard, ending)
    }

    /// What is known of the picture whose results are called `name`; without its record.
    pub fn known(&self, name: &str) -> Option<Entry> {
        self.lock().kept.get(name).map(|(entry, ..)| entry.clone())
    }

    /// Whether nothing is known of any picture.
    pub fn is_empty(&self) -> bool {
        self.lock().kept.is_empty()
    }

    /// The rows of arrays that pictures have.
    pub fn maps_rows(&self) -> BTreeSet<u64> {
        self.lock().kept.values().filter_map(|(entry, ..)| entry.maps_row).collect()
    }

    /// Whether the manifest is there, and says all of this.
    pub fn is_finished(&self) -> bool {
        !self.lock().is_changed
    }

    /// Adds a line, in one write. A later one of the same name counts.
    ///
    /// # Errors
    /// A file that takes no more.
    pub fn add(&self, entry: &Entry) -> Result<(), LedgerError> {
        let place = self.append(&Line { shard: self.header.shard, entry }).map_err(failed(&self.path(places::PART)))?;
        let mut inside = self.lock();
        inside.is_changed = true;
        let entry = Entry { record: None, ..entry.clone() };
        inside.kept.insert(entry.name.clone(), (entry, place, Source::Part));
        Ok(())
    }

    fn append(&self, line: &impl serde::Serialize) -> Result<Place, Error> {
        let mut line = serde_json::to_vec(line)?;
        line.push(b'\n');
        let mut inside = self.lock();
        let place = Place { from: inside.part_bytes, bytes: line.len() as u64 };
        if let Err(error) = inside.part.write_all(&line) {
            // On a full disk some of it may stand there: no later line may be joined to it.
            let _ = inside.part.set_len(place.from);
            return Err(error);
        }
        inside.part_bytes += place.bytes;
        Ok(place)
    }

    /// Hands every entry to `take`, with its record, in the order of the pictures' paths; one at a time is in memory.
    ///
    /// # Errors
    /// A file that cannot be read any more, and what `take` says.
    pub fn each<E: From<LedgerError>>(&self, mut take: impl FnMut(Entry) -> Result<(), E>) -> Result<(), E> {
        self.each_line(|line, path| {
            let entry = serde_json::from_slice(line).map_err(|error| failed(path)(error.into()))?;
            take(entry)
        })
    }

    fn each_line<E: From<LedgerError>>(&self, mut take: impl FnMut(&[u8], &Path) -> Result<(), E>) -> Result<(), E> {
        let mut order: Vec<(String, String, Place, Source)> = {
            let inside = self.lock();
            let kept = inside.kept.values();
            kept.map(|(entry, place, source)| (entry.file.clone(), entry.name.clone(), *place, *source)).collect()
        };
        order.sort_by(|a, b| (&a.0, &a.1).cmp(&(&b.0, &b.1)));
        let mut files = [None, None];
        for (.., place, source) in order {
            let (slot, ending) = match source {
                Source::Manifest => (&mut files[0], places::MANIFEST),
                Source::Part => (&mut files[1], places::PART),
            };
            let path = self.path(ending);
            let file = match slot {
                Some(file) => file,
                none => none.insert(File::open(&path).map_err(failed(&path))?),
            };
            take(&lines::line(file, place).map_err(failed(&path))?, &path)?;
        }
        Ok(())
    }

    /// Puts the manifest into its place, whole or not at all, and removes the file that grew.
    ///
    /// # Errors
    /// A file that cannot be written.
    pub fn finish(self) -> Result<(), LedgerError> {
        let part = self.path(places::PART);
        if self.lock().is_changed {
            let (place, unfinished) =
                (self.path(places::MANIFEST), self.folder.join(format!(".{}.new", self.shard.name())));
            // Under the shard's lock: what lies there was left by a process that was killed.
            let file = File::create(&unfinished).map_err(failed(&unfinished))?;
            let mut file = BufWriter::new(file);
            let mut header = serde_json::to_vec(&self.header).map_err(|error| failed(&unfinished)(error.into()))?;
            header.push(b'\n');
            file.write_all(&header).map_err(failed(&unfinished))?;
            self.each_line(|line, _| file.write_all(line).map_err(failed(&unfinished)))?;
            let written = file.into_inner().map_err(std::io::IntoInnerError::into_error);
            written.and_then(|file| file.sync_all()).map_err(failed(&unfinished))?;
            std::fs::rename(&unfinished, &place).map_err(failed(&place))?;
        }
        remove(&part)
    }

    fn lock(&self) -> MutexGuard<'_, Inside> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Two splits of the same pictures would do each twice.
fn check_split(folder: &Path, shard: Shard) -> Result<(), LedgerError> {
    let found = places::shards(folder).map_err(failed(folder))?;
    match found.into_iter().find(|found| found.count() != shard.count()) {
        Some(other) => {
            let (found, wanted) = (other.count(), shard.count());
            Err(LedgerError::OtherSplit { folder: folder.to_owned(), found, wanted })
        }
        None => Ok(()),
    }
}

/// The file that grows, without what comes after its first `bytes`.
fn part_file(path: &Path, bytes: u64) -> Result<File, Error> {
    let file = OpenOptions::new().append(true).create(true).open(path)?;
    if file.metadata()?.len() != bytes {
        file.set_len(bytes)?;
    }
    Ok(file)
}

/// A lock that is held until the file is dropped, or the process ends, however it does.
fn lock(path: &Path, patience: Duration) -> Result<File, LedgerError> {
    let file = OpenOptions::new().write(true).create(true).truncate(false).open(path).map_err(failed(path))?;
    let start = Instant::now();
    loop {
        match file.try_lock() {
            Ok(()) => return Ok(file),
            Err(TryLockError::WouldBlock) if start.elapsed() >= patience => {
                return Err(LedgerError::Busy(path.to_owned()));
            }
            Err(TryLockError::WouldBlock) => std::thread::sleep(Duration::from_millis(50)),
            Err(TryLockError::Error(error)) => {
                // Some network drives know no locks; engines start a task once.
                tracing::warn!("{}: cannot be locked: {error}", path.display());
                return Ok(file);
            }
        }
    }
}

fn remove(path: &Path) -> Result<(), LedgerError> {
    match std::fs::remove_file(path) {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => Err(failed(path)(error)),
        _ => Ok(()),
    }
}

fn failed(path: &Path) -> impl Fn(Error) -> LedgerError + '_ {
    |error| LedgerError::File { path: path.to_owned(), error }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn opening(out: &Path) -> Opening<'_> {
        Opening { out, shard: Shard::new(3, 20).unwrap(), key: "k".to_owned(), pictures: 2, afresh: false }
    }

    fn open(out: &Path) -> Ledger {
        Ledger::open(opening(out), |_| true).unwrap()
    }

    fn entry(name: &str) -> Entry {
        Entry {
            name: name.to_owned(),
            file: format!("{name}.png"),
            state: State::Done,
            stamp: None,
            picture_sha256: Some("p".to_owned()),
            made_with: Some("m".to_owned()),
            files: vec!["json".to_owned()],
            maps_row: None,
            reason: None,
            milliseconds: 5,
            record: Some("{\"score\":0.10000000149}".to_owned()),
        }
    }

    fn names(ledger: &Ledger) -> Vec<(String, Option<String>)> {
        let mut names = Vec::new();
        ledger
            .each(|entry| {
                names.push((entry.name, entry.record));
                Ok::<_, LedgerError>(())
            })
            .unwrap();
        names
    }

    #[test]
    fn a_killed_process_leaves_what_it_had_done_and_no_half_line() {
        let out = tempfile::tempdir().unwrap();
        let ledger = open(out.path());
        ledger.add(&entry("b")).unwrap();
        let part = ledger.path("part.jsonl");
        assert!(part.ends_with("shards/0003-of-0020.part.jsonl"));
        drop(ledger);
        let mut file = OpenOptions::new().append(true).open(&part).unwrap();
        file.write_all(b"{\"some\":\"foreign line\"}\n{\"name\":\"c\",\"file\":\"c.png\",\"sta").unwrap();
        let ledger = open(out.path());
        assert_eq!((ledger.known("b").map(|known| known.milliseconds), ledger.known("c")), (Some(5), None));
        ledger.add(&entry("a")).unwrap();
        let record = entry("a").record;
        assert_eq!(names(&ledger), [("a".to_owned(), record.clone()), ("b".to_owned(), record)]);
        let manifest = ledger.path("jsonl");
        ledger.finish().unwrap();
        assert!(manifest.is_file() && !part.exists());
        let text = std::fs::read_to_string(&manifest).unwrap();
        assert_eq!(text.lines().count(), 3, "{text}");
        assert!(text.lines().all(|line| line.contains("\"shard\":3")), "{text}");
    }

    #[test]
    fn a_finished_shard_is_opened_again_and_grows() {
        let out = tempfile::tempdir().unwrap();
        let ledger = open(out.path());
        ledger.add(&entry("a")).unwrap();
        let manifest = ledger.path("jsonl");
        ledger.finish().unwrap();
        let before = std::fs::metadata(&manifest).unwrap().modified().unwrap();
        let ledger = open(out.path());
        assert!(ledger.is_finished());
        ledger.finish().unwrap();
        assert_eq!(std::fs::metadata(&manifest).unwrap().modified().unwrap(), before, "nothing was written again");
        let ledger = open(out.path());
        ledger.add(&entry("b")).unwrap();
        ledger.add(&Entry { milliseconds: 9, ..entry("a") }).unwrap();
        ledger.finish().unwrap();
        // Without `b`, which is no longer there.
        let ledger = Ledger::open(opening(out.path()), |entry| entry.name != "b").unwrap();
        assert_eq!((names(&ledger).len(), ledger.known("a").unwrap().milliseconds), (1, 9));
    }

    #[test]
    fn one_process_has_a_shard_and_settings_do_not_mix() {
        let out = tempfile::tempdir().unwrap();
        let ledger = open(out.path());
        let second = Ledger::open_within(opening(out.path()), |_| true, Duration::ZERO);
        assert!(matches!(second, Err(LedgerError::Busy(_))));
        ledger.add(&entry("a")).unwrap();
        drop(ledger);
        let other = || Opening { key: "other".to_owned(), ..opening(out.path()) };
        assert!(matches!(Ledger::open(other(), |_| true), Err(LedgerError::OtherSettings(_))));
        let split = Opening { shard: Shard::new(3, 10).unwrap(), ..opening(out.path()) };
        let split = Ledger::open(split, |_| true).unwrap_err().to_string();
        assert!(split.contains("begun in 20 shards, and this is one of 10"), "{split}");
        let afresh = Ledger::open(Opening { afresh: true, ..other() }, |_| true).unwrap();
        assert_eq!(names(&afresh), []);
    }

    #[test]
    fn threads_add_at_once() {
        let out = tempfile::tempdir().unwrap();
        let ledger = open(out.path());
        std::thread::scope(|scope| {
            for thread in 0..4 {
                let ledger = &ledger;
                scope.spawn(move || {
                    (0..50).for_each(|number| ledger.add(&entry(&format!("{thread}-{number}"))).unwrap());
                });
            }
        });
        drop(ledger);
        assert_eq!(names(&open(out.path())).len(), 200);
    }
}
