//! Setting short lines of text in DejaVu Sans, which is built in: measured, aligned, and never cut off by the edge.
//! What it lacks is set in a typeface of the machine, and what that lacks too as its number: never as a box.
//!
//! Knows neither what the words mean nor where they stand on a page.

use std::sync::LazyLock;

use ab_glyph::{Font, FontRef, PxScale, ScaleFont};
use image::{Rgb, RgbImage};
use imageproc::drawing::{draw_text_mut, text_size};

use crate::fonts;

/// A cut of the typeface.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Face {
    /// DejaVu Sans.
    Regular,
    /// DejaVu Sans Bold.
    Bold,
}

/// Where a line's anchor lies.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Align {
    /// Begins at the position.
    Left,
    /// Has its middle there.
    Centre,
    /// Ends there.
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
    /// Regular or bold.
    pub face: Face,
    /// Line height in pixels.
    pub size_px: f32,
    /// Opaque.
    pub colour: Rgb<u8>,
    /// Where it stands by its position.
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

/// A part of a line that one font draws.
type Run = (&'static FontRef<'static>, String);

/// `text` in parts, each with the font that draws it; characters that show nothing are left out.
fn runs(face: Face, text: &str) -> Vec<Run> {
    let built_in = font(face);
    let mut runs: Vec<Run> = Vec::new();
    for c in text.chars().filter(|c| !fonts::is_invisible(*c)) {
        let (font, drawn) = if built_in.glyph_id(c).0 != 0 {
            (built_in, c.to_string())
        } else if let Some(found) = fonts::for_char(c) {
            (&found.font, c.to_string())
        } else {
            (built_in, fonts::spelled(c))
        };
        match runs.last_mut() {
            Some((last, run)) if std::ptr::eq(*last, font) => run.push_str(&drawn),
            _ => runs.push((font, drawn)),
        }
    }
    runs
}

fn width_of(runs: &[Run], size_px: f32) -> u32 {
    runs.iter().map(|(font, run)| text_size(PxScale::from(size_px), *font, run).0).sum()
}

/// The width in pixels of `text` set in `face` with lines of `size_px`.
pub fn text_width(face: Face, size_px: f32, text: &str) -> u32 {
    width_of(&runs(face, text), size_px)
}

/// Sets a line so that its top is at `y` and its left end, centre or right end at `x`; returns its width. Characters
/// that show nothing are left out.
pub fn draw_text(canvas: &mut RgbImage, style: &Text, (x, y): (i32, i32), text: &str) -> u32 {
    let runs = runs(style.face, text);
    let width = width_of(&runs, style.size_px);
    let left = match style.align {
        Align::Left => x,
        Align::Centre => x - width as i32 / 2,
        Align::Right => x - width as i32,
    };
    let scale = PxScale::from(style.size_px);
    let ascent = |font: &FontRef<'static>| font.as_scaled(scale).ascent();
    let mut along = left;
    for (run_font, run) in &runs {
        // All stand on one line.
        let down = (ascent(font(style.face)) - ascent(run_font)).round() as i32;
        draw_text_mut(canvas, style.colour, along, y + down, scale, *run_font, run);
        along += text_size(scale, *run_font, run).0 as i32;
    }
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
    fn characters_that_the_built_in_face_lacks_are_no_boxes() {
        let drawn = |text: &str| {
            let mut canvas = RgbImage::new(240, 40);
            let style = Text { face: Face::Regular, size_px: 24.0, colour: Rgb([255; 3]), align: Align::Left };
            let width = draw_text(&mut canvas, &style, (4, 4), text);
            assert_eq!(width, text_width(Face::Regular, 24.0, text));
            canvas
        };
        let different = ["眼", "右", "한", "あ", "\u{1FAC0}", "\u{E123}", "\u{E124}"].map(drawn);
        for (i, a) in different.iter().enumerate() {
            assert!(a.pixels().any(|pixel| pixel.0[0] > 128), "{i} has no ink");
            assert!(different[..i].iter().all(|b| a != b), "{i} looks like another: a box");
        }
        assert!(drawn("a\u{202E}b\u{200D}") == drawn("ab"), "what turns or joins letters has no place of its own");
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
