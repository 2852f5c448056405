//! A session as plain data, and its transitions: an event comes in, the state changes, and what is to be done leaves as
//! [`Effect`]s. No clock, thread or disk: time comes with the event, and answers come as events.
//!
//! What is wanted follows from the state after each event ([`pursue`]); nothing has to remember to ask.

mod act;
mod adjust;
mod answers;
mod archive;
#[cfg(test)]
mod archive_tests;
mod aside;
mod beside;
#[cfg(test)]
mod checks;
mod current;
mod doing;
mod gallery;
mod lab;
#[cfg(test)]
mod lab_tests;
mod list;
mod measures;
mod open;
#[cfg(test)]
mod property;
mod pursue;
mod reading;
#[cfg(test)]
mod reading_tests;
#[cfg(test)]
mod tests;
mod trust;
#[cfg(test)]
mod trust_tests;
mod view;
#[cfg(test)]
mod world;

use std::time::{Instant, SystemTime};

use image::RgbImage;

use self::aside::Aside;
use self::doing::{Doing, Engine, Finding};
use self::lab::Lab;
use self::measures::Measurements;
use self::reading::Desk;
use self::trust::Trust;
use super::beside::Beside;
use super::cache::{self, Cache};
use super::command::SessionCommand;
use super::effect::Effect;
use super::key::{PictureKey, Under};
use super::message::{Event, PanelUse};
use super::preferences::Preferences;
use super::readings::Readings;
use super::worklist::Worklist;
use super::{Choices, Notice, Options};

pub use self::beside::Companion;
pub use self::current::{Current, Side};
pub use self::doing::Busy;
pub use self::list::GradingProgress;

/// Everything a session knows.
#[derive(Debug)]
pub struct State {
    pub preferences: Preferences,
    pub worklist: Worklist,
    pub choices: Choices,
    pub readings: Readings,
    pub notices: Vec<Notice>,
    /// Report panels that were asked for, for the window to take.
    pub panels: Vec<(PanelUse, RgbImage)>,
    options: Options,
    doing: Doing,
    finding: Option<Finding>,
    engine: Engine,
    current: Option<Current>,
    beside: Beside,
    companion: Option<Companion>,
    measures: Measurements,
    /// Exports under way, by number.
    exports: Vec<(u64, Instant)>,
    cache: Cache,
    aside: Aside,
    desk: Desk,
    archive: archive::Desk,
    lab: Lab,
    trust: Trust,
    making: Option<gallery::Making>,
    /// When this began, by both clocks.
    began: (Instant, SystemTime),
    asked: list::Asked,
    /// Around what pictures were last read ahead, and what was last tested for steadiness.
    ahead_of: Option<(PictureKey, Under)>,
    steady_of: Option<(PictureKey, String)>,
    last_number: u64,
    network_runs: u64,
    /// What this event asks for.
    effects: Vec<Effect>,
}

impl State {
    /// A session with nothing open, which wants its model loaded.
    pub(super) fn new(options: Options, preferences: Preferences, began: (Instant, SystemTime)) -> (Self, Vec<Effect>) {
        let model = options.model.clone().unwrap_or_else(|| preferences.model.clone());
        let mut state = Self {
            readings: Readings::new(preferences.read_first),
            preferences,
            worklist: Worklist::default(),
            choices: Choices::default(),
            notices: Vec::new(),
            panels: Vec::new(),
            options,
            doing: Doing::default(),
            finding: None,
            engine: Engine::default(),
            current: None,
            beside: Beside::default(),
            companion: None,
            measures: Measurements::default(),
            exports: Vec::new(),
            cache: Cache::new(cache::BUDGET_BYTES),
            aside: Aside::default(),
            desk: Desk::default(),
            archive: archive::Desk::default(),
            lab: Lab::default(),
            trust: Trust::default(),
            making: None,
            began,
            asked: list::Asked::default(),
            ahead_of: None,
            steady_of: None,
            last_number: 0,
            network_runs: 0,
            effects: Vec::new(),
        };
        state.load_model(model, began.0);
        let effects = std::mem::take(&mut state.effects);
        (state, effects)
    }

    /// Handles `event` at `now`, and returns what is to be done about it.
    pub(super) fn step(&mut self, event: Event, now: Instant) -> Vec<Effect> {
        let is_command = matches!(event, Event::Command(_));
        match event {
            Event::Command(command) => self.act(command, now),
            Event::Draw(use_for) => self.draw(use_for, now),
            Event::Export(wish) => self.export(wish, now),
            Event::Tick => self.drop_old_news(now),
            Event::ModelReady { number, model } => self.model_is_ready(number, model, now),
            Event::ModelFailed { number, name, reason } => self.model_failed(number, &name, &reason, now),
            Event::Phase { ticket, phase } => self.take_phase(ticket, phase, now),
            Event::Opened { key, picture } => self.opened(key, picture, now),
            Event::Explained { key, look, is_new } => self.explained(&key, look, is_new),
            Event::Failed { ticket, key, reason, device_lost } => self.failed(ticket, &key, reason, device_lost, now),
            Event::Thumbnail { path, thumbnail } => self.take_thumbnail(&path, thumbnail),
            Event::Steadied { key, model, steady } => self.steadied(&key, model, steady),
            Event::GalleryGoesOn { number, count } => self.gallery_goes_on(number, count),
            Event::GalleryMade { number, made } => self.gallery_made(number, made, now),
            Event::Tried { number, found } => self.tried(number, found, now),
            Event::Graded { key, answer } => self.graded(&key, answer),
            Event::Recalled(answers) => self.recalled(answers),
            Event::Identified(said) => self.identified(said),
            Event::ResultsCleared(done) => self.results_cleared(done, now),
            Event::Found { number, found } => self.found(number, found, now),
            Event::Derived { number, shown } => self.derived(number, *shown),
            Event::Panel { use_for, panel } => self.panels.push((use_for, panel)),
            Event::Advised { number, advice } => self.advised(number, advice),
            Event::Personal { id, said } => self.take_personal(id, said),
            Event::ModelInput { number, picture } => self.take_model_input(number, picture),
            Event::Exported { number, written } => self.exported(number, written, now),
            Event::ReadingsCame { number, contents } => self.readings_came(number, contents, now),
            Event::ReadingsChosen { number, contents } => self.readings_chosen(number, contents, now),
            Event::LabelsRead { number, read } => self.labels_read(number, read, now),
            Event::Archive { number, said } => self.archive_said(number, said, now),
            Event::NotKept { reason } => self.notice(reason, true, None, now),
            Event::Fault { work, reason } => self.fault(work, reason, now),
        }
        self.begin_readings(now);
        self.worklist.refresh(now, is_command);
        self.pursue(now);
        self.keep_readings(now);
        self.measure_labels();
        self.let_studies_go();
        std::mem::take(&mut self.effects)
    }

    /// Shows the user a message; an identical one is renewed.
    pub(super) fn notice(
        &mut self,
        text: String,
        is_problem: bool,
        action: Option<(&'static str, SessionCommand)>,
        now: Instant,
    ) {
        let id = self.number();
        self.notices.retain(|notice| notice.text != text);
        self.notices.push(Notice { id, text, is_problem, action, since: now });
    }

    /// A unique number.
    fn number(&mut self) -> u64 {
        self.last_number += 1;
        self.last_number
    }
}
