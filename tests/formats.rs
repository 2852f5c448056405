//! `fovea explain --out-format files|parquet|zarr`: the same answers and maps whichever way they are kept.
#![allow(clippy::unwrap_used)] // A panic is how a test fails.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use assert_cmd::Command;
use ndarray::{Array1, Array2, Array3};
use ndarray_npy::NpzReader;
use parquet::file::reader::{FileReader, SerializedFileReader};
use parquet::record::{Field, Row, RowAccessor};
use predicates::prelude::PredicateBooleanExt;
use predicates::str::contains;
use serde_json::Value;
use zarrs::array::{Array, ElementOwned};
use zarrs::filesystem::FilesystemStore;

mod common;

const MODEL: &str = "small";

/// Pictures that differ.
fn pictures(folder: &Path, numbers: std::ops::Range<u32>) {
    for n in numbers {
        let at = |x: u32, y: u32| image::Rgb([(x * (n + 3)) as u8, (y * 5) as u8, (128 + 9 * n) as u8]);
        image::RgbImage::from_fn(60, 50, at).save(folder.join(format!("eye-{n:02}.png"))).unwrap();
    }
}

/// `fovea explain` of what lies in `pictures`, as `format` in `out`.
fn explain(models: &Path, pictures: &Path, out: &Path, format: &str) -> Command {
    let mut command = Command::cargo_bin("fovea").unwrap();
    command.arg("explain").arg(pictures).arg("--models").arg(models).args(["--model", MODEL, "--device", "cpu"]);
    command.args(["--no-layers", "--limit", "4", "--out-format", format, "--out"]).arg(out);
    command
}

fn shards(out: &Path, ending: &str) -> PathBuf {
    out.join("shards").join(format!("0001-of-0001.{ending}"))
}

/// The rows of a shard's table by the names of their results.
fn rows(out: &Path) -> BTreeMap<String, Row> {
    let reader = SerializedFileReader::new(std::fs::File::open(shards(out, "parquet")).unwrap()).unwrap();
    let rows = reader.get_row_iter(None).unwrap().map(|row| row.unwrap());
    rows.map(|row| (text(&row, "name").unwrap(), row)).collect()
}

fn cell<'a>(row: &'a Row, column: &str) -> &'a Field {
    row.get_column_iter().find(|(name, _)| *name == column).unwrap_or_else(|| panic!("no column {column}")).1
}

fn text(row: &Row, column: &str) -> Option<String> {
    match cell(row, column) {
        Field::Str(text) => Some(text.clone()),
        Field::Null => None,
        other => panic!("{column}: {other:?}"),
    }
}

fn whole(row: &Row, column: &str) -> Option<u64> {
    match cell(row, column) {
        Field::Long(number) => Some(*number as u64),
        Field::Null => None,
        other => panic!("{column}: {other:?}"),
    }
}

fn record(row: &Row) -> Value {
    serde_json::from_str(&text(row, "record").unwrap()).unwrap()
}

/// What must be equal however it is kept: all but when and how fast it was made, and where the files are.
fn compared(mut record: Value) -> Value {
    for name in ["date", "timings_ms", "files", "maps"] {
        record.as_object_mut().unwrap().remove(name);
    }
    record
}

/// An array of the shard's group: its shape, and its values.
fn array<T: ElementOwned>(out: &Path, name: &str) -> (Vec<usize>, Vec<T>) {
    let store = Arc::new(FilesystemStore::new(shards(out, "zarr")).unwrap());
    let array = Array::open(store, &format!("/{name}")).unwrap();
    let shape = array.shape().iter().map(|side| *side as usize).collect();
    (shape, array.retrieve_array_subset(&array.subset_all()).unwrap())
}

/// The part of an array that is of one picture.
fn of_row<T: Copy>((shape, values): &(Vec<usize>, Vec<T>), row: u64) -> Vec<T> {
    let each: usize = shape[1..].iter().product();
    values[row as usize * each..(row as usize + 1) * each].to_vec()
}

fn bits(values: &[f32]) -> Vec<u32> {
    values.iter().map(|value| value.to_bits()).collect()
}

#[test]
fn a_row_and_arrays_hold_what_the_files_hold_bit_for_bit() {
    let (models, place) = (common::small_models(), tempfile::tempdir().unwrap());
    let pictures_at = place.path().join("pictures");
    std::fs::create_dir(&pictures_at).unwrap();
    pictures(&pictures_at, 0..5);
    let [files, parquet, zarr] = ["files", "parquet", "zarr"].map(|format| {
        let out = place.path().join(format);
        explain(models.path(), &pictures_at, &out, format).assert().success();
        out
    });
    let names = |out: &Path| -> Vec<String> {
        common::files(out).into_iter().filter(|name| !name.starts_with('.') && name != "shards").collect()
    };
    let without = |endings: &[&str]| -> Vec<String> {
        names(&files).into_iter().filter(|name| !endings.iter().any(|ending| name.ends_with(ending))).collect()
    };
    assert_eq!((names(&parquet), names(&zarr)), (without(&[".json"]), without(&[".json", ".npz"])));
    let (rows_of_parquet, rows_of_zarr) = (rows(&parquet), rows(&zarr));
    assert_eq!((rows_of_parquet.len(), rows_of_zarr.len()), (5, 5));
    let (cam, response) = (array::<f32>(&zarr, "cam"), array::<f32>(&zarr, "response"));
    let (held, matrices) = (array::<i64>(&zarr, "response_classes"), array::<f64>(&zarr, "source_from_model"));
    assert_eq!(response.0[0], 5, "a row for each picture, and no more");
    for (name, row) in &rows_of_zarr {
        let written: Value =
            serde_json::from_slice(&std::fs::read(files.join(format!("{name}.json"))).unwrap()).unwrap();
        assert_eq!(compared(record(row)), compared(written.clone()), "{name}");
        assert_eq!(compared(record(&rows_of_parquet[name])), compared(written.clone()), "{name}");
        assert_eq!(text(row, "picture_sha256").as_deref(), written["picture_sha256"].as_str());
        assert_eq!(whole(row, "decided"), written["decided"].as_u64());
        let decided = &written["classes"][written["decided"].as_u64().unwrap() as usize];
        assert_eq!(text(row, "decided_class").as_deref(), decided["name"].as_str());
        let Field::ListInternal(classes) = cell(row, "classes") else { panic!("{row:?}") };
        for (class, known) in classes.elements().iter().zip(written["classes"].as_array().unwrap()) {
            let Field::Group(class) = class else { panic!("{class:?}") };
            let (probability, share) = (class.get_float(2).unwrap(), class.get_double(4).unwrap());
            assert_eq!(probability.to_bits(), (known["probability"].as_f64().unwrap() as f32).to_bits());
            assert_eq!(share.to_bits(), known["response_share"].as_f64().unwrap().to_bits());
        }
        // Maps as files are the same files; those of an array are the same values.
        let npz = std::fs::read(files.join(format!("{name}.npz"))).unwrap();
        assert!(npz == std::fs::read(parquet.join(format!("{name}.npz"))).unwrap(), "{name}");
        let mut npz = NpzReader::new(std::io::Cursor::new(npz)).unwrap();
        let at = whole(row, "maps_row").unwrap();
        let known: Array3<f32> = npz.by_name("cam").unwrap();
        assert_eq!(bits(&of_row(&cam, at)), bits(known.as_slice().unwrap()));
        let known: Array3<f32> = npz.by_name("response").unwrap();
        assert_eq!((&response.0[1..], bits(&of_row(&response, at))), (known.shape(), bits(known.as_slice().unwrap())));
        let known: Array1<i64> = npz.by_name("response_classes").unwrap();
        assert_eq!(of_row(&held, at), known.to_vec());
        let known: Array2<f64> = npz.by_name("source_from_model").unwrap();
        assert_eq!(of_row(&matrices, at), known.as_slice().unwrap());
        assert!(whole(&rows_of_parquet[name], "maps_row").is_none());
    }
    let group = std::fs::read_to_string(shards(&zarr, "zarr").join("zarr.json")).unwrap();
    let group: Value = serde_json::from_str(&group).unwrap();
    assert_eq!(group["attributes"]["classes"].as_array().unwrap().len(), 4);

    // What a row says is a recipe, as what a file says.
    let (name, row) = rows_of_zarr.first_key_value().unwrap();
    let (told, again) = (place.path().join(format!("{name}.json")), place.path().join("again"));
    std::fs::write(&told, text(row, "record").unwrap()).unwrap();
    let mut command = Command::cargo_bin("fovea").unwrap();
    command.args(["explain", "--device", "cpu", "--from"]).arg(&told).arg(pictures_at.join(format!("{name}.png")));
    command.arg("--models").arg(models.path()).arg("--out").arg(&again).assert().success();
    for ending in ["panel.png", "npz"] {
        let read = |folder: &Path| std::fs::read(folder.join(format!("{name}.{ending}"))).unwrap();
        assert!(read(&again) == read(&files), "{ending}");
    }
}

#[test]
fn a_run_goes_on_and_what_was_there_stays() {
    let (models, place) = (common::small_models(), tempfile::tempdir().unwrap());
    let (pictures_at, out) = (place.path().join("pictures"), place.path().join("out"));
    std::fs::create_dir(&pictures_at).unwrap();
    pictures(&pictures_at, 0..3);
    let run = |more: &[&str]| explain(models.path(), &pictures_at, &out, "zarr").args(more).assert();
    run(&[]).success();
    let (before, maps) = (rows(&out), array::<f32>(&out, "response"));

    // As a machine that lost its power would leave it: the last picture was never counted, and its maps are torn.
    let manifest = shards(&out, "jsonl");
    let lines = std::fs::read_to_string(&manifest).unwrap();
    let kept: Vec<&str> = lines.lines().filter(|line| !line.contains("\"eye-02\"")).collect();
    assert_eq!(kept.len() + 1, lines.lines().count());
    std::fs::write(&manifest, kept.join("\n") + "\n").unwrap();
    let torn = whole(&before["eye-02"], "maps_row").unwrap();
    std::fs::write(shards(&out, "zarr").join(format!("response/c.{torn}.0.0.0")), "torn").unwrap();
    // A picture that cannot be read is a row, too, and takes no place among the maps.
    std::fs::write(pictures_at.join("a-bad.png"), "no picture").unwrap();
    pictures(&pictures_at, 3..5);
    run(&["--resume"]).failure().code(2).stderr(contains("a-bad.png"));
    let (after, grown) = (rows(&out), array::<f32>(&out, "response"));
    assert_eq!((after.len(), grown.0[0]), (6, 5));
    for (name, row) in &before {
        assert_eq!(compared(record(&after[name])), compared(record(row)));
        let [then, now] = [row, &after[name]].map(|row| whole(row, "maps_row").unwrap());
        assert_eq!(bits(&of_row(&grown, now)), bits(&of_row(&maps, then)), "{name}");
    }
    let bad = &after["a-bad"];
    assert_eq!((text(bad, "state").as_deref(), text(bad, "record"), whole(bad, "maps_row")), (Some("bad"), None, None));
    assert!(text(bad, "reason").is_some_and(|reason| !reason.is_empty()), "{bad:?}");
    let mut places: Vec<u64> = after.values().filter_map(|row| whole(row, "maps_row")).collect();
    places.sort_unstable();
    assert_eq!(places, [0, 1, 2, 3, 4]);

    // Once more there is nothing to do; other settings have another place.
    std::fs::remove_file(pictures_at.join("a-bad.png")).unwrap();
    run(&["--resume"]).success();
    assert_eq!(rows(&out).len(), 5);
    run(&["--resume", "--evidence", "against"]).failure().stderr(contains("other settings").and(contains("--out")));
    assert_eq!(rows(&out).len(), 5);
}

/// Whenever it is killed: at the end rows and arrays are those of a run that nobody disturbed.
#[test]
fn a_run_that_is_killed_again_and_again_loses_nothing() {
    let (models, place) = (common::small_models(), tempfile::tempdir().unwrap());
    let (pictures_at, out, whole_out) = (place.path().join("p"), place.path().join("out"), place.path().join("whole"));
    std::fs::create_dir(&pictures_at).unwrap();
    pictures(&pictures_at, 0..10);
    explain(models.path(), &pictures_at, &whole_out, "zarr").assert().success();
    for wait_ms in [30, 90, 60, 150] {
        let command = explain(models.path(), &pictures_at, &out, "zarr");
        let mut process = std::process::Command::new(command.get_program());
        process.args(command.get_args()).arg("--resume");
        let (quiet, silent) = (std::process::Stdio::null(), std::process::Stdio::null());
        let mut running = process.stdout(quiet).stderr(silent).spawn().unwrap();
        std::thread::sleep(std::time::Duration::from_millis(wait_ms));
        running.kill().unwrap();
        running.wait().unwrap();
    }
    explain(models.path(), &pictures_at, &out, "zarr").arg("--resume").assert().success();
    let (expected, found) = (rows(&whole_out), rows(&out));
    assert!(expected.keys().eq(found.keys()) && found.len() == 10);
    for name in ["cam", "response"] {
        let (wanted, told) = (array::<f32>(&whole_out, name), array::<f32>(&out, name));
        for (picture, row) in &found {
            let [then, now] = [&expected[picture], row].map(|row| whole(row, "maps_row").unwrap());
            assert_eq!(bits(&of_row(&told, now)), bits(&of_row(&wanted, then)), "{name} of {picture}");
        }
    }
    for (picture, row) in &found {
        assert_eq!(compared(record(row)), compared(record(&expected[picture])));
        assert!(out.join(format!("{picture}.panel.png")).is_file());
    }
    let left: Vec<String> = common::files(&out).into_iter().filter(|name| name.starts_with(".fovea")).collect();
    assert!(left.is_empty(), "{left:?}");
}

/// Of more than ten classes ten go back, and each picture's row says which.
#[test]
fn of_many_classes_each_row_says_which_it_holds() {
    let place = tempfile::tempdir().unwrap();
    let (pictures_at, out, models) = (place.path().join("p"), place.path().join("out"), place.path().join("models"));
    std::fs::create_dir(&pictures_at).unwrap();
    std::fs::create_dir(&models).unwrap();
    pictures(&pictures_at, 0..4);
    let layers =
        r#"layers = [{ kind = "conv", channels = 6, kernel = 3, stride = 2 }, { kind = "classes", kernel = 3 }]"#;
    common::write_bundle(&common::formula_bundle(common::card(layers, [3, 20, 24], 13)), &models.join(MODEL));
    explain(&models, &pictures_at, &out, "zarr").assert().success();
    let (response, held) = (array::<f32>(&out, "response"), array::<i64>(&out, "response_classes"));
    assert_eq!((&response.0[..2], &*held.0), (&[4, 10][..], &[4, 10][..]));
    for row in rows(&out).values() {
        let known: Vec<i64> = serde_json::from_value(record(row)["response_classes"].clone()).unwrap();
        assert_eq!(of_row(&held, whole(row, "maps_row").unwrap()), known);
    }
    assert_eq!(array::<f32>(&out, "cam").0[1], 13);
}
