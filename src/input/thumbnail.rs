//! A picture as 16×16 grey values: what anything must leave behind that claims to see more than how it was taken.

use image::imageops::{self, FilterType};

use crate::scan::Scan;

/// Rows and columns.
pub const SIDE: usize = 16;

/// The whole picture as [`SIDE`]×[`SIDE`] grey values of 0 to 1, row by row.
pub fn thumbnail(scan: &Scan) -> Vec<f32> {
    let side = SIDE as u32;
    let small = imageops::resize(&imageops::grayscale(&*scan.to_rgb8()), side, side, FilterType::Triangle);
    small.iter().map(|v| f32::from(*v) / 255.0).collect()
}
