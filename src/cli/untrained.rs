//! `fovea train` in a program that was built without training: says how to get it.

use std::ffi::OsString;
use std::path::PathBuf;

use anyhow::{Result, bail};
use clap::Args;

#[derive(Debug, Args)]
pub struct Arguments {
    /// The options of training
    #[arg(trailing_var_arg = true, allow_hyphen_values = true, hide = true)]
    _asked: Vec<OsString>,
}

/// Names what is missing and what to do.
pub fn run(_: &Arguments, _: &[PathBuf]) -> Result<()> {
    bail!("this program was built without the feature `train`; build it with `cargo build --release --features train`")
}
