//! The evidence: how good a model is on labelled pictures, and whether its maps tell the truth.
//!
//! Answers and labels come in as [`Cases`]; each part measures something and gives its figures as plain data, and a
//! [`Section`] that says them to people. Must not know windows or where files go.

mod case;
pub mod decisions;
mod section;
pub mod shortcuts;

pub use self::case::{Case, Cases, Truth};
pub use self::section::{Axis, Line, Named, Plot, PlotKind, Section, Span};
