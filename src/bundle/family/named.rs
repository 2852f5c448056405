//! The networks of the `graph` family by their names, which cards and `fovea import --as` share.

use clap::ValueEnum;
use serde::{Deserialize, Serialize};

/// A network that has a name; torchvision's, where nothing else is said.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ValueEnum)]
#[serde(try_from = "String", into = "String")]
pub enum NamedGraph {
    #[value(name = "resnet18")]
    ResNet18,
    #[value(name = "resnet34")]
    ResNet34,
    #[value(name = "resnet50")]
    ResNet50,
    /// torchvision's VGG-16 `features`, global average pooling and one linear layer `classifier`
    #[value(name = "vgg16-gap")]
    Vgg16Gap,
    #[value(name = "squeezenet1-1")]
    SqueezeNet11,
    /// torchvision's or timm's own, as are B1 to B3; not timm's `tf_efficientnet_b0`, which pads otherwise
    #[value(name = "efficientnet-b0")]
    EfficientNetB0,
    #[value(name = "efficientnet-b1")]
    EfficientNetB1,
    #[value(name = "efficientnet-b2")]
    EfficientNetB2,
    #[value(name = "efficientnet-b3")]
    EfficientNetB3,
    /// The whole network of the package `efficientnet-lite-pytorch`; its card needs `norm-epsilon = 1e-3`, as those of
    /// Lite1 and Lite2
    #[value(name = "efficientnet-lite0")]
    EfficientNetLite0,
    #[value(name = "efficientnet-lite1")]
    EfficientNetLite1,
    #[value(name = "efficientnet-lite2")]
    EfficientNetLite2,
    /// `retina-dr`'s: EfficientNet-Lite0 as far as its stride is 16, then a 1×1 convolution to 160 features
    #[value(name = "efficientnet-lite0-stride16")]
    EfficientNetLite0Stride16,
    /// torchvision's, or timm's `mobilenetv2_100`
    #[value(name = "mobilenet-v2")]
    MobileNetV2,
    /// Its CAM is one cell; its card needs `norm-epsilon = 1e-3`
    #[value(name = "mobilenet-v3-large")]
    MobileNetV3Large,
    /// Its CAM is one cell; its card needs `norm-epsilon = 1e-3`
    #[value(name = "mobilenet-v3-small")]
    MobileNetV3Small,
    #[value(name = "regnet-y-400mf")]
    RegNetY400Mf,
    /// torchvision's or timm's; its CAM is one cell; its card needs `norm-epsilon = 1e-6`
    #[value(name = "convnext-tiny")]
    ConvNextTiny,
    /// Its auxiliary head is left out; its card needs `norm-epsilon = 1e-3`
    #[value(name = "inception-v3")]
    InceptionV3,
}

impl NamedGraph {
    /// As cards and `fovea import --as` write it.
    pub fn name(self) -> String {
        self.to_possible_value().map_or_else(String::new, |value| value.get_name().to_owned())
    }

    /// The epsilon of the normalisations that the network was published with; it stands in no checkpoint.
    pub fn norm_epsilon(self) -> f64 {
        match self {
            Self::ConvNextTiny => 1e-6,
            Self::EfficientNetLite0
            | Self::EfficientNetLite1
            | Self::EfficientNetLite2
            | Self::EfficientNetLite0Stride16
            | Self::MobileNetV3Large
            | Self::MobileNetV3Small
            | Self::InceptionV3 => 1e-3,
            _ => 1e-5,
        }
    }
}

impl From<NamedGraph> for String {
    fn from(named: NamedGraph) -> Self {
        named.name()
    }
}

impl TryFrom<String> for NamedGraph {
    type Error = String;

    fn try_from(name: String) -> Result<Self, String> {
        <Self as ValueEnum>::from_str(&name, false).map_err(|_| {
            let all: Vec<String> = Self::value_variants().iter().map(|named| named.name()).collect();
            format!("unknown network `{name}`; one of {}", all.join(", "))
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_go_there_and_back() {
        for named in NamedGraph::value_variants() {
            assert_eq!(NamedGraph::try_from(named.name()), Ok(*named));
        }
        assert!(NamedGraph::try_from("alexnet".to_owned()).unwrap_err().contains("resnet18, resnet34"));
    }
}
