//! Why a network decided as it did: plain f32 maps in the model's frame, with scale and sign.
//!
//! Everything here works on plain values but [`Explainer`], which asks the network for them. None of it knows Burn or
//! colours.

pub mod attention;
pub mod class_set;
pub mod clear;
pub mod coverage;
mod explainer;
pub mod localisation;
pub mod report;
mod single;
pub mod steady;
mod verdict;

pub use attention::Attention;
pub use explainer::{
    Examined, ExplainError, Explainer, Explanation, Look, NO_CAM, PreparedPicture, Settings, TimingsMs,
};
pub use localisation::cam_box;
pub use report::{MapAgreement, Report, headline, report};
pub use single::SingleMap;
pub use steady::Steadiness;
pub use verdict::Verdict;
