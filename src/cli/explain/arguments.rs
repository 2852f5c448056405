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
    /// Pictures, folders of pictures, or text files that list them
    ///
    /// Pictures are DICOM, PNG, JPEG, TIFF, BMP or WebP files. A list ends in .txt or .list and has a path on each line.
    #[arg(required_unless_present = "from", value_name = "FILE|FOLDER|LIST")]
    pub(super) paths: Vec<PathBuf>,
    /// The model to use
    #[arg(long, default_value = "retina-dr", value_name = "NAME")]
    pub(super) model: String,
    /// The folder for the output files
    #[arg(long, default_value = "explained", value_name = "DIR")]
    pub(super) out: PathBuf,
    /// How to keep records and maps
    ///
    /// As files for each picture, or for each shard: records as rows of a Parquet file, and raw maps as Zarr arrays.
    #[arg(long, value_enum, default_value = "files", hide_default_value = true, value_name = "FORMAT")]
    pub(super) out_format: OutFormat,
    /// Explain this class (by name or label) instead of the predicted one
    #[arg(long, value_name = "C")]
    pub(super) class: Option<String>,
    /// The backward ReLU rule of CLEAR; the paper's own is `linear` [default: as the model card recommends]
    #[arg(long, value_enum)]
    pub(super) rule: Option<BackwardRule>,
    /// Add the CLEAR map of a second rule, and a map of where the two differ
    #[arg(long, value_enum, value_name = "RULE")]
    pub(super) compare_rule: Option<BackwardRule>,
    /// Whether CLEAR shows evidence for each class, or against it [default: as the model card recommends]
    #[arg(long, value_enum)]
    pub(super) evidence: Option<Evidence>,
    /// The magnitude of the response; the paper's own is `abs` [default: as the model card recommends]
    #[arg(long, value_enum)]
    pub(super) magnitude: Option<Magnitude>,
    /// The map of a single class that is shown next to the CLEAR map
    #[arg(long, value_enum, default_value = "cam", value_name = "METHOD")]
    pub(super) cam: CamMethod,
    /// The layer for Grad-CAM or HiResCAM, by the name of its tensors [default: the last]
    #[arg(long, value_name = "NAME")]
    pub(super) layer: Option<String>,
    /// The compute device
    #[arg(long, value_enum, default_value = "auto")]
    pub(super) device: DeviceChoice,
    /// The frame of multi-frame DICOM files, counted from 1
    #[arg(long, default_value_t = 1, value_name = "N", value_parser = clap::value_parser!(u32).range(1..))]
    pub(super) frame: u32,
    /// Write only panel, raw maps and record, not every layer as a picture
    #[arg(long)]
    pub(super) no_layers: bool,
    /// Answer even for pictures that the model is not meant for
    #[arg(long)]
    pub(super) answer_anyway: bool,
    /// Put the full path of each picture into its record, not just the file name
    #[arg(long)]
    pub(super) record_paths: bool,
    /// Also write a report for print
    ///
    /// One page with pictures, maps, answer, checksums and settings.
    #[arg(long, value_enum, value_name = "FORMAT")]
    pub(super) report: Option<ReportFormat>,
    /// The colours of report and legend
    #[arg(long, value_enum, default_value = "light", value_name = "THEME")]
    pub(super) report_theme: PageTheme,
    /// Also write colour bars and class colours by themselves, as SVG
    #[arg(long)]
    pub(super) legend_svg: bool,
    /// Also write them as PDF
    #[arg(long)]
    pub(super) legend_pdf: bool,
    /// Also write DICOM objects: SC, SEG, Parametric Maps and an SR
    ///
    /// These are Secondary Capture, Segmentation, Parametric Map and Structured Report objects.
    #[arg(long)]
    pub(super) dicom: bool,
    /// As --dicom, de-identified: no names or ids; dates shifted and UIDs replaced, consistently for each patient
    #[arg(long)]
    pub(super) dicom_deidentified: bool,
    /// A file of at least 16 bytes, the secret that new UIDs and dates are derived from [default: one generated once for this
    /// user]
    #[arg(long, value_name = "FILE", requires = "dicom_deidentified")]
    pub(super) dicom_salt: Option<PathBuf>,
    /// Reproduce a record: same picture, model, settings and files; give the picture, too, where it has moved
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
    /// Explain the I-th of N parts; many processes share the pictures
    ///
    /// `auto` takes the numbers from Slurm, Kubernetes or GNU parallel.
    #[arg(long, value_name = "I/N|auto", value_parser = part)]
    pub(super) shard: Option<Part>,
    /// Explain nothing: list the pictures that no shard has done, and those that are bad
    #[arg(long)]
    pub(super) missing: bool,
    /// Skip pictures already explained with the same model and settings
    #[arg(long)]
    pub(super) resume: bool,
    /// Overwrite existing files
    #[arg(long)]
    pub(super) force: bool,
    // Last: its heading holds for whatever follows.
    #[command(flatten)]
    pub(super) drawing: Drawing,
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
    /// Smoothing of the response (Gaussian sigma in model pixels) [default: as the model card recommends]
    #[arg(long, value_name = "PX")]
    pub(super) smoothing: Option<f32>,
    /// Opacity of the CAM, 0 to 1
    #[arg(long, value_name = "FRACTION")]
    pub(super) cam_opacity: Option<f32>,
    /// Hide CAM values below this fraction of the scale
    #[arg(long, value_name = "FRACTION")]
    pub(super) threshold: Option<f32>,
    /// The colour map of the CAM
    #[arg(long, value_enum)]
    pub(super) cam_colours: Option<CamColours>,
    /// Opacity of the CLEAR map over the picture, 0 to 1
    #[arg(long, value_name = "FRACTION")]
    pub(super) clear_opacity: Option<f32>,
    /// Multiply the brightness of the CLEAR map
    #[arg(long, value_name = "FACTOR")]
    pub(super) gain: Option<f32>,
    /// In the panel, draw the CLEAR map over the picture instead of on black
    #[arg(long)]
    pub(super) clear_over_input: bool,
    /// Leave a class (by name or label) out of the CLEAR map; can be given several times
    #[arg(long, value_name = "C")]
    pub(super) without: Vec<String>,
    /// The colours of the classes
    #[arg(long, value_enum)]
    pub(super) palette: Option<Palette>,
    /// Display window of grey pictures; what the model sees does not change [default: the file's own]
    #[arg(long, value_name = "CENTRE,WIDTH", value_parser = window, allow_hyphen_values = true)]
    pub(super) window: Option<Window>,
    /// Display grey pictures inverted
    #[arg(long)]
    pub(super) invert: bool,
    /// Draw the CAM's own box: its largest region above 20 % of the maximum (Zhou 2016)
    #[arg(long)]
    pub(super) cam_box: bool,
    /// Do not draw the red box
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
