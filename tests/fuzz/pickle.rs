//! Checkpoints: pickles step by step, in every container that PyTorch ever put them into, and safetensors.

use std::io::{Cursor, Write};
use std::path::Path;
use std::sync::LazyLock;

use fovea::bundle::{Card, WeightMap};
use fovea::import::{self, CheckpointKind};
use zip::ZipWriter;
use zip::write::SimpleFileOptions;

use super::choices::Choices;
use super::common::dense::{TINY, dense_card, dense_weights};
use super::text;

static CARD: LazyLock<Card> = LazyLock::new(|| dense_card(TINY, [33, 46], 3));
static WEIGHTS: LazyLock<WeightMap> = LazyLock::new(|| dense_weights(&CARD));

/// One step of a pickle with what belongs to it.
type Step = Vec<u8>;

pub fn make(c: &mut Choices<'_>) -> Vec<u8> {
    let container = c.one(&[0, 0, 0, 1, 1, 2, 3, 3]);
    let mut bytes = match container {
        0 => zipped(c),
        1 => legacy(c),
        2 => pickle(c, &state(false)),
        _ => safetensors(c),
    };
    c.perhaps_mangle(4, &mut bytes, b"PK\x01\x02PK\x05\x06");
    bytes
}

pub fn read(path: &Path) -> Result<(), String> {
    import::read(path, CheckpointKind::DenseNet, &CARD).map(drop).map_err(|error| error.to_string())
}

fn unicode(text: &str) -> Step {
    [&b"X"[..], &(text.len() as u32).to_le_bytes(), text.as_bytes()].concat()
}

fn number(value: usize) -> Step {
    [&b"J"[..], &(value as u32).to_le_bytes()].concat()
}

/// `OrderedDict` of tensors that lie in one storage, one after the other.
fn state(is_legacy: bool) -> Vec<Step> {
    let total: usize = WEIGHTS.values().map(|tensor| tensor.values.len()).sum();
    let step = |bytes: &[u8]| bytes.to_vec();
    let mut steps = vec![step(b"\x80\x02"), step(b"}"), step(b"("), unicode("state_dict"), step(b"}"), step(b"(")];
    let mut offset = 0;
    for (name, tensor) in WEIGHTS.iter() {
        steps.extend([unicode(name), step(b"ctorch._utils\n_rebuild_tensor_v2\n"), step(b"("), step(b"(")]);
        steps.extend([
            unicode("storage"),
            step(b"ctorch\nFloatStorage\n"),
            unicode("0"),
            unicode("cpu"),
            number(total),
        ]);
        if is_legacy {
            steps.push(step(b"N"));
        }
        steps.extend([step(b"t"), step(b"Q"), number(offset), step(b"(")]);
        steps.extend(tensor.shape.iter().map(|side| number(*side)));
        steps.extend([step(b"t"), step(b"(")]);
        let strides = (0..tensor.shape.len()).map(|axis| tensor.shape[axis + 1..].iter().product());
        steps.extend(strides.map(number));
        steps.extend([step(b"t"), step(b"\x89"), step(b"ccollections\nOrderedDict\n"), step(b")"), step(b"R")]);
        steps.extend([step(b"t"), step(b"R")]);
        offset += tensor.values.len();
    }
    steps.extend([step(b"u"), step(b"u"), step(b".")]);
    steps
}

fn storage() -> Vec<u8> {
    WEIGHTS.values().flat_map(|tensor| &tensor.values).flat_map(|v| v.to_le_bytes()).collect()
}

/// The steps with some of them changed.
fn pickle(c: &mut Choices<'_>, steps: &[Step]) -> Vec<u8> {
    let mut steps = steps.to_vec();
    for _ in 0..c.below(4) {
        let at = c.below(steps.len());
        match c.below(4) {
            0 | 1 => c.rearrange(&mut steps, strange),
            _ if steps.is_empty() => {}
            2 => steps[at] = strange(c),
            _ => {
                let odd = c.odd() as u32;
                let is_number = steps[at].first() == Some(&b'J');
                steps[at] =
                    if is_number { number(odd as usize) } else { steps[at].repeat(c.one(&[2, 3, 900, 90_000])) };
            }
        }
    }
    steps.concat()
}

fn strange(c: &mut Choices<'_>) -> Step {
    let odd = c.odd();
    let four = (odd as u32).to_le_bytes();
    match c.below(8) {
        0 => vec![c.byte()],
        1 => [&[c.one(b"XTBJrj\x8b\x84")][..], &four, b"abc"].concat(),
        2 => [&[c.one(b"\x8d\x8e\x96\x95")][..], &odd.to_le_bytes(), b"abc"].concat(),
        3 => vec![c.one(b"KUChq\x8a\x8c"), c.byte(), 1, 2, 3],
        // As deep as can be, or as many as can be.
        4 => c
            .of(&[&b"\x85"[..], b"(", b"]", b"2", b"2\x86", b")\x85", b"a", b"0", b"h\0", b"\x94"])
            .repeat(c.one(&[3, 40, 500, 100_000])),
        5 => [c.of(&[
            "ios\nsystem\n",
            "cbuiltins\neval\n",
            "I99999999999999999999\n",
            "L-1L\n",
            "F1e999\n",
            "V\\ud800\n",
        ])]
        .concat()
        .into_bytes(),
        6 => [&b"q\0h"[..], &[c.byte()]].concat(),
        _ => [
            &b"c"[..],
            c.of(&["torch\nLongStorage\n", "torch._utils\n_rebuild_parameter\n", "torch\nSize\n", "x\ny\n"]).as_bytes(),
        ]
        .concat(),
    }
}

fn zipped(c: &mut Choices<'_>) -> Vec<u8> {
    let mut zip = ZipWriter::new(Cursor::new(Vec::new()));
    let data = pickle(c, &state(false));
    let mut storage = storage();
    if c.once_in(6) {
        storage.truncate(c.below(storage.len()));
    }
    let order: &[u8] = if c.once_in(8) { b"big" } else { b"little" };
    let entries: [(&str, &[u8]); 4] =
        [("data.pkl", &data), ("byteorder", order), ("version", b"3\n"), ("data/0", &storage)];
    for (name, bytes) in entries {
        if c.once_in(12) {
            continue;
        }
        let folder = if c.once_in(12) { "../" } else { "archive/" };
        let options = SimpleFileOptions::default().compression_method(zip::CompressionMethod::Stored);
        zip.start_file(format!("{folder}{name}"), options).unwrap();
        zip.write_all(bytes).unwrap();
    }
    let mut bytes = zip.finish().unwrap().into_inner();
    if c.once_in(4) {
        // Near the end lie the lists of what is where.
        let (back, odd) = (c.below(300), c.odd().to_le_bytes());
        let at = bytes.len().saturating_sub(back + 4);
        bytes[at..at + 4].copy_from_slice(&odd[..4]);
    }
    bytes
}

/// Magic number, version, sizes of types, the tensors, names of storages, and those one by one.
fn legacy(c: &mut Choices<'_>) -> Vec<u8> {
    let magic = b"\x80\x02\x8a\x0a\x6c\xfc\x9c\x46\xf9\x20\x6a\xa8\x50\x19.";
    let info = [b"\x80\x02}(".to_vec(), unicode("little_endian"), b"\x88u.".to_vec()].concat();
    let keys = [b"\x80\x02](".to_vec(), unicode("0"), b"e.".to_vec()].concat();
    let count = if c.once_in(4) { c.odd() } else { storage().len() as u64 / 4 };
    let parts = [magic.to_vec(), b"\x80\x02M\xe9\x03.".to_vec(), info, pickle(c, &state(true)), keys];
    [parts.concat(), count.to_le_bytes().to_vec(), storage()].concat()
}

fn safetensors(c: &mut Choices<'_>) -> Vec<u8> {
    let whole = fovea::bundle::weights::write(&WEIGHTS).unwrap();
    let (length, rest) = whole.split_first_chunk().unwrap();
    let (header, data) = rest.split_at(u64::from_le_bytes(*length) as usize);
    let header = text::changed(c, std::str::from_utf8(header).unwrap(), &[]);
    let length = if c.once_in(8) { c.odd() } else { header.len() as u64 };
    [&length.to_le_bytes()[..], &header, data].concat()
}
