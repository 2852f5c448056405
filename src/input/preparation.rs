//! A picture on its way to the model input: bytes first, f32 planes once a step asks for them.

use fast_image_resize::images::{Image, ImageRef};
use fast_image_resize::{FilterType, PixelType, ResizeAlg, ResizeOptions, Resizer};
use image::RgbImage;

use super::{InputError, ModelInput, PreparedBytes, local_contrast, retina};
use crate::bundle::steps::Step;
use crate::geometry::Transform;
use crate::scan::Scan;

/// Interleaved bytes, or planes of f32, with the way back to source pixels.
pub struct Preparation {
    pixels: Pixels,
    channels: usize,
    width: usize,
    height: usize,
    source_from_prepared: Transform,
}

enum Pixels {
    /// `[height, width, channels]`
    Bytes(Vec<u8>),
    /// `[channels, height, width]`
    Planes(Vec<f32>),
}

impl Preparation {
    pub fn new(scan: &Scan) -> Self {
        let rgb = scan.to_rgb8();
        let (width, height) = (rgb.width() as usize, rgb.height() as usize);
        let pixels = Pixels::Bytes(rgb.into_owned().into_raw());
        Self { pixels, channels: 3, width, height, source_from_prepared: Transform::IDENTITY }
    }

    /// Planes `[channels, height, width]` of 0–255 that were made elsewhere.
    pub fn of_planes(planes: Vec<f32>, [channels, height, width]: [usize; 3]) -> Self {
        Self { pixels: Pixels::Planes(planes), channels, width, height, source_from_prepared: Transform::IDENTITY }
    }

    pub fn into_bytes(self) -> Result<PreparedBytes, InputError> {
        let Self { channels, width, height, source_from_prepared, .. } = self;
        let Pixels::Bytes(bytes) = self.pixels else {
            return Err(InputError::Steps("no bytes are left of the picture".to_owned()));
        };
        Ok(PreparedBytes { bytes, channels, height, width, source_from_model: source_from_prepared })
    }

    pub fn follow(self, step: &Step) -> Result<Self, InputError> {
        match step {
            Step::CropToRetina { threshold, coverage, bright_part, floor } => {
                let part = bright_part.map(|part| (part, floor.unwrap_or(0)));
                self.crop_to_retina(*threshold, part, *coverage)
            }
            Step::CropMargins { fraction } => self.crop_margins(*fraction),
            Step::Grey => self.grey(),
            Step::Resize { width, height } => self.resize(*width, *height),
            Step::UnitRange => Ok(self.map_planes(|_, v| v / 255.0)),
            Step::LocalContrast { dark, margin, cell, gain, limit } => {
                let (width, height) = (self.width, self.height);
                let size = local_contrast::PlaneSize { width, height };
                let settings = local_contrast::LocalContrast {
                    dark: *dark,
                    margin: *margin,
                    cell: *cell,
                    gain: *gain,
                    limit: *limit,
                };
                let mut next = self.map_planes(|_, v| v);
                if let Pixels::Planes(planes) = &mut next.pixels {
                    local_contrast::apply(planes, size, settings);
                }
                Ok(next)
            }
            Step::Standardise { limit } => Ok(self.standardise(*limit)),
            Step::Normalise { mean, deviation } => Ok(self.map_planes(|c, v| (v - mean[c]) / deviation[c])),
        }
    }

    pub fn into_input(self) -> ModelInput {
        let planes = self.map_planes(|_, v| v);
        let Pixels::Planes(values) = planes.pixels else { unreachable!("map_planes gives planes") };
        let Self { channels, width, height, source_from_prepared, .. } = planes;
        ModelInput { values, channels, height, width, source_from_model: source_from_prepared }
    }

    /// `dark`: part of the bright level and floor of a dark picture's threshold.
    fn crop_to_retina(self, threshold: u8, dark: Option<(f64, u8)>, coverage: f64) -> Result<Self, InputError> {
        let rgb = self.into_rgb()?;
        let fixed = f64::from(threshold);
        let threshold = dark.map_or(fixed, |(part, floor)| retina::lit_threshold(&rgb.0, threshold, part, floor));
        let square = retina::square(&rgb.0, threshold, coverage).ok_or(InputError::NoRetina)?;
        let cropped = retina::crop(&rgb.0, square);
        let source_from_crop = Transform::scale_then_move(1.0, 1.0, square.left as f64, square.top as f64).then(&rgb.1);
        let side = square.side as usize;
        let pixels = Pixels::Bytes(cropped.into_raw());
        Ok(Self { pixels, channels: 3, width: side, height: side, source_from_prepared: source_from_crop })
    }

    fn crop_margins(self, fraction: f64) -> Result<Self, InputError> {
        let Pixels::Bytes(bytes) = &self.pixels else {
            return Err(InputError::Steps(
                "`crop-margins` must stand before steps that leave the range 0–255".to_owned(),
            ));
        };
        let cut = |side: usize| (side as f64 * fraction).round() as usize;
        let (left, top) = (cut(self.width), cut(self.height));
        let (width, height) = (self.width.saturating_sub(2 * left).max(1), self.height.saturating_sub(2 * top).max(1));
        let line = self.width * self.channels;
        let (from, length) = (left * self.channels, width * self.channels);
        let kept = bytes.chunks_exact(line).skip(top).take(height).flat_map(|row| &row[from..from + length]);
        let source_from_crop =
            Transform::scale_then_move(1.0, 1.0, left as f64, top as f64).then(&self.source_from_prepared);
        let pixels = Pixels::Bytes(kept.copied().collect());
        Ok(Self { pixels, width, height, source_from_prepared: source_from_crop, ..self })
    }

    fn standardise(self, limit: f32) -> Self {
        let mut next = self.map_planes(|_, v| v);
        if let Pixels::Planes(values) = &mut next.pixels {
            let count = values.len().max(1) as f64;
            let mean = values.iter().map(|v| f64::from(*v)).sum::<f64>() / count;
            let variance = values.iter().map(|v| (f64::from(*v) - mean).powi(2)).sum::<f64>() / count;
            // An even picture has no contrast to divide by.
            let share = 1.0 / (variance.sqrt() + 1e-3);
            values.iter_mut().for_each(|v| *v = (((f64::from(*v) - mean) * share) as f32).clamp(-limit, limit));
        }
        next
    }

    fn into_rgb(self) -> Result<(RgbImage, Transform), InputError> {
        match self.pixels {
            Pixels::Bytes(bytes) if self.channels == 3 => {
                RgbImage::from_raw(self.width as u32, self.height as u32, bytes).map(|p| (p, self.source_from_prepared))
            }
            _ => None,
        }
        .ok_or_else(|| InputError::Steps("`crop-to-retina` needs a colour picture, before any other step".to_owned()))
    }

    /// Rounded as Pillow does, so that models trained there see the same values.
    fn grey(self) -> Result<Self, InputError> {
        let Pixels::Bytes(bytes) = &self.pixels else {
            return Err(InputError::Steps("`grey` must stand before steps that leave the range 0–255".to_owned()));
        };
        let weigh =
            |p: &[u8]| (u32::from(p[0]) * 19595 + u32::from(p[1]) * 38470 + u32::from(p[2]) * 7471 + 0x8000) >> 16;
        let grey = bytes.as_chunks::<3>().0.iter().map(|p| weigh(p) as u8).collect();
        Ok(Self { pixels: Pixels::Bytes(grey), channels: 1, ..self })
    }

    fn resize(self, width: u32, height: u32) -> Result<Self, InputError> {
        let Pixels::Bytes(bytes) = self.pixels else {
            return Err(InputError::Steps("`resize` must stand before steps that leave the range 0–255".to_owned()));
        };
        let bytes = resized(&bytes, self.channels, [self.width as u32, self.height as u32], [width, height])
            .ok_or_else(|| InputError::Steps("`resize` was given a broken picture".to_owned()))?;
        let (sx, sy) = (self.width as f64 / f64::from(width), self.height as f64 / f64::from(height));
        Ok(Self {
            pixels: Pixels::Bytes(bytes),
            channels: self.channels,
            width: width as usize,
            height: height as usize,
            source_from_prepared: Transform::scale_then_move(sx, sy, 0.0, 0.0).then(&self.source_from_prepared),
        })
    }

    fn map_planes(self, value: impl Fn(usize, f32) -> f32) -> Self {
        let area = self.width * self.height;
        let planes = match self.pixels {
            Pixels::Bytes(bytes) => {
                let mut planes = Vec::with_capacity(bytes.len());
                for c in 0..self.channels {
                    planes.extend(bytes.iter().skip(c).step_by(self.channels).map(|b| value(c, f32::from(*b))));
                }
                planes
            }
            Pixels::Planes(mut planes) => {
                for (c, plane) in planes.chunks_exact_mut(area).enumerate() {
                    plane.iter_mut().for_each(|v| *v = value(c, *v));
                }
                planes
            }
        };
        Self { pixels: Pixels::Planes(planes), ..self }
    }
}

/// A triangle filter that widens when shrinking, as Pillow's BILINEAR. Sizes are width and height.
fn resized(
    bytes: &[u8],
    channels: usize,
    [from_width, from_height]: [u32; 2],
    [width, height]: [u32; 2],
) -> Option<Vec<u8>> {
    let kind = if channels == 1 { PixelType::U8 } else { PixelType::U8x3 };
    let picture = ImageRef::new(from_width, from_height, bytes, kind).ok()?;
    let mut small = Image::new(width, height, kind);
    let options = ResizeOptions::new().resize_alg(ResizeAlg::Convolution(FilterType::Bilinear));
    Resizer::new().resize(&picture, &mut small, &options).ok()?;
    Some(small.into_vec())
}
