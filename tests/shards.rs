//! Many processes share the pictures of a folder: parts, ledgers, what is missing, and how each process ends.
#![allow(clippy::unwrap_used, clippy::print_stderr)] // A panic is how a test fails.

mod common;

use std::collections::BTreeSet;
use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant, SystemTime};

use common::files;
use fovea::ledger::Shard;

const TRY_AGAIN: Option<i32> = Some(75);
const BAD: Option<i32> = Some(2);

/// Pictures, a model that reads them in a moment, and a place for results.
struct Clinic {
    models: tempfile::TempDir,
    work: tempfile::TempDir,
}

/// How a process ended.
struct End {
    code: Option<i32>,
    out: String,
    err: String,
}

impl Clinic {
    /// `count` pictures whose names come again in two folders.
    fn new(count: usize) -> Self {
        let clinic = Self { models: common::small_models(), work: tempfile::tempdir().unwrap() };
        for number in 0..count {
            let folder = clinic.pictures().join(format!("day-{}", number % 2));
            fs::create_dir_all(&folder).unwrap();
            let shade = number as u8;
            let drawn = image::RgbImage::from_fn(60, 50, |x, y| image::Rgb([x as u8 * 4, y as u8 * 5, shade]));
            drawn.save(folder.join(format!("{}.png", number / 2))).unwrap();
        }
        clinic
    }

    fn pictures(&self) -> PathBuf {
        self.work.path().join("pictures")
    }

    fn out(&self) -> PathBuf {
        self.work.path().join("out")
    }

    fn command(&self, pictures: &Path, words: &[&str]) -> Command {
        self.command_into(&self.out(), pictures, words)
    }

    fn command_into(&self, out: &Path, pictures: &Path, words: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_fovea"));
        // Neither the user's own models nor an engine around the tests must reach into them.
        for engine in ["SLURM_ARRAY_TASK_ID", "JOB_COMPLETION_INDEX", "PARALLEL_SEQ", "FOVEA_SHARDS"] {
            command.env_remove(engine);
        }
        command.env("XDG_DATA_HOME", "/nonexistent").env("HOME", "/nonexistent");
        command.arg("explain").arg(pictures).args(["--device", "cpu", "--no-layers", "--model", "small", "--models"]);
        command.arg(self.models.path()).arg("--out").arg(out).args(words);
        command.stdout(Stdio::piped()).stderr(Stdio::piped());
        command
    }

    fn run(&self, words: &[&str]) -> End {
        end(self.command(&self.pictures(), words).spawn().unwrap())
    }

    /// The names of the records among the results.
    fn records(&self) -> Vec<String> {
        files(&self.out()).into_iter().filter(|name| name.ends_with(".json")).collect()
    }

    /// The pictures that all manifests name, each as often as it stands there.
    fn in_manifests(&self) -> Vec<String> {
        let shards = self.out().join("shards");
        let names = files(&shards).into_iter().filter(|name| name.ends_with(".jsonl"));
        let mut found: Vec<String> = names.flat_map(|name| lines(&shards.join(name))).collect();
        found.sort();
        found
    }
}

/// The pictures of a ledger, with what became of them.
fn lines(ledger: &Path) -> Vec<String> {
    let text = fs::read_to_string(ledger).unwrap_or_default();
    let values = text.lines().filter_map(|line| serde_json::from_str::<serde_json::Value>(line).ok());
    let said = |value: serde_json::Value| Some(format!("{} {}", value["file"].as_str()?, value["state"].as_str()?));
    values.filter_map(said).collect()
}

fn end(child: std::process::Child) -> End {
    let output = child.wait_with_output().unwrap();
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    End { code: output.status.code(), out: text(&output.stdout), err: text(&output.stderr) }
}

/// Waits until `is_so`, or gives up.
fn wait_until(is_so: impl Fn() -> bool) {
    let start = Instant::now();
    while !is_so() {
        assert!(start.elapsed() < Duration::from_secs(60), "it did not come");
        std::thread::sleep(Duration::from_millis(5));
    }
}

fn modified(path: &Path) -> SystemTime {
    fs::metadata(path).unwrap().modified().unwrap()
}

#[test]
fn processes_share_a_folder_and_nothing_is_done_twice() {
    let clinic = Clinic::new(12);
    fs::write(clinic.pictures().join("day-0/cut.jpg"), "no picture").unwrap();
    let children: Vec<_> = ["1/3", "2/3", "3/3"]
        .iter()
        .map(|shard| clinic.command(&clinic.pictures(), &["--shard", shard]).spawn().unwrap())
        .collect();
    let ends: Vec<End> = children.into_iter().map(end).collect();
    let holder = (1..=3).position(|index| Shard::new(index, 3).unwrap().holds("day-0/cut.jpg")).unwrap();
    for (index, end) in ends.iter().enumerate() {
        assert_eq!(end.code, if index == holder { BAD } else { Some(0) }, "shard {}: {}", index + 1, end.err);
    }
    let all = clinic.in_manifests();
    assert_eq!(all.len(), 13, "{all:?}");
    assert_eq!(all.iter().collect::<BTreeSet<_>>().len(), 13, "{all:?}");
    assert_eq!(all.iter().filter(|line| line.ends_with("bad")).collect::<Vec<_>>(), ["day-0/cut.jpg bad"]);
    assert_eq!(clinic.records().len(), 12);
    // The same names as those of a run that shares with nobody.
    let alone = clinic.work.path().join("alone");
    end(clinic.command_into(&alone, &clinic.pictures(), &[]).spawn().unwrap());
    let alone: Vec<String> = files(&alone).into_iter().filter(|name| name.ends_with(".json")).collect();
    assert_eq!(clinic.records(), alone);
    // Once more: nothing is done again, and the bad one is still said.
    let record = clinic.out().join(&clinic.records()[0]);
    let before = modified(&record);
    for (number, end) in (1..).zip(&ends) {
        let again = clinic.run(&["--resume", "--shard", &format!("{number}/3")]);
        assert_eq!((again.code, again.out.as_str()), (end.code, ""), "{}", again.err);
    }
    assert_eq!(modified(&record), before);
    let missing = clinic.run(&["--missing"]);
    assert_eq!((missing.code, missing.out.as_str()), (BAD, ""), "{}", missing.err);
    assert!(missing.err.contains("0 of 13 pictures missing, 1 bad"), "{}", missing.err);
    assert!(missing.err.contains("bad: day-0/cut.jpg"), "{}", missing.err);
}

#[test]
fn what_no_shard_has_done_is_listed() {
    let clinic = Clinic::new(8);
    assert_eq!(clinic.run(&["--shard", "1/2"]).code, Some(0));
    let shard = Shard::new(2, 2).unwrap();
    let all = (0..8).map(|number| format!("day-{}/{}.png", number % 2, number / 2));
    let wanted: BTreeSet<PathBuf> =
        all.filter(|file| shard.holds(file)).map(|file| clinic.pictures().join(file)).collect();
    let listed = |end: &End| end.out.lines().map(PathBuf::from).collect::<BTreeSet<_>>();
    let missing = clinic.run(&["--missing"]);
    assert_eq!((missing.code, listed(&missing)), (TRY_AGAIN, wanted), "{}", missing.err);
    assert!(missing.err.contains("shards of 2 with work left: 2"), "{}", missing.err);
    assert_eq!(clinic.run(&["--missing", "--shard", "1/2"]).code, Some(0));
    // By other settings nothing was done.
    let other = clinic.run(&["--missing", "--rule", "gated"]);
    assert_eq!(listed(&other).len(), 8, "{}", other.err);
    assert!(other.err.contains("with other settings"), "{}", other.err);
    // A picture that has changed since, and one whose results are gone.
    assert_eq!(clinic.run(&["--shard", "2/2"]).code, Some(0));
    assert_eq!(clinic.run(&["--missing"]).code, Some(0));
    let changed = clinic.pictures().join("day-0/0.png");
    image::RgbImage::new(60, 50).save(&changed).unwrap();
    let gone = clinic.records()[3].clone();
    fs::remove_file(clinic.out().join(&gone)).unwrap();
    assert_eq!(listed(&clinic.run(&["--missing"])).len(), 2);
}

#[test]
fn a_killed_process_is_gone_on_from() {
    let clinic = Clinic::new(20);
    let part = clinic.out().join("shards/0001-of-0001.part.jsonl");
    let mut child = clinic.command(&clinic.pictures(), &["--shard", "1/1"]).spawn().unwrap();
    let manifest = clinic.out().join("shards/0001-of-0001.jsonl");
    wait_until(|| lines(&part).len() >= 3 || manifest.exists());
    child.kill().unwrap();
    child.wait().unwrap();
    let before = lines(&part).len().max(lines(&manifest).len());
    let end = clinic.run(&["--shard", "1/1", "--resume"]);
    assert_eq!(end.code, Some(0), "{}", end.err);
    assert!(end.out.lines().count() <= 20 - before, "{}", end.out);
    assert_eq!((clinic.in_manifests().len(), clinic.records().len()), (20, 20));
    assert!(!part.exists());
    let left: Vec<String> = files(&clinic.out()).into_iter().filter(|name| name.starts_with('.')).collect();
    assert_eq!(left, Vec::<String>::new());
}

#[test]
fn a_list_names_the_pictures() {
    let clinic = Clinic::new(6);
    let list = clinic.pictures().join("wanted.txt");
    fs::write(&list, "day-0/0.png\r\nday-1/0.png\nday-0/gone.png\n").unwrap();
    let run = || end(clinic.command(&list, &["--shard", "1/1", "--resume"]).spawn().unwrap());
    let first = run();
    assert_eq!(first.code, BAD, "{}", first.err);
    assert!(first.err.contains("gone.png: there is no such file"), "{}", first.err);
    assert_eq!(clinic.in_manifests(), ["day-0/0.png done", "day-0/gone.png bad", "day-1/0.png done"]);
    // What was not there is looked for again.
    fs::copy(clinic.pictures().join("day-0/1.png"), clinic.pictures().join("day-0/gone.png")).unwrap();
    let second = run();
    assert_eq!((second.code, second.out.lines().count()), (Some(0), 1), "{}", second.err);
    assert_eq!(clinic.in_manifests(), ["day-0/0.png done", "day-0/gone.png done", "day-1/0.png done"]);
}

#[test]
fn engines_are_asked_for_the_part() {
    let clinic = Clinic::new(4);
    let with = |variables: &[(&str, &str)]| {
        let mut command = clinic.command(&clinic.pictures(), &["--shard", "auto"]);
        end(command.envs(variables.iter().copied()).spawn().unwrap())
    };
    let end = with(&[("JOB_COMPLETION_INDEX", "1"), ("FOVEA_SHARDS", "2")]);
    assert_eq!(end.code, Some(0), "{}", end.err);
    assert!(clinic.out().join("shards/0002-of-0002.jsonl").is_file());
    let nothing = with(&[]);
    assert_eq!(nothing.code, BAD);
    assert!(nothing.err.contains("looked for SLURM_ARRAY_TASK_ID, JOB_COMPLETION_INDEX"), "{}", nothing.err);
    // Another split would do pictures twice.
    let other = with(&[("PARALLEL_SEQ", "1"), ("FOVEA_SHARDS", "3")]);
    assert_eq!(other.code, BAD);
    assert!(other.err.contains("begun in 2 shards, and this is one of 3"), "{}", other.err);
}

#[test]
fn settings_do_not_mix_and_force_begins_anew() {
    let clinic = Clinic::new(3);
    assert_eq!(clinic.run(&["--shard", "1/1"]).code, Some(0));
    let other = clinic.run(&["--shard", "1/1", "--resume", "--rule", "gated"]);
    assert_eq!(other.code, BAD);
    assert!(other.err.contains("another model or with other settings"), "{}", other.err);
    let forced = clinic.run(&["--shard", "1/1", "--force", "--rule", "gated"]);
    assert_eq!((forced.code, forced.out.lines().count()), (Some(0), 3), "{}", forced.err);
    assert_eq!(clinic.in_manifests().len(), 3);
}

#[test]
fn a_shard_that_another_process_has_is_tried_again() {
    let clinic = Clinic::new(2);
    fs::create_dir_all(clinic.out().join("shards")).unwrap();
    let lock = File::create(clinic.out().join("shards/.0001-of-0001.lock")).unwrap();
    lock.lock().unwrap();
    let end = clinic.run(&["--shard", "1/1"]);
    assert_eq!(end.code, TRY_AGAIN, "{}", end.err);
    assert!(end.err.contains("another process works at this shard"), "{}", end.err);
}

#[cfg(unix)]
#[test]
fn a_shard_that_is_stopped_is_tried_again() {
    // Far more than it can do until it hears of it.
    let clinic = Clinic::new(300);
    let part = clinic.out().join("shards/0001-of-0001.part.jsonl");
    let child = clinic.command(&clinic.pictures(), &["--shard", "1/1"]).spawn().unwrap();
    wait_until(|| lines(&part).len() >= 2);
    assert!(Command::new("kill").args(["-TERM", &child.id().to_string()]).status().unwrap().success());
    let stopped = end(child);
    assert_eq!(stopped.code, TRY_AGAIN, "{}", stopped.err);
    assert!(stopped.err.contains("--resume goes on"), "{}", stopped.err);
    assert!(part.is_file() && !clinic.out().join("shards/0001-of-0001.jsonl").exists());
}

/// In a small file system of its own, which a user may have in a name space.
#[cfg(target_os = "linux")]
#[test]
fn a_full_disk_is_no_fault_of_the_pictures() {
    let clinic = Clinic::new(30);
    let out = clinic.out();
    fs::create_dir_all(&out).unwrap();
    let program = clinic.command(&clinic.pictures(), &["--shard", "1/1"]);
    let script = "mount -t tmpfs -o size=300k none \"$OUT\" || exit 99; \"$@\"; status=$?; grep -c bad \"$OUT\"/shards/*; exit $status";
    let mut command = Command::new("unshare");
    command.args(["--user", "--map-root-user", "--mount", "sh", "-c", script, "sh"]).env("OUT", &out);
    command.arg(program.get_program()).args(program.get_args());
    command.stdout(Stdio::piped()).stderr(Stdio::piped());
    let Ok(child) = command.spawn() else {
        eprintln!("left out: there is no unshare");
        return;
    };
    let full = end(child);
    if full.code == Some(99) || full.err.contains("unshare") {
        eprintln!("left out: no file system of its own can be had here: {}", full.err);
        return;
    }
    assert_eq!(full.code, TRY_AGAIN, "{}", full.err);
    assert!(full.err.contains("cannot write") && full.err.contains("the others would fail as well"), "{}", full.err);
    assert!(full.out.ends_with("0\n"), "no picture counts as bad: {}", full.out);
}
