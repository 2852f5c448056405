//! What is wished of the worker and what it and the short-lived threads say: plain values, and the way they go.
//!
//! Must not know who sends or who listens.

use std::path::PathBuf;
use std::sync::Arc;
use std::sync::mpsc::{Receiver, Sender, channel};

use image::RgbImage;

use super::personal::Personal;
use super::picture::Picture;
use super::shown::Shown;
use crate::bundle::Card;
use crate::explain::Look;
use crate::guard::panics;
use crate::method::Asked;
use crate::network::DeviceChoice;
use crate::scan::find::Found;

/// A picture that is to be explained.
#[derive(Debug, Clone)]
pub struct Job {
    /// Answers carry it, so that those to an older wish can be told apart.
    pub generation: u64,
    pub path: PathBuf,
    /// Of a picture that is not decoded yet, counted from 0.
    pub frame: u32,
    /// Left out where it is decoded already.
    pub picture: Option<Arc<Picture>>,
    /// What the model's card recommends where `None`.
    pub asked: Option<Asked>,
}

/// A model that is to be loaded onto a device.
#[derive(Debug, Clone)]
pub struct ModelWish {
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

/// What the worker is at.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Stage {
    Decoding,
    /// The first run on a GPU: its kernels are compiled and tuned.
    PreparingKernels,
    Explaining,
}

/// What this thread and the short-lived ones say.
#[derive(Debug)]
pub enum Event {
    ModelReady(Model),
    ModelFailed {
        name: String,
        reason: String,
    },
    Stage {
        generation: u64,
        stage: Stage,
    },
    Opened {
        generation: u64,
        path: PathBuf,
        picture: Arc<Picture>,
    },
    Explained {
        generation: u64,
        path: PathBuf,
        model: String,
        look: Arc<Look>,
        /// Whether the network ran for it.
        is_new: bool,
    },
    Failed {
        generation: u64,
        path: PathBuf,
        reason: String,
        device_lost: bool,
    },
    Thumbnail {
        path: PathBuf,
        thumbnail: RgbImage,
    },
    /// The pictures that paths given by the user mean.
    Found(Result<Found, String>),
    /// A look under the choices of the moment.
    Derived {
        look: Arc<Look>,
        shown: Box<Shown>,
    },
    /// The report picture.
    Panel {
        use_for: PanelUse,
        panel: RgbImage,
    },
    /// Whose picture it is.
    Personal {
        id: u64,
        said: Personal,
    },
    /// What the network receives.
    ModelInput {
        id: u64,
        picture: RgbImage,
    },
    Exported(Result<Vec<PathBuf>, String>),
    /// What a short-lived thread did ended in a fault of this program.
    Fault(String),
}

/// What a report picture was asked for.
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
    pub fn later(&self, work: impl FnOnce() -> Option<Event> + Send + 'static) {
        let voice = self.clone();
        rayon::spawn(move || match panics::caught(work) {
            Ok(event) => event.into_iter().for_each(|event| voice.say(event)),
            Err(reason) => voice.say(Event::Fault(panics::sentence(&reason))),
        });
    }

    pub fn say(&self, event: Event) {
        // Nobody listens any more where the window has been closed.
        let _ = self.sender.send(event);
        (self.wake)();
    }
}
