//! A decoded picture and where it comes from. Knows neither models nor maps.

use std::borrow::Cow;
use std::path::PathBuf;

use image::{DynamicImage, GrayImage, ImageBuffer, Luma, Rgb, RgbImage};

pub mod find;
mod jpeg;
mod open;

pub use open::{ScanError, open};

/// A picture as it was stored: colour or grey, 8 or 16 bit a channel, upright.
#[derive(Debug, Clone)]
pub struct Scan {
    pub pixels: Pixels,
    pub path: PathBuf,
}

/// Pixels without transparency, in the depth in which they were stored.
#[derive(Debug, Clone)]
pub enum Pixels {
    Grey8(GrayImage),
    Grey16(ImageBuffer<Luma<u16>, Vec<u16>>),
    Rgb8(RgbImage),
    Rgb16(ImageBuffer<Rgb<u16>, Vec<u16>>),
}

impl Pixels {
    /// Takes a decoded picture over; an alpha channel is dropped, floats become 16 bit.
    pub fn from_decoded(picture: DynamicImage) -> Self {
        match picture {
            DynamicImage::ImageLuma8(grey) => Self::Grey8(grey),
            DynamicImage::ImageLuma16(grey) => Self::Grey16(grey),
            DynamicImage::ImageRgb8(rgb) => Self::Rgb8(rgb),
            DynamicImage::ImageRgb16(rgb) => Self::Rgb16(rgb),
            DynamicImage::ImageLumaA8(_) => Self::Grey8(picture.into_luma8()),
            DynamicImage::ImageLumaA16(_) => Self::Grey16(picture.into_luma16()),
            DynamicImage::ImageRgba8(_) => Self::Rgb8(picture.into_rgb8()),
            _ => Self::Rgb16(picture.into_rgb16()),
        }
    }
}

impl Scan {
    /// Width and height in pixels.
    pub fn size_px(&self) -> (u32, u32) {
        match &self.pixels {
            Pixels::Grey8(p) => p.dimensions(),
            Pixels::Grey16(p) => p.dimensions(),
            Pixels::Rgb8(p) => p.dimensions(),
            Pixels::Rgb16(p) => p.dimensions(),
        }
    }

    /// Bits of one channel.
    pub fn bit_depth(&self) -> u8 {
        match self.pixels {
            Pixels::Grey8(_) | Pixels::Rgb8(_) => 8,
            Pixels::Grey16(_) | Pixels::Rgb16(_) => 16,
        }
    }

    pub fn is_grey(&self) -> bool {
        matches!(self.pixels, Pixels::Grey8(_) | Pixels::Grey16(_))
    }

    /// The picture in 8-bit colour, borrowed where it already is. 16-bit values are divided by 257.
    pub fn to_rgb8(&self) -> Cow<'_, RgbImage> {
        match &self.pixels {
            Pixels::Rgb8(p) => Cow::Borrowed(p),
            Pixels::Grey8(p) => Cow::Owned(DynamicImage::ImageLuma8(p.clone()).into_rgb8()),
            Pixels::Grey16(p) => Cow::Owned(DynamicImage::ImageLuma16(p.clone()).into_rgb8()),
            Pixels::Rgb16(p) => Cow::Owned(DynamicImage::ImageRgb16(p.clone()).into_rgb8()),
        }
    }
}
