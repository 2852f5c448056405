//! How a run did, and what it says at its end.

use anyhow::{Result, bail};
use indicatif::ProgressBar;

use super::work::PictureOutcome;
use super::{note, say};
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

    pub fn count(&mut self, answer: Result<PictureOutcome>, bar: &ProgressBar) {
        match answer {
            Ok(PictureOutcome::Explained(line)) => {
                self.explained += 1;
                bar.suspend(|| say(line));
            }
            Ok(PictureOutcome::Already(line)) => {
                self.already += 1;
                line.into_iter().for_each(|line| bar.suspend(|| say(line)));
            }
            Err(error) => self.failures.push(error),
        }
    }

    pub fn conclude(self, pictures: usize, stop: &Stop) -> Result<()> {
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
            return Err(Stopped { says, status: stop.status() }.into());
        }
        if already > 0 {
            note(format_args!("{explained} explained, {already} already explained (--force makes them anew)"));
        }
        let reasons: String = failures.iter().map(|error| format!("\n  {error:#}")).collect();
        match failures.as_slice() {
            [] => Ok(()),
            [only] if pictures < 2 => bail!("{only:#}"),
            _ if failed == 0 => bail!("some of what was named cannot be looked into:{reasons}"),
            _ => bail!("{failed} of {pictures} pictures failed:{reasons}"),
        }
    }
}
