//! The one thread that answers pictures.

use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use anyhow::Result;

use super::Say;
use super::answer::{Answer, Answers, Outcome};
use super::audit::Audit;
use super::bell::Bell;
use super::live::Live;
use super::queue::{Answered, Job, Queue};

/// A picture begun more often than this, and never finished, takes the process down with it.
const MOST_ATTEMPTS: u32 = 3;
const REST: Duration = Duration::from_millis(500);
/// Pause after a disk or database error.
const PAUSE: Duration = Duration::from_secs(5);

/// What the worker needs.
pub struct Working<'a> {
    pub queue: &'a Queue,
    pub audit: &'a Audit,
    /// By name.
    pub destinations: &'a [String],
    /// Rung when a picture has arrived.
    pub arrived: &'a Bell,
    /// To be rung when a picture was answered.
    pub answered: &'a Bell,
    pub live: &'a Live,
    pub stop: &'a AtomicBool,
    pub say: &'a Say,
}

/// Answers pictures until the node stops.
pub fn run(working: &Working<'_>, answers: &mut dyn Answers) {
    while !working.stop.load(Ordering::Relaxed) {
        let heard = working.arrived.heard();
        match next(working, answers) {
            Ok(is_more) => {
                working.live.fault(None);
                if !is_more {
                    working.arrived.wait(heard, REST);
                }
            }
            Err(error) => {
                (working.say)(&format!("{error:#}; tried again in {} s", PAUSE.as_secs()));
                working.live.fault(Some(format!("{error:#}")));
                working.arrived.wait(u64::MAX, PAUSE);
            }
        }
    }
}

/// Answers the picture that has waited longest; returns whether there was one.
///
/// # Errors
/// A disk or database error. The picture keeps waiting.
pub fn next(working: &Working<'_>, answers: &mut dyn Answers) -> Result<bool> {
    working.audit.catch_up(working.queue)?;
    let Some(job) = working.queue.begin()? else {
        while working.queue.tidy()? {}
        return Ok(false);
    };
    working.live.at_hand(true);
    let done = one(working, answers, &job);
    working.live.at_hand(false);
    if done.is_err() {
        working.queue.put_back(&job)?;
    }
    done?;
    working.audit.catch_up(working.queue)?;
    working.answered.ring();
    // A picture without an answer is finished now.
    working.queue.tidy()?;
    Ok(true)
}

fn one(working: &Working<'_>, answers: &mut dyn Answers, job: &Job) -> Result<()> {
    let began = Instant::now();
    let path: &Path = &job.path;
    let answer = match job.attempts {
        0..=MOST_ATTEMPTS => answers.answer(path, &job.sha256)?,
        // Even this report reads the file, which may be at fault.
        attempts if attempts <= 2 * MOST_ATTEMPTS => answers.give_up(path, &job.sha256)?,
        _ => Answer { outcome: Outcome::GivenUp, model: None, objects: Vec::new(), reason: None },
    };
    let took = began.elapsed();
    let objects: Vec<(&str, &str, &str, &[u8])> = answer
        .objects
        .iter()
        .map(|object| {
            (object.ending.as_str(), object.sop_class_uid, object.sop_instance_uid.as_str(), object.bytes.as_slice())
        })
        .collect();
    let answered = Answered {
        outcome: answer.outcome.name(),
        model: answer.model.as_deref(),
        took_ms: i64::try_from(took.as_millis()).unwrap_or(i64::MAX),
        objects: &objects,
    };
    working.queue.answer(job, &answered, working.destinations)?;
    (working.say)(&line(job, &answer, took));
    Ok(())
}

/// The log line of a picture; only its number tells which it was.
fn line(job: &Job, answer: &Answer, took: Duration) -> String {
    let by = answer.model.as_ref().map(|model| format!(" by {model}")).unwrap_or_default();
    let reason = answer.reason.as_ref().map(|reason| format!(": {reason}")).unwrap_or_default();
    let objects = match answer.objects.len() {
        0 => "no answer".to_owned(),
        1 => "1 object".to_owned(),
        many => format!("{many} objects"),
    };
    let what = answer.outcome.name();
    format!("picture {}: {what}{by} in {} ms, {objects}{reason}", job.id, took.as_millis())
}
