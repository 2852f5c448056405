//! Layer normalisation over the channels of each cell (Ba et al. 2016, as ConvNeXt uses it).

use burn_tensor::Tensor;

use super::{Kept, Operation, Prepared};
use crate::bundle::WeightMap;
use crate::method::BackwardRule;
use crate::network::ComputeDevice;
use crate::network::cpu;
use crate::network::load::per_channel;

/// (x − mean) / √(variance + ε) · weight + bias, each cell with its own mean and variance.
#[derive(Debug)]
pub(in crate::network) struct LayerNorm {
    weight: Tensor<4>,
    bias: Tensor<4>,
    epsilon: f64,
    /// Weight and bias where values are changed where they lie.
    direct: Option<[Vec<f32>; 2]>,
}

impl LayerNorm {
    pub fn load(name: &str, epsilon: f64, weights: &WeightMap, device: &ComputeDevice) -> Self {
        let values = ["weight", "bias"].map(|part| weights[&format!("{name}.{part}")].values.clone());
        let [weight, bias] = [0, 1].map(|n| per_channel(&values[n], device));
        Self { weight, bias, epsilon, direct: cpu::is_direct(device).then_some(values) }
    }
}

impl Operation for LayerNorm {
    fn forward(&self, mut inputs: Vec<Tensor<4>>, keeps: bool) -> (Tensor<4>, Kept) {
        let x = inputs.swap_remove(0);
        if let Some([weight, bias]) = &self.direct {
            let (value, factor) = cpu::layer_norm(x, weight, bias, self.epsilon);
            return (value, if keeps { Kept::Value(factor) } else { Kept::Nothing });
        }
        let mean = x.clone().mean_dim(1);
        let centred = x - mean;
        let variance = (centred.clone() * centred.clone()).mean_dim(1);
        let factor = variance.add_scalar(self.epsilon).sqrt().recip();
        let value = centred * factor.clone() * self.weight.clone() + self.bias.clone();
        (value, if keeps { Kept::Value(factor) } else { Kept::Nothing })
    }

    fn prepare(&self, _: Option<Tensor<4>>, kept: &Kept, _: bool) -> Prepared {
        match kept {
            Kept::Value(factor) => Prepared::Factor(factor.clone()),
            _ => Prepared::Nothing,
        }
    }

    /// Mean and variance are held constant: what is left is a factor per cell and one per channel.
    fn back(&self, signal: Tensor<4>, prepared: &Prepared, _: BackwardRule) -> Vec<Option<Tensor<4>>> {
        let Prepared::Factor(factor) = prepared else { unreachable!("a pass that goes back has kept the factor") };
        vec![Some(signal * self.weight.clone() * factor.clone())]
    }
}

#[cfg(all(test, feature = "train"))]
mod tests {
    use super::super::check;
    use burn_tensor::{Device, Tensor};

    use crate::bundle::blueprint::Op;

    #[test]
    fn the_way_back_is_the_gradient_with_mean_and_variance_held_constant() {
        let op = Op::LayerNorm { epsilon: 1e-3 };
        check::is_the_gradient_of(op, &[[3, 5, 4]], |mut inputs| {
            let auto = Device::flex().autodiff();
            let x = inputs.swap_remove(0);
            let constant = x.clone().inner();
            let mean = constant.clone().mean_dim(1);
            let centred = constant - mean.clone();
            let deviation = (centred.clone() * centred).mean_dim(1).add_scalar(1e-3).sqrt();
            let [weight, bias] = check::vectors(op, 3).map(|values| Tensor::<1>::from_floats(values.as_slice(), &auto));
            let normed = (x - Tensor::from_inner(mean)) / Tensor::from_inner(deviation);
            normed * weight.reshape([1, 3, 1, 1]) + bias.reshape([1, 3, 1, 1])
        });
    }
}
