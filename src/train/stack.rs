//! A `conv-stack` that learns: the card's layers as differentiable tensors under the bundle's own tensor names.
//!
//! Batch normalisation stands apart here (batch statistics, running means beside them), where `network` has it folded
//! into the convolutions. Must not know data, losses or schedules.

use std::collections::{BTreeMap, BTreeSet};

use burn_tensor::module::{batch_norm_train, conv2d, max_pool2d};
use burn_tensor::ops::{ConvOptions, MaxPoolOptions};
use burn_tensor::{Device, Tensor, TensorData, activation};
use rand::RngExt;
use rand_chacha::ChaCha8Rng;

use super::chance::normal;
use super::schedule::{LesionHead, Schedule};

use crate::bundle::card::{ConvStackSizes, Layer};
use crate::bundle::weights::{TensorSpec, WeightMap, WeightTensor, conv_stack_tensors};

/// How far a running mean moves towards the batch's.
const MOMENTUM: f64 = 0.1;

/// The length of every class kernel at first, where all have one.
const FIRST_LENGTH: f32 = 2.0;
/// Features are never negative: a little more plus than minus, so that no class map starts empty everywhere.
const DIRECTION_SHIFT: f32 = 0.3;
/// Below this a kernel counts as this long, so that nothing is divided by 0.
const SHORTEST: f32 = 1e-12;
/// Lesions are rare.
const LESION_BIAS: f32 = -3.0;

/// How the network learns, beyond its card.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Learning {
    pub lesion_head: Option<LesionHead>,
    /// Whether the class kernels have one length, learned as `log_scale` beside their directions, and no bias.
    pub equal_kernels: bool,
    /// Whether batch normalisation keeps its means and variances.
    pub freeze_norms: bool,
}

impl Learning {
    /// The lesion head is left out where the lesions are not known.
    pub fn new(schedule: &Schedule, lesions_are_known: bool) -> Self {
        let lesion_head = schedule.lesion_head.filter(|_| lesions_are_known);
        Self { lesion_head, equal_kernels: schedule.equal_kernels, freeze_norms: schedule.freeze_norms }
    }
}

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

/// The tensors of a `conv-stack` while it learns: the bundle's, and those of the lesion head. Equal class kernels have a
/// `log_scale` in place of their bias.
pub fn tensors(sizes: &ConvStackSizes, classes: usize, learning: Learning) -> Vec<TensorSpec> {
    let mut specs = conv_stack_tensors(sizes, classes);
    if learning.equal_kernels {
        let last = sizes.layers.len() - 1;
        specs.retain(|spec| spec.name != bias_name(last));
        specs.push(TensorSpec { name: log_scale_name(last), shape: vec![1] });
    }
    if let Some(LesionHead { layer, kinds, finer }) = learning.lesion_head {
        let channels = sizes.layers[..=layer].iter().rev().find_map(|l| match l {
            Layer::Conv { channels, .. } => Some(*channels),
            _ => None,
        });
        let (channels, outputs) = (channels.unwrap_or(sizes.input[0]), kinds * finer * finer);
        specs.push(TensorSpec { name: "lesion.weight".to_owned(), shape: vec![outputs, channels, 1, 1] });
        specs.push(TensorSpec { name: "lesion.bias".to_owned(), shape: vec![outputs] });
    }
    specs
}

fn weight_name(layer: usize) -> String {
    format!("layers.{layer}.weight")
}

fn bias_name(layer: usize) -> String {
    format!("layers.{layer}.bias")
}

fn log_scale_name(layer: usize) -> String {
    format!("layers.{layer}.log_scale")
}

/// First weights, drawn as PyTorch draws them: uniform within ±1/√(inputs of one output) for kernels, 1 for the
/// factors and variances of batch normalisation, 0 for the rest. Directions of equal class kernels are normal.
pub fn first_weights(specs: &[TensorSpec], rng: &mut ChaCha8Rng) -> WeightMap {
    let is_direction =
        |spec: &TensorSpec| specs.iter().any(|s| s.name.strip_suffix("log_scale") == spec.name.strip_suffix("weight"));
    let first = |spec: &TensorSpec, rng: &mut ChaCha8Rng| {
        let count: usize = spec.shape.iter().product();
        let values = if spec.shape.len() == 4 && is_direction(spec) {
            (0..count).map(|_| normal(rng) + DIRECTION_SHIFT).collect()
        } else if spec.shape.len() == 4 {
            let bound = 1.0 / (spec.shape[1..].iter().product::<usize>() as f32).sqrt();
            (0..count).map(|_| rng.random_range(-bound..bound)).collect()
        } else {
            let value = match spec.name.as_str() {
                "lesion.bias" => LESION_BIAS,
                name if name.ends_with("log_scale") => FIRST_LENGTH.ln(),
                name if name.ends_with("norm.weight") || name.ends_with("running_var") => 1.0,
                _ => 0.0,
            };
            vec![value; count]
        };
        (spec.name.clone(), WeightTensor { shape: spec.shape.clone(), values })
    };
    specs.iter().map(|spec| first(spec, rng)).collect()
}

/// Takes the weights of a bundle over into those of a network that learns; what the bundle lacks stays.
pub fn take_over(weights: &mut WeightMap, bundle: &WeightMap, sizes: &ConvStackSizes, learning: Learning) {
    for (name, tensor) in weights.iter_mut() {
        if let Some(known) = bundle.get(name) {
            tensor.clone_from(known);
        }
    }
    if !learning.equal_kernels {
        return;
    }
    let last = sizes.layers.len() - 1;
    let (Some(length), Some(kernels)) = (common_length(bundle, sizes), weights.get_mut(&weight_name(last))) else {
        return;
    };
    // A direction's own length does not count, but how fast it turns does: as long as one that was drawn.
    let (_, each) = lengths(kernels);
    let factor = (each as f32).sqrt() / length;
    kernels.values.iter_mut().for_each(|v| *v *= factor);
    weights.insert(log_scale_name(last), WeightTensor { shape: vec![1], values: vec![length.ln()] });
}

/// The length that all class kernels of a bundle share; `None` where they do not, or where a class has a bias.
pub fn common_length(bundle: &WeightMap, sizes: &ConvStackSizes) -> Option<f32> {
    let last = sizes.layers.len() - 1;
    let (lengths, _) = lengths(bundle.get(&weight_name(last))?);
    let mean = lengths.iter().sum::<f32>() / lengths.len() as f32;
    let even = lengths.iter().all(|length| (length - mean).abs() <= 1e-4 * mean);
    let bias = &bundle.get(&bias_name(last))?.values;
    (even && mean > 0.0 && bias.iter().all(|bias| *bias == 0.0)).then_some(mean)
}

/// The length of each kernel, and how many values it has.
fn lengths(kernels: &WeightTensor) -> (Vec<f32>, usize) {
    let each = kernels.shape[1..].iter().product::<usize>().max(1);
    (kernels.values.chunks_exact(each).map(|k| k.iter().map(|v| v * v).sum::<f32>().sqrt()).collect(), each)
}

/// What a bundle keeps of a network that learned: no lesion head, and equal class kernels at their length.
pub fn to_bundle(mut weights: WeightMap, sizes: &ConvStackSizes) -> WeightMap {
    weights.retain(|name, _| !name.starts_with("lesion."));
    let last = sizes.layers.len() - 1;
    if let Some(scale) = weights.remove(&log_scale_name(last))
        && let Some(kernels) = weights.get_mut(&weight_name(last))
    {
        let (lengths, each) = lengths(kernels);
        for (kernel, length) in kernels.values.chunks_exact_mut(each).zip(&lengths) {
            kernel.iter_mut().for_each(|v| *v *= scale.values[0].exp() / length.max(SHORTEST));
        }
        let bias = WeightTensor { shape: vec![lengths.len()], values: vec![0.0; lengths.len()] };
        weights.insert(bias_name(last), bias);
    }
    weights
}

impl TrainableStack {
    /// Puts `weights` (all of [`tensors`]) on `device`, which must be one with automatic differentiation.
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
