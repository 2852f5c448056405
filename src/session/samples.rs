//! The drawn samples that come with the program, unpacked on demand.

use std::path::PathBuf;

use include_dir::{Dir, include_dir};

use crate::guard::regular;
use crate::guard::whole::{self, OutputSet};

static SAMPLES: Dir<'_> = include_dir!("$CARGO_MANIFEST_DIR/assets/samples");
static CHESTS: Dir<'_> = include_dir!("$CARGO_MANIFEST_DIR/assets/chest-samples");

/// File and name of every chest X-ray, for the model that reads them.
pub fn chests() -> Vec<(&'static str, &'static str)> {
    vec![("phantom-chest-clear.dcm", "Clear"), ("phantom-chest-consolidation.dcm", "Consolidation")]
}

/// The model for [`chests`], and that for [`all`].
pub const CHEST_MODEL: &str = "cxr-pneumonia";
pub const EYE_MODEL: &str = "retina-dr";

/// File and name of every fundus photograph.
pub fn all() -> Vec<(&'static str, &'static str)> {
    vec![
        ("phantom-healthy-left.jpg", "Healthy, left eye"),
        ("phantom-healthy-right.jpg", "Healthy, right eye"),
        ("phantom-mild.jpg", "Mild"),
        ("phantom-moderate.jpg", "Moderate"),
        ("phantom-severe.jpg", "Severe"),
    ]
}

/// Where the sample `file` lies on this machine; unpacked again if it is missing or altered.
///
/// # Errors
/// An unknown sample, or a place that cannot be written to.
pub fn path(file: &str) -> std::io::Result<PathBuf> {
    let found = SAMPLES.get_file(file).or_else(|| CHESTS.get_file(file));
    let bytes = found.ok_or(std::io::ErrorKind::NotFound)?.contents();
    let dirs = directories::ProjectDirs::from("", "", "fovea");
    let folder = dirs.map_or_else(std::env::temp_dir, |dirs| dirs.cache_dir().to_owned()).join("samples");
    let path = folder.join(file);
    if regular::read(&path, bytes.len() as u64).is_ok_and(|found| found == bytes) {
        return Ok(path);
    }
    whole::sweep(&folder);
    let mut files = OutputSet::new(&folder, file, true);
    files.add_file(file, bytes).and_then(|()| files.finish()).map_err(std::io::Error::other)?;
    Ok(path)
}

#[cfg(test)]
mod tests {
    #[test]
    fn every_sample_named_is_there() {
        assert!(super::all().iter().all(|(file, _)| super::SAMPLES.get_file(file).is_some()));
        assert!(super::chests().iter().all(|(file, _)| super::CHESTS.get_file(file).is_some()));
    }
}
