//! How much memory pictures may take: each alone, and all of a run together. What a picture needs is known from its file's
//! header, so that one that needs too much is refused before anything is decoded, and others wait for their turn.

use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};

/// What a picture, or all that are on their way at once, may take where nobody says otherwise.
pub const USUAL_LIMIT_BYTES: u64 = 2_000_000_000;

/// A picture needs more than there is for one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("this picture needs {} GB of memory, the limit is {}; `--limit` raises it", gigabytes(*needed_bytes, true), gigabytes(*limit_bytes, false))]
pub struct TooMuch {
    pub needed_bytes: u64,
    pub limit_bytes: u64,
}

/// With one decimal where it needs one, rounded up where it must not be understated.
fn gigabytes(bytes: u64, up: bool) -> String {
    let tenths = bytes as f64 / 1e8;
    let tenths = if up { tenths.ceil() } else { tenths.floor() };
    format!("{}", tenths / 10.0)
}

/// A number of bytes that several threads share.
#[derive(Debug)]
pub struct Memory {
    limit_bytes: u64,
    /// Of that for what pictures take by turns.
    kept_back_bytes: u64,
    taken: Mutex<u64>,
    given_back: Condvar,
}

impl Memory {
    pub fn new(limit_bytes: u64) -> Self {
        Self { limit_bytes, kept_back_bytes: 0, taken: Mutex::new(0), given_back: Condvar::new() }
    }

    /// The same with so many bytes for what pictures take by turns, which none asks for. A picture that leaves less is on
    /// its way alone.
    pub fn keeping_back(self, kept_back_bytes: u64) -> Self {
        Self { kept_back_bytes, ..self }
    }

    pub fn limit_bytes(&self) -> u64 {
        self.limit_bytes
    }

    /// Whether one can have `bytes` while all others have `others`.
    fn has_room(&self, others: u64, bytes: u64) -> bool {
        let shared = self.limit_bytes.saturating_sub(self.kept_back_bytes);
        others + bytes <= if others == 0 { self.limit_bytes } else { shared }
    }

    /// Whether a picture that needs so much may be opened at all.
    ///
    /// # Errors
    /// It needs more than the limit.
    pub fn check(&self, needed_bytes: u64) -> Result<(), TooMuch> {
        let limit_bytes = self.limit_bytes;
        if needed_bytes > limit_bytes { Err(TooMuch { needed_bytes, limit_bytes }) } else { Ok(()) }
    }

    /// Waits until so much is free, and takes it.
    ///
    /// # Errors
    /// As [`Self::check`].
    pub fn take(&self, bytes: u64) -> Result<Taken<'_>, TooMuch> {
        self.check(bytes)?;
        let mut taken = self.lock();
        while !self.has_room(*taken, bytes) {
            taken = self.given_back.wait(taken).unwrap_or_else(PoisonError::into_inner);
        }
        *taken += bytes;
        Ok(Taken { memory: self, bytes })
    }

    fn lock(&self) -> MutexGuard<'_, u64> {
        self.taken.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Memory that was taken, until it is dropped.
#[derive(Debug)]
pub struct Taken<'a> {
    memory: &'a Memory,
    bytes: u64,
}

impl Taken<'_> {
    /// Makes it `bytes` if that can be had at once. Who waited for more while holding some might wait for ever.
    pub fn resized(&mut self, bytes: u64) -> bool {
        let mut taken = self.memory.lock();
        let others = *taken - self.bytes;
        if bytes > self.bytes && !self.memory.has_room(others, bytes) {
            return false;
        }
        *taken = others + bytes;
        self.bytes = bytes;
        self.memory.given_back.notify_all();
        true
    }
}

impl Drop for Taken<'_> {
    fn drop(&mut self) {
        *self.memory.lock() -= self.bytes;
        self.memory.given_back.notify_all();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn who_needs_too_much_is_told_and_others_wait_for_their_turn() {
        let memory = Memory::new(2_000_000_000);
        let said = memory.take(3_010_000_000).unwrap_err().to_string();
        assert_eq!(said, "this picture needs 3.1 GB of memory, the limit is 2; `--limit` raises it");
        let mut first = memory.take(1_500_000_000).unwrap();
        std::thread::scope(|scope| {
            let second = scope.spawn(|| memory.take(1_000_000_000).map(drop));
            std::thread::sleep(std::time::Duration::from_millis(20));
            assert!(!second.is_finished(), "together they are too many");
            assert!(!first.resized(2_500_000_000) && first.resized(1_000_000_000));
            second.join().unwrap().unwrap();
        });
        drop(first);
        assert_eq!(*memory.lock(), 0);
    }

    #[test]
    fn what_is_kept_back_is_for_all_and_a_large_picture_is_alone() {
        let memory = Memory::new(1000).keeping_back(400);
        let mut small = memory.take(300).unwrap();
        assert!(memory.has_room(300, 300) && !memory.has_room(300, 301), "two share what is left");
        assert!(!small.resized(1001) && small.resized(900), "who is alone may have all");
        assert!(!memory.has_room(900, 1));
        assert!(memory.take(1001).is_err());
    }
}
