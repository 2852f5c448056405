//! One run of the program: what it said, how it ended, how long it took and how much memory.

use std::ffi::OsStr;
use std::io::Read;
use std::os::unix::process::ExitStatusExt;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

pub struct Run(Command);

pub struct Done {
    pub answers: String,
    pub errors: String,
    /// As a shell counts it.
    pub status: i32,
    pub seconds: f64,
    /// Of resident memory.
    pub peak_mb: u64,
}

/// The program with nothing but these.
pub fn bare<const N: usize>(arguments: [&str; N]) -> Run {
    let mut command = Command::new(env!("CARGO_BIN_EXE_fovea"));
    // The user's own models and settings must not reach into the tests.
    command.env("XDG_DATA_HOME", "/nonexistent").env("HOME", "/nonexistent").args(arguments);
    Run(command)
}

impl Run {
    /// `fovea explain` with the smallest model.
    pub fn explain(out: &Path) -> Self {
        bare(["explain", "--model", "mnist", "--device", "cpu", "--out"]).arg(out)
    }

    pub fn arg(mut self, argument: impl AsRef<OsStr>) -> Self {
        self.0.arg(argument);
        self
    }

    pub fn args(mut self, arguments: impl IntoIterator<Item = impl AsRef<OsStr>>) -> Self {
        self.0.args(arguments);
        self
    }

    /// What a shell does with it where its answers go to `place`.
    pub fn through(self, place: &str) -> Done {
        let words = std::iter::once(self.0.get_program()).chain(self.0.get_args());
        let quoted: Vec<String> = words.map(|word| format!("'{}'", word.to_string_lossy())).collect();
        let mut shell = Command::new("bash");
        shell.env("XDG_DATA_HOME", "/nonexistent").env("HOME", "/nonexistent");
        shell.args(["-o", "pipefail", "-c", &format!("{} {place}", quoted.join(" "))]);
        Self(shell).done()
    }

    pub fn start(mut self) -> Child {
        self.0.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap()
    }

    pub fn done(self) -> Done {
        let began = Instant::now();
        let mut child = self.start();
        let answers = reader(child.stdout.take().unwrap());
        let errors = reader(child.stderr.take().unwrap());
        let mut peak_mb = 0;
        let status = loop {
            peak_mb = peak_mb.max(high_water_mb(child.id()));
            if let Some(status) = child.try_wait().unwrap() {
                break status;
            }
            if began.elapsed() > Duration::from_secs(120) {
                child.kill().unwrap();
            }
            std::thread::sleep(Duration::from_millis(2));
        };
        Done {
            answers: answers.join().unwrap(),
            errors: errors.join().unwrap(),
            status: status.code().unwrap_or_else(|| 128 + status.signal().unwrap_or(0)),
            seconds: began.elapsed().as_secs_f64(),
            peak_mb,
        }
    }
}

fn reader(mut pipe: impl Read + Send + 'static) -> std::thread::JoinHandle<String> {
    std::thread::spawn(move || {
        let mut bytes = Vec::new();
        pipe.read_to_end(&mut bytes).unwrap();
        String::from_utf8_lossy(&bytes).into_owned()
    })
}

/// The most resident memory of a process so far; 0 where the system does not say.
fn high_water_mb(process: u32) -> u64 {
    let status = std::fs::read_to_string(format!("/proc/{process}/status")).unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    line.and_then(|line| line.trim().trim_end_matches(" kB").parse::<u64>().ok()).unwrap_or(0) / 1024
}
