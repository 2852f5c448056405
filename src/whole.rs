//! Files that appear whole or not at all, and never in the place of others unless that is wanted.

use std::io::Write;
use std::path::{Path, PathBuf};

use tempfile::NamedTempFile;

/// Why results could not be written.
#[derive(Debug, thiserror::Error)]
pub enum WriteError {
    #[error("{} exists already", .0.display())]
    Exists(PathBuf),
    #[error("cannot write {}: {source}", path.display())]
    Write { path: PathBuf, source: std::io::Error },
}

/// The files of one picture: all are written beside their places first, then put there together.
#[derive(Debug)]
pub struct OutputSet {
    stem: PathBuf,
    force: bool,
    waiting: Vec<(NamedTempFile, PathBuf)>,
}

impl OutputSet {
    /// Files `folder/name.ENDING`. With `force`, files that exist are replaced.
    pub fn new(folder: &Path, name: &str, force: bool) -> Self {
        Self { stem: folder.join(name), force, waiting: Vec::new() }
    }

    /// Where the file with `ending` goes.
    pub fn path(&self, ending: &str) -> PathBuf {
        let mut name = self.stem.clone().into_os_string();
        name.push(".");
        name.push(ending);
        name.into()
    }

    /// Refuses early where one of the files exists and must not be replaced.
    ///
    /// # Errors
    /// Names the first file that exists.
    pub fn check<'a>(&self, endings: impl IntoIterator<Item = &'a str>) -> Result<(), WriteError> {
        let taken = endings.into_iter().map(|ending| self.path(ending)).find(|path| !self.force && path.exists());
        taken.map_or(Ok(()), |path| Err(WriteError::Exists(path)))
    }

    /// Writes one file beside its place.
    ///
    /// # Errors
    /// A folder that cannot be made or written to.
    pub fn add(&mut self, ending: &str, bytes: &[u8]) -> Result<(), WriteError> {
        self.stage(self.path(ending), bytes)
    }

    /// Writes one file of its own name in the same folder beside its place.
    ///
    /// # Errors
    /// A folder that cannot be made or written to.
    pub fn add_file(&mut self, name: &str, bytes: &[u8]) -> Result<(), WriteError> {
        self.stage(self.stem.with_file_name(name), bytes)
    }

    fn stage(&mut self, path: PathBuf, bytes: &[u8]) -> Result<(), WriteError> {
        let folder = path.parent().map_or_else(PathBuf::new, Path::to_owned);
        let failed = |source| WriteError::Write { path: path.clone(), source };
        std::fs::create_dir_all(&folder).map_err(failed)?;
        let mut file = tempfile::Builder::new().prefix(".fovea-").tempfile_in(&folder).map_err(failed)?;
        file.write_all(bytes).map_err(failed)?;
        readable(&file).map_err(failed)?;
        self.waiting.push((file, path));
        Ok(())
    }

    /// Puts all files in their places; what was put there is taken back where a later one fails.
    ///
    /// # Errors
    /// A file that has appeared meanwhile, or a place that cannot be written.
    pub fn finish(self) -> Result<Vec<PathBuf>, WriteError> {
        let mut placed: Vec<PathBuf> = Vec::new();
        for (file, path) in self.waiting {
            let result = if self.force { file.persist(&path) } else { file.persist_noclobber(&path) };
            if let Err(error) = result {
                if !self.force {
                    for path in placed {
                        // Nothing better can be done than to go on with the rest.
                        let _ = std::fs::remove_file(path);
                    }
                }
                return Err(match error.error.kind() {
                    std::io::ErrorKind::AlreadyExists => WriteError::Exists(path),
                    _ => WriteError::Write { path, source: error.error },
                });
            }
            placed.push(path);
        }
        Ok(placed)
    }
}

/// Temporary files are private; results get the permissions of any other new file.
#[cfg(unix)]
fn readable(file: &NamedTempFile) -> std::io::Result<()> {
    use std::os::unix::fs::PermissionsExt;
    file.as_file().set_permissions(std::fs::Permissions::from_mode(0o644))
}

#[cfg(not(unix))]
fn readable(_: &NamedTempFile) -> std::io::Result<()> {
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_is_replaced_and_nothing_is_left_half_done() {
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join("a.two"), "old").unwrap();
        let mut set = OutputSet::new(folder.path(), "a", false);
        assert!(matches!(set.check(["one", "two"]), Err(WriteError::Exists(_))));
        set.add("one", b"new").unwrap();
        set.add("two", b"new").unwrap();
        assert!(matches!(set.finish(), Err(WriteError::Exists(_))));
        assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 1);
        assert_eq!(std::fs::read(folder.path().join("a.two")).unwrap(), b"old");
    }

    #[test]
    fn force_replaces() {
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join("a.one"), "old").unwrap();
        let mut set = OutputSet::new(folder.path(), "a", true);
        set.check(["one"]).unwrap();
        set.add("one", b"new").unwrap();
        set.finish().unwrap();
        assert_eq!(std::fs::read(folder.path().join("a.one")).unwrap(), b"new");
    }
}
