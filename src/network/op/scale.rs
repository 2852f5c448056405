//! Every channel times a factor of its own: ConvNeXt's layer scale (Liu et al. 2022).

use burn_tensor::Tensor;

use super::{Kept, Operation, Prepared};
use crate::bundle::WeightMap;
use crate::method::BackwardRule;
use crate::network::ComputeDevice;
use crate::network::load::per_channel;

/// `[1, channels, 1, 1]`
#[derive(Debug)]
pub(in crate::network) struct Scale(Tensor<4>);

impl Scale {
    pub fn load(name: &str, weights: &WeightMap, device: &ComputeDevice) -> Self {
        Self(per_channel(&weights[name].values, device))
    }
}

impl Operation for Scale {
    fn forward(&self, mut inputs: Vec<Tensor<4>>, _: bool) -> (Tensor<4>, Kept) {
        (inputs.swap_remove(0) * self.0.clone(), Kept::Nothing)
    }

    fn back(&self, signal: Tensor<4>, _: &Prepared, _: BackwardRule) -> Vec<Option<Tensor<4>>> {
        vec![Some(signal * self.0.clone())]
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
        check::is_the_gradient(Op::Scale, &[[3, 5, 4]]);
    }
}
