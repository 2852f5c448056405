//! Networks by their names: `NamedGraph` lists them, a file each makes the network of a name and the card's sizes.

use serde::{Deserialize, Serialize};

use super::efficientnet::Scaling;
use super::named::NamedGraph;
use super::{Builder, mobilenet_v3};
use crate::bundle::blueprint::Blueprint;

/// The sizes of the `graph` family.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct GraphSizes {
    pub network: NamedGraph,
    /// Channels, height and width of the input.
    pub input: [usize; 3],
    /// Added to the variance under the root of every normalisation; what the network was published with where `None`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub norm_epsilon: Option<f64>,
}

impl GraphSizes {
    /// # Errors
    /// Inputs that are too large or of which nothing would be left.
    pub fn blueprint(&self) -> Result<Blueprint, String> {
        let builder = Builder::new(self.input, self.norm_epsilon.unwrap_or(self.network.norm_epsilon()));
        match self.network {
            NamedGraph::ResNet18 => builder.resnet([2, 2, 2, 2], false),
            NamedGraph::ResNet34 => builder.resnet([3, 4, 6, 3], false),
            NamedGraph::ResNet50 => builder.resnet([3, 4, 6, 3], true),
            NamedGraph::Vgg16Gap => builder.vgg16_gap(),
            NamedGraph::SqueezeNet11 => builder.squeezenet(),
            NamedGraph::EfficientNetB0 => builder.efficientnet(Scaling::B0),
            NamedGraph::EfficientNetB1 => builder.efficientnet(Scaling::B1),
            NamedGraph::EfficientNetB2 => builder.efficientnet(Scaling::B2),
            NamedGraph::EfficientNetB3 => builder.efficientnet(Scaling::B3),
            NamedGraph::EfficientNetLite0 => builder.efficientnet_lite(Scaling::B0),
            NamedGraph::EfficientNetLite1 => builder.efficientnet_lite(Scaling::B1),
            NamedGraph::EfficientNetLite2 => builder.efficientnet_lite(Scaling::B2),
            NamedGraph::EfficientNetLite0Stride16 => builder.efficientnet_lite0_stride16(),
            NamedGraph::MobileNetV2 => builder.mobilenet_v2(),
            NamedGraph::MobileNetV3Large => builder.mobilenet_v3(&mobilenet_v3::LARGE, 1280),
            NamedGraph::MobileNetV3Small => builder.mobilenet_v3(&mobilenet_v3::SMALL, 1024),
            NamedGraph::RegNetY400Mf => builder.regnet_y_400mf(),
            NamedGraph::ConvNextTiny => builder.convnext_tiny(),
            NamedGraph::InceptionV3 => builder.inception_v3(),
        }
    }
}

#[cfg(test)]
mod tests {
    use clap::ValueEnum;

    use super::*;

    /// Learned parameters with 1000 classes, as torchvision counts them; VGG-16's are its `features` and our linear layer,
    /// EfficientNet-Lite's were counted in PyTorch.
    #[test]
    fn each_network_has_as_many_parameters_as_torchvision_counts() {
        let counted = |network| {
            let specs = GraphSizes { network, input: [3, 224, 224], norm_epsilon: None };
            let specs = specs.blueprint().unwrap().tensors(1000).unwrap();
            let learned = specs.iter().filter(|spec| !spec.name.contains("running"));
            learned.map(|spec| spec.shape.iter().product::<usize>()).sum::<usize>()
        };
        let expected = |network| match network {
            NamedGraph::ResNet18 => 11_689_512,
            NamedGraph::ResNet34 => 21_797_672,
            NamedGraph::ResNet50 => 25_557_032,
            NamedGraph::Vgg16Gap => 14_714_688 + 513_000,
            NamedGraph::SqueezeNet11 => 1_235_496,
            NamedGraph::EfficientNetB0 => 5_288_548,
            NamedGraph::EfficientNetB1 => 7_794_184,
            NamedGraph::EfficientNetB2 => 9_109_994,
            NamedGraph::EfficientNetB3 => 12_233_232,
            NamedGraph::EfficientNetLite0 => 4_652_008,
            NamedGraph::EfficientNetLite1 => 5_416_680,
            NamedGraph::EfficientNetLite2 => 6_092_072,
            NamedGraph::EfficientNetLite0Stride16 => 880_008,
            NamedGraph::MobileNetV2 => 3_504_872,
            NamedGraph::MobileNetV3Large => 5_483_032,
            NamedGraph::MobileNetV3Small => 2_542_856,
            NamedGraph::RegNetY400Mf => 4_344_144,
            NamedGraph::ConvNextTiny => 28_589_128,
            NamedGraph::InceptionV3 => 23_834_568, // without its auxiliary head
        };
        for network in NamedGraph::value_variants() {
            assert_eq!(counted(*network), expected(*network), "{network:?}");
        }
    }

    #[test]
    fn inputs_that_cannot_be_are_refused() {
        for network in NamedGraph::value_variants().iter().copied() {
            let sizes = |input| GraphSizes { network, input, norm_epsilon: None };
            assert!(sizes([1, 224, 224]).blueprint().is_ok(), "{network:?}");
            for bad in [[0, 224, 224], [3, 224, usize::MAX], [3, 224, 8192], [17, 224, 224]] {
                assert!(sizes(bad).blueprint().is_err(), "{network:?} {bad:?}");
            }
        }
    }
}
