//! `fovea cache`: what the window keeps of earlier grading.

use anyhow::{Context, Result};
use clap::Args;

use super::print::say;
use crate::session::results::{self, Results};

#[derive(Debug, Args)]
pub struct Arguments {
    /// Clears it: the window grades every picture anew
    #[arg(long)]
    clear: bool,
    /// Says where it lies, and nothing else
    #[arg(long = "where", conflicts_with = "clear")]
    place: bool,
}

pub fn run(arguments: Arguments) -> Result<()> {
    let path = results::user_file().context("this machine has no place for caches: nothing is kept")?;
    if arguments.place {
        say(path.display());
        return Ok(());
    }
    let results = Results::at(path);
    let (answers, bytes) = results.size();
    let s = if answers == 1 { "" } else { "s" };
    if arguments.clear {
        results.clear()?;
        say(format_args!("cleared {answers} answer{s} in {}", results.path().display()));
    } else {
        let megabytes = bytes as f64 / 1e6;
        say(format_args!("{answers} answer{s} in {} ({megabytes:.1} MB)", results.path().display()));
    }
    Ok(())
}
