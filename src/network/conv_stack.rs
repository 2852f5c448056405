//! The `conv-stack` family: convolution (batch norm folded in), ReLU, max pooling, one last kernel per class, GAP.
//!
//! The forward pass stores what the way back needs: pooling switches and the ReLU masks.

use burn_tensor::module::{conv_transpose2d, conv2d, max_pool2d_with_indices, max_pool2d_with_indices_backward};
use burn_tensor::ops::{ConvOptions, ConvTransposeOptions, MaxPoolOptions};
use burn_tensor::{Int, Tensor, activation};

use super::family::{Pass, Traces, responses, scores, upload};
use super::relu::{gate, through_relu};
use super::{ComputeDevice, NetworkError};
use crate::explain::ClassMaps;
use crate::explain::options::BackwardRule;
use crate::input::ModelInput;

/// A network of the `conv-stack` family, ready to run on one device.
#[derive(Debug)]
pub struct ConvStack {
    pub(super) input: [usize; 3],
    pub(super) layers: Vec<Layer>,
    pub(super) classifier: Classifier,
    pub(super) device: ComputeDevice,
}

/// One layer, with its weights on the device.
#[derive(Debug)]
pub(super) enum Layer {
    Conv(Box<Conv>),
    MaxPool { size: usize },
}

/// A square convolution, padded by half its kernel, followed by ReLU.
#[derive(Debug)]
pub(super) struct Conv {
    /// `[out, in, k, k]`
    pub weight: Tensor<4>,
    pub bias: Tensor<1>,
    /// What the signal is convolved with on its way back, `[out, in, k, k]`; the first layer's is summed over the
    /// input channels, since the response is their sum.
    pub weight_back: Tensor<4>,
    pub kernel: usize,
    pub stride: usize,
}

/// The last convolution: one kernel per class.
#[derive(Debug)]
pub(super) struct Classifier {
    /// `[classes, in, k, k]`
    pub weight: Tensor<4>,
    /// Part of the score, never of a map.
    pub bias: Vec<f32>,
    pub kernel: usize,
    /// Whether negative values of a map are cut off.
    pub relu: bool,
}

/// What the way back needs of one layer.
#[derive(Debug)]
pub(super) enum Trace {
    /// Output of the ReLU `[1, channels, h, w]` and the height and width that went into the convolution.
    Conv { activated: Tensor<4>, before: [usize; 2] },
    /// Pooling switches `[1, channels, h, w]` and the height and width that went into the pooling.
    MaxPool { switches: Tensor<4, Int>, before: [usize; 2] },
}

impl ConvStack {
    pub fn device(&self) -> &ComputeDevice {
        &self.device
    }

    /// How many classes the network has.
    pub fn classes(&self) -> usize {
        self.classifier.bias.len()
    }

    /// Runs the network on one input and keeps what the way back needs.
    ///
    /// # Errors
    /// An input of another shape, or a device that fails.
    pub fn forward(&self, input: &ModelInput) -> Result<Pass, NetworkError> {
        let mut x = upload(input, self.input, &self.device)?;
        let mut traces = Vec::with_capacity(self.layers.len());
        for layer in &self.layers {
            let [_, _, h, w] = x.dims();
            let before = [h, w];
            let trace;
            (x, trace) = match layer {
                Layer::Conv(conv) => {
                    let activated =
                        activation::relu(conv2d(x, conv.weight.clone(), Some(conv.bias.clone()), conv.options()));
                    (activated.clone(), Trace::Conv { activated, before })
                }
                Layer::MaxPool { size } => {
                    let (pooled, switches) = max_pool2d_with_indices(x, pool_options(*size));
                    (pooled, Trace::MaxPool { switches, before })
                }
            };
            traces.push(trace);
        }
        let maps = conv2d(x, self.classifier.weight.clone(), None, self.classifier.options());
        let maps = if self.classifier.relu { activation::relu(maps) } else { maps };
        Ok(Pass {
            scores: scores(&maps, &self.classifier.bias, &self.device)?,
            maps,
            traces: Traces::ConvStack(traces),
        })
    }

    /// Back-projects the map of every class in `classes` to the input grid, all in one batch: the signed sum over the
    /// input channels of G_1 U_1 … G_L^c z_L (CLEAR, eq. 4), `[classes.len(), H, W]`.
    ///
    /// # Errors
    /// A device that fails.
    pub(super) fn back_project(
        &self,
        pass: &Pass,
        traces: &[Trace],
        classes: &[usize],
        rule: BackwardRule,
    ) -> Result<ClassMaps, NetworkError> {
        let mut signal = self.start(pass, classes);
        for (layer, trace) in self.layers.iter().zip(traces).rev() {
            signal = match (layer, trace) {
                (Layer::Conv(conv), Trace::Conv { activated, before }) => {
                    let gate = rule.uses_forward_mask().then(|| gate(activated));
                    conv.back(through_relu(signal, gate.as_ref(), rule), *before)
                }
                (Layer::MaxPool { size }, Trace::MaxPool { switches, before }) => {
                    unpool(signal, switches, *size, *before)
                }
                _ => unreachable!("a pass has the traces of the layers that made it"),
            };
        }
        responses(signal.sum_dim(1), &self.device)
    }

    /// One class a batch entry: its own map through its own kernel, `[classes.len(), channels, h, w]`. A ReLU of the
    /// class maps changes nothing on the way back under any rule: the map is what it let through.
    fn start(&self, pass: &Pass, classes: &[usize]) -> Tensor<4> {
        let padding = self.classifier.kernel / 2;
        let options = ConvTransposeOptions::new([1, 1], [padding; 2], [0, 0], [1, 1], 1);
        conv_transpose2d(pass.own_maps(classes), self.classifier.weight.clone(), None, options)
    }
}

impl Conv {
    fn options(&self) -> ConvOptions<2> {
        ConvOptions::new([self.stride; 2], [self.kernel / 2; 2], [1, 1], 1)
    }

    /// ĥ = Σ_k z_k * w_k: the transposed convolution, to the height and width that the forward pass came from.
    fn back(&self, signal: Tensor<4>, before: [usize; 2]) -> Tensor<4> {
        let padding = self.kernel / 2;
        let [_, _, height, width] = signal.dims();
        let lost = |after: usize, before: usize| before + 2 * padding - (after - 1) * self.stride - self.kernel;
        let padding_out = [lost(height, before[0]), lost(width, before[1])];
        let options = ConvTransposeOptions::new([self.stride; 2], [padding; 2], padding_out, [1, 1], 1);
        conv_transpose2d(signal, self.weight_back.clone(), None, options)
    }
}

impl Classifier {
    fn options(&self) -> ConvOptions<2> {
        ConvOptions::new([1, 1], [self.kernel / 2; 2], [1, 1], 1)
    }
}

fn pool_options(size: usize) -> MaxPoolOptions<2> {
    MaxPoolOptions::new([size; 2]).with_stride([size; 2])
}

/// U: every value returns to the position that its maximum came from, zeros elsewhere.
fn unpool(signal: Tensor<4>, switches: &Tensor<4, Int>, size: usize, before: [usize; 2]) -> Tensor<4> {
    let [batch, channels, height, width] = signal.dims();
    let grid = Tensor::<4>::zeros([1, 1, 1, 1], &signal.device()).expand([batch, channels, before[0], before[1]]);
    let switches = switches.clone().expand([batch, channels, height, width]);
    max_pool2d_with_indices_backward(grid, [size; 2], [size; 2], [0, 0], [1, 1], false, signal, switches)
}
