//! `fovea import`.

use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail};
use clap::Args;

use super::say;
use crate::bundle::library::{read_card, user_folder};
use crate::bundle::{Card, Library};
use crate::import::{self, Kind};

#[derive(Debug, Args)]
pub struct Arguments {
    /// A PyTorch checkpoint (.pth, .pth.tar, .pt) or safetensors file
    checkpoint: PathBuf,
    /// The network that it holds
    #[arg(long = "as", value_enum, value_name = "KIND")]
    kind: Kind,
    /// The model card: a model.toml, or the name of a known model, like `chexnet`
    #[arg(long, value_name = "FILE")]
    card: PathBuf,
    /// The model's folder; in the folder that `fovea models` names, the model is found without --models
    #[arg(long, value_name = "DIR")]
    out: PathBuf,
    /// Replace a model that is there already
    #[arg(long)]
    force: bool,
}

/// Turns a checkpoint into a bundle.
pub fn run(arguments: &Arguments, folders: &[PathBuf]) -> Result<()> {
    let card = card(&arguments.card, folders)?;
    let bundle = import::read(&arguments.checkpoint, arguments.kind, &card)?;
    import::write(&bundle, &arguments.out, arguments.force)?;
    let values: usize = bundle.weights.values().map(|tensor| tensor.values.len()).sum();
    let (tensors, place) = (bundle.weights.len(), arguments.out.display());
    say(format_args!("model `{}`: {tensors} tensors, {values} values, written to {place}", card.name));
    if !is_installed(&arguments.out)
        && let Some(parent) = std::path::absolute(&arguments.out)?.parent()
    {
        say(format_args!("use it with `--models {}`", parent.display()));
    }
    Ok(())
}

fn card(path: &Path, folders: &[PathBuf]) -> Result<Card> {
    if path.exists() {
        let file = if path.is_dir() { path.join("model.toml") } else { path.to_owned() };
        return Ok(read_card(&file)?);
    }
    let Some(name) = path.to_str().filter(|name| !name.contains(['/', '\\', '.'])) else {
        bail!("there is no card {}", path.display());
    };
    let entry = Library::open(folders)?.find(name);
    Ok(entry.with_context(|| format!("--card {name} is neither a file nor a known model"))?.card?)
}

fn is_installed(out: &Path) -> bool {
    let parent = std::path::absolute(out).ok().and_then(|out| out.parent().map(Path::to_owned));
    parent.is_some_and(|parent| user_folder().is_some_and(|own| own == parent))
}
