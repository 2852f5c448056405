//! Batch normalisation that stands before its ReLU; one behind a convolution is folded into it (`rewrite::fold_norm`).

use burn_tensor::Tensor;

use super::{Kept, Operation, Prepared};
use crate::bundle::WeightMap;
use crate::method::BackwardRule;
use crate::network::ComputeDevice;
use crate::network::load::{per_channel, scale_and_shift};

/// A batch normalisation as scale and shift, `[1, channels, 1, 1]` each.
#[derive(Debug)]
pub(in crate::network) struct Norm {
    /// γ/√(σ²+ε)
    scale: Tensor<4>,
    /// β − μγ/√(σ²+ε)
    shift: Tensor<4>,
}

impl Norm {
    pub fn load(name: &str, epsilon: f64, weights: &WeightMap, device: &ComputeDevice) -> Self {
        let (scale, shift) = scale_and_shift(weights, name, epsilon);
        let scale: Vec<f32> = scale.into_iter().map(|s| s as f32).collect();
        Self { scale: per_channel(&scale, device), shift: per_channel(&shift, device) }
    }
}

impl Operation for Norm {
    fn forward(&self, mut inputs: Vec<Tensor<4>>, _: bool) -> (Tensor<4>, Kept) {
        (inputs.swap_remove(0) * self.scale.clone() + self.shift.clone(), Kept::Nothing)
    }

    /// Its scale, without its shift.
    fn back(&self, signal: Tensor<4>, _: &Prepared, _: BackwardRule) -> Vec<Option<Tensor<4>>> {
        vec![Some(signal * self.scale.clone())]
    }

    fn halo(&self) -> Option<usize> {
        Some(0)
    }

    fn is_cheap(&self) -> bool {
        true
    }
}

#[cfg(all(test, feature = "train"))]
mod tests {
    use super::super::check;
    use crate::bundle::blueprint::Op;

    #[test]
    fn the_way_back_is_the_gradient() {
        check::is_the_gradient(Op::Norm { epsilon: 1e-3 }, &[[3, 5, 4]]);
    }
}
