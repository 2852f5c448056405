//! A large picture made small once, for all that is measured of it. Must not know models.

use std::borrow::Cow;

use image::RgbImage;
use image::imageops::thumbnail;

/// Pictures with a longer side of up to this many pixels stay as they are; larger ones become half as long.
const LONGEST_PX: u32 = 1024;

/// A picture of at most [`LONGEST_PX`], and how many source pixels one of its own is.
#[derive(Debug)]
pub struct Reduced<'a> {
    pub picture: Cow<'a, RgbImage>,
    /// Source pixels along x and y for one of the reduced picture's.
    pub scale: (f64, f64),
}

impl<'a> Reduced<'a> {
    /// The mean over boxes: quick, and whoever looks at less than this then filters by itself.
    pub fn new(picture: &'a RgbImage) -> Self {
        let (width, height) = picture.dimensions();
        let longer = width.max(height);
        if longer <= LONGEST_PX {
            return Self { picture: Cow::Borrowed(picture), scale: (1.0, 1.0) };
        }
        let to = |side: u32| 2 * scaled(side, longer, LONGEST_PX / 4);
        let (w, h) = (to(width), to(height));
        let scale = (f64::from(width) / f64::from(w), f64::from(height) / f64::from(h));
        Self { picture: Cow::Owned(thumbnail(picture, w, h)), scale }
    }
}

/// What becomes of `side` where `longer` becomes `longest`; at least 8.
pub fn scaled(side: u32, longer: u32, longest: u32) -> u32 {
    ((u64::from(side) * u64::from(longest)).div_ceil(u64::from(longer.max(1))) as u32).max(8)
}
