//! `fovea calibrate`: a model learns from one clinic's labelled pictures how sure it may be.

use std::collections::HashMap;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, anyhow, bail};
use clap::Args;

use super::{Limit, note, progress, say};
use crate::bundle::{Calibration, Card, Library};
use crate::explain::coverage::{Graded, promise};
use crate::explain::{Explainer, Verdict};
use crate::export::needed_bytes;
use crate::guard::memory::Memory;
use crate::guard::panics;
use crate::guard::whole::{self, OutputSet};
use crate::labels::{self, Label};
use crate::network::{DeviceChoice, device};
use crate::scan::{self, Encoded};

/// With fewer pictures a promise is too loose to be of use.
const ENOUGH: usize = 100;
const RESAMPLINGS: usize = 1000;

#[derive(Debug, Args)]
pub struct Arguments {
    /// The clinic's pictures, or folders of them
    #[arg(required = true, value_name = "FILE|FOLDER")]
    paths: Vec<PathBuf>,
    /// A table image,grade[,patient]; file names with or without extension
    #[arg(long, value_name = "CSV")]
    labels: PathBuf,
    /// The model to calibrate
    #[arg(long, default_value = "retina-dr", value_name = "NAME")]
    model: String,
    /// How often the set of grades is to contain the true one
    #[arg(long, default_value_t = 0.9, value_name = "FRACTION")]
    coverage: f64,
    /// The compute device
    #[arg(long, value_enum, default_value = "auto")]
    device: DeviceChoice,
    /// Replace an existing calibration
    #[arg(long)]
    force: bool,
}

/// Grades the labelled pictures and keeps what follows beside the model.
pub fn run(arguments: &Arguments, folders: &[PathBuf], limit: Limit) -> Result<()> {
    if !(0.5..=0.99).contains(&arguments.coverage) {
        bail!("--coverage is {}; it must lie between 0.5 and 0.99", arguments.coverage);
    }
    let entry = Library::open(folders)?.find(&arguments.model)?;
    let place = entry.calibration_file();
    let place = place.context("this system names no folder for your own models; give one with --models")?;
    let folder = place.parent().context("the calibration's folder has no name")?;
    whole::sweep(folder);
    let mut files = OutputSet::new(folder, "calibration", arguments.force);
    files.check(["toml"]).map_err(|taken| anyhow!("{taken}; give --force to replace it"))?;
    let bundle = entry.load()?;
    let pictures = pictures(arguments, &bundle.card)?;
    let device = device::open(arguments.device)?;
    let explainer = Explainer::new(bundle, &device)?;
    let (graded, patients) = grade(&explainer, &pictures, &limit.memory())?;
    let card = &explainer.card;
    let found = promise(&graded, card.output.ordered, arguments.coverage, RESAMPLINGS)
        .context("at least two patients with labelled pictures are needed, and 100 pictures for a useful result")?;
    let made = Calibration {
        model: card.name.clone(),
        sha256: explainer.sha256.clone(),
        coverage: arguments.coverage,
        threshold: found.threshold,
        pictures: graded.len(),
        patients,
        measured_coverage: found.coverage,
        mean_size: found.mean_size,
    };
    files.add("toml", toml::to_string(&made)?.as_bytes())?;
    files.finish()?;
    report(&made);
    say(format_args!("saved in {}; delete it to return to single answers", place.display()));
    Ok(())
}

/// Files with the class that their label names.
fn pictures(arguments: &Arguments, card: &Card) -> Result<Vec<(PathBuf, Label, usize)>> {
    if card.output.has_findings() {
        bail!("{} reports several findings at once; calibration is for models with a single answer", card.name);
    }
    let table = labels::read(&arguments.labels)?;
    let found = scan::find::pictures(&arguments.paths)?;
    found.problems.iter().for_each(|problem| note(format_args!("left out: {problem}")));
    let matched = labels::matched(&found.pictures, &table);
    let (lines, files) = (matched.without_picture.len(), matched.without_label);
    if lines + files > 0 {
        note(format_args!("left out: {files} pictures without a label, {lines} labels without a picture"));
    }
    let with_class = |(path, label): (PathBuf, Label)| {
        let class = card.class_index(&label.grade);
        let class = class.with_context(|| format!("{}: {} has no class `{}`", label.image, card.name, label.grade));
        class.map(|class| (path, label, class))
    };
    matched.pictures.into_iter().map(with_class).collect()
}

/// What the model says of every picture, and of how many patients they are, where all lines name one. A picture that
/// cannot be read is named and passed over.
fn grade(
    explainer: &Explainer,
    pictures: &[(PathBuf, Label, usize)],
    memory: &Memory,
) -> Result<(Vec<Graded>, Option<usize>)> {
    let mut numbers: HashMap<&str, usize> = HashMap::new();
    let mut graded = Vec::new();
    let bar = progress(pictures.len());
    for (path, label, truth) in pictures {
        // Without a patient's name every picture counts as one of its own.
        let key = label.patient.as_deref().unwrap_or(&label.image);
        let next = numbers.len();
        let patient = *numbers.entry(key).or_insert(next);
        let answer = panics::caught(|| graded_one(explainer, path, memory));
        let answer = answer.unwrap_or_else(|reason| Err(anyhow!(panics::sentence(&reason))));
        match answer {
            Ok(verdict) => graded.push(Graded { probabilities: verdict.probabilities, truth: *truth, patient }),
            Err(error) => bar.suspend(|| note(format_args!("left out: {}: {error:#}", path.display()))),
        }
        bar.inc(1);
    }
    bar.finish_and_clear();
    let are_known = pictures.iter().all(|(_, label, _)| label.patient.is_some());
    Ok((graded, are_known.then_some(numbers.len())))
}

fn graded_one(explainer: &Explainer, path: &Path, memory: &Memory) -> Result<Verdict> {
    let file = Encoded::read(path, 0)?;
    memory.check(needed_bytes(&file.header, &explainer.card, false, false))?;
    Ok(explainer.grade(&file.decode()?)?)
}

fn report(made: &Calibration) {
    let [low, middle, high] = made.measured_coverage.map(|c| 100.0 * c);
    let patients = made.patients.map_or_else(String::new, |n| format!(" of {n} patients"));
    say(format_args!(
        "{}: calibrated on {} pictures{patients}; sets contain the true grade for {middle:.0} % of held-out pictures \
         ({low:.0} to {high:.0}, promised {:.0}), {:.1} classes on average",
        made.model,
        made.pictures,
        100.0 * made.coverage,
        made.mean_size
    ));
    if made.pictures < ENOUGH {
        note(format_args!("{} pictures are few; {ENOUGH} or more give a tighter guarantee", made.pictures));
    }
}
