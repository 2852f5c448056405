//! Figures of merit from answers and truths. Plain numbers; must not know models or pictures.

use std::collections::BTreeMap;

use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;

/// How often an interval draws its pictures anew.
const DRAWS: usize = 1000;

/// The part of the answers that is right; 0 of none.
pub fn accuracy(answers: &[usize], truths: &[usize]) -> f64 {
    let right = answers.iter().zip(truths).filter(|(a, t)| a == t).count();
    right as f64 / truths.len().max(1) as f64
}

/// The accuracy of always answering the most frequent class.
pub fn majority(truths: &[usize]) -> f64 {
    let classes = truths.iter().max().map_or(0, |most| most + 1);
    let largest = (0..classes).map(|c| truths.iter().filter(|t| **t == c).count()).max().unwrap_or(0);
    largest as f64 / truths.len().max(1) as f64
}

/// The area under the ROC curve: how often a positive scores above a negative, ties counting half. `None` without
/// both kinds.
pub fn auc(scores: &[f32], positive: &[bool]) -> Option<f64> {
    let of = |kind: bool| scores.iter().zip(positive).filter(move |(_, p)| **p == kind).map(|(s, _)| *s);
    let pairs = of(true).count() * of(false).count();
    let won: f64 = of(true)
        .flat_map(|p| {
            of(false).map(move |n| {
                if p > n {
                    1.0
                } else if p == n {
                    0.5
                } else {
                    0.0
                }
            })
        })
        .sum();
    (pairs > 0).then(|| won / pairs as f64)
}

/// Cohen's kappa with quadratic weights: 1 for full agreement, 0 for that of chance. `None` where neither the answers
/// nor the truths vary.
pub fn quadratic_weighted_kappa(answers: &[usize], truths: &[usize]) -> Option<f64> {
    let distance = |a: usize, t: usize| (a as f64 - t as f64).powi(2);
    let found: f64 = answers.iter().zip(truths).map(|(a, t)| distance(*a, *t)).sum();
    let by_chance: f64 = answers.iter().flat_map(|a| truths.iter().map(|t| distance(*a, *t))).sum();
    (by_chance > 0.0).then(|| 1.0 - found * truths.len() as f64 / by_chance)
}

/// The 95 % interval of a figure by resampling whole groups, as the pictures of one patient are (percentile bootstrap,
/// Efron 1979). `figure` is given the indices of the drawn. `None` where there are not two groups, or where the figure
/// cannot be told in most of the draws.
pub fn interval(groups: &[usize], figure: impl Fn(&[usize]) -> Option<f64>) -> Option<[f64; 2]> {
    let mut members: BTreeMap<usize, Vec<usize>> = BTreeMap::new();
    groups.iter().enumerate().for_each(|(index, group)| members.entry(*group).or_default().push(index));
    let members: Vec<Vec<usize>> = members.into_values().collect();
    if members.len() < 2 {
        return None;
    }
    let mut rng = ChaCha8Rng::seed_from_u64(0);
    let mut draw = || {
        let drawn = (0..members.len()).flat_map(|_| &members[rng.random_range(0..members.len())]);
        figure(&drawn.copied().collect::<Vec<_>>())
    };
    let mut found: Vec<f64> = (0..DRAWS).filter_map(|_| draw()).collect();
    found.sort_by(f64::total_cmp);
    let at = |fraction: f64| found[((found.len() - 1) as f64 * fraction).round() as usize];
    (found.len() > DRAWS / 2).then(|| [at(0.025), at(0.975)])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn accuracy_and_its_baseline() {
        assert_eq!(accuracy(&[0, 1, 2, 2], &[0, 1, 1, 2]), 0.75);
        assert_eq!(majority(&[0, 1, 1, 2]), 0.5);
        assert_eq!(majority(&[]), 0.0);
    }

    #[test]
    fn auc_counts_pairs() {
        let positive = [true, true, false, false];
        assert_eq!(auc(&[0.9, 0.8, 0.2, 0.1], &positive), Some(1.0));
        assert_eq!(auc(&[0.1, 0.2, 0.8, 0.9], &positive), Some(0.0));
        assert_eq!(auc(&[0.9, 0.3, 0.5, 0.1], &positive), Some(0.75));
        assert_eq!(auc(&[0.5; 4], &positive), Some(0.5));
        assert_eq!(auc(&[0.5], &[true]), None);
    }

    /// The value is scikit-learn's `cohen_kappa_score(weights="quadratic")`, worked out by hand: the squared distances
    /// add up to 2 as they stand and to 8 by chance.
    #[test]
    fn kappa_is_cohens_with_quadratic_weights() {
        let (answers, truths) = ([0, 1, 2, 2, 0], [0, 2, 2, 1, 0]);
        let kappa = quadratic_weighted_kappa(&answers, &truths).unwrap();
        assert!((kappa - (1.0 - 2.0 * 5.0 / 40.0)).abs() < 1e-12, "{kappa}");
        assert_eq!(quadratic_weighted_kappa(&truths, &truths), Some(1.0));
        assert_eq!(quadratic_weighted_kappa(&[1, 1], &[1, 1]), None);
        assert!(quadratic_weighted_kappa(&[4, 0], &[0, 4]).unwrap() < 0.0);
    }

    /// A share of 0.3 among 400 has a standard error of 0.0229; of 100 groups of four alike it is twice that.
    #[test]
    fn an_interval_is_wider_where_groups_are_alike() {
        let right: Vec<bool> = (0..400).map(|i| i / 4 % 10 < 3).collect();
        let share = |chosen: &[usize]| Some(chosen.iter().filter(|i| right[**i]).count() as f64 / chosen.len() as f64);
        let width = |groups: Vec<usize>| interval(&groups, share).map(|[low, high]| high - low).unwrap();
        let apart = width((0..400).collect());
        let alike = width((0..400).map(|i| i / 4).collect());
        assert!((apart - 4.0 * 0.0229).abs() < 0.015, "{apart}");
        assert!((alike / apart - 2.0).abs() < 0.3, "{alike}");
        assert_eq!(interval(&[1, 1, 1], |_| Some(1.0)), None);
        assert_eq!(interval(&[1, 2, 3], |_| None), None);
    }
}
