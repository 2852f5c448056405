//! `fovea doctor`: what a report of a fault needs to say of a machine, and nothing of who uses it.
//!
//! Each probe has a thread and a clock of its own, and the one that calls foreign drivers a process of its own: one that
//! hangs or breaks down is a line of the report.

mod clock;
mod device;
mod finding;
mod folders;
mod machine;
mod models;
mod redact;
mod screen;

use std::path::PathBuf;
use std::time::Duration;

use anyhow::Result;
use clap::Args;

use self::clock::Probe;
use self::redact::Redaction;
use super::signals::Stopped;
use super::{print, say};
use crate::guard::apart;

/// All probes begin together, and none is waited for longer.
const PATIENCE: Duration = Duration::from_millis(1700);
/// The exit status where something is wrong.
const FAULT: u8 = 1;

#[derive(Debug, Args)]
pub struct Arguments {
    /// Print the report as JSON
    #[arg(long)]
    json: bool,
}

/// Prints the report.
///
/// # Errors
/// With status 1 where a probe found a fault.
pub fn run(arguments: Arguments, folders: Vec<PathBuf>) -> Result<()> {
    let report = clock::all(probes(folders), PATIENCE).without(&Redaction::of_this_machine());
    if arguments.json {
        print::bytes(format!("{}\n", serde_json::to_string_pretty(&report)?).as_bytes())?;
    } else {
        say(report.text().trim_end());
    }
    match report.faults() {
        0 => Ok(()),
        1 => Err(stopped("1 fault was found, marked `!` above")),
        faults => Err(stopped(&format!("{faults} faults were found, marked `!` above"))),
    }
}

fn stopped(says: &str) -> anyhow::Error {
    Stopped { says: says.to_owned(), status: FAULT }.into()
}

/// In the order of the report.
fn probes(folders: Vec<PathBuf>) -> Vec<Probe> {
    let mut probes = vec![
        Probe::new("program", "program", machine::program),
        Probe::new("machine", "machine", machine::machine),
        Probe::new("devices", "GPU drivers", || device::devices(PATIENCE)),
    ];
    probes.extend(folders::probes());
    probes.push(Probe::new("models", "models", move || models::models(&folders)));
    probes.push(Probe::new("display", "display", screen::display));
    probes.push(Probe::new("fonts", "fonts", screen::fonts));
    probes
}

/// The work `name` of the child of a probe.
pub fn apart(name: &str) -> Option<apart::ApartWork> {
    device::apart(name)
}
