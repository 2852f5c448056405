//! What network a checkpoint is taken for: the values of `--as`.

use std::sync::LazyLock;

use clap::ValueEnum;
use clap::builder::PossibleValue;

use crate::bundle::card::Architecture;
use crate::bundle::family::NamedGraph;

/// The network that a checkpoint is taken for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CheckpointKind {
    /// A DenseNet of the depth and width that the card says.
    DenseNet,
    /// CheXNet's network, and torchxrayvision's.
    DenseNet121,
    DenseNet161,
    DenseNet169,
    DenseNet201,
    Graph(NamedGraph),
}

const DENSE: [CheckpointKind; 5] = [
    CheckpointKind::DenseNet,
    CheckpointKind::DenseNet121,
    CheckpointKind::DenseNet161,
    CheckpointKind::DenseNet169,
    CheckpointKind::DenseNet201,
];

impl CheckpointKind {
    /// Whether a network of `architecture` is of this kind, whatever its input.
    pub(super) fn fits(self, architecture: &Architecture) -> bool {
        let is_depth = |depth| matches!(architecture, Architecture::DenseNet(sizes) if sizes.depth() == Some(depth));
        match self {
            Self::DenseNet => matches!(architecture, Architecture::DenseNet(_)),
            Self::DenseNet121 => is_depth(121),
            Self::DenseNet161 => is_depth(161),
            Self::DenseNet169 => is_depth(169),
            Self::DenseNet201 => is_depth(201),
            Self::Graph(named) => matches!(architecture, Architecture::Graph(sizes) if sizes.network == named),
        }
    }
}

impl ValueEnum for CheckpointKind {
    fn value_variants<'a>() -> &'a [Self] {
        static ALL: LazyLock<Vec<CheckpointKind>> = LazyLock::new(|| {
            let graphs = NamedGraph::value_variants().iter().map(|named| CheckpointKind::Graph(*named));
            DENSE.into_iter().chain(graphs).collect()
        });
        &ALL
    }

    fn to_possible_value(&self) -> Option<PossibleValue> {
        Some(match self {
            Self::DenseNet => {
                PossibleValue::new("densenet").help("A DenseNet of the depth and width that the card says")
            }
            Self::DenseNet121 => PossibleValue::new("densenet121")
                .help("torchvision's DenseNet-121, CheXNet's network, and torchxrayvision's"),
            Self::DenseNet161 => PossibleValue::new("densenet161"),
            Self::DenseNet169 => PossibleValue::new("densenet169"),
            Self::DenseNet201 => PossibleValue::new("densenet201"),
            Self::Graph(named) => return named.to_possible_value(),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::bundle::family::{DenseNetSizes, GraphSizes};

    #[test]
    fn a_kind_is_told_by_depth_and_width_alone() {
        let sizes = DenseNetSizes { input: [1, 512, 512], ..DenseNetSizes::of_depth(121).unwrap() };
        let dense = Architecture::DenseNet(sizes.clone());
        let [resnet18, resnet50] = [NamedGraph::ResNet18, NamedGraph::ResNet50].map(CheckpointKind::Graph);
        assert!(CheckpointKind::DenseNet.fits(&dense) && CheckpointKind::DenseNet121.fits(&dense));
        assert!(!CheckpointKind::DenseNet169.fits(&dense) && !resnet18.fits(&dense));
        assert!(!CheckpointKind::DenseNet121.fits(&Architecture::DenseNet(DenseNetSizes { growth: 24, ..sizes })));
        let network = NamedGraph::ResNet50;
        let graph = Architecture::Graph(GraphSizes { network, input: [1, 512, 512], norm_epsilon: None });
        assert!(resnet50.fits(&graph) && !resnet18.fits(&graph) && !CheckpointKind::DenseNet.fits(&graph));
    }

    #[test]
    fn every_kind_is_known_by_its_own_word() {
        for kind in CheckpointKind::value_variants() {
            let word = kind.to_possible_value().unwrap();
            assert_eq!(CheckpointKind::from_str(word.get_name(), false), Ok(*kind));
        }
    }
}
