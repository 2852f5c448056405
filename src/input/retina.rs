//! Where the retina lies in a fundus photograph.

use image::{GenericImage, GenericImageView, Rgb, RgbImage};

/// A square in source pixels; it may reach beyond the picture.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Square {
    pub left: i64,
    pub top: i64,
    pub side: u32,
}

/// A bright level below this is that of a picture in which nothing is lit.
pub const DARK: u8 = 9;

/// The picture's bright level: the 95th percentile of its brightest channel, 0–255.
pub fn bright_level(picture: &RgbImage) -> f64 {
    let mut counts = [0u64; 256];
    for Rgb([r, g, b]) in picture.pixels() {
        counts[usize::from(*r.max(g).max(b))] += 1;
    }
    let rank = (counts.iter().sum::<u64>().saturating_sub(1)) * 95 / 100;
    let mut below = 0;
    let level = counts.iter().position(|count| {
        below += count;
        below > rank
    });
    level.unwrap_or(0) as f64
}

/// From which value on the brightest channel counts as lit: `part` of the picture's bright level, between `floor` and
/// `threshold`, so that a dark picture keeps its field.
pub fn lit_threshold(picture: &RgbImage, threshold: u8, part: f64, floor: u8) -> f64 {
    (part * bright_level(picture)).max(f64::from(floor)).min(f64::from(threshold))
}

/// The columns and the rows, each from the first to just behind the last, of which more than `coverage` (a fraction)
/// exceeds `threshold` in its brightest channel; `None` where there is no such row or column.
pub fn lit_box(picture: &RgbImage, threshold: f64, coverage: f64) -> Option<[(i64, i64); 2]> {
    // Values are whole numbers: above 20.4 is above 20.
    let threshold = threshold.floor() as u8;
    let (width, height) = picture.dimensions();
    let mut lit_in_column = vec![0u32; width as usize];
    let mut lit_in_row = vec![0u32; height as usize];
    for (line, lit_row) in picture.rows().zip(&mut lit_in_row) {
        for (Rgb([r, g, b]), lit_column) in line.zip(&mut lit_in_column) {
            let lit = u32::from(*r.max(g).max(b) > threshold);
            *lit_column += lit;
            *lit_row += lit;
        }
    }
    Some([span(&lit_in_column, f64::from(height) * coverage)?, span(&lit_in_row, f64::from(width) * coverage)?])
}

/// The square around the lit box.
pub fn square(picture: &RgbImage, threshold: f64, coverage: f64) -> Option<Square> {
    let [(x0, x1), (y0, y1)] = lit_box(picture, threshold, coverage)?;
    let side = (x1 - x0).max(y1 - y0);
    Some(Square { left: (x0 + x1 - side).div_euclid(2), top: (y0 + y1 - side).div_euclid(2), side: side as u32 })
}

/// From the first entry above `least` to just behind the last.
fn span(lit: &[u32], least: f64) -> Option<(i64, i64)> {
    let first = lit.iter().position(|n| f64::from(*n) > least)?;
    let last = lit.iter().rposition(|n| f64::from(*n) > least)?;
    Some((first as i64, last as i64 + 1))
}

/// The pixels of `square`, black where it reaches beyond the picture.
pub fn crop(picture: &RgbImage, square: Square) -> RgbImage {
    let (width, height) = (i64::from(picture.width()), i64::from(picture.height()));
    let side = i64::from(square.side);
    let (x0, y0) = (square.left.max(0), square.top.max(0));
    let (x1, y1) = ((square.left + side).min(width), (square.top + side).min(height));
    let mut cropped = RgbImage::new(square.side, square.side);
    if x0 < x1 && y0 < y1 {
        let view = picture.view(x0 as u32, y0 as u32, (x1 - x0) as u32, (y1 - y0) as u32);
        let copied = cropped.copy_from(&*view, (x0 - square.left) as u32, (y0 - square.top) as u32);
        debug_assert!(copied.is_ok(), "the part lies inside the square");
    }
    cropped
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_disc_that_is_cut_off_keeps_its_square() {
        let picture = RgbImage::from_fn(100, 60, |x, y| {
            let (dx, dy) = (f64::from(x) - 49.5, f64::from(y) - 29.5);
            if dx.hypot(dy) < 40.0 { Rgb([150, 60, 20]) } else { Rgb([2, 2, 2]) }
        });
        let square = square(&picture, 25.0, 0.05).expect("there is a disc");
        assert_eq!((square.left, square.top), (10, -10));
        assert_eq!(square.side, 80);
        let cropped = crop(&picture, square);
        assert_eq!(cropped.get_pixel(40, 40), &Rgb([150, 60, 20]));
        assert_eq!(cropped.get_pixel(40, 0), &Rgb([0, 0, 0]));
    }

    #[test]
    fn a_dark_picture_has_a_lower_threshold() {
        let with = |light: u8| RgbImage::from_fn(100, 10, |x, _| Rgb([if x < 50 { light } else { 3 }, 0, 0]));
        assert_eq!(lit_threshold(&with(200), 25, 0.2, 8), 25.0);
        assert_eq!(lit_threshold(&with(60), 25, 0.2, 8), 12.0);
        assert_eq!(lit_threshold(&with(20), 25, 0.2, 8), 8.0);
        assert_eq!(square(&with(20), 8.0, 0.05).map(|square| square.side), Some(50));
    }

    #[test]
    fn a_black_picture_has_no_retina() {
        assert_eq!(square(&RgbImage::new(30, 20), 25.0, 0.05), None);
    }
}
