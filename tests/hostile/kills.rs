//! Runs that are stopped, politely or not, and the runs after them.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;
use std::process::Command;
use std::time::Duration;

use super::common::{files, picture};
use super::run::Run;

/// How often the program is killed; by hand some hundred times (`FOVEA_KILLS`).
fn kills() -> u64 {
    std::env::var("FOVEA_KILLS").ok().and_then(|text| text.parse().ok()).unwrap_or(25)
}

fn pictures(folder: &Path, count: usize) {
    fs::create_dir_all(folder).unwrap();
    (0..count).for_each(|n| drop(picture(&folder.join(format!("{n}.png")))));
}

/// Every record's files are there, each file has its record, and nothing else is.
fn is_whole(out: &Path) -> Result<usize, String> {
    let found: BTreeSet<String> = files(out).into_iter().collect();
    let mut named = BTreeSet::new();
    for record in found.iter().filter(|name| name.ends_with(".json")) {
        let text = fs::read_to_string(out.join(record)).unwrap();
        let read: serde_json::Value = serde_json::from_str(&text).map_err(|error| format!("{record}: {error}"))?;
        let stem = record.trim_end_matches(".json");
        let files =
            read["files"].as_array().unwrap().iter().map(|ending| format!("{stem}.{}", ending.as_str().unwrap()));
        named.extend(files.chain([record.clone()]));
    }
    for name in &named {
        let bytes = fs::read(out.join(name)).map_err(|error| format!("{name}: {error}"))?;
        let is_png = name.ends_with(".png");
        if bytes.is_empty() || is_png && !bytes.ends_with(b"IEND\xaeB\x60\x82") {
            return Err(format!("{name} is half a file"));
        }
    }
    let others: Vec<_> = found.difference(&named).collect();
    if others.is_empty() { Ok(named.len()) } else { Err(format!("left over: {others:?}")) }
}

#[test]
fn who_is_killed_leaves_no_half_files_and_the_next_run_nothing_else() {
    let folder = tempfile::tempdir().unwrap();
    let (from, out) = (folder.path().join("in"), folder.path().join("out"));
    pictures(&from, 6);
    let run = |force: bool| {
        let run = Run::explain(&out).arg(&from);
        if force { run.arg("--force") } else { run.arg("--resume") }
    };
    let whole = run(true).done();
    assert_eq!((whole.status, is_whole(&out).map(|files| files > 6)), (0, Ok(true)), "{}", whole.errors);
    for n in 0..kills() {
        let mut child = run(n % 2 == 0).start();
        // Evenly over the time that a run takes, whatever the machine.
        let after = whole.seconds * ((n * 37) % 101) as f64 / 90.0;
        std::thread::sleep(Duration::from_secs_f64(after));
        child.kill().unwrap();
        child.wait().unwrap();
        if n % 3 == 0 {
            fs::remove_file(out.join(format!("{}.json", n % 6))).ok();
            for name in files(&out).iter().filter(|name| name.starts_with(&format!("{}.", n % 6))) {
                fs::remove_file(out.join(name)).unwrap();
            }
        }
    }
    let last = run(false).done();
    assert_eq!(last.status, 0, "{}", last.errors);
    is_whole(&out).unwrap();
    assert_eq!(files(&out).iter().filter(|name| name.ends_with(".json")).count(), 6);
}

#[test]
fn who_is_asked_to_stop_finishes_what_is_at_hand_and_says_how_to_go_on() {
    let folder = tempfile::tempdir().unwrap();
    let from = folder.path().join("in");
    pictures(&from, 400);
    for (signal, status) in [("INT", 130), ("TERM", 143)] {
        let out = folder.path().join(signal);
        let child = Run::explain(&out).arg(&from).start();
        // Once there are results it is at work.
        while files(&out).iter().filter(|name| name.ends_with(".json")).count() < 3 {
            std::thread::sleep(Duration::from_millis(5));
        }
        assert!(Command::new("kill").args(["-s", signal, &child.id().to_string()]).status().unwrap().success());
        let done = child.wait_with_output().unwrap();
        let errors = String::from_utf8_lossy(&done.stderr).into_owned();
        assert_eq!(done.status.code(), Some(status), "{errors}");
        assert!(errors.contains("of 400 pictures") && errors.contains("--resume"), "{errors}");
        is_whole(&out).unwrap();
    }
}

#[test]
fn a_rerun_goes_on_and_says_what_was_there() {
    let folder = tempfile::tempdir().unwrap();
    let (from, out) = (folder.path().join("in"), folder.path().join("out"));
    pictures(&from, 3);
    let run = || Run::explain(&out).arg("--no-layers").arg(&from);
    assert_eq!(run().done().status, 0);
    let again = run().done();
    assert_eq!((again.status, again.answers.matches("  already explained").count()), (0, 3), "{}", again.errors);
    let resumed = run().arg("--resume").done();
    assert_eq!((resumed.status, resumed.answers.as_str()), (0, ""), "{}", resumed.errors);
    // Another picture of the same name, and other settings, are something else.
    fs::copy(from.join("1.png"), from.join("0.png")).unwrap();
    fs::remove_file(out.join("2.panel.png")).unwrap();
    image::GrayImage::new(9, 9).save(from.join("1.png")).unwrap();
    let changed = run().arg("--resume").done();
    assert_eq!(changed.status, 2);
    assert!(
        changed.errors.contains("2 of 3 pictures failed") && changed.errors.contains("exists already"),
        "{}",
        changed.errors
    );
    let other = run().args(["--resume", "--gain", "2"]).done();
    assert!(other.status == 2 && other.errors.contains("3 of 3 pictures failed"), "{}", other.errors);
    let forced = run().args(["--resume", "--force"]).done();
    assert_eq!((forced.status, forced.answers.lines().count()), (0, 2), "{}", forced.errors);
}

#[test]
fn two_runs_at_once_leave_one_whole_set_of_each() {
    let folder = tempfile::tempdir().unwrap();
    let (from, out) = (folder.path().join("in"), folder.path().join("out"));
    pictures(&from, 5);
    let runs: Vec<_> = (0..3).map(|_| Run::explain(&out).arg("--force").arg(&from).start()).collect();
    for run in runs {
        let done = run.wait_with_output().unwrap();
        assert!(done.status.success(), "{}", String::from_utf8_lossy(&done.stderr));
    }
    is_whole(&out).unwrap();
}
