//! Whether a TIFF's tiles are such as its picture has: a decoder takes memory for a row of the tile that is claimed.

use std::io::Cursor;

use tiff::decoder::{ChunkType, Decoder};

/// Tiles may be larger than a small picture, but no larger than this where it is smaller.
const USUAL_MOST_PX: u32 = 4096;

/// Whether tiles are as large as a picture of `size_px` (width, height) may have them. What cannot be read here is
/// left to the decoder, which comes to the same place.
pub fn has_sane_tiles(bytes: &[u8], size_px: (u32, u32)) -> bool {
    let Ok(decoder) = Decoder::new(Cursor::new(bytes)) else { return true };
    let (width, height) = decoder.chunk_dimensions();
    // A strip is as wide as the picture, and any number of rows stands for all of them.
    let is_strip = decoder.get_chunk_type() == ChunkType::Strip;
    is_strip || width <= size_px.0.max(USUAL_MOST_PX) && height <= size_px.1.max(USUAL_MOST_PX)
}
