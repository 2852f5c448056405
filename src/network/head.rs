//! What makes class maps and scores of the last features, and where the way back begins.

use burn_tensor::module::conv2d;
use burn_tensor::ops::ConvOptions;
use burn_tensor::{Tensor, TensorData, activation};

use super::ComputeDevice;
use super::load::{on_device, turned};
use crate::bundle::WeightMap;
use crate::bundle::blueprint::{self, HeadKind};
use crate::method::Evidence;

/// The last layer on a device: a convolution with one kernel per class; a linear layer is one of 1×1.
#[derive(Debug)]
pub(super) struct Head {
    /// `[classes, features, k, k]`
    weight: Tensor<4>,
    /// The same turned, for the way back: `[features, classes, k, k]`.
    turned: Tensor<4>,
    kernel: usize,
    /// Whether negative values of a map are cut off.
    relu: bool,
    /// Where the bias belongs to the map.
    map_bias: Option<Tensor<1>>,
    /// Part of the score, never of a map.
    score_bias: Vec<f32>,
}

impl Head {
    pub fn load(head: &blueprint::Head, weights: &WeightMap, device: &ComputeDevice) -> Self {
        let part = |part: &str| &weights[&format!("{}.{part}", head.name)];
        let (mut weight, bias) = (part("weight").clone(), part("bias").values.clone());
        weight.shape.resize(4, 1);
        let (kernel, relu, bias_in_map) = match head.kind {
            HeadKind::Linear => (1, false, false),
            HeadKind::Conv { kernel, relu, bias_in_map } => (kernel, relu, bias_in_map),
        };
        let map_bias = bias_in_map.then(|| Tensor::from_data(TensorData::from(bias.as_slice()), &device.burn));
        Self {
            turned: on_device(&turned(&weight, 1), device),
            weight: on_device(&weight, device),
            kernel,
            relu,
            map_bias,
            score_bias: if bias_in_map { vec![0.0; bias.len()] } else { bias },
        }
    }

    pub fn classes(&self) -> usize {
        self.score_bias.len()
    }

    /// Class maps M_c of features `[1, features, h, w]`: `[1, classes, h, w]`.
    pub fn maps(&self, features: Tensor<4>) -> Tensor<4> {
        let maps = conv2d(features, self.weight.clone(), self.map_bias.clone(), self.options());
        if self.relu { activation::relu(maps) } else { maps }
    }

    /// Scores from the means of the class maps, with the bias that is no part of a map.
    pub fn scores(&self, means: &[f32]) -> Vec<f32> {
        means.iter().zip(&self.score_bias).map(|(mean, bias)| mean + bias).collect()
    }

    /// The evidence for (or against) one class through its own kernel, `[1, features, h, w]`. A ReLU of the class maps
    /// changes nothing on the way back under any rule: the map is what it let through.
    pub fn back(&self, maps: &Tensor<4>, class: usize, evidence: Evidence) -> Tensor<4> {
        let map = maps.clone().narrow(1, class, 1);
        let own = match evidence {
            Evidence::For => map.clamp_min(0.0),
            Evidence::Against => map.clamp_max(0.0),
        };
        conv2d(own, self.turned.clone().narrow(1, class, 1), None, self.options())
    }

    /// The gradient of one class's summed map by the features, `[1, features, h, w]`.
    pub fn gradient(&self, maps: &Tensor<4>, class: usize) -> Tensor<4> {
        let map = maps.clone().narrow(1, class, 1);
        let own = if self.relu { map.greater_scalar(0.0).float() } else { map.ones_like() };
        conv2d(own, self.turned.clone().narrow(1, class, 1), None, self.options())
    }

    fn options(&self) -> ConvOptions<2> {
        ConvOptions::new([1, 1], [self.kernel / 2; 2], [1, 1], 1)
    }
}
