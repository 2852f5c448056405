//! A small file beside a model: what `fovea calibrate` learned about it from one clinic's labelled pictures.

use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use crate::guard::regular;

/// The file's name.
pub const FILE: &str = "calibration.toml";
const MOST_BYTES: u64 = 1 << 16;

/// When a class belongs to the set of answers, so that the set holds the truth as often as promised.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct Calibration {
    /// The model's name.
    pub model: String,
    /// Of the weights that were calibrated; it holds for no others.
    pub sha256: String,
    /// How often the set shall hold the truth, a fraction.
    pub coverage: f64,
    /// What a class of the set costs at most, see `explain::class_set`.
    pub threshold: f64,
    /// How many labelled pictures, and of how many patients where these are known.
    pub pictures: usize,
    /// Of how many patients, where they were known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub patients: Option<usize>,
    /// Lowest, middle and highest coverage of pictures left out (2.5th, 50th and 97.5th percentile of resamplings).
    pub measured_coverage: [f64; 3],
    /// The mean number of classes in a set of theirs.
    pub mean_size: f64,
}

/// Why a calibration cannot be used.
#[derive(Debug, thiserror::Error)]
#[allow(missing_docs)] // The fields are what the text names.
pub enum CalibrationError {
    /// A file that is no calibration.
    #[error("cannot read {}: {reason}; run `fovea calibrate` again, or delete it", path.display())]
    Read { path: PathBuf, reason: String },
    /// A calibration of other weights.
    #[error("{} was made for other weights of {model}; run `fovea calibrate` again", path.display())]
    Other { path: PathBuf, model: String },
}

/// The calibration at `path`, `None` where there is none.
///
/// # Errors
/// A file that is no calibration, or that of other weights than those with `sha256`.
pub fn read(path: &Path, sha256: &str) -> Result<Option<Calibration>, CalibrationError> {
    let failed = |reason: String| CalibrationError::Read { path: path.to_owned(), reason };
    let text = match regular::read_text(path, MOST_BYTES) {
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(None),
        read => read.map_err(|error| failed(error.to_string()))?,
    };
    let found: Calibration = toml::from_str(&text).map_err(|error| failed(error.message().to_owned()))?;
    if !(0.0..=1.0).contains(&found.threshold) || !(0.0..1.0).contains(&found.coverage) {
        return Err(failed("its figures make no sense".to_owned()));
    }
    if found.sha256 != sha256 {
        return Err(CalibrationError::Other { path: path.to_owned(), model: found.model });
    }
    Ok(Some(found))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_calibration_holds_for_its_own_weights_only() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join(FILE);
        assert!(read(&path, "aa").unwrap().is_none());
        let made = Calibration {
            model: "m".to_owned(),
            sha256: "aa".to_owned(),
            coverage: 0.9,
            threshold: 0.4,
            pictures: 100,
            patients: None,
            measured_coverage: [0.86, 0.91, 0.96],
            mean_size: 1.7,
        };
        std::fs::write(&path, toml::to_string(&made).unwrap()).unwrap();
        assert_eq!(read(&path, "aa").unwrap(), Some(made.clone()));
        assert!(matches!(read(&path, "bb"), Err(CalibrationError::Other { .. })));
        std::fs::write(&path, toml::to_string(&Calibration { threshold: f64::NAN, ..made }).unwrap()).unwrap();
        assert!(matches!(read(&path, "aa"), Err(CalibrationError::Read { .. })));
        std::fs::write(&path, "threshold = ").unwrap();
        assert!(matches!(read(&path, "aa"), Err(CalibrationError::Read { .. })));
    }
}
