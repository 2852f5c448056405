//! Layer normalisation over the channels of each cell.

use burn_tensor::{Tensor, TensorData};
use pulp::Arch;
use rayon::prelude::*;

use super::values_of;

/// Cells that one core takes at a time.
const CELLS: usize = 256;

/// (x − mean) / √(variance + ε) · weight + bias of each cell of `x`, `[1, channels, h, w]`, and the factor 1 / √(variance +
/// ε) of each, `[1, 1, h, w]`.
pub fn layer_norm(x: Tensor<4>, weight: &[f32], bias: &[f32], epsilon: f64) -> (Tensor<4>, Tensor<4>) {
    let ([_, channels, height, width], device) = (x.dims(), x.device());
    let (cells, mut values) = (height * width, values_of(x));
    let mut means = vec![0.0; cells];
    let mut factors = vec![0.0; cells];
    let tiles = means.par_chunks_mut(CELLS).zip(factors.par_chunks_mut(CELLS)).enumerate();
    tiles.for_each(|(tile, (mean, factor))| {
        let here = tile * CELLS..tile * CELLS + mean.len();
        let rows = values.chunks_exact(cells).map(|row| &row[here.clone()]);
        Arch::new().dispatch(|| statistics(rows, mean, factor, channels as f32, epsilon as f32));
    });
    values.par_chunks_exact_mut(cells).zip(weight).zip(bias).for_each(|((row, weight), bias)| {
        Arch::new().dispatch(|| {
            for ((value, mean), factor) in row.iter_mut().zip(&means).zip(&factors) {
                *value = (*value - mean) * factor * weight + bias;
            }
        });
    });
    let factor = Tensor::from_data(TensorData::new(factors, [1, 1, height, width]), &device);
    (Tensor::from_data(TensorData::new(values, [1, channels, height, width]), &device), factor)
}

#[inline(always)]
fn statistics<'a>(
    rows: impl Iterator<Item = &'a [f32]> + Clone,
    mean: &mut [f32],
    factor: &mut [f32],
    channels: f32,
    epsilon: f32,
) {
    for row in rows.clone() {
        mean.iter_mut().zip(row).for_each(|(sum, value)| *sum += value);
    }
    mean.iter_mut().for_each(|sum| *sum /= channels);
    for row in rows {
        factor.iter_mut().zip(row).zip(&*mean).for_each(|((sum, value), mean)| *sum += (value - mean) * (value - mean));
    }
    factor.iter_mut().for_each(|sum| *sum = 1.0 / (*sum / channels + epsilon).sqrt());
}
