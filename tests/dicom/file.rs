//! Writes DICOM files element by element, by the standard and without any of the program's own code.

use std::io::Write;
use std::path::{Path, PathBuf};

pub const IMPLICIT: &str = "1.2.840.10008.1.2";
pub const EXPLICIT: &str = "1.2.840.10008.1.2.1";
pub const DEFLATED: &str = "1.2.840.10008.1.2.1.99";
pub const BIG_ENDIAN: &str = "1.2.840.10008.1.2.2";
pub const JPEG_BASELINE: &str = "1.2.840.10008.1.2.4.50";
pub const JPEG_LOSSLESS: &str = "1.2.840.10008.1.2.4.70";
pub const JPEG_LS: &str = "1.2.840.10008.1.2.4.80";
pub const JPEG_2000: &str = "1.2.840.10008.1.2.4.90";
pub const RLE: &str = "1.2.840.10008.1.2.5";

pub const NAME: &str = "Doe^Jane";

#[derive(Clone)]
pub enum Value {
    Text(&'static str, String),
    Short(Vec<u16>),
    Sequence(Vec<Elements>),
    /// Words of pixels or tables.
    Words(Vec<u16>),
    Bytes(Vec<u8>),
    Fragments(Vec<Vec<u8>>),
}

pub type Elements = Vec<(u32, Value)>;

/// A file's data set and how it is written.
#[derive(Clone)]
pub struct File {
    pub syntax: &'static str,
    pub elements: Elements,
}

pub fn text(vr: &'static str, value: &str) -> Value {
    Value::Text(vr, value.to_owned())
}

pub fn us(value: u16) -> Value {
    Value::Short(vec![value])
}

impl File {
    /// A picture of one sample a pixel; `bits` are allocated, stored and highest bit.
    pub fn grey(syntax: &'static str, (width, height): (u16, u16), bits: [u16; 3], pixels: Value) -> Self {
        Self::with(syntax, "MONOCHROME2", 1, (width, height), bits, pixels)
    }

    pub fn with(
        syntax: &'static str,
        photometric: &str,
        samples: u16,
        (width, height): (u16, u16),
        [allocated, stored, high]: [u16; 3],
        pixels: Value,
    ) -> Self {
        let elements = vec![
            (0x0008_0016, text("UI", "1.2.840.10008.5.1.4.1.1.1.1")),
            (0x0008_0060, text("CS", "DX")),
            (0x0010_0010, text("PN", NAME)),
            (0x0010_0020, text("LO", "4711-0815")),
            (0x0028_0002, us(samples)),
            (0x0028_0004, text("CS", photometric)),
            (0x0028_0010, us(height)),
            (0x0028_0011, us(width)),
            (0x0028_0100, us(allocated)),
            (0x0028_0101, us(stored)),
            (0x0028_0102, us(high)),
            (0x0028_0103, us(0)),
            (0x7fe0_0010, pixels),
        ];
        Self { syntax, elements }
    }

    /// Adds elements or puts them in the place of what is there.
    pub fn set(mut self, elements: impl IntoIterator<Item = (u32, Value)>) -> Self {
        for (tag, value) in elements {
            self.elements.retain(|(known, _)| *known != tag);
            self.elements.push((tag, value));
        }
        self.elements.sort_by_key(|(tag, _)| *tag);
        self
    }

    pub fn without(mut self, tag: u32) -> Self {
        self.elements.retain(|(known, _)| *known != tag);
        self
    }

    pub fn bytes(&self) -> Vec<u8> {
        let data = Writer { big: self.syntax == BIG_ENDIAN, implicit: self.syntax == IMPLICIT }.all(&self.elements);
        let data = if self.syntax == DEFLATED {
            let mut packed = flate2::write::DeflateEncoder::new(Vec::new(), flate2::Compression::fast());
            packed.write_all(&data).unwrap();
            packed.finish().unwrap()
        } else {
            data
        };
        let plain = Writer { big: false, implicit: false };
        let meta = plain.all(&[
            (0x0002_0002, text("UI", "1.2.840.10008.5.1.4.1.1.1.1")),
            (0x0002_0003, text("UI", "1.2.3.4")),
            (0x0002_0010, text("UI", self.syntax)),
        ]);
        let length = plain.element(0x0002_0000, b"UL", &(meta.len() as u32).to_le_bytes());
        [vec![0; 128], b"DICM".to_vec(), length, meta, data].concat()
    }

    pub fn write(&self, folder: &Path, name: &str) -> PathBuf {
        let path = folder.join(name);
        std::fs::write(&path, self.bytes()).unwrap();
        path
    }
}

struct Writer {
    big: bool,
    implicit: bool,
}

impl Writer {
    fn all(&self, elements: &[(u32, Value)]) -> Vec<u8> {
        elements.iter().flat_map(|(tag, value)| self.value(*tag, value)).collect()
    }

    fn value(&self, tag: u32, value: &Value) -> Vec<u8> {
        match value {
            Value::Text(vr, text) => self.element(tag, vr.as_bytes(), text.as_bytes()),
            Value::Short(all) => self.element(tag, b"US", &all.iter().flat_map(|v| self.half(*v)).collect::<Vec<_>>()),
            Value::Words(all) => self.element(tag, b"OW", &all.iter().flat_map(|v| self.half(*v)).collect::<Vec<_>>()),
            Value::Bytes(all) => self.element(tag, b"OB", all),
            Value::Sequence(items) => {
                let item = |elements: &Elements| {
                    let inside = self.all(elements);
                    [self.tag(0xfffe_e000), self.word(inside.len() as u32), inside].concat()
                };
                self.element(tag, b"SQ", &items.iter().flat_map(item).collect::<Vec<_>>())
            }
            Value::Fragments(all) => {
                let head = [self.tag(tag), b"OB\0\0".to_vec(), vec![0xff; 4]].concat();
                let item = |bytes: &Vec<u8>| {
                    let mut bytes = bytes.clone();
                    bytes.resize(bytes.len().next_multiple_of(2), 0);
                    [self.tag(0xfffe_e000), self.word(bytes.len() as u32), bytes].concat()
                };
                let end = [self.tag(0xfffe_e0dd), vec![0; 4]].concat();
                [head, all.iter().flat_map(item).collect(), end].concat()
            }
        }
    }

    fn element(&self, tag: u32, vr: &[u8], value: &[u8]) -> Vec<u8> {
        let mut value = value.to_vec();
        if value.len() % 2 == 1 {
            value.push(if matches!(vr, b"UI" | b"OB") { 0 } else { b' ' });
        }
        let length = value.len() as u32;
        let head = if self.implicit {
            self.word(length)
        } else if matches!(vr, b"OB" | b"OW" | b"SQ" | b"UN") {
            [vr, &[0, 0], &self.word(length)].concat()
        } else {
            [vr, &self.half(length as u16)].concat()
        };
        [self.tag(tag), head, value].concat()
    }

    fn tag(&self, tag: u32) -> Vec<u8> {
        [self.half((tag >> 16) as u16), self.half(tag as u16)].concat()
    }

    fn half(&self, v: u16) -> [u8; 2] {
        if self.big { v.to_be_bytes() } else { v.to_le_bytes() }
    }

    fn word(&self, v: u32) -> Vec<u8> {
        if self.big { v.to_be_bytes() } else { v.to_le_bytes() }.to_vec()
    }
}
