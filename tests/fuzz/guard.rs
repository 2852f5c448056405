//! One case at a time, watched: panics are caught and kept quiet, time and memory are measured, and a case that does not
//! come back, or takes all memory, ends the whole run with its name.
//!
//! Several targets run at once. What they take together is measured all the time; who it was is found out by running the
//! suspects again, alone.

use std::cell::RefCell;
use std::collections::HashMap;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::Path;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{LazyLock, Mutex, Once, PoisonError, RwLock};
use std::thread::ThreadId;
use std::time::{Duration, Instant};

use peak_alloc::PeakAlloc;

#[global_allocator]
static MEMORY: PeakAlloc = PeakAlloc;

/// A case may work so long.
pub const MOST_TIME: Duration = Duration::from_secs(10);
/// After this nobody believes that it comes back.
const NEVER: Duration = Duration::from_secs(120);
/// More than this, of all cases together, could bring the machine down.
const MOST_MEMORY: usize = 10 << 30;

/// The most pages that the process had, looked at now and then: what codecs take beside the allocator.
static MOST_RESIDENT: AtomicUsize = AtomicUsize::new(0);
/// Cases share it; one that is to be measured alone has it alone.
static TURN: RwLock<()> = RwLock::new(());
static RUNNING: LazyLock<Mutex<HashMap<ThreadId, (String, Instant)>>> = LazyLock::new(Mutex::default);
/// Of threads that are not ours: those of a pool.
static ELSEWHERE: Mutex<String> = Mutex::new(String::new());

thread_local! {
    /// What a panic said, while a case runs on this thread.
    static SAID: RefCell<Option<String>> = const { RefCell::new(None) };
}

/// How a case went.
pub struct Outcome {
    pub answer: Result<(), String>,
    pub took: Duration,
    /// Bytes, those of cases beside it included.
    pub memory: usize,
}

/// What is wrong with a case.
#[derive(Debug, Clone, PartialEq)]
pub enum Fault {
    Panic(String),
    Slow(Duration),
    Memory(usize),
}

impl Fault {
    /// The same for all cases that stumble at the same place.
    pub fn place(&self) -> String {
        match self {
            // The first line says where.
            Self::Panic(said) => said.lines().next().unwrap_or_default().to_owned(),
            Self::Slow(_) => "time".to_owned(),
            Self::Memory(_) => "memory".to_owned(),
        }
    }
}

impl std::fmt::Display for Fault {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Panic(said) => write!(f, "{said}"),
            Self::Slow(took) => write!(f, "it took {:.1} s", took.as_secs_f64()),
            Self::Memory(bytes) => write!(f, "it took {} MiB of memory", bytes >> 20),
        }
    }
}

/// Reads the file at `path`, beside others; where time or memory are exceeded once more, alone.
pub fn watched(
    name: &str,
    path: &Path,
    read: fn(&Path) -> Result<(), String>,
    most_memory: usize,
) -> Result<Outcome, Fault> {
    let beside = {
        let _turn = TURN.read().unwrap_or_else(PoisonError::into_inner);
        measured(name, path, read)?
    };
    if beside.took <= MOST_TIME && beside.memory <= most_memory {
        return Ok(beside);
    }
    let _turn = TURN.write().unwrap_or_else(PoisonError::into_inner);
    forget();
    let alone = measured(name, path, read);
    forget();
    match alone? {
        // Memory first: to get much of it takes long too.
        outcome if outcome.memory > most_memory => Err(Fault::Memory(outcome.memory)),
        outcome if outcome.took > MOST_TIME => Err(Fault::Slow(outcome.took)),
        outcome => Ok(outcome),
    }
}

/// The measuring of the most memory begins anew.
fn forget() {
    MEMORY.reset_peak_usage();
    MOST_RESIDENT.store(0, Ordering::Relaxed);
}

/// Bytes of the process that lie in memory; 0 where the system does not say.
fn resident() -> usize {
    let pages = std::fs::read_to_string("/proc/self/statm").ok();
    let pages = pages.and_then(|text| text.split(' ').nth(1).and_then(|pages| pages.parse::<usize>().ok()));
    pages.unwrap_or(0) * 4096
}

/// How long the process has computed; `None` where the system does not say. A busy machine makes a case late, not slow.
fn worked() -> Option<Duration> {
    let text = std::fs::read_to_string("/proc/self/stat").ok()?;
    // Behind the name in brackets, the 12th and 13th: hundredths of a second in the program and in the kernel.
    let fields: Vec<&str> = text.rsplit_once(')')?.1.split_whitespace().collect();
    let ticks = |n: usize| fields.get(n)?.parse::<u64>().ok();
    Some(Duration::from_millis(10 * (ticks(11)? + ticks(12)?)))
}

fn measured(name: &str, path: &Path, read: fn(&Path) -> Result<(), String>) -> Result<Outcome, Fault> {
    prepare();
    let running = || RUNNING.lock().unwrap_or_else(PoisonError::into_inner);
    let (this, before, lay) = (std::thread::current().id(), MEMORY.current_usage(), resident());
    let (start, worked_before) = (Instant::now(), worked());
    running().insert(this, (format!("{name}: {}", path.display()), start));
    SAID.set(Some(String::new()));
    let answer = catch_unwind(AssertUnwindSafe(|| read(path)));
    let said = SAID.take().unwrap_or_default();
    running().remove(&this);
    match answer {
        Ok(answer) => {
            let beside = MOST_RESIDENT.load(Ordering::Relaxed).saturating_sub(lay);
            let memory = MEMORY.peak_usage().saturating_sub(before).max(beside);
            let worked = worked().zip(worked_before).map(|(after, before)| after.saturating_sub(before));
            let took = worked.unwrap_or(Duration::MAX).min(start.elapsed());
            Ok(Outcome { answer, took, memory })
        }
        Err(_) if said.is_empty() => {
            Err(Fault::Panic(ELSEWHERE.lock().unwrap_or_else(PoisonError::into_inner).clone()))
        }
        Err(_) => Err(Fault::Panic(said)),
    }
}

/// Makes panics of cases quiet, and starts the watch.
fn prepare() {
    static START: Once = Once::new();
    START.call_once(|| {
        let usual = std::panic::take_hook();
        std::panic::set_hook(Box::new(move |info| {
            let ours = SAID.with_borrow_mut(|said| said.as_mut().map(|said| *said = info.to_string()).is_some());
            if !ours && std::thread::current().name().is_none() {
                *ELSEWHERE.lock().unwrap_or_else(PoisonError::into_inner) = info.to_string();
            } else if !ours {
                usual(info);
            }
        }));
        std::thread::spawn(watch);
    });
}

fn watch() {
    loop {
        std::thread::sleep(Duration::from_millis(10));
        let lies = resident();
        MOST_RESIDENT.fetch_max(lies, Ordering::Relaxed);
        let running = RUNNING.lock().unwrap_or_else(PoisonError::into_inner);
        let memory = MEMORY.current_usage().max(lies);
        if memory > MOST_MEMORY || running.values().any(|(_, start)| start.elapsed() > NEVER) {
            let list: Vec<String> =
                running.values().map(|(case, start)| format!("{case} since {:?}", start.elapsed())).collect();
            eprintln!("ended: {} MiB are taken; running are\n  {}", memory >> 20, list.join("\n  "));
            std::process::exit(101);
        }
    }
}
