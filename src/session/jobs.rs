//! Pictures and files of the explanation on the screen: what they are made from, and how.
//!
//! Must not know who asks for them.

use std::path::PathBuf;
use std::sync::Arc;

use anyhow::bail;
use image::RgbImage;

use super::message::ExportWish;
use super::picture::Picture;
use crate::bundle::{Assessment, Card};
use crate::explain::{Explanation, Report};
use crate::export::dicom::{SourceFile, secret_of};
use crate::export::{self, Explained, Measured, Parts, Profile, ReaderRecord};
use crate::guard::whole::{self, OutputSet, WriteError};
use crate::layers::Style;
use crate::scan::{Encoded, GreyDisplay};

/// All that pictures and files of the explanation on the screen are made from.
#[derive(Debug)]
pub struct Result {
    pub picture: Arc<Picture>,
    pub card: Arc<Card>,
    pub sha256: String,
    pub explanation: Explanation,
    /// By the rule that is compared with.
    pub compared: Option<Explanation>,
    pub style: Style,
    pub reader: Option<ReaderRecord>,
    pub display: Option<GreyDisplay>,
    pub report: Report,
    pub assessed: Option<Assessment>,
    pub measured: Vec<Measured>,
}

impl Result {
    /// The report panel as the screen shows it.
    pub fn panel(&self) -> RgbImage {
        let name = self.name();
        let explained = self.explained(&name);
        let shown = explained.shown();
        explained.pictures(&shown).panel_picture(&name)
    }

    /// The name of the picture's file.
    fn name(&self) -> String {
        self.picture.scan.path.file_name().unwrap_or_default().to_string_lossy().into_owned()
    }

    fn explained<'a>(&'a self, name: &'a str) -> Explained<'a> {
        let (picture, model) = (&self.picture, (self.card.as_ref(), self.sha256.as_str()));
        let explained = Explained::new((&picture.scan, name), model, &self.explanation, &self.report, &self.style);
        Explained {
            picture_sha256: picture.sha256.as_deref(),
            other: self.compared.as_ref(),
            assessed: self.assessed.as_ref(),
            outline: picture.lit.as_ref().map_or(&[], |lit| &lit.contour),
            display: self.display.as_ref(),
            measured: &self.measured,
            reader: self.reader.as_ref(),
            decode_ms: picture.decode_ms,
            ..explained
        }
    }

    /// Writes what the screen shows to `folder/name.…`.
    ///
    /// # Errors
    /// What kept the files from being written, in words for the user.
    pub fn export(&self, wish: &ExportWish) -> std::result::Result<Vec<PathBuf>, String> {
        whole::sweep(&wish.folder);
        let files = OutputSet::new(&wish.folder, &wish.name, wish.replace);
        self.write(files, wish.parts).map_err(|error| advice(&error))
    }

    fn write(&self, mut files: OutputSet, parts: Parts) -> anyhow::Result<Vec<PathBuf>> {
        let name = self.name();
        let explained = self.explained(&name);
        let mut endings = parts.endings(&self.card, self.compared.is_some());
        if parts.layers {
            endings.extend(explained.marks().endings());
        }
        files.check(endings.iter().map(String::as_str))?;
        let objects = parts.dicom.map(|profile| source_file(&self.picture, profile)).transpose()?;
        let source = objects.as_ref().map(SourceFile::source);
        let shown = explained.shown();
        let pictures = explained.pictures(&shown);
        export::write(&mut files, parts, &name, &pictures, explained.record(), source.as_ref())?;
        Ok(files.finish()?)
    }
}

/// What DICOM objects take from the picture's file, which is read again for them: nobody's name is kept while it is only
/// looked at.
fn source_file(picture: &Picture, profile: Profile) -> anyhow::Result<SourceFile> {
    let scan = &picture.scan;
    let file = Encoded::read(&scan.path, scan.facts.as_ref().map_or(0, |facts| facts.frame))?;
    let sha256 = file.sha256();
    if picture.sha256.as_ref().is_some_and(|known| *known != sha256) {
        bail!("{}: it has changed since it was opened; open it anew", scan.path.display());
    }
    SourceFile::new(&file, sha256, profile, secret_of(profile, None)?)
}

fn advice(error: &anyhow::Error) -> String {
    match error.downcast_ref() {
        Some(WriteError::Exists(_)) => {
            format!("{error}; choose “Replace files that exist”, or another folder or name")
        }
        Some(WriteError::Write { .. } | WriteError::Name(_)) | None => format!("{error:#}"),
    }
}
