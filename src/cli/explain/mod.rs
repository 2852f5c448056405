//! `fovea explain`: pictures in, one line and a set of files for each out.

mod done;
mod names;
mod repeat;
mod work;

use std::path::PathBuf;

use anyhow::{Context, Result, bail};
use clap::{Args, ValueEnum};
use indicatif::ProgressBar;

use self::repeat::Asked;
use self::work::{Answer, Work};
use super::signals::{Stop, Stopped};
use super::{Limit, note, progress, say};
use crate::bundle::{Card, Library};
use crate::compose::{CamColours, Palette};
use crate::explain::Settings;
use crate::export::{Pages, Profile, Theme};
use crate::guard::whole;
use crate::layers::Style;
use crate::method::{BackwardRule, Cam, CamMethod, Evidence, Magnitude};
use crate::network::DeviceChoice;
use crate::scan::window::{Voi, VoiFunction, Window};
use crate::scan::{self, GreyDisplay, Scan};

/// Smoothing that goes further would leave nothing of a response.
const MOST_SMOOTHING_PX: f32 = 64.0;
const MOST_GAIN: f32 = 1000.0;

/// In which format a report is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum ReportFormat {
    Pdf,
    Svg,
    Both,
}

#[derive(Debug, Clone, Args)]
pub struct Arguments {
    /// Pictures, or folders of pictures (DICOM, PNG, JPEG, TIFF, BMP, WebP)
    #[arg(required_unless_present = "from", value_name = "FILE|FOLDER")]
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
    /// Put the CLEAR map by this rule beside the other, and where the two differ
    #[arg(long, value_enum, value_name = "RULE")]
    compare_rule: Option<BackwardRule>,
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
    /// Answer about pictures that the model does not read, too
    #[arg(long)]
    answer_anyway: bool,
    /// Write each picture's path into its record, not its file's name alone
    #[arg(long)]
    record_paths: bool,
    /// Write a page for print beside the other files: pictures, maps, answer, sums and settings
    #[arg(long, value_enum, value_name = "FORMAT")]
    report: Option<ReportFormat>,
    /// Colours of report and legend
    #[arg(long, value_enum, default_value = "light", value_name = "THEME")]
    report_theme: Theme,
    /// Write colour bars and the colours of the classes alone, as SVG
    #[arg(long)]
    legend_svg: bool,
    /// The same as PDF
    #[arg(long)]
    legend_pdf: bool,
    /// Write DICOM objects beside the other files: Secondary Capture, Segmentation, Parametric Maps, Structured Report
    #[arg(long)]
    dicom: bool,
    /// The same without names and ids; dates are shifted and UIDs replaced, the same way for all of a patient
    #[arg(long)]
    dicom_deidentified: bool,
    /// The secret that replaced UIDs and shifted dates follow from: a file of 16 bytes or more [default: one that is made for
    /// this user and kept]
    #[arg(long, value_name = "FILE", requires = "dicom_deidentified")]
    dicom_salt: Option<PathBuf>,
    /// Repeat exactly what this record says: same picture, model, settings and files; the picture may be given, too
    #[arg(
        long,
        value_name = "RECORD",
        conflicts_with_all = [
            "model", "class", "rule", "compare_rule", "evidence", "magnitude", "cam", "layer", "frame", "no_layers",
            "answer_anyway", "record_paths", "resume", "smoothing", "cam_opacity", "threshold", "cam_colours",
            "clear_opacity", "gain", "clear_over_input", "without", "palette", "window", "invert", "no_box",
            "cam_box",
        ]
    )]
    from: Option<PathBuf>,
    /// Go on after a run that was stopped: pictures that are explained with the same model and settings are passed over
    #[arg(long)]
    resume: bool,
    /// Replace files that exist
    #[arg(long)]
    force: bool,
}

impl Arguments {
    /// Which DICOM objects are asked for.
    fn dicom(&self) -> Option<Profile> {
        let kept = self.dicom.then_some(Profile::Kept);
        if self.dicom_deidentified { Some(Profile::DeIdentified) } else { kept }
    }

    /// Which pages for print are asked for.
    fn pages(&self) -> Pages {
        Pages {
            report_pdf: matches!(self.report, Some(ReportFormat::Pdf | ReportFormat::Both)),
            report_svg: matches!(self.report, Some(ReportFormat::Svg | ReportFormat::Both)),
            legend_pdf: self.legend_pdf,
            legend_svg: self.legend_svg,
            theme: self.report_theme,
        }
    }
}

/// How the pictures are drawn; what is left out stays as the window has it at first.
#[derive(Debug, Clone, Args)]
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
    /// Draw the CAM's own box: the largest part above a fifth of its maximum (Zhou 2016)
    #[arg(long)]
    cam_box: bool,
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
pub fn run(arguments: &Arguments, folders: &[PathBuf], limit: Limit) -> Result<()> {
    let stop = Stop::watch("the pictures at hand")?;
    if let Some(record) = &arguments.from {
        let asked = Asked::read(record, arguments, folders)?;
        whole::sweep(&arguments.out);
        return again(asked, folders, limit, &stop);
    }
    let (bundle, calibration) = Library::open(folders)?.find(&arguments.model)?.load_calibrated()?;
    let settings = settings(arguments, &bundle.card)?;
    let style = style(&arguments.drawing, &bundle.card)?;
    let found = scan::find::pictures(&arguments.paths)?;
    if found.own > 0 {
        note(format_args!("passed over, being drawn by this program: {}", found.own));
    }
    whole::sweep(&arguments.out);
    let paths = found.pictures;
    let bar = progress(paths.len());
    let work = Work::new((bundle, calibration), settings, style, arguments, folders, limit.memory(), bar.clone());
    let names = names::of_results(&paths);
    let mut tally = Tally { folders: found.problems.into_iter().map(Into::into).collect(), ..Tally::default() };
    let one = |index: usize| work.one(&paths[index], &names[index]);
    super::pool::in_order(
        paths.len(),
        super::pool::at_once(paths.len()),
        one,
        || stop.is_asked(),
        |answer| {
            tally.count(answer, &bar);
            bar.inc(1);
        },
    );
    bar.finish_and_clear();
    tally.conclude(paths.len(), &stop)
}

/// Explains the picture of a record as the record says.
fn again(asked: Asked, folders: &[PathBuf], limit: Limit, stop: &Stop) -> Result<()> {
    let Asked { model, settings, style, arguments, repeat } = asked;
    let (bar, picture, name) = (progress(1), repeat.picture.clone(), repeat.name.clone());
    let work = Work::new(model, settings, style, &arguments, folders, limit.memory(), bar.clone());
    let mut tally = Tally::default();
    tally.count(work.repeating(Some(repeat)).one(&picture, &name), &bar);
    tally.conclude(1, stop)
}

/// How a run did.
#[derive(Default)]
struct Tally {
    explained: usize,
    already: usize,
    failures: Vec<anyhow::Error>,
    /// What was named and could not be looked into.
    folders: Vec<anyhow::Error>,
}

impl Tally {
    fn count(&mut self, answer: Result<Answer>, bar: &ProgressBar) {
        match answer {
            Ok(Answer::Explained(line)) => {
                self.explained += 1;
                bar.suspend(|| say(line));
            }
            Ok(Answer::Already(line)) => {
                self.already += 1;
                line.into_iter().for_each(|line| bar.suspend(|| say(line)));
            }
            Err(error) => self.failures.push(error),
        }
    }

    fn conclude(self, pictures: usize, stop: &Stop) -> Result<()> {
        let Self { explained, already, mut failures, folders } = self;
        let (done, failed) = (explained + already + failures.len(), failures.len());
        failures.extend(folders);
        if stop.is_asked() {
            let mut says = format!("stopped after {done} of {pictures} pictures");
            if already > 0 {
                says += &format!(", {already} of them explained before");
            }
            if done < pictures {
                says += "; the same command with --resume goes on";
            }
            failures.iter().for_each(|error| says += &format!("\n  {error:#}"));
            return Err(Stopped { says, status: stop.status() }.into());
        }
        if already > 0 {
            note(format_args!("{explained} explained, {already} already explained (--force makes them anew)"));
        }
        let reasons: String = failures.iter().map(|error| format!("\n  {error:#}")).collect();
        match failures.as_slice() {
            [] => Ok(()),
            [only] if pictures < 2 => bail!("{only:#}"),
            _ if failed == 0 => bail!("some of what was named cannot be looked into:{reasons}"),
            _ => bail!("{failed} of {pictures} pictures failed:{reasons}"),
        }
    }
}

fn settings(arguments: &Arguments, card: &Card) -> Result<Settings> {
    let recommended = Settings::recommended(card);
    let class = arguments.class.as_ref().map(|text| class(card, text)).transpose()?;
    let smoothing_px = arguments.drawing.smoothing.unwrap_or(recommended.smoothing_px);
    within("--smoothing", smoothing_px, MOST_SMOOTHING_PX)?;
    let rule = arguments.rule.unwrap_or(recommended.rule);
    if arguments.compare_rule == Some(rule) {
        bail!("--compare-rule is {0}, and so is the rule in use; give another", rule.name());
    }
    Ok(Settings {
        smoothing_px,
        rule,
        evidence: arguments.evidence.unwrap_or(recommended.evidence),
        magnitude: arguments.magnitude.unwrap_or(recommended.magnitude),
        cam: Cam { method: arguments.cam, layer: None },
        class,
    })
}

fn style(drawing: &Drawing, card: &Card) -> Result<Style> {
    let mut style = Style::default();
    let fractions = [
        ("--cam-opacity", drawing.cam_opacity, 1.0, &mut style.cam.opacity),
        ("--threshold", drawing.threshold, 1.0, &mut style.cam.threshold),
        ("--clear-opacity", drawing.clear_opacity, 1.0, &mut style.clear.opacity),
        ("--gain", drawing.gain, MOST_GAIN, &mut style.clear.gain),
    ];
    for (name, given, most, place) in fractions {
        *place = given.unwrap_or(*place);
        within(name, *place, most)?;
    }
    style.cam.colours = drawing.cam_colours.unwrap_or_default();
    style.palette = drawing.palette.unwrap_or_default();
    style.clear.on_black = !drawing.clear_over_input;
    style.boxed = !drawing.no_box;
    style.cam_boxed = drawing.cam_box;
    let off = drawing.without.iter().map(|text| class(card, text)).collect::<Result<Vec<_>>>()?;
    style.clear.enabled = (0..card.classes.len()).map(|c| !off.contains(&c)).collect();
    Ok(style)
}

fn class(card: &Card, text: &str) -> Result<usize> {
    card.class_index(text).with_context(|| {
        let known: Vec<_> = card.classes.iter().map(|c| format!("{} ({})", c.name, c.label)).collect();
        format!("model `{}` has no class `{text}`; it has {}", card.name, known.join(", "))
    })
}

fn fraction(name: &str, value: f32) -> Result<()> {
    within(name, value, 1.0)
}

fn within(name: &str, value: f32, most: f32) -> Result<()> {
    if !(0.0..=most).contains(&value) {
        bail!("{name} is {value}; it must lie between 0 and {most}");
    }
    Ok(())
}
