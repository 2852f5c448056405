//! Hostile files, made here: each small on the disk and large, or senseless, once it is believed.

use std::io::Write;
use std::path::{Path, PathBuf};

use flate2::Compression;
use flate2::write::{DeflateEncoder, ZlibEncoder};

use super::file::{EXPLICIT, File, IMPLICIT, Value, text};

const BODY_PART: u32 = 0x0018_0015;

/// A PNG of the given chunks, each with its right sum.
fn png(chunks: &[(&[u8; 4], Vec<u8>)]) -> Vec<u8> {
    let mut bytes = b"\x89PNG\r\n\x1a\n".to_vec();
    for (kind, data) in chunks {
        let body = [kind.as_slice(), data].concat();
        bytes.extend((data.len() as u32).to_be_bytes());
        bytes.extend(&body);
        let mut sum = flate2::Crc::new();
        sum.update(&body);
        bytes.extend(sum.sum().to_be_bytes());
    }
    bytes
}

fn header(side: u32, depth: u8, colour: u8) -> Vec<u8> {
    [side.to_be_bytes().as_slice(), &side.to_be_bytes(), &[depth, colour, 0, 0, 0]].concat()
}

fn zlib(write: impl FnOnce(&mut ZlibEncoder<Vec<u8>>)) -> Vec<u8> {
    let mut packed = ZlibEncoder::new(Vec::new(), Compression::fast());
    write(&mut packed);
    packed.finish().unwrap()
}

/// Its palette is no multiple of three bytes, and it has transparency.
pub fn palette_of_one_and_a_third() -> Vec<u8> {
    let rows = zlib(|packed| packed.write_all(&[0, 0, 0, 0, 0, 0]).unwrap());
    png(&[(b"IHDR", header(2, 8, 3)), (b"PLTE", vec![9; 4]), (b"tRNS", vec![7]), (b"IDAT", rows), (b"IEND", vec![])])
}

/// A colour picture of one colour.
pub fn large_colour_png(side: u32) -> Vec<u8> {
    let row = [vec![0], [120, 60, 30].repeat(side as usize)].concat();
    let rows = zlib(|packed| (0..side).for_each(|_| packed.write_all(&row).unwrap()));
    png(&[(b"IHDR", header(side, 8, 2)), (b"IDAT", rows), (b"IEND", vec![])])
}

/// A small picture whose colour profile unpacks to a gigabyte.
pub fn profile_bomb() -> Vec<u8> {
    let zeros = vec![0; 1 << 20];
    let packed = zlib(|packed| (0..1024).for_each(|_| packed.write_all(&zeros).unwrap()));
    let rows = zlib(|packed| packed.write_all(&[0, 1, 2, 3]).unwrap());
    let profile = [b"icc\0\0".to_vec(), packed].concat();
    png(&[(b"IHDR", header(1, 8, 2)), (b"iCCP", profile), (b"IDAT", rows), (b"IEND", vec![])])
}

fn small(syntax: &'static str) -> File {
    File::grey(syntax, (2, 2), [16, 12, 11], Value::Words(vec![1, 2, 3, 4]))
}

/// The bytes of `file` behind those of an element that stands before all others.
fn with_first(file: &File, element: &[u8]) -> Vec<u8> {
    let bytes = file.bytes();
    let at = bytes.windows(4).position(|tag| tag == [8, 0, 0x16, 0]).unwrap();
    [&bytes[..at], element, &bytes[at..]].concat()
}

/// Of a VR that there is not: who reads 16 bits of length behind it and who reads 32 see different files.
pub fn unknown_vr_that_claims_four_gigabytes() -> Vec<u8> {
    let mut element = vec![8, 0, 5, 0, b'Z', b'Z', 8, 0];
    element.extend(0xffff_fff0u32.to_le_bytes());
    element.extend([0; 4]);
    with_first(&small(EXPLICIT), &element)
}

/// 64 MB of backslashes, each of which parts two values.
pub fn deflated_text_of_many_values() -> Vec<u8> {
    let length = 64u32 << 20;
    let mut data = [vec![0x18, 0, 0x15, 0], b"UC\0\0".to_vec(), length.to_le_bytes().to_vec()].concat();
    data.resize(data.len() + length as usize, b'\\');
    deflated(&data)
}

fn deflated(data: &[u8]) -> Vec<u8> {
    let mut packed = DeflateEncoder::new(Vec::new(), Compression::fast());
    packed.write_all(data).unwrap();
    let head = File { syntax: super::file::DEFLATED, elements: Vec::new() }.bytes();
    // Behind the head stands an empty deflated data set: two bytes.
    [&head[..head.len() - 2], &packed.finish().unwrap()].concat()
}

/// 16 bits a pixel, all of one value: a few hundred kilobytes.
pub fn deflated_deep_picture(side: u16) -> Vec<u8> {
    let file = File::grey(EXPLICIT, (side, side), [16, 16, 15], Value::Words(Vec::new()));
    let bytes = file.bytes();
    let at = bytes.windows(4).position(|tag| tag == [8, 0, 0x16, 0]).unwrap();
    let mut data = bytes[at..bytes.len() - 4].to_vec();
    let length = 2 * u32::from(side) * u32::from(side);
    data.extend(length.to_le_bytes());
    data.resize(data.len() + length as usize, 5);
    deflated(&data)
}

pub fn implicit_text_of_many_values() -> Vec<u8> {
    small(IMPLICIT).set([(BODY_PART, text("CS", &"\\".repeat(16 << 20)))]).bytes()
}

pub fn windows_without_an_end() -> Vec<u8> {
    small(IMPLICIT).set([(0x0028_1050, text("DS", &"1\\".repeat(16 << 20)))]).bytes()
}

/// A folder of models with the digits' model called `bad`, in whose card `instead` stands for `line`.
pub fn model_folder(folder: &Path, line: &str, instead: &str) -> PathBuf {
    let card = include_str!("../../models/mnist/model.toml");
    assert!(card.contains(line), "{line}");
    let models = folder.join("models");
    std::fs::create_dir_all(models.join("bad")).unwrap();
    std::fs::write(models.join("bad/model.toml"), card.replacen(line, instead, 1)).unwrap();
    models
}
