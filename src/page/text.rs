//! Lines of text in DejaVu Sans and, for what it lacks, in typefaces of this machine: parts of one typeface each, widths,
//! and what becomes of lines that are too long.
//!
//! Widths are sums of the letters' own, without kerning: SVG viewers and the PDF set them so, too.

use std::sync::LazyLock;

use ab_glyph::{Font, FontRef};

use super::POINTS_OF_MM;
use crate::fonts;

/// A cut of the typeface.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Face {
    Regular,
    Bold,
}

/// What is left out of a line that is too long.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fit {
    /// The end: of labels and sentences.
    End,
    /// The middle: of file names, whose end tells the kind.
    Middle,
}

/// A long line shrinks to this part of its size before letters are left out.
const SMALLEST: f32 = 0.8;

static REGULAR: LazyLock<FontRef<'static>> = LazyLock::new(|| built_in(dejavu::sans::regular()));
static BOLD: LazyLock<FontRef<'static>> = LazyLock::new(|| built_in(dejavu::sans::bold()));

fn built_in(data: &'static [u8]) -> FontRef<'static> {
    FontRef::try_from_slice(data).expect("the built-in font can be read")
}

/// A typeface with its file.
#[derive(Debug, Clone, Copy)]
pub enum Typeface {
    BuiltIn(Face),
    Found(&'static fonts::SystemFont),
}

impl Typeface {
    pub fn bytes(self) -> &'static [u8] {
        match self {
            Self::BuiltIn(Face::Regular) => dejavu::sans::regular(),
            Self::BuiltIn(Face::Bold) => dejavu::sans::bold(),
            Self::Found(face) => face.bytes,
        }
    }

    pub fn font(self) -> &'static FontRef<'static> {
        match self {
            Self::BuiltIn(Face::Regular) => &REGULAR,
            Self::BuiltIn(Face::Bold) => &BOLD,
            Self::Found(face) => &face.font,
        }
    }

    /// Parts of the em.
    pub fn advance(self, c: char) -> f32 {
        let font = self.font();
        font.h_advance_unscaled(font.glyph_id(c)) / font.units_per_em().unwrap_or(1000.0)
    }
}

impl PartialEq for Typeface {
    fn eq(&self, other: &Self) -> bool {
        std::ptr::eq(self.bytes(), other.bytes())
    }
}

/// A part of a line that one typeface draws.
#[derive(Debug, Clone, PartialEq)]
pub struct Run {
    pub typeface: Typeface,
    pub words: String,
}

impl Run {
    pub fn width_em(&self) -> f32 {
        self.words.chars().map(|c| self.typeface.advance(c)).sum()
    }
}

/// `words` in parts; characters that show nothing are left out, those that nothing draws are spelled.
pub fn runs(face: Face, words: &str) -> Vec<Run> {
    let own = Typeface::BuiltIn(face);
    let mut runs: Vec<Run> = Vec::new();
    for c in words.chars().filter(|c| !fonts::is_invisible(*c)) {
        let (typeface, drawn) = if own.font().glyph_id(c).0 != 0 {
            (own, c.to_string())
        } else if let Some(found) = fonts::for_char(c) {
            (Typeface::Found(found), c.to_string())
        } else {
            (own, fonts::spelled(c))
        };
        match runs.last_mut() {
            Some(last) if last.typeface == typeface => last.words.push_str(&drawn),
            _ => runs.push(Run { typeface, words: drawn }),
        }
    }
    runs
}

/// How wide `words` are.
pub fn width_mm(face: Face, size_pt: f32, words: &str) -> f32 {
    runs(face, words).iter().map(Run::width_em).sum::<f32>() * size_pt / POINTS_OF_MM
}

/// From one line's baseline to the next.
pub fn line_mm(size_pt: f32) -> f32 {
    1.3 * size_pt / POINTS_OF_MM
}

/// Makes `words` fit into `room_mm`: the size to set them in, and what is left of them.
pub fn fitted(face: Face, size_pt: f32, room_mm: f32, how: Fit, words: &str) -> (f32, String) {
    let wide_mm = width_mm(face, size_pt, words);
    if wide_mm <= room_mm {
        return (size_pt, words.to_owned());
    }
    let size_pt = size_pt * (room_mm / wide_mm).max(SMALLEST);
    // What shrank to fit may be a hair wider by rounding.
    let fits = |words: &str| width_mm(face, size_pt, words) <= room_mm + 1e-3;
    if fits(words) {
        return (size_pt, words.to_owned());
    }
    (size_pt, shortened(how, words, fits))
}

/// As much of `words` as `fits`, with an ellipsis for the rest.
fn shortened(how: Fit, words: &str, fits: impl Fn(&str) -> bool) -> String {
    let letters: Vec<char> = words.chars().collect();
    let shortened = |kept: usize| match how {
        Fit::End => letters[..kept].iter().collect::<String>().trim_end().to_owned() + "…",
        Fit::Middle => {
            let (start, end) = (&letters[..kept.div_ceil(2)], &letters[letters.len() - kept / 2..]);
            start.iter().chain(&['…']).chain(end).collect()
        }
    };
    // The width grows with the letters kept, so halving finds the longest that fits.
    let (mut good, mut bad) = (0, letters.len());
    while bad - good > 1 {
        let middle = usize::midpoint(good, bad);
        if fits(&shortened(middle)) { good = middle } else { bad = middle }
    }
    shortened(good)
}

/// `words` in at most `most` lines of `room_mm`; what is left over ends the last one with an ellipsis.
pub fn wrapped(face: Face, size_pt: f32, room_mm: f32, most: usize, words: &str) -> Vec<String> {
    let mut lines: Vec<String> = Vec::new();
    let mut line = String::new();
    let mut rest = words.split_whitespace().peekable();
    while let Some(word) = rest.peek() {
        let longer = if line.is_empty() { (*word).to_owned() } else { format!("{line} {word}") };
        let is_last = lines.len() + 1 >= most;
        if width_mm(face, size_pt, &longer) <= room_mm || (line.is_empty() && !is_last) {
            line = longer;
            rest.next();
        } else if is_last {
            // All of it, for the ellipsis to cut.
            line = rest
                .by_ref()
                .fold(line, |line, word| if line.is_empty() { word.to_owned() } else { line + " " + word });
        } else {
            lines.push(std::mem::take(&mut line));
        }
    }
    lines.extend((!line.is_empty()).then_some(line));
    // A single word may be longer than a line; it is cut without a change of size, since it stands among others.
    let fits = |line: &str| width_mm(face, size_pt, line) <= room_mm;
    let cut = |line: String| if fits(&line) { line } else { shortened(Fit::End, &line, fits) };
    lines.into_iter().map(cut).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_long_line_shrinks_then_loses_letters() {
        let name = "a-very-long-file-name-from-some-archive-0123456789.jpg";
        let wide = width_mm(Face::Regular, 10.0, name);
        assert_eq!(fitted(Face::Regular, 10.0, wide, Fit::Middle, name), (10.0, name.to_owned()));
        let (size, whole) = fitted(Face::Regular, 10.0, wide * 0.9, Fit::Middle, name);
        assert!(size < 9.1 && whole == name);
        for how in [Fit::End, Fit::Middle] {
            let (size, cut) = fitted(Face::Regular, 10.0, wide * 0.5, how, name);
            assert!(width_mm(Face::Regular, size, &cut) <= wide * 0.5 + 0.01 && cut.contains('…'));
            assert_eq!(cut.ends_with(".jpg"), how == Fit::Middle);
        }
    }

    #[test]
    fn words_are_wrapped_and_none_is_lost_while_there_are_lines() {
        let words = "The decided grade is 2 Moderate, but 3 Severe holds most of the response (54 %).";
        let lines = wrapped(Face::Regular, 9.0, 50.0, 9, words);
        assert!(lines.len() > 2 && lines.join(" ") == words);
        assert!(lines.iter().all(|line| width_mm(Face::Regular, 9.0, line) <= 50.0));
        let two = wrapped(Face::Regular, 9.0, 50.0, 2, words);
        assert!(two.len() == 2 && two[1].ends_with('…') && width_mm(Face::Regular, 9.0, &two[1]) <= 50.0);
        let long = wrapped(Face::Regular, 9.0, 20.0, 3, "Donaudampfschifffahrtsgesellschaft fährt");
        assert!(long.len() == 2 && long[0].ends_with('…'), "{long:?}");
        assert!(wrapped(Face::Regular, 9.0, 50.0, 3, " ").is_empty());
    }

    #[test]
    fn other_scripts_are_found_or_spelled() {
        let runs = runs(Face::Regular, "left \u{202e}\u{E123}眼.jpg");
        let words: String = runs.iter().map(|run| run.words.as_str()).collect();
        assert!(words.starts_with("left [U+E123]") && words.ends_with(".jpg"), "{words}");
        assert!(width_mm(Face::Bold, 9.0, "M") > width_mm(Face::Regular, 9.0, "i"));
    }
}
