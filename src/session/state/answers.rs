//! Takes in the answers of the threads.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, Instant};

use image::RgbImage;

use super::State;
use super::current::Role;
use super::doing::{Doing, Engine, Explaining};
use crate::bundle::Advice;
use crate::explain::{Look, Steadiness};
use crate::scan::find::Found;
use crate::session::Choices;
use crate::session::answer::answer;
use crate::session::command::SessionCommand;
use crate::session::key::{LookKey, PictureKey};
use crate::session::message::{ExplainPhase, Model, ShortTask};
use crate::session::picture::Picture;
use crate::session::shown::Shown;
use crate::session::worklist::Classes;

/// Messages that report no problem disappear by themselves.
const NOTICE_STAYS: Duration = Duration::from_secs(8);

impl State {
    pub(super) fn drop_old_news(&mut self, now: Instant) {
        let is_new = |since| now.saturating_duration_since(since) < NOTICE_STAYS;
        self.notices.retain(|notice| notice.is_problem || is_new(notice.since));
    }

    /// The worker has loaded a model, the latest requested or an earlier one.
    pub(super) fn model_is_ready(&mut self, of: u64, model: Model, now: Instant) {
        let changed = self.engine.model().is_none_or(|known| known.sha256 != model.sha256);
        if changed {
            self.choices = Choices::default();
            self.preferences.style.clear.enabled.clear();
            self.worklist.set_classes(Classes::of(&model.card));
            self.veil();
        }
        self.engine = match std::mem::take(&mut self.engine) {
            Engine::Loading { number, name, since, .. } if number != of => {
                Engine::Loading { number, name, since, before: Some(model) }
            }
            Engine::Loading { .. } | Engine::Ready(_) | Engine::Without => {
                self.preferences.model.clone_from(&model.card.name);
                Engine::Ready(model)
            }
        };
        if changed {
            self.labels_for_another_model(now);
        }
        if let Some(current) = &mut self.current {
            current.forget_answers();
        }
        self.forget_companions_answer();
        (self.ahead_of, self.steady_of) = (None, None);
        self.grade_anew();
        self.forget_aside();
        self.want_model_input();
        self.judge();
    }

    /// A model that cannot be loaded leaves the current one in place.
    pub(super) fn model_failed(&mut self, of: u64, name: &str, reason: &str, now: Instant) {
        self.engine = match std::mem::take(&mut self.engine) {
            Engine::Loading { number, before, .. } if number == of => before.map_or(Engine::Without, Engine::Ready),
            engine @ (Engine::Loading { .. } | Engine::Ready(_) | Engine::Without) => {
                // Superseded: another one has been requested since.
                self.engine = engine;
                return;
            }
        };
        // What was to be done ahead gave way to it.
        (self.ahead_of, self.steady_of) = (None, None);
        self.grade_anew();
        self.notice(format!("The model {name} could not be loaded: {reason}"), true, None, now);
    }

    pub(super) fn take_phase(&mut self, of: u64, what: ExplainPhase, now: Instant) {
        match &mut self.doing {
            Doing::Explaining(Explaining { ticket, phase, since, .. }) if *ticket == of => {
                (*phase, *since) = (what, now);
            }
            Doing::Rest | Doing::Opening(_) | Doing::Explaining(_) => {}
        }
    }

    pub(super) fn opened(&mut self, key: PictureKey, picture: Arc<Picture>, now: Instant) {
        self.cache.add_picture(&key, Arc::clone(&picture));
        self.worklist.set_thumbnail(&key.path, || picture.thumbnail());
        self.doing = match std::mem::take(&mut self.doing) {
            Doing::Opening(opening) if opening.key == key => {
                self.appear(key.clone(), picture, opening.list.map(|list| *list), now);
                // The same job goes on with the look, where it was known which.
                let ticket = opening.ticket;
                let explaining = |under| {
                    let key = LookKey { picture: key, under };
                    Doing::Explaining(Explaining { ticket, key, phase: ExplainPhase::Explaining, since: now })
                };
                opening.under.map_or(Doing::Rest, explaining)
            }
            doing @ (Doing::Rest | Doing::Opening(_) | Doing::Explaining(_)) => doing,
        };
    }

    pub(super) fn explained(&mut self, key: &LookKey, look: Arc<Look>, is_new: bool) {
        self.network_runs += u64::from(is_new);
        self.grade(key, &look);
        self.cache.add_look(key, Arc::clone(&look));
        // The cache keeps no look at a file that has changed since, but the old picture may still be on the screen.
        if self.doing.explaining().is_some_and(|explaining| explaining.key == *key) {
            self.doing = Doing::Rest;
        }
        for role in Role::ALL {
            let is_of_screen = self.current.as_ref().is_some_and(|current| current.key() == key.picture);
            if is_of_screen && self.under(role).as_ref() == Some(&key.under) {
                self.take_look(role, Arc::clone(&look));
            }
        }
    }

    /// The list says what the model in use says of the first frame of each file.
    fn grade(&mut self, key: &LookKey, look: &Look) {
        let PictureKey { path, frame, .. } = &key.picture;
        let Some(model) = self.engine.model().filter(|model| model.sha256 == key.under.model && *frame == 0) else {
            return;
        };
        if self.cache.key(path, 0) != key.picture {
            return;
        }
        let on_screen = self.current.as_ref().filter(|current| current.key() == key.picture);
        let known = self.cache.peek(&key.picture).and_then(|known| known.picture.as_ref());
        let Some(picture) = on_screen.map(|current| &current.picture).or(known) else { return };
        let answer = answer(&model.card, &model.sha256, &look.verdict, &picture.measures);
        self.graded(&key.picture, answer);
    }

    /// A picture that fails leaves what was open; in a list the next one is tried. What fails ahead of the user is
    /// marked in the list and said nowhere: nobody has chosen it.
    pub(super) fn failed(
        &mut self,
        of: Option<u64>,
        key: &PictureKey,
        reason: String,
        device_lost: bool,
        now: Instant,
    ) {
        if of.is_none() {
            self.companion_failed(key, &reason);
        }
        // Where a second rule fails, the first one has an answer.
        let is_second = self.doing.explaining().is_some_and(|explaining| {
            Some(explaining.ticket) == of && self.under(Role::Answer).as_ref() != Some(&explaining.key.under)
        });
        if !device_lost
            && !is_second
            && self.cache.key(&key.path, key.frame) == *key
            && let Some(item) = self.worklist.item_mut(&key.path)
        {
            item.problem = Some(reason.clone());
        }
        if device_lost && of.is_none() {
            self.grading_lost_device();
        }
        self.doing = match std::mem::take(&mut self.doing) {
            Doing::Opening(opening) if Some(opening.ticket) == of => {
                self.say_failed(reason.clone(), device_lost, now);
                if let Some(mut list) = opening.list {
                    if let Some(item) = list.item_mut(&key.path) {
                        item.problem = Some(reason);
                    }
                    if let Some(next) = list.neighbour(&key.path, true).map(|item| item.path.clone()) {
                        return self.want(&next, 0, Some(*list), now);
                    }
                }
                Doing::Rest
            }
            Doing::Explaining(explaining) if Some(explaining.ticket) == of => {
                self.say_failed(reason, device_lost, now);
                self.leave_look(&explaining.key);
                Doing::Rest
            }
            doing @ (Doing::Rest | Doing::Opening(_) | Doing::Explaining(_)) => doing,
        };
    }

    fn say_failed(&mut self, reason: String, device_lost: bool, now: Instant) {
        let way_out = device_lost.then_some(("Use the CPU", SessionCommand::UseCpu));
        self.notice(reason, true, way_out, now);
    }

    /// A look that does not come: the choices go back to those of the look that is shown, if there is one.
    pub(super) fn leave_look(&mut self, key: &LookKey) {
        let [is_answer, is_second] = Role::ALL.map(|role| self.under(role).as_ref() == Some(&key.under));
        let Some(current) = self.current.as_mut().filter(|current| current.key() == key.picture) else { return };
        if is_answer {
            match &current.answer.look {
                Some(look) => {
                    let asked = look.asked;
                    self.choices.rule = Some(asked.back_projection.rule);
                    self.choices.evidence = Some(asked.back_projection.evidence);
                    self.choices.cam = asked.cam;
                }
                None => current.answer.given_up = Some(key.under.clone()),
            }
        } else if is_second {
            self.choices.compare = None;
        }
    }

    pub(super) fn take_thumbnail(&mut self, path: &Path, thumbnail: RgbImage) {
        self.worklist.set_thumbnail(path, || thumbnail);
    }

    pub(super) fn steadied(&mut self, key: &PictureKey, model: String, steady: Steadiness) {
        let steady = Arc::new(steady);
        let is_model = self.engine.model().is_some_and(|known| known.sha256 == model);
        if let Some(current) = self.current.as_mut().filter(|current| is_model && current.key() == *key) {
            current.steady = Some(Arc::clone(&steady));
        }
        self.cache.add_steady(key, model, steady);
    }

    /// An open that was followed by a newer request is void.
    pub(super) fn found(&mut self, of: u64, found: Result<Found, String>, now: Instant) {
        let Some(finding) = self.finding.take_if(|finding| finding.number == of) else { return };
        match found {
            Ok(found) => {
                found.problems.iter().for_each(|problem| self.notice(problem.to_string(), true, None, now));
                self.open_found(finding.paths, found.pictures, now);
            }
            Err(reason) => self.notice(reason, true, None, now),
        }
    }

    pub(super) fn derived(&mut self, number: u64, shown: Shown) {
        let class = self.choices.class;
        if let Some(side) = self.companion_side(number) {
            return side.take_shown(number, shown, class);
        }
        let Some(current) = &mut self.current else { return };
        let role = Role::ALL.into_iter().find(|role| current.side(*role).is_deriving(number));
        if let Some(role) = role {
            current.side_mut(role).take_shown(number, shown, class);
        }
    }

    pub(super) fn advised(&mut self, number: u64, advice: Option<Advice>) {
        if let (Some(current), Some(advice)) = (&mut self.current, advice)
            && current.advising.take_if(|known| *known == number).is_some()
        {
            current.advice = Some(advice);
        }
    }

    pub(super) fn exported(&mut self, of: u64, written: Result<Vec<PathBuf>, String>, now: Instant) {
        self.exports.retain(|(number, _)| *number != of);
        match written {
            Ok(files) => {
                let folder = files.first().and_then(|file| file.parent()).unwrap_or(Path::new("."));
                let (count, folder) = (files.len(), folder.display());
                let s = if count == 1 { "" } else { "s" };
                self.notice(format!("Wrote {count} file{s} to {folder}."), false, None, now);
            }
            Err(reason) => self.notice(reason, true, None, now),
        }
    }

    /// What ended in a fault is no longer under way.
    pub(super) fn fault(&mut self, work: ShortTask, reason: String, now: Instant) {
        match work {
            ShortTask::Find(number) => {
                // An open followed by a newer request is void.
                if self.finding.take_if(|finding| finding.number == number).is_none() {
                    return;
                }
            }
            ShortTask::Derive(number) => {
                if let Some(side) = self.companion_side(number) {
                    side.derive_failed(number);
                } else {
                    let Some(current) = &mut self.current else { return };
                    let Some(role) = Role::ALL.into_iter().find(|role| current.side(*role).is_deriving(number)) else {
                        return;
                    };
                    current.side_mut(role).derive_failed(number);
                }
            }
            ShortTask::Export(of) => self.exports.retain(|(number, _)| *number != of),
            ShortTask::Labels(number) => self.lab.failed(number),
            ShortTask::Archive(number) => self.archive_failed(number),
            ShortTask::Beside => {}
        }
        self.notice(reason, true, None, now);
    }
}
