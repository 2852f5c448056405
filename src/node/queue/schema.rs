//! The tables, and a database that is ours.

use std::path::Path;
use std::time::Duration;

use rusqlite::{Connection, OpenFlags};

/// "FovN", in the file's head.
const MARK: i64 = 0x466f_764e;
const VERSION: i64 = 1;
/// How long to wait for a lock that `fovea node retry` or the node holds.
const PATIENCE: Duration = Duration::from_secs(10);

/// `instance` and `content` are SHA-256 (of the SOP Instance UID; of transfer syntax and data set): they tell one object
/// from another and name nobody.
const TABLES: &str = "
    CREATE TABLE IF NOT EXISTS pictures (
        id INTEGER PRIMARY KEY AUTOINCREMENT,
        instance BLOB NOT NULL,
        content BLOB NOT NULL,
        sha256 TEXT NOT NULL,
        bytes INTEGER NOT NULL,
        state INTEGER NOT NULL,
        attempts INTEGER NOT NULL DEFAULT 0,
        has_files INTEGER NOT NULL DEFAULT 1,
        is_audited INTEGER NOT NULL DEFAULT 0,
        outcome TEXT,
        model TEXT,
        arrived_ms INTEGER NOT NULL,
        took_ms INTEGER,
        answered_ms INTEGER,
        done_ms INTEGER,
        UNIQUE (instance, content));
    CREATE INDEX IF NOT EXISTS pictures_open ON pictures (state, id) WHERE state < 2;
    CREATE INDEX IF NOT EXISTS pictures_filed ON pictures (done_ms) WHERE state = 2 AND has_files;
    CREATE INDEX IF NOT EXISTS pictures_unaudited ON pictures (id) WHERE state > 0 AND NOT is_audited;
    CREATE TABLE IF NOT EXISTS objects (
        id INTEGER PRIMARY KEY AUTOINCREMENT,
        picture INTEGER NOT NULL REFERENCES pictures (id),
        file TEXT NOT NULL UNIQUE,
        sop_class_uid TEXT NOT NULL,
        sop_instance_uid TEXT NOT NULL,
        bytes INTEGER NOT NULL);
    CREATE INDEX IF NOT EXISTS objects_by_picture ON objects (picture);
    CREATE TABLE IF NOT EXISTS deliveries (
        object INTEGER NOT NULL REFERENCES objects (id),
        destination TEXT NOT NULL,
        state INTEGER NOT NULL,
        attempts INTEGER NOT NULL DEFAULT 0,
        due_ms INTEGER NOT NULL DEFAULT 0,
        reason TEXT,
        PRIMARY KEY (object, destination)) WITHOUT ROWID;
    CREATE INDEX IF NOT EXISTS deliveries_open ON deliveries (destination, state, object) WHERE state <> 1;
    CREATE TABLE IF NOT EXISTS totals (name TEXT PRIMARY KEY, count INTEGER NOT NULL) WITHOUT ROWID;";

/// Opens or creates the database at `path`.
pub fn open(path: &Path) -> rusqlite::Result<Connection> {
    let connection = Connection::open(path)?;
    connection.busy_timeout(PATIENCE)?;
    let mark: i64 = connection.query_row("PRAGMA application_id", [], |row| row.get(0))?;
    let tables: i64 = connection.query_row("SELECT count(*) FROM sqlite_schema", [], |row| row.get(0))?;
    if tables > 0 {
        check(&connection, mark)?;
    }
    connection.query_row("PRAGMA journal_mode = WAL", [], |_| Ok(()))?;
    // What was acknowledged to a sender survives a power failure.
    connection.pragma_update(None, "synchronous", "FULL")?;
    connection.query_row("PRAGMA journal_size_limit = 4194304", [], |_| Ok(()))?;
    connection.pragma_update(None, "foreign_keys", true)?;
    connection.execute_batch(&format!("BEGIN IMMEDIATE; {TABLES} COMMIT;"))?;
    connection.pragma_update(None, "application_id", MARK)?;
    connection.pragma_update(None, "user_version", VERSION)?;
    Ok(connection)
}

/// Opens an existing database at `path`, to look at it.
pub fn look(path: &Path) -> rusqlite::Result<Connection> {
    let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let connection = Connection::open_with_flags(path, flags)?;
    connection.busy_timeout(PATIENCE)?;
    let mark = connection.query_row("PRAGMA application_id", [], |row| row.get(0))?;
    check(&connection, mark)?;
    Ok(connection)
}

/// Refuses a file of another program, or of a newer version.
fn check(connection: &Connection, mark: i64) -> rusqlite::Result<()> {
    let version: i64 = connection.query_row("PRAGMA user_version", [], |row| row.get(0))?;
    if mark == MARK && version <= VERSION { Ok(()) } else { Err(rusqlite::Error::InvalidQuery) }
}
