//! The families of networks that a card may name, and how each becomes a blueprint: one file a family. Tensor names are
//! torchvision's where it has the network.

pub mod conv_stack;
mod convnext;
pub mod densenet;
pub mod described;
mod efficientnet;
mod efficientnet_lite;
pub mod graph;
mod inception;
mod mobilenet_v2;
mod mobilenet_v3;
mod named;
mod regnet;
mod resnet;
mod squeezenet;
mod vgg;

pub use conv_stack::ConvStackSizes;
pub use densenet::DenseNetSizes;
pub use described::DescribedNetwork;
pub use graph::GraphSizes;
pub use named::NamedGraph;

use super::blueprint::{Activation, Blueprint, Conv, Head, HeadKind, Node, Op, PoolWindow, Shape, ValueId};

/// PyTorch's.
pub(super) fn default_norm_epsilon() -> f64 {
    1e-5
}

/// Adds steps one after another; every method gives the value that it made.
pub(super) struct Builder {
    input: Shape,
    nodes: Vec<Node>,
    /// Of every value.
    channels: Vec<usize>,
    epsilon: f64,
}

impl Builder {
    /// `epsilon` is that of all normalisations.
    pub(super) fn new(input: Shape, epsilon: f64) -> Self {
        Self { input, nodes: Vec::new(), channels: vec![input[0]], epsilon }
    }

    fn push(&mut self, name: &str, op: Op, from: Vec<ValueId>) -> ValueId {
        let channels = match op {
            Op::Conv(conv) => conv.outputs,
            Op::Concat => from.iter().map(|id| self.channels[*id]).sum(),
            _ => self.channels[from[0]],
        };
        self.nodes.push(Node { name: name.to_owned(), op, from });
        self.channels.push(channels);
        self.nodes.len()
    }

    fn conv(&mut self, from: ValueId, name: &str, conv: Conv) -> ValueId {
        self.push(name, Op::Conv(conv), vec![from])
    }

    fn norm(&mut self, from: ValueId, name: &str) -> ValueId {
        self.push(name, Op::Norm { epsilon: self.epsilon }, vec![from])
    }

    fn activate(&mut self, from: ValueId, activation: Activation) -> ValueId {
        self.push("", Op::Activation(activation), vec![from])
    }

    fn relu(&mut self, from: ValueId) -> ValueId {
        self.activate(from, Activation::Relu)
    }

    /// A convolution without bias, and the normalisation behind it.
    fn conv_norm(&mut self, from: ValueId, [conv_name, norm_name]: [&str; 2], conv: Conv) -> ValueId {
        let x = self.conv(from, conv_name, Conv { bias: false, ..conv });
        self.norm(x, norm_name)
    }

    /// torchvision's `Conv2dNormActivation`: `NAME.0` without bias, `NAME.1`, and what follows.
    fn layer(&mut self, from: ValueId, name: &str, conv: Conv, activation: Option<Activation>) -> ValueId {
        let x = self.conv_norm(from, [&format!("{name}.0"), &format!("{name}.1")], conv);
        activation.map_or(x, |activation| self.activate(x, activation))
    }

    fn global_average_pool(&mut self, from: ValueId) -> ValueId {
        self.push("", Op::GlobalAveragePool, vec![from])
    }

    /// A gate per channel from the means of all channels (Hu et al. 2018): down to `narrow` of them and back, each step
    /// with its activation.
    fn squeeze_excite(&mut self, x: ValueId, name: &str, narrow: usize, activations: [Activation; 2]) -> ValueId {
        let mut gate = self.global_average_pool(x);
        let sizes = [("fc1", narrow), ("fc2", self.channels[x])];
        for ((part, outputs), activation) in sizes.into_iter().zip(activations) {
            gate = self.conv(gate, &format!("{name}.{part}"), Conv::square(outputs, 1, 1));
            gate = self.activate(gate, activation);
        }
        self.push("", Op::Gate, vec![x, gate])
    }

    fn max_pool(&mut self, from: ValueId, window: PoolWindow) -> ValueId {
        self.push("", Op::MaxPool(window), vec![from])
    }

    fn add(&mut self, of: Vec<ValueId>) -> ValueId {
        self.push("", Op::Add, of)
    }

    fn concat(&mut self, of: Vec<ValueId>) -> ValueId {
        self.push("", Op::Concat, of)
    }

    /// Checked as a whole.
    fn finish(self, head: &str, kind: HeadKind) -> Result<Blueprint, String> {
        let head = Head { name: head.to_owned(), kind };
        let blueprint = Blueprint { input: self.input, nodes: self.nodes, head };
        blueprint.shapes()?;
        Ok(blueprint)
    }
}
