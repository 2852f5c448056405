//! A whole set of readings as a file of its own, and as a table.

use std::path::Path;

use super::table::{self, TableOptions};
use super::{Change, Contents, FileError, ReadingFile};

impl Contents {
    /// What makes it of an empty file with the same head.
    pub fn changes(&self) -> Vec<Change> {
        let pictures = self.entries.iter().map(|(of, entry)| (of.clone(), entry.identity.clone())).collect();
        let mut changes = vec![Change::Pictures(pictures)];
        for (of, entry) in &self.entries {
            let of = || of.clone();
            changes.extend(entry.identity_by_reader.then(|| Change::Identity(of(), entry.identity.clone())));
            changes.extend(entry.order.map(|order| Change::Seen(of(), order)));
            changes.extend(entry.answer.clone().map(|answer| Change::Answer(of(), answer)));
            changes.extend(entry.answer_seen.then(|| Change::AnswerSeen(of())));
            changes.push(Change::Reading(of(), entry.reading.clone()));
            changes.extend(entry.measurements.clone().map(|all| Change::Measurements(of(), Some(all))));
        }
        changes.push(Change::Place(self.place.clone()));
        changes
    }
}

/// A copy of all readings; whole, since it is one transaction, or not at all.
///
/// # Errors
/// A file that exists, or a place that cannot be written to.
pub fn save(file: &Path, contents: &Contents) -> Result<(), FileError> {
    let mut copy = ReadingFile::create(file, &contents.head)?;
    let kept = copy.keep_all(&contents.changes());
    if kept.is_err() {
        // What was made here is empty.
        drop(copy);
        let _ = std::fs::remove_file(file);
    }
    kept
}

/// As CSV, or as JSON where the file's name says so. Patients are numbered.
///
/// # Errors
/// What kept it from being written, in words for the user.
pub fn write_table(file: &Path, contents: &Contents) -> Result<(), String> {
    let is_json = file.extension().is_some_and(|ending| ending.eq_ignore_ascii_case("json"));
    let options = TableOptions::default();
    let bytes = if is_json { table::json(contents, None, options) } else { table::csv(contents, options) }?;
    table::write(file, &bytes, true).map_err(|error| error.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::reading::{Entry, FrameOf, Reading, ReadingsHeader};

    #[test]
    fn a_copy_holds_what_the_readings_are() {
        let folder = tempfile::tempdir().unwrap();
        let of = FrameOf { path: folder.path().join("a.jpg"), frame: 0 };
        let reading = Reading { class: Some(1), comment: "pale disc".to_owned(), ..Reading::default() };
        let entry = Entry { reading, order: Some(1), answer_seen: true, ..Entry::default() };
        let head = ReadingsHeader {
            model: "m".to_owned(),
            classes: vec!["0".to_owned(), "1".to_owned()],
            ..ReadingsHeader::default()
        };
        let contents = Contents { head, entries: vec![(of, entry)], ..Contents::default() };
        let file = folder.path().join("copy.fovea");
        save(&file, &contents).unwrap();
        assert_eq!(ReadingFile::open(&file).unwrap().read().unwrap(), contents);
        let table = folder.path().join("copy.csv");
        write_table(&table, &contents).unwrap();
        assert!(std::fs::read_to_string(table).unwrap().contains("pale disc"));
    }
}
