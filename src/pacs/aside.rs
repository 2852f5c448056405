//! Blocking calls that cannot be interrupted (name lookup, connecting, a DICOMweb answer), each on a thread of its own. A
//! caller that stops returns at once; the thread runs into its own timeout, and its result is dropped.

use std::io::{Error, Read};
use std::sync::mpsc::{Receiver, RecvTimeoutError, SyncSender, sync_channel};
use std::time::Duration;

use super::PacsError;
use crate::guard::panics;

/// How often `may_go_on` is asked.
const SLICE: Duration = Duration::from_millis(50);
/// Bytes of a body read at a time, and how many such parts may wait.
const PART_BYTES: usize = 1 << 16;
const MOST_PARTS: usize = 4;

/// Runs `work` on a thread of its own and returns its result.
///
/// # Errors
/// [`PacsError::Stopped`] once `may_go_on` says no; a panic of `work`.
pub fn aside<T: Send + 'static>(
    may_go_on: &dyn Fn() -> bool,
    work: impl FnOnce() -> T + Send + 'static,
) -> Result<T, PacsError> {
    if !may_go_on() {
        return Err(PacsError::Stopped);
    }
    let (say, hear) = sync_channel(1);
    begin(move || drop(say.send(panics::caught(work))))?;
    let done = wait(&hear, may_go_on)?;
    done.unwrap_or_else(|| Err("a thread ended without a word".to_owned())).map_err(PacsError::Here)
}

fn begin(work: impl FnOnce() + Send + 'static) -> Result<(), PacsError> {
    let begun = std::thread::Builder::new().name("fovea-pacs".to_owned()).spawn(work);
    begun.map(drop).map_err(|error| PacsError::Here(format!("the system has no thread left: {error}")))
}

/// `None` where the sender is gone.
fn wait<T>(hear: &Receiver<T>, may_go_on: &dyn Fn() -> bool) -> Result<Option<T>, PacsError> {
    loop {
        match hear.recv_timeout(SLICE) {
            Ok(heard) => return Ok(Some(heard)),
            Err(RecvTimeoutError::Disconnected) => return Ok(None),
            Err(RecvTimeoutError::Timeout) if may_go_on() => {}
            Err(RecvTimeoutError::Timeout) => return Err(PacsError::Stopped),
        }
    }
}

/// A body that a thread of its own reads, so that waiting for it can be stopped.
pub struct Pumped<'w> {
    hear: Receiver<std::io::Result<Vec<u8>>>,
    part: Vec<u8>,
    /// Bytes of `part` already handed out.
    given: usize,
    may_go_on: &'w dyn Fn() -> bool,
    pub is_stopped: bool,
}

impl<'w> Pumped<'w> {
    /// # Errors
    /// No thread can be started.
    pub fn new(from: impl Read + Send + 'static, may_go_on: &'w dyn Fn() -> bool) -> Result<Self, PacsError> {
        let (say, hear) = sync_channel(MOST_PARTS);
        begin(move || pump(from, &say))?;
        Ok(Self { hear, part: Vec::new(), given: 0, may_go_on, is_stopped: false })
    }
}

/// Reads until the end, an error, or until the receiver is gone.
fn pump(mut from: impl Read, say: &SyncSender<std::io::Result<Vec<u8>>>) {
    loop {
        let mut part = vec![0; PART_BYTES];
        let read = panics::caught(|| from.read(&mut part)).unwrap_or_else(|reason| Err(Error::other(reason)));
        let is_over = !matches!(read, Ok(1..));
        let read = read.map(|count| {
            part.truncate(count);
            part
        });
        if say.send(read).is_err() || is_over {
            return;
        }
    }
}

impl Read for Pumped<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> std::io::Result<usize> {
        if self.given == self.part.len() {
            if self.is_stopped || !(self.may_go_on)() {
                self.is_stopped = true;
                return Err(Error::other("stopped"));
            }
            self.part = match wait(&self.hear, self.may_go_on) {
                // The thread reported the end before it went.
                Ok(None) => Vec::new(),
                Ok(Some(part)) => part?,
                Err(_) => {
                    self.is_stopped = true;
                    return Err(Error::other("stopped"));
                }
            };
            self.given = 0;
        }
        let count = buffer.len().min(self.part.len() - self.given);
        buffer[..count].copy_from_slice(&self.part[self.given..self.given + count]);
        self.given += count;
        Ok(count)
    }
}

#[cfg(test)]
mod tests {
    use std::sync::mpsc::channel;

    use super::*;
    use crate::pacs::web_tests::yes;

    #[test]
    fn who_stops_waits_no_longer() {
        assert_eq!(aside(&|| true, || 7).unwrap(), 7);
        assert!(matches!(aside(&|| false, || 7), Err(PacsError::Stopped)));
        // Where somebody listens for panics, their place follows.
        let panicked = aside(&|| true, || panic!("a fault"));
        assert!(matches!(panicked, Err::<(), _>(PacsError::Here(what)) if what.starts_with("a fault")));
        // Would block forever, but for the end of this test.
        let (end, ends) = channel::<()>();
        assert!(matches!(aside(&yes(3), move || ends.recv()), Err(PacsError::Stopped)));
        drop(end);
    }

    /// Gives bytes, then nothing until its sender goes.
    struct Stuck(&'static [u8], std::sync::mpsc::Receiver<()>);

    impl Read for Stuck {
        fn read(&mut self, buffer: &mut [u8]) -> std::io::Result<usize> {
            if self.0.is_empty() {
                let _ = self.1.recv();
            }
            self.0.read(buffer)
        }
    }

    #[test]
    fn a_body_is_read_to_its_end_or_until_somebody_stops() {
        let long: Vec<u8> = (0..3 * PART_BYTES + 5).map(|at| (at % 251) as u8).collect();
        let (mut back, expected) = (Vec::new(), long.clone());
        let mut body = Pumped::new(std::io::Cursor::new(long), &|| true).unwrap();
        body.read_to_end(&mut back).unwrap();
        assert!(back == expected && !body.is_stopped);
        let (end, ends) = channel::<()>();
        let may_go_on = yes(4);
        let mut body = Pumped::new(Stuck(b"abc", ends), &may_go_on).unwrap();
        let mut back = [0; 3];
        body.read_exact(&mut back).unwrap();
        assert_eq!(&back, b"abc");
        assert!(body.read_exact(&mut back).is_err() && body.is_stopped);
        drop(end);
    }
}
