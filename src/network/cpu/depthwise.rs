//! Convolutions of each channel with one kernel of its own.

use std::ops::Range;

use burn_tensor::{Tensor, TensorData};
use pulp::{Arch, Simd, WithSimd};
use rayon::prelude::*;

use super::grid::{Grid, after};
use super::values_of;
use crate::bundle::WeightTensor;
use crate::bundle::blueprint::Conv;

/// Registers of cells that are summed up at a time.
const VECTORS: usize = 4;

/// A depthwise convolution: every output channel reads the input channel of its number.
#[derive(Debug)]
pub struct Depthwise {
    /// `[channels, kernel, kernel]`
    kernels: Vec<f32>,
    bias: Option<Vec<f32>>,
    conv: Conv,
}

impl Depthwise {
    /// `None` where `conv` is another kind of convolution.
    pub fn new(conv: &Conv, channels: usize, weight: &WeightTensor, bias: Option<&[f32]>) -> Option<Self> {
        let serves = conv.groups == channels && conv.outputs == channels && channels > 1;
        serves.then(|| Self { kernels: weight.values.clone(), bias: bias.map(<[f32]>::to_vec), conv: *conv })
    }

    /// Some rows of the convolution of `x`, `[n, channels, h, w]`; all where `rows` is `None`.
    pub fn forward(&self, x: Tensor<4>, rows: Option<Range<usize>>) -> Tensor<4> {
        let ([batch, channels, height, width], device) = (x.dims(), x.device());
        let [down, across] = after(&self.conv, [height, width]);
        let rows = rows.unwrap_or(0..down);
        let grid = Grid::new(&self.conv, [height, width], rows.clone());
        let values = values_of(x);
        let mut made = vec![0.0; batch * channels * rows.len() * across];
        let planes = made.par_chunks_exact_mut(rows.len() * across).zip(values.par_chunks_exact(height * width));
        planes.enumerate().for_each_init(Vec::new, |scratch, (n, (made, plane))| {
            let (channel, area) = (n % channels, grid.taps.len());
            let kernel = &self.kernels[channel * area..(channel + 1) * area];
            let bias = self.bias.as_ref().map_or(0.0, |bias| bias[channel]);
            Arch::new().dispatch(Plane { grid: &grid, plane, kernel, bias, scratch, made });
        });
        Tensor::from_data(TensorData::new(made, [batch, channels, rows.len(), across]), &device)
    }
}

/// One channel of one picture.
struct Plane<'a> {
    grid: &'a Grid,
    plane: &'a [f32],
    kernel: &'a [f32],
    bias: f32,
    scratch: &'a mut Vec<f32>,
    made: &'a mut [f32],
}

impl WithSimd for Plane<'_> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) {
        let Self { grid, plane, kernel, bias, scratch, made } = self;
        let step = VECTORS * S::F32_LANES;
        let count = grid.sums().next_multiple_of(step);
        let size = grid.values(count);
        scratch.clear();
        scratch.resize(size + count, 0.0);
        let (parts, out) = scratch.split_at_mut(size);
        grid.lay_out(plane, parts);
        for (block, sums) in out.chunks_exact_mut(step).enumerate() {
            let mut sum = [simd.splat_f32s(bias); VECTORS];
            for (tap, weight) in grid.taps.iter().zip(kernel) {
                let weight = simd.splat_f32s(*weight);
                let from = S::as_simd_f32s(&parts[tap + block * step..][..step]).0;
                for (sum, from) in sum.iter_mut().zip(from) {
                    *sum = simd.mul_add_f32s(*from, weight, *sum);
                }
            }
            S::as_mut_simd_f32s(sums).0.copy_from_slice(&sum);
        }
        for (start, row) in grid.starts().zip(made.chunks_exact_mut(grid.after[1])) {
            row.copy_from_slice(&out[start..][..grid.after[1]]);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::check::is_burns_own;
    use super::*;

    #[test]
    fn it_is_burns_own_convolution() {
        for (kernel, stride, padding, size) in [
            ([3, 3], 1, [1, 1, 1, 1], [9, 7]),
            ([5, 5], 1, [2, 2, 2, 2], [14, 14]),
            ([7, 7], 1, [3, 3, 3, 3], [7, 6]),
            ([3, 3], 2, [1, 1, 1, 1], [9, 8]),
            ([5, 5], 2, [1, 2, 1, 2], [8, 9]),
            ([3, 3], 2, [0, 1, 0, 1], [8, 8]),
            ([2, 3], 2, [0, 0, 0, 0], [5, 7]),
            ([1, 1], 1, [0, 0, 0, 0], [4, 5]),
        ] {
            let conv = Conv { kernel, stride: [stride; 2], padding, groups: 3, ..Conv::square(3, 1, 1) };
            is_burns_own(conv, 3, size, 1e-5, |weight, bias, x, rows| {
                Depthwise::new(&conv, 3, weight, Some(bias)).unwrap().forward(x, rows)
            });
        }
    }
}
