//! Checkpoints of both namings and all layouts become the bundle that their card describes, or are refused by name.
#![allow(clippy::unwrap_used, clippy::print_stderr)] // A panic is how a test fails.

mod common;

use std::path::{Path, PathBuf};

use assert_cmd::Command;
use common::dense::{DENSENET121, TINY, dense_bundle, dense_card, dense_weights, noise_input};
use common::{family_card, on_cpu};
use fovea::bundle::family::NamedGraph;
use fovea::bundle::weights::write;
use fovea::bundle::{Bundle, BundleError, Card, Library};
use fovea::bundle::{WeightMap, WeightTensor};
use fovea::import::{self, CheckpointKind, ImportError};
use safetensors::{Dtype, tensor::TensorView};

fn fovea() -> Command {
    let mut command = Command::cargo_bin("fovea").unwrap();
    // The user's own models must not reach into the tests.
    command.env("XDG_DATA_HOME", "/nonexistent").env("HOME", "/nonexistent");
    command
}

fn fixture(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures").join(name)
}

/// The card of the fixtures, without weights.
fn tiny() -> Card {
    dense_card(TINY, [33, 46], 3)
}

/// What becomes of a checkpoint of these tensors.
fn refusal(change: impl FnOnce(&mut WeightMap)) -> String {
    let folder = tempfile::tempdir().unwrap();
    let mut weights = dense_weights(&tiny());
    change(&mut weights);
    let path = folder.path().join("changed.safetensors");
    std::fs::write(&path, write(&weights).unwrap()).unwrap();
    import::read(&path, CheckpointKind::DenseNet, &tiny()).unwrap_err().to_string()
}

fn one(value: f32) -> WeightTensor {
    WeightTensor { shape: vec![1], values: vec![value] }
}

#[test]
fn every_naming_and_layout_gives_the_same_weights() {
    let expected = dense_weights(&tiny());
    for name in ["tiny.pth", "tiny.pth.tar", "tiny.safetensors", "tiny-strided.pth"] {
        let bundle = import::read(&fixture(name), CheckpointKind::DenseNet, &tiny()).unwrap();
        assert_eq!(bundle.weights, expected, "{name}");
        assert_eq!(bundle.card.weights.sha256, bundle.sha256);
        assert!(bundle.card.training.notes.iter().any(|note| note.contains(name)));
    }
}

/// Its hidden layer is a 1×1 convolution here, and `classifier.0` is no habit of old to be undone.
#[test]
fn linear_layers_inside_a_network_are_taken_as_convolutions() {
    let card = family_card("graph", "network = \"mobilenet-v3-small\"\nnorm-epsilon = 1e-3", [3, 64, 64], 5);
    let expected = dense_weights(&card);
    let mut stored = expected.clone();
    stored.get_mut("classifier.0.weight").unwrap().shape = vec![1024, 576];
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("small.safetensors");
    std::fs::write(&path, write(&stored).unwrap()).unwrap();
    let bundle = import::read(&path, CheckpointKind::Graph(NamedGraph::MobileNetV3Small), &card).unwrap();
    assert!(bundle.weights == expected);
    // It has gates, and its card says what becomes of them.
    assert!(bundle.card.training.notes.iter().any(|note| note.contains("gates") && note.contains("held constant")));
}

/// The fixture's tensors as safetensors of another type.
fn stored_as(dtype: Dtype, bytes_of: impl Fn(f32) -> Vec<u8>) -> Result<Bundle, ImportError> {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("other.safetensors");
    let weights = dense_weights(&tiny());
    let bytes: Vec<(String, Vec<usize>, Vec<u8>)> = weights
        .into_iter()
        .map(|(name, t)| (name, t.shape, t.values.into_iter().flat_map(&bytes_of).collect()))
        .collect();
    let views: Vec<_> = bytes
        .iter()
        .map(|(name, shape, data)| (name.as_str(), TensorView::new(dtype, shape.clone(), data).unwrap()))
        .collect();
    std::fs::write(&path, safetensors::serialize(views, None).unwrap()).unwrap();
    import::read(&path, CheckpointKind::DenseNet, &tiny())
}

#[test]
fn other_float_types_are_converted_and_integers_refused() {
    let expected = dense_weights(&tiny());
    let double = stored_as(Dtype::F64, |v| f64::from(v).to_le_bytes().to_vec()).unwrap();
    assert_eq!(double.weights, expected);
    // The upper half of an f32 is a bf16.
    let short = stored_as(Dtype::BF16, |v| v.to_le_bytes()[2..].to_vec()).unwrap();
    let (found, wanted) = (&short.weights["classifier.weight"].values, &expected["classifier.weight"].values);
    assert!(found.iter().zip(wanted).all(|(a, b)| (a - b).abs() <= b.abs() / 128.0));
    let text = stored_as(Dtype::I32, |v| v.to_le_bytes().to_vec()).unwrap_err().to_string();
    assert!(text.contains("I32") && text.contains("float"), "{text}");
}

#[test]
fn missing_extra_and_misshapen_tensors_are_all_named() {
    let text = refusal(|w| {
        w.remove("features.norm0.bias");
        w.insert("fc.weight".to_owned(), one(1.0));
        w.get_mut("classifier.bias").unwrap().shape = vec![3, 1];
    });
    for part in
        ["3 tensors", "`features.norm0.bias` [6] is missing", "`fc.weight` has no place", "`classifier.bias`", "[3, 1]"]
    {
        assert!(text.contains(part), "{part}: {text}");
    }
    let text = refusal(WeightMap::clear);
    assert!(text.contains(" more"), "{text}");
    assert!(text.lines().count() <= 22, "{text}");
}

#[test]
fn two_names_of_one_tensor_are_refused() {
    let text = refusal(|w| {
        let twin = w["classifier.bias"].clone();
        w.insert("module.classifier.0.bias".to_owned(), twin);
    });
    assert!(text.contains("`classifier.bias` and `module.classifier.0.bias` are both `classifier.bias`"), "{text}");
}

#[test]
fn values_that_are_no_numbers_are_refused() {
    let text = refusal(|w| w.get_mut("classifier.bias").unwrap().values[0] = f32::NAN);
    assert!(text.contains("`classifier.bias`") && text.contains("finite"), "{text}");
    let text = refusal(|w| w.get_mut("features.norm0.running_var").unwrap().values[0] = -1.0);
    assert!(text.contains("`features.norm0.running_var`"), "{text}");
}

#[test]
fn a_card_of_another_depth_is_refused_before_the_file_is_read() {
    let error = import::read(Path::new("absent.pth"), CheckpointKind::DenseNet121, &tiny()).unwrap_err();
    assert!(matches!(error, ImportError::OtherKind { .. }) && error.to_string().contains("densenet121"), "{error}");
}

#[test]
fn nothing_in_a_pickle_is_run() {
    let folder = tempfile::tempdir().unwrap();
    let (path, mark) = (folder.path().join("evil.pth"), folder.path().join("was-run"));
    // What a pickle of `os.system("touch …")` is.
    std::fs::write(&path, format!("cos\nsystem\n(S'touch {}'\ntR.", mark.display())).unwrap();
    assert!(matches!(import::read(&path, CheckpointKind::DenseNet, &tiny()), Err(ImportError::Format { .. })));
    assert!(!mark.exists());
}

#[test]
fn damaged_files_are_refused_without_a_panic() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("damaged.pth");
    for name in ["tiny.pth", "tiny.pth.tar", "tiny.safetensors"] {
        let whole = std::fs::read(fixture(name)).unwrap();
        for cut in (0..whole.len()).step_by(whole.len() / 40) {
            std::fs::write(&path, &whole[..cut]).unwrap();
            assert!(import::read(&path, CheckpointKind::DenseNet, &tiny()).is_err(), "{name} cut at {cut}");
        }
        for at in (0..whole.len()).step_by(whole.len() / 150) {
            let mut bytes = whole.clone();
            bytes[at] ^= 0x55;
            std::fs::write(&path, &bytes).unwrap();
            // A flipped bit of a weight is a weight: what counts is that nothing worse comes of it.
            let _ = import::read(&path, CheckpointKind::DenseNet, &tiny());
        }
    }
}

#[test]
fn a_file_far_too_large_is_refused_unread() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("huge.pth");
    std::fs::File::create(&path).unwrap().set_len(1 << 40).unwrap();
    assert!(matches!(import::read(&path, CheckpointKind::DenseNet, &tiny()), Err(ImportError::TooLarge { .. })));
}

#[test]
fn an_imported_model_loads_and_is_not_replaced_unasked() {
    let models = tempfile::tempdir().unwrap();
    let (card, out) = (models.path().join("form.toml"), models.path().join("small"));
    std::fs::write(&card, toml::to_string(&tiny()).unwrap()).unwrap();
    let run = |more: &[&str]| {
        let mut command = fovea();
        command.arg("import").arg(fixture("tiny.pth.tar")).args(["--as", "densenet", "--card"]).arg(&card);
        command.arg("--out").arg(&out).args(more).assert()
    };
    let done = run(&[]).success();
    let said = String::from_utf8_lossy(&done.get_output().stdout).into_owned();
    assert!(said.contains("model `small`: ") && said.contains("--models"), "{said}");
    let bundle = Library::open(&[models.path().to_owned()]).unwrap().load("small").unwrap();
    let scores = |bundle| on_cpu(bundle).forward(&noise_input([33, 46], 1)).unwrap().scores;
    assert_eq!(scores(&bundle), scores(&dense_bundle(tiny())));
    let again = run(&[]).failure();
    assert!(String::from_utf8_lossy(&again.get_output().stderr).contains("exists already"));
    run(&["--force"]).success();
}

#[test]
fn a_refused_checkpoint_leaves_no_folder() {
    let models = tempfile::tempdir().unwrap();
    let out = models.path().join("chexnet");
    let mut command = Command::cargo_bin("fovea").unwrap();
    command
        .arg("import")
        .arg(fixture("tiny.pth"))
        .args(["--as", "densenet121", "--card", "chexnet", "--out"])
        .arg(&out);
    let failed = command.assert().failure();
    let said = String::from_utf8_lossy(&failed.get_output().stderr).into_owned();
    assert!(said.contains("`features.conv0.weight`") && said.contains(" more"), "{said}");
    assert!(!out.exists());
}

#[test]
fn the_card_without_weights_says_how_to_add_them() {
    let error = Library::open(&[]).unwrap().load("chexnet").unwrap_err();
    assert!(matches!(error, BundleError::NoWeights { .. }));
    let text = error.to_string();
    assert!(text.contains("fovea import CHECKPOINT --as densenet121 --card chexnet --out"), "{text}");
    let listed = fovea().arg("models").assert().success();
    assert!(String::from_utf8_lossy(&listed.get_output().stdout).contains("comes without weights"));
}

/// Checkpoints of the real size, which `tests/reference/make_checkpoints.py real DIR` makes; FOVEA_CHECKPOINTS is DIR.
#[test]
fn densenet121_checkpoints_give_the_same_weights() {
    let Some(folder) = std::env::var_os("FOVEA_CHECKPOINTS").map(PathBuf::from) else {
        return eprintln!("skipped: FOVEA_CHECKPOINTS names no folder of checkpoints");
    };
    let card = dense_card(DENSENET121, [224, 224], 14);
    let expected = dense_weights(&card);
    for name in ["densenet121.pth", "densenet121.pth.tar", "densenet121.safetensors"] {
        let bundle = import::read(&folder.join(name), CheckpointKind::DenseNet121, &card).unwrap();
        assert!(bundle.weights == expected, "{name}");
    }
}
