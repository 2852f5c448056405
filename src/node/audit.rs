//! One line of JSON per picture, in a file that is only appended to. A line identifies a picture by the SHA-256 of its
//! file and by its number in the queue; nothing in it tells whose it is.
//!
//! A line is written after the queue knows of the answer, and the queue is told after the line is on the disk. A process
//! that is killed in between writes the line at its next start, unless it is there already.

use std::fs::{File, OpenOptions};
use std::io::{Read, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};
use std::time::{Duration, UNIX_EPOCH};

use serde::{Deserialize, Serialize};

use super::queue::{Queue, QueueError, Settled};
use crate::export::iso_date;

/// Name of the file.
pub const NAME: &str = "audit.jsonl";
/// More than the lines that the queue may not know of, which is at most one.
const TAIL_BYTES: u64 = 256 << 10;

/// The line of a picture.
#[derive(Debug, Serialize)]
struct Line<'a> {
    /// When it was answered: UTC, ISO 8601.
    at: String,
    /// Its number in the queue.
    picture: i64,
    sha256: &'a str,
    bytes: u64,
    outcome: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    model: Option<&'a str>,
    /// From its arrival to the end of the work.
    waited_ms: i64,
    /// The work alone.
    took_ms: i64,
    /// How often the work was begun.
    attempts: u32,
    objects: u64,
    destinations: &'a [String],
}

#[derive(Deserialize)]
struct Numbered {
    picture: i64,
}

/// The audit in a node's folder.
#[derive(Debug)]
pub struct Audit {
    path: PathBuf,
    /// Numbers in the last lines when it was opened.
    last: Vec<i64>,
}

impl Audit {
    /// Opens the audit in `folder`. A line that was cut off by a kill is removed: it is written again.
    ///
    /// # Errors
    /// A file that cannot be read or truncated.
    pub fn open(folder: &Path) -> Result<Self, QueueError> {
        let path = folder.join(NAME);
        let last = mend(&path).map_err(QueueError::at(&path))?;
        Ok(Self { path, last })
    }

    /// Writes the lines that are missing.
    ///
    /// # Errors
    /// A disk that is full, or a database that fails: the lines are written later.
    pub fn catch_up(&self, queue: &Queue) -> Result<(), QueueError> {
        for settled in queue.unaudited()? {
            if !self.last.contains(&settled.id) {
                self.write(&settled).map_err(QueueError::at(&self.path))?;
            }
            queue.audited(settled.id)?;
        }
        Ok(())
    }

    /// The file is opened for each line, so that it can be rotated at any time.
    fn write(&self, settled: &Settled) -> std::io::Result<()> {
        let at = UNIX_EPOCH + Duration::from_millis(settled.answered_ms.max(0) as u64);
        let line = Line {
            at: iso_date(at),
            picture: settled.id,
            sha256: &settled.sha256,
            bytes: settled.bytes,
            outcome: &settled.outcome,
            model: settled.model.as_deref(),
            waited_ms: settled.answered_ms - settled.arrived_ms,
            took_ms: settled.took_ms,
            attempts: settled.attempts,
            objects: settled.objects,
            destinations: &settled.destinations,
        };
        let mut bytes = serde_json::to_vec(&line)?;
        bytes.push(b'\n');
        let mut file = OpenOptions::new().create(true).append(true).open(&self.path)?;
        file.write_all(&bytes)?;
        file.sync_data()
    }
}

/// Removes an incomplete last line, and returns the numbers in the last lines.
fn mend(path: &Path) -> std::io::Result<Vec<i64>> {
    let mut file = match OpenOptions::new().read(true).write(true).open(path) {
        Ok(file) => file,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
            File::create(path)?;
            return Ok(Vec::new());
        }
        Err(error) => return Err(error),
    };
    let length = file.metadata()?.len();
    let start = length.saturating_sub(TAIL_BYTES);
    file.seek(SeekFrom::Start(start))?;
    let mut tail = Vec::new();
    file.read_to_end(&mut tail)?;
    let end = tail.iter().rposition(|byte| *byte == b'\n').map_or(0, |at| at + 1);
    if end < tail.len() && (end > 0 || start == 0) {
        file.set_len(start + end as u64)?;
        file.sync_data()?;
    }
    let number = |line: &[u8]| serde_json::from_slice::<Numbered>(line).ok().map(|line| line.picture);
    Ok(tail[..end].split(|byte| *byte == b'\n').filter_map(number).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn settled(id: i64) -> Settled {
        Settled {
            id,
            sha256: "ab".repeat(32),
            bytes: 7,
            outcome: "explained".to_owned(),
            model: Some("mnist".to_owned()),
            arrived_ms: 951_825_590_000,
            took_ms: 40,
            answered_ms: 951_825_599_000,
            attempts: 1,
            objects: 3,
            destinations: vec!["A@b:104".to_owned()],
        }
    }

    #[test]
    fn a_cut_line_goes_and_the_last_numbers_are_known() {
        let folder = tempfile::tempdir().unwrap();
        let audit = Audit::open(folder.path()).unwrap();
        (1..=3).for_each(|id| audit.write(&settled(id)).unwrap());
        let whole = std::fs::read(&audit.path).unwrap();
        assert!(whole.starts_with(br#"{"at":"2000-02-29T11:59:59Z","picture":1,"sha256":"abab"#));
        assert!(String::from_utf8_lossy(&whole).contains(r#""waited_ms":9000,"took_ms":40,"attempts":1,"objects":3"#));
        let cut = &whole[..whole.len() - 9];
        std::fs::write(&audit.path, cut).unwrap();
        let again = Audit::open(folder.path()).unwrap();
        assert_eq!(again.last, [1, 2]);
        again.write(&settled(3)).unwrap();
        assert_eq!(std::fs::read(&audit.path).unwrap(), whole);
    }
}
