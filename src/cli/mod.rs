//! The command line: what can be asked, and how answers and errors are printed. All work is done by the library.
#![allow(clippy::print_stdout, clippy::print_stderr)]

mod cache;
mod calibrate;
mod completions;
mod devices;
mod doctor;
mod evaluate;
mod explain;
mod fault;
mod help;
mod import;
mod man;
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

use clap::{Args, CommandFactory, FromArgMatches, Parser, Subcommand};
use indicatif::{ProgressBar, ProgressStyle};

use self::fault::{BAD_INPUT, Fault};
use self::print::{note, say};
use self::signals::Stopped;
use crate::guard::memory::{Memory, USUAL_LIMIT_BYTES};
use crate::guard::{apart, panics};
use crate::scan::dicom;

#[derive(Debug, Parser)]
#[command(
    name = "fovea",
    version,
    about = "Show where and why a neural network decided as it did on a medical picture.\n\n\
             Without a command, fovea opens its window. For research, not for diagnosis. Pictures stay on\n\
             this machine unless you send them somewhere.",
    override_usage = "fovea [OPTIONS] [FILE|FOLDER]...\n       fovea <COMMAND> ...",
    max_term_width = 110,
    subcommand_negates_reqs = true,
    subcommand_precedence_over_arg = true
)]
struct Cli {
    /// A folder of further models, each a folder with a model.toml; can be given several times
    #[arg(long, global = true, value_name = "DIR", display_order = 900)]
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
    /// Explain pictures: what the model decides, and maps that show why
    Explain(explain::Arguments),
    /// Measure a model on labelled pictures: its answers, and how faithful its maps are
    Evaluate(evaluate::Arguments),
    /// List the models with their measured performance and limits
    Models(models::Arguments),
    /// Train a model on this machine; an interrupted training can be resumed
    #[cfg_attr(not(feature = "train"), command(about = "Train a model (only in a program built with training)"))]
    Train(train::Arguments),
    /// Import a network that was trained elsewhere: an ONNX file or a checkpoint
    ///
    /// Pickles are read as data; nothing in them is executed.
    Import(import::Arguments),
    /// Calibrate a model on labelled pictures, so that it can answer with sets of grades
    Calibrate(calibrate::Arguments),
    /// Summarise a file of readings, and compare its reader with the model or another reader
    Readings(readings::Arguments),
    /// Write a file of readings as a table for print (PDF)
    Report(report::Arguments),
    /// Run as a DICOM node: receive pictures from a PACS, and send the answers back
    Node(Box<node::Arguments>),
    /// List the devices that can compute, and which of them `auto` picks
    Devices,
    /// Show or clear the grades that the window has cached
    Cache(cache::Arguments),
    /// Check this installation, and print what a bug report needs (no personal data)
    Doctor(doctor::Arguments),
    /// Print a completion script for a shell
    Completions(completions::Arguments),
    /// Write the manual pages
    #[command(hide = true)]
    Man(man::Arguments),
    /// Print the help of a command
    Help {
        /// The command, such as `explain` or `node status`
        #[arg(value_name = "COMMAND")]
        command: Vec<String>,
    },
}

/// The program's whole command line.
pub fn program() -> clap::Command {
    help::dressed(Cli::command())
}

/// How much memory pictures may take.
#[derive(Debug, Clone, Copy, Args)]
struct Limit {
    /// Memory that all pictures in flight may take together, in GB; a picture that needs more is refused [default: 2]
    #[arg(long, global = true, value_name = "GB", value_parser = gigabytes, display_order = 901)]
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

/// Runs the program.
pub fn run() -> ExitCode {
    panics::listen();
    let mut words = std::env::args_os().skip(1);
    if words.next().is_some_and(|word| word == apart::WORD) {
        let name = words.next().unwrap_or_default();
        let name = name.to_string_lossy();
        return dicom::apart(&name).or_else(|| doctor::apart(&name)).map_or(ExitCode::FAILURE, apart::answer);
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
    let cli = Cli::from_arg_matches(&program().get_matches()).unwrap_or_else(|error| error.exit());
    let fault = |reason: String| Err(anyhow::anyhow!(panics::sentence(&reason)));
    let status = match panics::caught(|| answered(cli)).unwrap_or_else(fault) {
        Ok(()) => 0,
        Err(error) => {
            let stopped = error.downcast_ref::<Stopped>();
            note(stopped.map_or_else(|| format!("error: {error:#}"), |stopped| stopped.says.clone()));
            stopped.map_or_else(|| Fault::of(&error).status(), |stopped| stopped.status)
        }
    };
    match print::lost() {
        Some(kind) if status == 0 => {
            note(format_args!("error: some of the output could not be printed ({kind}); the files are complete"));
            ExitCode::from(BAD_INPUT)
        }
        _ => ExitCode::from(status),
    }
}

fn answered(cli: Cli) -> anyhow::Result<()> {
    let Cli { models, limit, command, view } = cli;
    if command.is_some() && view.has_paths() {
        anyhow::bail!(
            "there are files before the command; either open them with `fovea FILE`, or name them after it: \
             `fovea explain FILE`"
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
        Some(Command::Doctor(arguments)) => doctor::run(arguments, models),
        Some(Command::Completions(arguments)) => completions::run(&arguments, program()),
        Some(Command::Man(arguments)) => man::run(&arguments, program()),
        Some(Command::Help { command }) => help::show(program(), &command),
        None => view::run(view, models, limit),
    }
}
