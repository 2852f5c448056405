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
    use burn_tensor::module::conv2d;
    use burn_tensor::ops::ConvOptions;

    use super::*;
    use crate::network::device;

    fn wave(count: usize, seed: f32) -> Vec<f32> {
        (0..count).map(|n| (1.7 * n as f32 + seed).sin()).collect()
    }

    #[test]
    fn it_is_burns_own_convolution() {
        let cpu = device::cpu();
        for (kernel, stride, [above, below, left, right], size) in [
            ([3, 3], 1, [1, 1, 1, 1], [9, 7]),
            ([5, 5], 1, [2, 2, 2, 2], [14, 14]),
            ([7, 7], 1, [3, 3, 3, 3], [7, 6]),
            ([3, 3], 2, [1, 1, 1, 1], [9, 8]),
            ([5, 5], 2, [1, 2, 1, 2], [8, 9]),
            ([3, 3], 2, [0, 1, 0, 1], [8, 8]),
            ([2, 3], 2, [0, 0, 0, 0], [5, 7]),
            ([1, 1], 1, [0, 0, 0, 0], [4, 5]),
        ] {
            let channels = 3;
            let conv = Conv {
                kernel,
                stride: [stride; 2],
                padding: [above, below, left, right],
                groups: channels,
                ..Conv::square(channels, 1, 1)
            };
            let area = kernel[0] * kernel[1];
            let weight =
                WeightTensor { shape: vec![channels, 1, kernel[0], kernel[1]], values: wave(channels * area, 1.0) };
            let bias = wave(channels, 2.0);
            let tensor = |values: &[f32], shape: [usize; 4]| {
                Tensor::<4>::from_data(TensorData::new(values.to_vec(), shape), &cpu.burn)
            };
            let x = tensor(&wave(2 * channels * size[0] * size[1], 3.0), [2, channels, size[0], size[1]]);
            let options = ConvOptions::new_with_padding([stride; 2], [(above, below), (left, right)], [1, 1], channels);
            let own = Tensor::<1>::from_floats(bias.as_slice(), &cpu.burn);
            let expected =
                conv2d(x.clone(), tensor(&weight.values, [channels, 1, kernel[0], kernel[1]]), Some(own), options);
            let found = Depthwise::new(&conv, channels, &weight, Some(&bias)).unwrap().forward(x, None);
            assert_eq!(found.dims(), expected.dims());
            let off = (found - expected).abs().max().into_scalar::<f32>();
            assert!(off < 1e-5, "{kernel:?} stride {stride}: {off:e}");
        }
    }
}
