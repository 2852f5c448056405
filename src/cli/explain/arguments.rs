//! The words of `fovea explain`.

use std::path::PathBuf;

use clap::{Args, ValueEnum};

use super::sink::OutFormat;
use crate::compose::{CamColours, Palette};
use crate::export::{PageTheme, Pages, Profile};
use crate::ledger::{Shard, ShardError};
use crate::method::{BackwardRule, CamMethod, Evidence, Magnitude};
use crate::network::DeviceChoice;
use crate::scan::window::{Voi, VoiFunction, Window};
use crate::scan::{GreyDisplay, Scan};

/// Smoothing that goes further would leave nothing of a response.
pub(super) const MOST_SMOOTHING_PX: f32 = 64.0;
pub(super) const MOST_GAIN: f32 = 1000.0;

/// In which format a report is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(super) enum ReportFormat {
    Pdf,
    Svg,
    Both,
}

#[derive(Debug, Clone, Args)]
pub struct Arguments {
    /// Pictures, folders of pictures (DICOM, PNG, JPEG, TIFF, BMP, WebP), or text files that list pictures, a path a line
    #[arg(required_unless_present = "from", value_name = "FILE|FOLDER|LIST")]
    pub(super) paths: Vec<PathBuf>,
    /// The model that reads the pictures
    #[arg(long, default_value = "retina-dr", value_name = "NAME")]
    pub(super) model: String,
    /// Where the files go
    #[arg(long, default_value = "explained", value_name = "DIR")]
    pub(super) out: PathBuf,
    /// How records and raw maps are kept: as files, or as rows of a Parquet file and as Zarr arrays, a set a shard
    #[arg(long, value_enum, default_value = "files", value_name = "FORMAT")]
    pub(super) out_format: OutFormat,
    /// Explain this class (name or label) instead of the decided one
    #[arg(long, value_name = "C")]
    pub(super) class: Option<String>,
    /// Backward ReLU rule of CLEAR; the paper's own is `linear` [default: what the model card recommends]
    #[arg(long, value_enum)]
    pub(super) rule: Option<BackwardRule>,
    /// Put the CLEAR map by this rule beside the other, and where the two differ
    #[arg(long, value_enum, value_name = "RULE")]
    pub(super) compare_rule: Option<BackwardRule>,
    /// What CLEAR shows of each class: what speaks for it, or against it [default: what the model card recommends]
    #[arg(long, value_enum)]
    pub(super) evidence: Option<Evidence>,
    /// Magnitude of the response; the paper's own is `abs` [default: what the model card recommends]
    #[arg(long, value_enum)]
    pub(super) magnitude: Option<Magnitude>,
    /// Which map of one class stands beside CLEAR's
    #[arg(long, value_enum, default_value = "cam", value_name = "METHOD")]
    pub(super) cam: CamMethod,
    /// The layer that Grad-CAM or HiResCAM is of, by the name of its tensors [default: the last]
    #[arg(long, value_name = "NAME")]
    pub(super) layer: Option<String>,
    #[command(flatten)]
    pub(super) drawing: Drawing,
    /// What computes
    #[arg(long, value_enum, default_value = "auto")]
    pub(super) device: DeviceChoice,
    /// Of DICOM files with several frames, this one, counted from 1
    #[arg(long, default_value_t = 1, value_name = "N", value_parser = clap::value_parser!(u32).range(1..))]
    pub(super) frame: u32,
    /// Write only the panel, the raw maps and the record, not each layer as a picture of its own
    #[arg(long)]
    pub(super) no_layers: bool,
    /// Answer about pictures that the model does not read, too
    #[arg(long)]
    pub(super) answer_anyway: bool,
    /// Write each picture's path into its record, not its file's name alone
    #[arg(long)]
    pub(super) record_paths: bool,
    /// Write a page for print beside the other files: pictures, maps, answer, sums and settings
    #[arg(long, value_enum, value_name = "FORMAT")]
    pub(super) report: Option<ReportFormat>,
    /// Colours of report and legend
    #[arg(long, value_enum, default_value = "light", value_name = "THEME")]
    pub(super) report_theme: PageTheme,
    /// Write colour bars and the colours of the classes alone, as SVG
    #[arg(long)]
    pub(super) legend_svg: bool,
    /// The same as PDF
    #[arg(long)]
    pub(super) legend_pdf: bool,
    /// Write DICOM objects beside the other files: Secondary Capture, Segmentation, Parametric Maps, Structured Report
    #[arg(long)]
    pub(super) dicom: bool,
    /// The same without names and ids; dates are shifted and UIDs replaced, the same way for all of a patient
    #[arg(long)]
    pub(super) dicom_deidentified: bool,
    /// The secret that replaced UIDs and shifted dates follow from: a file of 16 bytes or more [default: one that is made for
    /// this user and kept]
    #[arg(long, value_name = "FILE", requires = "dicom_deidentified")]
    pub(super) dicom_salt: Option<PathBuf>,
    /// Repeat exactly what this record says: same picture, model, settings and files; the picture may be given, too
    #[arg(
        long,
        value_name = "RECORD",
        conflicts_with_all = [
            "model", "class", "rule", "compare_rule", "evidence", "magnitude", "cam", "layer", "frame", "no_layers",
            "answer_anyway", "record_paths", "resume", "smoothing", "cam_opacity", "threshold", "cam_colours",
            "clear_opacity", "gain", "clear_over_input", "without", "palette", "window", "invert", "no_box",
            "cam_box", "shard", "missing", "out_format",
        ]
    )]
    pub(super) from: Option<PathBuf>,
    /// Do one part of N of the pictures, so that many processes share them; auto takes the numbers of Slurm, Kubernetes or GNU
    /// parallel
    #[arg(long, value_name = "I/N|auto", value_parser = part)]
    pub(super) shard: Option<Part>,
    /// Explain nothing: list the pictures that no shard has done, and beside them those that are bad
    #[arg(long)]
    pub(super) missing: bool,
    /// Go on after a run that was stopped: pictures that are explained with the same model and settings are passed over
    #[arg(long)]
    pub(super) resume: bool,
    /// Replace files that exist
    #[arg(long)]
    pub(super) force: bool,
}

/// Which part is asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Part {
    Given(Shard),
    /// As an engine says.
    Auto,
}

impl Arguments {
    /// Which part of the pictures this process does; `None` where it does all, alone.
    ///
    /// # Errors
    /// An engine that does not say which part is meant.
    pub(super) fn shard(&self) -> Result<Option<Shard>, ShardError> {
        match self.shard {
            None => Ok(None),
            Some(Part::Given(shard)) => Ok(Some(shard)),
            Some(Part::Auto) => Shard::from_engine(|name| std::env::var(name).ok()).map(Some),
        }
    }

    /// Which DICOM objects are asked for.
    pub(super) fn dicom(&self) -> Option<Profile> {
        let kept = self.dicom.then_some(Profile::Kept);
        if self.dicom_deidentified { Some(Profile::DeIdentified) } else { kept }
    }

    /// Which pages for print are asked for.
    pub(super) fn pages(&self) -> Pages {
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
pub(super) struct Drawing {
    /// Smoothing of the response in model pixels [default: what the model card recommends]
    #[arg(long, value_name = "PX")]
    pub(super) smoothing: Option<f32>,
    /// Opacity of the CAM, 0 to 1
    #[arg(long, value_name = "FRACTION")]
    pub(super) cam_opacity: Option<f32>,
    /// Hide CAM values below this fraction of the scale
    #[arg(long, value_name = "FRACTION")]
    pub(super) threshold: Option<f32>,
    /// Colours of the CAM
    #[arg(long, value_enum)]
    pub(super) cam_colours: Option<CamColours>,
    /// Opacity of the CLEAR map over the picture, 0 to 1
    #[arg(long, value_name = "FRACTION")]
    pub(super) clear_opacity: Option<f32>,
    /// Multiplies the brightness of the CLEAR map
    #[arg(long, value_name = "FACTOR")]
    pub(super) gain: Option<f32>,
    /// In the panel, draw the CLEAR map over the picture instead of on black
    #[arg(long)]
    pub(super) clear_over_input: bool,
    /// Leave this class (name or label) out of the CLEAR map; can be given several times
    #[arg(long, value_name = "C")]
    pub(super) without: Vec<String>,
    /// Colours of the classes
    #[arg(long, value_enum)]
    pub(super) palette: Option<Palette>,
    /// Show grey pictures under this window; models are given what their own card says [default: the file's own]
    #[arg(long, value_name = "CENTRE,WIDTH", value_parser = window, allow_hyphen_values = true)]
    pub(super) window: Option<Window>,
    /// Show grey pictures with light and dark swapped
    #[arg(long)]
    pub(super) invert: bool,
    /// Draw the CAM's own box: the largest part above a fifth of its maximum (Zhou 2016)
    #[arg(long)]
    pub(super) cam_box: bool,
    /// Draw no red box
    #[arg(long)]
    pub(super) no_box: bool,
}

impl Drawing {
    /// How a grey picture is shown; `None` for the file's own way.
    pub(super) fn display(&self, scan: &Scan) -> Option<GreyDisplay> {
        let own = scan.grey()?.default_display();
        let voi = self.window.map_or(own.voi, Voi::Window);
        Some(GreyDisplay { voi, inverted: self.invert })
    }
}

fn part(text: &str) -> Result<Part, ShardError> {
    if text == "auto" { Ok(Part::Auto) } else { text.parse().map(Part::Given) }
}

fn window(text: &str) -> Result<Window, String> {
    let numbers = text
        .split_once(',')
        .and_then(|(centre, width)| Some((centre.trim().parse::<f64>().ok()?, width.trim().parse::<f64>().ok()?)));
    let window = numbers.and_then(|(centre, width)| Window::new(centre, width, VoiFunction::Linear));
    window.ok_or_else(|| "give centre and width as two numbers, the width at least 1: 40,400".to_owned())
}
