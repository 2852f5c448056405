//! Wanted elements, written again for the parser: each with the length that the walk has found, so that there is one reader
//! of lengths alone, and none with more in it than such an element has.
//!
//! A parser makes of every value in a text, and of every item, far more bytes than it has in the file.

use dicom_core::dictionary::{DataDictionary, DataDictionaryEntry};
use dicom_core::{Tag, VR};
use dicom_dictionary_std::StandardDataDictionary;

use super::fault::Fault;
use super::walk::{ElementHeader, ITEM, ITEM_END, SEQUENCE_END, UNDEFINED, WalkError, Walker, has_short_length};

/// Of a value that is no table: ten times what any of them needs.
const MOST_VALUE_BYTES: usize = 4 << 10;
/// Of a look-up table: 65,536 words.
const MOST_TABLE_BYTES: usize = 128 << 10;
/// Of all values that are no tables.
const MOST_BYTES: usize = 1 << 20;
const MOST_TABLES: usize = 64;
/// Elements and items.
const MOST_ELEMENTS: usize = 20_000;
const PER_FRAME_GROUPS: u32 = 0x5200_9230;

/// Elements under the encoding of the walk that they are from; sequences have no lengths there, values have.
#[derive(Debug, Default)]
pub struct Kept {
    pub bytes: Vec<u8>,
    /// Of the groups of single frames those of this one alone are kept, as the first item.
    frame: u32,
    values: usize,
    tables: usize,
    elements: usize,
}

impl Kept {
    pub fn of_frame(frame: u32) -> Self {
        Self { frame, ..Self::default() }
    }

    /// Adds the element at `at`, which was walked before, with all that is in it; gives its end.
    pub fn add(&mut self, walker: &Walker<'_>, at: usize) -> Result<usize, Fault> {
        let header = walker.header(at)?;
        self.count()?;
        let end = (header.length != UNDEFINED).then(|| walker.reach(header.value, header.length)).transpose()?;
        match end {
            Some(end) if !walker.is_sequence(&header, end) => {
                self.value(walker, &header, end)?;
                Ok(end)
            }
            // What is inside an unknown VR is written without VRs, and is nothing that is read.
            None if header.vr == *b"UN" => Ok(walker.end_of(&header)?),
            end => {
                self.head(walker, header.tag, *b"SQ", UNDEFINED);
                let end = self.items(walker, &header, end)?;
                self.head(walker, SEQUENCE_END, [0; 2], 0);
                Ok(end)
            }
        }
    }

    fn items(&mut self, walker: &Walker<'_>, sequence: &ElementHeader, end: Option<usize>) -> Result<usize, Fault> {
        let (mut at, mut number) = (sequence.value, 0);
        while end.is_none_or(|end| at < end) {
            let item = walker.header(at)?;
            match item.tag {
                ITEM => {}
                SEQUENCE_END => return Ok(item.value),
                _ => return Err(WalkError::Broken(at).into()),
            }
            at = if sequence.tag == PER_FRAME_GROUPS && number != self.frame {
                walker.end_of(&item)?
            } else {
                self.item(walker, &item)?
            };
            number += 1;
        }
        Ok(at)
    }

    fn item(&mut self, walker: &Walker<'_>, item: &ElementHeader) -> Result<usize, Fault> {
        self.count()?;
        self.head(walker, ITEM, [0; 2], UNDEFINED);
        let end = (item.length != UNDEFINED).then(|| walker.reach(item.value, item.length)).transpose()?;
        let mut at = item.value;
        while end.is_none_or(|end| at < end) {
            let header = walker.header(at)?;
            if header.tag == ITEM_END {
                at = header.value;
                break;
            }
            at = self.add(walker, at)?;
        }
        self.head(walker, ITEM_END, [0; 2], 0);
        Ok(at)
    }

    fn count(&mut self) -> Result<(), Fault> {
        self.elements += 1;
        if self.elements > MOST_ELEMENTS {
            return Err(Fault::other(format!("it has more than {MOST_ELEMENTS} DICOM attributes about its picture")));
        }
        Ok(())
    }

    fn value(&mut self, walker: &Walker<'_>, header: &ElementHeader, end: usize) -> Result<(), Fault> {
        let value = &walker.bytes()[header.value..end];
        let most = if is_table(header.tag) {
            self.tables += 1;
            MOST_TABLE_BYTES
        } else {
            self.values += value.len();
            MOST_VALUE_BYTES
        };
        if value.len() > most || self.values > MOST_BYTES || self.tables > MOST_TABLES {
            let (group, element) = (header.tag >> 16, header.tag & 0xffff);
            let found = value.len();
            return Err(Fault::other(format!(
                "its DICOM attribute ({group:04x},{element:04x}) has {found} bytes where such a one has at most {most}"
            )));
        }
        // A parser goes on in the middle of what it left of a number, or behind the byte that an odd length lacks.
        let (number_bytes, filler) = shape_of(kind(walker, header));
        let whole = &value[..value.len() - value.len() % number_bytes];
        let is_odd = whole.len() % 2 == 1;
        self.head(walker, header.tag, header.vr, whole.len().next_multiple_of(2) as u32);
        self.bytes.extend_from_slice(whole);
        self.bytes.extend(is_odd.then_some(filler));
        Ok(())
    }

    fn head(&mut self, walker: &Walker<'_>, tag: u32, vr: [u8; 2], length: u32) {
        let encoding = walker.encoding();
        let half = |number: u32| {
            let number = number as u16;
            if encoding.big_endian { number.to_be_bytes() } else { number.to_le_bytes() }
        };
        let whole = |number: u32| if encoding.big_endian { number.to_be_bytes() } else { number.to_le_bytes() };
        self.bytes.extend([half(tag >> 16), half(tag)].concat());
        if encoding.explicit_vr && tag >> 16 != 0xfffe {
            self.bytes.extend(vr);
            if has_short_length(vr) {
                self.bytes.extend(half(length));
                return;
            }
            self.bytes.extend([0; 2]);
        }
        self.bytes.extend(whole(length));
    }
}

/// The VR that the parser will take an element to have.
fn kind(walker: &Walker<'_>, header: &ElementHeader) -> Option<VR> {
    let tag = Tag((header.tag >> 16) as u16, header.tag as u16);
    let of_tag = || StandardDataDictionary.by_tag(tag).map(|entry| entry.vr().relaxed());
    if walker.encoding().explicit_vr { VR::from_binary(header.vr) } else { of_tag() }
}

/// Bytes of one number of an element, 1 of texts and bytes, and what fills an odd value up.
fn shape_of(vr: Option<VR>) -> (usize, u8) {
    match vr {
        Some(VR::FD | VR::OD | VR::OV | VR::SV | VR::UV) => (8, 0),
        Some(VR::AT | VR::FL | VR::OF | VR::OL | VR::SL | VR::UL) => (4, 0),
        Some(VR::OW | VR::SS | VR::US) => (2, 0),
        Some(VR::OB | VR::UI | VR::UN) | None => (1, 0),
        Some(_) => (1, b' '),
    }
}

/// Look-up tables' data: of palettes, whole and segmented, and of modality and VOI.
fn is_table(tag: u32) -> bool {
    matches!(tag, 0x0028_1201..=0x0028_1203 | 0x0028_1221..=0x0028_1223 | 0x0028_3006)
}
