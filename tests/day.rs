//! A list of a day, measured: `cargo test --release --test day -- --ignored --nocapture`. Nothing here is judged by time,
//! which is the machine's; what must hold is said by `tests/session.rs` and `tests/viewer/list.rs`.
#![allow(clippy::unwrap_used, clippy::print_stdout)] // It is there to print.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, Instant};

use fovea::network::DeviceChoice;
use fovea::session::worklist::SortBy;
use fovea::session::{ListCommand, Options, Session, SessionCommand};
use image::imageops::FilterType;

const PATIENTS: usize = 600;
/// Of a photograph's longer side; those of clinics are larger.
const SIDE_PX: u32 = 800;

fn pictures(folder: &Path) {
    let sample = Path::new(env!("CARGO_MANIFEST_DIR")).join("assets/samples/phantom-moderate.jpg");
    let drawn = image::open(sample).unwrap().resize(SIDE_PX, SIDE_PX, FilterType::Triangle).to_rgb8();
    for n in 0..2 * PATIENTS {
        let mut picture = drawn.clone();
        picture.put_pixel(0, 0, image::Rgb([n as u8, (n >> 8) as u8, 7]));
        picture.save(folder.join(format!("{}_{}.jpg", n / 2, ["right", "left"][n % 2]))).unwrap();
    }
}

fn session(folder: &Path) -> Session {
    let options =
        Options { device: DeviceChoice::Cpu, results: Some(folder.join(".kept/results.sqlite")), ..Options::default() };
    let mut session = Session::start(options, Arc::new(|| {})).unwrap();
    session.apply(&SessionCommand::Open(vec![folder.to_owned()]));
    session
}

fn wait(session: &mut Session, ready: impl Fn(&Session) -> bool) -> Duration {
    let start = Instant::now();
    while !ready(session) {
        assert!(start.elapsed() < Duration::from_secs(900));
        std::thread::sleep(Duration::from_millis(1));
        session.poll();
    }
    start.elapsed()
}

fn resident_mb() -> f64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find(|line| line.starts_with("VmRSS:")).unwrap_or_default();
    line.split_whitespace().nth(1).and_then(|kb| kb.parse::<f64>().ok()).unwrap_or(0.0) / 1024.0
}

#[test]
#[ignore = "takes minutes, and measures only"]
fn a_day() {
    let folder = tempfile::tempdir().unwrap();
    pictures(folder.path());
    let mut day = session(folder.path());
    let on_screen = |session: &Session, path: &PathBuf| session.current().is_some_and(|c| c.path == *path);
    println!("first answer after {:?}", wait(&mut day, |session| session.shown().is_some()));
    wait(&mut day, |session| session.steady().is_some());
    for sort in SortBy::ALL {
        let start = Instant::now();
        day.apply(&SessionCommand::Sort(sort));
        println!("sort {:?}: {:?}", sort, start.elapsed());
    }
    let start = Instant::now();
    day.apply(&ListCommand::Search("patient 12".to_owned()).into_session());
    println!("search: {:?}, {} rows", start.elapsed(), day.worklist.rows());
    day.apply(&ListCommand::ShowAll.into_session());
    day.apply(&SessionCommand::Sort(SortBy::Given));
    let (before, start) = (day.worklist.graded(), Instant::now());
    wait(&mut day, |session| session.worklist.graded() >= before + 60 || start.elapsed().as_secs() > 100);
    let graded = day.worklist.graded() - before;
    println!("graded {:.0} a minute", 60.0 * graded as f64 / start.elapsed().as_secs_f64());
    for paused in [false, true] {
        day.apply(&ListCommand::GradeAll(!paused).into_session());
        let mut took: Vec<[f64; 2]> = Vec::new();
        for n in 0..12 {
            // Far from what was explained ahead.
            let path = folder.path().join(format!("{}_left.jpg", 100 + 300 * usize::from(paused) + 7 * n));
            std::thread::sleep(Duration::from_millis(400));
            day.poll();
            let start = Instant::now();
            day.apply(&SessionCommand::Show(path.clone()));
            wait(&mut day, |session| on_screen(session, &path));
            let picture = start.elapsed();
            wait(&mut day, |session| session.shown().is_some());
            took.push([picture, start.elapsed()].map(|time| time.as_secs_f64() * 1e3));
        }
        let median = |which: usize| {
            let mut all: Vec<f64> = took.iter().map(|took| took[which]).collect();
            all.sort_by(f64::total_cmp);
            (all[all.len() / 2], all[all.len() - 1])
        };
        println!("key to picture, paused {paused}: {:.0?} ms; to maps {:.0?} ms (median, worst)", median(0), median(1));
    }
    day.apply(&ListCommand::GradeAll(true).into_session());
    let start = Instant::now();
    for _ in 0..2000 {
        day.poll();
    }
    println!("poll: {:?}", start.elapsed() / 2000);
    println!("memory {:.0} MB, of it pictures and maps {:.0} MB", resident_mb(), day.cached_bytes() as f64 / 1e6);
    let known = day.worklist.graded();
    drop(day);
    let mut again = session(folder.path());
    wait(&mut again, |session| session.current().is_some());
    let took = wait(&mut again, |session| session.worklist.graded() >= known);
    println!("{known} grades known {took:?} after the first picture");
}
