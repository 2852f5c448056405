//! From checked weights to a network on a device, batch normalisation folded into the convolution before it.

use burn_tensor::{Tensor, TensorData};

use super::ComputeDevice;
use super::conv_stack::{Classifier, Conv, ConvStack, Layer};
use crate::bundle::card::{ConvStackSizes, Layer as LayerSizes};
use crate::bundle::weights::{WeightMap, WeightTensor};

/// Weights and bias of one convolution after folding.
struct Folded {
    weight: WeightTensor,
    bias: Vec<f32>,
}

impl ConvStack {
    /// Puts a checked bundle's network on `device`.
    pub(super) fn load(sizes: &ConvStackSizes, weights: &WeightMap, device: &ComputeDevice) -> Self {
        let mut layers = Vec::new();
        let mut classifier = None;
        for (index, layer) in sizes.layers.iter().enumerate() {
            match *layer {
                LayerSizes::MaxPool { size } => layers.push(Layer::MaxPool { size }),
                LayerSizes::Conv { kernel, stride, norm, .. } => {
                    let folded = folded(weights, index, norm, sizes);
                    layers.push(Layer::Conv(Box::new(conv(folded, index == 0, kernel, stride, device))));
                }
                LayerSizes::Classes { kernel, relu } => {
                    let Folded { weight, bias } = folded(weights, index, false, sizes);
                    classifier = Some(Classifier { weight: on_device(&weight, device), bias, kernel, relu });
                }
            }
        }
        let classifier = classifier.expect("a checked card ends with its `classes` layer");
        Self { input: sizes.input, layers, classifier, device: device.clone() }
    }
}

fn conv(folded: Folded, is_first: bool, kernel: usize, stride: usize, device: &ComputeDevice) -> Conv {
    let Folded { weight, bias } = folded;
    let weight_back = if is_first { summed_over_inputs(&weight) } else { weight.clone() };
    let bias = Tensor::<1>::from_data(TensorData::from(bias.as_slice()), &device.burn);
    Conv { weight: on_device(&weight, device), bias, weight_back: on_device(&weight_back, device), kernel, stride }
}

/// w' = w γ/√(σ²+ε), b' = β − μ γ/√(σ²+ε).
fn folded(weights: &WeightMap, index: usize, norm: bool, sizes: &ConvStackSizes) -> Folded {
    let part = |name: &str| &weights[&format!("layers.{index}.{name}")];
    let weight = part("weight").clone();
    if !norm {
        return Folded { weight, bias: part("bias").values.clone() };
    }
    let (factor, bias) = scale_and_shift(weights, &format!("layers.{index}.norm"), sizes.norm_epsilon);
    Folded { weight: scaled(weight, &factor), bias }
}

/// A batch normalisation as scale γ/√(σ²+ε) and shift β − μ·scale, in f64 so that folding adds no error of its own.
pub(super) fn scale_and_shift(weights: &WeightMap, norm: &str, epsilon: f64) -> (Vec<f64>, Vec<f32>) {
    let [gamma, beta, mean, variance] =
        ["weight", "bias", "running_mean", "running_var"].map(|part| &weights[&format!("{norm}.{part}")].values);
    let scale: Vec<f64> =
        gamma.iter().zip(variance).map(|(g, v)| f64::from(*g) / (f64::from(*v) + epsilon).sqrt()).collect();
    let shift = (0..scale.len()).map(|k| (f64::from(beta[k]) - f64::from(mean[k]) * scale[k]) as f32).collect();
    (scale, shift)
}

/// Every kernel times its factor, in f64.
pub(super) fn scaled(mut weight: WeightTensor, factor: &[f64]) -> WeightTensor {
    let per_kernel = weight.values.len() / factor.len();
    for (kernel, f) in weight.values.chunks_exact_mut(per_kernel).zip(factor) {
        kernel.iter_mut().for_each(|w| *w = (f64::from(*w) * f) as f32);
    }
    weight
}

/// `[out, in, k, k]` to `[out, 1, k, k]`: back-projection is linear, so the sum over channels can be taken first.
pub(super) fn summed_over_inputs(weight: &WeightTensor) -> WeightTensor {
    let [out, inputs, kh, kw] = *weight.shape.as_slice() else { unreachable!("a convolution has four dimensions") };
    let area = kh * kw;
    let values = weight
        .values
        .chunks_exact(inputs * area)
        .flat_map(|kernel| (0..area).map(move |i| kernel.iter().skip(i).step_by(area).sum::<f32>()))
        .collect();
    WeightTensor { shape: vec![out, 1, kh, kw], values }
}

pub(super) fn on_device(weight: &WeightTensor, device: &ComputeDevice) -> Tensor<4> {
    Tensor::from_data(TensorData::new(weight.values.clone(), weight.shape.clone()), &device.burn)
}
