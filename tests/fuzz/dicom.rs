//! DICOM files, element by element: mostly sound pictures of every packing, of which some elements are changed.

use std::io::Write;

use super::choices::Choices;
use super::elements::{Element, Form, Value, change, element, text, us};
use super::streams;

const SYNTAXES: [&str; 16] = [
    "1.2.840.10008.1.2.1",
    "1.2.840.10008.1.2",
    "1.2.840.10008.1.2.2",
    "1.2.840.10008.1.2.1.99",
    "1.2.840.10008.1.2.5",
    "1.2.840.10008.1.2.4.50",
    "1.2.840.10008.1.2.4.51",
    "1.2.840.10008.1.2.4.57",
    "1.2.840.10008.1.2.4.70",
    "1.2.840.10008.1.2.4.80",
    "1.2.840.10008.1.2.4.81",
    "1.2.840.10008.1.2.4.90",
    "1.2.840.10008.1.2.4.91",
    "1.2.840.10008.1.2.4.100",
    "1.2.840.10008.1.2.4.201",
    "1.2.3",
];

/// What a picture is like.
pub struct Kind {
    pub width: usize,
    pub height: usize,
    pub frames: usize,
    pub samples: usize,
    /// Allocated and stored.
    pub bits: [usize; 2],
}

pub fn make(c: &mut Choices<'_>) -> Vec<u8> {
    let syntax = if c.once_in(3) { c.of(&SYNTAXES) } else { c.of(&SYNTAXES[..13]) };
    let mut elements = picture(c, syntax);
    for _ in 0..c.below(5) {
        change(c, &mut elements, 0);
    }
    let form = Form { big: syntax == SYNTAXES[2], implicit: syntax == SYNTAXES[1] };
    let mut data = form.all(&elements);
    if syntax == SYNTAXES[3] {
        let mut packed = flate2::write::DeflateEncoder::new(Vec::new(), flate2::Compression::fast());
        packed.write_all(&data).unwrap();
        data = packed.finish().unwrap();
    }
    let mut bytes = [head(c, syntax), data].concat();
    c.perhaps_mangle(5, &mut bytes, b"\xfe\xff\x00\xe0\xff\xff\xff\xff");
    bytes
}

/// Preamble, mark and what is said of the file itself; any of it may be missing.
fn head(c: &mut Choices<'_>, syntax: &str) -> Vec<u8> {
    let mut meta = vec![text(0x0002_0002, b"UI", "1.2.840.10008.5.1.4.1.1.1.1"), text(0x0002_0010, b"UI", syntax)];
    if c.once_in(8) {
        change(c, &mut meta, 0);
    }
    let plain = Form { big: false, implicit: false };
    let meta = plain.all(&meta);
    let length = plain.all(&[element(0x0002_0000, b"UL", Value::Bytes((meta.len() as u32).to_le_bytes().to_vec()))]);
    match c.below(12) {
        11 => Vec::new(),
        10 => [length, meta].concat(),
        9 => [b"DICM".to_vec(), length, meta].concat(),
        _ => [vec![0; 128], b"DICM".to_vec(), length, meta].concat(),
    }
}

fn picture(c: &mut Choices<'_>, syntax: &str) -> Vec<Element> {
    let all = [
        ("MONOCHROME2", 1),
        ("MONOCHROME1", 1),
        ("PALETTE COLOR", 1),
        ("RGB", 3),
        ("YBR_FULL", 3),
        ("YBR_FULL_422", 3),
        ("YBR_RCT", 3),
    ];
    // Streams of JPEG-LS and JPEG 2000 are made in grey alone, the latter in one size.
    let is_grey = syntax.contains(".4.8") || syntax.contains(".4.9");
    let (photometric, samples) = c.one(if is_grey { &all[..3] } else { &all });
    let allocated = if matches!(photometric, "MONOCHROME2" | "PALETTE COLOR") { c.one(&[16, 8]) } else { 8 };
    let stored = if c.once_in(3) { c.within(1, allocated) } else { allocated };
    let frames = if c.once_in(4) { c.within(2, 4) } else { 1 };
    let (width, height) = if syntax.contains(".4.9") { (24, 10) } else { (c.within(1, 30), c.within(1, 20)) };
    let kind = Kind { width, height, frames, samples, bits: [allocated, stored] };
    let mut elements = vec![
        text(0x0008_0016, b"UI", "1.2.840.10008.5.1.4.1.1.1.1"),
        text(0x0008_0060, b"CS", "DX"),
        text(0x0010_0010, b"PN", "Nobody^At^All"),
        us(0x0028_0002, &[samples]),
        text(0x0028_0004, b"CS", photometric),
        text(0x0028_0008, b"IS", &frames.to_string()),
        us(0x0028_0010, &[height]),
        us(0x0028_0011, &[width]),
        us(0x0028_0100, &[allocated]),
        us(0x0028_0101, &[stored]),
        us(0x0028_0102, &[if c.once_in(4) { allocated - 1 } else { stored - 1 }]),
        us(0x0028_0103, &[c.below(2)]),
        element(0x7fe0_0010, if allocated == 8 { b"OB" } else { b"OW" }, streams::pixels(c, syntax, &kind)),
    ];
    if samples == 3 {
        elements.push(us(0x0028_0006, &[c.below(2)]));
    }
    if photometric == "PALETTE COLOR" {
        for (descriptor, data) in [(0x0028_1101, 0x0028_1201), (0x0028_1102, 0x0028_1202), (0x0028_1103, 0x0028_1203)] {
            elements.extend(table(c, descriptor, data));
        }
    }
    for _ in 0..c.below(4) {
        elements.extend(meaning(c));
    }
    elements.sort_by_key(|element| element.tag);
    elements
}

/// What says how values are to be shown.
fn meaning(c: &mut Choices<'_>) -> Vec<Element> {
    let number =
        |c: &mut Choices<'_>| c.of(&["1", "0", "-1024", "0.5", "1e300", "-1e-300", "40\\80", "", "nan", "1e999"]);
    match c.below(8) {
        0 => vec![text(0x0028_1052, b"DS", number(c)), text(0x0028_1053, b"DS", number(c))],
        1 => vec![text(0x0028_1050, b"DS", number(c)), text(0x0028_1051, b"DS", number(c))],
        2 => vec![text(0x0028_1056, b"CS", c.of(&["SIGMOID", "LINEAR_EXACT", "LINEAR", "x"]))],
        3 => vec![element(
            c.one(&[0x0028_3000, 0x0028_3010]),
            b"SQ",
            Value::Items(vec![table(c, 0x0028_3002, 0x0028_3006)]),
        )],
        4 => vec![us(0x0028_0120, &[c.odd() as usize]), us(0x0028_0121, &[c.odd() as usize])],
        5 => vec![
            text(0x0018_1164, b"DS", number(c)),
            text(0x0028_0030, b"DS", "0.1\\0.2"),
            text(0x0028_0a02, b"CS", "x"),
        ],
        6 => vec![text(
            0x0008_0005,
            b"CS",
            c.of(&["ISO_IR 192", "ISO_IR 100", "ISO 2022 IR 87", "\\ISO 2022 IR 149", "x"]),
        )],
        // Groups of each frame, or of all of them.
        _ => {
            let inner = |c: &mut Choices<'_>| {
                let inside = text(0x0028_0030, b"DS", number(c));
                let window = vec![text(0x0028_1050, b"DS", number(c)), text(0x0028_1051, b"DS", number(c))];
                vec![
                    element(0x0028_9110, b"SQ", Value::Items(vec![vec![inside]])),
                    element(0x0028_9132, b"SQ", Value::Items(vec![window])),
                    element(0x0028_9145, b"SQ", Value::Items(vec![vec![text(0x0028_1052, b"DS", number(c))]])),
                ]
            };
            let count = c.within(0, 4);
            let items = (0..count).map(|_| inner(c)).collect();
            vec![element(c.one(&[0x5200_9229, 0x5200_9230]), b"SQ", Value::Items(items))]
        }
    }
}

/// A table's descriptor and its data, which may not fit.
fn table(c: &mut Choices<'_>, descriptor: u32, data: u32) -> Vec<Element> {
    let count = c.one(&[16, 256, 1, 0, 3]);
    let length = if c.once_in(5) { c.below(40) } else { 2 * count };
    let first = c.one(&[0, 0, 5, 65_530]);
    let bits = c.one(&[16, 8, 12, 7, 17]);
    vec![us(descriptor, &[count, first, bits]), element(data, b"OW", Value::Bytes(c.noise(length)))]
}
