//! Whether the models load. Those of the user are counted and not named: a name may tell whose they are.

use std::path::PathBuf;

use super::finding::Finding;
use crate::bundle::library::{BundleOrigin, LibraryEntry};
use crate::bundle::{Bundle, BundleError, Library};

/// Loads every model, and says of which it is more than a form.
pub fn models(folders: &[PathBuf]) -> Vec<Finding> {
    let library = match Library::open(folders) {
        Ok(library) => library,
        Err(error) => return vec![Finding::fault("models", error.to_string())],
    };
    let mut own = 0;
    let mut name = |entry: &LibraryEntry| {
        if matches!(entry.origin, BundleOrigin::Embedded) {
            return entry.name.clone();
        }
        own += 1;
        format!("own model {own}")
    };
    library.entries.into_iter().map(|entry| (name(&entry), entry)).map(|(name, entry)| look(&name, entry)).collect()
}

fn look(shown: &str, entry: LibraryEntry) -> Finding {
    let (name, origin) = (entry.name.clone(), entry.origin.clone());
    match entry.load() {
        Ok(bundle) => Finding::fine(shown, fine(&bundle)),
        Err(BundleError::NoWeights { .. }) => Finding::missing(shown, "a card without weights, to be imported"),
        Err(error) => {
            // The reason names the model, and where it lies.
            let mut says = error.to_string();
            if let BundleOrigin::Folder(folder) = origin {
                says = says.replace(&*folder.to_string_lossy(), shown).replace(&name, shown);
            }
            Finding::fault(shown, says)
        }
    }
}

fn fine(bundle: &Bundle) -> String {
    let values: usize = bundle.weights.values().map(|tensor| tensor.values.len()).sum();
    let (version, sha256) = (&bundle.card.version, bundle.sha256.get(..12).unwrap_or_default());
    format!("loads: version {version}, {values} values, sha256 {sha256}…")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_own_model_is_not_named_though_it_is_broken() {
        let folder = tempfile::tempdir().unwrap();
        let place = folder.path().join("dr-anna-smith");
        std::fs::create_dir(&place).unwrap();
        std::fs::write(place.join("model.toml"), "name = 1").unwrap();
        let found = models(&[folder.path().to_owned()]);
        let text: String = found.iter().map(|one| format!("{}: {}\n", one.about, one.says)).collect();
        assert!(text.contains("retina-dr: loads: version") && text.contains("own model 1: "), "{text}");
        assert!(!text.contains("anna"), "{text}");
    }
}
