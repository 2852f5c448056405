//! The weights file: which tensors an architecture needs, and reading exactly those.

use safetensors::{Dtype, SafeTensors};

use super::BundleError;
use super::card::Card;
use super::tensor::{TensorSpec, WeightMap, WeightTensor};
use crate::guard::checksum::sha256_hex;

/// All tensors that the card's network needs, in the order of its steps. Names follow PyTorch.
///
/// # Panics
/// Where the card was not checked ([`Card::parse`]).
pub fn needed_tensors(card: &Card) -> Vec<TensorSpec> {
    let blueprint = card.architecture.blueprint();
    blueprint.and_then(|network| network.tensors(card.classes.len())).expect("the network of a checked card is sound")
}

/// How many bytes the weights file may have at most: the tensors and a generous header.
pub fn most_bytes(card: &Card) -> u64 {
    let values: usize = needed_tensors(card).iter().map(TensorSpec::values).sum();
    values as u64 * 4 + (1 << 20)
}

/// Reads the weights file `bytes`, which must be exactly what `card` says.
///
/// # Errors
/// A checksum that differs, a broken file, or a tensor that is missing, extra, misshapen or not finite.
pub fn read(card: &Card, bytes: &[u8]) -> Result<WeightMap, BundleError> {
    let (model, file) = (|| card.name.clone(), || card.weights.file.clone());
    let found = sha256_hex(bytes);
    if found != card.weights.sha256 {
        let expected = card.weights.sha256.clone();
        return Err(BundleError::Altered { model: model(), file: file(), found, expected });
    }
    let stored = SafeTensors::deserialize(bytes).map_err(|error| BundleError::Format {
        model: model(),
        file: file(),
        reason: error.to_string(),
    })?;
    let specs = needed_tensors(card);
    if let Some(extra) = stored.names().into_iter().find(|name| specs.iter().all(|s| s.name != **name)) {
        return Err(BundleError::Extra { model: model(), file: file(), tensor: extra.to_string() });
    }
    specs
        .into_iter()
        .map(|spec| {
            let tensor = stored.tensor(&spec.name).map_err(|_| BundleError::Missing {
                model: model(),
                file: file(),
                tensor: spec.name.clone(),
            })?;
            if tensor.dtype() != Dtype::F32 || tensor.shape() != spec.shape {
                return Err(BundleError::Misshapen {
                    model: model(),
                    tensor: spec.name,
                    found: format!("{:?} {:?}", tensor.dtype(), tensor.shape()),
                    expected: format!("F32 {:?}", spec.shape),
                });
            }
            let values = little_endian(tensor.data());
            check_values(card, &spec, &values)?;
            Ok((spec.name, WeightTensor { shape: spec.shape, values }))
        })
        .collect()
}

fn little_endian(bytes: &[u8]) -> Vec<f32> {
    bytes.as_chunks::<4>().0.iter().map(|four| f32::from_le_bytes(*four)).collect()
}

fn check_values(card: &Card, spec: &TensorSpec, values: &[f32]) -> Result<(), BundleError> {
    if !values.iter().all(|v| v.is_finite()) {
        return Err(BundleError::NotFinite { model: card.name.clone(), tensor: spec.name.clone() });
    }
    if spec.name.ends_with("running_var") && values.iter().any(|v| *v < 0.0) {
        return Err(BundleError::NegativeVariance { model: card.name.clone(), tensor: spec.name.clone() });
    }
    Ok(())
}

/// Writes weights as safetensors, names in alphabetical order.
///
/// # Errors
/// Only where the format itself refuses a tensor.
pub fn write(weights: &WeightMap) -> Result<Vec<u8>, safetensors::SafeTensorError> {
    let bytes: Vec<(String, Vec<usize>, Vec<u8>)> = weights
        .iter()
        .map(|(name, t)| (name.clone(), t.shape.clone(), t.values.iter().flat_map(|v| v.to_le_bytes()).collect()))
        .collect();
    let views = bytes
        .iter()
        .map(|(name, shape, data)| {
            safetensors::tensor::TensorView::new(Dtype::F32, shape.clone(), data).map(|view| (name.as_str(), view))
        })
        .collect::<Result<Vec<_>, _>>()?;
    safetensors::serialize(views, None)
}
