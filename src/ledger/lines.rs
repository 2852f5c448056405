//! A ledger's file, line by line. What was cut or is none of ours is passed over.

use std::fs::File;
use std::io::{BufRead, BufReader, Read, Result, Seek, SeekFrom};
use std::path::Path;

use serde::Deserialize;
use serde::de::IgnoredAny;

use super::entry::{Entry, Header, Stamp, State};
use crate::guard::regular;

/// A record takes some ten thousand bytes; a longer line is none of ours.
const MOST_LINE_BYTES: u64 = 16 << 20;

/// Where a line lies in its file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Place {
    pub from: u64,
    pub bytes: u64,
}

/// What a file holds.
#[derive(Debug, Default)]
pub struct Content {
    /// The last of them: a run that goes on may have found more pictures.
    pub header: Option<Header>,
    /// Without their records, in their order; a later one of the same name counts.
    pub entries: Vec<(Entry, Place)>,
    /// Up to here the lines have an end.
    pub whole_bytes: u64,
}

/// All but the record, which is passed over unread.
#[derive(Deserialize)]
struct Short {
    name: String,
    file: String,
    state: State,
    stamp: Option<Stamp>,
    picture_sha256: Option<String>,
    made_with: Option<String>,
    #[serde(default)]
    files: Vec<String>,
    maps_row: Option<u64>,
    reason: Option<String>,
    #[serde(default)]
    milliseconds: u64,
    #[serde(rename = "record")]
    _record: Option<IgnoredAny>,
}

impl From<Short> for Entry {
    fn from(short: Short) -> Self {
        let Short {
            name,
            file,
            state,
            stamp,
            picture_sha256,
            made_with,
            files,
            maps_row,
            reason,
            milliseconds,
            _record,
        } = short;
        let record = None;
        Self { name, file, state, stamp, picture_sha256, made_with, files, maps_row, reason, milliseconds, record }
    }
}

/// Reads the file at `path`; one that is not there is empty.
///
/// # Errors
/// A file that is there and cannot be read.
pub fn read(path: &Path) -> Result<Content> {
    let mut content = Content::default();
    let file = match regular::open(path) {
        Ok((file, _)) => file,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(content),
        Err(error) => return Err(error),
    };
    let (mut reader, mut line) = (BufReader::with_capacity(1 << 16, file), Vec::new());
    let mut is_within = false;
    loop {
        line.clear();
        let bytes = reader.by_ref().take(MOST_LINE_BYTES).read_until(b'\n', &mut line)? as u64;
        if bytes == 0 {
            break;
        }
        // A line that is too long comes in parts.
        let is_part = !line.ends_with(b"\n");
        let place = Place { from: content.whole_bytes, bytes };
        if is_part && bytes < MOST_LINE_BYTES {
            break;
        }
        if !is_part && !is_within {
            if let Ok(short) = serde_json::from_slice::<Short>(&line) {
                content.entries.push((short.into(), place));
            } else if let Ok(header) = serde_json::from_slice::<Header>(&line) {
                content.header = Some(header);
            }
        }
        is_within = is_part;
        content.whole_bytes += bytes;
    }
    Ok(content)
}

/// The line at `place`, with its end.
///
/// # Errors
/// A file that is shorter now.
pub fn line(file: &mut File, place: Place) -> Result<Vec<u8>> {
    file.seek(SeekFrom::Start(place.from))?;
    let mut line = vec![0; place.bytes as usize];
    file.read_exact(&mut line)?;
    Ok(line)
}
