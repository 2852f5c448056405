//! A `conv-stack` that learns: the card's layers as differentiable tensors under the bundle's own tensor names.
//!
//! Batch normalisation stands apart here (batch statistics, running means beside them), where `network` has it folded
//! into the convolutions. Must not know data or losses.

use std::collections::{BTreeMap, BTreeSet};

use burn_tensor::module::{batch_norm_train, conv2d, max_pool2d};
use burn_tensor::ops::{ConvOptions, MaxPoolOptions};
use burn_tensor::{Device, Tensor, TensorData, activation};

use super::learned::{Learning, SHORTEST, bias_name, log_scale_name, weight_name};
use super::schedule::LesionHead;
use crate::bundle::card::{ConvStackSizes, Layer};
use crate::bundle::weights::{WeightMap, WeightTensor};

/// How far a running mean moves towards the batch's.
const MOMENTUM: f64 = 0.1;

/// The network while it learns.
#[derive(Debug, Clone)]
pub struct TrainableStack {
    layers: Vec<Layer>,
    norm_epsilon: f64,
    learning: Learning,
    pub(super) kernels: BTreeMap<String, Tensor<4>>,
    pub(super) vectors: BTreeMap<String, Tensor<1>>,
    /// Means and variances that batch normalisation keeps; no gradient reaches them.
    running: BTreeMap<String, Tensor<1>>,
}

/// What one forward pass gives.
#[derive(Debug)]
pub struct Outputs {
    /// Class maps without bias, `[batch, classes, h, w]`.
    pub maps: Tensor<4>,
    /// Class scores, `[batch, classes]`.
    pub scores: Tensor<2>,
    /// Logits of the lesion head, `[batch, kinds, h, w]`.
    pub lesions: Option<Tensor<4>>,
}

impl TrainableStack {
    /// Puts `weights` (all of [`tensors`](super::learned::tensors)) on `device`, which must be one with automatic differentiation.
    pub fn new(sizes: &ConvStackSizes, learning: Learning, weights: &WeightMap, device: &Device) -> Self {
        let mut stack = Self {
            layers: sizes.layers.clone(),
            norm_epsilon: sizes.norm_epsilon,
            learning,
            kernels: BTreeMap::new(),
            vectors: BTreeMap::new(),
            running: BTreeMap::new(),
        };
        let plain = device.clone().without_autodiff();
        for (name, weight) in weights {
            let data = TensorData::new(weight.values.clone(), weight.shape.clone());
            if weight.shape.len() == 4 {
                stack.kernels.insert(name.clone(), Tensor::from_data(data, device).require_grad());
            } else if name.contains(".running_") {
                stack.running.insert(name.clone(), Tensor::from_data(data, &plain));
            } else {
                stack.vectors.insert(name.clone(), Tensor::from_data(data, device).require_grad());
            }
        }
        stack
    }

    /// The tensors that are no kernels, and the directions of equal class kernels: their size says nothing.
    pub fn not_kernels(&self) -> BTreeSet<String> {
        let directions = self.learning.equal_kernels.then(|| weight_name(self.layers.len() - 1));
        self.vectors.keys().cloned().chain(directions).collect()
    }

    /// Runs the network on a batch, as in training: every batch normalisation takes the statistics of this batch, unless
    /// they are frozen.
    ///
    /// # Shapes
    /// `x` is `[batch, channels, height, width]`.
    pub fn forward(&mut self, mut x: Tensor<4>) -> Outputs {
        let mut lesions = None;
        let mut maps = None;
        for (index, layer) in self.layers.clone().iter().enumerate() {
            match *layer {
                Layer::Conv { kernel, stride, norm, .. } => x = self.convolve(x, index, kernel, stride, norm),
                Layer::MaxPool { size } => {
                    x = max_pool2d(x, MaxPoolOptions::new([size; 2]).with_stride([size; 2]));
                }
                Layer::Classes { kernel, relu } => {
                    let signed = conv2d(x.clone(), self.class_kernels(index), None, options(kernel, 1));
                    maps = Some(if relu { activation::relu(signed) } else { signed });
                }
            }
            if let Some(head) = self.learning.lesion_head.filter(|head| head.layer == index) {
                let (weight, bias) = (self.kernels["lesion.weight"].clone(), self.vectors["lesion.bias"].clone());
                lesions = Some(spread(conv2d(x.clone(), weight, Some(bias), options(1, 1)), head));
            }
        }
        let Some(maps) = maps else { unreachable!("a checked card ends with its `classes` layer") };
        let [batch, classes, height, width] = maps.dims();
        let mut scores = maps.clone().reshape([batch, classes, height * width]).mean_dim(2).reshape([batch, classes]);
        if let Some(bias) = self.vectors.get(&bias_name(self.layers.len() - 1)) {
            scores = scores + bias.clone().reshape([1, classes]);
        }
        Outputs { maps, scores, lesions }
    }

    /// The kernels of the last layer; equal ones are directions times their one length.
    fn class_kernels(&self, layer: usize) -> Tensor<4> {
        let kernels = self.kernels[&weight_name(layer)].clone();
        if !self.learning.equal_kernels {
            return kernels;
        }
        let [classes, ..] = kernels.dims();
        let squares = (kernels.clone() * kernels.clone()).reshape([classes as i32, -1]).sum_dim(1);
        let lengths = squares.sqrt().clamp_min(SHORTEST).reshape([classes, 1, 1, 1]);
        let scale = self.vectors[&log_scale_name(layer)].clone().exp().reshape([1, 1, 1, 1]);
        kernels / lengths * scale
    }

    fn convolve(&mut self, x: Tensor<4>, index: usize, kernel: usize, stride: usize, norm: bool) -> Tensor<4> {
        let name = |part: &str| format!("layers.{index}.{part}");
        let weight = self.kernels[&weight_name(index)].clone();
        if !norm {
            let bias = self.vectors[&bias_name(index)].clone();
            return activation::relu(conv2d(x, weight, Some(bias), options(kernel, stride)));
        }
        let factor = self.vectors[&name("norm.weight")].clone();
        let shift = self.vectors[&name("norm.bias")].clone();
        if self.learning.freeze_norms {
            // Known means and variances are a factor and a shift: folded, they cost nothing.
            let [mean, variance] = ["mean", "var"]
                .map(|part| Tensor::from_inner(self.running[&name(&format!("norm.running_{part}"))].clone()));
            let factor = factor / variance.add_scalar(self.norm_epsilon).sqrt();
            let bias = shift - mean * factor.clone();
            let [channels] = factor.dims();
            let weight = weight * factor.reshape([channels, 1, 1, 1]);
            return activation::relu(conv2d(x, weight, Some(bias), options(kernel, stride)));
        }
        let sums = conv2d(x, weight, None, options(kernel, stride));
        let [batch, _, height, width] = sums.dims();
        let normed = batch_norm_train(sums, factor, shift, self.norm_epsilon);
        // Running variances are those of the population, as PyTorch keeps them.
        let count = (batch * height * width) as f64;
        let variance = normed.variance.inner().mul_scalar(count / (count - 1.0).max(1.0));
        self.remember(name("norm.running_mean"), normed.mean.inner());
        self.remember(name("norm.running_var"), variance);
        activation::relu(normed.output)
    }

    fn remember(&mut self, name: String, of_batch: Tensor<1>) {
        let kept = self.running[&name].clone().mul_scalar(1.0 - MOMENTUM) + of_batch.mul_scalar(MOMENTUM);
        self.running.insert(name, kept);
    }

    /// All tensors as plain values: the bundle's, and those of the lesion head.
    pub fn weights(&self) -> WeightMap {
        let kernels = self.kernels.iter().map(|(name, t)| (name.clone(), plain(t.clone().inner())));
        let vectors = self.vectors.iter().map(|(name, t)| (name.clone(), plain(t.clone().inner())));
        let running = self.running.iter().map(|(name, t)| (name.clone(), plain(t.clone())));
        kernels.chain(vectors).chain(running).collect()
    }
}

/// Several predictions a cell become as many cells (PyTorch's `pixel_shuffle`).
fn spread(logits: Tensor<4>, LesionHead { kinds, finer, .. }: LesionHead) -> Tensor<4> {
    let [batch, _, height, width] = logits.dims();
    let parts = logits.reshape([batch, kinds, finer, finer, height, width]).permute([0, 1, 4, 2, 5, 3]);
    parts.reshape([batch, kinds, height * finer, width * finer])
}

fn options(kernel: usize, stride: usize) -> ConvOptions<2> {
    ConvOptions::new([stride; 2], [kernel / 2; 2], [1, 1], 1)
}

/// The values of a tensor that lies on a device.
pub(super) fn plain<const D: usize>(tensor: Tensor<D>) -> WeightTensor {
    let shape = tensor.dims().to_vec();
    let values = tensor.into_data().try_to_vec::<f32>().expect("the network's tensors are f32");
    WeightTensor { shape, values }
}
