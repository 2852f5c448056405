//! Where results go: into files of their own, or into rows and arrays that many pictures share.
//!
//! A picture counts once the ledger has it. Its maps and files are in their places before, so that a killed process leaves
//! at most what the next one writes again.

use std::collections::BTreeMap;
use std::fs::File;

use anyhow::Result;
use clap::ValueEnum;
use serde::Deserialize;

use super::done::is_there;
use crate::bundle::Card;
use crate::explain::Explanation;
use crate::export::{self, About, Beside, MapStore, NOTICE, Parts, Placed};
use crate::guard::whole::OutputSet;
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
    pub ledger: Ledger,
    maps: Option<MapStore>,
    model: String,
}

impl Sink {
    /// Of the shard of `ledger`, for results of `format`, which has rows. `key` is one number for model and settings,
    /// `pictures` how many the shard has.
    ///
    /// # Errors
    /// Arrays of other settings, and a place that cannot be written to.
    pub fn open(
        ledger: Ledger,
        format: OutFormat,
        (card, model_sha256, key): (&Card, &str, &str),
        pictures: usize,
    ) -> Result<Self> {
        let classes = card.classes.iter().map(|class| class.name.as_str()).collect();
        let about = About { model: &card.name, model_sha256, classes, made_by: key };
        let open = || MapStore::open(&ledger.path(ZARR), &about, ledger.maps_rows(), pictures);
        let maps = (format == OutFormat::Zarr).then(open).transpose()?;
        Ok(Self { ledger, maps, model: card.name.clone() })
    }

    /// Whether `known` was made with `key`, and all of it is there.
    pub fn is_whole(&self, known: &Entry, key: &str, files: &OutputSet) -> bool {
        let is_file = |ending: &String| is_there(files, ending);
        let has_maps = self.maps.as_ref().is_none_or(|maps| known.maps_row.is_some_and(|row| maps.has(row)));
        let is_made = known.state == State::Done && known.made_with.as_deref() == Some(key);
        is_made && has_maps && known.files.iter().all(is_file)
    }

    /// Keeps the raw maps of one picture, where they are no file.
    ///
    /// # Errors
    /// A place that cannot be written to.
    pub fn put(&self, explanation: &Explanation) -> Result<Option<Placed>> {
        Ok(self.maps.as_ref().map(|maps| maps.put(explanation)).transpose()?)
    }

    /// Ends a shard: the ledger's lines become the table, and the arrays keep what it names. Both are the same whoever does
    /// it again.
    ///
    /// # Errors
    /// A place that cannot be written to, and a ledger that cannot be read any more.
    pub fn finish(self) -> Result<()> {
        let Self { ledger, maps, model } = self;
        let place = ledger.path(PARQUET);
        let folder = place.parent().unwrap_or(&place);
        let (mut files, mut placed) = (OutputSet::new(folder, &ledger.shard().name(), true), BTreeMap::new());
        let mut written = Ok(());
        files.add_with(PARQUET, |file| {
            written = table(&ledger, file, &model, &mut placed);
            Ok(())
        })?;
        written?;
        if let Some(maps) = maps {
            maps.finish(&placed)?;
        }
        files.finish()?;
        Ok(ledger.finish()?)
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
        writer.push(&export::row(&beside, record)?)?;
        let maps = record.map(serde_json::from_str::<Kept>).transpose()?.and_then(|kept| kept.maps);
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
