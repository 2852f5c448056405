//! How much memory a picture takes on its whole way, from what its file's header says.

use super::dicom::MOST_MAP_PIXELS;
use super::pictures::layers_at_once;
use crate::bundle::Card;
use crate::bundle::steps::Step;
use crate::explain::clear::MOST_CLASSES;
use crate::scan::Header;

/// The most bytes of memory that a picture takes on parts of its way.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Needs {
    /// While it is decoded, prepared and drawn.
    pub own_bytes: u64,
    /// While a pass of the network is kept for its ways back, the picture itself included.
    pub passing_bytes: u64,
    /// Of that for the pass alone, which is the same for every picture.
    pub pass_bytes: u64,
}

impl Needs {
    /// On its whole way.
    pub fn most_bytes(self) -> u64 {
        self.own_bytes.max(self.passing_bytes)
    }
}

/// What the picture of `header` takes under the model of `card` while it is decoded, prepared, explained and drawn, with a
/// file for each layer where `layers_at_once` is above 0, so many being drawn at the same time, and with DICOM objects where
/// `dicom`.
pub fn needs(header: &Header, card: &Card, layers_at_once: usize, dicom: bool) -> Needs {
    let pixels = header.pixels();
    // In 8-bit colour for the model, and for what is drawn on.
    let shown = 3 * pixels;
    let cropped = card.preprocessing.iter().any(|step| matches!(step, Step::CropToRetina { .. }));
    let side = u64::from(header.size_px.0.max(header.size_px.1));
    let prepared = shown + if cropped { 3 * side * side } else { 0 };
    let held = card.classes.len().min(MOST_CLASSES);
    // The panel: both maps with transparency, and each over the picture. A layer: with transparency, without, over the
    // picture, and as a file, which is as large where the picture is noise.
    let drawn = 14 * pixels * layers_at_once.max(1) as u64;
    // Of each object its values, its elements and its file, one object after the other. A photograph itself is one, in
    // colour; a segmentation has a byte for each pixel first, then a bit for each pixel and class.
    let map = 4 * MOST_MAP_PIXELS.min(pixels);
    let objects = 3 * map.max(shown).max(pixels.div_ceil(8) * held as u64) + pixels;
    let made = if dicom { drawn.max(objects) } else { drawn };
    let (kept, pass_bytes) = (header.kept_bytes + shown, pass_bytes(card));
    let own_bytes = header.decoding_bytes.max(kept + prepared.max(made));
    Needs { own_bytes, passing_bytes: kept + pass_bytes, pass_bytes }
}

/// The most that a pass of `card`'s network keeps for its ways back, in bytes.
pub fn pass_bytes(card: &Card) -> u64 {
    let held = card.classes.len().min(MOST_CLASSES);
    card.architecture.blueprint().map_or(0, |network| network.pass_bytes(held))
}

/// The most bytes of memory that a picture takes on its whole way, as [`needs`] says of one that has the machine alone.
pub fn needed_bytes(header: &Header, card: &Card, layers: bool, dicom: bool) -> u64 {
    needs(header, card, if layers { layers_at_once(1) } else { 0 }, dicom).most_bytes()
}
