//! Fovea shows where and why a neural network graded a medical picture as it did.
//!
//! The modules stand in the order of the data's way: file → [`scan`] → [`input`] → [`network`] → [`explain`] →
//! [`compose`] → [`export`]. Models are [`bundle`]s. See `ARCHITECTURE.md`.

pub mod bundle;
pub mod cli;
pub mod compose;
pub mod evaluate;
pub mod explain;
pub mod export;
pub mod fonts;
pub mod geometry;
pub mod guard;
pub mod import;
pub mod input;
pub mod labels;
pub mod layers;
pub mod ledger;
pub mod lesions;
pub mod maps;
pub mod method;
pub mod network;
pub mod node;
pub mod pacs;
pub mod page;
pub mod reading;
pub mod scan;
pub mod session;
pub mod statistics;
pub mod table;
#[cfg(feature = "train")]
pub mod train;
#[cfg(feature = "window")]
pub mod ui;
