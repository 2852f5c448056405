//! A target is a maker of files and their reader. Every case is its bytes: what the maker decides is drawn from them, so
//! that a case can be run again from a line of text, and grows simpler where its bytes are cut.

use std::collections::BTreeMap;
use std::fs::OpenOptions;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use rand::{Rng, SeedableRng};
use rand_chacha::ChaCha8Rng;

use super::choices::Choices;
use super::guard::{Fault, Outcome, watched};

/// Bytes of the longest case.
const LONGEST: usize = 160;
/// How long one failure is made simpler.
const PATIENCE: Duration = Duration::from_secs(15);

pub struct Target {
    pub name: &'static str,
    /// Of its files.
    pub ending: &'static str,
    /// MiB that reading one of its files may take.
    pub memory: usize,
    pub make: fn(&mut Choices<'_>) -> Vec<u8>,
    pub read: fn(&Path) -> Result<(), String>,
}

impl Target {
    /// Reads the file at `path` and holds the answer against what holds for all.
    pub fn read(&self, path: &Path) -> Result<Outcome, Fault> {
        watched(self.name, path, self.read, self.memory << 20)
    }

    fn case(&self, folder: &Path, case: &[u8]) -> Result<Outcome, Fault> {
        let path = folder.join(format!("case.{}", self.ending));
        write(&path, &(self.make)(&mut Choices::new(case))).unwrap();
        self.read(&path)
    }
}

/// Writes over what is there: a file that is emptied first is brought to the disk by some systems before it is closed,
/// which takes longer than all the rest.
fn write(path: &Path, bytes: &[u8]) -> std::io::Result<()> {
    let mut file = OpenOptions::new().write(true).create(true).truncate(false).open(path)?;
    file.write_all(bytes)?;
    file.set_len(bytes.len() as u64)
}

/// What was seen of one target.
#[derive(Default)]
struct Seen {
    cases: usize,
    accepted: usize,
    memory: usize,
    slowest: Duration,
    /// By place: the case, and what it did.
    faults: BTreeMap<String, (Vec<u8>, Fault)>,
    /// How often each refusal came, by its words without the file's name and without numbers.
    refusals: BTreeMap<String, usize>,
    /// Refusals that are no single short line, by what is amiss and their beginnings.
    wordy: BTreeMap<String, Vec<u8>>,
}

impl Seen {
    fn take(&mut self, case: &[u8], outcome: &Outcome) {
        self.accepted += usize::from(outcome.answer.is_ok());
        self.memory = self.memory.max(outcome.memory);
        self.slowest = self.slowest.max(outcome.took);
        let Err(said) = &outcome.answer else { return };
        let words = said.rsplit_once("/case.").map_or(said.as_str(), |(_, words)| words);
        let words: String = words.chars().filter(|c| !c.is_ascii_digit()).take(110).collect();
        let flaw = match said {
            _ if said.len() > 600 => "long",
            _ if said.chars().any(|c| c.is_control() && c != '\n') => "control characters",
            _ if said.contains('\n') => "several lines",
            _ => "",
        };
        if !flaw.is_empty() && self.wordy.len() < 8 {
            let begins: String = words.chars().take(40).collect();
            self.wordy.entry(format!("{flaw}: {begins:?}")).or_insert_with(|| case.to_owned());
        }
        *self.refusals.entry(words).or_default() += 1;
    }
}

/// Runs `target` for as long as is wished, or the one case that is wished.
pub fn run(target: &Target) {
    let folder = folder(target.name);
    if let Ok(case) = std::env::var("FOVEA_FUZZ_CASE") {
        match target.case(&folder, &unhex(&case)) {
            Ok(Outcome { answer, took, memory }) => {
                eprintln!("{answer:?} after {took:?} with {} KiB; the file is in {}", memory >> 10, folder.display());
            }
            Err(fault) => panic!("{fault}\nthe file is in {}", folder.display()),
        }
        return;
    }
    let wish = |name: &str, usual: u64| std::env::var(name).ok().and_then(|text| text.parse().ok()).unwrap_or(usual);
    let name = target.name.bytes().fold(0u64, |sum, byte| sum.wrapping_mul(31).wrapping_add(byte.into()));
    let mut rng = ChaCha8Rng::seed_from_u64(wish("FOVEA_FUZZ_SEED", 1) ^ name << 32);
    let (start, mut seen) = (Instant::now(), Seen::default());
    while start.elapsed() < Duration::from_secs(wish("FOVEA_FUZZ_SECONDS", 1)) {
        let mut case = vec![0; 8 + rng.next_u32() as usize % (LONGEST - 8)];
        rng.fill_bytes(&mut case);
        seen.cases += 1;
        match target.case(&folder, &case) {
            Ok(outcome) => seen.take(&case, &outcome),
            Err(fault) if seen.faults.contains_key(&fault.place()) => {}
            Err(fault) => {
                let (case, fault) = simpler(target, &folder, case, fault);
                seen.faults.insert(fault.place(), (case, fault));
            }
        }
    }
    report(target, &folder, &seen, start.elapsed());
}

fn report(target: &Target, folder: &Path, seen: &Seen, took: Duration) {
    eprintln!(
        "{}: {} cases, {:.0} a second, {} accepted, slowest {:?}, most memory {} MiB",
        target.name,
        seen.cases,
        seen.cases as f64 / took.as_secs_f64(),
        seen.accepted,
        seen.slowest,
        seen.memory >> 20
    );
    if std::env::var_os("FOVEA_FUZZ_REFUSALS").is_some() {
        let mut refusals: Vec<_> = seen.refusals.iter().collect();
        refusals.sort_by_key(|(_, count)| std::cmp::Reverse(*count));
        refusals.iter().take(40).for_each(|(words, count)| eprintln!("  {count:6} {words:?}"));
    }
    for (said, case) in &seen.wordy {
        eprintln!("  refused in words that are no single short line: {said}\n    FOVEA_FUZZ_CASE={}", hex(case));
    }
    for (number, (case, fault)) in seen.faults.values().enumerate() {
        let kept = folder.join(format!("found-{number}.{}", target.ending));
        std::fs::write(&kept, (target.make)(&mut Choices::new(case))).unwrap();
        eprintln!("  {fault}\n    FOVEA_FUZZ_CASE={}\n    {}", hex(case), kept.display());
    }
    assert!(seen.faults.is_empty(), "{}: {} kinds of faults", target.name, seen.faults.len());
    let _ = std::fs::remove_dir_all(folder);
}

/// Cuts and zeroes the case's bytes as long as it fails at the same place.
fn simpler(target: &Target, folder: &Path, mut case: Vec<u8>, mut fault: Fault) -> (Vec<u8>, Fault) {
    let start = Instant::now();
    let mut step = case.len() / 2;
    // What takes long takes too long to be tried so often.
    while step > 0 && !matches!(fault, Fault::Slow(_)) {
        let mut at = 0;
        while at < case.len() && start.elapsed() < PATIENCE {
            let end = (at + step).min(case.len());
            let cut = [&case[..at], &case[end..]].concat();
            let zeroed = [&case[..at], &vec![0; end - at], &case[end..]].concat();
            let same = |case: &[u8]| target.case(folder, case).err().filter(|found| found.place() == fault.place());
            if let Some(found) = same(&cut) {
                (case, fault) = (cut, found);
            } else if let Some(found) = Some(&zeroed).filter(|zeroed| **zeroed != case).and_then(|zeroed| same(zeroed))
            {
                (case, fault) = (zeroed, found);
                at = end;
            } else {
                at = end;
            }
        }
        step /= 2;
    }
    (case, fault)
}

/// Where the cases lie. It is known beforehand, so that the last file is still there after a case that ended all.
fn folder(name: &str) -> PathBuf {
    let folder = std::env::temp_dir().join(format!("fovea-fuzz-{}", std::process::id())).join(name);
    std::fs::create_dir_all(&folder).unwrap();
    folder
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

fn unhex(text: &str) -> Vec<u8> {
    let digits: Vec<u32> = text.trim().chars().map(|c| c.to_digit(16).unwrap()).collect();
    digits.as_chunks::<2>().0.iter().map(|[high, low]| (high << 4 | low) as u8).collect()
}

/// What is planted is found, and little more than it is left.
#[test]
fn a_fault_is_made_simple() {
    let make = |c: &mut Choices<'_>| (0..20).map(|_| c.byte()).collect();
    let read = |path: &Path| match std::fs::read(path).unwrap() {
        bytes if bytes.windows(2).any(|two| two == [9, 7]) => panic!("planted"),
        bytes => Err(format!("{} bytes", bytes.len())),
    };
    let target = Target { name: "planted", ending: "txt", memory: 64, make, read };
    let (folder, case) = (folder(target.name), [[5; 11].as_slice(), &[9, 7], &[5; 30]].concat());
    let fault = target.case(&folder, &case).err().unwrap();
    assert!(fault.to_string().contains("planted"), "{fault}");
    let (case, _) = simpler(&target, &folder, case, fault);
    assert_eq!(case, [9, 7]);
    assert_eq!(unhex(&hex(&case)), case);
    assert!(target.case(&folder, &[]).is_ok());
    let _ = std::fs::remove_dir_all(folder);
}
