//! Draws phantoms, pictures of eyes and chests that never were, so that the program can be tried without a patient's
//! photograph: `cargo run --release --example phantoms -- assets/samples`.
//!
//! Five JPEG files and `phantoms.json` with the place of every lesion, and two DICOM files in `chest-samples` beside them. Every run draws the same pictures.

mod chest;
mod fundus;
mod lesions;
mod vessels;

use std::error::Error;
use std::fs::File;
use std::io::BufWriter;
use std::path::{Path, PathBuf};

use ab_glyph::FontRef;
use fundus::{HEIGHT, WIDTH};
use image::{Rgb, RgbImage};
use lesions::{Finding, Kind, Lesion};
use rand::SeedableRng;
use rand_chacha::ChaCha8Rng;
use serde_json::{Value, json};

/// One phantom: which eye, which random numbers, and what is wrong with it.
struct Case {
    name: &'static str,
    seed: u64,
    left_eye: bool,
    /// The fundus away from vessels and macula, sRGB 0 to 1.
    tint: [f32; 3],
    findings: &'static [Finding],
}

const CASES: [Case; 5] = [
    Case { name: "healthy-right", seed: 11, left_eye: false, tint: [0.80, 0.43, 0.20], findings: &[] },
    Case { name: "healthy-left", seed: 23, left_eye: true, tint: [0.70, 0.33, 0.14], findings: &[] },
    Case {
        name: "mild",
        seed: 37,
        left_eye: false,
        tint: [0.76, 0.38, 0.17],
        findings: &[Finding { kind: Kind::Microaneurysm, count: 7 }],
    },
    Case {
        name: "moderate",
        seed: 41,
        left_eye: true,
        tint: [0.78, 0.42, 0.18],
        findings: &[
            Finding { kind: Kind::Microaneurysm, count: 16 },
            Finding { kind: Kind::BlotHaemorrhage, count: 9 },
            Finding { kind: Kind::FlameHaemorrhage, count: 2 },
            Finding { kind: Kind::HardExudate, count: 3 },
        ],
    },
    Case {
        name: "severe",
        seed: 59,
        left_eye: false,
        tint: [0.74, 0.38, 0.15],
        findings: &[
            Finding { kind: Kind::CottonWoolSpot, count: 5 },
            Finding { kind: Kind::Microaneurysm, count: 30 },
            Finding { kind: Kind::BlotHaemorrhage, count: 34 },
            Finding { kind: Kind::FlameHaemorrhage, count: 9 },
            Finding { kind: Kind::HardExudate, count: 4 },
        ],
    },
];

fn main() -> Result<(), Box<dyn Error>> {
    let folder = PathBuf::from(std::env::args_os().nth(1).ok_or("say where the phantoms go: assets/samples")?);
    std::fs::create_dir_all(&folder)?;
    let records = CASES.iter().map(|case| draw_case(case, &folder)).collect::<Result<Vec<_>, _>>()?;
    // Beside the folder of eyes, which is opened as a whole.
    let chests = folder.with_file_name("chest-samples");
    std::fs::create_dir_all(&chests)?;
    for drawn in &chest::CHESTS {
        chest::write(drawn, &chests)?;
    }
    let record = json!({
        "about": "Phantoms drawn by examples/phantoms; no patient. Boxes are pixels: x, y of the first, width, height.",
        "pictures": records,
    });
    serde_json::to_writer_pretty(BufWriter::new(File::create(folder.join("phantoms.json"))?), &record)?;
    Ok(())
}

/// Draws one phantom, writes its JPEG file and returns what is to be recorded about it.
fn draw_case(case: &Case, folder: &Path) -> Result<Value, Box<dyn Error>> {
    let mut rng = ChaCha8Rng::seed_from_u64(case.seed);
    let mut canvas = fundus::ground(&mut rng, case.tint);
    vessels::draw(&mut rng, &mut canvas);
    let mut lesions: Vec<Lesion> =
        case.findings.iter().flat_map(|finding| lesions::draw(&mut rng, &mut canvas, finding)).collect();
    let mut picture = fundus::photograph(&mut rng, &canvas);
    if case.left_eye {
        image::imageops::flip_horizontal_in_place(&mut picture);
        lesions.iter_mut().for_each(Lesion::mirror);
    }
    sign(&mut picture)?;
    let file = format!("phantom-{}.jpg", case.name);
    let writer = BufWriter::new(File::create(folder.join(&file))?);
    picture.write_with_encoder(image::codecs::jpeg::JpegEncoder::new_with_quality(writer, 90))?;
    let eye = if case.left_eye { "left" } else { "right" };
    Ok(json!({ "file": file, "eye": eye, "width": WIDTH, "height": HEIGHT, "seed": case.seed, "lesions": lesions }))
}

/// Writes "PHANTOM" into a black corner, so that nobody takes the picture for a patient's.
fn sign(picture: &mut RgbImage) -> Result<(), ab_glyph::InvalidFont> {
    let font = FontRef::try_from_slice(dejavu::sans::regular())?;
    let top = HEIGHT as i32 - 44;
    imageproc::drawing::draw_text_mut(picture, Rgb([120, 120, 124]), 24, top, 24.0, &font, "PHANTOM");
    Ok(())
}
