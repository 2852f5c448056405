//! Burn's AdamW over the named tensors of a network, the gradient clipped by its norm over all of them.
//!
//! Burn's `ModuleOptimizer` restores a saved state on the platform's default device, which opens a GPU even where the
//! CPU was asked for; this keeps the states by tensor name instead, as plain values when they are saved.

use std::collections::{BTreeMap, BTreeSet};

use burn_optim::{AdamW, AdamWConfig, AdamWState, AdaptiveMomentumState, Optimizer};
use burn_tensor::{Device, Gradients, Tensor, TensorData};

use super::network::{TrainableNetwork, plain};
use crate::bundle::{WeightMap, WeightTensor};

/// The gradient's norm is cut to this.
const LARGEST_NORM: f32 = 5.0;

/// AdamW and what it remembers of every tensor.
pub struct NamedAdamW {
    rules: Rules,
    kernels: BTreeMap<String, AdamWState<4>>,
    vectors: BTreeMap<String, AdamWState<1>>,
}

/// Most tensors decay, the rest do not.
struct Rules {
    decaying: AdamW,
    lasting: AdamW,
    /// The names of those that do not decay.
    last: BTreeSet<String>,
}

impl Rules {
    fn of(&self, name: &str) -> &AdamW {
        if self.last.contains(name) { &self.lasting } else { &self.decaying }
    }
}

/// What AdamW remembers, as plain values.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Moments {
    pub first: WeightMap,
    pub second: WeightMap,
    pub steps: usize,
}

impl NamedAdamW {
    /// The tensors named in `last` do not decay.
    pub fn new(weight_decay: f32, last: BTreeSet<String>) -> Self {
        let rule = |decay| AdamWConfig::new().with_epsilon(1e-8).with_weight_decay(decay).build();
        let rules = Rules { decaying: rule(weight_decay), lasting: rule(0.0), last };
        Self { rules, kernels: BTreeMap::new(), vectors: BTreeMap::new() }
    }

    /// Moves every tensor of `network` against its gradient.
    pub fn step(&mut self, network: &mut TrainableNetwork, mut gradients: Gradients, rate: f64) {
        let kernels = taken(&network.kernels, &mut gradients);
        let vectors = taken(&network.vectors, &mut gradients);
        let squares = squares(&kernels).into_iter().chain(squares(&vectors));
        let norm = squares.reduce(|a, b| a + b).map_or(0.0, |sum| sum.into_scalar::<f32>().sqrt());
        let factor = (LARGEST_NORM / (norm + 1e-6)).min(1.0);
        follow(&self.rules, &mut self.kernels, &mut network.kernels, kernels, factor, rate);
        follow(&self.rules, &mut self.vectors, &mut network.vectors, vectors, factor, rate);
    }

    pub fn moments(&self) -> Moments {
        let mut moments = Moments::default();
        recall(&self.kernels, &mut moments);
        recall(&self.vectors, &mut moments);
        moments
    }

    /// Takes over what an earlier optimiser remembered; `device` is that of the network.
    pub fn restore(&mut self, moments: &Moments, device: &Device) {
        let device = device.clone().without_autodiff();
        for (name, first) in &moments.first {
            let Some(second) = moments.second.get(name) else { continue };
            if first.shape.len() == 4 {
                self.kernels.insert(name.clone(), state(first, second, moments.steps, &device));
            } else {
                self.vectors.insert(name.clone(), state(first, second, moments.steps, &device));
            }
        }
    }
}

fn state<const D: usize>(first: &WeightTensor, second: &WeightTensor, steps: usize, device: &Device) -> AdamWState<D> {
    let [first, second] =
        [first, second].map(|t| Tensor::from_data(TensorData::new(t.values.clone(), t.shape.clone()), device));
    AdamWState::new(AdaptiveMomentumState::new(steps, first, second))
}

fn taken<const D: usize>(
    tensors: &BTreeMap<String, Tensor<D>>,
    gradients: &mut Gradients,
) -> BTreeMap<String, Tensor<D>> {
    tensors.iter().filter_map(|(name, t)| Some((name.clone(), t.grad_remove(gradients)?))).collect()
}

fn squares<const D: usize>(gradients: &BTreeMap<String, Tensor<D>>) -> Vec<Tensor<1>> {
    gradients.values().map(|g| (g.clone() * g.clone()).sum()).collect()
}

fn follow<const D: usize>(
    rules: &Rules,
    states: &mut BTreeMap<String, AdamWState<D>>,
    tensors: &mut BTreeMap<String, Tensor<D>>,
    gradients: BTreeMap<String, Tensor<D>>,
    factor: f32,
    rate: f64,
) {
    for (name, gradient) in gradients {
        let Some(tensor) = tensors.remove(&name) else { continue };
        let state = states.remove(&name);
        let (moved, state) = rules.of(&name).step(rate, tensor.inner(), gradient.mul_scalar(factor), state);
        states.extend(state.map(|state| (name.clone(), state)));
        tensors.insert(name, Tensor::from_inner(moved).require_grad());
    }
}

fn recall<const D: usize>(states: &BTreeMap<String, AdamWState<D>>, moments: &mut Moments) {
    for (name, state) in states {
        moments.first.insert(name.clone(), plain(state.momentum.moment_1.clone()));
        moments.second.insert(name.clone(), plain(state.momentum.moment_2.clone()));
        moments.steps = state.momentum.time;
    }
}
