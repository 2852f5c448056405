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
use crate::export::{self, Marks, Measured, Parts, Pictures, Profile, ReaderRecord, Record, dicom};
use crate::guard::whole::{self, OutputSet, WriteError};
use crate::layers::Style;
use crate::scan::dicom::Origin;
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
    /// The report picture as the screen shows it.
    pub fn panel(&self) -> RgbImage {
        let scan = &self.picture.scan;
        let name = scan.path.file_name().unwrap_or_default().to_string_lossy();
        let picture = scan.to_rgb8_under(self.display.as_ref());
        self.pictures(&picture).panel_picture(&name)
    }

    fn pictures<'a>(&'a self, picture: &'a RgbImage) -> Pictures<'a> {
        Pictures::new(picture, &self.card, &self.explanation, &self.style)
            .with_report(self.report.clone())
            .with_quality(self.assessed.as_ref())
            .with_marks(self.marks())
            .with_outline(self.picture.lit.as_ref().map_or(&[], |lit| &lit.contour))
            .compared_with(self.compared.as_ref())
    }

    fn marks(&self) -> Marks {
        Marks::new(self.picture.scan.facts.as_deref(), self.measured.clone())
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
        let mut endings = parts.endings(&self.card, self.compared.is_some());
        if parts.layers {
            endings.extend(self.marks().endings());
        }
        files.check(endings.iter().map(String::as_str))?;
        let scan = &self.picture.scan;
        let name = scan.path.file_name().unwrap_or_default().to_string_lossy();
        let (explanation, decode_ms) = (&self.explanation, self.picture.decode_ms);
        let model = (self.card.as_ref(), self.sha256.as_str());
        let record = Record::new(name.clone().into_owned(), model, explanation, &self.report, &self.style, decode_ms);
        let record = record
            .of_scan(scan, self.display.as_ref())
            .with_quality(self.assessed.as_ref())
            .with_measurements(&self.measured);
        let picture_sha256 = self.picture.sha256.clone();
        let record = Record { reader: self.reader.clone(), picture_sha256, ..record };
        let picture = scan.to_rgb8_under(self.display.as_ref());
        let objects = parts.dicom.map(|profile| Objects::read(&self.picture, profile)).transpose()?;
        let source = objects.as_ref().map(Objects::source);
        export::write(&mut files, parts, &name, &self.pictures(&picture), record, source.as_ref())?;
        Ok(files.finish()?)
    }
}

/// What DICOM objects take from the picture's file, which is read again for them: nobody's name is kept while it is only
/// looked at.
struct Objects {
    origin: Option<Origin>,
    sha256: String,
    lossy_bytes: Option<u64>,
    profile: Profile,
    secret: Vec<u8>,
}

impl Objects {
    fn read(picture: &Picture, profile: Profile) -> anyhow::Result<Self> {
        let scan = &picture.scan;
        let file = Encoded::read(&scan.path, scan.facts.as_ref().map_or(0, |facts| facts.frame))?;
        let sha256 = file.sha256();
        if picture.sha256.as_ref().is_some_and(|known| *known != sha256) {
            bail!("{}: it has changed since it was opened; open it again", scan.path.display());
        }
        let secret = match profile {
            Profile::Kept => Vec::new(),
            Profile::DeIdentified => dicom::secret(None)?,
        };
        Ok(Self { origin: file.origin()?, sha256, lossy_bytes: file.lossy_bytes(), profile, secret })
    }

    fn source(&self) -> dicom::Source<'_> {
        dicom::Source {
            origin: self.origin.as_ref(),
            sha256: &self.sha256,
            lossy_bytes: self.lossy_bytes,
            profile: self.profile,
            secret: &self.secret,
        }
    }
}

fn advice(error: &anyhow::Error) -> String {
    match error.downcast_ref() {
        Some(WriteError::Exists(_)) => {
            format!("{error}; choose “Replace files that exist”, or another folder or name")
        }
        Some(WriteError::Write { .. } | WriteError::Name(_)) | None => format!("{error:#}"),
    }
}
