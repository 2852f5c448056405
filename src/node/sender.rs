//! One destination is given what it is to have.

use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use super::bell::Bell;
use super::carrier::Carrier;
use super::live::Live;
use super::queue::{Delivery, Fate, Queue, QueueError};
use super::{Say, pause};
use crate::pacs::{PacsError, Parcel};

/// Objects that go over one association. What was sent is noted after each: so much at most is sent again after a kill.
const MOST_AT_ONCE: usize = 16;
/// So long it rests without being rung for: what was postponed becomes due, `fovea node retry` changes the queue.
const REST: Duration = Duration::from_millis(500);

/// What the senders of a node share.
pub struct Sending<'a> {
    pub queue: &'a Queue,
    /// Rung when there is something to send.
    pub bell: &'a Bell,
    pub live: &'a Live,
    pub stop: &'a AtomicBool,
    pub say: &'a Say,
}

/// Sends to the destination called `name` until the node stops.
pub fn run(sending: &Sending<'_>, name: &str, carrier: &dyn Carrier) {
    let mut failures = 0u32;
    while !sending.stop.load(Ordering::Relaxed) {
        let heard = sending.bell.heard();
        match round(sending, name, carrier) {
            Ok(Round::Nothing) => sending.bell.wait(heard, REST),
            Ok(Round::Sent) => {
                if failures > 0 {
                    (sending.say)(&format!("{name}: reached again"));
                }
                failures = 0;
                sending.live.reached(name);
            }
            Ok(Round::Away { reason, is_progress }) => {
                failures = if is_progress { 1 } else { failures.saturating_add(1) };
                let pause = pause::by_chance(failures);
                sending.live.not_reached(name, failures, reason.clone());
                (sending.say)(&format!("{name}: {reason}; next try in {:.0} s", pause.as_secs_f64()));
                rest(sending.stop, pause);
            }
            // The worker meets the same fault, and says so to the monitor.
            Err(error) => {
                (sending.say)(&format!("{name}: {error}"));
                rest(sending.stop, Duration::from_secs(5));
            }
        }
    }
}

/// What came of one try.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Round {
    Nothing,
    Sent,
    /// The destination cannot be had; what it is to have waits. Something may have been sent before.
    Away {
        reason: String,
        is_progress: bool,
    },
}

/// Sends what is due, and keeps what became of it.
pub(super) fn round(sending: &Sending<'_>, name: &str, carrier: &dyn Carrier) -> Result<Round, QueueError> {
    let due = sending.queue.due(name, MOST_AT_ONCE)?;
    if due.is_empty() {
        return Ok(Round::Nothing);
    }
    let parcels: Vec<Parcel> = due.iter().map(|delivery| delivery.parcel.clone()).collect();
    let answers = match carrier.carry(&parcels) {
        Ok(answers) => answers,
        // Nothing was sent: that is no object's fault, whatever it is.
        Err(error) => return Ok(Round::Away { reason: error.to_string(), is_progress: false }),
    };
    let mut away = None;
    let mut fates = Vec::new();
    for (delivery, answer) in due.iter().zip(answers) {
        match fate(delivery, answer) {
            Ok(fate) => fates.push((delivery, fate)),
            Err(reason) => away = Some(reason),
        }
    }
    sending.queue.delivered(name, &fates)?;
    said(sending, name, &fates);
    while sending.queue.tidy()? {}
    match away {
        Some(reason) => Ok(Round::Away { reason, is_progress: !fates.is_empty() }),
        None => Ok(Round::Sent),
    }
}

/// What follows from an object's answer; the reason where the association broke before there was one.
fn fate(delivery: &Delivery, answer: Result<(), PacsError>) -> Result<Fate, String> {
    match answer {
        Ok(()) => Ok(Fate::Sent),
        Err(error @ (PacsError::Away { .. } | PacsError::Nonsense { .. } | PacsError::Stopped)) => {
            Err(error.to_string())
        }
        // The association stood: this class is refused, and will be until somebody changes the other side.
        Err(error @ PacsError::Refused { .. }) => Ok(Fate::SetAside { reason: error.to_string() }),
        Err(error) if error.is_worth_a_retry() => {
            let after = pause::by_chance(delivery.attempts.saturating_add(1));
            Ok(Fate::Later { after, reason: error.to_string() })
        }
        Err(error) => Ok(Fate::SetAside { reason: error.to_string() }),
    }
}

/// A line for what went, and one for each that did not.
fn said(sending: &Sending<'_>, name: &str, fates: &[(&Delivery, Fate)]) {
    let sent = fates.iter().filter(|(_, fate)| *fate == Fate::Sent).count();
    if sent > 0 {
        (sending.say)(&format!("{name}: {sent} object{} sent", if sent == 1 { "" } else { "s" }));
    }
    for (delivery, fate) in fates {
        match fate {
            Fate::Sent => {}
            Fate::Later { reason, .. } => {
                (sending.say)(&format!("picture {}: {reason}; tried again later", delivery.picture));
            }
            Fate::SetAside { reason } => {
                let advice = "set aside; `fovea node retry` sends it again";
                (sending.say)(&format!("picture {}: {reason}; {advice}", delivery.picture));
            }
        }
    }
}

/// Waits so long, or until the node stops.
fn rest(stop: &AtomicBool, pause: Duration) {
    const STEP: Duration = Duration::from_millis(100);
    let mut left = pause;
    while !left.is_zero() && !stop.load(Ordering::Relaxed) {
        let step = left.min(STEP);
        std::thread::sleep(step);
        left -= step;
    }
}
