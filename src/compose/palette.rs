//! Class colours: the paper's ten hues, and a set that colour-blind readers can tell apart.
//!
//! In a CLEAR map brightness belongs to the response, so classes must differ in hue at any brightness. Knows nothing
//! but colours.

use clap::ValueEnum;
use serde::{Deserialize, Serialize};

use crate::bundle::Colour;

/// A set of class colours.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, ValueEnum)]
#[serde(rename_all = "kebab-case")]
pub enum Palette {
    /// The hues of Kumar, Wong, Taylor 2017 in their order, fully saturated.
    Paper,
    /// For up to five ordered classes safe for red-blind and green-blind readers, on black and on a fundus.
    #[default]
    ColourSafe,
    /// What the model's card says.
    Model,
}

impl Palette {
    /// All of them, in the order in which they are offered.
    pub const ALL: [Self; 3] = [Self::ColourSafe, Self::Paper, Self::Model];

    /// As the command line and records have it.
    pub fn name(self) -> &'static str {
        match self {
            Self::Paper => "paper",
            Self::ColourSafe => "colour-safe",
            Self::Model => "model",
        }
    }
}

/// Red, orange, lime, green, turquoise, sky blue, blue, violet, magenta, gold.
const PAPER: [[u8; 3]; 10] = [
    [255, 0, 0],
    [255, 128, 0],
    [170, 255, 0],
    [0, 224, 0],
    [0, 255, 191],
    [0, 179, 255],
    [0, 51, 255],
    [140, 0, 255],
    [255, 0, 255],
    [255, 215, 0],
];

/// Violet, periwinkle, cyan, cream, yellow: from blue to yellow, the one axis of hue that red-blind and green-blind
/// readers keep, cool for the first grade and warm for the last; all away from the orange of a fundus. The next five
/// (pink, green, salmon, grey, white) need the legend's help.
const COLOUR_SAFE: [[u8; 3]; 10] = [
    [147, 25, 255],
    [122, 156, 255],
    [16, 235, 242],
    [255, 237, 190],
    [230, 250, 0],
    [255, 95, 208],
    [0, 200, 110],
    [255, 138, 110],
    [160, 160, 170],
    [255, 255, 255],
];

/// One colour per class, in class order, for a model whose card gives its classes the colours `own`. Fewer than five
/// colour-safe ones lie as far apart as five allow. More than ten classes keep the card's own colours, which tell
/// apart what ten hues cannot.
pub fn palette(kind: Palette, own: &[Colour]) -> Vec<Colour> {
    let (colours, order): (_, &[usize]) = match (kind, own.len()) {
        (Palette::Model, _) | (_, 11..) => return own.to_vec(),
        (Palette::Paper, _) => (PAPER, &[0, 1, 2, 3, 4, 5, 6, 7, 8, 9]),
        (Palette::ColourSafe, 2) => (COLOUR_SAFE, &[0, 4]),
        (Palette::ColourSafe, 3) => (COLOUR_SAFE, &[0, 2, 4]),
        (Palette::ColourSafe, 4) => (COLOUR_SAFE, &[0, 1, 2, 4]),
        (Palette::ColourSafe, _) => (COLOUR_SAFE, &[0, 1, 2, 3, 4, 5, 6, 7, 8, 9]),
    };
    order.iter().cycle().take(own.len()).map(|&i| Colour(colours[i])).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Linear RGB as full, red-blind and green-blind colour vision see it (Machado, Oliveira, Fernandes 2009).
    const VISION: [[[f64; 3]; 3]; 3] = [
        [[1.0, 0.0, 0.0], [0.0, 1.0, 0.0], [0.0, 0.0, 1.0]],
        [[0.152286, 1.052583, -0.204868], [0.114503, 0.786281, 0.099216], [-0.003882, -0.048116, 1.051998]],
        [[0.367322, 0.860646, -0.227968], [0.280085, 0.672501, 0.047413], [-0.011820, 0.042940, 0.968881]],
    ];

    fn product(matrix: &[[f64; 3]; 3], v: [f64; 3]) -> [f64; 3] {
        matrix.map(|row| row[0] * v[0] + row[1] * v[1] + row[2] * v[2])
    }

    /// The Oklab colour (Ottosson 2020) that a kind of vision sees of `colour` × `brightness`.
    fn seen([r, g, b]: [u8; 3], brightness: f64, vision: &[[f64; 3]; 3]) -> [f64; 3] {
        let linear = [r, g, b].map(|c| (f64::from(c) / 255.0 * brightness).powf(2.2));
        let rgb = product(vision, linear).map(|c| c.clamp(0.0, 1.0));
        let to_lms = [
            [0.4122214708, 0.5363325363, 0.0514459929],
            [0.2119034982, 0.6806995451, 0.1073969566],
            [0.0883024619, 0.2817188376, 0.6299787005],
        ];
        let to_lab = [
            [0.2104542553, 0.7936177850, -0.0040720468],
            [1.9779984951, -2.4285922050, 0.4505937099],
            [0.0259040371, 0.7827717662, -0.8086757660],
        ];
        product(&to_lab, product(&to_lms, rgb).map(f64::cbrt))
    }

    /// The smallest difference between two colours over kinds of vision and brightnesses, lightness counting less.
    fn apart(a: [u8; 3], b: [u8; 3], brightness: &[f64]) -> f64 {
        let mut least = f64::INFINITY;
        for (vision, &v) in VISION.iter().flat_map(|vision| brightness.iter().map(move |v| (vision, v))) {
            for (bright, dim) in [(a, b), (b, a)] {
                let (p, q) = (seen(bright, 1.0, vision), seen(dim, v, vision));
                let squared = 0.35 * (p[0] - q[0]).powi(2) + (p[1] - q[1]).powi(2) + (p[2] - q[2]).powi(2);
                least = least.min(squared.sqrt());
            }
        }
        least
    }

    #[test]
    fn five_safe_colours_differ_for_every_reader_at_any_brightness() {
        let colours = palette(Palette::ColourSafe, &[Colour([0; 3]); 5]);
        for (i, a) in colours.iter().enumerate() {
            for b in &colours[..i] {
                assert!(apart(a.0, b.0, &[0.5, 0.7, 1.0]) > 0.085, "{a} and {b}");
            }
            for fundus in [[200, 105, 45], [165, 80, 30], [225, 140, 80], [120, 50, 20]] {
                assert!(apart(a.0, fundus, &[1.0]) > 0.13, "{a} on a fundus");
            }
        }
    }

    #[test]
    fn every_count_gets_distinct_colours_up_to_ten() {
        for kind in [Palette::Paper, Palette::ColourSafe] {
            for n in 0..=10 {
                let mut colours: Vec<[u8; 3]> = palette(kind, &vec![Colour([0; 3]); n]).iter().map(|c| c.0).collect();
                colours.sort_unstable();
                colours.dedup();
                assert_eq!(colours.len(), n, "{}", kind.name());
            }
            assert_eq!(palette(kind, &[Colour([0; 3]); 14]).len(), 14);
        }
    }
}
