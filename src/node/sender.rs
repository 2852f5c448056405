//! Sends one destination its objects.

use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use super::bell::Bell;
use super::carrier::Carrier;
use super::live::Live;
use super::queue::{Delivery, Fate, Queue, QueueError};
use super::{Say, pause};
use crate::pacs::{Grace, PacsError, Parcel};

/// Most objects sent over one association, and so the most that are sent again after a kill.
const MOST_AT_ONCE: usize = 16;
/// How long it rests without being rung: postponed objects become due, `fovea node retry` changes the queue.
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
            // The destination is not to blame: we stopped.
            Ok(Round::Away { .. }) if sending.stop.load(Ordering::Relaxed) => {}
            Ok(Round::Away { reason, is_progress }) => {
                failures = if is_progress { 1 } else { failures.saturating_add(1) };
                let pause = pause::by_chance(failures);
                sending.live.not_reached(name, failures, reason.clone());
                (sending.say)(&format!("{name}: {reason}; next attempt in {:.0} s", pause.as_secs_f64()));
                rest(sending.stop, pause);
            }
            // The worker meets the same fault, and reports it to the monitor.
            Err(error) => {
                (sending.say)(&format!("{name}: {error}"));
                rest(sending.stop, Duration::from_secs(5));
            }
        }
    }
}

/// The outcome of one attempt.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Round {
    Nothing,
    Sent,
    /// The destination cannot be reached; the rest waits. Something may have been sent before.
    Away {
        reason: String,
        is_progress: bool,
    },
}

/// Sends what is due, and records the outcome.
pub(super) fn round(sending: &Sending<'_>, name: &str, carrier: &dyn Carrier) -> Result<Round, QueueError> {
    let due = sending.queue.due(name, MOST_AT_ONCE)?;
    if due.is_empty() {
        return Ok(Round::Nothing);
    }
    let parcels: Vec<Parcel> = due.iter().map(|delivery| delivery.parcel.clone()).collect();
    // An object under way when the node stops may still arrive; one that does not is sent at the next start.
    let grace = Grace::new(sending.stop);
    let answers = match carrier.carry(&parcels, &|| grace.may_go_on()) {
        Ok(answers) => answers,
        // Nothing was sent, so no object is to blame.
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

/// What follows from the answer to an object; the reason where the association broke before there was one.
fn fate(delivery: &Delivery, answer: Result<(), PacsError>) -> Result<Fate, String> {
    match answer {
        Ok(()) => Ok(Fate::Sent),
        Err(error @ (PacsError::Away { .. } | PacsError::Nonsense { .. } | PacsError::Stopped)) => {
            Err(error.to_string())
        }
        // The association stood: this class is refused until somebody changes the other side.
        Err(error @ PacsError::Refused { .. }) => Ok(Fate::SetAside { reason: error.to_string() }),
        Err(error) if error.is_worth_a_retry() => {
            let after = pause::by_chance(delivery.attempts.saturating_add(1));
            Ok(Fate::Later { after, reason: error.to_string() })
        }
        Err(error) => Ok(Fate::SetAside { reason: error.to_string() }),
    }
}

/// Logs one line for what was sent, and one for each object that was not.
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

/// Waits for `pause`, or until the node stops.
fn rest(stop: &AtomicBool, pause: Duration) {
    const STEP: Duration = Duration::from_millis(100);
    let mut left = pause;
    while !left.is_zero() && !stop.load(Ordering::Relaxed) {
        let step = left.min(STEP);
        std::thread::sleep(step);
        left -= step;
    }
}
