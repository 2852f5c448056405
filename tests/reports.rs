//! Reports as the program writes them, read by others' eyes; and records that are repeated.
#![allow(clippy::unwrap_used, clippy::print_stderr)] // A panic is how a test fails.

mod common;

use std::fs;
use std::path::Path;
use std::process::Command as Process;

use assert_cmd::Command;
use common::{files, picture};
use image::{ImageBuffer, Luma};
use predicates::prelude::*;
use predicates::str::contains;

const PHANTOM: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/assets/samples/phantom-moderate.jpg");

fn fovea() -> Command {
    let mut command = Command::cargo_bin("fovea").unwrap();
    // The user's own models must not reach into the tests.
    command.env("XDG_DATA_HOME", "/nonexistent").env("HOME", "/nonexistent");
    command
}

fn explain(models: &Path, out: &Path) -> Command {
    let mut command = fovea();
    command.args(["explain", "--device", "cpu", "--out"]).arg(out).arg("--models").arg(models);
    command
}

/// What another program says of `file`; `None`, and loudly so, where it is not installed.
fn asked(program: &str, before: &[&str], file: &Path, after: &[&str]) -> Option<String> {
    let Ok(output) = Process::new(program).args(before).arg(file).args(after).output() else {
        eprintln!("LEFT OUT: {program} is not installed (Debian: poppler-utils, libxml2-utils)");
        return None;
    };
    assert!(output.status.success(), "{program}: {}", String::from_utf8_lossy(&output.stderr));
    Some(String::from_utf8(output.stdout).unwrap())
}

fn record(out: &Path, name: &str) -> serde_json::Value {
    serde_json::from_slice(&fs::read(out.join(format!("{name}.json"))).unwrap()).unwrap()
}

#[test]
fn a_report_holds_the_answer_the_grades_and_the_sums_as_text() {
    let (models, out) = (common::small_models(), tempfile::tempdir().unwrap());
    let words = ["--no-layers", "--report", "both", "--report-theme", "dark", "--legend-svg", "--legend-pdf"];
    explain(models.path(), out.path()).args(words).arg(PHANTOM).assert().success();
    let record = record(out.path(), "phantom-moderate");
    for ending in ["report.pdf", "report.svg", "legend.svg", "legend.pdf"] {
        assert!(record["files"].as_array().unwrap().contains(&ending.into()), "{ending}");
    }
    assert_eq!(record["report_theme"], "dark");
    let text = |value: &serde_json::Value| value.as_str().unwrap().to_owned();
    let mut expected = vec![
        "phantom-moderate.jpg".to_owned(),
        "0 No retinopathy".to_owned(),
        "4 Proliferative".to_owned(),
        text(&record["report"]["headline"]),
        text(&record["report"]["figure"]),
        text(&record["picture_sha256"]),
        text(&record["model_sha256"]),
        text(&record["date"]),
        text(&record["notice"]),
        "not read".to_owned(),
    ];
    let svg = fs::read_to_string(out.path().join("phantom-moderate.report.svg")).unwrap();
    for words in &expected {
        assert!(svg.contains(words.as_str()), "{words} is not in the SVG");
    }
    assert!(svg.contains("@font-face") && svg.contains("#111316"), "typefaces within, dark ground");
    assert_eq!(svg.matches("://").count(), 1, "only the name of the format");
    let pdf = out.path().join("phantom-moderate.report.pdf");
    let bytes = fs::read(&pdf).unwrap();
    let has = |what: &[u8]| bytes.windows(what.len()).filter(|some| *some == what).count();
    assert!(bytes.starts_with(b"%PDF-") && has(b"/FontFile") >= 2 && has(b"/DCTDecode") >= 3);
    assert!(has(b"/ToUnicode") >= 2 && has(b"Report: phantom-moderate.jpg") >= 1);
    if let Some(said) = asked("pdftotext", &["-layout"], &pdf, &["-"]) {
        expected.retain(|words| !said.contains(words.as_str()));
        assert!(expected.is_empty(), "{expected:?} are not in\n{said}");
        assert_eq!(said.matches('\u{c}').count(), 1, "one page");
    }
    for name in ["report.svg", "legend.svg"] {
        asked("xmllint", &["--noout"], &out.path().join(format!("phantom-moderate.{name}")), &[]);
    }
}

/// The same files but for what date and clock say.
fn are_the_same(first: &Path, second: &Path) {
    assert_eq!(files(first), files(second));
    for name in files(first) {
        let (a, b) = (fs::read(first.join(&name)).unwrap(), fs::read(second.join(&name)).unwrap());
        if name.ends_with(".json") {
            let timeless = |bytes: &[u8]| {
                let mut record: serde_json::Value = serde_json::from_slice(bytes).unwrap();
                for key in ["date", "timings_ms"] {
                    record.as_object_mut().unwrap().remove(key);
                }
                record
            };
            assert_eq!(timeless(&a), timeless(&b));
        } else if name.contains(".report.") {
            assert!(!b.is_empty());
        } else {
            assert!(a == b, "{name} differs");
        }
    }
}

#[test]
fn a_record_is_repeated_bit_for_bit() {
    let (models, folder) = (common::small_models(), tempfile::tempdir().unwrap());
    let colour = picture(&folder.path().join("colour.png"));
    let grey = folder.path().join("grey.png");
    ImageBuffer::from_fn(70, 90, |x, y| Luma([(x * 700 + y * 31) as u16])).save(&grey).unwrap();
    let small = ["--model", "small"];
    let runs: [(&Path, &[&str]); 4] = [
        (&colour, &["--report", "both", "--legend-svg"]),
        (
            &colour,
            &[
                "--rule",
                "deconvnet",
                "--compare-rule",
                "linear",
                "--evidence",
                "against",
                "--magnitude",
                "signed",
                "--smoothing",
                "1.7",
                "--class",
                "1",
                "--cam",
                "grad-cam",
                "--cam-opacity",
                "0.31",
                "--threshold",
                "0.07",
                "--cam-colours",
                "cividis",
                "--clear-opacity",
                "0.9",
                "--gain",
                "2.3",
                "--clear-over-input",
                "--without",
                "0",
                "--palette",
                "paper",
                "--no-box",
                "--record-paths",
            ],
        ),
        (&grey, &["--window", "20000.3,17000.7", "--invert", "--no-layers"]),
        (&grey, &["--cam", "hires-cam"]),
    ];
    for (at, (file, words)) in runs.into_iter().enumerate() {
        let [first, second] = ["a", "b"].map(|name| folder.path().join(format!("{name}{at}")));
        explain(models.path(), &first).args(small).args(words).arg(file).assert().success();
        let name = file.file_stem().unwrap().to_string_lossy();
        let from = first.join(format!("{name}.json"));
        let mut again = explain(models.path(), &second);
        again.arg("--from").arg(&from);
        if !words.contains(&"--record-paths") {
            // The record names no folder, and the picture is not beside it.
            again.assert().code(2).stderr(contains(format!("its picture `{name}.png` is not beside it")));
            again.arg(file);
        }
        again.assert().success();
        are_the_same(&first, &second);
    }
}

#[test]
fn another_picture_another_model_or_a_strange_record_is_refused_in_words() {
    let (models, folder) = (common::small_models(), tempfile::tempdir().unwrap());
    let (file, out) = (picture(&folder.path().join("p.png")), folder.path().join("out"));
    explain(models.path(), &out).args(["--model", "small", "--no-layers"]).arg(&file).assert().success();
    let good = fs::read_to_string(out.join("p.json")).unwrap();
    let again = |record: &str, more: &[&str]| {
        let place = folder.path().join("p.json");
        fs::write(&place, record).unwrap();
        explain(models.path(), &folder.path().join("again")).arg("--from").arg(&place).args(more).assert()
    };
    let refused = |record: &str, says: &str| {
        again(record, &[]).code(2).stderr(contains(says.to_owned()).and(contains("panic").not()));
    };
    again(&good, &[PHANTOM]).code(2).stderr(contains("this is not the picture of the record"));
    again(&good, &["--rule", "linear"]).code(2).stderr(contains("cannot be used with"));
    let sum = record(&out, "p")["model_sha256"].as_str().unwrap().to_owned();
    refused(&good.replace(&sum, &"0".repeat(64)), "the model of that name here has others");
    let changed = |change: fn(&mut serde_json::Value)| {
        let mut record: serde_json::Value = serde_json::from_str(&good).unwrap();
        change(&mut record);
        record.to_string()
    };
    refused(
        &changed(|record| record["settings"]["rule"] = "sideways".into()),
        "unknown variant `sideways`, expected one of",
    );
    refused(&changed(|record| record["settings"]["shown_class"] = 99.into()), "it shows class 99 of a model with");
    refused(&changed(|record| record["settings"]["smoothing_px"] = 1e9.into()), "must lie between 0 and 64");
    refused(&changed(|record| record["style"]["cam"]["opacity"] = (-1).into()), "style.cam.opacity is -1");
    refused(&changed(|record| record["classes"][0]["name"] = "x".into()), "its classes are others");
    refused(&changed(|record| record["frame"] = 0.into()), "frames are counted from 1");
    refused(&changed(|record| record["file"] = "../p.png".into()), "is not beside it");
    refused("{\"file\": 1}", "this is no record that can be repeated");
    refused(&"[".repeat(100_000), "this is no record that can be repeated");
    refused(&" ".repeat(5 << 20), "cannot read the record");
    again(&good, &[]).success();
}
