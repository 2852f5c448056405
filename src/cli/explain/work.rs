//! One picture of `fovea explain`, from its file to its results.

use std::path::{Path, PathBuf};
use std::sync::{Mutex, OnceLock, PoisonError};
use std::time::Instant;

use anyhow::{Context, Result, anyhow, bail};
use indicatif::ProgressBar;

use super::done::{Made, is_done, secret};
use super::repeat::Repeat;
use super::sink::Sink;
use super::{Arguments, note};
use crate::bundle::{Bundle, Calibration, Card, Library, advise, assess};
use crate::cli::fault::{Fault, Said};
use crate::explain::{Explainer, NO_CAM, Report, Settings, report};
use crate::export::{self, Marks, Parts, Pictures, Record, dicom};
use crate::guard::memory::{Memory, Taken};
use crate::guard::panics;
use crate::guard::whole::{OutputSet, WriteError};
use crate::input;
use crate::layers::Style;
use crate::method::CamMethod;
use crate::network::device;
use crate::scan::encoded::file_bytes;
use crate::scan::{Encoded, Scan};

/// What became of a picture.
pub enum Answer {
    /// In a line.
    Explained(String, Noted),
    /// In an earlier run; said where nobody asked to go on after it.
    Already(Option<String>, Noted),
}

/// What a ledger keeps of a picture that is done.
#[derive(Debug, Clone, Default)]
pub struct Noted {
    pub picture_sha256: String,
    pub made_with: String,
    /// The endings of its files.
    pub files: Vec<String>,
    pub milliseconds: u64,
    /// Its record as JSON, where it is no file.
    pub record: Option<String>,
    pub maps_row: Option<u64>,
}

/// What all pictures share.
pub struct Work<'a> {
    card: Card,
    /// Until it goes to the device.
    model: Mutex<Option<(Bundle, Option<Calibration>)>>,
    /// The model on its device, from the first good picture on: a bad one needs none.
    ready: OnceLock<Result<(Explainer, Settings), Said>>,
    settings: Settings,
    style: Style,
    arguments: &'a Arguments,
    /// Where the model may be that would read a picture that this one does not.
    folders: &'a [PathBuf],
    memory: Memory,
    sha256: String,
    calibration: Option<Calibration>,
    bar: ProgressBar,
    repeat: Option<Repeat>,
    sink: Option<&'a Sink>,
}

impl<'a> Work<'a> {
    pub fn new(
        model: (Bundle, Option<Calibration>),
        settings: Settings,
        style: Style,
        arguments: &'a Arguments,
        folders: &'a [PathBuf],
        memory: Memory,
        bar: ProgressBar,
    ) -> Self {
        let (card, sha256, calibration) = (model.0.card.clone(), model.0.sha256.clone(), model.1.clone());
        let (model, ready) = (Mutex::new(Some(model)), OnceLock::new());
        Self {
            card,
            model,
            ready,
            settings,
            style,
            arguments,
            folders,
            memory,
            sha256,
            calibration,
            bar,
            repeat: None,
            sink: None,
        }
    }

    /// With records and maps that many pictures share.
    pub fn into_sink(self, sink: Option<&'a Sink>) -> Self {
        Self { sink, ..self }
    }

    /// As a record says.
    pub fn repeating(self, repeat: Option<Repeat>) -> Self {
        Self { repeat, ..self }
    }

    fn ready(&self) -> Result<(&Explainer, &Settings)> {
        let ready = self.ready.get_or_init(|| self.start().map_err(|error| not_ready(&error)));
        ready.as_ref().map(|(explainer, settings)| (explainer, settings)).map_err(|said| said.clone().into())
    }

    fn start(&self) -> Result<(Explainer, Settings)> {
        let device = device::open(self.arguments.device)?;
        if device.is_gpu {
            note(format_args!("computing on {}; the first run prepares its kernels and takes longer", device.name));
        }
        let model = self.model.lock().unwrap_or_else(PoisonError::into_inner).take();
        let (bundle, calibration) = model.context("the model was taken already")?;
        let explainer = Explainer::new(bundle, &device)?.with_calibration(calibration);
        let mut settings = self.settings;
        if settings.cam.method == CamMethod::Cam && !explainer.network().has_cam() {
            note(format_args!("{NO_CAM} (`--cam grad-cam`)"));
        }
        settings.cam.layer = self.arguments.layer.as_deref().map(|name| layer(name, &explainer)).transpose()?;
        Ok((explainer, settings))
    }

    /// Explains the picture at `path` into files called `name`. A panic on its way is its failure alone.
    pub fn one(&self, path: &Path, name: &str) -> Result<Answer> {
        self.bar.set_message(path.file_name().unwrap_or_default().to_string_lossy().into_owned());
        let failed = |reason: String| Err(anyhow!("{}: {}", path.display(), panics::sentence(&reason)));
        panics::caught(|| self.whole_way(path, name)).unwrap_or_else(failed)
    }

    /// The file with as much memory as its picture needs at most.
    fn open(&self, path: &Path) -> Result<(Encoded, Taken<'_>)> {
        let place = || format!("{}", path.display());
        let read = || Encoded::read(path, self.arguments.frame - 1);
        let parts = self.parts();
        let needed =
            |file: &Encoded| export::needed_bytes(&file.header, &self.card, parts.layers, parts.dicom.is_some());
        let mut taken = self.memory.take(file_bytes(path)?).with_context(place)?;
        let file = read()?;
        let bytes = needed(&file);
        self.memory.check(bytes).with_context(place)?;
        if taken.resized(bytes) {
            return Ok((file, taken));
        }
        // Who waited for more while holding some might wait for ever.
        drop((file, taken));
        let mut taken = self.memory.take(bytes).with_context(place)?;
        let file = read()?;
        if needed(&file) > bytes && !taken.resized(needed(&file)) {
            bail!("{}: it grew while it waited for its turn", path.display());
        }
        Ok((file, taken))
    }

    fn whole_way(&self, path: &Path, name: &str) -> Result<Answer> {
        let is_row = self.sink.is_some();
        // A row's files that lie there already were left by a process that was killed before it told the ledger.
        let replaces = self.arguments.force || (is_row && self.arguments.resume);
        let mut files = OutputSet::new(&self.arguments.out, name, replaces);
        let is_recorded = files.path(Record::ENDING).is_file();
        if is_row && is_recorded {
            let says = format!(
                "{}: this folder has records as files; give another --out, or --out-format files",
                files.path(Record::ENDING).display()
            );
            return Err(Said { says, fault: Fault::Request }.into());
        }
        let endings = self.parts().endings(&self.card, self.arguments.compare_rule.is_some());
        let is_free = files.check(endings.iter().map(String::as_str)).map_err(with_advice);
        let may_be_done = is_recorded && (is_free.is_err() || self.arguments.resume);
        if !may_be_done {
            // What is in the way is none of ours.
            is_free?;
        }
        let (file, _taken) = self.open(path)?;
        let model = (self.sha256.as_str(), self.calibration.as_ref());
        let picture_sha256 = file.sha256();
        let profile = self.parts().dicom;
        let secret = secret(profile, self.arguments.dicom_salt.as_deref())?;
        let made = (&self.settings, &self.style);
        let made = Made::new(picture_sha256.clone(), model, made, (self.arguments, &secret));
        let recorded =
            self.repeat.as_ref().map(|repeat| repeat.check_picture(&picture_sha256).map(|()| repeat)).transpose()?;
        let key = recorded.and_then(|repeat| repeat.made_with(&self.card)).unwrap_or_else(|| made.key());
        if may_be_done {
            if is_done(&files, &key) {
                let line = format!("{}  already explained", path.display());
                let found = endings.into_iter().filter(|ending| files.path(ending).is_file()).collect();
                let noted = Noted { picture_sha256, made_with: key, files: found, ..Noted::default() };
                return Ok(Answer::Already((!self.arguments.resume).then_some(line), noted));
            }
            files.check(endings.iter().map(String::as_str)).map_err(with_advice)?;
        }
        // Waiting for memory is no part of a picture's own time.
        let start = Instant::now();
        let scan = file.decode()?;
        let decode_ms = start.elapsed().as_secs_f64() * 1e3;
        let origin = if profile.is_some() { file.origin()? } else { None };
        let lossy_bytes = file.lossy_bytes();
        drop(file);
        let source = profile.map(|profile| dicom::Source {
            origin: origin.as_ref(),
            sha256: &picture_sha256,
            lossy_bytes,
            profile,
            secret: &secret,
        });
        let made = (key.clone(), picture_sha256.as_str(), decode_ms);
        let (line, record) = self.explained(path, &scan, &mut files, made, source.as_ref())?;
        let placed = files.finish().map_err(with_advice)?;
        let noted = Noted {
            made_with: key,
            files: endings_of(&placed, name),
            picture_sha256,
            milliseconds: start.elapsed().as_millis() as u64,
            maps_row: record.maps.as_ref().map(|maps| maps.row),
            record: self.sink.map(|_| serde_json::to_string(&record)).transpose()?,
        };
        Ok(Answer::Explained(line, noted))
    }

    fn parts(&self) -> Parts {
        let (pages, dicom) = (self.arguments.pages(), self.arguments.dicom());
        let asked = Parts { layers: !self.arguments.no_layers, pages, dicom, ..Parts::ALL };
        let asked = || self.arguments.out_format.files(asked);
        self.repeat.as_ref().map_or_else(asked, |repeat| repeat.parts)
    }

    /// Explains `scan` into `files`, which are not in their places yet.
    fn explained(
        &self,
        path: &Path,
        scan: &Scan,
        files: &mut OutputSet,
        (key, picture_sha256, decode_ms): (String, &str, f64),
        source: Option<&dicom::Source<'_>>,
    ) -> Result<(String, Record)> {
        let (measures, lit) = input::measure_with_field(scan);
        let advice = advise(&self.card, &measures, || Library::open(self.folders).ok());
        let assessed = assess(&self.card, &measures);
        let display = match &self.repeat {
            Some(repeat) => repeat.display(scan).with_context(|| format!("{}", path.display()))?,
            None => self.arguments.drawing.display(scan),
        };
        let style = &self.style;
        let (explainer, settings) = self.ready()?;
        let explained = explainer.explain_beside(scan, settings, self.arguments.compare_rule);
        let (explanation, other) = explained.with_context(|| format!("{}", path.display()))?;
        if let Some(repeat) = &self.repeat {
            repeat.compare(&explanation)?;
        }
        let anyway = self.arguments.answer_anyway;
        let report = report(&self.card, &explanation, advice.as_ref(), assessed.as_ref(), anyway);
        if let Some(warning) = report.warning() {
            self.bar.suspend(|| note(format_args!("{}: {warning}", path.display())));
        }
        let file_name = path.file_name().unwrap_or_default().to_string_lossy();
        let model = (&explainer.card, explainer.sha256.as_str());
        let record = Record::new(file_name.clone().into_owned(), model, &explanation, &report, style, decode_ms);
        let mut record = record.of_scan(scan, display.as_ref()).with_quality(assessed.as_ref());
        record.path = self.arguments.record_paths.then(|| path.to_string_lossy().into_owned());
        (record.made_with, record.picture_sha256) = (Some(key), Some(picture_sha256.to_owned()));
        record.reader = self.repeat.as_ref().and_then(Repeat::reader);
        record.maps = self.sink.map(|sink| sink.put(&explanation)).transpose()?.flatten();
        let line = line(path, &report, record.timings_ms.total);
        let picture = scan.to_rgb8_under(display.as_ref());
        let pictures = Pictures::new(&picture, &explainer.card, &explanation, style)
            .with_report(report)
            .with_quality(assessed.as_ref())
            .with_marks(Marks::new(scan.facts.as_deref(), Vec::new()))
            .with_outline(lit.as_ref().map_or(&[], |lit| &lit.contour))
            .compared_with(other.as_ref());
        let written = export::write(files, self.parts(), &file_name, &pictures, record, source);
        Ok((line, written.with_context(|| format!("{}", path.display()))?))
    }
}

/// What follows the path is the answer, and nothing may stand above that but how fit the picture is.
fn line(path: &Path, report: &Report, total_ms: f64) -> String {
    let unfit = report.unfit().map(|says| format!("  {says}")).unwrap_or_default();
    format!("{}{unfit}  {}  {total_ms:.0} ms", path.display(), report.line())
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
    match error {
        WriteError::Exists(_) => {
            let says = format!("{error}; give --force to replace it, or another --out");
            Said { says, fault: Fault::Taken }.into()
        }
        WriteError::Write { .. } | WriteError::Name(_) => error.into(),
    }
}

/// What follows the results' name in the names of their files.
fn endings_of(placed: &[PathBuf], name: &str) -> Vec<String> {
    let ending = |path: &PathBuf| {
        let file = path.file_name()?.to_str()?;
        Some(file.strip_prefix(name)?.strip_prefix('.')?.to_owned())
    };
    placed.iter().filter_map(ending).collect()
}

/// Without its model nothing can be done; of which kind the error was is kept.
fn not_ready(error: &anyhow::Error) -> Said {
    let fault = if Fault::of(error).passes() { Fault::Machine } else { Fault::Request };
    Said { says: format!("{error:#}"), fault }
}
