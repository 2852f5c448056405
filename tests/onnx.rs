//! Networks of ONNX files against ONNX Runtime and PyTorch, from `tests/reference/onnx_networks.py`, and files that cannot
//! be taken.
#![allow(clippy::unwrap_used)] // A panic is how a test fails.

mod common;

use std::path::{Path, PathBuf};

use common::dense::noise_input;
use common::formula::noise;
use common::{family_card, on_cpu, reference, relative_error};
use fovea::bundle::{Bundle, Card};
use fovea::import;
use fovea::method::BackwardRule;

/// As in `tests/graph.rs`.
const EVERY: usize = 7;
const FEW_GATES: f32 = 1e-2;

fn files() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/reference/onnx")
}

fn array(name: &str) -> Vec<f32> {
    reference("onnx_networks.npz", name).iter().copied().collect()
}

/// The weights that `NAME.tensors` lists, one behind the other.
fn weights(name: &str) -> Vec<u8> {
    let text = std::fs::read_to_string(files().join(format!("{name}.tensors"))).unwrap();
    text.lines().flat_map(tensor).flat_map(f32::to_le_bytes).collect()
}

fn tensor(line: &str) -> Vec<f32> {
    let mut words = line.split(' ').peekable();
    let seed = words.next().unwrap().parse().unwrap();
    let kind = words.next().unwrap();
    let is_turned = words.next_if_eq(&"transposed").is_some();
    let shape: Vec<usize> = words.map(|word| word.parse().unwrap()).collect();
    let (shift, scale) = match kind {
        "kernel" => (0.0, (6.0 / shape[1..].iter().product::<usize>() as f64).sqrt() as f32),
        "variance" => (1.0, 0.5),
        "shift" => (0.0, 0.2),
        _ => (0.6, 0.8),
    };
    let values: Vec<f32> = noise(shape.iter().product(), seed).into_iter().map(|v| shift + scale * v).collect();
    if !is_turned {
        return values;
    }
    (0..values.len()).map(|n| values[n % shape[0] * shape[1] + n / shape[0]]).collect()
}

/// The file with its weights beside it, as an export has it.
fn whole(name: &str, classes: usize) -> (Card, Result<Bundle, String>) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join(format!("{name}.onnx"));
    std::fs::copy(files().join(format!("{name}.onnx")), &path).unwrap();
    std::fs::write(folder.path().join("weights.bin"), weights(name)).unwrap();
    let size = array(&format!("{name}_input"));
    let input = [3, size[0] as usize, size[1] as usize];
    let card = family_card("graph", "network = \"resnet18\"", input, classes);
    let read = import::read_onnx(&path, &card).map_err(|error| error.to_string());
    (card, read)
}

/// Scores are ONNX Runtime's.
fn scores_agree(name: &str) {
    let bundle = whole(name, 5).1.unwrap_or_else(|error| panic!("{name}: {error}"));
    let input = array(&format!("{name}_input"));
    let pass =
        on_cpu(&bundle).forward(&noise_input([input[0] as usize, input[1] as usize], input[2] as usize)).unwrap();
    let off = relative_error(&pass.scores, &array(&format!("{name}_scores")));
    assert!(off <= 1e-4, "scores of {name} differ by {off:e}");
}

/// Scores are ONNX Runtime's; class maps and responses under all four rules are PyTorch's.
fn agrees(name: &str) {
    scores_agree(name);
    let bundle = whole(name, 5).1.unwrap();
    let input = array(&format!("{name}_input"));
    let network = on_cpu(&bundle);
    let pass = network.forward(&noise_input([input[0] as usize, input[1] as usize], input[2] as usize)).unwrap();
    let expected = |what: &str| reference("graph.npz", &format!("{name}_{what}")).iter().copied().collect::<Vec<f32>>();
    let compare = |what: &str, found: &[f32], allowed: f32| {
        let off = relative_error(found, &expected(what));
        assert!(off <= allowed, "{what} of {name} differs by {off:e}");
    };
    compare("cam", &network.class_maps(&pass).unwrap().data, 1e-4);
    let classes: Vec<usize> = expected("classes").iter().map(|class| *class as usize).collect();
    for rule in BackwardRule::ALL {
        let found = network.back_project(&pass, &classes, rule).unwrap();
        let sampled: Vec<f32> = found.each().flat_map(|(_, map)| map.iter().copied().step_by(EVERY)).collect();
        compare(rule.name(), &sampled, if rule.uses_forward_mask() { FEW_GATES } else { 1e-4 });
    }
}

#[test]
fn residual_networks_agree() {
    ["resnet18", "resnet50", "regnet_y_400mf"].into_iter().for_each(agrees);
}

#[test]
fn networks_without_a_linear_layer_or_with_concatenations_agree() {
    ["squeezenet", "vgg16", "inception_v3"].into_iter().for_each(agrees);
}

#[test]
fn networks_of_depthwise_convolutions_agree() {
    ["efficientnet_b0", "efficientnet_b3", "efficientnet_lite0", "mobilenet_v2"].into_iter().for_each(agrees);
}

#[test]
fn networks_whose_maps_are_one_cell_agree() {
    ["mobilenet_v3_large", "mobilenet_v3_small", "convnext_tiny"].into_iter().for_each(agrees);
}

#[test]
fn networks_as_pytorch_exports_them_by_default_agree() {
    for name in ["resnet18", "efficientnet_b0", "mobilenet_v3_small", "convnext_tiny", "inception_v3"] {
        scores_agree(&format!("{name}_folded"));
    }
}
