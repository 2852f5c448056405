//! The `graph` family: a forward pass along the steps of a blueprint, and CLEAR's way back by the general rule.
//!
//! On the way back a sum gives its signal to both branches, a concatenation splits it, and what several steps give back
//! to one value adds up. The classifier is a 1×1 convolution whose map is M_c; max pooling goes back by its switches.

mod load;

use burn_tensor::module::{conv_transpose2d, conv2d, max_pool2d_with_indices, max_pool2d_with_indices_backward};
use burn_tensor::ops::{ConvOptions, ConvTransposeOptions, MaxPoolOptions};
use burn_tensor::{Int, Tensor, activation};

use super::family::{Pass, Traces, class_by_class, responses, scores, upload};
use super::relu::{gate, through_relu};
use super::{ComputeDevice, NetworkError};
use crate::explain::ClassMaps;
use crate::explain::options::BackwardRule;
use crate::input::ModelInput;

/// A network of the `graph` family, ready to run on one device.
#[derive(Debug)]
pub struct Graph {
    input: [usize; 3],
    steps: Vec<Step>,
    /// `[classes, features, 1, 1]`
    classifier: Tensor<4>,
    /// Where the map itself has bias and ReLU.
    map_bias: Option<Tensor<1>>,
    /// Part of the score, never of a map.
    bias: Vec<f32>,
    device: ComputeDevice,
}

/// A node with its weights on the device. Values are numbered as in the blueprint.
#[derive(Debug)]
enum Step {
    Conv(Box<Conv>),
    MaxPool { from: usize, pooling: Pooling },
    Add { of: [usize; 2], relu: bool },
    Concat { of: [usize; 2] },
}

/// A convolution with its normalisation folded in.
#[derive(Debug)]
struct Conv {
    from: usize,
    /// `[out, in / groups, k, k]`
    weight: Tensor<4>,
    bias: Tensor<1>,
    /// As `weight`; of a convolution that reads the input summed over its channels, since the response is their sum.
    weight_back: Tensor<4>,
    groups: usize,
    stride: usize,
    padding: usize,
    relu: bool,
}

#[derive(Debug, Clone, Copy)]
struct Pooling {
    size: usize,
    stride: usize,
    padding: usize,
    ceil: bool,
}

/// What the way back needs of one forward pass.
#[derive(Debug)]
pub(super) struct Trace {
    /// All values, the input first.
    values: Vec<Tensor<4>>,
    /// Of every step that pools.
    switches: Vec<Option<Tensor<4, Int>>>,
}

impl Graph {
    pub fn device(&self) -> &ComputeDevice {
        &self.device
    }

    /// How many classes the network has.
    pub fn classes(&self) -> usize {
        self.bias.len()
    }

    /// Runs the network on one input and keeps what the way back needs.
    ///
    /// # Errors
    /// An input of another shape, or a device that fails.
    pub fn forward(&self, input: &ModelInput) -> Result<Pass, NetworkError> {
        let mut values = vec![upload(input, self.input, &self.device)?];
        let mut switches = Vec::with_capacity(self.steps.len());
        for step in &self.steps {
            let mut pooled = None;
            let value = match step {
                Step::Conv(conv) => conv.forward(values[conv.from].clone()),
                Step::MaxPool { from, pooling } => {
                    let (value, indices) = max_pool2d_with_indices(values[*from].clone(), pooling.options());
                    pooled = Some(indices);
                    value
                }
                Step::Add { of: [a, b], relu } => {
                    let sum = values[*a].clone() + values[*b].clone();
                    if *relu { activation::relu(sum) } else { sum }
                }
                Step::Concat { of: [a, b] } => Tensor::cat(vec![values[*a].clone(), values[*b].clone()], 1),
            };
            values.push(value);
            switches.push(pooled);
        }
        let maps = conv2d(values[self.steps.len()].clone(), self.classifier.clone(), self.map_bias.clone(), plain());
        let maps = if self.map_bias.is_some() { activation::relu(maps) } else { maps };
        let traces = Traces::Graph(Box::new(Trace { values, switches }));
        Ok(Pass { scores: scores(&maps, &self.bias, &self.device)?, maps, traces })
    }

    /// Back-projects the map of every class in `classes` to the input grid: `[classes.len(), H, W]`. On a GPU all go
    /// in one batch; on the CPU each goes alone, several at a time.
    ///
    /// # Errors
    /// A device that fails.
    pub(super) fn back_project(
        &self,
        pass: &Pass,
        trace: &Trace,
        classes: &[usize],
        rule: BackwardRule,
    ) -> Result<ClassMaps, NetworkError> {
        let gates: Vec<Option<Tensor<4>>> = self
            .steps
            .iter()
            .zip(&trace.values[1..])
            .map(|(step, value)| (rule.uses_forward_mask() && step.has_relu()).then(|| gate(value)))
            .collect();
        let back = |classes: &[usize]| responses(self.back(pass.own_maps(classes), trace, &gates, rule), &self.device);
        class_by_class(classes, self.input, &self.device, back)
    }

    fn back(&self, own_maps: Tensor<4>, trace: &Trace, gates: &[Option<Tensor<4>>], rule: BackwardRule) -> Tensor<4> {
        let options = ConvTransposeOptions::new([1, 1], [0, 0], [0, 0], [1, 1], 1);
        let first = conv_transpose2d(own_maps, self.classifier.clone(), None, options);
        let mut signals: Vec<Option<Tensor<4>>> = vec![None; self.steps.len()];
        signals.push(Some(first));
        for (n, step) in self.steps.iter().enumerate().rev() {
            let Some(signal) = signals[n + 1].take() else { continue };
            let signal = if step.has_relu() { through_relu(signal, gates[n].as_ref(), rule) } else { signal };
            match step {
                Step::Conv(conv) => give(&mut signals[conv.from], conv.back(signal, &trace.values[conv.from])),
                Step::MaxPool { from, pooling } => {
                    let Some(switches) = &trace.switches[n] else { unreachable!("a pooling step leaves switches") };
                    give(&mut signals[*from], pooling.back(signal, switches, &trace.values[*from]));
                }
                Step::Add { of: [a, b], .. } => {
                    give(&mut signals[*a], signal.clone());
                    give(&mut signals[*b], signal);
                }
                Step::Concat { of: [a, b] } => {
                    let split = trace.values[*a].dims()[1];
                    let rest = signal.dims()[1] - split;
                    give(&mut signals[*a], signal.clone().narrow(1, 0, split));
                    give(&mut signals[*b], signal.narrow(1, split, rest));
                }
            }
        }
        match signals.swap_remove(0) {
            Some(signal) => signal,
            None => unreachable!("every blueprint begins at the input"),
        }
    }
}

impl Step {
    fn has_relu(&self) -> bool {
        match self {
            Self::Conv(conv) => conv.relu,
            Self::Add { relu, .. } => *relu,
            Self::MaxPool { .. } | Self::Concat { .. } => false,
        }
    }
}

impl Conv {
    fn forward(&self, x: Tensor<4>) -> Tensor<4> {
        let options = ConvOptions::new([self.stride; 2], [self.padding; 2], [1, 1], self.groups);
        let sums = conv2d(x, self.weight.clone(), Some(self.bias.clone()), options);
        if self.relu { activation::relu(sums) } else { sums }
    }

    /// The transposed convolution, to the height and width of `before`.
    fn back(&self, signal: Tensor<4>, before: &Tensor<4>) -> Tensor<4> {
        let [_, _, kernel, _] = self.weight_back.dims();
        let ([_, _, height, width], [_, _, h, w]) = (before.dims(), signal.dims());
        let lost = |after: usize, before: usize| before + 2 * self.padding - (after - 1) * self.stride - kernel;
        let padding_out = [lost(h, height), lost(w, width)];
        let options = ConvTransposeOptions::new([self.stride; 2], [self.padding; 2], padding_out, [1, 1], self.groups);
        conv_transpose2d(signal, self.weight_back.clone(), None, options)
    }
}

impl Pooling {
    fn options(self) -> MaxPoolOptions<2> {
        let options = MaxPoolOptions::new([self.size; 2]).with_stride([self.stride; 2]);
        options.with_padding([self.padding; 2]).with_ceil_mode(self.ceil)
    }

    /// Every value returns to the position that its maximum came from; overlapping windows add up.
    fn back(self, signal: Tensor<4>, switches: &Tensor<4, Int>, before: &Tensor<4>) -> Tensor<4> {
        let ([batch, channels, h, w], [_, _, height, width]) = (signal.dims(), before.dims());
        let grid = Tensor::<4>::zeros([1, 1, 1, 1], &signal.device()).expand([batch, channels, height, width]);
        let switches = switches.clone().expand([batch, channels, h, w]);
        let (size, stride, padding) = ([self.size; 2], [self.stride; 2], [self.padding; 2]);
        max_pool2d_with_indices_backward(grid, size, stride, padding, [1, 1], self.ceil, signal, switches)
    }
}

fn plain() -> ConvOptions<2> {
    ConvOptions::new([1, 1], [0, 0], [1, 1], 1)
}

/// Adds a signal to what a value got already.
fn give(to: &mut Option<Tensor<4>>, signal: Tensor<4>) {
    *to = Some(match to.take() {
        Some(known) => known + signal,
        None => signal,
    });
}
