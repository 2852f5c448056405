//! From an explanation to files: layers, panel, raw maps and record. Files appear whole or not at all.
//!
//! This module composes nothing itself and knows neither Burn nor egui.

mod date;
mod maps;
mod marks;
mod needs;
mod pictures;
mod record;
mod results;

pub use maps::npz;
pub use marks::{Marks, Measured, MeasurementRecord};
pub use needs::needed_bytes;
pub use pictures::Pictures;
pub use record::{NOTICE, ReaderRecord, Record};
pub use results::{Parts, write};
