//! `fovea import`.

use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail};
use clap::Args;

use super::say;
use crate::bundle::library::{read_card, read_form, user_folder};
use crate::bundle::{BundleError, Card, Library};
use crate::import::{self, CheckpointKind};

#[derive(Debug, Args)]
pub struct Arguments {
    /// An ONNX file, a PyTorch checkpoint (.pth, .pth.tar, .pt) or a safetensors file
    file: PathBuf,
    /// The network that a checkpoint is of; an ONNX file describes its own
    #[arg(long = "as", value_enum, value_name = "KIND")]
    kind: Option<CheckpointKind>,
    /// The model card: a model.toml, or the name of a known model, such as `chexnet`
    ///
    /// For an ONNX file it needs no [architecture].
    #[arg(long, value_name = "FILE")]
    card: PathBuf,
    /// The new model's folder
    ///
    /// In the folder that `fovea models` names, the model is found without --models.
    #[arg(long, value_name = "DIR")]
    out: PathBuf,
    /// Replace an existing model
    #[arg(long)]
    force: bool,
}

/// Turns a checkpoint or an ONNX file into a bundle.
pub fn run(arguments: &Arguments, folders: &[PathBuf]) -> Result<()> {
    let is_onnx = arguments.file.extension().is_some_and(|ending| ending.eq_ignore_ascii_case("onnx"));
    let card = card(&arguments.card, folders, if is_onnx { read_form } else { read_card })?;
    let bundle = match (arguments.kind, is_onnx) {
        (Some(kind), false) => import::read(&arguments.file, kind, &card)?,
        (None, true) => import::read_onnx(&arguments.file, &card)?,
        (None, false) => {
            bail!("name the network with --as; only an ONNX file (.onnx) describes its own")
        }
        (Some(_), true) => bail!("an ONNX file describes its own network; leave out --as"),
    };
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

fn card(path: &Path, folders: &[PathBuf], read: impl Fn(&Path) -> Result<Card, BundleError>) -> Result<Card> {
    if path.exists() {
        let file = if path.is_dir() { path.join("model.toml") } else { path.to_owned() };
        return Ok(read(&file)?);
    }
    let Some(name) = path.to_str().filter(|name| !name.contains(['/', '\\', '.'])) else {
        bail!("there is no model card {}", path.display());
    };
    let entry = Library::open(folders)?.find(name);
    Ok(entry.with_context(|| format!("--card {name} is neither a file nor a known model"))?.card?)
}

fn is_installed(out: &Path) -> bool {
    let parent = std::path::absolute(out).ok().and_then(|out| out.parent().map(Path::to_owned));
    parent.is_some_and(|parent| user_folder().is_some_and(|own| own == parent))
}
