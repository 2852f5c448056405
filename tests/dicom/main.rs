//! DICOM files that the tests write themselves, in every transfer syntax and photometric case that is read; the real
//! ones of the test set; and files that lie.
#![allow(clippy::unwrap_used, clippy::print_stderr)] // A panic is how a test fails.

mod archive;
mod encode;
mod file;
mod gates;
mod hostile;
mod peers;

use std::path::Path;

use fovea::scan::facts::SpacingOrigin;
use fovea::scan::window::{Voi, VoiFunction};
use fovea::scan::{GreyValues, Pixels, Scan, open, open_frame};

use file::{
    BIG_ENDIAN, DEFLATED, EXPLICIT, Elements, File, IMPLICIT, JPEG_2000, JPEG_BASELINE, JPEG_LOSSLESS, JPEG_LS, RLE,
    Value, text, us,
};

const WIDTH: usize = 24;
const HEIGHT: usize = 10;
const SIZE: (u16, u16) = (WIDTH as u16, HEIGHT as u16);

/// A slope with a wave on it: no two lines are alike, and every bit is used.
fn formula(i: usize, bits: u32) -> u16 {
    let most = f64::from((1u32 << bits) - 1);
    let (x, y) = ((i % WIDTH) as f64, (i / WIDTH) as f64);
    ((0.5 + 0.3 * (0.4 * x + 0.9 * y).sin() + 0.2 * (x / 23.0 - y / 9.0)) * most).round() as u16
}

fn samples(bits: u32) -> Vec<u16> {
    (0..WIDTH * HEIGHT).map(|i| formula(i, bits)).collect()
}

fn bytes_of(bits: u32) -> Vec<u8> {
    samples(bits).iter().map(|v| *v as u8).collect()
}

fn twelve(syntax: &'static str, pixels: Value) -> File {
    File::grey(syntax, SIZE, [16, 12, 11], pixels)
}

fn read(file: &File) -> Scan {
    let folder = tempfile::tempdir().unwrap();
    open(&file.write(folder.path(), "a.dcm")).unwrap()
}

fn grey(scan: &Scan) -> &GreyValues {
    scan.grey().expect("a grey picture")
}

fn values(scan: &Scan) -> Vec<f64> {
    let (width, height) = scan.size_px();
    (0..height).flat_map(|y| (0..width).map(move |x| (x, y))).map(|(x, y)| grey(scan).value(x, y).unwrap()).collect()
}

fn rgb(scan: &Scan) -> Vec<[u8; 3]> {
    scan.to_rgb8().pixels().map(|p| p.0).collect()
}

fn assert_values(scan: &Scan, expected: &[u16], syntax: &str) {
    let expected: Vec<f64> = expected.iter().map(|v| f64::from(*v)).collect();
    assert_eq!(values(scan), expected, "{syntax}");
}

/// Every lossless syntax, with the name under which it is told.
fn lossless() -> Vec<(&'static str, File)> {
    let words = samples(12);
    vec![
        ("uncompressed", twelve(EXPLICIT, Value::Words(words.clone()))),
        ("uncompressed", twelve(IMPLICIT, Value::Words(words.clone()))),
        ("uncompressed, big endian", twelve(BIG_ENDIAN, Value::Words(words.clone()))),
        ("deflated", twelve(DEFLATED, Value::Words(words.clone()))),
        ("RLE", twelve(RLE, Value::Fragments(vec![vec![], encode::rle(&encode::byte_planes(&words))]))),
        ("JPEG", twelve(JPEG_LOSSLESS, Value::Fragments(vec![vec![], encode::jpeg_lossless(&words, WIDTH, 12)]))),
        ("JPEG-LS", twelve(JPEG_LS, Value::Fragments(vec![vec![], encode::jpeg_ls(&words, WIDTH)]))),
        (
            "JPEG 2000",
            twelve(JPEG_2000, Value::Fragments(vec![vec![], include_bytes!("../reference/slope_12.j2k").to_vec()])),
        ),
    ]
}

#[test]
fn every_lossless_syntax_gives_the_stored_values() {
    for (name, file) in lossless() {
        let scan = read(&file);
        assert_values(&scan, &samples(12), name);
        let facts = scan.facts.as_ref().unwrap();
        assert_eq!((facts.transfer_syntax.as_str(), facts.frames), (name, 1));
        assert_eq!((scan.bit_depth(), facts.modality.as_deref()), (12, Some("DX")));
    }
}

#[test]
fn baseline_jpeg_gives_nearly_the_stored_values() {
    let bytes = bytes_of(8);
    let stream = encode::jpeg_grey(&bytes, WIDTH);
    let scan = read(&File::grey(JPEG_BASELINE, SIZE, [8, 8, 7], Value::Fragments(vec![vec![], stream])));
    let off = values(&scan).iter().zip(&bytes).map(|(v, b)| (v - f64::from(*b)).abs()).fold(0.0, f64::max);
    assert!(off <= 4.0, "{off}");
}

#[test]
fn bits_beside_the_stored_ones_are_left_out() {
    // Twelve bits that end at bit 13, with an overlay's bits above and rubbish below.
    let words = samples(12).iter().map(|v| v << 2 | 0x4000 | 1).collect();
    let scan = read(&File::grey(EXPLICIT, SIZE, [16, 12, 13], Value::Words(words)));
    assert_values(&scan, &samples(12), "shifted");
}

#[test]
fn signed_values_and_rescaling() {
    let words = samples(12).iter().map(|v| v.wrapping_sub(2048) & 0x0fff).collect();
    let file = twelve(EXPLICIT, Value::Words(words)).set([
        (0x0028_0103, us(1)),
        (0x0028_1052, text("DS", "-1024")),
        (0x0028_1053, text("DS", "0.5")),
    ]);
    let expected: Vec<f64> = samples(12).iter().map(|v| (f64::from(*v) - 2048.0) * 0.5 - 1024.0).collect();
    assert_eq!(values(&read(&file)), expected);
}

#[test]
fn eight_bits_in_words_of_either_order() {
    let bytes = bytes_of(8);
    let words = bytes.as_chunks::<2>().0.iter().map(|b| u16::from_le_bytes(*b)).collect::<Vec<_>>();
    for syntax in [EXPLICIT, BIG_ENDIAN] {
        let scan = read(&File::grey(syntax, SIZE, [8, 8, 7], Value::Words(words.clone())));
        assert_values(&scan, &samples(8), syntax);
        let scan = read(&File::grey(syntax, SIZE, [8, 8, 7], Value::Bytes(bytes.clone())));
        assert_values(&scan, &samples(8), syntax);
    }
}

#[test]
fn monochrome1_is_turned_round_exactly_once() {
    let window = [(0x0028_1050, text("DS", "2048")), (0x0028_1051, text("DS", "4096"))];
    let two = twelve(EXPLICIT, Value::Words(samples(12))).set(window.clone());
    let one = two.clone().set([(0x0028_0004, text("CS", "MONOCHROME1")), (0x2050_0020, text("CS", "INVERSE"))]);
    let (one, two) = (read(&one), read(&two));
    assert_eq!(values(&one), values(&two), "values stay as they were stored");
    for (a, b) in rgb(&one).iter().zip(rgb(&two)) {
        assert!((i32::from(a[0]) + i32::from(b[0]) - 255).abs() <= 1);
    }
}

#[test]
fn a_modality_table_stands_in_the_place_of_slope_and_intercept() {
    let entries: Vec<u16> = (0..256).map(|i| 1000 + 3 * i).collect();
    let item: Elements = vec![(0x0028_3002, Value::Short(vec![256, 0, 16])), (0x0028_3006, Value::Words(entries))];
    let file = File::grey(EXPLICIT, SIZE, [8, 8, 7], Value::Bytes(bytes_of(8)))
        .set([(0x0028_3000, Value::Sequence(vec![item])), (0x0028_1053, text("DS", "7"))]);
    let expected: Vec<f64> = samples(8).iter().map(|v| 1000.0 + 3.0 * f64::from(*v)).collect();
    assert_eq!(values(&read(&file)), expected);
}

#[test]
fn windows_are_presets_by_name_and_the_first_is_the_default() {
    let file = twelve(EXPLICIT, Value::Words(samples(12))).set([
        (0x0028_1050, text("DS", "2000\\600")),
        (0x0028_1051, text("DS", "1000\\400")),
        (0x0028_1055, text("LO", "LUNG\\BONE")),
    ]);
    let scan = read(&file);
    let presets = grey(&scan).presets();
    assert_eq!(presets.iter().map(|p| p.name.as_str()).collect::<Vec<_>>(), ["LUNG", "BONE"]);
    for (v, [shown, ..]) in values(&scan).iter().zip(rgb(&scan)) {
        // PS3.3 C.11.2.1.2, with y from 0 to 255.
        let y = ((v - 1999.5) / 999.0 + 0.5) * 255.0;
        let y = if *v <= 1999.5 - 499.5 {
            0.0
        } else if *v > 1999.5 + 499.5 {
            255.0
        } else {
            y
        };
        assert!((y - f64::from(shown)).abs() <= 0.5 + 1e-9, "{v}: {y} {shown}");
    }
}

#[test]
fn the_three_functions_are_those_of_the_standard() {
    let light = |function: Option<&str>, v: f64| {
        let mut file = twelve(EXPLICIT, Value::Words(samples(12)))
            .set([(0x0028_1050, text("DS", "100")), (0x0028_1051, text("DS", "40"))]);
        if let Some(function) = function {
            file = file.set([(0x0028_1056, text("CS", function))]);
        }
        let scan = read(&file);
        grey(&scan).default_voi().light(v)
    };
    assert!((light(None, 90.0) - ((90.0 - 99.5) / 39.0 + 0.5)).abs() < 1e-12);
    assert!((light(Some("LINEAR_EXACT"), 90.0) - (90.0 - 100.0 + 20.0) / 40.0).abs() < 1e-12);
    assert!((light(Some("SIGMOID"), 90.0) - 1.0 / (1.0 + f64::exp(1.0))).abs() < 1e-12);
}

#[test]
fn a_voi_table_goes_before_a_window() {
    let entries: Vec<u16> = (0..4096u32).map(|i| (i * i / 4096) as u16).collect();
    let item: Elements = vec![
        (0x0028_3002, Value::Short(vec![4096, 0, 12])),
        (0x0028_3003, text("LO", "Soft")),
        (0x0028_3006, Value::Words(entries)),
    ];
    let file = twelve(EXPLICIT, Value::Words(samples(12))).set([
        (0x0028_3010, Value::Sequence(vec![item])),
        (0x0028_1050, text("DS", "2000")),
        (0x0028_1051, text("DS", "1000")),
    ]);
    let scan = read(&file);
    let presets = grey(&scan).presets();
    assert_eq!(presets.iter().map(|p| p.name.as_str()).collect::<Vec<_>>(), ["Soft", "Window 1"]);
    for (v, [shown, ..]) in values(&scan).iter().zip(rgb(&scan)) {
        assert_eq!(f64::from(shown), ((v * v / 4096.0).floor() / 4095.0 * 255.0).round(), "{v}");
    }
}

#[test]
fn without_a_window_the_percentiles_make_one_and_padding_is_no_part_of_it() {
    let mut words = samples(12);
    words[..60].fill(4000);
    let file = twelve(EXPLICIT, Value::Words(words)).set([(0x0028_0120, us(4000))]);
    let scan = read(&file);
    let Voi::Window(window) = grey(&scan).default_voi() else { panic!("a window") };
    assert_eq!((window.function, grey(&scan).presets()[0].name.as_str()), (VoiFunction::LinearExact, "Automatic"));
    let highest = *samples(12)[60..].iter().max().unwrap();
    assert_eq!(window.centre + window.width / 2.0, f64::from(highest));
    assert_eq!((rgb(&scan)[3], grey(&scan).value(3, 0)), ([0; 3], None), "padding is black and has no value");
}

#[test]
fn colours_in_every_arrangement() {
    let [r, g, b] =
        [0, 40, 80].map(|turn| (0..WIDTH * HEIGHT).map(|i| (formula(i, 8) + turn) as u8).collect::<Vec<_>>());
    let pixels: Vec<u8> = (0..r.len()).flat_map(|i| [r[i], g[i], b[i]]).collect();
    let expected: Vec<[u8; 3]> = pixels.as_chunks::<3>().0.to_vec();
    let of = |syntax, name, value| File::with(syntax, name, 3, SIZE, [8, 8, 7], value);
    let planar = [(0x0028_0006, us(1))];
    let planes = [r.clone(), g.clone(), b.clone()];
    assert_eq!(rgb(&read(&of(EXPLICIT, "RGB", Value::Bytes(pixels.clone())))), expected);
    assert_eq!(rgb(&read(&of(BIG_ENDIAN, "RGB", Value::Bytes(pixels.clone())))), expected);
    assert_eq!(rgb(&read(&of(EXPLICIT, "RGB", Value::Bytes(planes.concat())).set(planar))), expected);
    let segments = Value::Fragments(vec![vec![], encode::rle(&planes)]);
    assert_eq!(rgb(&read(&of(RLE, "RGB", segments))), expected);
    for name in ["YBR_FULL_422", "YBR_FULL"] {
        let stream = Value::Fragments(vec![vec![], encode::jpeg_colour(&pixels, WIDTH)]);
        let off = rgb(&read(&of(JPEG_BASELINE, name, stream)))
            .iter()
            .flatten()
            .zip(&pixels)
            .map(|(a, b)| a.abs_diff(*b))
            .max();
        assert!(off.unwrap() <= 24, "{name}: {off:?}");
    }
}

#[test]
fn luminance_and_colour_differences_become_colours() {
    // Pure red, grey and blue (PS3.3 C.7.6.3.1.2).
    let ybr = [[76u8, 85, 255], [128, 128, 128], [29, 255, 107]];
    let expected = [[254u8, 0, 0], [128, 128, 128], [0, 0, 254]];
    let near = |scan: &Scan, columns: usize| {
        for (i, found) in rgb(scan).iter().enumerate() {
            let wanted = expected[i / columns % 3];
            assert!(found.iter().zip(wanted).all(|(a, b)| a.abs_diff(b) <= 2), "{i}: {found:?} {wanted:?}");
        }
    };
    let full = File::with(EXPLICIT, "YBR_FULL", 3, (3, 2), [8, 8, 7], Value::Bytes([ybr, ybr].concat().concat()));
    near(&read(&full), 1);
    let halved: Vec<u8> = [ybr, ybr].concat().iter().flat_map(|[y, cb, cr]| [*y, *y, *cb, *cr]).collect();
    near(&read(&File::with(EXPLICIT, "YBR_FULL_422", 3, (6, 2), [8, 8, 7], Value::Bytes(halved))), 2);
}

#[test]
fn palettes_and_deep_colours() {
    let palette = |add: u16| Value::Words((0..256).map(|i| (i ^ add) << 8).collect());
    let descriptor = || Value::Short(vec![256, 0, 16]);
    let file = File::with(EXPLICIT, "PALETTE COLOR", 1, SIZE, [8, 8, 7], Value::Bytes(bytes_of(8))).set([
        (0x0028_1101, descriptor()),
        (0x0028_1102, descriptor()),
        (0x0028_1103, descriptor()),
        (0x0028_1201, palette(0)),
        (0x0028_1202, palette(0x55)),
        (0x0028_1203, palette(0xff)),
    ]);
    let expected: Vec<[u8; 3]> = bytes_of(8).iter().map(|v| [*v, v ^ 0x55, v ^ 0xff]).collect();
    assert_eq!(rgb(&read(&file)), expected);
    let deep: Vec<u16> = samples(16).iter().flat_map(|v| [*v, v / 2, 65535 - v]).collect();
    let scan = read(&File::with(EXPLICIT, "RGB", 3, SIZE, [16, 16, 15], Value::Words(deep.clone())));
    let Pixels::Rgb16(found) = &scan.pixels else { panic!("16-bit colour") };
    assert_eq!(found.as_raw(), &deep);
}

#[test]
fn frames_are_found_in_every_packing() {
    let frame = |n: u16| samples(12).iter().map(|v| (v + 100 * n) & 0x0fff).collect::<Vec<u16>>();
    let frames: Vec<Vec<u16>> = (0..3).map(frame).collect();
    let packed: Vec<Vec<u8>> = frames.iter().map(|words| encode::rle(&encode::byte_planes(words))).collect();
    let one_each = [vec![vec![]], packed.clone()].concat();
    // The second frame lies in two fragments, so that only the table of offsets can tell.
    let (head, tail) = packed[1].split_at(100);
    let split = [packed[0].clone(), head.to_vec(), tail.to_vec(), packed[2].clone()];
    let starts = [0, 1, 3].map(|n| split[..n].iter().map(|f| 8 + f.len().next_multiple_of(2) as u32).sum::<u32>());
    let table = starts.iter().flat_map(|n| n.to_le_bytes()).collect();
    let with_table = [vec![table], split.to_vec()].concat();
    let folder = tempfile::tempdir().unwrap();
    for (name, syntax, value) in [
        ("native", EXPLICIT, Value::Words(frames.concat())),
        ("one fragment each", RLE, Value::Fragments(one_each)),
        ("by their offsets", RLE, Value::Fragments(with_table)),
    ] {
        let path = twelve(syntax, value).set([(0x0028_0008, text("IS", "3"))]).write(folder.path(), name);
        for (n, expected) in frames.iter().enumerate() {
            let scan = open_frame(&path, n as u32).unwrap();
            assert_values(&scan, expected, name);
            assert_eq!(scan.facts.as_ref().map(|f| (f.frames, f.frame)), Some((3, n as u32)));
        }
        let refusal = open_frame(&path, 3).unwrap_err().to_string();
        assert!(refusal.contains("has no frame 4; it has 3"), "{refusal}");
    }
}

#[test]
fn spacing_side_and_view_are_told_and_the_patient_is_not() {
    let file = twelve(EXPLICIT, Value::Words(samples(12))).set([
        (0x0018_0015, text("CS", "CHEST")),
        (0x0018_1164, text("DS", "0.15\\0.14")),
        (0x0018_5101, text("CS", "PA")),
        (0x0020_0062, text("CS", "L")),
    ]);
    let scan = read(&file);
    let facts = scan.facts.as_ref().unwrap();
    assert_eq!(facts.line(), "DX · CHEST · PA · left");
    let spacing = facts.spacing.unwrap();
    assert_eq!((spacing.row_mm, spacing.column_mm, spacing.origin), (0.15, 0.14, SpacingOrigin::Imager));
    let calibrated = read(&file.clone().set([(0x0028_0030, text("DS", "0.2\\0.2"))]));
    assert_eq!(calibrated.facts.unwrap().spacing.unwrap().origin, SpacingOrigin::Calibrated);
    assert!(read(&file.clone().without(0x0018_1164)).facts.unwrap().spacing.is_none());
    // Nothing of the patient is in memory with the picture; who asks is told.
    assert!(!format!("{:?}", scan.facts).contains("Doe"));
    let folder = tempfile::tempdir().unwrap();
    let asked = fovea::scan::personal(&file.write(folder.path(), "a")).unwrap();
    assert!(asked.contains(&("Patient's name", "Doe Jane".to_owned())), "{asked:?}");
}

#[test]
fn files_are_known_by_their_content_and_found_in_folders() {
    let folder = tempfile::tempdir().unwrap();
    let file = twelve(EXPLICIT, Value::Words(samples(12)));
    for name in ["IM000001", "b.dcm", "c.png", "1.2.840.5"] {
        file.write(folder.path(), name);
    }
    std::fs::write(folder.path().join("README"), "no picture").unwrap();
    let found = fovea::scan::find::pictures(&[folder.path().to_owned()]).unwrap().pictures;
    let names: Vec<_> = found.iter().map(|p| p.file_name().unwrap().to_string_lossy().into_owned()).collect();
    assert_eq!(names, ["1.2.840.5", "IM000001", "b.dcm", "c.png"]);
    assert!(found.iter().all(|path| open(path).is_ok()));
}

#[test]
fn the_real_files_of_the_test_set_open() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared/data/dicom");
    if !folder.is_dir() {
        eprintln!("left out: there is no {}", folder.display());
        return;
    }
    for (name, size, bits) in
        [("RG1_J2KI", (1841, 1955), 15), ("MR1_RLE", (512, 512), 16), ("CT1_JPLL", (512, 512), 16)]
    {
        let scan = open(&folder.join(format!("{name}.dcm"))).unwrap();
        assert_eq!((scan.size_px(), scan.bit_depth()), (size, bits), "{name}");
    }
}
