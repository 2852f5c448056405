//! The decisions in words, tables and plots.

mod plots;
mod tables;
mod words;

use std::collections::HashSet;

use super::super::case::Cases;
use super::super::section::Section;
use super::{Decisions, TargetFigures};
use crate::bundle::card::Class;

/// Of more groups none is named.
const MOST_GROUPS_SHOWN: usize = 40;

/// What `decisions` says to people; `cases` are those that it is of.
pub fn section(cases: &Cases, decisions: &Decisions) -> Section {
    let mut section =
        Section { title: "Decisions".to_owned(), says: words::says(cases, decisions), ..Section::default() };
    section.tables.push(tables::figures(cases, decisions));
    if !cases.output.has_findings() {
        section.tables.push(tables::confusion_table(cases, decisions));
        section.plots.extend(plots::confusion_plot(cases, decisions));
    }
    section.tables.push(tables::points(decisions));
    section.plots.extend(plots::roc(decisions));
    section.plots.push(plots::reliability(&decisions.reliability));
    for target in screened(cases, decisions) {
        section.tables.push(tables::screening(target));
        section.plots.extend(plots::screening_plot(target));
    }
    for column in &decisions.groups {
        section.tables.push(tables::groups(column));
        section.tables.extend(tables::gaps(column));
        section.plots.extend(plots::groups_plot(column));
    }
    let names = section.tables.iter_mut().map(|table| &mut table.name);
    tell_apart(names.chain(section.plots.iter_mut().map(|plot| &mut plot.name)));
    section
}

/// Columns of a foreign table may be called alike, or in letters that no file's name has here.
fn tell_apart<'a>(names: impl Iterator<Item = &'a mut String>) {
    let mut known = HashSet::new();
    for name in names {
        let own = name.trim_end_matches('-').to_owned();
        name.clone_from(&own);
        let mut count = 1;
        while !known.insert(name.clone()) {
            count += 1;
            *name = format!("{own}-{count}");
        }
    }
}

/// What a screening is told for: the same as figures by group, or every finding.
fn screened<'a>(cases: &Cases, decisions: &'a Decisions) -> Vec<&'a TargetFigures> {
    let has = |target: &&TargetFigures| !target.screening.is_empty();
    if cases.output.has_findings() {
        return decisions.targets.iter().filter(has).collect();
    }
    let of = |key: &str| decisions.targets.iter().find(|target| target.key == key);
    of("referable").or_else(|| of("any")).filter(has).into_iter().collect()
}

fn names(cases: &Cases) -> Vec<String> {
    cases.classes.iter().map(Class::full_name).collect()
}

/// A name for a file.
fn slug(text: &str) -> String {
    let letter = |c: char| if c.is_ascii_alphanumeric() { c.to_ascii_lowercase() } else { '-' };
    let joined: String = text.chars().map(letter).collect();
    joined.split('-').filter(|part| !part.is_empty()).collect::<Vec<_>>().join("-")
}
