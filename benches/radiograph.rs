//! What a 2500×3000 radiograph of 16 bits costs: opening it, windowing it, and one frame of a window/level drag.
//!
//! Then decoding and windowing one in every packing for which there is an encoder here, and of the FILEs named, such as
//! radiographs in JPEG 2000.
//!
//!     cargo bench --bench radiograph [-- FILE...]
//!
//! Machines are noisy: medians are printed, nothing is asserted. The peer of the run is a plain copy of the file.
#![allow(clippy::print_stdout, clippy::unwrap_used)]

#[allow(dead_code)]
#[path = "../tests/dicom/encode.rs"]
mod encode;
#[allow(dead_code)]
#[path = "../tests/dicom/file.rs"]
mod file;

use std::path::{Path, PathBuf};
use std::time::Instant;

use dicom_core::{DataElement, PrimitiveValue, VR};
use dicom_dictionary_std::{tags, uids};
use dicom_object::{FileMetaTableBuilder, InMemDicomObject};
use egui_kittest::Harness;
use fovea::network::DeviceChoice;
use fovea::scan;
use fovea::session::picture::Picture;
use fovea::session::{Options, SessionCommand};
use fovea::ui::App;

use file::{BIG_ENDIAN, DEFLATED, EXPLICIT, File, JPEG_LOSSLESS, JPEG_LS, RLE, Value, text};

/// As in the program.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

const WIDTH: u16 = 2500;
const HEIGHT: u16 = 3000;
const ROUNDS: usize = 15;
/// Slow packings are decoded so often.
const FEW_ROUNDS: usize = 5;

fn main() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("radiograph.dcm");
    write(&path);
    let line = |what: &str, ms: f64| println!("{what:<64}{ms:>9.1} ms");
    line("reading the file's bytes", median(|| drop(std::fs::read(&path).unwrap())));
    line("decoding: file to grey values", median(|| drop(scan::open(&path).unwrap())));
    let both = || {
        let opened = scan::open(&path).unwrap();
        drop(opened.to_rgb8());
    };
    line("decoding and windowing the whole picture (bar 150)", median(both));
    line(
        "the viewer's: decoding, halved levels, the gate's measures",
        median(|| drop(Picture::open(&path, 0).unwrap())),
    );
    let opened = scan::open(&path).unwrap();
    let grey = opened.grey().unwrap();
    line("a look-up table of 65,536 codes", median(|| drop(grey.lookup(grey.default_voi(), false))));
    drag(&path, "window/level drag, 1280×800 window, fit");
    packings(folder.path());
}

/// Decoding and windowing in every packing, of 14 bits with noise: noise is what packings pay for.
fn packings(folder: &Path) {
    let words = noisy();
    let packed = |stream: Vec<u8>| Value::Fragments(vec![vec![], stream]);
    let columns = usize::from(WIDTH);
    let files = [
        ("uncompressed", EXPLICIT, Value::Words(words.clone())),
        ("uncompressed, big endian", BIG_ENDIAN, Value::Words(words.clone())),
        ("deflated", DEFLATED, Value::Words(words.clone())),
        ("RLE", RLE, packed(encode::rle(&encode::byte_planes(&words)))),
        ("JPEG lossless", JPEG_LOSSLESS, packed(encode::jpeg_lossless(&words, columns, 14))),
        ("JPEG-LS", JPEG_LS, packed(encode::jpeg_ls(&words, columns))),
    ];
    println!("\ndecoding and windowing by packing, 14 bits with noise");
    for (name, syntax, value) in files {
        let file = File::grey(syntax, (WIDTH, HEIGHT), [16, 14, 13], value);
        let file = file.set([(0x0028_1050, text("DS", "8000")), (0x0028_1051, text("DS", "9000"))]);
        opened_and_shown(name, &file.write(folder, &format!("{name}.dcm")));
    }
    // Cargo's own words among the arguments are no files.
    for path in std::env::args_os().skip(1).map(PathBuf::from).filter(|path| path.is_file()) {
        opened_and_shown(&path.file_name().unwrap_or_default().to_string_lossy(), &path);
    }
}

fn opened_and_shown(name: &str, path: &Path) {
    let ((width, height), mib) = (scan::open(path).unwrap().size_px(), std::fs::metadata(path).unwrap().len() >> 20);
    let mut times: Vec<f64> = (0..FEW_ROUNDS)
        .map(|_| {
            let start = Instant::now();
            drop(scan::open(path).unwrap().to_rgb8());
            start.elapsed().as_secs_f64() * 1e3
        })
        .collect();
    times.sort_by(f64::total_cmp);
    let what = format!("{name}, {width}×{height}, {mib} MiB");
    println!("{what:<64}{:>9.1} ms", times[FEW_ROUNDS / 2]);
}

/// A bright field with dark ribs and noise of 64 values.
fn noisy() -> Vec<u16> {
    let width = u32::from(WIDTH);
    let value = |i: u32| {
        let (x, y) = ((i % width) as f32, (i / width) as f32);
        let noise = (i.wrapping_mul(2_654_435_761) ^ (i >> 7).wrapping_mul(0x9e37_79b1)) >> 26;
        (8000.0 + 4000.0 * (x / 400.0).sin() * (y / 700.0).cos() + 1500.0 * (y / 60.0 + x / 500.0).sin()) as u16
            + noise as u16
    };
    (0..width * u32::from(HEIGHT)).map(value).collect()
}

/// Frames of a window/level drag in the whole window: what the program does for each, the graphics card apart.
fn drag(path: &Path, what: &str) {
    let mut window = Harness::builder().with_size([1280.0, 800.0]).wgpu().build_eframe(|creation| {
        let options =
            Options { model: Some("cxr-pneumonia".to_owned()), device: DeviceChoice::Cpu, ..Options::default() };
        App::new(&creation.egui_ctx, options, vec![path.to_owned()]).unwrap()
    });
    while window.state().session.shown().is_none() {
        std::thread::sleep(std::time::Duration::from_millis(20));
        window.step();
    }
    window.run_steps(5);
    let mut times: Vec<f64> = (0..60)
        .map(|i| {
            let down = if i % 20 < 10 { 0.01 } else { -0.01 };
            window.state_mut().commands.push(SessionCommand::WindowDrag { across: 0.002, down }.into());
            let start = Instant::now();
            // The command is done at the end of one frame and seen in the next.
            window.step();
            start.elapsed().as_secs_f64() * 1e3
        })
        .collect();
    times.sort_by(f64::total_cmp);
    println!(
        "{what:<64}{:>9.1} ms of the program a frame, 95 % within {:.1} (60 a second: 16.7)",
        times[30], times[57]
    );
}

fn median(mut work: impl FnMut()) -> f64 {
    let mut times: Vec<f64> = (0..ROUNDS)
        .map(|_| {
            let start = Instant::now();
            work();
            start.elapsed().as_secs_f64() * 1e3
        })
        .collect();
    times.sort_by(f64::total_cmp);
    times[ROUNDS / 2]
}

fn write(path: &Path) {
    let (width, height) = (u32::from(WIDTH), u32::from(HEIGHT));
    let value = |i: u32| {
        let (x, y) = ((i % width) as f32, (i / width) as f32);
        (30_000.0 + 20_000.0 * (x / 190.0).sin() * (y / 260.0).cos() + (i.wrapping_mul(2_654_435_761) >> 22) as f32)
            as u16
    };
    let pixels: Vec<u16> = (0..width * height).map(value).collect();
    let text = |tag, vr, value: &str| DataElement::new(tag, vr, PrimitiveValue::from(value));
    let number = |tag, value: u16| DataElement::new(tag, VR::US, PrimitiveValue::from(value));
    let picture = InMemDicomObject::from_element_iter([
        text(tags::SOP_CLASS_UID, VR::UI, uids::DIGITAL_X_RAY_IMAGE_STORAGE_FOR_PRESENTATION),
        text(tags::SOP_INSTANCE_UID, VR::UI, "2.25.1"),
        text(tags::MODALITY, VR::CS, "DX"),
        text(tags::PHOTOMETRIC_INTERPRETATION, VR::CS, "MONOCHROME1"),
        number(tags::SAMPLES_PER_PIXEL, 1),
        number(tags::ROWS, HEIGHT),
        number(tags::COLUMNS, WIDTH),
        number(tags::BITS_ALLOCATED, 16),
        number(tags::BITS_STORED, 16),
        number(tags::HIGH_BIT, 15),
        number(tags::PIXEL_REPRESENTATION, 0),
        text(tags::WINDOW_CENTER, VR::DS, "30000"),
        text(tags::WINDOW_WIDTH, VR::DS, "50000"),
        DataElement::new(tags::PIXEL_DATA, VR::OW, PrimitiveValue::U16(pixels.into())),
    ]);
    let meta = FileMetaTableBuilder::new()
        .transfer_syntax(uids::EXPLICIT_VR_LITTLE_ENDIAN)
        .media_storage_sop_class_uid(uids::DIGITAL_X_RAY_IMAGE_STORAGE_FOR_PRESENTATION)
        .media_storage_sop_instance_uid("2.25.1");
    picture.with_meta(meta).unwrap().write_to_file(path).unwrap();
}
