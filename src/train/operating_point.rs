//! The operating point of a model that tells ill from healthy, chosen on pictures of their own. Plain numbers.

/// The part of the ill that must be found.
pub const SENSITIVITY: f64 = 0.95;

/// The highest point at which at least [`SENSITIVITY`] of the ill are found; `None` without any.
///
/// The highest, since a healthy picture from elsewhere is the likeliest mistake.
pub fn choose(scores: &[f32], ill: &[bool]) -> Option<f32> {
    let mut of_ill: Vec<f32> = scores.iter().zip(ill).filter(|(_, ill)| **ill).map(|(score, _)| *score).collect();
    of_ill.sort_by(f32::total_cmp);
    let may_be_missed = ((1.0 - SENSITIVITY) * of_ill.len() as f64 + 1e-9).floor() as usize;
    // To three decimals, downwards: what is read from a card finds no fewer.
    of_ill.get(may_be_missed).map(|score| ((score * 1e3).floor() / 1e3).clamp(0.001, 0.999))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::statistics::Detection;

    #[test]
    fn one_of_twenty_may_be_missed() {
        let scores: Vec<f32> = (0..40).map(|i| i as f32 / 40.0).collect();
        let ill: Vec<bool> = (0..40).map(|i| i >= 20).collect();
        let point = choose(&scores, &ill).unwrap();
        let found = Detection::of(scores.iter().zip(&ill).map(|(score, ill)| (*ill, *score >= point, 1)));
        assert_eq!((found.sensitivity(), found.specificity()), (Some(0.95), Some(1.0)));
        assert_eq!(choose(&scores, &[false; 40]), None);
    }
}
