//! A decoded picture ready for the screen: its pixels at halved sizes, so that drawing costs only what is seen.
//!
//! Must not know models, maps or the user interface.

use std::borrow::Cow;
use std::path::Path;
use std::time::Instant;

use image::imageops::{FilterType, resize};
use image::{ImageBuffer, Luma, Pixel, Rgb, RgbImage};
use rayon::prelude::*;

use crate::bundle::measures::Measures;
use crate::input::{self, Lit};
use crate::scan::{Encoded, GreyValues, Header, Pixels, Scan, ScanError};

/// Longest side of a thumbnail.
pub const THUMBNAIL_PX: u32 = 96;
/// A level this small is not halved again.
const SMALLEST_LEVEL_PX: u32 = 256;

/// Grey codes of one level.
pub type Codes = ImageBuffer<Luma<u16>, Vec<u16>>;

/// A picture at one of its sizes.
#[derive(Debug, Clone, Copy)]
pub enum Level<'a> {
    /// Codes, mapped when they are shown: window and level change only that.
    Grey(&'a Codes),
    Colour(&'a RgbImage),
}

impl Level<'_> {
    pub fn dimensions(&self) -> (u32, u32) {
        match self {
            Self::Grey(codes) => codes.dimensions(),
            Self::Colour(colours) => colours.dimensions(),
        }
    }
}

/// A scan with its levels: level n has 1/2ⁿ of the sides.
#[derive(Debug)]
pub struct Picture {
    pub scan: Scan,
    pub decode_ms: f64,
    /// SHA-256 of the file, lower-case hexadecimal; `None` for a scan from elsewhere.
    pub sha256: Option<String>,
    /// What the models' gates judge by.
    pub measures: Measures,
    /// Its lit field.
    pub lit: Option<Lit>,
    /// Level 0 where the scan itself is 16-bit colour.
    full: Option<RgbImage>,
    halved: Halved,
}

#[derive(Debug)]
enum Halved {
    Grey(Vec<Codes>),
    Colour(Vec<RgbImage>),
}

impl Picture {
    /// Reads frame `frame` of a file, counted from 0, and makes its levels.
    ///
    /// # Errors
    /// Whatever keeps the file from being opened.
    pub fn open(path: &Path, frame: u32) -> Result<Self, ScanError> {
        Self::decode(&Encoded::read(path, frame)?)
    }

    /// Like [`Self::open`], from a file already read.
    ///
    /// # Errors
    /// Like [`Self::open`].
    pub fn decode(file: &Encoded) -> Result<Self, ScanError> {
        let start = Instant::now();
        let scan = file.decode()?;
        let decode_ms = start.elapsed().as_secs_f64() * 1e3;
        Ok(Self { sha256: Some(file.sha256()), ..Self::new(scan, decode_ms) })
    }

    pub fn new(scan: Scan, decode_ms: f64) -> Self {
        let full = matches!(scan.pixels, Pixels::Rgb16(_)).then(|| scan.to_rgb8().into_owned());
        let halved = match (&scan.pixels, &full) {
            (Pixels::Grey(grey), _) => Halved::Grey(levels(&grey.codes)),
            (Pixels::Rgb8(colours), _) | (Pixels::Rgb16(_), Some(colours)) => Halved::Colour(levels(colours)),
            (Pixels::Rgb16(_), None) => Halved::Colour(Vec::new()),
        };
        // Computed here and not when it is shown: that would be the window's thread.
        let _ = scan.grey().map(GreyValues::range);
        let (measures, lit) = input::measure_with_field(&scan);
        Self { measures, lit, scan, decode_ms, sha256: None, full, halved }
    }

    /// Memory of the levels of a picture with `header`, without the picture itself.
    pub fn level_bytes(header: &Header) -> u64 {
        let full = if header.kept_bytes > 3 * header.pixels() { 3 * header.pixels() } else { 0 };
        full + header.kept_bytes / 3
    }

    /// Which frame of its file it is, counted from 0.
    pub fn frame(&self) -> u32 {
        self.scan.facts.as_ref().map_or(0, |facts| facts.frame)
    }

    pub fn levels(&self) -> u32 {
        1 + match &self.halved {
            Halved::Grey(levels) => levels.len() as u32,
            Halved::Colour(levels) => levels.len() as u32,
        }
    }

    /// The picture at 1/2ⁿ of its sides, odd sides rounded up; the smallest level where `level` is beyond it.
    pub fn level(&self, level: u32) -> Level<'_> {
        let at = level.min(self.levels() - 1) as usize;
        match (&self.scan.pixels, &self.full, &self.halved) {
            (_, _, Halved::Grey(halved)) if at > 0 => Level::Grey(&halved[at - 1]),
            (_, _, Halved::Colour(halved)) if at > 0 => Level::Colour(&halved[at - 1]),
            (Pixels::Grey(grey), ..) => Level::Grey(&grey.codes),
            (Pixels::Rgb8(colours), ..) | (Pixels::Rgb16(_), Some(colours), _) => Level::Colour(colours),
            (Pixels::Rgb16(_), None, _) => unreachable!("16-bit colour has its level 0 from the start"),
        }
    }

    pub fn size_px(&self) -> (u32, u32) {
        self.scan.size_px()
    }

    /// The memory it takes, in bytes.
    pub fn bytes(&self) -> usize {
        let (width, height) = self.size_px();
        let a_pixel = match &self.scan.pixels {
            Pixels::Grey(_) => 2,
            Pixels::Rgb8(_) => 3,
            Pixels::Rgb16(_) => 6,
        };
        let halved: usize = match &self.halved {
            Halved::Grey(levels) => levels.iter().map(|level| 2 * level.as_raw().len()).sum(),
            Halved::Colour(levels) => levels.iter().map(|level| level.as_raw().len()).sum(),
        };
        let full = self.full.as_ref().map_or(0, |full| full.as_raw().len());
        width as usize * height as usize * a_pixel + full + halved
    }

    /// The picture, its longer side at most [`THUMBNAIL_PX`].
    pub fn thumbnail(&self) -> RgbImage {
        let smallest = match (self.level(u32::MAX), self.scan.grey()) {
            (Level::Colour(colours), _) => Cow::Borrowed(colours),
            (Level::Grey(codes), grey) => {
                let lookup = grey.map(|grey| grey.lookup(grey.default_voi(), false)).unwrap_or_default();
                let light = |code: u16| lookup.get(usize::from(code)).copied().unwrap_or(0);
                Cow::Owned(RgbImage::from_fn(codes.width(), codes.height(), |x, y| {
                    Rgb([light(codes.get_pixel(x, y).0[0]); 3])
                }))
            }
        };
        let (width, height) = smallest.dimensions();
        let scale = f64::from(THUMBNAIL_PX) / f64::from(width.max(height));
        let side = |px: u32| ((f64::from(px) * scale).round() as u32).max(1);
        resize(&*smallest, side(width), side(height), FilterType::Triangle)
    }
}

/// The levels below `full`, until one is small.
fn levels<P>(full: &ImageBuffer<P, Vec<P::Subpixel>>) -> Vec<ImageBuffer<P, Vec<P::Subpixel>>>
where
    P: Pixel + Send + Sync,
    P::Subpixel: Into<u32> + TryFrom<u32> + Send + Sync,
{
    let mut levels: Vec<ImageBuffer<P, Vec<P::Subpixel>>> = Vec::new();
    loop {
        let last = levels.last().unwrap_or(full);
        if last.width().max(last.height()) <= SMALLEST_LEVEL_PX {
            return levels;
        }
        let next = halved(last);
        levels.push(next);
    }
}

/// Half the sides, odd ones rounded up: each pixel is the mean of those of its four that exist.
fn halved<P>(picture: &ImageBuffer<P, Vec<P::Subpixel>>) -> ImageBuffer<P, Vec<P::Subpixel>>
where
    P: Pixel + Send + Sync,
    P::Subpixel: Into<u32> + TryFrom<u32> + Send + Sync,
{
    let (width, height) = (picture.width() as usize, picture.height() as usize);
    let channels = usize::from(P::CHANNEL_COUNT);
    let mut half = ImageBuffer::<P, _>::new(picture.width().div_ceil(2), picture.height().div_ceil(2));
    let line = channels * half.width() as usize;
    let from = picture.as_raw();
    half.par_chunks_exact_mut(line).enumerate().with_min_len(16).for_each(|(y, out)| {
        let (top, bottom) = (2 * y * width, (2 * y + 1).min(height - 1) * width);
        for (x, pixel) in out.chunks_exact_mut(channels).enumerate() {
            let (left, right) = (2 * x, (2 * x + 1).min(width - 1));
            let corners = [top + left, top + right, bottom + left, bottom + right].map(|i| i * channels);
            for (c, value) in pixel.iter_mut().enumerate() {
                let sum: u32 = corners.iter().map(|i| from[i + c].into()).sum();
                // A mean of four fits where each of them did.
                *value = P::Subpixel::try_from((sum + 2) / 4).unwrap_or(*value);
            }
        }
    });
    half
}

/// The value of one source pixel: of a grey one after the modality look-up, nothing in padding; of a colour one in the
/// depth in which it was stored.
pub fn value_at(scan: &Scan, x: u32, y: u32) -> Option<Vec<f64>> {
    let (width, height) = scan.size_px();
    if x >= width || y >= height {
        return None;
    }
    Some(match &scan.pixels {
        Pixels::Grey(p) => p.value(x, y).into_iter().collect(),
        Pixels::Rgb8(p) => p.get_pixel(x, y).0.map(f64::from).to_vec(),
        Pixels::Rgb16(p) => p.get_pixel(x, y).0.map(f64::from).to_vec(),
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
        let Level::Colour(half) = picture.level(1) else { panic!("a colour picture") };
        assert_eq!(half.get_pixel(3, 10).0, [7, 21, 7]);
        assert_eq!(half.get_pixel(500, 0).0[0], (1000 % 256) as u8, "an odd column stands alone");
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
        assert_eq!(value_at(&picture.scan, 2, 3), Some(vec![2.0, 3.0, 7.0]));
        assert_eq!(value_at(&picture.scan, 4, 0), None);
    }

    #[test]
    fn grey_levels_keep_their_codes() {
        let codes = ImageBuffer::from_fn(600, 400, |x, y| Luma([60_000 + (x + y) as u16]));
        let picture = Picture::new(Scan::new(Pixels::Grey(GreyValues::plain(codes, 16)), "g"), 0.0);
        let Level::Grey(half) = picture.level(1) else { panic!("a grey picture") };
        assert_eq!(half.dimensions(), (300, 200));
        assert_eq!(half.get_pixel(10, 20).0, [60_061], "the mean of 60060, 60061, 60061 and 60062");
        assert_eq!(value_at(&picture.scan, 3, 4), Some(vec![60_007.0]));
        assert_eq!(picture.thumbnail().dimensions(), (96, 64));
    }
}
