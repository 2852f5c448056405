//! What de-identified UIDs, dates and numbers follow from: 32 bytes that stay here, so that all objects of a patient agree,
//! and nobody else can try names until one fits.

use std::io::Write;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail};
use rand::Rng;

use super::patient::keyed;
use crate::guard::regular;

const LEAST_BYTES: usize = 16;
const MOST_BYTES: u64 = 4096;

/// Where it is kept where nobody names a file.
pub fn default_place() -> Option<PathBuf> {
    directories::ProjectDirs::from("", "", "fovea").map(|dirs| dirs.data_dir().join("dicom-salt"))
}

/// The content of `file`, or of this user's own, which is made when it is first asked for.
///
/// # Errors
/// A file that cannot be read or made, or that is too short to be a secret.
pub fn secret(file: Option<&Path>) -> Result<Vec<u8>> {
    if let Some(file) = file {
        return read(file);
    }
    let own = default_place().context("this user has no folder for the secret of de-identification; name a file")?;
    if !own.exists() {
        make(&own).with_context(|| format!("cannot make {}", own.display()))?;
    }
    read(&own)
}

/// Tells one secret from another, and is made as what is published of them anyway: it gives away no more.
pub fn fingerprint(secret: &[u8]) -> String {
    keyed("resume", &[], secret)
}

fn read(file: &Path) -> Result<Vec<u8>> {
    let bytes = regular::read(file, MOST_BYTES).with_context(|| format!("cannot read {}", file.display()))?;
    if bytes.len() < LEAST_BYTES {
        bail!("{}: a secret has at least {LEAST_BYTES} bytes; this file has {}", file.display(), bytes.len());
    }
    Ok(bytes)
}

/// Whole or not at all; where another process was faster, its secret holds.
fn make(own: &Path) -> Result<()> {
    let folder = own.parent().context("it has no folder")?;
    std::fs::create_dir_all(folder)?;
    let mut bytes = [0_u8; 32];
    rand::rng().fill_bytes(&mut bytes);
    // Readable by its owner alone, as temporary files are.
    let mut file = tempfile::NamedTempFile::new_in(folder)?;
    file.write_all(&bytes)?;
    file.as_file().sync_all()?;
    match file.persist_noclobber(own) {
        Err(failed) if failed.error.kind() != std::io::ErrorKind::AlreadyExists => Err(failed.error.into()),
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_secret_is_made_once_and_a_short_one_is_none() {
        let folder = tempfile::tempdir().unwrap();
        let own = folder.path().join("a").join("salt");
        make(&own).unwrap();
        let made = read(&own).unwrap();
        assert_eq!(made.len(), 32);
        make(&own).unwrap();
        assert_eq!(read(&own).unwrap(), made);
        std::fs::write(&own, "short").unwrap();
        assert!(read(&own).unwrap_err().to_string().contains("at least 16 bytes"));
    }
}
