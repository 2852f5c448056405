//! Files that are cut, lie about themselves, or are something else: one sentence each, and never a panic.

use fovea::scan::{ScanError, open};

use super::file::{EXPLICIT, File, JPEG_2000, JPEG_BASELINE, JPEG_LOSSLESS, JPEG_LS, RLE, Value, text, us};
use super::{lossless, samples, twelve};

fn refused(bytes: &[u8]) -> String {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("bad.dcm");
    std::fs::write(&path, bytes).unwrap();
    let error = open(&path).map(|scan| scan.size_px()).expect_err("it must be refused").to_string();
    assert!(error.contains("bad.dcm: ") && !error.contains('\n'), "{error}");
    error
}

fn whole() -> File {
    twelve(EXPLICIT, Value::Words(samples(12)))
}

#[test]
fn each_fault_has_its_own_sentence() {
    let cases = [
        (whole().without(0x7fe0_0010), "holds no pixels"),
        (
            whole().without(0x7fe0_0010).set([(0x0008_0016, text("UI", "1.2.840.10008.5.1.4.1.1.88.11"))]),
            "not a picture (Basic Text SR",
        ),
        (whole().set([(0x0028_0004, text("CS", "CMYK"))]), "its colours are given as CMYK"),
        (whole().set([(0x0028_0010, us(999))]), "holds 480 bytes of pixels where its sizes need 47952"),
        (whole().set([(0x0028_0010, us(0))]), "24×0 pixels"),
        (whole().set([(0x0028_0010, us(65535)), (0x0028_0011, us(65535))]), "at most 144 million pixels"),
        (whole().set([(0x0028_0008, text("IS", "2000000000"))]), "its sizes need 960000000000"),
        (whole().set([(0x0028_0100, us(32))]), "samples take 32 bits; 8 and 16"),
        (whole().set([(0x0028_0101, us(17))]), "stores 17 bits up to bit 11 in 16"),
        (whole().set([(0x0028_0002, us(3))]), "3 samples a pixel where MONOCHROME2 needs 1"),
        (whole().without(0x0028_0011), "does not say its columns"),
        (File { syntax: "1.2.840.10008.1.2.4.100", ..whole() }, "is packed as MPEG2"),
        (File { syntax: "1.2.3", ..whole() }, "is packed as 1.2.3"),
        (File { syntax: RLE, ..whole() }, "in no fragments"),
    ];
    for (file, says) in cases {
        let error = refused(&file.bytes());
        assert!(error.contains(says), "{error}\n  lacks: {says}");
    }
}

#[test]
fn a_file_cut_anywhere_is_refused() {
    for (name, file) in lossless() {
        let bytes = file.bytes();
        // Of a bare code stream the last bytes may be beyond what the picture needs.
        let needed = if name.starts_with("JPEG") { bytes.len() - 12 } else { bytes.len() - 1 };
        for length in (0..needed).step_by(7) {
            let folder = tempfile::tempdir().unwrap();
            let path = folder.path().join("cut.dcm");
            std::fs::write(&path, &bytes[..length]).unwrap();
            assert!(open(&path).is_err(), "{name} opened with {length} of {} bytes", bytes.len());
        }
    }
}

#[test]
fn streams_of_another_size_are_refused_before_they_are_decoded() {
    for (name, file) in lossless() {
        if matches!(name, "JPEG" | "JPEG-LS" | "JPEG 2000") {
            let error = refused(&file.set([(0x0028_0010, us(11))]).bytes());
            assert!(error.contains("24×10") && error.contains("24×11"), "{name}: {error}");
        }
    }
}

/// The fragment is as long as it says; the stream within it is not.
#[test]
fn streams_cut_within_whole_files_are_refused() {
    let baseline = super::encode::jpeg_grey(&super::bytes_of(8), 24);
    let baseline = File::grey(JPEG_BASELINE, super::SIZE, [8, 8, 7], Value::Fragments(vec![vec![], baseline]));
    for (name, file) in lossless().into_iter().chain([("JPEG", baseline)]) {
        let Some((_, Value::Fragments(fragments))) = file.elements.last() else { continue };
        let stream = &fragments[1];
        for length in (0..stream.len() * 9 / 10).step_by(5) {
            let cut = Value::Fragments(vec![vec![], stream[..length].to_vec()]);
            let error = refused(&file.clone().set([(0x7fe0_0010, cut)]).bytes());
            assert!(!error.is_empty(), "{name}");
        }
    }
}

/// The first header that looks right is one in a box that no decoder reads; the code stream's own says otherwise.
#[test]
fn a_decoy_header_in_a_jp2_box_is_not_believed() {
    let stream = include_bytes!("../reference/slope_12.j2k");
    let boxed = |kind: &[u8; 4], inside: &[u8]| {
        [(inside.len() as u32 + 8).to_be_bytes().as_slice(), kind.as_slice(), inside].concat()
    };
    let mut decoy = stream[..60].to_vec();
    decoy[12..16].copy_from_slice(&11u32.to_be_bytes());
    let sign = boxed(b"jP  ", &[0x0d, 0x0a, 0x87, 0x0a]);
    let file = [sign, boxed(b"free", &decoy), boxed(b"jp2c", stream)].concat();
    let file = twelve(JPEG_2000, Value::Fragments(vec![vec![], file])).set([(0x0028_0010, us(11))]);
    let error = refused(&file.bytes());
    assert!(error.contains("24×10") && error.contains("24×11"), "{error}");
}

/// The codec would give wrong pixels for these, and no error.
#[test]
fn lossless_jpeg_with_a_point_transform_or_restarts_is_refused() {
    let stream = super::encode::jpeg_lossless(&samples(12), 24, 12);
    let scan = stream.windows(2).position(|two| two == [0xff, 0xda]).unwrap();
    let mut transformed = stream.clone();
    transformed[scan + 9] = 1;
    let restarts = [&stream[..scan], &[0xff, 0xdd, 0, 4, 0, 24], &stream[scan..]].concat();
    for stream in [transformed, restarts] {
        let error = refused(&twelve(JPEG_LOSSLESS, Value::Fragments(vec![vec![], stream])).bytes());
        assert!(error.contains("restarts or left-out bits"), "{error}");
    }
}

#[test]
fn halved_colour_in_impossible_layouts_is_refused() {
    for (columns, allocated, planar) in [(8, 16, 0), (8, 16, 1), (7, 8, 0), (7, 8, 1)] {
        let bits = [allocated, allocated, allocated - 1];
        let file = File::with(EXPLICIT, "YBR_FULL_422", 3, (columns, 4), bits, Value::Bytes(vec![9; 1000]));
        let error = refused(&file.set([(0x0028_0006, us(planar))]).bytes());
        assert!(error.contains("halved colour"), "{error}");
    }
}

#[test]
fn rubbish_where_a_stream_should_be_is_refused() {
    for syntax in [RLE, JPEG_BASELINE, JPEG_LOSSLESS, JPEG_LS, JPEG_2000] {
        for rubbish in [vec![], vec![0xff; 64], (0..=255).collect(), vec![0xff, 0xd8, 0xff, 0xda, 0, 2]] {
            refused(&twelve(syntax, Value::Fragments(vec![vec![], rubbish])).bytes());
        }
    }
}

/// Every byte of the elements before the pixels is changed in turn; what then opens must still be a picture.
#[test]
fn no_changed_byte_makes_it_panic() {
    let bytes = whole().set([(0x0028_1050, text("DS", "2000")), (0x0028_1051, text("DS", "1000"))]).bytes();
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("changed.dcm");
    for at in 128..bytes.len() - 480 {
        for change in [0xff, 0x80, 0x01] {
            let mut changed = bytes.clone();
            changed[at] ^= change;
            std::fs::write(&path, &changed).unwrap();
            match open(&path) {
                Ok(scan) => assert!(scan.size_px().0 > 0),
                Err(ScanError::Damaged { reason, .. }) => assert!(!reason.contains("Doe"), "{reason}"),
                Err(_) => {}
            }
        }
    }
}

#[test]
fn a_bomb_and_an_endless_nest_are_given_up() {
    let mut nest = whole().without(0x7fe0_0010).bytes();
    for _ in 0..100_000 {
        nest.extend([
            0x28, 0, 0, 0x30, b'S', b'Q', 0, 0, 0xff, 0xff, 0xff, 0xff, 0xfe, 0xff, 0, 0xe0, 0xff, 0xff, 0xff, 0xff,
        ]);
    }
    refused(&nest);
    let mut claims = whole().without(0x7fe0_0010).bytes();
    claims.extend([0x28, 0, 0x01, 0x12, b'O', b'W', 0, 0, 0xfe, 0xff, 0xff, 0xff]);
    assert!(refused(&claims).contains("cut off"));
}
