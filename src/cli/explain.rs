//! `fovea explain`: pictures in, one line and a set of files for each out.

use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::time::Instant;

use anyhow::{Context, Result, bail};
use clap::Args;
use indicatif::{ProgressBar, ProgressStyle};

use crate::bundle::{Bundle, Card, Library};
use crate::explain::{BackwardRule, Explainer, Explanation, Magnitude, Settings};
use crate::export::{self, OutputSet, Pictures, Record};
use crate::network::{DeviceChoice, device};
use crate::scan::{self, Scan};

#[derive(Debug, Args)]
pub struct Arguments {
    /// Pictures, or folders of pictures (PNG, JPEG, TIFF, BMP, WebP)
    #[arg(required = true, value_name = "FILE|FOLDER")]
    paths: Vec<PathBuf>,
    /// The model that reads the pictures
    #[arg(long, default_value = "retina-dr", value_name = "NAME")]
    model: String,
    /// Where the files go
    #[arg(long, default_value = "explained", value_name = "DIR")]
    out: PathBuf,
    /// Explain this class (name or label) instead of the decided one
    #[arg(long, value_name = "C")]
    class: Option<String>,
    /// Backward ReLU rule of CLEAR; the paper's own is `linear` [default: what the model card recommends]
    #[arg(long, value_enum)]
    rule: Option<BackwardRule>,
    /// Magnitude of the response; the paper's own is `abs` [default: what the model card recommends]
    #[arg(long, value_enum)]
    magnitude: Option<Magnitude>,
    /// What computes
    #[arg(long, value_enum, default_value = "auto")]
    device: DeviceChoice,
    /// Write only the panel, the raw maps and the record, not each layer as a picture of its own
    #[arg(long)]
    no_layers: bool,
    /// Replace files that exist
    #[arg(long)]
    force: bool,
}

/// Explains every picture and goes on past bad ones.
pub fn run(arguments: &Arguments, folders: &[PathBuf]) -> Result<()> {
    let bundle = Library::open(folders)?.load(&arguments.model)?;
    let settings = settings(arguments, &bundle.card)?;
    let paths = scan::find::pictures(&arguments.paths)?;
    let mut run = Run { card: bundle.card.clone(), waiting: Some(bundle), explainer: None, settings, arguments };
    let bar = progress(paths.len());
    let names = output_names(&paths);
    let mut failures = Vec::new();
    for (path, name) in paths.iter().zip(&names) {
        bar.set_message(path.file_name().unwrap_or_default().to_string_lossy().into_owned());
        match run.one(path, name) {
            Ok(line) => bar.suspend(|| println!("{line}")),
            Err(error) => failures.push(error),
        }
        bar.inc(1);
    }
    bar.finish_and_clear();
    conclude(&failures, paths.len())
}

fn settings(arguments: &Arguments, card: &Card) -> Result<Settings> {
    let recommended = Settings::recommended(card);
    let class = match &arguments.class {
        None => None,
        Some(text) => Some(card.class_index(text).with_context(|| {
            let known: Vec<_> = card.classes.iter().map(|c| format!("{} ({})", c.name, c.label)).collect();
            format!("model `{}` has no class `{text}`; it has {}", card.name, known.join(", "))
        })?),
    };
    Ok(Settings {
        rule: arguments.rule.unwrap_or(recommended.rule),
        magnitude: arguments.magnitude.unwrap_or(recommended.magnitude),
        class,
        ..recommended
    })
}

fn conclude(failures: &[anyhow::Error], pictures: usize) -> Result<()> {
    match failures {
        [] => Ok(()),
        [only] if pictures == 1 => bail!("{only:#}"),
        _ => {
            let reasons: Vec<String> = failures.iter().map(|error| format!("\n  {error:#}")).collect();
            bail!("{} of {pictures} pictures failed:{}", failures.len(), reasons.concat())
        }
    }
}

fn progress(pictures: usize) -> ProgressBar {
    if pictures < 2 {
        return ProgressBar::hidden();
    }
    let style = ProgressStyle::with_template("{bar:30} {pos}/{len} {msg} ({eta} left)");
    ProgressBar::new(pictures as u64).with_style(style.unwrap_or_else(|_| ProgressStyle::default_bar()))
}

/// The pictures' stems; a number is added where two would be the same.
fn output_names(paths: &[PathBuf]) -> Vec<String> {
    let mut seen: HashMap<String, usize> = HashMap::new();
    paths
        .iter()
        .map(|path| {
            let stem = path.file_stem().unwrap_or_default().to_string_lossy().into_owned();
            let count = seen.entry(stem.clone()).and_modify(|n| *n += 1).or_insert(1);
            if *count == 1 { stem } else { format!("{stem}-{count}") }
        })
        .collect()
}

struct Run<'a> {
    card: Card,
    /// The model until the first good picture asks for a device: a bad one needs none.
    waiting: Option<Bundle>,
    explainer: Option<Explainer>,
    settings: Settings,
    arguments: &'a Arguments,
}

impl Run<'_> {
    fn explainer(&mut self) -> Result<&Explainer> {
        if let Some(bundle) = self.waiting.take() {
            let device = device::open(self.arguments.device)?;
            if device.is_gpu {
                eprintln!("computing on {}; the first run prepares its kernels and takes longer", device.name);
            }
            self.explainer = Some(Explainer::new(bundle, &device)?);
        }
        self.explainer.as_ref().context("the device could not be started")
    }

    fn one(&mut self, path: &Path, name: &str) -> Result<String> {
        let mut files = OutputSet::new(&self.arguments.out, name, self.arguments.force);
        files.check(self.endings().iter().map(String::as_str))?;
        let start = Instant::now();
        let scan = scan::open(path)?;
        let decode_ms = start.elapsed().as_secs_f64() * 1e3;
        let settings = self.settings;
        let explainer = self.explainer()?;
        let explanation = explainer.explain(&scan, &settings).with_context(|| format!("{}", path.display()))?;
        let file = path.to_string_lossy().into_owned();
        let record = Record::new(file, &explainer.card, &explainer.sha256, &explanation, decode_ms);
        files.add("json", serde_json::to_string_pretty(&record)?.as_bytes())?;
        files.add("npz", &export::npz(&explanation)?)?;
        self.draw(&scan, &explanation, &mut files)?;
        files.finish()?;
        Ok(self.line(path, &explanation, record.timings_ms.total))
    }

    fn endings(&self) -> Vec<String> {
        let mut endings = vec!["json".to_owned(), "npz".to_owned(), "panel.png".to_owned()];
        if !self.arguments.no_layers {
            endings.extend(Pictures::layer_endings(&self.card));
        }
        endings
    }

    fn draw(&self, scan: &Scan, explanation: &Explanation, files: &mut OutputSet) -> Result<()> {
        let picture = scan.to_rgb8();
        let pictures = Pictures::new(&picture, &self.card, explanation);
        let file_name = scan.path.file_name().unwrap_or_default().to_string_lossy();
        files.add("panel.png", &pictures.panel(&file_name)?)?;
        if !self.arguments.no_layers {
            for (ending, bytes) in pictures.layers()? {
                files.add(&ending, &bytes)?;
            }
        }
        Ok(())
    }

    fn line(&self, path: &Path, explanation: &Explanation, total_ms: f64) -> String {
        let verdict = &explanation.verdict;
        let says = |c: usize| {
            let class = &self.card.classes[c];
            format!("{} {} {:.2}", class.name, class.label, verdict.probabilities[c])
        };
        let then = verdict.runner_up().map_or_else(String::new, |c| format!("  (then {})", says(c)));
        format!("{}  {}{then}  {total_ms:.0} ms", path.display(), says(verdict.decided))
    }
}
