//! The queue's counts.

use std::collections::BTreeMap;

use rusqlite::Row;
use serde::{Deserialize, Serialize};

use super::{PictureState, Queue, QueueError};

/// The queue in numbers.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Counts {
    /// Pictures that wait for an answer.
    pub waiting: u64,
    /// Pictures that are answered, but not yet delivered everywhere.
    pub answered: u64,
    /// Bytes of both, answers included.
    pub bytes: u64,
    pub most_pictures: u64,
    pub most_bytes: u64,
    /// When the picture that has waited longest arrived, in milliseconds since 1970.
    pub oldest_ms: Option<i64>,
    pub destinations: BTreeMap<String, DestinationCounts>,
    /// Since the folder was created: `arrived`, `again`, `took_ms`, `outcome:…`, `sent:…`, `postponed:…`, `set_aside:…`.
    pub totals: BTreeMap<String, u64>,
}

/// Objects on their way to one destination.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct DestinationCounts {
    pub open: u64,
    pub set_aside: u64,
    /// Why the latest of these was set aside.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
}

impl Counts {
    pub fn is_full(&self) -> bool {
        self.waiting + self.answered >= self.most_pictures || self.bytes >= self.most_bytes
    }
}

impl Queue {
    /// All counts, at one moment.
    ///
    /// # Errors
    /// A database error.
    pub fn counts(&self) -> Result<Counts, QueueError> {
        let connection = self.lock();
        let transaction = connection.unchecked_transaction()?;
        let mut counts = Counts {
            most_pictures: self.bounds.most_pictures,
            most_bytes: self.bounds.most_bytes,
            ..Counts::default()
        };
        const OPEN: &str = "SELECT state, count(*), coalesce(sum(bytes), 0) + coalesce(sum(
            (SELECT sum(o.bytes) FROM objects o WHERE o.picture = pictures.id)), 0), min(arrived_ms)
            FROM pictures WHERE state < 2 GROUP BY state";
        let mut statement = transaction.prepare(OPEN)?;
        let mut rows = statement.query([])?;
        while let Some(row) = rows.next()? {
            let pictures = row.get::<_, i64>(1)? as u64;
            counts.bytes += row.get::<_, i64>(2)? as u64;
            if row.get::<_, i64>(0)? == PictureState::Arrived as i64 {
                (counts.waiting, counts.oldest_ms) = (pictures, row.get(3)?);
            } else {
                counts.answered = pictures;
            }
        }
        const WAYS: &str = "SELECT destination, sum(state = 0), sum(state = 2), max(CASE state WHEN 2 THEN reason END)
            FROM deliveries WHERE state <> 1 GROUP BY destination";
        let of = |row: &Row<'_>| {
            let (open, set_aside) = (row.get::<_, i64>(1)? as u64, row.get::<_, i64>(2)? as u64);
            Ok((row.get(0)?, DestinationCounts { open, set_aside, reason: row.get(3)? }))
        };
        counts.destinations = transaction.prepare(WAYS)?.query_map([], of)?.collect::<rusqlite::Result<_>>()?;
        let total = |row: &Row<'_>| Ok((row.get(0)?, row.get::<_, i64>(1)? as u64));
        counts.totals = transaction
            .prepare("SELECT name, count FROM totals")?
            .query_map([], total)?
            .collect::<rusqlite::Result<_>>()?;
        Ok(counts)
    }
}
