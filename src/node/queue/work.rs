//! Answering pictures.

use std::fs::File;
use std::io::Write;
use std::path::PathBuf;

use rusqlite::{Connection, OptionalExtension, Row, TransactionBehavior, params};

use super::{PictureState, Queue, QueueError, Way, count, now_ms, sync_folder};

/// A picture to be answered.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Job {
    pub id: i64,
    pub path: PathBuf,
    /// SHA-256 of its file.
    pub sha256: String,
    /// How often it was begun, this time included: more than once means that the process ended in the middle of it.
    pub attempts: u32,
    pub arrived_ms: i64,
}

/// An answer; its objects are DICOM files, explicit VR little endian.
#[derive(Debug)]
pub struct Answered<'a> {
    /// A word for audit and counts.
    pub outcome: &'a str,
    pub model: Option<&'a str>,
    pub took_ms: i64,
    /// For each object: file name ending, SOP Class UID, SOP Instance UID, bytes.
    pub objects: &'a [(&'a str, &'a str, &'a str, &'a [u8])],
}

/// A picture that was answered, for the audit.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Settled {
    pub id: i64,
    pub sha256: String,
    pub bytes: u64,
    pub outcome: String,
    pub model: Option<String>,
    pub arrived_ms: i64,
    pub took_ms: i64,
    pub answered_ms: i64,
    pub attempts: u32,
    pub objects: u64,
    pub destinations: Vec<String>,
}

impl Queue {
    /// The picture that has waited longest. The attempt is on the disk before its file is read, so that a picture that
    /// crashes the process is not tried forever.
    ///
    /// # Errors
    /// A database error.
    pub fn begin(&self) -> Result<Option<Job>, QueueError> {
        let mut connection = self.lock();
        let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
        const NEXT: &str =
            "SELECT id, sha256, attempts + 1, arrived_ms FROM pictures WHERE state = ?1 ORDER BY id LIMIT 1";
        let job = |row: &Row<'_>| {
            let id = row.get(0)?;
            let path = self.picture_file(id);
            Ok(Job { id, path, sha256: row.get(1)?, attempts: row.get(2)?, arrived_ms: row.get(3)? })
        };
        let job = transaction.query_row(NEXT, [PictureState::Arrived as i64], job).optional()?;
        if let Some(job) = &job {
            transaction.execute("UPDATE pictures SET attempts = ?2 WHERE id = ?1", params![job.id, job.attempts])?;
        }
        transaction.commit()?;
        Ok(job)
    }

    /// Puts a picture back that was not at fault, for example when the disk was full: the attempt does not count.
    ///
    /// # Errors
    /// A database error.
    pub fn put_back(&self, job: &Job) -> Result<(), QueueError> {
        const BACK: &str = "UPDATE pictures SET attempts = max(attempts - 1, 0) WHERE id = ?1 AND state = ?2";
        self.lock().execute(BACK, params![job.id, PictureState::Arrived as i64])?;
        Ok(())
    }

    /// Stores the answer to `job`: the objects' files first, then, in one transaction, that the picture is answered and
    /// which destinations get what. An answer without objects or destinations is done at once.
    ///
    /// # Errors
    /// A full disk, or a database error: the picture is not answered then.
    pub fn answer(&self, job: &Job, answered: &Answered<'_>, destinations: &[String]) -> Result<(), QueueError> {
        let folder = self.folder.join("results");
        let mut names = Vec::new();
        for (ending, .., bytes) in answered.objects {
            // Named by hash and number: no file name tells whose it is.
            let name = format!("{}-{}.{ending}", job.sha256.get(..16).unwrap_or_default(), job.id);
            let path = self.result_file(&name);
            write_synced(&path, bytes).map_err(QueueError::at(&path))?;
            names.push(name);
        }
        if !names.is_empty() {
            sync_folder(&folder).map_err(QueueError::at(&folder))?;
        }
        let mut connection = self.lock();
        let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
        for (name, (_, class, instance, bytes)) in names.iter().zip(answered.objects) {
            const ADD: &str = "INSERT INTO objects (picture, file, sop_class_uid, sop_instance_uid, bytes)
                VALUES (?1, ?2, ?3, ?4, ?5)";
            transaction.execute(ADD, params![job.id, name, class, instance, bytes.len() as i64])?;
            let object = transaction.last_insert_rowid();
            for destination in destinations {
                const SEND: &str = "INSERT INTO deliveries (object, destination, state) VALUES (?1, ?2, ?3)";
                transaction.execute(SEND, params![object, destination, Way::Open as i64])?;
            }
        }
        let is_done = names.is_empty() || destinations.is_empty();
        let (state, now) = (if is_done { PictureState::Done } else { PictureState::Answered }, now_ms());
        const SET: &str = "UPDATE pictures SET state = ?2, outcome = ?3, model = ?4, took_ms = ?5, answered_ms = ?6,
            done_ms = ?7 WHERE id = ?1";
        let done_ms = is_done.then_some(now);
        let Answered { outcome, model, took_ms, .. } = answered;
        transaction.execute(SET, params![job.id, state as i64, outcome, model, took_ms, now, done_ms])?;
        count(&transaction, &format!("outcome:{outcome}"), 1)?;
        count(&transaction, "took_ms", usize::try_from(*took_ms).unwrap_or(0))?;
        Ok(transaction.commit()?)
    }

    /// Pictures that are answered, but not in the audit yet.
    ///
    /// # Errors
    /// A database error.
    pub fn unaudited(&self) -> Result<Vec<Settled>, QueueError> {
        const FIND: &str = "SELECT id, sha256, bytes, outcome, model, arrived_ms, took_ms, answered_ms, attempts,
            (SELECT count(*) FROM objects WHERE picture = pictures.id)
            FROM pictures WHERE state > 0 AND NOT is_audited ORDER BY id LIMIT 1000";
        let connection = self.lock();
        let mut statement = connection.prepare(FIND)?;
        let settled = |row: &Row<'_>| {
            let id = row.get(0)?;
            Ok(Settled {
                id,
                sha256: row.get(1)?,
                bytes: row.get::<_, i64>(2)? as u64,
                outcome: row.get::<_, Option<String>>(3)?.unwrap_or_default(),
                model: row.get(4)?,
                arrived_ms: row.get(5)?,
                took_ms: row.get::<_, Option<i64>>(6)?.unwrap_or(0),
                answered_ms: row.get::<_, Option<i64>>(7)?.unwrap_or(0),
                attempts: row.get(8)?,
                objects: row.get::<_, i64>(9)? as u64,
                destinations: destinations(&connection, id)?,
            })
        };
        let found = statement.query_map([], settled)?.collect::<rusqlite::Result<Vec<_>>>()?;
        Ok(found)
    }

    /// Notes that the picture `id` is in the audit.
    ///
    /// # Errors
    /// A database error.
    pub fn audited(&self, id: i64) -> Result<(), QueueError> {
        self.lock().execute("UPDATE pictures SET is_audited = 1 WHERE id = ?1", [id])?;
        Ok(())
    }
}

fn destinations(connection: &Connection, picture: i64) -> rusqlite::Result<Vec<String>> {
    const FIND: &str = "SELECT DISTINCT destination FROM deliveries JOIN objects ON objects.id = object
        WHERE picture = ?1 ORDER BY destination";
    connection.prepare(FIND)?.query_map([picture], |row| row.get(0))?.collect()
}

fn write_synced(path: &std::path::Path, bytes: &[u8]) -> std::io::Result<()> {
    let mut file = File::create(path)?;
    file.write_all(bytes)?;
    file.sync_all()
}
