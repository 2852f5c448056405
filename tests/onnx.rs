//! Networks of ONNX files against ONNX Runtime and PyTorch, from `tests/reference/onnx_networks.py`.
#![allow(clippy::unwrap_used)] // A panic is how a test fails.

mod common;

use std::path::{Path, PathBuf};

use common::dense::noise_input;
use common::formula::noise;
use common::{family_card, on_cpu, reference, relative_error, torch};
use fovea::bundle::Bundle;
use fovea::import;
use fovea::network::device;

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

/// A bundle of the file with its weights beside it, as an export has it.
fn taken(name: &str) -> Bundle {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join(format!("{name}.onnx"));
    std::fs::copy(files().join(format!("{name}.onnx")), &path).unwrap();
    std::fs::write(folder.path().join("weights.bin"), weights(name)).unwrap();
    let size = array(&format!("{name}_input"));
    let card = family_card("graph", "network = \"resnet18\"", [3, size[0] as usize, size[1] as usize], 5);
    import::read_onnx(&path, &card).unwrap_or_else(|error| panic!("{error}"))
}

/// Scores are ONNX Runtime's.
fn scores_agree(name: &str) -> Bundle {
    let (bundle, input) = (taken(name), array(&format!("{name}_input")));
    let input = noise_input([input[0] as usize, input[1] as usize], input[2] as usize);
    let scores = on_cpu(&bundle).scores(&input).unwrap();
    let off = relative_error(&scores, &array(&format!("{name}_scores")));
    assert!(off <= 1e-4, "scores of {name} differ by {off:e}");
    bundle
}

/// Scores are ONNX Runtime's; class maps and responses under all four rules are PyTorch's.
fn agrees(name: &str) {
    torch::agrees(&scores_agree(name), name, &device::cpu(), 1e-4);
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
