//! What was measured of each picture, kept as it comes: a line of JSON a picture, below a line that says how it was made.
//!
//! A run that was stopped goes on from it. A line that is cut short or damaged is measured again.

use std::collections::HashMap;
use std::fs::{File, OpenOptions};
use std::io::Write;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, anyhow, bail};
use serde::{Deserialize, Serialize};

use crate::evaluate::place::PicturePlaces;
use crate::evaluate::report;
use crate::evaluate::shortcuts::Looks;
use crate::evaluate::strong_features::PictureFeatures;
use crate::evaluate::truth::PictureTruth;
use crate::guard::regular;
use crate::guard::whole::OutputSet;

const NAME: &str = "pictures.jsonl";
/// Larger than a million pictures' lines with all their maps' figures.
const MOST_BYTES: u64 = 8 << 30;

/// One picture as it was measured; what is true of it is looked up in the table of labels at every run.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Row {
    /// As the table of labels calls it.
    pub image: String,
    /// Of the file.
    pub sha256: String,
    pub probabilities: Vec<f32>,
    pub decided: usize,
    pub findings: Option<Vec<usize>>,
    pub gradable: Option<bool>,
    pub is_refused: bool,
    pub agrees: Option<bool>,
    /// What might give the label away without disease, and where the response gathers.
    pub looks: Option<Looks>,
    /// Of CLEAR's experiment, where it was asked for.
    pub features: Option<PictureFeatures>,
    /// Of pictures with marks.
    pub places: Option<PicturePlaces>,
    /// Of those pictures on which the maps are put to the test.
    pub truth: Option<PictureTruth>,
}

/// How the lines were made; those of another run are not gone on from.
#[derive(Debug, PartialEq, Serialize, Deserialize)]
struct RunHeader {
    fovea_evaluation: u32,
    made_with: String,
}

/// The file of lines, and those that were there.
#[derive(Debug)]
pub struct Rows {
    place: PathBuf,
    file: File,
    known: HashMap<(String, String), Row>,
}

impl Rows {
    /// Opens the lines in `folder`. `made_with` is a hash of all that they depend on besides their pictures.
    ///
    /// # Errors
    /// Lines that are there already and are neither to be gone on from (`resume`) nor to be replaced (`force`), and such
    /// that were made otherwise.
    pub fn open(folder: &Path, made_with: &str, resume: bool, force: bool) -> Result<Self> {
        let place = folder.join(NAME);
        let head = RunHeader { fovea_evaluation: 1, made_with: made_with.to_owned() };
        let is_there = |place: &PathBuf| place.try_exists().unwrap_or(true);
        let there = is_there(&place);
        // The report of a run whose lines somebody took away is not replaced unasked either.
        let in_the_way = [place.clone(), folder.join(report::PAGE)].into_iter().find(is_there);
        if let Some(found) = in_the_way.filter(|_| !resume && !force) {
            bail!("{} exists already; give --resume to continue from it, or --force to start over", found.display());
        }
        let known = if there && resume { read(&place, &head, force)? } else { Vec::new() };
        // Written anew, so that a line that was cut short does not spoil the one after it.
        let mut bytes = line(&head)?;
        for row in &known {
            bytes.extend(line(row)?);
        }
        let mut whole = OutputSet::new(folder, "pictures", true);
        whole.add_file(NAME, &bytes).map_err(|error| anyhow!("{error}"))?;
        whole.finish().map_err(|error| anyhow!("{error}"))?;
        let file = OpenOptions::new().append(true).open(&place);
        let file = file.with_context(|| format!("cannot write to {}", place.display()))?;
        let known = known.into_iter().map(|row| ((row.image.clone(), row.sha256.clone()), row)).collect();
        Ok(Self { place, file, known })
    }

    /// What is known of the picture that the labels call `image`, if its file is still the same.
    pub fn known(&self, image: &str, sha256: &str) -> Option<&Row> {
        self.known.get(&(image.to_owned(), sha256.to_owned()))
    }

    /// Adds a line.
    ///
    /// # Errors
    /// A disk that is full.
    pub fn add(&mut self, row: &Row) -> Result<()> {
        let bytes = line(row)?;
        self.file.write_all(&bytes).with_context(|| format!("cannot write to {}", self.place.display()))
    }
}

fn line(of: &impl Serialize) -> Result<Vec<u8>> {
    let mut bytes = serde_json::to_vec(of)?;
    bytes.push(b'\n');
    Ok(bytes)
}

fn read(place: &Path, head: &RunHeader, force: bool) -> Result<Vec<Row>> {
    let text = regular::read(place, MOST_BYTES).with_context(|| format!("cannot read {}", place.display()))?;
    let mut lines = text.split(|byte| *byte == b'\n');
    let found = lines.next().and_then(|line| serde_json::from_slice::<RunHeader>(line).ok());
    if found.as_ref() != Some(head) {
        if force {
            return Ok(Vec::new());
        }
        let place = place.display();
        bail!(
            "{place} was made with another model, program version or option; give --force to start over, or another --out"
        );
    }
    Ok(lines.filter_map(|line| serde_json::from_slice(line).ok()).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn row(image: &str) -> Row {
        Row { image: image.to_owned(), sha256: format!("of {image}"), probabilities: vec![0.1, 0.9], ..Row::default() }
    }

    #[test]
    fn a_run_goes_on_from_every_whole_line() {
        let folder = tempfile::tempdir().unwrap();
        let open = |made: &str, resume, force| Rows::open(folder.path(), made, resume, force);
        let mut rows = open("a", false, false).unwrap();
        rows.add(&row("one")).unwrap();
        rows.add(&row("two")).unwrap();
        drop(rows);
        let place = folder.path().join(NAME);
        let whole = std::fs::read(&place).unwrap();
        // Killed in the middle of the second line.
        std::fs::write(&place, &whole[..whole.len() - 9]).unwrap();
        assert!(open("a", false, false).is_err(), "nothing is replaced unasked");
        let mut rows = open("a", true, false).unwrap();
        assert_eq!(rows.known("one", "of one"), Some(&row("one")));
        assert!(rows.known("two", "of two").is_none() && rows.known("one", "of another").is_none());
        rows.add(&row("two")).unwrap();
        drop(rows);
        assert_eq!(std::fs::read(&place).unwrap(), whole);
        assert!(open("b", true, false).is_err(), "made otherwise");
        assert!(open("b", true, true).unwrap().known.is_empty());
        std::fs::remove_file(&place).unwrap();
        std::fs::write(folder.path().join(report::PAGE), "<p>months of work").unwrap();
        assert!(open("b", false, false).unwrap_err().to_string().contains("report.html exists already"));
        assert!(open("b", false, true).is_ok());
    }
}
