//! Lines and words laid over a picture: measurements, the outline of a field, and the letters at its edges.
//!
//! Knows neither what is measured nor where the words come from.

use image::{Rgb, RgbImage};
use imageproc::drawing::draw_filled_rect_mut;
use imageproc::rect::Rect;

use super::text::{Align, Face, Text, draw_text, text_width};
use crate::geometry::Transform;

/// Light yellow: readable on any picture with the dark rim around it.
pub const MARK: Rgb<u8> = Rgb([255, 226, 120]);
/// Of the line around a field.
pub const OUTLINE: Rgb<u8> = Rgb([130, 140, 150]);
const RIM: Rgb<u8> = Rgb([0, 0, 0]);

/// One thing to be marked on a picture.
#[derive(Debug, Clone, PartialEq)]
pub struct Mark {
    /// A line in source pixels.
    pub line: Vec<(f64, f64)>,
    /// Lines of text, beside the line's lowest point.
    pub says: Vec<String>,
}

/// Draws marks onto `picture`; `line_px` is the width of their lines, and text is set in proportion.
pub fn draw_marks(picture: &mut RgbImage, marks: &[Mark], picture_from_source: &Transform, line_px: f32) {
    for mark in marks {
        let line: Vec<(f64, f64)> = mark.line.iter().map(|(x, y)| picture_from_source.apply(*x, *y)).collect();
        stroke(picture, &line, line_px + 2.0, (RIM, 0.6));
        stroke(picture, &line, line_px, (MARK, 1.0));
        let is_open = line.first() != line.last();
        let ends = [line.first(), line.last()].into_iter().flatten().filter(|_| is_open);
        ends.for_each(|end| stroke(picture, &[*end, *end], 2.5 * line_px, (MARK, 1.0)));
        words(picture, &line, &mark.says, 9.0 * line_px);
    }
}

/// The text of a mark below its lowest point, within the picture.
fn words(picture: &mut RgbImage, line: &[(f64, f64)], says: &[String], size_px: f32) {
    let Some(lowest) = line.iter().copied().reduce(|low, next| if next.1 > low.1 { next } else { low }) else { return };
    let high = size_px.ceil() as u32 + 2;
    let wide = says.iter().map(|text| text_width(Face::Regular, size_px, text)).max().unwrap_or(0) + 8;
    let (width, height) = picture.dimensions();
    let total = high * says.len() as u32 + 4;
    if wide > width || total > height || says.is_empty() {
        return;
    }
    let at = |from: f64, room: u32| from.clamp(0.0, f64::from(room)) as u32;
    let left = at(lowest.0 - f64::from(wide) / 2.0, width - wide);
    let top = at(lowest.1 + f64::from(size_px) * 0.5, height - total);
    let ground = Rect::at(left as i32, top as i32).of_size(wide, total);
    draw_filled_rect_mut(picture, ground, RIM);
    let style = Text { face: Face::Regular, size_px, colour: MARK, align: Align::Left };
    for (row, text) in (0..).zip(says) {
        draw_text(picture, &style, ((left + 4) as i32, (top + 2 + row * high) as i32), text);
    }
}

/// Letters in the middle of the left, right, upper and lower edge.
pub fn draw_edges(picture: &mut RgbImage, letters: &[String; 4], size_px: f32) {
    let (width, height) = (picture.width() as i32, picture.height() as i32);
    let (gap, line) = ((size_px * 0.4) as i32, size_px.ceil() as i32);
    let middle = (height - line) / 2;
    let places = [
        (gap, middle, Align::Left),
        (width - gap, middle, Align::Right),
        (width / 2, gap, Align::Centre),
        (width / 2, height - gap - line, Align::Centre),
    ];
    for (text, (x, y, align)) in letters.iter().zip(places) {
        for (off, colour) in [((1, 1), RIM), ((-1, -1), RIM), ((0, 0), Rgb([235, 238, 240]))] {
            let style = Text { face: Face::Bold, size_px, colour, align };
            draw_text(picture, &style, (x + off.0, y + off.1), text);
        }
    }
}

/// A closed or open line in the picture's own pixels.
pub fn draw_outline(picture: &mut RgbImage, line: &[(f64, f64)], picture_from_source: &Transform, line_px: f32) {
    let line: Vec<(f64, f64)> = line.iter().map(|(x, y)| picture_from_source.apply(*x, *y)).collect();
    stroke(picture, &line, line_px, (OUTLINE, 1.0));
}

/// A line of `width_px` with smooth edges and round ends, laid over by `alpha`.
fn stroke(picture: &mut RgbImage, line: &[(f64, f64)], width_px: f32, (colour, alpha): (Rgb<u8>, f64)) {
    let half = f64::from(width_px) / 2.0;
    let (width, height) = (f64::from(picture.width()), f64::from(picture.height()));
    for pair in line.windows(2) {
        let [(x0, y0), (x1, y1)] = [pair[0], pair[1]];
        let (dx, dy) = (x1 - x0, y1 - y0);
        let squared = dx * dx + dy * dy;
        let end = |from: f64, to: f64, side: f64| {
            let low = (from.min(to) - half - 1.0).clamp(0.0, side) as u32;
            low..(from.max(to) + half + 2.0).clamp(0.0, side) as u32
        };
        for y in end(y0, y1, height) {
            for x in end(x0, x1, width) {
                let (px, py) = (f64::from(x) + 0.5 - x0, f64::from(y) + 0.5 - y0);
                let along = if squared > 0.0 { ((px * dx + py * dy) / squared).clamp(0.0, 1.0) } else { 0.0 };
                let cover = (half + 0.5 - (px - along * dx).hypot(py - along * dy)).clamp(0.0, 1.0) * alpha;
                if cover > 0.0 {
                    let below = picture.get_pixel_mut(x, y);
                    for (below, above) in below.0.iter_mut().zip(colour.0) {
                        *below = (f64::from(*below) * (1.0 - cover) + f64::from(above) * cover).round() as u8;
                    }
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_is_where_it_was_drawn_and_nowhere_else() {
        let mut picture = RgbImage::new(60, 60);
        stroke(&mut picture, &[(10.0, 30.0), (50.0, 30.0)], 4.0, (MARK, 1.0));
        assert_eq!(*picture.get_pixel(30, 29), MARK);
        assert_eq!((picture.get_pixel(30, 35).0, picture.get_pixel(56, 30).0), ([0; 3], [0; 3]));
        // What lies outside is cut off, not an error.
        stroke(&mut picture, &[(-1e6, -1e6), (1e6, 1e6), (f64::from(u32::MAX), 0.0)], 2.0, (MARK, 1.0));
    }

    #[test]
    fn words_and_letters_stay_inside() {
        let mut picture = RgbImage::new(200, 100);
        let mark = Mark { line: vec![(190.0, 95.0), (195.0, 98.0)], says: vec!["12.5 mm".to_owned()] };
        draw_marks(&mut picture, &[mark], &Transform::IDENTITY, 2.0);
        draw_edges(&mut picture, &["R", "L", "H", "F"].map(str::to_owned), 14.0);
        assert!(picture.pixels().filter(|pixel| **pixel == MARK).count() > 20);
        let mut tiny = RgbImage::new(3, 3);
        let mark = Mark { line: vec![(1.0, 1.0)], says: vec!["long words".to_owned()] };
        draw_marks(&mut tiny, &[mark], &Transform::IDENTITY, 2.0);
        draw_edges(&mut tiny, &["R", "L", "H", "F"].map(str::to_owned), 14.0);
    }
}
