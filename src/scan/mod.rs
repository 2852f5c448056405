//! A decoded picture and where it comes from. Knows neither models nor maps.

use std::borrow::Cow;
use std::path::PathBuf;

use image::{DynamicImage, GrayImage, ImageBuffer, Rgb, RgbImage};
use rayon::prelude::*;

pub mod dicom;
pub mod encoded;
mod error;
pub mod facts;
pub mod find;
pub mod grey;
#[doc(hidden)]
pub mod idx;
mod jpeg;
pub mod measure;
mod open;
mod tiff;
mod webp;
pub mod window;

pub use encoded::{Encoded, Header};
pub use error::{MOST_FILE_BYTES, ScanError};
pub use facts::Facts;
pub use grey::GreyValues;
pub use open::{instance, kind, open, open_frame, personal, whose};
pub use window::GreyDisplay;

/// A picture as it was stored: colour, or grey values of up to 16 bits, upright.
#[derive(Debug, Clone)]
pub struct Scan {
    /// Upright.
    pub pixels: Pixels,
    /// The file, or what stands for it.
    pub path: PathBuf,
    /// What a modality said of it; pictures of other kinds have none.
    pub facts: Option<Box<Facts>>,
}

/// Pixels without transparency, in the depth in which they were stored.
#[derive(Debug, Clone)]
pub enum Pixels {
    /// Codes, and what values they stand for.
    Grey(GreyValues),
    /// Colour of 8 bits a channel.
    Rgb8(RgbImage),
    /// Colour of 16 bits a channel.
    Rgb16(ImageBuffer<Rgb<u16>, Vec<u16>>),
}

impl Pixels {
    /// Takes a decoded picture over; an alpha channel is dropped, three equal channels are one, floats become 16 bit.
    pub fn from_decoded(picture: DynamicImage) -> Self {
        match picture {
            DynamicImage::ImageLuma8(grey) => Self::from_grey8(&grey),
            DynamicImage::ImageLuma16(grey) => Self::Grey(GreyValues::plain(grey, 16)),
            DynamicImage::ImageRgb8(rgb) => Self::from_rgb8(rgb),
            DynamicImage::ImageRgb16(rgb) => Self::Rgb16(rgb),
            DynamicImage::ImageLumaA8(_) => Self::from_grey8(&picture.into_luma8()),
            DynamicImage::ImageLumaA16(_) => Self::Grey(GreyValues::plain(picture.into_luma16(), 16)),
            DynamicImage::ImageRgba8(_) => Self::from_rgb8(picture.into_rgb8()),
            _ => Self::Rgb16(picture.into_rgb16()),
        }
    }

    /// Radiographs are often stored with three equal channels: they are grey, and can be windowed.
    fn from_rgb8(rgb: RgbImage) -> Self {
        let is_grey = |[r, g, b]: &[u8; 3]| r == g && g == b;
        if rgb.as_raw().as_chunks::<3>().0.iter().all(is_grey) {
            return Self::from_grey8(&DynamicImage::ImageRgb8(rgb).into_luma8());
        }
        Self::Rgb8(rgb)
    }

    /// Grey of 8 bits, its values as they are.
    pub fn from_grey8(grey: &GrayImage) -> Self {
        Self::Grey(GreyValues::from_bytes(grey))
    }
}

impl Scan {
    /// A picture of which nothing is known but its pixels.
    pub fn new(pixels: Pixels, path: impl Into<PathBuf>) -> Self {
        Self { pixels, path: path.into(), facts: None }
    }

    /// Width and height in pixels.
    pub fn size_px(&self) -> (u32, u32) {
        match &self.pixels {
            Pixels::Grey(p) => p.size_px(),
            Pixels::Rgb8(p) => p.dimensions(),
            Pixels::Rgb16(p) => p.dimensions(),
        }
    }

    /// Bits of one channel.
    pub fn bit_depth(&self) -> u8 {
        match &self.pixels {
            Pixels::Grey(p) => p.bits(),
            Pixels::Rgb8(_) => 8,
            Pixels::Rgb16(_) => 16,
        }
    }

    /// Its grey values, where it is not in colour.
    pub fn grey(&self) -> Option<&GreyValues> {
        match &self.pixels {
            Pixels::Grey(grey) => Some(grey),
            _ => None,
        }
    }

    /// Whether it is not in colour.
    pub fn is_grey(&self) -> bool {
        self.grey().is_some()
    }

    /// The picture in 8-bit colour as models are given it, borrowed where it already is. Grey values go through their
    /// default window, 16-bit colours are divided by 257.
    pub fn to_rgb8(&self) -> Cow<'_, RgbImage> {
        self.to_rgb8_under(None)
    }

    /// Like [`Self::to_rgb8`], with grey values as `display` says.
    pub fn to_rgb8_under(&self, display: Option<&GreyDisplay>) -> Cow<'_, RgbImage> {
        match &self.pixels {
            Pixels::Rgb8(p) => Cow::Borrowed(p),
            Pixels::Grey(p) => {
                let display = display.cloned().unwrap_or_else(|| p.default_display());
                Cow::Owned(p.display_rgb(&display.voi, display.inverted))
            }
            Pixels::Rgb16(p) => {
                let (width, height) = p.dimensions();
                // As `image` divides, without a copy of the whole picture.
                let bytes = p.as_raw().par_iter().map(|v| ((u32::from(*v) + 128) / 257) as u8).collect();
                Cow::Owned(RgbImage::from_raw(width, height, bytes).unwrap_or_default())
            }
        }
    }
}
