//! From checked weights under torchvision's names to a DenseNet on a device. A normalisation that follows a convolution
//! is folded into it; one that follows a concatenation becomes scale and shift.

use burn_tensor::{Tensor, TensorData};

use super::block::{Block, DenseLayer};
use super::norm::Norm;
use super::taps::Taps;
use super::{Conv, DenseNet, Stem, Transition};
use crate::bundle::densenet::{DenseNetSizes, LAST_NORM, layer_name};
use crate::bundle::weights::{WeightMap, WeightTensor};
use crate::network::ComputeDevice;
use crate::network::load::{on_device, scale_and_shift, scaled, summed_over_inputs};

/// Finds tensors by name and puts them on the device.
struct Loader<'a> {
    weights: &'a WeightMap,
    epsilon: f64,
    device: &'a ComputeDevice,
}

impl DenseNet {
    /// Puts a checked bundle's network on `device`.
    pub(in crate::network) fn load(sizes: &DenseNetSizes, weights: &WeightMap, device: &ComputeDevice) -> Self {
        let loader = Loader { weights, epsilon: sizes.norm_epsilon, device };
        let shapes = sizes.block_shapes();
        let blocks = shapes.iter().enumerate().map(|(block, shape)| Block {
            layers: (0..shape.layers).map(|layer| loader.layer(&layer_name(block, layer))).collect(),
            before: shape.before,
            growth: sizes.growth,
        });
        let transition = |number: usize| Transition {
            norm: loader.norm(&format!("features.transition{number}.norm")),
            conv: loader.conv(loader.tensor(&format!("features.transition{number}.conv.weight"))),
        };
        let mut classifier = loader.tensor("classifier.weight").clone();
        classifier.shape.extend([1, 1]);
        Self {
            input: sizes.input,
            stem: loader.stem(),
            blocks: blocks.collect(),
            transitions: (1..shapes.len()).map(transition).collect(),
            last_norm: loader.norm(LAST_NORM),
            classifier: loader.conv(&classifier),
            bias: loader.tensor("classifier.bias").values.clone(),
            device: device.clone(),
        }
    }
}

impl Loader<'_> {
    fn tensor(&self, name: &str) -> &WeightTensor {
        &self.weights[name]
    }

    fn scale_and_shift(&self, norm: &str) -> (Vec<f64>, Vec<f32>) {
        scale_and_shift(self.weights, norm, self.epsilon)
    }

    fn norm(&self, name: &str) -> Norm {
        let (scale, shift) = self.scale_and_shift(name);
        let shape = [1, scale.len(), 1, 1];
        let scale = scale.into_iter().map(|s| s as f32).collect::<Vec<_>>();
        let [scale, shift] = [scale, shift].map(|v| Tensor::from_data(TensorData::new(v, shape), &self.device.burn));
        Norm { scale, shift }
    }

    /// A convolution with the normalisation after it folded in, and its bias.
    fn folded(&self, conv: &str, norm: &str) -> (WeightTensor, Tensor<1>) {
        let (scale, shift) = self.scale_and_shift(norm);
        let weight = scaled(self.tensor(&format!("{conv}.weight")).clone(), &scale);
        (weight, Tensor::from_data(TensorData::from(shift.as_slice()), &self.device.burn))
    }

    fn stem(&self) -> Stem {
        let (weight, bias) = self.folded("features.conv0", "features.norm0");
        let weight_back = on_device(&summed_over_inputs(&weight), self.device);
        Stem { weight: on_device(&weight, self.device), bias, weight_back }
    }

    fn layer(&self, name: &str) -> DenseLayer {
        let (narrow, narrow_bias) = self.folded(&format!("{name}.conv1"), &format!("{name}.norm2"));
        let wide = self.tensor(&format!("{name}.conv2.weight"));
        DenseLayer {
            norm: self.norm(&format!("{name}.norm1")),
            narrow: self.conv(&narrow),
            narrow_bias,
            wide: self.conv(wide),
            taps: (!self.device.is_gpu).then(|| Taps::new(wide, self.device)),
        }
    }

    fn conv(&self, weight: &WeightTensor) -> Conv {
        Conv { weight: on_device(weight, self.device), weight_back: on_device(&transposed(weight), self.device) }
    }
}

/// `[out, in, k, k]` to `[in, out, k, k]` turned by 180°: the convolution that is the transposed of this one.
fn transposed(weight: &WeightTensor) -> WeightTensor {
    let [out, inputs, kh, kw] = *weight.shape.as_slice() else { unreachable!("a convolution has four dimensions") };
    let area = kh * kw;
    let mut values = Vec::with_capacity(weight.values.len());
    for i in 0..inputs {
        for o in 0..out {
            let start = (o * inputs + i) * area;
            values.extend(weight.values[start..start + area].iter().rev());
        }
    }
    WeightTensor { shape: vec![inputs, out, kh, kw], values }
}
