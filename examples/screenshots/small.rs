//! Pictures small enough for a repository, whose history keeps every version.

use std::io::Cursor;
use std::path::Path;

use image::codecs::webp::WebPEncoder;
use image::imageops::{self, FilterType};
use image::{ExtendedColorType, RgbImage};

/// So much that all together stay below what `tests/docs/pictures.rs` lets pass.
const MOST_BYTES: usize = 230_000;
const MOST_PIXELS: (u32, u32) = (1600, 1080);
/// A value is rounded to a multiple of the first of these that makes the file small enough: letters stay as sharp as they
/// are, and what is lost of a photograph is below what an eye sees.
const STEPS: [u8; 7] = [1, 2, 3, 4, 6, 8, 12];

/// Writes a lossless WebP of `picture`, made smaller and coarser in its values as far as the file needs it.
pub fn save(picture: RgbImage, path: &Path) {
    let (width, height) = picture.dimensions();
    let scale = f64::from(MOST_PIXELS.0.min(width)) / f64::from(width);
    let scale = scale.min(f64::from(MOST_PIXELS.1.min(height)) / f64::from(height));
    let small = |side: u32| (f64::from(side) * scale).round() as u32;
    let picture = if scale < 1.0 {
        imageops::resize(&picture, small(width), small(height), FilterType::Lanczos3)
    } else {
        picture
    };
    let files = STEPS.map(|step| (step, encoded(&picture, step)));
    let (step, bytes) =
        files.iter().find(|(_, bytes)| bytes.len() <= MOST_BYTES).expect("no step makes it small enough");
    std::fs::write(path, bytes).unwrap();
    println!("{}: {} bytes, values in steps of {step}", path.display(), bytes.len());
}

fn encoded(picture: &RgbImage, step: u8) -> Vec<u8> {
    let mut coarse = picture.clone();
    let rounded =
        |value: u8| ((u32::from(value) + u32::from(step) / 2) / u32::from(step) * u32::from(step)).min(255) as u8;
    coarse.iter_mut().for_each(|value| *value = rounded(*value));
    let mut bytes = Cursor::new(Vec::new());
    WebPEncoder::new_lossless(&mut bytes)
        .encode(coarse.as_raw(), coarse.width(), coarse.height(), ExtendedColorType::Rgb8)
        .unwrap();
    bytes.into_inner()
}
