//! Small checkpoints that would take much memory or time are refused, and say why; none of them brings the program down.
#![allow(clippy::unwrap_used)] // A panic is how a test fails.

mod common;

use std::io::{Cursor, Write};

use common::dense::{TINY, dense_card};
use fovea::import::{self, CheckpointKind};
use zip::write::SimpleFileOptions;
use zip::{CompressionMethod, ZipWriter};

const START: &[u8] = b"\x80\x02";
/// What a legacy file has before the object saved.
const LEGACY: &[u8] = b"\x80\x02\x8a\x0al\xfc\x9cF\xf9 j\xa8P\x19.\x80\x02M\xe9\x03.\x80\x02}U\rlittle_endian\x88s.";
/// A storage of 32 values, and the function that makes tensors; both are behind `h` then, as 1 and 0.
const STORAGE: &[u8] =
    b"(U\x07storagectorch\nFloatStorage\nU\x010U\x03cpuK tQq\x010ctorch._utils\n_rebuild_tensor_v2\nq\x000";

fn refusal_of(bytes: &[u8]) -> String {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("hostile.pth");
    std::fs::write(&path, bytes).unwrap();
    import::read(&path, CheckpointKind::DenseNet, &dense_card(TINY, [33, 46], 3)).unwrap_err().to_string()
}

fn zipped(method: CompressionMethod, entries: &[(&str, &[u8])]) -> Vec<u8> {
    let mut archive = ZipWriter::new(Cursor::new(Vec::new()));
    for (name, bytes) in entries {
        archive.start_file(*name, SimpleFileOptions::default().compression_method(method)).unwrap();
        archive.write_all(bytes).unwrap();
    }
    archive.finish().unwrap().into_inner()
}

/// What becomes of a checkpoint with this pickle.
fn refusal_of_pickle(parts: &[&[u8]]) -> String {
    let pickle = [START, &parts.concat()].concat();
    refusal_of(&zipped(CompressionMethod::Deflated, &[("a/data.pkl", &pickle), ("a/data/0", &[0; 128])]))
}

/// Fills the list on top with so many thousand of what `made` makes.
fn thousands(count: usize, made: &[u8]) -> Vec<u8> {
    [b"(".as_slice(), &made.repeat(1000), b"e"].concat().repeat(count)
}

/// A tensor of these sides and strides, as pickled numbers.
fn tensor(sides: &[u8], strides: &[u8]) -> Vec<u8> {
    [b"h\0(h\x01K\0(".as_slice(), sides, b"t(", strides, b"t\x89NtR"].concat()
}

#[test]
fn pickles_of_more_objects_than_weights_need_are_refused() {
    let laughs: Vec<u8> =
        (0..12).flat_map(|i| [b"(".as_slice(), &[b'h', i].repeat(10), &[b't', b'q', i + 1]].concat()).collect();
    for (what, parts) in [
        ("dictionaries", [b"]".as_slice(), &thousands(1500, b"}"), b"."]),
        ("lists in lists", [b"]", &[b"]".repeat(900), b"a".repeat(900)].concat().repeat(1000), b"."]),
        ("copies of copies", [b"]q\0", &laughs, b"."]),
        ("the memo", [b"N", &b"\x94".repeat(2_000_000), b"."]),
        (
            "names",
            [
                STORAGE,
                &[
                    b"}X\x20\xa1\x07\0",
                    &b"k".repeat(500_000)[..],
                    b"]",
                    &tensor(b"", b""),
                    b"q\x02a",
                    &thousands(10, b"h\x02"),
                ]
                .concat(),
                b"s.",
            ],
        ),
    ] {
        let text = refusal_of_pickle(&parts);
        assert!(text.contains("far too many objects") && text.contains("state_dict"), "{what}: {text}");
    }
    let text = refusal_of_pickle(&[b"(", &b"N".repeat(1 << 20), b"t."]);
    assert!(text.contains("objects in hand at once") && text.contains("state_dict"), "{text}");
    assert!(refusal_of_pickle(&[b"(", &b"(".repeat(1 << 20), b"."]).contains("in hand at once"));
    assert!(refusal_of_pickle(&[b"I", &b"1".repeat(1 << 20), b"\n."]).contains("4096 bytes"));
}

#[test]
fn values_nested_deep_do_not_overflow_the_stack() {
    assert!(refusal_of_pickle(&[b")", &b"\x85".repeat(90_000), b"."]).contains("nesting"));
    let most = [b"}U\x01a".repeat(990), b"N".to_vec(), b"s".repeat(990)].concat();
    assert!(refusal_of_pickle(&[&most, b"."]).contains("is missing"));
}

#[test]
fn legacy_files_are_bounded_in_every_part() {
    let many = [START, b"(", &b"N".repeat(1 << 20), b"t."].concat();
    assert!(refusal_of(&[LEGACY, &many].concat()).contains("in hand at once"));
    // Its version: 14 bytes are the magic number's.
    assert!(refusal_of(&[&LEGACY[..15], &many].concat()).contains("far too long"));
    let word = [START, b"X\0\0\x20\0", &b"\x01".repeat(2 << 20), b"."].concat();
    assert!(refusal_of(&[LEGACY, b"\x80\x02}.", &word].concat()).contains("does not list its storages"));
    assert!(refusal_of(&many).contains("in hand at once"));
}

#[test]
fn tensors_that_make_much_be_read_are_refused() {
    let strewn = tensor(b"K\x02", b"J\0\0\0\x10");
    let text = refusal_of_pickle(&[STORAGE, b"}U\x01a", &strewn, b"s."]);
    assert!(text.contains("[2]") && text.contains(".clone()"), "{text}");
    let sides = tensor(&b"K\x01".repeat(9), &b"K\x01".repeat(9));
    assert!(refusal_of_pickle(&[STORAGE, b"}U\x01a", &sides, b"s."]).contains("at most 8"));
    // A storage that comes back from a function is in a list of arguments that nobody looked at.
    let passed = b"ctorch._utils\n_rebuild_parameter\n(h\x01tR";
    assert!(refusal_of_pickle(&[STORAGE, passed, b"."]).contains("in which PyTorch makes none"));
    // A compressed storage is unpacked up to the tensor.
    let far = b"h\0(h\x01J\0\0\0\x10(K\x02t(K\x01t\x89NtR";
    assert!(refusal_of_pickle(&[STORAGE, b"}U\x01a", far, b"s."]).contains(".clone()"));
}

#[test]
fn archives_are_bounded_before_they_are_unpacked() {
    let pickle = [START, b"(", &b"N".repeat(60 << 20), b"t."].concat();
    let text = refusal_of(&zipped(CompressionMethod::Deflated, &[("a/data.pkl", &pickle)]));
    assert!(text.contains("unpacked, it is 629145") && text.contains("at most"), "{text}");
    // Which of two pickles is read is up to the reader; one that is broken hides no other.
    let deep: &[(&str, &[u8])] =
        &[("a/a/data.pkl", b"t"), ("a/data.pkl", &[START, b"(", &b"N".repeat(1 << 20), b"t."].concat())];
    assert!(refusal_of(&zipped(CompressionMethod::Stored, deep)).contains("in hand at once"));
    let names: Vec<String> = (0..100_001).map(|entry| format!("a/data/{entry}")).collect();
    let entries: Vec<(&str, &[u8])> = names.iter().map(|name| (name.as_str(), [].as_slice())).collect();
    assert!(refusal_of(&zipped(CompressionMethod::Stored, &entries)).contains("100000 entries"));
}

/// A tar archive of one entry.
fn tarred(kind: u8, name: &str, body: &[u8]) -> Vec<u8> {
    let mut header = vec![0; 512];
    header[..name.len()].copy_from_slice(name.as_bytes());
    header[124..136].copy_from_slice(format!("{:011o}\0", body.len()).as_bytes());
    header[148..156].copy_from_slice(b"        ");
    header[156] = kind;
    header[257..265].copy_from_slice(b"ustar\x0000");
    let sum: u32 = header.iter().map(|byte| u32::from(*byte)).sum();
    header[148..156].copy_from_slice(format!("{sum:06o}\0 ").as_bytes());
    [header, body.to_vec(), vec![0; body.len().next_multiple_of(512) - body.len() + 1024]].concat()
}

#[test]
fn tar_archives_are_bounded_in_every_part() {
    let many = [START, b"(", &b"N".repeat(1 << 20), b"t."].concat();
    assert!(refusal_of(&tarred(b'0', "pickle", &many)).contains("in hand at once"));
    let first = tarred(b'0', "pickle", b"t")[..1024].to_vec();
    assert!(refusal_of(&[first, tarred(b'0', "pickle", &many)].concat()).contains("in hand at once"));
    assert!(refusal_of(&tarred(b'0', "./storages", b"\x80\x02J\0\0\0\x7f.")).contains("more than 100000"));
    assert!(refusal_of(&tarred(b'0', "storages", &[b"\x80\x02K\x01.", &many[..]].concat())).contains("far too long"));
    // A sparse entry is as large as it says.
    assert!(refusal_of(&tarred(b'S', "storages", b"")).contains("none that PyTorch wrote"));
}

#[test]
fn headers_and_names_of_safetensors_are_bounded() {
    let file = |header: &str| [&(header.len() as u64).to_le_bytes(), header.as_bytes()].concat();
    let of = |name: &str, sides: usize| {
        let sides = vec!["0"; sides].join(",");
        file(&format!("{{\"{name}\":{{\"dtype\":\"F32\",\"shape\":[{sides}],\"data_offsets\":[0,0]}}}}"))
    };
    assert!(refusal_of(&of("a", 3 << 20)).contains("its header is"));
    assert!(refusal_of(&of("a", 9)).contains("`a` has 9 sides"));
    let text = refusal_of(&of(&".".repeat(2 << 20), 1));
    assert!(text.contains("has 2097152 bytes") && text.len() < 2000, "{text}");
}
