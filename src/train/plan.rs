//! What is trained, step by step, whatever the family: the nodes of a graph and a last layer. Must not know Burn.

use super::schedule::LesionHead;
use crate::bundle::Card;
use crate::bundle::card::{Architecture, ConvStackSizes, Layer};
use crate::bundle::graph::Node;
use crate::bundle::weights::{TensorSpec, needed_tensors};

/// Why a card has none.
pub const NO_PLAN: &str = "only a `conv-stack`, or a `graph` whose last layer is a convolution, can be trained here";

/// A network as the trainer sees it.
#[derive(Debug, Clone)]
pub struct Plan {
    pub architecture: Architecture,
    pub norm_epsilon: f64,
    /// Value 0 is the input, n + 1 what node n gives.
    pub nodes: Vec<Node>,
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
        let (norm_epsilon, nodes, last) = match &card.architecture {
            Architecture::ConvStack(sizes) => (sizes.norm_epsilon, stack(sizes), last_of(sizes)?),
            Architecture::Graph(sizes) => {
                let blueprint = sizes.blueprint();
                if !blueprint.classifier.is_conv {
                    return None;
                }
                let name = blueprint.classifier.name.to_owned();
                let last = LastLayer { name, kernel: 1, relu: true, bias_in_map: true };
                (sizes.norm_epsilon, blueprint.nodes, last)
            }
            Architecture::DenseNet(_) => return None,
        };
        let tensors = needed_tensors(card);
        Some(Self { architecture: card.architecture.clone(), norm_epsilon, nodes, last, tensors })
    }

    /// Channels, height and width.
    pub fn input(&self) -> [usize; 3] {
        self.architecture.input()
    }

    /// All values, the input first.
    pub fn places(&self) -> Vec<Place> {
        let [channels, height, width] = self.input();
        let mut places = vec![Place { value: 0, stride: 1, channels, grid: [height, width] }];
        for (n, node) in self.nodes.iter().enumerate() {
            let place = match *node {
                Node::Conv { from, outputs, kernel, stride, padding, .. } => {
                    let grid = places[from].grid.map(|side| (side + 2 * padding - kernel) / stride + 1);
                    Place { channels: outputs, stride: places[from].stride * stride, grid, ..places[from] }
                }
                Node::MaxPool { from, size, stride, padding, ceil } => {
                    let more = if ceil { stride - 1 } else { 0 };
                    let grid = places[from].grid.map(|side| (side + 2 * padding - size + more) / stride + 1);
                    Place { stride: places[from].stride * stride, grid, ..places[from] }
                }
                Node::Add { of: [a, _], .. } => places[a],
                Node::Concat { of: [a, b] } => Place { channels: places[a].channels + places[b].channels, ..places[a] },
            };
            places.push(Place { value: n + 1, ..place });
        }
        places
    }

    /// What a lesion head reads: the last value of its stride.
    pub fn place_of(&self, head: LesionHead) -> Option<Place> {
        self.places().into_iter().rev().find(|place| place.stride == head.stride)
    }
}

/// A `conv-stack` as nodes; node n is layer n.
fn stack(sizes: &ConvStackSizes) -> Vec<Node> {
    let mut inputs = sizes.input[0];
    let node = |(from, layer): (usize, &Layer)| match *layer {
        Layer::Conv { channels, kernel, stride, norm } => {
            let name = format!("layers.{from}");
            let norm = norm.then(|| format!("{name}.norm"));
            let before = std::mem::replace(&mut inputs, channels);
            let (inputs, outputs, padding) = (before, channels, kernel / 2);
            Some(Node::Conv { from, name, norm, inputs, outputs, groups: 1, kernel, stride, padding, relu: true })
        }
        Layer::MaxPool { size } => Some(Node::MaxPool { from, size, stride: size, padding: 0, ceil: false }),
        Layer::Classes { .. } => None,
    };
    sizes.layers.iter().enumerate().filter_map(node).collect()
}

fn last_of(sizes: &ConvStackSizes) -> Option<LastLayer> {
    let (index, layer) = sizes.layers.iter().enumerate().next_back()?;
    let Layer::Classes { kernel, relu } = *layer else { return None };
    Some(LastLayer { name: format!("layers.{index}"), kernel, relu, bias_in_map: false })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::bundle::graph::{GraphSizes, NamedGraph};
    use crate::train::Recipe;

    fn card(network: NamedGraph) -> Card {
        let sizes = GraphSizes { network, input: [3, 512, 512], norm_epsilon: 1e-3 };
        Card { architecture: Architecture::Graph(sizes), ..Recipe::find("retina-dr").unwrap().card }
    }

    #[test]
    fn the_lesion_head_reads_the_last_value_of_its_stride() {
        let head = Recipe::find("retina-dr").unwrap().schedule.lesion_head.unwrap();
        let of = |card: &Card| Plan::of(card).unwrap().place_of(head).unwrap();
        let stack = of(&Recipe::find("retina-dr").unwrap().card);
        assert_eq!(stack, Place { value: 8, stride: 8, channels: 96, grid: [64, 64] });
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
