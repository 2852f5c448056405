//! CLEAR's own experiment (Kumar et al. 2017): the network is asked again of the strongly attentive pixels alone, and of
//! the picture without them; for comparison, of as many random pixels.

use std::fmt;

use serde::{Deserialize, Serialize};

use super::order::Order;
use crate::evaluate::fill::{Fill, Filler};
use crate::evaluate::subject::Subject;
use crate::explain::{ExplainError, Verdict};
use crate::method::MapKind;
use crate::statistics::MayGoOn;

/// What the paper leaves open: when a pixel counts as strongly attentive.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Strong {
    /// Above 0 and at least this part of the map's largest value.
    OfMaximum(f32),
    /// Among this part of the field's pixels, the strongest; none that is not above 0.
    TopShare(f32),
}

impl fmt::Display for Strong {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::OfMaximum(part) => write!(f, "from {:.0} % of the maximum on", part * 100.0),
            Self::TopShare(part) => write!(f, "the strongest {:.0} % of the pixels", part * 100.0),
        }
    }
}

impl Strong {
    /// Which pixels of the `field` are strong in `map`, both `[height, width]`.
    pub fn mask(self, map: &[f32], field: &[bool]) -> Vec<bool> {
        let mut inside: Vec<f32> =
            map.iter().zip(field).filter(|(v, is_in)| **is_in && v.is_finite()).map(|(v, _)| *v).collect();
        let least = match self {
            Self::OfMaximum(part) => part * inside.iter().copied().fold(0.0, f32::max),
            Self::TopShare(part) => {
                let count = (f64::from(part) * inside.len() as f64).round() as usize;
                let Some(last) = count.min(inside.len()).checked_sub(1) else { return vec![false; map.len()] };
                *inside.select_nth_unstable_by(last, |a, b| b.total_cmp(a)).1
            }
        };
        map.iter().zip(field).map(|(v, is_in)| *is_in && *v > 0.0 && *v >= least).collect()
    }
}

/// What the network said of a changed picture.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Said {
    pub decided: usize,
    /// Of the class that was decided of the whole picture.
    pub probability: f32,
}

impl Said {
    pub fn of(verdict: &Verdict, class: usize) -> Self {
        Self { decided: verdict.decided, probability: verdict.probabilities[class] }
    }
}

/// One map's strong pixels, kept and removed.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Rescored {
    pub map: MapKind,
    pub strong: Strong,
    pub fill: Fill,
    /// Of the field's pixels, those that are strong.
    pub share: f64,
    pub kept: Said,
    pub removed: Said,
    /// As many pixels by chance.
    pub random_kept: Said,
    pub random_removed: Said,
}

/// What the network says of `subject` with only the pixels of `strong` left, and without them.
///
/// # Errors
/// A device that fails.
pub fn kept_and_removed(
    subject: &Subject<'_>,
    filler: &Filler<'_>,
    strong: &[bool],
) -> Result<[Said; 2], ExplainError> {
    let weak: Vec<bool> = strong.iter().map(|is_strong| !is_strong).collect();
    let said = |gone: &[bool]| Ok(Said::of(&subject.says_of(filler.without(gone))?, subject.class));
    let of = |gone: &[bool]| -> Result<Said, ExplainError> { said(gone) };
    Ok([of(&weak)?, of(strong)?])
}

/// Asks again for every map of `subject` and every definition of strong; `None` where it may not go on.
///
/// # Errors
/// A device that fails.
pub fn measure(
    subject: &Subject<'_>,
    definitions: &[Strong],
    fill: Fill,
    seed: u64,
    may_go_on: &MayGoOn<'_>,
) -> Result<Option<Vec<Rescored>>, ExplainError> {
    let filler = Filler::new(&subject.picture, &subject.field, fill);
    let by_chance = Order::random(&subject.field, subject.picture.width, 1, seed);
    let mut all = Vec::new();
    for map in &subject.maps {
        for strong in definitions {
            if !may_go_on() {
                return Ok(None);
            }
            let mask = strong.mask(&map.values, &subject.field);
            let count = mask.iter().filter(|is_strong| **is_strong).count();
            let [kept, removed] = kept_and_removed(subject, &filler, &mask)?;
            let [random_kept, random_removed] = kept_and_removed(subject, &filler, &by_chance.first(count))?;
            let share = count as f64 / by_chance.blocks().max(1) as f64;
            let (map, strong) = (map.kind, *strong);
            all.push(Rescored { map, strong, fill, share, kept, removed, random_kept, random_removed });
        }
    }
    Ok(Some(all))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn strong_is_a_part_of_the_maximum_or_of_the_pixels() {
        let map = [0.0, 4.0, 1.0, 2.0, -3.0, 9.0];
        let field = [true, true, true, true, true, false];
        let places = |strong: Strong| {
            let mask = strong.mask(&map, &field);
            (0..6).filter(|at| mask[*at]).collect::<Vec<_>>()
        };
        assert_eq!(places(Strong::OfMaximum(0.5)), [1, 3], "9 lies outside of the field");
        assert_eq!(places(Strong::OfMaximum(0.0)), [1, 2, 3], "what does not respond is not strong");
        assert_eq!(places(Strong::TopShare(0.2)), [1]);
        assert_eq!(places(Strong::TopShare(1.0)), [1, 2, 3]);
        assert_eq!(places(Strong::TopShare(0.0)), [0; 0]);
        assert_eq!(Strong::OfMaximum(0.5).mask(&[0.0, -1.0], &[true; 2]), [false; 2]);
        assert_eq!(Strong::OfMaximum(0.25).to_string(), "from 25 % of the maximum on");
    }
}
