//! PyTorch as a peer that takes turns in the same run.

use std::io::{BufRead, BufReader, Lines, Write};
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};

/// A script that answers one line with another.
pub struct Peer {
    pub name: String,
    ask: ChildStdin,
    answers: Lines<BufReader<ChildStdout>>,
    process: Child,
}

impl Peer {
    /// Starts `script` of this folder by `FOVEA_PYTHON`, else `python3`; `None` where that cannot run it.
    pub fn start(script: &str) -> Option<Self> {
        let python = std::env::var("FOVEA_PYTHON").unwrap_or_else(|_| "python3".to_owned());
        let threads = std::thread::available_parallelism().map_or(1, usize::from).to_string();
        let mut process = Command::new(python)
            .args([&format!("{}/benches/{script}", env!("CARGO_MANIFEST_DIR")), &threads])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .ok()?;
        let (ask, mut answers) = (process.stdin.take()?, BufReader::new(process.stdout.take()?).lines());
        let name = answers.next()?.ok()?;
        Some(Self { name, ask, answers, process })
    }
}

impl Drop for Peer {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

/// Milliseconds, or NaN where the peer cannot say.
pub fn ask(peer: &mut Option<Peer>, job: &str) -> f64 {
    let Some(peer) = peer else { return f64::NAN };
    writeln!(peer.ask, "{job}").unwrap();
    peer.answers.next().and_then(Result::ok).and_then(|line| line.parse().ok()).unwrap_or(f64::NAN)
}
