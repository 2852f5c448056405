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
        Self { with_patients, opened: contents.head.opened.clone(), patients }
    }

    pub fn patient(&self, entry: &Entry) -> String {
        let key = entry.identity.patient.as_str();
        match self.patients.get(key) {
            Some(number) if !self.with_patients => number.to_string(),
            _ => key.to_owned(),
        }
    }

    /// The path below what was opened, with `/` between its parts; a patient's key in it gives way to the number.
    pub fn file(&self, path: &Path, entry: &Entry) -> String {
        let below = below(path, &self.opened);
        let parts: Vec<_> = below.iter().map(|part| part.to_string_lossy()).collect();
        let file = parts.join("/");
        let key = entry.identity.patient.as_str();
        match self.patients.get(key) {
            Some(number) if !self.with_patients => without(&file, key, &format!("patient-{number}")),
            _ => file,
        }
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
