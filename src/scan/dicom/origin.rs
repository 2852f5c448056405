//! Where a derived object comes from: what it repeats of its source's patient, study and frame of reference. Read when
//! objects are to be written, and dropped with them.

use std::path::Path;

use dicom_core::{DataElement, PrimitiveValue, Tag, VR};
use dicom_dictionary_std::tags;
use dicom_object::InMemDicomObject;
use dicom_object::mem::InMemElement;

use super::attributes::{Attributes, decimals, text, whole};
use super::charset::unescaped;
use super::fault::Fault;
use super::source::Source;
use crate::scan::ScanError;

/// Attributes of a DICOM picture that objects derived from it repeat or refer to.
#[derive(Clone)]
pub struct Origin {
    /// The attributes that are repeated.
    pub object: InMemDicomObject,
    /// Counted from 0.
    pub frame: u32,
}

impl std::fmt::Debug for Origin {
    /// Nobody's name belongs in a log.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Origin(hidden)")
    }
}

/// Without these nothing can refer to a picture, or be filed with it.
const NEEDED: [(Tag, &str); 4] = [
    (tags::SOP_CLASS_UID, "SOP Class UID"),
    (tags::SOP_INSTANCE_UID, "SOP Instance UID"),
    (tags::STUDY_INSTANCE_UID, "Study Instance UID"),
    (tags::SERIES_INSTANCE_UID, "Series Instance UID"),
];
/// PS3.5 9.1.
const MOST_UID_CHARACTERS: usize = 64;

/// Patient, study, series and where the picture lies in the patient; nothing private, no comments, no persons but the
/// patient and who referred.
fn is_wanted(tag: u32) -> bool {
    matches!(
        tag,
        0x0008_0005 | 0x0008_0016 | 0x0008_0018 // character set, class, instance
            | 0x0008_0020 | 0x0008_0030 | 0x0008_0050 | 0x0008_0051 | 0x0008_0060 | 0x0008_0090 | 0x0008_0201
            | 0x0008_1030 | 0x0008_1032 | 0x0008_1110
            | 0x0010_0010 | 0x0010_0020..=0x0010_0024 | 0x0010_0030 | 0x0010_0032 | 0x0010_0040 | 0x0010_0200
            | 0x0010_1002 | 0x0010_1010 | 0x0010_1020 | 0x0010_1030
            | 0x0012_0062..=0x0012_0064
            | 0x0018_0015 | 0x0018_0050 | 0x0018_1164 | 0x0018_2010
            | 0x0020_000d | 0x0020_000e | 0x0020_0010 | 0x0020_0032 | 0x0020_0037 | 0x0020_0052 | 0x0020_0060
            | 0x0020_0062 | 0x0020_1040
            | 0x0028_0008 | 0x0028_0030 | 0x0028_0301 | 0x0028_0303 | 0x0028_2110 | 0x0028_2112 | 0x0028_2114
            | 0x5200_9229 | 0x5200_9230
    )
}

/// Of the file at `path` whose bytes are `bytes`.
///
/// # Errors
/// A file whose elements cannot be followed, or that does not say which object it is.
pub fn origin(bytes: &[u8], path: &Path, frame: u32) -> Result<Origin, ScanError> {
    let read = || {
        let object = Source::read(bytes, is_wanted, frame)?.object;
        match NEEDED.iter().find(|(tag, _)| !is_uid(text(&object, *tag).as_deref())) {
            Some((_, name)) => Err(Fault::other(format!(
                "its DICOM attribute {name} is missing or no UID, so that nothing can refer to it"
            ))),
            None => Ok(Origin { object: legible(object), frame }),
        }
    };
    read().map_err(|fault| fault.at(path))
}

/// The same with the escape sequences of its texts followed.
fn legible(mut object: InMemDicomObject) -> InMemDicomObject {
    let is_text = |vr: VR| matches!(vr, VR::PN | VR::LO | VR::SH);
    let escaped = |element: &InMemElement| {
        let text = element.to_str().ok().filter(|text| is_text(element.vr()) && text.contains('\u{1b}'))?;
        Some(DataElement::new(element.header().tag, element.vr(), PrimitiveValue::from(unescaped(&text))))
    };
    let followed: Vec<InMemElement> = object.iter().filter_map(escaped).collect();
    followed.into_iter().for_each(|element| drop(object.put(element)));
    object
}

fn is_uid(text: Option<&str>) -> bool {
    let is_fine = |uid: &str| uid.len() <= MOST_UID_CHARACTERS && uid.chars().all(|c| c.is_ascii_digit() || c == '.');
    text.is_some_and(is_fine)
}

impl Origin {
    /// A text without padding; `None` where it is empty or absent.
    pub fn text(&self, tag: Tag) -> Option<String> {
        text(&self.object, tag)
    }

    /// A UID, or `None` of what is none.
    pub fn uid(&self, tag: Tag) -> Option<String> {
        self.text(tag).filter(|uid| is_uid(Some(uid)))
    }

    /// Finite decimals of the functional group that they are in, or of the file itself where it has no such group.
    pub fn decimals(&self, group: Tag, tag: Tag) -> Vec<f64> {
        decimals(Attributes::new(&self.object).group(group), tag)
    }

    /// Frames of the file, at least 1.
    pub fn frames(&self) -> u32 {
        let frames = whole(&self.object, tags::NUMBER_OF_FRAMES).and_then(|frames| u32::try_from(frames).ok());
        frames.unwrap_or(1).max(1)
    }
}
