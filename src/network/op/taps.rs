//! A 3×3 convolution as one matrix product and nine shifts. Where it reads at least as many channels as it makes it is
//! cheaper to shift the results than to gather the inputs of every output, as Flex's own convolution does.

use std::ops::Range;

use burn_tensor::{Tensor, TensorData, s};

use crate::bundle::WeightTensor;
use crate::bundle::blueprint::{Conv, Shape};
use crate::network::ComputeDevice;

/// More products than this (16 MiB) fall out of the cache, and would be too much memory for large maps.
const MOST_PRODUCTS: usize = 1 << 22;

/// The kernels of a 3×3 convolution, tap by tap.
#[derive(Debug)]
pub(super) struct Taps {
    /// `[3 · 3 · out, in]`: the column of the tap, its row, the output channel.
    weight: Tensor<2>,
    out: usize,
}

impl Taps {
    /// Whether a convolution that reads a value of this shape is one that this serves.
    pub fn serve(conv: &Conv, [channels, height, width]: Shape) -> bool {
        let is_plain = *conv == Conv { outputs: conv.outputs, bias: conv.bias, ..Conv::square(0, 3, 1) };
        is_plain && channels >= conv.outputs && 9 * conv.outputs * height * width <= MOST_PRODUCTS
    }

    pub fn new(weight: &WeightTensor, device: &ComputeDevice) -> Self {
        let [out, inputs, _, _] = *weight.shape.as_slice() else { unreachable!("a convolution has four dimensions") };
        let taps = (0..3).flat_map(|column| (0..3).map(move |row| 3 * row + column));
        let values = taps.flat_map(|tap| weight.values.iter().skip(tap).step_by(9).copied()).collect();
        let weight = Tensor::from_data(TensorData::new(values, [9 * out, inputs]), &device.burn);
        Self { weight, out }
    }

    /// The convolution of `x`, `[1, in, h, w]`, with zeros around it, at the rows `own` alone: `[1, out, own.len(), w]`.
    pub fn forward(&self, x: Tensor<4>, own: Range<usize>) -> Tensor<4> {
        let [_, inputs, height, width] = x.dims();
        let products = self.weight.clone().matmul(x.reshape([inputs, height * width]));
        let products = products.reshape([9, self.out, height, width]);
        let column = |column: usize| {
            let above = shifted(&products, 3 * column, own.start, own.end, height);
            let at = products.clone().slice(s![3 * column + 1, .., own.clone()]);
            let below = shifted(&products, 3 * column + 2, own.start + 2, own.end + 2, height);
            above + at + below
        };
        let (left, mut sum, right) = (column(0), column(1), column(2));
        if width > 1 {
            let [inner, outer] = [s![.., .., .., 1..width], s![.., .., .., 0..width - 1]];
            let moved = sum.clone().slice(inner) + left.slice(outer);
            sum = sum.slice_assign(inner, moved);
            let moved = sum.clone().slice(outer) + right.slice(inner);
            sum = sum.slice_assign(outer, moved);
        }
        sum
    }
}

/// The rows `start - 1..end - 1` of one tap's products, zero where there are none.
fn shifted(products: &Tensor<4>, tap: usize, start: usize, end: usize, height: usize) -> Tensor<4> {
    let [_, out, _, width] = products.dims();
    let zeros = || Tensor::zeros([1, out, 1, width], &products.device());
    let (first, last) = (start.saturating_sub(1), (end - 1).min(height));
    let there = products.clone().slice(s![tap, .., first..last]);
    if start == 0 {
        Tensor::cat(vec![zeros(), there], 2)
    } else if end - 1 > height {
        Tensor::cat(vec![there, zeros()], 2)
    } else {
        there
    }
}
