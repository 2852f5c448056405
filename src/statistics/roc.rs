//! How well scores tell yes from no: the ROC curve, the area under it, and what one threshold brings.

use serde::Serialize;

/// Scores of pictures of which the truth is known, sorted once: draws of them are counted, not sorted again.
#[derive(Debug, Clone, Default)]
pub struct Ranked {
    /// The highest score first.
    scored: Vec<Scored>,
}

#[derive(Debug, Clone, Copy)]
struct Scored {
    /// Its number among all pictures, by which weights are looked up.
    picture: usize,
    score: f32,
    is_positive: bool,
}

/// A corner of the ROC curve: what comes of calling all positive that score at least so much.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct RocPoint {
    /// `None` for the corner where nothing is called positive.
    pub threshold: Option<f32>,
    /// 1 − specificity.
    pub false_positive_rate: f64,
    pub sensitivity: f64,
}

impl Ranked {
    /// Of each picture its number, its score, and whether it is positive.
    pub fn of(pictures: impl IntoIterator<Item = (usize, f32, bool)>) -> Self {
        let one = |(picture, score, is_positive)| Scored { picture, score, is_positive };
        let mut scored: Vec<Scored> = pictures.into_iter().map(one).collect();
        scored.sort_by(|a, b| b.score.total_cmp(&a.score));
        Self { scored }
    }

    /// Positives and negatives of each run of equal scores, the highest first.
    fn runs(&self, weight: impl Fn(usize) -> u64) -> impl Iterator<Item = (f32, u64, u64)> {
        self.scored.chunk_by(|a, b| a.score == b.score).map(move |run| {
            let of = |kind: bool| run.iter().filter(|s| s.is_positive == kind).map(|s| weight(s.picture)).sum();
            (run[0].score, of(true), of(false))
        })
    }

    /// The area under the ROC curve: how often a positive scores above a negative, ties counting half (the statistic of
    /// Mann and Whitney). `weights` says how often each picture was drawn. `None` without both kinds.
    pub fn auc(&self, weights: &[u32]) -> Option<f64> {
        let weight = |picture: usize| weights.get(picture).copied().unwrap_or(0).into();
        auc_of(self.runs(weight))
    }

    /// The area under the ROC curve of all, each once.
    pub fn auc_of_all(&self) -> Option<f64> {
        auc_of(self.runs(|_| 1))
    }

    /// From (0, 0) to (1, 1), without points that lie on a straight line between others. Empty without both kinds.
    pub fn curve(&self) -> Vec<RocPoint> {
        let of = |kind: bool| self.scored.iter().filter(|s| s.is_positive == kind).count() as u64;
        let (positives, negatives) = (of(true), of(false));
        if positives == 0 || negatives == 0 {
            return Vec::new();
        }
        let mut corners: Vec<(Option<f32>, u64, u64)> = vec![(None, 0, 0)];
        for (score, found, falsely) in self.runs(|_| 1) {
            let (_, x, y) = corners.last().copied().unwrap_or_default();
            let here = (x + falsely, y + found);
            if let [.., (_, before_x, before_y), _] = corners[..]
                && (x - before_x) * (here.1 - y) == (here.0 - x) * (y - before_y)
            {
                corners.pop();
            }
            corners.push((Some(score), here.0, here.1));
        }
        let point = |(threshold, x, y)| RocPoint {
            threshold,
            false_positive_rate: x as f64 / negatives as f64,
            sensitivity: y as f64 / positives as f64,
        };
        corners.into_iter().map(point).collect()
    }
}

fn auc_of(runs: impl Iterator<Item = (f32, u64, u64)>) -> Option<f64> {
    // Twice the pairs won, so that half a pair is a whole number.
    let (mut above, mut below, mut won_twice) = (0_u64, 0_u64, 0_u128);
    for (_, positives, negatives) in runs {
        won_twice += u128::from(negatives) * u128::from(2 * above + positives);
        above += positives;
        below += negatives;
    }
    (above > 0 && below > 0).then(|| won_twice as f64 / (2.0 * above as f64 * below as f64))
}

/// The area under the ROC curve of `scores`; see [`Ranked::auc`].
pub fn auc(scores: &[f32], positive: &[bool]) -> Option<f64> {
    Ranked::of(scores.iter().zip(positive).enumerate().map(|(at, (score, is))| (at, *score, *is))).auc_of_all()
}

/// How answers of yes and no go with the truth.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
pub struct Detection {
    pub true_positives: u64,
    pub false_negatives: u64,
    pub false_positives: u64,
    pub true_negatives: u64,
}

impl Detection {
    /// Of truth, answer, and how often both are counted.
    pub fn of(answers: impl IntoIterator<Item = (bool, bool, u32)>) -> Self {
        let mut all = Self::default();
        for (truth, answer, weight) in answers {
            let place = match (truth, answer) {
                (true, true) => &mut all.true_positives,
                (true, false) => &mut all.false_negatives,
                (false, true) => &mut all.false_positives,
                (false, false) => &mut all.true_negatives,
            };
            *place += u64::from(weight);
        }
        all
    }

    /// The part of the positives that is called so.
    pub fn sensitivity(&self) -> Option<f64> {
        part(self.true_positives, self.false_negatives)
    }

    /// The part of the negatives that is called so.
    pub fn specificity(&self) -> Option<f64> {
        part(self.true_negatives, self.false_positives)
    }

    /// The part of those called positive that is: the positive predictive value at the prevalence of these pictures.
    pub fn ppv(&self) -> Option<f64> {
        part(self.true_positives, self.false_positives)
    }

    /// The part of those called negative that is.
    pub fn npv(&self) -> Option<f64> {
        part(self.true_negatives, self.false_negatives)
    }
}

fn part(these: u64, others: u64) -> Option<f64> {
    (these + others > 0).then(|| these as f64 / (these + others) as f64)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn auc_counts_pairs_and_halves_ties() {
        let positive = [true, true, false, false];
        assert_eq!(auc(&[0.9, 0.8, 0.2, 0.1], &positive), Some(1.0));
        assert_eq!(auc(&[0.1, 0.2, 0.8, 0.9], &positive), Some(0.0));
        assert_eq!(auc(&[0.9, 0.3, 0.5, 0.1], &positive), Some(0.75));
        assert_eq!(auc(&[0.5; 4], &positive), Some(0.5));
        // Pairs: 0.9 wins both, 0.5 ties one and wins one.
        assert_eq!(auc(&[0.9, 0.5, 0.5, 0.1], &positive), Some(3.5 / 4.0));
        assert_eq!(auc(&[0.5], &[true]), None);
        assert_eq!(auc(&[], &[]), None);
    }

    /// What a weight of two means: the picture is there twice.
    #[test]
    fn weights_are_pictures_drawn_several_times() {
        let ranked = Ranked::of([(0, 0.9, true), (1, 0.5, true), (2, 0.5, false), (3, 0.7, false)]);
        let drawn = auc(&[0.9, 0.5, 0.5, 0.5, 0.7], &[true, true, true, false, false]);
        assert_eq!(ranked.auc(&[1, 2, 1, 1]), drawn);
        assert_eq!(ranked.auc(&[1, 1, 0, 0]), None, "no negative was drawn");
        assert_eq!(ranked.auc(&[1, 1, 1, 1]), ranked.auc_of_all());
    }

    #[test]
    fn a_curve_has_its_corners_alone() {
        let truth = [true, true, false, true, false, false];
        let scores = [0.9, 0.8, 0.7, 0.6, 0.5, 0.4];
        let ranked = Ranked::of((0..6).map(|at| (at, scores[at], truth[at])));
        let corners: Vec<(Option<f32>, f64, f64)> =
            ranked.curve().iter().map(|p| (p.threshold, p.false_positive_rate, p.sensitivity)).collect();
        let third = 1.0 / 3.0;
        assert_eq!(
            corners,
            [
                (None, 0.0, 0.0),
                (Some(0.8), 0.0, 2.0 * third),
                (Some(0.7), third, 2.0 * third),
                (Some(0.6), third, 1.0),
                (Some(0.4), 1.0, 1.0)
            ]
        );
        let area: f64 = corners.windows(2).map(|w| (w[1].1 - w[0].1) * (w[0].2 + w[1].2) / 2.0).sum();
        assert!((area - ranked.auc_of_all().unwrap()).abs() < 1e-12, "the area is that of the curve");
        assert!(Ranked::of([(0, 0.5, true)]).curve().is_empty());
    }

    #[test]
    fn what_a_threshold_brings() {
        let answers = [(true, true, 3), (true, false, 1), (false, true, 2), (false, false, 6)];
        let found = Detection::of(answers);
        assert_eq!((found.sensitivity(), found.specificity()), (Some(0.75), Some(0.75)));
        assert_eq!((found.ppv(), found.npv()), (Some(0.6), Some(6.0 / 7.0)));
        assert_eq!(Detection::default().sensitivity(), None);
    }
}
