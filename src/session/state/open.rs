//! Which picture is wanted, and how it gets onto the screen.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Instant;

use super::doing::{Doing, Finding, Opening};
use super::{Current, Side, State};
use crate::reading::{FrameOf, READINGS};
use crate::session::effect::Effect;
use crate::session::grey::GreyState;
use crate::session::key::{PictureKey, Under};
use crate::session::message::Job;
use crate::session::picture::Picture;
use crate::session::worklist::Worklist;

/// Ending of label files.
const LABELS: &str = "csv";

impl State {
    /// Looks for the pictures that `paths` mean; what is on the screen stays until one of them is there.
    pub(super) fn open(&mut self, paths: Vec<PathBuf>, now: Instant) {
        if let [file] = paths.as_slice()
            && file.extension().is_some_and(|ending| ending == READINGS)
        {
            return self.open_readings(file.clone());
        }
        if let [file] = paths.as_slice()
            && file.extension().is_some_and(|ending| ending.eq_ignore_ascii_case(LABELS))
        {
            return self.open_labels(file.clone(), now);
        }
        let number = self.number();
        self.finding = Some(Finding { number, paths: paths.clone(), since: now });
        self.effects.push(Effect::Find { number, paths });
    }

    /// Wants the first openable of `paths`, with the others as its worklist.
    pub(super) fn open_found(&mut self, opened: Vec<PathBuf>, paths: Vec<PathBuf>, now: Instant) {
        let list = self.list_of(paths).of(opened);
        let Some(first) = list.row(0).map(|item| item.path.clone()) else { return };
        list.items().iter().for_each(|item| self.forget(&item.path));
        self.want(&first, 0, Some(list), now);
    }

    pub(super) fn show(&mut self, path: &Path, now: Instant) {
        if self.worklist.get(path).is_some() && self.selected() != Some(path) {
            self.want(path, 0, None, now);
        }
    }

    pub(super) fn go(&mut self, forwards: bool, now: Instant) {
        let next = self.selected().and_then(|path| self.worklist.neighbour(path, forwards));
        if let Some(path) = next.map(|item| item.path.clone()) {
            self.want(&path, 0, None, now);
        }
    }

    /// The file may have changed: what is known of it is of the file as it was.
    fn forget(&mut self, path: &Path) {
        self.cache.forget(path);
        if let Some(item) = self.worklist.item_mut(path) {
            item.answer = None;
        }
        self.grade_anew();
    }

    pub(super) fn reload(&mut self, now: Instant) {
        if let Some((path, frame)) = self.current.as_ref().map(|current| (current.path.clone(), current.frame)) {
            self.forget(&path);
            self.want(&path, frame, None, now);
        }
    }

    pub(super) fn show_frame(&mut self, frame: u32, now: Instant) {
        let frame = frame.min(self.frames().0 - 1);
        if frame != self.wanted_frame()
            && let Some(path) = self.current.as_ref().map(|current| current.path.clone())
        {
            self.want(&path, frame, None, now);
        }
    }

    /// The frame that is shown, or on its way: keys may come faster than frames.
    pub(super) fn wanted_frame(&self) -> u32 {
        let Some(current) = &self.current else { return 0 };
        let coming = self.doing.opening().filter(|opening| opening.key.path == current.path);
        coming.map_or(current.frame, |opening| opening.key.frame)
    }

    /// Brings a picture onto the screen: at once where it is known, else through the worker.
    pub(super) fn want(&mut self, path: &Path, frame: u32, list: Option<Worklist>, now: Instant) {
        // Newer than any open that is still being searched for.
        self.finding = None;
        let key = self.cache.key(path, frame);
        if let Some(picture) = self.cache.get(&key).and_then(|known| known.picture.clone()) {
            self.give_up_waiting();
            return self.appear(key, picture, list, now);
        }
        let ticket = self.number();
        let under = self.under_now();
        self.effects.push(Effect::Explain(Job {
            ticket: Some(ticket),
            key: key.clone(),
            picture: None,
            under: under.clone(),
        }));
        let list = list.map(Box::new);
        self.doing = Doing::Opening(Opening { ticket, key, under, list, since: now });
    }

    /// What a look is asked for now; `None` while there is no model to ask.
    fn under_now(&self) -> Option<Under> {
        let (model, settings) = self.engine.ready().zip(self.settings())?;
        Some(Under { model: model.sha256.clone(), asked: settings.asked() })
    }

    /// Stops waiting for the last request to the worker.
    pub(super) fn give_up_waiting(&mut self) {
        match std::mem::take(&mut self.doing) {
            Doing::Rest => {}
            Doing::Opening(_) | Doing::Explaining(_) => {
                self.effects.push(Effect::Cancel);
                self.ahead_of = None;
            }
        }
    }

    /// Puts a picture on the screen; its maps come later.
    pub(super) fn appear(&mut self, key: PictureKey, picture: Arc<Picture>, list: Option<Worklist>, now: Instant) {
        let PictureKey { path, frame, reading } = key;
        if let Some(list) = list {
            self.take_list(list, now);
        }
        // What is deleted with the window cannot be opened on another day.
        if self.private_study(&path).is_none() {
            self.preferences.remember(&path);
        }
        if self.worklist.len() < 2 {
            // Not with every step through a list: that is on the way out.
            self.effects.push(Effect::SavePreferences);
        }
        if let Some(item) = self.worklist.item_mut(&path) {
            item.problem = None;
        }
        self.worklist.set_thumbnail(&path, || picture.thumbnail());
        let before = self.current.take().filter(|current| current.path == path);
        if before.is_none() && !self.preferences.keep_view {
            // Each picture is first seen for what the model decided, with all its grades.
            self.choices.class = None;
            self.preferences.style.clear.enabled.clear();
        }
        self.readings.appears(FrameOf { path: path.clone(), frame }, now);
        // Another frame of the same file keeps the reader's window, and what was asked of the answer.
        let kept = before.filter(|before| before.frame != frame && before.reading == reading);
        let anyway = kept.as_ref().is_some_and(|before| before.anyway);
        let grey = match (kept.and_then(|before| before.grey), picture.scan.grey()) {
            (Some(state), Some(grey)) => Some(state.carried_to(grey)),
            (_, grey) => grey.map(GreyState::new),
        };
        let id = self.number();
        let (answer, second) = (Side::default(), Side::default());
        let (advice, advising, assessed, steady) = (None, None, None, None);
        self.current = Some(Current {
            id,
            path,
            frame,
            reading,
            picture,
            answer,
            second,
            grey,
            anyway,
            advice,
            advising,
            assessed,
            steady,
        });
        self.measures_of_another();
        self.forget_aside();
        self.want_model_input();
        self.judge();
    }
}
