//! From the bytes of a file to its wanted attributes and the place of its pixels.

use std::borrow::Cow;
use std::io::Read;
use std::ops::Range;

use dicom_core::dictionary::{UidDictionary, UidDictionaryEntry};
use dicom_dictionary_std::StandardSopClassDictionary;
use dicom_object::InMemDicomObject;
use dicom_transfer_syntax_registry::{TransferSyntaxIndex, TransferSyntaxRegistry};

use super::fault::{Fault, printable};
use super::syntax::Syntax;
use super::walk::{Encoding, PIXEL_DATA, Walker};

/// What an unpacked deflated file may hold.
const MOST_INFLATED_BYTES: u64 = 1 << 30;
const PREAMBLE_BYTES: usize = 128;

/// Where the pixels lie.
#[derive(Debug, Clone)]
pub enum PixelPlace {
    /// One run of bytes, in 16-bit words where `in_words`.
    Native { value: Range<usize>, in_words: bool },
    /// Table of offsets first.
    Fragments(Vec<Range<usize>>),
}

pub struct Source<'a> {
    pub bytes: Cow<'a, [u8]>,
    pub syntax: Syntax,
    /// The wanted attributes alone.
    pub object: InMemDicomObject,
    pub pixels: Option<PixelPlace>,
}

/// Whether `bytes` look like DICOM: by the mark after the preamble, or without one by a first element that only DICOM
/// has: file meta information, or group 8's beginning.
pub fn is_dicom(bytes: &[u8]) -> bool {
    has_mark(bytes) || bytes.starts_with(b"DICM") || begins_with_meta(bytes) || bare(bytes).is_some()
}

/// Whether `head`, at least 132 bytes of a file, carries the mark.
pub fn has_mark(head: &[u8]) -> bool {
    head.get(PREAMBLE_BYTES..PREAMBLE_BYTES + 4) == Some(b"DICM")
}

fn begins_with_meta(bytes: &[u8]) -> bool {
    bytes.starts_with(&[2, 0, 0, 0, b'U', b'L', 4, 0])
}

/// The encoding of a data set without any head.
fn bare(bytes: &[u8]) -> Option<Encoding> {
    let head: &[u8; 8] = bytes.first_chunk()?;
    // Group 8 begins with its length, the character set, or the image type.
    if head[..2] != [8, 0] || !matches!(head[2..4], [0, 0] | [1, 0] | [5, 0] | [8, 0] | [0x16, 0] | [0x18, 0]) {
        return None;
    }
    if matches!(&head[4..6], b"UL" | b"CS" | b"UI") {
        return Some(Encoding::EXPLICIT_LITTLE);
    }
    let length = u32::from_le_bytes([head[4], head[5], head[6], head[7]]);
    (length <= 256 && length.is_multiple_of(2)).then_some(Encoding::IMPLICIT_LITTLE)
}

impl<'a> Source<'a> {
    /// Reads the attributes for which `wanted` holds, and no others.
    pub fn read(file: &'a [u8], wanted: fn(u32) -> bool) -> Result<Self, Fault> {
        let (start, syntax) = start(file)?;
        let bytes = if syntax.is_deflated { Cow::Owned(inflate(&file[start..])?) } else { Cow::Borrowed(file) };
        let start = if syntax.is_deflated { 0 } else { start };
        let walker = Walker::new(&bytes, syntax.encoding);
        let (mut kept, mut pixels, mut at) = (Vec::new(), None, start);
        while let Some(element) = walker.element(at, wanted)? {
            if element.tag == PIXEL_DATA {
                let value = element.value;
                pixels = Some(if element.has_items {
                    PixelPlace::Fragments(walker.fragments(value.start)?)
                } else {
                    PixelPlace::Native { value, in_words: element.vr != *b"OB" }
                });
                break;
            }
            at = element.whole.end;
            if wanted(element.tag) {
                kept.extend_from_slice(&bytes[element.whole]);
            }
        }
        let elements = TransferSyntaxRegistry.get(syntax.elements_uid());
        let elements = elements.ok_or_else(|| Fault::Syntax(syntax.elements_uid().to_owned()))?;
        // The parser's own words may quote values: they are not passed on.
        let object = InMemDicomObject::read_dataset_with_ts(kept.as_slice(), elements)
            .map_err(|_| Fault::other("one of its DICOM attributes cannot be read"))?;
        Ok(Self { bytes, syntax, object, pixels })
    }

    /// The pixels' place, or what the file is instead of a picture.
    pub fn pixel_place(&self) -> Result<&PixelPlace, Fault> {
        self.pixels.as_ref().ok_or_else(|| {
            let class = self.object.get(dicom_dictionary_std::tags::SOP_CLASS_UID);
            let uid = class.and_then(|class| class.to_str().ok()).unwrap_or_default();
            let uid = uid.trim_end_matches(['\0', ' ']);
            let name = StandardSopClassDictionary.by_uid(uid).map(UidDictionaryEntry::name);
            match name {
                Some(name) if name.contains("Image") => Fault::NoPixelData,
                Some(name) => Fault::NotAnImage(name.trim_end_matches(" Storage").to_owned()),
                None if uid.is_empty() => Fault::NoPixelData,
                None => Fault::NotAnImage(format!("of class {}", printable(uid))),
            }
        })
    }
}

/// Where the data set begins, and how it is written.
fn start(file: &[u8]) -> Result<(usize, Syntax), Fault> {
    let meta_start = match file {
        _ if has_mark(file) => PREAMBLE_BYTES + 4,
        _ if file.starts_with(b"DICM") => 4,
        _ if begins_with_meta(file) => 0,
        _ => return Ok((0, Syntax::native(bare(file).unwrap_or(Encoding::IMPLICIT_LITTLE)))),
    };
    let walker = Walker::new(file, Encoding::EXPLICIT_LITTLE);
    let (mut at, mut uid) = (meta_start, None);
    while file.get(at..at + 2) == Some(&[2, 0]) {
        let Some(element) = walker.element(at, |_| false)? else { break };
        if element.tag == 0x0002_0010 {
            uid = Some(String::from_utf8_lossy(&file[element.value.clone()]).trim_end_matches(['\0', ' ']).to_owned());
        }
        if element.tag == 0x0002_0002 && file[element.value].starts_with(b"1.2.840.10008.1.3.10") {
            return Err(Fault::NotAnImage("DICOMDIR, a list of files".to_owned()));
        }
        at = element.whole.end;
    }
    if at >= file.len() {
        return Err(Fault::Cut);
    }
    let syntax = match uid {
        Some(uid) => Syntax::of(&uid)?.as_written(&file[at..]),
        None => Syntax::native(bare(&file[at..]).unwrap_or(Encoding::EXPLICIT_LITTLE)),
    };
    Ok((at, syntax))
}

fn inflate(packed: &[u8]) -> Result<Vec<u8>, Fault> {
    let mut bytes = Vec::new();
    flate2::read::DeflateDecoder::new(packed).take(MOST_INFLATED_BYTES + 1).read_to_end(&mut bytes).map_err(
        |error| match error.kind() {
            std::io::ErrorKind::UnexpectedEof => Fault::Cut,
            _ => Fault::other("its deflated data set cannot be unpacked"),
        },
    )?;
    if bytes.len() as u64 > MOST_INFLATED_BYTES {
        return Err(Fault::other(format!("it unpacks to more than {} MiB", MOST_INFLATED_BYTES >> 20)));
    }
    Ok(bytes)
}
