//! The command line: what can be asked, and how answers and errors are printed. All work is done by the library.
#![allow(clippy::print_stdout, clippy::print_stderr)]

mod calibrate;
mod devices;
mod explain;
mod import;
mod models;
#[cfg_attr(not(feature = "train"), path = "untrained.rs")]
mod train;
mod view;

use std::path::PathBuf;
use std::process::ExitCode;

use clap::{Parser, Subcommand};
use indicatif::{ProgressBar, ProgressStyle};

/// Exit status where the input or the request was at fault.
const BAD_INPUT: u8 = 2;
/// Exit status where the user stopped the work, as shells count it for Ctrl-C.
const INTERRUPTED: u8 = 130;

/// Shows where and why a neural network graded a medical picture as it did.
///
/// Without a command, opens the window. For research, not for diagnosis. No picture leaves this machine.
#[derive(Debug, Parser)]
#[command(version, max_term_width = 110, args_conflicts_with_subcommands = true, subcommand_negates_reqs = true)]
struct Cli {
    /// A folder of further models (each a folder with model.toml); can be given several times
    #[arg(long, global = true, value_name = "DIR")]
    models: Vec<PathBuf>,
    #[command(subcommand)]
    command: Option<Command>,
    #[command(flatten)]
    view: view::Arguments,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Grades pictures and writes the maps that explain the grade
    Explain(explain::Arguments),
    /// Lists the models, their measured results and limits
    Models(models::Arguments),
    /// Trains a model from a recipe, on data on this machine; can be stopped and goes on later
    #[cfg_attr(not(feature = "train"), command(about = "Trains a model (only in a program built with training)"))]
    Train(train::Arguments),
    /// Makes a model of a checkpoint that was trained elsewhere; pickles are read as data, nothing in them is run
    Import(import::Arguments),
    /// Learns from a clinic's labelled pictures how sure a model may be: answers become sets, like "2 or 3"
    Calibrate(calibrate::Arguments),
    /// Lists what can compute here, and what `auto` takes
    Devices,
}

/// Prints a line. A reader that has seen enough and closed the pipe is no error.
fn say(line: impl std::fmt::Display) {
    use std::io::Write;
    let _ = writeln!(std::io::stdout(), "{line}");
}

/// The bar of a work on several pictures.
fn progress(pictures: usize) -> ProgressBar {
    if pictures < 2 {
        return ProgressBar::hidden();
    }
    let style = ProgressStyle::with_template("{bar:30} {pos}/{len} {msg} ({eta} left)");
    ProgressBar::new(pictures as u64).with_style(style.unwrap_or_else(|_| ProgressStyle::default_bar()))
}

/// Runs the program.
pub fn run() -> ExitCode {
    // A desktop without file dialogs is answered in the window.
    let filter = tracing_subscriber::EnvFilter::try_from_env("FOVEA_LOG").unwrap_or_else(|_| "error,rfd=off".into());
    tracing_subscriber::fmt().with_env_filter(filter).with_writer(std::io::stderr).init();
    let cli = Cli::parse();
    let done = match cli.command {
        Some(Command::Explain(arguments)) => explain::run(&arguments, &cli.models),
        Some(Command::Models(arguments)) => models::run(&arguments, &cli.models),
        Some(Command::Train(arguments)) => train::run(&arguments, &cli.models),
        Some(Command::Import(arguments)) => import::run(&arguments, &cli.models),
        Some(Command::Calibrate(arguments)) => calibrate::run(&arguments, &cli.models),
        Some(Command::Devices) => {
            devices::run();
            Ok(())
        }
        None => view::run(cli.view, cli.models),
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error:#}");
            ExitCode::from(if train::was_stopped(&error) { INTERRUPTED } else { BAD_INPUT })
        }
    }
}
