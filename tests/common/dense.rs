//! DenseNets whose weights are the formula of `tests/reference/densenet.py`.

use fovea::bundle::weights::needed_tensors;
use fovea::bundle::{Bundle, Card};
use fovea::bundle::{WeightMap, WeightTensor};
use fovea::geometry::Transform;
use fovea::input::ModelInput;

use super::formula::noise;

/// The small network of the reference.
pub const TINY: &str = "growth = 4\nfirst-channels = 6\nblocks = [2, 3]\nbottleneck = 2\n";
/// The real one.
pub const DENSENET121: &str = "growth = 32\nfirst-channels = 64\nblocks = [6, 12, 24, 16]\n";

/// A card of a DenseNet with the given `[architecture]` lines and input size.
pub fn dense_card(architecture: &str, [height, width]: [usize; 2], classes: usize) -> Card {
    super::family_card("densenet", architecture, [3, height, width], classes)
}

/// The card's tensors by the place of their names in the alphabet.
pub fn dense_weights(card: &Card) -> WeightMap {
    let mut specs = needed_tensors(card);
    specs.sort_by(|a, b| a.name.cmp(&b.name));
    let filled = |(seed, spec): (usize, fovea::bundle::TensorSpec)| {
        let values = noise(spec.shape.iter().product(), seed);
        let (shift, scale) = match spec.shape.as_slice() {
            [_, inputs @ ..] if !inputs.is_empty() => {
                (0.0, (6.0 / inputs.iter().product::<usize>() as f64).sqrt() as f32)
            }
            _ if spec.name.ends_with("running_var") => (1.0, 0.5),
            _ if spec.name.ends_with("bias") || spec.name.ends_with("running_mean") => (0.0, 0.2),
            _ => (0.6, 0.8),
        };
        let values = values.into_iter().map(|v| shift + scale * v).collect();
        (spec.name, WeightTensor { shape: spec.shape, values })
    };
    specs.into_iter().enumerate().map(filled).collect()
}

/// A whole bundle of formula weights; its checksum is left out, nothing here reads it.
pub fn dense_bundle(card: Card) -> Bundle {
    Bundle { weights: dense_weights(&card), sha256: String::new(), card }
}

/// A model input of formula values.
pub fn noise_input([height, width]: [usize; 2], seed: usize) -> ModelInput {
    let values = noise(3 * height * width, seed);
    ModelInput { values, channels: 3, height, width, source_from_model: Transform::IDENTITY }
}
