//! The thread that owns model and device. It takes the newest wish first, works ahead while nothing is wished, and
//! answers with plain messages.
//!
//! Must not know the user interface: it is told how to wake it.

use std::collections::VecDeque;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread::JoinHandle;

use super::message::{Event, Job, Model, ModelWish, Stage, Voice};
use super::picture::Picture;
use crate::bundle::Library;
use crate::explain::{Examined, ExplainError, Explainer, Look, Settings};
use crate::export::needed_bytes;
use crate::guard::memory::Memory;
use crate::guard::panics;
use crate::network::{NetworkError, device};
use crate::scan::Encoded;

/// What is wished for; the thread takes from it, the most urgent first.
#[derive(Debug, Default)]
struct Plan {
    model: Option<ModelWish>,
    wanted: Option<Job>,
    /// The wish that answers are still awaited for.
    generation: u64,
    ahead: VecDeque<Job>,
    thumbnails: VecDeque<PathBuf>,
    /// Files may have changed: what was made last must not serve again.
    forget: bool,
    stop: bool,
}

enum Task {
    Model(ModelWish),
    Wanted(Job),
    Ahead(Job),
    Thumbnail(PathBuf),
}

impl Task {
    /// What is said of it where it fails; nothing of what nobody waits for.
    fn failed(&self) -> Box<dyn FnOnce(String) -> Option<Event>> {
        match self {
            Self::Model(wish) => {
                let name = wish.name.clone();
                Box::new(move |reason| Some(Event::ModelFailed { name, reason }))
            }
            Self::Wanted(Job { generation, path, .. }) | Self::Ahead(Job { generation, path, .. }) => {
                let (generation, path) = (*generation, path.clone());
                Box::new(move |reason| {
                    let reason = format!("{}: {reason}", path.file_name().unwrap_or_default().to_string_lossy());
                    Some(Event::Failed { generation, path, reason, device_lost: false })
                })
            }
            Self::Thumbnail(_) => Box::new(|_| None),
        }
    }
}

impl Plan {
    fn next(&mut self) -> Option<Task> {
        if let Some(wish) = self.model.take() {
            return Some(Task::Model(wish));
        }
        if let Some(job) = self.wanted.take() {
            return Some(Task::Wanted(job));
        }
        if let Some(job) = self.ahead.pop_front() {
            return Some(Task::Ahead(job));
        }
        self.thumbnails.pop_front().map(Task::Thumbnail)
    }
}

type Shared = Arc<(Mutex<Plan>, Condvar)>;

/// A handle to the thread, which ends with it.
pub struct Worker {
    shared: Shared,
    thread: Option<JoinHandle<()>>,
}

impl std::fmt::Debug for Worker {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Worker").finish_non_exhaustive()
    }
}

fn lock(shared: &Shared) -> MutexGuard<'_, Plan> {
    shared.0.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Worker {
    /// Starts the thread.
    ///
    /// # Errors
    /// Where the system gives no thread.
    pub fn start(voice: Voice, limit_bytes: u64) -> std::io::Result<Self> {
        let shared: Shared = Arc::default();
        let theirs = Arc::clone(&shared);
        let thread = std::thread::Builder::new().name("fovea-network".to_owned()).spawn(move || {
            let memory = Memory::new(limit_bytes);
            let (on_gpu, warm) = (false, false);
            Thread { shared: theirs, voice, memory, explainer: None, on_gpu, warm, last: None, examined: None }.run();
        })?;
        Ok(Self { shared, thread: Some(thread) })
    }

    fn change(&self, change: impl FnOnce(&mut Plan)) {
        change(&mut lock(&self.shared));
        self.shared.1.notify_one();
    }

    pub fn load(&self, wish: ModelWish) {
        self.change(|plan| plan.model = Some(wish));
    }

    /// Wants `job` now; an older wish that has not begun is forgotten, and one that has ends at its next step.
    pub fn explain(&self, job: Job) {
        self.change(|plan| {
            plan.generation = job.generation;
            plan.wanted = Some(job);
        });
    }

    /// Forgets the wish and what was to be done ahead. `generation` is the new one.
    pub fn cancel(&self, generation: u64) {
        self.change(|plan| {
            plan.generation = generation;
            plan.wanted = None;
            plan.ahead.clear();
        });
    }

    /// Has files read anew that were read before.
    pub fn forget(&self) {
        self.change(|plan| plan.forget = true);
    }

    /// Replaces what is done while nothing is wanted.
    pub fn ahead(&self, jobs: Vec<Job>) {
        self.change(|plan| plan.ahead = jobs.into());
    }

    /// Replaces the pictures whose thumbnails are made while there is nothing else to do.
    pub fn thumbnails(&self, paths: Vec<PathBuf>) {
        self.change(|plan| plan.thumbnails = paths.into());
    }
}

impl Drop for Worker {
    fn drop(&mut self) {
        self.change(|plan| plan.stop = true);
        if let Some(thread) = self.thread.take() {
            // A thread that panicked has nothing left to give back.
            let _ = thread.join();
        }
    }
}

struct Thread {
    shared: Shared,
    voice: Voice,
    /// What a picture may need at most.
    memory: Memory,
    explainer: Option<Explainer>,
    on_gpu: bool,
    /// Whether the network has run on this device.
    warm: bool,
    /// What was made last: a picture wanted while it was being explained ahead is not explained twice.
    last: Option<(PathBuf, Arc<Picture>, Arc<Look>)>,
    /// The picture on the screen after its forward pass: another way back starts from here.
    examined: Option<(Arc<Picture>, Examined)>,
}

impl Thread {
    fn run(mut self) {
        while let Some(task) = self.wait() {
            let failed = task.failed();
            let done = panics::caught(|| match task {
                Task::Model(wish) => self.load(&wish),
                Task::Wanted(job) => self.explain(job, true),
                Task::Ahead(job) => self.explain(job, false),
                Task::Thumbnail(path) => self.thumbnail(&path),
            });
            if let Err(reason) = done {
                // Nothing that was at hand is trusted any more.
                (self.last, self.examined) = (None, None);
                failed(panics::sentence(&reason)).into_iter().for_each(|event| self.voice.say(event));
            }
        }
    }

    fn wait(&mut self) -> Option<Task> {
        let shared = Arc::clone(&self.shared);
        let mut plan = lock(&shared);
        loop {
            if plan.stop {
                return None;
            }
            if let Some(task) = plan.next() {
                if std::mem::take(&mut plan.forget) {
                    (self.last, self.examined) = (None, None);
                }
                return Some(task);
            }
            plan = shared.1.wait(plan).unwrap_or_else(PoisonError::into_inner);
        }
    }

    /// A model that cannot be loaded leaves the last one.
    fn load(&mut self, wish: &ModelWish) {
        match build(wish) {
            Ok((explainer, is_gpu)) => {
                let device = explainer.network().device().name.clone();
                let usual_layer = explainer.network().usual_layer();
                let layers = explainer.network().layers().iter().map(|layer| layer.name.clone()).collect();
                let (card, sha256) = (Arc::new(explainer.card.clone()), explainer.sha256.clone());
                (self.explainer, self.on_gpu, self.warm) = (Some(explainer), is_gpu, false);
                (self.last, self.examined) = (None, None);
                self.voice.say(Event::ModelReady(Model { card, sha256, device, is_gpu, layers, usual_layer }));
            }
            Err(error) => {
                self.voice.say(Event::ModelFailed { name: wish.name.clone(), reason: format!("{error:#}") });
            }
        }
    }

    /// Whether there is something more urgent than `job`.
    fn is_stale(&self, job: &Job, wanted: bool) -> bool {
        let plan = lock(&self.shared);
        plan.stop
            || plan.model.is_some()
            || if wanted { plan.generation != job.generation } else { plan.wanted.is_some() }
    }

    fn explain(&mut self, job: Job, wanted: bool) {
        let generation = job.generation;
        if let Some((picture, look)) = self.made_already(&job) {
            let (path, model) = (job.path, self.explainer.as_ref().map_or_else(String::new, |e| e.card.name.clone()));
            self.voice.say(Event::Opened { generation, path: path.clone(), picture });
            return self.voice.say(Event::Explained { generation, path, model, look, is_new: false });
        }
        let stage = |stage| {
            if wanted {
                self.voice.say(Event::Stage { generation, stage });
            }
        };
        let picture = match &job.picture {
            Some(picture) => Arc::clone(picture),
            None => {
                stage(Stage::Decoding);
                match self.open(&job.path, job.frame) {
                    Ok(picture) => Arc::new(picture),
                    Err(error) => return self.failed(&job, error, false),
                }
            }
        };
        let (path, model) = (job.path.clone(), self.explainer.as_ref().map(|e| e.card.name.clone()));
        self.voice.say(Event::Opened { generation, path: path.clone(), picture: Arc::clone(&picture) });
        let Some((explainer, model)) = self.explainer.as_ref().zip(model) else { return };
        if self.is_stale(&job, wanted) {
            return;
        }
        stage(if self.on_gpu && !self.warm { Stage::PreparingKernels } else { Stage::Explaining });
        let examined = self.examined.take().filter(|(of, _)| Arc::ptr_eq(of, &picture)).map(|(_, examined)| examined);
        let asked = job.asked.unwrap_or_else(|| Settings::recommended(&explainer.card).asked());
        let examined = examined.filter(|examined| examined.serves(asked.cam));
        let examine = || explainer.examine(&picture.scan, asked.cam);
        let looked = examined.map_or_else(examine, Ok).and_then(|examined| {
            let look = explainer.back_project(&examined, asked, None)?;
            Ok((examined, look))
        });
        match looked {
            Ok((examined, look)) => {
                self.examined = wanted.then(|| (Arc::clone(&picture), examined));
                self.warm = true;
                let look = Arc::new(look);
                self.last = Some((path.clone(), picture, Arc::clone(&look)));
                self.voice.say(Event::Explained { generation, path, model, look, is_new: true });
            }
            Err(error) => {
                let device_lost = matches!(error, ExplainError::Network(NetworkError::Device { .. }));
                self.failed(&job, named(&job.path, &error), device_lost);
            }
        }
    }

    fn made_already(&self, job: &Job) -> Option<(Arc<Picture>, Arc<Look>)> {
        let (path, picture, look) = self.last.as_ref()?;
        let recommended = || Some(Settings::recommended(&self.explainer.as_ref()?.card).asked());
        let asked = job.asked.or_else(recommended)?;
        let is_same =
            job.picture.as_ref().map_or(picture.frame() == job.frame, |known| known.frame() == picture.frame());
        (*path == job.path && look.asked == asked && is_same).then(|| (Arc::clone(picture), Arc::clone(look)))
    }

    fn failed(&self, job: &Job, reason: String, device_lost: bool) {
        let (generation, path) = (job.generation, job.path.clone());
        self.voice.say(Event::Failed { generation, path, reason, device_lost });
    }

    /// Decodes a picture unless it needs more memory than it may.
    fn open(&self, path: &Path, frame: u32) -> Result<Picture, String> {
        let file = Encoded::read(path, frame).map_err(|error| error.to_string())?;
        let explained = |explainer: &Explainer| needed_bytes(&file.header, &explainer.card, false);
        let needed = self.explainer.as_ref().map_or(file.header.decoding_bytes, explained);
        let checked = self.memory.check(needed + Picture::level_bytes(&file.header));
        checked.map_err(|error| format!("{}: {error}", path.display()))?;
        Picture::decode(&file).map_err(|error| error.to_string())
    }

    fn thumbnail(&self, path: &Path) {
        // A file that cannot be opened says so when it is chosen.
        if let Ok(picture) = self.open(path, 0) {
            self.voice.say(Event::Thumbnail { path: path.to_owned(), thumbnail: picture.thumbnail() });
        }
    }
}

fn named(path: &Path, error: &ExplainError) -> String {
    format!("{}: {error}", path.file_name().unwrap_or_default().to_string_lossy())
}

fn build(wish: &ModelWish) -> anyhow::Result<(Explainer, bool)> {
    let (bundle, calibration) = Library::open(&wish.folders)?.find(&wish.name)?.load_calibrated()?;
    let device = device::open(wish.device)?;
    Ok((Explainer::new(bundle, &device)?.with_calibration(calibration), device.is_gpu))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::network::DeviceChoice;

    fn job(generation: u64) -> Job {
        Job { generation, path: PathBuf::from("p"), frame: 0, picture: None, asked: None }
    }

    #[test]
    fn the_model_goes_first_then_the_wish_then_what_is_ahead() {
        let wish = ModelWish { name: "m".to_owned(), folders: Vec::new(), device: DeviceChoice::Cpu };
        let mut plan = Plan {
            model: Some(wish),
            wanted: Some(job(2)),
            ahead: vec![job(1)].into(),
            thumbnails: vec![PathBuf::from("t")].into(),
            ..Plan::default()
        };
        assert!(matches!(plan.next(), Some(Task::Model(_))));
        assert!(matches!(plan.next(), Some(Task::Wanted(Job { generation: 2, .. }))));
        assert!(matches!(plan.next(), Some(Task::Ahead(_))));
        assert!(matches!(plan.next(), Some(Task::Thumbnail(_))));
        assert!(plan.next().is_none());
    }
}
