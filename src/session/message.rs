//! What happens to a session: what the user wishes, what the worker and the short-lived threads say, and that time has
//! passed. Plain values, and the way they go.
//!
//! Must not know who sends or who listens.

use std::path::PathBuf;
use std::sync::Arc;
use std::sync::mpsc::{Receiver, Sender, channel};

use image::RgbImage;

use super::archive::ArchiveAnswer;
use super::command::SessionCommand;
use super::key::{LookKey, PictureKey, Under};
use super::personal::Personal;
use super::picture::Picture;
use super::shown::Shown;
use super::trust::TrustFound;
use crate::bundle::{Advice, Card};
use crate::explain::{Look, Settings, Steadiness};
use crate::export::Parts;
use crate::export::gallery::Gallery;
use crate::guard::panics;
use crate::labels::{LabelTable, Matched};
use crate::network::DeviceChoice;
use crate::reading::{Answer, Contents, Identity, ReadingsHeader};
use crate::scan::find::Found;

/// A picture that is to be opened, and perhaps explained.
#[derive(Debug, Clone)]
pub struct Job {
    /// Of what somebody waits for: its number. What is done ahead has none.
    pub ticket: Option<u64>,
    pub key: PictureKey,
    /// Left out where it is not decoded yet.
    pub picture: Option<Arc<Picture>>,
    /// Left out where the picture is all that is wanted.
    pub under: Option<Under>,
}

impl Job {
    pub fn look_key(&self) -> Option<LookKey> {
        Some(LookKey { picture: self.key.clone(), under: self.under.clone()? })
    }
}

/// A picture whose answer is to be tried on variants of it.
#[derive(Debug, Clone)]
pub struct SteadyJob {
    pub key: PictureKey,
    pub picture: Arc<Picture>,
    /// The SHA-256 of its weights.
    pub model: String,
    /// What is said of the picture as it is.
    pub look: Arc<Look>,
}

/// A picture of the list whose answer alone is wanted.
#[derive(Debug, Clone)]
pub struct GradeJob {
    pub key: PictureKey,
    /// The SHA-256 of the model's weights.
    pub model: String,
    /// How it is explained as well, where it is to be known whether map and decision agree.
    pub explained: Option<Settings>,
}

/// A model that is to be loaded onto a device.
#[derive(Debug, Clone)]
pub struct ModelWish {
    pub number: u64,
    pub name: String,
    pub folders: Vec<PathBuf>,
    pub device: DeviceChoice,
}

/// A model that stands ready.
#[derive(Debug, Clone)]
pub struct Model {
    pub card: Arc<Card>,
    pub sha256: String,
    pub device: String,
    pub is_gpu: bool,
    /// Names of the layers that a map can be of, in the order of the data.
    pub layers: Arc<[String]>,
    /// The layer that is taken where none is chosen.
    pub usual_layer: Option<usize>,
}

/// What the worker is at with a picture that is to be explained.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ExplainPhase {
    /// The first run on a GPU: its kernels are compiled and tuned.
    PreparingKernels,
    Explaining,
}

/// Where files of the explanation on the screen are to go.
#[derive(Debug, Clone)]
pub struct ExportWish {
    pub folder: PathBuf,
    pub name: String,
    pub parts: Parts,
    /// Whether files that exist are replaced.
    pub replace: bool,
}

/// A file of readings that is to be used; it is made when there is something to keep.
#[derive(Debug, Clone, PartialEq)]
pub struct ReadingsWish {
    pub number: u64,
    pub file: PathBuf,
    /// What a new file is about.
    pub head: ReadingsHeader,
    /// Whether the file goes with a study that lies elsewhere each time it is fetched.
    pub is_of_study: bool,
}

/// A table of labels that was read. Its lines stand with the pictures that they belong to, and nowhere else.
#[derive(Debug)]
pub struct LabelsRead {
    pub table: LabelTable,
    pub matched: Matched,
}

/// Work of a short-lived thread, by its number where there can be several.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ShortTask {
    Find(u64),
    Derive(u64),
    Export(u64),
    Labels(u64),
    Archive(u64),
    /// What nobody is kept waiting for.
    Beside,
}

/// What can happen to a session.
#[derive(Debug)]
pub enum Event {
    Command(SessionCommand),
    /// The report panel is wanted.
    Draw(PanelUse),
    Export(ExportWish),
    /// Nothing but time has passed.
    Tick,
    ModelReady {
        number: u64,
        model: Model,
    },
    ModelFailed {
        number: u64,
        name: String,
        reason: String,
    },
    Phase {
        ticket: u64,
        phase: ExplainPhase,
    },
    Opened {
        key: PictureKey,
        picture: Arc<Picture>,
    },
    Explained {
        key: LookKey,
        look: Arc<Look>,
        /// Whether the network ran for it.
        is_new: bool,
    },
    Failed {
        ticket: Option<u64>,
        key: PictureKey,
        reason: String,
        device_lost: bool,
    },
    Thumbnail {
        path: PathBuf,
        thumbnail: RgbImage,
    },
    Steadied {
        key: PictureKey,
        model: String,
        steady: Steadiness,
    },
    /// Pictures of a figure explained so far.
    GalleryGoesOn {
        number: u64,
        count: usize,
    },
    GalleryMade {
        number: u64,
        made: Result<Box<Gallery>, String>,
    },
    /// A part of what is tried on a map.
    Tried {
        number: u64,
        found: Result<TrustFound, String>,
    },
    /// What the model says of a picture that nobody has asked for.
    Graded {
        key: PictureKey,
        answer: Answer,
    },
    /// What was said before, by a model of these weights.
    Recalled(Vec<(PictureKey, Answer)>),
    /// Whose pictures DICOM files say they are.
    Identified(Vec<(PathBuf, Identity)>),
    ResultsCleared(Result<(), String>),
    /// The pictures that paths given by the user mean.
    Found {
        number: u64,
        found: Result<Found, String>,
    },
    /// A look under the choices of the moment.
    Derived {
        number: u64,
        shown: Box<Shown>,
    },
    /// The report panel.
    Panel {
        use_for: PanelUse,
        panel: RgbImage,
    },
    /// Which other model reads a picture that this one does not.
    Advised {
        number: u64,
        advice: Option<Advice>,
    },
    /// Whose picture it is.
    Personal {
        id: u64,
        said: Personal,
    },
    /// What the network receives.
    ModelInput {
        number: u64,
        picture: RgbImage,
    },
    Exported {
        number: u64,
        written: Result<Vec<PathBuf>, String>,
    },
    /// What the file of what is open holds; `None` where there is no such file yet.
    ReadingsCame {
        number: u64,
        contents: Result<Option<Contents>, String>,
    },
    /// What a file of readings holds that somebody chose.
    ReadingsChosen {
        number: u64,
        contents: Result<Contents, String>,
    },
    /// A table of labels, with the pictures that its lines belong to.
    LabelsRead {
        number: u64,
        read: Result<LabelsRead, String>,
    },
    /// What an archive says, or why it says nothing.
    Archive {
        number: u64,
        said: Result<ArchiveAnswer, String>,
    },
    /// What was said does not reach its file.
    NotKept {
        reason: String,
    },
    /// What a short-lived thread did ended in a fault of this program.
    Fault {
        work: ShortTask,
        reason: String,
    },
}

/// What a report panel was asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PanelUse {
    Clipboard,
    Preview,
}

/// Called after every message; the window repaints.
pub type Wake = Arc<dyn Fn() + Send + Sync>;

/// Where messages go.
#[derive(Clone)]
pub struct Voice {
    sender: Sender<Event>,
    wake: Wake,
}

impl std::fmt::Debug for Voice {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Voice").finish_non_exhaustive()
    }
}

impl Voice {
    /// A way to be told things, and where they arrive.
    pub fn new(wake: Wake) -> (Self, Receiver<Event>) {
        let (sender, receiver) = channel();
        (Self { sender, wake }, receiver)
    }

    /// Does `work` on a thread of the pool and says what comes of it, also where that is a fault.
    pub fn later(&self, work: ShortTask, done: impl FnOnce() -> Option<Event> + Send + 'static) {
        let voice = self.clone();
        rayon::spawn(move || match panics::caught(done) {
            Ok(event) => event.into_iter().for_each(|event| voice.say(event)),
            Err(reason) => voice.say(Event::Fault { work, reason: panics::sentence(&reason) }),
        });
    }

    pub fn say(&self, event: Event) {
        // Nobody listens once the window has been closed.
        let _ = self.sender.send(event);
        (self.wake)();
    }
}
