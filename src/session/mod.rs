//! A reading session: which pictures are open, what is known of them, and how they are shown. The window draws what
//! stands here and hands commands over; nothing here runs a network on the caller's thread.
//!
//! Must not know egui, so that all of it can be tested without a window.

mod act;
pub mod aside;
pub mod cache;
pub mod camera;
pub mod command;
mod compared;
mod events;
pub mod grey;
mod jobs;
pub mod message;
pub mod personal;
pub mod picture;
pub mod preferences;
pub mod read_first;
pub mod samples;
mod scene;
pub mod shown;
mod worker;
pub mod worklist;

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::mpsc::Receiver;
use std::time::{Duration, Instant};

use image::RgbImage;

use self::aside::Aside;
use self::cache::Cache;
use self::grey::GreyState;
use self::message::{Event, Model, ModelWish, PanelUse, Stage, Voice, Wake};
use self::picture::Picture;
use self::preferences::Preferences;
use self::read_first::ReadFirst;
use self::shown::Shown;
use self::worker::Worker;
use self::worklist::Worklist;
use crate::bundle::{Advice, Assessment, Card, Library, advise, assess};
use crate::explain::{Look, Settings};
use crate::method::{BackwardRule, Cam, Evidence, Magnitude};
use crate::network::DeviceChoice;

pub use self::command::{Command, SessionCommand, View, ViewCommand, WindowCommand};

/// What takes longer is noticed by a user.
const NOTICED: Duration = Duration::from_millis(150);

/// How a session starts.
#[derive(Debug, Clone)]
pub struct Options {
    pub folders: Vec<PathBuf>,
    /// The model by name; the preferences' where `None`.
    pub model: Option<String>,
    pub device: DeviceChoice,
    /// Where preferences are kept; nowhere where `None`.
    pub preferences: Option<PathBuf>,
    /// The most memory that a picture may need.
    pub limit_bytes: u64,
}

/// A message for the user.
#[derive(Debug, Clone)]
pub struct Notice {
    pub id: u64,
    pub text: String,
    pub is_problem: bool,
    /// A way out, offered as a button.
    pub action: Option<(&'static str, SessionCommand)>,
    pub since: Instant,
}

/// The picture on the screen.
#[derive(Debug)]
pub struct Current {
    /// Differs from that of every picture before.
    pub id: u64,
    pub path: PathBuf,
    pub picture: Arc<Picture>,
    pub look: Option<Arc<Look>>,
    pub shown: Option<Shown>,
    /// How it is shown, where it is grey.
    pub grey: Option<GreyState>,
}

/// The picture that was asked for and is not on the screen yet.
#[derive(Debug)]
struct Pending {
    generation: u64,
    path: PathBuf,
    /// The worklist that takes the old one's place once a picture of it is open.
    worklist: Option<Worklist>,
    since: Instant,
}

/// What keeps the session busy, since when.
#[derive(Debug, Clone, PartialEq)]
pub struct Busy {
    pub what: String,
    pub since: Instant,
}

/// What the user chose; where `None`, what the model's card recommends.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct Choices {
    pub class: Option<usize>,
    pub rule: Option<BackwardRule>,
    pub evidence: Option<Evidence>,
    pub magnitude: Option<Magnitude>,
    pub smoothing_px: Option<f32>,
    pub cam: Cam,
}

/// A whole session.
#[derive(Debug)]
pub struct Session {
    pub preferences: Preferences,
    pub worklist: Worklist,
    pub choices: Choices,
    pub read_first: ReadFirst,
    pub notices: Vec<Notice>,
    /// Report pictures that were asked for, for the window to take.
    pub panels: Vec<(PanelUse, RgbImage)>,
    options: Options,
    model: Option<Model>,
    model_wish: Option<(String, Instant)>,
    current: Option<Current>,
    /// With the picture that it is of.
    compared: Option<(u64, Shown)>,
    pending: Option<Pending>,
    stage: Option<(Stage, Instant)>,
    exporting: Option<Instant>,
    deriving: bool,
    derive_again: bool,
    cache: Cache,
    aside: Aside,
    advice: Option<Advice>,
    assessed: Option<Assessment>,
    generation: u64,
    next_id: u64,
    network_runs: u64,
    voice: Voice,
    events: Receiver<Event>,
    worker: Worker,
}

impl Session {
    /// Starts the worker and has it load the model. `wake` is called, from any thread, when [`Self::poll`] has
    /// something to take in.
    ///
    /// # Errors
    /// Where the system gives no thread.
    pub fn start(options: Options, wake: Wake) -> std::io::Result<Self> {
        let (preferences, damaged) = match &options.preferences {
            Some(file) => Preferences::load(file),
            None => (Preferences::default(), None),
        };
        let (voice, events) = Voice::new(wake);
        let worker = Worker::start(voice.clone(), options.limit_bytes)?;
        let read_first = ReadFirst::new(preferences.read_first);
        let model = options.model.clone().unwrap_or_else(|| preferences.model.clone());
        let mut session = Self {
            preferences,
            worklist: Worklist::default(),
            choices: Choices::default(),
            read_first,
            notices: Vec::new(),
            panels: Vec::new(),
            options,
            model: None,
            model_wish: None,
            current: None,
            compared: None,
            pending: None,
            stage: None,
            exporting: None,
            deriving: false,
            derive_again: false,
            cache: Cache::new(cache::BUDGET_BYTES),
            aside: Aside::default(),
            advice: None,
            assessed: None,
            generation: 0,
            next_id: 0,
            network_runs: 0,
            voice,
            events,
            worker,
        };
        if let Some(text) = damaged {
            session.notice(text, true, None);
        }
        session.load_model(model);
        Ok(session)
    }

    pub fn model(&self) -> Option<&Model> {
        self.model.as_ref()
    }

    pub fn card(&self) -> Option<&Card> {
        self.model.as_ref().map(|model| model.card.as_ref())
    }

    pub fn current(&self) -> Option<&Current> {
        self.current.as_ref()
    }

    /// The explanation on the screen, unless the reader has to say a grade first.
    pub fn shown(&self) -> Option<&Shown> {
        self.current.as_ref().filter(|current| !self.read_first.hides(&current.path))?.shown.as_ref()
    }

    /// Whether the reader is asked for a grade before the model's is shown.
    pub fn awaits_reader(&self) -> bool {
        self.current.as_ref().is_some_and(|current| self.read_first.hides(&current.path))
    }

    /// How often a network has run, ahead of the user or not.
    pub fn network_runs(&self) -> u64 {
        self.network_runs
    }

    /// What pictures and maps are kept for going back, in bytes; never more than [`cache::BUDGET_BYTES`] for several.
    pub fn cached_bytes(&self) -> usize {
        self.cache.bytes()
    }

    /// The path that was asked for last, whether it is on the screen already or not.
    pub fn selected(&self) -> Option<&Path> {
        let pending = self.pending.as_ref().map(|pending| pending.path.as_path());
        pending.or_else(|| self.current.as_ref().map(|current| current.path.as_path()))
    }

    /// The picture that was asked for and is not on the screen yet, once that takes long enough to be noticed.
    pub fn coming(&self) -> Option<&Path> {
        let is_noticed = |pending: &&Pending| pending.since.elapsed() > NOTICED;
        self.pending.as_ref().filter(is_noticed).map(|pending| pending.path.as_path())
    }

    /// The names and titles of all models that can be chosen: those whose weights are there.
    pub fn models(&self) -> Vec<(String, String)> {
        let entries = Library::open(&self.options.folders).map(|library| library.entries).unwrap_or_default();
        let usable = entries
            .into_iter()
            .filter_map(|entry| entry.card.ok().filter(Card::has_weights).map(|card| (entry.name, card.title)));
        usable.collect()
    }

    /// What speaks against believing the answer about the picture on the screen.
    pub fn advice(&self) -> Option<&Advice> {
        self.advice.as_ref()
    }

    /// How fit the picture on the screen is, by a model that judges quality.
    pub fn assessed(&self) -> Option<&Assessment> {
        self.assessed.as_ref()
    }

    /// Asks the model's gate about the picture on the screen.
    fn judge(&mut self) {
        let known = self.current.as_ref().zip(self.model.as_ref());
        self.assessed = known.and_then(|(current, model)| assess(&model.card, &current.picture.measures));
        self.advice = self.current.as_ref().zip(self.model.as_ref()).and_then(|(current, model)| {
            let library = || Library::open(&self.options.folders).ok();
            advise(&model.card, &current.picture.measures, library)
        });
    }

    /// The settings of explanation that hold now.
    pub fn settings(&self) -> Option<Settings> {
        let recommended = Settings::recommended(self.card()?);
        Some(Settings {
            rule: self.choices.rule.unwrap_or(recommended.rule),
            evidence: self.choices.evidence.unwrap_or(recommended.evidence),
            magnitude: self.choices.magnitude.unwrap_or(recommended.magnitude),
            smoothing_px: self.choices.smoothing_px.unwrap_or(recommended.smoothing_px),
            cam: self.choices.cam,
            class: self.choices.class,
        })
    }

    /// What is going on, for a progress line.
    pub fn busy(&self) -> Option<Busy> {
        if let Some(since) = self.exporting {
            return Some(Busy { what: "Writing files".to_owned(), since });
        }
        if let Some((name, since)) = &self.model_wish {
            return Some(Busy { what: format!("Loading the model {name}"), since: *since });
        }
        let waits = || self.pending.as_ref().map(|pending| (Stage::Decoding, pending.since));
        let (stage, since) = self.stage.or_else(waits)?;
        let file = self.selected().and_then(Path::file_name).unwrap_or_default().to_string_lossy();
        let what = match stage {
            Stage::Decoding => format!("Opening {file}"),
            Stage::PreparingKernels => "Preparing the GPU's kernels (first run only)".to_owned(),
            Stage::Explaining => format!("Explaining {file}"),
        };
        Some(Busy { what, since })
    }

    /// Saves what survives a restart. A file that cannot be written costs a line in the log, not the work.
    pub fn save_preferences(&self) {
        if let Some(file) = &self.options.preferences
            && let Err(error) = self.preferences.save(file)
        {
            tracing::warn!("{}: settings not saved: {error}", file.display());
        }
    }

    pub(crate) fn notice(&mut self, text: String, is_problem: bool, action: Option<(&'static str, SessionCommand)>) {
        self.next_id += 1;
        self.notices.retain(|notice| notice.text != text);
        self.notices.push(Notice { id: self.next_id, text, is_problem, action, since: Instant::now() });
    }

    fn load_model(&mut self, name: String) {
        let (folders, device) = (self.options.folders.clone(), self.options.device);
        self.model_wish = Some((name.clone(), Instant::now()));
        self.worker.load(ModelWish { name, folders, device });
    }
}
