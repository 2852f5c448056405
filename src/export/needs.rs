//! How much memory a picture takes on its whole way, from what its file's header says.

use super::dicom::MOST_MAP_PIXELS;
use super::pictures::layers_at_once;
use crate::bundle::Card;
use crate::bundle::steps::Step;
use crate::explain::clear::MOST_CLASSES;
use crate::scan::Header;

/// The most bytes of memory that the picture of `header` takes under the model of `card` while it is decoded, prepared,
/// explained and drawn, with a file for each layer where `layers` and with DICOM objects where `dicom`.
pub fn needed_bytes(header: &Header, card: &Card, layers: bool, dicom: bool) -> u64 {
    let pixels = header.pixels();
    // In 8-bit colour for the model, and for what is drawn on.
    let shown = 3 * pixels;
    let cropped = card.preprocessing.iter().any(|step| matches!(step, Step::CropToRetina { .. }));
    let side = u64::from(header.size_px.0.max(header.size_px.1));
    let prepared = shown + if cropped { 3 * side * side } else { 0 };
    let held = card.classes.len().min(MOST_CLASSES);
    let passed = card.architecture.blueprint().map_or(0, |network| network.pass_bytes(held));
    // The panel: both maps with transparency, and each over the picture. A layer: with transparency, without, over the
    // picture, and as a file, which is as large where the picture is noise.
    let drawn = 14 * pixels * if layers { layers_at_once() as u64 } else { 1 };
    // Of each object its values, its elements and its file, one object after the other. A photograph itself is one, in
    // colour; a segmentation has a byte for each pixel first, then a bit for each pixel and class.
    let map = 4 * MOST_MAP_PIXELS.min(pixels);
    let objects = 3 * map.max(shown).max(pixels.div_ceil(8) * held as u64) + pixels;
    let made = if dicom { drawn.max(objects) } else { drawn };
    header.decoding_bytes.max(header.kept_bytes + shown + prepared.max(passed).max(made))
}
