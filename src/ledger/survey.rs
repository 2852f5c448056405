//! What all shards of a folder have done, whoever works at them.

use std::collections::{BTreeMap, HashMap};
use std::io::Result;
use std::path::Path;

use super::entry::{Entry, Header, State};
use super::{lines, places};

/// What stands in all ledgers of a folder.
#[derive(Debug, Default)]
pub struct Survey {
    /// By the name of the results; without their records.
    pub entries: HashMap<String, Entry>,
    /// Of the shards that were begun, by their numbers.
    pub headers: BTreeMap<u32, Header>,
    /// How many shards have a ledger that was made by another model or with other settings.
    pub others: usize,
}

/// Reads the ledgers of `out` as far as they have come, and takes no lock. Those of other settings than `key` do not count.
///
/// # Errors
/// A folder or a ledger that cannot be read.
pub fn survey(out: &Path, key: &str) -> Result<Survey> {
    let (folder, mut found) = (places::folder(out), Survey::default());
    for shard in places::shards(&folder)? {
        // The one that grows comes first: a process that finishes meanwhile moves it into the other. What it says is newer.
        let mut own: HashMap<String, Entry> = HashMap::new();
        for ending in [places::PART, places::MANIFEST] {
            let content = lines::read(&places::file(&folder, shard, ending))?;
            let Some(header) = content.header else { continue };
            if header.key != key {
                found.others += 1;
                continue;
            }
            // Another version may open what that one could not.
            let is_other = header.version != env!("CARGO_PKG_VERSION");
            found.headers.entry(shard.index()).or_insert(header);
            let counts = |entry: &Entry| entry.state == State::Done || !is_other;
            for (entry, _) in content.entries.into_iter().rev().filter(|(entry, _)| counts(entry)) {
                own.entry(entry.name.clone()).or_insert(entry);
            }
        }
        found.entries.extend(own);
    }
    Ok(found)
}
