//! Networks that are a graph of convolutions, max pooling, sums and concatenations, by torchvision's names: ResNets
//! (He et al. 2016), VGG-16 with global average pooling (Simonyan, Zisserman 2015; Zhou et al. 2016) and SqueezeNet 1.1
//! (Iandola et al. 2016).
//!
//! A [`Blueprint`] is the one description that tensors, checks and the network itself follow. Must not know files or
//! devices.

use clap::ValueEnum;
use serde::{Deserialize, Serialize};

use super::weights::TensorSpec;

const MAX_SIDE: usize = 2048;
/// Values in one feature map of one layer (1 GiB of f32).
const MAX_VALUES: usize = 1 << 28;

/// A network that torchvision names.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ValueEnum)]
#[serde(rename_all = "kebab-case")]
pub enum NamedGraph {
    #[serde(rename = "resnet18")]
    #[value(name = "resnet18")]
    ResNet18,
    #[serde(rename = "resnet34")]
    #[value(name = "resnet34")]
    ResNet34,
    #[serde(rename = "resnet50")]
    #[value(name = "resnet50")]
    ResNet50,
    /// torchvision's `features`, then global average pooling and `classifier`, one linear layer.
    #[serde(rename = "vgg16-gap")]
    #[value(name = "vgg16-gap")]
    Vgg16Gap,
    #[serde(rename = "squeezenet1-1")]
    #[value(name = "squeezenet1-1")]
    SqueezeNet11,
}

impl NamedGraph {
    pub const ALL: [Self; 5] = [Self::ResNet18, Self::ResNet34, Self::ResNet50, Self::Vgg16Gap, Self::SqueezeNet11];

    pub fn name(self) -> &'static str {
        match self {
            Self::ResNet18 => "resnet18",
            Self::ResNet34 => "resnet34",
            Self::ResNet50 => "resnet50",
            Self::Vgg16Gap => "vgg16-gap",
            Self::SqueezeNet11 => "squeezenet1-1",
        }
    }
}

/// The sizes of the `graph` family.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct GraphSizes {
    pub network: NamedGraph,
    /// Channels, height and width of the input.
    pub input: [usize; 3],
    /// Added to the variance under the root of every batch normalisation.
    #[serde(default = "super::card::default_norm_epsilon")]
    pub norm_epsilon: f64,
}

/// One step of a graph. Values are numbered: 0 is the input, n + 1 what node n gives.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Node {
    Conv {
        from: usize,
        /// Of its tensors, without `.weight`.
        name: String,
        /// The batch normalisation after it; without one it has a bias.
        norm: Option<String>,
        inputs: usize,
        outputs: usize,
        kernel: usize,
        stride: usize,
        padding: usize,
        relu: bool,
    },
    MaxPool {
        from: usize,
        size: usize,
        stride: usize,
        padding: usize,
        ceil: bool,
    },
    /// A sum and its ReLU.
    Add {
        of: [usize; 2],
    },
    /// One's channels behind the other's.
    Concat {
        of: [usize; 2],
    },
}

/// What makes class maps of the last value.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Classifier {
    /// Of its tensors, without `.weight`.
    pub name: &'static str,
    pub features: usize,
    /// A 1×1 convolution whose bias and ReLU belong to the map; else a linear layer behind the global average pooling,
    /// whose map is M_c without bias.
    pub is_conv: bool,
}

/// A whole network as steps.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Blueprint {
    pub nodes: Vec<Node>,
    pub classifier: Classifier,
}

impl GraphSizes {
    pub fn blueprint(&self) -> Blueprint {
        let builder = Builder { nodes: Vec::new(), channels: vec![self.input[0]] };
        match self.network {
            NamedGraph::ResNet18 => builder.resnet([2, 2, 2, 2], false),
            NamedGraph::ResNet34 => builder.resnet([3, 4, 6, 3], false),
            NamedGraph::ResNet50 => builder.resnet([3, 4, 6, 3], true),
            NamedGraph::Vgg16Gap => builder.vgg16(),
            NamedGraph::SqueezeNet11 => builder.squeezenet(),
        }
    }

    /// All tensors of the network with `classes` outputs, in the order of its steps.
    pub fn tensors(&self, classes: usize) -> Vec<TensorSpec> {
        let blueprint = self.blueprint();
        let mut specs = Vec::new();
        for node in &blueprint.nodes {
            let Node::Conv { name, norm, inputs, outputs, kernel, .. } = node else { continue };
            specs.push(TensorSpec::new(format!("{name}.weight"), &[*outputs, *inputs, *kernel, *kernel]));
            match norm {
                Some(norm) => specs.extend(
                    ["weight", "bias", "running_mean", "running_var"]
                        .iter()
                        .map(|part| TensorSpec::new(format!("{norm}.{part}"), &[*outputs])),
                ),
                None => specs.push(TensorSpec::new(format!("{name}.bias"), &[*outputs])),
            }
        }
        let Classifier { name, features, is_conv } = blueprint.classifier;
        let shape: &[usize] = if is_conv { &[classes, features, 1, 1] } else { &[classes, features] };
        specs.push(TensorSpec::new(format!("{name}.weight"), shape));
        specs.push(TensorSpec::new(format!("{name}.bias"), &[classes]));
        specs
    }

    /// Refuses inputs that are too large or of which nothing would be left.
    pub(super) fn check(&self) -> Result<(), String> {
        let [channels, height, width] = self.input;
        if !(1..=16).contains(&channels) || !(32..=MAX_SIDE).contains(&height) || !(32..=MAX_SIDE).contains(&width) {
            return Err(format!("`architecture.input` is {:?}; 1–16 channels, sides of 32 to {MAX_SIDE}", self.input));
        }
        if !(self.norm_epsilon > 0.0 && self.norm_epsilon < 1.0) {
            return Err("`architecture.norm-epsilon` must lie between 0 and 1".to_owned());
        }
        // No value has more channels times cells than the widest at the size of the first step.
        let blueprint = self.blueprint();
        let widest = blueprint.nodes.iter().filter_map(|node| match node {
            Node::Conv { outputs, .. } => Some(*outputs),
            _ => None,
        });
        match widest.max() {
            Some(widest) if widest * height * width / 4 > MAX_VALUES => {
                Err(format!("`architecture.input` is {height}×{width}; {} can be that large", self.network.name()))
            }
            _ => Ok(()),
        }
    }
}

/// Adds steps one after another; every method gives the number of the value that it made.
struct Builder {
    nodes: Vec<Node>,
    /// Of every value.
    channels: Vec<usize>,
}

impl Builder {
    fn push(&mut self, node: Node, channels: usize) -> usize {
        self.nodes.push(node);
        self.channels.push(channels);
        self.nodes.len()
    }

    /// `shape` is outputs, kernel and stride; padded by half the kernel.
    fn conv(&mut self, from: usize, name: &str, norm: Option<&str>, shape: [usize; 3], relu: bool) -> usize {
        let [outputs, kernel, stride] = shape;
        let inputs = self.channels[from];
        let (name, norm, padding) = (name.to_owned(), norm.map(str::to_owned), kernel / 2);
        self.push(Node::Conv { from, name, norm, inputs, outputs, kernel, stride, padding, relu }, outputs)
    }

    fn pool(&mut self, from: usize, size: usize, padding: usize, ceil: bool) -> usize {
        self.push(Node::MaxPool { from, size, stride: 2, padding, ceil }, self.channels[from])
    }

    fn resnet(mut self, layers: [usize; 4], is_deep: bool) -> Blueprint {
        let mut x = self.conv(0, "conv1", Some("bn1"), [64, 7, 2], true);
        x = self.pool(x, 3, 1, false);
        for (stage, (blocks, width)) in layers.into_iter().zip([64, 128, 256, 512]).enumerate() {
            for block in 0..blocks {
                let stride = if stage > 0 && block == 0 { 2 } else { 1 };
                let name = format!("layer{}.{block}", stage + 1);
                x = self.residual(x, &name, width, stride, is_deep);
            }
        }
        let features = self.channels[x];
        Blueprint { nodes: self.nodes, classifier: Classifier { name: "fc", features, is_conv: false } }
    }

    fn residual(&mut self, x: usize, name: &str, width: usize, stride: usize, is_deep: bool) -> usize {
        let part = |part: &str| format!("{name}.{part}");
        let mut conv = |from, n: usize, shape, relu| {
            self.conv(from, &part(&format!("conv{n}")), Some(&part(&format!("bn{n}"))), shape, relu)
        };
        let (out, outputs) = if is_deep {
            let narrow = conv(x, 1, [width, 1, 1], true);
            let middle = conv(narrow, 2, [width, 3, stride], true);
            (conv(middle, 3, [4 * width, 1, 1], false), 4 * width)
        } else {
            let first = conv(x, 1, [width, 3, stride], true);
            (conv(first, 2, [width, 3, 1], false), width)
        };
        let way = if stride != 1 || self.channels[x] != outputs {
            self.conv(x, &part("downsample.0"), Some(&part("downsample.1")), [outputs, 1, stride], false)
        } else {
            x
        };
        self.push(Node::Add { of: [out, way] }, outputs)
    }

    fn vgg16(mut self) -> Blueprint {
        let (mut x, mut index) = (0, 0);
        for (width, convs) in [(64, 2), (128, 2), (256, 3), (512, 3), (512, 3)] {
            for _ in 0..convs {
                x = self.conv(x, &format!("features.{index}"), None, [width, 3, 1], true);
                index += 2;
            }
            x = self.pool(x, 2, 0, false);
            index += 1;
        }
        Blueprint { nodes: self.nodes, classifier: Classifier { name: "classifier", features: 512, is_conv: false } }
    }

    fn squeezenet(mut self) -> Blueprint {
        // Its first convolution is not padded.
        let (inputs, name) = (self.channels[0], "features.0".to_owned());
        let first =
            Node::Conv { from: 0, name, norm: None, inputs, outputs: 64, kernel: 3, stride: 2, padding: 0, relu: true };
        let mut x = self.push(first, 64);
        x = self.pool(x, 3, 0, true);
        for (index, narrow, wide) in [
            (3, 16, 64),
            (4, 16, 64),
            (6, 32, 128),
            (7, 32, 128),
            (9, 48, 192),
            (10, 48, 192),
            (11, 64, 256),
            (12, 64, 256),
        ] {
            if matches!(index, 6 | 9) {
                x = self.pool(x, 3, 0, true);
            }
            let part = |part: &str| format!("features.{index}.{part}");
            let squeezed = self.conv(x, &part("squeeze"), None, [narrow, 1, 1], true);
            let small = self.conv(squeezed, &part("expand1x1"), None, [wide, 1, 1], true);
            let large = self.conv(squeezed, &part("expand3x3"), None, [wide, 3, 1], true);
            x = self.push(Node::Concat { of: [small, large] }, 2 * wide);
        }
        Blueprint { nodes: self.nodes, classifier: Classifier { name: "classifier.1", features: 512, is_conv: true } }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Learned parameters with 1000 classes, as torchvision counts them; VGG-16's are its `features` and our linear layer.
    #[test]
    fn each_network_has_as_many_parameters_as_torchvision_counts() {
        let counted = |network| {
            let specs = GraphSizes { network, input: [3, 224, 224], norm_epsilon: 1e-5 }.tensors(1000);
            let learned = specs.iter().filter(|spec| !spec.name.contains("running"));
            learned.map(|spec| spec.shape.iter().product::<usize>()).sum::<usize>()
        };
        let expected = [11_689_512, 21_797_672, 25_557_032, 14_714_688 + 513_000, 1_235_496];
        assert_eq!(NamedGraph::ALL.map(counted), expected);
    }

    #[test]
    fn inputs_that_cannot_be_are_refused() {
        let sizes = |input| GraphSizes { network: NamedGraph::ResNet50, input, norm_epsilon: 1e-5 };
        assert!(sizes([3, 224, 224]).check().is_ok());
        for bad in [[3, 16, 224], [0, 224, 224], [3, 224, usize::MAX], [3, 2048, 2048]] {
            assert!(sizes(bad).check().is_err(), "{bad:?}");
        }
    }
}
