//! The `densenet` family: its forward pass, and CLEAR's way back by the general rule.
//!
//! A dense layer reads all channels that its block holds so far and appends its own, so a block is one tensor of its
//! final size that fills up. On the way back that tensor holds the signal: what a layer's own channels got from all later
//! layers goes through the layer and is added to the channels that it read. Batch normalisation goes back as its scale,
//! average pooling spreads evenly, max pooling by its switches; the classifier is a 1×1 convolution whose map is M_c.

mod block;
mod load;
mod norm;
mod taps;

use std::ops::Range;

use burn_tensor::module::{
    avg_pool2d, avg_pool2d_backward, conv_transpose2d, conv2d, max_pool2d_with_indices,
    max_pool2d_with_indices_backward,
};
use burn_tensor::ops::{AvgPoolOptions, ConvOptions, ConvTransposeOptions, MaxPoolOptions};
use burn_tensor::{Int, Tensor, activation, s};
use rayon::prelude::*;

use self::block::{Block, BlockGates, BlockTrace, bands_of};
use self::norm::Norm;
use super::family::{Pass, Traces, class_by_class, responses, scores, upload};
use super::relu::{gate, through_relu};
use super::{ComputeDevice, NetworkError};
use crate::explain::ClassMaps;
use crate::explain::options::BackwardRule;
use crate::input::ModelInput;

/// A network of the `densenet` family, ready to run on one device.
#[derive(Debug)]
pub struct DenseNet {
    input: [usize; 3],
    stem: Stem,
    blocks: Vec<Block>,
    /// One between each block and the next.
    transitions: Vec<Transition>,
    last_norm: Norm,
    /// The classifier as a convolution, `[classes, features, 1, 1]`, and the same for the way back.
    classifier: Conv,
    /// Part of the score, never of a map.
    bias: Vec<f32>,
    device: ComputeDevice,
}

/// The first convolution (7×7, stride 2, normalisation folded in), ReLU, and max pooling of overlapping windows.
#[derive(Debug)]
struct Stem {
    /// `[out, in, 7, 7]`
    weight: Tensor<4>,
    bias: Tensor<1>,
    /// Summed over the input channels, since the response is their sum: `[out, 1, 7, 7]`.
    weight_back: Tensor<4>,
}

/// Norm, ReLU, 1×1 convolution and the mean of every 2×2 cells.
#[derive(Debug)]
struct Transition {
    norm: Norm,
    conv: Conv,
}

/// A convolution of stride 1 that keeps height and width, and its transposed as a convolution of its own.
#[derive(Debug)]
struct Conv {
    /// `[out, in, k, k]`
    weight: Tensor<4>,
    /// `[in, out, k, k]`, turned by 180°.
    weight_back: Tensor<4>,
}

/// What the way back needs of one forward pass.
#[derive(Debug)]
pub(super) struct Trace {
    /// Output of the stem's ReLU.
    stem: Tensor<4>,
    /// Switches of the stem's pooling.
    switches: Tensor<4, Int>,
    blocks: Vec<BlockTrace>,
    /// Output of the last ReLU: the features that the class maps are made of.
    features: Tensor<4>,
}

/// Which values each ReLU let through, as 1 and 0; made once for all classes, and only for rules that ask.
#[derive(Debug)]
struct Gates {
    stem: Tensor<4>,
    blocks: Vec<BlockGates>,
    transitions: Vec<Tensor<4>>,
    features: Tensor<4>,
}

impl DenseNet {
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
        let stem = self.stem.forward(upload(input, self.input, &self.device)?);
        let (mut x, switches) = max_pool2d_with_indices(stem.clone(), stem_pooling());
        let mut blocks = Vec::with_capacity(self.blocks.len());
        for (index, block) in self.blocks.iter().enumerate() {
            let [_, _, height, _] = x.dims();
            let trace = block.forward(x, self.bands(height));
            x = match self.transitions.get(index) {
                Some(transition) => transition.forward(&trace.features, self.bands(height)),
                None => self.last_norm.activate(trace.features.clone()),
            };
            blocks.push(trace);
        }
        let maps = self.classifier.forward(x.clone());
        let traces = Traces::DenseNet(Box::new(Trace { stem, switches, blocks, features: x }));
        Ok(Pass { scores: scores(&maps, &self.bias, &self.device)?, maps, traces })
    }

    /// Back-projects the map of every class in `classes` to the input grid: `[classes.len(), H, W]`. On a GPU all go
    /// in one batch; on the CPU each goes alone, several at a time, since one class's signal stays in the cache.
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
        let gates = rule.uses_forward_mask().then(|| self.gates(trace));
        let back = |classes: &[usize]| {
            let signal = self.back(pass.own_maps(classes), trace, gates.as_ref(), rule);
            responses(signal, &self.device)
        };
        class_by_class(classes, self.input, &self.device, back)
    }

    fn back(&self, own_maps: Tensor<4>, trace: &Trace, gates: Option<&Gates>, rule: BackwardRule) -> Tensor<4> {
        let mut signal = self.classifier.back(own_maps);
        for (index, block) in self.blocks.iter().enumerate().rev() {
            let [_, _, height, width] = trace.blocks[index].features.dims();
            signal = match self.transitions.get(index) {
                Some(transition) => {
                    transition.back(signal, [height, width], gates.map(|g| &g.transitions[index]), rule)
                }
                None => self.last_norm.back(through_relu(signal, gates.map(|g| &g.features), rule)),
            };
            signal = block.back(signal, gates.map(|g| &g.blocks[index]), rule);
        }
        let signal = unpool(signal, &trace.switches, &trace.stem);
        let [_, height, width] = self.input;
        self.stem.back(through_relu(signal, gates.map(|g| &g.stem), rule), [height, width])
    }

    /// In how many bands of rows a feature map of `height` rows is worked on.
    fn bands(&self, height: usize) -> usize {
        const FEWEST_ROWS: usize = 3;
        if self.device.is_gpu { 1 } else { rayon::current_num_threads().min(height / FEWEST_ROWS).max(1) }
    }

    fn gates(&self, trace: &Trace) -> Gates {
        let transition =
            |(transition, block): (&Transition, &BlockTrace)| gate(&transition.norm.activate(block.features.clone()));
        Gates {
            stem: gate(&trace.stem),
            blocks: self.blocks.iter().zip(&trace.blocks).map(|(block, trace)| block.gates(trace)).collect(),
            transitions: self.transitions.iter().zip(&trace.blocks).map(transition).collect(),
            features: gate(&trace.features),
        }
    }
}

impl Stem {
    fn forward(&self, x: Tensor<4>) -> Tensor<4> {
        let options = ConvOptions::new([2, 2], [3, 3], [1, 1], 1);
        activation::relu(conv2d(x, self.weight.clone(), Some(self.bias.clone()), options))
    }

    fn back(&self, signal: Tensor<4>, [height, width]: [usize; 2]) -> Tensor<4> {
        // An even side loses its last row to the stride: (side + 6 - 7) / 2 + 1 rows come of it.
        let padding_out = [1 - height % 2, 1 - width % 2];
        let options = ConvTransposeOptions::new([2, 2], [3, 3], padding_out, [1, 1], 1);
        conv_transpose2d(signal, self.weight_back.clone(), None, options)
    }
}

impl Transition {
    /// The mean of cells and the 1×1 convolution change places: the same values with a quarter of the work.
    fn forward(&self, features: &Tensor<4>, bands: usize) -> Tensor<4> {
        let [_, _, height, _] = features.dims();
        let band = |rows: Range<usize>| {
            let x = features.clone().slice(s![.., .., 2 * rows.start..2 * rows.end]);
            self.conv.forward(avg_pool2d(self.norm.activate(x), halving()))
        };
        Tensor::cat(bands_of(height / 2, bands).into_par_iter().map(band).collect(), 2)
    }

    fn back(
        &self,
        signal: Tensor<4>,
        [height, width]: [usize; 2],
        gate: Option<&Tensor<4>>,
        rule: BackwardRule,
    ) -> Tensor<4> {
        let signal = self.conv.back(signal);
        let [batch, channels, _, _] = signal.dims();
        let grid = Tensor::<4>::zeros([1, 1, 1, 1], &signal.device()).expand([batch, channels, height, width]);
        let spread = avg_pool2d_backward(grid, signal, [2, 2], [2, 2], [0, 0], true, false);
        self.norm.back(through_relu(spread, gate, rule))
    }
}

impl Conv {
    fn forward(&self, x: Tensor<4>) -> Tensor<4> {
        same_size(x, &self.weight, None)
    }

    fn back(&self, signal: Tensor<4>) -> Tensor<4> {
        same_size(signal, &self.weight_back, None)
    }
}

fn same_size(x: Tensor<4>, weight: &Tensor<4>, bias: Option<&Tensor<1>>) -> Tensor<4> {
    let [_, _, kernel, _] = weight.dims();
    conv2d(x, weight.clone(), bias.cloned(), ConvOptions::new([1, 1], [kernel / 2; 2], [1, 1], 1))
}

fn stem_pooling() -> MaxPoolOptions<2> {
    MaxPoolOptions::new([3, 3]).with_stride([2, 2]).with_padding([1, 1])
}

fn halving() -> AvgPoolOptions<2> {
    AvgPoolOptions::new([2, 2]).with_stride([2, 2])
}

/// U of the stem's pooling: every value returns to the position that its maximum came from; where the windows overlap,
/// what comes back to one position adds up.
fn unpool(signal: Tensor<4>, switches: &Tensor<4, Int>, before: &Tensor<4>) -> Tensor<4> {
    let ([batch, channels, h, w], [_, _, height, width]) = (signal.dims(), before.dims());
    let grid = Tensor::<4>::zeros([1, 1, 1, 1], &signal.device()).expand([batch, channels, height, width]);
    let switches = switches.clone().expand([batch, channels, h, w]);
    max_pool2d_with_indices_backward(grid, [3, 3], [2, 2], [1, 1], [1, 1], false, signal, switches)
}
