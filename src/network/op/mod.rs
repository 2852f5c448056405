//! The operations on a device, one file each: the way forward, the way back under each rule, and what the one leaves for
//! the other. `bundle::blueprint` says what their shapes and tensors are.

mod activation;
mod average_pool;
mod chain;
mod conv;
mod gate;
mod join;
mod layer_norm;
mod max_pool;
mod norm;
mod scale;
mod upsample;

#[cfg(all(test, feature = "train"))]
mod check;

use std::fmt::Debug;
use std::ops::Range;

use burn_tensor::{Bool, Int, Tensor};

pub(super) use self::chain::Chain;
pub(super) use self::join::Concat;
use super::ComputeDevice;
use crate::bundle::WeightMap;
use crate::bundle::blueprint::{Node, Op, Shape};
use crate::method::BackwardRule;

/// One operation with its weights on a device.
pub(super) trait Operation: Debug + Send + Sync {
    /// What it makes of its inputs, `[1, channels, h, w]` each, and, where `keeps`, what its way back will need.
    fn forward(&self, inputs: Vec<Tensor<4>>, keeps: bool) -> (Tensor<4>, Kept);

    /// What holds for all classes on the way back, whatever the rule; `input` is there where [`Self::needs_input`]. Without
    /// `masks` for the rules alone that ask for no forward mask.
    fn prepare(&self, _input: Option<Tensor<4>>, _kept: &Kept, _masks: bool) -> Prepared {
        Prepared::Nothing
    }

    /// Takes the signal of its value, `[classes, channels, h, w]`, to that of each of its inputs; none to one that is
    /// held constant.
    fn back(&self, signal: Tensor<4>, prepared: &Prepared, rule: BackwardRule) -> Vec<Option<Tensor<4>>>;

    /// Whether its way back is worked out from what it read.
    fn needs_input(&self) -> bool {
        false
    }

    /// Whether its way back is worked out from its own value.
    fn needs_value(&self) -> bool {
        false
    }

    /// Of an operation that keeps height and width, and of which each row can be made from so many rows above and below.
    fn halo(&self) -> Option<usize> {
        None
    }

    /// Some rows of what it makes of `input` alone; the rows around it are there, or end with the picture.
    fn forward_rows(&self, input: Tensor<4>, rows: Range<usize>) -> Tensor<4> {
        let (value, _) = self.forward(vec![input], false);
        if rows.len() == value.dims()[2] { value } else { value.narrow(2, rows.start, rows.len()) }
    }

    /// Whether it is no more than a few sums per value, cheaper done again than kept.
    fn is_cheap(&self) -> bool {
        false
    }
}

/// What a forward pass leaves of one operation.
#[derive(Debug)]
pub(super) enum Kept {
    Nothing,
    Value(Tensor<4>),
    /// Pooling switches.
    Switches(Tensor<4, Int>),
    /// A value in bands of rows.
    Rows(Vec<Tensor<4>>),
    /// Before each link of a chain and after the last.
    Links(Vec<Kept>),
}

/// What the way back of one operation needs, the same for all classes.
#[derive(Debug)]
pub(super) enum Prepared {
    Nothing,
    /// What the signal is multiplied with.
    Factor(Tensor<4>),
    /// Where nothing passes: a byte a value, a quarter of what it is made of.
    Closed(Tensor<4, Bool>),
    Switches(Tensor<4, Int>),
    Links(Vec<Prepared>),
}

/// Where an operation stands in its network.
#[derive(Debug, Clone, Copy)]
pub(super) struct Place<'a> {
    /// Of what it reads.
    pub inputs: &'a [Shape],
    /// Whether it alone reads the network's input: the response is the sum over the input's channels, and that sum can
    /// be taken of its kernels beforehand.
    pub is_first: bool,
}

/// Puts a node's operation on `device`; its weights were checked.
pub(super) fn load(node: &Node, place: Place<'_>, weights: &WeightMap, device: &ComputeDevice) -> Box<dyn Operation> {
    let name = node.name.as_str();
    let [_, height, width] = place.inputs[0];
    match node.op {
        Op::Conv(shape) => Box::new(conv::Conv::load(name, shape, place, weights, device)),
        Op::Norm { epsilon } => Box::new(norm::Norm::load(name, epsilon, weights, device)),
        Op::Activation(activation) => Box::new(activation::Activated::new(activation, device)),
        Op::MaxPool(window) => Box::new(max_pool::MaxPool { window, before: [height, width] }),
        Op::AveragePool { window, counts_padding } => {
            Box::new(average_pool::AveragePool { window, counts_padding, before: [height, width] })
        }
        Op::GlobalAveragePool => Box::new(average_pool::GlobalAveragePool { before: [height, width] }),
        Op::Add => Box::new(join::Add { count: place.inputs.len() }),
        Op::Concat => Box::new(Concat::new(place.inputs)),
        Op::Gate => Box::new(gate::Gate),
        Op::LayerNorm { epsilon } => Box::new(layer_norm::LayerNorm::load(name, epsilon, weights, device)),
        Op::Scale => Box::new(scale::Scale::load(name, weights, device)),
        Op::Upsample { factor } => Box::new(upsample::Upsample { factor }),
    }
}
