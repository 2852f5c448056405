//! From scores to probabilities and a decision, as the model card says.

use crate::bundle::card::{Activation, Decision, Output};

/// What the network says of a picture.
#[derive(Debug, Clone, PartialEq)]
pub struct Verdict {
    /// One per class; sums to 1 under softmax.
    pub probabilities: Vec<f32>,
    /// Index of the decided class.
    pub decided: usize,
}

impl Verdict {
    /// Applies the card's `output` rules to `scores`, one per class.
    pub fn from_scores(scores: &[f32], output: &Output) -> Self {
        let probabilities = match output.activation {
            Activation::Softmax => softmax(scores),
            Activation::Sigmoid => scores.iter().map(|s| 1.0 / (1.0 + (-s).exp())).collect(),
        };
        let decided = match output.decision {
            Decision::MostProbable => most_probable(&probabilities, |_| true).unwrap_or(0),
            Decision::Median => median(&probabilities),
        };
        Self { probabilities, decided }
    }

    /// The most probable class besides the decided one.
    pub fn runner_up(&self) -> Option<usize> {
        most_probable(&self.probabilities, |class| class != self.decided)
    }
}

fn softmax(scores: &[f32]) -> Vec<f32> {
    let highest = scores.iter().copied().fold(f32::NEG_INFINITY, f32::max);
    let powers: Vec<f32> = scores.iter().map(|s| (s - highest).exp()).collect();
    let sum: f32 = powers.iter().sum();
    powers.into_iter().map(|p| p / sum).collect()
}

fn most_probable(probabilities: &[f32], wanted: impl Fn(usize) -> bool) -> Option<usize> {
    (0..probabilities.len())
        .filter(|c| wanted(*c))
        .reduce(|best, c| if probabilities[c] > probabilities[best] { c } else { best })
}

fn median(probabilities: &[f32]) -> usize {
    let mut sum = 0.0;
    let reached = probabilities.iter().position(|p| {
        sum += p;
        sum >= 0.5
    });
    reached.unwrap_or(probabilities.len() - 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn output(decision: Decision) -> Output {
        Output { activation: Activation::Softmax, decision }
    }

    #[test]
    fn the_two_decisions_differ_where_the_mode_is_not_the_middle() {
        let scores = [0.40f32, 0.05, 0.30, 0.20, 0.05].map(f32::ln);
        assert_eq!(Verdict::from_scores(&scores, &output(Decision::MostProbable)).decided, 0);
        let median = Verdict::from_scores(&scores, &output(Decision::Median));
        assert_eq!(median.decided, 2);
        assert_eq!(median.runner_up(), Some(0));
        assert!((median.probabilities.iter().sum::<f32>() - 1.0).abs() < 1e-6);
    }

    #[test]
    fn large_scores_do_not_overflow() {
        let verdict = Verdict::from_scores(&[1000.0, 0.0], &output(Decision::MostProbable));
        assert_eq!(verdict.probabilities, [1.0, 0.0]);
    }
}
