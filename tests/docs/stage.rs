//! A folder with what the pages' examples name: drawn phantoms in the place of photographs, small tables and models.
#![cfg(unix)]

use std::fs;
use std::os::unix::fs::symlink;
use std::path::Path;
use std::time::Duration;

use assert_cmd::Command;
use fovea::reading::{Change, FrameOf, Identity, Reading, ReadingFile, ReadingsHeader};
use tempfile::TempDir;

use super::common::onnx;
use super::common::{family_card, formula::values};
use super::pages::root;

/// An example that takes longer hangs.
const MOST_TIME: Duration = Duration::from_secs(240);

/// The folder that a page's examples are run in, one after another.
pub struct Stage(TempDir);

/// Drawn eyes with their grade and their patient.
const EYES: [(&str, &str, &str); 5] = [
    ("phantom-healthy-left", "0", "P01"),
    ("phantom-healthy-right", "0", "P01"),
    ("phantom-mild", "1", "P02"),
    ("phantom-moderate", "2", "P03"),
    ("phantom-severe", "3", "P04"),
];

impl Stage {
    pub fn set() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let at = |name: &str| folder.path().join(name);
        let completions = ["home/.local/share/bash-completion/completions", "home/.config/fish/completions"];
        for name in ["home", "bin", "photographs", "archive", "models"].iter().chain(&completions) {
            fs::create_dir_all(at(name)).unwrap();
        }
        symlink(env!("CARGO_BIN_EXE_fovea"), at("bin/fovea")).unwrap();
        symlink(root().join("assets"), at("assets")).unwrap();
        let phantom = |name: &str| root().join("assets/samples").join(name).with_extension("jpg");
        for (name, _, _) in EYES {
            fs::copy(phantom(name), at("photographs").join(name).with_extension("jpg")).unwrap();
        }
        for name in ["photograph.jpg", "archive/photograph.jpg"] {
            fs::copy(phantom("phantom-moderate"), at(name)).unwrap();
        }
        fs::copy(root().join("assets/chest-samples/phantom-chest-clear.dcm"), at("radiograph.dcm")).unwrap();
        tables(folder.path());
        readings(folder.path());
        network(folder.path());
        Self(folder)
    }

    /// Runs a line by a shell; it must end well, and what it prints must be as the page shows.
    pub fn run(&self, line: &str, is_shown: impl Fn(&str) -> bool) -> Result<(), String> {
        let line = line.trim_start();
        // The pages say `cargo run` where there is no program yet.
        let line = match line.split_once(" -- ") {
            Some((cargo, rest)) if cargo.starts_with("cargo run") => format!("fovea {rest}"),
            _ => line.to_owned(),
        };
        let (home, path) = (self.0.path().join("home"), std::env::var("PATH").unwrap_or_default());
        let mut command = Command::new("sh");
        command
            .current_dir(&self.0)
            .args(["-c", &line])
            .timeout(MOST_TIME)
            .env("HOME", &home)
            .env("XDG_RUNTIME_DIR", &home);
        command.env("PATH", format!("{}:{path}", self.0.path().join("bin").display()));
        for name in ["XDG_DATA_HOME", "XDG_CACHE_HOME", "XDG_CONFIG_HOME", "DISPLAY", "WAYLAND_DISPLAY"] {
            command.env_remove(name);
        }
        let output = command.output().map_err(|error| error.to_string())?;
        let (printed, errors) = (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
        if !output.status.success() {
            return Err(format!("{}\n{errors}", output.status));
        }
        if is_shown(&printed) { Ok(()) } else { Err(format!("the page shows something else than\n{printed}{errors}")) }
    }
}

/// What is true of the photographs, and boxes on them.
fn tables(folder: &Path) {
    let mut labels = "image,grade,patient,camera,eye\n".to_owned();
    let mut boxes = "image,lesion,x_min,y_min,x_max,y_max\n".to_owned();
    for (index, (name, grade, patient)) in EYES.iter().enumerate() {
        labels += &format!("{name},{grade},{patient},{},{}\n", ["A", "B"][index % 2], ["left", "right"][index % 2]);
        boxes += &format!("{name},hard exudate,0.4,0.4,0.6,0.6\n");
    }
    fs::write(folder.join("labels.csv"), labels).unwrap();
    fs::write(folder.join("lesions.csv"), boxes).unwrap();
    let list = EYES.map(|(name, _, _)| format!("photographs/{name}.jpg\n")).concat();
    fs::write(folder.join("pictures.txt"), list).unwrap();
}

/// Two readers of the same day.
fn readings(folder: &Path) {
    let classes = ["No retinopathy", "Mild", "Moderate", "Severe", "Proliferative"].map(str::to_owned).to_vec();
    for (reader, reads) in [("day", "Eva"), ("ben", "Ben")] {
        let head = ReadingsHeader {
            reader: reads.to_owned(),
            opened: vec![folder.join("photographs")],
            model: "retina-dr".to_owned(),
            classes: classes.clone(),
            ordered: true,
            blind: true,
            created: "2026-01-02T03:04:05Z".to_owned(),
        };
        let mut file = ReadingFile::create(&folder.join(reader).with_extension("fovea"), &head).unwrap();
        let of = |name: &str| FrameOf { path: folder.join("photographs").join(name).with_extension("jpg"), frame: 0 };
        let identity = |patient: &str| Identity { patient: patient.to_owned(), ..Identity::default() };
        let pictures = EYES.iter().map(|(name, _, patient)| (of(name), identity(patient))).collect();
        let mut changes = vec![Change::Pictures(pictures)];
        for (index, (name, grade, _)) in EYES.iter().enumerate() {
            let class = grade.parse::<usize>().ok().map(|grade| if index == 2 && reader == "ben" { 0 } else { grade });
            changes.push(Change::Seen(of(name), index as u32 + 1));
            changes.push(Change::Reading(of(name), Reading { class, ..Reading::default() }));
        }
        file.keep_all(&changes).unwrap();
    }
}

/// Somebody's network as an ONNX file, and a card for it.
fn network(folder: &Path) {
    let tensors = [
        onnx::floats("first.weight", &[4, 3, 3, 3], &values(108, 1)),
        onnx::floats("first.bias", &[4], &values(4, 2)),
        onnx::floats("last.weight", &[3, 4], &values(12, 3)),
        onnx::floats("last.bias", &[3], &values(3, 4)),
    ];
    let nodes = [
        onnx::node("Conv", &["x", "first.weight", "first.bias"], "a", &[onnx::ints("pads", &[1, 1, 1, 1])]),
        onnx::node("Relu", &["a"], "r", &[]),
        onnx::node("GlobalAveragePool", &["r"], "p", &[]),
        onnx::node("Flatten", &["p"], "f", &[]),
        onnx::node("Gemm", &["f", "last.weight", "last.bias"], "y", &[onnx::int("transB", 1)]),
    ];
    fs::write(folder.join("model.onnx"), onnx::model(&[1, 3, 64, 64], &tensors, &nodes)).unwrap();
    let card = toml::to_string(&family_card("graph", "network = \"resnet18\"", [3, 64, 64], 3)).unwrap();
    fs::write(folder.join("my-card.toml"), card).unwrap();
}
