//! Where bundles are found: those embedded in the program, a user folder, and folders named by the caller.

use std::path::{Path, PathBuf};

use include_dir::{Dir, include_dir};

use super::card::Architecture;
use super::certificate::{self, CertificateError};
use super::family::described;
use super::{Bundle, BundleError, Calibration, Card, Certificate, calibration, weights};
use crate::guard::regular;

static EMBEDDED: Dir<'_> = include_dir!("$CARGO_MANIFEST_DIR/models");

/// Where a bundle comes from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum BundleOrigin {
    /// In the program.
    Embedded,
    /// In this folder.
    Folder(PathBuf),
}

impl std::fmt::Display for BundleOrigin {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Embedded => write!(f, "built in"),
            Self::Folder(path) => write!(f, "{}", path.display()),
        }
    }
}

/// A bundle that was found; its card may be unreadable.
#[derive(Debug)]
pub struct LibraryEntry {
    /// The folder's name.
    pub name: String,
    /// Where it was found.
    pub origin: BundleOrigin,
    /// Its card, or why that cannot be read.
    pub card: Result<Card, BundleError>,
}

/// All bundles that were found. A later place hides an equally named model of an earlier one.
#[derive(Debug)]
pub struct Library {
    /// Sorted by name.
    pub entries: Vec<LibraryEntry>,
}

/// The user's own folder of models, where the platform has such a thing.
pub fn user_folder() -> Option<PathBuf> {
    directories::ProjectDirs::from("", "", "fovea").map(|dirs| dirs.data_dir().join("models"))
}

impl Library {
    /// Looks into the program, the user folder and `folders`, in this order.
    ///
    /// # Errors
    /// A folder of `folders` that cannot be read. The user folder may be absent.
    pub fn open(folders: &[PathBuf]) -> Result<Self, BundleError> {
        let mut entries: Vec<LibraryEntry> = EMBEDDED.dirs().map(embedded_entry).collect();
        if let Some(folder) = user_folder().filter(|folder| folder.is_dir()) {
            entries.extend(folder_entries(&folder)?);
        }
        for folder in folders {
            entries.extend(folder_entries(folder)?);
        }
        let mut library = Self { entries: Vec::new() };
        for entry in entries {
            library.entries.retain(|known| known.name != entry.name);
            library.entries.push(entry);
        }
        library.entries.sort_by(|a, b| a.name.cmp(&b.name));
        Ok(library)
    }

    /// The cards of all models that can be used.
    pub fn usable(&self) -> impl Iterator<Item = &Card> {
        self.entries.iter().filter_map(|entry| entry.card.as_ref().ok()).filter(|card| card.has_weights())
    }

    /// The entry of the model `name`, its weights not yet read.
    ///
    /// # Errors
    /// No such model.
    pub fn find(mut self, name: &str) -> Result<LibraryEntry, BundleError> {
        let Some(index) = self.entries.iter().position(|entry| entry.name == name) else {
            let known = self.entries.iter().map(|entry| entry.name.as_str()).collect::<Vec<_>>().join(", ");
            return Err(BundleError::Unknown { wanted: name.to_owned(), known });
        };
        Ok(self.entries.swap_remove(index))
    }

    /// Loads and checks the model `name`.
    ///
    /// # Errors
    /// No such model, and as [`LibraryEntry::load`].
    pub fn load(self, name: &str) -> Result<Bundle, BundleError> {
        self.find(name)?.load()
    }
}

impl LibraryEntry {
    /// The model in `folder`, wherever that lies.
    pub fn of_folder(folder: &Path) -> Self {
        let name = folder.file_name().unwrap_or_default().to_string_lossy().into_owned();
        Self {
            card: folder_card(&name, &folder.join("model.toml")),
            name,
            origin: BundleOrigin::Folder(folder.to_owned()),
        }
    }

    /// Where `fovea calibrate` keeps what it learned of this model: in its folder, for a model that is built in in the
    /// folder that the user's own of that name would have.
    pub fn calibration_file(&self) -> Option<PathBuf> {
        Some(self.own_folder()?.join(calibration::FILE))
    }

    /// Where `fovea evaluate --certify` keeps what it measured of this model, as [`Self::calibration_file`].
    pub fn certificate_file(&self) -> Option<PathBuf> {
        Some(self.own_folder()?.join(certificate::FILE))
    }

    fn own_folder(&self) -> Option<PathBuf> {
        match &self.origin {
            BundleOrigin::Folder(folder) => Some(folder.clone()),
            BundleOrigin::Embedded => Some(user_folder()?.join(&self.name)),
        }
    }

    /// What was measured of the model's weights: by the user, or for a model that is built in by whoever built it.
    ///
    /// # Errors
    /// A file that is no certificate.
    pub fn certificate(&self) -> Result<Option<Certificate>, CertificateError> {
        let Ok(card) = &self.card else { return Ok(None) };
        let sha256 = card.weights.sha256.as_str();
        let own = self.certificate_file().map_or(Ok(None), |file| certificate::read(&file, sha256))?;
        let built_in = || {
            let file = EMBEDDED.get_file(format!("{}/{}", self.name, certificate::FILE))?;
            Certificate::parse(file.contents_utf8()?).ok().filter(|found| found.sha256 == sha256)
        };
        Ok(own.or_else(|| if matches!(self.origin, BundleOrigin::Embedded) { built_in() } else { None }))
    }

    /// Loads and checks the model.
    ///
    /// # Errors
    /// One that comes without weights, or one that is not exactly as its card says.
    pub fn load(self) -> Result<Bundle, BundleError> {
        let card = self.card?;
        if !card.has_weights() {
            return Err(no_weights(&card));
        }
        let bytes = match &self.origin {
            BundleOrigin::Embedded => embedded_weights(&self.name, &card)?,
            BundleOrigin::Folder(folder) => folder_weights(folder, &card)?,
        };
        let weights = weights::read(&card, &bytes)?;
        Ok(Bundle { sha256: card.weights.sha256.clone(), card, weights })
    }

    /// The model with what `fovea calibrate` kept of it, `None` where it never did.
    ///
    /// # Errors
    /// Like [`Self::load`]; a calibration that cannot be used says what to do.
    pub fn load_calibrated(self) -> Result<(Bundle, Option<Calibration>), BundleError> {
        let file = self.calibration_file();
        let bundle = self.load()?;
        let calibration = file.map_or(Ok(None), |file| calibration::read(&file, &bundle.sha256))?;
        Ok((bundle, calibration))
    }
}

/// Says that there are no weights and how to add them.
pub fn no_weights(card: &Card) -> BundleError {
    let kind = match &card.architecture {
        Architecture::DenseNet(sizes) => {
            sizes.depth().map_or("densenet".to_owned(), |depth| format!("densenet{depth}"))
        }
        Architecture::Graph(sizes) => sizes.network.name(),
        other @ (Architecture::ConvStack(_) | Architecture::Described(_)) => other.family().to_owned(),
    };
    let out = user_folder().unwrap_or_default().join(&card.name);
    BundleError::NoWeights { model: card.name.clone(), kind, out }
}

/// Reads and checks one card.
///
/// # Errors
/// A file that cannot be read, is far too large, or is no sensible card.
pub fn read_card(path: &Path) -> Result<Card, BundleError> {
    folder_card(&path.display().to_string(), path)
}

/// Reads a card without checking it: an import gives it its network.
///
/// # Errors
/// Like [`read_card`].
pub fn read_form(path: &Path) -> Result<Card, BundleError> {
    let text = card_text(&path.display().to_string(), path)?;
    Card::form(&text).map_err(|reason| BundleError::Card { model: path.display().to_string(), reason })
}

fn embedded_entry(dir: &'static Dir<'static>) -> LibraryEntry {
    let name = dir.path().to_string_lossy().into_owned();
    let text = dir.get_file(dir.path().join("model.toml")).and_then(include_dir::File::contents_utf8);
    let card = match text {
        Some(text) => Card::parse(text).map_err(|reason| BundleError::Card { model: name.clone(), reason }),
        None => Err(BundleError::Card { model: name.clone(), reason: "it is missing".to_owned() }),
    };
    LibraryEntry { name, origin: BundleOrigin::Embedded, card }
}

fn embedded_weights(name: &str, card: &Card) -> Result<Vec<u8>, BundleError> {
    let path = Path::new(name).join(&card.weights.file);
    let missing = || BundleError::Read { path: path.clone(), error: std::io::ErrorKind::NotFound.into() };
    Ok(EMBEDDED.get_file(&path).ok_or_else(missing)?.contents().to_vec())
}

fn folder_entries(folder: &Path) -> Result<Vec<LibraryEntry>, BundleError> {
    let failed = |error| BundleError::Read { path: folder.to_owned(), error };
    let mut entries = Vec::new();
    for child in std::fs::read_dir(folder).map_err(failed)? {
        let path = child.map_err(failed)?.path();
        if path.join("model.toml").is_file() {
            entries.push(LibraryEntry::of_folder(&path));
        }
    }
    Ok(entries)
}

fn folder_card(name: &str, path: &Path) -> Result<Card, BundleError> {
    let description = |file: &str| {
        let read = regular::read(&path.with_file_name(file), described::MOST_BYTES);
        read.map_err(|error| format!("{file} cannot be read: {error}"))
    };
    Card::parse_with(&card_text(name, path)?, description)
        .map_err(|reason| BundleError::Card { model: name.to_owned(), reason })
}

fn card_text(name: &str, path: &Path) -> Result<String, BundleError> {
    const MOST_BYTES: u64 = 1 << 20;
    let failed = |error| BundleError::Read { path: path.to_owned(), error };
    let (_, found) = regular::open(path).map_err(failed)?;
    if found > MOST_BYTES {
        let file = "model.toml".to_owned();
        return Err(BundleError::TooLarge { model: name.to_owned(), file, found, limit: MOST_BYTES });
    }
    regular::read_text(path, MOST_BYTES).map_err(failed)
}

fn folder_weights(folder: &Path, card: &Card) -> Result<Vec<u8>, BundleError> {
    let path = folder.join(&card.weights.file);
    let failed = |error| BundleError::Read { path: path.clone(), error };
    let ((_, found), limit) = (regular::open(&path).map_err(failed)?, weights::most_bytes(card));
    if found > limit {
        let (model, file) = (card.name.clone(), card.weights.file.clone());
        return Err(BundleError::TooLarge { model, file, found, limit });
    }
    regular::read(&path, limit).map_err(failed)
}
