//! One picture, from its file to the objects that answer it.

use std::path::Path;
use std::time::Instant;

use anyhow::{Context, Result};

use super::readers::{Models, Readers};
use crate::bundle::{Card, assess};
use crate::explain::{Explainer, Settings, report};
use crate::export::dicom::{DicomObject, Profile, Source, objects, secret, unanswered};
use crate::export::{self, Explained};
use crate::guard::memory::{Memory, TooMuch};
use crate::guard::{panics, regular};
use crate::input;
use crate::layers::Style;
use crate::method::CamMethod;
use crate::scan::{Encoded, MOST_FILE_BYTES, ScanError, dicom};

/// What became of a picture.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Outcome {
    Explained,
    /// No model reads it.
    NotRead,
    /// Damaged, of an unknown kind, too large, or a fault of ours: the reason is told.
    Unreadable,
    /// The process ended in the middle of it, several times.
    GivenUp,
    /// No picture: a report, a presentation state. Not answered.
    NoPicture,
    /// An answer of this program. Answering it would go on forever.
    OwnResult,
    /// A DICOM object that no answer can refer to, or be filed with: a UID of it, its study or its series is missing.
    Unfiled,
    /// Its file has gone from the node's folder.
    Lost,
}

impl Outcome {
    pub fn name(self) -> &'static str {
        match self {
            Self::Explained => "explained",
            Self::NotRead => "not-read",
            Self::Unreadable => "unreadable",
            Self::GivenUp => "given-up",
            Self::NoPicture => "no-picture",
            Self::OwnResult => "own-result",
            Self::Unfiled => "unfiled",
            Self::Lost => "lost",
        }
    }
}

/// A picture's answer.
#[derive(Debug)]
pub struct Answer {
    pub outcome: Outcome,
    pub model: Option<String>,
    /// Empty of what is not answered.
    pub objects: Vec<DicomObject>,
    /// Why it is no explanation, without any name.
    pub reason: Option<String>,
}

impl Answer {
    fn dropped(outcome: Outcome) -> Self {
        Self { outcome, model: None, objects: Vec::new(), reason: None }
    }
}

/// Whatever answers pictures: the models, or a test.
pub trait Answers {
    /// The answer to the picture at `path`, whose file has the SHA-256 `sha256`.
    ///
    /// # Errors
    /// Where it is nobody's fault that there is none: a disk that is full. The picture is tried again.
    fn answer(&mut self, path: &Path, sha256: &str) -> Result<Answer>;

    /// The answer that says that the picture ended the process each time it was tried.
    ///
    /// # Errors
    /// Where not even that can be said.
    fn give_up(&mut self, path: &Path, sha256: &str) -> Result<Answer>;
}

/// Answers by the models of a node.
pub struct ByModels {
    readers: Readers,
    purpose: Purpose,
    /// Whether pictures that get no explanation get no answer at all.
    is_silent: bool,
    memory: Memory,
}

/// What objects say of the patient, and what that follows from.
#[derive(Clone)]
struct Purpose {
    profile: Profile,
    secret: Vec<u8>,
}

impl ByModels {
    /// # Errors
    /// Like [`Readers::open`]; a secret that cannot be read or made.
    pub fn open(models: Models, profile: Profile, is_silent: bool, limit_bytes: u64) -> Result<Self> {
        let secret = if profile == Profile::DeIdentified { secret(None)? } else { Vec::new() };
        let purpose = Purpose { profile, secret };
        Ok(Self { readers: Readers::open(models)?, purpose, is_silent, memory: Memory::new(limit_bytes) })
    }

    pub fn names(&self) -> Vec<&str> {
        self.readers.names()
    }

    fn whole_way(&mut self, picture: &mut Picture<'_>) -> Result<Answer, Refusal> {
        let file = self.opened(picture)?;
        picture.lossy_bytes = file.lossy_bytes();
        let (header, began) = (file.header, Instant::now());
        let scan = file.decode().map_err(|error| Refusal::of(&error, picture.path))?;
        drop(file);
        let decode_ms = began.elapsed().as_secs_f64() * 1e3;
        let (measures, lit) = input::measure_with_field(&scan);
        let card = self.readers.choose(&measures).map_err(Refusal::NotRead)?.clone();
        let needed = export::needed_bytes(&header, &card, false, true);
        self.memory.check(needed).map_err(|error| Refusal::Unreadable(error.to_string()))?;
        let purpose = &self.purpose;
        let explainer = self.readers.ready(&card).map_err(Refusal::Failed)?;
        let assessed = assess(&card, &measures);
        let explain = || -> Result<Vec<DicomObject>> {
            let explanation = explainer.explain(&scan, &settings(explainer))?;
            let report = report(&card, &explanation, None, assessed.as_ref(), false);
            let style = Style::default();
            // What stands in pixels and reports is a hash: a file's name may be a patient's.
            let name = picture.sha256.get(..16).unwrap_or_default();
            let model = (&explainer.card, explainer.sha256.as_str());
            let explained = Explained {
                picture_sha256: Some(picture.sha256),
                assessed: assessed.as_ref(),
                outline: lit.as_ref().map_or(&[], |lit| &lit.contour),
                decode_ms,
                ..Explained::new((&scan, name), model, &explanation, &report, &style)
            };
            let shown = explained.shown();
            objects(&explained.pictures(&shown), &explained.record(), &picture.source(purpose))
        };
        let objects = explain().map_err(|error| Refusal::Unreadable(format!("{error:#}")))?;
        Ok(Answer { outcome: Outcome::Explained, model: Some(card.name), objects, reason: None })
    }

    /// The file, whose bytes are taken for it, if its picture may take what it needs.
    fn opened(&self, picture: &mut Picture<'_>) -> Result<Encoded, Refusal> {
        let too_much = |error: TooMuch| Refusal::Unreadable(error.to_string());
        let bytes = std::mem::take(&mut picture.bytes);
        self.memory.check(bytes.len() as u64).map_err(too_much)?;
        let file = Encoded::of_bytes(picture.path, bytes, 0).map_err(|error| Refusal::of(&error, picture.path))?;
        self.memory.check(file.header.decoding_bytes).map_err(too_much)?;
        Ok(file)
    }

    /// The report that says why there is no explanation. Where not even that can be made, as of a picture that must not be
    /// de-identified, there is none: no other try would change it.
    fn said(&self, picture: &Picture<'_>, outcome: Outcome, reason: String) -> Answer {
        let made = || unanswered(&picture.source(&self.purpose), &reason).map_err(|error| format!("{error:#}"));
        let made = if self.is_silent { Ok(None) } else { panics::caught(made).unwrap_or_else(Err).map(Some) };
        let (objects, reason) = match made {
            Ok(report) => (report.into_iter().collect(), reason),
            Err(error) => (Vec::new(), format!("{reason} No answer can say so: {error}")),
        };
        Answer { outcome, model: None, objects, reason: Some(reason) }
    }
}

impl Answers for ByModels {
    fn answer(&mut self, path: &Path, sha256: &str) -> Result<Answer> {
        let Some(mut picture) = Picture::read(path, sha256)? else { return Ok(Answer::dropped(Outcome::Lost)) };
        if let Some(answer) = picture.dropped() {
            return Ok(answer);
        }
        let caught = panics::caught(|| self.whole_way(&mut picture));
        let refusal = match caught.unwrap_or_else(|reason| Err(Refusal::Unreadable(panics::sentence(&reason)))) {
            Ok(answer) => return Ok(answer),
            Err(refusal) => refusal,
        };
        match refusal {
            Refusal::NoPicture => Ok(Answer::dropped(Outcome::NoPicture)),
            Refusal::NotRead(reason) => Ok(self.said(&picture, Outcome::NotRead, reason)),
            Refusal::Unreadable(reason) => Ok(self.said(&picture, Outcome::Unreadable, reason)),
            Refusal::Failed(error) => Err(error),
        }
    }

    fn give_up(&mut self, path: &Path, sha256: &str) -> Result<Answer> {
        let Some(picture) = Picture::read(path, sha256)? else { return Ok(Answer::dropped(Outcome::Lost)) };
        if let Some(answer) = picture.dropped() {
            return Ok(answer);
        }
        let reason = "It could not be read: the program ended each time it tried.".to_owned();
        Ok(self.said(&picture, Outcome::GivenUp, reason))
    }
}

/// Why there is no explanation.
enum Refusal {
    NoPicture,
    NotRead(String),
    Unreadable(String),
    /// Nothing is wrong with the picture.
    Failed(anyhow::Error),
}

impl Refusal {
    fn of(error: &ScanError, path: &Path) -> Self {
        match error {
            ScanError::NotAnImage { .. } | ScanError::NoPixelData(_) => Self::NoPicture,
            error => Self::Unreadable(without_place(error, path)),
        }
    }
}

/// A file with what its object says of itself.
struct Picture<'a> {
    path: &'a Path,
    sha256: &'a str,
    /// Of the file, until it is decoded.
    bytes: Vec<u8>,
    kind: Option<dicom::Kind>,
    /// `None` of a photograph; of a DICOM file that nothing can refer to why that is so.
    origin: Option<Result<dicom::Origin, String>>,
    /// Of a photograph, once it was opened.
    lossy_bytes: Option<u64>,
}

impl<'a> Picture<'a> {
    /// `None` where the file has gone.
    fn read(path: &'a Path, sha256: &'a str) -> Result<Option<Self>> {
        let bytes = match regular::read(path, MOST_FILE_BYTES) {
            Ok(bytes) => bytes,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(None),
            Err(error) => return Err(error).with_context(|| format!("{}", path.display())),
        };
        let said = || {
            let origin = || dicom::origin(&bytes, path, 0).map_err(|error| without_place(&error, path));
            dicom::is_dicom(&bytes).then(|| (dicom::kind(&bytes), origin()))
        };
        let said = panics::caught(said).unwrap_or_else(|reason| Some((None, Err(panics::sentence(&reason)))));
        let (kind, origin) = said.map_or((None, None), |(kind, origin)| (kind, Some(origin)));
        Ok(Some(Self { path, sha256, bytes, kind, origin, lossy_bytes: None }))
    }

    /// The answer of what gets none: no picture, an own result, an object that no answer can refer to.
    fn dropped(&self) -> Option<Answer> {
        match (self.kind, &self.origin) {
            (Some(kind), _) if kind.is_own => Some(Answer::dropped(Outcome::OwnResult)),
            (Some(kind), _) if !kind.is_image => Some(Answer::dropped(Outcome::NoPicture)),
            (_, Some(Err(reason))) => {
                Some(Answer { reason: Some(reason.clone()), ..Answer::dropped(Outcome::Unfiled) })
            }
            _ => None,
        }
    }

    fn source(&'a self, purpose: &'a Purpose) -> Source<'a> {
        let origin = self.origin.as_ref().and_then(|origin| origin.as_ref().ok());
        Source {
            origin,
            sha256: self.sha256,
            lossy_bytes: self.lossy_bytes,
            profile: purpose.profile,
            secret: &purpose.secret,
        }
    }
}

/// What an error says, without the place in the node's folder, which tells a reader nothing.
fn without_place(error: &ScanError, path: &Path) -> String {
    let said = error.to_string();
    said.strip_prefix(&format!("{}: ", path.display())).unwrap_or(&said).to_owned()
}

/// What the card recommends; of a network that has no CAM the map that shows places all the same.
fn settings(explainer: &Explainer) -> Settings {
    let card: &Card = &explainer.card;
    let mut settings = Settings::recommended(card);
    if !explainer.network().has_cam() {
        settings.cam.method = CamMethod::GradCam;
    }
    settings
}

#[cfg(test)]
mod tests;
