//! A network that learns: the plan's steps as differentiable tensors under the bundle's own tensor names.
//!
//! Batch normalisation stands apart here (batch statistics, running means beside them), where `network` has it folded
//! into the convolutions. Must not know data or losses.

use std::collections::{BTreeMap, BTreeSet};

use burn_tensor::module::{batch_norm_train, conv2d, max_pool2d};
use burn_tensor::ops::{ConvOptions, MaxPoolOptions};
use burn_tensor::{Device, Tensor, TensorData, activation};

use super::learned::{Learning, SHORTEST, bias_name, log_scale_name, weight_name};
use super::plan::Plan;
use super::schedule::LesionHead;
use crate::bundle::blueprint::{Conv, Node, Op};
use crate::bundle::{WeightMap, WeightTensor};

/// How far a running mean moves towards the batch's.
const MOMENTUM: f64 = 0.1;

/// The network while it learns.
#[derive(Debug, Clone)]
pub struct TrainableNetwork {
    pub(super) plan: Plan,
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
    /// Of the first pictures each class's part of the guided response, `[pictures, classes]`.
    pub shares: Option<Tensor<2>>,
}

impl TrainableNetwork {
    /// Puts `weights` (all of [`tensors`](super::learned::tensors)) on `device`, which must be one with automatic differentiation.
    pub fn new(plan: &Plan, learning: Learning, weights: &WeightMap, device: &Device) -> Self {
        let mut network = Self {
            plan: plan.clone(),
            learning,
            kernels: BTreeMap::new(),
            vectors: BTreeMap::new(),
            running: BTreeMap::new(),
        };
        let plain = device.clone().without_autodiff();
        for (name, weight) in weights {
            let data = TensorData::new(weight.values.clone(), weight.shape.clone());
            if weight.shape.len() == 4 {
                network.kernels.insert(name.clone(), Tensor::from_data(data, device).require_grad());
            } else if name.contains(".running_") {
                network.running.insert(name.clone(), Tensor::from_data(data, &plain));
            } else {
                network.vectors.insert(name.clone(), Tensor::from_data(data, device).require_grad());
            }
        }
        network
    }

    /// The tensors that are no kernels, and the directions of equal class kernels: their size says nothing.
    pub fn not_kernels(&self) -> BTreeSet<String> {
        let directions = self.learning.equal_kernels.then(|| weight_name(&self.plan.last.name));
        self.vectors.keys().cloned().chain(directions).collect()
    }

    /// Runs the network on a batch, as in training: every batch normalisation takes the statistics of this batch, unless
    /// they are frozen.
    ///
    /// # Shapes
    /// `x` is `[batch, channels, height, width]`.
    pub fn forward(&mut self, x: Tensor<4>) -> Outputs {
        let mut values = vec![x];
        let nodes = self.plan.blueprint.nodes.clone();
        let readers = self.plan.blueprint.readers();
        for (n, node) in nodes.iter().enumerate() {
            let x = values[node.from[0]].clone();
            let value = match node.op {
                Op::Conv(conv) => {
                    // The only one to read it.
                    let norm = nodes.get(n + 1).filter(|next| next.from == [n + 1] && readers[n + 1] == 1);
                    self.convolve(x, conv, &node.name, norm)
                }
                Op::Norm { .. } if self.is_folded(node, &nodes, &readers) => x,
                Op::Norm { epsilon } => self.normalise(x, &node.name, epsilon),
                Op::MaxPool(window) => {
                    let options = MaxPoolOptions::new([window.size; 2]).with_stride([window.stride; 2]);
                    max_pool2d(x, options.with_padding([window.padding; 2]).with_ceil_mode(window.ceil))
                }
                Op::Activation(_) => activation::relu(x),
                Op::Add => node.from[1..].iter().fold(x, |sum, id| sum + values[*id].clone()),
                Op::Concat => Tensor::cat(node.from.iter().map(|id| values[*id].clone()).collect(), 1),
                _ => unreachable!("a plan holds only what can learn"),
            };
            values.push(value);
        }
        let lesions = self.learning.lesion_head.and_then(|head| {
            let x = values[self.plan.place_of(head)?.value].clone();
            let (weight, bias) = (self.kernels["lesion.weight"].clone(), self.vectors["lesion.bias"].clone());
            Some(spread(conv2d(x, weight, Some(bias), options(1, 1, 1)), head))
        });
        let some = self.learning.shared.min(values[0].dims()[0]);
        let shares = (some > 0).then(|| self.shares(values[self.plan.followed_to()].clone().narrow(0, 0, some)));
        let (maps, scores) = self.judged(values.swap_remove(nodes.len()));
        Outputs { maps, scores, lesions, shares }
    }

    /// Class maps and scores of the last features.
    fn judged(&self, features: Tensor<4>) -> (Tensor<4>, Tensor<2>) {
        let last = &self.plan.last;
        let bias = self.vectors.get(&bias_name(&last.name)).cloned();
        let (of_map, of_score) = if last.bias_in_map { (bias, None) } else { (None, bias) };
        let signed = conv2d(features, self.class_kernels(), of_map, options(last.kernel, 1, 1));
        let maps = activated(signed, last.relu);
        let [batch, classes, height, width] = maps.dims();
        let scores = maps.clone().reshape([batch, classes, height * width]).mean_dim(2).reshape([batch, classes]);
        let scores = match of_score {
            Some(bias) => scores + bias.reshape([1, classes]),
            None => scores,
        };
        (maps, scores)
    }

    /// The kernels of the last layer; equal ones are directions times their one length.
    pub(super) fn class_kernels(&self) -> Tensor<4> {
        let last = &self.plan.last.name;
        let kernels = self.kernels[&weight_name(last)].clone();
        if !self.learning.equal_kernels {
            return kernels;
        }
        let [classes, ..] = kernels.dims();
        let squares = (kernels.clone() * kernels.clone()).reshape([classes as i32, -1]).sum_dim(1);
        let lengths = squares.sqrt().clamp_min(SHORTEST).reshape([classes, 1, 1, 1]);
        let scale = self.vectors[&log_scale_name(last)].clone().exp().reshape([1, 1, 1, 1]);
        kernels / lengths * scale
    }

    /// Whether the convolution before has the normalisation of `node` in it already.
    fn is_folded(&self, node: &Node, nodes: &[Node], readers: &[usize]) -> bool {
        let read = node.from[0];
        let maker = read.checked_sub(1).map(|n| &nodes[n].op);
        self.learning.freeze_norms && readers[read] == 1 && matches!(maker, Some(Op::Conv(_)))
    }

    /// A convolution, with the frozen normalisation that follows it: known means and variances are a factor and a shift,
    /// which cost nothing when folded.
    fn convolve(&mut self, x: Tensor<4>, conv: Conv, name: &str, next: Option<&Node>) -> Tensor<4> {
        let [above, below, left, right] = conv.padding;
        let padding = [(above, below), (left, right)];
        let options = ConvOptions::new_with_padding(conv.stride, padding, conv.dilation, conv.groups);
        let weight = self.kernels[&weight_name(name)].clone();
        let bias = conv.bias.then(|| self.vectors[&bias_name(name)].clone());
        let Some((Op::Norm { epsilon }, norm)) = next.filter(|_| self.learning.freeze_norms).map(|n| (n.op, &n.name))
        else {
            return conv2d(x, weight, bias, options);
        };
        let (factor, shift) = self.frozen(norm, epsilon);
        let bias = bias.map_or_else(|| shift.clone(), |bias| bias * factor.clone() + shift.clone());
        let [channels] = factor.dims();
        conv2d(x, weight * factor.reshape([channels, 1, 1, 1]), Some(bias), options)
    }

    /// A normalisation that keeps its means and variances, as factor and shift.
    pub(super) fn frozen(&self, norm: &str, epsilon: f64) -> (Tensor<1>, Tensor<1>) {
        let part = |part: &str| format!("{norm}.{part}");
        let [mean, variance] =
            ["running_mean", "running_var"].map(|name| Tensor::from_inner(self.running[&part(name)].clone()));
        let factor = self.vectors[&part("weight")].clone() / variance.add_scalar(epsilon).sqrt();
        let shift = self.vectors[&part("bias")].clone() - mean * factor.clone();
        (factor, shift)
    }

    fn normalise(&mut self, x: Tensor<4>, norm: &str, epsilon: f64) -> Tensor<4> {
        let [batch, channels, height, width] = x.dims();
        if self.learning.freeze_norms {
            let (factor, shift) = self.frozen(norm, epsilon);
            return x * factor.reshape([1, channels, 1, 1]) + shift.reshape([1, channels, 1, 1]);
        }
        let part = |part: &str| format!("{norm}.{part}");
        let factor = self.vectors[&part("weight")].clone();
        let shift = self.vectors[&part("bias")].clone();
        let normed = batch_norm_train(x, factor, shift, epsilon);
        // Running variances are those of the population, as PyTorch keeps them.
        let count = (batch * height * width) as f64;
        let variance = normed.variance.inner().mul_scalar(count / (count - 1.0).max(1.0));
        self.remember(part("running_mean"), normed.mean.inner());
        self.remember(part("running_var"), variance);
        normed.output
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

fn activated(x: Tensor<4>, relu: bool) -> Tensor<4> {
    if relu { activation::relu(x) } else { x }
}

/// Padded by half the kernel.
fn options(kernel: usize, stride: usize, groups: usize) -> ConvOptions<2> {
    ConvOptions::new([stride; 2], [kernel / 2; 2], [1, 1], groups)
}

/// The values of a tensor that lies on a device.
pub(super) fn plain<const D: usize>(tensor: Tensor<D>) -> WeightTensor {
    let shape = tensor.dims().to_vec();
    let values = tensor.into_data().try_to_vec::<f32>().expect("the network's tensors are f32");
    WeightTensor { shape, values }
}
