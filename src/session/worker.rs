//! The thread that owns model and device. It takes the newest wish first, works ahead while nothing is wished, and
//! answers with plain messages.
//!
//! What it owes: each wish ([`Plan::explain`]) that no newer one, no cancellation and no model has overtaken is answered,
//! with a picture and then with its look, or with why not. A model that is wished for may cost the look, never the picture.
//!
//! Must not know the user interface: it is told how to wake it.

use std::path::Path;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread::JoinHandle;

use super::answer::{AnsweredBy, answer};
use super::gallery::GalleryJob;
use super::key::{LookKey, PictureKey};
use super::message::{Event, ExplainPhase, GradeJob, Job, Model, ModelWish, SteadyJob, Voice};
use super::picture::Picture;
use super::plan::{Plan, Task};
use super::results::Results;
use super::trust::{TrustJob, try_part};
use crate::bundle::Library;
use crate::explain::{Examined, ExplainError, Explainer, Look, report};
use crate::export::needed_bytes;
use crate::guard::memory::Memory;
use crate::guard::panics;
use crate::input;
use crate::network::{NetworkError, device};
use crate::reading::Answer;
use crate::scan::Encoded;

/// What the handle tells the thread.
#[derive(Debug, Default)]
struct Told {
    plan: Plan,
    stop: bool,
}

type Shared = Arc<(Mutex<Told>, Condvar)>;

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

fn lock(shared: &Shared) -> MutexGuard<'_, Told> {
    shared.0.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Worker {
    /// Starts the thread.
    ///
    /// # Errors
    /// Where the system gives no thread.
    pub fn start(voice: Voice, limit_bytes: u64, results: Option<Arc<Results>>) -> std::io::Result<Self> {
        let shared: Shared = Arc::default();
        let theirs = Arc::clone(&shared);
        let thread = std::thread::Builder::new().name("fovea-network".to_owned()).spawn(move || {
            let memory = Memory::new(limit_bytes);
            let (explainer, on_gpu, warm) = (None, false, false);
            let (opened, last, examined) = (None, None, None);
            let by = None;
            let thread =
                Thread { shared: theirs, voice, memory, results, explainer, by, on_gpu, warm, opened, last, examined };
            thread.run();
        })?;
        Ok(Self { shared, thread: Some(thread) })
    }

    /// Changes what is wished.
    pub fn wish(&self, change: impl FnOnce(&mut Plan)) {
        change(&mut lock(&self.shared).plan);
        self.shared.1.notify_one();
    }
}

impl Drop for Worker {
    fn drop(&mut self) {
        lock(&self.shared).stop = true;
        self.shared.1.notify_one();
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
    results: Option<Arc<Results>>,
    explainer: Option<Explainer>,
    by: Option<Arc<AnsweredBy>>,
    on_gpu: bool,
    /// Whether the network has run on this device.
    warm: bool,
    /// What was decoded last, and what was made last: a picture wanted while it was being explained ahead is not
    /// decoded or explained twice.
    opened: Option<(PictureKey, Arc<Picture>)>,
    last: Option<(LookKey, Arc<Look>)>,
    /// The picture on the screen after its forward pass: another way back starts from here.
    examined: Option<(Arc<Picture>, Examined)>,
}

impl Thread {
    fn run(mut self) {
        while let Some(task) = self.wait() {
            let failed = task.failed();
            let done = panics::caught(|| match task {
                Task::Model(wish) => self.load(&wish),
                Task::Explain(job) => self.explain(&job),
                Task::Thumbnail(path) => self.thumbnail(&path),
                Task::Gallery(job) => self.gallery(job),
                Task::Trust(job) => self.trust(job),
                Task::Steady(job) => self.steady(job),
                Task::Grade(job) => self.grade(job),
            });
            if let Err(reason) = done {
                // Nothing that was in progress is trusted.
                (self.opened, self.last, self.examined) = (None, None, None);
                failed(panics::sentence(&reason)).into_iter().for_each(|event| self.voice.say(event));
            }
        }
    }

    fn wait(&self) -> Option<Task> {
        let shared = Arc::clone(&self.shared);
        let mut told = lock(&shared);
        loop {
            if told.stop {
                return None;
            }
            if let Some(task) = told.plan.next() {
                return Some(task);
            }
            told = shared.1.wait(told).unwrap_or_else(PoisonError::into_inner);
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
                self.by = Some(AnsweredBy::new(&card, &sha256));
                (self.explainer, self.on_gpu, self.warm) = (Some(explainer), is_gpu, false);
                (self.last, self.examined) = (None, None);
                let model = Model { card, sha256, device, is_gpu, layers, usual_layer };
                self.voice.say(Event::ModelReady { number: wish.number, model });
            }
            Err(error) => {
                let (number, name) = (wish.number, wish.name.clone());
                self.voice.say(Event::ModelFailed { number, name, reason: format!("{error:#}") });
            }
        }
    }

    /// Whether there is something more urgent than `job`.
    fn is_stale(&self, job: &Job) -> bool {
        let told = lock(&self.shared);
        told.stop || told.plan.overtakes(job)
    }

    fn explain(&mut self, job: &Job) {
        let picture = match (&job.picture, &self.opened) {
            (Some(picture), _) => Arc::clone(picture),
            (None, Some((key, picture))) if *key == job.key => Arc::clone(picture),
            (None, _) => match self.open(&job.key.path, job.key.frame) {
                Ok(picture) => Arc::new(picture),
                Err(error) => return self.failed(job, error, false),
            },
        };
        self.opened = Some((job.key.clone(), Arc::clone(&picture)));
        self.voice.say(Event::Opened { key: job.key.clone(), picture: Arc::clone(&picture) });
        let Some(key) = job.look_key() else { return };
        if let Some((_, look)) = self.last.as_ref().filter(|(known, _)| *known == key) {
            return self.voice.say(Event::Explained { key, look: Arc::clone(look), is_new: false });
        }
        // Of another model than this one nothing is asked; who wished for it will ask again.
        let Some(explainer) = self.explainer.as_ref().filter(|explainer| explainer.sha256 == key.under.model) else {
            return;
        };
        if self.is_stale(job) {
            lock(&self.shared).plan.gave_way(job);
            return;
        }
        if let Some(ticket) = job.ticket.filter(|_| self.on_gpu && !self.warm) {
            self.voice.say(Event::Phase { ticket, phase: ExplainPhase::PreparingKernels });
        }
        let asked = key.under.asked;
        let examined = self.examined.take().filter(|(of, _)| Arc::ptr_eq(of, &picture)).map(|(_, examined)| examined);
        let examined = examined.filter(|examined| examined.serves(asked.cam));
        let examine = || explainer.examine(&picture.scan, asked.cam);
        let looked = examined.map_or_else(examine, Ok).and_then(|examined| {
            let look = explainer.back_project(&examined, asked, None)?;
            Ok((examined, look))
        });
        match looked {
            Ok((examined, look)) => {
                if job.key.frame == 0
                    && let Some(sha256) = &picture.sha256
                {
                    let said = answer(&explainer.card, &explainer.sha256, &look.verdict, &picture.measures);
                    self.keep(&job.key.path, sha256, &said);
                }
                self.examined = job.ticket.map(|_| (picture, examined));
                self.warm = true;
                let look = Arc::new(look);
                self.last = Some((key.clone(), Arc::clone(&look)));
                self.voice.say(Event::Explained { key, look, is_new: true });
            }
            Err(error) => {
                let device_lost = matches!(error, ExplainError::Network(NetworkError::Device { .. }));
                self.failed(job, named(&job.key.path, &error), device_lost);
            }
        }
    }

    fn failed(&self, job: &Job, reason: String, device_lost: bool) {
        self.voice.say(Event::Failed { ticket: job.ticket, key: job.key.clone(), reason, device_lost });
    }

    /// Ends at once where anything else is wished for, and begins again when that is done.
    fn steady(&self, job: SteadyJob) {
        // A variant, and its way to the model's input; a picture too large for that is not tried.
        let (width, height) = job.picture.size_px();
        let needed = job.picture.bytes() as u64 + 9 * u64::from(width) * u64::from(height);
        if self.memory.check(needed).is_err() {
            return;
        }
        let is_free = || {
            let told = lock(&self.shared);
            told.plan.is_calm() && !told.stop
        };
        let Some(explainer) = self.explainer.as_ref().filter(|explainer| explainer.sha256 == job.model) else { return };
        match explainer.steady_while(&job.picture.scan, &job.look.verdict, is_free) {
            Ok(Some(steady)) => self.voice.say(Event::Steadied { key: job.key, model: job.model, steady }),
            Ok(None) => {
                lock(&self.shared).plan.steady_again(job);
            }
            // It was explained before: what fails now is said when it matters to somebody.
            Err(error) => tracing::debug!("{}: steadiness: {error}", job.key.path.display()),
        }
    }

    /// Gives way to whatever is wished for, and begins again after that.
    fn trust(&self, job: TrustJob) {
        let Some(explainer) = self.explainer.as_ref().filter(|explainer| explainer.sha256 == job.of.model) else {
            // It will not be asked of this model: another picture's results would be none of this one.
            return;
        };
        let may_go_on = || {
            let told = lock(&self.shared);
            told.plan.may_try(job.number) && !told.stop
        };
        let bundle = || {
            let library = Library::open(&job.folders).map_err(|error| error.to_string())?;
            let bundle = library.load(&job.name).map_err(|error| error.to_string())?;
            let is_same = bundle.sha256 == job.of.model;
            is_same.then_some(bundle).ok_or_else(|| format!("the weights of {} are others by now", job.name))
        };
        let found = match try_part(explainer, &job, bundle, &may_go_on) {
            Ok(Some(found)) => Ok(found),
            Ok(None) => return lock(&self.shared).plan.trust_again(job),
            Err(reason) => Err(reason),
        };
        self.voice.say(Event::Tried { number: job.number, found });
    }

    /// Gives way between two pictures, and goes on where it was.
    fn gallery(&self, mut job: GalleryJob) {
        let number = job.number;
        let say = |made| self.voice.say(Event::GalleryMade { number, made });
        let Some(explainer) = self.explainer.as_ref().filter(|explainer| explainer.sha256 == job.model) else {
            return say(Err("Another model came before the gallery was made.".to_owned()));
        };
        loop {
            {
                let mut told = lock(&self.shared);
                if told.stop || !told.plan.may_make(number) {
                    return told.plan.gallery_again(job);
                }
            }
            let open = |path: &Path| self.read(path, 0)?.decode().map_err(|error| error.to_string());
            match job.go_on(explainer, open) {
                Ok(true) => self.voice.say(Event::GalleryGoesOn { number, count: job.done.len() }),
                Ok(false) => return say(Ok(Box::new(job.finished(&explainer.card)))),
                Err(reason) => return say(Err(reason)),
            }
        }
    }

    /// What the model says of a picture that nobody waits for. Where anything else is wished for meanwhile, it begins again
    /// later.
    fn grade(&mut self, job: GradeJob) {
        let failed = |reason: String, device_lost: bool| Event::Failed {
            ticket: None,
            key: job.key.clone(),
            reason,
            device_lost,
        };
        let Some(explainer) = self.explainer.as_ref().filter(|explainer| explainer.sha256 == job.model) else { return };
        let path = job.key.path.as_path();
        let file = match self.read(path, 0) {
            Ok(file) => file,
            Err(reason) => return self.voice.say(failed(reason, false)),
        };
        let sha256 = file.sha256();
        let known = self.results.as_ref().zip(self.by.as_ref()).and_then(|(results, by)| results.get(&sha256, by));
        if let Some(answer) = known.filter(|_| job.explained.is_none()) {
            self.keep(path, &sha256, &answer);
            return self.voice.say(Event::Graded { key: job.key, answer });
        }
        if !self.is_calm() {
            return self.grade_later(job);
        }
        let scan = match file.decode() {
            Ok(scan) => scan,
            Err(error) => return self.voice.say(failed(error.to_string(), false)),
        };
        drop(file);
        if !self.is_calm() {
            return self.grade_later(job);
        }
        let card = &explainer.card;
        let graded = match job.explained {
            None => explainer.grade(&scan).map(|verdict| (verdict, None)),
            Some(settings) => explainer.explain(&scan, &settings).map(|explanation| {
                let agrees = report(card, &explanation, None, None, true).agreement.agrees;
                (explanation.verdict, Some(agrees))
            }),
        };
        match graded {
            Ok((verdict, agrees)) => {
                let answer = answer(card, &explainer.sha256, &verdict, &input::measure(&scan));
                self.keep(path, &sha256, &answer);
                self.voice.say(Event::Graded { key: job.key, answer: Answer { agrees, ..answer } });
            }
            Err(error) => {
                let device_lost = matches!(error, ExplainError::Network(NetworkError::Device { .. }));
                self.voice.say(failed(named(path, &error), device_lost));
            }
        }
    }

    fn is_calm(&self) -> bool {
        let told = lock(&self.shared);
        told.plan.is_calm() && !told.stop
    }

    fn grade_later(&self, job: GradeJob) {
        lock(&self.shared).plan.grade_again(job);
    }

    fn keep(&self, path: &Path, sha256: &str, answer: &Answer) {
        if let Some((results, by)) = self.results.as_ref().zip(self.by.as_ref()) {
            results.put(path, sha256, by, answer);
        }
    }

    /// Decodes a picture unless it needs more memory than it may.
    fn open(&self, path: &Path, frame: u32) -> Result<Picture, String> {
        Picture::decode(&self.read(path, frame)?).map_err(|error| error.to_string())
    }

    /// Reads a file whose picture there is memory for.
    fn read(&self, path: &Path, frame: u32) -> Result<Encoded, String> {
        let file = Encoded::read(path, frame).map_err(|error| error.to_string())?;
        let explained = |explainer: &Explainer| needed_bytes(&file.header, &explainer.card, false, false);
        let needed = self.explainer.as_ref().map_or(file.header.decoding_bytes, explained);
        let checked = self.memory.check(needed + Picture::level_bytes(&file.header));
        checked.map_err(|error| format!("{}: {error}", path.display()))?;
        Ok(file)
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
