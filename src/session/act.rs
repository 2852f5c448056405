//! What each command does to a session.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Instant;

use super::grey::GreyState;
use super::message::Job;
use super::worklist::Worklist;
use super::{Choices, Current, Pending, Session, SessionCommand};
use crate::export::Style;
use crate::network::DeviceChoice;
use crate::scan;

/// How many pictures are explained ahead, and how many are kept behind.
const AHEAD: usize = 2;
/// A step of opacity by key.
const OPACITY_STEP: f32 = 0.1;

impl Session {
    /// Does what `command` says. Commands of the window and of the views are not for the session, and nothing happens.
    pub fn apply(&mut self, command: &SessionCommand) {
        match command {
            SessionCommand::Open(paths) => self.open(paths.clone()),
            SessionCommand::Show(path) => self.show(path.clone()),
            SessionCommand::Next => self.step(true),
            SessionCommand::Previous => self.step(false),
            SessionCommand::Sort(sort) => {
                self.preferences.sort = *sort;
                self.worklist.sort_by(*sort);
            }
            SessionCommand::Reload => self.reload(),
            SessionCommand::Cancel => self.cancel(),
            SessionCommand::Model(name) => self.load_model(name.clone()),
            SessionCommand::UseCpu => self.use_cpu(),
            SessionCommand::ReadFirst(on) => {
                self.read_first.enabled = *on;
                self.preferences.read_first = *on;
            }
            SessionCommand::WindowLevel { .. }
            | SessionCommand::WindowDrag { .. }
            | SessionCommand::WindowPreset(_)
            | SessionCommand::WindowAuto
            | SessionCommand::WindowInvert
            | SessionCommand::WindowReset => self.adjust_window(command),
            SessionCommand::Personal(_) | SessionCommand::ModelInput => self.ask(command),
            SessionCommand::Frame(frame) => self.show_frame(*frame),
            SessionCommand::FrameNext => self.show_frame(self.frames().1 + 1),
            SessionCommand::FramePrevious => self.show_frame(self.frames().1.saturating_sub(1)),
            SessionCommand::DismissNotice(id) => self.notices.retain(|notice| notice.id != *id),
            other => self.adjust(other),
        }
    }

    /// The commands that change how maps on hand are shown.
    fn adjust(&mut self, command: &SessionCommand) {
        let classes = self.card().map_or(0, |card| card.classes.len());
        let style = &mut self.preferences.style;
        match command {
            SessionCommand::Class(class) => self.show_class(*class),
            SessionCommand::ClassNext => self.step_class(1),
            SessionCommand::ClassPrevious => self.step_class(-1),
            SessionCommand::Grade(class) if *class < classes => self.grade(*class, classes),
            SessionCommand::OnlyGrade(class) => style.clear.enabled = (0..classes).map(|c| c == *class).collect(),
            SessionCommand::AllGrades(on) => style.clear.enabled = vec![*on; classes],
            SessionCommand::OpacityUp => self.change_opacity(OPACITY_STEP),
            SessionCommand::OpacityDown => self.change_opacity(-OPACITY_STEP),
            SessionCommand::CamOpacity(value) => style.cam.opacity = *value,
            SessionCommand::Threshold(value) => style.cam.threshold = *value,
            SessionCommand::CamColours(colours) => style.cam.colours = *colours,
            SessionCommand::ClearOpacity(value) => style.clear.opacity = *value,
            SessionCommand::Gain(value) => style.clear.gain = *value,
            SessionCommand::OnBlack(on) => style.clear.on_black = *on,
            SessionCommand::Palette(palette) => style.palette = *palette,
            SessionCommand::Box(on) => style.boxed = *on,
            SessionCommand::Hatch(on) => style.hatched = *on,
            SessionCommand::ToggleBox => style.boxed = !style.boxed,
            SessionCommand::Smoothing(px) => self.choose(|choices| choices.smoothing_px = Some(*px)),
            SessionCommand::Magnitude(magnitude) => self.choose(|choices| choices.magnitude = Some(*magnitude)),
            SessionCommand::CamMethod(method) => self.choose(|choices| choices.cam.method = *method),
            SessionCommand::CamLayer(layer) => self.choose(|choices| choices.cam.layer = Some(*layer)),
            SessionCommand::Evidence(evidence) => self.choose(|choices| choices.evidence = Some(*evidence)),
            SessionCommand::Compare(None) => self.compare_with(None),
            SessionCommand::Rule(rule) => self.choose(|choices| choices.rule = Some(*rule)),
            SessionCommand::Defaults => {
                *style = Style::default();
                self.choose(|choices| *choices = Choices::default());
            }
            _ => {}
        }
    }

    fn change_opacity(&mut self, by: f32) {
        let style = &mut self.preferences.style;
        for opacity in [&mut style.cam.opacity, &mut style.clear.opacity] {
            *opacity = (*opacity + by).clamp(0.0, 1.0);
        }
    }

    fn grade(&mut self, class: usize, classes: usize) {
        if self.awaits_reader() {
            if let Some(current) = &self.current {
                self.read_first.enter(&current.path, class, Instant::now());
            }
            return;
        }
        let enabled = &mut self.preferences.style.clear.enabled;
        enabled.resize(classes, true);
        enabled[class] = !enabled[class];
    }

    fn step_class(&mut self, by: isize) {
        let Some((shown, card)) = self.shown().zip(self.card()) else { return };
        let last = card.classes.len() as isize - 1;
        let class = (shown.explanation.shown_class() as isize + by).clamp(0, last) as usize;
        self.show_class(Some(class));
    }

    fn show_class(&mut self, class: Option<usize>) {
        self.choices.class = class;
        if let Some(shown) = self.current.as_mut().and_then(|current| current.shown.as_mut())
            && shown.explanation.settings.class != class
        {
            shown.explanation.show_class(class, &shown.smoothed);
        }
    }

    /// Changes the choices; only another way back asks the network again.
    fn choose(&mut self, change: impl FnOnce(&mut Choices)) {
        change(&mut self.choices);
        let Some(settings) = self.settings() else { return };
        if self
            .current
            .as_ref()
            .and_then(|current| current.look.as_ref())
            .is_some_and(|look| look.asked != settings.asked())
        {
            self.explain_current();
        } else {
            self.derive();
        }
    }

    /// Looks for the pictures that `paths` mean, apart from this thread: a folder may lie on a slow disk.
    fn open(&mut self, paths: Vec<PathBuf>) {
        self.voice.later(move || {
            let found = scan::find::pictures(&paths).map_err(|error| error.to_string());
            Some(super::Event::Found(found))
        });
    }

    /// Wants the first openable of `paths`, with the others as its worklist.
    pub(super) fn open_found(&mut self, paths: Vec<PathBuf>) {
        let list = Worklist::new(paths, self.preferences.sort);
        let Some(first) = list.items().first().map(|item| item.path.clone()) else { return };
        list.items().iter().for_each(|item| self.cache.forget(&item.path));
        self.worker.forget();
        self.want(first, Some(list));
    }

    fn show(&mut self, path: PathBuf) {
        if self.worklist.position(&path).is_some() && self.selected() != Some(path.as_path()) {
            self.want(path, None);
        }
    }

    fn step(&mut self, forwards: bool) {
        let from = self.selected().map(Path::to_owned);
        let next = from.and_then(|path| self.worklist.neighbour(&path, forwards).map(|item| item.path.clone()));
        if let Some(path) = next {
            self.want(path, None);
        }
    }

    fn reload(&mut self) {
        if let Some(path) = self.current.as_ref().map(|current| current.path.clone()) {
            self.cache.forget(&path);
            self.worker.forget();
            self.want(path, None);
        }
    }

    /// Brings `path` onto the screen: at once where it is known, else through the worker.
    pub(super) fn want(&mut self, path: PathBuf, worklist: Option<Worklist>) {
        self.want_frame(path, worklist, 0);
    }

    /// As [`Self::want`]; of a picture that is not known yet, frame `frame`.
    pub(super) fn want_frame(&mut self, path: PathBuf, worklist: Option<Worklist>, frame: u32) {
        self.generation += 1;
        self.stage = None;
        let known = self.cache.get(&path).cloned().unwrap_or_default();
        let generation = self.generation;
        self.pending = Some(Pending { generation, path: path.clone(), worklist, since: Instant::now() });
        let look = self.model.as_ref().zip(self.settings());
        let look = look.and_then(|(model, settings)| known.look(&model.card.name, settings.asked()));
        match (known.picture, look) {
            (Some(picture), Some(look)) => {
                self.worker.cancel(generation);
                self.appear(path, picture);
                self.take_look(look);
                self.work_ahead();
            }
            (picture, _) => {
                let asked = self.settings().map(|settings| settings.asked());
                self.worker.explain(Job { generation, path, frame, picture, asked });
            }
        }
    }

    /// Asks the network for the picture on the screen, once more.
    pub(super) fn explain_current(&mut self) {
        let Some(settings) = self.settings() else { return };
        let Some(Current { path, picture, .. }) = &self.current else { return };
        let (path, picture) = (path.clone(), Arc::clone(picture));
        let known = self.cache.get(&path).zip(self.model.as_ref());
        if let Some(look) = known.and_then(|(known, model)| known.look(&model.card.name, settings.asked())) {
            self.take_look(look);
            return;
        }
        self.generation += 1;
        let (generation, frame) = (self.generation, picture.frame());
        let asked = Some(settings.asked());
        self.worker.explain(Job { generation, path, frame, picture: Some(picture), asked });
    }

    /// Puts a picture on the screen; its maps come later.
    pub(super) fn appear(&mut self, path: PathBuf, picture: Arc<super::Picture>) {
        if let Some(worklist) = self.pending.take().and_then(|pending| pending.worklist) {
            self.worklist = worklist;
            self.want_thumbnails(&path);
        }
        self.preferences.remember(&path);
        if self.worklist.len() < 2 {
            // Not with every step through a list: that is on the way out.
            self.save_preferences();
        }
        if let Some(item) = self.worklist.item_mut(&path) {
            item.problem = None;
            item.thumbnail.get_or_insert_with(|| picture.thumbnail());
        }
        if self.current.as_ref().is_none_or(|current| current.path != path) {
            // Each picture is first seen for what the model decided, with all its grades.
            self.choices.class = None;
            self.preferences.style.clear.enabled.clear();
        }
        self.read_first.appears(&path, Instant::now());
        self.next_id += 1;
        let fresh = || picture.scan.grey().map(GreyState::new);
        // Another frame of the same file keeps the reader's window.
        let kept =
            self.current.take().filter(|current| current.path == path && current.picture.frame() != picture.frame());
        let grey = match (kept.and_then(|current| current.grey), picture.scan.grey()) {
            (Some(state), Some(grey)) => Some(state.carried_to(grey)),
            _ => fresh(),
        };
        self.current = Some(Current { id: self.next_id, path, picture, look: None, shown: None, grey });
        self.forget_aside();
        self.want_model_input();
        self.judge();
    }

    fn want_thumbnails(&mut self, first: &Path) {
        let at = self.worklist.position(first).unwrap_or(0);
        let (before, after) = self.worklist.items().split_at(at);
        let missing = after.iter().chain(before).filter(|item| item.thumbnail.is_none() && item.path != first);
        self.worker.thumbnails(missing.map(|item| item.path.clone()).collect());
    }

    /// Has the neighbours explained while the user looks.
    pub(super) fn work_ahead(&mut self) {
        let Some((settings, model)) = self.settings().zip(self.model.as_ref().map(|model| model.card.name.clone()))
        else {
            return;
        };
        let Some(path) = self.selected().map(Path::to_owned) else { return };
        let mut wanted = Vec::new();
        for (forwards, count) in [(true, AHEAD), (false, 1)] {
            let mut from = path.clone();
            for _ in 0..count {
                let Some(item) = self.worklist.neighbour(&from, forwards) else { break };
                from.clone_from(&item.path);
                wanted.push(from.clone());
            }
        }
        let generation = self.generation;
        let jobs = wanted.into_iter().filter_map(|path| {
            let known = self.cache.peek(&path).cloned().unwrap_or_default();
            let is_known = known.picture.is_some() && known.look(&model, settings.asked()).is_some();
            let asked = Some(settings.asked());
            (!is_known).then_some(Job { generation, path, frame: 0, picture: known.picture, asked })
        });
        let jobs = jobs.collect();
        self.worker.ahead(jobs);
    }

    /// Forgets what was asked for; what is on the screen stays.
    fn cancel(&mut self) {
        let something = self.pending.take().is_some() | self.stage.take().is_some();
        self.generation += 1;
        self.worker.cancel(self.generation);
        if something {
            self.notice("Cancelled.".to_owned(), false, None);
        }
    }

    fn use_cpu(&mut self) {
        self.options.device = DeviceChoice::Cpu;
        let wished = self.model_wish.as_ref().map(|(name, _)| name.clone());
        let in_use = || self.model.as_ref().map(|model| model.card.name.clone());
        let name = wished.or_else(in_use).unwrap_or_else(|| self.preferences.model.clone());
        self.load_model(name);
    }
}
