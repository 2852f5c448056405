//! The `fovea` program: a thin shell around [`fovea::cli`].

use std::process::ExitCode;

fn main() -> ExitCode {
    fovea::cli::run()
}
