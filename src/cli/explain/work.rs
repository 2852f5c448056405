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
use crate::cli::pool::{self, Turns};
use crate::explain::{Explainer, Explanation, Look, NO_CAM, Report, Settings, report};
use crate::export::dicom::{Source, SourceFile};
use crate::export::{self, Explained, Parts, Record};
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
pub enum PictureOutcome {
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

/// A model on its device.
struct Ready {
    explainer: Explainer,
    settings: Settings,
    /// Who may run it: on a GPU one at a time, since there is but one.
    turns: Turns,
}

/// What all pictures share.
pub struct Work<'a> {
    card: Card,
    /// Until it goes to the device.
    model: Mutex<Option<(Bundle, Option<Calibration>)>>,
    /// The model on its device, from the first good picture on: a bad one needs none.
    ready: OnceLock<Result<Ready, Said>>,
    settings: Settings,
    style: Style,
    arguments: &'a Arguments,
    /// Where the model may be that would read a picture that this one does not.
    folders: &'a [PathBuf],
    memory: Memory,
    /// How many pictures are on their way at most, and how many passes of the network are kept for them on the cores.
    in_flight: usize,
    passes: usize,
    sha256: String,
    calibration: Option<Calibration>,
    bar: ProgressBar,
    repeat: Option<Repeat>,
    sink: Option<&'a Sink>,
}

impl<'a> Work<'a> {
    /// For `count` pictures, which may take `memory` together.
    pub fn new(
        model: (Bundle, Option<Calibration>),
        settings: Settings,
        style: Style,
        arguments: &'a Arguments,
        folders: &'a [PathBuf],
        (memory, count): (Memory, usize),
        bar: ProgressBar,
    ) -> Self {
        let (card, sha256, calibration) = (model.0.card.clone(), model.0.sha256.clone(), model.1.clone());
        let (in_flight, pass_bytes) = (pool::in_flight(count), export::pass_bytes(&card));
        // Half of the memory is for passes at most, one of them always.
        let affordable = memory.limit_bytes() / 2 / pass_bytes.max(1);
        let passes = pool::passes_at_once().min(in_flight).min(usize::try_from(affordable).unwrap_or(1)).max(1);
        let memory = memory.keeping_back(if in_flight > 1 { passes as u64 * pass_bytes } else { 0 });
        let (model, ready, repeat) = (Mutex::new(Some(model)), OnceLock::new(), None);
        Self {
            card,
            model,
            ready,
            settings,
            style,
            arguments,
            folders,
            memory,
            in_flight,
            passes,
            sha256,
            calibration,
            bar,
            repeat,
            sink: None,
        }
    }

    /// With records and maps that many pictures share.
    pub fn into_sink(self, sink: Option<&'a Sink>) -> Self {
        Self { sink, ..self }
    }

    /// How many pictures are on their way at most.
    pub fn in_flight(&self) -> usize {
        self.in_flight
    }

    /// As a record says.
    pub fn repeating(self, repeat: Option<Repeat>) -> Self {
        Self { repeat, ..self }
    }

    fn ready(&self) -> Result<&Ready> {
        let ready = self.ready.get_or_init(|| self.start().map_err(|error| not_ready(&error)));
        ready.as_ref().map_err(|said| said.clone().into())
    }

    fn start(&self) -> Result<Ready> {
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
        let turns = Turns::new(if device.is_gpu { 1 } else { self.passes });
        Ok(Ready { explainer, settings, turns })
    }

    /// Explains the picture at `path` into files called `name`. A panic on its way is its failure alone.
    pub fn one(&self, path: &Path, name: &str) -> Result<PictureOutcome> {
        self.bar.set_message(path.file_name().unwrap_or_default().to_string_lossy().into_owned());
        let failed = |reason: String| Err(anyhow!("{}: {}", path.display(), panics::sentence(&reason)));
        panics::caught(|| self.whole_way(path, name)).unwrap_or_else(failed)
    }

    /// The file with as much memory as its picture needs at most.
    fn open(&self, path: &Path) -> Result<(Encoded, Taken<'_>)> {
        let place = || format!("{}", path.display());
        let read = || Encoded::read(path, self.arguments.frame - 1);
        let parts = self.parts();
        let layers = if parts.layers { export::layers_at_once(self.in_flight) } else { 0 };
        let needed = |file: &Encoded| {
            let needs = export::needs(&file.header, &self.card, layers, parts.dicom.is_some());
            self.memory.check(needs.most_bytes())?;
            // What passes take is kept back for all.
            anyhow::Ok(if self.in_flight > 1 { needs.own_bytes } else { needs.most_bytes() })
        };
        let mut taken = self.memory.take(file_bytes(path)?).with_context(place)?;
        let file = read()?;
        let bytes = needed(&file).with_context(place)?;
        if taken.resized(bytes) {
            return Ok((file, taken));
        }
        // Who waited for more while holding some might wait forever.
        drop((file, taken));
        let mut taken = self.memory.take(bytes).with_context(place)?;
        let file = read()?;
        let grown = needed(&file).with_context(place)?;
        if grown > bytes && !taken.resized(grown) {
            bail!("{}: it grew while it waited for its turn", path.display());
        }
        Ok((file, taken))
    }

    fn whole_way(&self, path: &Path, name: &str) -> Result<PictureOutcome> {
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
                return Ok(PictureOutcome::Already((!self.arguments.resume).then_some(line), noted));
            }
            files.check(endings.iter().map(String::as_str)).map_err(with_advice)?;
        }
        // Waiting for memory is no part of a picture's own time.
        let start = Instant::now();
        let scan = file.decode()?;
        let decode_ms = start.elapsed().as_secs_f64() * 1e3;
        let origin = |profile| SourceFile::new(&file, picture_sha256.clone(), profile, secret);
        let origin = self.parts().dicom.map(origin).transpose()?;
        drop(file);
        let source = origin.as_ref().map(SourceFile::source);
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
        Ok(PictureOutcome::Explained(line, noted))
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
        source: Option<&Source<'_>>,
    ) -> Result<(String, Record)> {
        let (measures, lit) = input::measure_with_field(scan);
        let advice = advise(&self.card, &measures, || Library::open(self.folders).ok());
        let assessed = assess(&self.card, &measures);
        let display = match &self.repeat {
            Some(repeat) => repeat.display(scan).with_context(|| format!("{}", path.display()))?,
            None => self.arguments.drawing.display(scan),
        };
        let Ready { explainer, .. } = self.ready()?;
        let (explanation, other) = self.explanations(scan).with_context(|| format!("{}", path.display()))?;
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
        let reader = self.repeat.as_ref().and_then(Repeat::reader);
        let explained = Explained {
            picture_sha256: Some(picture_sha256),
            other: other.as_ref(),
            assessed: assessed.as_ref(),
            outline: lit.as_ref().map_or(&[], |lit| &lit.contour),
            display: display.as_ref(),
            reader: reader.as_ref(),
            decode_ms,
            ..Explained::new((scan, &file_name), model, &explanation, &report, &self.style)
        };
        let mut record = explained.record();
        record.path = self.arguments.record_paths.then(|| path.to_string_lossy().into_owned());
        record.made_with = Some(key);
        record.maps = self.sink.map(|sink| sink.put(&explanation)).transpose()?.flatten();
        let line = line(path, &report, record.timings_ms.total);
        let shown = explained.shown();
        let pictures = explained.pictures(&shown).with_layers_at_once(export::layers_at_once(self.in_flight));
        let written = export::write(files, self.parts(), &file_name, &pictures, record, source);
        Ok((line, written.with_context(|| format!("{}", path.display()))?))
    }

    /// The explanation of `scan`, and the one by the rule that it is compared with.
    fn explanations(&self, scan: &Scan) -> Result<(Explanation, Option<Explanation>)> {
        let Ready { explainer, settings, turns } = self.ready()?;
        let prepared = explainer.prepare(scan)?;
        let turn = turns.take();
        let (look, other) = explainer.look_beside(&prepared, settings, self.arguments.compare_rule)?;
        drop((turn, prepared));
        let explained = |look: Look| look.into_explanation(settings);
        Ok((explained(look), other.map(explained)))
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
