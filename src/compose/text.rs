//! Setting short lines of text in DejaVu Sans, which is built in: measured, aligned, and never cut off by the edge.
//!
//! Knows neither what the words mean nor where they stand on a page.

use std::sync::LazyLock;

use ab_glyph::{FontRef, PxScale};
use image::{Rgb, RgbImage};
use imageproc::drawing::{draw_text_mut, text_size};

/// A cut of the typeface.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Face {
    Regular,
    Bold,
}

/// Where a line's anchor lies.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Align {
    Left,
    Centre,
    Right,
}

/// What happens to a line that is too long: first it shrinks, then letters give way to an ellipsis.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fit {
    /// The end is left out: for labels and sentences.
    End,
    /// The middle is left out: for file names, whose end tells the kind.
    Middle,
}

/// How a line is set.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Text {
    pub face: Face,
    /// Line height in pixels.
    pub size_px: f32,
    pub colour: Rgb<u8>,
    pub align: Align,
}

static REGULAR: LazyLock<FontRef<'static>> = LazyLock::new(|| built_in(dejavu::sans::regular()));
static BOLD: LazyLock<FontRef<'static>> = LazyLock::new(|| built_in(dejavu::sans::bold()));
/// A long line shrinks to this part of its size before letters are left out.
const SMALLEST: f32 = 0.8;

fn built_in(data: &'static [u8]) -> FontRef<'static> {
    FontRef::try_from_slice(data).expect("the built-in font can be read")
}

fn font(face: Face) -> &'static FontRef<'static> {
    match face {
        Face::Regular => &REGULAR,
        Face::Bold => &BOLD,
    }
}

/// The width in pixels of `text` set in `face` with lines of `size_px`.
pub fn text_width(face: Face, size_px: f32, text: &str) -> u32 {
    text_size(PxScale::from(size_px), font(face), text).0
}

/// Sets a line so that its top is at `y` and its left end, centre or right end at `x`; returns its width. Control
/// characters are left out.
pub fn draw_text(canvas: &mut RgbImage, style: &Text, (x, y): (i32, i32), text: &str) -> u32 {
    let text: String = text.chars().filter(|c| !c.is_control()).collect();
    let width = text_width(style.face, style.size_px, &text);
    let left = match style.align {
        Align::Left => x,
        Align::Centre => x - width as i32 / 2,
        Align::Right => x - width as i32,
    };
    draw_text_mut(canvas, style.colour, left, y, PxScale::from(style.size_px), font(style.face), &text);
    width
}

/// Makes `text` fit into `width_px`: the size to set it in, and what is left of it.
pub fn fit(face: Face, size_px: f32, width_px: u32, how: Fit, text: &str) -> (f32, String) {
    let wide = text_width(face, size_px, text);
    if wide <= width_px {
        return (size_px, text.to_owned());
    }
    let size_px = (size_px * width_px as f32 / wide as f32).floor().max((size_px * SMALLEST).floor());
    let letters: Vec<char> = text.chars().collect();
    let shortened = |kept: usize| match kept {
        _ if kept == letters.len() => text.to_owned(),
        _ if how == Fit::End => letters[..kept].iter().collect::<String>().trim_end().to_owned() + "…",
        _ => {
            let (start, end) = (&letters[..kept.div_ceil(2)], &letters[letters.len() - kept / 2..]);
            start.iter().chain(&['…']).chain(end).collect()
        }
    };
    // The longest version that fits; the width grows with the letters kept, so halving finds it.
    let (mut fits, mut too_long) = (0, letters.len() + 1);
    while too_long - fits > 1 {
        let middle = usize::midpoint(fits, too_long);
        if text_width(face, size_px, &shortened(middle)) <= width_px { fits = middle } else { too_long = middle }
    }
    (size_px, shortened(fits))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_short_text_stays_and_a_long_one_shrinks_then_loses_letters() {
        assert_eq!(fit(Face::Bold, 24.0, 400, Fit::End, "Mild"), (24.0, "Mild".to_owned()));
        let name = "a-very-long-file-name-from-some-archive-0123456789.jpg";
        let room = text_width(Face::Regular, 24.0, name);
        let (size, text) = fit(Face::Regular, 24.0, room * 9 / 10, Fit::Middle, name);
        assert!(size < 24.0 && text == name);
        for how in [Fit::End, Fit::Middle] {
            let (size, text) = fit(Face::Regular, 24.0, 200, how, name);
            assert!(text_width(Face::Regular, size, &text) <= 200 && text.contains('…'));
            assert_eq!(text.ends_with(".jpg"), how == Fit::Middle);
        }
    }

    #[test]
    fn alignment_puts_ink_on_the_right_side_of_the_anchor() {
        for (align, left, right) in
            [(Align::Left, false, true), (Align::Right, true, false), (Align::Centre, true, true)]
        {
            let mut canvas = RgbImage::new(200, 40);
            let style = Text { face: Face::Regular, size_px: 24.0, colour: Rgb([255; 3]), align };
            draw_text(&mut canvas, &style, (100, 4), "MMMM");
            let ink = |from: u32| (from..from + 98).any(|x| (0..40).any(|y| canvas.get_pixel(x, y).0[0] > 128));
            assert_eq!((ink(0), ink(102)), (left, right), "{align:?}");
        }
    }
}
