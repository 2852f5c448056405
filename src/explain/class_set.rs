//! Conformal sets of classes: instead of one answer those answers that together keep a promise, as in "2 or 3".
//!
//! Split conformal prediction (Vovk, Gammerman, Shafer 2005; adaptive sets of Romano, Sesia, Candès 2020, grown to
//! neighbours where classes are ordered as in Lu, Angelopoulos, Pomerantz 2022). What a class costs is the probability
//! that is gathered before it is reached, so that the most probable class costs nothing and is always in the set.

/// What it costs to reach each class, 0 to 1, from the probabilities of all. With `ordered` a set grows from the most
/// probable class to the more probable of its two neighbours, so that it has no gaps; else in the order of probability.
pub fn costs(probabilities: &[f32], ordered: bool) -> Vec<f64> {
    let mut costs = vec![0.0; probabilities.len()];
    let mut gathered = 0.0;
    for class in order(probabilities, ordered) {
        costs[class] = gathered;
        gathered += f64::from(probabilities[class]);
    }
    costs
}

/// The classes that cost at most `threshold`, ascending; never empty where there are classes.
pub fn class_set(probabilities: &[f32], ordered: bool, threshold: f64) -> Vec<usize> {
    let costs = costs(probabilities, ordered);
    (0..costs.len()).filter(|class| costs[*class] <= threshold).collect()
}

/// The threshold at which sets hold the truth with a chance of at least `coverage`, from what the true classes of
/// labelled pictures cost: the ⌈(n + 1)·coverage⌉-th smallest. 1 (all classes) where there are too few of them.
pub fn threshold(true_costs: &[f64], coverage: f64) -> f64 {
    let rank = ((true_costs.len() + 1) as f64 * coverage).ceil() as usize;
    let mut sorted = true_costs.to_vec();
    sorted.sort_by(f64::total_cmp);
    sorted.get(rank.max(1) - 1).copied().unwrap_or(1.0)
}

/// All classes in the order in which a set takes them in.
fn order(probabilities: &[f32], ordered: bool) -> Vec<usize> {
    let mut ranked: Vec<usize> = (0..probabilities.len()).collect();
    ranked.sort_by(|a, b| probabilities[*b].total_cmp(&probabilities[*a]));
    let Some(&mode) = ranked.first().filter(|_| ordered) else { return ranked };
    let (mut below, mut above) = ((0..mode).rev().peekable(), (mode + 1..probabilities.len()).peekable());
    let mut order = vec![mode];
    loop {
        let next = match (below.peek(), above.peek()) {
            (Some(b), Some(a)) if probabilities[*a] > probabilities[*b] => above.next(),
            (Some(_), _) => below.next(),
            (None, _) => above.next(),
        };
        match next {
            Some(class) => order.push(class),
            None => return order,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SOME: [f32; 5] = [0.05, 0.25, 0.40, 0.10, 0.20];

    #[test]
    fn ordered_sets_have_no_gaps_and_begin_at_the_mode() {
        assert_eq!(class_set(&SOME, true, 0.0), [2]);
        assert_eq!(class_set(&SOME, true, 0.5), [1, 2]);
        assert_eq!(class_set(&SOME, true, 0.7), [1, 2, 3]);
        assert_eq!(class_set(&SOME, true, 1.0), [0, 1, 2, 3, 4]);
        assert_eq!(class_set(&SOME, false, 0.7), [1, 2, 4], "by probability, 4 comes before 3");
    }

    #[test]
    fn the_threshold_is_the_conformal_quantile() {
        let costs: Vec<f64> = (1..=9).map(|i| f64::from(i) / 10.0).collect();
        assert_eq!(threshold(&costs, 0.9), 0.9);
        assert_eq!(threshold(&costs, 0.8), 0.8);
        assert_eq!(threshold(&costs, 0.95), 1.0, "nine pictures cannot promise 95 %");
        assert_eq!(threshold(&[], 0.9), 1.0);
    }

    /// Truths drawn from the probabilities themselves, and from others than the model believes: the promise holds for
    /// both, since it leans on the labelled pictures alone.
    #[test]
    fn sets_hold_the_truth_as_often_as_promised_even_of_a_model_that_errs() {
        use rand::{RngExt, SeedableRng};
        let mut rng = rand_chacha::ChaCha8Rng::seed_from_u64(1);
        for sharpness in [1.0f32, 3.0] {
            let mut picture = || {
                let scores: Vec<f32> = (0..5).map(|_| rng.random_range(-2.0..2.0)).collect();
                let sum: f32 = scores.iter().map(|s: &f32| s.exp()).sum();
                let mut left: f32 = rng.random_range(0.0..1.0);
                let truth = scores.iter().position(|s| {
                    left -= s.exp() / sum;
                    left <= 0.0
                });
                let powers: Vec<f32> = scores.iter().map(|s| (s * sharpness).exp()).collect();
                let all: f32 = powers.iter().sum();
                (powers.iter().map(|p| p / all).collect::<Vec<f32>>(), truth.unwrap_or(4))
            };
            let known: Vec<f64> = (0..500).map(|_| picture()).map(|(p, truth)| costs(&p, true)[truth]).collect();
            let threshold = threshold(&known, 0.9);
            let held = (0..2000).map(|_| picture()).filter(|(p, truth)| class_set(p, true, threshold).contains(truth));
            let coverage = held.count() as f64 / 2000.0;
            assert!((0.87..0.99).contains(&coverage), "{coverage} at sharpness {sharpness}");
        }
    }
}
