//! Whether a picture is of the kind that a model reads, by a simple rule whose errors were measured: how colourful it
//! is, and how alike its coarse light and dark are to the mean of the model's own pictures.
//!
//! A gate warns; it does not stop anybody. Must not know networks.

use serde::{Deserialize, Serialize};

use crate::scan::{Pixels, Scan};

/// Rows and columns of the coarse picture.
pub const SIDE: usize = 16;

/// The card's `[gate]`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct Gate {
    /// What the model reads, to say what the picture does not look like: "a chest X-ray".
    pub reads: String,
    /// Least and greatest colour, see [`Measures::colour`].
    pub colour: [f64; 2],
    /// Least likeness to `template`, see [`Measures::likeness`].
    pub likeness: f64,
    /// The mean coarse picture of the model's own kind, 16×16 grey values of 0–255, row by row. Without one, likeness
    /// does not matter.
    pub template: Vec<u8>,
    /// Modalities whose DICOM pictures pass; others do not, whatever they look like. Empty for any.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub modalities: Vec<String>,
}

impl Gate {
    /// Refuses figures that make no sense.
    ///
    /// # Errors
    /// Names the figure.
    pub fn check(&self) -> Result<(), String> {
        if !self.template.is_empty() && self.template.len() != SIDE * SIDE {
            return Err(format!(
                "`gate.template` has {} values; {} are needed, or none",
                self.template.len(),
                SIDE * SIDE
            ));
        }
        let [least, most] = self.colour;
        if !(0.0..=1.0).contains(&least) || !(least..=1.0).contains(&most) || !(-1.0..=1.0).contains(&self.likeness) {
            return Err("`gate.colour` must rise within 0 and 1, `gate.likeness` lie between -1 and 1".to_owned());
        }
        Ok(())
    }

    /// Whether `measures` are those of a picture of the model's kind.
    pub fn passes(&self, measures: &Measures) -> bool {
        let [least, most] = self.colour;
        let is_modality = measures
            .modality
            .as_ref()
            .is_none_or(|found| self.modalities.is_empty() || self.modalities.iter().any(|known| known == found));
        let is_alike = self.template.is_empty() || measures.likeness(&self.template) >= self.likeness;
        is_modality && is_alike && (least..=most).contains(&measures.colour)
    }
}

/// What a gate looks at.
#[derive(Debug, Clone, PartialEq)]
pub struct Measures {
    /// Mean over all pixels of (largest − smallest channel) / 255: 0 for a grey picture.
    pub colour: f64,
    /// Means of 16×16 cells of (R + G + B) / 3, row by row.
    pub cells: Vec<f64>,
    /// What a DICOM file says that it was taken with.
    pub modality: Option<String>,
}

impl Measures {
    pub fn of(scan: &Scan) -> Self {
        let modality = scan.facts.as_ref().and_then(|facts| facts.modality.clone());
        let picture = scan.to_rgb8();
        let (width, height) = (picture.width() as usize, picture.height() as usize);
        let mut sums = vec![(0u64, 0u64); SIDE * SIDE];
        let mut colour = 0u64;
        let columns: Vec<usize> = (0..width).map(|x| x * SIDE / width).collect();
        let line_bytes = 3 * width;
        for (y, line) in picture.as_raw().chunks_exact(line_bytes.max(3)).enumerate() {
            let row = &mut sums[y * SIDE / height * SIDE..][..SIDE];
            for (pixel, column) in line.as_chunks::<3>().0.iter().zip(&columns) {
                let [r, g, b] = pixel.map(u64::from);
                colour += r.max(g).max(b) - r.min(g).min(b);
                let cell = &mut row[*column];
                *cell = (cell.0 + r + g + b, cell.1 + 3);
            }
        }
        let is_grey = matches!(scan.pixels, Pixels::Grey(_));
        let pixels = (width * height).max(1) as f64;
        Self {
            colour: if is_grey { 0.0 } else { colour as f64 / pixels / 255.0 },
            cells: sums.into_iter().map(|(sum, count)| sum as f64 / count.max(1) as f64).collect(),
            modality,
        }
    }

    /// Pearson's correlation of the cells with `template`; 0 where one of them is even.
    pub fn likeness(&self, template: &[u8]) -> f64 {
        let count = self.cells.len().max(1) as f64;
        let theirs: Vec<f64> = template.iter().map(|v| f64::from(*v)).collect();
        let mean = |values: &[f64]| values.iter().sum::<f64>() / count;
        let (a, b) = (mean(&self.cells), mean(&theirs));
        let pairs = || self.cells.iter().zip(&theirs).map(|(x, y)| (x - a, y - b));
        let product: f64 = pairs().map(|(x, y)| x * y).sum();
        let squares = pairs().map(|(x, _)| x * x).sum::<f64>() * pairs().map(|(_, y)| y * y).sum::<f64>();
        if squares > 1e-9 { product / squares.sqrt() } else { 0.0 }
    }
}

#[cfg(test)]
mod tests {
    use image::{Rgb, RgbImage};

    use super::*;

    /// Light in the middle, dark at the edges.
    fn disc(tint: [u8; 3]) -> Scan {
        let picture = RgbImage::from_fn(160, 100, |x, y| {
            let off = (f64::from(x) - 79.5).hypot(f64::from(y) - 49.5);
            if off < 45.0 { Rgb(tint) } else { Rgb([0; 3]) }
        });
        Scan::new(Pixels::Rgb8(picture), "disc")
    }

    fn gate() -> Gate {
        let cells = Measures::of(&disc([90, 90, 90])).cells;
        Gate {
            reads: "a disc".to_owned(),
            colour: [0.0, 0.05],
            likeness: 0.8,
            template: cells.iter().map(|v| v.round() as u8).collect(),
            modalities: vec!["DX".to_owned()],
        }
    }

    #[test]
    fn colour_likeness_and_modality_each_decide() {
        let gate = gate();
        assert!(gate.check().is_ok());
        assert!(gate.passes(&Measures::of(&disc([200, 200, 200]))), "twice as light is as alike");
        assert!(!gate.passes(&Measures::of(&disc([200, 90, 20]))), "too colourful");
        let slope = RgbImage::from_fn(160, 100, |x, _| Rgb([x as u8; 3]));
        assert!(!gate.passes(&Measures::of(&Scan::new(Pixels::Rgb8(slope), "slope"))), "unlike");
        let even = Scan::new(Pixels::Rgb8(RgbImage::new(20, 20)), "black");
        assert_eq!(Measures::of(&even).likeness(&gate.template), 0.0);
        let with = |modality: &str| {
            gate.passes(&Measures { modality: Some(modality.to_owned()), ..Measures::of(&disc([90; 3])) })
        };
        assert!(with("DX") && !with("MR"));
    }

    #[test]
    fn a_tiny_picture_is_measured_too() {
        assert_eq!(Measures::of(&Scan::new(Pixels::Rgb8(RgbImage::new(1, 1)), "dot")).cells.len(), SIDE * SIDE);
    }
}
