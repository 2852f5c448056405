//! What every shipped model says of every sample, to three digits: other weights, or another preprocessing, are noticed.
//!
//!     UPDATE_GOLDEN=1 cargo test --release --test golden
//!
//! writes the scores anew after a change that was meant.
#![allow(clippy::unwrap_used)] // A panic is how a test fails.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use fovea::bundle::Library;
use fovea::input;
use fovea::network::{Network, device};
use fovea::scan;

type Scores = BTreeMap<String, BTreeMap<String, Vec<f32>>>;

/// By model and sample.
fn scores() -> Scores {
    ["retina-dr", "cxr-pneumonia", "mnist"].into_iter().map(|name| (name.to_owned(), of_model(name))).collect()
}

fn of_model(name: &str) -> BTreeMap<String, Vec<f32>> {
    let bundle = Library::open(&[]).unwrap().load(name).unwrap();
    let network = Network::load(&bundle, &device::cpu());
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("assets/samples");
    let of_sample = |path: PathBuf| {
        let input = input::prepare(&scan::open(&path).unwrap(), &bundle.card.preprocessing).unwrap();
        let name = path.file_stem().unwrap().to_string_lossy().into_owned();
        (name, network.scores(&input).unwrap())
    };
    scan::find::pictures(&[folder]).unwrap().pictures.into_iter().map(of_sample).collect()
}

#[test]
fn the_shipped_models_say_what_they_said() {
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/scores.json");
    let found = scores();
    if std::env::var_os("UPDATE_GOLDEN").is_some() {
        std::fs::write(&file, serde_json::to_string_pretty(&found).unwrap() + "\n").unwrap();
    }
    let expected: Scores = serde_json::from_str(&std::fs::read_to_string(&file).unwrap()).unwrap();
    assert_eq!(found.keys().collect::<Vec<_>>(), expected.keys().collect::<Vec<_>>());
    for (model, samples) in &expected {
        assert_eq!(samples.keys().collect::<Vec<_>>(), found[model].keys().collect::<Vec<_>>(), "{model}");
        for (sample, scores) in samples {
            let reach = scores.iter().fold(1.0f32, |most, score| most.max(score.abs()));
            for (class, (score, found)) in scores.iter().zip(&found[model][sample]).enumerate() {
                let off = (score - found).abs() / reach;
                assert!(off < 2e-3, "{model} gives {sample} a score of {found} for class {class}, it was {score}");
            }
        }
    }
}
