//! The command line: what can be asked, and how answers and errors are printed. All work is done by the library.
#![allow(clippy::print_stdout, clippy::print_stderr)]

mod cache;
mod calibrate;
mod devices;
mod evaluate;
mod explain;
mod import;
mod models;
mod node;
mod pool;
mod print;
mod readings;
mod report;
mod signals;
#[cfg_attr(not(feature = "train"), path = "untrained.rs")]
mod train;
mod view;

use std::path::PathBuf;
use std::process::ExitCode;

use clap::{Args, CommandFactory, Parser, Subcommand};
use indicatif::{ProgressBar, ProgressStyle};

use self::print::{note, say};
use self::signals::Stopped;
use crate::guard::memory::{Memory, USUAL_LIMIT_BYTES};
use crate::guard::{apart, panics};
use crate::scan::dicom;

/// Exit status where the input or the request was at fault.
const BAD_INPUT: u8 = 2;

/// Shows where and why a neural network graded a medical picture as it did.
///
/// Without a command, opens the window. For research, not for diagnosis. No picture leaves this machine.
#[derive(Debug, Parser)]
#[command(version, max_term_width = 110, subcommand_negates_reqs = true, subcommand_precedence_over_arg = true)]
struct Cli {
    /// A folder of further models (each a folder with model.toml); can be given several times
    #[arg(long, global = true, value_name = "DIR")]
    models: Vec<PathBuf>,
    #[command(flatten)]
    limit: Limit,
    #[command(subcommand)]
    command: Option<Command>,
    #[command(flatten)]
    view: view::Arguments,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Grades pictures and writes the maps that explain the grade
    Explain(explain::Arguments),
    /// Measures a model on labelled pictures: how good its answers are, and whether its maps tell the truth
    Evaluate(evaluate::Arguments),
    /// Lists the models, their measured results and limits
    Models(models::Arguments),
    /// Trains a model from a recipe, on data on this machine; can be stopped and goes on later
    #[cfg_attr(not(feature = "train"), command(about = "Trains a model (only in a program built with training)"))]
    Train(train::Arguments),
    /// Makes a model of a checkpoint that was trained elsewhere; pickles are read as data, nothing in them is run
    Import(import::Arguments),
    /// Learns from a clinic's labelled pictures how sure a model may be: answers become sets, like "2 or 3"
    Calibrate(calibrate::Arguments),
    /// Sums up a file of readings, makes tables of it, and holds reader, model and another reader against each other
    Readings(readings::Arguments),
    /// Writes a file of readings as a table for print (PDF)
    Report(report::Arguments),
    /// Stands beside the PACS: answers every picture that is sent to it, and sends the answers back
    Node(Box<node::Arguments>),
    /// Lists what can compute here, and what `auto` takes
    Devices,
    /// Says what the window keeps of earlier grading, and clears it
    Cache(cache::Arguments),
}

/// How much memory pictures may take.
#[derive(Debug, Clone, Copy, Args)]
struct Limit {
    /// Most memory for a picture, and for all that are on their way at once, in GB; one that needs more is refused
    #[arg(long, global = true, value_name = "GB", value_parser = gigabytes)]
    limit: Option<u64>,
}

impl Limit {
    fn bytes(self) -> u64 {
        self.limit.unwrap_or(USUAL_LIMIT_BYTES)
    }

    fn memory(self) -> Memory {
        Memory::new(self.bytes())
    }
}

fn gigabytes(text: &str) -> Result<u64, String> {
    let number = text.parse::<f64>().ok().filter(|number| (0.1..=1024.0).contains(number));
    number.map(|number| (number * 1e9) as u64).ok_or_else(|| "give gigabytes between 0.1 and 1024, like 3.5".to_owned())
}

/// The bar of a work on several pictures.
fn progress(pictures: usize) -> ProgressBar {
    if pictures < 2 {
        return ProgressBar::hidden();
    }
    let style = ProgressStyle::with_template("{bar:30} {pos}/{len} {msg} ({eta} left)");
    ProgressBar::new(pictures as u64).with_style(style.unwrap_or_else(|_| ProgressStyle::default_bar()))
}

/// The program's whole command line.
pub fn program() -> clap::Command {
    Cli::command()
}

/// Runs the program.
pub fn run() -> ExitCode {
    panics::listen();
    let mut words = std::env::args_os().skip(1);
    if words.next().is_some_and(|word| word == apart::WORD) {
        let name = words.next().unwrap_or_default();
        return dicom::apart(&name.to_string_lossy()).map_or(ExitCode::FAILURE, apart::answer);
    }
    let _ = std::env::current_exe().map(apart::by);
    // A panic on one of these comes to whoever waits for it, and of work that nobody waits for it ends that work alone.
    let pool = rayon::ThreadPoolBuilder::new().thread_name(|index| format!("{}-{index}", panics::POOL));
    let _ = pool.panic_handler(|_| {}).build_global();
    // A desktop without file dialogs is answered in the window.
    let filter = tracing_subscriber::EnvFilter::try_from_env("FOVEA_LOG").unwrap_or_else(|_| "error,rfd=off".into());
    // Addresses of searches, with patients' names in them, are among what these say of their work.
    let hushed = ["ureq=error", "ureq_proto=error"].into_iter().filter_map(|directive| directive.parse().ok());
    let filter = hushed.fold(filter, tracing_subscriber::EnvFilter::add_directive);
    tracing_subscriber::fmt().with_env_filter(filter).with_writer(std::io::stderr).log_internal_errors(false).init();
    let cli = Cli::parse();
    let fault = |reason: String| Err(anyhow::anyhow!(panics::sentence(&reason)));
    let status = match panics::caught(|| answered(cli)).unwrap_or_else(fault) {
        Ok(()) => 0,
        Err(error) => {
            let stopped = error.downcast_ref::<Stopped>();
            note(stopped.map_or_else(|| format!("error: {error:#}"), |stopped| stopped.says.clone()));
            stopped.map_or(BAD_INPUT, |stopped| stopped.status)
        }
    };
    match print::lost() {
        Some(kind) if status == 0 => {
            note(format_args!("error: some of the answer could not be printed ({kind}); the files are whole"));
            ExitCode::from(BAD_INPUT)
        }
        _ => ExitCode::from(status),
    }
}

fn answered(cli: Cli) -> anyhow::Result<()> {
    let Cli { models, limit, command, view } = cli;
    if command.is_some() && view.has_paths() {
        anyhow::bail!(
            "files for the window stand before a command; give one of the two: `fovea FILE`, `fovea explain FILE`"
        );
    }
    match command {
        Some(Command::Explain(arguments)) => explain::run(&arguments, &models, limit),
        Some(Command::Evaluate(arguments)) => evaluate::run(&arguments, &models, limit),
        Some(Command::Models(arguments)) => models::run(&arguments, &models),
        Some(Command::Train(arguments)) => train::run(&arguments, &models),
        Some(Command::Import(arguments)) => import::run(&arguments, &models),
        Some(Command::Calibrate(arguments)) => calibrate::run(&arguments, &models, limit),
        Some(Command::Cache(arguments)) => cache::run(arguments),
        Some(Command::Readings(arguments)) => readings::run(&arguments),
        Some(Command::Report(arguments)) => report::run(&arguments),
        Some(Command::Node(arguments)) => node::run(*arguments, &models, limit),
        Some(Command::Devices) => {
            devices::run();
            Ok(())
        }
        None => view::run(view, models, limit),
    }
}
