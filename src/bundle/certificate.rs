//! A small file beside a model: what `fovea evaluate --certify` measured, failures included. Not to be written by hand.

use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use crate::guard::regular;

/// The file's name.
pub const FILE: &str = "certificate.toml";
const MOST_BYTES: u64 = 1 << 20;

/// All tests of one run.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct Certificate {
    /// The model's name.
    pub model: String,
    /// Of the weights that were tested; it holds for no others.
    pub sha256: String,
    /// Of the program.
    pub version: String,
    /// UTC, as ISO 8601 has it.
    pub date: String,
    /// The pictures, in the words of whoever ran it.
    pub on: String,
    /// How many of them.
    pub pictures: usize,
    /// On how many pictures the maps were tested.
    pub maps_tested_on: usize,
    /// Failed ones included.
    pub tests: Vec<Tested>,
}

/// One test.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct Tested {
    /// "Sensitivity to weights".
    pub test: String,
    /// What was tested: the answer, or a map by its name.
    pub of: String,
    /// What the figure is, with the limit that it is held against.
    pub figure: String,
    /// The figure; `None` of a test that was not run.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub value: Option<f64>,
    /// 95 % interval.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub spread: Option<[f64; 2]>,
    /// Nothing of a test that was not run, or has no limit.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub passed: Option<bool>,
}

impl Tested {
    /// "passed", "failed", or that it was not run.
    pub fn verdict(&self) -> &'static str {
        match (self.passed, self.value) {
            (Some(true), _) => "passed",
            (Some(false), _) => "failed",
            (None, Some(_)) => "measured",
            (None, None) => "not run",
        }
    }
}

/// Why a certificate cannot be shown.
#[derive(Debug, thiserror::Error)]
#[allow(missing_docs)] // The fields are what the text names.
pub enum CertificateError {
    /// A file that is no certificate.
    #[error("cannot read {}: {reason}; run `fovea evaluate --certify` again, or delete it", path.display())]
    Read { path: PathBuf, reason: String },
}

impl Certificate {
    /// Reads one from text.
    ///
    /// # Errors
    /// Text that is none.
    pub fn parse(text: &str) -> Result<Self, String> {
        toml::from_str(text).map_err(|error: toml::de::Error| error.message().to_owned())
    }
}

/// The certificate at `path`; `None` where there is none, or that of other weights than those with `sha256`.
///
/// # Errors
/// A file that is no certificate.
pub fn read(path: &Path, sha256: &str) -> Result<Option<Certificate>, CertificateError> {
    let failed = |reason: String| CertificateError::Read { path: path.to_owned(), reason };
    let text = match regular::read_text(path, MOST_BYTES) {
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(None),
        read => read.map_err(|error| failed(error.to_string()))?,
    };
    let found = Certificate::parse(&text).map_err(failed)?;
    Ok(Some(found).filter(|found| found.sha256 == sha256))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_certificate_is_read_back_and_holds_for_its_own_weights_only() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join(FILE);
        let tested = |value, passed| Tested {
            test: "Repeatability".to_owned(),
            of: "CAM".to_owned(),
            figure: "SSIM, at least 0.5".to_owned(),
            value,
            spread: None,
            passed,
        };
        let made = Certificate {
            model: "m".to_owned(),
            sha256: "aa".to_owned(),
            version: "0.1.0".to_owned(),
            date: "2026-01-01T00:00:00Z".to_owned(),
            on: "drawn".to_owned(),
            pictures: 12,
            maps_tested_on: 3,
            tests: vec![tested(Some(0.4), Some(false)), tested(None, None), tested(Some(0.1), None)],
        };
        std::fs::write(&path, toml::to_string(&made).unwrap()).unwrap();
        assert_eq!(read(&path, "aa").unwrap().as_ref(), Some(&made));
        assert_eq!(read(&path, "bb").unwrap(), None);
        let verdicts: Vec<&str> = made.tests.iter().map(Tested::verdict).collect();
        assert_eq!(verdicts, ["failed", "not run", "measured"]);
        std::fs::write(&path, "tests = 3").unwrap();
        assert!(read(&path, "aa").is_err());
        assert_eq!(read(&folder.path().join("none"), "aa").unwrap(), None);
    }
}
