//! Networks of made-up weights and an input for them, 3×224×224: what they hold does not change the time.

use fovea::bundle::weights::needed_tensors;
use fovea::bundle::{Bundle, Card, TensorSpec, WeightTensor};
use fovea::geometry::Transform;
use fovea::input::ModelInput;
use fovea::network::{Network, device};

/// The network of `card`, with weights of the right size that keep signals alive.
pub fn network(card: Card) -> Network {
    let filled = |spec: TensorSpec| {
        let fan_in: usize = spec.shape.iter().skip(1).product();
        let (shift, scale) = if spec.shape.len() > 1 { (0.0, (6.0 / fan_in as f32).sqrt()) } else { (0.8, 0.2) };
        let value = |i: usize| shift + scale * ((i.wrapping_mul(0x9E37_79B1) >> 8 & 0xFFFF) as f32 / 32768.0 - 1.0);
        (spec.name, WeightTensor { values: (0..spec.shape.iter().product()).map(value).collect(), shape: spec.shape })
    };
    let weights = needed_tensors(&card).into_iter().map(filled).collect();
    Network::load(&Bundle { card, weights, sha256: String::new() }, &device::cpu())
}

pub fn input() -> ModelInput {
    let values = (0..3 * 224 * 224).map(|i| ((i * 7919) % 1009) as f32 / 504.5 - 1.0).collect();
    ModelInput { values, channels: 3, height: 224, width: 224, source_from_model: Transform::IDENTITY }
}
