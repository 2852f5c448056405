//! A file of readings whose program is killed, again and again, at any moment: it opens, is sound, and holds what was
//! acknowledged, to the last change and no half of one.
#![cfg(unix)]
#![allow(clippy::unwrap_used, clippy::print_stderr)] // A panic is how a test fails.

use std::io::{BufRead, BufReader, Write};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use fovea::reading::{Answer, Change, Contents, FrameOf, Identity, Place, Reading, ReadingFile, ReadingsHeader};
use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;

const FILE: &str = "FOVEA_TEST_READING_FILE";
const FIRST: &str = "FOVEA_TEST_READING_FIRST";
/// A live journal begins with this; one that is done with does not.
const JOURNAL_MAGIC: [u8; 8] = [0xd9, 0xd5, 0x05, 0xf9, 0x20, 0xa1, 0x63, 0xd7];

/// How often the program is killed (`FOVEA_KILLS`).
fn kills() -> usize {
    std::env::var("FOVEA_KILLS").ok().and_then(|text| text.parse().ok()).unwrap_or(200)
}

fn head() -> ReadingsHeader {
    let classes = ["none", "mild", "moderate"].map(str::to_owned).to_vec();
    ReadingsHeader { reader: "Eva".into(), opened: vec!["/day".into()], classes, ..ReadingsHeader::default() }
}

fn of(n: usize) -> FrameOf {
    FrameOf { path: PathBuf::from(format!("/day/{}/{n}.png", n / 2)), frame: 0 }
}

/// What is kept at the nth time: mostly one change, at times many that belong together.
fn batch(n: usize) -> Vec<Change> {
    let reading = |n: usize| Reading { class: Some(n % 3), comment: format!("the {n}th"), ..Reading::default() };
    let answer = |at: usize| Answer {
        model: format!("{n}"),
        class: n % 3,
        probability: 0.5,
        probabilities: vec![0.25, 0.5, 0.25],
        headline: "long ".repeat(1 + n % 40),
        gradable: Some(at.is_multiple_of(2)),
        is_refused: false,
        agrees: None,
    };
    match n % 8 {
        3 => (0..120).map(|at| Change::Answer(of(at), answer(at))).collect(),
        5 => {
            let identity = |at: usize| Identity { patient: format!("{}", at / 2), ..Identity::default() };
            vec![Change::Pictures((0..n % 300).map(|at| (of(at), identity(at))).collect())]
        }
        6 => vec![Change::Place(Place { at: Some(of(n % 90)), view: serde_json::json!({ "zoom": n }) })],
        7 => vec![Change::Seen(of(n % 200), n as u32), Change::AnswerSeen(of(n % 200))],
        _ => vec![Change::Reading(of(n % 150), reading(n))],
    }
}

/// The program that is killed; no test of its own.
#[test]
fn child() {
    let (Ok(file), Ok(first)) = (std::env::var(FILE), std::env::var(FIRST)) else { return };
    let mut kept = ReadingFile::open(Path::new(&file)).unwrap();
    for n in first.parse::<usize>().unwrap().. {
        kept.keep_all(&batch(n)).unwrap();
        let mut out = std::io::stdout().lock();
        writeln!(out, "\nkept {n}").and_then(|()| out.flush()).unwrap();
    }
}

fn start(file: &Path, first: usize) -> Child {
    let mut command = Command::new(std::env::current_exe().unwrap());
    command.args(["--exact", "child", "--nocapture", "--test-threads=1"]).env(FILE, file);
    command.env(FIRST, first.to_string()).stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::null());
    command.spawn().unwrap()
}

/// Starts, kills at a random moment, and gives back the last number that was acknowledged.
fn killed(file: &Path, first: usize, rng: &mut ChaCha8Rng) -> Option<usize> {
    let mut child = start(file, first);
    let mut lines = BufReader::new(child.stdout.take().unwrap()).lines().map_while(Result::ok);
    let number = |line: String| line.strip_prefix("kept ").map(|number| number.parse::<usize>().unwrap());
    // A third of the times while the file is opened, after the last kill; else while changes come.
    let mut last = None;
    if rng.random_range(0..3) > 0 {
        last = lines.by_ref().find_map(number);
    }
    std::thread::sleep(Duration::from_micros(rng.random_range(0..40_000)));
    child.kill().unwrap();
    child.wait().unwrap();
    lines.filter_map(number).last().or(last)
}

#[test]
fn what_was_acknowledged_survives_every_kill() {
    let folder = tempfile::tempdir().unwrap();
    let (path, journal) = (folder.path().join("day.fovea"), folder.path().join("day.fovea-journal"));
    let mut expected = Contents { head: head(), ..Contents::default() };
    drop(ReadingFile::create(&path, &expected.head).unwrap());
    let mut rng = ChaCha8Rng::seed_from_u64(11);
    let (mut next, mut live_journals, mut unacknowledged) = (0, 0, 0);
    let start = Instant::now();
    for round in 0..kills() {
        let last = killed(&path, next, &mut rng);
        let begins = std::fs::read(&journal).unwrap_or_default();
        live_journals += usize::from(begins.starts_with(&JOURNAL_MAGIC));
        let found = ReadingFile::open(&path).unwrap_or_else(|error| panic!("round {round}: {error}")).read().unwrap();
        let connection = rusqlite::Connection::open(&path).unwrap();
        let check: String = connection.query_row("PRAGMA quick_check", [], |row| row.get(0)).unwrap();
        assert_eq!(check, "ok", "round {round}");
        let acknowledged = last.map_or(next, |last| last + 1);
        for n in next..acknowledged {
            batch(n).into_iter().for_each(|change| expected.apply(change));
        }
        next = acknowledged.max(next);
        // One more may be on the disk whose word did not come out.
        if found != expected {
            batch(next).into_iter().for_each(|change| expected.apply(change));
            (next, unacknowledged) = (next + 1, unacknowledged + 1);
        }
        assert!(found == expected, "round {round}: not what {next} batches make");
    }
    let kept = format!("{next} batches kept through {} kills in {:?}", kills(), start.elapsed());
    eprintln!("{kept}; {live_journals} live journals, {unacknowledged} kept but not yet acknowledged");
    assert!(next > kills() / 4 && (live_journals > 0 || kills() < 100), "{kept}");
    // A journal that was begun and not yet in force lies there until the next change. The next batch may be none: all of its
    // pictures may be known.
    ReadingFile::open(&path).unwrap().keep(&Change::Head(ReadingsHeader { reader: "Adam".into(), ..head() })).unwrap();
    assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 1, "nothing is left beside the file");
}
