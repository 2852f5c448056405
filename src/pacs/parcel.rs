//! An object as a file: a preamble, file meta information (PS3.10 7.1), and the data set as it goes over the network.

use std::fs::File;
use std::io::{Read, Seek, SeekFrom, Write};
use std::path::Path;

use dicom_dictionary_std::tags;
use dicom_object::meta::FileMetaTableBuilder;
use dicom_object::{InMemDicomObject, Tag};

use super::classes::{COMMITMENT, COMMITMENT_INSTANCE};
use super::{PacsError, Parcel};
use crate::guard::regular;
use crate::scan::dicom::beginning;

const PREAMBLE_BYTES: usize = 128;
/// Offset of the file meta information's length, and of its end.
const META_LENGTH: std::ops::Range<usize> = 140..144;
const MOST_META_BYTES: u32 = 1 << 20;
/// Of a file, to find its class and UIDs in: they stand in its first elements.
const HEAD_BYTES: u64 = 64 << 10;
/// Of a text that is shown.
const MOST_CHARACTERS: usize = 128;

/// What precedes the data set in a file.
///
/// # Errors
/// UIDs that cannot be written there.
pub fn head(class: &str, instance: &str, syntax: &str) -> Result<Vec<u8>, PacsError> {
    let cannot = |_| PacsError::Here("the head of a DICOM file cannot be written".to_owned());
    let meta = FileMetaTableBuilder::new()
        .media_storage_sop_class_uid(class)
        .media_storage_sop_instance_uid(instance)
        .transfer_syntax(syntax)
        .build()
        .map_err(cannot)?;
    let mut bytes = vec![0; PREAMBLE_BYTES];
    bytes.extend(b"DICM");
    meta.write(&mut bytes).map_err(cannot)?;
    Ok(bytes)
}

/// Opens the file of `parcel` at the beginning of its data set.
///
/// # Errors
/// A file that is no complete DICOM file.
pub fn data_set(parcel: &Parcel) -> Result<File, PacsError> {
    let (mut file, found) = regular::open(&parcel.file).map_err(|error| unreadable(&error))?;
    let mut head = [0; META_LENGTH.end];
    let is_there = file.read_exact(&mut head).is_ok() && head[PREAMBLE_BYTES..].starts_with(b"DICM\x02\0\0\0UL\x04\0");
    let [a, b, c, d] = [0, 1, 2, 3].map(|at| head[META_LENGTH.start + at]);
    let length = u32::from_le_bytes([a, b, c, d]);
    let start = META_LENGTH.end as u64 + u64::from(length);
    if !is_there || length > MOST_META_BYTES || start >= found {
        return Err(PacsError::Here("a file that was to be sent has no file meta information of DICOM".to_owned()));
    }
    file.seek(SeekFrom::Start(start)).map_err(|error| unreadable(&error))?;
    Ok(file)
}

/// Without the file's name, which may be a patient's.
fn unreadable(error: &std::io::Error) -> PacsError {
    PacsError::Here(format!("a file that was to be sent cannot be read: {error}"))
}

/// What an object says of itself.
#[derive(PartialEq, Eq)]
pub struct ObjectIdentity {
    pub sop_class_uid: String,
    pub sop_instance_uid: String,
    pub study_uid: String,
}

/// Of the file at `path`; `None` where its elements cannot be followed.
pub fn identity(path: &Path) -> Option<ObjectIdentity> {
    let mut head = Vec::new();
    File::open(path).ok()?.take(HEAD_BYTES).read_to_end(&mut head).ok()?;
    let wanted = |tag| matches!(tag, 0x0008_0016 | 0x0008_0018 | 0x0020_000d);
    let object = beginning(&head, wanted, 0x0020_000e)?;
    Some(ObjectIdentity {
        sop_class_uid: text(&object, tags::SOP_CLASS_UID),
        sop_instance_uid: text(&object, tags::SOP_INSTANCE_UID),
        study_uid: text(&object, tags::STUDY_INSTANCE_UID),
    })
}

/// Those attributes of the data set `data` in `syntax` for which `wanted` holds, given as 0xggggeeee; `None` where its
/// elements cannot be followed.
pub fn attributes(data: &[u8], syntax: &str, wanted: fn(u32) -> bool) -> Option<InMemDicomObject> {
    // As a file it goes the way of all foreign files. Its class and instance matter to nobody.
    let file = [head(COMMITMENT, COMMITMENT_INSTANCE, syntax).ok()?.as_slice(), data].concat();
    beginning(&file, wanted, u32::MAX)
}

/// Text of an attribute without padding and control characters, at most so many; empty where there is none.
pub fn text(object: &InMemDicomObject, tag: Tag) -> String {
    let said = object.get(tag).and_then(|element| element.to_str().ok()).unwrap_or_default();
    let said = said.trim_matches(['\0', ' ']).chars().filter(|c| !c.is_control());
    said.take(MOST_CHARACTERS).collect()
}

/// Flushes a file to the disk.
pub fn settle(mut file: &File) -> std::io::Result<()> {
    file.flush()?;
    file.sync_data()
}
