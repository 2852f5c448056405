//! A decoded picture ready for a screen: its pixels at halved sizes, so that what is drawn costs what is seen.
//!
//! Must not know models, maps or the user interface.

use std::path::Path;
use std::time::Instant;

use image::imageops::{FilterType, resize};
use image::{Rgb, RgbImage};
use rayon::prelude::*;

use crate::scan::{self, Pixels, Scan, ScanError};

/// Longest side of a thumbnail.
pub const THUMBNAIL_PX: u32 = 96;
/// A level this small is not halved again.
const SMALLEST_LEVEL_PX: u32 = 256;

/// A scan with its levels: level n has 1/2ⁿ of the sides.
#[derive(Debug)]
pub struct Picture {
    pub scan: Scan,
    pub decode_ms: f64,
    /// Level 0 where the scan itself is not 8-bit colour.
    full: Option<RgbImage>,
    halved: Vec<RgbImage>,
}

impl Picture {
    /// Reads a file and makes its levels.
    ///
    /// # Errors
    /// Whatever keeps the file from being opened.
    pub fn open(path: &Path) -> Result<Self, ScanError> {
        let start = Instant::now();
        let scan = scan::open(path)?;
        let decode_ms = start.elapsed().as_secs_f64() * 1e3;
        Ok(Self::new(scan, decode_ms))
    }

    pub fn new(scan: Scan, decode_ms: f64) -> Self {
        let full = (!matches!(scan.pixels, Pixels::Rgb8(_))).then(|| scan.to_rgb8().into_owned());
        let mut picture = Self { scan, decode_ms, full, halved: Vec::new() };
        loop {
            let last = picture.level(picture.levels() - 1);
            if last.width().max(last.height()) <= SMALLEST_LEVEL_PX {
                return picture;
            }
            let next = halved(last);
            picture.halved.push(next);
        }
    }

    pub fn levels(&self) -> u32 {
        self.halved.len() as u32 + 1
    }

    /// The picture at 1/2ⁿ of its sides, odd sides rounded up; the smallest level where `level` is beyond it.
    pub fn level(&self, level: u32) -> &RgbImage {
        let at = (level as usize).min(self.halved.len());
        match (at, &self.full, &self.scan.pixels) {
            (0, Some(full), _) | (0, None, Pixels::Rgb8(full)) => full,
            _ => &self.halved[at.max(1) - 1],
        }
    }

    pub fn size_px(&self) -> (u32, u32) {
        self.scan.size_px()
    }

    /// What the picture holds in memory.
    pub fn bytes(&self) -> usize {
        let (width, height) = self.size_px();
        let channels = if self.scan.is_grey() { 1 } else { 3 };
        let scan = width as usize * height as usize * channels * usize::from(self.scan.bit_depth() / 8);
        scan + self.full.iter().chain(&self.halved).map(|level| level.as_raw().len()).sum::<usize>()
    }

    /// The picture at most [`THUMBNAIL_PX`] long.
    pub fn thumbnail(&self) -> RgbImage {
        let smallest = self.level(u32::MAX);
        let (width, height) = smallest.dimensions();
        let scale = f64::from(THUMBNAIL_PX) / f64::from(width.max(height));
        let side = |px: u32| ((f64::from(px) * scale).round() as u32).max(1);
        resize(smallest, side(width), side(height), FilterType::Triangle)
    }
}

/// Half the sides, odd ones rounded up: each pixel is the mean of those of its four that exist.
fn halved(picture: &RgbImage) -> RgbImage {
    let (width, height) = picture.dimensions();
    let mut half = RgbImage::new(width.div_ceil(2), height.div_ceil(2));
    let line_bytes = 3 * half.width() as usize;
    half.par_chunks_exact_mut(line_bytes).enumerate().with_min_len(16).for_each(|(y, line)| {
        let (top, bottom) = (2 * y as u32, (2 * y as u32 + 1).min(height - 1));
        let (pixels, _) = line.as_chunks_mut::<3>();
        for (x, pixel) in (0..).zip(pixels) {
            let (left, right) = (2 * x, (2 * x + 1).min(width - 1));
            let four = [(left, top), (right, top), (left, bottom), (right, bottom)];
            let four = four.map(|(x, y)| picture.get_pixel(x, y).0.map(u16::from));
            let mean = |c: usize| ((four[0][c] + four[1][c] + four[2][c] + four[3][c] + 2) / 4) as u8;
            *pixel = [mean(0), mean(1), mean(2)];
        }
    });
    half
}

/// The value of one source pixel, in the depth in which it was stored.
pub fn value_at(scan: &Scan, x: u32, y: u32) -> Option<Vec<u16>> {
    let (width, height) = scan.size_px();
    if x >= width || y >= height {
        return None;
    }
    Some(match &scan.pixels {
        Pixels::Grey(p) => vec![p.codes.get_pixel(x, y).0[0]],
        Pixels::Rgb8(p) => p.get_pixel(x, y).0.map(u16::from).to_vec(),
        Pixels::Rgb16(p) => {
            let Rgb(values) = *p.get_pixel(x, y);
            values.to_vec()
        }
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn picture(width: u32, height: u32) -> Picture {
        let pixels = RgbImage::from_fn(width, height, |x, y| Rgb([(x % 256) as u8, (y % 256) as u8, 7]));
        Picture::new(Scan::new(Pixels::Rgb8(pixels), "p"), 0.0)
    }

    #[test]
    fn levels_halve_until_they_are_small() {
        let picture = picture(1001, 600);
        let sizes: Vec<_> = (0..picture.levels()).map(|n| picture.level(n).dimensions()).collect();
        assert_eq!(sizes, [(1001, 600), (501, 300), (251, 150)]);
        assert_eq!(picture.level(1).get_pixel(3, 10).0, [7, 21, 7]);
        assert_eq!(picture.level(1).get_pixel(500, 0).0[0], (1000 % 256) as u8, "an odd column stands alone");
        assert_eq!(picture.level(99).dimensions(), (251, 150));
    }

    #[test]
    fn a_thumbnail_keeps_the_shape() {
        assert_eq!(picture(960, 480).thumbnail().dimensions(), (96, 48));
        assert_eq!(picture(3, 900).thumbnail().dimensions(), (1, 96));
    }

    #[test]
    fn values_are_read_as_they_were_stored() {
        let picture = picture(4, 4);
        assert_eq!(value_at(&picture.scan, 2, 3), Some(vec![2, 3, 7]));
        assert_eq!(value_at(&picture.scan, 4, 0), None);
    }
}
