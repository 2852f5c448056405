//! `fovea [FILE|FOLDER...]`: the window.

use std::path::PathBuf;

use anyhow::Result;
use clap::Args;

use crate::network::DeviceChoice;
use crate::session::{Options, preferences};
use crate::ui;

#[derive(Debug, Args)]
pub struct Arguments {
    /// Pictures, or folders of pictures, to open in the window
    #[arg(value_name = "FILE|FOLDER")]
    paths: Vec<PathBuf>,
    /// The model that reads the pictures [default: that of last time, at first retina-dr]
    #[arg(long, value_name = "NAME")]
    model: Option<String>,
    /// What computes
    #[arg(long, value_enum, default_value = "auto")]
    device: DeviceChoice,
}

/// Opens the window and stays until it is closed.
pub fn run(arguments: Arguments, folders: Vec<PathBuf>) -> Result<()> {
    let preferences = preferences::user_file();
    let options = Options { folders, model: arguments.model, device: arguments.device, preferences };
    ui::open(options, arguments.paths)?;
    Ok(())
}
