//! Training: stopped and resumed it gives the same weights, and its command refuses what it cannot use.
#![allow(clippy::unwrap_used, clippy::print_stderr)] // A panic is how a test fails.

use std::io::Write;
use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};

use assert_cmd::Command;
use fovea::bundle::WeightMap;
use fovea::bundle::card::Architecture;
use fovea::bundle::family::conv_stack::{ConvStackSizes, StackLayer};
use fovea::bundle::{Bundle, Library};
use fovea::network::device;
use fovea::train::data::{DataSet, Example, Values};
use fovea::train::plan::Plan;
use fovea::train::{Fit, Recipe, Schedule, TrainError, checkpoint_path};
use predicates::str::contains;

fn sizes() -> ConvStackSizes {
    let layers = vec![
        StackLayer::Conv { channels: 4, kernel: 3, stride: 1, norm: true },
        StackLayer::MaxPool { size: 2 },
        StackLayer::Conv { channels: 4, kernel: 3, stride: 2, norm: false },
        StackLayer::Classes { kernel: 1, relu: false },
    ];
    ConvStackSizes { input: [1, 8, 8], norm_epsilon: 1e-5, layers }
}

/// Pictures of which one half is lit: the left for class 0, the right for class 1.
fn halves(count: usize) -> Vec<Example> {
    let value = |class: usize, i: usize, p: usize| {
        let lit = f32::from(u8::from((p % 8 < 4) == (class == 0)));
        lit + 0.3 * ((i * 64 + p) as f32 * 1.3).sin()
    };
    (0..count)
        .map(|i| {
            let values = Values::Ready((0..64).map(|p| value(i % 2, i, p)).collect());
            Example { values, class: i % 2, ..Example::default() }
        })
        .collect()
}

fn data() -> DataSet {
    DataSet { learn: halves(22), held: halves(6), input: [1, 8, 8], ..DataSet::default() }
}

/// The plan of [`sizes`] for two classes.
fn plan() -> Plan {
    let mut card = Recipe::find("mnist").unwrap().card;
    card.classes.truncate(2);
    card.architecture = Architecture::ConvStack(sizes());
    Plan::of(&card).unwrap()
}

fn schedule() -> Schedule {
    let mut schedule = Recipe::find("mnist").unwrap().schedule;
    schedule.epochs = 2;
    schedule.batch = 4;
    schedule
}

/// Trains; after `stop_after` steps of this run it is asked to stop.
fn fit(out: &Path, schedule: &Schedule, stop_after: Option<usize>, force: bool) -> Result<WeightMap, TrainError> {
    fit_from(None, out, schedule, stop_after, force)
}

fn fit_from(
    parent: Option<&Bundle>,
    out: &Path,
    schedule: &Schedule,
    stop_after: Option<usize>,
    force: bool,
) -> Result<WeightMap, TrainError> {
    let (data, plan, checkpoint) = (data(), plan(), checkpoint_path(out));
    let fit = Fit { plan: &plan, classes: 2, schedule, data: &data, checkpoint: &checkpoint, parent };
    let (stop, mut steps) = (AtomicBool::new(false), 0);
    let mut watch = |_: &fovea::train::Progress| {
        steps += 1;
        stop.store(Some(steps) == stop_after, Ordering::Relaxed);
    };
    fit.run(&device::cpu(), force, &mut watch, &stop)
}

#[test]
fn a_training_that_was_stopped_goes_on_as_if_it_had_not_been() {
    let folder = tempfile::tempdir().unwrap();
    let place = |name: &str| folder.path().join(name);
    let straight = fit(&place("straight"), &schedule(), None, false).unwrap();
    // 5 steps an epoch: once between the epochs, once in the middle of one.
    for stop_after in [5, 3] {
        let out = place(&format!("after {stop_after}"));
        let stopped = fit(&out, &schedule(), Some(stop_after), false).unwrap_err();
        assert!(matches!(stopped, TrainError::Interrupted { step, steps: 10 } if step == stop_after), "{stopped}");
        assert_eq!(fit(&out, &schedule(), None, false).unwrap(), straight);
    }
    let other = Schedule { seed: 2, ..schedule() };
    assert_ne!(fit(&place("seed"), &other, None, false).unwrap(), straight);
}

/// A model of [`sizes`] with these weights.
fn parent(weights: WeightMap) -> Bundle {
    let mut bundle = Library::open(&[]).unwrap().load("mnist").unwrap();
    bundle.sha256 = fovea::guard::checksum::sha256_hex(&fovea::bundle::weights::write(&weights).unwrap());
    bundle.weights = weights;
    bundle
}

#[test]
fn a_training_from_a_model_begins_there_and_goes_on_after_a_stop() {
    let folder = tempfile::tempdir().unwrap();
    let place = |name: &str| folder.path().join(name);
    let parent = parent(fit(&place("parent"), &schedule(), None, false).unwrap());
    let fine = schedule().fine_tuning();
    let still = Schedule { peak_rate: 1e-12, weight_decay: 0.0, ..fine.clone() };
    let unmoved = fit_from(Some(&parent), &place("still"), &still, None, false).unwrap();
    for (name, tensor) in &parent.weights {
        approx::assert_relative_eq!(unmoved[name].values.as_slice(), tensor.values.as_slice(), max_relative = 1e-5);
    }
    let straight = fit_from(Some(&parent), &place("straight"), &fine, None, false).unwrap();
    assert_ne!(straight, parent.weights);
    for (name, tensor) in parent.weights.iter().filter(|(name, _)| name.contains("running")) {
        // What the norms know stays, but for the rounding of the weights' mean.
        approx::assert_relative_eq!(straight[name].values.as_slice(), tensor.values.as_slice(), max_relative = 1e-5);
    }
    let stopped = fit_from(Some(&parent), &place("stopped"), &fine, Some(3), false).unwrap_err();
    assert!(matches!(stopped, TrainError::Interrupted { step: 3, .. }), "{stopped}");
    let other = fit(&place("stopped"), &fine, None, false).unwrap_err().to_string();
    assert!(other.contains("begun from"), "{other}");
    assert_eq!(fit_from(Some(&parent), &place("stopped"), &fine, None, false).unwrap(), straight);
}

#[test]
fn a_checkpoint_of_other_settings_is_refused_unless_forced() {
    let folder = tempfile::tempdir().unwrap();
    fit(folder.path(), &schedule(), Some(2), false).unwrap_err();
    let other = Schedule { epochs: 3, ..schedule() };
    let refusal = fit(folder.path(), &other, None, false).unwrap_err().to_string();
    assert!(refusal.contains("epochs:2; now") && refusal.contains("epochs:3"), "{refusal}");
    assert!(fit(folder.path(), &other, None, true).is_ok());
}

fn gzipped(path: &Path, numbers: &[u32], bytes: &[u8]) {
    let file = std::fs::File::create(path).unwrap();
    let mut file = flate2::write::GzEncoder::new(file, flate2::Compression::fast());
    let header: Vec<u8> = numbers.iter().flat_map(|n| n.to_be_bytes()).collect();
    file.write_all(&header).and_then(|()| file.write_all(bytes)).unwrap();
    file.finish().unwrap();
}

/// MNIST's four files with `count` pictures of bars whose place tells the class.
fn bars(folder: &Path, count: usize) {
    for part in ["train", "t10k"] {
        let labels: Vec<u8> = (0..count).map(|i| (i % 10) as u8).collect();
        let pixel = |i: usize, p: usize| if p % 28 / 2 == i % 10 + 2 { 255 - (i * 7 + p) as u8 % 32 } else { 0 };
        let pixels: Vec<u8> = (0..count).flat_map(|i| (0..784).map(move |p| pixel(i, p))).collect();
        let n = count as u32;
        gzipped(&folder.join(format!("{part}-images-idx3-ubyte.gz")), &[0x803, n, 28, 28], &pixels);
        gzipped(&folder.join(format!("{part}-labels-idx1-ubyte.gz")), &[0x801, n], &labels);
    }
}

fn fovea() -> Command {
    Command::cargo_bin("fovea").unwrap()
}

#[test]
fn the_command_leaves_a_model_that_can_be_used() {
    let folder = tempfile::tempdir().unwrap();
    let (data, models) = (folder.path().join("data"), folder.path().join("models"));
    std::fs::create_dir(&data).unwrap();
    bars(&data, 40);
    let train = || {
        let mut command = fovea();
        command.args(["train", "mnist", "--epochs", "2", "--batch", "10", "--data"]).arg(&data);
        command.arg("--out").arg(models.join("mnist"));
        command
    };
    train().assert().success().stdout(contains("accuracy"));
    let bundle = Library::open(std::slice::from_ref(&models)).unwrap().load("mnist").unwrap();
    let result = &bundle.card.results[0];
    assert_eq!(result.baseline, Some(0.1));
    assert!(result.on.starts_with("40 test digits"), "{}", result.on);
    assert!(bundle.card.training.command.ends_with("--epochs 2 --batch 10"));
    assert!(!checkpoint_path(&models.join("mnist")).exists());
    train().assert().code(2).stderr(contains("exists already"));
}

#[cfg(unix)]
#[test]
fn an_interrupt_ends_the_step_saves_and_says_how_to_go_on() {
    use std::io::{BufRead, BufReader, Read};
    use std::process::{Command, Stdio};

    let folder = tempfile::tempdir().unwrap();
    bars(folder.path(), 40);
    let out = folder.path().join("out");
    let mut command = Command::new(assert_cmd::cargo::cargo_bin("fovea"));
    command.args(["train", "mnist", "--epochs", "5000", "--batch", "10", "--data"]).arg(folder.path());
    let mut training = command.arg("--out").arg(&out).stderr(Stdio::piped()).spawn().unwrap();
    let mut lines = BufReader::new(training.stderr.take().unwrap());
    let mut said = String::new();
    while !said.contains("epoch 1/5000") {
        assert!(lines.read_line(&mut said).unwrap() > 0, "ended early: {said}");
    }
    assert!(Command::new("kill").args(["-INT", &training.id().to_string()]).status().unwrap().success());
    lines.read_to_string(&mut said).unwrap();
    assert_eq!(training.wait().unwrap().code(), Some(130));
    assert!(said.contains("nothing is lost: run the same command again to continue"), "{said}");
    assert!(checkpoint_path(&out).exists() && !out.join("model.toml").exists());
}

#[test]
fn data_that_is_missing_or_broken_ends_in_one_sentence() {
    let folder = tempfile::tempdir().unwrap();
    let train = |recipe: &str, data: &Path| {
        let mut command = fovea();
        command.args(["train", recipe, "--data"]).arg(data).arg("--out").arg(folder.path().join("out"));
        command.assert().code(2)
    };
    train("cifar", folder.path()).stderr(contains("no recipe `cifar`; known are: cxr-pneumonia, mnist, retina-dr"));
    train("mnist", &folder.path().join("absent")).stderr(contains("there is no such folder"));
    train("mnist", folder.path()).stderr(contains("train-images-idx3-ubyte.gz: there is no such file"));
    train("retina-dr", folder.path()).stderr(contains("Training Labels.csv: cannot be read"));
    bars(folder.path(), 40);
    std::fs::write(folder.path().join("t10k-images-idx3-ubyte.gz"), b"nothing").unwrap();
    train("mnist", folder.path()).stderr(contains("t10k-images-idx3-ubyte.gz: is damaged"));
    assert!(!folder.path().join("out").exists());
}

/// The program's own phantoms stand for photographs: the whole way, once with lesion boxes and once without.
#[test]
fn the_retina_recipe_runs_on_idrids_folders() {
    let folder = tempfile::tempdir().unwrap();
    let pictures = folder.path().join("1. Original Images/a. Training Set");
    let tables = folder.path().join("2. Groundtruths");
    std::fs::create_dir_all(&pictures).and_then(|()| std::fs::create_dir_all(&tables)).unwrap();
    let mut grades = "Image name,Retinopathy grade,Risk of macular edema\n".to_owned();
    let samples = Path::new(env!("CARGO_MANIFEST_DIR")).join("assets/samples");
    for (i, phantom) in ["healthy-left", "severe", "healthy-right", "severe"].iter().enumerate() {
        let name = format!("IDRiD_{i:03}");
        std::fs::copy(samples.join(format!("phantom-{phantom}.jpg")), pictures.join(format!("{name}.jpg"))).unwrap();
        grades += &format!("{name},{},0\n", if phantom.starts_with('s') { 3 } else { 0 });
    }
    std::fs::write(tables.join("a. IDRiD_Disease Grading_Training Labels.csv"), grades).unwrap();
    let train = |out: &str| {
        let mut command = fovea();
        command.args(["train", "retina-dr", "--epochs", "1", "--batch", "2", "--data"]).arg(folder.path());
        command.arg("--out").arg(folder.path().join(out)).arg("--force");
        command
    };
    train("models/plain").assert().success().stdout(contains("without lesion boxes"));
    let boxes = "image,lesion,x_min,y_min,x_max,y_max\nIDRiD_003.jpg,haemorrhage,0.4,0.4,0.45,0.5\n";
    std::fs::write(folder.path().join("lesions.csv"), boxes).unwrap();
    train("models/boxes").assert().success().stdout(contains("quadratic weighted kappa"));
    let library = Library::open(&[folder.path().join("models")]).unwrap();
    assert!(library.load("boxes").is_ok());
    std::fs::write(folder.path().join("lesions.csv"), boxes.replace("0.4,", "4,")).unwrap();
    train("models/broken").assert().code(2).stderr(contains("lies outside of its picture"));
}
