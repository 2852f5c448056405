//! From a foreign checkpoint to a bundle: names are translated, everything is checked against the
//! card, and a whole model folder is written or none.
//!
//! The way of the data: [`bounds`] refuses a file that would grow beyond measure once read, [`checkpoint`] lists the
//! tensors of the others without reading their values, [`names`] says what each is called here, and only where every
//! name and shape is what the card needs are values read. This module must not know Burn or pictures. Pickles are read
//! as data; nothing in them is ever run.

mod bounds;
mod checkpoint;
mod error;
mod kind;
mod names;
mod onnx;
mod timm;

use std::collections::BTreeMap;
use std::path::Path;

use clap::ValueEnum;

pub use error::{ImportError, Problems};
pub use kind::CheckpointKind;

use self::checkpoint::Stored;
use crate::bundle::card::Architecture;
use crate::bundle::weights;
use crate::bundle::{Bundle, Card};
use crate::bundle::{TensorSpec, WeightMap, WeightTensor};
use crate::guard::checksum::sha256_hex;
use crate::guard::whole::{self, OutputSet};

/// Of networks in which the way back does not go everywhere.
const HELD_CONSTANT: &str =
    "On the way back gates (squeeze-excite) and the statistics of layer normalisation are held constant.";

/// Reads the checkpoint at `path` as the network of `card`.
///
/// # Errors
/// A card of another kind, a file that is no checkpoint or far too large, and tensors that are missing, extra or
/// misshapen: all of those by name.
pub fn read(path: &Path, kind: CheckpointKind, card: &Card) -> Result<Bundle, ImportError> {
    if !kind.fits(&card.architecture) {
        let kind = kind.to_possible_value().map_or_else(String::new, |value| value.get_name().to_owned());
        return Err(ImportError::OtherKind { card: card.name.clone(), kind });
    }
    let specs = weights::needed_tensors(card);
    let stored = checkpoint::open(path, weights::most_bytes(card))?;
    let chosen = matched(path, &card.architecture, &specs, stored)?;
    let mut read = WeightMap::new();
    for (spec, tensor) in specs.into_iter().zip(chosen) {
        let values = tensor.read(path)?;
        read.insert(spec.name, WeightTensor { shape: spec.shape, values });
    }
    bundled(card.clone(), read, path)
}

/// Reads the network of the ONNX file at `path`; it takes the place of what `card` says of its architecture.
///
/// # Errors
/// A file that is no ONNX model, an operator that cannot be explained (named, with what it makes), and a card of other
/// classes, another input or another way to probabilities.
pub fn read_onnx(path: &Path, card: &Card) -> Result<Bundle, ImportError> {
    let (card, weights) = onnx::read(path, card)?;
    bundled(card, weights, path)
}

/// Card and weights together; the card says where they are from.
fn bundled(mut card: Card, weights: WeightMap, path: &Path) -> Result<Bundle, ImportError> {
    let bytes = weights::write(&weights).map_err(|error| ImportError::Store(error.to_string()))?;
    card.weights.sha256 = sha256_hex(&bytes);
    let file = path.file_name().unwrap_or_default().to_string_lossy();
    card.training.notes.push(format!("The weights were imported from `{file}`, whose training is not known here."));
    let network = card.architecture.blueprint();
    if network.is_ok_and(|network| network.nodes.iter().any(|node| node.op.holds_constant())) {
        card.training.notes.push(HELD_CONSTANT.to_owned());
    }
    // What is read back is what everybody else will read: a bundle that would be refused is never written.
    let weights = weights::read(&card, &bytes)?;
    Ok(Bundle { sha256: card.weights.sha256.clone(), card, weights })
}

/// Writes the model's folder: weights, card and, where it has one, the description of its network, together.
///
/// # Errors
/// A folder that cannot be written, or one that holds a model already and `force` is not given.
pub fn write(bundle: &Bundle, folder: &Path, force: bool) -> Result<(), ImportError> {
    let bytes = weights::write(&bundle.weights).map_err(|error| ImportError::Store(error.to_string()))?;
    let text = toml::to_string(&bundle.card).map_err(|error| ImportError::Store(error.to_string()))?;
    whole::sweep(folder);
    let mut files = OutputSet::new(folder, "model", force);
    files.check(["toml"])?;
    if let Some((name, bytes)) = bundle.card.architecture.file_beside().map_err(ImportError::Store)? {
        files.add_file(name, &bytes)?;
    }
    files.add_file(&bundle.card.weights.file, &bytes)?;
    files.add("toml", text.as_bytes())?;
    files.finish()?;
    Ok(())
}

/// The stored tensor of every needed one, in the same order.
fn matched(
    path: &Path,
    architecture: &Architecture,
    specs: &[TensorSpec],
    stored: Vec<Stored>,
) -> Result<Vec<Stored>, ImportError> {
    let mut problems = Problems::default();
    let mut by_name: BTreeMap<String, Stored> = BTreeMap::new();
    for (name, tensor) in names::translated(stored, architecture, specs) {
        if let Some(twin) = by_name.get(&name) {
            problems.note(|| format!("`{}` and `{}` are both `{name}`", twin.name, tensor.name));
        } else {
            by_name.insert(name, tensor);
        }
    }
    let mut chosen = Vec::with_capacity(specs.len());
    for spec in specs {
        match by_name.remove(&spec.name) {
            None => problems.note(|| format!("`{}` {:?} is missing", spec.name, spec.shape)),
            Some(tensor) if !is_same(&tensor.shape, &spec.shape) || !tensor.is_float => problems.note(|| {
                format!(
                    "`{}` is {} {:?} where {:?} of a float type is needed",
                    tensor.name, tensor.kind, tensor.shape, spec.shape
                )
            }),
            Some(tensor) => chosen.push(tensor),
        }
    }
    for tensor in by_name.values() {
        problems.note(|| format!("`{}` has no place in this network", tensor.name));
    }
    if problems.is_empty() { Ok(chosen) } else { Err(ImportError::Tensors { path: path.to_owned(), problems }) }
}

/// A linear layer is a 1×1 convolution here, and a vector a scale of maps: sides of 1 may be left out at the end.
fn is_same(stored: &[usize], needed: &[usize]) -> bool {
    needed.strip_prefix(stored).is_some_and(|rest| rest.iter().all(|side| *side == 1))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sides_of_one_may_be_left_out_at_the_end() {
        assert!(is_same(&[6, 4], &[6, 4]) && is_same(&[6, 4], &[6, 4, 1, 1]) && is_same(&[6], &[6, 1, 1]));
        assert!(!is_same(&[6, 4], &[6, 4, 3, 3]) && !is_same(&[4, 6], &[6, 4, 1, 1]) && !is_same(&[6, 1], &[6]));
    }
}
