//! A reading session: which pictures are open, what is known of them, and how they are shown. The window draws what
//! stands here and hands commands over; nothing here runs a network on the caller's thread.
//!
//! [`state`] is all that a session knows and decides; around it stand the clock, the worker that owns the network, and the
//! pool's threads, which carry out what it asks for. Must not know egui, so that all of it can be tested without a window.

pub mod answer;
pub mod archive;
pub mod beside;
pub mod cache;
pub mod camera;
pub mod command;
mod effect;
pub mod gallery;
pub mod grey;
mod jobs;
mod keeper;
pub mod key;
pub mod lab;
pub mod message;
pub mod personal;
pub mod picture;
mod plan;
mod pool;
pub mod preferences;
pub mod readings;
pub mod results;
pub mod samples;
mod scene;
pub mod shown;
mod state;
pub mod trust;
mod worker;
pub mod worklist;

use std::ops::{Deref, DerefMut};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::mpsc::Receiver;
use std::time::{Duration, Instant, SystemTime};

use serde::{Deserialize, Serialize};

use self::archive::{Archives, OverNetwork};
use self::effect::Effect;
use self::keeper::Keeper;
use self::message::{Event, ExportWish, PanelUse, Voice, Wake};
use self::plan::Plan;
use self::preferences::Preferences;
use self::results::Results;
use self::worker::Worker;
use crate::bundle::{Card, Library};
use crate::export::Parts;
use crate::guard::memory::USUAL_LIMIT_BYTES;
use crate::method::{BackwardRule, Cam, Evidence, Magnitude};
use crate::network::DeviceChoice;

pub use self::command::{
    ArchiveCommand, Command, LabCommand, Layer, ListCommand, Measuring, ReadingCommand, SessionCommand, ViewCommand,
    WindowCommand,
};
pub use self::state::{Busy, Companion, Current, GradingProgress, Side, State};

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
    /// The folder where readings are kept; nowhere where `None`.
    pub sessions: Option<PathBuf>,
    /// Where answers are kept for the next time; nowhere where `None`.
    pub results: Option<PathBuf>,
    /// The most memory that a picture may need.
    pub limit_bytes: u64,
    /// Who talks to archives.
    pub archives: Arc<dyn Archives>,
    /// Where studies lie in private folders for as long as they are open; the system's place for such where `None`.
    pub studies: Option<PathBuf>,
}

/// The program's own models, the usual memory, and nothing kept.
impl Default for Options {
    fn default() -> Self {
        Self {
            folders: Vec::new(),
            model: None,
            device: DeviceChoice::default(),
            preferences: None,
            sessions: None,
            results: None,
            limit_bytes: USUAL_LIMIT_BYTES,
            archives: Arc::new(OverNetwork),
            studies: None,
        }
    }
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

/// What the user chose; where `None`, what the model's card recommends.
#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Choices {
    pub class: Option<usize>,
    pub rule: Option<BackwardRule>,
    /// A second rule, for comparison; `None` for none.
    pub compare: Option<BackwardRule>,
    pub evidence: Option<Evidence>,
    pub magnitude: Option<Magnitude>,
    pub smoothing_px: Option<f32>,
    pub cam: Cam,
}

/// A whole session. What it knows is read as if it were the session itself.
#[derive(Debug)]
pub struct Session {
    state: State,
    voice: Voice,
    events: Receiver<Event>,
    worker: Worker,
    keeper: Keeper,
    results: Option<Arc<Results>>,
    archives: Arc<dyn Archives>,
    /// Where studies lie that were fetched.
    studies: PathBuf,
}

impl Deref for Session {
    type Target = State;

    fn deref(&self) -> &State {
        &self.state
    }
}

impl DerefMut for Session {
    fn deref_mut(&mut self) -> &mut State {
        &mut self.state
    }
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
        let results = options.results.clone().map(|path| Arc::new(Results::at(path)));
        let archives = Arc::clone(&options.archives);
        let studies = options.studies.clone().unwrap_or_else(std::env::temp_dir);
        archive::sweep(&studies);
        let worker = Worker::start(voice.clone(), options.limit_bytes, results.clone())?;
        let keeper = Keeper::start(voice.clone())?;
        let (state, effects) = State::new(options, preferences, (Instant::now(), SystemTime::now()));
        let mut session = Self { state, voice, events, worker, keeper, results, archives, studies };
        if let Some(text) = damaged {
            session.notice(text, true, None);
        }
        effects.into_iter().for_each(|effect| session.carry_out(effect));
        Ok(session)
    }

    /// Does what `command` says.
    pub fn apply(&mut self, command: &SessionCommand) {
        let command = match command {
            // A relative path means nothing at the next start, and what is kept goes by paths.
            SessionCommand::Open(paths) => {
                let absolute = |path: &PathBuf| std::path::absolute(path).unwrap_or_else(|_| path.clone());
                SessionCommand::Open(paths.iter().map(absolute).collect())
            }
            other => other.clone(),
        };
        self.take(Event::Command(command));
    }

    /// Has the report panel drawn as the screen shows it; it comes to [`State::panels`].
    pub fn draw_panel(&mut self, use_for: PanelUse) {
        self.take(Event::Draw(use_for));
    }

    /// Has what the screen shows written to `folder/name.…`.
    pub fn export(&mut self, folder: &Path, name: &str, parts: Parts, replace: bool) {
        let (folder, name) = (folder.to_owned(), name.to_owned());
        self.take(Event::Export(ExportWish { folder, name, parts, replace }));
    }

    /// Takes in everything that was said since the last call.
    pub fn poll(&mut self) {
        while let Ok(event) = self.events.try_recv() {
            self.take(event);
        }
        self.take(Event::Tick);
    }

    fn take(&mut self, event: Event) {
        for effect in self.state.step(event, Instant::now()) {
            self.carry_out(effect);
        }
    }

    fn carry_out(&self, effect: Effect) {
        match effect {
            Effect::LoadModel(wish) => self.worker.wish(|plan| plan.load(wish)),
            Effect::Explain(job) => self.worker.wish(|plan| plan.explain(job)),
            Effect::Cancel => self.worker.wish(Plan::cancel),
            Effect::Ahead(jobs) => self.worker.wish(|plan| plan.ahead(jobs)),
            Effect::Beside(job) => self.worker.wish(|plan| plan.beside(job)),
            Effect::Thumbnails(paths) => self.worker.wish(|plan| plan.thumbnails(paths)),
            Effect::Steady(job) => self.worker.wish(|plan| plan.steady(job)),
            Effect::Trust(job) => self.worker.wish(|plan| plan.trust(job)),
            Effect::Gallery(job) => self.worker.wish(|plan| plan.make_gallery(job.map(|job| *job))),
            Effect::WriteGallery { number, file, gallery, date } => {
                pool::write_gallery(&self.voice, number, file, gallery, date);
            }
            Effect::Grade(jobs) => self.worker.wish(|plan| plan.grade(jobs)),
            Effect::Recall { keys, by } => {
                if let Some(results) = &self.results {
                    pool::recall(&self.voice, Arc::clone(results), keys, by);
                }
            }
            Effect::Identify(paths) => pool::identify(&self.voice, paths),
            Effect::ClearResults => {
                if let Some(results) = &self.results {
                    pool::clear_results(&self.voice, Arc::clone(results));
                }
            }
            Effect::Find { number, paths } => pool::find(&self.voice, number, paths),
            Effect::Derive { number, look, settings } => pool::derive(&self.voice, number, look, settings),
            Effect::Draw { use_for, result } => pool::draw(&self.voice, use_for, result),
            Effect::Export { number, wish, result } => pool::export(&self.voice, number, wish, result),
            Effect::Advise { number, card, picture } => {
                pool::advise(&self.voice, number, card, picture, self.state.model_folders().to_vec());
            }
            Effect::Personal { id, path } => pool::personal(&self.voice, id, path),
            Effect::ModelInput { number, picture, card } => pool::model_input(&self.voice, number, picture, card),
            Effect::OpenReadings(wish) => self.keeper.open(wish),
            Effect::Keep(changes) => self.keeper.keep(changes),
            Effect::ReadReadings { number, file } => pool::read_readings(&self.voice, number, file),
            Effect::SaveReadings { number, file, contents } => pool::save_readings(&self.voice, number, file, contents),
            Effect::WriteTable { number, file, contents } => pool::write_table(&self.voice, number, file, contents),
            Effect::ReadLabels { number, file, pictures } => pool::read_labels(&self.voice, number, file, pictures),
            Effect::Ask(job) => pool::ask(&self.voice, Arc::clone(&self.archives), *job, self.studies.clone()),
            Effect::SavePreferences => self.save_preferences(),
        }
    }

    /// The picture that was asked for and is not on the screen yet, once that takes long enough to be noticed.
    pub fn coming(&self) -> Option<&Path> {
        let state = &self.state;
        let is_another = |path: &Path| state.current().is_none_or(|current| current.path != path);
        // A picture of which something can be seen is seen at once.
        let is_seen = |path: &Path| is_another(path) && state.worklist.thumbnail(path).is_some();
        state.opening().filter(|(path, since)| is_seen(path) || since.elapsed() > NOTICED).map(|(path, _)| path)
    }

    /// The names and titles of all models that can be chosen: those whose weights are there.
    pub fn models(&self) -> Vec<(String, String)> {
        let entries = Library::open(self.state.model_folders()).map(|library| library.entries).unwrap_or_default();
        let usable = entries
            .into_iter()
            .filter_map(|entry| entry.card.ok().filter(Card::has_weights).map(|card| (entry.name, card.title)));
        usable.collect()
    }

    /// Saves what survives a restart. A file that cannot be written costs a line in the log, not the work.
    pub fn save_preferences(&self) {
        if let Some(file) = self.state.preferences_file()
            && let Err(error) = self.state.preferences.save(file)
        {
            tracing::warn!("{}: settings not saved: {error}", file.display());
        }
    }

    pub(crate) fn notice(&mut self, text: String, is_problem: bool, action: Option<(&'static str, SessionCommand)>) {
        self.state.notice(text, is_problem, action, Instant::now());
    }
}
