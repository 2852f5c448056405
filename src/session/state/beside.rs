//! The picture beside the one on the screen: which one, how it is loaded, and what may be seen of its answer.
//!
//! It is decoded and explained after the picture on the screen, under the same choices, and held back by the same rules.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::current::Role;
use super::{Current, Side, State};
use crate::bundle::{advise, assess};
use crate::explain::{Report, report};
use crate::layers::Scene;
use crate::reading::{Eye, FrameOf, Identity};
use crate::session::beside::{Beside, other_eye, prior};
use crate::session::effect::Effect;
use crate::session::grey::GreyState;
use crate::session::key::{PictureKey, Under};
use crate::session::message::Job;
use crate::session::picture::Picture;
use crate::session::shown::Shown;

/// The picture beside the one on the screen.
#[derive(Debug)]
pub struct Companion {
    key: PictureKey,
    /// Once it is decoded.
    current: Option<Current>,
    /// Why it cannot be shown or explained.
    pub problem: Option<String>,
    /// What the worker was last asked for.
    asked: Option<Option<Under>>,
}

impl Companion {
    fn of(key: PictureKey) -> Self {
        Self { key, current: None, problem: None, asked: None }
    }

    pub fn path(&self) -> &Path {
        &self.key.path
    }

    pub fn current(&self) -> Option<&Current> {
        self.current.as_ref()
    }
}

impl State {
    /// What is wanted beside the picture on the screen.
    pub fn beside_wish(&self) -> &Beside {
        &self.beside
    }

    /// The picture beside the one on the screen, on its way or there.
    pub fn companion(&self) -> Option<&Companion> {
        self.companion.as_ref()
    }

    /// Whether the two are of the two eyes, or sides, so that one mirrors the other.
    pub fn is_mirrored(&self) -> bool {
        let eyes = self.current.as_ref().zip(self.companion.as_ref());
        let eyes = eyes.map(|(current, companion)| [current.path.as_path(), companion.path()].map(|p| self.eye_of(p)));
        match eyes {
            Some([Some(one), Some(other)]) => one != other,
            _ => self.beside == Beside::OtherEye,
        }
    }

    /// Whether it stands on the left: readers have the right eye there. An earlier picture stands on the right.
    pub fn companion_is_left(&self) -> bool {
        let eye = |path: &Path| self.eye_of(path);
        let (Some(current), Some(companion)) = (&self.current, &self.companion) else { return false };
        self.is_mirrored() && (eye(companion.path()) == Some(Eye::Right) || eye(&current.path) == Some(Eye::Left))
    }

    pub fn identity_of(&self, path: &Path) -> Option<&Identity> {
        self.worklist.get(path).map(|item| &item.identity)
    }

    pub fn eye_of(&self, path: &Path) -> Option<Eye> {
        self.identity_of(path)?.eye
    }

    /// The picture that `wish` means beside the one on the screen, where there is one.
    pub fn picture_beside(&self, wish: &Beside) -> Option<&Path> {
        let current = self.current.as_ref()?;
        let of = (current.path.as_path(), self.identity_of(&current.path)?);
        let all = self.worklist.items().iter().filter(|item| item.problem.is_none());
        let all = all.map(|item| (item.path.as_path(), &item.identity));
        match wish {
            Beside::Nothing => None,
            Beside::Picture(path) => {
                self.worklist.items().iter().map(|item| item.path.as_path()).find(|p| *p == path && *p != current.path)
            }
            Beside::OtherEye => other_eye(of, all),
            Beside::Prior => prior(of, all),
        }
    }

    /// Whether its answer is held back: because the reader has not read it, or the picture on the screen, or because the
    /// model does not read such pictures.
    pub fn companion_is_hidden(&self) -> bool {
        self.companion_awaits_reader() || self.companion_is_refused()
    }

    fn companion_awaits_reader(&self) -> bool {
        let hides = |companion: &Companion| {
            let of = FrameOf { path: companion.path().to_owned(), frame: companion.key.frame };
            self.readings.hides(&of)
        };
        self.awaits_reader() || self.companion.as_ref().is_some_and(hides)
    }

    fn companion_is_refused(&self) -> bool {
        self.companion.as_ref().and_then(Companion::current).is_some_and(|current| current.advice.is_some())
    }

    /// Its explanation, unless that is held back.
    pub fn companion_shown(&self) -> Option<&Shown> {
        let companion = self.companion.as_ref().filter(|_| !self.companion_is_hidden())?;
        companion.current.as_ref()?.answer.shown.as_ref()
    }

    pub fn companion_scene(&self) -> Option<Scene<'_>> {
        let current = self.companion.as_ref()?.current.as_ref()?;
        Some(Scene {
            maps: self.companion_shown()?.maps(),
            card: self.card()?,
            style: &self.preferences.style,
            other: None,
            ungradable: current.assessed.as_ref().and_then(|assessed| assessed.map.as_ref()),
            outline: self.outline_of(&current.picture),
            box_says: "",
        })
    }

    fn companion_report(&self) -> Option<Report> {
        let (shown, card) = self.companion_shown().zip(self.card())?;
        let current = self.companion.as_ref()?.current.as_ref()?;
        Some(report(card, &shown.explanation, current.advice.as_ref(), current.assessed.as_ref(), true))
    }

    /// A line about it: its answer, or why none can be seen.
    pub fn companion_says(&self) -> String {
        let Some(companion) = &self.companion else { return String::new() };
        if let Some(problem) = &companion.problem {
            problem.clone()
        } else if companion.current.is_none() {
            "Opening…".to_owned()
        } else if self.companion_awaits_reader() {
            "Answer hidden until you have read it".to_owned()
        } else if self.companion_is_refused() {
            crate::bundle::NOT_FOR_THIS_MODEL.to_owned()
        } else {
            let said = self.companion_report().map(|report| match report.figure.as_str() {
                "" => report.headline,
                figure => format!("{}, {figure}", report.headline),
            });
            said.unwrap_or_else(|| "Explaining…".to_owned())
        }
    }

    /// Requests what is wanted beside the picture and missing.
    pub(super) fn pursue_beside(&mut self) {
        let wanted = self.picture_beside(&self.beside).map(|path| self.cache.key(path, 0));
        if self.companion.as_ref().map(|companion| &companion.key) != wanted.as_ref() {
            if self.companion.take().is_some() {
                self.effects.push(Effect::Beside(None));
            }
            self.companion = wanted.map(Companion::of);
        }
        self.take_companion();
        self.ask_for_companion();
        self.derive_companion();
    }

    /// What was computed before costs nothing.
    fn take_companion(&mut self) {
        let Some(key) = self.companion.as_ref().map(|companion| companion.key.clone()) else { return };
        let (under, known) = (self.under(Role::Answer), self.cache.peek(&key).cloned().unwrap_or_default());
        let made = known.picture.clone().filter(|_| self.companion.as_ref().is_some_and(|c| c.current.is_none()));
        let made = made.map(|picture| self.companion_of(&key, picture));
        let Some(companion) = &mut self.companion else { return };
        if made.is_some() {
            (companion.current, companion.problem) = (made, None);
        }
        let Some((current, under)) = companion.current.as_mut().zip(under) else { return };
        let is_there = current.answer.look.as_ref().is_some_and(|look| look.asked == under.asked);
        if let Some(look) = known.look(&under).filter(|_| !is_there) {
            (current.answer.look, companion.problem) = (Some(look), None);
        }
    }

    fn companion_of(&mut self, key: &PictureKey, picture: Arc<Picture>) -> Current {
        let PictureKey { path, frame, reading } = key.clone();
        let model = self.engine.model();
        Current {
            assessed: model.and_then(|model| assess(&model.card, &picture.measures)),
            advice: model.and_then(|model| advise(&model.card, &picture.measures, || None)),
            id: self.number(),
            path,
            frame,
            reading,
            grey: picture.scan.grey().map(GreyState::new),
            picture,
            answer: Side::default(),
            second: Side::default(),
            anyway: false,
            advising: None,
            steady: None,
        }
    }

    /// Asks the worker for what is not there, once.
    fn ask_for_companion(&mut self) {
        let under = self.engine.ready().and_then(|_| self.under(Role::Answer));
        let Some(companion) = &mut self.companion else { return };
        let look = companion.current.as_ref().and_then(|current| current.answer.look.as_ref());
        let is_there = companion.current.is_some()
            && under.as_ref().is_none_or(|under| look.is_some_and(|look| look.asked == under.asked));
        if is_there || companion.asked.as_ref() == Some(&under) {
            return;
        }
        companion.asked = Some(under.clone());
        let picture = companion.current.as_ref().map(|current| Arc::clone(&current.picture));
        let job = Job { ticket: None, key: companion.key.clone(), picture, under };
        self.effects.push(Effect::Beside(Some(job)));
    }

    fn derive_companion(&mut self) {
        let Some(chosen) = self.settings() else { return };
        let number = self.last_number + 1;
        let Some(current) = self.companion.as_mut().and_then(|companion| companion.current.as_mut()) else { return };
        let side = &mut current.answer;
        let Some((settings, look)) = side.settings(&chosen).zip(side.look.clone()) else { return };
        if side.deriving.is_some() || side.made_for == Some(settings) {
            return;
        }
        side.deriving = Some((number, settings));
        self.last_number = number;
        self.effects.push(Effect::Derive { number, look, settings });
    }

    /// The side that what was worked out under `number` belongs to.
    pub(super) fn companion_side(&mut self, number: u64) -> Option<&mut Side> {
        let side = &mut self.companion.as_mut()?.current.as_mut()?.answer;
        side.is_deriving(number).then_some(side)
    }

    /// It could not be decoded or explained.
    pub(super) fn companion_failed(&mut self, key: &PictureKey, reason: &str) {
        if let Some(companion) = self.companion.as_mut().filter(|companion| companion.key == *key) {
            companion.problem = Some(reason.to_owned());
        }
    }

    /// Another model answers from now on.
    pub(super) fn forget_companions_answer(&mut self) {
        let Some(current) = self.companion.as_ref().and_then(|companion| companion.current.as_ref()) else { return };
        let (key, picture) = (current.key(), Arc::clone(&current.picture));
        let anew = self.companion_of(&key, picture);
        if let Some(companion) = &mut self.companion {
            (companion.current, companion.problem, companion.asked) = (Some(anew), None, None);
        }
    }

    /// Puts `wish` beside the picture on the screen, or takes it away where it stands there.
    pub(super) fn set_beside(&mut self, wish: Beside) {
        self.beside = if self.beside == wish { Beside::Nothing } else { wish };
    }

    pub(super) fn set_picture_beside(&mut self, path: Option<PathBuf>) {
        self.beside = path.map_or(Beside::Nothing, Beside::Picture);
    }

    /// Both show the same class.
    pub(super) fn show_companions_class(&mut self, class: Option<usize>) {
        if let Some(current) = self.companion.as_mut().and_then(|companion| companion.current.as_mut()) {
            current.answer.show_class(class);
        }
    }
}
