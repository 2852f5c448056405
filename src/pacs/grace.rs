//! A stop with a grace period: what is under way may finish.

use std::cell::Cell;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

/// How long work that is under way may go on after a stop.
const GRACE: Duration = Duration::from_secs(5);

/// Says yes until a stop is set, and for the grace period after it while something is under way.
pub struct Grace<'s> {
    stop: &'s AtomicBool,
    pub is_busy: Cell<bool>,
    stopped: Cell<Option<Instant>>,
}

impl<'s> Grace<'s> {
    /// Starts out busy.
    pub fn new(stop: &'s AtomicBool) -> Self {
        Self { stop, is_busy: Cell::new(true), stopped: Cell::new(None) }
    }

    pub fn may_go_on(&self) -> bool {
        if !self.stop.load(Ordering::Relaxed) {
            return true;
        }
        let since = self.stopped.get().unwrap_or_else(Instant::now);
        self.stopped.set(Some(since));
        self.is_busy.get() && since.elapsed() < GRACE
    }
}
