//! Measures how often a model's decision stays when the picture is taken or stored a little otherwise:
//!
//!     cargo run --release --example robustness -- MODEL PICTURE|FOLDER|LIST.txt...
//!
//! A list holds one file a line. One stop is a factor of two on the stored values; turned pictures are black where nothing
//! was.
#![allow(clippy::unwrap_used, clippy::print_stdout)] // A panic is how this program fails.

use std::io::Cursor;
use std::path::PathBuf;

use clap::Parser;
use fovea::bundle::Library;
use fovea::explain::Explainer;
use fovea::network::device;
use fovea::scan::{self, Pixels, Scan};
use image::codecs::jpeg::JpegEncoder;
use image::{DynamicImage, Rgb, RgbImage, imageops};
use imageproc::geometric_transformations::{Border, Interpolation, rotate_about_center};

#[derive(Parser)]
struct Arguments {
    model: String,
    #[arg(required = true)]
    pictures: Vec<PathBuf>,
}

type Change = fn(&RgbImage) -> RgbImage;

const CHANGES: [(&str, Change); 5] = [
    ("one stop brighter", |p| exposed(p, 2.0)),
    ("one stop darker", |p| exposed(p, 0.5)),
    ("mirrored", imageops::flip_horizontal),
    ("turned by 5 degrees", turned),
    ("JPEG at 70", compressed),
];

fn main() {
    let arguments = Arguments::parse();
    let library = Library::open(&[]).unwrap();
    let explainer = Explainer::new(library.find(&arguments.model).unwrap().load().unwrap(), &device::cpu()).unwrap();
    let files = files(&arguments.pictures);
    let decided = |picture: RgbImage| {
        explainer.grade(&Scan::new(Pixels::from_decoded(DynamicImage::ImageRgb8(picture)), "")).unwrap().decided
    };
    let (mut same, mut same_health) = ([0usize; CHANGES.len()], [0usize; CHANGES.len()]);
    for file in &files {
        let picture = scan::open(file).unwrap().to_rgb8().into_owned();
        let before = decided(picture.clone());
        for (n, (_, change)) in CHANGES.iter().enumerate() {
            let after = decided(change(&picture));
            same[n] += usize::from(after == before);
            same_health[n] += usize::from((after == 0) == (before == 0));
        }
    }
    let part = |count: usize| count as f64 / files.len() as f64;
    println!("{} pictures", files.len());
    for (n, (name, _)) in CHANGES.iter().enumerate() {
        let (all, health) = (part(same[n]), part(same_health[n]));
        println!("{name:<20} decision unchanged {all:.3}, first class or another unchanged {health:.3}");
    }
}

fn files(given: &[PathBuf]) -> Vec<PathBuf> {
    let of = |path: &PathBuf| {
        if path.extension().is_some_and(|ending| ending == "txt") {
            return std::fs::read_to_string(path).unwrap().lines().map(PathBuf::from).collect();
        }
        scan::find::pictures(std::slice::from_ref(path)).unwrap().pictures
    };
    given.iter().flat_map(of).collect()
}

fn exposed(picture: &RgbImage, factor: f32) -> RgbImage {
    let mut changed = picture.clone();
    changed.iter_mut().for_each(|value| *value = (f32::from(*value) * factor).round().min(255.0) as u8);
    changed
}

fn turned(picture: &RgbImage) -> RgbImage {
    rotate_about_center(picture, 5f32.to_radians(), Interpolation::Bilinear, Border::Constant(Rgb([0, 0, 0])))
}

fn compressed(picture: &RgbImage) -> RgbImage {
    let mut bytes = Vec::new();
    JpegEncoder::new_with_quality(Cursor::new(&mut bytes), 70).encode_image(picture).unwrap();
    image::load_from_memory(&bytes).unwrap().into_rgb8()
}
