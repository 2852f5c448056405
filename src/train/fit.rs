//! The steps of a training. Everything that is drawn by chance depends on the seed and the step's number alone, so a
//! training that was stopped after any step goes on exactly as if it had not been.

use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};

use burn_tensor::{Device, Tensor, TensorData};
use rand::SeedableRng;
use rand::seq::SliceRandom;
use rand_chacha::ChaCha8Rng;

use super::augment::{self, Motion};
use super::checkpoint::Checkpoint;
use super::data::DataSet;
use super::loss::{Batch, Loss};
use super::optimiser::{Moments, NamedAdamW};
use super::stack::{LesionHead, TrainableStack, first_weights, tensors};
use super::{Schedule, TrainError};
use crate::bundle::card::ConvStackSizes;
use crate::bundle::weights::WeightMap;
use crate::network::ComputeDevice;

/// Streams of chance below this belong to steps, from here on to the orders of the epochs; the last is the weights'.
const FIRST_ORDER_STREAM: u64 = 1 << 48;

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
    pub sizes: &'a ConvStackSizes,
    pub classes: usize,
    pub schedule: &'a Schedule,
    pub data: &'a DataSet,
    pub checkpoint: &'a Path,
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
        let mut order = Vec::new();
        while learner.step < steps {
            let at = learner.step % per_epoch;
            if order.is_empty() || at == 0 {
                order = self.order(learner.step / per_epoch);
            }
            let chosen = &order[at * self.schedule.batch..][..self.schedule.batch];
            let loss = learner.learn(&self.batch(chosen, learner.step), self.schedule, steps)?;
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
        learner.mean.retain(|name, _| !name.starts_with("lesion."));
        Ok(learner.mean)
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

    /// The lesion head is left out where the lesions are not known.
    fn lesion_head(&self) -> Option<LesionHead> {
        self.schedule.lesion_head.filter(|_| self.data.cells.is_some())
    }

    fn start(&self, begin_anew: bool) -> Result<Checkpoint, TrainError> {
        let settings = self.settings()?;
        let specs = tensors(self.sizes, self.classes, self.lesion_head());
        match Checkpoint::load(self.checkpoint, &settings, &specs) {
            Ok(Some(found)) => return Ok(found),
            Err(error) if !begin_anew => return Err(error),
            Ok(None) | Err(_) => {}
        }
        let network = first_weights(&specs, &mut self.chance(u64::MAX));
        Ok(Checkpoint { settings, step: 0, mean: network.clone(), network, moments: Moments::default() })
    }

    /// Everything that the result depends on, as text.
    fn settings(&self) -> Result<String, TrainError> {
        let text = |error: serde_json::Error| TrainError::Store(error.to_string());
        let sizes = serde_json::to_string(self.sizes).map_err(text)?;
        let schedule = serde_json::to_string(self.schedule).map_err(text)?;
        Ok(format!("schedule {schedule}, layers {sizes}, data {}", self.data.fingerprint()))
    }

    fn steps_per_epoch(&self) -> usize {
        self.data.learn.len() / self.schedule.batch
    }

    fn steps(&self) -> usize {
        self.steps_per_epoch() * self.schedule.epochs
    }

    fn chance(&self, stream: u64) -> ChaCha8Rng {
        let mut rng = ChaCha8Rng::seed_from_u64(self.schedule.seed);
        rng.set_stream(stream);
        rng
    }

    fn order(&self, epoch: usize) -> Vec<usize> {
        let mut order: Vec<usize> = (0..self.data.learn.len()).collect();
        order.shuffle(&mut self.chance(FIRST_ORDER_STREAM + epoch as u64));
        order
    }

    fn batch(&self, chosen: &[usize], step: usize) -> Batch {
        let (input, settings) = (self.data.input, &self.schedule.augmentation);
        let mut rng = self.chance(step as u64);
        let mut batch = Batch { values: Vec::new(), classes: Vec::new(), cells: Vec::new(), grid: self.data.cells };
        for index in chosen {
            let example = &self.data.learn[*index];
            let motion = Motion::draw(settings, &mut rng);
            let start = batch.values.len();
            motion.apply(&example.values, input, settings.repeat_edges, &mut batch.values);
            augment::add_edge_bars(&mut batch.values[start..], input, settings, &mut rng);
            augment::change_exposure(&mut batch.values[start..], settings, &mut rng);
            augment::change_contrast(&mut batch.values[start..], input[1] * input[2], settings, &mut rng);
            if let Some(grid) = self.data.cells {
                motion.apply(&example.cells, grid, false, &mut batch.cells);
            }
            batch.classes.push(example.class);
        }
        batch
    }
}

/// What changes from step to step.
struct Learner<'a> {
    settings: String,
    step: usize,
    network: TrainableStack,
    optimiser: NamedAdamW,
    mean: WeightMap,
    loss: Loss<'a>,
    input: [usize; 3],
    device: Device,
}

impl<'a> Learner<'a> {
    fn new(fit: &Fit<'a>, start: Checkpoint, device: &Device) -> Self {
        let mut optimiser = NamedAdamW::new(fit.schedule.weight_decay);
        optimiser.restore(&start.moments, device);
        Self {
            settings: start.settings,
            step: start.step,
            network: TrainableStack::new(fit.sizes, fit.lesion_head(), &start.network, device),
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
