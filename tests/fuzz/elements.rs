//! The elements of a DICOM file, and what can be wrong with them.

use super::choices::Choices;

#[derive(Clone)]
pub enum Value {
    Bytes(Vec<u8>),
    /// Numbers of 16 bits, in the file's own order of bytes.
    Halves(Vec<u16>),
    Items(Vec<Vec<Element>>),
    /// The table of offsets first.
    Fragments(Vec<Vec<u8>>),
}

#[derive(Clone)]
pub struct Element {
    pub tag: u32,
    vr: [u8; 2],
    value: Value,
    /// Of its length.
    lie: u32,
    /// Whether its items come without their lengths.
    is_open: bool,
}

pub fn element(tag: u32, vr: &[u8; 2], value: Value) -> Element {
    Element { tag, vr: *vr, value, lie: 0, is_open: false }
}

pub fn text(tag: u32, vr: &[u8; 2], text: &str) -> Element {
    let mut bytes = text.as_bytes().to_vec();
    bytes.resize(bytes.len().next_multiple_of(2), if vr == b"UI" { 0 } else { b' ' });
    element(tag, vr, Value::Bytes(bytes))
}

pub fn us(tag: u32, values: &[usize]) -> Element {
    element(tag, b"US", Value::Halves(values.iter().map(|v| *v as u16).collect()))
}

/// How elements are written.
#[derive(Clone, Copy)]
pub struct Form {
    pub big: bool,
    pub implicit: bool,
}

impl Form {
    pub fn all(self, elements: &[Element]) -> Vec<u8> {
        elements.iter().flat_map(|element| self.one(element)).collect()
    }

    fn one(self, element: &Element) -> Vec<u8> {
        let (value, is_open) = match &element.value {
            Value::Bytes(bytes) => (bytes.clone(), false),
            Value::Halves(all) => (all.iter().flat_map(|v| self.half(*v)).collect(), false),
            Value::Items(items) => {
                let item = |inside: &Vec<Element>| self.item(&self.all(inside), element.is_open);
                let end = self.head(0xfffe_e0dd, 0);
                let items: Vec<u8> = items.iter().flat_map(item).collect();
                (if element.is_open { [items, end].concat() } else { items }, element.is_open)
            }
            Value::Fragments(all) => {
                let items: Vec<u8> = all.iter().flat_map(|bytes| self.item(bytes, false)).collect();
                ([items, self.head(0xfffe_e0dd, 0)].concat(), true)
            }
        };
        let length = if is_open { u32::MAX } else { value.len() as u32 } ^ element.lie;
        let vr = element.vr;
        let head = if self.implicit {
            self.head(element.tag, length)
        } else if matches!(&vr, b"OB" | b"OW" | b"OF" | b"OD" | b"OL" | b"SQ" | b"UN" | b"UT" | b"UC" | b"UR") {
            [self.tag(element.tag), vr.to_vec(), vec![0, 0], self.word(length)].concat()
        } else {
            [self.tag(element.tag), vr.to_vec(), self.half(length as u16).to_vec()].concat()
        };
        [head, value].concat()
    }

    fn item(self, inside: &[u8], is_open: bool) -> Vec<u8> {
        if is_open {
            return [&self.head(0xfffe_e000, u32::MAX), inside, &self.head(0xfffe_e00d, 0)].concat();
        }
        [&self.head(0xfffe_e000, inside.len() as u32), inside].concat()
    }

    fn head(self, tag: u32, length: u32) -> Vec<u8> {
        [self.tag(tag), self.word(length)].concat()
    }

    fn tag(self, tag: u32) -> Vec<u8> {
        [self.half((tag >> 16) as u16), self.half(tag as u16)].concat()
    }

    fn half(self, v: u16) -> [u8; 2] {
        if self.big { v.to_be_bytes() } else { v.to_le_bytes() }
    }

    fn word(self, v: u32) -> Vec<u8> {
        if self.big { v.to_be_bytes() } else { v.to_le_bytes() }.to_vec()
    }
}

const VRS: [&[u8; 2]; 30] = [
    b"US", b"OW", b"OB", b"SQ", b"UN", b"UT", b"ZZ", b"DS", b"IS", b"CS", b"PN", b"UI", b"AT", b"FD", b"FL", b"OF",
    b"OD", b"OL", b"OV", b"SS", b"SL", b"UL", b"UV", b"SV", b"DA", b"TM", b"DT", b"LO", b"AS", b"us",
];
/// Those that are read, and some that are not.
const TAGS: [u32; 34] = [
    0x0028_0010,
    0x0028_0011,
    0x0028_0002,
    0x0028_0004,
    0x0028_0006,
    0x0028_0008,
    0x0028_0034,
    0x0028_0100,
    0x0028_0101,
    0x0028_0102,
    0x0028_0103,
    0x0028_0120,
    0x0028_0301,
    0x0028_1050,
    0x0028_1051,
    0x0028_1055,
    0x0028_1052,
    0x0028_1053,
    0x0028_1101,
    0x0028_1201,
    0x0028_1221,
    0x0028_3000,
    0x0028_3002,
    0x0028_3006,
    0x0028_3010,
    0x5200_9229,
    0x5200_9230,
    0x0008_0005,
    0x0008_0016,
    0x0010_0010,
    0x0010_0030,
    0xfffe_e000,
    0xfffe_e00d,
    0x7fe0_0010,
];

/// Changes one of `elements`, or one that lies in one of them.
pub fn change(c: &mut Choices<'_>, elements: &mut Vec<Element>, depth: usize) {
    let at = c.below(elements.len());
    if let Some(Element { value: Value::Items(items), .. }) = elements.get_mut(at)
        && depth < 4
        && c.once_in(2)
        && let Some(item) = items.first_mut()
    {
        return change(c, item, depth + 1);
    }
    match c.below(10) {
        0 | 1 => c.rearrange(elements, strange),
        _ if elements.is_empty() => {}
        2 => elements[at].vr = *c.of(&VRS),
        3 => elements[at].lie = c.odd() as u32,
        4 => elements[at].is_open = true,
        5 => elements[at].value = strange(c).value,
        6 => elements[at].tag = c.one(&TAGS),
        // Nested in itself, so many times over.
        7 => {
            let is_open = c.once_in(2);
            for _ in 0..c.one(&[1, 2, 5, 30, 31, 32, 33, 500]) {
                let inside = elements[at].clone();
                let around = element(inside.tag, b"SQ", Value::Items(vec![vec![inside]]));
                elements[at] = Element { is_open, ..around };
            }
        }
        8 => c.rearrange(elements, |c| Element { is_open: c.once_in(2), ..strange(c) }),
        _ => match &mut elements[at].value {
            Value::Bytes(bytes) => c.mangle(bytes, b"\\\\-1e99"),
            Value::Halves(all) => all.iter_mut().for_each(|v| *v = c.odd() as u16),
            Value::Items(items) => c.rearrange(items, |c| vec![strange(c)]),
            Value::Fragments(all) => c.rearrange(all, |c| c.noise(9)),
        },
    }
}

fn strange(c: &mut Choices<'_>) -> Element {
    let length = c.one(&[0, 1, 2, 3, 4, 6, 8, 64, 300]);
    let value = match c.below(5) {
        0 => Value::Bytes(c.noise(length)),
        1 => Value::Halves(vec![c.odd() as u16; length]),
        2 => Value::Items(vec![Vec::new(); length.min(9)]),
        3 => Value::Fragments(vec![c.noise(length); c.below(4)]),
        _ => {
            let words =
                ["-1", "0", "1e400", "nan", "inf", "99999999999999999999", "\\\\\\\\", "1\\2\\3", "", "\u{1b}[31m"];
            Value::Bytes(c.of(&words).repeat(c.one(&[1, 1, 2, 100])).into_bytes())
        }
    };
    element(c.one(&TAGS), c.of(&VRS), value)
}
