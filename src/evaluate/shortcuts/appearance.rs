//! How a picture was taken, in a few numbers: light, sharpness, size, and its outermost lines. Measured on a small grey
//! copy; must not know labels.

use image::GrayImage;
use image::imageops::{grayscale, thumbnail};
use serde::{Deserialize, Serialize};

use crate::scan::Scan;

/// The longer side of the copy that is looked at, in pixels; smaller pictures stay as they are.
const SIDE_PX: u32 = 512;
/// A pixel is lit from this part of the bright level (the 95th percentile) on.
const LIT: f64 = 0.1;
/// How wide the strip along each edge is, as a part of width or height.
const STRIP: f64 = 0.03;
/// Keeps logarithms of nothing finite.
const LEAST: f64 = 1e-4;

/// What the picture-side detectors look at, besides the thumbnail and marks.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Appearance {
    /// Logarithm of the mean light of the lit part, its bright level, the part that is nearly white.
    pub light: Vec<f32>,
    /// Logarithms of fine and of middling detail over coarse.
    pub sharpness: Vec<f32>,
    /// Logarithms of width, height and their ratio; how much of width, height and area is lit.
    pub size: Vec<f32>,
    /// The mean of the outermost line, and of a strip, at left, right, top and bottom; 0 to 1.
    pub edges: Vec<f32>,
}

/// The copy: the mean of boxes.
pub fn small_grey(scan: &Scan) -> GrayImage {
    let picture = scan.to_rgb8();
    let (width, height) = picture.dimensions();
    let longer = width.max(height);
    if longer <= SIDE_PX {
        return grayscale(&*picture);
    }
    let to = |side: u32| (u64::from(side) * u64::from(SIDE_PX) / u64::from(longer)).max(1) as u32;
    grayscale(&thumbnail(&*picture, to(width), to(height)))
}

impl Appearance {
    /// Of a picture's small copy, and its own size in pixels.
    pub fn of(grey: &GrayImage, size_px: (u32, u32)) -> Self {
        let bright = percentile(grey, 0.95);
        let least = LIT * bright;
        Self {
            light: light(grey, bright, least),
            sharpness: sharpness(grey),
            size: size(grey, size_px, least),
            edges: edges(grey),
        }
    }
}

fn percentile(grey: &GrayImage, part: f64) -> f64 {
    let mut counts = [0_u64; 256];
    grey.iter().for_each(|v| counts[usize::from(*v)] += 1);
    let rank = (part * grey.len() as f64) as u64;
    let mut below = 0;
    let level = counts.iter().position(|count| {
        below += count;
        below > rank
    });
    level.unwrap_or(0) as f64
}

fn light(grey: &GrayImage, bright: f64, least: f64) -> Vec<f32> {
    let lit: Vec<f64> = grey.iter().map(|v| f64::from(*v)).filter(|v| *v > least).collect();
    let mean = lit.iter().sum::<f64>() / lit.len().max(1) as f64 / 255.0;
    let white = grey.iter().filter(|v| **v > 240).count() as f64 / grey.len().max(1) as f64;
    [mean.max(LEAST).ln(), bright / 255.0, white].map(|v| v as f32).to_vec()
}

/// Differences between the picture and its blurs of 1, 2 and 4 pixels.
fn sharpness(grey: &GrayImage) -> Vec<f32> {
    if grey.is_empty() {
        return vec![0.0; 2];
    }
    let blurred = |sigma: f32| imageproc::filter::gaussian_blur_f32(grey, sigma);
    let apart = |a: &GrayImage, b: &GrayImage| {
        let sum: u64 = a.iter().zip(b.iter()).map(|(a, b)| u64::from(a.abs_diff(*b))).sum();
        (sum as f64 / a.len() as f64).max(LEAST)
    };
    let [one, two, four] = [1.0, 2.0, 4.0].map(blurred);
    let coarse = apart(&two, &four);
    [(apart(grey, &one) / coarse).ln() as f32, (apart(&one, &two) / coarse).ln() as f32].to_vec()
}

fn size(grey: &GrayImage, (width, height): (u32, u32), least: f64) -> Vec<f32> {
    let (mut columns, mut rows, mut area) =
        (vec![0_u32; grey.width() as usize], vec![0_u32; grey.height() as usize], 0);
    for (x, y, _) in grey.enumerate_pixels().filter(|(_, _, pixel)| f64::from(pixel.0[0]) > least) {
        columns[x as usize] += 1;
        rows[y as usize] += 1;
        area += 1;
    }
    // A line is lit where more than one in twenty of its pixels is.
    let lit = |counts: &[u32], of: u32| {
        counts.iter().filter(|count| **count > of / 20).count() as f64 / counts.len().max(1) as f64
    };
    let ln = |side: u32| f64::from(side.max(1)).ln();
    let shares = [lit(&columns, grey.height()), lit(&rows, grey.width()), f64::from(area) / grey.len().max(1) as f64];
    [ln(width), ln(height), ln(width) - ln(height)].into_iter().chain(shares).map(|v| v as f32).collect()
}

fn edges(grey: &GrayImage) -> Vec<f32> {
    let (width, height) = grey.dimensions();
    let mean = |xs: std::ops::Range<u32>, ys: std::ops::Range<u32>| {
        let places = || ys.clone().flat_map(|y| xs.clone().map(move |x| (x, y)));
        let sum: f64 = places().map(|(x, y)| f64::from(grey.get_pixel(x, y).0[0])).sum();
        (sum / places().count().max(1) as f64 / 255.0) as f32
    };
    let strip = |side: u32| ((STRIP * f64::from(side)).round() as u32).clamp(1, side.max(1)).min(side);
    let of = |across: u32, down: u32| {
        [
            mean(0..across, 0..height),
            mean(width - across..width, 0..height),
            mean(0..width, 0..down),
            mean(0..width, height - down..height),
        ]
    };
    of(width.min(1), height.min(1)).into_iter().chain(of(strip(width), strip(height))).collect()
}

#[cfg(test)]
mod tests {
    use image::Luma;

    use super::*;

    fn drawn(light: f64, radius: f64) -> GrayImage {
        GrayImage::from_fn(200, 160, |x, y| {
            let off = (f64::from(x) - 100.0).hypot(f64::from(y) - 80.0);
            let value = light * (100.0 + 30.0 * (f64::from(x) * 0.9).sin() + 20.0 * (f64::from(y) * 0.4).cos());
            Luma([if off < radius { value as u8 } else { 3 }])
        })
    }

    fn of(grey: &GrayImage) -> Appearance {
        Appearance::of(grey, grey.dimensions())
    }

    #[test]
    fn each_measure_follows_what_it_is_of() {
        let usual = of(&drawn(1.0, 70.0));
        let bright = of(&drawn(1.3, 70.0));
        assert!((f64::from(bright.light[0] - usual.light[0]) - 1.3_f64.ln()).abs() < 0.02);
        assert!((bright.sharpness[0] - usual.sharpness[0]).abs() < 0.2, "light is no sharpness: {usual:?} {bright:?}");
        let blurred = of(&imageproc::filter::gaussian_blur_f32(&drawn(1.0, 70.0), 1.5));
        assert!(blurred.sharpness[0] < usual.sharpness[0] - 0.3, "{usual:?} {blurred:?}");
        assert!((blurred.light[0] - usual.light[0]).abs() < 0.15, "sharpness is no light");
        let near = of(&drawn(1.0, 80.0));
        assert!((near.size[4] - usual.size[4] - 0.125).abs() < 0.03, "20 of 160 lines: {near:?}");
        let large = Appearance::of(&drawn(1.0, 70.0), (2000, 1600));
        assert!((large.size[0] - usual.size[0] - 10.0_f32.ln()).abs() < 1e-5 && large.size[2] == usual.size[2]);
    }

    #[test]
    fn edges_are_the_outermost_lines_and_strips() {
        let mut grey = drawn(1.0, 70.0);
        (0..160).for_each(|y| grey.put_pixel(0, y, Luma([255])));
        let found = of(&grey).edges;
        assert!(found[0] > 0.99 && found[1] < 0.02, "{found:?}");
        assert!((found[4] - 1.0 / 6.0).abs() < 0.02, "one of six columns: {found:?}");
    }

    #[test]
    fn odd_pictures_are_measured_too() {
        for (width, height) in [(0, 0), (1, 1), (1, 300), (300, 1)] {
            let found = Appearance::of(&GrayImage::new(width, height), (width, height));
            let all = [&found.light, &found.sharpness, &found.size, &found.edges];
            assert_eq!(all.map(Vec::len), [3, 2, 6, 8]);
            assert!(all.into_iter().flatten().all(|v| v.is_finite()), "{found:?}");
        }
    }
}
