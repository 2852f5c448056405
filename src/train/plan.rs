//! What is trained, step by step, whatever the family: its blueprint and what its last layer is like. Must not know Burn.

use super::schedule::LesionHead;
use crate::bundle::Card;
use crate::bundle::TensorSpec;
use crate::bundle::blueprint::{Activation, Blueprint, HeadKind, Op, Shape, ValueId};
use crate::bundle::card::Architecture;
use crate::bundle::weights::needed_tensors;

/// Why a card has none.
pub const NO_PLAN: &str = "only networks of convolutions, batch normalisation, ReLU and max pooling whose last layer is a convolution can be trained here";

/// The way back is followed through so many convolutions at most: the last block of `retina-dr`.
const FOLLOWED: usize = 4;

/// A network as the trainer sees it.
#[derive(Debug, Clone)]
pub struct Plan {
    pub architecture: Architecture,
    pub blueprint: Blueprint,
    /// Of every value, the input first.
    pub shapes: Vec<Shape>,
    pub last: LastLayer,
    /// The tensors of the bundle.
    pub tensors: Vec<TensorSpec>,
}

/// The convolution with one kernel per class; a score is the mean of its map.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LastLayer {
    /// Of its tensors, without `.weight`.
    pub name: String,
    pub kernel: usize,
    /// Whether a map has a ReLU of its own.
    pub relu: bool,
    /// Whether the bias belongs to the map; else it is added to the score.
    pub bias_in_map: bool,
}

/// One value of the plan.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Place {
    pub value: usize,
    /// How many pixels of the input a cell is wide and high.
    pub stride: usize,
    pub channels: usize,
    /// Rows and columns.
    pub grid: [usize; 2],
}

impl Plan {
    /// `None` for a family that cannot be trained here, see [`NO_PLAN`].
    pub fn of(card: &Card) -> Option<Self> {
        let blueprint = card.architecture.blueprint().ok()?;
        let HeadKind::Conv { kernel, relu, bias_in_map } = blueprint.head.kind else { return None };
        if !blueprint.nodes.iter().all(|node| can_learn(&node.op)) {
            return None;
        }
        let last = LastLayer { name: blueprint.head.name.clone(), kernel, relu, bias_in_map };
        let shapes = blueprint.shapes().ok()?;
        Some(Self { architecture: card.architecture.clone(), blueprint, shapes, last, tensors: needed_tensors(card) })
    }

    /// Channels, height and width.
    pub fn input(&self) -> [usize; 3] {
        self.architecture.input()
    }

    /// All values, the input first.
    pub fn places(&self) -> Vec<Place> {
        let mut strides = vec![1];
        for node in &self.blueprint.nodes {
            let step = match node.op {
                Op::Conv(conv) => conv.stride[0],
                Op::MaxPool(window) => window.stride,
                _ => 1,
            };
            strides.push(strides[node.from[0]] * step);
        }
        let place = |(value, (stride, [channels, rows, columns])): (usize, (usize, Shape))| Place {
            value,
            stride,
            channels,
            grid: [rows, columns],
        };
        strides.into_iter().zip(self.shapes.iter().copied()).enumerate().map(place).collect()
    }

    /// What a lesion head reads: the last value of its stride.
    pub fn place_of(&self, head: LesionHead) -> Option<Place> {
        self.places().into_iter().rev().find(|place| place.stride == head.stride)
    }

    /// The value down to which the way back is followed: all that comes after it reads nothing before it.
    pub fn followed_to(&self) -> ValueId {
        let nodes = &self.blueprint.nodes;
        let (mut cut, mut convolutions, mut earliest) = (nodes.len(), 0, usize::MAX);
        for (value, node) in nodes.iter().enumerate().rev() {
            convolutions += usize::from(matches!(node.op, Op::Conv(_)));
            earliest = earliest.min(node.from.iter().min().copied().unwrap_or(0));
            if convolutions > FOLLOWED || !can_be_followed(&node.op, self.shapes[node.from[0]]) {
                break;
            }
            if earliest >= value {
                cut = value;
            }
        }
        cut
    }
}

/// Whether its way back is a convolution of stride 1, a factor, a gate or a sum.
fn can_be_followed(op: &Op, [channels, ..]: Shape) -> bool {
    match op {
        Op::Conv(conv) => {
            let [above, below, left, right] = conv.padding;
            let [rows, columns] = conv.kernel;
            let is_padded = above == below && left == right && above < rows && left < columns;
            let is_plain = conv.groups == 1 || [channels, conv.outputs] == [conv.groups; 2];
            conv.stride == [1, 1] && conv.dilation == [1, 1] && is_padded && is_plain
        }
        Op::Norm { .. } | Op::Activation(_) | Op::Add => true,
        _ => false,
    }
}

fn can_learn(op: &Op) -> bool {
    matches!(
        op,
        Op::Conv(_) | Op::Norm { .. } | Op::Activation(Activation::Relu) | Op::MaxPool(_) | Op::Add | Op::Concat
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::bundle::family::{GraphSizes, NamedGraph};
    use crate::train::Recipe;

    fn card(network: NamedGraph) -> Card {
        let sizes = GraphSizes { network, input: [3, 512, 512], norm_epsilon: None };
        Card { architecture: Architecture::Graph(sizes), ..Recipe::find("retina-dr").unwrap().card }
    }

    #[test]
    fn the_lesion_head_reads_the_last_value_of_its_stride() {
        let head = Recipe::find("retina-dr").unwrap().schedule.lesion_head.unwrap();
        let of = |card: &Card| Plan::of(card).unwrap().place_of(head).unwrap();
        let stack = of(&Recipe::find("retina-dr").unwrap().card);
        assert_eq!((stack.stride, stack.channels, stack.grid), (8, 96, [64, 64]));
        let lite = of(&card(NamedGraph::EfficientNetLite0Stride16));
        assert_eq!((lite.channels, lite.grid), (240, [64, 64]));
    }

    #[test]
    fn a_linear_last_layer_has_no_plan() {
        assert!(Plan::of(&card(NamedGraph::ResNet18)).is_none());
        let squeezenet = Plan::of(&card(NamedGraph::SqueezeNet11)).unwrap();
        assert_eq!(squeezenet.places().last().unwrap().grid, [31, 31], "as torchvision says of 512 pixels");
    }
}
