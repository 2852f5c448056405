//! The state of the running node, apart from its queue.

use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use serde::{Deserialize, Serialize};

use super::queue::Counts;

/// Whether a destination can be reached.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Reach {
    /// Failures in a row; 0 once something was sent.
    pub failures: u32,
    /// The last failure.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub error: Option<String>,
}

/// All that `fovea node status` says.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub struct Status {
    pub version: String,
    /// `None` where the node is not running.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub up_s: Option<u64>,
    /// Whether all parts work.
    pub is_healthy: bool,
    /// What does not work.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub fault: Option<String>,
    /// Milliseconds that the picture in progress has taken so far.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub at_hand_ms: Option<u64>,
    pub queue: Counts,
    #[serde(default)]
    pub reach: BTreeMap<String, Reach>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub resident_bytes: Option<u64>,
}

/// Shared by the node's threads.
#[derive(Debug)]
pub struct Live {
    started: Instant,
    state: Mutex<Inside>,
}

#[derive(Debug, Default)]
struct Inside {
    at_hand: Option<Instant>,
    fault: Option<String>,
    reach: BTreeMap<String, Reach>,
}

impl Live {
    pub fn new(destinations: impl IntoIterator<Item = String>) -> Self {
        let reach = destinations.into_iter().map(|name| (name, Reach::default())).collect();
        Self { started: Instant::now(), state: Mutex::new(Inside { reach, ..Inside::default() }) }
    }

    fn with<T>(&self, work: impl FnOnce(&mut Inside) -> T) -> T {
        work(&mut self.state.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// A picture was begun or finished.
    pub fn at_hand(&self, is_there: bool) {
        self.with(|inside| inside.at_hand = is_there.then(Instant::now));
    }

    /// The queue cannot be read or written; `None` once it can be again.
    pub fn fault(&self, fault: Option<String>) {
        self.with(|inside| inside.fault = fault);
    }

    pub fn reached(&self, destination: &str) {
        self.with(|inside| inside.reach.insert(destination.to_owned(), Reach::default()));
    }

    pub fn not_reached(&self, destination: &str, failures: u32, error: String) {
        let reach = Reach { failures, error: Some(error) };
        self.with(|inside| inside.reach.insert(destination.to_owned(), reach));
    }

    /// The status, with the queue's counts.
    pub fn status(&self, queue: Counts) -> Status {
        self.with(|inside| Status {
            version: env!("CARGO_PKG_VERSION").to_owned(),
            up_s: Some(self.started.elapsed().as_secs()),
            is_healthy: inside.fault.is_none(),
            fault: inside.fault.clone(),
            at_hand_ms: inside.at_hand.map(|began| milliseconds(began.elapsed())),
            queue,
            reach: inside.reach.clone(),
            resident_bytes: resident_bytes(),
        })
    }
}

impl Status {
    /// The status of a node that is not running.
    pub fn at_rest(queue: Counts) -> Self {
        Self { version: env!("CARGO_PKG_VERSION").to_owned(), queue, ..Self::default() }
    }
}

fn milliseconds(duration: Duration) -> u64 {
    u64::try_from(duration.as_millis()).unwrap_or(u64::MAX)
}

/// Resident memory, on systems that tell it in a file.
fn resident_bytes() -> Option<u64> {
    let status = crate::guard::regular::read_text(std::path::Path::new("/proc/self/status"), 1 << 16).ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"))?;
    line.trim().strip_suffix(" kB")?.trim().parse::<u64>().ok().map(|kilobytes| kilobytes << 10)
}
