//! Figures of merit from answers and truths. Plain numbers; must not know models or pictures.

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
}
