//! Training of models from recipes: data on disk in, a whole and measured bundle out.
//!
//! A recipe is a model card without figures plus a schedule. The way of the data: [`data`] reads examples, [`fit`]
//! learns from them (resumable at any step), [`measure`] judges the finished bundle on pictures that were left out, and
//! the bundle is written. This module knows Burn; it must not know the command line or how progress is shown.

mod augment;
mod batches;
mod bundle;
mod camera;
mod chance;
mod checkpoint;
pub mod data;
mod error;
mod fit;
mod folder;
mod idrid;
mod idx;
mod kermany;
mod learned;
pub mod lesions;
mod loss;
mod measure;
mod network;
mod operating_point;
mod optimiser;
mod parent;
#[cfg(test)]
mod parity;
mod photograph;
pub mod plan;
pub mod read;
mod recipe;
mod schedule;
mod shares;
mod thumbnail;

use std::path::{Path, PathBuf};
use std::sync::atomic::AtomicBool;

use crate::bundle::card::Training;
use crate::bundle::{Bundle, Card};
use crate::guard::whole::{self, OutputSet};
use crate::network::ComputeDevice;

use data::DataSet;

pub use error::TrainError;
pub use fit::{Fit, Progress};
pub use recipe::Recipe;
pub use schedule::Schedule;

/// What is to be trained, from what, and to where.
#[derive(Debug)]
pub struct Request<'a> {
    pub recipe: &'a Recipe,
    pub data: &'a Path,
    /// The table of a folder of one's own; without one the folder is laid out as the recipe's data set is.
    pub labels: Option<&'a Path>,
    /// The model that `recipe` was [begun from](Recipe::begun_from).
    pub parent: Option<&'a Bundle>,
    /// The model's folder; also where the checkpoint lies until the model is finished.
    pub out: &'a Path,
    /// Whether a finished model or a checkpoint of other settings may be replaced.
    pub force: bool,
    /// The command as it stands in the card.
    pub command: String,
    pub device: &'a ComputeDevice,
}

/// What [`train`] tells while it works.
#[derive(Debug, Clone, PartialEq)]
pub enum TrainingEvent {
    /// What of the data is not used and why, once.
    LeftOut(String),
    Step(Progress),
}

/// Trains, measures and writes the model of `request.recipe`; `watch` hears of every step.
///
/// # Errors
/// Data that is missing or broken, a folder that cannot be written, and [`TrainError::Interrupted`] once `stop` is set:
/// then the same call goes on where this one stopped.
pub fn train(
    request: &Request<'_>,
    watch: &mut dyn FnMut(&TrainingEvent),
    stop: &AtomicBool,
) -> Result<Card, TrainError> {
    let Request { recipe, parent, device, .. } = *request;
    whole::sweep(request.out);
    OutputSet::new(request.out, "model", request.force).check(["toml"])?;
    let data = read::read(recipe, request.data, request.labels)?;
    if let Some(left_out) = &data.left_out {
        watch(&TrainingEvent::LeftOut(left_out.clone()));
    }
    let (checkpoint, plan, schedule) = (checkpoint_path(request.out), recipe.plan()?, &recipe.schedule);
    let classes = recipe.card.classes.len();
    let fit = Fit { plan: &plan, classes, schedule, data: &data, checkpoint: &checkpoint, parent };
    let weights = fit.run(device, request.force, &mut |progress| watch(&TrainingEvent::Step(*progress)), stop)?;
    let mut bundle = bundle::assemble(&recipe.card, weights)?;
    bundle.card.training = trained(request, &data);
    measure::set_operating_point(&mut bundle, &data, device)?;
    bundle.card.results = measure::measure(&bundle, schedule, &data, device)?;
    if let Some(parent) = parent {
        bundle.card.results.extend(measure::before(parent, schedule, &data, device)?);
    }
    bundle::write(&bundle, request.out, request.force)?;
    // The model is whole; what remains of the way there is only in the way.
    let _ = std::fs::remove_file(&checkpoint);
    Ok(bundle.card)
}

/// What the card says of the training.
fn trained(request: &Request<'_>, data: &DataSet) -> Training {
    let recipe = request.recipe;
    let mut training = recipe.card.training.clone();
    if let Some(described) = &data.described {
        training.data.clone_from(described);
        if recipe.parent.is_none() {
            training.licence = "that of the folder's pictures, which their owner knows".to_owned();
        }
    }
    if let Some(parent) = &recipe.parent {
        training.data += &format!("; {parent}");
    }
    training.command.clone_from(&request.command);
    training.notes.push(recipe.schedule.to_string());
    training
}

/// Where training keeps what it needs to go on.
pub fn checkpoint_path(out: &Path) -> PathBuf {
    out.join("checkpoint.safetensors")
}
