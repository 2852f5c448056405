//! What a session wants done, as plain values: [`super::state`] asks, the shell around it carries out, and every answer
//! comes back as a [`super::message::Event`].
//!
//! Must not know how anything is carried out.

use std::path::PathBuf;
use std::sync::Arc;

use super::jobs::Result;
use super::message::{ExportWish, Job, ModelWish, PanelUse, SteadyJob};
use super::picture::Picture;
use crate::bundle::Card;
use crate::explain::{Look, Settings};

/// Something to be done apart from the caller's thread.
#[derive(Debug)]
pub enum Effect {
    LoadModel(ModelWish),
    /// Opens and explains what somebody waits for; an older such job that has not ended is given up.
    Explain(Job),
    /// Gives up the last [`Effect::Explain`], and what was to be done ahead.
    Cancel,
    /// Replaces what is done while nothing is waited for.
    Ahead(Vec<Job>),
    /// The picture beside the one on the screen, before all that is done ahead; replaces the last one.
    Beside(Option<Job>),
    /// Replaces the pictures whose thumbnails are made after that.
    Thumbnails(Vec<PathBuf>),
    /// The least urgent; replaces the last one.
    Steady(SteadyJob),
    Find {
        number: u64,
        paths: Vec<PathBuf>,
    },
    /// Works out what is shown of a look.
    Derive {
        number: u64,
        look: Arc<Look>,
        settings: Settings,
    },
    Draw {
        use_for: PanelUse,
        result: Box<Result>,
    },
    Export {
        number: u64,
        wish: ExportWish,
        result: Box<Result>,
    },
    /// Asks all models whether they read a picture that this one does not.
    Advise {
        number: u64,
        card: Arc<Card>,
        picture: Arc<Picture>,
    },
    Personal {
        id: u64,
        path: PathBuf,
    },
    ModelInput {
        number: u64,
        picture: Arc<Picture>,
        card: Arc<Card>,
    },
    SavePreferences,
}
