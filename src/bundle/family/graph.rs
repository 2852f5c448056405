//! Networks that are a graph of convolutions, max pooling, sums and concatenations, by torchvision's names: ResNets
//! (He et al. 2016), VGG-16 with global average pooling (Simonyan, Zisserman 2015; Zhou et al. 2016), SqueezeNet 1.1
//! (Iandola et al. 2016), and the first eleven blocks of EfficientNet-Lite0 (Tan, Le 2019).
//!
//! Here are their names and sizes; `bundle::builders` makes the network of them.

use clap::ValueEnum;
use serde::{Deserialize, Serialize};

use super::Builder;
use crate::bundle::blueprint::Blueprint;

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
    #[serde(default = "super::default_norm_epsilon")]
    pub norm_epsilon: f64,
}

impl GraphSizes {
    /// # Errors
    /// Inputs that are too large or of which nothing would be left.
    pub fn blueprint(&self) -> Result<Blueprint, String> {
        let builder = Builder::new(self.input, self.norm_epsilon);
        match self.network {
            NamedGraph::ResNet18 => builder.resnet([2, 2, 2, 2], false),
            NamedGraph::ResNet34 => builder.resnet([3, 4, 6, 3], false),
            NamedGraph::ResNet50 => builder.resnet([3, 4, 6, 3], true),
            NamedGraph::Vgg16Gap => builder.vgg16_gap(),
            NamedGraph::SqueezeNet11 => builder.squeezenet(),
            NamedGraph::EfficientNetLite0Stride16 => builder.efficientnet_lite0_stride16(),
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
            let specs = GraphSizes { network, input: [3, 224, 224], norm_epsilon: 1e-5 };
            let specs = specs.blueprint().unwrap().tensors(1000).unwrap();
            let learned = specs.iter().filter(|spec| !spec.name.contains("running"));
            learned.map(|spec| spec.shape.iter().product::<usize>()).sum::<usize>()
        };
        let expected = [11_689_512, 21_797_672, 25_557_032, 14_714_688 + 513_000, 1_235_496, 880_008];
        assert_eq!(NamedGraph::ALL.map(counted), expected);
    }

    #[test]
    fn inputs_that_cannot_be_are_refused() {
        let sizes = |input| GraphSizes { network: NamedGraph::ResNet50, input, norm_epsilon: 1e-5 };
        assert!(sizes([3, 224, 224]).blueprint().is_ok());
        for bad in [[0, 224, 224], [3, 224, usize::MAX], [3, 2048, 2048]] {
            assert!(sizes(bad).blueprint().is_err(), "{bad:?}");
        }
    }
}
