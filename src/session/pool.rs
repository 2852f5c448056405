//! Short work that needs no neural network, on threads of a pool.
//!
//! Must not know what happens with the results.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::answer::AnsweredBy;
use super::archive::{self, ArchiveAnswer, ArchiveJob, ArchiveQuestion, Archives, Wish};
use super::gallery;
use super::jobs::Result;
use super::key::PictureKey;
use super::message::{Event, ExportWish, LabelsRead, PanelUse, ShortTask, Voice};
use super::personal::Personal;
use super::picture::Picture;
use super::results::Results;
use super::shown::Shown;
use crate::bundle::{self, Card, Library};
use crate::explain::{Look, Settings};
use crate::export::gallery::Gallery;
use crate::guard::panics;
use crate::reading::{self, Contents, Eye, Identity, ReadingFile, identity};
use crate::{input, labels, scan};

/// Finds the pictures under the given paths: a folder may lie on a slow disk.
pub fn find(voice: &Voice, number: u64, paths: Vec<PathBuf>) {
    voice.later(ShortTask::Find(number), move || {
        let found = scan::find::pictures(&paths).map_err(|error| error.to_string());
        Some(Event::Found { number, found })
    });
}

pub fn derive(voice: &Voice, number: u64, look: Arc<Look>, settings: Settings) {
    voice.later(ShortTask::Derive(number), move || {
        let shown = Box::new(Shown::new(&look, &settings));
        Some(Event::Derived { number, shown })
    });
}

pub fn draw(voice: &Voice, use_for: PanelUse, result: Box<Result>) {
    voice.later(ShortTask::Beside, move || Some(Event::Panel { use_for, panel: result.panel() }));
}

pub fn export(voice: &Voice, number: u64, wish: ExportWish, result: Box<Result>) {
    voice.later(ShortTask::Export(number), move || Some(Event::Exported { number, written: result.export(&wish) }));
}

/// Which other model of the program, the user or `folders` reads `picture`.
pub fn advise(voice: &Voice, number: u64, card: Arc<Card>, picture: Arc<Picture>, folders: Vec<PathBuf>) {
    voice.later(ShortTask::Beside, move || {
        let advice = bundle::advise(&card, &picture.measures, || Library::open(&folders).ok());
        Some(Event::Advised { number, advice })
    });
}

pub fn personal(voice: &Voice, id: u64, path: PathBuf) {
    voice.later(ShortTask::Beside, move || {
        let said = Personal(scan::personal(&path).map_err(|error| error.to_string()));
        Some(Event::Personal { id, said })
    });
}

pub fn model_input(voice: &Voice, number: u64, picture: Arc<Picture>, card: Arc<Card>) {
    voice.later(ShortTask::Beside, move || {
        let input = input::prepare(&picture.scan, &card.preprocessing).ok()?;
        Some(Event::ModelInput { number, picture: input.to_picture() })
    });
}

pub fn read_readings(voice: &Voice, number: u64, file: PathBuf) {
    voice.later(ShortTask::Beside, move || {
        let contents = ReadingFile::look(&file).map_err(|error| error.to_string());
        Some(Event::ReadingsChosen { number, contents })
    });
}

/// Copies a file, whole or not at all.
pub fn save_readings(voice: &Voice, number: u64, file: PathBuf, contents: Box<Contents>) {
    voice.later(ShortTask::Export(number), move || {
        let written = reading::save(&file, &contents).map(|()| vec![file]).map_err(|error| error.to_string());
        Some(Event::Exported { number, written })
    });
}

pub fn write_table(voice: &Voice, number: u64, file: PathBuf, contents: Box<Contents>) {
    voice.later(ShortTask::Export(number), move || {
        let written = reading::write_table(&file, &contents).map(|()| vec![file]);
        Some(Event::Exported { number, written })
    });
}

/// A table of labels, and which of its lines belong to which pictures.
pub fn read_labels(voice: &Voice, number: u64, file: PathBuf, pictures: Vec<PathBuf>) {
    voice.later(ShortTask::Labels(number), move || {
        let read = labels::read_table(&file).map_err(|error| error.to_string());
        let read = read.map(|mut table| {
            let lines = std::mem::take(&mut table.lines);
            LabelsRead { matched: labels::matched(&pictures, &lines), table }
        });
        Some(Event::LabelsRead { number, read })
    });
}

/// A figure of examples, whole or not at all.
pub fn write_gallery(voice: &Voice, number: u64, file: PathBuf, gallery: Box<Gallery>, date: String) {
    voice.later(ShortTask::Export(number), move || {
        Some(Event::Exported { number, written: gallery::write(&gallery, &file, &date) })
    });
}

/// Number of files asked at once whose they are.
const ASKED_AT_ONCE: usize = 100;

/// Looks up earlier answers about pictures. A changed file counts as another one.
pub fn recall(voice: &Voice, results: Arc<Results>, keys: Vec<PictureKey>, by: Arc<AnsweredBy>) {
    voice.later(ShortTask::Beside, move || {
        let known = |key: PictureKey| Some((results.recall(&key.path, &by)?, key));
        Some(Event::Recalled(keys.into_iter().filter_map(known).map(|(answer, key)| (key, answer)).collect()))
    });
}

/// Whose pictures DICOM files say they are.
pub fn identify(voice: &Voice, paths: Vec<PathBuf>) {
    let teller = voice.clone();
    voice.later(ShortTask::Beside, move || {
        for paths in paths.chunks(ASKED_AT_ONCE) {
            let said = |path: &PathBuf| Some((path.clone(), said_by(scan::whose(path)?)));
            let said: Vec<(PathBuf, Identity)> = paths.iter().filter_map(said).collect();
            if !said.is_empty() {
                teller.say(Event::Identified(said));
            }
        }
        None
    });
}

fn said_by(whose: scan::dicom::Whose) -> Identity {
    let eye = whose.laterality.as_deref().and_then(|side| match side {
        "R" => Some(Eye::Right),
        "L" => Some(Eye::Left),
        _ => None,
    });
    let patient = whose.patient_id.unwrap_or_default();
    Identity {
        is_private: !patient.is_empty(),
        patient,
        eye,
        taken: whose.taken.as_deref().and_then(identity::of_dicom),
    }
}

/// Asks an archive, on a thread of its own: waiting for the network must not take a slot in the pool.
pub fn ask(voice: &Voice, archives: Arc<dyn Archives>, job: ArchiveJob, place: PathBuf) {
    let (number, teller, guard) = (job.number, voice.clone(), voice.clone());
    let work = move || {
        let said = answered(&*archives, &job, &place, &teller);
        teller.say(Event::Archive { number, said });
    };
    let caught = move || {
        if let Err(reason) = panics::caught(work) {
            guard.say(Event::Fault { work: ShortTask::Archive(number), reason: panics::sentence(&reason) });
        }
    };
    let thread = std::thread::Builder::new().name(format!("{}-archive", panics::POOL)).spawn(caught);
    if let Err(error) = thread {
        voice.say(Event::Archive { number, said: Err(error.to_string()) });
    }
}

fn answered(
    archives: &dyn Archives,
    job: &ArchiveJob,
    place: &Path,
    voice: &Voice,
) -> std::result::Result<ArchiveAnswer, String> {
    let ArchiveJob { number, archive, question, stop } = job;
    let may_go_on = || !stop.is_set();
    let in_words = |error| archive::advice(&error, archive);
    match question {
        ArchiveQuestion::Find(query) => {
            archives.find(archive, query, &may_go_on).map(ArchiveAnswer::Found).map_err(in_words)
        }
        ArchiveQuestion::Echo => archives.echo(archive, &may_go_on).map(|()| ArchiveAnswer::Here).map_err(in_words),
        ArchiveQuestion::Fetch { study_uid, keep } => {
            let arrived =
                |count| voice.say(Event::Archive { number: *number, said: Ok(ArchiveAnswer::Arrived(count)) });
            let wish = Wish { archive, study_uid, keep: keep.as_deref(), place, stop };
            archive::fetch(archives, &wish, &arrived).map(ArchiveAnswer::Fetched)
        }
    }
}

pub fn clear_results(voice: &Voice, results: Arc<Results>) {
    voice.later(ShortTask::Beside, move || {
        Some(Event::ResultsCleared(results.clear().map_err(|error| error.to_string())))
    });
}
