//! Whose the pictures of a list are: what files and folders are called, what files say themselves, what the reader says,
//! and which pictures stand together for it.

use std::collections::{HashMap, HashSet};
use std::path::{Path, PathBuf};

use super::order::SortBy;
use super::{Item, Worklist};
use crate::reading::{Eye, Identity, Pattern, identity};

/// Pictures of one patient that are shown below each other.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PatientGroup {
    /// The row of the first.
    pub row: usize,
    pub count: usize,
    /// Whether it is known whose they are.
    pub is_known: bool,
    /// Whether there is a right eye, and a left one.
    pub eyes: [bool; 2],
}

impl PatientGroup {
    /// "R L".
    pub fn eyes(&self) -> String {
        let there = Eye::BOTH.into_iter().zip(self.eyes).filter(|(_, is_there)| *is_there);
        there.map(|(eye, _)| eye.short_name()).collect::<Vec<_>>().join(" ")
    }
}

impl Worklist {
    /// Takes patient, eye and day from what files and folders are called, by the reader's own pattern first. What a file
    /// says itself goes before, and what the reader says before all.
    pub fn identify(&mut self, own: Option<&Pattern>) {
        self.own = own.cloned();
        let root = identity::common_root(self.items.iter().map(|item| item.path.as_path())).to_owned();
        for item in &mut self.items {
            let named = || identity::of_path(&item.path, &root, own);
            item.identity = item.by_reader.clone().unwrap_or_else(|| item.by_file.clone().or(named()));
        }
        self.identified();
    }

    /// Whose pictures the files themselves say they are.
    pub fn files_say(&mut self, said: Vec<(PathBuf, Identity)>) {
        for (path, identity) in said {
            if let Some(at) = self.index.get(&path) {
                self.items[*at].by_file = identity;
            }
        }
        let own = self.own.take();
        self.identify(own.as_ref());
    }

    /// Whose picture the reader says it is.
    pub fn reader_says(&mut self, path: &Path, identity: Identity) {
        if let Some(at) = self.index.get(path) {
            let item = &mut self.items[*at];
            (item.by_reader, item.identity) = (Some(identity.clone()), identity);
            self.identified();
        }
    }

    /// After identities were changed: who is who, and what is searched.
    fn identified(&mut self) {
        let mut known: HashMap<String, usize> = HashMap::new();
        for item in &mut self.items {
            let next = known.len() + 1;
            let patient = &item.identity.patient;
            item.patient_number = if patient.is_empty() { 0 } else { *known.entry(patient.clone()).or_insert(next) };
        }
        self.fold();
        self.arrange();
    }

    pub(super) fn fold(&mut self) {
        for at in 0..self.items.len() {
            let item = &self.items[at];
            let patient = self.patient(item).unwrap_or_default();
            let taken = item.identity.taken.as_deref().unwrap_or_default();
            let folded = format!("{}\n{patient}\n{taken}", item.label).to_lowercase();
            self.items[at].folded = folded;
        }
    }

    /// How the patient of a picture is called on the screen: who does not ask for names sees a number where a file said
    /// more than that.
    pub fn patient(&self, item: &Item) -> Option<String> {
        let patient = &item.identity.patient;
        match patient.chars().next()? {
            _ if item.identity.is_private && !self.shows_names => Some(format!("Patient {}", item.patient_number)),
            _ if patient.bytes().all(|b| b.is_ascii_digit()) => Some(format!("Patient {patient}")),
            _ => Some(patient.clone()),
        }
    }

    pub(super) fn grouped(&self) -> Vec<PatientGroup> {
        let mut groups: Vec<PatientGroup> = Vec::new();
        let (mut last, mut seen) = (None, HashSet::new());
        for (row, item) in self.shown().enumerate() {
            let number = item.patient_number;
            if last != Some(number) {
                if number > 0 && !seen.insert(number) {
                    // The order scatters patients: heads would be in the way.
                    return Vec::new();
                }
                groups.push(PatientGroup { row, count: 0, is_known: number > 0, eyes: [false; 2] });
                last = Some(number);
            }
            if let Some(group) = groups.last_mut() {
                group.count += 1;
                Eye::BOTH.iter().zip(&mut group.eyes).for_each(|(eye, has)| *has |= item.identity.eye == Some(*eye));
            }
        }
        let mut known = groups.iter().filter(|group| group.is_known);
        let is_worth = known.any(|group| group.count > 1 || self.sort == SortBy::Patient);
        if is_worth { groups } else { Vec::new() }
    }
}
