//! CLEAR on plain maps: which class responds most where, how strongly, and with what share of the whole
//! (Kumar, Wong, Taylor 2017). Knows neither networks nor colours.

use crate::maps::ClassMaps;

/// Dominant class Ĉ(x) and dominant response D(x) on the grid of the response maps.
///
/// # Shapes
/// Both `[height, width]`, row-major.
#[derive(Debug, Clone, PartialEq)]
pub struct Dominant {
    /// Ĉ(x) = argmax_c R(x|c), the first of equals; `None` where no class responds above 0.
    pub class: Vec<Option<usize>>,
    /// D(x) = R(x|Ĉ(x)), at least 0.
    pub response: Vec<f32>,
}

/// As many classes as the authors advise to look at together.
pub const MOST_CLASSES: usize = 10;

/// The classes to back-project, ascending: all where there are at most [`MOST_CLASSES`], else those of the largest
/// `scores`, with `wanted` in the place of the last of them where it is not among them.
pub fn most_activated(scores: &[f32], wanted: Option<usize>) -> Vec<usize> {
    let mut classes: Vec<usize> = (0..scores.len()).collect();
    // Stable: of equals the first.
    classes.sort_by(|a, b| (Some(*b) == wanted).cmp(&(Some(*a) == wanted)).then(scores[*b].total_cmp(&scores[*a])));
    classes.truncate(MOST_CLASSES);
    classes.sort_unstable();
    classes
}

/// Ĉ and D over the classes that are left on in `enabled` (one entry per class).
pub fn dominant(response: &ClassMaps, enabled: &[bool]) -> Dominant {
    let area = response.height * response.width;
    let mut class = vec![None; area];
    let mut strongest = vec![0.0f32; area];
    for (c, map) in response.each().filter(|(c, _)| enabled.get(*c).copied().unwrap_or(false)) {
        for ((best, at), value) in strongest.iter_mut().zip(&mut class).zip(map) {
            if *value > *best {
                (*best, *at) = (*value, Some(c));
            }
        }
    }
    Dominant { class, response: strongest }
}

/// The share of the whole dominant response that lies where each class dominates, `None` of a class that has no map; sums
/// to 1, or all 0 without response.
pub fn shares(response: &ClassMaps) -> Vec<Option<f64>> {
    let dominant = dominant(response, &vec![true; response.classes]);
    let mut sums = vec![0.0f64; response.classes];
    for (class, value) in dominant.class.iter().zip(&dominant.response) {
        if let Some(c) = class {
            sums[*c] += f64::from(*value);
        }
    }
    let whole: f64 = sums.iter().sum();
    if whole > 0.0 {
        sums.iter_mut().for_each(|s| *s /= whole);
    }
    (0..response.classes).map(|class| response.held.contains(&class).then(|| sums[class])).collect()
}

/// Positive focus: the response of the decided class, `[height, width]` (CLEAR, section 3), where it has a map.
pub fn positive_focus(response: &ClassMaps, decided: usize) -> Option<Vec<f32>> {
    response.class(decided).map(<[f32]>::to_vec)
}

/// Negative focus: the largest response of any other class, `[height, width]` (CLEAR, section 3).
pub fn negative_focus(response: &ClassMaps, decided: usize) -> Vec<f32> {
    let others: Vec<bool> = (0..response.classes).map(|c| c != decided).collect();
    dominant(response, &others).response
}

#[cfg(test)]
mod tests {
    use super::*;

    fn maps() -> ClassMaps {
        ClassMaps::new(3, 1, 4, vec![1.0, 0.0, 3.0, 0.0, 2.0, 0.5, 1.0, 0.0, 0.0, 0.4, 4.0, -1.0])
    }

    #[test]
    fn the_strongest_class_dominates_and_silence_belongs_to_none() {
        let d = dominant(&maps(), &[true; 3]);
        assert_eq!(d.class, [Some(1), Some(1), Some(2), None]);
        assert_eq!(d.response, [2.0, 0.5, 4.0, 0.0]);
    }

    #[test]
    fn switching_a_class_off_leaves_the_argmax_over_the_rest() {
        let d = dominant(&maps(), &[true, true, false]);
        assert_eq!(d.class, [Some(1), Some(1), Some(0), None]);
    }

    #[test]
    fn the_argmax_survives_a_common_positive_factor() {
        let scaled = ClassMaps { data: maps().data.iter().map(|v| v * 7.5).collect(), ..maps() };
        assert_eq!(dominant(&scaled, &[true; 3]).class, dominant(&maps(), &[true; 3]).class);
    }

    #[test]
    fn of_many_classes_the_ten_most_activated_go_back() {
        let scores: Vec<f32> = (0..14).map(|c| ((c * 5) % 14) as f32).collect();
        let without = |gone: [usize; 4]| (0..14).filter(|c| !gone.contains(c)).collect::<Vec<_>>();
        // Scores 0 to 3 are those of the classes 0, 3, 6 and 9; score 4 is class 12's.
        assert_eq!(most_activated(&scores, None), without([0, 3, 6, 9]));
        assert_eq!(most_activated(&scores, Some(5)), without([0, 3, 6, 9]));
        assert_eq!(most_activated(&scores, Some(0)), without([12, 3, 6, 9]));
        assert_eq!(most_activated(&scores[..10], None), (0..10).collect::<Vec<_>>());
    }

    #[test]
    fn shares_sum_to_one() {
        let found = shares(&maps());
        assert!((found.iter().flatten().sum::<f64>() - 1.0).abs() < 1e-12);
        assert!((found[2].unwrap() - 4.0 / 6.5).abs() < 1e-12 && found[0] == Some(0.0));
        let some = ClassMaps::of(vec![2], 3, 1, 1, vec![4.0]);
        assert_eq!(shares(&some), [None, None, Some(1.0)]);
    }

    #[test]
    fn foci_are_the_decided_class_and_the_best_of_the_rest() {
        assert_eq!(positive_focus(&maps(), 1).unwrap(), [2.0, 0.5, 1.0, 0.0]);
        assert_eq!(negative_focus(&maps(), 1), [1.0, 0.4, 4.0, 0.0]);
    }
}
