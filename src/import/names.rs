//! What the tensors of a checkpoint are called here: torchvision's present names.
//!
//! Some habits are undone: a state dict under a key of its own beside optimiser and epoch, prefixes of wrappers
//! (`module.` of DataParallel, `densenet121.` of CheXNet's re-implementations), torchvision's names of before 2018
//! (`norm.1`, `conv.2`) with a classifier that is a Sequential of one linear layer, and timm's names.

use std::collections::BTreeSet;

use super::checkpoint::Stored;
use super::timm;
use crate::bundle::TensorSpec;
use crate::bundle::card::Architecture;

/// Keys that a state dict is kept under.
const STATE_DICTS: [&str; 4] = ["state_dict.", "model_state_dict.", "model_state.", "model."];
/// Networks whose names are prefixes of their tensors', in wrappers that keep them in a field.
const NETWORKS: [&str; 8] =
    ["resnet", "vgg", "squeezenet", "efficientnet", "mobilenet", "regnet", "convnext", "inception"];

/// Every tensor of the network of `architecture`, which needs `specs`, with its name here; what lies beside the state
/// dict is left out.
pub fn translated(stored: Vec<Stored>, architecture: &Architecture, specs: &[TensorSpec]) -> Vec<(String, Stored)> {
    let key = STATE_DICTS.into_iter().find(|key| stored.iter().any(|tensor| tensor.name.starts_with(key)));
    let needed: BTreeSet<&str> = specs.iter().map(|spec| spec.name.as_str()).collect();
    let inside = |tensor: Stored| {
        let name = without_wrappers(tensor.name.strip_prefix(key.unwrap_or_default())?);
        let name = (!is_no_weight(name)).then(|| here(name, architecture, &needed))?;
        Some((name, tensor))
    };
    stored.into_iter().filter_map(inside).collect()
}

/// Counters of batches, thresholds that torchxrayvision keeps beside its weights, and Inception's auxiliary head, which
/// only its training asks.
fn is_no_weight(name: &str) -> bool {
    name.ends_with("num_batches_tracked") || name == "op_threshs" || name.starts_with("AuxLogits.")
}

/// A name that is needed as it is stays: elsewhere `conv.1` and `classifier.0` are names of today.
fn here(name: &str, architecture: &Architecture, needed: &BTreeSet<&str>) -> String {
    if needed.contains(name) {
        return name.to_owned();
    }
    let of_timm = timm::translated(name, architecture).filter(|name| needed.contains(name.as_str()));
    of_timm.unwrap_or_else(|| current(name))
}

fn without_wrappers(name: &str) -> &str {
    let mut rest = name;
    loop {
        rest = match rest.split_once('.') {
            Some((first, after)) if is_wrapper(first) => after,
            _ => return rest,
        };
    }
}

fn is_wrapper(part: &str) -> bool {
    let depth = part.strip_prefix("densenet");
    matches!(part, "module" | "model" | "backbone")
        || NETWORKS.iter().any(|name| part.starts_with(name))
        || depth.is_some_and(|d| d.chars().all(|c| c.is_ascii_digit()))
}

/// `norm.1` is `norm1`, `classifier.0` is `classifier`.
fn current(name: &str) -> String {
    let mut parts: Vec<String> = Vec::new();
    for part in name.split('.') {
        match (parts.last_mut(), part) {
            (Some(last), "1" | "2") if last == "norm" || last == "conv" => last.push_str(part),
            (Some(last), "0") if last == "classifier" || last == "fc" => {}
            _ => parts.push(part.to_owned()),
        }
    }
    parts.join(".")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::bundle::family::{DenseNetSizes, GraphSizes, NamedGraph};

    /// The name of a stored tensor in a network, or none where it is left out.
    fn named(name: &str, architecture: &Architecture, classes: usize) -> Option<String> {
        let specs = architecture.blueprint().unwrap().tensors(classes).unwrap();
        let needed = specs.iter().map(|spec| spec.name.as_str()).collect();
        let name = without_wrappers(name);
        (!is_no_weight(name)).then(|| here(name, architecture, &needed))
    }

    fn graph(network: NamedGraph) -> Architecture {
        Architecture::Graph(GraphSizes { network, input: [3, 224, 224], norm_epsilon: None })
    }

    #[test]
    fn old_and_wrapped_names_become_torchvisions() {
        let dense = Architecture::DenseNet(DenseNetSizes::of_depth(121).unwrap());
        let here = |name: &str| named(name, &dense, 14).unwrap();
        let layer = "features.denseblock4.denselayer16.";
        assert_eq!(here(&format!("module.densenet121.{layer}norm.1.weight")), format!("{layer}norm1.weight"));
        assert_eq!(here(&format!("{layer}conv.2.weight")), format!("{layer}conv2.weight"));
        assert_eq!(here(&format!("{layer}norm2.running_var")), format!("{layer}norm2.running_var"));
        assert_eq!(here("densenet121.classifier.0.bias"), "classifier.bias");
        assert_eq!(here("features.transition1.norm.weight"), "features.transition1.norm.weight");
        assert_eq!(here("module.classifier.weight"), "classifier.weight");
    }

    #[test]
    fn names_that_are_needed_stay_as_they_are() {
        for (network, name) in [
            (NamedGraph::MobileNetV2, "features.1.conv.1.weight"),
            (NamedGraph::MobileNetV2, "features.2.conv.1.0.weight"),
            (NamedGraph::MobileNetV3Small, "classifier.0.weight"),
            (NamedGraph::ConvNextTiny, "classifier.0.bias"),
            (NamedGraph::EfficientNetLite0, "_blocks.0._bn1.weight"),
        ] {
            assert_eq!(named(&format!("module.{name}"), &graph(network), 5).unwrap(), name);
        }
        assert_eq!(named("resnet50.fc.0.weight", &graph(NamedGraph::ResNet50), 5).unwrap(), "fc.weight");
    }

    /// torchxrayvision's DenseNet-121: 18 findings, 1×224×224, and thresholds beside the weights.
    #[test]
    fn torchxrayvisions_densenet_has_torchvisions_names() {
        let sizes = DenseNetSizes { input: [1, 224, 224], ..DenseNetSizes::of_depth(121).unwrap() };
        let dense = Architecture::DenseNet(sizes);
        for spec in dense.blueprint().unwrap().tensors(18).unwrap() {
            assert_eq!(named(&spec.name, &dense, 18).unwrap(), spec.name);
        }
        assert_eq!(named("op_threshs", &dense, 18), None);
        assert_eq!(named("features.norm0.num_batches_tracked", &dense, 18), None);
    }

    #[test]
    fn the_auxiliary_head_is_left_out() {
        let inception = graph(NamedGraph::InceptionV3);
        assert_eq!(named("module.AuxLogits.conv0.conv.weight", &inception, 5), None);
        assert_eq!(named("Mixed_5b.branch1x1.bn.bias", &inception, 5).unwrap(), "Mixed_5b.branch1x1.bn.bias");
    }
}
