//! The pixels of DICOM files: bare, or as streams of each codec with something changed inside.

use super::choices::Choices;
use super::dicom::Kind;
use super::elements::Value;
use super::{encode, jpeg};

/// Made for the tests of DICOM: 24 columns, 10 rows, 12 bits.
const JPEG_2000: &[u8] = include_bytes!("../reference/slope_12.j2k");

pub fn pixels(c: &mut Choices<'_>, syntax: &str, kind: &Kind) -> Value {
    if !syntax.contains(".2.4.") && !syntax.ends_with(".2.5") {
        let length = kind.width * kind.height * kind.samples * kind.frames * kind.bits[0] / 8;
        let length = if c.once_in(8) { c.below(length + 2) } else { length.next_multiple_of(2) };
        return Value::Bytes(c.noise(length));
    }
    let streams: Vec<Vec<u8>> = (0..kind.frames).map(|_| stream(c, syntax, kind)).collect();
    let mut fragments = vec![offsets(c, &streams)];
    for stream in streams {
        let at = if c.once_in(5) { c.below(stream.len() + 1) } else { 0 };
        let (first, rest) = stream.split_at(at);
        fragments.extend([first, rest].iter().filter(|part| !part.is_empty()).map(|part| part.to_vec()));
    }
    // A fragment's length is even; one that is not is for `elements` to make.
    fragments.iter_mut().for_each(|bytes| bytes.resize(bytes.len().next_multiple_of(2), 0));
    Value::Fragments(fragments)
}

/// Empty, right, or wrong.
fn offsets(c: &mut Choices<'_>, streams: &[Vec<u8>]) -> Vec<u8> {
    let mut at = 0;
    let mut table: Vec<u32> = Vec::new();
    for stream in streams {
        table.push(at);
        at += 8 + stream.len().next_multiple_of(2) as u32;
    }
    match c.below(4) {
        0 => table.clear(),
        1 => {
            let (place, odd) = (c.below(table.len()), c.odd() as u32);
            table[place] = odd;
        }
        _ => {}
    }
    table.iter().flat_map(|v| v.to_le_bytes()).collect()
}

fn stream(c: &mut Choices<'_>, syntax: &str, kind: &Kind) -> Vec<u8> {
    let (area, precision) = (kind.width * kind.height, kind.bits[1]);
    let samples = area * kind.samples;
    let words = |c: &mut Choices<'_>, count| jpeg::words(c, count, precision as u32);
    match syntax.rsplit('.').next() {
        Some("5") => {
            let planes: Vec<Vec<u8>> = (0..kind.samples * kind.bits[0] / 8).map(|_| c.noise(area)).collect();
            let mut bytes = encode::rle(&planes);
            c.perhaps_mangle(2, &mut bytes, &[0x80; 8]);
            bytes
        }
        Some("50" | "51") => {
            let bytes = c.noise(samples);
            let whole = if kind.samples == 3 { encode::jpeg_colour } else { encode::jpeg_grey };
            jpeg::changed(c, &whole(&bytes, kind.width))
        }
        Some("57" | "70") => {
            let words = words(c, samples);
            let whole = encode::jpeg_lossless_of(kind.samples, &words, kind.width, precision.max(2) as u8);
            jpeg::changed(c, &whole)
        }
        Some("80" | "81") => jpeg_ls(c, kind),
        Some("90" | "91") => jpeg_2000(c),
        _ => c.noise(40),
    }
}

fn jpeg_ls(c: &mut Choices<'_>, kind: &Kind) -> Vec<u8> {
    let words = jpeg::words(c, kind.width * kind.height, kind.bits[1] as u32);
    let mut bytes = encode::jpeg_ls(&words, kind.width);
    if c.once_in(3) {
        // Presets: kind, largest value, three thresholds, reset.
        let preset: Vec<u8> = (0..5).flat_map(|_| (c.odd() as u16).to_be_bytes()).collect();
        let segment = [&[0xff, 0xf8, 0, 13, c.one(&[1, 2, 3, 4, 9])][..], &preset].concat();
        drop(bytes.splice(2..2, segment));
    }
    if c.once_in(3) {
        // Any of the bytes of the headers.
        let (place, value) = (c.below(36), c.one(&[0, 1, 2, 3, 8, 16, 17, 0x7f, 0xff]));
        bytes.get_mut(place).into_iter().for_each(|byte| *byte = value);
    }
    c.perhaps_mangle(3, &mut bytes, &[0xff; 8]);
    bytes
}

/// The code stream, or a JP2 file around it, with fields of its headers changed.
fn jpeg_2000(c: &mut Choices<'_>) -> Vec<u8> {
    let mut bytes = JPEG_2000.to_vec();
    for _ in 0..c.below(3) {
        // Of SIZ: sizes, offsets, tiles, components; then COD and QCD follow.
        let (at, width) =
            c.one(&[(4, 2), (6, 2), (8, 4), (12, 4), (16, 4), (20, 4), (24, 4), (28, 4), (32, 4), (36, 4)]);
        let (at, width) = if c.once_in(2) { (40 + c.below(70), 1) } else { (at, width) };
        let value = if width == 1 { c.byte().into() } else { c.odd() };
        bytes[at..at + width].copy_from_slice(&value.to_be_bytes()[8 - width..]);
    }
    c.perhaps_mangle(3, &mut bytes, JPEG_2000);
    if c.once_in(4) {
        let boxed = |kind: &[u8; 4], data: &[u8]| [&(data.len() as u32 + 8).to_be_bytes()[..], kind, data].concat();
        let header = [&10u32.to_be_bytes()[..], &24u32.to_be_bytes(), &[0, 1, 11, 7, 0, 0]].concat();
        let header = [boxed(b"ihdr", &header), boxed(b"colr", &[1, 0, 0, 0, 0, 0, 17])].concat();
        let mut whole = [
            boxed(b"jP  ", b"\r\n\x87\n"),
            boxed(b"ftyp", b"jp2 \0\0\0\0jp2 "),
            boxed(b"jp2h", &header),
            boxed(b"jp2c", &bytes),
        ];
        let at = c.below(4);
        c.perhaps_mangle(2, &mut whole[at], b"jp2cpclrcmapcdefbpcc");
        return whole.concat();
    }
    bytes
}
