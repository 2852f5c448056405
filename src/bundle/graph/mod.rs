//! Networks that are a graph of convolutions, max pooling, sums and concatenations, by torchvision's names: ResNets
//! (He et al. 2016), VGG-16 with global average pooling (Simonyan, Zisserman 2015; Zhou et al. 2016), SqueezeNet 1.1
//! (Iandola et al. 2016), and the first eleven blocks of EfficientNet-Lite0 (Tan, Le 2019).
//!
//! A [`Blueprint`] is the one description that tensors, checks and the network itself follow. Must not know files or
//! devices.

use clap::ValueEnum;
use serde::{Deserialize, Serialize};

mod builder;

use super::weights::TensorSpec;
use builder::Builder;

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
    /// EfficientNet-Lite0 as far as its stride is 16, ReLU for ReLU6 and padding by half the kernel, then a 1×1
    /// convolution to 160 features; maps have bias and ReLU of their own.
    #[serde(rename = "efficientnet-lite0-stride16")]
    #[value(name = "efficientnet-lite0-stride16")]
    EfficientNetLite0Stride16,
}

impl NamedGraph {
    pub const ALL: [Self; 6] = [
        Self::ResNet18,
        Self::ResNet34,
        Self::ResNet50,
        Self::Vgg16Gap,
        Self::SqueezeNet11,
        Self::EfficientNetLite0Stride16,
    ];

    pub fn name(self) -> &'static str {
        match self {
            Self::ResNet18 => "resnet18",
            Self::ResNet34 => "resnet34",
            Self::ResNet50 => "resnet50",
            Self::Vgg16Gap => "vgg16-gap",
            Self::SqueezeNet11 => "squeezenet1-1",
            Self::EfficientNetLite0Stride16 => "efficientnet-lite0-stride16",
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
        /// 1, or as many as channels: then each channel has a kernel of its own (depthwise).
        groups: usize,
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
    /// A sum, and its ReLU where there is one.
    Add {
        of: [usize; 2],
        relu: bool,
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
        let builder = Builder::new(self.input[0]);
        match self.network {
            NamedGraph::ResNet18 => builder.resnet([2, 2, 2, 2], false),
            NamedGraph::ResNet34 => builder.resnet([3, 4, 6, 3], false),
            NamedGraph::ResNet50 => builder.resnet([3, 4, 6, 3], true),
            NamedGraph::Vgg16Gap => builder.vgg16(),
            NamedGraph::SqueezeNet11 => builder.squeezenet(),
            NamedGraph::EfficientNetLite0Stride16 => builder.efficientnet_lite0_stride16(),
        }
    }

    /// All tensors of the network with `classes` outputs, in the order of its steps.
    pub fn tensors(&self, classes: usize) -> Vec<TensorSpec> {
        let blueprint = self.blueprint();
        let mut specs = Vec::new();
        for node in &blueprint.nodes {
            let Node::Conv { name, norm, inputs, outputs, groups, kernel, .. } = node else { continue };
            specs.push(TensorSpec::new(format!("{name}.weight"), &[*outputs, *inputs / *groups, *kernel, *kernel]));
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

#[cfg(test)]
mod tests {
    use super::*;

    /// Learned parameters with 1000 classes, as torchvision counts them; VGG-16's are its `features` and our linear layer,
    /// EfficientNet-Lite0's were counted in PyTorch.
    #[test]
    fn each_network_has_as_many_parameters_as_torchvision_counts() {
        let counted = |network| {
            let specs = GraphSizes { network, input: [3, 224, 224], norm_epsilon: 1e-5 }.tensors(1000);
            let learned = specs.iter().filter(|spec| !spec.name.contains("running"));
            learned.map(|spec| spec.shape.iter().product::<usize>()).sum::<usize>()
        };
        let expected = [11_689_512, 21_797_672, 25_557_032, 14_714_688 + 513_000, 1_235_496, 880_008];
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
