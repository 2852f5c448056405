//! Where ledgers lie among the results.

use std::io::{ErrorKind, Result};
use std::path::{Path, PathBuf};

use super::shard::Shard;

/// The folder of the ledgers among the results in `out`.
pub fn folder(out: &Path) -> PathBuf {
    out.join("shards")
}

/// The ending of the manifest of a shard that has been through all its pictures.
pub const MANIFEST: &str = "jsonl";
/// The ending of the file that grows until then.
pub const PART: &str = "part.jsonl";

/// A file of `shard` in `folder`.
pub fn file(folder: &Path, shard: Shard, ending: &str) -> PathBuf {
    folder.join(format!("{}.{ending}", shard.name()))
}

/// Which shards have a ledger in `folder`.
pub fn shards(folder: &Path) -> Result<Vec<Shard>> {
    let entries = match std::fs::read_dir(folder) {
        Ok(entries) => entries,
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(Vec::new()),
        Err(error) => return Err(error),
    };
    let mut found = Vec::new();
    for entry in entries {
        let name = entry?.file_name().to_string_lossy().into_owned();
        let is_ledger = name.split_once('.').is_some_and(|(_, ending)| [MANIFEST, PART].contains(&ending));
        found.extend(Shard::of_name(&name).filter(|_| is_ledger));
    }
    found.sort_unstable_by_key(|shard| (shard.count(), shard.index()));
    found.dedup();
    Ok(found)
}
