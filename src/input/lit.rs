//! Where light falls in a picture: the disc around it, by which two pictures are laid over each other, and its outline.
//! Must not know models.

use image::imageops::{FilterType, resize};
use image::{GrayImage, Luma, Rgb};
use imageproc::contours::{BorderType, Contour, find_contours};
use imageproc::point::Point;

use super::reduced::{Reduced, scaled};
use super::retina;

/// The longer side of the picture in which the line is looked for, in pixels.
const SIDE_PX: u32 = 512;
/// A pixel is lit from this part of the picture's bright level on, and never below `DARK`: the dim rim of a retina is.
const LIT: f64 = 0.1;
const DARK: f64 = 12.0;
/// Rows and columns belong to the field where more than this part of them is lit.
const COVERAGE: f64 = 0.05;
/// The line is the mean over so many of its points before and behind, and of so many each one is kept.
const SMOOTHED_OVER: usize = 4;
const KEPT_OF: usize = 3;

/// The lit field of a picture, in source pixels.
#[derive(Debug, Clone, PartialEq)]
pub struct Lit {
    /// The middle of the box around it, and half of the box's longer side.
    pub centre_px: (f64, f64),
    /// In source pixels.
    pub radius_px: f64,
    /// Where its largest part ends: a closed line, or empty.
    pub contour: Vec<(f64, f64)>,
}

impl Lit {
    /// `None` where nothing is lit.
    pub fn of(reduced: &Reduced<'_>) -> Option<Self> {
        let (width, height) = reduced.picture.dimensions();
        let longer = width.max(height);
        if longer == 0 {
            return None;
        }
        let side = |side: u32| scaled(side, longer, SIDE_PX);
        let small = resize(reduced.picture.as_ref(), side(width), side(height), FilterType::Triangle);
        let along = |from: u32, to: u32, scale: f64| f64::from(from) / f64::from(to) * scale;
        let unit = (along(width, small.width(), reduced.scale.0), along(height, small.height(), reduced.scale.1));
        let least = (LIT * retina::bright_level(&small)).max(DARK);
        let [(left, right), (top, bottom)] = retina::lit_box(&small, least, COVERAGE)?;
        let middle = |from: i64, to: i64, unit: f64| (from + to) as f64 / 2.0 * unit;
        let mask = GrayImage::from_fn(small.width(), small.height(), |x, y| {
            let Rgb([r, g, b]) = *small.get_pixel(x, y);
            Luma([if f64::from(r.max(g).max(b)) > least { 255 } else { 0 }])
        });
        let contour = contour(&mask).into_iter().map(|(x, y)| (x * unit.0, y * unit.1)).collect();
        Some(Self {
            centre_px: (middle(left, right, unit.0), middle(top, bottom, unit.1)),
            radius_px: ((right - left) as f64 * unit.0).max((bottom - top) as f64 * unit.1) / 2.0,
            contour,
        })
    }
}

/// The outer border of the largest part of `mask`, smoothed.
fn contour(mask: &GrayImage) -> Vec<(f64, f64)> {
    let outer = find_contours::<i32>(mask).into_iter().filter(|contour| contour.border_type == BorderType::Outer);
    let box_px = |contour: &Contour<i32>| {
        let span = |of: fn(&Point<i32>) -> i32| {
            let all = || contour.points.iter().map(of);
            all().max().zip(all().min()).map_or(0, |(high, low)| i64::from(high - low + 1))
        };
        span(|point| point.x) * span(|point| point.y)
    };
    let Some(longest) = outer.max_by_key(box_px) else { return Vec::new() };
    let points: Vec<(f64, f64)> =
        longest.points.iter().map(|point| (f64::from(point.x) + 0.5, f64::from(point.y) + 0.5)).collect();
    let count = points.len();
    if count < 4 * SMOOTHED_OVER {
        return Vec::new();
    }
    let window = 2 * SMOOTHED_OVER + 1;
    let mean = |at: usize| {
        let around = (0..window).map(|step| points[(at + count + step - SMOOTHED_OVER) % count]);
        let (x, y) = around.fold((0.0, 0.0), |sum, point| (sum.0 + point.0, sum.1 + point.1));
        (x / window as f64, y / window as f64)
    };
    let mut line: Vec<(f64, f64)> = (0..count).step_by(KEPT_OF).map(mean).collect();
    line.extend(line.first().copied());
    line
}

#[cfg(test)]
mod tests {
    use image::RgbImage;

    use super::*;

    #[test]
    fn a_disc_has_its_circle_at_every_size() {
        for scale in [1, 7] {
            let at = f64::from(scale);
            let picture = RgbImage::from_fn(300 * scale, 240 * scale, |x, y| {
                let off = (f64::from(x) + 0.5 - 140.0 * at).hypot(f64::from(y) + 0.5 - 120.0 * at);
                if off < 100.0 * at { Rgb([150, 70, 20]) } else { Rgb([4, 3, 3]) }
            });
            let lit = Lit::of(&Reduced::new(&picture)).unwrap();
            assert!((lit.centre_px.0 - 140.0 * at).abs() < 2.0 * at && (lit.centre_px.1 - 120.0 * at).abs() < 2.0 * at);
            assert!((lit.radius_px - 100.0 * at).abs() < 3.0 * at, "{}", lit.radius_px);
            let off = |(x, y): &(f64, f64)| ((x - 140.0 * at).hypot(y - 120.0 * at) - 100.0 * at).abs();
            assert!(lit.contour.len() > 100 && lit.contour.iter().all(|point| off(point) < 2.0 * at));
            assert_eq!(lit.contour.first(), lit.contour.last());
        }
    }

    #[test]
    fn dark_and_tiny_pictures_have_none_or_an_empty_line() {
        assert_eq!(Lit::of(&Reduced::new(&RgbImage::new(30, 20))), None);
        for (width, height) in [(1, 1), (1, 4000), (4000, 1), (90, 90)] {
            let lit = Lit::of(&Reduced::new(&RgbImage::from_pixel(width, height, Rgb([200; 3])))).unwrap();
            assert!(lit.radius_px.is_finite() && lit.contour.iter().all(|(x, y)| x.is_finite() && y.is_finite()));
        }
    }
}
