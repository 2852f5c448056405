//! The reader's side of the state: which file keeps the readings, what is said and seen, and where the reader was.

use std::ops::Range;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use super::State;
use crate::export::iso_date;
use crate::guard::checksum::sha256_hex;
use crate::reading::{Answer, Contents, FrameOf, Identity, Place, ReadingsHeader};
use crate::scan::measure::from_value;
use crate::session::Choices;
use crate::session::answer::answer;
use crate::session::command::ReadingCommand;
use crate::session::effect::Effect;
use crate::session::message::ReadingsWish;
use crate::session::readings::Readings;
use crate::session::worklist::Item;

/// How often a constantly changing view is saved.
const VIEW_RESTS: Duration = Duration::from_millis(500);
/// Letters of a folder's name in the name of its file of readings.
const MOST_NAME: usize = 40;

/// What was opened, and the classes that grades are given in.
type About = (Vec<PathBuf>, Vec<String>);

/// Where readings are kept, and of what.
#[derive(Debug, Default)]
pub struct Desk {
    /// What was opened, and the classes that grades are given in.
    of: Option<About>,
    /// The file that somebody chose, for what was opened with it.
    chosen: Option<(PathBuf, About)>,
    /// The file in use, and the question for what it holds.
    pub file: Option<PathBuf>,
    asked: Option<u64>,
    /// What was read of a file that is being opened.
    reading_file: Option<(u64, PathBuf)>,
    /// How the pictures are looked at, as the window says; and what a file says, for the window to take.
    view: serde_json::Value,
    restored: Option<(PathBuf, serde_json::Value)>,
    /// The choices of a reader who comes back, for the picture that is on its way.
    choices: Option<(PathBuf, Choices)>,
    /// Since when the view is another one than was kept.
    view_changed: Option<Instant>,
    /// What is on the screen: a place is kept when it changes.
    at: Option<FrameOf>,
    /// The answer that was last taken down, by its number.
    noted: Option<u64>,
    /// Whether the next digit is the reader's grade.
    pub asks: bool,
}

impl State {
    /// The frame on the screen.
    pub fn on_screen(&self) -> Option<FrameOf> {
        self.current.as_ref().map(|current| FrameOf { path: current.path.clone(), frame: current.frame })
    }

    /// The file of the readings, if any are kept.
    pub fn readings_file(&self) -> Option<&Path> {
        self.desk.file.as_deref()
    }

    /// Whether the next digit, or button, is the reader's grade.
    pub fn asks_grade(&self) -> bool {
        self.desk.asks
    }

    /// All readings, in the order of the list.
    pub fn all_readings(&self) -> Contents {
        let list: Vec<FrameOf> =
            self.worklist.items().iter().map(|item| FrameOf { path: item.path.clone(), frame: 0 }).collect();
        self.readings.contents(&list, self.place())
    }

    pub(super) fn read(&mut self, command: ReadingCommand, now: Instant) {
        match command {
            ReadingCommand::Ask => self.desk.asks = !self.desk.asks,
            ReadingCommand::Grade(class) => self.say(now, |readings, of, at| readings.grade(of, class, now, at)),
            ReadingCommand::Accept => self.say(now, |readings, of, at| readings.accept(of, now, at)),
            ReadingCommand::Ungradable => self.say(now, |readings, of, at| readings.ungradable(of, now, at)),
            ReadingCommand::Flag => self.say(now, |readings, of, _| readings.flag(of)),
            ReadingCommand::Comment(text) => self.say(now, |readings, of, _| readings.comment(of, text)),
            ReadingCommand::Box(box_px) => self.say(now, |readings, of, _| readings.set_box(of, box_px)),
            ReadingCommand::Reader(name) => {
                self.readings.set_reader(&name);
                self.preferences.reader = name;
            }
            ReadingCommand::Open(file) => self.open_readings(file),
            ReadingCommand::Save(file) => {
                let (number, contents) = (self.export_begins(now), Box::new(self.all_readings()));
                self.effects.push(Effect::SaveReadings { number, file, contents });
            }
            ReadingCommand::Table(file) => {
                let (number, contents) = (self.export_begins(now), Box::new(self.all_readings()));
                self.effects.push(Effect::WriteTable { number, file, contents });
            }
        }
    }

    /// The reader says something of the frame on the screen.
    fn say(&mut self, now: Instant, change: impl FnOnce(&mut Readings, &FrameOf, &str)) {
        let (Some(of), at) = (self.on_screen(), self.utc(now)) else { return };
        change(&mut self.readings, &of, &at);
        self.desk.asks = false;
        self.veil_one(&of.path);
    }

    pub(super) fn export_begins(&mut self, now: Instant) -> u64 {
        let number = self.number();
        self.exports.push((number, now));
        number
    }

    fn utc(&self, now: Instant) -> String {
        let (then, date) = self.began;
        iso_date(date + now.saturating_duration_since(then))
    }

    pub(super) fn open_readings(&mut self, file: PathBuf) {
        if self.desk.file.as_ref() == Some(&file) && !self.worklist.is_empty() {
            // It is in use, and nobody else can read it.
            return;
        }
        let number = self.number();
        self.desk.reading_file = Some((number, file.clone()));
        self.effects.push(Effect::ReadReadings { number, file });
    }

    /// A file of readings that somebody chose has been read: what it is about is opened.
    pub(super) fn readings_chosen(&mut self, of: u64, contents: Result<Contents, String>, now: Instant) {
        let Some((_, file)) = self.desk.reading_file.take_if(|(number, _)| *number == of) else { return };
        match contents {
            Ok(contents) => {
                let ReadingsHeader { opened, model, classes, .. } = contents.head;
                self.desk.chosen = Some((file, (opened.clone(), classes)));
                // Even where the same pictures are open: the file is another one.
                self.desk.of = None;
                if self.card().is_some_and(|card| card.name != model) {
                    self.load_model(model, now);
                }
                self.open(opened, now);
            }
            Err(reason) => self.notice(reason, true, None, now),
        }
    }

    /// What the file of what is open holds.
    pub(super) fn readings_came(&mut self, of: u64, contents: Result<Option<Contents>, String>, now: Instant) {
        if self.desk.asked.take_if(|number| *number == of).is_none() {
            return;
        }
        match contents {
            Ok(None) => {}
            Ok(Some(contents)) => self.resume(contents, now),
            Err(reason) => self.notice(reason, true, None, now),
        }
    }

    /// Continues where a reader was.
    fn resume(&mut self, contents: Contents, now: Instant) {
        let place = contents.place.clone();
        let (all, read) =
            (contents.entries.len(), contents.entries.iter().filter(|(_, e)| e.reading.is_read()).count());
        let said = contents.entries.iter().filter(|(_, entry)| entry.identity_by_reader);
        for (of, entry) in said {
            self.worklist.reader_says(&of.path, entry.identity.clone());
        }
        for (of, entry) in &contents.entries {
            if let Some(all) = &entry.measurements
                && self.measurements_of(&of.path, of.frame).is_empty()
            {
                self.restore_measurements(&of.path, of.frame, from_value(all));
            }
        }
        self.readings.resume(contents);
        self.read_first_is(self.readings.blind);
        if read > 0 {
            self.notice(format!("Going on where you were: {read} of {all} read."), false, None, now);
        }
        let first = self.worklist.row(0).map(|item| item.path.as_path());
        let has_moved = self.selected() != first;
        if let Some(at) = place.at.filter(|at| !has_moved && self.worklist.get(&at.path).is_some()) {
            self.show(&at.path, now);
        }
        if !has_moved {
            let part = |name: &str| place.view.get(name).filter(|part| !part.is_null()).cloned();
            let choices = part("choices").and_then(|part| serde_json::from_value::<Choices>(part).ok());
            let coming = self.selected().map(Path::to_owned);
            (self.desk.restored, self.desk.choices) = (coming.clone().zip(part("camera")), coming.zip(choices));
        }
    }

    /// How the picture on the screen was looked at, for the window to take once.
    pub fn take_restored_view(&mut self) -> Option<serde_json::Value> {
        let on_screen = self.current.as_ref().map(|current| current.path.as_path());
        let (_, view) = self.desk.restored.take_if(|(path, _)| on_screen == Some(path.as_path()))?;
        Some(view)
    }

    /// How pictures are looked at now, to be kept with the place.
    pub fn view_is(&mut self, view: serde_json::Value, now: Instant) {
        if self.desk.view != view {
            self.desk.view = view;
            self.desk.view_changed.get_or_insert(now);
        }
    }

    /// Whether a view waits to be kept.
    pub fn view_waits(&self) -> bool {
        self.desk.view_changed.is_some()
    }

    /// These rows of the list are in sight, with the model's answers where they are not held back.
    pub fn answers_are_listed(&mut self, rows: Range<usize>) {
        // Who has seen the label does not read blind either.
        let is_told = |item: &&Item| item.seen_answer().is_some() || item.seen_truth().is_some();
        for item in rows.filter_map(|row| self.worklist.row(row)).filter(is_told) {
            self.readings.answer_is_seen(&FrameOf { path: item.path.clone(), frame: 0 });
        }
    }

    pub(super) fn read_first_is(&mut self, on: bool) {
        self.readings.set_blind(on);
        self.preferences.read_first = on;
        self.veil();
    }

    fn place(&self) -> Place {
        let view = serde_json::json!({ "camera": self.desk.view, "choices": self.choices });
        Place { at: self.on_screen(), view }
    }

    /// The choices of a reader who has come back, as far as the model has what they name.
    fn restore_choices(&mut self) {
        let on_screen = self.current.as_ref().map(|current| current.path.as_path());
        let Some((_, mut choices)) = self.desk.choices.take_if(|(path, _)| on_screen == Some(path.as_path())) else {
            return;
        };
        let Some(model) = self.engine.model() else { return };
        choices.class = choices.class.filter(|class| *class < model.card.classes.len());
        choices.cam.layer = choices.cam.layer.filter(|layer| *layer < model.layers.len());
        choices.smoothing_px = choices.smoothing_px.filter(|px| px.is_finite() && (0.0..=64.0).contains(px));
        self.choose(|known| *known = choices);
        self.show_class(choices.class);
    }

    /// What is seen, and what is to be kept.
    pub(super) fn keep_readings(&mut self, now: Instant) {
        self.note_answer();
        if self.desk.of.is_none() {
            return;
        }
        let at = self.on_screen();
        let is_due = self.desk.view_changed.is_some_and(|since| now.saturating_duration_since(since) >= VIEW_RESTS);
        if at != self.desk.at || is_due {
            if at != self.desk.at {
                self.desk.asks = false;
            }
            (self.desk.at, self.desk.view_changed) = (at, None);
            let place = self.place();
            self.readings.is_at(place);
        }
        let changes = self.readings.take_changes();
        if !changes.is_empty() && self.options.sessions.is_some() {
            self.effects.push(Effect::Keep(changes));
            // Whoever opened that of a study from an archive would find no pictures: it comes back with the study.
            let is_of_study = self.worklist.opened().iter().any(|path| self.private_study(path).is_some());
            if let Some(file) = self.desk.file.as_ref().filter(|file| self.preferences.sessions.first() != Some(*file))
                && !is_of_study
            {
                self.preferences.remember_session(file);
                self.effects.push(Effect::SavePreferences);
            }
        }
    }

    /// Other pictures or other classes ask for another file; who comes back finds the choices of then.
    pub(super) fn begin_readings(&mut self, now: Instant) {
        self.restore_choices();
        let Some(card) = self.engine.ready().map(|model| model.card.clone()) else { return };
        if self.worklist.is_empty() {
            return;
        }
        let names = card.classes.iter().map(|class| &class.name);
        let is_same = |(opened, classes): &About| opened == self.worklist.opened() && names.clone().eq(classes);
        if self.desk.of.as_ref().is_some_and(is_same) {
            return;
        }
        let of = (self.worklist.opened().to_vec(), names.cloned().collect::<Vec<_>>());
        let head = ReadingsHeader {
            reader: self.preferences.reader.clone(),
            opened: of.0.clone(),
            model: card.name.clone(),
            classes: of.1.clone(),
            ordered: card.output.ordered,
            blind: self.readings.blind,
            created: self.utc(now),
        };
        self.readings.begin(head.clone(), self.identities());
        self.measure_again();
        self.desk.noted = None;
        self.veil();
        let chosen = self.desk.chosen.as_ref().filter(|(_, chosen)| *chosen == of).map(|(file, _)| file.clone());
        // A study that is fetched again lies elsewhere, and is the same.
        let study = of.0.first().and_then(|path| self.private_study(path)).map(|study| PathBuf::from(study.key()));
        let is_of_study = study.is_some();
        let named = study.map_or_else(|| file_name(&of.0, &of.1), |study| file_name(&[study], &of.1));
        let file = chosen.or_else(|| Some(self.options.sessions.as_ref()?.join(named)));
        self.desk.of = Some(of);
        self.desk.at = None;
        self.desk.file.clone_from(&file);
        if let Some(file) = file.filter(|_| self.options.sessions.is_some()) {
            let number = self.number();
            self.desk.asked = Some(number);
            self.effects.push(Effect::OpenReadings(ReadingsWish { number, file, head, is_of_study }));
        }
    }

    /// Whose the pictures of the list are. What a file says of a person is kept as a number made of it.
    fn identities(&self) -> Vec<(FrameOf, Identity)> {
        let identity = |item: &Item| {
            let identity = item.identity.clone();
            let patient = if identity.is_private { pseudonym(&identity.patient) } else { identity.patient };
            let of = FrameOf { path: item.path.clone(), frame: 0 };
            (of, Identity { patient, is_private: false, ..identity })
        };
        self.worklist.items().iter().map(identity).collect()
    }

    /// Files or names have said whose pictures they are.
    pub(super) fn note_identities(&mut self) {
        if self.desk.of.is_some() {
            let said = self.identities();
            self.readings.files_say(said);
        }
    }

    /// Takes down what the model answers once it stands on the screen.
    fn note_answer(&mut self) {
        self.note_companion();
        let Some((of, shown)) = self.on_screen().zip(self.shown()) else { return };
        let id = shown.id;
        if self.desk.noted == Some(id) {
            return;
        }
        let (Some(report), Some(model), Some(current)) = (self.report(), self.model(), self.current()) else { return };
        let verdict = &shown.explanation.verdict;
        let known = answer(&model.card, &model.sha256, verdict, &current.picture.measures);
        let agrees = Some(report.agreement.agrees);
        if let Some(item) = self.worklist.item_mut(&of.path).filter(|_| of.frame == 0) {
            item.answer.iter_mut().for_each(|said| said.agrees = agrees);
        }
        self.readings.answered(&of, Answer { agrees, ..known });
        self.readings.answer_is_seen(&of);
        self.desk.noted = Some(id);
    }

    /// The answer about the picture beside is seen as well.
    fn note_companion(&mut self) {
        let shown = self.companion_shown().is_some();
        if let Some(path) = self.companion().filter(|_| shown).map(|companion| companion.path().to_owned()) {
            self.readings.answer_is_seen(&FrameOf { path, frame: 0 });
        }
    }

    /// What a reader has to say for a digit that was pressed, if anything: before the answer, or because it was asked for.
    pub(super) fn awaits_grade(&self) -> bool {
        self.awaits_reader() || self.desk.asks
    }
}

/// Distinguishes patients without revealing who they are.
fn pseudonym(patient: &str) -> String {
    sha256_hex(patient.as_bytes())[..12].to_owned()
}

/// The same for the same pictures and classes; a folder's name may say who reads there, but nothing of a patient is added.
fn file_name(opened: &[PathBuf], classes: &[String]) -> String {
    let opened_as = opened.iter().map(|path| path.to_string_lossy().into_owned());
    let parts: String = opened_as.chain(classes.iter().cloned()).map(|part| part + "\0").collect();
    let hash = &sha256_hex(parts.as_bytes())[..10];
    let name = opened.first().and_then(|path| path.file_stem()).unwrap_or_default().to_string_lossy();
    let plain = |c: char| if c.is_alphanumeric() || c == '-' || c == '_' { c } else { '-' };
    let name: String = name.chars().map(plain).take(MOST_NAME).collect();
    format!("{name}-{hash}.fovea")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn files_of_readings_are_told_apart_by_pictures_and_classes() {
        let name = |path: &str, class: &str| file_name(&[PathBuf::from(path)], &[class.to_owned()]);
        assert_eq!(name("/a/day 1", "0"), name("/a/day 1", "0"));
        assert!(name("/a/day 1", "0").starts_with("day-1-"));
        assert_ne!(name("/a/day 1", "0"), name("/b/day 1", "0"));
        assert_ne!(name("/a/day 1", "0"), name("/a/day 1", "1"));
    }
}
