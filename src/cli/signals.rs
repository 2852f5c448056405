//! Being asked to stop: by Ctrl-C, by a system that shuts down, by a terminal that closes.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::Duration;

use anyhow::{Context, Result};
use signal_hook::consts::{SIGINT, SIGTERM};
use signal_hook::flag;

use super::note;

/// Shells add this to a signal's number.
const BY_SIGNAL: i32 = 128;

/// Set once somebody asked.
#[derive(Debug, Clone)]
pub struct Stop {
    /// For work that looks now and then.
    pub flag: Arc<AtomicBool>,
    signal: Arc<AtomicUsize>,
}

impl Stop {
    /// From now on a signal asks, and `at_hand` is said to be finished; a second one ends the program at once.
    ///
    /// # Errors
    /// A system that lets nobody watch.
    pub fn watch(at_hand: &'static str) -> Result<Self> {
        let stop = Self { flag: Arc::default(), signal: Arc::default() };
        #[cfg(unix)]
        let signals = [SIGINT, SIGTERM, signal_hook::consts::SIGHUP];
        #[cfg(not(unix))]
        let signals = [SIGINT, SIGTERM];
        for signal in signals {
            let watched = flag::register_conditional_shutdown(signal, BY_SIGNAL + signal, Arc::clone(&stop.flag))
                .and_then(|_| flag::register_usize(signal, Arc::clone(&stop.signal), signal as usize))
                .and_then(|_| flag::register(signal, Arc::clone(&stop.flag)));
            watched.context("signal handlers cannot be installed")?;
        }
        let asked = stop.clone();
        // A handler of signals may not print. This one ends with the program.
        std::thread::spawn(move || {
            while !asked.is_asked() {
                std::thread::sleep(Duration::from_millis(100));
            }
            note(format_args!("\nstopping after {at_hand}; press Ctrl-C again to stop at once"));
        });
        Ok(stop)
    }

    pub fn is_asked(&self) -> bool {
        self.flag.load(Ordering::Relaxed)
    }

    /// The status with which the program then ends: 130 after Ctrl-C, 143 after SIGTERM.
    pub fn status(&self) -> u8 {
        (BY_SIGNAL as usize + self.signal.load(Ordering::Relaxed)) as u8
    }
}

/// The end of a work that was asked to stop: nothing was at fault.
#[derive(Debug, thiserror::Error)]
#[error("{says}")]
pub struct Stopped {
    pub says: String,
    pub status: u8,
}
