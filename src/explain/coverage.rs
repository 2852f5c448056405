//! How well conformal sets keep their promise, measured on labelled pictures. Plain numbers; must not know models.

use rand::SeedableRng;
use rand::seq::SliceRandom;
use rand_chacha::ChaCha8Rng;

use super::class_set::{class_set, costs, threshold};

/// What a model says of a picture whose true class is known.
#[derive(Debug, Clone, PartialEq)]
pub struct Graded {
    /// One per class.
    pub probabilities: Vec<f32>,
    /// Index into the model's classes.
    pub truth: usize,
    /// Pictures of one patient have one number: they are never torn apart.
    pub patient: usize,
}

/// A threshold, and what it is worth.
#[derive(Debug, Clone, PartialEq)]
pub struct Promise {
    /// From all pictures.
    pub threshold: f64,
    /// The share of left-out pictures whose set holds the truth: 2.5th, 50th and 97.5th percentile of the resamplings.
    pub coverage: [f64; 3],
    /// The mean number of classes in the sets of left-out pictures.
    pub mean_size: f64,
}

/// The threshold for `coverage` from all of `graded`; and `resamplings` times one from half of the patients, measured on
/// the other half. `None` where there are not two patients.
pub fn promise(graded: &[Graded], ordered: bool, coverage: f64, resamplings: usize) -> Option<Promise> {
    let true_cost = |picture: &Graded| costs(&picture.probabilities, ordered)[picture.truth];
    let all: Vec<f64> = graded.iter().map(true_cost).collect();
    let mut patients: Vec<usize> = graded.iter().map(|picture| picture.patient).collect();
    patients.sort_unstable();
    patients.dedup();
    if patients.len() < 2 || resamplings == 0 {
        return None;
    }
    let mut rng = ChaCha8Rng::seed_from_u64(0);
    let (mut found, mut sizes) = (Vec::with_capacity(resamplings), 0.0);
    for _ in 0..resamplings {
        patients.shuffle(&mut rng);
        let mut known = patients[..patients.len() / 2].to_vec();
        known.sort_unstable();
        let is_known = |picture: &Graded| known.binary_search(&picture.patient).is_ok();
        let pairs = || graded.iter().zip(&all);
        let learned: Vec<f64> = pairs().filter(|(p, _)| is_known(p)).map(|(_, cost)| *cost).collect();
        let threshold = threshold(&learned, coverage);
        let held: Vec<_> = pairs().filter(|(p, _)| !is_known(p)).collect();
        let size = |p: &Graded| class_set(&p.probabilities, ordered, threshold).len() as f64;
        sizes += held.iter().map(|(p, _)| size(p)).sum::<f64>() / held.len() as f64;
        found.push(held.iter().filter(|(_, cost)| **cost <= threshold).count() as f64 / held.len() as f64);
    }
    found.sort_by(f64::total_cmp);
    let percentile = |fraction: f64| found[((found.len() - 1) as f64 * fraction).round() as usize];
    Some(Promise {
        threshold: threshold(&all, coverage),
        coverage: [0.025, 0.5, 0.975].map(percentile),
        mean_size: sizes / resamplings as f64,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn picture(patient: usize, truth: usize) -> Graded {
        Graded { probabilities: vec![0.6, 0.3, 0.1], truth, patient }
    }

    #[test]
    fn a_model_that_is_always_right_needs_one_class() {
        let graded: Vec<Graded> = (0..40).map(|i| picture(i, 0)).collect();
        let found = promise(&graded, true, 0.9, 50).unwrap();
        assert_eq!(found, Promise { threshold: 0.0, coverage: [1.0; 3], mean_size: 1.0 });
    }

    #[test]
    fn one_that_errs_every_fourth_time_needs_two() {
        let graded: Vec<Graded> = (0..80).map(|i| picture(i / 2, usize::from(i % 4 == 3))).collect();
        let found = promise(&graded, true, 0.9, 50).unwrap();
        assert!((found.threshold - 0.6).abs() < 1e-6, "{found:?}");
        assert_eq!((found.coverage, found.mean_size), ([1.0; 3], 2.0));
    }

    #[test]
    fn pictures_of_one_patient_promise_nothing() {
        assert_eq!(promise(&[picture(7, 0), picture(7, 1)], true, 0.9, 50), None);
    }
}
