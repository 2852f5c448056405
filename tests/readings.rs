//! `fovea readings` as a user runs it: its summary, its tables, and what it refuses.
#![allow(clippy::unwrap_used)] // A panic is how a test fails.

use std::collections::HashMap;
use std::fs;
use std::path::{Path, PathBuf};

use assert_cmd::Command;
use fovea::reading::{Answer, Change, FrameOf, Identity, Judgement, Reading, ReadingFile, ReadingsHeader};
use predicates::prelude::*;
use predicates::str::contains;

fn readings(file: &Path) -> Command {
    let mut command = Command::cargo_bin("fovea").unwrap();
    // The user's own models must not reach into the tests.
    command.env("XDG_DATA_HOME", "/nonexistent").env("HOME", "/nonexistent").arg("readings").arg(file);
    command
}

fn head(reader: &str, opened: &Path) -> ReadingsHeader {
    let classes = ["none", "mild", "moderate"].map(str::to_owned).to_vec();
    let created = "2026-01-02T03:04:05Z".to_owned();
    let (reader, opened, model) = (reader.to_owned(), vec![opened.to_owned()], "retina-dr".to_owned());
    ReadingsHeader { reader, opened, model, classes, ordered: true, blind: true, created }
}

fn answer(class: usize) -> Answer {
    Answer {
        model: "ab".repeat(32),
        class,
        probability: 0.7,
        probabilities: vec![0.1, 0.2, 0.7],
        headline: "Referable: yes".into(),
        gradable: Some(true),
        is_refused: false,
        agrees: Some(true),
    }
}

/// Six patients with two pictures each; `grade` is what the reader says of the nth picture.
fn day(folder: &Path, reader: &str, grade: impl Fn(usize) -> Option<usize>) -> PathBuf {
    fs::create_dir_all(folder).unwrap();
    let file = folder.join(format!("{reader}.fovea"));
    let mut kept = ReadingFile::create(&file, &head(reader, folder)).unwrap();
    let of = |n: usize| FrameOf { path: folder.join(format!("Huber-{}/{}.png", n / 2, n % 2)), frame: 0 };
    let identity = |n: usize| Identity { patient: format!("Huber-{}", n / 2), ..Identity::default() };
    let mut changes = vec![Change::Pictures((0..12).map(|n| (of(n), identity(n))).collect())];
    for n in 0..11 {
        let class = grade(n);
        let judgement = Some(if class == Some(n % 3) { Judgement::Accepted } else { Judgement::Overruled });
        let (ungradable, answer_seen_before) = (class.is_none(), n == 10);
        let comment = if n == 0 { "=HYPERLINK(\"x\")".to_owned() } else { String::new() };
        let reading = Reading { class, ungradable, answer_seen_before, judgement, comment, ..Reading::default() };
        changes.extend([Change::Answer(of(n), answer(n % 3)), Change::Seen(of(n), 11 - n as u32)]);
        changes.push(Change::Reading(of(n), reading));
    }
    kept.keep_all(&changes).unwrap();
    file
}

fn rows(csv: &Path) -> Vec<HashMap<String, String>> {
    csv::Reader::from_path(csv).unwrap().deserialize().map(Result::unwrap).collect()
}

#[test]
fn a_day_is_summed_up_and_given_as_tables() {
    let folder = tempfile::tempdir().unwrap();
    let file = day(folder.path(), "eva", |n| (n != 3).then_some(if n == 0 { 1 } else { n % 3 }));
    let (csv, json) = (folder.path().join("day.csv"), folder.path().join("day.json"));
    let run = || {
        let mut run = readings(&file);
        run.arg("--csv").arg(&csv).arg("--json").arg(&json);
        run
    };
    let says = contains("read 11 of 12 pictures of 6 patients: 1 ungradable, 0 flagged")
        .and(contains("the answer accepted 9, overruled 2"))
        .and(contains("before seeing the model's answer: 9 pictures of 5 patients"))
        .and(contains("accuracy 0.889"))
        .and(contains("after seeing the model's answer: 1 picture of 1 patient\n"))
        .and(contains("left out: 1"));
    run().assert().success().stdout(says);
    let table = rows(&csv);
    assert_eq!((table.len(), table[0]["patient"].as_str(), table[0]["file"].as_str()), (12, "1", "patient-1/0.png"));
    assert_eq!((table[0]["comment"].as_str(), table[0]["grade_name"].as_str()), ("'=HYPERLINK(\"x\")", "mild"));
    assert_eq!((table[0]["order"].as_str(), table[11]["grade"].as_str()), ("11", ""));
    let text = fs::read_to_string(&json).unwrap() + &fs::read_to_string(&csv).unwrap();
    assert!(!text.contains("Huber") && !text.contains(folder.path().to_str().unwrap()), "{text}");
    let value: serde_json::Value = serde_json::from_slice(&fs::read(&json).unwrap()).unwrap();
    let blind = &value["agreement_with_model"]["blind"];
    assert_eq!((&blind["n"], &blind["confusion"][0][0], &value["reader"]), (&9.into(), &2.into(), &"eva".into()));
    // What is there stays, unless it may go.
    run().assert().failure().code(2).stderr(contains("exists already; give --force"));
    run().args(["--force", "--with-patients"]).assert().success();
    assert_eq!(rows(&csv)[0]["file"], "Huber-0/0.png");
}

#[test]
fn two_readers_are_held_against_each_other() {
    let folder = tempfile::tempdir().unwrap();
    let eva = day(&folder.path().join("here"), "eva", |n| Some(n % 3));
    let ben = day(&folder.path().join("there"), "ben", |n| (n != 1).then_some(if n < 4 { 2 } else { n % 3 }));
    let says = contains("eva (rows) and ben (columns), 12 pictures in both lists")
        .and(contains("accuracy 0.778").and(contains("left out: 1 (not graded by one of the two)")));
    readings(&eva).arg("--against").arg(&ben).assert().success().stdout(says);
}

#[test]
fn what_is_no_file_of_readings_or_in_the_way_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let other = folder.path().join("other.fovea");
    readings(&other).assert().failure().code(2).stderr(contains("other.fovea: there is no such file"));
    fs::write(&other, "grade,1\n".repeat(40)).unwrap();
    readings(&other).assert().failure().code(2).stderr(contains("it is no file of readings"));
    let eva = day(folder.path(), "eva", |n| Some(n % 3));
    let before = fs::read(&eva).unwrap();
    let onto = readings(&eva).arg("--force").arg("--csv").arg(&eva).assert();
    onto.failure().code(2).stderr(contains("is an input file"));
    assert_eq!(fs::read(&eva).unwrap(), before);
    let held = ReadingFile::open(&eva).unwrap();
    readings(&eva).assert().failure().code(2).stderr(contains("another window or program has it open"));
    drop(held);
    readings(&eva).assert().success();
}
