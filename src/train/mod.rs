//! Training of `conv-stack` models from recipes: data on disk in, a whole and measured bundle out.
//!
//! A recipe is a model card without figures plus a schedule. The way of the data: [`data`] reads examples, [`fit`]
//! learns from them (resumable at any step), [`measure`] judges the finished bundle on pictures that were left out, and
//! the bundle is written. This module knows Burn; it must not know the command line or how progress is shown.

mod augment;
mod bundle;
mod checkpoint;
pub mod data;
mod error;
mod fit;
mod idx;
mod kermany;
mod loss;
mod measure;
pub mod metrics;
mod operating_point;
mod optimiser;
#[cfg(test)]
mod parity;
mod recipe;
mod retina;
mod schedule;
mod stack;
mod thumbnail;

use std::path::{Path, PathBuf};
use std::sync::atomic::AtomicBool;

use crate::bundle::Card;
use crate::export::OutputSet;
use crate::network::ComputeDevice;

pub use error::TrainError;
pub use fit::{Fit, Progress};
pub use recipe::Recipe;
pub use schedule::Schedule;

/// What is to be trained, from what, and to where.
#[derive(Debug)]
pub struct Request<'a> {
    pub recipe: &'a Recipe,
    pub data: &'a Path,
    /// The model's folder; also where the checkpoint lies until the model is finished.
    pub out: &'a Path,
    /// Whether a finished model or a checkpoint of other settings may be replaced.
    pub force: bool,
    /// The command as it stands in the card.
    pub command: String,
    pub device: &'a ComputeDevice,
}

/// Trains, measures and writes the model of `request.recipe`; `watch` hears of every step.
///
/// # Errors
/// Data that is missing or broken, a folder that cannot be written, and [`TrainError::Interrupted`] once `stop` is set:
/// then the same call goes on where this one stopped.
pub fn train(request: &Request<'_>, watch: &mut dyn FnMut(&Progress), stop: &AtomicBool) -> Result<Card, TrainError> {
    let Recipe { card, schedule, .. } = request.recipe;
    OutputSet::new(request.out, "model", request.force).check(["toml"])?;
    let data = data::read(request.recipe, request.data)?;
    let checkpoint = checkpoint_path(request.out);
    let sizes = request.recipe.sizes()?;
    let fit = Fit { sizes, classes: card.classes.len(), schedule, data: &data, checkpoint: &checkpoint };
    let weights = fit.run(request.device, request.force, watch, stop)?;
    let mut bundle = bundle::assemble(card, weights)?;
    bundle.card.training.command.clone_from(&request.command);
    bundle.card.training.notes.push(schedule.to_string());
    measure::set_operating_point(&mut bundle, &data, request.device)?;
    bundle.card.results = measure::measure(&bundle, schedule, &data, request.device)?;
    bundle::write(&bundle, request.out, request.force)?;
    // The model is whole; what remains of the way there is only in the way.
    let _ = std::fs::remove_file(&checkpoint);
    Ok(bundle.card)
}

/// Where training keeps what it needs to go on.
pub fn checkpoint_path(out: &Path) -> PathBuf {
    out.join("checkpoint.safetensors")
}
