//! The program as a user runs it: what it prints, which files it writes, and with which status it ends.
#![allow(clippy::unwrap_used, clippy::print_stderr)] // A panic is how a test fails.

mod common;

use std::fs;
use std::path::Path;

use assert_cmd::Command;
use common::{files, picture};
use image::{ImageFormat, Rgb, RgbImage};
use ndarray::{Ix2, Ix3, OwnedRepr};
use ndarray_npy::NpzReader;
use predicates::prelude::*;
use predicates::str::contains;

const PHANTOM: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/assets/samples/phantom-moderate.jpg");

fn fovea() -> Command {
    let mut command = Command::cargo_bin("fovea").unwrap();
    // The user's own models must not reach into the tests.
    command.env("XDG_DATA_HOME", "/nonexistent").env("HOME", "/nonexistent");
    command
}

/// `fovea explain … --device cpu --out OUT`.
fn explain(out: &Path) -> Command {
    let mut command = fovea();
    command.args(["explain", "--device", "cpu", "--out"]).arg(out);
    command
}

/// The same by the small model among `models`.
fn explain_small(models: &tempfile::TempDir, out: &tempfile::TempDir) -> Command {
    let mut command = explain(out.path());
    command.arg("--models").arg(models.path()).args(["--model", "small"]);
    command
}

#[test]
fn an_unfit_photograph_says_so_above_any_grade() {
    let out = tempfile::tempdir().unwrap();
    let dark = out.path().join("dark.png");
    let mut darker = image::open(PHANTOM).unwrap().to_rgb8();
    darker.iter_mut().for_each(|v| *v = (f32::from(*v) * 0.15) as u8);
    darker.save(&dark).unwrap();
    let line = contains("dark.png  not gradable: too dark").and(contains("phantom-moderate.jpg  not").not());
    explain(out.path()).arg(PHANTOM).arg(&dark).assert().success().stdout(line);
    let record = |name: &str| -> serde_json::Value {
        serde_json::from_slice(&fs::read(out.path().join(name)).unwrap()).unwrap()
    };
    let (fit, unfit) = (record("phantom-moderate.json"), record("dark.json"));
    assert_eq!(
        (&fit["gradable"], &fit["quality"], &fit["reasons"]),
        (&true.into(), &"good".into(), &serde_json::json!([]))
    );
    assert_eq!(
        (&unfit["gradable"], &unfit["quality"], &unfit["reasons"][0]),
        (&false.into(), &"reject".into(), &"too dark".into())
    );
    let hatched =
        |name: &str| image::open(out.path().join(name)).unwrap().to_rgba8().pixels().filter(|p| p.0[3] > 0).count();
    let area = 1424 * 946;
    assert!(hatched("dark.ungradable.png") > area / 4 && hatched("phantom-moderate.ungradable.png") < area / 20);
    // A model that does not judge quality says nothing of it.
    let digit = tempfile::tempdir().unwrap();
    explain(digit.path()).args(["--model", "mnist"]).arg(&dark).assert().success().stdout(contains("gradable").not());
    let record: serde_json::Value = serde_json::from_slice(&fs::read(digit.path().join("dark.json")).unwrap()).unwrap();
    assert!(
        record["gradable"].is_null()
            && record["quality"].is_null()
            && !digit.path().join("dark.ungradable.png").exists()
    );
}

#[test]
fn a_photograph_gives_its_grade_maps_panel_and_record() {
    let out = tempfile::tempdir().unwrap();
    explain(out.path()).arg(PHANTOM).assert().success().stdout(contains("phantom-moderate.jpg").and(contains(" ms\n")));

    let record: serde_json::Value =
        serde_json::from_slice(&fs::read(out.path().join("phantom-moderate.json")).unwrap()).unwrap();
    for field in ["file", "model", "model_sha256", "device", "version", "settings", "boxes", "timings_ms"] {
        assert!(!record[field].is_null(), "{field}");
    }
    let classes = record["classes"].as_array().unwrap();
    assert_eq!(classes.len(), 5);
    let sum = |what: &str| classes.iter().map(|c| c[what].as_f64().unwrap()).sum::<f64>();
    assert!((sum("probability") - 1.0).abs() < 1e-5 && (sum("response_share") - 1.0).abs() < 1e-5);
    let decided = record["decided"].as_u64().unwrap() as usize;
    assert_eq!(record["settings"]["shown_class"], decided);
    for region in [&record["boxes"][0], &record["cam_box"]] {
        assert_eq!(region["class"], classes[decided]["name"]);
        let edge = |at: &str, length: &str| region[at].as_u64().unwrap() + region[length].as_u64().unwrap();
        assert!(edge("x", "width") <= 1424 && edge("y", "height") <= 946, "{region}");
    }

    let npz = fs::File::open(out.path().join("phantom-moderate.npz")).unwrap();
    let mut npz = NpzReader::new(npz).unwrap();
    let cam = npz.by_name::<OwnedRepr<f32>, Ix3>("cam").unwrap();
    let response = npz.by_name::<OwnedRepr<f32>, Ix3>("response").unwrap();
    let source_from_model = npz.by_name::<OwnedRepr<f64>, Ix2>("source_from_model").unwrap();
    assert_eq!((cam.dim(), response.dim()), ((5, 32, 32), (5, 512, 512)));
    assert!(response.iter().all(|v| *v >= 0.0) && response.iter().any(|v| *v > 0.0));
    let (x, y) = (
        source_from_model[[0, 0]] * 256.0 + source_from_model[[0, 2]],
        source_from_model[[1, 1]] * 256.0 + source_from_model[[1, 2]],
    );
    assert!((x - 712.0).abs() < 8.0 && (y - 473.0).abs() < 8.0, "the retina's middle is the picture's: {x}, {y}");

    for layer in ["cam-0", "cam-4", "response-0", "response-4", "cam-overlay", "clear-dr", "clear-dr-overlay"] {
        let path = out.path().join(format!("phantom-moderate.{layer}.png"));
        assert_eq!(image::image_dimensions(&path).unwrap(), (1424, 946), "{layer}");
    }
    assert!(image::image_dimensions(out.path().join("phantom-moderate.panel.png")).unwrap().0 > 2000);
}

#[test]
fn two_runs_give_the_same_maps() {
    let (a, b) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    for out in [&a, &b] {
        explain(out.path()).arg(PHANTOM).arg("--no-layers").assert().success();
    }
    let read = |out: &tempfile::TempDir, ending: &str| {
        fs::read(out.path().join(format!("phantom-moderate.{ending}"))).unwrap()
    };
    assert!(read(&a, "npz") == read(&b, "npz") && read(&a, "panel.png") == read(&b, "panel.png"));
}

#[test]
fn rule_magnitude_and_class_are_taken_and_recorded() {
    let (models, out, work) = (common::small_models(), tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let file = picture(&work.path().join("p.png"));
    explain_small(&models, &out)
        .args(["--rule", "gated", "--magnitude", "signed", "--class", "class 2"])
        .arg(file)
        .assert()
        .success();
    let record: serde_json::Value = serde_json::from_slice(&fs::read(out.path().join("p.json")).unwrap()).unwrap();
    assert_eq!(record["settings"]["rule"], "gated");
    assert_eq!(record["settings"]["magnitude"], "signed");
    assert_eq!(record["settings"]["shown_class"], 2);
    let mut npz = NpzReader::new(fs::File::open(out.path().join("p.npz")).unwrap()).unwrap();
    let response = npz.by_name::<OwnedRepr<f32>, Ix3>("response").unwrap();
    assert!(response.iter().any(|v| *v < 0.0), "signed means signed");
}

#[test]
fn two_rules_are_compared_in_panel_layer_and_record() {
    let (models, out, work) = (common::small_models(), tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let file = picture(&work.path().join("p.png"));
    let run = |more: &[&str]| explain_small(&models, &out).args(more).arg(&file).assert();
    run(&[]).success();
    let alone = record(out.path(), "p");
    let height = || image::image_dimensions(out.path().join("p.panel.png")).unwrap().1;
    let low = height();
    assert!(alone["settings"]["compare_rule"].is_null() && !out.path().join("p.difference.png").exists());
    run(&["--compare-rule", "guided", "--force"]).success();
    let both = record(out.path(), "p");
    assert_ne!(alone["made_with"], both["made_with"]);
    assert_eq!(both["settings"]["compare_rule"], "guided");
    let shares = |record: &serde_json::Value, what: &str| -> Vec<f64> {
        record["classes"].as_array().unwrap().iter().filter_map(|class| class[what].as_f64()).collect()
    };
    assert_eq!(shares(&alone, "response_share"), shares(&both, "response_share"));
    let other = shares(&both, "compared_response_share");
    assert!((other.iter().sum::<f64>() - 1.0).abs() < 1e-6 && other != shares(&both, "response_share"));
    let layer = &both["layers"][4];
    assert_eq!((&layer["name"], &layer["scale"]["low"]), (&"difference".into(), &(-1.0).into()));
    assert!(height() > low + 400, "a second row");
    assert_eq!(image::image_dimensions(out.path().join("p.difference.png")).unwrap(), (60, 50));
    run(&["--compare-rule", "linear"]).code(2).stderr(contains("so is the rule in use"));
}

/// What a PNG file says of itself under `key`.
fn text_in(path: &Path, key: &str) -> Option<String> {
    let reader = png::Decoder::new(std::io::BufReader::new(fs::File::open(path).unwrap())).read_info().unwrap();
    let text = reader.info().utf8_text.iter().find(|text| text.keyword == key)?;
    text.get_text().ok()
}

#[test]
fn one_scale_holds_for_the_cams_of_all_classes_and_titles_name_another_rule() {
    let (models, out, work) = (common::small_models(), tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let file = picture(&work.path().join("p.png"));
    let drawn = ["--rule", "gated", "--cam-colours", "grey", "--threshold", "0", "--cam-opacity", "1"];
    explain_small(&models, &out).args(drawn).arg(file).assert().success();
    let record = record(out.path(), "p");
    let reach = record["cam_scale"]["high"].as_f64().unwrap();
    assert_eq!(record["cam_scale"]["low"].as_f64().unwrap(), -reach);
    let mut npz = NpzReader::new(fs::File::open(out.path().join("p.npz")).unwrap()).unwrap();
    let cam = npz.by_name::<OwnedRepr<f32>, Ix3>("cam").unwrap();
    let mut brightest = Vec::new();
    for (class, map) in cam.outer_iter().enumerate() {
        let most = f64::from(map.iter().copied().fold(0.0f32, f32::max));
        let layer = image::open(out.path().join(format!("p.cam-{class}.png"))).unwrap().into_rgba8();
        let light = layer.pixels().map(|pixel| pixel.0[0]).max().unwrap();
        // From black over mid grey at 0 to white at the end of the scale.
        assert!(f64::from(light) <= 255.0 * (0.5 + 0.5 * most / reach) + 1.0, "class {class}: {light} for {most}");
        brightest.push(light);
    }
    assert!(brightest.iter().max() > brightest.iter().min(), "{brightest:?}");
    let title = text_in(&out.path().join("p.clear-dr.png"), "Title").unwrap();
    assert_eq!(title, "CLEAR (gated): dominant class and response");
    assert_eq!(record["layers"][2]["title"], title);
}

#[test]
fn an_empty_map_says_so_in_the_panel() {
    let out = tempfile::tempdir().unwrap();
    // This model's maps are never negative.
    explain(out.path()).args(["--no-layers", "--evidence", "against", PHANTOM]).assert().success();
    let panel = image::open(out.path().join("phantom-moderate.panel.png")).unwrap().into_rgb8();
    let white = |left: u32| (520..680).any(|y| (left..left + 720).any(|x| panel.get_pixel(x, y).0 == [238, 240, 242]));
    assert!(white(40 + 2 * 744), "the third view");
    assert!(!white(40), "the first");
}

#[test]
fn nothing_is_replaced_without_force() {
    let (models, out, work) = (common::small_models(), tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let file = picture(&work.path().join("p.png"));
    let run = |more: &[&str]| explain_small(&models, &out).args(more).arg(&file).assert();
    run(&[]).success();
    let before = fs::read(out.path().join("p.json")).unwrap();
    run(&[]).success().stdout(contains("p.png  already explained"));
    run(&["--gain", "2"]).code(2).stderr(contains("exists already").and(contains("--force")));
    assert_eq!(fs::read(out.path().join("p.json")).unwrap(), before);
    run(&["--force"]).success();
}

#[test]
fn a_folder_goes_on_past_a_bad_file_and_says_so() {
    let (models, out, work) = (common::small_models(), tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    picture(&work.path().join("a.png"));
    fs::write(work.path().join("b.jpg"), "no picture").unwrap();
    picture(&work.path().join("c.png"));
    fs::write(work.path().join("notes.txt"), "not a picture and not meant to be").unwrap();
    explain_small(&models, &out)
        .args(["--no-layers"])
        .arg(work.path())
        .assert()
        .code(2)
        .stdout(contains("a.png").and(contains("c.png")))
        .stderr(contains("1 of 3 pictures failed").and(contains("b.jpg")));
    assert_eq!(files(out.path()), ["a.json", "a.npz", "a.panel.png", "c.json", "c.npz", "c.panel.png"]);
}

#[test]
fn equal_names_in_two_folders_do_not_meet() {
    let (models, out, work) = (common::small_models(), tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    for folder in ["left", "right"] {
        fs::create_dir(work.path().join(folder)).unwrap();
        picture(&work.path().join(folder).join("p.png"));
    }
    let mut command = explain_small(&models, &out);
    command.arg("--no-layers").arg(work.path());
    command.assert().success();
    assert_eq!(files(out.path()).iter().filter(|name| name.ends_with(".json")).count(), 2);
}

/// Runs `explain` on one file of `bytes` and returns the single line it complains with.
fn complaint(name: &str, bytes: &[u8]) -> String {
    let (out, work) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let file = work.path().join(name);
    fs::write(&file, bytes).unwrap();
    let assert = explain(out.path()).arg(&file).assert().code(2);
    assert!(files(out.path()).is_empty(), "no file is written");
    let text = String::from_utf8_lossy(&assert.get_output().stderr).into_owned();
    let lines: Vec<&str> = text.lines().filter(|line| line.starts_with("error:")).collect();
    assert_eq!(lines.len(), 1, "{text}");
    assert!(lines[0].contains(name), "{text}");
    lines[0].to_owned()
}

fn encoded(format: ImageFormat) -> Vec<u8> {
    let mut bytes = std::io::Cursor::new(Vec::new());
    let picture = RgbImage::from_fn(200, 150, |x, y| Rgb([x as u8, y as u8, (x * y) as u8]));
    picture.write_to(&mut bytes, format).unwrap();
    bytes.into_inner()
}

#[test]
fn bad_files_get_one_sentence_and_status_two() {
    assert!(complaint("empty.jpg", b"").contains("empty"));
    assert!(complaint("text.png", b"this is no picture at all").contains("not a picture"));
    for (name, format) in [
        ("cut.png", ImageFormat::Png),
        ("cut.jpg", ImageFormat::Jpeg),
        ("cut.bmp", ImageFormat::Bmp),
        ("cut.tif", ImageFormat::Tiff),
        ("cut.webp", ImageFormat::WebP),
    ] {
        let whole = encoded(format);
        let text = complaint(name, &whole[..whole.len() * 2 / 3]);
        assert!(text.contains("cut off") || text.contains("damaged"), "{text}");
        complaint(name, &whole[..12.min(whole.len())]);
    }
}

#[test]
fn lying_headers_are_not_believed() {
    let mut huge = encoded(ImageFormat::Bmp);
    huge[18..22].copy_from_slice(&60_000i32.to_le_bytes());
    huge[22..26].copy_from_slice(&60_000i32.to_le_bytes());
    let text = complaint("huge.bmp", &huge);
    assert!(text.contains("million pixels"), "{text}");
    let mut none = encoded(ImageFormat::Bmp);
    none[18..26].fill(0);
    complaint("none.bmp", &none);
}

#[test]
fn a_black_picture_has_no_retina() {
    let mut bytes = std::io::Cursor::new(Vec::new());
    RgbImage::new(300, 200).write_to(&mut bytes, ImageFormat::Png).unwrap();
    assert!(complaint("black.png", &bytes.into_inner()).contains("no lit retina"));
}

#[test]
fn wrong_requests_are_answered_by_name() {
    let out = tempfile::tempdir().unwrap();
    let says = |arguments: &[&str], text: &str| {
        explain(out.path()).args(arguments).assert().code(2).stderr(contains(text.to_owned()));
    };
    says(&["/no/such/file.jpg"], "no such file");
    says(&[PHANTOM, "--model", "retina-xx"], "there is no model `retina-xx`");
    says(&[PHANTOM, "--class", "7"], "has no class `7`");
    says(&[PHANTOM, "--rule", "sideways"], "sideways");
    says(&[PHANTOM, "--models", "/no/such/folder"], "/no/such/folder");
    let empty = tempfile::tempdir().unwrap();
    says(&[empty.path().to_str().unwrap()], "holds no picture");
    assert!(files(out.path()).is_empty());
}

#[test]
fn a_place_that_cannot_be_written_is_named() {
    let work = tempfile::tempdir().unwrap();
    let taken = work.path().join("taken");
    fs::write(&taken, "a file where a folder should be").unwrap();
    explain(&taken).arg(PHANTOM).assert().code(2).stderr(contains("cannot write").and(contains("taken")));
}

#[test]
fn models_and_devices_are_listed() {
    fovea()
        .arg("models")
        .assert()
        .success()
        .stdout(contains("retina-dr").and(contains("mnist")).and(contains("baseline")));
    fovea().args(["models", "retina-dr"]).assert().success().stdout(contains("intended-use").and(contains("limits")));
    fovea().arg("devices").assert().success().stdout(contains("CPU (Flex").and(contains("<- auto")));
}

#[cfg(target_os = "linux")]
#[test]
fn what_is_kept_of_earlier_grading_is_told_and_cleared() {
    let work = tempfile::tempdir().unwrap();
    let cache = |argument: &[&str]| {
        let mut command = fovea();
        command.env("XDG_CACHE_HOME", work.path()).arg("cache").args(argument);
        command.assert()
    };
    let file = work.path().join("fovea/results.sqlite");
    cache(&["--where"]).success().stdout(format!("{}\n", file.display()));
    cache(&[]).success().stdout(contains("0 answers in"));
    cache(&["--clear"]).success().stdout(contains("cleared 0 answers"));
    assert!(!file.exists(), "asking makes no file");
    fs::create_dir_all(file.parent().unwrap()).unwrap();
    fs::write(&file, "no database").unwrap();
    cache(&["--clear"]).success();
    cache(&["--clear", "--where"]).code(2);
}

#[test]
fn without_a_display_the_window_says_so() {
    for arguments in [&[][..], &["picture.png"]] {
        let mut command = fovea();
        command.env_remove("DISPLAY").env_remove("WAYLAND_DISPLAY").env_remove("WAYLAND_SOCKET").args(arguments);
        command.assert().code(2).stderr(contains("no display").and(contains("fovea explain")));
    }
}

const CHEST: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/assets/chest-samples/phantom-chest-clear.dcm");

fn record(out: &Path, name: &str) -> serde_json::Value {
    serde_json::from_slice(&fs::read(out.join(format!("{name}.json"))).unwrap()).unwrap()
}

#[test]
fn a_radiograph_is_read_and_its_window_recorded() {
    let out = tempfile::tempdir().unwrap();
    let run = explain(out.path()).args(["--model", "cxr-pneumonia", CHEST]).assert().success();
    run.stdout(contains("phantom-chest-clear.dcm").and(contains("Not a picture").not()));
    let record = record(out.path(), "phantom-chest-clear");
    assert_eq!((record["window"]["centre"].as_f64(), record["window"]["width"].as_f64()), (Some(1650.0), Some(2600.0)));
    assert!(record["warnings"].is_null());
    let written = fs::read(out.path().join("phantom-chest-clear.json")).unwrap();
    assert!(!String::from_utf8_lossy(&written).contains("PHANTOM"), "no patient's name");
    explain(out.path())
        .args(["--force", "--frame", "2", CHEST])
        .assert()
        .code(2)
        .stderr(contains("has no frame 2; it has 1"));
    explain(out.path()).args(["--window", "40", CHEST]).assert().code(2).stderr(contains("centre and width"));
}

#[test]
fn a_picture_of_another_kind_gets_no_answer_until_somebody_asks() {
    let (held, asked) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let chest = |out: &Path| {
        let mut command = explain(out);
        command.args(["--model", "cxr-pneumonia", "--no-layers", PHANTOM]);
        command
    };
    let refusal = || contains("Not a picture for this model").and(contains("retina-dr reads such pictures"));
    let names_a_class = || contains("Normal").or(contains("pneumonia  P("));
    chest(held.path()).assert().success().stdout(refusal().and(names_a_class().not()));
    let refused = record(held.path(), "phantom-moderate");
    assert_eq!((&refused["gate"]["passes"], &refused["gate"]["instead"]), (&false.into(), &"retina-dr".into()));
    assert!(refused["gate"]["says"].as_str().unwrap().contains("a child's chest X-ray"), "{refused}");
    assert_eq!(refused["report"]["is_refused"], true);
    assert_eq!(refused["classes"].as_array().unwrap().len(), 3, "the verdict stays, for research");
    assert!(refused["decided"].is_u64());

    let run = chest(asked.path()).arg("--answer-anyway").assert().success();
    run.stdout(names_a_class().and(refusal().not())).stderr(refusal());
    let answered = record(asked.path(), "phantom-moderate");
    assert_eq!((&answered["gate"], &answered["decided"]), (&refused["gate"], &refused["decided"]));
    assert_eq!(answered["report"]["is_refused"], false);
    // The report panel of what is held back is the photograph alone, without maps and legend.
    let panel = |out: &Path| image::open(out.join("phantom-moderate.panel.png")).unwrap().to_rgb8();
    let (without, with) = (panel(held.path()), panel(asked.path()));
    assert_eq!(without.width(), with.width());
    assert!(without.height() + 80 < with.height(), "{:?} {:?}", without.dimensions(), with.dimensions());
    let right =
        |picture: &image::RgbImage| (1000..2200).all(|x| picture.get_pixel(x, 500) == picture.get_pixel(999, 500));
    assert!(right(&without) && !right(&with));
    // What was refused is not passed over once an answer is asked for.
    chest(held.path()).args(["--answer-anyway", "--resume", "--force"]).assert().success().stdout(names_a_class());

    let own = tempfile::tempdir().unwrap();
    explain(own.path()).args(["--model", "cxr-pneumonia", "--no-layers", CHEST]).assert().success();
    assert_eq!(record(own.path(), "phantom-chest-clear")["gate"], serde_json::json!({ "passes": true }));
}

#[test]
fn a_file_that_says_it_is_a_shin_is_refused_by_the_chest() {
    let (out, work) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let mut bytes = fs::read(CHEST).unwrap();
    let at = bytes.windows(6).position(|part| part == b"CHEST ").unwrap();
    bytes[at..at + 6].copy_from_slice(b"TIBIA ");
    let shin = work.path().join("shin.dcm");
    fs::write(&shin, bytes).unwrap();
    let line = contains("Not a picture for this model: its file says DX, TIBIA");
    explain(out.path()).args(["--model", "cxr-pneumonia", "--no-layers"]).arg(&shin).assert().success().stdout(line);
    let panel = image::open(out.path().join("shin.panel.png")).unwrap().into_rgb8();
    let is_amber = |y: u32| {
        (panel.width() / 2..panel.width()).any(|x| matches!(panel.get_pixel(x, y).0, [200..=255, 120..=220, 0..=140]))
    };
    assert!((34..74).any(is_amber), "the headline is the refusal");
}

#[test]
fn a_record_names_no_folder_and_says_when_of_what_and_in_which_words() {
    let (out, work) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let folder = work.path().join("Doe-Jane");
    fs::create_dir(&folder).unwrap();
    let file = folder.join("eye.jpg");
    fs::copy(PHANTOM, &file).unwrap();
    let run = |more: &[&str]| {
        let mut command = explain(out.path());
        command.arg("--no-layers").args(more).arg(&file);
        command.assert().success()
    };
    run(&[]).stdout(contains("Referable: yes").and(contains("P(grade ≥ 2)")).and(contains("grade 2 Moderate")));
    let written = fs::read_to_string(out.path().join("eye.json")).unwrap();
    assert!(!written.contains("Doe-Jane"), "no folder's name");
    let first = record(out.path(), "eye");
    assert_eq!((&first["file"], first["path"].is_null()), (&"eye.jpg".into(), true));
    let sha256 = fovea::guard::checksum::sha256_hex(&fs::read(&file).unwrap());
    assert_eq!(first["picture_sha256"].as_str(), Some(sha256.as_str()));
    let date = first["date"].as_str().unwrap();
    assert!(date.len() == 20 && date.ends_with('Z') && date.as_bytes()[10] == b'T', "{date}");
    let report = &first["report"];
    assert_eq!((report["headline"].as_str(), report["beneath"].is_string()), (Some("Referable: yes"), true));
    assert!(report["rule"].as_str().unwrap().contains("undecided between"));
    // The drawn moderate picture: 2 is decided, 3 holds most of the response.
    assert_eq!((&first["agreement"]["agrees"], &first["agreement"]["dominant_response"]), (&false.into(), &3.into()));
    assert!(first["agreement"]["says"].as_str().unwrap().contains("3 Severe"));
    assert_eq!(first["gate"]["passes"], true);
    let questions = first["questions"].as_array().unwrap();
    assert!(questions.iter().all(|question| question["answer"] == "yes"), "{questions:?}");
    // The date is no part of what a run is found again by.
    run(&["--resume"]).stderr(contains("1 already explained"));
    run(&["--record-paths", "--force"]);
    assert_eq!(record(out.path(), "eye")["path"].as_str(), file.to_str());
}

#[test]
fn all_cam_layers_of_a_picture_share_one_scale() {
    let out = tempfile::tempdir().unwrap();
    explain(out.path())
        .args(["--threshold", "0", "--cam-opacity", "1", "--cam-colours", "grey", PHANTOM])
        .assert()
        .success();
    let record = record(out.path(), "phantom-moderate");
    let high = record["cam_scale"]["high"].as_f64().unwrap();
    let mut npz = NpzReader::new(fs::File::open(out.path().join("phantom-moderate.npz")).unwrap()).unwrap();
    let cam = npz.by_name::<OwnedRepr<f32>, Ix3>("cam").unwrap();
    let peaks: Vec<f64> = cam.outer_iter().map(|map| f64::from(map.iter().copied().fold(0.0, f32::max))).collect();
    assert!((peaks.iter().copied().fold(0.0, f64::max) - high).abs() < 1e-3 * high, "{peaks:?} {high}");
    // In grey a layer's brightest pixel is its map's peak on that scale.
    for (class, peak) in peaks.iter().enumerate() {
        let layer = image::open(out.path().join(format!("phantom-moderate.cam-{class}.png"))).unwrap().into_rgba8();
        let brightest = layer.pixels().filter(|pixel| pixel.0[3] > 0).map(|pixel| pixel.0[0]).max().unwrap_or(0);
        let expected = 255.0 * peak / high;
        assert!((f64::from(brightest) - expected).abs() < 0.1 * expected + 8.0, "{class}: {brightest} and {expected}");
    }
}

#[test]
fn the_normal_class_has_no_box_and_the_record_says_why() {
    let out = tempfile::tempdir().unwrap();
    explain(out.path()).args(["--class", "0", "--no-layers", PHANTOM]).assert().success();
    let record = record(out.path(), "phantom-moderate");
    assert_eq!((&record["settings"]["shown_class"], &record["boxes"]), (&0.into(), &serde_json::json!([])));
    assert!(record["report"]["box"].as_str().unwrap().contains("nothing was found"));
}
