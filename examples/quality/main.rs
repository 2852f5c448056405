//! Writes what quality is judged by, one line a picture, for `training/quality.py`:
//!
//!     cargo run --release --example quality -- [--longest PX] FOLDER > measures.csv
//!
//! With `--by MODEL` nothing is written but how the model's card judges the pictures.
#![allow(clippy::unwrap_used, clippy::print_stdout)] // A panic is how this program fails.

use std::path::{Path, PathBuf};
use std::time::Instant;

use clap::Parser;
use fovea::bundle::measures::MEASURES;
use fovea::bundle::measures::Measures;
use fovea::bundle::{Library, assess};
use fovea::input;
use fovea::scan::{self, Pixels, Scan};
use image::imageops::{FilterType, resize};
use rayon::prelude::*;

#[derive(Parser)]
struct Arguments {
    folder: PathBuf,
    /// Reduce larger pictures to this longer side
    #[arg(long, value_name = "PX")]
    longest: Option<u32>,
    /// Judge by this model's card
    #[arg(long, value_name = "MODEL")]
    by: Option<String>,
}

fn main() {
    let arguments = Arguments::parse();
    let paths = scan::find::pictures(std::slice::from_ref(&arguments.folder)).unwrap().pictures;
    let measured = paths.par_iter().filter_map(|path| measured(path, arguments.longest));
    let measured: Vec<(String, Measures, [f64; 2], f64)> = measured.collect();
    if let Some(model) = &arguments.by {
        let card = Library::open(&[]).unwrap().find(model).unwrap().card.unwrap();
        for (name, measures, _, ms) in &measured {
            let assessed = assess(&card, measures).unwrap();
            println!("{name},{},{},{ms:.1}", assessed.quality.name(), assessed.reasons.join("; "));
        }
        return;
    }
    println!("image,{},disc-x,disc-y", MEASURES.join(","));
    for (name, measures, [width, height], _) in &measured {
        if let Some(found) = &measures.quality {
            let values: Vec<String> = found.values.iter().map(|value| format!("{value:.6}")).collect();
            let [x, y] = found.disc.unwrap_or([-1.0; 2]);
            println!("{name},{},{:.5},{:.5}", values.join(","), x / width, y / height);
        }
    }
}

/// Name, measures, width and height of a picture, and the milliseconds that all measures took.
fn measured(path: &Path, longest: Option<u32>) -> Option<(String, Measures, [f64; 2], f64)> {
    let mut picture = scan::open(path).ok()?.to_rgb8().into_owned();
    let (width, height) = picture.dimensions();
    let longer = width.max(height);
    if let Some(longest) = longest.filter(|longest| *longest < longer) {
        let side = |side: u32| (side * longest).div_ceil(longer);
        picture = resize(&picture, side(width), side(height), FilterType::Triangle);
    }
    let size = [f64::from(picture.width()), f64::from(picture.height())];
    let scan = Scan::new(Pixels::Rgb8(picture), path);
    let start = Instant::now();
    let measures = input::measure(&scan);
    let ms = start.elapsed().as_secs_f64() * 1e3;
    Some((path.file_name()?.to_string_lossy().into_owned(), measures, size, ms))
}
