//! What 16×16 values alone can tell: the yardstick that a network must leave behind where a data set's classes were
//! photographed under different conditions. Logistic regression by gradient descent; must not know Burn.

use image::imageops::{self, FilterType};

use super::data::{DataSet, Example};
use crate::scan::Scan;

/// Rows and columns.
pub const SIDE: usize = 16;
const STEPS: usize = 400;
const RATE: f64 = 0.3;
/// Keeps the weights small: L2, as a part of the weights at every step.
const DECAY: f64 = 1e-3;

/// Learns from the thumbnails of `data.learn` whether a class other than the first is there, and scores those of
/// `data.held`.
pub fn scores(data: &DataSet) -> Vec<f32> {
    let features = |examples: &[Example]| -> Vec<Vec<f64>> {
        examples.iter().map(|example| example.thumbnail.iter().map(|v| f64::from(*v)).collect()).collect()
    };
    let (learn, held) = (features(&data.learn), features(&data.held));
    let truth: Vec<f64> = data.learn.iter().map(|example| if example.class > 0 { 1.0 } else { 0.0 }).collect();
    let scale = scale(&learn);
    let scaled = |all: Vec<Vec<f64>>| -> Vec<Vec<f64>> {
        all.into_iter()
            .map(|one| one.iter().zip(&scale).map(|(v, (mean, share))| (v - mean) * share).collect())
            .collect()
    };
    let (learn, held) = (scaled(learn), scaled(held));
    let (weights, bias) = fit(&learn, &truth);
    held.iter().map(|one| (dot(&weights, one) + bias) as f32).collect()
}

/// The whole picture as [`SIDE`]×[`SIDE`] grey values of 0 to 1, row by row.
pub fn of(scan: &Scan) -> Vec<f32> {
    let side = SIDE as u32;
    let small = imageops::resize(&imageops::grayscale(&*scan.to_rgb8()), side, side, FilterType::Triangle);
    small.iter().map(|v| f32::from(*v) / 255.0).collect()
}

/// Mean and 1/deviation of every feature.
fn scale(all: &[Vec<f64>]) -> Vec<(f64, f64)> {
    let count = all.len().max(1) as f64;
    (0..SIDE * SIDE)
        .map(|k| {
            let mean = all.iter().map(|one| one[k]).sum::<f64>() / count;
            let variance = all.iter().map(|one| (one[k] - mean).powi(2)).sum::<f64>() / count;
            (mean, 1.0 / variance.sqrt().max(1e-6))
        })
        .collect()
}

fn fit(features: &[Vec<f64>], truth: &[f64]) -> (Vec<f64>, f64) {
    let (mut weights, mut bias) = (vec![0.0; SIDE * SIDE], 0.0);
    let share = 1.0 / features.len().max(1) as f64;
    for _ in 0..STEPS {
        let (mut slope, mut lift) = (vec![0.0; SIDE * SIDE], 0.0);
        for (one, truth) in features.iter().zip(truth) {
            let wrong = 1.0 / (1.0 + (-dot(&weights, one) - bias).exp()) - truth;
            slope.iter_mut().zip(one).for_each(|(s, v)| *s += wrong * v * share);
            lift += wrong * share;
        }
        weights.iter_mut().zip(slope).for_each(|(w, s)| *w -= RATE / SIDE as f64 * s + DECAY * *w);
        bias -= RATE * lift;
    }
    (weights, bias)
}

fn dot(a: &[f64], b: &[f64]) -> f64 {
    a.iter().zip(b).map(|(a, b)| a * b).sum()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::statistics::auc;

    fn data(bright: f32) -> DataSet {
        let example = |i: usize| {
            let class = i % 3;
            let noise = |p: usize| ((p * 7 + i * 131) as f32 * 1.37).sin();
            let add = if class > 0 { bright } else { 0.0 };
            let thumbnail = (0..SIDE * SIDE).map(|p| noise(p) + add).collect();
            Example { class, thumbnail, ..Example::default() }
        };
        let examples = |from: usize| (from..from + 60).map(example).collect();
        let (learn, held) = (examples(0), examples(1000));
        DataSet { learn, held, input: [1, 1, 1], ..DataSet::default() }
    }

    fn measured(data: &DataSet) -> f64 {
        let ill: Vec<bool> = data.held.iter().map(|example| example.class > 0).collect();
        auc(&scores(data), &ill).unwrap()
    }

    #[test]
    fn a_brightness_cue_is_found_and_nothing_else_is() {
        assert!(measured(&data(1.0)) > 0.99);
        assert!(measured(&data(0.0)) < 0.75);
    }
}
