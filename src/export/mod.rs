//! From an explanation to files: layers, panel, raw maps and record. Files appear whole or not at all.
//!
//! This module composes nothing itself and knows neither Burn nor egui.

mod date;
mod maps;
mod needs;
mod pictures;
mod record;
mod results;

pub use date::iso_date;
pub use maps::npz;
pub use needs::needed_bytes;
pub use pictures::Pictures;
pub use record::{NOTICE, ReaderRecord, Record};
pub use results::{Parts, write};
