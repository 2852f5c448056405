//! The program under attack: files made to break it, names made to lead it astray, pipes in the place of files, and the
//! memory that all of it may take. What each reader does is tested beside it; here is what a user sees.
#![cfg(unix)]
#![allow(clippy::unwrap_used)] // A panic is how a test fails.

#[path = "../common/mod.rs"]
mod common;
#[path = "../dicom/file.rs"]
#[allow(dead_code)]
mod file;
mod kills;
mod made;
mod run;

use std::fs;

use common::{files, picture};
use run::{Run, bare};

/// What a run may take besides its limit: the program, a model, and what its network keeps between pictures.
const CONSTANT_MB: u64 = 600;

#[test]
fn a_panic_in_a_decoder_ends_one_picture_and_is_told_once() {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("a.png"), made::palette_of_one_and_a_third()).unwrap();
    picture(&folder.path().join("b.png"));
    let done = Run::explain(folder.path()).arg(folder.path()).done();
    assert_eq!(done.status, 2, "{}", done.errors);
    assert!(done.answers.contains("b.png  ") && done.errors.contains("1 of 2 pictures failed"), "{}", done.errors);
    assert_eq!(done.errors.matches("palette.rs").count(), 1, "told once, with its place: {}", done.errors);
    assert!(done.errors.contains("a.png: a fault of fovea") && !done.errors.contains("RUST_BACKTRACE"));
}

#[test]
fn small_files_take_no_gigabytes() {
    let folder = tempfile::tempdir().unwrap();
    let cases = [
        ("vr.dcm", made::unknown_vr_that_claims_four_gigabytes(), "cut off before its end"),
        ("uc.dcm", made::deflated_text_of_many_values(), "its attributes take more than 8 MiB"),
        ("lo.dcm", made::implicit_text_of_many_values(), "(0018,0015) has"),
        ("ds.dcm", made::windows_without_an_end(), "(0028,1050) has"),
        ("deflated.dcm", made::deflated_deep_picture(11_000), "this picture needs"),
        ("profile.png", made::profile_bomb(), ""),
        ("large.png", made::large_colour_png(12_000), "this picture needs 4."),
    ];
    for (name, bytes, says) in cases {
        let file = folder.path().join(name);
        fs::write(&file, bytes).unwrap();
        let done = Run::explain(folder.path()).arg(&file).done();
        assert!(done.errors.contains(says), "{name}: {}", done.errors);
        assert!(done.peak_mb < CONSTANT_MB, "{name}: {} MB", done.peak_mb);
        assert!(done.seconds < 10.0, "{name}: {} s", done.seconds);
    }
}

#[test]
fn what_a_picture_needs_is_said_and_can_be_raised() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("a.png");
    fs::write(&file, made::large_colour_png(3000)).unwrap();
    let limited = |limit: &str| Run::explain(folder.path()).args(["--limit", limit, "--no-layers"]).arg(&file).done();
    let small = limited("0.1");
    assert!(small.errors.contains("GB of memory, the limit is 0.1; `--limit` raises it"), "{}", small.errors);
    assert_eq!((small.status, limited("0.5").status), (2, 0));
    assert!(limited("nan").errors.contains("between 0.1 and 1024"));
}

#[test]
fn many_large_pictures_share_the_limit() {
    let folder = tempfile::tempdir().unwrap();
    for n in 0..4 {
        fs::write(folder.path().join(format!("{n}.png")), made::large_colour_png(4000)).unwrap();
    }
    let out = tempfile::tempdir().unwrap();
    let done = Run::explain(out.path()).args(["--limit", "0.5", "--no-layers"]).arg(folder.path()).done();
    assert_eq!(done.status, 0, "{}", done.errors);
    assert!(done.peak_mb < 500 + CONSTANT_MB, "{} MB", done.peak_mb);
}

#[test]
fn pipes_devices_and_holes_are_no_pictures_models_or_cards() {
    let folder = tempfile::tempdir().unwrap();
    let (pipe, hole) = (folder.path().join("pipe.png"), folder.path().join("hole.png"));
    assert!(std::process::Command::new("mkfifo").arg(&pipe).status().unwrap().success());
    fs::File::create(&hole).unwrap().set_len(5 << 30).unwrap();
    for (path, says) in [
        (pipe.as_path(), "pipe or a device"),
        (hole.as_path(), "larger than"),
        ("/dev/zero".as_ref(), "pipe or a device"),
    ] {
        let done = Run::explain(folder.path()).arg(path).done();
        assert!(done.status == 2 && done.errors.contains(says), "{}", done.errors);
        assert!(done.seconds < 10.0 && done.peak_mb < CONSTANT_MB, "{} s, {} MB", done.seconds, done.peak_mb);
        let import = bare(["import", "--as", "densenet121", "--card", "chexnet", "--out"]).arg(folder.path()).arg(path);
        let done = import.done();
        assert!(done.status == 2 && done.seconds < 10.0, "{}", done.errors);
    }
    let model = folder.path().join("models/piped");
    fs::create_dir_all(&model).unwrap();
    assert!(std::process::Command::new("mkfifo").arg(model.join("model.toml")).status().unwrap().success());
    let done = bare(["models", "--models"]).arg(folder.path().join("models")).done();
    assert!(done.status == 0 && !done.answers.contains("piped") && done.seconds < 10.0, "{}", done.errors);
}

#[test]
fn cards_that_lead_astray_or_make_no_sense_are_refused() {
    let folder = tempfile::tempdir().unwrap();
    let file = picture(&folder.path().join("a.png"));
    let contrast = "step = \"local-contrast\"\ndark = 0.1\nmargin = 1\ncell = 4\ngain = 4.0\nlimit";
    let (grey, range) = ("step = \"grey\"", "step = \"unit-range\"");
    let and = |step: &str, more: &str| format!("{step}\n[[preprocessing]]\n{more}");
    let cases = [
        ("name = \"0\"", "name = \"x/../../../victim\"".to_owned(), "`classes[0]`: `name` is"),
        ("name = \"1\"", "name = \"0\"".to_owned(), "another class is called `0` too"),
        ("label = \"Zero\"", "label = \"a\\u001b[2J\"".to_owned(), "`label` must be one line"),
        (range, and(range, &format!("{contrast} = -1.0")), "`limit` must be above 0"),
        (range, and(range, &format!("{contrast} = nan")), "`limit` must be above 0"),
        (grey, and(grey, "step = \"resize\"\nwidth = 4294967295\nheight = 9"), "sides of 1 to 4096"),
        (
            grey,
            and(&and(grey, "step = \"resize\"\nwidth = 3\nheight = 3"), &format!("{contrast} = 1.0")),
            "`cell` must divide",
        ),
    ];
    for (line, instead, says) in cases {
        let models = made::model_folder(folder.path(), line, &instead);
        let run = bare(["explain", "--model", "bad", "--models"]).arg(&models).arg("--out").arg(folder.path());
        let done = run.arg(&file).done();
        assert!(done.status == 2 && done.errors.contains(says), "{instead}: {}", done.errors);
    }
    assert!(!folder.path().join("victim.png").exists());
}

#[test]
fn results_never_take_one_anothers_place() {
    let folder = tempfile::tempdir().unwrap();
    for name in ["a.png", "a.jpg", "a-2.png"] {
        picture(&folder.path().join(name));
    }
    let out = folder.path().join("out");
    let done = Run::explain(&out).args(["--no-layers", "--force"]).arg(folder.path()).done();
    assert_eq!(done.status, 0, "{}", done.errors);
    assert_eq!(files(&out).iter().filter(|name| name.ends_with(".json")).count(), 3, "{:?}", files(&out));
}

#[test]
fn a_closed_folder_closes_no_other_and_nothing_is_found_twice() {
    let folder = tempfile::tempdir().unwrap();
    picture(&folder.path().join("a.png"));
    let below = folder.path().join("below");
    fs::create_dir(&below).unwrap();
    std::os::unix::fs::symlink("..", below.join("up")).unwrap();
    std::os::unix::fs::symlink(folder.path().join("a.png"), below.join("b.png")).unwrap();
    let out = folder.path().join("out");
    let done = Run::explain(&out).arg(folder.path()).done();
    assert_eq!((done.status, done.answers.lines().count()), (0, 1), "{}{}", done.answers, done.errors);
    // Its own panels are not explained again.
    let again = Run::explain(&out).arg("--force").arg(folder.path()).done();
    assert_eq!((again.status, again.answers.lines().count()), (0, 1), "{}{}", again.answers, again.errors);
    assert!(again.errors.contains("drawn by this program: "), "{}", again.errors);
}

#[test]
fn names_give_no_orders_to_the_terminal_and_models_may_stand_before_a_command() {
    let folder = tempfile::tempdir().unwrap();
    let file = picture(&folder.path().join("a\u{1b}[2Jb.png"));
    fs::create_dir(folder.path().join("models")).unwrap();
    let run = bare(["--models"])
        .arg(folder.path().join("models"))
        .args(["explain", "--model", "mnist", "--device", "cpu", "--out"]);
    let done = run.arg(folder.path()).arg(&file).arg(folder.path().join("c\u{1b}.png")).done();
    assert!(done.answers.contains("a\\u{1b}[2Jb.png  ") && done.errors.contains("c\\u{1b}.png"), "{}", done.errors);
    assert!(!done.answers.contains('\u{1b}') && !done.errors.contains('\u{1b}'));
}

#[test]
fn answers_that_nobody_takes_are_no_panic() {
    let folder = tempfile::tempdir().unwrap();
    let file = picture(&folder.path().join("a.png"));
    let into = |place: &str| {
        let out = tempfile::tempdir().unwrap();
        Run::explain(out.path()).args(["--no-layers"]).arg(&file).through(place)
    };
    let full = into(">/dev/full");
    assert!(full.status == 2 && full.errors.contains("could not be printed"), "{}", full.errors);
    assert!(!full.errors.contains("panicked"));
    let closed = into("| true");
    assert!(!closed.errors.contains("panicked") && !closed.errors.contains("could not"), "{}", closed.errors);
    for command in ["models", "devices"] {
        let full = bare([command]).through(">/dev/full");
        assert!(full.status == 2 && !full.errors.contains("panicked"), "{}", full.errors);
    }
}

#[test]
fn jpeg_2000_is_decoded_apart() {
    let folder = tempfile::tempdir().unwrap();
    let stream = fs::read(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/reference/slope_12.j2k")).unwrap();
    let of = |stream: Vec<u8>| {
        let pixels = file::Value::Fragments(vec![Vec::new(), stream]);
        file::File::grey(file::JPEG_2000, (24, 10), [16, 12, 11], pixels)
    };
    let good = of(stream.clone()).write(folder.path(), "good.dcm");
    // Behind the header stands nothing that is a stream.
    let bad = of([&stream[..60], &[0x55; 200]].concat()).write(folder.path(), "bad.dcm");
    let done = Run::explain(folder.path()).args([&good, &bad]).done();
    assert!(done.status == 2 && done.answers.contains("good.dcm  "), "{}{}", done.answers, done.errors);
    assert!(done.errors.contains("its JPEG 2000 stream cannot be decoded"), "{}", done.errors);
    // What is no work that is known ends at once, and so does one that is given nothing.
    assert_eq!(bare(["--apart", "tea"]).done().status, 1);
    let nothing = bare(["--apart", "jpeg2000"]).done();
    assert!(nothing.status == 0 && nothing.answers.contains("nothing to decode"), "{}", nothing.answers);
}
