//! How a run did, and what it says at its end.

use anyhow::Result;
use indicatif::ProgressBar;

use super::work::Answer;
use super::{note, say};
use crate::cli::fault::{Fault, Said, TRY_AGAIN};
use crate::cli::signals::{Stop, Stopped};

/// How a run did.
#[derive(Default)]
pub struct Tally {
    explained: usize,
    already: usize,
    failures: Vec<anyhow::Error>,
    /// What was named and could not be looked into.
    folders: Vec<anyhow::Error>,
}

impl Tally {
    /// Of what was named besides what cannot be looked into.
    pub fn beside(folders: Vec<anyhow::Error>) -> Self {
        Self { folders, ..Self::default() }
    }

    pub fn count(&mut self, answer: Result<Answer>, bar: &ProgressBar) {
        match answer {
            Ok(Answer::Explained(line, _)) => {
                self.explained += 1;
                bar.suspend(|| say(line));
            }
            Ok(Answer::Already(line, _)) => {
                self.already += 1;
                line.into_iter().for_each(|line| bar.suspend(|| say(line)));
            }
            Err(error) => self.failures.push(error),
        }
    }

    /// Whether of all `pictures` it is known what becomes of them, for good.
    pub fn is_final(&self, pictures: usize) -> bool {
        let passes = self.failures.iter().any(|error| Fault::of(error).passes());
        !passes && self.explained + self.already + self.failures.len() == pictures
    }

    /// What is said at the end. One of several processes that share the work, `is_shared`, can always be begun again.
    pub fn conclude(self, pictures: usize, stop: &Stop, is_shared: bool) -> Result<()> {
        let Self { explained, already, mut failures, folders } = self;
        let (done, failed) = (explained + already + failures.len(), failures.len());
        failures.extend(folders);
        if stop.is_asked() {
            let mut says = format!("stopped after {done} of {pictures} pictures");
            if already > 0 {
                says += &format!(", {already} of them explained before");
            }
            if done < pictures {
                says += "; the same command with --resume goes on";
            }
            failures.iter().for_each(|error| says += &format!("\n  {error:#}"));
            let status = if is_shared { TRY_AGAIN } else { stop.status() };
            return Err(Stopped { says, status }.into());
        }
        if already > 0 {
            note(format_args!("{explained} explained, {already} already explained (--force makes them anew)"));
        }
        let faults = || failures.iter().map(Fault::of);
        // One that may pass decides: what is bad stays so, and is said again.
        let Some(fault) = faults().find(|fault| fault.passes()).or_else(|| faults().next()) else { return Ok(()) };
        let reasons: String = failures.iter().map(|error| format!("\n  {error:#}")).collect();
        let mut says = match failures.as_slice() {
            [only] if pictures < 2 => format!("{only:#}"),
            _ if failed == 0 => format!("some of what was named cannot be looked into:{reasons}"),
            _ => format!("{failed} of {pictures} pictures failed:{reasons}"),
        };
        if done < pictures {
            says += &format!("\nended after {done} of {pictures} pictures: the others would fail as well");
        }
        Err(Said { says, fault }.into())
    }
}
