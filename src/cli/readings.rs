//! `fovea readings`: what stands in a file of readings, as a summary and as tables.

use std::collections::HashSet;
use std::path::{Path, PathBuf};

use anyhow::{Result, anyhow, bail};
use clap::Args;

use super::{note, say};
use crate::guard::whole::{self, WriteError};
use crate::reading::agreement::{Agreement, Comparison, ReaderPair};
use crate::reading::table::{self, TableOptions};
use crate::reading::{Contents, Judgement, ReadingFile};
use crate::statistics::{Figure, Unit};

/// Of more classes no matrix fits beside another line.
const MOST_COLUMNS: usize = 12;
/// Of a class's name in a matrix.
const LONGEST_NAME: usize = 12;

#[derive(Debug, Args)]
pub struct Arguments {
    /// A file of readings
    #[arg(value_name = "FILE.fovea")]
    file: PathBuf,
    /// Write a table of all pictures
    #[arg(long, value_name = "OUT")]
    csv: Option<PathBuf>,
    /// Write it as JSON, with all figures of agreement
    #[arg(long, value_name = "OUT")]
    json: Option<PathBuf>,
    /// Compare with another reader's file of the same pictures
    #[arg(long, value_name = "OTHER.fovea")]
    against: Option<PathBuf>,
    /// Include patient names, dates and folders
    ///
    /// Without it, patients are numbered.
    #[arg(long)]
    with_patients: bool,
    /// Overwrite existing files
    #[arg(long)]
    force: bool,
}

/// Prints a summary, and writes the tables that are wished for.
pub fn run(arguments: &Arguments) -> Result<()> {
    let outputs = [&arguments.csv, &arguments.json].map(Option::as_deref);
    check(arguments, &outputs)?;
    let contents = ReadingFile::look(&arguments.file)?;
    let other = arguments.against.as_deref().map(ReadingFile::look).transpose()?;
    let readers = other.map(|other| ReaderPair::of(&contents, &other)).transpose().map_err(|says| anyhow!(says))?;
    summary(&arguments.file, &contents);
    against_model(&contents);
    if let Some(readers) = &readers {
        against_reader(&contents, readers);
    }
    let options = TableOptions { with_patients: arguments.with_patients };
    if let Some(place) = &arguments.csv {
        write(place, table::csv(&contents, options), arguments.force)?;
    }
    if let Some(place) = &arguments.json {
        write(place, table::json(&contents, readers.as_ref(), options), arguments.force)?;
    }
    Ok(())
}

/// No table takes the place of what is read.
fn check(arguments: &Arguments, outputs: &[Option<&Path>; 2]) -> Result<()> {
    let place = |path: &Path| path.canonicalize().ok();
    let inputs = [Some(&arguments.file), arguments.against.as_ref()];
    let inputs: Vec<PathBuf> = inputs.into_iter().flatten().filter_map(|path| place(path)).collect();
    for output in outputs.iter().flatten() {
        if place(output).is_some_and(|output| inputs.contains(&output)) {
            bail!("{} is an input file; give the table another name", output.display());
        }
    }
    match outputs {
        [Some(csv), Some(json)] if csv == json => bail!("--csv and --json name the same file"),
        _ => Ok(()),
    }
}

fn write(place: &Path, bytes: Result<Vec<u8>, String>, force: bool) -> Result<()> {
    let bytes = bytes.map_err(|says| anyhow!("{}: {says}", place.display()))?;
    if let Some(folder) = place.parent() {
        whole::sweep(folder);
    }
    table::write(place, &bytes, force).map_err(|error| match error {
        WriteError::Exists(_) => anyhow!("{error}; give --force to replace it"),
        error => error.into(),
    })?;
    say(format_args!("written: {}", place.display()));
    Ok(())
}

fn summary(file: &Path, contents: &Contents) {
    let head = &contents.head;
    let reader = if head.reader.is_empty() { "an unnamed reader" } else { &head.reader };
    let blind = if head.blind { ", grades before the answer is seen" } else { "" };
    let (file, model, created) = (file.display(), &head.model, &head.created);
    say(format_args!("{file}: {reader}, {model}, begun {created}{blind}"));
    let count = |is: fn(&crate::reading::Entry) -> bool| contents.entries.iter().filter(|(_, entry)| is(entry)).count();
    let patients: HashSet<&str> = contents.entries.iter().map(|(_, entry)| entry.identity.patient.as_str()).collect();
    let patients = patients.into_iter().filter(|patient| !patient.is_empty()).count();
    let of_patients = if patients > 0 { format!(" of {patients} patients") } else { String::new() };
    say(format_args!(
        "read {} of {} pictures{of_patients}: {} ungradable, {} flagged; the answer accepted {}, overruled {}, \
         grade changed after it {}",
        count(|entry| entry.reading.is_read()),
        contents.entries.len(),
        count(|entry| entry.reading.ungradable),
        count(|entry| entry.reading.flagged),
        count(|entry| entry.reading.judgement == Some(Judgement::Accepted)),
        count(|entry| entry.reading.judgement == Some(Judgement::Overruled)),
        count(|entry| entry.reading.revised.is_some()),
    ));
}

fn against_model(contents: &Contents) {
    let comparison = Comparison::with_model(contents);
    if comparison.models > 1 {
        note(format_args!(
            "the answers are of {} models with different weights; they are compared as one",
            comparison.models
        ));
    }
    let model = &contents.head.model;
    say(format_args!("\nreader (rows) and {model} (columns):"));
    halves(&comparison, &contents.head.classes, "unread or ungradable for one of the two");
}

fn against_reader(contents: &Contents, readers: &ReaderPair) {
    let [first, second] = readers.names.each_ref().map(|name| if name.is_empty() { "no name" } else { name });
    say(format_args!("\n{first} (rows) and {second} (columns), {} pictures in both lists:", readers.shared));
    halves(&readers.comparison, &contents.head.classes, "not graded by one of the two");
}

fn halves(comparison: &Comparison, classes: &[String], why: &str) {
    agreement("before seeing the model's answer", &comparison.blind, classes);
    agreement("after seeing the model's answer", &comparison.seen, classes);
    if comparison.left_out > 0 {
        say(format_args!("  left out: {} ({why})", comparison.left_out));
    }
    if comparison.gradability.n > 0 {
        let kappa = figure("kappa", &comparison.gradability.kappa);
        let n = comparison.gradability.n;
        let accuracy = figure("accuracy", &comparison.gradability.accuracy);
        say(format_args!("  gradable or not: {n} pictures, {accuracy}, {kappa}"));
    }
}

fn agreement(title: &str, found: &Agreement, classes: &[String]) {
    if found.n == 0 {
        say(format_args!("  {title}: no pictures"));
        return;
    }
    let drawn = match found.unit {
        Unit::Patients => format!("of {}", counted(found.units as u64, "patient")),
        Unit::Pictures => "of patients not all known: intervals are over pictures".to_owned(),
    };
    say(format_args!("  {title}: {} {drawn}", counted(found.n, "picture")));
    let majority =
        found.majority_baseline.map_or_else(String::new, |part| format!("; always the commonest: {part:.3}"));
    say(format_args!("    {}{majority}", figure("accuracy", &found.accuracy)));
    let weighted = [("linear", &found.linear_kappa), ("quadratic", &found.quadratic_kappa)];
    let weighted = weighted.into_iter().filter_map(|(name, found)| Some(figure(name, found.as_ref()?)));
    let kappas: Vec<String> = std::iter::once(figure("kappa", &found.kappa)).chain(weighted).collect();
    say(format_args!("    {}", kappas.join(", ")));
    if classes.len() <= MOST_COLUMNS {
        matrix(found, classes);
    }
}

fn counted(count: u64, what: &str) -> String {
    format!("{count} {what}{}", if count == 1 { "" } else { "s" })
}

fn figure(name: &str, figure: &Figure) -> String {
    match (figure.value, figure.interval) {
        (None, _) => format!("{name} undefined"),
        (Some(value), None) => format!("{name} {value:.3}"),
        (Some(value), Some([low, high])) => format!("{name} {value:.3} ({low:.3} to {high:.3})"),
    }
}

fn matrix(found: &Agreement, classes: &[String]) {
    let names: Vec<String> = classes.iter().map(|name| name.chars().take(LONGEST_NAME).collect()).collect();
    let width = names.iter().map(|name| name.chars().count()).max().unwrap_or(0).max(5);
    let line = |first: &str, cells: Vec<String>| {
        let cells: String = cells.iter().map(|cell| format!("  {cell:>width$}")).collect();
        say(format_args!("    {first:<width$}{cells}"));
    };
    line("", names.clone());
    for (name, row) in names.iter().zip(&found.confusion.counts) {
        line(name, row.iter().map(u64::to_string).collect());
    }
}
