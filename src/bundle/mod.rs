//! Models as folders: a card that people read and the weights that belong to it.
//!
//! A bundle is either whole and exactly as its card says, or it is refused. This module must not know Burn: weights
//! are plain f32 values here.

mod advice;
#[doc(hidden)]
pub mod blueprint;
pub mod calibration;
pub mod card;
pub mod certificate;
pub mod colour;
mod error;
#[doc(hidden)]
pub mod family;
#[doc(hidden)]
pub mod field;
pub mod gate;
pub mod library;
#[doc(hidden)]
pub mod measures;
pub mod quality;
pub mod question;
#[doc(hidden)]
pub mod randomised;
pub mod steps;
mod tensor;
#[doc(hidden)]
pub mod weights;

pub use advice::{Advice, NOT_FOR_THIS_MODEL, advise};
pub use calibration::Calibration;
pub use card::Card;
pub use certificate::Certificate;
pub use colour::Colour;
pub use error::BundleError;
pub use library::Library;
pub use quality::{Assessment, assess};
pub use tensor::{TensorSpec, WeightMap, WeightTensor};

/// A card with its weights, checked against each other.
#[derive(Debug, Clone)]
pub struct Bundle {
    /// What the model is, and how it is to be used.
    pub card: Card,
    /// Values by the names of their tensors.
    pub weights: WeightMap,
    /// Of the weights file, lower-case hexadecimal.
    pub sha256: String,
}
