//! `fovea explain`: pictures in, one line and a set of files for each out.

use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::time::Instant;

use anyhow::{Context, Result, anyhow, bail};
use clap::Args;
use indicatif::ProgressBar;

use super::progress;
use crate::bundle::{Assessment, Bundle, Calibration, Card, Library, advise, assess};
use crate::compose::{CamColours, Palette};
use crate::explain::{Explainer, Explanation, Settings};
use crate::export::{self, Parts, Pictures, Record, Style};
use crate::input;
use crate::method::{BackwardRule, Cam, CamMethod, Evidence, Magnitude};
use crate::network::{DeviceChoice, device};
use crate::scan::window::{Voi, VoiFunction, Window};
use crate::scan::{self, GreyDisplay, Scan};
use crate::whole::{OutputSet, WriteError};

#[derive(Debug, Args)]
pub struct Arguments {
    /// Pictures, or folders of pictures (DICOM, PNG, JPEG, TIFF, BMP, WebP)
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
    /// What CLEAR shows of each class: what speaks for it, or against it [default: what the model card recommends]
    #[arg(long, value_enum)]
    evidence: Option<Evidence>,
    /// Magnitude of the response; the paper's own is `abs` [default: what the model card recommends]
    #[arg(long, value_enum)]
    magnitude: Option<Magnitude>,
    /// Which map of one class stands beside CLEAR's
    #[arg(long, value_enum, default_value = "cam", value_name = "METHOD")]
    cam: CamMethod,
    /// The layer that Grad-CAM or HiResCAM is of, by the name of its tensors [default: the last]
    #[arg(long, value_name = "NAME")]
    layer: Option<String>,
    #[command(flatten)]
    drawing: Drawing,
    /// What computes
    #[arg(long, value_enum, default_value = "auto")]
    device: DeviceChoice,
    /// Of DICOM files with several frames, this one, counted from 1
    #[arg(long, default_value_t = 1, value_name = "N", value_parser = clap::value_parser!(u32).range(1..))]
    frame: u32,
    /// Write only the panel, the raw maps and the record, not each layer as a picture of its own
    #[arg(long)]
    no_layers: bool,
    /// Replace files that exist
    #[arg(long)]
    force: bool,
}

/// How the pictures are drawn; what is left out stays as the window has it at first.
#[derive(Debug, Args)]
#[command(next_help_heading = "Drawing")]
struct Drawing {
    /// Smoothing of the response in model pixels [default: what the model card recommends]
    #[arg(long, value_name = "PX")]
    smoothing: Option<f32>,
    /// Opacity of the CAM, 0 to 1
    #[arg(long, value_name = "FRACTION")]
    cam_opacity: Option<f32>,
    /// Hide CAM values below this fraction of the scale
    #[arg(long, value_name = "FRACTION")]
    threshold: Option<f32>,
    /// Colours of the CAM
    #[arg(long, value_enum)]
    cam_colours: Option<CamColours>,
    /// Opacity of the CLEAR map over the picture, 0 to 1
    #[arg(long, value_name = "FRACTION")]
    clear_opacity: Option<f32>,
    /// Multiplies the brightness of the CLEAR map
    #[arg(long, value_name = "FACTOR")]
    gain: Option<f32>,
    /// In the panel, draw the CLEAR map over the picture instead of on black
    #[arg(long)]
    clear_over_input: bool,
    /// Leave this class (name or label) out of the CLEAR map; can be given several times
    #[arg(long, value_name = "C")]
    without: Vec<String>,
    /// Colours of the classes
    #[arg(long, value_enum)]
    palette: Option<Palette>,
    /// Show grey pictures under this window; models are given what their own card says [default: the file's own]
    #[arg(long, value_name = "CENTRE,WIDTH", value_parser = window, allow_hyphen_values = true)]
    window: Option<Window>,
    /// Show grey pictures with light and dark swapped
    #[arg(long)]
    invert: bool,
    /// Draw no red box
    #[arg(long)]
    no_box: bool,
}

impl Drawing {
    /// How a grey picture is shown; `None` for the file's own way.
    fn display(&self, scan: &Scan) -> Option<GreyDisplay> {
        let own = scan.grey()?.default_display();
        let voi = self.window.map_or(own.voi, Voi::Window);
        Some(GreyDisplay { voi, inverted: self.invert })
    }
}

fn window(text: &str) -> Result<Window, String> {
    let numbers = text
        .split_once(',')
        .and_then(|(centre, width)| Some((centre.trim().parse::<f64>().ok()?, width.trim().parse::<f64>().ok()?)));
    let window = numbers.and_then(|(centre, width)| Window::new(centre, width, VoiFunction::Linear));
    window.ok_or_else(|| "give centre and width as two numbers, the width at least 1: 40,400".to_owned())
}

/// Explains every picture and goes on past bad ones.
pub fn run(arguments: &Arguments, folders: &[PathBuf]) -> Result<()> {
    let (bundle, calibration) = Library::open(folders)?.find(&arguments.model)?.load_calibrated()?;
    let settings = settings(arguments, &bundle.card)?;
    let style = style(&arguments.drawing, &bundle.card)?;
    let paths = scan::find::pictures(&arguments.paths)?;
    let bar = progress(paths.len());
    let mut run = Run {
        card: bundle.card.clone(),
        waiting: Some((bundle, calibration)),
        explainer: None,
        settings,
        style,
        arguments,
        folders,
        bar: bar.clone(),
    };
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
    let class = arguments.class.as_ref().map(|text| class(card, text)).transpose()?;
    let smoothing_px = arguments.drawing.smoothing.unwrap_or(recommended.smoothing_px);
    within("smoothing", smoothing_px, 64.0)?;
    Ok(Settings {
        smoothing_px,
        rule: arguments.rule.unwrap_or(recommended.rule),
        evidence: arguments.evidence.unwrap_or(recommended.evidence),
        magnitude: arguments.magnitude.unwrap_or(recommended.magnitude),
        cam: Cam { method: arguments.cam, layer: None },
        class,
    })
}

/// The position of the layer called `name`.
fn layer(name: &str, explainer: &Explainer) -> Result<usize> {
    let layers = explainer.network().layers();
    layers.iter().position(|layer| layer.name == name).with_context(|| {
        let names: Vec<&str> = layers.iter().map(|layer| layer.name.as_str()).collect();
        format!("the network has no layer `{name}`; it has {}", names.join(", "))
    })
}

fn style(drawing: &Drawing, card: &Card) -> Result<Style> {
    let mut style = Style::default();
    let fractions = [
        ("cam-opacity", drawing.cam_opacity, 1.0, &mut style.cam.opacity),
        ("threshold", drawing.threshold, 1.0, &mut style.cam.threshold),
        ("clear-opacity", drawing.clear_opacity, 1.0, &mut style.clear.opacity),
        ("gain", drawing.gain, 1000.0, &mut style.clear.gain),
    ];
    for (name, given, most, place) in fractions {
        *place = given.unwrap_or(*place);
        within(name, *place, most)?;
    }
    style.cam.colours = drawing.cam_colours.unwrap_or_default();
    style.palette = drawing.palette.unwrap_or_default();
    style.clear.on_black = !drawing.clear_over_input;
    style.boxed = !drawing.no_box;
    let off = drawing.without.iter().map(|text| class(card, text)).collect::<Result<Vec<_>>>()?;
    style.clear.enabled = (0..card.classes.len()).map(|c| !off.contains(&c)).collect();
    Ok(style)
}

fn with_advice(error: WriteError) -> anyhow::Error {
    match &error {
        WriteError::Exists(_) => anyhow!("{error}; give --force to replace it, or another --out"),
        WriteError::Write { .. } => error.into(),
    }
}

fn class(card: &Card, text: &str) -> Result<usize> {
    card.class_index(text).with_context(|| {
        let known: Vec<_> = card.classes.iter().map(|c| format!("{} ({})", c.name, c.label)).collect();
        format!("model `{}` has no class `{text}`; it has {}", card.name, known.join(", "))
    })
}

fn within(name: &str, value: f32, most: f32) -> Result<()> {
    if !(0.0..=most).contains(&value) {
        bail!("--{name} is {value}; it must lie between 0 and {most}");
    }
    Ok(())
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
    waiting: Option<(Bundle, Option<Calibration>)>,
    explainer: Option<Explainer>,
    settings: Settings,
    style: Style,
    arguments: &'a Arguments,
    /// Where the model may be that would read a picture that this one does not.
    folders: &'a [PathBuf],
    bar: ProgressBar,
}

impl Run<'_> {
    fn explainer(&mut self) -> Result<&Explainer> {
        if let Some((bundle, calibration)) = self.waiting.take() {
            let device = device::open(self.arguments.device)?;
            if device.is_gpu {
                eprintln!("computing on {}; the first run prepares its kernels and takes longer", device.name);
            }
            let explainer = Explainer::new(bundle, &device)?.with_calibration(calibration);
            self.settings.cam.layer =
                self.arguments.layer.as_deref().map(|name| layer(name, &explainer)).transpose()?;
            self.explainer = Some(explainer);
        }
        self.explainer.as_ref().context("the device could not be started")
    }

    fn one(&mut self, path: &Path, name: &str) -> Result<String> {
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
        self.explainer()?;
        let settings = self.settings;
        let explainer = self.explainer()?;
        let explanation = explainer.explain(&scan, &settings).with_context(|| format!("{}", path.display()))?;
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
