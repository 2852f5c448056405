//! What is done about the list as a whole: whose pictures they are, which of them are graded while nothing else is wanted,
//! and which thumbnails are there.

use std::collections::HashSet;
use std::path::{Path, PathBuf};
use std::time::Instant;

use super::State;
use crate::explain::Settings;
use crate::reading::{Answer, FrameOf, Identity, Pattern};
use crate::scan::find::may_be_dicom;
use crate::session::answer::AnsweredBy;
use crate::session::command::ListCommand;
use crate::session::effect::Effect;
use crate::session::key::PictureKey;
use crate::session::message::GradeJob;
use crate::session::readings::Readings;
use crate::session::worklist::{Classes, Filter, Item, SortBy, Worklist};

/// Rows above and below those in sight whose thumbnails are made.
const AROUND: usize = 24;
/// Most thumbnails kept: those farthest out of sight go first.
const MOST_THUMBNAILS: usize = 600;
const KEPT_AROUND: usize = 250;
/// Rows assumed to be in sight, from the picture on, until a window says which are.
const USUAL_SIGHT: usize = 24;

/// What was last asked for on behalf of the list.
#[derive(Debug, Default)]
pub struct Asked {
    /// Around which picture, by which model, and how explained.
    graded: Option<(PictureKey, String, Option<Settings>)>,
    recalled: Option<(u64, String)>,
    /// How maps were made of which it is known whether they agree with the decision.
    agreement_of: Option<Settings>,
    thumbnails: Option<(u64, u64, usize)>,
    /// Of the list.
    number: u64,
    /// The rows that are in sight.
    in_sight: Option<(usize, usize)>,
    /// Whether the device was lost while pictures were graded.
    is_lost: bool,
}

/// Grading progress of the list.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct GradingProgress {
    pub done: usize,
    pub all: usize,
    pub is_paused: bool,
}

impl State {
    /// How far the list is graded; `None` where there is nothing to grade, or all of it is.
    pub fn grading(&self) -> Option<GradingProgress> {
        let all = self.worklist.items().iter().filter(|item| item.problem.is_none() || item.answer.is_some());
        let explains = self.explains_all().is_some();
        let is_done = |item: &&Item| item.problem.is_some() || !lacks_answer(item, explains);
        let (done, all) = (all.clone().filter(is_done).count(), all.count());
        let is_paused = !self.preferences.grade_all || self.asked.is_lost;
        (self.worklist.len() > 1 && done < all && self.model().is_some()).then_some(GradingProgress {
            done,
            all,
            is_paused,
        })
    }

    pub(super) fn act_on_list(&mut self, command: ListCommand, now: Instant) {
        let list = &mut self.worklist;
        match command {
            ListCommand::Reversed(is_reversed) => {
                self.preferences.sort_reversed = is_reversed;
                list.sort_by(list.sorted_by(), is_reversed);
            }
            ListCommand::Search(words) => list.set_filter(Filter { words, ..list.filter().clone() }),
            ListCommand::Grade(grade) => list.set_filter(Filter { grade, ..list.filter().clone() }),
            ListCommand::Only(only, is_on) => {
                let mut filter = list.filter().clone();
                filter.switch(only, is_on);
                list.set_filter(filter);
            }
            ListCommand::Cell(cell) => {
                let filter = list.filter().clone();
                list.set_filter(Filter { cell: Some(cell).filter(|_| filter.cell != Some(cell)), ..filter });
            }
            ListCommand::ShowAll => list.set_filter(Filter::default()),
            ListCommand::Identity(path, identity) => {
                list.reader_says(&path, identity.clone());
                self.readings.identify(&FrameOf { path, frame: 0 }, identity);
            }
            ListCommand::Pattern(text) => self.set_pattern(text, now),
            ListCommand::ShowNames(shows) => {
                self.preferences.show_names = shows;
                list.show_names(shows);
            }
            ListCommand::GradeAll(on) => {
                self.preferences.grade_all = on;
                (self.asked.graded, self.asked.is_lost) = (None, false);
                if !on {
                    self.effects.push(Effect::Grade(Vec::new()));
                }
            }
            ListCommand::InSight { first, last } => self.asked.in_sight = Some((first, last)),
            ListCommand::ClearResults => self.effects.push(Effect::ClearResults),
        }
    }

    fn set_pattern(&mut self, text: String, now: Instant) {
        let pattern = Some(text.as_str()).filter(|text| !text.trim().is_empty()).map(str::parse::<Pattern>).transpose();
        match pattern {
            Ok(pattern) => {
                self.preferences.name_pattern = text;
                self.worklist.identify(pattern.as_ref());
                self.note_identities();
            }
            Err(error) => self.notice(format!("`{text}` is no pattern of names: {error}."), true, None, now),
        }
    }

    /// The list of `paths`, as lists are sorted and named here.
    pub(super) fn list_of(&self, paths: Vec<PathBuf>) -> Worklist {
        let mut list = Worklist::new(paths, self.preferences.sort);
        list.show_names(self.preferences.show_names);
        // A pattern that has become invalid is reported when it is typed.
        list.identify(self.preferences.name_pattern.parse().ok().as_ref());
        list.sort_by(self.preferences.sort, self.preferences.sort_reversed);
        list
    }

    /// Takes `list` for the open one's place.
    pub(super) fn take_list(&mut self, list: Worklist, now: Instant) {
        self.worklist = list;
        if let Some(model) = self.engine.model() {
            self.worklist.set_classes(Classes::of(&model.card));
        }
        let number = self.number();
        self.asked = Asked { number, ..Asked::default() };
        let dicom = self.worklist.items().iter().map(|item| &item.path).filter(|path| may_be_dicom(path));
        let dicom: Vec<PathBuf> = dicom.cloned().collect();
        if !dicom.is_empty() {
            self.effects.push(Effect::Identify(dicom));
        }
        self.veil();
        self.labels_of_another_list(now);
    }

    /// What the list may not tell of before the reader has said a grade.
    pub(super) fn veil(&mut self) {
        self.worklist.all_mut().for_each(|item| veiled(item, &self.readings));
        self.worklist.rearrange();
    }

    /// Like [`Self::veil`], where something was said of one picture; the order follows when it is time.
    pub(super) fn veil_one(&mut self, path: &Path) {
        if let Some(item) = self.worklist.item_mut(path) {
            veiled(item, &self.readings);
        }
    }

    /// What was asked for may have come to nothing: another model, files that may have changed.
    pub(super) fn grade_anew(&mut self) {
        (self.asked.graded, self.asked.recalled, self.asked.is_lost) = (None, None, false);
    }

    pub(super) fn graded(&mut self, key: &PictureKey, answer: Answer) {
        let is_model = self.engine.model().is_some_and(|model| model.sha256 == answer.model);
        if is_model
            && *key == self.cache.key(&key.path, 0)
            && let Some(item) = self.worklist.item_mut(&key.path)
        {
            let of = FrameOf { path: key.path.clone(), frame: 0 };
            // Grading alone does not tell whether the map agrees.
            let is_same = |known: &&Answer| known.model == answer.model && known.class == answer.class;
            let known = item.answer.as_ref().filter(is_same).and_then(|known| known.agrees);
            item.answer = Some(Answer { agrees: answer.agrees.or(known), ..answer.clone() });
            self.readings.answered(&of, answer);
        }
    }

    pub(super) fn recalled(&mut self, answers: Vec<(PictureKey, Answer)>) {
        answers.into_iter().for_each(|(key, answer)| self.graded(&key, answer));
        self.worklist.rearrange();
        // What is known need not be graded.
        self.asked.graded = None;
    }

    pub(super) fn identified(&mut self, said: Vec<(PathBuf, Identity)>) {
        self.worklist.files_say(said);
        self.note_identities();
    }

    pub(super) fn results_cleared(&mut self, done: Result<(), String>, now: Instant) {
        match done {
            Ok(()) => self.notice("Kept results were cleared.".to_owned(), false, None, now),
            Err(reason) => self.notice(reason, true, None, now),
        }
    }

    /// Without a device there is no grading: it is not tried picture by picture.
    pub(super) fn grading_lost_device(&mut self) {
        if !self.asked.is_lost {
            self.asked.is_lost = true;
            self.effects.push(Effect::Grade(Vec::new()));
        }
    }

    /// Asks what was said of the list's pictures before, by this model.
    pub(super) fn recall(&mut self) {
        let Some(model) = self.engine.ready() else { return };
        let of = Some((self.asked.number, model.sha256.clone()));
        if self.worklist.len() < 2 || self.asked.recalled == of {
            return;
        }
        let by = AnsweredBy::new(&model.card, &model.sha256);
        let missing = self.worklist.items().iter().filter(|item| item.answer.is_none());
        let keys = missing.map(|item| self.cache.key(&item.path, 0)).collect();
        self.effects.push(Effect::Recall { keys, by });
        self.asked.recalled = of;
    }

    /// How all pictures are to be explained besides being graded: where they stand by whether map and decision agree.
    fn explains_all(&self) -> Option<Settings> {
        let settings = self.settings().filter(|_| self.worklist.sorted_by() == SortBy::Mismatch)?;
        Some(Settings { class: None, ..settings })
    }

    /// Whether map and decision agree is of maps under some settings: under others it is not known yet.
    pub(super) fn forget_agreement(&mut self) {
        let settings = self.settings().map(|settings| Settings { class: None, ..settings });
        if self.asked.agreement_of != settings {
            self.asked.agreement_of = settings;
            self.worklist.all_mut().filter_map(|item| item.answer.as_mut()).for_each(|answer| answer.agrees = None);
        }
    }

    /// Has all pictures graded that are not yet, those next to the one on the screen first.
    pub(super) fn grade_all(&mut self) {
        let (Some(model), Some(current)) = (self.engine.ready(), &self.current) else { return };
        if !self.preferences.grade_all || self.asked.is_lost || self.worklist.len() < 2 {
            return;
        }
        let explained = self.explains_all();
        let around = Some((current.key(), model.sha256.clone(), explained));
        if self.asked.graded == around {
            return;
        }
        let missing = self.worklist.from(Some(&current.path)).filter(|item| item.problem.is_none());
        let missing = missing.filter(|item| lacks_answer(item, explained.is_some()));
        let job = |path: &Path| GradeJob { key: self.cache.key(path, 0), model: model.sha256.clone(), explained };
        let jobs = missing.map(|item| job(&item.path)).collect();
        self.effects.push(Effect::Grade(jobs));
        self.asked.graded = around;
    }

    /// Has the thumbnails made that are in sight or will soon be, and gives up those far away.
    pub(super) fn want_thumbnails(&mut self) {
        let rows = self.worklist.rows();
        let usual = || {
            let at = self.selected().and_then(|path| self.worklist.position(path)).unwrap_or(0);
            (at.saturating_sub(USUAL_SIGHT), at + USUAL_SIGHT)
        };
        let (first, last) = self.asked.in_sight.unwrap_or_else(usual);
        let of = Some((self.asked.number, self.worklist.arranged(), first / AROUND));
        if self.asked.thumbnails == of || self.worklist.is_empty() || self.current.is_none() {
            return;
        }
        self.asked.thumbnails = of;
        let range = |around: usize| first.saturating_sub(around)..(last + around + 1).min(rows);
        let in_range = |around| range(around).filter_map(|row| self.worklist.row(row));
        // From the first in sight on, then those above.
        let (above, below): (Vec<_>, Vec<_>) = range(AROUND).partition(|row| *row < first);
        let missing = below.into_iter().chain(above).filter_map(|row| self.worklist.row(row));
        let missing = missing.filter(|item| item.thumbnail.is_none() && item.problem.is_none());
        let missing: Vec<PathBuf> = missing.map(|item| item.path.clone()).collect();
        let there = self.worklist.items().iter().filter(|item| item.thumbnail.is_some()).count();
        if there > MOST_THUMBNAILS {
            let kept: HashSet<PathBuf> = in_range(KEPT_AROUND).map(|item| item.path.clone()).collect();
            self.worklist.drop_thumbnails(&kept);
        }
        self.effects.push(Effect::Thumbnails(missing));
    }
}

/// Whether its answer is still to come, or what its map says of it, where that is asked for.
fn lacks_answer(item: &Item, explains: bool) -> bool {
    item.answer.as_ref().is_none_or(|answer| explains && !answer.is_refused && answer.agrees.is_none())
}

fn veiled(item: &mut Item, readings: &Readings) {
    let of = FrameOf { path: item.path.clone(), frame: 0 };
    item.is_hidden = readings.hides(&of);
    item.reading = readings.reading(&of).cloned();
}
