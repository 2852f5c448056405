//! The folders that the program keeps something in: whether they can be written, and how much room is left.

use std::path::{Path, PathBuf};

use super::clock::Probe;
use super::finding::Finding;
use super::machine::gigabytes;
use crate::bundle::library;
use crate::node;
use crate::session::{preferences, results};

/// With less, a picture's files may not fit.
const ENOUGH_BYTES: u64 = 200_000_000;

/// One for each folder: a network drive that hangs holds up none of the others.
pub fn probes() -> Vec<Probe> {
    let parent = |file: Option<PathBuf>| file.and_then(|file| file.parent().map(Path::to_owned));
    let folders = [
        ("settings", parent(preferences::user_file())),
        ("cache", parent(results::user_file())),
        ("readings", preferences::user_sessions()),
        ("models", library::user_folder()),
        ("node", node::user_folder()),
        ("temporary", Some(std::env::temp_dir())),
    ];
    let probe = |(about, folder): (&'static str, Option<PathBuf>)| {
        Probe::new("folders", about, move || vec![folder.map_or_else(|| nowhere(about), |folder| look(about, &folder))])
    };
    folders.into_iter().map(probe).collect()
}

fn nowhere(about: &str) -> Finding {
    Finding::missing(about, "this system names no folder for it: nothing is kept")
}

/// Writes a file without a name where the folder is, or where it would be made.
fn look(about: &str, folder: &Path) -> Finding {
    let shown = folder.display();
    let Some(there) = folder.ancestors().find(|above| above.exists()) else {
        return Finding::fault(about, format!("{shown}: no folder above it exists"));
    };
    if !there.is_dir() {
        return Finding::fault(about, format!("{shown}: {} is not a folder", there.display()));
    }
    if let Err(error) = tempfile::tempfile_in(there) {
        let what = if there == folder { "cannot be written" } else { "cannot be made" };
        return Finding::fault(about, format!("{shown}: {what}: {}", error.kind()));
    }
    let is = if there == folder { "can be written" } else { "not there yet, can be made" };
    match free_bytes(there) {
        Some(free) if free < ENOUGH_BYTES => {
            Finding::fault(about, format!("{shown}: {is}, but only {} free", gigabytes(free)))
        }
        Some(free) => Finding::fine(about, format!("{shown}: {is}, {} free", gigabytes(free))),
        None => Finding::fine(about, format!("{shown}: {is}")),
    }
}

/// What POSIX's `df` says. The standard library cannot ask, and no other system is asked.
fn free_bytes(folder: &Path) -> Option<u64> {
    if cfg!(not(unix)) {
        return None;
    }
    let done = std::process::Command::new("df").arg("-Pk").arg("--").arg(folder).output().ok()?;
    available(&String::from_utf8_lossy(&done.stdout))
}

/// The fourth column of the last line: a file system's name may hold blanks, so that columns count from the percentage.
fn available(df: &str) -> Option<u64> {
    let words: Vec<&str> = df.lines().last()?.split_whitespace().collect();
    let percent = words.iter().position(|word| word.ends_with('%') && word.len() > 1)?;
    words.get(percent.checked_sub(1)?)?.parse::<u64>().ok().map(|kib| kib * 1024)
}

#[cfg(test)]
mod tests {
    use super::super::finding::State;
    use super::*;

    #[test]
    fn a_folder_that_is_there_can_be_made_or_cannot() {
        let place = tempfile::tempdir().unwrap();
        let found = look("a", place.path());
        assert!(found.says.contains(": can be written"), "{}", found.says);
        let below = place.path().join("b").join("c");
        let found = look("b", &below);
        assert!(found.says.contains("not there yet, can be made"), "{}", found.says);
        assert!(!place.path().join("b").exists(), "looking makes nothing");
        std::fs::write(place.path().join("b"), "").unwrap();
        let found = look("b", &below);
        assert!(found.state == State::Fault && found.says.ends_with("is not a folder"), "{}", found.says);
    }

    #[test]
    fn room_is_read_from_df() {
        let text = "Filesystem     1024-blocks     Used Available Capacity Mounted on\n\
                    my share          20511312 18000000   1445892      93% /home/with 5% more\n";
        assert_eq!(available(text), Some(1_445_892 * 1024));
        assert_eq!(available(""), None);
        #[cfg(unix)]
        assert!(free_bytes(&std::env::temp_dir()).is_some());
    }
}
