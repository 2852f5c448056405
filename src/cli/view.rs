//! `fovea [FILE|FOLDER...]`: the window.

use std::path::PathBuf;

use anyhow::Result;
use clap::Args;

use super::Limit;
use crate::network::DeviceChoice;
use crate::session::{Options, preferences, results};

#[derive(Debug, Args)]
pub struct Arguments {
    /// Pictures, or folders of pictures, to open in the window
    #[arg(value_name = "FILE|FOLDER")]
    paths: Vec<PathBuf>,
    /// The model to use [default: the one used last, at first retina-dr]
    #[arg(long, value_name = "NAME")]
    model: Option<String>,
    /// The compute device
    #[arg(long, value_enum, default_value = "auto")]
    device: DeviceChoice,
}

impl Arguments {
    pub fn has_paths(&self) -> bool {
        !self.paths.is_empty()
    }
}

/// Opens the window and stays until it is closed.
pub fn run(arguments: Arguments, folders: Vec<PathBuf>, limit: Limit) -> Result<()> {
    let preferences = preferences::user_file();
    let (model, device, limit_bytes) = (arguments.model, arguments.device, limit.bytes());
    let (sessions, results) = (preferences::user_sessions(), results::user_file());
    let options = Options { folders, model, device, preferences, sessions, results, limit_bytes, ..Options::default() };
    open(options, arguments.paths)
}

#[cfg(feature = "window")]
fn open(options: Options, paths: Vec<PathBuf>) -> Result<()> {
    Ok(crate::ui::open(options, paths)?)
}

#[cfg(not(feature = "window"))]
fn open(_: Options, _: Vec<PathBuf>) -> Result<()> {
    anyhow::bail!("this program was built without the feature `window`; `fovea explain FILE` works without it")
}
