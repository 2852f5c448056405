//! What a session is doing, and what the progress line says about it.
//!
//! Must not know what comes next: that is [`super::State::step`].

use std::path::PathBuf;
use std::time::Instant;

use crate::session::key::{LookKey, PictureKey, Under};
use crate::session::message::{ExplainPhase, Model};
use crate::session::worklist::Worklist;

/// What is awaited from the worker: at most one thing, replaced by a newer request.
#[derive(Debug, Default)]
pub enum Doing {
    #[default]
    Rest,
    /// A picture is on its way to the screen.
    Opening(Opening),
    /// A look at the picture on the screen is on its way.
    Explaining(Explaining),
}

/// Pictures that are looked for, meant by paths that a user gave; what is under way goes on meanwhile.
#[derive(Debug)]
pub struct Finding {
    pub number: u64,
    pub paths: Vec<PathBuf>,
    pub since: Instant,
}

/// The picture that was asked for and is not on the screen yet.
#[derive(Debug)]
pub struct Opening {
    pub ticket: u64,
    pub key: PictureKey,
    /// How it is to be explained too, if that was known.
    pub under: Option<Under>,
    /// The worklist that takes the old one's place once a picture of it is open.
    pub list: Option<Box<Worklist>>,
    pub since: Instant,
}

/// A look that was asked for.
#[derive(Debug)]
pub struct Explaining {
    pub ticket: u64,
    pub key: LookKey,
    pub phase: ExplainPhase,
    pub since: Instant,
}

impl Doing {
    pub fn opening(&self) -> Option<&Opening> {
        match self {
            Self::Opening(opening) => Some(opening),
            Self::Rest | Self::Explaining(_) => None,
        }
    }

    pub fn explaining(&self) -> Option<&Explaining> {
        match self {
            Self::Explaining(explaining) => Some(explaining),
            Self::Rest | Self::Opening(_) => None,
        }
    }
}

/// Which model answers.
#[derive(Debug, Default)]
pub enum Engine {
    #[default]
    Without,
    /// Another one is on its way; until then the last one's answers stand.
    Loading {
        number: u64,
        name: String,
        since: Instant,
        before: Option<Model>,
    },
    Ready(Model),
}

impl Engine {
    /// The model whose answers are shown.
    pub fn model(&self) -> Option<&Model> {
        match self {
            Self::Without => None,
            Self::Loading { before, .. } => before.as_ref(),
            Self::Ready(model) => Some(model),
        }
    }

    /// The model that can be asked now.
    pub fn ready(&self) -> Option<&Model> {
        match self {
            Self::Ready(model) => Some(model),
            Self::Without | Self::Loading { .. } => None,
        }
    }

    pub fn into_model(self) -> Option<Model> {
        match self {
            Self::Without => None,
            Self::Loading { before, .. } => before,
            Self::Ready(model) => Some(model),
        }
    }
}

/// What keeps the session busy, and since when.
#[derive(Debug, Clone, PartialEq)]
pub struct Busy {
    pub what: String,
    pub since: Instant,
    /// Whether [`crate::session::SessionCommand::Cancel`] ends it. Files are written whole, and a model is loaded whole.
    pub can_stop: bool,
}
