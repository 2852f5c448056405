//! The place beside the results where a set of files waits until it is whole, and what becomes of it when its process is
//! killed.
//!
//! All that a set leaves in a folder before it is in its place is called `.fovea-ID…`. Its first file is `.fovea-ID.lock`,
//! locked for as long as the process lives: whoever gets that lock may clear up. From the moment at which `.fovea-ID.list`
//! stands there, the set is whole, and clearing up means putting it into its places.

use std::fs::{File, TryLockError};
use std::io::{Result, Write};
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use crate::guard::regular;

const PREFIX: &str = ".fovea-";
const LOCK: &str = ".lock";
const LIST: &str = ".list";
/// A list of more bytes is none of ours.
const MOST_LIST_BYTES: u64 = 1 << 20;

/// A file that waits: under which name, and which one it will have.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct StagedFile {
    pub staged: String,
    pub name: String,
}

/// What clearing up must know of a set that is whole.
#[derive(Debug, Serialize, Deserialize)]
struct List {
    replaces: bool,
    files: Vec<StagedFile>,
}

/// The files of one set in one folder.
#[derive(Debug)]
pub struct Staging {
    folder: PathBuf,
    /// `.fovea-ID`
    stem: String,
    /// Kept for its lock.
    _lock: File,
    /// How many files were staged.
    made: usize,
    /// Whether files are on the disk, and not on their way to it, before they count.
    is_synced: bool,
}

impl Staging {
    /// Takes a place in `folder`, which is made where it is missing.
    pub fn new(folder: &Path, is_synced: bool) -> Result<Self> {
        std::fs::create_dir_all(folder)?;
        loop {
            let file = tempfile::Builder::new().prefix(PREFIX).suffix(LOCK).tempfile_in(folder)?;
            let (lock, path) = file.keep().map_err(|error| error.error)?;
            if let Err(error) = lock.lock() {
                // Some network drives know no locks: nothing is ever cleared up there, and nothing lost.
                tracing::warn!("{}: cannot be locked: {error}", path.display());
            }
            // Between the file and its lock somebody may have cleared it up.
            if path.exists() {
                let name = path.file_name().unwrap_or_default().to_string_lossy();
                let stem = name.trim_end_matches(LOCK).to_owned();
                return Ok(Self { folder: folder.to_owned(), stem, _lock: lock, made: 0, is_synced });
            }
        }
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.join(name)
    }

    fn staged(&self, number: usize) -> String {
        format!("{}-{number}", self.stem)
    }

    /// Has `write` write one file and gives its name here.
    pub fn stage(&mut self, write: impl FnOnce(&mut File) -> Result<()>) -> Result<String> {
        let name = self.staged(self.made);
        self.made += 1;
        let mut file = File::create_new(self.path(&name))?;
        write(&mut file)?;
        if self.is_synced {
            file.sync_all()?;
        }
        Ok(name)
    }

    /// Puts `files` into their places, all or none. Where `replaces`, files that are there give way and come back if a later
    /// one fails.
    ///
    /// # Errors
    /// The name of the file that could not be put in its place, and why.
    pub fn place(&self, files: &[StagedFile], replaces: bool) -> std::result::Result<(), (String, std::io::Error)> {
        let _turn = turn(&self.folder);
        let list = List { replaces, files: files.to_vec() };
        let first = files.first().map(|file| file.name.clone()).unwrap_or_default();
        self.announce(&list).map_err(|error| (first, error))?;
        for (index, file) in files.iter().enumerate() {
            if let Err(error) = self.place_one(file, replaces) {
                self.take_back(&files[..=index], index);
                return Err((file.name.clone(), error));
            }
        }
        Ok(())
    }

    /// From here on the set is whole, whatever happens to this process.
    fn announce(&self, list: &List) -> Result<()> {
        let (unfinished, name) = (format!("{}-list", self.stem), format!("{}{LIST}", self.stem));
        let mut file = File::create(self.path(&unfinished))?;
        file.write_all(&serde_json::to_vec(list)?)?;
        drop(file);
        std::fs::rename(self.path(&unfinished), self.path(&name))
    }

    fn place_one(&self, file: &StagedFile, replaces: bool) -> Result<()> {
        let place = self.path(&file.name);
        if replaces && place.exists() {
            std::fs::rename(&place, self.path(&before(&file.staged)))?;
        }
        let staged = tempfile::TempPath::try_from_path(self.path(&file.staged))?;
        staged.persist_noclobber(&place).map_err(|error| {
            let _ = error.path.keep();
            error.error
        })
    }

    /// What was replaced comes back; the new ones go, which are the first `placed` of `files`.
    fn take_back(&self, files: &[StagedFile], placed: usize) {
        // Nothing better can be done with a file that fails here than to go on with the rest.
        let _ = std::fs::remove_file(self.path(&format!("{}{LIST}", self.stem)));
        for (index, file) in files.iter().enumerate() {
            let (place, before) = (self.path(&file.name), self.path(&before(&file.staged)));
            if index < placed {
                let _ = std::fs::remove_file(&place);
            }
            if before.exists() {
                let _ = std::fs::rename(before, place);
            }
        }
    }
}

/// Sets of the same name from two processes must not mix: who puts files into a folder holds it. Where a system locks no
/// folders, they might.
fn turn(folder: &Path) -> Option<File> {
    let folder = File::open(folder).ok()?;
    folder.lock().ok()?;
    Some(folder)
}

/// What a file that gives way is called meanwhile.
fn before(staged: &str) -> String {
    format!("{staged}-before")
}

impl Drop for Staging {
    /// By name: a folder of results may hold a hundred thousand files.
    fn drop(&mut self) {
        let staged = (0..self.made).map(|number| self.staged(number)).flat_map(|name| [before(&name), name]);
        let own = ["-list", LIST, LOCK].map(|ending| format!("{}{ending}", self.stem));
        for name in staged.chain(own) {
            // Most are in their places by now.
            let _ = std::fs::remove_file(self.path(&name));
        }
    }
}

/// Clears up in `folder` what processes left that were killed: sets that were whole go into their places, others away.
/// What belongs to a living process stays.
pub fn sweep(folder: &Path) {
    let Ok(entries) = std::fs::read_dir(folder) else { return };
    for entry in entries.flatten() {
        let name = entry.file_name().to_string_lossy().into_owned();
        let Some(stem) = name.strip_suffix(LOCK).filter(|stem| stem.starts_with(PREFIX)) else { continue };
        let Ok((lock, _)) = regular::open(&entry.path()) else { continue };
        match lock.try_lock() {
            Ok(()) => {
                finish(folder, stem);
                clear(folder, stem);
            }
            Err(TryLockError::WouldBlock) => {}
            Err(TryLockError::Error(error)) => tracing::warn!("{}: cannot be locked: {error}", entry.path().display()),
        }
    }
}

/// Puts into their places what still waits of a set that is whole.
fn finish(folder: &Path, stem: &str) {
    let Ok(bytes) = regular::read(&folder.join(format!("{stem}{LIST}")), MOST_LIST_BYTES) else { return };
    let _turn = turn(folder);
    let Ok(List { replaces, files }) = serde_json::from_slice(&bytes) else { return };
    for StagedFile { staged, name } in files {
        // A list that somebody else wrote leads nowhere.
        let is_ours = staged.starts_with(stem) && super::is_plain(&staged) && super::is_plain(&name);
        let (staged, place) = (folder.join(staged), folder.join(name));
        if is_ours && staged.exists() && (replaces || !place.exists()) {
            let _ = std::fs::rename(staged, place);
        }
    }
}

/// Removes everything of `stem`, its lock last.
fn clear(folder: &Path, stem: &str) {
    let lock = format!("{stem}{LOCK}");
    for entry in std::fs::read_dir(folder).into_iter().flatten().flatten() {
        let name = entry.file_name().to_string_lossy().into_owned();
        let is_ours = name.strip_prefix(stem).is_some_and(|rest| rest.starts_with(['-', '.']));
        if is_ours && name != lock {
            let _ = std::fs::remove_file(entry.path());
        }
    }
    let _ = std::fs::remove_file(folder.join(lock));
}
