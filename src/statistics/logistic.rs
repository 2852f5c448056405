//! Logistic regression: the simplest model that can be learned from features, as a yardstick. By gradient descent, with a
//! little decay, on features of mean 0 and deviation 1.

use super::bootstrap::MayGoOn;

const STEPS: usize = 400;
const RATE: f64 = 0.3;
/// Keeps the weights small: L2, as a part of the weights at every step.
const DECAY: f64 = 1e-3;
/// Steps between two looks whether somebody still waits.
const LOOK_EVERY: usize = 25;
/// Sums side by side, so that a processor adds them at once.
const LANES: usize = 8;

/// What was learned.
#[derive(Debug, Clone, PartialEq)]
pub struct Logistic {
    /// Mean and 1/deviation of every feature.
    scale: Vec<(f64, f64)>,
    weights: Vec<f64>,
    bias: f64,
}

impl Logistic {
    /// Learns `truth` from `features`, one list of equal length a picture. `None` without pictures, where lists are not
    /// equally long, and once `may_go_on` says no.
    pub fn fit(features: &[&[f32]], truth: &[bool], may_go_on: &MayGoOn<'_>) -> Option<Self> {
        let count = features.first()?.len();
        if features.len() != truth.len() || features.iter().any(|one| one.len() != count) {
            return None;
        }
        let scale = scale(features, count);
        let scaled: Vec<f64> = features.iter().flat_map(|one| scaled(one, &scale)).collect();
        // Fewer pictures than features: the same steps on the pictures' products are shorter.
        let (weights, bias) = if truth.len() < 2 * count {
            let rows: Vec<&[f64]> = scaled.chunks_exact(count).collect();
            let products: Vec<f64> = rows.iter().flat_map(|a| rows.iter().map(|b| dot(a, b))).collect();
            let (parts, bias) = descend_by_pictures(&products, count, truth, may_go_on)?;
            let mut weights = vec![0.0; count];
            rows.iter().zip(&parts).for_each(|(row, part)| add(&mut weights, row, *part));
            (weights, bias)
        } else {
            descend(&scaled, count, truth, may_go_on)?
        };
        Some(Self { scale, weights, bias })
    }

    /// The logarithm of the odds, without the part that is the same for all: what scores of several models, each learned
    /// from other pictures, can be compared by.
    pub fn margin(&self, features: &[f32]) -> f64 {
        let scaled: Vec<f64> = scaled(features, &self.scale).collect();
        dot(&self.weights, &scaled)
    }

    /// The logarithm of the odds that it is there.
    pub fn score(&self, features: &[f32]) -> f64 {
        self.margin(features) + self.bias
    }
}

fn scaled<'a>(features: &'a [f32], scale: &'a [(f64, f64)]) -> impl Iterator<Item = f64> + 'a {
    features.iter().zip(scale).map(|(v, (mean, share))| (f64::from(*v) - mean) * share)
}

fn scale(all: &[&[f32]], count: usize) -> Vec<(f64, f64)> {
    let n = all.len().max(1) as f64;
    (0..count)
        .map(|k| {
            let mean = all.iter().map(|one| f64::from(one[k])).sum::<f64>() / n;
            let variance = all.iter().map(|one| (f64::from(one[k]) - mean).powi(2)).sum::<f64>() / n;
            (mean, 1.0 / variance.sqrt().max(1e-6))
        })
        .collect()
}

fn descend(features: &[f64], count: usize, truth: &[bool], may_go_on: &MayGoOn<'_>) -> Option<(Vec<f64>, f64)> {
    let (mut weights, mut bias) = (vec![0.0; count], 0.0);
    let share = 1.0 / truth.len().max(1) as f64;
    for step in 0..STEPS {
        if step % LOOK_EVERY == 0 && !may_go_on() {
            return None;
        }
        let (mut slope, mut lift) = (vec![0.0; count], 0.0);
        for (one, truth) in features.chunks_exact(count.max(1)).zip(truth) {
            let wrong = share * wrong(dot(&weights, one) + bias, *truth);
            add(&mut slope, one, wrong);
            lift += wrong;
        }
        let rate = rate(count);
        weights.iter_mut().zip(slope).for_each(|(w, s)| *w -= rate * s + DECAY * *w);
        bias -= RATE * lift;
    }
    Some((weights, bias))
}

/// The steps of [`descend`] for weights written as a sum of pictures, each times its part: `products` are those of each
/// picture with each.
fn descend_by_pictures(
    products: &[f64],
    count: usize,
    truth: &[bool],
    may_go_on: &MayGoOn<'_>,
) -> Option<(Vec<f64>, f64)> {
    let (mut parts, mut bias) = (vec![0.0; truth.len()], 0.0);
    let share = 1.0 / truth.len().max(1) as f64;
    for step in 0..STEPS {
        if step % LOOK_EVERY == 0 && !may_go_on() {
            return None;
        }
        let off = |(row, truth): (&[f64], &bool)| share * wrong(dot(&parts, row) + bias, *truth);
        let wrong: Vec<f64> = products.chunks_exact(truth.len().max(1)).zip(truth).map(off).collect();
        parts.iter_mut().zip(&wrong).for_each(|(part, wrong)| *part -= rate(count) * wrong + DECAY * *part);
        bias -= RATE * wrong.iter().sum::<f64>();
    }
    Some((parts, bias))
}

/// Many features push together; with 16×16 of them this is the rate of the recorded thumbnails.
fn rate(count: usize) -> f64 {
    RATE / (count.max(1) as f64).sqrt()
}

/// How far the probability at these log odds is off.
fn wrong(log_odds: f64, truth: bool) -> f64 {
    1.0 / (1.0 + (-log_odds).exp()) - f64::from(u8::from(truth))
}

fn add(to: &mut [f64], what: &[f64], times: f64) {
    to.iter_mut().zip(what).for_each(|(to, v)| *to += times * v);
}

fn dot(a: &[f64], b: &[f64]) -> f64 {
    let (a, rest_a) = a.as_chunks::<LANES>();
    let (b, rest_b) = b.as_chunks::<LANES>();
    let mut sums = [0.0; LANES];
    for (a, b) in a.iter().zip(b) {
        sums.iter_mut().zip(a.iter().zip(b)).for_each(|(sum, (a, b))| *sum += a * b);
    }
    sums.iter().sum::<f64>() + rest_a.iter().zip(rest_b).map(|(a, b)| a * b).sum::<f64>()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fit(features: &[Vec<f32>], truth: &[bool]) -> Option<Logistic> {
        Logistic::fit(&features.iter().map(Vec::as_slice).collect::<Vec<_>>(), truth, &|| true)
    }

    #[test]
    fn a_feature_that_tells_is_found_whatever_its_scale() {
        for (offset, scale) in [(0.0, 1.0), (1000.0, 0.01), (-3.0, 500.0)] {
            let truth: Vec<bool> = (0..40).map(|i| i % 3 == 0).collect();
            let noise = |i: usize| (i as f32 * 1.7).sin();
            let of = |i: usize| vec![offset + scale * (f32::from(u8::from(truth[i])) + 0.2 * noise(i)), noise(i + 100)];
            let features: Vec<Vec<f32>> = (0..40).map(of).collect();
            let found = fit(&features, &truth).unwrap();
            assert!(features.iter().zip(&truth).all(|(one, truth)| (found.score(one) > 0.0) == *truth), "{scale}");
        }
    }

    /// Without features that vary all that is left are the odds: 1 of 4 is ln(1/3).
    #[test]
    fn constant_features_leave_the_odds() {
        let found = fit(&vec![vec![5.0; 3]; 8], &[true, false, false, false, true, false, false, false]).unwrap();
        assert!((found.score(&[5.0; 3]) - (1.0_f64 / 3.0).ln()).abs() < 0.01, "{found:?}");
        assert!(found.margin(&[5.0; 3]).abs() < 1e-9);
    }

    #[test]
    fn what_cannot_be_learned_from_is_refused() {
        assert_eq!(fit(&[], &[]), None);
        assert_eq!(fit(&[vec![1.0], vec![1.0, 2.0]], &[true, false]), None);
        assert_eq!(Logistic::fit(&[&[1.0], &[2.0]], &[true, false], &|| false), None);
    }

    /// 30 pictures of 20 features go one way, and doubled, which changes no mean, the other.
    #[test]
    fn both_ways_down_end_at_the_same_place() {
        let of = |i: usize| (0..20).map(|k| ((i * 31 + k * 17) as f32 * 0.7).sin()).collect::<Vec<f32>>();
        let (features, truth): (Vec<_>, Vec<bool>) = (0..30).map(|i| (of(i), i % 3 == 0)).unzip();
        let by_pictures = fit(&features, &truth).unwrap();
        let by_features =
            fit(&[features.clone(), features.clone()].concat(), &[truth.clone(), truth].concat()).unwrap();
        for one in &features {
            assert!((by_pictures.score(one) - by_features.score(one)).abs() < 1e-9);
        }
    }

    #[test]
    fn sums_in_lanes_are_sums() {
        let of = |k: usize| (0..19).map(|i| (i * k) as f64).collect::<Vec<f64>>();
        assert_eq!(dot(&of(1), &of(2)), (0..19).map(|i| 2.0 * f64::from(i * i)).sum::<f64>());
    }
}
