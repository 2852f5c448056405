//! Whether an answer stays the same on variants of a picture that show the same eye or chest: mirrored, a little darker,
//! a little lighter, smaller. A model whose answer changes there is near a border, whatever probability it gives.
//!
//! Forward passes alone; no maps.

use image::RgbImage;
use image::imageops::{FilterType, flip_horizontal, resize};
use rayon::prelude::*;

use serde::{Deserialize, Serialize};

use super::{ExplainError, Explainer, Verdict};
use crate::geometry::Transform;
use crate::scan::{Pixels, Scan};

/// Half a stop.
const STOPS: f32 = 0.5;
/// Of the sides.
const SMALLER: f64 = 0.7;
/// Of the sides, at least a pixel.
const SHIFT: f64 = 0.015;
/// What light is stored with, about that of sRGB.
const GAMMA: f32 = 2.2;

/// A picture that shows the same as another one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Variant {
    /// Left for right.
    Mirrored,
    /// Less exposed.
    Darker,
    /// More exposed.
    Lighter,
    /// Sampled down and up again.
    Smaller,
    /// A few pixels to the right and down; the first row and column fill what is left free.
    Shifted,
}

impl Variant {
    /// Those that an answer is asked of.
    pub const ALL: [Self; 4] = [Self::Mirrored, Self::Darker, Self::Lighter, Self::Smaller];
    /// Those that a map is repeated on.
    pub const REPEATED: [Self; 4] = [Self::Mirrored, Self::Shifted, Self::Darker, Self::Lighter];

    /// For people.
    pub fn name(self) -> &'static str {
        match self {
            Self::Mirrored => "mirrored",
            Self::Darker => "darker",
            Self::Lighter => "lighter",
            Self::Smaller => "smaller",
            Self::Shifted => "shifted",
        }
    }

    /// Whether such a picture could be of somebody: a mirrored eye is the other eye, but a mirrored chest has its heart
    /// on the wrong side.
    pub fn suits(self, scan: &Scan) -> bool {
        self != Self::Mirrored || !scan.is_grey()
    }

    /// Takes positions in a picture of `size_px` (width and height) to where they are in its variant.
    pub fn variant_from_source(self, (width, height): (u32, u32)) -> Transform {
        let both = |of: fn(u32) -> u32| (f64::from(of(width)), f64::from(of(height)));
        match self {
            Self::Mirrored => Transform::scale_then_move(-1.0, 1.0, f64::from(width), 0.0),
            Self::Darker | Self::Lighter => Transform::IDENTITY,
            Self::Smaller => {
                let (to_width, to_height) = both(smaller);
                Transform::scale_then_move(to_width / f64::from(width), to_height / f64::from(height), 0.0, 0.0)
            }
            Self::Shifted => {
                let (right, down) = both(shift);
                Transform::scale_then_move(1.0, 1.0, right, down)
            }
        }
    }

    /// The variant of `scan`, in eight bits as models are given it; grey stays grey.
    pub fn of(self, scan: &Scan) -> Scan {
        let from = scan.to_rgb8();
        let picture = match self {
            Self::Mirrored => flip_horizontal(&*from),
            Self::Darker => exposed(&from, -STOPS),
            Self::Lighter => exposed(&from, STOPS),
            Self::Smaller => resize(&*from, smaller(from.width()), smaller(from.height()), FilterType::Triangle),
            Self::Shifted => {
                let (right, down) = (shift(from.width()), shift(from.height()));
                RgbImage::from_fn(from.width(), from.height(), |x, y| {
                    *from.get_pixel(x.saturating_sub(right), y.saturating_sub(down))
                })
            }
        };
        let pixels = if scan.is_grey() {
            Pixels::from_grey8(&image::DynamicImage::ImageRgb8(picture).into_luma8())
        } else {
            Pixels::Rgb8(picture)
        };
        Scan { pixels, path: scan.path.clone(), facts: scan.facts.clone() }
    }
}

/// The side of a smaller picture.
fn smaller(px: u32) -> u32 {
    ((f64::from(px) * SMALLER).round() as u32).max(1)
}

/// How far a side of so many pixels is shifted.
fn shift(px: u32) -> u32 {
    ((f64::from(px) * SHIFT).round() as u32).max(1)
}

/// As if it had been exposed so many stops more.
fn exposed(picture: &RgbImage, stops: f32) -> RgbImage {
    let factor = (stops / GAMMA).exp2();
    let light: Vec<u8> = (0..=255u8).map(|v| (f32::from(v) * factor).round().min(255.0) as u8).collect();
    let bytes = picture.as_raw().par_iter().with_min_len(1 << 16).map(|v| light[usize::from(*v)]).collect();
    RgbImage::from_raw(picture.width(), picture.height(), bytes).unwrap_or_default()
}

/// What was decided of a picture and of its variants.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Steadiness {
    /// Of the picture as it is, then of each variant: the decided class, or all findings, ascending.
    pub decided: Vec<Vec<usize>>,
    /// What was tried.
    pub variants: Vec<Variant>,
}

impl Steadiness {
    /// Whether the answer stayed throughout.
    pub fn is_steady(&self) -> bool {
        self.decided.iter().all(|classes| *classes == self.decided[0])
    }

    /// In one sentence, with classes by `name`: "Steady: always 2 in 5 looks", "Not steady: changes between 0 and 1 (1
    /// when mirrored)".
    pub fn says(&self, name: impl Fn(usize) -> String) -> String {
        let names = |classes: &[usize]| match classes {
            [] => "no finding".to_owned(),
            classes => classes.iter().map(|class| name(*class)).collect::<Vec<_>>().join(" and "),
        };
        let looks = self.decided.len();
        if self.is_steady() {
            return format!("Steady: always {} in {looks} looks", names(&self.decided[0]));
        }
        let mut answers: Vec<&Vec<usize>> = self.decided.iter().collect();
        answers.sort();
        answers.dedup();
        let between: Vec<String> = answers.iter().map(|classes| names(classes)).collect();
        let (last, first) = between.split_last().map_or(("", &[][..]), |(last, first)| (last.as_str(), first));
        let others = self.variants.iter().zip(&self.decided[1..]).filter(|(_, classes)| **classes != self.decided[0]);
        let others: Vec<String> =
            others.map(|(variant, classes)| format!("{} when {}", names(classes), variant.name())).collect();
        format!("Not steady: changes between {} and {last} ({})", first.join(", "), others.join(", "))
    }
}

/// What counts as the answer: of findings those that are there, in any order.
fn answer(verdict: &Verdict) -> Vec<usize> {
    let mut classes = verdict.findings.clone().unwrap_or_else(|| vec![verdict.decided]);
    classes.sort_unstable();
    classes
}

impl Explainer {
    /// Grades a picture and its variants.
    ///
    /// # Errors
    /// Like [`Self::grade`].
    pub fn steady(&self, scan: &Scan) -> Result<Steadiness, ExplainError> {
        let verdict = self.grade(scan)?;
        let all = self.steady_while(scan, &verdict, || true)?;
        Ok(all.unwrap_or_else(|| Steadiness { decided: vec![answer(&verdict)], variants: Vec::new() }))
    }

    /// Like [`Self::steady`], of a picture whose `verdict` is known; `None` as soon as it may not go on.
    ///
    /// # Errors
    /// Like [`Self::grade`].
    pub fn steady_while(
        &self,
        scan: &Scan,
        verdict: &Verdict,
        may_go_on: impl Fn() -> bool,
    ) -> Result<Option<Steadiness>, ExplainError> {
        let variants: Vec<Variant> = Variant::ALL.into_iter().filter(|variant| variant.suits(scan)).collect();
        let mut decided = vec![answer(verdict)];
        for variant in &variants {
            if !may_go_on() {
                return Ok(None);
            }
            let changed = variant.of(scan);
            if !may_go_on() {
                return Ok(None);
            }
            decided.push(answer(&self.grade(&changed)?));
        }
        Ok(Some(Steadiness { decided, variants }))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use image::{GrayImage, Luma, Rgb};

    #[test]
    fn a_sentence_says_what_stays_and_what_changes() {
        let name = |class: usize| class.to_string();
        let of = |decided: [usize; 5]| Steadiness {
            decided: decided.map(|class| vec![class]).to_vec(),
            variants: Variant::ALL.to_vec(),
        };
        assert_eq!(of([2; 5]).says(name), "Steady: always 2 in 5 looks");
        assert_eq!(
            of([1, 0, 1, 1, 0]).says(name),
            "Not steady: changes between 0 and 1 (0 when mirrored, 0 when smaller)"
        );
        assert_eq!(
            of([1, 0, 2, 1, 1]).says(name),
            "Not steady: changes between 0, 1 and 2 (0 when mirrored, 2 when darker)"
        );
        let findings = Steadiness {
            decided: vec![vec![3, 5], vec![], vec![3, 5]],
            variants: vec![Variant::Darker, Variant::Lighter],
        };
        let says = "Not steady: changes between no finding and 3 and 5 (no finding when darker)";
        assert_eq!(findings.says(name), says);
    }

    #[test]
    fn variants_show_the_same_otherwise() {
        let picture = RgbImage::from_fn(10, 20, |x, y| Rgb([10 * x as u8, 5 * y as u8, 100]));
        let scan = Scan::new(Pixels::Rgb8(picture), "p");
        let made = |variant: Variant| match variant.of(&scan).pixels {
            Pixels::Rgb8(picture) => picture,
            Pixels::Grey(_) | Pixels::Rgb16(_) => panic!("a colour picture stays one"),
        };
        assert_eq!(made(Variant::Mirrored).get_pixel(9, 3).0, [0, 15, 100]);
        // Half a stop less light is a factor of 0.71, and stored 0.71^(1/2.2) = 0.854.
        assert_eq!(made(Variant::Darker).get_pixel(5, 3).0, [43, 13, 85]);
        assert_eq!(made(Variant::Lighter).get_pixel(5, 3).0, [59, 18, 117]);
        assert_eq!(made(Variant::Smaller).dimensions(), (7, 14));
        assert_eq!(made(Variant::Shifted).get_pixel(5, 3).0, [40, 10, 100]);
        assert_eq!(made(Variant::Shifted).get_pixel(0, 0).0, [0, 0, 100]);
        let goes = |variant: Variant| variant.variant_from_source((10, 20)).apply(2.5, 4.5);
        assert_eq!([goes(Variant::Mirrored), goes(Variant::Darker)], [(7.5, 4.5), (2.5, 4.5)]);
        assert_eq!(goes(Variant::Shifted), (3.5, 5.5));
        let (x, y) = goes(Variant::Smaller);
        assert!((x - 1.75).abs() < 1e-12 && (y - 3.15).abs() < 1e-12);
    }

    #[test]
    fn a_chest_stays_grey_and_keeps_its_heart_on_its_side() {
        let grey = Scan::new(Pixels::from_grey8(&GrayImage::from_pixel(4, 4, Luma([200]))), "p");
        assert!(!Variant::Mirrored.suits(&grey) && Variant::Darker.suits(&grey));
        let darker = Variant::Darker.of(&grey);
        assert!(darker.is_grey());
        assert_eq!(darker.to_rgb8().get_pixel(1, 1).0, [171; 3]);
    }
}
