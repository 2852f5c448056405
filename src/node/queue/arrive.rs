//! Taking pictures in.

use std::fs::File;
use std::io::{Read, Seek, SeekFrom};
use std::path::Path;

use rusqlite::{OptionalExtension, TransactionBehavior, params};
use sha2::{Digest, Sha256};

use super::{PictureState, Queue, QueueError, count, now_ms, sync_folder};

type Hash = [u8; 32];

/// What is known of a file before it is read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Known<'a> {
    /// An object that somebody sent.
    Object { sop_instance_uid: &'a str, transfer_syntax_uid: &'a str },
    /// A file from a folder: only its content tells it from others.
    File,
}

/// What happened to an arriving file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Taken {
    /// It waits under this number.
    New(i64),
    /// It was here before, with the same bytes.
    Again,
    /// There is no room: nothing was kept.
    Full,
}

impl Queue {
    /// Whether another picture would be taken.
    ///
    /// # Errors
    /// A database error.
    pub fn has_room(&self) -> Result<bool, QueueError> {
        Ok(room(&self.lock())?.is_within(self))
    }

    /// Takes the file at `path`, which lies on the same disk, and moves it. Once this gives [`Taken::New`], file and row
    /// are on the disk; the file is gone from `path` in all cases but an error.
    ///
    /// # Errors
    /// A full disk, or a database error: nothing is known of the picture then.
    pub fn take(&self, path: &Path, known: Known<'_>) -> Result<Taken, QueueError> {
        let failed = || QueueError::at(path);
        let mut file = File::open(path).map_err(failed())?;
        let Hashes { sha256, instance, content, bytes } = hashes(&mut file, known).map_err(failed())?;
        file.sync_all().map_err(failed())?;
        drop(file);
        let mut connection = self.lock();
        let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
        const FIND: &str = "SELECT id FROM pictures WHERE instance = ?1 AND content = ?2";
        let before: Option<i64> =
            transaction.query_row(FIND, params![instance, content], |row| row.get(0)).optional()?;
        if before.is_some() {
            count(&transaction, "again", 1)?;
            transaction.commit()?;
            std::fs::remove_file(path).map_err(failed())?;
            return Ok(Taken::Again);
        }
        if !room(&transaction)?.is_within(self) {
            drop(transaction);
            std::fs::remove_file(path).map_err(failed())?;
            return Ok(Taken::Full);
        }
        const ADD: &str = "INSERT INTO pictures (instance, content, sha256, bytes, state, arrived_ms)
            VALUES (?1, ?2, ?3, ?4, ?5, ?6)";
        let hex = sha256.iter().map(|byte| format!("{byte:02x}")).collect::<String>();
        let row = params![instance, content, hex, bytes as i64, PictureState::Arrived as i64, now_ms()];
        transaction.execute(ADD, row)?;
        let id = transaction.last_insert_rowid();
        count(&transaction, "arrived", 1)?;
        // A row without its file would be worse than a file without its row, which `sweep` clears up.
        let place = self.picture_file(id);
        std::fs::rename(path, &place).map_err(QueueError::at(&place))?;
        sync_folder(&self.folder.join("pictures")).map_err(QueueError::at(&place))?;
        transaction.commit()?;
        Ok(Taken::New(id))
    }

    /// Whether an object of this SOP Instance UID ever came, as far as the queue remembers.
    ///
    /// # Errors
    /// A database error.
    pub fn knows(&self, sop_instance_uid: &str) -> Result<bool, QueueError> {
        const FIND: &str = "SELECT EXISTS (SELECT 1 FROM pictures WHERE instance = ?1)";
        let instance = instance_hash(sop_instance_uid);
        Ok(self.lock().query_row(FIND, params![instance], |row| row.get(0))?)
    }
}

/// How full the queue is.
struct Room {
    pictures: u64,
    bytes: u64,
}

impl Room {
    fn is_within(&self, queue: &Queue) -> bool {
        self.pictures < queue.bounds.most_pictures && self.bytes < queue.bounds.most_bytes
    }
}

fn room(connection: &rusqlite::Connection) -> rusqlite::Result<Room> {
    const SUM: &str = "SELECT count(*), coalesce(sum(bytes), 0) + coalesce(sum(
        (SELECT sum(o.bytes) FROM objects o WHERE o.picture = pictures.id)), 0) FROM pictures WHERE state < 2";
    connection.query_row(SUM, [], |row| {
        Ok(Room { pictures: row.get::<_, i64>(0)? as u64, bytes: row.get::<_, i64>(1)? as u64 })
    })
}

fn instance_hash(sop_instance_uid: &str) -> Hash {
    Sha256::digest(sop_instance_uid.trim_end_matches(['\0', ' '])).into()
}

struct Hashes {
    /// SHA-256 of the whole file.
    sha256: Hash,
    instance: Hash,
    /// SHA-256 of transfer syntax and data set: another sender may write another header for the same object.
    content: Hash,
    bytes: u64,
}

fn hashes(file: &mut File, known: Known<'_>) -> std::io::Result<Hashes> {
    let start = data_set_start(file)?;
    let (mut whole, mut content, mut bytes) = (Sha256::new(), Sha256::new(), 0u64);
    if let Known::Object { transfer_syntax_uid, .. } = known {
        content.update(format!("{transfer_syntax_uid}\n"));
    }
    let mut buffer = vec![0; 1 << 16];
    loop {
        let read = match file.read(&mut buffer) {
            Ok(0) => break,
            Ok(read) => read,
            Err(error) if error.kind() == std::io::ErrorKind::Interrupted => continue,
            Err(error) => return Err(error),
        };
        let part = &buffer[..read];
        whole.update(part);
        let skipped = start.saturating_sub(bytes).min(read as u64) as usize;
        content.update(&part[skipped..]);
        bytes += read as u64;
    }
    let (sha256, content): (Hash, Hash) = (whole.finalize().into(), content.finalize().into());
    let instance = match known {
        Known::Object { sop_instance_uid, .. } => instance_hash(sop_instance_uid),
        Known::File => content,
    };
    Ok(Hashes { sha256, instance, content, bytes })
}

/// Where the data set begins: after preamble and file meta information (PS3.10 section 7.1), whose first element is its
/// length; 0 for any other file.
fn data_set_start(file: &mut File) -> std::io::Result<u64> {
    let mut head = Vec::new();
    file.by_ref().take(144).read_to_end(&mut head)?;
    file.seek(SeekFrom::Start(0))?;
    let has_length = head.len() == 144 && &head[128..132] == b"DICM" && head[132..140] == *b"\x02\0\0\0UL\x04\0";
    let length = |bytes: &[u8]| bytes.try_into().map_or(0, u32::from_le_bytes);
    Ok(if has_length { 144 + u64::from(length(&head[140..])) } else { 0 })
}
