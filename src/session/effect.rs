//! What a session wants done, as plain values: [`super::state`] asks, the shell around it carries out, and every answer
//! returns as a [`super::message::Event`].
//!
//! Must not know how anything is carried out.

use std::path::PathBuf;
use std::sync::Arc;

use super::answer::AnsweredBy;
use super::archive::ArchiveJob;
use super::gallery::GalleryJob;
use super::jobs::Result;
use super::key::PictureKey;
use super::message::{ExportWish, GradeJob, Job, ModelWish, PanelUse, ReadingsWish, SteadyJob};
use super::picture::Picture;
use super::trust::TrustJob;
use crate::bundle::Card;
use crate::explain::{Look, Settings};
use crate::export::gallery::Gallery;
use crate::reading::{Change, Contents};

/// Something to be done on another thread.
#[derive(Debug)]
pub enum Effect {
    LoadModel(ModelWish),
    /// Opens and explains what the user waits for; an unfinished older job is dropped.
    Explain(Job),
    /// Drops the last [`Effect::Explain`], and what was planned ahead.
    Cancel,
    /// Replaces what is done while nobody waits.
    Ahead(Vec<Job>),
    /// The picture beside the one on the screen, before anything done ahead; replaces the last one.
    Beside(Option<Job>),
    /// Replaces the pictures whose thumbnails are made after that.
    Thumbnails(Vec<PathBuf>),
    /// After those; replaces the last one.
    Steady(SteadyJob),
    /// Tests the map on the screen; `None` cancels it.
    Trust(Option<TrustJob>),
    /// Explains the pictures of a figure; `None` cancels it.
    Gallery(Option<Box<GalleryJob>>),
    WriteGallery {
        number: u64,
        file: PathBuf,
        gallery: Box<Gallery>,
        date: String,
    },
    /// Replaces what is graded when there is nothing else to do.
    Grade(Vec<GradeJob>),
    /// Looks up earlier answers about pictures.
    Recall {
        keys: Vec<PictureKey>,
        by: Arc<AnsweredBy>,
    },
    /// Asks DICOM files whose they are.
    Identify(Vec<PathBuf>),
    ClearResults,
    Find {
        number: u64,
        paths: Vec<PathBuf>,
    },
    /// Computes what is shown of a look.
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
    /// Opens the file that what is said from now on goes to; an older one is closed.
    OpenReadings(ReadingsWish),
    Keep(Vec<Change>),
    /// Reads a file of readings that somebody chose.
    ReadReadings {
        number: u64,
        file: PathBuf,
    },
    SaveReadings {
        number: u64,
        file: PathBuf,
        contents: Box<Contents>,
    },
    /// Reads a table of labels and finds which lines belong to which pictures.
    ReadLabels {
        number: u64,
        file: PathBuf,
        pictures: Vec<PathBuf>,
    },
    WriteTable {
        number: u64,
        file: PathBuf,
        contents: Box<Contents>,
    },
    /// Asks an archive for something.
    Ask(Box<ArchiveJob>),
    SavePreferences,
}
