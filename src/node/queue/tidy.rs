//! Removes what is done, and clears up after a killed process.

use std::collections::HashSet;
use std::path::Path;

use rusqlite::params;

use super::{PictureState, Queue, QueueError, now_ms};

/// Finished pictures whose hashes are kept; beyond that the oldest go.
const MOST_REMEMBERED: i64 = 200_000;
/// Per call.
const MOST_TIDIED: i64 = 200;

impl Queue {
    /// Removes the files of what has been done for long enough, and the oldest hashes where there are very many; says
    /// whether there is more to do.
    ///
    /// # Errors
    /// A database error, or a file that cannot be removed.
    pub fn tidy(&self) -> Result<bool, QueueError> {
        let before_ms = now_ms() - self.keep.as_millis() as i64;
        const FIND: &str = "SELECT id FROM pictures WHERE state = 2 AND has_files AND is_audited AND done_ms <= ?1
            ORDER BY done_ms LIMIT ?2";
        let connection = self.lock();
        let due: Vec<i64> = {
            let mut statement = connection.prepare(FIND)?;
            statement.query_map(params![before_ms, MOST_TIDIED], |row| row.get(0))?.collect::<rusqlite::Result<_>>()?
        };
        for id in &due {
            let files: Vec<String> = {
                let mut statement = connection.prepare("SELECT file FROM objects WHERE picture = ?1")?;
                statement.query_map([id], |row| row.get(0))?.collect::<rusqlite::Result<_>>()?
            };
            // Files first: a row that outlives them for a moment is tidied again, files without a row would stay.
            files.iter().try_for_each(|name| remove(&self.result_file(name)))?;
            remove(&self.picture_file(*id))?;
        }
        let transaction = connection.unchecked_transaction()?;
        for id in &due {
            const SENT: &str = "DELETE FROM deliveries WHERE object IN (SELECT id FROM objects WHERE picture = ?1)";
            transaction.execute(SENT, [id])?;
            transaction.execute("DELETE FROM objects WHERE picture = ?1", [id])?;
            transaction.execute("UPDATE pictures SET has_files = 0 WHERE id = ?1", [id])?;
        }
        if !due.is_empty() {
            const FORGET: &str = "DELETE FROM pictures WHERE state = 2 AND NOT has_files
                AND id <= (SELECT max(id) FROM pictures) - ?1";
            transaction.execute(FORGET, [MOST_REMEMBERED])?;
        }
        transaction.commit()?;
        Ok(due.len() as i64 == MOST_TIDIED)
    }

    /// Removes files that no row knows: their process was killed before it could say what they are, and nobody was told
    /// that they were kept.
    pub(super) fn sweep(&self) -> Result<(), QueueError> {
        let connection = self.lock();
        let all = |sql: &str| -> rusqlite::Result<HashSet<String>> {
            connection.prepare(sql)?.query_map([], |row| row.get(0))?.collect()
        };
        let pictures = all("SELECT CAST(id AS TEXT) FROM pictures WHERE has_files")?;
        let results = all("SELECT file FROM objects")?;
        for (folder, known) in [("pictures", pictures), ("results", results), ("arrivals", HashSet::new())] {
            let folder = self.folder.join(folder);
            for entry in std::fs::read_dir(&folder).map_err(QueueError::at(&folder))?.flatten() {
                if !known.contains(&*entry.file_name().to_string_lossy()) && entry.path().is_file() {
                    remove(&entry.path())?;
                }
            }
        }
        Ok(())
    }

    /// Whether the picture's file is there: what was lost cannot be answered.
    pub fn is_lost(&self, id: i64) -> bool {
        !self.picture_file(id).is_file()
    }

    /// How many pictures are in `state`.
    ///
    /// # Errors
    /// A database error.
    pub fn in_state(&self, state: PictureState) -> Result<u64, QueueError> {
        const COUNT: &str = "SELECT count(*) FROM pictures WHERE state = ?1";
        Ok(self.lock().query_row(COUNT, [state as i64], |row| row.get::<_, i64>(0))? as u64)
    }
}

fn remove(path: &Path) -> Result<(), QueueError> {
    match std::fs::remove_file(path) {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => Err(QueueError::at(path)(error)),
        _ => Ok(()),
    }
}
