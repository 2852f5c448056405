//! What patients and files are called in a table.

use std::collections::HashMap;
use std::path::{Path, PathBuf};

use crate::reading::below::below;
use crate::reading::entry::{Contents, Entry};

pub struct Names<'a> {
    pub with_patients: bool,
    opened: Vec<PathBuf>,
    /// In the list's order.
    patients: HashMap<&'a str, usize>,
    /// In which row a picture stands, counted from 1.
    rows: HashMap<&'a Path, usize>,
}

impl<'a> Names<'a> {
    pub fn of(contents: &'a Contents, with_patients: bool) -> Self {
        let mut patients = HashMap::new();
        for (_, entry) in &contents.entries {
            let next = patients.len() + 1;
            if !entry.identity.patient.is_empty() {
                patients.entry(entry.identity.patient.as_str()).or_insert(next);
            }
        }
        let rows = contents.entries.iter().zip(1..).map(|((of, _), row)| (of.path.as_path(), row)).collect();
        Self { with_patients, opened: contents.head.opened.clone(), patients, rows }
    }

    pub fn patient(&self, entry: &Entry) -> String {
        let key = entry.identity.patient.as_str();
        match self.patients.get(key) {
            Some(number) if !self.with_patients => number.to_string(),
            _ => key.to_owned(),
        }
    }

    /// The path below what was opened, with `/` between its parts; a patient's key in it gives way to the number. Where the
    /// key does not stand there as it is, nobody knows which part of the path says the same: it is left out.
    pub fn file(&self, path: &Path, entry: &Entry) -> String {
        let below = below(path, &self.opened);
        let parts: Vec<_> = below.iter().map(|part| part.to_string_lossy()).collect();
        let file = parts.join("/");
        let key = entry.identity.patient.as_str();
        match self.patients.get(key) {
            Some(number) if !self.with_patients => {
                let said = without(&file, key, &format!("patient-{number}"));
                if said == file { self.unnamed(*number, path) } else { said }
            }
            _ => file,
        }
    }
}

impl Names<'_> {
    fn unnamed(&self, patient: usize, path: &Path) -> String {
        let ending = path.extension().map(|ending| format!(".{}", ending.to_string_lossy())).unwrap_or_default();
        format!("patient-{patient}/picture-{}{ending}", self.rows.get(path).copied().unwrap_or(0))
    }
}

/// `text` with `instead` wherever `key` stands as a word of its own.
pub fn without(text: &str, key: &str, instead: &str) -> String {
    let mut out = String::new();
    let mut rest = text;
    while let Some(at) = rest.find(key) {
        let (before, after) = (&rest[..at], &rest[at + key.len()..]);
        let ends = !before.chars().next_back().or(out.chars().next_back()).is_some_and(char::is_alphanumeric)
            && !after.chars().next().is_some_and(char::is_alphanumeric);
        out.push_str(before);
        out.push_str(if ends { instead } else { key });
        rest = after;
    }
    out + rest
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::reading::{FrameOf, Identity, ReadingsHeader};

    #[test]
    fn a_key_that_stands_otherwise_in_the_path_gives_no_name_away() {
        let entry = |patient: &str| {
            let identity = Identity { patient: patient.to_owned(), ..Identity::default() };
            Entry { identity, ..Entry::default() }
        };
        let of = |name: &str| FrameOf { path: Path::new("/day").join(name), frame: 0 };
        let entries = vec![
            (of("smith-john_OD.jpg"), entry("smith_john")),
            (of("Smith John/IM1.dcm"), entry("1f0a9c")),
            (of("12_left.png"), entry("12")),
        ];
        let head = ReadingsHeader { opened: vec!["/day".into()], ..ReadingsHeader::default() };
        let contents = Contents { head, entries, ..Contents::default() };
        let names = Names::of(&contents, false);
        let called: Vec<String> = contents.entries.iter().map(|(of, entry)| names.file(&of.path, entry)).collect();
        assert_eq!(called, ["patient-1/picture-1.jpg", "patient-2/picture-2.dcm", "patient-3_left.png"]);
    }
}
