//! What of a record it takes to explain its picture again.
//!
//! A record is a foreign file: of a size that was asked for, and what this program does not know is refused in words. What a
//! later version may have added besides is passed over.

use std::path::{Path, PathBuf};

use serde::Deserialize;
use serde::de::IgnoredAny;

use super::record::SettingsRecord;
use super::{PageTheme, Pages, Parts, Pictures, Profile, ReaderRecord};
use crate::bundle::Card;
use crate::guard::regular;
use crate::layers::Style;

/// A record of more is none of ours.
pub const MOST_RECORD_BYTES: u64 = 4 << 20;

/// Why a record cannot be repeated.
#[derive(Debug, thiserror::Error)]
#[error("{}: {reason}", path.display())]
pub struct RecipeError {
    path: PathBuf,
    reason: String,
}

/// The part of a record that says how it was made.
#[derive(Debug, Clone, Deserialize)]
pub struct Recipe {
    pub file: String,
    pub path: Option<String>,
    pub picture_sha256: Option<String>,
    pub model: String,
    pub model_sha256: String,
    pub made_with: Option<String>,
    #[serde(default)]
    files: Vec<String>,
    report_theme: Option<PageTheme>,
    maps: Option<IgnoredAny>,
    dicom_profile: Option<Profile>,
    pub device: String,
    pub version: String,
    pub settings: SettingsRecord,
    pub style: Style,
    pub window: Option<RecipeWindow>,
    pub frame: Option<u32>,
    pub reader: Option<ReaderRecord>,
    pub report: Refused,
    pub gate: Option<GateEntry>,
    pub classes: Vec<Named>,
    pub decided: usize,
    pub grade_set: Option<Vec<usize>>,
}

/// Window and level as they were written; the function is still a word.
#[derive(Debug, Clone, Deserialize)]
pub struct RecipeWindow {
    pub function: String,
    pub centre: Option<f64>,
    pub width: Option<f64>,
    pub inverted: bool,
}

/// Whether the answer was held back.
#[derive(Debug, Clone, Deserialize)]
pub struct Refused {
    pub is_refused: bool,
}

/// Whether the model reads such pictures.
#[derive(Debug, Clone, Deserialize)]
pub struct GateEntry {
    pub passes: bool,
}

/// A class by its name.
#[derive(Debug, Clone, Deserialize)]
pub struct Named {
    pub name: String,
}

impl Recipe {
    /// # Errors
    /// A file that is no record of this program.
    pub fn read(path: &Path) -> Result<Self, RecipeError> {
        let failed = |reason: String| RecipeError { path: path.to_owned(), reason };
        let text = regular::read_text(path, MOST_RECORD_BYTES);
        let text = text.map_err(|error| failed(format!("cannot read the record: {error}")))?;
        serde_json::from_str(&text).map_err(|error| failed(format!("this is no record that can be repeated: {error}")))
    }

    /// Which files there were.
    pub fn parts(&self, card: &Card) -> Parts {
        let has = |ending: &str| self.files.iter().any(|file| file == ending);
        let layers = Pictures::layer_endings(card, self.settings.compare_rule.is_some());
        Parts {
            panel: has("panel.png"),
            layers: layers.iter().any(|ending| has(ending)),
            // Those of an array become a file.
            maps: has("npz") || self.maps.is_some(),
            record: true,
            pages: Pages {
                report_pdf: has(Pages::REPORT_PDF),
                report_svg: has(Pages::REPORT_SVG),
                legend_pdf: has(Pages::LEGEND_PDF),
                legend_svg: has(Pages::LEGEND_SVG),
                theme: self.report_theme.unwrap_or_default(),
            },
            dicom: self.dicom_profile,
        }
    }
}
