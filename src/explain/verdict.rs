//! From scores to probabilities and a decision, as the model card says.

use super::class_set::class_set;
use crate::bundle::Calibration;
use crate::bundle::card::{Decision, Output, OutputActivation};

/// What the network says of a picture.
#[derive(Debug, Clone, PartialEq)]
pub struct Verdict {
    /// One per class; sums to 1 under softmax.
    pub probabilities: Vec<f32>,
    /// Index of the decided class; among findings the one that is furthest above its operating point, or least below.
    pub decided: usize,
    /// For models whose classes are findings of their own: those from their operating points on, the clearest first.
    pub findings: Option<Vec<usize>>,
    /// Of a calibrated model: the answers that together keep its promise, ascending.
    pub class_set: Option<Vec<usize>>,
}

impl Verdict {
    /// Applies the card's `output` rules to `scores`, one per class.
    pub fn from_scores(scores: &[f32], output: &Output) -> Self {
        let probabilities = match output.activation {
            OutputActivation::Softmax => softmax(scores),
            OutputActivation::Sigmoid => scores.iter().map(|s| 1.0 / (1.0 + (-s).exp())).collect(),
        };
        let mut findings = None;
        let decided = match output.decision {
            Decision::MostProbable => most_probable(&probabilities, |_| true).unwrap_or(0),
            Decision::Median => median(&probabilities),
            Decision::Threshold => {
                let point = output.operating_points.first().copied().unwrap_or(0.5);
                let others = probabilities.iter().skip(1).sum::<f32>();
                let ill = if others >= point { most_probable(&probabilities, |class| class != 0) } else { None };
                ill.unwrap_or(0)
            }
            Decision::EachFinding => {
                let ranked = ranked(scores, &output.operating_points);
                let there = |c: &usize| probabilities[*c] >= output.operating_points[*c];
                findings = Some(ranked.iter().copied().filter(there).collect());
                ranked[0]
            }
        };
        Self { probabilities, decided, findings, class_set: None }
    }

    /// The same with the set of answers that `calibration` allows; the decided class always belongs to it.
    pub fn calibrated(self, output: &Output, calibration: Option<&Calibration>) -> Self {
        let class_set = calibration.filter(|_| self.findings.is_none()).map(|calibration| {
            let mut set = class_set(&self.probabilities, output.ordered, calibration.threshold);
            if let Err(place) = set.binary_search(&self.decided) {
                set.insert(place, self.decided);
            }
            set
        });
        Self { class_set, ..self }
    }

    /// The names of the set, "2 Moderate or 3 Severe", where there is more than one answer in it.
    pub fn said_as_set(&self, name: impl Fn(usize) -> String) -> Option<String> {
        let set = self.class_set.as_ref().filter(|set| set.len() > 1)?;
        let (last, first) = set.split_last()?;
        let names: Vec<String> = first.iter().map(|class| name(*class)).collect();
        Some(format!("{} or {}", names.join(", "), name(*last)))
    }

    /// The most probable class.
    pub fn mode(&self) -> usize {
        most_probable(&self.probabilities, |_| true).unwrap_or(self.decided)
    }

    /// The most probable class besides the decided one.
    pub fn runner_up(&self) -> Option<usize> {
        most_probable(&self.probabilities, |class| class != self.decided)
    }
}

/// All findings by how far the score lies above its operating point, in logits, in which distances are comparable.
fn ranked(scores: &[f32], points: &[f32]) -> Vec<usize> {
    let above = |c: &usize| scores[*c] - (points[*c] / (1.0 - points[*c]).max(f32::MIN_POSITIVE)).ln();
    let mut ranked: Vec<usize> = (0..scores.len()).collect();
    ranked.sort_by(|a, b| above(b).total_cmp(&above(a)));
    ranked
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
        Output {
            activation: OutputActivation::Softmax,
            decision,
            operating_points: Vec::new(),
            ordered: false,
            questions: Vec::new(),
        }
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
    fn a_calibrated_model_answers_with_a_set_that_holds_the_decided_class() {
        let calibration = Calibration {
            model: "m".to_owned(),
            sha256: String::new(),
            coverage: 0.9,
            threshold: 0.45,
            pictures: 100,
            patients: None,
            measured_coverage: [0.8, 0.9, 1.0],
            mean_size: 2.0,
        };
        let scores = [0.40f32, 0.05, 0.30, 0.20, 0.05].map(f32::ln);
        let ordered = Output { ordered: true, ..output(Decision::Median) };
        let verdict = Verdict::from_scores(&scores, &ordered).calibrated(&ordered, Some(&calibration));
        assert_eq!(verdict.class_set.as_deref(), Some(&[0, 1, 2][..]), "2 costs 0.45");
        assert_eq!(verdict.said_as_set(|c| c.to_string()).as_deref(), Some("0, 1 or 2"));
        let sure = Calibration { threshold: 0.0, ..calibration };
        let verdict = verdict.calibrated(&ordered, Some(&sure));
        assert_eq!(verdict.class_set.as_deref(), Some(&[0, 2][..]), "the median is decided, the mode costs nothing");
        let verdict = verdict.calibrated(&ordered, None);
        assert_eq!((verdict.said_as_set(|c| c.to_string()), verdict.class_set), (None, None));
    }

    #[test]
    fn large_scores_do_not_overflow() {
        let verdict = Verdict::from_scores(&[1000.0, 0.0], &output(Decision::MostProbable));
        assert_eq!(verdict.probabilities, [1.0, 0.0]);
    }

    #[test]
    fn health_is_decided_until_the_others_together_reach_the_operating_point() {
        let scores = [0.45f32, 0.30, 0.25].map(f32::ln);
        let with = |point: f32| Output { operating_points: vec![point], ..output(Decision::Threshold) };
        assert_eq!(Verdict::from_scores(&scores, &with(0.5)).decided, 1);
        assert_eq!(Verdict::from_scores(&scores, &with(0.6)).decided, 0);
    }

    #[test]
    fn findings_stand_by_their_own_operating_points() {
        let output = Output {
            activation: OutputActivation::Sigmoid,
            decision: Decision::EachFinding,
            operating_points: vec![0.9, 0.1, 0.5],
            ordered: false,
            questions: Vec::new(),
        };
        // Probabilities 0.73, 0.27 and 0.12: the second alone reaches its point.
        let verdict = Verdict::from_scores(&[1.0, -1.0, -2.0], &output);
        assert_eq!((verdict.findings.as_deref(), verdict.decided), (Some(&[1][..]), 1));
        let none = Verdict::from_scores(&[1.0, -3.0, -2.0], &output);
        assert_eq!((none.findings.as_deref(), none.decided), (Some(&[][..]), 1), "3.0 − ln 9 is least below");
    }
}
