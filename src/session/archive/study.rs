//! Where a study lies that was fetched: in a private folder that goes with it, or in one that the user chose.

use std::fs::{File, TryLockError};
use std::path::{Path, PathBuf};

use tempfile::TempDir;

use crate::guard::checksum::sha256_hex;
use crate::guard::regular;

/// How private folders are called.
const PREFIX: &str = "fovea-study-";
/// Locked for as long as the process lives that uses the folder.
const LOCK: &str = "lock";
/// Digits of a checksum that tell studies, and the objects of one, apart.
const MOST_DIGITS: usize = 12;

/// The pictures of a study. Dropped, they are deleted, unless they lie where the user wants to keep them.
#[derive(Debug)]
pub struct Study {
    folder: PathBuf,
    /// Its name for the program: the same whenever it is fetched, and of no use to anybody else.
    key: String,
    pub pictures: usize,
    /// Objects that hold no picture, and results of this program.
    pub passed_over: usize,
    private: Option<Private>,
}

impl Study {
    /// One that lies in `folder`, for good where it is not `private`.
    pub fn new(folder: PathBuf, study_uid: &str, private: Option<Private>) -> Self {
        Self { folder, key: key_of(study_uid), pictures: 0, passed_over: 0, private }
    }

    /// The same, of so many pictures, and other objects that were passed over.
    pub fn counting(self, pictures: usize, passed_over: usize) -> Self {
        Self { pictures, passed_over, ..self }
    }

    /// The pictures, and nothing else.
    pub fn folder(&self) -> &Path {
        &self.folder
    }

    pub fn key(&self) -> &str {
        &self.key
    }

    /// Whether it goes once nobody needs it.
    pub fn is_private(&self) -> bool {
        self.private.is_some()
    }

    pub fn holds(&self, path: &Path) -> bool {
        path.starts_with(&self.folder)
    }
}

/// What a UID, of a study or an object, is called in the names of files: nobody finds a patient by it.
pub fn key_of(uid: &str) -> String {
    sha256_hex(uid.as_bytes())[..MOST_DIGITS].to_owned()
}

/// A folder that nobody else can look into, deleted with this.
#[derive(Debug)]
pub struct Private {
    /// Let go before the folder: some systems delete no file that is open.
    _lock: File,
    folder: TempDir,
}

impl Private {
    /// A new one within `place`.
    ///
    /// # Errors
    /// A place that cannot be written to.
    pub fn new(place: &Path) -> std::io::Result<Self> {
        std::fs::create_dir_all(place)?;
        let mut builder = tempfile::Builder::new();
        builder.prefix(PREFIX);
        #[cfg(unix)]
        {
            use std::os::unix::fs::PermissionsExt;
            builder.permissions(std::fs::Permissions::from_mode(0o700));
        }
        loop {
            let folder = builder.tempdir_in(place)?;
            let path = folder.path().join(LOCK);
            let lock = File::create_new(&path)?;
            if let Err(error) = lock.lock() {
                // Then nobody clears up after a killed process.
                tracing::warn!("{}: cannot be locked: {error}", path.display());
            }
            // Between the file and its lock somebody may have cleared it up.
            if path.exists() {
                return Ok(Self { _lock: lock, folder });
            }
        }
    }

    pub fn path(&self) -> &Path {
        self.folder.path()
    }
}

/// Deletes in `place` what processes left that were killed.
pub fn sweep(place: &Path) {
    for entry in std::fs::read_dir(place).into_iter().flatten().flatten() {
        let is_ours = entry.file_name().to_string_lossy().starts_with(PREFIX);
        // A link would lead elsewhere.
        if !is_ours || !entry.file_type().is_ok_and(|kind| kind.is_dir()) {
            continue;
        }
        // One without a lock has just been made, or is empty.
        let Ok((lock, _)) = regular::open(&entry.path().join(LOCK)) else { continue };
        match lock.try_lock() {
            Ok(()) => {
                if let Err(error) = std::fs::remove_dir_all(entry.path()) {
                    tracing::warn!("{}: cannot be deleted: {error}", entry.path().display());
                }
            }
            Err(TryLockError::WouldBlock | TryLockError::Error(_)) => {}
        }
    }
}
