//! What every form of a convolution is held against: Burn's own, whole and by rows.

use std::ops::Range;

use burn_tensor::module::conv2d;
use burn_tensor::ops::ConvOptions;
use burn_tensor::{Tensor, TensorData};

use crate::bundle::WeightTensor;
use crate::bundle::blueprint::Conv;
use crate::network::device;

fn wave(count: usize, seed: f32) -> Vec<f32> {
    (0..count).map(|n| (1.7 * n as f32 + seed).sin()).collect()
}

/// `made` is given kernels and bias, and makes some rows of two pictures of this size.
pub fn is_burns_own(
    conv: Conv,
    inputs: usize,
    size: [usize; 2],
    tolerance: f32,
    made: impl Fn(&WeightTensor, &[f32], Tensor<4>, Option<Range<usize>>) -> Tensor<4>,
) {
    let cpu = device::cpu();
    let tensor =
        |values: &[f32], shape: [usize; 4]| Tensor::<4>::from_data(TensorData::new(values.to_vec(), shape), &cpu.burn);
    let shape = [conv.outputs, inputs / conv.groups, conv.kernel[0], conv.kernel[1]];
    let weight = WeightTensor { shape: shape.to_vec(), values: wave(shape.iter().product(), 1.0) };
    let bias = wave(conv.outputs, 2.0);
    let x = tensor(&wave(2 * inputs * size[0] * size[1], 3.0), [2, inputs, size[0], size[1]]);
    let [above, below, left, right] = conv.padding;
    let around = [(above, below), (left, right)];
    let options = ConvOptions::new_with_padding(conv.stride, around, conv.dilation, conv.groups);
    let own = Tensor::<1>::from_floats(bias.as_slice(), &cpu.burn);
    let expected = conv2d(x.clone(), tensor(&weight.values, shape), Some(own), options);
    let close = |found: Tensor<4>, expected: Tensor<4>| {
        assert_eq!(found.dims(), expected.dims());
        let off = (found - expected).abs().max().into_scalar::<f32>();
        assert!(off < tolerance, "{conv:?}: {off:e}");
    };
    close(made(&weight, &bias, x.clone(), None), expected.clone());
    let height = expected.dims()[2];
    if height > 2 {
        close(made(&weight, &bias, x, Some(1..height - 1)), expected.narrow(2, 1, height - 2));
    }
}
