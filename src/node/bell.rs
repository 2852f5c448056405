//! Threads that wait for something to do.

use std::sync::{Condvar, Mutex, PoisonError};
use std::time::Duration;

/// Rung when there is something to do.
#[derive(Debug, Default)]
pub struct Bell {
    rung: Mutex<u64>,
    changed: Condvar,
}

impl Bell {
    pub fn ring(&self) {
        *self.rung.lock().unwrap_or_else(PoisonError::into_inner) += 1;
        self.changed.notify_all();
    }

    /// How often it has been rung.
    pub fn heard(&self) -> u64 {
        *self.rung.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Waits until it has been rung more often than `heard`, at most `longest`.
    pub fn wait(&self, heard: u64, longest: Duration) {
        let rung = self.rung.lock().unwrap_or_else(PoisonError::into_inner);
        // Rung or timed out makes no difference: the caller looks either way.
        let _ = self.changed.wait_timeout_while(rung, longest, |rung| *rung <= heard);
    }
}
