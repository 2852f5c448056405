//! From checked weights to tensors on a device, and what is worked out of weights beforehand.

use burn_tensor::{Tensor, TensorData};

use super::ComputeDevice;
use crate::bundle::{WeightMap, WeightTensor};

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

/// A value for each channel, `[1, channels, 1, 1]`.
pub(super) fn per_channel(values: &[f32], device: &ComputeDevice) -> Tensor<4> {
    Tensor::from_data(TensorData::new(values.to_vec(), [1, values.len(), 1, 1]), &device.burn)
}

/// `[out, in / groups, k, k]` to `[in, out / groups, k, k]` turned by 180°.
pub(super) fn turned(weight: &WeightTensor, groups: usize) -> WeightTensor {
    let [out, inputs, kh, kw] = *weight.shape.as_slice() else { unreachable!("a convolution has four dimensions") };
    let (area, outputs) = (kh * kw, out / groups);
    let mut values = Vec::with_capacity(weight.values.len());
    for group in 0..groups {
        for i in 0..inputs {
            for o in group * outputs..(group + 1) * outputs {
                let start = (o * inputs + i) * area;
                values.extend(weight.values[start..start + area].iter().rev());
            }
        }
    }
    WeightTensor { shape: vec![inputs * groups, outputs, kh, kw], values }
}
