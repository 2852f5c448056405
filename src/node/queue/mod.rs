//! The node's work, on disk: pictures that arrived, the objects that answer them, and where these are to go.
//!
//! A picture goes through [`PictureState`]: it arrives (its file and row are on the disk before its sender is told of
//! success), it is answered (the objects' files are on the disk before the one transaction that says so and lists their
//! deliveries), and it is done (every destination has every object). A process that is killed between any two writes leaves a state
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

/// How far a picture is, as stored in its row.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PictureState {
    Arrived = 0,
    Answered = 1,
    Done = 2,
}

/// How far an object is on its way to a destination.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Way {
    Open = 0,
    Sent = 1,
    /// The destination refused it for good; somebody must look into it.
    SetAside = 2,
}

/// How much may wait. Beyond that senders are told to try again later.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Bounds {
    /// Pictures that are not done.
    pub most_pictures: u64,
    /// Bytes of their files and of their answers.
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
    /// How long files of finished pictures are kept.
    keep: Duration,
    connection: Mutex<Connection>,
    /// `None` where the queue is only looked at.
    _lock: Option<File>,
}

const DATABASE: &str = "queue.sqlite";

impl Queue {
    /// Opens or creates the queue in `folder`, and repairs what a killed process left behind.
    ///
    /// # Errors
    /// A folder that cannot be written or is in use by another node, or a database that is not ours.
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

    /// Opens the queue in `folder` to look at it, even while a node works in it; `None` where there is none.
    ///
    /// # Errors
    /// Like [`Self::open`].
    pub fn look(folder: &Path) -> Result<Option<Self>, QueueError> {
        Self::beside(folder, schema::look)
    }

    /// Like [`Self::look`], for changes that a running node picks up by itself.
    ///
    /// # Errors
    /// Like [`Self::open`].
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

    /// Where objects are written while they arrive.
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

/// Patients' pictures lie here: nobody else may read them.
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

/// Flushes a folder, so that the names in it are on the disk.
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
