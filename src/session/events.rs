//! What the threads say, taken in.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, Instant};

use super::message::{Event, Model};
use super::worklist::Graded;
use super::{Look, Picture, Session, SessionCommand};
use crate::bundle::assess;

/// A message that is no problem goes by itself.
const NOTICE_STAYS: Duration = Duration::from_secs(8);

impl Session {
    /// Takes in everything that was said since the last call.
    pub fn poll(&mut self) {
        while let Ok(event) = self.events.try_recv() {
            self.take(event);
        }
        self.notices.retain(|notice| notice.is_problem || notice.since.elapsed() < NOTICE_STAYS);
    }

    fn take(&mut self, event: Event) {
        match event {
            Event::ModelReady(model) => self.model_is_ready(model),
            Event::ModelFailed { name, reason } => {
                self.model_wish = None;
                self.notice(format!("The model {name} could not be loaded: {reason}"), true, None);
            }
            Event::Stage { generation, stage } if generation == self.generation => {
                self.stage = Some((stage, Instant::now()));
            }
            Event::Stage { .. } => {}
            Event::Opened { generation, path, picture } => self.opened(generation, path, picture),
            Event::Explained { generation, path, model, look, is_new } => {
                self.network_runs += u64::from(is_new);
                self.explained(generation, &path, model, look);
            }
            Event::Failed { generation, path, reason, device_lost } => {
                self.failed(generation, &path, reason, device_lost);
            }
            Event::Thumbnail { path, thumbnail } => {
                if let Some(item) = self.worklist.item_mut(&path) {
                    item.thumbnail = Some(thumbnail);
                }
            }
            Event::Found(Ok(found)) => {
                found.problems.iter().for_each(|problem| self.notice(problem.to_string(), true, None));
                self.open_found(found.pictures);
            }
            Event::Found(Err(reason)) => self.notice(reason, true, None),
            Event::Derived { look, shown } => self.derived(&look, *shown),
            Event::Panel { use_for, panel } => self.panels.push((use_for, panel)),
            Event::Personal { id, said } => self.take_personal(id, said),
            Event::ModelInput { id, picture } => self.take_model_input(id, picture),
            Event::Exported(result) => self.exported(result),
            Event::Fault(reason) => {
                // Whatever it was at is not under way any more.
                (self.deriving, self.derive_again, self.exporting) = (false, false, None);
                self.notice(reason, true, None);
            }
        }
    }

    fn model_is_ready(&mut self, model: Model) {
        self.model_wish = None;
        let is_first = self.model.is_none();
        let changed = self.model.as_ref().is_none_or(|known| known.sha256 != model.sha256);
        self.preferences.model.clone_from(&model.card.name);
        self.model = Some(model);
        if changed {
            self.choices = super::Choices::default();
            self.preferences.style.clear.enabled.clear();
            self.worklist.forget_grades();
            self.read_first.forget();
        }
        if let Some(current) = &mut self.current {
            (current.look, current.shown) = (None, None);
        }
        self.forget_aside();
        self.want_model_input();
        self.judge();
        match self.pending.take_if(|_| !is_first) {
            Some(pending) => self.want(pending.path, pending.worklist),
            // What was wanted before the first model stood ready waits in the worker.
            None if self.pending.is_some() => {}
            None => self.explain_current(),
        }
    }

    fn opened(&mut self, generation: u64, path: PathBuf, picture: Arc<Picture>) {
        self.cache.add_picture(&path, Arc::clone(&picture));
        if let Some(item) = self.worklist.item_mut(&path) {
            item.thumbnail.get_or_insert_with(|| picture.thumbnail());
        }
        if self.pending.as_ref().is_some_and(|pending| pending.generation == generation && pending.path == path) {
            self.appear(path, picture);
            if self.model.is_none() {
                self.stage = None;
            }
        }
    }

    fn explained(&mut self, generation: u64, path: &Path, model: String, look: Arc<Look>) {
        let is_current_model = self.model.as_ref().is_some_and(|known| known.card.name == model);
        let card = self.model.as_ref().map(|known| Arc::clone(&known.card));
        let picture = self.cache.peek(path).and_then(|known| known.picture.clone());
        let assessed = card.zip(picture).and_then(|(card, picture)| assess(&card, &picture.measures));
        let is_gradable = assessed.is_none_or(|assessed| assessed.is_gradable());
        if is_current_model && let Some(item) = self.worklist.item_mut(path) {
            let class = look.verdict.decided;
            let is_said = look.verdict.findings.as_ref().is_none_or(|findings| findings.contains(&class));
            item.graded = Some(Graded { is_said, class, probability: look.verdict.probabilities[class], is_gradable });
        }
        self.cache.add_look(path, model, Arc::clone(&look));
        let is_way = self.settings().is_some_and(|settings| settings.asked() == look.asked);
        let is_current = self.current.as_ref().is_some_and(|current| current.path == path);
        if is_current && is_current_model && is_way && self.pending.is_none() {
            self.take_look(look);
            if generation == self.generation {
                self.stage = None;
                self.work_ahead();
            }
        }
    }

    /// A look for the picture on the screen has come.
    pub(super) fn take_look(&mut self, look: Arc<Look>) {
        if let Some(current) = &mut self.current {
            current.look = Some(look);
            self.derive();
        }
    }

    /// A picture that fails leaves what was open; in a list the next one is tried.
    fn failed(&mut self, generation: u64, path: &Path, reason: String, device_lost: bool) {
        if device_lost {
            self.stage = None;
            let way_out = ("Use the CPU", SessionCommand::UseCpu);
            self.notice(reason, true, Some(way_out));
            return;
        }
        if let Some(item) = self.worklist.item_mut(path) {
            item.problem = Some(reason.clone());
        }
        if generation != self.generation {
            return;
        }
        self.stage = None;
        let Some(pending) = self.pending.take_if(|pending| pending.generation == generation) else {
            return self.notice(reason, true, None);
        };
        self.notice(reason.clone(), true, None);
        if let Some(mut list) = pending.worklist {
            if let Some(item) = list.item_mut(path) {
                item.problem = Some(reason);
            }
            if let Some(next) = list.neighbour(path, true).map(|item| item.path.clone()) {
                self.want(next, Some(list));
            }
        }
    }

    fn exported(&mut self, result: Result<Vec<PathBuf>, String>) {
        self.exporting = None;
        match result {
            Ok(files) => {
                let folder = files.first().and_then(|file| file.parent()).unwrap_or(Path::new("."));
                let (count, folder) = (files.len(), folder.display());
                let s = if count == 1 { "" } else { "s" };
                self.notice(format!("Wrote {count} file{s} to {folder}."), false, None);
            }
            Err(reason) => self.notice(reason, true, None),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::guard::memory::USUAL_LIMIT_BYTES;
    use crate::network::DeviceChoice;
    use crate::session::Options;

    #[test]
    fn a_lost_device_offers_the_cpu_and_leaves_what_is_open() {
        let options = Options {
            folders: Vec::new(),
            model: Some("mnist".to_owned()),
            device: DeviceChoice::Cpu,
            preferences: None,
            limit_bytes: USUAL_LIMIT_BYTES,
        };
        let mut session = Session::start(options, Arc::new(|| {})).unwrap();
        let (path, reason) = (PathBuf::from("a.png"), "the GPU failed".to_owned());
        session.take(Event::Failed { generation: 0, path, reason, device_lost: true });
        let notice = session.notices.last().unwrap();
        assert_eq!(notice.action, Some(("Use the CPU", SessionCommand::UseCpu)));
        session.apply(&SessionCommand::UseCpu);
        assert!(session.busy().unwrap().what.contains("mnist"), "the model is loaded again");
    }
}
