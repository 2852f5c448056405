//! From checked weights to a graph on a device, batch normalisation folded into the convolution before it.

use burn_tensor::{Tensor, TensorData};

use super::{Conv, Graph, Pooling, Step};
use crate::bundle::graph::{GraphSizes, Node};
use crate::bundle::weights::WeightMap;
use crate::network::ComputeDevice;
use crate::network::load::{on_device, scale_and_shift, scaled, summed_over_inputs};

impl Graph {
    /// Puts the network of `sizes` on `device`. The weights were checked against the card, so nothing can be missing.
    pub fn load(sizes: &GraphSizes, weights: &WeightMap, device: &ComputeDevice) -> Self {
        let blueprint = sizes.blueprint();
        let step = |node: &Node| match node {
            Node::Conv { .. } => Step::Conv(Box::new(conv(node, weights, sizes.norm_epsilon, device))),
            Node::MaxPool { from, size, stride, padding, ceil } => {
                let pooling = Pooling { size: *size, stride: *stride, padding: *padding, ceil: *ceil };
                Step::MaxPool { from: *from, pooling }
            }
            Node::Add { of, relu } => Step::Add { of: *of, relu: *relu },
            Node::Concat { of } => Step::Concat { of: *of },
        };
        let part = |part: &str| &weights[&format!("{}.{part}", blueprint.classifier.name)];
        let mut classifier = part("weight").clone();
        classifier.shape.resize(4, 1);
        let bias = part("bias").values.clone();
        let is_conv = blueprint.classifier.is_conv;
        Self {
            input: sizes.input,
            steps: blueprint.nodes.iter().map(step).collect(),
            classifier: on_device(&classifier, device),
            map_bias: is_conv.then(|| vector(&bias, device)),
            bias: if is_conv { vec![0.0; bias.len()] } else { bias },
            device: device.clone(),
        }
    }
}

fn conv(node: &Node, weights: &WeightMap, epsilon: f64, device: &ComputeDevice) -> Conv {
    let Node::Conv { from, name, norm, groups, stride, padding, relu, .. } = node else {
        unreachable!("only convolutions are asked for")
    };
    let weight = weights[&format!("{name}.weight")].clone();
    let (weight, bias) = match norm {
        None => (weight, weights[&format!("{name}.bias")].values.clone()),
        Some(norm) => {
            let (scale, shift) = scale_and_shift(weights, norm, epsilon);
            (scaled(weight, &scale), shift)
        }
    };
    let weight_back = if *from == 0 { summed_over_inputs(&weight) } else { weight.clone() };
    Conv {
        from: *from,
        weight: on_device(&weight, device),
        bias: vector(&bias, device),
        weight_back: on_device(&weight_back, device),
        groups: *groups,
        stride: *stride,
        padding: *padding,
        relu: *relu,
    }
}

fn vector(values: &[f32], device: &ComputeDevice) -> Tensor<1> {
    Tensor::from_data(TensorData::from(values), &device.burn)
}
