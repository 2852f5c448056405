//! From the bytes of a file to its wanted attributes and the place of its pixels.

use std::borrow::Cow;
use std::io::Read;
use std::ops::Range;

use dicom_core::dictionary::{UidDictionary, UidDictionaryEntry};
use dicom_dictionary_std::StandardSopClassDictionary;
use dicom_object::InMemDicomObject;
use dicom_transfer_syntax_registry::{TransferSyntaxIndex, TransferSyntaxRegistry};

use super::fault::{Fault, printable};
use super::kept::Kept;
use super::syntax::Syntax;
use super::walk::{Encoding, PIXEL_DATA, WalkError, Walker};

/// Bytes of a deflated data set that are unpacked to find its attributes; they precede the pixels.
const BEGINNING_BYTES: u64 = 8 << 20;
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
    /// The deflated data set, of which `bytes` are the beginning alone.
    packed: Option<&'a [u8]>,
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
    /// Reads the attributes for which `wanted` holds, and no others; of several frames' those of `frame`.
    pub fn read(file: &'a [u8], wanted: fn(u32) -> bool, frame: u32) -> Result<Self, Fault> {
        let (start, syntax) = start(file)?;
        let (bytes, start, packed) = if syntax.is_deflated {
            let packed = &file[start..];
            let beginning = inflate(packed, 0..BEGINNING_BYTES)?;
            let is_cut = beginning.len() as u64 == BEGINNING_BYTES;
            (Cow::Owned(beginning), 0, is_cut.then_some(packed))
        } else {
            (Cow::Borrowed(file), start, None)
        };
        let new = if packed.is_some() { Walker::of_beginning } else { Walker::new };
        let walker = new(&bytes, syntax.encoding);
        let (mut kept, mut pixels, mut at) = (Kept::of_frame(frame), None, start);
        let beyond = |error| match error {
            WalkError::Cut if packed.is_some() => {
                Fault::other(format!("its attributes take more than {} MiB", BEGINNING_BYTES >> 20))
            }
            error => error.into(),
        };
        while let Some(element) = walker.element(at, wanted).map_err(beyond)? {
            if element.tag == PIXEL_DATA {
                let value = element.value;
                pixels = Some(if element.has_items {
                    PixelPlace::Fragments(walker.fragments(value.start)?)
                } else {
                    PixelPlace::Native { value, in_words: element.vr != *b"OB" }
                });
                break;
            }
            if wanted(element.tag) {
                kept.add(&walker, at)?;
            }
            at = element.whole.end;
        }
        let elements = TransferSyntaxRegistry.get(syntax.elements_uid());
        let elements = elements.ok_or_else(|| Fault::Syntax(syntax.elements_uid().to_owned()))?;
        // The parser's own words may quote values: they are not passed on.
        let object = InMemDicomObject::read_dataset_with_ts(kept.bytes.as_slice(), elements)
            .map_err(|_| Fault::other("one of its DICOM attributes cannot be read"))?;
        Ok(Self { bytes, syntax, object, pixels, packed })
    }

    /// Those of the wanted attributes that stand in `head`, the beginning of a file, before the attribute `end`.
    pub fn beginning(head: &[u8], wanted: fn(u32) -> bool, end: u32) -> Result<InMemDicomObject, Fault> {
        let (start, syntax) = start(head)?;
        let unpacked = if syntax.is_deflated { Some(inflate(&head[start..], 0..head.len() as u64)?) } else { None };
        let (bytes, mut at) = unpacked.as_deref().map_or((head, start), |unpacked| (unpacked, 0));
        let walker = Walker::of_beginning(bytes, syntax.encoding);
        let mut kept = Kept::of_frame(0);
        // What reaches beyond the beginning ends it, as the pixels would.
        while walker.header(at).is_ok_and(|header| header.tag < end) {
            let Ok(Some(element)) = walker.element(at, wanted) else { break };
            if wanted(element.tag) {
                kept.add(&walker, at)?;
            }
            at = element.whole.end;
        }
        let elements = TransferSyntaxRegistry.get(syntax.elements_uid());
        let elements = elements.ok_or_else(|| Fault::Syntax(syntax.elements_uid().to_owned()))?;
        InMemDicomObject::read_dataset_with_ts(kept.bytes.as_slice(), elements)
            .map_err(|_| Fault::other("one of its DICOM attributes cannot be read"))
    }

    /// The bytes of `range`, of a deflated data set unpacked for this.
    pub fn bytes_of(&self, range: Range<usize>) -> Result<Cow<'_, [u8]>, Fault> {
        match (self.packed, self.bytes.get(range.clone())) {
            (_, Some(bytes)) => Ok(Cow::Borrowed(bytes)),
            (Some(packed), None) => {
                let bytes = inflate(packed, range.start as u64..range.end as u64)?;
                if bytes.len() == range.len() { Ok(Cow::Owned(bytes)) } else { Err(Fault::Cut) }
            }
            (None, None) => Err(Fault::Cut),
        }
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

/// What is packed in `range`, or as much of it as there is.
fn inflate(packed: &[u8], range: Range<u64>) -> Result<Vec<u8>, Fault> {
    let failed = |error: std::io::Error| match error.kind() {
        std::io::ErrorKind::UnexpectedEof => Fault::Cut,
        _ => Fault::other("its deflated data set cannot be unpacked"),
    };
    let mut unpacked = flate2::read::DeflateDecoder::new(packed);
    std::io::copy(&mut unpacked.by_ref().take(range.start), &mut std::io::sink()).map_err(failed)?;
    let mut bytes = Vec::new();
    unpacked.take(range.end - range.start).read_to_end(&mut bytes).map_err(failed)?;
    Ok(bytes)
}
