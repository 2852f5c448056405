//! From an explanation to files: layers, panel, raw maps and record. Files appear whole or not at all.
//!
//! This module composes nothing itself and knows neither Burn nor egui.

mod maps;
mod pictures;
mod record;
mod whole;

pub use maps::npz;
pub use pictures::Pictures;
pub use record::{NOTICE, Record};
pub use whole::{ExportError, OutputSet};
