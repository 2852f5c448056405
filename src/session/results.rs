//! Models' answers, kept on disk, so that a folder graded once is graded when it is opened again. The file holds no
//! picture, path or name: only numbers under hashes.
//!
//! SQLite writes each answer whole or not at all, whenever the program ends. The file is bounded, and one that is damaged
//! or foreign is set aside. Nothing here is worth more than the work that it saves: what cannot be read or written costs a
//! line in the log.

use std::path::{Path, PathBuf};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use rusqlite::{Connection, ErrorCode, OptionalExtension, params};
use sha2::{Digest, Sha256};

use super::answer::AnsweredBy;
use crate::reading::Answer;

/// Most answers kept; the oldest go first.
const MOST_ROWS: i64 = 200_000;
const MOST_BYTES: i64 = 64 << 20;
const PAGE_BYTES: i64 = 4096;
/// How many writes between checks of that limit.
const COUNTED_EACH: u64 = 500;
/// Longest answer as text.
const MOST_TEXT: usize = 64 << 10;
/// "Fova", in the file's head.
const MARK: i64 = 0x466f_7661;
const SCHEMA: &str = "
    CREATE TABLE IF NOT EXISTS answers (key BLOB PRIMARY KEY, answer TEXT NOT NULL, at INTEGER NOT NULL) WITHOUT ROWID;
    CREATE INDEX IF NOT EXISTS answers_by_age ON answers (at);
    CREATE TABLE IF NOT EXISTS files (key BLOB PRIMARY KEY, picture BLOB NOT NULL, at INTEGER NOT NULL) WITHOUT ROWID;
    CREATE INDEX IF NOT EXISTS files_by_age ON files (at);";

type Key = [u8; 32];

/// Where this user's results are kept, if the platform has a place for them.
pub fn user_file() -> Option<PathBuf> {
    directories::ProjectDirs::from("", "", "fovea").map(|dirs| dirs.cache_dir().join("results.sqlite"))
}

/// Why results cannot be kept or cleared.
#[derive(Debug, thiserror::Error)]
pub enum ResultsError {
    #[error("the results in {}: {error}", path.display())]
    Store { path: PathBuf, error: rusqlite::Error },
    #[error("the results in {}: {error}", path.display())]
    File { path: PathBuf, error: std::io::Error },
}

/// A file of results, opened on first use.
#[derive(Debug)]
pub struct Results {
    path: PathBuf,
    open: Mutex<Open>,
}

#[derive(Debug, Default)]
struct Open {
    connection: Option<Connection>,
    /// Could not be opened; not tried again.
    is_given_up: bool,
    written: u64,
}

impl Results {
    pub fn at(path: PathBuf) -> Self {
        Self { path, open: Mutex::default() }
    }

    pub fn path(&self) -> &Path {
        &self.path
    }

    /// The answer about a picture, by the SHA-256 of its file.
    pub fn get(&self, picture: &str, by: &AnsweredBy) -> Option<Answer> {
        let key = answer_key(picture, by);
        let text = self.with(|connection| {
            let mut statement = connection.prepare("SELECT answer FROM answers WHERE key = ?1")?;
            statement.query_row(params![key], |row| row.get::<_, String>(0)).optional()
        })??;
        let answer: Answer = serde_json::from_str(Some(text).filter(|text| text.len() <= MOST_TEXT)?.as_str()).ok()?;
        by.can_say(&answer).then_some(answer)
    }

    /// Like [`Self::get`], of the file at `path`, if it is the one that was graded: by its place, size and times, so that
    /// nothing of it has to be read.
    pub fn recall(&self, path: &Path, by: &AnsweredBy) -> Option<Answer> {
        let key = file_key(path)?;
        let picture = self.with(|connection| {
            let mut statement = connection.prepare("SELECT picture FROM files WHERE key = ?1")?;
            statement.query_row(params![key], |row| row.get::<_, Vec<u8>>(0)).optional()
        })??;
        self.get(&String::from_utf8(picture).ok()?, by)
    }

    /// Stores the answer about the picture at `path`, whose file has the SHA-256 `picture`.
    pub fn put(&self, path: &Path, picture: &str, by: &AnsweredBy, answer: &Answer) {
        let (key, at) = (answer_key(picture, by), now_s());
        let Some(text) = serde_json::to_string(answer).ok().filter(|text| text.len() <= MOST_TEXT) else { return };
        let file = file_key(path);
        self.with(|connection| {
            let write = || -> rusqlite::Result<()> {
                let transaction = connection.unchecked_transaction()?;
                transaction.execute("INSERT OR REPLACE INTO answers VALUES (?1, ?2, ?3)", params![key, text, at])?;
                if let Some(file) = file {
                    let insert = "INSERT OR REPLACE INTO files VALUES (?1, ?2, ?3)";
                    transaction.execute(insert, params![file, picture.as_bytes(), at])?;
                }
                transaction.commit()
            };
            match write() {
                Err(error) if error.sqlite_error_code() == Some(ErrorCode::DiskFull) => {
                    shrink(connection, MOST_ROWS / 4)?;
                    write()
                }
                done => done,
            }
        });
        self.count();
    }

    /// Forgets everything.
    ///
    /// # Errors
    /// A file that cannot be emptied.
    pub fn clear(&self) -> Result<(), ResultsError> {
        if !self.path.exists() {
            return Ok(());
        }
        let mut open = self.lock();
        let failed = |error| ResultsError::Store { path: self.path.clone(), error };
        if open.connection.is_none() {
            open.connection = Some(self.opened()?);
        }
        let Some(connection) = &open.connection else { return Ok(()) };
        let empty = "DELETE FROM answers; DELETE FROM files; VACUUM; PRAGMA wal_checkpoint(TRUNCATE);";
        connection.execute_batch(empty).map_err(failed)
    }

    /// How many answers there are, and how many bytes they take.
    pub fn size(&self) -> (i64, u64) {
        let rows = if self.path.exists() {
            let count =
                |connection: &Connection| connection.query_row("SELECT count(*) FROM answers", [], |row| row.get(0));
            self.with(count).unwrap_or(0)
        } else {
            0
        };
        (rows, std::fs::metadata(&self.path).map_or(0, |data| data.len()))
    }

    fn lock(&self) -> MutexGuard<'_, Open> {
        self.open.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Runs `work` if the file can be opened. Damage found only now sets it aside.
    fn with<T>(&self, work: impl FnOnce(&Connection) -> rusqlite::Result<T>) -> Option<T> {
        let mut open = self.lock();
        if open.connection.is_none() && !open.is_given_up {
            match self.opened() {
                Ok(connection) => open.connection = Some(connection),
                Err(error) => {
                    tracing::warn!("{error}; results of this session are not kept");
                    open.is_given_up = true;
                }
            }
        }
        match work(open.connection.as_ref()?) {
            Ok(done) => Some(done),
            Err(error) => {
                tracing::warn!("{}: {error}", self.path.display());
                if is_damage(&error) {
                    open.connection = None;
                    self.set_aside();
                }
                None
            }
        }
    }

    fn opened(&self) -> Result<Connection, ResultsError> {
        if let Some(folder) = self.path.parent() {
            let failed = |error| ResultsError::File { path: self.path.clone(), error };
            std::fs::create_dir_all(folder).map_err(failed)?;
        }
        let opened = connect(&self.path).or_else(|error| {
            if is_damage(&error) {
                self.set_aside();
                return connect(&self.path);
            }
            Err(error)
        });
        opened.map_err(|error| ResultsError::Store { path: self.path.clone(), error })
    }

    fn set_aside(&self) {
        let aside = self.path.with_extension("damaged.sqlite");
        match std::fs::rename(&self.path, &aside) {
            Ok(()) => tracing::warn!("{} was damaged and is set aside as {}", self.path.display(), aside.display()),
            Err(error) => tracing::warn!("{} is damaged and cannot be set aside: {error}", self.path.display()),
        }
        // What belongs to the old file alone must not be taken for the new one's.
        for ending in ["sqlite-wal", "sqlite-shm"] {
            let _ = std::fs::remove_file(self.path.with_extension(ending));
        }
    }

    fn count(&self) {
        let is_due = {
            let mut open = self.lock();
            open.written += 1;
            open.written % COUNTED_EACH == 1
        };
        if is_due {
            self.with(|connection| {
                for table in ["answers", "files"] {
                    let count = format!("SELECT count(*) FROM {table}");
                    let rows: i64 = connection.query_row(&count, [], |row| row.get(0))?;
                    forget_oldest(connection, table, rows - MOST_ROWS)?;
                }
                Ok(())
            });
        }
    }
}

fn connect(path: &Path) -> rusqlite::Result<Connection> {
    let connection = Connection::open(path)?;
    connection.busy_timeout(Duration::from_secs(2))?;
    let mark: i64 = connection.query_row("PRAGMA application_id", [], |row| row.get(0))?;
    let tables: i64 = connection.query_row("SELECT count(*) FROM sqlite_schema", [], |row| row.get(0))?;
    if mark != MARK && tables > 0 {
        // Somebody else's file.
        return Err(rusqlite::Error::InvalidQuery);
    }
    connection.pragma_update(None, "application_id", MARK)?;
    connection.pragma_update(None, "page_size", PAGE_BYTES)?;
    connection.pragma_update(None, "max_page_count", MOST_BYTES / PAGE_BYTES)?;
    connection.query_row("PRAGMA journal_mode = WAL", [], |_| Ok(()))?;
    connection.pragma_update(None, "synchronous", "NORMAL")?;
    connection.query_row("PRAGMA journal_size_limit = 4194304", [], |_| Ok(()))?;
    connection.execute_batch(SCHEMA)?;
    let whole: String = connection.query_row("PRAGMA quick_check(1)", [], |row| row.get(0))?;
    if whole == "ok" { Ok(connection) } else { Err(rusqlite::Error::InvalidQuery) }
}

fn is_damage(error: &rusqlite::Error) -> bool {
    matches!(error, rusqlite::Error::InvalidQuery)
        || matches!(error.sqlite_error_code(), Some(ErrorCode::DatabaseCorrupt | ErrorCode::NotADatabase))
        // A table of this name with other columns.
        || matches!(error, rusqlite::Error::SqlInputError { .. })
}

fn shrink(connection: &Connection, rows: i64) -> rusqlite::Result<()> {
    forget_oldest(connection, "answers", rows)?;
    forget_oldest(connection, "files", rows)
}

fn forget_oldest(connection: &Connection, table: &str, rows: i64) -> rusqlite::Result<()> {
    if rows > 0 {
        let oldest = format!("DELETE FROM {table} WHERE key IN (SELECT key FROM {table} ORDER BY at LIMIT ?1)");
        connection.execute(&oldest, params![rows])?;
    }
    Ok(())
}

fn answer_key(picture: &str, by: &AnsweredBy) -> Key {
    Sha256::digest(format!("{picture}\n{}\n{}", by.model, by.rules)).into()
}

/// Identifies the file as it is now, by place, size and time.
fn file_key(path: &Path) -> Option<Key> {
    let data = std::fs::metadata(path).ok()?;
    let modified_ns = data.modified().ok()?.duration_since(UNIX_EPOCH).ok()?.as_nanos();
    let path = std::path::absolute(path).ok()?;
    let mut digest = Sha256::new();
    digest.update(path.as_os_str().as_encoded_bytes());
    digest.update(format!("\n{} {modified_ns} {}", data.len(), changed(&data)));
    Some(digest.finalize().into())
}

#[cfg(unix)]
fn changed(data: &std::fs::Metadata) -> String {
    use std::os::unix::fs::MetadataExt;
    format!("{} {} {} {}", data.dev(), data.ino(), data.ctime(), data.ctime_nsec())
}

#[cfg(not(unix))]
fn changed(_: &std::fs::Metadata) -> String {
    String::new()
}

fn now_s() -> i64 {
    SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |passed| passed.as_secs() as i64)
}

#[cfg(test)]
#[path = "results_tests.rs"]
mod tests;
