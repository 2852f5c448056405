//! From a picture to what the network receives, following the steps of the model card.
//!
//! Plain f32 values with the transform back to source pixels; this module must not know Burn.

mod field;
mod local_contrast;
mod measure;
mod retina;
mod stage;

use image::RgbImage;

use crate::bundle::card::Step;
use crate::geometry::Transform;
use crate::scan::Scan;

use stage::Stage;

pub use measure::measure;

/// What a network receives for one picture.
///
/// # Shapes
/// `values` is `[channels, height, width]`, row-major.
#[derive(Debug, Clone)]
pub struct ModelInput {
    pub values: Vec<f32>,
    pub channels: usize,
    pub height: usize,
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
    #[error("no lit retina was found: the picture is black all over; give a fundus photograph")]
    NoRetina,
    #[error("the model's preprocessing cannot be followed: {0}")]
    Steps(String),
}

/// Follows the card's `steps`.
///
/// # Errors
/// A fundus step on a picture without a retina, or steps that do not fit together.
pub fn prepare(scan: &Scan, steps: &[Step]) -> Result<ModelInput, InputError> {
    let mut stage = Stage::new(scan);
    for step in steps {
        stage = stage.follow(step)?;
    }
    Ok(stage.into_input())
}
