//! How similar two maps on one grid are.

use serde::{Deserialize, Serialize};

use crate::statistics::spearman;

/// Wang's window: a Gaussian of 1.5 pixels, 11 pixels wide.
const RADIUS: usize = 5;
const SIGMA: f64 = 1.5;
/// Wang's K1 and K2, squared, for values of 0 to 1.
const C1: f64 = 0.01 * 0.01;
const C2: f64 = 0.03 * 0.03;

/// Of the maps' absolute values, as Adebayo et al. 2018 compare them.
#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize, Deserialize)]
pub struct Similarity {
    /// Rank correlation over the pixels of the field; `None` where one of the maps is even.
    pub spearman: Option<f64>,
    /// Each map divided by its largest value first; `None` on grids smaller than the window.
    pub ssim: Option<f64>,
}

impl Similarity {
    /// Of two maps `[height, width]`, over the pixels of `field`: black corners are alike in every map.
    pub fn of(a: &[f32], b: &[f32], size: (usize, usize), field: &[bool]) -> Self {
        let (a, b) = (scaled(a), scaled(b));
        let inside = |map: &[f32]| map.iter().zip(field).filter(|(_, is_in)| **is_in).map(|(v, _)| *v).collect();
        let (inside_a, inside_b): (Vec<f32>, Vec<f32>) = (inside(&a), inside(&b));
        Self { spearman: spearman(&inside_a, &inside_b), ssim: ssim(&a, &b, size, field) }
    }
}

/// Absolute values from 0 to 1.
fn scaled(map: &[f32]) -> Vec<f32> {
    let peak = map.iter().map(|v| v.abs()).filter(|v| v.is_finite()).fold(0.0, f32::max).max(f32::MIN_POSITIVE);
    map.iter().map(|v| if v.is_finite() { v.abs() / peak } else { 0.0 }).collect()
}

/// Structural similarity (Wang et al. 2004) of two maps of 0 to 1: the mean over those pixels of `field` around which the
/// whole window lies within the grid.
pub fn ssim(a: &[f32], b: &[f32], (height, width): (usize, usize), field: &[bool]) -> Option<f64> {
    if height <= 2 * RADIUS || width <= 2 * RADIUS {
        return None;
    }
    let blurred = |value: &dyn Fn(f64, f64) -> f64| {
        let plane: Vec<f64> = a.iter().zip(b).map(|(a, b)| value(f64::from(*a), f64::from(*b))).collect();
        windowed(&plane, (height, width))
    };
    let (mean_a, mean_b) = (blurred(&|a, _| a), blurred(&|_, b| b));
    let (aa, bb, ab) = (blurred(&|a, _| a * a), blurred(&|_, b| b * b), blurred(&|a, b| a * b));
    let (inner_height, inner_width) = (height - 2 * RADIUS, width - 2 * RADIUS);
    let (mut sum, mut count) = (0.0, 0usize);
    for i in 0..inner_height * inner_width {
        if field[(i / inner_width + RADIUS) * width + i % inner_width + RADIUS] {
            let (m, n) = (mean_a[i], mean_b[i]);
            let (var_a, var_b, cov) = (aa[i] - m * m, bb[i] - n * n, ab[i] - m * n);
            sum += (2.0 * m * n + C1) * (2.0 * cov + C2) / ((m * m + n * n + C1) * (var_a + var_b + C2));
            count += 1;
        }
    }
    (count > 0).then(|| sum / count as f64)
}

/// The window's mean around each pixel that it fits around, `[height - 10, width - 10]`.
fn windowed(plane: &[f64], (height, width): (usize, usize)) -> Vec<f64> {
    let mut kernel: Vec<f64> =
        (0..=2 * RADIUS).map(|i| (i as f64 - RADIUS as f64) / SIGMA).map(|off| (-0.5 * off * off).exp()).collect();
    let sum: f64 = kernel.iter().sum();
    kernel.iter_mut().for_each(|weight| *weight /= sum);
    let inner = width - 2 * RADIUS;
    let along = |line: &[f64]| -> Vec<f64> {
        line.windows(kernel.len()).map(|part| part.iter().zip(&kernel).map(|(v, w)| v * w).sum()).collect()
    };
    let rows: Vec<Vec<f64>> = plane.chunks_exact(width).map(along).collect();
    let mut found = vec![0.0; (height - 2 * RADIUS) * inner];
    for (y, line) in found.chunks_exact_mut(inner).enumerate() {
        for (row, weight) in rows[y..].iter().zip(&kernel) {
            line.iter_mut().zip(row).for_each(|(sum, v)| *sum += weight * v);
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_map_is_like_itself_and_even_maps_differ_by_their_level_alone() {
        let map: Vec<f32> = (0..144).map(|i| ((i * 37) % 101) as f32 / 100.0).collect();
        let found = Similarity::of(&map, &map, (12, 12), &[true; 144]);
        assert!((found.spearman.unwrap() - 1.0).abs() < 1e-12 && (found.ssim.unwrap() - 1.0).abs() < 1e-12);
        // Without variance only (2mn + C1) / (m² + n² + C1) is left: m = 1, n = 0.5.
        let by_hand = (2.0 * 0.5 + C1) / (1.0 + 0.25 + C1);
        let even = ssim(&[1.0; 144], &[0.5; 144], (12, 12), &[true; 144]).unwrap();
        assert!((even - by_hand).abs() < 1e-9, "{even}");
        assert_eq!(ssim(&[1.0; 100], &[0.5; 100], (10, 10), &[true; 100]), None);
    }

    #[test]
    fn signs_scales_and_what_lies_outside_of_the_field_play_no_part() {
        let map: Vec<f32> = (0..144).map(|i| ((i * 37) % 101) as f32).collect();
        let other: Vec<f32> = map.iter().enumerate().map(|(i, v)| if i < 12 { 3.0 } else { -7.0 * v }).collect();
        let field: Vec<bool> = (0..144).map(|i| i >= 12).collect();
        let found = Similarity::of(&map, &other, (12, 12), &field);
        assert!((found.spearman.unwrap() - 1.0).abs() < 1e-12);
    }
}
