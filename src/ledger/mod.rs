//! What was done of many pictures, so that many processes can share the work and any of them may die.
//!
//! A [`Shard`] is the part of the pictures that one process does. Its [`Ledger`] gets a line of JSON for each picture that is
//! done or bad, `OUT/shards/0003-of-0020.part.jsonl`; once the shard has been through all, the manifest
//! `OUT/shards/0003-of-0020.jsonl` takes its place, whole or not at all. A line that a killed process left half written is
//! dropped, and its picture done again. This module knows nothing of pictures, models and engines.

mod entry;
mod file;
mod lines;
mod places;
mod shard;
mod survey;

pub use self::entry::{Entry, Header, Stamp, State};
pub use self::file::{Ledger, LedgerError, Opening};
pub use self::shard::{COUNT_VARIABLE, Shard, ShardError};
pub use self::survey::{Survey, survey};
