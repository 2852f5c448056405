//! Fovea shows where and why a neural network decided as it did on a medical picture.
//!
//! The library is the way of the data, and its modules stand in that order:
//!
//! | step | module | gives |
//! |---|---|---|
//! | decode a file | [`scan`] | [`Scan`]: colours, or grey values with their windows, and what DICOM says of them |
//! | load a model | [`bundle`] | [`Bundle`](bundle::Bundle): the model card and the weights, checked against each other |
//! | preprocess | [`input`] | [`ModelInput`](input::ModelInput): `[channels, height, width]` values, and where they lie in the picture |
//! | inference and backward pass | [`network`], [`explain`] | [`Explanation`](explain::Explanation): scores, CAM, CLEAR responses, red box |
//! | compose | [`layers`], [`compose`] | [`Layer`](layers::Layer)s and [`Style`]: RGBA pixels over the picture, with their colour bars |
//! | write | [`export`] | [`Pictures`]: PNG; and raw maps, records, report pages, DICOM objects |
//!
//! [`Explainer`] is a model on a device: it takes one picture after another through the first half. What it gives are plain
//! `f32` maps ([`maps::ClassMaps`]) in the model's frame, with their sign and scale, and a [`geometry::Transform`]
//! `source_from_model` that takes a position there to source pixels. [`method`] names what the papers leave open: the backward
//! rule, the evidence, the magnitude, and which map of one class.
//!
//! # Example
//!
//! ```
//! use fovea::network::device;
//! use fovea::{Explainer, Library, Pictures, Settings, Style, scan};
//!
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! // Decode: a photograph, or a DICOM file.
//! let scan = scan::open("assets/samples/phantom-moderate.jpg".as_ref())?;
//!
//! // Explain: a built-in model, on the CPU.
//! let model = Library::open(&[])?.load("retina-dr")?;
//! let explainer = Explainer::new(model, &device::cpu())?;
//! let explanation = explainer.explain(&scan, &Settings::recommended(&explainer.card))?;
//! let grade = explanation.verdict.decided;
//! println!("{}: {:.0} %", explainer.card.classes[grade].label, 100.0 * explanation.verdict.probabilities[grade]);
//!
//! // Compose: picture, CAM and CLEAR map side by side, with legend and answer.
//! let (picture, style) = (scan.to_rgb8(), Style::default());
//! let panel = Pictures::new(&picture, &explainer.card, &explanation, &style).panel("phantom")?;
//! # let folder = tempfile::tempdir()?;
//! # std::env::set_current_dir(&folder)?;
//! std::fs::write("panel.png", panel)?;
//! # assert!(image::open("panel.png")?.width() > 2000);
//! # Ok(())
//! # }
//! ```
//!
//! # What is not shown here
//!
//! The program is built of the same package. Its window, command line, DICOM node, trainer and evaluation are public for the
//! program and for tests, not as a library: they change without notice, and are left out of these pages. `ARCHITECTURE.md`
//! describes all modules.
//!
//! For research, not for diagnosis.

// Pages of modules name private parts for those who read the sources.
#![allow(rustdoc::private_intra_doc_links)]

// The way of the data.
pub mod bundle;
pub mod compose;
pub mod explain;
pub mod export;
pub mod geometry;
pub mod input;
pub mod layers;
pub mod maps;
pub mod method;
pub mod network;
pub mod scan;

// The program around it.
#[doc(hidden)]
pub mod cli;
#[doc(hidden)]
pub mod evaluate;
#[doc(hidden)]
pub mod fonts;
#[doc(hidden)]
pub mod guard;
#[doc(hidden)]
pub mod import;
#[doc(hidden)]
pub mod labels;
#[doc(hidden)]
pub mod ledger;
#[doc(hidden)]
pub mod lesions;
#[doc(hidden)]
pub mod node;
#[doc(hidden)]
pub mod pacs;
#[doc(hidden)]
pub mod page;
#[doc(hidden)]
pub mod reading;
#[doc(hidden)]
pub mod session;
#[doc(hidden)]
pub mod statistics;
#[doc(hidden)]
pub mod table;
#[cfg(feature = "train")]
#[doc(hidden)]
pub mod train;
#[cfg(feature = "window")]
#[doc(hidden)]
pub mod ui;

// What unit tests share with the tests of the whole program names the library from outside.
#[cfg(test)]
extern crate self as fovea;
pub use bundle::Library;
pub use explain::{Explainer, Settings};
pub use export::Pictures;
pub use layers::Style;
pub use scan::Scan;
