//! The evidence: how good a model is on labelled pictures, and whether its maps tell the truth.
//!
//! Answers and labels come in as [`Cases`]; each part measures something and gives its figures as plain data, and a
//! [`Section`] that says them to people. Must not know windows or where files go.

#[cfg(test)]
mod agreement_tests;
mod case;
mod cells;
pub mod decisions;
pub mod fill;
pub mod four_tests;
mod labelled;
pub mod place;
pub mod report;
mod section;
pub mod shortcuts;
mod similarity;
pub mod strong_features;
mod subject;
pub mod truth;

pub use self::case::{Case, Cases, Truth};
pub use self::labelled::Truths;
pub use self::section::{Axis, Line, Named, Plot, PlotKind, Section, Span};
pub use self::similarity::{Similarity, ssim};
pub use self::subject::Subject;
