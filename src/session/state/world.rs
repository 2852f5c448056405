//! A world around a state, for tests: a worker and a pool that answer, delay and fail on command. Files, pictures and looks
//! carry what they belong to, so that a mix-up shows.

use std::collections::{HashMap, VecDeque};
use std::path::{Path, PathBuf};
use std::sync::{Arc, LazyLock, Mutex};
use std::time::{Duration, Instant};

use image::{Rgb, RgbImage};

use super::State;
use crate::bundle::gate::Gate;
use crate::bundle::{Card, Library};
use crate::evaluate::Similarity;
use crate::explain::{Look, Steadiness, TimingsMs, Verdict};
use crate::geometry::Transform;
use crate::labels::{Label, LabelTable, Matched};
use crate::maps::ClassMaps;
use crate::method::{Asked, CamMethod, Evidence};
use crate::network::DeviceChoice;
use crate::reading::{Answer, Contents, Identity};
use crate::scan::find::Found;
use crate::scan::{Facts, Pixels, Scan};
use crate::session::Options;
use crate::session::archive::{ArchiveAnswer, ArchiveJob, ArchiveQuestion, Study};
use crate::session::command::SessionCommand;
use crate::session::effect::Effect;
use crate::session::gallery::GalleryJob;
use crate::session::key::{PictureKey, Under};
use crate::session::message::{Event, GradeJob, Job, LabelsRead, Model, ModelWish, ReadingsWish, ShortTask, SteadyJob};
use crate::session::picture::Picture;
use crate::session::plan::{Plan, Task};
use crate::session::preferences::Preferences;
use crate::session::shown::Shown;
use crate::session::trust::{TrustFound, TrustJob, TrustKey, TrustPart};

pub const PICTURES: [&str; 6] = ["0.png", "1.png", "2.png", "3.png", "4.png", "5.dcm"];
/// Of which the model `odd` reads none.
pub const REFUSED: usize = 4;
pub const FRAMES: u32 = 3;
/// By name, and which weights that name has: `a` was trained again once.
pub const MODELS: [(&str, usize); 4] = [("a", 0), ("odd", 1), ("a", 2), ("broken", 3)];

/// What a look was made of and under, as far as it can be told from its scores.
pub fn scores(key: &PictureKey, model: &str, asked: Asked) -> Vec<f32> {
    let rule = asked.back_projection.rule as usize;
    let evidence = usize::from(asked.back_projection.evidence == Evidence::Against);
    let cam = usize::from(asked.cam.method != CamMethod::Cam);
    let picture = PICTURES.iter().position(|name| Path::new(name) == key.path).unwrap();
    let all = [picture, key.frame as usize, key.reading as usize, model.parse().unwrap(), rule, evidence, cam];
    let mut scores: Vec<f32> = all.iter().map(|number| *number as f32).collect();
    scores.resize(10, 0.0);
    scores
}

/// What a model decides of a picture.
pub fn decided(key: &PictureKey, model: &str) -> usize {
    let scores = scores(key, model, crate::method::BackwardRule::Linear.into());
    (scores[0] as usize + 3 * scores[1] as usize + 5 * scores[2] as usize + 7 * scores[3] as usize) % 10
}

/// What a model says of a picture, without a look at it.
fn said(key: &PictureKey, model: &str) -> Answer {
    let class = decided(key, model);
    let is_refused = model == "1" && key.path == Path::new(PICTURES[REFUSED]);
    let mut probabilities = vec![0.0; 10];
    probabilities[class] = 1.0;
    Answer {
        model: model.to_owned(),
        class,
        probability: 1.0,
        probabilities,
        headline: String::new(),
        gradable: None,
        is_refused,
        agrees: None,
    }
}

fn look(key: &PictureKey, under: &Under) -> Look {
    let (model, asked) = (&under.model, under.asked);
    let mut probabilities = vec![0.0; 10];
    probabilities[decided(key, model)] = 1.0;
    let decided = decided(key, model);
    let verdict = Verdict { probabilities, decided, findings: None, class_set: None };
    Look {
        scores: scores(key, model, asked),
        verdict,
        normal: None,
        cam: ClassMaps::of(vec![0], 10, 1, 1, vec![1.0]),
        cam_layer: None,
        signed_response: ClassMaps::of(vec![0], 10, 2, 2, vec![1.0; 4]),
        asked,
        source_from_model: Transform::IDENTITY,
        source_size_px: (2, 2),
        device: "none".to_owned(),
        timings_ms: TimingsMs::default(),
    }
}

/// Which picture the pixels are of: its place, frame and reading.
pub fn pixels_of(key: &PictureKey) -> [u8; 3] {
    let picture = PICTURES.iter().position(|name| Path::new(name) == key.path).unwrap();
    [picture as u8, key.frame as u8, key.reading as u8]
}

fn picture(key: &PictureKey) -> Arc<Picture> {
    static MADE: LazyLock<Mutex<HashMap<PictureKey, Arc<Picture>>>> = LazyLock::new(Mutex::default);
    let mut made = MADE.lock().unwrap();
    let make = || {
        let pixels = pixels_of(key);
        let facts = (key.path == Path::new(PICTURES[5])).then(|| Facts {
            modality: None,
            body_part: None,
            laterality: None,
            view_position: None,
            age_years: None,
            spacing: None,
            orientation: None,
            value_unit: None,
            frames: FRAMES,
            frame: key.frame,
            photometric: String::new(),
            transfer_syntax: String::new(),
        });
        let scan = Scan::new(Pixels::Rgb8(RgbImage::from_pixel(2, 2, Rgb(pixels))), key.path.clone());
        let mut picture = Picture::new(Scan { facts: facts.map(Box::new), ..scan }, 0.0);
        picture.measures.colour = if usize::from(pixels[0]) == REFUSED { 0.9 } else { 0.1 };
        Arc::new(picture)
    };
    Arc::clone(made.entry(key.clone()).or_insert_with(make))
}

fn model(number: usize) -> Model {
    static CARD: LazyLock<Card> = LazyLock::new(|| {
        let library = Library::open(&[]).unwrap();
        library.usable().find(|card| card.name == "mnist").unwrap().clone()
    });
    let (name, _) = MODELS[number];
    let gate = (name == "odd").then(|| Gate {
        reads: "what is grey".to_owned(),
        colour: [0.0, 0.5],
        likeness: -1.0,
        template: Vec::new(),
        roundest: None,
        field: None,
        modalities: Vec::new(),
        vouching: Vec::new(),
        body_parts: Vec::new(),
        views: Vec::new(),
        ages: None,
    });
    let card = Card { name: name.to_owned(), gate, ..CARD.clone() };
    Model {
        card: Arc::new(card),
        sha256: number.to_string(),
        device: "none".to_owned(),
        is_gpu: false,
        layers: Arc::new([]),
        usual_layer: None,
    }
}

/// What the worker does next with the task at hand.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Luck {
    Good,
    Bad,
    /// The device is lost, where one computes.
    DeviceLost,
}

#[derive(Debug)]
enum Running {
    Open(Job),
    Look(Job, Arc<Picture>),
    Answer(Job, Box<Look>),
}

/// A table that says a grade of every other picture: its place in the list, shifted by how long the file's name is.
fn labels_of(file: &Path, pictures: &[PathBuf]) -> Result<LabelsRead, String> {
    let shift = file.as_os_str().len();
    let line = |(at, path): (usize, &PathBuf)| {
        let grade = ((at + shift) % 11).to_string();
        (path.clone(), Label { image: path.display().to_string(), grade, ..Label::default() })
    };
    let labelled = pictures.iter().enumerate().step_by(2).map(line).collect();
    let matched = Matched { pictures: labelled, without_picture: vec!["other".to_owned()], without_label: 1 };
    let table = LabelTable { path: file.to_owned(), has_grades: true, ..LabelTable::default() };
    Ok(LabelsRead { table, matched })
}

/// What a part finds: how many weights, pictures, frames and maps it was of, as a similarity.
pub fn tried(of: &TrustKey, part: TrustPart) -> TrustFound {
    let [picture, frame, reading] = pixels_of(&of.picture).map(f64::from);
    let sum = picture + 10.0 * frame + 100.0 * reading + 1000.0 * of.model.parse::<f64>().unwrap();
    let alike = Similarity { spearman: Some(sum), ssim: Some(of.kind as u8 as f64) };
    match part {
        TrustPart::Strong => TrustFound::Strong(Vec::new()),
        TrustPart::Repeated => TrustFound::Repeated(Vec::new()),
        TrustPart::Alike => TrustFound::Alike(vec![(of.kind, alike)]),
        TrustPart::Curves => TrustFound::Curves(Vec::new()),
        TrustPart::Randomised => TrustFound::Randomised { own: RgbImage::new(1, 1), models: Vec::new() },
    }
}

/// Where a study lies once it was fetched.
pub const STUDY: &str = "3.png";

/// An archive has two studies, the second without a picture.
fn said_by_archive(job: &ArchiveJob) -> ArchiveAnswer {
    let study = |uid: &str| crate::pacs::FoundStudy { study_uid: uid.to_owned(), ..Default::default() };
    match &job.question {
        ArchiveQuestion::Find(_) => ArchiveAnswer::Found(vec![study("1.2.3"), study("1.2.4")]),
        ArchiveQuestion::Echo => ArchiveAnswer::Here,
        ArchiveQuestion::Fetch { study_uid, .. } => {
            let study = Study::new(PathBuf::from(STUDY), study_uid, None);
            ArchiveAnswer::Fetched(study.counting(usize::from(study_uid == "1.2.3"), 1))
        }
    }
}

#[derive(Debug)]
pub struct World {
    pub state: State,
    pub now: Instant,
    /// Answers on their way, in the order in which they were given.
    pub inbox: VecDeque<Event>,
    /// What threads of the pool are at, in no order.
    pub pool: Vec<Effect>,
    /// Which weights the name `a` stands for now.
    pub newest_a: usize,
    /// The open that nothing newer was wished after.
    latest_open: Option<u64>,
    /// Files of readings, and the one in use.
    pub kept: HashMap<PathBuf, Contents>,
    pub target: Option<PathBuf>,
    loaded: Option<usize>,
    plan: Plan,
    running: Option<Running>,
}

impl World {
    pub fn new() -> Self {
        let options = Options {
            model: Some("a".to_owned()),
            device: DeviceChoice::Cpu,
            sessions: Some(PathBuf::from("readings")),
            ..Options::default()
        };
        let now = Instant::now();
        let (state, effects) = State::new(options, Preferences::default(), (now, std::time::SystemTime::UNIX_EPOCH));
        let mut world = Self {
            state,
            now,
            inbox: VecDeque::new(),
            pool: Vec::new(),
            newest_a: 0,
            latest_open: None,
            kept: HashMap::new(),
            target: None,
            loaded: None,
            plan: Plan::default(),
            running: None,
        };
        effects.into_iter().for_each(|effect| world.take(effect));
        world
    }

    /// With the model `a` and the pictures `PICTURES[from..]` open, and nothing left to do.
    pub fn opened(from: usize) -> Self {
        let mut world = Self::new();
        world.open(from);
        world.settle();
        world
    }

    pub fn open(&mut self, from: usize) {
        self.command(SessionCommand::Open(PICTURES[from..].iter().map(PathBuf::from).collect()));
    }

    pub fn command(&mut self, command: SessionCommand) {
        self.event(Event::Command(command));
    }

    pub fn event(&mut self, event: Event) {
        self.now += Duration::from_millis(10);
        let is_wish = matches!(event, Event::Command(_));
        let is_late = matches!(event, Event::Found { number, .. } if Some(number) != self.latest_open);
        let before = self.wished();
        let effects = self.state.step(event, self.now);
        if before != self.wished() {
            assert!(!is_late, "an older open has replaced a newer wish");
            if is_wish {
                self.latest_open = None;
            }
        }
        effects.into_iter().for_each(|effect| self.take(effect));
    }

    /// The picture that is wanted, and among how many.
    fn wished(&self) -> (Option<PathBuf>, u32, Option<Instant>, usize) {
        let opening = self.state.opening().map(|(_, since)| since);
        let path = self.state.selected().map(Path::to_owned);
        (path, self.state.wanted_frame(), opening, self.state.worklist.len())
    }

    fn take(&mut self, effect: Effect) {
        match effect {
            Effect::LoadModel(wish) => self.plan.load(wish),
            Effect::Explain(job) => self.plan.explain(job),
            Effect::Cancel => self.plan.cancel(),
            Effect::Ahead(jobs) => self.plan.ahead(jobs),
            Effect::Beside(job) => self.plan.beside(job),
            Effect::Thumbnails(paths) => self.plan.thumbnails(paths),
            Effect::Steady(job) => self.plan.steady(job),
            Effect::Trust(job) => self.plan.trust(job),
            Effect::Gallery(job) => self.plan.make_gallery(job.map(|job| *job)),
            Effect::Grade(jobs) => self.plan.grade(jobs),
            Effect::Find { number, .. } => {
                self.latest_open = Some(number);
                self.pool.push(effect);
            }
            Effect::Derive { .. }
            | Effect::Draw { .. }
            | Effect::Export { .. }
            | Effect::Advise { .. }
            | Effect::Personal { .. }
            | Effect::ModelInput { .. }
            | Effect::Recall { .. }
            | Effect::ReadLabels { .. }
            | Effect::WriteGallery { .. }
            | Effect::Ask(_)
            | Effect::Identify(_) => self.pool.push(effect),
            Effect::OpenReadings(wish) => self.open_readings(wish),
            Effect::Keep(changes) => {
                let kept = self.target.as_ref().and_then(|file| self.kept.get_mut(file)).unwrap();
                changes.into_iter().for_each(|change| kept.apply(change));
            }
            Effect::ReadReadings { number, file } => {
                let contents = self.kept.get(&file).cloned().ok_or_else(|| "no such file".to_owned());
                self.inbox.push_back(Event::ReadingsChosen { number, contents });
            }
            Effect::SaveReadings { number, file, contents } => {
                self.kept.insert(file, *contents);
                self.inbox.push_back(Event::Exported { number, written: Ok(Vec::new()) });
            }
            Effect::WriteTable { number, .. } => {
                self.inbox.push_back(Event::Exported { number, written: Ok(Vec::new()) });
            }
            Effect::SavePreferences | Effect::ClearResults => {}
        }
    }

    fn open_readings(&mut self, wish: ReadingsWish) {
        let ReadingsWish { number, file, head, .. } = wish;
        self.inbox.push_back(Event::ReadingsCame { number, contents: Ok(self.kept.get(&file).cloned()) });
        self.kept.entry(file.clone()).or_insert_with(|| Contents { head, ..Contents::default() });
        self.target = Some(file);
    }

    /// Restarts the program with the existing files of readings.
    pub fn again(self) -> Self {
        let mut world = Self::new();
        world.kept = self.kept;
        world
    }

    /// Whether an answer is still to come.
    pub fn is_quiet(&self) -> bool {
        self.inbox.is_empty() && self.pool.is_empty() && !self.worker_has_work()
    }

    pub fn worker_has_work(&self) -> bool {
        self.running.is_some() || !self.plan.is_empty()
    }

    /// The worker goes on by a step, as [`crate::session::worker`] does.
    pub fn work(&mut self, luck: Luck) {
        match self.running.take() {
            Some(Running::Open(job)) => self.decode(job, luck),
            Some(Running::Look(job, picture)) => self.look(job, &picture),
            Some(Running::Answer(job, look)) => self.answer(&job, *look, luck),
            None => match self.plan.next() {
                Some(Task::Model(wish)) => self.load(wish, luck),
                Some(Task::Explain(job)) => self.running = Some(Running::Open(job)),
                Some(Task::Thumbnail(path)) => {
                    self.inbox.push_back(Event::Thumbnail { path, thumbnail: RgbImage::new(1, 1) });
                }
                Some(Task::Gallery(job)) => self.make_gallery(job, luck),
                Some(Task::Trust(job)) => self.try_map(job, luck),
                Some(Task::Steady(job)) => self.try_steadiness(job, luck),
                Some(Task::Grade(job)) => self.grade(job, luck),
                None => {}
            },
        }
    }

    fn load(&mut self, wish: ModelWish, luck: Luck) {
        let found = MODELS.iter().find(|(name, _)| *name == wish.name).map(|(_, number)| *number);
        let found = if wish.name == "a" { Some(self.newest_a) } else { found };
        let loaded = found.filter(|number| luck == Luck::Good && MODELS[*number].0 != "broken");
        let event = match loaded {
            Some(number) => {
                self.loaded = Some(number);
                Event::ModelReady { number: wish.number, model: model(number) }
            }
            None => Event::ModelFailed { number: wish.number, name: wish.name, reason: "no luck".to_owned() },
        };
        self.inbox.push_back(event);
    }

    fn fail(&mut self, job: &Job, what: &str, device_lost: bool) {
        let who = if job.ticket.is_some() { "wanted" } else { "ahead" };
        let reason = format!("{who}: {} {what}", job.key.path.display());
        self.inbox.push_back(Event::Failed { ticket: job.ticket, key: job.key.clone(), reason, device_lost });
    }

    fn decode(&mut self, job: Job, luck: Luck) {
        if luck == Luck::Bad && job.picture.is_none() {
            return self.fail(&job, "cannot be opened", false);
        }
        let picture = job.picture.clone().unwrap_or_else(|| picture(&job.key));
        self.inbox.push_back(Event::Opened { key: job.key.clone(), picture: Arc::clone(&picture) });
        self.running = Some(Running::Look(job, picture));
    }

    fn look(&mut self, job: Job, picture: &Picture) {
        let Some(key) = job.look_key() else { return };
        if self.loaded.map(|number| number.to_string()) != Some(key.under.model.clone()) {
            return;
        }
        if self.plan.overtakes(&job) {
            self.plan.gave_way(&job);
            return;
        }
        // The network sees the pixels that it is given, whatever the job calls them.
        let [place, frame, reading] = picture.scan.to_rgb8().get_pixel(0, 0).0;
        let path = PathBuf::from(PICTURES[usize::from(place)]);
        let seen = PictureKey { path, frame: u32::from(frame), reading: u32::from(reading) };
        self.running = Some(Running::Answer(job, Box::new(look(&seen, &key.under))));
    }

    /// Nothing ends a look once it has begun: it may come long after it was wanted.
    fn answer(&mut self, job: &Job, look: Look, luck: Luck) {
        match (luck, job.look_key()) {
            (Luck::Good, Some(key)) => {
                self.inbox.push_back(Event::Explained { key, look: Arc::new(look), is_new: true });
            }
            (Luck::Good, None) => {}
            (Luck::Bad, _) => self.fail(job, "cannot be explained", false),
            (Luck::DeviceLost, _) => self.fail(job, "lost the device", true),
        }
    }

    /// Each part says which picture, model and map it was tried on.
    fn try_map(&mut self, job: TrustJob, luck: Luck) {
        if !self.plan.may_try(job.number) {
            return self.plan.trust_again(job);
        }
        if self.loaded.map(|number| number.to_string()) != Some(job.of.model.clone()) {
            return;
        }
        let found = if luck == Luck::Good { Ok(tried(&job.of, job.part)) } else { Err("no luck".to_owned()) };
        self.inbox.push_back(Event::Tried { number: job.number, found });
    }

    /// A figure without examples: what they show is another test's.
    fn make_gallery(&mut self, job: GalleryJob, luck: Luck) {
        if !self.plan.may_make(job.number) {
            return self.plan.gallery_again(job);
        }
        let number = job.number;
        self.inbox.push_back(Event::GalleryGoesOn { number, count: 1 });
        let made =
            if luck == Luck::Good { Ok(Box::new(job.finished(&model(0).card))) } else { Err("no luck".to_owned()) };
        self.inbox.push_back(Event::GalleryMade { number, made });
    }

    fn try_steadiness(&mut self, job: SteadyJob, luck: Luck) {
        if self.loaded.map(|number| number.to_string()) == Some(job.model.clone()) && luck == Luck::Good {
            let decided = vec![vec![decided(&job.key, &job.model)]; 2];
            let steady = Steadiness { decided, variants: vec![crate::explain::steady::Variant::Darker] };
            self.inbox.push_back(Event::Steadied { key: job.key, model: job.model, steady });
        }
    }

    /// Broken off where anything else is wished for, as the worker does.
    fn grade(&mut self, job: GradeJob, luck: Luck) {
        if !self.plan.is_calm() {
            return self.plan.grade_again(job);
        }
        if self.loaded.map(|number| number.to_string()) != Some(job.model.clone()) {
            return;
        }
        let event = match luck {
            Luck::Good => {
                let agrees = job.explained.map(|_| true);
                Event::Graded { answer: Answer { agrees, ..said(&job.key, &job.model) }, key: job.key }
            }
            Luck::Bad | Luck::DeviceLost => {
                let (reason, device_lost) = ("ahead: no grade".to_owned(), luck == Luck::DeviceLost);
                Event::Failed { ticket: None, key: job.key, reason, device_lost }
            }
        };
        self.inbox.push_back(event);
    }

    /// One thread of the pool is done.
    pub fn pool_done(&mut self, which: usize, luck: Luck) {
        let effect = self.pool.swap_remove(which);
        let fault = |work| Event::Fault { work, reason: "a fault".to_owned() };
        let event = match (effect, luck) {
            (Effect::Find { number, .. }, Luck::DeviceLost) => fault(ShortTask::Find(number)),
            (Effect::Find { number, .. }, Luck::Bad) => Event::Found { number, found: Err("no such file".to_owned()) },
            (Effect::Find { number, paths }, Luck::Good) => {
                Event::Found { number, found: Ok(Found { pictures: paths, ..Found::default() }) }
            }
            (Effect::Derive { number, look, settings }, Luck::Good) => {
                Event::Derived { number, shown: Box::new(Shown::new(&look, &settings)) }
            }
            (Effect::Derive { number, .. }, _) => fault(ShortTask::Derive(number)),
            (Effect::WriteGallery { number, .. }, Luck::DeviceLost) => fault(ShortTask::Export(number)),
            (Effect::WriteGallery { number, .. }, _) => Event::Exported { number, written: Ok(Vec::new()) },
            (Effect::Export { number, .. }, Luck::Good) => Event::Exported { number, written: Ok(Vec::new()) },
            (Effect::Export { number, .. }, Luck::Bad) => {
                Event::Exported { number, written: Err("disk full".to_owned()) }
            }
            (Effect::Export { number, .. }, Luck::DeviceLost) => fault(ShortTask::Export(number)),
            (Effect::Draw { use_for, .. }, Luck::Good) => Event::Panel { use_for, panel: RgbImage::new(1, 1) },
            (Effect::Advise { number, .. }, Luck::Good) => Event::Advised { number, advice: None },
            (Effect::ModelInput { number, .. }, Luck::Good) => {
                Event::ModelInput { number, picture: RgbImage::new(1, 1) }
            }
            // Half of the files were graded before.
            (Effect::Recall { keys, by }, Luck::Good) => {
                let known = keys.into_iter().step_by(2);
                Event::Recalled(known.map(|key| (key.clone(), said(&key, &by.model))).collect())
            }
            (Effect::ReadLabels { number, file, pictures }, Luck::Good) => {
                Event::LabelsRead { number, read: labels_of(&file, &pictures) }
            }
            (Effect::ReadLabels { number, .. }, Luck::Bad) => {
                Event::LabelsRead { number, read: Err("no table".to_owned()) }
            }
            (Effect::ReadLabels { number, .. }, Luck::DeviceLost) => fault(ShortTask::Labels(number)),
            (Effect::Ask(job), Luck::Good) => Event::Archive { number: job.number, said: Ok(said_by_archive(&job)) },
            (Effect::Ask(job), Luck::Bad) => {
                Event::Archive { number: job.number, said: Err("away: nobody there.".to_owned()) }
            }
            (Effect::Ask(job), Luck::DeviceLost) => fault(ShortTask::Archive(job.number)),
            (Effect::Identify(paths), Luck::Good) => {
                let identity = Identity { patient: "7".to_owned(), is_private: true, ..Identity::default() };
                Event::Identified(paths.into_iter().map(|path| (path, identity.clone())).collect())
            }
            (_, _) => fault(ShortTask::Beside),
        };
        self.inbox.push_back(event);
    }

    pub fn deliver(&mut self) {
        if let Some(event) = self.inbox.pop_front() {
            self.event(event);
        }
    }

    /// Everything is answered, without a failure, until nothing is left.
    pub fn settle(&mut self) {
        for _ in 0..10_000 {
            if !self.inbox.is_empty() {
                self.deliver();
            } else if !self.pool.is_empty() {
                self.pool_done(0, Luck::Good);
            } else if self.worker_has_work() {
                self.work(Luck::Good);
            } else {
                return;
            }
        }
        panic!("it never comes to rest: {:?}", self.state.busy());
    }
}
