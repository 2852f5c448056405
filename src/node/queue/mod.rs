//! What the node has to do, on disk: pictures that arrived, the objects that answer them, and who is to have these.
//!
//! A picture goes through [`PictureState`]: it arrives (its file and row are on the disk before its sender hears of success), it
//! is answered (the objects' files are on the disk before the one transaction that says so and lists their deliveries),
//! and it is done (every destination has every object). A process that is killed between any two writes leaves a state
//! from which [`Queue::open`] goes on. So each picture has one set of objects, and a destination is sent no other; it may
//! be sent an object a second time where the process ended between its answer and our note of it, under the same UID and
//! with the same bytes.
//!
//! Must not know networks or associations.

mod arrive;
mod counts;
mod deliver;
mod error;
mod schema;
mod tidy;
mod work;

use std::fs::{File, TryLockError};
use std::path::{Path, PathBuf};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use rusqlite::Connection;

pub use self::arrive::{Known, Taken};
pub use self::counts::{Counts, DestinationCounts};
pub use self::deliver::{Delivery, Fate};
pub use self::error::QueueError;
pub use self::work::{Answered, Job, Settled};

/// How far a picture is, as its row says it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PictureState {
    Arrived = 0,
    Answered = 1,
    Done = 2,
}

/// How far an object is on its way to one destination.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Way {
    Open = 0,
    Sent = 1,
    /// The destination refused it for good; somebody must look.
    SetAside = 2,
}

/// How much may wait. Beyond it senders are told to come again.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Bounds {
    /// Pictures that are not done.
    pub most_pictures: u64,
    /// Their files, and those of their answers.
    pub most_bytes: u64,
}

impl Default for Bounds {
    fn default() -> Self {
        Self { most_pictures: 10_000, most_bytes: 20_000_000_000 }
    }
}

/// The queue in a folder, for one process.
#[derive(Debug)]
pub struct Queue {
    folder: PathBuf,
    bounds: Bounds,
    /// So long files of what is done are kept.
    keep: Duration,
    connection: Mutex<Connection>,
    /// `None` of a queue that is only looked at.
    _lock: Option<File>,
}

const DATABASE: &str = "queue.sqlite";

impl Queue {
    /// Opens the queue in `folder`, or makes it, and takes up what a process that was killed left.
    ///
    /// # Errors
    /// A folder that cannot be written, one that another node works in, or a database that is not ours.
    pub fn open(folder: &Path, bounds: Bounds, keep: Duration) -> Result<Self, QueueError> {
        make_private(folder).map_err(QueueError::at(folder))?;
        for part in ["pictures", "results", "arrivals"] {
            let part = folder.join(part);
            make_private(&part).map_err(QueueError::at(&part))?;
        }
        let lock = lock(folder)?;
        let path = folder.join(DATABASE);
        let connection = schema::open(&path).map_err(|error| QueueError::Foreign { path, error })?;
        let connection = Mutex::new(connection);
        let queue = Self { folder: folder.to_owned(), bounds, keep, connection, _lock: Some(lock) };
        queue.sweep()?;
        Ok(queue)
    }

    /// The queue in `folder` as it is now, whoever works in it; `None` where there is none.
    ///
    /// # Errors
    /// As [`Self::open`].
    pub fn look(folder: &Path) -> Result<Option<Self>, QueueError> {
        Self::beside(folder, schema::look)
    }

    /// As [`Self::look`], to change what its node takes up by itself.
    ///
    /// # Errors
    /// As [`Self::open`].
    pub fn touch(folder: &Path) -> Result<Option<Self>, QueueError> {
        Self::beside(folder, schema::open)
    }

    fn beside(folder: &Path, open: fn(&Path) -> rusqlite::Result<Connection>) -> Result<Option<Self>, QueueError> {
        let path = folder.join(DATABASE);
        if !path.is_file() {
            return Ok(None);
        }
        let connection = Mutex::new(open(&path).map_err(|error| QueueError::Foreign { path, error })?);
        let (bounds, keep) = (Bounds::default(), Duration::ZERO);
        Ok(Some(Self { folder: folder.to_owned(), bounds, keep, connection, _lock: None }))
    }

    pub fn folder(&self) -> &Path {
        &self.folder
    }

    /// Where objects lie while they arrive.
    pub fn arrivals(&self) -> PathBuf {
        self.folder.join("arrivals")
    }

    fn picture_file(&self, id: i64) -> PathBuf {
        self.folder.join("pictures").join(id.to_string())
    }

    fn result_file(&self, name: &str) -> PathBuf {
        self.folder.join("results").join(name)
    }

    fn lock(&self) -> MutexGuard<'_, Connection> {
        self.connection.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Milliseconds since 1970.
pub fn now_ms() -> i64 {
    SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |passed| passed.as_millis() as i64)
}

/// What lies here are patients' pictures: nobody else's business.
fn make_private(folder: &Path) -> std::io::Result<()> {
    std::fs::create_dir_all(folder)?;
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        std::fs::set_permissions(folder, std::fs::Permissions::from_mode(0o700))?;
    }
    Ok(())
}

fn lock(folder: &Path) -> Result<File, QueueError> {
    let path = folder.join("lock");
    let file = File::options().create(true).truncate(false).write(true).open(&path).map_err(QueueError::at(&path))?;
    match file.try_lock() {
        Ok(()) => Ok(file),
        Err(TryLockError::WouldBlock) => Err(QueueError::InUse(folder.to_owned())),
        Err(TryLockError::Error(error)) => Err(QueueError::File { path, error }),
    }
}

/// A name in a folder is on the disk once the folder is.
fn sync_folder(folder: &Path) -> std::io::Result<()> {
    #[cfg(unix)]
    File::open(folder)?.sync_all()?;
    #[cfg(not(unix))]
    let _ = folder;
    Ok(())
}

/// Adds to a count that outlives the rows it was counted from.
fn count(connection: &Connection, name: &str, more: usize) -> rusqlite::Result<()> {
    const ADD: &str = "INSERT INTO totals VALUES (?1, ?2) ON CONFLICT (name) DO UPDATE SET count = count + ?2";
    connection.execute(ADD, rusqlite::params![name, more as i64]).map(drop)
}

#[cfg(test)]
mod tests;
