//! `fovea explain --from RECORD`: the same picture by the same model in the same way, as a record says.
//!
//! The record is a foreign file: what it asks for is held against the model's card before anything is computed.

use std::ffi::OsStr;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail};

use super::{Arguments, MOST_GAIN, MOST_SMOOTHING_PX, fraction, note, within};
use crate::bundle::{Bundle, Calibration, Card, Library};
use crate::explain::{Explanation, Settings};
use crate::export::{Parts, ReaderRecord, Recipe};
use crate::layers::Style;
use crate::method::Cam;
use crate::scan::window::{Voi, VoiFunction, Window};
use crate::scan::{GreyDisplay, Scan};

/// A picture that is explained again.
#[derive(Debug)]
pub struct Repeat {
    recipe: Recipe,
    /// What the files are called.
    pub name: String,
    pub picture: PathBuf,
    pub parts: Parts,
}

/// All that a record asks for.
pub struct Asked {
    pub model: (Bundle, Option<Calibration>),
    pub settings: Settings,
    pub style: Style,
    /// The words that would have asked for the same.
    pub arguments: Arguments,
    pub repeat: Repeat,
}

impl Asked {
    pub fn read(record: &Path, arguments: &Arguments, folders: &[PathBuf]) -> Result<Self> {
        let place = || format!("{}", record.display());
        let given = match arguments.paths.as_slice() {
            [] => None,
            [only] => Some(only.as_path()),
            _ => bail!("a record is of one picture: give one with --from, or none"),
        };
        let recipe = Recipe::read(record)?;
        let model = model(&recipe, folders).with_context(place)?;
        let card = &model.0.card;
        check(&recipe, card).with_context(place)?;
        let picture = picture(&recipe, record, given).with_context(place)?;
        let name = record.file_stem().unwrap_or(OsStr::new("record")).to_string_lossy().into_owned();
        let (settings, style) = (settings(&recipe), recipe.style.clone());
        let mut parts = recipe.parts(card);
        parts.pages = parts.pages.with(arguments.pages());
        parts.dicom = arguments.dicom().or(parts.dicom);
        let arguments = arguments_of(&recipe, arguments)?;
        Ok(Self { model, settings, style, arguments, repeat: Repeat { recipe, name, picture, parts } })
    }
}

impl Repeat {
    /// # Errors
    /// Another picture than the record's.
    pub fn check_picture(&self, sha256: &str) -> Result<()> {
        match self.recipe.picture_sha256.as_deref() {
            Some(expected) if expected != sha256 => bail!(
                "{}: this is not the picture of the record: its SHA-256 is {sha256}, the record's {expected}; give the \
                 picture behind the record: `--from RECORD PICTURE`",
                self.picture.display()
            ),
            Some(_) => Ok(()),
            None => {
                note(format_args!(
                    "the record does not say which picture it is of; {} is taken",
                    self.picture.display()
                ));
                Ok(())
            }
        }
    }

    /// The record's own number, unless more files are asked for than it had.
    pub fn made_with(&self, card: &Card) -> Option<String> {
        self.recipe.made_with.clone().filter(|_| self.parts == self.recipe.parts(card))
    }

    pub fn reader(&self) -> Option<ReaderRecord> {
        self.recipe.reader.clone()
    }

    /// How grey values were shown.
    ///
    /// # Errors
    /// A picture whose file has no table where the record's had one.
    pub fn display(&self, scan: &Scan) -> Result<Option<GreyDisplay>> {
        let (Some(recorded), Some(grey)) = (&self.recipe.window, scan.grey()) else { return Ok(None) };
        let own = grey.default_display().voi;
        let voi = match (window(recorded)?, own) {
            (None, own @ Voi::Table(_)) => own,
            (None, Voi::Window(_)) => bail!("the record shows it by a table of its own, and the file has none"),
            // Digits of a number may be lost on the way through a file.
            (Some(window), Voi::Window(own)) if is_near(window, own) => Voi::Window(own),
            (Some(window), _) => Voi::Window(window),
        };
        Ok(Some(GreyDisplay { voi, inverted: recorded.inverted }))
    }

    /// Says where the answer is another than the record's.
    ///
    /// # Errors
    /// A model that has been calibrated since, or is no longer.
    pub fn compare(&self, explanation: &Explanation) -> Result<()> {
        let recipe = &self.recipe;
        if recipe.grade_set.is_some() != explanation.verdict.class_set.is_some() {
            let (then, now) = if recipe.grade_set.is_some() { ("", "no longer ") } else { ("not ", "") };
            bail!("the model was {then}calibrated when the record was made, and is {now}so now");
        }
        if recipe.version != env!("CARGO_PKG_VERSION") || recipe.device != explanation.device {
            note(format_args!(
                "the record was made by fovea {} on {}; this is fovea {} on {}: last digits may differ",
                recipe.version,
                recipe.device,
                env!("CARGO_PKG_VERSION"),
                explanation.device
            ));
        }
        if recipe.decided != explanation.verdict.decided || recipe.grade_set != explanation.verdict.class_set {
            note("the answer is another than the record's");
        }
        Ok(())
    }
}

/// The model with the record's weights, whatever it is called here.
fn model(recipe: &Recipe, folders: &[PathBuf]) -> Result<(Bundle, Option<Calibration>)> {
    let (name, wanted) = (&recipe.model, &recipe.model_sha256);
    let mut entries = Library::open(folders)?.entries;
    let has_weights = |card: &Card| card.has_weights() && card.weights.sha256 == *wanted;
    // The name decides between two with the same weights.
    entries.sort_by_key(|entry| entry.name != *name);
    let is_called = entries.iter().any(|entry| entry.name == *name);
    let found = entries.into_iter().find(|entry| entry.card.as_ref().is_ok_and(has_weights));
    let Some(entry) = found else {
        let why =
            if is_called { "the model of that name here has others" } else { "there is no model of that name here" };
        bail!("it was made by `{name}` with weights of SHA-256 {wanted}, and {why}; `--models DIR` names more places");
    };
    Ok(entry.load_calibrated()?)
}

/// Where the picture lies: where somebody says, where the record says, or beside the record.
fn picture(recipe: &Recipe, record: &Path, given: Option<&Path>) -> Result<PathBuf> {
    if let Some(given) = given {
        return Ok(given.to_owned());
    }
    let is_plain = Path::new(&recipe.file).file_name().is_some_and(|name| name == OsStr::new(&recipe.file));
    let beside = is_plain.then(|| record.with_file_name(&recipe.file));
    let places = recipe.path.iter().map(PathBuf::from).chain(beside);
    places.into_iter().find(|path| path.is_file()).with_context(|| {
        format!("its picture `{}` is not beside it; give its place behind the record", recipe.file.escape_debug())
    })
}

/// That the model can do what the record says.
fn check(recipe: &Recipe, card: &Card) -> Result<()> {
    let names: Vec<&str> = recipe.classes.iter().map(|class| class.name.as_str()).collect();
    if names != card.classes.iter().map(|class| class.name.as_str()).collect::<Vec<_>>() {
        bail!("its classes are others than those of `{}`", card.name);
    }
    let (settings, style) = (&recipe.settings, &recipe.style);
    if settings.shown_class >= card.classes.len() {
        bail!("it shows class {} of a model with {}", settings.shown_class, card.classes.len());
    }
    if settings.decision != card.output.decision {
        bail!("`{}` decides by another rule now", card.name);
    }
    if settings.compare_rule == Some(settings.rule) {
        bail!("it compares the rule {} with itself", settings.rule.name());
    }
    within("smoothing_px", settings.smoothing_px, MOST_SMOOTHING_PX)?;
    fraction("style.cam.opacity", style.cam.opacity)?;
    fraction("style.cam.threshold", style.cam.threshold)?;
    fraction("style.clear.opacity", style.clear.opacity)?;
    fraction("style.backdrop", style.backdrop)?;
    within("style.clear.gain", style.clear.gain, MOST_GAIN)?;
    if style.clear.enabled.len() > card.classes.len() {
        bail!("it switches {} classes of a model with {}", style.clear.enabled.len(), card.classes.len());
    }
    recipe.window.as_ref().map(window).transpose()?;
    Ok(())
}

fn settings(recipe: &Recipe) -> Settings {
    let recorded = &recipe.settings;
    Settings {
        rule: recorded.rule,
        evidence: recorded.evidence,
        magnitude: recorded.magnitude,
        smoothing_px: recorded.smoothing_px,
        cam: Cam { method: recorded.cam, layer: None },
        class: Some(recorded.shown_class),
    }
}

fn arguments_of(recipe: &Recipe, given: &Arguments) -> Result<Arguments> {
    let mut arguments = given.clone();
    arguments.compare_rule = recipe.settings.compare_rule;
    arguments.layer.clone_from(&recipe.settings.cam_layer);
    arguments.frame = recipe.frame.unwrap_or(1);
    if arguments.frame == 0 {
        bail!("frames are counted from 1");
    }
    arguments.answer_anyway = !recipe.report.is_refused && recipe.gate.as_ref().is_some_and(|gate| !gate.passes);
    arguments.record_paths = recipe.path.is_some();
    Ok(arguments)
}

/// The window that a record names; `None` of a table, which it does not hold.
fn window(recorded: &crate::export::RecipeWindow) -> Result<Option<Window>> {
    let function = match recorded.function.as_str() {
        "table" => return Ok(None),
        "linear" => VoiFunction::Linear,
        "linear-exact" => VoiFunction::LinearExact,
        "sigmoid" => VoiFunction::Sigmoid,
        other => bail!(
            "`{}` is no function of a window; there are linear, linear-exact, sigmoid and table",
            other.escape_debug()
        ),
    };
    let window = recorded.centre.zip(recorded.width).and_then(|(centre, width)| Window::new(centre, width, function));
    window.map(Some).context("its window gives no light")
}

fn is_near(a: Window, b: Window) -> bool {
    let near = |a: f64, b: f64| (a - b).abs() <= 1e-12 * b.abs();
    a.function == b.function && near(a.centre, b.centre) && near(a.width, b.width)
}
