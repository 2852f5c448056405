//! `fovea evaluate`: labelled pictures in, a report out.

mod certify;
mod examples;
mod finish;
mod labelled;
mod marks;
mod rows;
mod work;

use std::path::PathBuf;
use std::sync::{Mutex, OnceLock, PoisonError};

use anyhow::{Context, Result, bail};
use clap::{Args, ValueEnum};

use self::labelled::Labelled;
use self::marks::Marks;
use self::rows::{Row, Rows};
use self::work::{Wanted, Work};
use super::signals::{Stop, Stopped};
use super::{Limit, note, pool, progress, say};
use crate::bundle::{Card, Library};
use crate::evaluate::Truth;
use crate::evaluate::fill::Fill;
use crate::evaluate::strong_features::Definition;
use crate::evaluate::truth::TruthSettings;
use crate::explain::{Explainer, Settings};
use crate::guard::checksum::sha256_hex;
use crate::guard::whole;
use crate::network::{ComputeDevice, DeviceChoice, device};

/// Changes when the same picture gives another line.
const FORMAT: &str = concat!("evaluation 1 ", env!("CARGO_PKG_VERSION"));

/// What the papers did.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Experiment {
    /// CLEAR's table: accuracy on full images, on their strongly attentive pixels alone, and without them
    StrongFeatures,
}

#[derive(Debug, Args)]
pub struct Arguments {
    /// Pictures, or folders of pictures
    #[arg(required = true, value_name = "FILE|FOLDER")]
    paths: Vec<PathBuf>,
    /// A table image,grade[,patient][,…], or one 0/1 column per finding
    ///
    /// File names stand with or without extension.
    #[arg(long, value_name = "CSV", required_unless_present = "idx")]
    labels: Option<PathBuf>,
    /// Instead of a table: the folders hold MNIST's own files of this part, `t10k` or `train`
    #[arg(long, value_name = "PART", conflicts_with = "labels")]
    idx: Option<String>,
    /// The model to measure
    #[arg(long, default_value = "retina-dr", value_name = "NAME")]
    model: String,
    /// The folder for report, tables and figures
    #[arg(long, default_value = "evaluation", value_name = "DIR")]
    out: PathBuf,
    /// Columns to break the figures down by, such as camera, eye or sex
    #[arg(long, value_name = "COLUMN", num_args = 1.., value_delimiter = ',')]
    groups: Vec<String>,
    /// Prevalence of disease in the screened population [default: as in the pictures]
    #[arg(long, value_name = "FRACTION")]
    prevalence: Option<f64>,
    /// Cost of a missed case, in any unit
    #[arg(long, default_value_t = 1.0, value_name = "COST")]
    cost_of_miss: f64,
    /// Cost of a false alarm, in the same unit
    #[arg(long, default_value_t = 1.0, value_name = "COST")]
    cost_of_false_alarm: f64,
    /// Compare the maps with marked lesions: a table image,lesion,x_min,y_min,x_max,y_max, as fractions of width and height
    #[arg(long, value_name = "CSV")]
    lesions: Option<PathBuf>,
    /// Compare the maps with masks: pictures of the same name and size, 0 where there is no lesion
    #[arg(long, value_name = "DIR", conflicts_with = "lesions")]
    masks: Option<PathBuf>,
    /// Test the faithfulness of the maps on this many pictures
    ///
    /// They are spread evenly over all pictures; each takes hundreds of forward passes.
    #[arg(long, default_value_t = 12, value_name = "N")]
    truth: usize,
    /// Also repeat an experiment of the papers on every picture
    #[arg(long, value_enum, value_name = "NAME")]
    experiment: Option<Experiment>,
    /// What replaces removed pixels [default: black for digits, otherwise the blurred picture]
    #[arg(long, value_enum)]
    fill: Option<Fill>,
    /// Also compare the maps with those of a second model
    #[arg(long, value_name = "NAME")]
    against: Option<String>,
    /// Save the results with the model as its certificate; describe the pictures in your words
    #[arg(long, value_name = "WORDS")]
    certify: Option<String>,
    /// The compute device
    #[arg(long, value_enum, default_value = "auto")]
    device: DeviceChoice,
    /// Continue an interrupted run
    #[arg(long)]
    resume: bool,
    /// Start over, and replace the files of an earlier run
    #[arg(long)]
    force: bool,
}

/// Measures every labelled picture and writes the report.
pub fn run(arguments: &Arguments, folders: &[PathBuf], limit: Limit) -> Result<()> {
    check(arguments)?;
    let stop = Stop::watch("the pictures at hand")?;
    let entry = Library::open(folders)?.find(&arguments.model)?;
    let place =
        || entry.certificate_file().context("this system names no folder for your own models; give one with --models");
    let certificate = arguments.certify.as_ref().map(|_| place()).transpose()?;
    let bundle = entry.load()?;
    let labelled = Labelled::find(arguments, &bundle.card)?;
    whole::sweep(&arguments.out);
    let settings = Settings::recommended(&bundle.card);
    let device = device::open(arguments.device)?;
    let may_go_on = || !stop.is_asked();
    let against = arguments.against.as_deref().map(|name| against(name, folders, &bundle.card, &device)).transpose()?;
    let fill = arguments.fill.unwrap_or(if is_small(&bundle.card) { Fill::Black } else { Fill::Blur });
    let truth = TruthSettings { fill, ..TruthSettings::default() };
    let definitions = match arguments.experiment {
        Some(Experiment::StrongFeatures) => Definition::sweep(),
        None => Vec::new(),
    };
    let marks = Marks::read(arguments)?;
    marks.check(labelled.pictures.iter().filter_map(|picture| picture.source.path()))?;
    let marked = marks.sha256(arguments)?;
    let other = against.as_ref().map(|model| model.sha256.as_str());
    let chosen = format!("{settings:?}\n{truth:?}\n{other:?}\n{marked}\n{definitions:?}");
    let depends_on = format!("{FORMAT}\n{}\n{:?}\n{chosen}", bundle.sha256, bundle.card);
    let made_with = sha256_hex(depends_on.as_bytes());
    let rows = Rows::open(&arguments.out, &made_with, arguments.resume, arguments.force)?;
    let explainer = Explainer::new(bundle.clone(), &device)?;
    let memory = limit.memory();
    let work = Work {
        explainer: &explainer,
        settings,
        memory: &memory,
        truth: &truth,
        bundle: &bundle,
        against: against.as_ref(),
        marks: &marks,
        definitions: &definitions,
        may_go_on: &may_go_on,
    };
    match measured(&work, &labelled, rows, (arguments.truth, &stop))? {
        Some(measured) => finish::finish(arguments, &work, &labelled, &measured, (&stop, certificate.as_deref())),
        None => stopped(&stop),
    }
}

fn stopped(stop: &Stop) -> Result<()> {
    let says = "stopped; run the same command with --resume to continue".to_owned();
    Err(Stopped { says, status: stop.status() }.into())
}

/// The second model; its classes must be those of the first one.
fn against(name: &str, folders: &[PathBuf], card: &Card, device: &ComputeDevice) -> Result<Explainer> {
    let bundle = Library::open(folders)?.find(name)?.load()?;
    let names = |card: &Card| card.classes.iter().map(|class| class.name.clone()).collect::<Vec<_>>();
    if names(&bundle.card) != names(card) {
        bail!("{name} has other classes than {}; only maps of the same classes can be compared", card.name);
    }
    Ok(Explainer::new(bundle, device)?)
}

/// Whether the model's pictures are of a few pixels, as digits are.
fn is_small(card: &Card) -> bool {
    card.architecture.input()[1] < 64
}

fn check(arguments: &Arguments) -> Result<()> {
    if arguments.prevalence.is_some_and(|prevalence| !(prevalence > 0.0 && prevalence < 1.0)) {
        bail!("--prevalence must lie between 0 and 1");
    }
    let costs = [("--cost-of-miss", arguments.cost_of_miss), ("--cost-of-false-alarm", arguments.cost_of_false_alarm)];
    match costs.into_iter().find(|(_, cost)| !(cost.is_finite() && *cost >= 0.0)) {
        Some((name, cost)) => bail!("{name} is {cost}; a cost must be 0 or more"),
        None => Ok(()),
    }
}

/// What was measured, in the order of the pictures.
pub struct Measured {
    /// With the picture's place in [`Labelled::pictures`].
    pub rows: Vec<(usize, Row)>,
    /// Pictures that could not be measured, and why.
    pub failures: Vec<String>,
}

/// Whether the picture at `index` of `count` is one of the `tested` that are evenly spread over them.
fn is_tested(index: usize, count: usize, tested: usize) -> bool {
    let tested = tested.min(count);
    // The next multiple of count / tested falls into this picture.
    (index * tested) / count != ((index + 1) * tested) / count
}

/// The line of every picture, the first `tested` of them with the tests of their maps; `None` where somebody asked to stop.
fn measured(
    work: &Work<'_>,
    labelled: &Labelled,
    rows: Rows,
    (tested, stop): (usize, &Stop),
) -> Result<Option<Measured>> {
    let (count, rows, unkept) = (labelled.pictures.len(), Mutex::new(rows), OnceLock::new());
    let bar = progress(count);
    let locked = || rows.lock().unwrap_or_else(PoisonError::into_inner);
    let one = |index: usize| {
        let picture = &labelled.pictures[index];
        let image = picture.label.image.as_str();
        let patient = picture.label.patient.as_deref().unwrap_or_default();
        let places = picture.source.path().is_some_and(|path| work.marks.has(path));
        let experiment = match picture.truth {
            Truth::Class(class) if !work.definitions.is_empty() => Some(class),
            Truth::Class(_) | Truth::Findings(_) => None,
        };
        let wanted =
            Wanted { image, patient, number: index, truth: is_tested(index, count, tested), places, experiment };
        let row = work.one(&picture.source, wanted, |sha256| locked().known(image, sha256).cloned())?;
        if let Some((row, true)) = &row
            && let Err(error) = locked().add(row)
        {
            // No picture is at fault, and the next one could not be kept either.
            unkept.get_or_init(|| format!("{error:#}"));
        }
        Ok(row.map(|(row, _)| (index, row)))
    };
    let mut measured = Measured { rows: Vec::with_capacity(count), failures: Vec::new() };
    let take = |answer: Result<Option<(usize, Row)>>| {
        match answer {
            Ok(row) => measured.rows.extend(row),
            Err(error) => measured.failures.push(format!("{error:#}")),
        }
        bar.inc(1);
    };
    pool::in_order(count, pool::at_once(count), one, || stop.is_asked() || unkept.get().is_some(), take);
    bar.finish_and_clear();
    if let Some(reason) = unkept.get() {
        bail!("{reason}; what was measured before is kept; run the same command with --resume to continue");
    }
    for failure in &measured.failures {
        note(format_args!("left out: {failure}"));
    }
    if stop.is_asked() {
        return Ok(None);
    }
    if measured.rows.is_empty() {
        bail!("none of the {count} labelled pictures could be measured");
    }
    Ok(Some(measured))
}

#[cfg(test)]
mod tests {
    use super::is_tested;

    #[test]
    fn so_many_pictures_are_tested_and_evenly_spread() {
        for (count, tested) in [(10, 3), (400, 12), (5, 9), (7, 0), (1, 1)] {
            let chosen: Vec<usize> = (0..count).filter(|index| is_tested(*index, count, tested)).collect();
            assert_eq!(chosen.len(), tested.min(count), "{count}, {tested}");
            let apart = chosen.windows(2).map(|two| two[1] - two[0]).max().unwrap_or(0);
            assert!(apart <= count.div_ceil(tested.max(1)), "{chosen:?}");
        }
    }
}
