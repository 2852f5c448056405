//! What the worker is asked for, and in which order it is done.
//!
//! Must not know threads: the worker and the tests wrap it.

use std::collections::VecDeque;
use std::path::PathBuf;

use super::gallery::GalleryJob;
use super::message::{Event, GradeJob, Job, ModelWish, SteadyJob};
use super::trust::TrustJob;

/// Open requests; the worker takes the most urgent first.
#[derive(Debug, Default)]
pub struct Plan {
    model: Option<ModelWish>,
    wanted: Option<Job>,
    /// The request whose answer is still awaited.
    ticket: Option<u64>,
    /// The picture beside the one on the screen.
    beside: Option<Job>,
    /// As it was begun, until something else is.
    begun_beside: Option<Job>,
    trust: Option<TrustJob>,
    /// That of the part that an answer is still awaited to.
    trust_number: Option<u64>,
    gallery: Option<GalleryJob>,
    gallery_number: Option<u64>,
    ahead: VecDeque<Job>,
    thumbnails: VecDeque<PathBuf>,
    steady: Option<SteadyJob>,
    grade: VecDeque<GradeJob>,
    /// Whether the picture that is being graded is one of those that were asked for last.
    is_grading: bool,
}

/// One task.
#[derive(Debug)]
pub enum Task {
    Model(ModelWish),
    Explain(Job),
    Trust(TrustJob),
    Gallery(GalleryJob),
    Thumbnail(PathBuf),
    Steady(SteadyJob),
    Grade(GradeJob),
}

impl Task {
    /// What a failure of it reports; nothing where nobody waits.
    pub fn failed(&self) -> Box<dyn FnOnce(String) -> Option<Event>> {
        match self {
            Self::Model(ModelWish { number, name, .. }) => {
                let (number, name) = (*number, name.clone());
                Box::new(move |reason| Some(Event::ModelFailed { number, name, reason }))
            }
            Self::Explain(Job { ticket, key, .. }) => {
                let (ticket, key) = (*ticket, key.clone());
                Box::new(move |reason| {
                    let reason = format!("{}: {reason}", key.path.file_name().unwrap_or_default().to_string_lossy());
                    Some(Event::Failed { ticket, key, reason, device_lost: false })
                })
            }
            Self::Trust(TrustJob { number, .. }) => {
                let number = *number;
                Box::new(move |reason| Some(Event::Tried { number, found: Err(reason) }))
            }
            Self::Gallery(GalleryJob { number, .. }) => {
                let number = *number;
                Box::new(move |reason| Some(Event::GalleryMade { number, made: Err(reason) }))
            }
            Self::Thumbnail(_) | Self::Steady(_) => Box::new(|_| None),
            Self::Grade(GradeJob { key, .. }) => {
                let key = key.clone();
                Box::new(move |reason| Some(Event::Failed { ticket: None, key, reason, device_lost: false }))
            }
        }
    }
}

impl Plan {
    pub fn load(&mut self, wish: ModelWish) {
        self.model = Some(wish);
    }

    /// Wants `job` now; an older wish that has not begun is forgotten, and one that has ends at its next step.
    pub fn explain(&mut self, job: Job) {
        (self.ticket, self.wanted) = (job.ticket, Some(job));
    }

    /// Drops the request and what was planned ahead.
    pub fn cancel(&mut self) {
        (self.ticket, self.wanted) = (None, None);
        self.ahead.clear();
    }

    /// Replaces the picture beside the one that is wanted.
    pub fn beside(&mut self, job: Option<Job>) {
        (self.beside, self.begun_beside) = (job, None);
    }

    /// `job` gave way to something more urgent: of the picture beside another one it is begun again after that.
    pub fn gave_way(&mut self, job: &Job) {
        let is_it = |begun: &Job| job.ticket.is_none() && begun.key == job.key && begun.under == job.under;
        if self.begun_beside.as_ref().is_some_and(is_it) && self.beside.is_none() {
            self.beside = self.begun_beside.take();
        }
    }

    /// Replaces what is tried on the map on the screen.
    pub fn trust(&mut self, job: Option<TrustJob>) {
        (self.trust_number, self.trust) = (job.as_ref().map(|job| job.number), job);
    }

    /// Whether what is tried under this number may go on: nobody waits for a picture, and it is still wished for.
    pub fn may_try(&self, number: u64) -> bool {
        self.nobody_waits() && self.trust_number == Some(number)
    }

    fn nobody_waits(&self) -> bool {
        self.model.is_none() && self.wanted.is_none() && self.beside.is_none()
    }

    /// Replaces the figure that is made.
    pub fn make_gallery(&mut self, job: Option<GalleryJob>) {
        (self.gallery_number, self.gallery) = (job.as_ref().map(|job| job.number), job);
    }

    /// Whether the figure of this number may go on.
    pub fn may_make(&self, number: u64) -> bool {
        self.nobody_waits() && self.trust.is_none() && self.gallery_number == Some(number)
    }

    /// Has a figure that gave way go on later, unless nobody wishes for it by now.
    pub fn gallery_again(&mut self, job: GalleryJob) {
        if self.gallery_number == Some(job.number) {
            self.gallery = Some(job);
        }
    }

    /// Has what gave way begun again, unless nobody wishes for it by now.
    pub fn trust_again(&mut self, job: TrustJob) {
        if self.trust_number == Some(job.number) {
            self.trust = Some(job);
        }
    }

    /// Replaces what is done while nothing is wanted.
    pub fn ahead(&mut self, jobs: Vec<Job>) {
        self.ahead = jobs.into();
    }

    /// Replaces the pictures whose thumbnails are made while there is nothing else to do.
    pub fn thumbnails(&mut self, paths: Vec<PathBuf>) {
        self.thumbnails = paths.into();
    }

    /// Replaces the picture whose answer is tried for its steadiness.
    pub fn steady(&mut self, job: SteadyJob) {
        self.steady = Some(job);
    }

    /// Has what was broken off begun again, unless another picture has taken its place.
    pub fn steady_again(&mut self, job: SteadyJob) {
        self.steady.get_or_insert(job);
    }

    /// Replaces the pictures that are graded when there is nothing else to do.
    pub fn grade(&mut self, jobs: Vec<GradeJob>) {
        (self.grade, self.is_grading) = (jobs.into(), false);
    }

    /// Has the grading that was broken off come first when there is time again, unless other pictures took its place.
    pub fn grade_again(&mut self, job: GradeJob) {
        if std::mem::take(&mut self.is_grading) {
            self.grade.push_front(job);
        }
    }

    pub fn next(&mut self) -> Option<Task> {
        if let Some(wish) = self.model.take() {
            return Some(Task::Model(wish));
        }
        if let Some(job) = self.wanted.take() {
            return Some(Task::Explain(job));
        }
        if let Some(job) = self.beside.take() {
            self.begun_beside = Some(job.clone());
            return Some(Task::Explain(job));
        }
        if let Some(job) = self.trust.take() {
            return Some(Task::Trust(job));
        }
        if let Some(job) = self.gallery.take() {
            return Some(Task::Gallery(job));
        }
        if let Some(job) = self.ahead.pop_front() {
            return Some(Task::Explain(job));
        }
        if let Some(path) = self.thumbnails.pop_front() {
            return Some(Task::Thumbnail(path));
        }
        if let Some(job) = self.steady.take() {
            return Some(Task::Steady(job));
        }
        let job = self.grade.pop_front()?;
        self.is_grading = true;
        Some(Task::Grade(job))
    }

    /// Whether nothing is to be done that goes before the steadiness of an answer, or another one's.
    pub fn is_calm(&self) -> bool {
        let Self {
            model,
            wanted,
            ticket: _,
            beside,
            begun_beside: _,
            trust,
            trust_number: _,
            gallery,
            gallery_number: _,
            ahead,
            thumbnails,
            steady,
            grade: _,
            is_grading: _,
        } = self;
        model.is_none()
            && wanted.is_none()
            && beside.is_none()
            && trust.is_none()
            && gallery.is_none()
            && ahead.is_empty()
            && thumbnails.is_empty()
            && steady.is_none()
    }

    #[cfg(test)]
    pub fn is_empty(&self) -> bool {
        self.is_calm() && self.grade.is_empty()
    }

    /// Whether something is more urgent than `job`, which has begun.
    pub fn overtakes(&self, job: &Job) -> bool {
        let is_newer = match job.ticket {
            Some(ticket) => self.ticket != Some(ticket),
            None => self.wanted.is_some(),
        };
        self.model.is_some() || is_newer
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::network::DeviceChoice;
    use crate::session::key::PictureKey;

    fn job(ticket: Option<u64>) -> Job {
        let key = PictureKey { path: PathBuf::from("p"), frame: 0, reading: 0 };
        Job { ticket, key, picture: None, under: None }
    }

    #[test]
    fn the_model_goes_first_then_the_wish_then_what_is_ahead() {
        let wish = ModelWish { number: 1, name: "m".to_owned(), folders: Vec::new(), device: DeviceChoice::Cpu };
        let mut plan = Plan {
            model: Some(wish),
            wanted: Some(job(Some(2))),
            ahead: vec![job(None)].into(),
            thumbnails: vec![PathBuf::from("t")].into(),
            grade: vec![GradeJob { key: job(None).key, model: "m".to_owned(), explained: None }].into(),
            ..Plan::default()
        };
        assert!(!plan.is_empty());
        assert!(matches!(plan.next(), Some(Task::Model(_))));
        assert!(matches!(plan.next(), Some(Task::Explain(Job { ticket: Some(2), .. }))));
        assert!(matches!(plan.next(), Some(Task::Explain(Job { ticket: None, .. }))));
        assert!(matches!(plan.next(), Some(Task::Thumbnail(_))));
        assert!(plan.is_calm() && !plan.is_empty());
        assert!(matches!(plan.next(), Some(Task::Grade(_))));
        assert!(plan.is_empty() && plan.next().is_none());
    }
}
