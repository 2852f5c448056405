//! Attributes by name: which are wanted, and how single ones are read. Knows nothing of pixels.

use dicom_core::{PrimitiveValue, Tag};
use dicom_dictionary_std::tags;
use dicom_object::InMemDicomObject;

/// What is read from every file. No name, id, date or free text is among them.
pub fn is_wanted(tag: u32) -> bool {
    matches!(
        tag,
        0x0008_0005 | 0x0008_0016 | 0x0008_0060 // character set, class, modality
            | 0x0010_1010 // age, which is no date
            | 0x0018_0015 | 0x0018_1164 | 0x0018_5101 // body part, imager spacing, view
            | 0x0020_0020 | 0x0020_0060 | 0x0020_0062 // orientation, laterality
            | 0x0028_0002..=0x0028_0107
            | 0x0028_0120 | 0x0028_0121 | 0x0028_0301 | 0x0028_0a02
            | 0x0028_1050..=0x0028_1056
            | 0x0028_1101..=0x0028_1103 | 0x0028_1201..=0x0028_1203 | 0x0028_1221..=0x0028_1223
            | 0x0028_3000 | 0x0028_3010
            | 0x5200_9229 | 0x5200_9230
    )
}

/// The attributes of one frame: its own functional groups, then the shared ones, then the file's.
#[derive(Clone, Copy)]
pub struct Attributes<'a> {
    root: &'a InMemDicomObject,
}

impl<'a> Attributes<'a> {
    pub fn new(root: &'a InMemDicomObject) -> Self {
        Self { root }
    }

    /// Where the attributes of a functional group lie (PS3.3 C.7.6.16.1); the file itself where it has no such group.
    pub fn group(&self, group: Tag) -> &'a InMemDicomObject {
        // Of the groups of single frames those of the frame that was asked for are there alone.
        let of = |sequence: Tag| {
            let groups = self.root.get(sequence)?.items()?.first()?;
            groups.get(group)?.items()?.first()
        };
        of(tags::PER_FRAME_FUNCTIONAL_GROUPS_SEQUENCE)
            .or_else(|| of(tags::SHARED_FUNCTIONAL_GROUPS_SEQUENCE))
            .unwrap_or(self.root)
    }

    pub fn root(&self) -> &'a InMemDicomObject {
        self.root
    }
}

/// Text without padding; `None` where it is empty or absent.
pub fn text(object: &InMemDicomObject, tag: Tag) -> Option<String> {
    let found = object.get(tag)?.to_str().ok()?.trim_matches(['\0', ' ']).to_owned();
    (!found.is_empty()).then_some(found)
}

/// Several texts, empty ones kept so that they stay in step.
pub fn texts(object: &InMemDicomObject, tag: Tag) -> Vec<String> {
    let all = object.get(tag).and_then(|element| element.to_multi_str().ok().map(|all| all.to_vec()));
    all.unwrap_or_default().iter().map(|text| text.trim_matches(['\0', ' ']).to_owned()).collect()
}

pub fn whole(object: &InMemDicomObject, tag: Tag) -> Option<i64> {
    object.get(tag)?.to_int::<i64>().ok()
}

/// Finite decimals; nothing where one of them is no number.
pub fn decimals(object: &InMemDicomObject, tag: Tag) -> Vec<f64> {
    let all = object.get(tag).and_then(|element| element.to_multi_float64().ok()).unwrap_or_default();
    if all.iter().all(|v| v.is_finite()) { all } else { Vec::new() }
}

pub fn items(object: &InMemDicomObject, tag: Tag) -> &[InMemDicomObject] {
    object.get(tag).and_then(|element| element.items()).unwrap_or_default()
}

/// A look-up table's descriptor and data.
#[derive(Debug, Clone, PartialEq)]
pub struct Lut {
    pub first: i32,
    pub bits: u8,
    pub entries: Vec<u16>,
}

/// `None` where the table is absent or its data is not what its descriptor says. Files without VRs don't say whether a
/// first number is below 0: in one whose numbers are `is_signed` it may be.
pub fn table(object: &InMemDicomObject, descriptor: Tag, data: Tag, is_signed: bool) -> Option<Lut> {
    let descriptor = object.get(descriptor)?.to_multi_int::<i32>().ok()?;
    let [count, first, bits] = *descriptor.first_chunk()?;
    let first = if is_signed && first > i32::from(i16::MAX) { first - 65536 } else { first };
    // 0 stands for 65536; a count that was read as signed is taken back.
    let count = match count & 0xffff {
        0 => 65536,
        count => count as usize,
    };
    let bits = u8::try_from(bits).ok().filter(|bits| (8..=16).contains(bits))?;
    let entries = match object.get(data)?.value().primitive()? {
        PrimitiveValue::U16(words) => words.to_vec(),
        PrimitiveValue::I16(words) => words.iter().map(|w| w.cast_unsigned()).collect(),
        PrimitiveValue::U8(bytes) if bytes.len() >= 2 * count => {
            bytes.as_chunks::<2>().0.iter().map(|w| u16::from_le_bytes(*w)).collect()
        }
        PrimitiveValue::U8(bytes) => bytes.iter().map(|b| u16::from(*b)).collect(),
        _ => return None,
    };
    let mut entries: Vec<u16> = if entries.len() < count && bits == 8 && entries.len() >= count.div_ceil(2) {
        // Eight-bit entries packed two to a word.
        entries.iter().flat_map(|word| word.to_le_bytes()).map(u16::from).collect()
    } else {
        entries
    };
    entries.truncate(count);
    (entries.len() == count).then_some(Lut { first, bits, entries })
}
