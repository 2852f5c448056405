//! What timm calls the tensors of networks that torchvision has too. Its ResNets and its Inception v3 are called the same
//! in both.

use crate::bundle::card::Architecture;
use crate::bundle::family::NamedGraph;

/// A part of a network there and here.
type Table<'a> = &'a [(&'a str, &'a str)];

/// torchvision's name of timm's `name`, where the network is one that both have under different names.
pub fn translated(name: &str, architecture: &Architecture) -> Option<String> {
    let Architecture::Graph(sizes) = architecture else { return None };
    match sizes.network {
        NamedGraph::EfficientNetB0
        | NamedGraph::EfficientNetB1
        | NamedGraph::EfficientNetB2
        | NamedGraph::EfficientNetB3 => efficientnet(name),
        NamedGraph::MobileNetV2 => mobilenet_v2(name),
        NamedGraph::ConvNextTiny => convnext(name),
        _ => None,
    }
}

fn efficientnet(name: &str) -> Option<String> {
    const AROUND: Table<'_> = &[
        ("conv_stem", "features.0.0"),
        ("bn1", "features.0.1"),
        ("conv_head", "features.8.0"),
        ("bn2", "features.8.1"),
        ("classifier", "classifier.1"),
    ];
    /// Of the first stage, which widens nothing.
    const PLAIN: Table<'_> = &[
        ("conv_dw", "0.0"),
        ("bn1", "0.1"),
        ("se.conv_reduce", "1.fc1"),
        ("se.conv_expand", "1.fc2"),
        ("conv_pw", "2.0"),
        ("bn2", "2.1"),
    ];
    const WIDENING: Table<'_> = &[
        ("conv_pw", "0.0"),
        ("bn1", "0.1"),
        ("conv_dw", "1.0"),
        ("bn2", "1.1"),
        ("se.conv_reduce", "2.fc1"),
        ("se.conv_expand", "2.fc2"),
        ("conv_pwl", "3.0"),
        ("bn3", "3.1"),
    ];
    let Some((stage, block, rest)) = in_block(name, "blocks.", "") else { return renamed(name, AROUND) };
    let part = renamed(rest, if stage == 0 { PLAIN } else { WIDENING })?;
    Some(format!("features.{}.{block}.block.{part}", stage + 1))
}

fn mobilenet_v2(name: &str) -> Option<String> {
    const AROUND: Table<'_> = &[
        ("conv_stem", "features.0.0"),
        ("bn1", "features.0.1"),
        ("conv_head", "features.18.0"),
        ("bn2", "features.18.1"),
        ("classifier", "classifier.1"),
    ];
    /// Of the first stage, which widens nothing.
    const PLAIN: Table<'_> = &[("conv_dw", "0.0"), ("bn1", "0.1"), ("conv_pw", "1"), ("bn2", "2")];
    const WIDENING: Table<'_> =
        &[("conv_pw", "0.0"), ("bn1", "0.1"), ("conv_dw", "1.0"), ("bn2", "1.1"), ("conv_pwl", "2"), ("bn3", "3")];
    /// torchvision's number of each stage's first block.
    const FIRST: [usize; 7] = [1, 2, 4, 7, 11, 14, 17];
    let Some((stage, block, rest)) = in_block(name, "blocks.", "") else { return renamed(name, AROUND) };
    let part = renamed(rest, if stage == 0 { PLAIN } else { WIDENING })?;
    Some(format!("features.{}.conv.{part}", FIRST.get(stage)?.checked_add(block)?))
}

fn convnext(name: &str) -> Option<String> {
    const AROUND: Table<'_> = &[
        ("stem.0", "features.0.0"),
        ("stem.1", "features.0.1"),
        ("stages.1.downsample.0", "features.2.0"),
        ("stages.1.downsample.1", "features.2.1"),
        ("stages.2.downsample.0", "features.4.0"),
        ("stages.2.downsample.1", "features.4.1"),
        ("stages.3.downsample.0", "features.6.0"),
        ("stages.3.downsample.1", "features.6.1"),
        ("head.norm", "classifier.0"),
        ("head.fc", "classifier.2"),
    ];
    const BLOCK: Table<'_> =
        &[("conv_dw", "block.0"), ("norm", "block.2"), ("mlp.fc1", "block.3"), ("mlp.fc2", "block.5")];
    let Some((stage, block, rest)) = in_block(name, "stages.", "blocks.") else { return renamed(name, AROUND) };
    let part = if rest == "gamma" { "layer_scale".to_owned() } else { renamed(rest, BLOCK)? };
    Some(format!("features.{}.{block}.{part}", stage.checked_mul(2)?.checked_add(1)?))
}

/// Stage, block, and what follows, of a name such as `blocks.1.0.conv_pw.weight`.
fn in_block<'a>(name: &'a str, before: &str, between: &str) -> Option<(usize, usize, &'a str)> {
    let (stage, rest) = name.strip_prefix(before)?.split_once('.')?;
    let (block, rest) = rest.strip_prefix(between)?.split_once('.')?;
    Some((stage.parse().ok()?, block.parse().ok()?, rest))
}

/// `PART.weight` by the table of parts.
fn renamed(name: &str, table: Table<'_>) -> Option<String> {
    let (part, tensor) = name.rsplit_once('.')?;
    let (_, here) = table.iter().find(|(there, _)| *there == part)?;
    Some(format!("{here}.{tensor}"))
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;
    use crate::bundle::family::GraphSizes;

    /// All of timm's names, each part once with its tensors.
    fn covers(
        network: NamedGraph,
        around: &[&str],
        stages: &[usize],
        before: &str,
        parts: impl Fn(usize) -> Vec<String>,
    ) {
        let sizes = GraphSizes { network, input: [3, 224, 224], norm_epsilon: None };
        let architecture = Architecture::Graph(sizes.clone());
        let specs = sizes.blueprint().unwrap().tensors(5).unwrap();
        let needed: BTreeSet<String> = specs.into_iter().map(|spec| spec.name).collect();
        let mut there: Vec<String> = around.iter().map(|part| (*part).to_owned()).collect();
        for (stage, blocks) in stages.iter().enumerate() {
            for block in 0..*blocks {
                let place = before.replace('S', &stage.to_string()).replace('B', &block.to_string());
                there.extend(parts(stage).into_iter().map(|part| format!("{place}.{part}")));
            }
        }
        let found: Vec<String> = there
            .iter()
            .flat_map(|part| {
                let tensors = if part.ends_with("gamma") {
                    vec![part.clone()]
                } else {
                    ["weight", "bias", "running_mean", "running_var"].map(|tensor| format!("{part}.{tensor}")).to_vec()
                };
                tensors.into_iter().filter_map(|name| translated(&name, &architecture)).collect::<Vec<_>>()
            })
            .filter(|name| needed.contains(name))
            .collect();
        assert_eq!(found.len(), needed.len(), "no two names become one");
        assert_eq!(found.into_iter().collect::<BTreeSet<_>>(), needed);
    }

    fn owned(parts: &[&str]) -> Vec<String> {
        parts.iter().map(|part| (*part).to_owned()).collect()
    }

    #[test]
    fn every_tensor_of_an_efficientnet_has_a_name_of_timms() {
        let around = ["conv_stem", "bn1", "conv_head", "bn2", "classifier"];
        let gate = ["se.conv_reduce", "se.conv_expand"];
        let parts = |stage| match stage {
            0 => owned(&[&["conv_dw", "bn1", "conv_pw", "bn2"], &gate[..]].concat()),
            _ => owned(&[&["conv_pw", "bn1", "conv_dw", "bn2", "conv_pwl", "bn3"], &gate[..]].concat()),
        };
        covers(NamedGraph::EfficientNetB0, &around, &[1, 2, 2, 3, 3, 4, 1], "blocks.S.B", parts);
        covers(NamedGraph::EfficientNetB3, &around, &[2, 3, 3, 5, 5, 6, 2], "blocks.S.B", parts);
    }

    #[test]
    fn every_tensor_of_mobilenet_v2_has_a_name_of_timms() {
        let around = ["conv_stem", "bn1", "conv_head", "bn2", "classifier"];
        let parts = |stage| match stage {
            0 => owned(&["conv_dw", "bn1", "conv_pw", "bn2"]),
            _ => owned(&["conv_pw", "bn1", "conv_dw", "bn2", "conv_pwl", "bn3"]),
        };
        covers(NamedGraph::MobileNetV2, &around, &[1, 2, 3, 4, 3, 3, 1], "blocks.S.B", parts);
    }

    #[test]
    fn every_tensor_of_convnext_has_a_name_of_timms() {
        let mut around = owned(&["stem.0", "stem.1", "head.norm", "head.fc"]);
        around.extend((1..4).flat_map(|stage| [0, 1].map(|part| format!("stages.{stage}.downsample.{part}"))));
        let around: Vec<&str> = around.iter().map(String::as_str).collect();
        let parts = |_| owned(&["conv_dw", "norm", "mlp.fc1", "mlp.fc2", "gamma"]);
        covers(NamedGraph::ConvNextTiny, &around, &[3, 3, 9, 3], "stages.S.blocks.B", parts);
    }

    #[test]
    fn other_names_and_networks_have_none() {
        let of = |network| Architecture::Graph(GraphSizes { network, input: [3, 224, 224], norm_epsilon: None });
        let name = "blocks.1.0.conv_pw.weight";
        assert_eq!(translated(name, &of(NamedGraph::ResNet18)), None);
        for odd in ["blocks", "blocks.x.0.conv_pw.weight", "blocks.99.0.bn1.bias", "stages.0.blocks.0", "fc.weight"] {
            assert_eq!(translated(odd, &of(NamedGraph::MobileNetV2)), None, "{odd}");
        }
    }
}
