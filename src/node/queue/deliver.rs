//! Delivering answers.

use std::time::Duration;

use rusqlite::{Row, Transaction, TransactionBehavior, params};

use super::{PictureState, Queue, QueueError, Way, count, now_ms};
use crate::pacs::Parcel;

/// Transfer syntax of results.
const EXPLICIT_LITTLE_ENDIAN: &str = "1.2.840.10008.1.2.1";
/// No object is postponed for longer than this; one that seems to be shows that the clock was set back.
const LONGEST_WAIT_MS: i64 = 15 * 60 * 1000;

/// An object due to a destination.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Delivery {
    pub object: i64,
    pub picture: i64,
    /// How often the destination said that it cannot take it now.
    pub attempts: u32,
    pub parcel: Parcel,
}

/// The outcome of sending an object.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Fate {
    Sent,
    /// Refused for now.
    Later {
        after: Duration,
        reason: String,
    },
    /// Refused for good.
    SetAside {
        reason: String,
    },
}

impl Queue {
    /// What is due to `destination` now, oldest first, at most `most` objects.
    ///
    /// # Errors
    /// A database error.
    pub fn due(&self, destination: &str, most: usize) -> Result<Vec<Delivery>, QueueError> {
        const FIND: &str = "SELECT o.id, o.picture, d.attempts, o.sop_class_uid, o.sop_instance_uid, o.file
            FROM deliveries d JOIN objects o ON o.id = d.object
            WHERE d.destination = ?1 AND d.state = ?2 AND (d.due_ms <= ?3 OR d.due_ms > ?3 + ?4)
            ORDER BY d.object LIMIT ?5";
        let connection = self.lock();
        let mut statement = connection.prepare(FIND)?;
        let delivery = |row: &Row<'_>| {
            let parcel = Parcel {
                sop_class_uid: row.get(3)?,
                sop_instance_uid: row.get(4)?,
                transfer_syntax_uid: EXPLICIT_LITTLE_ENDIAN.to_owned(),
                file: self.result_file(&row.get::<_, String>(5)?),
            };
            Ok(Delivery { object: row.get(0)?, picture: row.get(1)?, attempts: row.get(2)?, parcel })
        };
        let row = params![destination, Way::Open as i64, now_ms(), LONGEST_WAIT_MS, most as i64];
        let found = statement.query_map(row, delivery)?.collect::<rusqlite::Result<Vec<_>>>()?;
        Ok(found)
    }

    /// Records the outcome of objects sent to `destination`. A picture whose objects have arrived everywhere is done.
    ///
    /// # Errors
    /// A database error: the objects are sent again then, and whoever has them has them already.
    pub fn delivered(&self, destination: &str, fates: &[(&Delivery, Fate)]) -> Result<(), QueueError> {
        let mut connection = self.lock();
        let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
        for (delivery, fate) in fates {
            settle(&transaction, destination, delivery.object, fate)?;
        }
        let mut pictures: Vec<i64> = fates.iter().map(|(delivery, _)| delivery.picture).collect();
        pictures.dedup();
        for picture in pictures {
            const DONE: &str =
                "UPDATE pictures SET state = ?2, done_ms = ?3 WHERE id = ?1 AND state = ?4 AND NOT EXISTS
                (SELECT 1 FROM objects o JOIN deliveries d ON d.object = o.id WHERE o.picture = ?1 AND d.state <> ?5)";
            let row =
                params![picture, PictureState::Done as i64, now_ms(), PictureState::Answered as i64, Way::Sent as i64];
            transaction.execute(DONE, row)?;
        }
        Ok(transaction.commit()?)
    }

    /// Makes what was set aside due again, for all or for `destination` alone; returns how many objects that is.
    ///
    /// # Errors
    /// A database error.
    pub fn retry(&self, destination: Option<&str>) -> Result<usize, QueueError> {
        const AGAIN: &str = "UPDATE deliveries SET state = ?1, due_ms = 0, attempts = 0, reason = NULL
            WHERE state = ?2 AND (?3 IS NULL OR destination = ?3)";
        let row = params![Way::Open as i64, Way::SetAside as i64, destination];
        Ok(self.lock().execute(AGAIN, row)?)
    }

    /// Gives up everything still due to `destination`; returns how many objects that is.
    ///
    /// # Errors
    /// A database error.
    pub fn give_up(&self, destination: &str) -> Result<usize, QueueError> {
        let mut connection = self.lock();
        let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
        const GIVE_UP: &str = "DELETE FROM deliveries WHERE destination = ?1 AND state <> ?2";
        let given_up = transaction.execute(GIVE_UP, params![destination, Way::Sent as i64])?;
        const DONE: &str = "UPDATE pictures SET state = ?1, done_ms = ?2 WHERE state = ?3 AND NOT EXISTS
            (SELECT 1 FROM objects o JOIN deliveries d ON d.object = o.id WHERE o.picture = pictures.id AND d.state <> ?4)";
        let row = params![PictureState::Done as i64, now_ms(), PictureState::Answered as i64, Way::Sent as i64];
        transaction.execute(DONE, row)?;
        transaction.commit()?;
        Ok(given_up)
    }
}

fn settle(transaction: &Transaction<'_>, destination: &str, object: i64, fate: &Fate) -> rusqlite::Result<()> {
    const SET: &str = "UPDATE deliveries SET state = ?3, attempts = attempts + 1, due_ms = ?4, reason = ?5
        WHERE object = ?1 AND destination = ?2 AND state <> 1";
    let (way, due_ms, reason) = match fate {
        Fate::Sent => (Way::Sent, 0, None),
        Fate::Later { after, reason } => (Way::Open, now_ms() + after.as_millis() as i64, Some(reason)),
        Fate::SetAside { reason } => (Way::SetAside, 0, Some(reason)),
    };
    let changed = transaction.execute(SET, params![object, destination, way as i64, due_ms, reason])?;
    let name = match fate {
        Fate::Sent => "sent",
        Fate::Later { .. } => "postponed",
        Fate::SetAside { .. } => "set_aside",
    };
    count(transaction, &format!("{name}:{destination}"), changed)
}
