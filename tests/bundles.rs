//! A bundle is exactly what its card says, or it is refused by name.
#![allow(clippy::unwrap_used, clippy::print_stderr)] // A panic is how a test fails.

mod common;

use std::path::Path;

use common::{card, formula_weights};
use fovea::bundle::WeightMap;
use fovea::bundle::weights::write;
use fovea::bundle::{Bundle, BundleError, Card, Library};
use fovea::guard::checksum::sha256_hex;

const LAYERS: &str = r#"layers = [{ kind = "conv", channels = 4, kernel = 3 }, { kind = "classes", kernel = 1 }]"#;

fn small() -> (Card, WeightMap) {
    let mut card = card(LAYERS, [1, 8, 8], 2);
    card.name = "small".to_owned();
    let weights = formula_weights(&card);
    (card, weights)
}

fn place(folder: &Path, mut card: Card, bytes: &[u8], honest_sum: bool) {
    if honest_sum {
        card.weights.sha256 = sha256_hex(bytes);
    }
    let place = folder.join("small");
    std::fs::create_dir_all(&place).unwrap();
    std::fs::write(place.join("model.toml"), toml::to_string(&card).unwrap()).unwrap();
    std::fs::write(place.join("weights.safetensors"), bytes).unwrap();
}

fn load(folder: &Path) -> Result<Bundle, BundleError> {
    Library::open(&[folder.to_owned()])?.load("small")
}

fn refusal(change: impl FnOnce(&mut WeightMap)) -> String {
    let folder = tempfile::tempdir().unwrap();
    let (card, mut weights) = small();
    change(&mut weights);
    place(folder.path(), card, &write(&weights).unwrap(), true);
    load(folder.path()).unwrap_err().to_string()
}

#[test]
fn a_whole_bundle_loads_with_its_weights() {
    let folder = tempfile::tempdir().unwrap();
    let (card, weights) = small();
    place(folder.path(), card, &write(&weights).unwrap(), true);
    assert_eq!(load(folder.path()).unwrap().weights, weights);
}

#[test]
fn a_missing_tensor_is_named() {
    let text = refusal(|w| drop(w.remove("layers.0.norm.bias")));
    assert!(text.contains("small") && text.contains("lacks tensor `layers.0.norm.bias`"), "{text}");
}

#[test]
fn an_extra_tensor_is_named() {
    let text = refusal(|w| {
        let copy = w["layers.1.bias"].clone();
        w.insert("lesion.bias".to_owned(), copy);
    });
    assert!(text.contains("`lesion.bias`"), "{text}");
}

#[test]
fn a_misshapen_tensor_is_named() {
    let text = refusal(|w| w.get_mut("layers.1.weight").unwrap().shape = vec![4, 2, 1, 1]);
    assert!(text.contains("`layers.1.weight`") && text.contains("[4, 2, 1, 1]"), "{text}");
}

#[test]
fn a_nan_is_named() {
    let text = refusal(|w| w.get_mut("layers.0.weight").unwrap().values[5] = f32::NAN);
    assert!(text.contains("`layers.0.weight`") && text.contains("finite"), "{text}");
}

#[test]
fn a_negative_variance_is_named() {
    let text = refusal(|w| w.get_mut("layers.0.norm.running_var").unwrap().values[0] = -0.5);
    assert!(text.contains("`layers.0.norm.running_var`"), "{text}");
}

#[test]
fn an_altered_file_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let (mut card, weights) = small();
    let mut bytes = write(&weights).unwrap();
    card.weights.sha256 = sha256_hex(&bytes);
    *bytes.last_mut().unwrap() ^= 1;
    place(folder.path(), card, &bytes, false);
    assert!(matches!(load(folder.path()), Err(BundleError::Altered { .. })));
}

#[test]
fn a_cut_or_swollen_file_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let (card, weights) = small();
    let bytes = write(&weights).unwrap();
    place(folder.path(), card.clone(), &bytes[..bytes.len() - 8], true);
    assert!(matches!(load(folder.path()), Err(BundleError::Format { .. })));
    place(folder.path(), card, &vec![0; 3 << 20], true);
    assert!(matches!(load(folder.path()), Err(BundleError::TooLarge { .. })));
}

#[test]
fn an_unknown_model_lists_those_there_are() {
    let text = Library::open(&[]).unwrap().load("retina").unwrap_err().to_string();
    assert!(text.contains("`retina`") && text.contains("retina-dr") && text.contains("mnist"), "{text}");
}

#[test]
fn every_model_that_ships_is_whole() {
    for name in ["retina-dr", "mnist"] {
        let bundle = Library::open(&[]).unwrap().load(name).unwrap();
        assert!(!bundle.card.results.is_empty(), "{name} states what was measured");
    }
}

#[test]
fn nonsense_in_a_card_is_refused_by_its_place() {
    let text = toml::to_string(&small().0).unwrap();
    for (from, to, place) in [
        ("kernel = 3", "kernel = 4", "layers[0]"),
        ("channels = 4", "channels = 400000", "layers.0"),
        ("input = [1, 8, 8]", "input = [1, 8, 80000]", "architecture.input"),
        ("#10200a", "blue", "blue"),
        ("licence", "license", "license"),
        ("file = \"weights.safetensors\"", "file = \"../../etc/passwd\"", "weights.file"),
    ] {
        assert!(text.contains(from), "{from}\n{text}");
        let reason = Card::parse(&text.replace(from, to)).unwrap_err();
        assert!(reason.contains(place), "{from}: {reason}");
    }
}
