//! One network of any family: what a card's `architecture` says, on a device. Callers need not know which.

use burn_tensor::{Tensor, TensorData};
use rayon::prelude::*;

use super::conv_stack::{self, ConvStack};
use super::densenet::{self, DenseNet};
use super::graph::{self, Graph};
use super::{ComputeDevice, NetworkError};
use crate::bundle::Bundle;
use crate::bundle::card::Architecture;
use crate::explain::ClassMaps;
use crate::explain::options::BackwardRule;
use crate::input::ModelInput;

/// A network, ready to run on one device.
#[derive(Debug)]
pub enum Network {
    ConvStack(Box<ConvStack>),
    DenseNet(Box<DenseNet>),
    Graph(Box<Graph>),
}

/// What one forward pass leaves behind.
#[derive(Debug)]
pub struct Pass {
    /// Class scores, bias included.
    pub scores: Vec<f32>,
    /// The class maps M_c without bias, `[1, classes, h, w]`.
    pub(super) maps: Tensor<4>,
    pub(super) traces: Traces,
}

/// What the way back needs, in the family's own form.
#[derive(Debug)]
pub(super) enum Traces {
    /// One per layer.
    ConvStack(Vec<conv_stack::Trace>),
    DenseNet(Box<densenet::Trace>),
    Graph(Box<graph::Trace>),
}

impl Network {
    /// Puts a bundle's network on `device`. The bundle was checked against its card, so nothing can be missing.
    pub fn load(bundle: &Bundle, device: &ComputeDevice) -> Self {
        match &bundle.card.architecture {
            Architecture::ConvStack(sizes) => {
                Self::ConvStack(Box::new(ConvStack::load(sizes, &bundle.weights, device)))
            }
            Architecture::DenseNet(sizes) => Self::DenseNet(Box::new(DenseNet::load(sizes, &bundle.weights, device))),
            Architecture::Graph(sizes) => Self::Graph(Box::new(Graph::load(sizes, &bundle.weights, device))),
        }
    }

    pub fn device(&self) -> &ComputeDevice {
        match self {
            Self::ConvStack(network) => network.device(),
            Self::DenseNet(network) => network.device(),
            Self::Graph(network) => network.device(),
        }
    }

    /// How many classes the network has.
    pub fn classes(&self) -> usize {
        match self {
            Self::ConvStack(network) => network.classes(),
            Self::DenseNet(network) => network.classes(),
            Self::Graph(network) => network.classes(),
        }
    }

    /// Runs the network on one input and keeps what the way back needs.
    ///
    /// # Errors
    /// An input of another shape, or a device that fails.
    pub fn forward(&self, input: &ModelInput) -> Result<Pass, NetworkError> {
        match self {
            Self::ConvStack(network) => network.forward(input),
            Self::DenseNet(network) => network.forward(input),
            Self::Graph(network) => network.forward(input),
        }
    }

    /// The class activation maps M_c of all classes, signed, bias left out: `[classes, h, w]` (Zhou 2016, eq. 2).
    ///
    /// # Errors
    /// A device that fails.
    pub fn class_maps(&self, pass: &Pass) -> Result<ClassMaps, NetworkError> {
        let [_, classes, height, width] = pass.maps.dims();
        Ok(ClassMaps::new(classes, height, width, read(pass.maps.clone(), self.device())?))
    }

    /// Back-projects the map of every class in `classes` to the input grid: the signed sum over the input channels of
    /// G_1 U_1 … G_L^c z_L (CLEAR, eq. 4), `[classes.len(), H, W]`.
    ///
    /// # Errors
    /// A device that fails.
    pub fn back_project(&self, pass: &Pass, classes: &[usize], rule: BackwardRule) -> Result<ClassMaps, NetworkError> {
        match (self, &pass.traces) {
            (Self::ConvStack(network), Traces::ConvStack(traces)) => network.back_project(pass, traces, classes, rule),
            (Self::DenseNet(network), Traces::DenseNet(trace)) => network.back_project(pass, trace, classes, rule),
            (Self::Graph(network), Traces::Graph(trace)) => network.back_project(pass, trace, classes, rule),
            _ => unreachable!("a pass goes back through the network that made it"),
        }
    }
}

impl Pass {
    /// One class a batch entry: its own map alone, all others zero, `[chosen.len(), classes, h, w]`.
    pub(super) fn own_maps(&self, chosen: &[usize]) -> Tensor<4> {
        let [_, classes, _, _] = self.maps.dims();
        let one_hot: Vec<f32> =
            chosen.iter().flat_map(|c| (0..classes).map(move |k| if k == *c { 1.0 } else { 0.0 })).collect();
        let one_hot = TensorData::new(one_hot, [chosen.len(), classes, 1, 1]);
        self.maps.clone() * Tensor::<4>::from_data(one_hot, &self.maps.device())
    }
}

/// Puts an input on `device`, `[1, channels, height, width]`.
pub(super) fn upload(
    input: &ModelInput,
    expected: [usize; 3],
    device: &ComputeDevice,
) -> Result<Tensor<4>, NetworkError> {
    let found = [input.channels, input.height, input.width];
    if found != expected {
        return Err(NetworkError::InputShape { expected, found });
    }
    let [channels, height, width] = found;
    let values = TensorData::new(input.values.clone(), [1, channels, height, width]);
    Ok(Tensor::from_data(values, &device.burn))
}

/// Scores from class maps: their means plus the classifier's bias.
pub(super) fn scores(maps: &Tensor<4>, bias: &[f32], device: &ComputeDevice) -> Result<Vec<f32>, NetworkError> {
    let means = read(maps.clone().mean_dims(&[2, 3]), device)?;
    Ok(means.iter().zip(bias).map(|(mean, bias)| mean + bias).collect())
}

/// Back-projects `classes` to the grid of the network's input by `back`: on a GPU all in one batch; on the CPU each alone and several at a time, since one
/// class's signal stays in the cache.
pub(super) fn class_by_class(
    classes: &[usize],
    [_, height, width]: [usize; 3],
    device: &ComputeDevice,
    back: impl Fn(&[usize]) -> Result<ClassMaps, NetworkError> + Sync,
) -> Result<ClassMaps, NetworkError> {
    if device.is_gpu {
        return back(classes);
    }
    let maps = classes.par_iter().map(|class| back(&[*class])).collect::<Result<Vec<_>, _>>()?;
    Ok(ClassMaps::new(maps.len(), height, width, maps.into_iter().flat_map(|map| map.data).collect()))
}

/// Reads responses `[classes, 1, height, width]` back, which must be finite.
pub(super) fn responses(signal: Tensor<4>, device: &ComputeDevice) -> Result<ClassMaps, NetworkError> {
    let [classes, _, height, width] = signal.dims();
    let values = read(signal, device)?;
    if !values.iter().all(|v| v.is_finite()) {
        return Err(NetworkError::NotFinite { device: device.name.clone() });
    }
    Ok(ClassMaps::new(classes, height, width, values))
}

fn read(tensor: Tensor<4>, device: &ComputeDevice) -> Result<Vec<f32>, NetworkError> {
    let failed = |reason: String| NetworkError::Device { device: device.name.clone(), reason };
    let data = tensor.try_into_data().map_err(|error| failed(error.to_string()))?;
    data.try_to_vec::<f32>().map_err(|error| failed(format!("{error:?}")))
}
