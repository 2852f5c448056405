//! What a model's gate looks at, taken from a picture. Must not know networks.

use image::RgbImage;

use super::lit::Lit;
use super::reduced::Reduced;
use crate::bundle::gate::SIDE;
use crate::bundle::measures::{FileWords, Measures};
use crate::scan::{Pixels, Scan};

/// Colour, coarse light and dark, lit field, quality and the own words of `scan`, as a model is given it.
pub fn measure(scan: &Scan) -> Measures {
    let picture = scan.to_rgb8();
    measured(scan, &picture, &Reduced::new(&picture))
}

/// Like [`measure`], and where light falls in the picture.
pub fn measure_with_field(scan: &Scan) -> (Measures, Option<Lit>) {
    let picture = scan.to_rgb8();
    let reduced = Reduced::new(&picture);
    (measured(scan, &picture, &reduced), Lit::of(&reduced))
}

fn measured(scan: &Scan, picture: &RgbImage, reduced: &Reduced<'_>) -> Measures {
    let words = scan.facts.as_ref().map_or_else(FileWords::default, |facts| FileWords {
        modality: facts.modality.clone(),
        body_part: facts.body_part.clone(),
        view: facts.view_position.clone(),
        age_years: facts.age_years,
    });
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
    Measures {
        colour: if is_grey { 0.0 } else { colour as f64 / pixels / 255.0 },
        cells: sums.into_iter().map(|(sum, count)| sum as f64 / count.max(1) as f64).collect(),
        words,
        field: super::field::field(reduced),
        // What it is judged by was learned on colour photographs; a radiograph need not wait for it.
        quality: if is_grey { None } else { super::quality::quality(reduced) },
        is_dark: super::retina::bright_level(&reduced.picture) < f64::from(super::retina::DARK),
    }
}

#[cfg(test)]
mod tests {
    use image::Rgb;

    use super::*;

    fn measured(picture: RgbImage) -> Measures {
        measure(&Scan::new(Pixels::Rgb8(picture), "p"))
    }

    #[test]
    fn cells_are_means_and_colour_is_the_channels_spread() {
        let found = measured(RgbImage::from_fn(160, 96, |x, _| if x < 80 { Rgb([255, 0, 0]) } else { Rgb([90; 3]) }));
        assert!((found.colour - 0.5).abs() < 1e-9);
        assert_eq!((found.cells[0], found.cells[15], found.cells.len()), (85.0, 90.0, SIDE * SIDE));
    }

    #[test]
    fn a_tiny_picture_is_measured_too() {
        assert_eq!(measured(RgbImage::new(1, 1)).cells.len(), SIDE * SIDE);
    }
}
