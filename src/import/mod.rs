//! From a checkpoint of somebody else's training to a bundle: names are translated, everything is checked against the
//! card, and a whole model folder is written or none.
//!
//! The way of the data: [`checkpoint`] lists the tensors of a file without reading their values, [`names`] says what
//! each is called here, and only where every name and shape is what the card needs are values read. This module must not
//! know Burn or pictures. Pickles are read as data; nothing in them is ever run.

mod checkpoint;
mod error;
mod names;

use std::collections::BTreeMap;
use std::path::Path;

use clap::ValueEnum;

pub use error::ImportError;

use self::checkpoint::Stored;
use crate::bundle::card::Architecture;
use crate::bundle::family::NamedGraph;
use crate::bundle::weights::{self};
use crate::bundle::{Bundle, Card};
use crate::bundle::{TensorSpec, WeightMap, WeightTensor};
use crate::whole::OutputSet;

/// What a checkpoint is taken for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Kind {
    /// A DenseNet of the depth and width that the card says
    #[value(name = "densenet")]
    DenseNet,
    /// torchvision's DenseNet-121, CheXNet's network
    #[value(name = "densenet121")]
    DenseNet121,
    #[value(name = "densenet161")]
    DenseNet161,
    #[value(name = "densenet169")]
    DenseNet169,
    #[value(name = "densenet201")]
    DenseNet201,
    #[value(name = "resnet18")]
    ResNet18,
    #[value(name = "resnet34")]
    ResNet34,
    #[value(name = "resnet50")]
    ResNet50,
    /// torchvision's VGG-16 `features`, global average pooling and one linear layer
    #[value(name = "vgg16-gap")]
    Vgg16Gap,
    #[value(name = "squeezenet1-1")]
    SqueezeNet11,
    #[value(name = "efficientnet-lite0-stride16")]
    EfficientNetLite0Stride16,
}

impl Kind {
    /// Whether a network of `architecture` is of this kind, whatever its input.
    fn fits(self, architecture: &Architecture) -> bool {
        let is_depth = |depth| matches!(architecture, Architecture::DenseNet(sizes) if sizes.depth() == Some(depth));
        let is_graph = |named| matches!(architecture, Architecture::Graph(sizes) if sizes.network == named);
        match self {
            Self::DenseNet => matches!(architecture, Architecture::DenseNet(_)),
            Self::DenseNet121 => is_depth(121),
            Self::DenseNet161 => is_depth(161),
            Self::DenseNet169 => is_depth(169),
            Self::DenseNet201 => is_depth(201),
            Self::ResNet18 => is_graph(NamedGraph::ResNet18),
            Self::ResNet34 => is_graph(NamedGraph::ResNet34),
            Self::ResNet50 => is_graph(NamedGraph::ResNet50),
            Self::Vgg16Gap => is_graph(NamedGraph::Vgg16Gap),
            Self::SqueezeNet11 => is_graph(NamedGraph::SqueezeNet11),
            Self::EfficientNetLite0Stride16 => is_graph(NamedGraph::EfficientNetLite0Stride16),
        }
    }
}

/// Reads the checkpoint at `path` as the network of `card`.
///
/// # Errors
/// A card of another kind, a file that is no checkpoint or far too large, and tensors that are missing, extra or
/// misshapen: all of those by name.
pub fn read(path: &Path, kind: Kind, card: &Card) -> Result<Bundle, ImportError> {
    if !kind.fits(&card.architecture) {
        let kind = kind.to_possible_value().map_or_else(String::new, |value| value.get_name().to_owned());
        return Err(ImportError::OtherKind { card: card.name.clone(), kind });
    }
    let specs = weights::needed_tensors(card);
    let stored = checkpoint::open(path, weights::most_bytes(card))?;
    let chosen = matched(path, &specs, stored)?;
    let mut read = WeightMap::new();
    for (spec, tensor) in specs.into_iter().zip(chosen) {
        let values = tensor.read(path)?;
        read.insert(spec.name, WeightTensor { shape: spec.shape, values });
    }
    let bytes = weights::write(&read).map_err(|error| ImportError::Store(error.to_string()))?;
    let mut card = card.clone();
    card.weights.sha256 = weights::sha256_hex(&bytes);
    let file = path.file_name().unwrap_or_default().to_string_lossy();
    card.training.notes.push(format!("The weights were imported from `{file}`, whose training is not known here."));
    // What is read back is what everybody else will read: a bundle that would be refused is never written.
    let weights = weights::read(&card, &bytes)?;
    Ok(Bundle { sha256: card.weights.sha256.clone(), card, weights })
}

/// Writes the model's folder, weights and card together.
///
/// # Errors
/// A folder that cannot be written, or one that holds a model already and `force` is not given.
pub fn write(bundle: &Bundle, folder: &Path, force: bool) -> Result<(), ImportError> {
    let bytes = weights::write(&bundle.weights).map_err(|error| ImportError::Store(error.to_string()))?;
    let text = toml::to_string(&bundle.card).map_err(|error| ImportError::Store(error.to_string()))?;
    let mut files = OutputSet::new(folder, "model", force);
    files.check(["toml"])?;
    files.add_file(&bundle.card.weights.file, &bytes)?;
    files.add("toml", text.as_bytes())?;
    files.finish()?;
    Ok(())
}

/// The stored tensor of every needed one, in the same order.
fn matched(path: &Path, specs: &[TensorSpec], stored: Vec<Stored>) -> Result<Vec<Stored>, ImportError> {
    let mut problems = Vec::new();
    let mut by_name: BTreeMap<String, Stored> = BTreeMap::new();
    for (name, tensor) in names::translated(stored) {
        if let Some(twin) = by_name.get(&name) {
            problems.push(format!("`{}` and `{}` are both `{name}`", twin.name, tensor.name));
        } else {
            by_name.insert(name, tensor);
        }
    }
    let mut chosen = Vec::with_capacity(specs.len());
    for spec in specs {
        match by_name.remove(&spec.name) {
            None => problems.push(format!("`{}` {:?} is missing", spec.name, spec.shape)),
            Some(tensor) if tensor.shape != spec.shape || !tensor.is_float => problems.push(format!(
                "`{}` is {} {:?} where {:?} of a float type is needed",
                tensor.name, tensor.kind, tensor.shape, spec.shape
            )),
            Some(tensor) => chosen.push(tensor),
        }
    }
    problems.extend(by_name.values().map(|tensor| format!("`{}` has no place in this network", tensor.name)));
    if problems.is_empty() { Ok(chosen) } else { Err(ImportError::Tensors { path: path.to_owned(), problems }) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::bundle::family::DenseNetSizes;
    use crate::bundle::family::GraphSizes;

    #[test]
    fn a_kind_is_told_by_depth_and_width_alone() {
        let sizes = DenseNetSizes { input: [1, 512, 512], ..DenseNetSizes::of_depth(121).unwrap() };
        let dense = Architecture::DenseNet(sizes.clone());
        assert!(Kind::DenseNet.fits(&dense) && Kind::DenseNet121.fits(&dense));
        assert!(!Kind::DenseNet169.fits(&dense) && !Kind::ResNet18.fits(&dense));
        assert!(!Kind::DenseNet121.fits(&Architecture::DenseNet(DenseNetSizes { growth: 24, ..sizes })));
        let network = NamedGraph::ResNet50;
        let graph = Architecture::Graph(GraphSizes { network, input: [1, 512, 512], norm_epsilon: 1e-5 });
        assert!(Kind::ResNet50.fits(&graph) && !Kind::ResNet18.fits(&graph) && !Kind::DenseNet.fits(&graph));
    }
}
