//! The data elements of a DICOM file as byte ranges, every length held against what is there.
//!
//! `dicom-object` asks for as much memory as an element claims and follows nested sequences without an end, so it is
//! given only elements that were walked before, and only those that are wanted: names, ids and dates stay in the file.

use std::ops::Range;

/// Sequences within sequences beyond this are no picture's.
const MOST_DEPTH: usize = 32;
/// Of encapsulated pixels: one tile of a large slide is a fragment.
const MOST_FRAGMENTS: usize = 1 << 20;
pub const UNDEFINED: u32 = u32::MAX;
pub const ITEM: u32 = 0xfffe_e000;
pub const ITEM_END: u32 = 0xfffe_e00d;
pub const SEQUENCE_END: u32 = 0xfffe_e0dd;
pub const PIXEL_DATA: u32 = 0x7fe0_0010;

/// How elements are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Encoding {
    pub explicit_vr: bool,
    pub big_endian: bool,
}

impl Encoding {
    pub const IMPLICIT_LITTLE: Self = Self { explicit_vr: false, big_endian: false };
    pub const EXPLICIT_LITTLE: Self = Self { explicit_vr: true, big_endian: false };
    pub const EXPLICIT_BIG: Self = Self { explicit_vr: true, big_endian: true };
}

/// Why the elements cannot be followed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum WalkError {
    /// An element reaches beyond the end.
    Cut,
    /// What stands at this byte is no element.
    Broken(usize),
}

/// An element of the top level: all of it, and its value.
#[derive(Debug, Clone)]
pub struct Element {
    /// Group and element number, as 0xggggeeee.
    pub tag: u32,
    pub vr: [u8; 2],
    pub whole: Range<usize>,
    pub value: Range<usize>,
    /// Whether the value is a list of items of unknown length in all.
    pub has_items: bool,
}

/// What stands before a value.
pub struct ElementHeader {
    pub tag: u32,
    /// Zeros where the encoding has none.
    pub vr: [u8; 2],
    pub length: u32,
    /// Where the value begins.
    pub value: usize,
}

#[derive(Debug, Clone, Copy)]
pub struct Walker<'a> {
    bytes: &'a [u8],
    encoding: Encoding,
    /// Whether the pixels may reach beyond the bytes: only the beginning was unpacked.
    is_beginning: bool,
}

impl<'a> Walker<'a> {
    pub fn new(bytes: &'a [u8], encoding: Encoding) -> Self {
        Self { bytes, encoding, is_beginning: false }
    }

    /// Like [`Self::new`], of the beginning of a data set whose pixels may reach beyond it.
    pub fn of_beginning(bytes: &'a [u8], encoding: Encoding) -> Self {
        Self { bytes, encoding, is_beginning: true }
    }

    pub fn bytes(&self) -> &'a [u8] {
        self.bytes
    }

    pub fn encoding(&self) -> Encoding {
        self.encoding
    }

    /// The element that begins at `at`, or `None` at the end. Sequences inside `wanted` ones are walked too.
    pub fn element(&self, at: usize, wanted: impl Fn(u32) -> bool) -> Result<Option<Element>, WalkError> {
        if at >= self.bytes.len() {
            return Ok(None);
        }
        let header = self.header(at)?;
        let (end, has_items) = match header.length {
            length if header.tag == PIXEL_DATA && self.is_beginning && length != UNDEFINED => {
                (header.value.saturating_add(length as usize), false)
            }
            UNDEFINED if header.tag == PIXEL_DATA => (self.fragments_end(header.value)?, true),
            length => (self.end_of(&header)?, length == UNDEFINED),
        };
        if !has_items && wanted(header.tag) && self.is_sequence(&header, end) {
            self.nested(header.value, Some(end), 1)?;
        }
        Ok(Some(Element { tag: header.tag, vr: header.vr, whole: at..end, value: header.value..end, has_items }))
    }

    /// The items of encapsulated pixel data that begin at `at`; the first is the table of offsets.
    pub fn fragments(&self, at: usize) -> Result<Vec<Range<usize>>, WalkError> {
        let mut fragments = Vec::new();
        let mut at = at;
        loop {
            let header = self.header(at)?;
            match header.tag {
                ITEM if header.length != UNDEFINED && fragments.len() < MOST_FRAGMENTS => {
                    at = self.reach(header.value, header.length)?;
                }
                SEQUENCE_END => return Ok(fragments),
                _ => return Err(WalkError::Broken(at)),
            }
            fragments.push(header.value..at);
        }
    }

    fn fragments_end(&self, at: usize) -> Result<usize, WalkError> {
        let last = self.fragments(at)?.last().map_or(at, |range| range.end);
        Ok(last + 8)
    }

    /// Where the element or item of `header` ends.
    pub fn end_of(&self, header: &ElementHeader) -> Result<usize, WalkError> {
        match header.length {
            UNDEFINED => self.inside(header).nested(header.value, None, 1),
            length => self.reach(header.value, length),
        }
    }

    /// Goes through elements or items up to `end`, or up to the delimiter of the open one; gives where they end.
    fn nested(&self, start: usize, end: Option<usize>, depth: usize) -> Result<usize, WalkError> {
        if depth > MOST_DEPTH {
            return Err(WalkError::Broken(start));
        }
        let mut at = start;
        while end.is_none_or(|end| at < end) {
            let header = self.header(at)?;
            if matches!(header.tag, ITEM_END | SEQUENCE_END) {
                if end.is_some() {
                    return Err(WalkError::Broken(at));
                }
                return Ok(header.value);
            }
            at = if header.length == UNDEFINED {
                self.inside(&header).nested(header.value, None, depth + 1)?
            } else {
                let reach = self.reach(header.value, header.length)?;
                if end.is_some_and(|end| reach > end) {
                    return Err(WalkError::Broken(at));
                }
                if header.tag == ITEM || self.is_sequence(&header, reach) {
                    self.nested(header.value, Some(reach), depth + 1)?;
                }
                reach
            };
        }
        Ok(at)
    }

    /// Without VRs a sequence is known by its first item.
    pub fn is_sequence(&self, header: &ElementHeader, end: usize) -> bool {
        if self.encoding.explicit_vr {
            return header.vr == *b"SQ";
        }
        header.tag != PIXEL_DATA && end >= header.value + 8 && self.number(header.value) == Ok(ITEM)
    }

    /// What is inside an unknown VR of undefined length is written without VRs (PS3.5 6.2.2).
    fn inside(&self, header: &ElementHeader) -> Self {
        let encoding = if header.vr == *b"UN" { Encoding::IMPLICIT_LITTLE } else { self.encoding };
        Self { encoding, ..*self }
    }

    pub fn header(&self, at: usize) -> Result<ElementHeader, WalkError> {
        let tag = self.number(at)?;
        let short = |vr, length, value| Ok(ElementHeader { tag, vr, length, value });
        if !self.encoding.explicit_vr || tag >> 16 == 0xfffe {
            return short([0; 2], self.length(at + 4)?, at + 8);
        }
        let vr: [u8; 2] = self.take(at + 4)?;
        if !vr.iter().all(u8::is_ascii_uppercase) {
            return Err(WalkError::Broken(at));
        }
        if has_short_length(vr) {
            return short(vr, self.half(at + 6)?.into(), at + 8);
        }
        short(vr, self.length(at + 8)?, at + 12)
    }

    pub fn reach(&self, value: usize, length: u32) -> Result<usize, WalkError> {
        let end = value.checked_add(length as usize).ok_or(WalkError::Cut)?;
        if end > self.bytes.len() { Err(WalkError::Cut) } else { Ok(end) }
    }

    /// A tag as 0xggggeeee.
    fn number(&self, at: usize) -> Result<u32, WalkError> {
        Ok(u32::from(self.half(at)?) << 16 | u32::from(self.half(at + 2)?))
    }

    fn half(&self, at: usize) -> Result<u16, WalkError> {
        let bytes = self.take(at)?;
        Ok(if self.encoding.big_endian { u16::from_be_bytes(bytes) } else { u16::from_le_bytes(bytes) })
    }

    fn length(&self, at: usize) -> Result<u32, WalkError> {
        let bytes = self.take(at)?;
        Ok(if self.encoding.big_endian { u32::from_be_bytes(bytes) } else { u32::from_le_bytes(bytes) })
    }

    fn take<const N: usize>(&self, at: usize) -> Result<[u8; N], WalkError> {
        self.bytes.get(at..).and_then(|rest| rest.first_chunk()).copied().ok_or(WalkError::Cut)
    }
}

/// Whether the length behind this VR has 16 bits. Of all others, those of later editions included, it has 32 (PS3.5
/// 7.1.2).
pub fn has_short_length(vr: [u8; 2]) -> bool {
    const SHORT: [&[u8; 2]; 21] = [
        b"AE", b"AS", b"AT", b"CS", b"DA", b"DS", b"DT", b"FL", b"FD", b"IS", b"LO", b"LT", b"PN", b"SH", b"SL", b"SS",
        b"ST", b"TM", b"UI", b"UL", b"US",
    ];
    SHORT.contains(&&vr)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn walk(bytes: &[u8], encoding: Encoding) -> Result<Vec<u32>, WalkError> {
        let (walker, mut at, mut tags) = (Walker::new(bytes, encoding), 0, Vec::new());
        while let Some(element) = walker.element(at, |_| true)? {
            tags.push(element.tag);
            at = element.whole.end;
        }
        Ok(tags)
    }

    #[test]
    fn a_length_beyond_the_end_is_a_cut() {
        let bytes = [0x28, 0, 0x10, 0, b'U', b'S', 2, 0, 9, 0, 0x28, 0, 0x11, 0, b'U', b'S', 4, 0, 9, 0];
        assert_eq!(walk(&bytes, Encoding::EXPLICIT_LITTLE), Err(WalkError::Cut));
        assert_eq!(walk(&bytes[..10], Encoding::EXPLICIT_LITTLE), Ok(vec![0x0028_0010]));
    }

    #[test]
    fn sequences_without_an_end_are_given_up() {
        let open = [0x28, 0, 0, 0x30, 0xff, 0xff, 0xff, 0xff, 0xfe, 0xff, 0, 0xe0, 0xff, 0xff, 0xff, 0xff];
        let bytes = open.repeat(100_000);
        assert!(matches!(walk(&bytes, Encoding::IMPLICIT_LITTLE), Err(WalkError::Broken(_))));
    }
}
