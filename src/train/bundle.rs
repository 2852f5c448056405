//! From trained weights to a whole bundle folder.

use std::path::Path;

use super::TrainError;
use crate::bundle::WeightMap;
use crate::bundle::weights;
use crate::bundle::{Bundle, Card};
use crate::guard::checksum::sha256_hex;
use crate::guard::whole::OutputSet;

/// The name of the weights file without its ending.
const WEIGHTS_STEM: &str = "weights";

/// Puts card and weights together; the card gets the checksum.
pub fn assemble(card: &Card, trained: WeightMap) -> Result<Bundle, TrainError> {
    let mut card = card.clone();
    let bytes = weights::write(&trained).map_err(|error| TrainError::Store(error.to_string()))?;
    card.weights.file = format!("{WEIGHTS_STEM}.safetensors");
    card.weights.sha256 = sha256_hex(&bytes);
    // What is read back is what everybody else will read: a bundle that would be refused is never written.
    let weights = weights::read(&card, &bytes).map_err(|error| TrainError::Store(error.to_string()))?;
    Ok(Bundle { sha256: card.weights.sha256.clone(), card, weights })
}

/// Writes weights, card and, where it has one, the description of its network, together. Weights without a card are no
/// model, and give way.
pub fn write(bundle: &Bundle, folder: &Path, force: bool) -> Result<(), TrainError> {
    let bytes = weights::write(&bundle.weights).map_err(|error| TrainError::Store(error.to_string()))?;
    let text = toml::to_string(&bundle.card).map_err(|error| TrainError::Store(error.to_string()))?;
    let mut files = OutputSet::new(folder, "model", force || !folder.join("model.toml").exists());
    files.add_file(&bundle.card.weights.file, &bytes)?;
    if let Some((name, bytes)) = bundle.card.architecture.file_beside().map_err(TrainError::Store)? {
        files.add_file(name, &bytes)?;
    }
    files.add("toml", text.as_bytes())?;
    files.finish()?;
    Ok(())
}
