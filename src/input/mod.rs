//! From a picture to what the network receives, following the steps of the model card.
//!
//! Plain f32 values with the transform back to source pixels; this module must not know Burn.

mod field;
mod lit;
mod local_contrast;
mod measure;
mod preparation;
mod quality;
mod reduced;
mod retina;
mod thumbnail;

use image::RgbImage;

use crate::bundle::steps::Step;
use crate::geometry::Transform;
use crate::scan::Scan;

use preparation::Preparation;

pub use lit::Lit;
pub use measure::{measure, measure_with_field};
pub use thumbnail::{SIDE as THUMBNAIL_SIDE, thumbnail};

/// What a network receives for one picture.
///
/// # Shapes
/// `values` is `[channels, height, width]`, row-major.
#[derive(Debug, Clone)]
pub struct ModelInput {
    /// Plane after plane, row by row: `[channels, height, width]`.
    pub values: Vec<f32>,
    /// Planes.
    pub channels: usize,
    /// Rows of each.
    pub height: usize,
    /// Columns of each.
    pub width: usize,
    /// Takes positions of the model's frame to source pixels.
    pub source_from_model: Transform,
}

impl ModelInput {
    /// The values as a picture for people, the lowest black and the highest white: grey for one channel, the first
    /// three as colours for more.
    pub fn to_picture(&self) -> RgbImage {
        let (low, high) =
            self.values.iter().fold((f32::INFINITY, f32::NEG_INFINITY), |(l, h), v| (l.min(*v), h.max(*v)));
        let area = self.width * self.height;
        let light = |channel: usize, i: usize| {
            let value = self.values[channel.min(self.channels - 1) * area + i];
            ((value - low) / (high - low).max(f32::MIN_POSITIVE) * 255.0).round() as u8
        };
        RgbImage::from_fn(self.width as u32, self.height as u32, |x, y| {
            let i = y as usize * self.width + x as usize;
            image::Rgb([light(0, i), light(1, i), light(2, i)])
        })
    }
}

/// Why a picture cannot be given to a model.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
pub enum InputError {
    /// A step looks for the lit field of a retina, and there is none.
    #[error("no lit retina was found: the picture is black all over; give a fundus photograph")]
    NoRetina,
    /// Steps that do not fit together.
    #[error("the model's preprocessing cannot be followed: {0}")]
    Steps(String),
}

/// Follows the card's `steps`.
///
/// # Errors
/// A fundus step on a picture without a retina, or steps that do not fit together.
pub fn prepare(scan: &Scan, steps: &[Step]) -> Result<ModelInput, InputError> {
    let mut preparation = Preparation::new(scan);
    for step in steps {
        preparation = preparation.follow(step)?;
    }
    Ok(preparation.into_input())
}

/// A picture cut and resized as a card says, still in bytes: what another exposure can be tried on.
///
/// # Shapes
/// `bytes` is `[height, width, channels]`.
#[derive(Debug, Clone)]
pub struct PreparedBytes {
    /// Plane after plane, row by row: `[channels, height, width]`.
    pub bytes: Vec<u8>,
    /// Planes.
    pub channels: usize,
    /// Rows of each.
    pub height: usize,
    /// Columns of each.
    pub width: usize,
    /// Takes positions of the model's frame to source pixels.
    pub source_from_model: Transform,
}

/// How many of the first `steps` leave bytes.
pub fn byte_steps(steps: &[Step]) -> usize {
    let frames = |step: &Step| {
        matches!(step, Step::CropToRetina { .. } | Step::CropMargins { .. } | Step::Grey | Step::Resize { .. })
    };
    steps.iter().take_while(|step| frames(step)).count()
}

/// Follows the first [`byte_steps`] of `steps`; [`finish`] follows the rest.
///
/// # Errors
/// Like [`prepare`].
pub fn prepare_bytes(scan: &Scan, steps: &[Step]) -> Result<PreparedBytes, InputError> {
    let mut preparation = Preparation::new(scan);
    for step in &steps[..byte_steps(steps)] {
        preparation = preparation.follow(step)?;
    }
    preparation.into_bytes()
}

/// Takes planes `[channels, height, width]` of 0–255 through the steps behind the first [`byte_steps`].
///
/// # Errors
/// Steps that do not fit together.
pub fn finish(planes: Vec<f32>, shape: [usize; 3], steps: &[Step]) -> Result<Vec<f32>, InputError> {
    let mut preparation = Preparation::of_planes(planes, shape);
    for step in &steps[byte_steps(steps)..] {
        preparation = preparation.follow(step)?;
    }
    Ok(preparation.into_input().values)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::scan::Pixels;

    #[test]
    fn framed_and_finished_is_prepared() {
        let picture = RgbImage::from_fn(90, 70, |x, y| {
            let lit = (f64::from(x) - 45.0).hypot(f64::from(y) - 35.0) < 30.0;
            image::Rgb(if lit { [200 - x as u8, 90 + y as u8, (x * y % 50) as u8] } else { [0; 3] })
        });
        let scan = Scan::new(Pixels::Rgb8(picture), "drawn");
        let steps = [
            Step::CropToRetina { threshold: 25, coverage: 0.05, bright_part: None, floor: None },
            Step::Resize { width: 32, height: 32 },
            Step::UnitRange,
            Step::LocalContrast { dark: 0.08, margin: 1, cell: 4, gain: 4.0, limit: 2.0 },
        ];
        let whole = prepare(&scan, &steps).unwrap();
        let framed = prepare_bytes(&scan, &steps).unwrap();
        assert_eq!([framed.channels, framed.height, framed.width], [3, 32, 32]);
        assert_eq!(framed.source_from_model, whole.source_from_model);
        let planes: Vec<f32> = (0..3)
            .flat_map(|c| framed.bytes.iter().skip(c).step_by(3).map(|b| f32::from(*b)).collect::<Vec<_>>())
            .collect();
        assert_eq!(finish(planes, [3, 32, 32], &steps).unwrap(), whole.values);
    }
}
