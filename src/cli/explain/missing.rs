//! `fovea explain --missing`: which pictures no shard has done.

use std::collections::BTreeSet;
use std::path::Path;

use anyhow::{Context, Result};

use super::share::is_right;
use super::wanted::Wanted;
use super::{note, say};
use crate::cli::fault::{Fault, Said};
use crate::ledger::{Shard, Stamp, State, Survey, survey};

/// Prints the path of each picture that is missing, a line each, and beside them those that are bad.
///
/// # Errors
/// Pictures that are missing, and those that are bad; ledgers that cannot be read.
pub fn run(pictures: &[&Wanted], out: &Path, key: &str) -> Result<()> {
    let place = || format!("{}", out.display());
    let known = survey(out, key).with_context(place)?;
    if known.headers.is_empty() && known.others > 0 {
        note(format_args!("{}: its ledgers were made by another model or with other settings", out.display()));
    }
    let (mut missing, mut bad) = (Vec::new(), Vec::new());
    for wanted in pictures {
        let stamp = || std::fs::metadata(&wanted.path).ok().as_ref().map(Stamp::of);
        match known.entries.get(&wanted.name).filter(|entry| entry.file == wanted.file) {
            Some(entry) if entry.state == State::Bad => bad.push((wanted, entry)),
            Some(entry) if is_right(entry, stamp(), out) => {}
            _ => missing.push(*wanted),
        }
    }
    missing.iter().for_each(|wanted| say(wanted.path.display()));
    for (wanted, entry) in &bad {
        note(format_args!("bad: {}: {}", wanted.file, entry.reason.as_deref().unwrap_or("for no known reason")));
    }
    let says = format!("{} of {} pictures are missing, {} are bad", missing.len(), pictures.len(), bad.len());
    let says = says + &with_work_left(&known, &missing);
    let fault = if missing.is_empty() { Fault::Picture } else { Fault::Reach };
    if missing.is_empty() && bad.is_empty() {
        note(format_args!("all {} pictures are done", pictures.len()));
        return Ok(());
    }
    Err(Said { says, fault }.into())
}

/// Which shards have work left, in the words of an engine's array, where all were split the same way.
fn with_work_left(known: &Survey, missing: &[&Wanted]) -> String {
    let counts: BTreeSet<u32> = known.headers.values().map(|header| header.shards).collect();
    let (Some(count), 1) = (counts.first(), counts.len()) else { return String::new() };
    let holders = (1..=*count).filter_map(|index| Shard::new(index.into(), (*count).into()).ok());
    let holders = holders.filter(|shard| missing.iter().any(|wanted| shard.holds(&wanted.file)));
    let left = ranges(&holders.map(Shard::index).collect::<Vec<_>>());
    if left.is_empty() { String::new() } else { format!("; shards of {count} with work left: {left}") }
}

/// `1,4-6`
fn ranges(numbers: &[u32]) -> String {
    let runs = numbers.chunk_by(|a, b| a + 1 == *b);
    let said = runs.filter_map(|run| match (run.first()?, run.last()?) {
        (first, last) if first == last => Some(first.to_string()),
        (first, last) => Some(format!("{first}-{last}")),
    });
    said.collect::<Vec<_>>().join(",")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shards_are_said_as_engines_take_them() {
        assert_eq!(ranges(&[1, 4, 5, 6, 9, 10]), "1,4-6,9-10");
        assert_eq!(ranges(&[]), "");
    }
}
