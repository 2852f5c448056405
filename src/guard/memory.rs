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
    state: Mutex<State>,
    changed: Condvar,
}

#[derive(Debug, Default)]
struct State {
    taken_bytes: u64,
    /// How many have asked, and how many of them have got what they asked for: who came first is served first, or a large
    /// picture would wait until no small one is left.
    asked: u64,
    served: u64,
}

impl Memory {
    pub fn new(limit_bytes: u64) -> Self {
        Self { limit_bytes, kept_back_bytes: 0, state: Mutex::default(), changed: Condvar::new() }
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

    /// Waits until so much is free and all who asked before have theirs, and takes it.
    ///
    /// # Errors
    /// Like [`Self::check`].
    pub fn take(&self, bytes: u64) -> Result<Taken<'_>, TooMuch> {
        self.check(bytes)?;
        let mut state = self.lock();
        let turn = state.asked;
        state.asked += 1;
        let waits = |state: &mut State| state.served != turn || !self.has_room(state.taken_bytes, bytes);
        state = self.changed.wait_while(state, waits).unwrap_or_else(PoisonError::into_inner);
        state.served += 1;
        state.taken_bytes += bytes;
        // It may be the next one's turn.
        self.changed.notify_all();
        Ok(Taken { memory: self, bytes })
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Memory that was taken, until it is dropped.
#[derive(Debug)]
pub struct Taken<'a> {
    memory: &'a Memory,
    bytes: u64,
}

impl Taken<'_> {
    /// Makes it `bytes` if that can be had at once. Who waited for more while holding some might wait forever.
    pub fn resized(&mut self, bytes: u64) -> bool {
        let mut state = self.memory.lock();
        let others = state.taken_bytes - self.bytes;
        if bytes > self.bytes && !self.memory.has_room(others, bytes) {
            return false;
        }
        state.taken_bytes = others + bytes;
        self.bytes = bytes;
        self.memory.changed.notify_all();
        true
    }
}

impl Drop for Taken<'_> {
    fn drop(&mut self) {
        self.memory.lock().taken_bytes -= self.bytes;
        self.memory.changed.notify_all();
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
        assert_eq!(memory.lock().taken_bytes, 0);
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

    #[test]
    fn who_came_first_is_served_first() {
        let memory = Memory::new(1000);
        let asked = |count: u64| while memory.lock().asked < count {};
        let first = memory.take(600).unwrap();
        std::thread::scope(|scope| {
            let large = scope.spawn(|| memory.take(900).unwrap());
            asked(2);
            let small = scope.spawn(|| memory.take(100).map(drop));
            asked(3);
            std::thread::sleep(std::time::Duration::from_millis(20));
            assert!(!small.is_finished(), "there is room for it, but the large one came before");
            drop(first);
            drop(large.join().unwrap());
            small.join().unwrap().unwrap();
        });
        assert_eq!(memory.lock().taken_bytes, 0);
    }
}
