//! The file that keeps readings: a SQLite database, so that what was acknowledged survives the program's end at any
//! moment, and a researcher needs nothing of ours to read it (`docs/readings.md`).
//!
//! Must not know what the rows mean: it returns what [`Contents::apply`] makes of the changes that it was given.

mod check;
mod error;
mod folders;
mod read;
mod schema;
mod write;

use std::ffi::OsStr;
use std::path::{Path, PathBuf};
use std::time::Duration;

use rusqlite::{Connection, OpenFlags, TransactionBehavior};

pub use self::error::{Fault, FileError};
use self::folders::Folders;
use self::write::Writer;
use super::entry::{Change, Contents, ReadingsHeader};
use crate::guard::whole::{OutputSet, WriteError};

/// How files of readings end.
pub const ENDING: &str = "fovea";
/// How long to wait for another program to release the file.
const PATIENCE: Duration = Duration::from_secs(2);

/// A file of readings that is open, for this program alone.
#[derive(Debug)]
pub struct ReadingFile {
    path: PathBuf,
    connection: Connection,
    folders: Folders,
}

impl ReadingFile {
    /// Makes a new file, and opens it.
    ///
    /// # Errors
    /// A file that is there already, and a place that cannot be written.
    pub fn create(path: &Path, head: &ReadingsHeader) -> Result<Self, FileError> {
        let path = std::path::absolute(path).map_err(|error| Fault::from(error).of(path))?;
        write_new(&path, head).map_err(|fault| fault.of(&path))?;
        Self::open(&path)
    }

    /// Opens a file, and keeps others from it until this is dropped.
    ///
    /// # Errors
    /// A file that is none of ours, damaged, of a newer version, absurdly large, or open elsewhere.
    pub fn open(path: &Path) -> Result<Self, FileError> {
        let absolute = std::path::absolute(path).map_err(|error| Fault::from(error).of(path))?;
        Self::opened(absolute, true).map_err(|fault| fault.of(path))
    }

    /// What stands in a file that nobody else has open for writing.
    ///
    /// # Errors
    /// Like [`Self::open`].
    pub fn look(path: &Path) -> Result<Contents, FileError> {
        let absolute = std::path::absolute(path).map_err(|error| Fault::from(error).of(path))?;
        Self::opened(absolute, false).map_err(|fault| fault.of(path))?.read()
    }

    fn opened(path: PathBuf, alone: bool) -> Result<Self, Fault> {
        check::outside(&path)?;
        // An absolute path: one that begins with `file:` would be taken for an address with orders in it.
        let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
        let connection = Connection::open_with_flags(&path, flags)?;
        connection.busy_timeout(PATIENCE)?;
        check::distrust(&connection)?;
        check::header(&connection)?;
        let is_alone = alone && !connection.is_readonly("main")?;
        if is_alone {
            // One file and not three, of which somebody copies one; and it works on a network's drives.
            connection.execute_batch(
                "PRAGMA locking_mode = EXCLUSIVE; PRAGMA journal_mode = DELETE; PRAGMA synchronous = FULL; \
                 PRAGMA secure_delete = ON; BEGIN EXCLUSIVE; COMMIT;",
            )?;
        }
        if !alone {
            // All that is read is of one moment.
            connection.execute_batch("BEGIN")?;
        }
        check::inside(&connection)?;
        let folders = Folders::read(&connection, &path)?;
        if is_alone {
            folders.settle(&connection)?;
        }
        Ok(Self { path, connection, folders })
    }

    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Whether nothing can be kept, as on a disk that is write-protected.
    pub fn is_read_only(&self) -> bool {
        self.connection.is_readonly("main").unwrap_or(true)
    }

    /// All that was kept. A class may lie beyond [`ReadingsHeader::classes`]: they may have changed since, or the file was made to do
    /// harm.
    ///
    /// # Errors
    /// A file that was damaged while it was open.
    pub fn read(&self) -> Result<Contents, FileError> {
        read::contents(&self.connection, &self.folders).map_err(|fault| fault.of(&self.path))
    }

    /// What lay in the folder `from` lies in `to` from now on.
    ///
    /// # Errors
    /// A disk that is full or gone. Nothing has changed then.
    pub fn folder_moved(&mut self, from: &Path, to: &Path) -> Result<(), FileError> {
        self.folders.moved(&self.connection, from, to).map_err(|error| Fault::from(error).of(&self.path))
    }

    /// Keeps one change. Once this returns it is on the disk.
    ///
    /// # Errors
    /// A disk that is full or gone, a value that no table takes. Nothing of the change is kept then.
    pub fn keep(&mut self, change: &Change) -> Result<(), FileError> {
        self.keep_all(std::slice::from_ref(change))
    }

    /// Keeps all changes or none, in their order.
    ///
    /// # Errors
    /// Like [`Self::keep`].
    pub fn keep_all(&mut self, changes: &[Change]) -> Result<(), FileError> {
        let before = self.folders.clone();
        self.try_keep(changes).map_err(|fault| {
            self.folders = before;
            fault.of(&self.path)
        })
    }

    fn try_keep(&mut self, changes: &[Change]) -> Result<(), Fault> {
        let transaction = self.connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
        let mut writer = Writer::new(&transaction, &mut self.folders);
        changes.iter().try_for_each(|change| writer.write(change))?;
        drop(writer);
        Ok(transaction.commit()?)
    }
}

/// Makes the file elsewhere and puts it in its place whole.
fn write_new(path: &Path, head: &ReadingsHeader) -> Result<(), Fault> {
    let (Some(folder), Some(name)) = (path.parent(), path.file_name().and_then(OsStr::to_str)) else {
        return Err(Fault::System("a file cannot have this name".to_owned()));
    };
    let workshop = tempfile::tempdir()?;
    let made = workshop.path().join("new");
    let connection = Connection::open(&made)?;
    connection.execute_batch("PRAGMA journal_mode = OFF; PRAGMA synchronous = OFF; BEGIN")?;
    connection.pragma_update(None, "application_id", schema::APPLICATION_ID)?;
    connection.pragma_update(None, "user_version", schema::FORMAT)?;
    schema::TABLES.iter().try_for_each(|(_, sql)| connection.execute_batch(sql))?;
    Writer::new(&connection, &mut Folders::beside(path)).write(&Change::Head(head.clone()))?;
    connection.execute_batch("COMMIT")?;
    drop(connection);
    let mut set = OutputSet::new(folder, name, false).synced();
    let failed = |error| match error {
        WriteError::Exists(_) => Fault::Exists,
        WriteError::Write { error, .. } => error.into(),
        WriteError::Name(_) => Fault::System("a file cannot have this name".to_owned()),
    };
    set.add_file(name, &std::fs::read(&made)?).map_err(failed)?;
    set.finish().map(drop).map_err(failed)
}

#[cfg(test)]
mod tests;
