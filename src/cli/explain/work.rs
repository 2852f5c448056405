//! One picture of `fovea explain`, from its file to its results.

use std::path::{Path, PathBuf};
use std::sync::{Mutex, OnceLock, PoisonError};
use std::time::Instant;

use anyhow::{Context, Result, anyhow};
use indicatif::ProgressBar;

use super::Arguments;
use crate::bundle::{Assessment, Bundle, Calibration, Card, Library, advise, assess};
use crate::explain::{Explainer, Explanation, NO_CAM, Settings};
use crate::export::{self, Parts, Pictures, Record, Style};
use crate::input;
use crate::method::CamMethod;
use crate::network::device;
use crate::scan;
use crate::whole::{OutputSet, WriteError};

/// What all pictures share.
pub struct Work<'a> {
    card: Card,
    /// Until it goes to the device.
    model: Mutex<Option<(Bundle, Option<Calibration>)>>,
    /// The model on its device, from the first good picture on: a bad one needs none.
    ready: OnceLock<Result<(Explainer, Settings), String>>,
    settings: Settings,
    style: Style,
    arguments: &'a Arguments,
    /// Where the model may be that would read a picture that this one does not.
    folders: &'a [PathBuf],
    bar: ProgressBar,
}

impl<'a> Work<'a> {
    pub fn new(
        model: (Bundle, Option<Calibration>),
        settings: Settings,
        style: Style,
        arguments: &'a Arguments,
        folders: &'a [PathBuf],
        bar: ProgressBar,
    ) -> Self {
        let card = model.0.card.clone();
        Self { card, model: Mutex::new(Some(model)), ready: OnceLock::new(), settings, style, arguments, folders, bar }
    }

    fn ready(&self) -> Result<(&Explainer, &Settings)> {
        let ready = self.ready.get_or_init(|| self.start().map_err(|error| format!("{error:#}")));
        ready.as_ref().map(|(explainer, settings)| (explainer, settings)).map_err(|reason| anyhow!("{reason}"))
    }

    fn start(&self) -> Result<(Explainer, Settings)> {
        let device = device::open(self.arguments.device)?;
        if device.is_gpu {
            eprintln!("computing on {}; the first run prepares its kernels and takes longer", device.name);
        }
        let model = self.model.lock().unwrap_or_else(PoisonError::into_inner).take();
        let (bundle, calibration) = model.context("the model was taken already")?;
        let explainer = Explainer::new(bundle, &device)?.with_calibration(calibration);
        let mut settings = self.settings;
        if settings.cam.method == CamMethod::Cam && !explainer.network().has_cam() {
            eprintln!("{NO_CAM} (`--cam grad-cam`)");
        }
        settings.cam.layer = self.arguments.layer.as_deref().map(|name| layer(name, &explainer)).transpose()?;
        Ok((explainer, settings))
    }

    /// Explains the picture at `path` into files called `name`, and says its answer in a line.
    pub fn one(&self, path: &Path, name: &str) -> Result<String> {
        self.bar.set_message(path.file_name().unwrap_or_default().to_string_lossy().into_owned());
        let mut files = OutputSet::new(&self.arguments.out, name, self.arguments.force);
        let parts = Parts { layers: !self.arguments.no_layers, ..Parts::ALL };
        files.check(parts.endings(&self.card).iter().map(String::as_str)).map_err(with_advice)?;
        let start = Instant::now();
        let scan = scan::open_frame(path, self.arguments.frame - 1)?;
        let decode_ms = start.elapsed().as_secs_f64() * 1e3;
        let measures = input::measure(&scan);
        let advice = advise(&self.card, &measures, || Library::open(self.folders).ok());
        let assessed = assess(&self.card, &measures);
        if let Some(advice) = &advice {
            self.bar.suspend(|| eprintln!("{}: {}", path.display(), advice.text));
        }
        let style = self.style.clone();
        let display = self.arguments.drawing.display(&scan);
        let (explainer, settings) = self.ready()?;
        let explanation = explainer.explain(&scan, settings).with_context(|| format!("{}", path.display()))?;
        let file = path.to_string_lossy().into_owned();
        let record = Record::new(file, &explainer.card, &explainer.sha256, &explanation, &style, decode_ms);
        let mut record = record.of_scan(&scan, display.as_ref()).with_quality(assessed.as_ref());
        record.warnings.extend(advice.iter().map(|advice| advice.text.clone()));
        let picture = scan.to_rgb8_under(display.as_ref());
        let pictures = Pictures::new(&picture, &explainer.card, &explanation, &style)
            .with_warning(advice.as_ref().map(|advice| advice.text.as_str()))
            .with_quality(assessed.as_ref());
        let file_name = path.file_name().unwrap_or_default().to_string_lossy();
        export::write(&mut files, parts, &file_name, &pictures, &record)?;
        files.finish().map_err(with_advice)?;
        let unfit = assessed.as_ref().and_then(Assessment::warning).map(|says| format!("  {says}")).unwrap_or_default();
        // What follows the path is the answer, and nothing may stand above that.
        let place = format!("{}{unfit}", path.display());
        Ok(self.line(&place, &explanation, record.timings_ms.total))
    }

    fn line(&self, path: &str, explanation: &Explanation, total_ms: f64) -> String {
        let verdict = &explanation.verdict;
        let says = |c: usize| format!("{} {:.2}", self.card.classes[c].full_name(), verdict.probabilities[c]);
        if let Some(findings) = &verdict.findings {
            let names: Vec<String> = findings.iter().map(|c| says(*c)).collect();
            let found = if names.is_empty() {
                format!("no finding (nearest {})", says(verdict.decided))
            } else {
                names.join(", ")
            };
            return format!("{path}  {found}  {total_ms:.0} ms");
        }
        if let Some(set) = verdict.said_as_set(|c| self.card.classes[c].full_name()) {
            return format!("{}  {set}  (most probable {})  {total_ms:.0} ms", path, says(verdict.mode()));
        }
        let probability = |c: usize| verdict.probabilities[c];
        let word = |c| if probability(c) > probability(verdict.decided) { "most probable" } else { "then" };
        let then = verdict.runner_up().map_or_else(String::new, |c| format!("  ({} {})", word(c), says(c)));
        format!("{}  {}{then}  {total_ms:.0} ms", path, says(verdict.decided))
    }
}

/// The position of the layer called `name`.
fn layer(name: &str, explainer: &Explainer) -> Result<usize> {
    let layers = explainer.network().layers();
    layers.iter().position(|layer| layer.name == name).with_context(|| {
        let names: Vec<&str> = layers.iter().map(|layer| layer.name.as_str()).collect();
        format!("the network has no layer `{name}`; it has {}", names.join(", "))
    })
}

fn with_advice(error: WriteError) -> anyhow::Error {
    match &error {
        WriteError::Exists(_) => anyhow!("{error}; give --force to replace it, or another --out"),
        WriteError::Write { .. } => error.into(),
    }
}
