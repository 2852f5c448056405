//! From an explanation to files: layers, panel, report pages, raw maps and record. Files appear whole or not at all.
//!
//! This module composes nothing itself and knows neither Burn nor egui.

mod date;
pub mod dicom;
#[cfg(test)]
mod drawn;
mod explained;
#[doc(hidden)]
pub mod gallery;
mod ink;
mod maps;
mod marks;
mod needs;
mod pictures;
mod profile;
#[allow(missing_docs)] // Its fields are those of the record.
mod recipe;
mod record;
#[doc(hidden)]
pub mod report_page;
mod results;
mod rows;
mod store;

pub use date::iso_date;
pub use explained::Explained;
pub use ink::PageTheme;
pub use maps::npz;
pub use marks::{Marks, Measured, MeasurementRecord};
pub use needs::{Needs, needed_bytes, needs, pass_bytes};
pub use pictures::{Pictures, layers_at_once};
pub use profile::Profile;
#[doc(hidden)]
pub use recipe::{MOST_RECORD_BYTES, Recipe, RecipeError, RecipeWindow};
pub use record::{NOTICE, ReaderRecord, Record};
pub use results::{Pages, Parts, write};
pub use rows::{Beside, columns, row};
pub use store::{About, MapStore, Placed, StoreError};
