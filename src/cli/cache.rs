//! `fovea cache`: what the window keeps of earlier grading.

use anyhow::{Context, Result};
use clap::Args;

use super::print::say;
use crate::session::results::{self, Results};

#[derive(Debug, Args)]
pub struct Arguments {
    /// Clear the cache: the window grades every picture again
    #[arg(long)]
    clear: bool,
    /// Print only where it is
    #[arg(long = "where", conflicts_with = "clear")]
    place: bool,
}

pub fn run(arguments: Arguments) -> Result<()> {
    let path = results::user_file().context("this system names no cache folder, so nothing is cached")?;
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
