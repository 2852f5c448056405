//! Work in a process of its own: where a library that is not all safe Rust is led astray by a file, it takes that process
//! with it and no other.

use std::io::{Read, Write};
use std::path::PathBuf;
use std::process::{Child, Command, ExitCode, ExitStatus, Stdio};
use std::sync::OnceLock;
use std::sync::mpsc::channel;
use std::time::Duration;

/// The first word of a command line that asks for such work.
pub const WORD: &str = "--apart";
/// Something that is done apart: bytes in, bytes out.
pub type ApartWork = fn(&[u8]) -> Result<Vec<u8>, String>;
/// No picture takes so long.
const PATIENCE: Duration = Duration::from_secs(60);
const DONE: u8 = 0;
/// Said where somebody else ended the child: a user, or a system that has no memory left. The input is not at fault.
pub const KILLED: &str = "its decoder was killed from outside";

static PROGRAM: OnceLock<PathBuf> = OnceLock::new();

/// From now on such work is done by children of `program`, which calls [`answer`] where its first word is [`WORD`].
pub fn by(program: PathBuf) {
    let _ = PROGRAM.set(program);
}

/// Why a child has no answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Failure {
    /// It says why itself.
    Says(String),
    /// It ended without a word.
    BrokeDown,
    /// It was ended, since it took too long.
    TookTooLong,
    /// Somebody else ended it.
    Killed,
}

/// Has a child decode `input` by the work `name`; its answer is of at most `most_bytes`. `None` where there is no child to
/// be had, as in a test: then the caller does it.
///
/// # Errors
/// What the child says, or that it broke down.
pub fn run(name: &str, input: &[u8], most_bytes: usize) -> Option<Result<Vec<u8>, String>> {
    let says = |failure| match failure {
        Failure::Says(reason) => reason,
        Failure::BrokeDown => "its decoder broke down".to_owned(),
        Failure::TookTooLong => "its decoder did not come to an end".to_owned(),
        Failure::Killed => KILLED.to_owned(),
    };
    Some(within(name, input, most_bytes, PATIENCE)?.map_err(says))
}

/// As [`run`], of any work, which is ended after `patience`.
///
/// # Errors
/// Why there is no answer.
pub fn within(name: &str, input: &[u8], most_bytes: usize, patience: Duration) -> Option<Result<Vec<u8>, Failure>> {
    let mut command = Command::new(PROGRAM.get()?);
    command.arg(WORD).arg(name).stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::null());
    // Ctrl-C is for the program to finish what is at hand, and this is.
    #[cfg(unix)]
    std::os::unix::process::CommandExt::process_group(&mut command, 0);
    Some(talk(command.spawn().ok()?, input, most_bytes as u64, patience))
}

fn talk(mut child: Child, input: &[u8], most_bytes: u64, patience: Duration) -> Result<Vec<u8>, Failure> {
    let (to, from) = (child.stdin.take(), child.stdout.take());
    let said = std::thread::scope(|scope| {
        // It may answer, or end, before it has read everything.
        scope.spawn(move || to.map(|mut to| to.write_all(input)));
        let (sender, receiver) = channel();
        scope.spawn(move || {
            let mut said = Vec::new();
            let read = from.map(|from| from.take(most_bytes + 1).read_to_end(&mut said));
            let _ = sender.send(read.is_some_and(|read| read.is_ok()).then_some(said));
        });
        let said = receiver.recv_timeout(patience);
        let is_ours = said.as_ref().map_or(true, Option::is_none);
        if is_ours {
            let _ = child.kill();
        }
        said.map(|said| (said, is_ours))
    });
    let status = child.wait().ok();
    let ended = status.is_some_and(|status| status.success());
    match said {
        Err(_) => Err(Failure::TookTooLong),
        Ok((_, false)) if status.is_some_and(is_killed) => Err(Failure::Killed),
        Ok((Some(mut said), _)) if ended && said.first() == Some(&DONE) => {
            said.remove(0);
            Ok(said)
        }
        Ok((Some(said), _)) if ended => {
            Err(Failure::Says(String::from_utf8_lossy(said.get(1..).unwrap_or_default()).into_owned()))
        }
        Ok(_) => Err(Failure::BrokeDown),
    }
}

/// By a signal that no fault of its own gives.
#[cfg(unix)]
fn is_killed(status: ExitStatus) -> bool {
    use signal_hook::consts::{SIGHUP, SIGINT, SIGKILL, SIGTERM};
    let signal = std::os::unix::process::ExitStatusExt::signal(&status);
    signal.is_some_and(|signal| [SIGHUP, SIGINT, SIGKILL, SIGTERM].contains(&signal))
}

#[cfg(not(unix))]
fn is_killed(_: ExitStatus) -> bool {
    false
}

/// The child's side: does `work` on what comes in and says what comes of it.
pub fn answer(work: ApartWork) -> ExitCode {
    let mut input = Vec::new();
    if std::io::stdin().lock().read_to_end(&mut input).is_err() {
        return ExitCode::FAILURE;
    }
    let (kind, said) = match super::panics::caught(|| work(&input)) {
        Ok(Ok(done)) => (DONE, done),
        Ok(Err(reason)) => (1, reason.into_bytes()),
        Err(_) => (1, b"it makes no sense".to_vec()),
    };
    let mut out = std::io::stdout().lock();
    match out.write_all(&[kind]).and_then(|()| out.write_all(&said)).and_then(|()| out.flush()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(_) => ExitCode::FAILURE,
    }
}

#[cfg(all(test, unix))]
mod tests {
    use super::*;

    #[test]
    fn who_is_killed_is_told_from_who_breaks_down() {
        let end = |signal: &str| {
            let mut command = Command::new("sh");
            command.args(["-c", &format!("kill -{signal} $$")]).stdin(Stdio::piped()).stdout(Stdio::piped());
            talk(command.spawn().unwrap(), b"", 9, PATIENCE).unwrap_err()
        };
        assert_eq!((end("KILL"), end("TERM")), (Failure::Killed, Failure::Killed));
        assert_eq!((end("SEGV"), end("ABRT")), (Failure::BrokeDown, Failure::BrokeDown));
    }
}
