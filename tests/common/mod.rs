//! What several test files share: small models whose weights are formulas.
#![allow(dead_code)]

pub mod dense;
pub mod formula;
pub mod onnx;
pub mod torch;

use std::io::BufReader;
use std::path::{Path, PathBuf};

use fovea::bundle::weights::{needed_tensors, write};
use fovea::bundle::{Bundle, Card};
use fovea::bundle::{WeightMap, WeightTensor};
use fovea::guard::checksum::sha256_hex;
use fovea::input::ModelInput;
use fovea::maps::ClassMaps;
use fovea::network::{ComputeDevice, Network, device};
use ndarray::{ArrayD, IxDyn};
use ndarray_npy::NpzReader;

/// The names of what lies in a folder, hidden files included.
pub fn files(folder: &Path) -> Vec<String> {
    let Ok(entries) = std::fs::read_dir(folder) else { return Vec::new() };
    let mut names: Vec<String> = entries.map(|e| e.unwrap().file_name().to_string_lossy().into_owned()).collect();
    names.sort();
    names
}

/// A small colour picture at `path`.
pub fn picture(path: &Path) -> PathBuf {
    image::RgbImage::from_fn(60, 50, |x, y| image::Rgb([x as u8 * 4, y as u8 * 5, 128])).save(path).unwrap();
    path.to_owned()
}

/// A card of a conv-stack with `classes` classes around the given `[architecture]` lines and input size.
pub fn card(architecture: &str, input: [usize; 3], classes: usize) -> Card {
    family_card("conv-stack", architecture, input, classes)
}

/// As [`card`], of any family.
pub fn family_card(family: &str, architecture: &str, input: [usize; 3], classes: usize) -> Card {
    let [channels, height, width] = input;
    let classes: String = (0..classes)
        .map(|c| format!("[[classes]]\nname = \"{c}\"\nlabel = \"Class {c}\"\ncolour = \"#1020{:02x}\"\n", 10 + c))
        .collect();
    let grey = if channels == 1 { "{ step = \"grey\" }, " } else { "" };
    let text = format!(
        r#"
name = "small"
title = "A small network"
version = "1"
reads = "test pictures"
intended-use = "tests"
limits = []
preprocessing = [{grey}{{ step = "resize", width = {width}, height = {height} }}, {{ step = "unit-range" }}]
{classes}
[architecture]
family = "{family}"
input = [{channels}, {height}, {width}]
{architecture}
[output]
activation = "softmax"
decision = "most-probable"
[explanation]
rule = "linear"
magnitude = "abs"
smoothing-px = 0.0
chosen-by = "nobody"
[weights]
file = "weights.safetensors"
sha256 = ""
[training]
data = "none"
licence = "none"
command = "none"
"#
    );
    Card::parse(&text).expect("the test card is valid")
}

/// The card's tensors filled with the formula of `tests/reference/conv_stack.py`.
pub fn formula_weights(card: &Card) -> WeightMap {
    needed_tensors(card)
        .into_iter()
        .map(|spec| {
            let mut parts = spec.name.splitn(3, '.').skip(1);
            let layer: usize = parts.next().and_then(|n| n.parse().ok()).expect("names are layers.N.part");
            let (offset, scale, shift) = match parts.next().expect("names are layers.N.part") {
                "weight" => (1, 0.3, 0.0),
                "norm.weight" => (2, 0.5, 1.0),
                "norm.bias" => (3, 1.0, 0.0),
                "norm.running_mean" => (4, 1.0, 0.0),
                "norm.running_var" => (5, 0.5, 1.0),
                _ => (2, 1.0, 0.0),
            };
            let values = formula::values(spec.shape.iter().product(), 10 * layer + offset);
            let values = values.into_iter().map(|v| shift + scale * v).collect();
            (spec.name, WeightTensor { shape: spec.shape, values })
        })
        .collect()
}

/// A whole bundle of formula weights.
pub fn formula_bundle(card: Card) -> Bundle {
    let weights = formula_weights(&card);
    Bundle { sha256: sha256_hex(&write(&weights).expect("weights can be written")), weights, card }
}

/// The network of the PyTorch reference.
pub fn reference_card(relu: bool) -> Card {
    let layers = r#"layers = [
  { kind = "conv", channels = 8, kernel = 3, stride = 2 },
  { kind = "conv", channels = 10, kernel = 5, norm = false },
  { kind = "max-pool", size = 2 },
  { kind = "conv", channels = 12, kernel = 3 },
  { kind = "max-pool", size = 2 },
  { kind = "classes", kernel = 3, relu = RELU },
]"#;
    card(&layers.replace("RELU", &relu.to_string()), [3, 45, 38], 4)
}

/// A folder with a small model of formula weights that reads any picture, for tests that need no retina.
pub fn small_models() -> tempfile::TempDir {
    let folder = tempfile::tempdir().expect("the test's folder can be written");
    write_bundle(&formula_bundle(reference_card(false)), &folder.path().join("small"));
    folder
}

/// Writes card and weights into `place`.
pub fn write_bundle(bundle: &Bundle, place: &Path) {
    let mut card = bundle.card.clone();
    card.weights.sha256.clone_from(&bundle.sha256);
    let bytes = write(&bundle.weights).expect("the test's weights can be stored");
    let written = std::fs::create_dir(place)
        .and_then(|()| std::fs::write(place.join("model.toml"), toml::to_string(&card).unwrap_or_default()))
        .and_then(|()| std::fs::write(place.join("weights.safetensors"), bytes));
    written.expect("the test's folder can be written");
}

/// A model input of formula values.
pub fn formula_input([channels, height, width]: [usize; 3], seed: usize) -> ModelInput {
    let values = formula::values(channels * height * width, seed);
    ModelInput { values, channels, height, width, source_from_model: fovea::geometry::Transform::IDENTITY }
}

/// The input mirrored left to right.
pub fn mirrored_input(input: &ModelInput) -> ModelInput {
    let mut values = input.values.clone();
    values.chunks_exact_mut(input.width).for_each(<[f32]>::reverse);
    ModelInput { values, ..*input }
}

/// The maps mirrored left to right.
pub fn mirrored_maps(maps: &ClassMaps) -> ClassMaps {
    let mut data = maps.data.clone();
    data.chunks_exact_mut(maps.width).for_each(<[f32]>::reverse);
    ClassMaps { data, ..maps.clone() }
}

/// The network of `bundle` on the CPU.
pub fn on_cpu(bundle: &Bundle) -> Network {
    Network::load(bundle, &device::cpu())
}

/// The network of `bundle` on `device`.
pub fn on(bundle: &Bundle, device: &ComputeDevice) -> Network {
    Network::load(bundle, device)
}

/// One array of `tests/reference/NAME.npz`.
pub fn reference(name: &str, array: &str) -> ArrayD<f32> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/reference").join(name);
    let file = std::fs::File::open(&path).unwrap_or_else(|e| panic!("{}: {e}", path.display()));
    let mut npz = NpzReader::new(BufReader::new(file)).expect("the reference is an npz file");
    npz.by_name::<ndarray::OwnedRepr<f32>, IxDyn>(array).unwrap_or_else(|e| panic!("{array}: {e}"))
}

/// The folder of real data beside the repository, or `None` (which the test should say) where it is absent.
pub fn real_data() -> Option<PathBuf> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared/data");
    path.is_dir().then_some(path)
}

/// The largest difference as a fraction of the largest expected value.
pub fn relative_error(found: &[f32], expected: &[f32]) -> f32 {
    assert_eq!(found.len(), expected.len());
    let largest = expected.iter().fold(0.0f32, |m, v| m.max(v.abs()));
    let difference = found.iter().zip(expected).fold(0.0f32, |m, (a, b)| m.max((a - b).abs()));
    assert!(difference.is_finite() && largest > 0.0);
    difference / largest
}
