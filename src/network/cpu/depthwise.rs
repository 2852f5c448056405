//! Convolutions of each channel with one kernel of its own.

use burn_tensor::{Tensor, TensorData};
use pulp::Arch;
use rayon::prelude::*;

use super::values_of;
use crate::bundle::WeightTensor;
use crate::bundle::blueprint::Conv;

/// Values that are summed up at a time, in registers.
const LANES: usize = 64;

/// A depthwise convolution: every output channel reads the input channel of its number.
#[derive(Debug)]
pub struct Depthwise {
    /// `[channels, kernel, kernel]`
    kernels: Vec<f32>,
    bias: Option<Vec<f32>>,
    channels: usize,
    kernel: [usize; 2],
    stride: usize,
    /// Above, below, left and right.
    padding: [usize; 4],
}

impl Depthwise {
    /// `None` where `conv` is another kind of convolution.
    pub fn new(conv: &Conv, channels: usize, weight: &WeightTensor, bias: Option<&[f32]>) -> Option<Self> {
        let [stride, across] = conv.stride;
        let serves = conv.groups == channels && conv.outputs == channels && channels > 1;
        let fits = serves && stride == across && stride <= 2 && conv.dilation == [1, 1];
        fits.then(|| Self {
            kernels: weight.values.clone(),
            bias: bias.map(<[f32]>::to_vec),
            channels,
            kernel: conv.kernel,
            stride,
            padding: conv.padding,
        })
    }

    /// The convolution of `x`, `[n, channels, h, w]`.
    pub fn forward(&self, x: Tensor<4>) -> Tensor<4> {
        let ([batch, _, height, width], device) = (x.dims(), x.device());
        let grid = Grid::new(self, [height, width]);
        let values = values_of(x);
        let mut made = vec![0.0; batch * self.channels * grid.after[0] * grid.after[1]];
        let planes =
            made.par_chunks_exact_mut(grid.after[0] * grid.after[1]).zip(values.par_chunks_exact(height * width));
        planes.enumerate().for_each_init(Vec::new, |scratch, (n, (made, plane))| {
            let channel = n % self.channels;
            let area = self.kernel[0] * self.kernel[1];
            let kernel = &self.kernels[channel * area..(channel + 1) * area];
            let start = self.bias.as_ref().map_or(0.0, |bias| bias[channel]);
            Arch::new().dispatch(|| grid.plane(plane, kernel, start, scratch, made));
        });
        Tensor::from_data(TensorData::new(made, [batch, self.channels, grid.after[0], grid.after[1]]), &device)
    }
}

/// Where the values of a plane lie while its taps are summed up. A stride of 2 reads every other row and column: those of
/// even and of odd numbers are laid apart, so that all that a tap reads lies side by side.
struct Grid {
    before: [usize; 2],
    after: [usize; 2],
    stride: usize,
    above: usize,
    left: usize,
    /// Rows and columns of one part, of which there are stride × stride.
    rows: usize,
    pitch: usize,
    /// Where each tap begins to read.
    taps: Vec<usize>,
}

impl Grid {
    fn new(conv: &Depthwise, before: [usize; 2]) -> Self {
        let [above, below, left, right] = conv.padding;
        let stride = conv.stride;
        let around = [above + below, left + right];
        let after = [0, 1].map(|axis| (before[axis] + around[axis] - conv.kernel[axis]) / stride + 1);
        let [rows, pitch] = [0, 1].map(|axis| (before[axis] + around[axis]).div_ceil(stride));
        let part = rows * pitch;
        let tap = |n: usize| {
            let (i, j) = (n / conv.kernel[1], n % conv.kernel[1]);
            (i % stride * stride + j % stride) * part + i / stride * pitch + j / stride
        };
        let taps = (0..conv.kernel[0] * conv.kernel[1]).map(tap).collect();
        Self { before, after, stride, above, left, rows, pitch, taps }
    }

    #[inline(always)]
    fn plane(&self, plane: &[f32], kernel: &[f32], start: f32, scratch: &mut Vec<f32>, made: &mut [f32]) {
        let [rows, columns] = self.after;
        // Sums are made of the whole pitch, in full lanes: what lies behind the columns is not looked at.
        let sums = ((rows - 1) * self.pitch + columns).next_multiple_of(LANES);
        let parts = self.stride * self.stride * self.rows * self.pitch;
        let reach = self.taps.iter().max().map_or(0, |most| most + sums);
        scratch.clear();
        scratch.resize(parts.max(reach) + sums, 0.0);
        let (parts, out) = scratch.split_at_mut(parts.max(reach));
        self.lay_out(plane, parts);
        for (block, sums) in out.chunks_exact_mut(LANES).enumerate() {
            let mut lanes = [start; LANES];
            for (tap, weight) in self.taps.iter().zip(kernel) {
                let from = &parts[tap + block * LANES..][..LANES];
                lanes.iter_mut().zip(from).for_each(|(sum, value)| *sum += weight * value);
            }
            sums.copy_from_slice(&lanes);
        }
        for (row, made) in made.chunks_exact_mut(columns).enumerate() {
            made.copy_from_slice(&out[row * self.pitch..][..columns]);
        }
    }

    /// The plane with zeros around it, in its parts.
    #[inline(always)]
    fn lay_out(&self, plane: &[f32], parts: &mut [f32]) {
        let [_, width] = self.before;
        let (stride, part) = (self.stride, self.rows * self.pitch);
        for (y, row) in plane.chunks_exact(width).enumerate() {
            let y = y + self.above;
            let line = y % stride * stride * part + y / stride * self.pitch;
            if stride == 1 {
                parts[line + self.left..][..width].copy_from_slice(row);
                continue;
            }
            for (x, value) in row.iter().enumerate() {
                let x = x + self.left;
                parts[line + x % stride * part + x / stride] = *value;
            }
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
            let found = Depthwise::new(&conv, channels, &weight, Some(&bias)).unwrap().forward(x);
            assert_eq!(found.dims(), expected.dims());
            let off = (found - expected).abs().max().into_scalar::<f32>();
            assert!(off < 1e-5, "{kernel:?} stride {stride}: {off:e}");
        }
    }
}
