//! Files that appear whole or not at all, and never in the place of others unless that is wanted.

mod staging;

use std::fs::File;
use std::io::Write;
use std::path::{Component, Path, PathBuf};

pub use staging::sweep;
use staging::{StagedFile, Staging};

/// Why results could not be written.
#[derive(Debug, thiserror::Error)]
pub enum WriteError {
    #[error("{} exists already", .0.display())]
    Exists(PathBuf),
    #[error("cannot write {}: {error}", path.display())]
    Write { path: PathBuf, error: std::io::Error },
    #[error("`{}` cannot be the name of a file: it would leave its folder", .0.escape_debug())]
    Name(String),
}

/// The files of one picture: all wait beside their places first, then are put there together. What a killed process left
/// of its own is cleared up by [`sweep`].
#[derive(Debug)]
pub struct OutputSet {
    folder: PathBuf,
    name: String,
    force: bool,
    is_synced: bool,
    staging: Option<Staging>,
    waiting: Vec<StagedFile>,
}

impl OutputSet {
    /// Files `folder/name.ENDING`. With `force`, files that exist are replaced.
    pub fn new(folder: &Path, name: &str, force: bool) -> Self {
        let (folder, name) = (folder.to_owned(), name.to_owned());
        Self { folder, name, force, is_synced: false, staging: None, waiting: Vec::new() }
    }

    /// The same, with files that survive the machine's own end, too: for what took hours.
    pub fn synced(self) -> Self {
        Self { is_synced: true, ..self }
    }

    /// Where the file with `ending` goes.
    pub fn path(&self, ending: &str) -> PathBuf {
        self.folder.join(self.file(ending))
    }

    fn file(&self, ending: &str) -> String {
        format!("{}.{ending}", self.name)
    }

    /// Refuses early where one of the files exists and must not be replaced.
    ///
    /// # Errors
    /// Names the first file that exists, or that cannot be.
    pub fn check<'a>(&self, endings: impl IntoIterator<Item = &'a str>) -> Result<(), WriteError> {
        endings.into_iter().try_for_each(|ending| self.check_name(&self.file(ending)))
    }

    fn check_name(&self, name: &str) -> Result<(), WriteError> {
        if !is_plain(name) {
            return Err(WriteError::Name(name.to_owned()));
        }
        let path = self.folder.join(name);
        // What is in the way of a file and no file itself gives way to none.
        let is_taken = if self.force { path.is_dir() } else { path.symlink_metadata().is_ok() };
        if is_taken { Err(WriteError::Exists(path)) } else { Ok(()) }
    }

    /// Writes one file beside its place.
    ///
    /// # Errors
    /// A folder that cannot be made or written to, and a name that leads out of it.
    pub fn add(&mut self, ending: &str, bytes: &[u8]) -> Result<(), WriteError> {
        self.stage(self.file(ending), |file| file.write_all(bytes))
    }

    /// Writes one file beside its place as `write` does: for what is too large to be held whole.
    ///
    /// # Errors
    /// As [`Self::add`], and those of `write`.
    pub fn add_with(
        &mut self,
        ending: &str,
        write: impl FnOnce(&mut File) -> std::io::Result<()>,
    ) -> Result<(), WriteError> {
        self.stage(self.file(ending), write)
    }

    /// Writes one file of its own name in the same folder beside its place.
    ///
    /// # Errors
    /// Like [`Self::add`].
    pub fn add_file(&mut self, name: &str, bytes: &[u8]) -> Result<(), WriteError> {
        self.stage(name.to_owned(), |file| file.write_all(bytes))
    }

    fn stage(&mut self, name: String, write: impl FnOnce(&mut File) -> std::io::Result<()>) -> Result<(), WriteError> {
        if !is_plain(&name) {
            return Err(WriteError::Name(name));
        }
        let failed = |error| WriteError::Write { path: self.folder.join(&name), error };
        let staging = match &mut self.staging {
            Some(staging) => staging,
            none => none.insert(Staging::new(&self.folder, self.is_synced).map_err(failed)?),
        };
        let staged = staging.stage(write).map_err(failed)?;
        self.waiting.push(StagedFile { staged, name });
        Ok(())
    }

    /// Puts all files in their places; where one fails, all is as it was before.
    ///
    /// # Errors
    /// A file that has appeared meanwhile, or a place that cannot be written.
    pub fn finish(self) -> Result<Vec<PathBuf>, WriteError> {
        let Some(staging) = &self.staging else { return Ok(Vec::new()) };
        self.waiting.iter().try_for_each(|file| self.check_name(&file.name))?;
        staging.place(&self.waiting, self.force).map_err(|(name, error)| {
            let path = self.folder.join(name);
            match error.kind() {
                std::io::ErrorKind::AlreadyExists => WriteError::Exists(path),
                _ => WriteError::Write { path, error },
            }
        })?;
        Ok(self.waiting.iter().map(|file| self.folder.join(&file.name)).collect())
    }
}

/// Whether `name` is that of a file in its folder, and nowhere else.
fn is_plain(name: &str) -> bool {
    let mut parts = Path::new(name).components();
    let is_one = matches!((parts.next(), parts.next()), (Some(Component::Normal(_)), None));
    is_one && !name.contains(['/', '\\']) && !name.chars().any(char::is_control)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(folder: &Path) -> Vec<String> {
        let entries = std::fs::read_dir(folder).unwrap();
        let mut names: Vec<String> = entries.map(|e| e.unwrap().file_name().to_string_lossy().into_owned()).collect();
        names.sort();
        names
    }

    #[test]
    fn nothing_is_replaced_and_nothing_is_left_half_done() {
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join("a.two"), "old").unwrap();
        let mut set = OutputSet::new(folder.path(), "a", false);
        assert!(matches!(set.check(["one", "two"]), Err(WriteError::Exists(_))));
        set.add("one", b"new").unwrap();
        set.add("two", b"new").unwrap();
        assert!(matches!(set.finish(), Err(WriteError::Exists(_))));
        assert_eq!(names(folder.path()), ["a.two"]);
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
        assert_eq!(names(folder.path()), ["a.one"]);
    }

    #[test]
    fn force_that_fails_midway_leaves_all_as_it_was() {
        let folder = tempfile::tempdir().unwrap();
        let old = |name: &str| std::fs::read(folder.path().join(name)).unwrap();
        std::fs::write(folder.path().join("a.one"), "old").unwrap();
        let mut set = OutputSet::new(folder.path(), "a", true);
        for ending in ["one", "two", "three"] {
            set.add(ending, b"new").unwrap();
        }
        // What waits for the third place is gone: that one cannot succeed.
        std::fs::remove_file(folder.path().join(&set.waiting[2].staged)).unwrap();
        assert!(set.finish().is_err());
        assert_eq!((names(folder.path()), old("a.one")), (vec!["a.one".to_owned()], b"old".to_vec()));
        // A folder in a file's place gives way to nothing.
        std::fs::create_dir(folder.path().join("a.two")).unwrap();
        let mut set = OutputSet::new(folder.path(), "a", true);
        set.add("one", b"new").unwrap();
        set.add("two", b"new").unwrap();
        assert!(matches!(set.finish(), Err(WriteError::Exists(_))));
        assert_eq!(
            (names(folder.path()), old("a.one")),
            (vec!["a.one".to_owned(), "a.two".to_owned()], b"old".to_vec())
        );
    }

    #[test]
    fn no_name_leads_out_of_the_folder() {
        let folder = tempfile::tempdir().unwrap();
        let mut set = OutputSet::new(&folder.path().join("in"), "a", true);
        for ending in ["x/../../../victim.png", "..\\b", "x\u{1b}[2J", "/"] {
            assert!(matches!(set.check([ending]), Err(WriteError::Name(_))), "{ending:?}");
            assert!(matches!(set.add(ending, b""), Err(WriteError::Name(_))), "{ending:?}");
        }
        for name in ["..", "", "../b", "/etc/b"] {
            assert!(matches!(set.add_file(name, b""), Err(WriteError::Name(_))), "{name:?}");
        }
        assert!(names(folder.path()).is_empty());
    }

    #[test]
    fn what_a_dead_process_left_goes_into_its_place_if_it_was_whole_or_away() {
        let folder = tempfile::tempdir().unwrap();
        let path = |name: &str| folder.path().join(name);
        std::fs::write(path("b.one"), "old").unwrap();
        for (name, text) in [
            (".fovea-dead.lock", ""),
            (".fovea-dead-0", "half"),
            (".fovea-dead-list", "[]"),
            (".fovea-gone.lock", ""),
            (".fovea-gone-1", "new"),
            (".fovea-gone-0-before", "older"),
            ("a.one", "new"),
            (
                ".fovea-gone.list",
                r#"{"replaces":true,"files":[{"staged":".fovea-gone-0","name":"a.one"},
                {"staged":".fovea-gone-1","name":"b.one"},{"staged":".fovea-gone-1","name":"../c"}]}"#,
            ),
        ] {
            std::fs::write(path(name), text).unwrap();
        }
        let mut living = OutputSet::new(folder.path(), "c", false);
        living.add("one", b"new").unwrap();
        sweep(folder.path());
        assert_eq!(std::fs::read(path("b.one")).unwrap(), b"new");
        assert_eq!(names(folder.path()).len(), 2 + 2, "{:?}", names(folder.path()));
        living.finish().unwrap();
        assert_eq!(names(folder.path()), ["a.one", "b.one", "c.one"]);
    }
}
