//! `fovea train`.

use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use clap::Args;
use indicatif::{ProgressBar, ProgressStyle};

use super::signals::{Stop, Stopped};
use super::{note, say};
use crate::bundle::library::LibraryEntry;
use crate::bundle::{Bundle, Library};
use crate::network::{DeviceChoice, device};
use crate::train::{Progress, Recipe, Request, TrainError, TrainingEvent, train};

#[derive(Debug, Args)]
pub struct Arguments {
    /// The recipe: `cxr-pneumonia`, `mnist` or `retina-dr`
    #[arg(value_name = "RECIPE")]
    recipe: String,
    /// The folder of training data
    ///
    /// Any pictures with --labels; else Kermany's NORMAL and PNEUMONIA, MNIST's four .gz files, or IDRiD's own folders.
    #[arg(long, value_name = "DIR")]
    data: PathBuf,
    /// A table image,grade[,patient][,mask]; file names with or without extension
    #[arg(long, value_name = "CSV")]
    labels: Option<PathBuf>,
    /// Fine-tune this model, given by name or folder
    ///
    /// Trains a quarter of the epochs at a tenth of the learning rate, and keeps the batch normalisation as it is.
    #[arg(long, value_name = "MODEL")]
    from: Option<PathBuf>,
    /// The new model's folder; an interrupted training continues from it
    #[arg(long, value_name = "DIR")]
    out: PathBuf,
    /// Number of epochs [default: the recipe's]
    #[arg(long, value_name = "N")]
    epochs: Option<usize>,
    /// Pictures per batch [default: the recipe's]
    #[arg(long, value_name = "N")]
    batch: Option<usize>,
    /// Peak learning rate [default: the recipe's]
    #[arg(long, value_name = "RATE")]
    rate: Option<f64>,
    /// Random seed [default: the recipe's]
    #[arg(long, value_name = "N")]
    seed: Option<u64>,
    /// The compute device
    #[arg(long, value_enum, default_value = "cpu")]
    device: DeviceChoice,
    /// Replace a finished model, and discard a checkpoint of other settings
    #[arg(long)]
    force: bool,
}

/// Trains a model and says how it did.
pub fn run(arguments: &Arguments, folders: &[PathBuf]) -> Result<()> {
    let mut recipe = Recipe::find(&arguments.recipe)?;
    let parent = arguments.from.as_deref().map(|from| parent(from, folders)).transpose()?;
    if let Some(parent) = &parent {
        recipe = recipe.begun_from(parent)?;
    }
    let command = changed(&mut recipe, arguments);
    recipe.schedule.check().map_err(anyhow::Error::msg)?;
    let device = device::open(arguments.device)?;
    let name = &recipe.name;
    note(format_args!("training {name} on {}; Ctrl-C stops after the current step and loses nothing", device.name));
    let (data, out, force) = (arguments.data.as_path(), arguments.out.as_path(), arguments.force);
    let (labels, parent) = (arguments.labels.as_deref(), parent.as_ref());
    let request = Request { recipe: &recipe, data, labels, parent, out, force, command, device: &device };
    let bar = ProgressBar::no_length().with_style(style("reading the data {spinner}"));
    let mut view = View { bar: &bar, sum: 0.0, steps: 0 };
    let stop = Stop::watch("this step")?;
    let mut watch = |event: &TrainingEvent| match event {
        TrainingEvent::LeftOut(what) => bar.suspend(|| note(what)),
        TrainingEvent::Step(progress) => view.show(progress),
    };
    let card = train(&request, &mut watch, &stop.flag);
    bar.finish_and_clear();
    let card = card.map_err(|error| or_stopped(error, &stop))?;
    say(format_args!("{} is ready in {}", card.name, out.display()));
    for result in &card.results {
        say(format_args!("  {}", super::models::measured(result)));
    }
    Ok(())
}

/// The model that training begins with: a folder with a card, or a known name.
fn parent(from: &Path, folders: &[PathBuf]) -> Result<Bundle> {
    let entry = if from.join("model.toml").is_file() {
        LibraryEntry::of_folder(from)
    } else {
        let name = from.to_string_lossy();
        let entry = Library::open(folders)?.find(&name);
        entry.with_context(|| format!("--from {name} is neither a model's folder nor a known model"))?
    };
    Ok(entry.load()?)
}

/// A training that was stopped goes on where it was, so nothing was at fault.
fn or_stopped(error: TrainError, stop: &Stop) -> anyhow::Error {
    match error {
        TrainError::Interrupted { .. } => Stopped { says: error.to_string(), status: stop.status() }.into(),
        error => error.into(),
    }
}

/// Puts the user's own settings into the recipe and returns the command that says so.
fn changed(recipe: &mut Recipe, arguments: &Arguments) -> String {
    let mut command = format!("fovea train {} --data DIR --out DIR", recipe.name);
    if arguments.labels.is_some() {
        command += " --labels CSV";
    }
    if let Some(from) = &arguments.from {
        // A path of this machine is nobody else's business: the card has the model's name and checksum.
        let name = from.file_name().unwrap_or_default().to_string_lossy();
        command += &format!(" --from {name}");
    }
    let schedule = &mut recipe.schedule;
    if let Some(epochs) = arguments.epochs {
        schedule.epochs = epochs;
        command += &format!(" --epochs {epochs}");
    }
    if let Some(batch) = arguments.batch {
        schedule.batch = batch;
        command += &format!(" --batch {batch}");
    }
    if let Some(rate) = arguments.rate {
        schedule.peak_rate = rate;
        command += &format!(" --rate {rate}");
    }
    if let Some(seed) = arguments.seed {
        schedule.seed = seed;
        command += &format!(" --seed {seed}");
    }
    command
}

fn style(template: &str) -> ProgressStyle {
    ProgressStyle::with_template(template).unwrap_or_else(|_| ProgressStyle::default_bar())
}

/// The bar, and the mean loss of the present epoch.
struct View<'a> {
    bar: &'a ProgressBar,
    sum: f32,
    steps: usize,
}

impl View<'_> {
    fn show(&mut self, progress: &Progress) {
        let Progress { step, steps, epoch, epochs, loss } = *progress;
        if self.bar.length().is_none() {
            self.bar.set_style(style("{bar:30} step {pos}/{len}, {msg} ({eta} left)"));
            self.bar.set_length(steps as u64);
            // What was done before a stop says nothing about the speed of this run.
            self.bar.set_position(step as u64 - 1);
            self.bar.reset_eta();
        }
        self.sum += loss;
        self.steps += 1;
        let mean = self.sum / self.steps as f32;
        self.bar.set_message(format!("epoch {}/{epochs}, loss {mean:.4}", (epoch + 1).min(epochs)));
        self.bar.set_position(step as u64);
        if step * epochs == epoch * steps {
            self.bar.suspend(|| note(format_args!("epoch {epoch}/{epochs}: loss {mean:.4}")));
            (self.sum, self.steps) = (0.0, 0);
        }
    }
}
