//! `fovea evaluate` as its users run it, on drawn digits.
#![allow(clippy::unwrap_used)] // A panic is how a test fails.

use std::path::Path;

use assert_cmd::Command;
use predicates::str::contains;
use serde_json::Value;

fn fovea() -> Command {
    let mut command = Command::cargo_bin("fovea").unwrap();
    command.args(["--limit", "4"]);
    command
}

/// Zeros and ones of several sizes and places, two of each patient, and their table; one line in ten is wrong.
fn digits(folder: &Path) {
    let mut table = "image,grade,patient,pen\n".to_owned();
    for n in 0..24u32 {
        let (is_one, aside) = (n % 2 == 1, f64::from(n % 5) - 2.0);
        let picture = image::GrayImage::from_fn(28, 28, |x, y| {
            let (x, y) = (f64::from(x) - 13.5 - aside, f64::from(y) - 13.5);
            let from_line = if is_one { x.abs().max(y.abs() - 8.0) } else { ((x * x + y * y).sqrt() - 7.0).abs() };
            image::Luma([(255.0 * (2.2 - from_line).clamp(0.0, 1.0)) as u8])
        });
        picture.save(folder.join(format!("digit-{n}.png"))).unwrap();
        let label = if n % 10 == 3 { 7 } else { u32::from(is_one) };
        table += &format!(
            "digit-{n}{},{label},p{},{}\n",
            [".png", ""][n as usize % 2],
            n / 2,
            ["thin", "thick"][n as usize % 2]
        );
    }
    table += "digit-99,4,p99,thin\n";
    std::fs::write(folder.join("labels.csv"), table).unwrap();
}

fn json(place: &Path) -> Value {
    serde_json::from_slice(&std::fs::read(place).unwrap()).unwrap()
}

fn evaluate(folder: &Path, out: &Path, more: &[&str]) -> assert_cmd::assert::Assert {
    let labels = folder.join("labels.csv");
    let mut command = fovea();
    command.arg("evaluate").arg(folder).arg("--labels").arg(labels).args(["--model", "mnist", "--device", "cpu"]);
    command.arg("--out").arg(out).args(more).assert()
}

/// The same, but for the last digit of a number that went through text.
fn assert_alike(a: &Value, b: &Value, place: &str) {
    match (a, b) {
        (Value::Object(first), Value::Object(second)) => {
            assert!(first.keys().eq(second.keys()), "{place}");
            first.iter().for_each(|(name, value)| assert_alike(value, &second[name], &format!("{place}.{name}")));
        }
        (Value::Array(first), Value::Array(second)) => {
            assert_eq!(first.len(), second.len(), "{place}");
            (0..).zip(first.iter().zip(second)).for_each(|(n, (a, b))| assert_alike(a, b, &format!("{place}[{n}]")));
        }
        (Value::Number(first), Value::Number(second)) => {
            let (first, second) = (first.as_f64().unwrap(), second.as_f64().unwrap());
            assert!((first - second).abs() < 1e-9, "{place}: {first}, {second}");
        }
        _ => assert!(a == b, "{place}"),
    }
}

#[test]
fn a_folder_is_measured_and_the_run_goes_on_where_it_was_cut() {
    let (folder, place) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    digits(folder.path());
    let out = place.path().join("out");
    let options = ["--groups", "pen", "--truth", "2"];
    let said = evaluate(folder.path(), &out, &options);
    said.success().stderr(contains("1 label without a picture (digit-99)")).stdout(contains("24 pictures; accuracy"));
    let metrics = json(&out.join("metrics.json"));
    assert_eq!(
        (metrics["n"].as_u64(), metrics["unit"].as_str(), metrics["units"].as_u64()),
        (Some(24), Some("patients"), Some(12))
    );
    let accuracy = &metrics["accuracy"];
    let [value, low, high] = ["value", "low", "high"].map(|name| accuracy[name].as_f64().unwrap());
    assert!(low <= value && value <= high && low < high, "{accuracy}");
    let confusion: Vec<Vec<u64>> = serde_json::from_value(metrics["confusion"].clone()).unwrap();
    // Rows are the truth: eleven zeros or so, ten ones, and what was called a seven.
    let rows: Vec<u64> = confusion.iter().map(|row| row.iter().sum()).collect();
    let sevens = (0..24).filter(|n| n % 10 == 3).count() as u64;
    assert_eq!((rows[0], rows[1], rows[7], rows.iter().sum::<u64>()), (12, 12 - sevens, sevens, 24));
    let right: u64 = (0..10).map(|class| confusion[class][class]).sum();
    assert!((value - right as f64 / 24.0).abs() < 1e-12);
    assert!((metrics["majority"].as_f64().unwrap() - 0.5).abs() < 1e-12);
    assert!(metrics["auc"]["0"]["value"].as_f64().is_some() && metrics["kappa"]["value"].as_f64().is_some());
    assert!(metrics["truth"]["n"].as_u64() == Some(2));
    let page = std::fs::read_to_string(out.join("report.html")).unwrap();
    for part in ["<h2>Decisions</h2>", "<h2>Examples</h2>", "digit-99", "not for diagnosis", "pen"] {
        assert!(page.contains(part), "{part}");
    }
    assert!(!page.contains("<script") && !page.contains(" href=\"http"));
    for name in ["predictions.csv", "predictions.parquet", "examples.pdf", "examples.svg", "examples-print.png"] {
        assert!(out.join(name).metadata().unwrap().len() > 100, "{name}");
    }
    let table = std::fs::read_to_string(out.join("predictions.csv")).unwrap();
    assert_eq!(table.lines().count(), 25);

    evaluate(folder.path(), &out, &options).failure().code(2).stderr(contains("--resume"));
    // As a machine that lost its power would leave it: some lines, the last one torn.
    let kept = out.join("pictures.jsonl");
    let lines = std::fs::read(&kept).unwrap();
    std::fs::write(&kept, &lines[..lines.len() * 2 / 3]).unwrap();
    evaluate(folder.path(), &out, &[&options[..], &["--resume"]].concat()).success();
    let again = json(&out.join("metrics.json"));
    assert_alike(&again, &metrics, "metrics");
    assert!(std::fs::read_to_string(out.join("predictions.csv")).unwrap() == table, "the same answers");
    // What was tested before and is not wanted any more is not told, though it is kept.
    evaluate(folder.path(), &out, &["--truth", "0", "--resume"]).success();
    assert!(json(&out.join("metrics.json"))["truth"].is_null());
}

#[test]
fn masks_are_the_png_files_of_a_folder_whatever_lies_beside_them() {
    let (folder, place) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    digits(folder.path());
    let masks = place.path().join("masks");
    std::fs::create_dir_all(masks.join("images")).unwrap();
    for n in 0..8 {
        // The upper half of the picture is marked.
        let mask = image::GrayImage::from_fn(28, 28, |_, y| image::Luma([if y < 14 { 2 } else { 0 }]));
        mask.save(masks.join(format!("digit-{n}.png"))).unwrap();
        image::RgbImage::new(28, 28).save(masks.join(format!("images/digit-{n}.jpg"))).unwrap();
    }
    let out = place.path().join("out");
    evaluate(folder.path(), &out, &["--truth", "0", "--masks", masks.to_str().unwrap()]).success();
    let places = &json(&out.join("metrics.json"))["places"];
    assert_eq!(places["n"].as_u64(), Some(8));
    let figures = places["figures"].as_array().unwrap();
    let chance = figures.iter().find(|found| found["by"] == "chance").unwrap();
    // Half of the picture, and a rim of tolerance for the pointing game.
    let energy = chance["energy"]["value"].as_f64().unwrap();
    assert!((energy - 0.5).abs() < 0.02, "{energy}");
}

#[test]
fn what_cannot_be_measured_is_said() {
    let (folder, place) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    digits(folder.path());
    let out = place.path().join("out");
    evaluate(folder.path(), &out, &["--groups", "camera"]).failure().code(2).stderr(contains("no column `camera`"));
    evaluate(folder.path(), &out, &["--prevalence", "1.5"]).failure().code(2).stderr(contains("--prevalence"));
    std::fs::write(folder.path().join("labels.csv"), "image,grade\nsomething,1\n").unwrap();
    evaluate(folder.path(), &out, &[]).failure().code(2).stderr(contains("no picture has a label"));
    std::fs::write(folder.path().join("labels.csv"), "image,sex\ndigit-1,F\n").unwrap();
    evaluate(folder.path(), &out, &[]).failure().code(2).stderr(contains("no column `grade`"));
    // One bad file does not take the others with it.
    digits(folder.path());
    std::fs::write(folder.path().join("digit-0.png"), b"\x89PNG\r\n\x1a\nnot a picture").unwrap();
    evaluate(folder.path(), &out, &["--truth", "0"])
        .success()
        .stderr(contains("digit-0.png"))
        .stdout(contains("23 pictures"));
}
