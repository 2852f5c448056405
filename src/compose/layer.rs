//! Laying a layer over a picture, and the red box.
//!
//! Knows pixels only.

use image::{Rgb, RgbImage, RgbaImage};
use imageproc::drawing::draw_filled_rect_mut;
use imageproc::rect::Rect;
use rayon::prelude::*;

use crate::geometry::PixelBox;

/// The red of the box: light enough to stand out from a fundus.
pub const RED: Rgb<u8> = Rgb([255, 48, 48]);

/// `layer` over `base`, both of the same size.
///
/// # Panics
/// Where the sizes differ: that is a programming error.
pub fn over(base: &RgbImage, layer: &RgbaImage) -> RgbImage {
    assert_eq!(base.dimensions(), layer.dimensions(), "layer and picture differ in size");
    let mut picture = base.clone();
    let (pixels, _) = picture.as_chunks_mut::<3>();
    let (above, _) = layer.as_chunks::<4>();
    pixels.par_iter_mut().zip(above).with_min_len(1 << 14).for_each(|(pixel, &[r, g, b, alpha])| {
        let alpha = u32::from(alpha);
        let mix =
            |below: u8, above: u8| ((u32::from(below) * (255 - alpha) + u32::from(above) * alpha + 127) / 255) as u8;
        *pixel = [mix(pixel[0], r), mix(pixel[1], g), mix(pixel[2], b)];
    });
    picture
}

/// The box's line width in pixels for a picture of this size: about 1/180 of its longer side.
pub fn box_line_px(size: (u32, u32)) -> u32 {
    (size.0.max(size.1) / 180).max(2)
}

/// Draws a red line of `line_px` pixels round `frame`; a thin dark line on both sides keeps it visible on red.
/// Where the frame touches the picture's edge the line lies inside it, so that all four sides are always seen.
pub fn draw_box(picture: &mut RgbImage, frame: PixelBox, line_px: u32) {
    let (line, rim) = (i64::from(line_px), i64::from(line_px.div_ceil(4)));
    let (width, height) = (i64::from(picture.width()), i64::from(picture.height()));
    let (x, y) = (i64::from(frame.x).max(line), i64::from(frame.y).max(line));
    let right = (i64::from(frame.x) + i64::from(frame.width)).min(width - line);
    let bottom = (i64::from(frame.y) + i64::from(frame.height)).min(height - line);
    for (from, to, colour) in [(-rim, line + rim, Rgb([20, 0, 0])), (0, line, RED)] {
        fill(picture, (x - to, y - to), (right + to, y - from), colour);
        fill(picture, (x - to, bottom + from), (right + to, bottom + to), colour);
        fill(picture, (x - to, y - from), (x - from, bottom + from), colour);
        fill(picture, (right + from, y - from), (right + to, bottom + from), colour);
    }
}

/// Fills from `start` up to, not including, `end`, as far as the picture reaches.
fn fill(picture: &mut RgbImage, start: (i64, i64), end: (i64, i64), colour: Rgb<u8>) {
    let (left, top) = (start.0.max(0), start.1.max(0));
    let (right, bottom) = (end.0.min(i64::from(picture.width())), end.1.min(i64::from(picture.height())));
    if right > left && bottom > top {
        let area = Rect::at(left as i32, top as i32).of_size((right - left) as u32, (bottom - top) as u32);
        draw_filled_rect_mut(picture, area, colour);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn over_mixes_by_alpha() {
        let base = RgbImage::from_pixel(2, 1, Rgb([100, 0, 200]));
        let layer = RgbaImage::from_raw(2, 1, vec![0, 255, 0, 0, 200, 255, 0, 51]).unwrap();
        assert_eq!(over(&base, &layer).into_raw(), [100, 0, 200, 120, 51, 160]);
    }

    #[test]
    fn the_box_surrounds_its_pixels_and_leaves_them_alone() {
        let mut picture = RgbImage::new(60, 40);
        let frame = PixelBox { x: 10, y: 12, width: 20, height: 9 };
        draw_box(&mut picture, frame, 3);
        let red = |x, y| picture.get_pixel(x, y) == &RED;
        assert!(red(9, 12) && red(7, 20) && red(30, 12) && red(32, 9) && red(10, 11) && red(29, 21) && red(7, 23));
        assert!(!red(6, 15) && !red(33, 15) && !red(15, 8) && !red(15, 24));
        for y in 13..20 {
            assert!((11..29).all(|x| picture.get_pixel(x, y) == &Rgb([0, 0, 0])));
        }
    }

    #[test]
    fn a_box_at_the_edge_keeps_four_sides() {
        let mut picture = RgbImage::new(20, 20);
        draw_box(&mut picture, PixelBox { x: 0, y: 5, width: 40, height: 5 }, 2);
        for (x, y) in [(0, 3), (0, 7), (1, 11), (19, 7), (18, 4)] {
            assert_eq!(picture.get_pixel(x, y), &RED, "at {x}, {y}");
        }
    }
}
