//! Where results go: into files of their own, or into rows and arrays that many pictures share.
//!
//! A picture counts once the ledger has it. Its maps and files are in their places before, so that a killed process leaves
//! at most what the next one writes again.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::ErrorKind;
use std::path::Path;

use anyhow::{Context, Result};
use clap::ValueEnum;
use serde::Deserialize;

use crate::bundle::Bundle;
use crate::explain::Explanation;
use crate::export::{self, About, Beside, MapStore, NOTICE, Parts, Placed, StoreError};
use crate::guard::whole::{OutputSet, WriteError};
use crate::ledger::{Entry, Ledger, State};
use crate::table::Writer;

/// How results are kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, ValueEnum)]
pub enum OutFormat {
    /// A record and raw maps of each picture as files of its own
    #[default]
    Files,
    /// Records as rows of one Parquet file a shard, raw maps as files
    Parquet,
    /// Records as rows of one Parquet file a shard, raw maps as one Zarr group a shard
    Zarr,
}

impl OutFormat {
    pub fn name(self) -> &'static str {
        match self {
            Self::Files => "files",
            Self::Parquet => "parquet",
            Self::Zarr => "zarr",
        }
    }

    /// Whether records are rows of a table.
    pub fn has_rows(self) -> bool {
        self != Self::Files
    }

    /// What is left of `parts` to be files.
    pub fn files(self, parts: Parts) -> Parts {
        Parts { record: parts.record && !self.has_rows(), maps: parts.maps && self != Self::Zarr, ..parts }
    }
}

const ZARR: &str = "zarr";
const PARQUET: &str = "parquet";

/// The table and the arrays of one shard, as they grow.
pub struct Sink {
    maps: Option<MapStore>,
    model: String,
}

impl Sink {
    /// Of the shard of `ledger`, for results of `format`, which has rows. `key` is one number for model and settings,
    /// `pictures` how many the shard has.
    ///
    /// # Errors
    /// Arrays of other settings, and a place that cannot be written to.
    pub fn open(ledger: &Ledger, format: OutFormat, (bundle, key): (&Bundle, &str), pictures: usize) -> Result<Self> {
        let card = &bundle.card;
        if ledger.is_empty() {
            // What was there was made anew by --force, or the table of a ledger that somebody removed.
            remove(&ledger.path(PARQUET))?;
        }
        let classes = card.classes.iter().map(|class| class.name.as_str()).collect();
        let about = About { model: &card.name, model_sha256: &bundle.sha256, classes, made_by: key };
        let open = || MapStore::open(&ledger.path(ZARR), &about, ledger.maps_rows(), pictures).map_err(plain);
        let maps = (format == OutFormat::Zarr).then(open).transpose()?;
        Ok(Self { maps, model: card.name.clone() })
    }

    /// Whether the maps of `known` are there, where it has some.
    pub fn has_maps(&self, known: &Entry) -> bool {
        let Some(maps) = self.maps.as_ref().filter(|_| known.state == State::Done) else { return true };
        known.maps_row.is_some_and(|row| maps.has(row))
    }

    /// Keeps the raw maps of one picture, where they are no file.
    ///
    /// # Errors
    /// A place that cannot be written to.
    pub fn put(&self, explanation: &Explanation) -> Result<Option<Placed>> {
        self.maps.as_ref().map(|maps| maps.put(explanation)).transpose().map_err(plain)
    }

    /// Ends a shard: the ledger's lines become the table, and the arrays keep what it names. Both are the same whoever does
    /// it again.
    ///
    /// # Errors
    /// A place that cannot be written to, and a ledger that cannot be read any more.
    pub fn finish(&self, ledger: &Ledger) -> Result<()> {
        let place = ledger.path(PARQUET);
        if ledger.is_finished() && place.is_file() {
            return Ok(());
        }
        let folder = place.parent().unwrap_or(&place);
        let (mut files, mut placed) = (OutputSet::new(folder, &ledger.shard().name(), true), BTreeMap::new());
        let mut written = Ok(());
        files.add_with(PARQUET, |file| {
            written = table(ledger, file, &self.model, &mut placed);
            Ok(())
        })?;
        written.with_context(|| format!("{}", place.display()))?;
        self.maps.as_ref().map_or(Ok(()), |maps| maps.finish(&placed)).map_err(plain)?;
        files.finish()?;
        Ok(())
    }
}

/// Where a disk is full, who asks for the fault must find that.
fn plain(error: StoreError) -> anyhow::Error {
    match error {
        StoreError::Write(error) => error.into(),
        error @ StoreError::Unfit { .. } => error.into(),
    }
}

fn remove(path: &Path) -> Result<()> {
    match std::fs::remove_file(path) {
        Err(error) if error.kind() != ErrorKind::NotFound => {
            Err(WriteError::Write { path: path.to_owned(), error }.into())
        }
        _ => Ok(()),
    }
}

/// Writes the table of `ledger` to `file`, and notes where maps are in `placed`.
fn table(ledger: &Ledger, file: &mut File, model: &str, placed: &mut BTreeMap<u64, Placed>) -> Result<()> {
    let notes = [("model", model.to_owned()), ("shard", ledger.shard().to_string()), ("notice", NOTICE.to_owned())];
    let mut writer = Writer::new(file, export::columns(), &notes)?;
    ledger.each(|entry| -> Result<()> {
        let state = match entry.state {
            State::Done => "done",
            State::Bad => "bad",
        };
        let beside = Beside {
            name: &entry.name,
            state,
            reason: entry.reason.as_deref(),
            file: entry.file.rsplit('/').next().unwrap_or_default(),
            picture_sha256: entry.picture_sha256.as_deref(),
        };
        let record = entry.record.as_deref();
        let place = || format!("the row of `{}`", entry.name);
        writer.push(&export::row(&beside, record).with_context(place)?).with_context(place)?;
        let maps = record.map(serde_json::from_str::<Kept>).transpose().with_context(place)?.and_then(|kept| kept.maps);
        placed.extend(maps.map(|maps| (maps.row, maps)));
        Ok(())
    })?;
    writer.finish()?;
    Ok(())
}

/// What the arrays need of a record.
#[derive(Deserialize)]
struct Kept {
    maps: Option<Placed>,
}
