//! Whether probabilities mean what they say: of what is called 30 %, 30 % should be there.

use serde::Serialize;

/// Bins of equal width, as most papers have.
pub const BINS: usize = 10;

/// Those of the predictions that lie in (`low`, `high`]; the first bin holds 0 too.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Bin {
    pub low: f64,
    pub high: f64,
    pub n: u64,
    /// The mean of the predictions; `None` of an empty bin.
    pub predicted: Option<f64>,
    /// The part that was there.
    pub observed: Option<f64>,
}

/// The reliability curve: [`BINS`] bins of predictions (0 to 1) and what was there. What is no number is left out.
pub fn reliability(predictions: impl IntoIterator<Item = (f64, bool)>) -> Vec<Bin> {
    let mut sums = [(0_u64, 0.0, 0_u64); BINS];
    for (prediction, was_there) in predictions.into_iter().filter(|(prediction, _)| prediction.is_finite()) {
        let at = (1..BINS).take_while(|edge| prediction > *edge as f64 / BINS as f64).count();
        let (n, sum, there) = &mut sums[at];
        *n += 1;
        *sum += prediction;
        *there += u64::from(was_there);
    }
    let bin = |(at, (n, sum, there)): (usize, (u64, f64, u64))| Bin {
        low: at as f64 / BINS as f64,
        high: (at + 1) as f64 / BINS as f64,
        n,
        predicted: (n > 0).then(|| sum / n as f64),
        observed: (n > 0).then(|| there as f64 / n as f64),
    };
    sums.into_iter().enumerate().map(bin).collect()
}

/// The expected calibration error: how far bins are off, each weighing what it holds (Naeini 2015, Guo 2017). `None`
/// without predictions. It has no interval by drawing anew: a draw is noisier than the pictures are, so that it lies
/// above them.
pub fn expected_calibration_error(bins: &[Bin]) -> Option<f64> {
    let n: u64 = bins.iter().map(|bin| bin.n).sum();
    let off = |bin: &Bin| Some(bin.n as f64 * (bin.predicted? - bin.observed?).abs());
    (n > 0).then(|| bins.iter().filter_map(off).sum::<f64>() / n as f64)
}

/// How far a prediction is off, squared: the mean of it is the Brier score (Brier 1950).
pub fn squared_error(prediction: f64, was_there: bool) -> f64 {
    (prediction - f64::from(u8::from(was_there))).powi(2)
}

/// The same over all classes, as Brier has it: from 0 to 2.
pub fn squared_error_of_classes(probabilities: &[f32], class: usize) -> f64 {
    probabilities.iter().enumerate().map(|(at, p)| squared_error(f64::from(*p), at == class)).sum()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bins_hold_their_upper_edge() {
        let bins = reliability([(0.0, false), (0.1, true), (0.11, false), (1.0, true), (f64::NAN, true)]);
        assert_eq!(bins.len(), BINS);
        assert_eq!((bins[0].n, bins[0].predicted, bins[0].observed), (2, Some(0.05), Some(0.5)));
        assert_eq!((bins[1].n, bins[9].n, bins[9].observed), (1, 1, Some(1.0)));
        assert_eq!((bins[5].n, bins[5].predicted, bins[5].observed), (0, None, None));
        assert_eq!((bins[3].low, bins[3].high), (0.3, 0.4));
    }

    /// Four at 0.25 of which two are there, one at 0.95 that is: (4·0.25 + 1·0.05) / 5.
    #[test]
    fn the_error_weighs_bins_by_what_they_hold() {
        let bins = reliability([(0.25, true), (0.25, true), (0.25, false), (0.25, false), (0.95, true)]);
        assert!((expected_calibration_error(&bins).unwrap() - 0.21).abs() < 1e-12);
        let perfect = reliability([(0.5, true), (0.5, false), (1.0, true), (0.0, false)]);
        assert_eq!(expected_calibration_error(&perfect), Some(0.0));
        assert_eq!(expected_calibration_error(&reliability([])), None);
    }

    #[test]
    fn brier_scores_add_up() {
        assert!((squared_error(0.8, true) - 0.04).abs() < 1e-12);
        assert!((squared_error(0.8, false) - 0.64).abs() < 1e-12);
        // (0.2 − 0)² + (0.5 − 1)² + (0.3 − 0)².
        assert!((squared_error_of_classes(&[0.2, 0.5, 0.3], 1) - 0.38).abs() < 1e-7);
        assert_eq!(squared_error_of_classes(&[0.0, 1.0], 0), 2.0);
    }
}
