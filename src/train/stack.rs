//! A `conv-stack` that learns: the card's layers as differentiable tensors under the bundle's own tensor names.
//!
//! Batch normalisation stands apart here (batch statistics, running means beside them), where `network` has it folded
//! into the convolutions. Must not know data, losses or schedules.

use std::collections::BTreeMap;

use burn_tensor::module::{batch_norm_train, conv2d, max_pool2d};
use burn_tensor::ops::{ConvOptions, MaxPoolOptions};
use burn_tensor::{Device, Tensor, TensorData, activation};
use rand::RngExt;
use rand_chacha::ChaCha8Rng;

use crate::bundle::card::{ConvStackSizes, Layer};
use crate::bundle::weights::{TensorSpec, WeightMap, WeightTensor, conv_stack_tensors};

/// How far a running mean moves towards the batch's.
const MOMENTUM: f64 = 0.1;

/// Where the auxiliary lesion head sits and how many kinds of lesion it tells apart.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LesionHead {
    /// Index of the layer whose output it reads.
    pub layer: usize,
    pub kinds: usize,
}

/// The network while it learns.
#[derive(Debug, Clone)]
pub struct TrainableStack {
    layers: Vec<Layer>,
    norm_epsilon: f64,
    lesion_head: Option<LesionHead>,
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

/// The tensors of a `conv-stack` while it learns: the bundle's, and those of the lesion head.
pub fn tensors(sizes: &ConvStackSizes, classes: usize, head: Option<LesionHead>) -> Vec<TensorSpec> {
    let mut specs = conv_stack_tensors(sizes, classes);
    if let Some(LesionHead { layer, kinds }) = head {
        let channels = sizes.layers[..=layer].iter().rev().find_map(|l| match l {
            Layer::Conv { channels, .. } => Some(*channels),
            _ => None,
        });
        let channels = channels.unwrap_or(sizes.input[0]);
        specs.push(TensorSpec { name: "lesion.weight".to_owned(), shape: vec![kinds, channels, 1, 1] });
        specs.push(TensorSpec { name: "lesion.bias".to_owned(), shape: vec![kinds] });
    }
    specs
}

/// First weights, drawn as PyTorch draws them: uniform within ±1/√(inputs of one output) for kernels, 1 for the
/// factors and variances of batch normalisation, 0 for the rest.
pub fn first_weights(specs: &[TensorSpec], rng: &mut ChaCha8Rng) -> WeightMap {
    let first = |spec: &TensorSpec, rng: &mut ChaCha8Rng| {
        let count: usize = spec.shape.iter().product();
        let values = if spec.shape.len() == 4 {
            let bound = 1.0 / (spec.shape[1..].iter().product::<usize>() as f32).sqrt();
            (0..count).map(|_| rng.random_range(-bound..bound)).collect()
        } else {
            let ones = spec.name.ends_with("norm.weight") || spec.name.ends_with("running_var");
            vec![if ones { 1.0 } else { 0.0 }; count]
        };
        (spec.name.clone(), WeightTensor { shape: spec.shape.clone(), values })
    };
    specs.iter().map(|spec| first(spec, rng)).collect()
}

impl TrainableStack {
    /// Puts `weights` (all of [`tensors`]) on `device`, which must be one with automatic differentiation.
    pub fn new(sizes: &ConvStackSizes, head: Option<LesionHead>, weights: &WeightMap, device: &Device) -> Self {
        let mut stack = Self {
            layers: sizes.layers.clone(),
            norm_epsilon: sizes.norm_epsilon,
            lesion_head: head,
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

    /// Runs the network on a batch, as in training: every batch normalisation takes the statistics of this batch.
    ///
    /// # Shapes
    /// `x` is `[batch, channels, height, width]`.
    pub fn forward(&mut self, mut x: Tensor<4>) -> Outputs {
        let mut lesions = None;
        let (mut maps, mut bias) = (None, None);
        for (index, layer) in self.layers.clone().iter().enumerate() {
            match *layer {
                Layer::Conv { kernel, stride, norm, .. } => x = self.convolve(x, index, kernel, stride, norm),
                Layer::MaxPool { size } => {
                    x = max_pool2d(x, MaxPoolOptions::new([size; 2]).with_stride([size; 2]));
                }
                Layer::Classes { kernel, relu } => {
                    let weight = self.kernels[&format!("layers.{index}.weight")].clone();
                    let signed = conv2d(x.clone(), weight, None, options(kernel, 1));
                    maps = Some(if relu { activation::relu(signed) } else { signed });
                    bias = Some(self.vectors[&format!("layers.{index}.bias")].clone());
                }
            }
            if self.lesion_head.is_some_and(|head| head.layer == index) {
                let (weight, bias) = (self.kernels["lesion.weight"].clone(), self.vectors["lesion.bias"].clone());
                lesions = Some(conv2d(x.clone(), weight, Some(bias), options(1, 1)));
            }
        }
        let (Some(maps), Some(bias)) = (maps, bias) else {
            unreachable!("a checked card ends with its `classes` layer")
        };
        let [batch, classes, height, width] = maps.dims();
        let means = maps.clone().reshape([batch, classes, height * width]).mean_dim(2).reshape([batch, classes]);
        Outputs { maps, scores: means + bias.reshape([1, classes]), lesions }
    }

    fn convolve(&mut self, x: Tensor<4>, index: usize, kernel: usize, stride: usize, norm: bool) -> Tensor<4> {
        let name = |part: &str| format!("layers.{index}.{part}");
        let weight = self.kernels[&name("weight")].clone();
        if !norm {
            let bias = self.vectors[&name("bias")].clone();
            return activation::relu(conv2d(x, weight, Some(bias), options(kernel, stride)));
        }
        let sums = conv2d(x, weight, None, options(kernel, stride));
        let [batch, _, height, width] = sums.dims();
        let factor = self.vectors[&name("norm.weight")].clone();
        let shift = self.vectors[&name("norm.bias")].clone();
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

fn options(kernel: usize, stride: usize) -> ConvOptions<2> {
    ConvOptions::new([stride; 2], [kernel / 2; 2], [1, 1], 1)
}

/// The values of a tensor that lies on a device.
pub(super) fn plain<const D: usize>(tensor: Tensor<D>) -> WeightTensor {
    let shape = tensor.dims().to_vec();
    let values = tensor.into_data().try_to_vec::<f32>().expect("the network's tensors are f32");
    WeightTensor { shape, values }
}
