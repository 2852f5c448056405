//! Convolutions summed up tap by tap in registers: a few output channels and some cells at a time, with the input laid out
//! so that cells lie side by side (`Grid`). Nothing is gathered, no product is written down.

use std::ops::Range;

use burn_tensor::{Tensor, TensorData};
use pulp::{Arch, Simd, WithSimd};
use rayon::prelude::*;

use super::grid::{Grid, after};
use super::{lanes, values_of};
use crate::bundle::WeightTensor;
use crate::bundle::blueprint::Conv;

/// Values that are laid out at a time (1 MiB): every block of outputs reads them again.
const LAID_OUT: usize = 1 << 18;
/// Shares of the work for each core.
const SHARES: usize = 4;

/// A convolution of any kernel, stride, dilation, padding and number of groups.
#[derive(Debug)]
pub struct Direct {
    conv: Conv,
    inputs: usize,
    /// Output channels that are summed up together.
    block: usize,
    /// For each block of outputs, input of its group and tap: a weight of each output, zero where there are no more.
    weights: Vec<f32>,
    bias: Vec<f32>,
}

impl Direct {
    pub fn new(conv: Conv, inputs: usize, weight: &WeightTensor, bias: Option<&[f32]>) -> Self {
        // With 32 registers of 16 values eight outputs of three are at hand, with 16 of them four of two.
        let block = if lanes() >= 16 && conv.outputs / conv.groups > 4 { 8 } else { 4 };
        let (group, each) = (conv.outputs / conv.groups, inputs / conv.groups * conv.kernel[0] * conv.kernel[1]);
        let mut weights = Vec::with_capacity(conv.groups * group.next_multiple_of(block) * each);
        for g in 0..conv.groups {
            for first in (0..group).step_by(block) {
                for n in 0..each {
                    let one = |o: usize| if o < group { weight.values[(g * group + o) * each + n] } else { 0.0 };
                    weights.extend((first..first + block).map(one));
                }
            }
        }
        let bias = bias.map_or_else(|| vec![0.0; conv.outputs], <[f32]>::to_vec);
        Self { conv, inputs, block, weights, bias }
    }

    /// Some rows of the convolution of `x`, `[n, inputs, h, w]`; all where `rows` is `None`.
    pub fn forward(&self, x: Tensor<4>, rows: Option<Range<usize>>) -> Tensor<4> {
        let ([batch, _, height, width], device) = (x.dims(), x.device());
        let [down, across] = after(&self.conv, [height, width]);
        let rows = rows.unwrap_or(0..down);
        let values = values_of(x);
        let mut made = vec![0.0; batch * self.conv.outputs * rows.len() * across];
        let images = made.chunks_exact_mut(self.conv.outputs * rows.len() * across);
        // As many rows at a time as stay in the cache when they are laid out.
        let per_row = self.inputs * self.conv.stride[0] * (width + self.conv.padding[2] + self.conv.padding[3]);
        let at_once = (LAID_OUT / per_row.max(1)).clamp(1, rows.len());
        let bands = rows.len().div_ceil(at_once);
        for (made, values) in images.zip(values.chunks_exact(self.inputs * height * width)) {
            for band in 0..bands {
                let [start, end] = [band, band + 1].map(|band| band * rows.len() / bands);
                let grid = Grid::new(&self.conv, [height, width], rows.start + start..rows.start + end);
                self.band(&grid, values, start * across, made);
            }
        }
        Tensor::from_data(TensorData::new(made, [batch, self.conv.outputs, rows.len(), across]), &device)
    }

    /// One band of all outputs, from the value `at` of each plane on.
    fn band(&self, grid: &Grid, values: &[f32], at: usize, made: &mut [f32]) {
        let lanes = lanes();
        let vectors = vectors(grid.sums(), lanes);
        let count = grid.sums().next_multiple_of(lanes * vectors);
        let size = grid.values(count);
        let mut laid = vec![0.0; self.inputs * size];
        let planes = values.par_chunks_exact(values.len() / self.inputs);
        laid.par_chunks_exact_mut(size).zip(planes).for_each(|(parts, plane)| grid.lay_out(plane, parts));

        let (groups, block) = (self.conv.groups, self.block);
        let (group, each) = (self.conv.outputs / groups, self.inputs / groups);
        let blocks = group.div_ceil(block);
        let shares = (SHARES * rayon::current_num_threads()).div_ceil(groups * blocks);
        let share = count.div_ceil(shares).next_multiple_of(lanes * vectors);
        let per_block = each * grid.taps.len() * block;
        let mut sums = vec![0.0; groups * blocks * block * count];
        sums.par_chunks_exact_mut(block * count).enumerate().for_each(|(n, sums)| {
            let laid = &laid[n / blocks * each * size..][..each * size];
            let weights = &self.weights[n * per_block..][..per_block];
            let first = n / blocks * group + n % blocks * block;
            let bias = &self.bias[first..self.bias.len().min(first + block)];
            sums.par_chunks_mut(block * share).enumerate().for_each(|(n, sums)| {
                let part = Part { taps: &grid.taps, laid, size, weights, bias, cell: n * share, sums };
                match (block, vectors) {
                    (8, 3) => Arch::new().dispatch(Registers::<8, 3>(part)),
                    (8, 2) => Arch::new().dispatch(Registers::<8, 2>(part)),
                    (8, _) => Arch::new().dispatch(Registers::<8, 1>(part)),
                    (_, 3) => Arch::new().dispatch(Registers::<4, 3>(part)),
                    (_, 2) => Arch::new().dispatch(Registers::<4, 2>(part)),
                    _ => Arch::new().dispatch(Registers::<4, 1>(part)),
                }
            });
        });
        let plane = made.len() / self.conv.outputs;
        made.par_chunks_exact_mut(plane).enumerate().for_each(|(output, made)| {
            let (block_of, o) = (output / group * blocks + output % group / block, output % group % block);
            let sums = &sums[block_of * block * count..][..block * count];
            for (start, row) in grid.starts().zip(made[at..].chunks_exact_mut(grid.after[1])) {
                gather(sums, block, share, o, start, row);
            }
        });
    }
}

/// Registers of cells that are summed up together: the more the better, unless too many are for nothing.
fn vectors(sums: usize, lanes: usize) -> usize {
    let cost = |vectors: usize| {
        let cells = sums.next_multiple_of(lanes * vectors) as f64;
        // Measured: how much slower few registers are.
        cells * [1.4, 1.08, 1.0][vectors - 1]
    };
    let all = if lanes >= 16 { 1..=3 } else { 1..=2 };
    all.min_by(|a, b| cost(*a).total_cmp(&cost(*b))).unwrap_or(1)
}

/// The sums of output `o` of a block from the cell `start` on; shares of cells lie one behind the other.
fn gather(sums: &[f32], block: usize, share: usize, o: usize, start: usize, row: &mut [f32]) {
    let mut done = 0;
    while done < row.len() {
        let (n, inside) = ((start + done) / share, (start + done) % share);
        let part = &sums[n * block * share..];
        let long = share.min(part.len() / block);
        let take = (long - inside).min(row.len() - done);
        row[done..done + take].copy_from_slice(&part[o * long + inside..][..take]);
        done += take;
    }
}

/// Some cells of one block of outputs.
struct Part<'a> {
    taps: &'a [usize],
    /// The planes of the group's inputs, `size` values each.
    laid: &'a [f32],
    size: usize,
    weights: &'a [f32],
    bias: &'a [f32],
    /// The first of the cells.
    cell: usize,
    /// `[outputs, cells]`
    sums: &'a mut [f32],
}

/// `O` outputs of `V` registers of cells at a time.
struct Registers<'a, const O: usize, const V: usize>(Part<'a>);

impl<const O: usize, const V: usize> WithSimd for Registers<'_, O, V> {
    type Output = ();

    // Loops of known length over places: as such the sums stay in registers, which iterators of closures do not promise.
    #[allow(clippy::needless_range_loop)]
    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) {
        let Part { taps, laid, size, weights, bias, cell: first, sums } = self.0;
        let (step, cells) = (S::F32_LANES * V, sums.len() / O);
        for cell in (0..cells).step_by(step) {
            let mut sum = [[simd.splat_f32s(0.0); V]; O];
            for (sum, bias) in sum.iter_mut().zip(bias) {
                *sum = [simd.splat_f32s(*bias); V];
            }
            for (parts, weights) in laid.chunks_exact(size).zip(weights.chunks_exact(taps.len() * O)) {
                for (tap, weights) in taps.iter().zip(weights.as_chunks::<O>().0) {
                    let from = S::as_simd_f32s(&parts[tap + first + cell..][..step]).0;
                    let Some(from) = from.first_chunk::<V>() else { continue };
                    for o in 0..O {
                        let weight = simd.splat_f32s(weights[o]);
                        for v in 0..V {
                            sum[o][v] = simd.mul_add_f32s(from[v], weight, sum[o][v]);
                        }
                    }
                }
            }
            for o in 0..O {
                S::as_mut_simd_f32s(&mut sums[o * cells + cell..][..step]).0.copy_from_slice(&sum[o]);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::check::is_burns_own;
    use super::*;

    #[test]
    fn it_is_burns_own_convolution_whole_and_by_rows() {
        for (conv, inputs, size) in [
            (Conv::square(5, 3, 1), 4, [9, 7]),
            (Conv::square(20, 1, 1), 9, [7, 7]),
            (Conv::square(8, 7, 2), 3, [31, 30]),
            (Conv::square(9, 3, 2), 2, [8, 9]),
            (Conv { groups: 3, ..Conv::square(15, 3, 1) }, 6, [6, 11]),
            (Conv { padding: [0, 1, 2, 0], ..Conv::square(4, 3, 2) }, 5, [8, 8]),
            (Conv { dilation: [2, 3], padding: [2, 2, 3, 3], ..Conv::square(3, 3, 1) }, 2, [9, 9]),
            (Conv { kernel: [1, 7], padding: [0, 0, 3, 3], ..Conv::square(6, 1, 1) }, 3, [5, 12]),
            (Conv { padding: [4; 4], ..Conv::square(3, 3, 1) }, 2, [5, 6]),
            // More than is laid out at a time.
            (Conv::square(3, 3, 1), 40, [90, 90]),
        ] {
            is_burns_own(conv, inputs, size, 1e-4, |weight, bias, x, rows| {
                Direct::new(conv, inputs, weight, Some(bias)).forward(x, rows)
            });
        }
    }
}
