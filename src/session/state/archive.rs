//! Archives: requests, results, and the studies that are kept here as long as somebody looks at them.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Instant;

use super::State;
use crate::pacs::{Connection, FoundStudy, Query};
use crate::session::archive::{
    self, ArchiveAnswer, ArchiveJob, ArchiveQuestion, PendingQuestion, Stop, Study, WaitingFor,
};
use crate::session::command::ArchiveCommand;
use crate::session::effect::Effect;

/// What is known of archives. Results are forgotten when nobody looks at them.
#[derive(Debug, Default)]
pub struct Desk {
    asked: Option<Asked>,
    found: Option<Vec<FoundStudy>>,
    /// The outcome of the last question, in words: good news or what was wrong.
    answer: Option<Result<String, String>>,
    /// Those that were fetched and are in use.
    studies: Vec<Arc<Study>>,
    /// Whether a study came that the window does not know of yet.
    has_come: bool,
}

/// A question to an archive.
#[derive(Debug)]
struct Asked {
    number: u64,
    waiting: PendingQuestion,
    stop: Stop,
}

impl State {
    /// The archive that is searched.
    pub fn connection(&self) -> Option<&Connection> {
        let all = &self.preferences.connections;
        all.iter().find(|connection| connection.name == self.preferences.connection).or(all.first())
    }

    /// The studies that were found; `None` where nobody has searched.
    pub fn found_studies(&self) -> Option<&[FoundStudy]> {
        self.archive.found.as_deref()
    }

    /// What an archive is being asked for.
    pub fn waiting_for_archive(&self) -> Option<&PendingQuestion> {
        self.archive.asked.as_ref().map(|asked| &asked.waiting)
    }

    /// The outcome of the last question: good news, or what was wrong and what to do.
    pub fn archive_answer(&self) -> Option<Result<&str, &str>> {
        self.archive.answer.as_ref().map(|answer| answer.as_deref().map_err(String::as_str))
    }

    /// Whether a study has come since this was asked last.
    pub fn take_study_has_come(&mut self) -> bool {
        std::mem::take(&mut self.archive.has_come)
    }

    /// The study of an archive that `path` belongs to, where it goes with what is open.
    pub fn private_study(&self, path: &Path) -> Option<&Study> {
        self.archive.studies.iter().map(|study| &**study).find(|study| study.is_private() && study.holds(path))
    }

    pub(super) fn act_on_archive(&mut self, command: ArchiveCommand, now: Instant) {
        match command {
            ArchiveCommand::Search(query) => self.search_archive(query, now),
            ArchiveCommand::Fetch { row, keep } => self.fetch_study(row, keep, now),
            ArchiveCommand::Test(connection) => {
                self.ask_archive(*connection, ArchiveQuestion::Echo, WaitingFor::Echo, now)
            }
            ArchiveCommand::Stop => _ = self.archive.stop(),
            ArchiveCommand::Leave => {
                self.archive.stop();
                (self.archive.found, self.archive.answer) = (None, None);
            }
            ArchiveCommand::Choose(name) => {
                self.preferences.connection = name;
                self.forget_found();
                self.effects.push(Effect::SavePreferences);
            }
            ArchiveCommand::Keep(was, connection) => self.keep_connection(was.as_deref(), *connection),
            ArchiveCommand::Delete(name) => {
                self.preferences.connections.retain(|known| known.name != name);
                self.forget_found();
                self.effects.push(Effect::SavePreferences);
            }
        }
    }

    /// Studies are those of one archive.
    fn forget_found(&mut self) {
        self.archive.stop();
        (self.archive.found, self.archive.answer) = (None, None);
    }

    fn keep_connection(&mut self, was: Option<&str>, connection: Connection) {
        let others = |known: &&Connection| Some(known.name.as_str()) != was;
        let names: Vec<&str> = self.preferences.connections.iter().filter(others).map(|c| c.name.as_str()).collect();
        if archive::fault_of(&connection, names.into_iter()).is_some() {
            return;
        }
        self.preferences.connection.clone_from(&connection.name);
        let all = &mut self.preferences.connections;
        match all.iter_mut().find(|known| Some(known.name.as_str()) == was) {
            Some(known) => *known = connection,
            None => all.push(connection),
        }
        self.forget_found();
        self.effects.push(Effect::SavePreferences);
    }

    fn search_archive(&mut self, query: Query, now: Instant) {
        let Some(connection) = self.connection().cloned() else { return };
        self.archive.found = None;
        self.ask_archive(connection, ArchiveQuestion::Find(query), WaitingFor::Search, now);
    }

    fn fetch_study(&mut self, row: usize, keep: Option<PathBuf>, now: Instant) {
        let study = self.archive.found.as_ref().and_then(|found| found.get(row));
        let Some((study, connection)) = study.zip(self.connection().cloned()) else { return };
        let waiting = WaitingFor::Fetch { arrived: 0, of: study.instances };
        let question = ArchiveQuestion::Fetch { study_uid: study.study_uid.clone(), keep };
        self.ask_archive(connection, question, waiting, now);
    }

    /// One question at a time: a newer one cancels the last.
    fn ask_archive(&mut self, connection: Connection, question: ArchiveQuestion, what: WaitingFor, now: Instant) {
        self.archive.stop();
        self.archive.answer = None;
        let (number, stop) = (self.number(), Stop::default());
        let job = ArchiveJob { number, archive: connection.archive, question, stop: stop.clone() };
        self.archive.asked = Some(Asked { number, waiting: PendingQuestion { since: now, what }, stop });
        self.effects.push(Effect::Ask(Box::new(job)));
    }

    /// What was not waited for any longer is dropped, and a study with it.
    pub(super) fn archive_said(&mut self, of: u64, said: Result<ArchiveAnswer, String>, now: Instant) {
        let Some(asked) = self.archive.asked.as_mut().filter(|asked| asked.number == of) else { return };
        if let (Ok(ArchiveAnswer::Arrived(count)), WaitingFor::Fetch { arrived, .. }) = (&said, &mut asked.waiting.what)
        {
            *arrived = (*arrived).max(*count);
            return;
        }
        self.archive.asked = None;
        match said {
            Ok(ArchiveAnswer::Found(found)) => self.archive.found = Some(in_order(found)),
            Ok(ArchiveAnswer::Fetched(study)) => self.study_came(study, now),
            Ok(ArchiveAnswer::Here) => self.archive.answer = Some(Ok("It answers.".to_owned())),
            Ok(ArchiveAnswer::Arrived(_)) => {}
            Err(reason) => self.archive.answer = Some(Err(reason)),
        }
    }

    fn study_came(&mut self, study: Study, now: Instant) {
        if study.pictures == 0 {
            let others = match study.passed_over {
                0 => "nothing came".to_owned(),
                1 => "one object of another kind came".to_owned(),
                count => format!("{count} objects of other kinds came"),
            };
            let says = format!("No picture of this study can be opened: {others}.");
            self.archive.answer = Some(Err(says));
            return;
        }
        let folder = study.folder().to_owned();
        self.archive.studies.push(Arc::new(study));
        self.archive.has_come = true;
        self.open(vec![folder], now);
    }

    pub(super) fn archive_failed(&mut self, number: u64) {
        self.archive.asked.take_if(|asked| asked.number == number);
    }

    /// Drops studies of which nothing is open or on its way.
    pub(super) fn let_studies_go(&mut self) {
        if self.archive.studies.is_empty() {
            return;
        }
        let finding = self.finding.iter().flat_map(|finding| &finding.paths);
        let coming = self.doing.opening().and_then(|opening| opening.list.as_ref());
        let coming = coming.into_iter().flat_map(|list| list.opened());
        let on_screen = self.current.iter().map(|current| &current.path);
        let open: Vec<&PathBuf> = finding.chain(coming).chain(on_screen).chain(self.worklist.opened()).collect();
        self.archive.studies.retain(|study| open.iter().any(|path| study.holds(path)));
    }
}

impl Desk {
    /// Whether something was asked for, which is now waited for no longer.
    pub fn stop(&mut self) -> bool {
        let asked = self.asked.take();
        asked.iter().for_each(|asked| asked.stop.set());
        asked.is_some()
    }

    /// Number of studies kept here.
    #[cfg(test)]
    pub fn studies(&self) -> usize {
        self.studies.len()
    }
}

/// Latest day first; within a day by patient.
fn in_order(mut found: Vec<FoundStudy>) -> Vec<FoundStudy> {
    found.sort_by(|a, b| b.study_date.cmp(&a.study_date).then_with(|| a.patient_name.cmp(&b.patient_name)));
    found
}

impl Drop for Desk {
    /// Nobody waits for an archive once the window is closed.
    fn drop(&mut self) {
        self.stop();
    }
}
