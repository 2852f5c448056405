//! The steps of a training. Everything that is drawn by chance depends on the seed and the step's number alone, so a
//! training that was stopped after any step goes on exactly as if it had not been.

use std::collections::BTreeSet;
use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};

use burn_tensor::{Device, Tensor, TensorData};

use super::batches::Batches;
use super::checkpoint::Checkpoint;
use super::data::DataSet;
use super::learned::{Learning, first_weights, take_over, tensors, to_bundle};
use super::loss::{Batch, Loss};
use super::network::TrainableNetwork;
use super::optimiser::{Moments, NamedAdamW};
use super::plan::Plan;
use super::{Schedule, TrainError};
use crate::bundle::Bundle;
use crate::bundle::WeightMap;
use crate::network::ComputeDevice;

/// What [`Fit::run`] tells after every step.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Progress {
    /// Steps done, and all steps.
    pub step: usize,
    pub steps: usize,
    /// Epochs done, and all epochs.
    pub epoch: usize,
    pub epochs: usize,
    /// Of this step.
    pub loss: f32,
}

/// One training, from its data to its weights.
#[derive(Debug)]
pub struct Fit<'a> {
    pub plan: &'a Plan,
    pub classes: usize,
    pub schedule: &'a Schedule,
    pub data: &'a DataSet,
    pub checkpoint: &'a Path,
    /// The model to begin with, of the same plan and classes; without one the weights are drawn.
    pub parent: Option<&'a Bundle>,
}

impl Fit<'_> {
    /// Trains to the end, from the checkpoint where there is one, and returns the running mean of the weights under
    /// the bundle's names. `begin_anew` ignores a checkpoint of other settings.
    ///
    /// # Errors
    /// A checkpoint of other settings or one that cannot be written; [`TrainError::Interrupted`] once `stop` is set.
    pub fn run(
        &self,
        device: &ComputeDevice,
        begin_anew: bool,
        watch: &mut dyn FnMut(&Progress),
        stop: &AtomicBool,
    ) -> Result<WeightMap, TrainError> {
        self.check()?;
        let start = self.start(begin_anew)?;
        let mut learner = Learner::new(self, start, &device.burn.clone().autodiff());
        let (per_epoch, steps) = (self.steps_per_epoch(), self.steps());
        let mut batches = Batches::new(self.schedule, self.data);
        while learner.step < steps {
            let batch = batches.at(learner.step, per_epoch).map_err(|error| TrainError::Steps(error.to_string()))?;
            let loss = learner.learn(&batch, self.schedule, steps)?;
            let step = learner.step;
            watch(&Progress { step, steps, epoch: step / per_epoch, epochs: self.schedule.epochs, loss });
            let stopped = stop.load(Ordering::Relaxed) && step < steps;
            if stopped || step.is_multiple_of(per_epoch) {
                learner.checkpoint().save(self.checkpoint)?;
            }
            if stopped {
                return Err(TrainError::Interrupted { step, steps });
            }
        }
        Ok(to_bundle(learner.mean, self.plan))
    }

    fn check(&self) -> Result<(), TrainError> {
        if self.data.learn.len() < self.schedule.batch || self.data.held.is_empty() {
            let reason = format!(
                "{} pictures to learn from and {} to measure on are too few for batches of {}",
                self.data.learn.len(),
                self.data.held.len(),
                self.schedule.batch
            );
            return Err(TrainError::data(self.checkpoint.parent().unwrap_or(self.checkpoint), reason));
        }
        Ok(())
    }

    fn learning(&self) -> Learning {
        Learning::new(self.schedule, self.data.cells.is_some())
    }

    fn start(&self, begin_anew: bool) -> Result<Checkpoint, TrainError> {
        let (settings, learning) = (self.settings()?, self.learning());
        let specs = tensors(self.plan, learning);
        match Checkpoint::load(self.checkpoint, &settings, &specs) {
            Ok(Some(found)) => return Ok(found),
            Err(error) if !begin_anew => return Err(error),
            Ok(None) | Err(_) => {}
        }
        let mut network = first_weights(&specs, &mut Batches::new(self.schedule, self.data).first_weights());
        if let Some(parent) = self.parent {
            take_over(&mut network, &parent.weights, self.plan, learning);
        }
        Ok(Checkpoint { settings, step: 0, mean: network.clone(), network, moments: Moments::default() })
    }

    /// Everything that the result depends on, as text.
    fn settings(&self) -> Result<String, TrainError> {
        let text = |error: serde_json::Error| TrainError::Store(error.to_string());
        let network = serde_json::to_string(&self.plan.architecture).map_err(text)?;
        let schedule = serde_json::to_string(self.schedule).map_err(text)?;
        let parent = self.parent.map_or("none", |parent| &parent.sha256);
        Ok(format!("schedule {schedule}, network {network}, data {}, begun from {parent}", self.data.fingerprint()))
    }

    fn steps_per_epoch(&self) -> usize {
        self.data.learn.len() / self.schedule.batch
    }

    fn steps(&self) -> usize {
        self.steps_per_epoch() * self.schedule.epochs
    }
}

/// What changes from step to step.
struct Learner<'a> {
    settings: String,
    step: usize,
    network: TrainableNetwork,
    optimiser: NamedAdamW,
    mean: WeightMap,
    loss: Loss<'a>,
    input: [usize; 3],
    device: Device,
}

impl<'a> Learner<'a> {
    fn new(fit: &Fit<'a>, start: Checkpoint, device: &Device) -> Self {
        let network = TrainableNetwork::new(fit.plan, fit.learning(), &start.network, device);
        let last = if fit.schedule.decay_kernels_alone { network.not_kernels() } else { BTreeSet::new() };
        let mut optimiser = NamedAdamW::new(fit.schedule.weight_decay, last);
        optimiser.restore(&start.moments, device);
        Self {
            settings: start.settings,
            step: start.step,
            network,
            optimiser,
            mean: start.mean,
            loss: Loss::new(&fit.schedule.objective, &fit.data.counts(fit.classes)),
            input: fit.data.input,
            device: device.clone(),
        }
    }

    /// One step; returns its loss.
    fn learn(&mut self, batch: &Batch, schedule: &Schedule, steps: usize) -> Result<f32, TrainError> {
        let [channels, height, width] = self.input;
        let values = TensorData::new(batch.values.clone(), [batch.classes.len(), channels, height, width]);
        let outputs = self.network.forward(Tensor::from_data(values, &self.device));
        let cost = self.loss.of(&outputs, batch);
        let gradients = cost.backward();
        let value = cost.into_scalar::<f32>();
        if !value.is_finite() {
            return Err(TrainError::Diverged(self.step));
        }
        self.optimiser.step(&mut self.network, gradients, schedule.rate(self.step, steps));
        blend(&mut self.mean, &self.network.weights(), schedule.keep(self.step));
        self.step += 1;
        Ok(value)
    }

    fn checkpoint(&self) -> Checkpoint {
        Checkpoint {
            settings: self.settings.clone(),
            step: self.step,
            network: self.network.weights(),
            mean: self.mean.clone(),
            moments: self.optimiser.moments(),
        }
    }
}

/// Moves the running mean towards the present weights.
fn blend(mean: &mut WeightMap, now: &WeightMap, keep: f32) {
    for (name, kept) in mean.iter_mut() {
        let pairs = kept.values.iter_mut().zip(&now[name].values);
        pairs.for_each(|(mean, now)| *mean = keep * *mean + (1.0 - keep) * now);
    }
}
