//! What a ledger says: a line for each picture, below one that says whose lines they are.

use serde::{Deserialize, Serialize};

/// What became of a picture.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum State {
    /// It cannot be explained, however often it is tried.
    Bad,
    /// Its results are in their places.
    Done,
}

/// One picture.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Entry {
    /// What its results are called; no two pictures of a run share one.
    pub name: String,
    /// Its path below the folder that was named, with `/` between the parts.
    pub file: String,
    pub state: State,
    /// Size and time of change of its file as it was read: who finds them unchanged need not read it to know it again.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub stamp: Option<Stamp>,
    /// Of the picture's file, lower-case hexadecimal; nothing of a file that could not be read.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub picture_sha256: Option<String>,
    /// One number for picture, model and settings, as in its record.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub made_with: Option<String>,
    /// The endings of its files.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub files: Vec<String>,
    /// Where its maps are along the first axis of arrays that the shard's pictures share.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub maps_row: Option<u64>,
    /// Why it is bad.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    /// How long it took.
    #[serde(default)]
    pub milliseconds: u64,
    /// Its record's JSON as text, in which no digit is lost, where it stands in no file of its own. A ledger keeps it on the
    /// disk alone.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub record: Option<String>,
}

impl Entry {
    /// Of the picture of `file`, whose results are called `name`, with nothing else said of it.
    pub fn new(name: String, file: String, state: State) -> Self {
        Self {
            name,
            file,
            state,
            stamp: None,
            picture_sha256: None,
            made_with: None,
            files: Vec::new(),
            maps_row: None,
            reason: None,
            milliseconds: 0,
            record: None,
        }
    }
}

/// A file's size and time of change.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Stamp {
    pub bytes: u64,
    /// Since 1970; 0 where a system does not say.
    pub changed_ns: u64,
}

impl Stamp {
    pub fn of(data: &std::fs::Metadata) -> Self {
        let since = data.modified().ok().and_then(|time| time.duration_since(std::time::UNIX_EPOCH).ok());
        let changed_ns = since.and_then(|since| u64::try_from(since.as_nanos()).ok()).unwrap_or(0);
        Self { bytes: data.len(), changed_ns }
    }
}

/// The line above a shard's pictures.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Header {
    /// Its place among the shards, from 1.
    pub shard: u32,
    pub shards: u32,
    /// How many pictures the shard has.
    pub pictures: u64,
    /// One number for model and settings.
    pub key: String,
    /// Of the program; another may open what this one could not.
    pub version: String,
}

/// As an entry stands in its file: with its shard, so that one query counts over all of them.
#[derive(Serialize)]
pub struct Line<'a> {
    pub shard: u32,
    #[serde(flatten)]
    pub entry: &'a Entry,
}
