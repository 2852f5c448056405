//! The files of one explained picture, the same for the window and the command line.

use anyhow::Result;

use super::{Pictures, Record, npz};
use crate::bundle::Card;
use crate::guard::whole::OutputSet;

/// Which files are wanted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Parts {
    pub panel: bool,
    pub layers: bool,
    pub maps: bool,
    pub record: bool,
}

impl Parts {
    pub const ALL: Self = Self { panel: true, layers: true, maps: true, record: true };

    /// The endings of the wanted files for a model of `card`, with those of two rules where they are compared.
    pub fn endings(self, card: &Card, comparing: bool) -> Vec<String> {
        let single = [(self.record, Record::ENDING), (self.maps, "npz"), (self.panel, "panel.png")];
        let mut endings: Vec<String> = single.iter().filter(|(on, _)| *on).map(|(_, end)| (*end).to_owned()).collect();
        if self.layers {
            endings.extend(Pictures::layer_endings(card, comparing));
        }
        endings
    }
}

/// Adds the wanted files to `files`, one after the other as they are made; none is in its place before
/// [`OutputSet::finish`].
///
/// # Errors
/// A picture that cannot be encoded or a place that cannot be written to.
pub fn write(
    files: &mut OutputSet,
    parts: Parts,
    file_name: &str,
    pictures: &Pictures<'_>,
    record: Record,
) -> Result<()> {
    let mut record = record.of_layers(pictures.layers(), &pictures.scene());
    let mut add = |ending: &str, bytes: &[u8]| {
        record.files.push(ending.to_owned());
        files.add(ending, bytes)
    };
    if parts.maps {
        add("npz", &npz(pictures.explanation)?)?;
    }
    if parts.panel {
        add("panel.png", &pictures.panel(file_name)?)?;
    }
    if parts.layers {
        pictures.each_layer(|ending, bytes| Ok(add(ending, bytes)?))?;
    }
    if parts.record {
        files.add(Record::ENDING, serde_json::to_string_pretty(&record)?.as_bytes())?;
    }
    Ok(())
}
