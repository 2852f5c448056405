//! Foreign names, of any length and in any script. On one line, the middle is elided where there is no room, since the end
//! of a name tells pictures apart; in a list, what its neighbours share is elided. Whole on hover and for screen readers.

use std::sync::Arc;

use egui::accesskit::Role;
use egui::text::LayoutJob;
use egui::{Color32, FontId, Galley, Response, Sense, TextStyle, Ui, WidgetInfo};

use crate::fonts;

/// Of `text`, as it can be drawn, as many letters as `most`, the middle left out where there are more.
pub fn short(text: &str, most: usize) -> String {
    let text = fonts::drawable(text);
    let letters: Vec<char> = text.chars().collect();
    if letters.len() <= most { text.into_owned() } else { without_middle(&letters, most.saturating_sub(1)) }
}

/// The first and last letters, `kept` in all.
fn without_middle(letters: &[char], kept: usize) -> String {
    let (start, end) = (kept.div_ceil(2), kept / 2);
    letters[..start].iter().chain(&['…']).chain(&letters[letters.len() - end..]).collect()
}

/// `text` set in one line of at most `width` points.
pub fn galley(ui: &Ui, text: &str, font: &FontId, colour: Color32, width: f32) -> Arc<Galley> {
    fitted(ui, text, font, colour, width, without_middle)
}

/// Like [`galley`], of a name between two others: what tells it from them stays as long as it can.
pub fn distinct(ui: &Ui, text: &str, neighbours: [&str; 2], font: &FontId, colour: Color32, width: f32) -> Arc<Galley> {
    fitted(ui, text, font, colour, width, |letters, kept| around(letters, own_part(letters, neighbours), kept))
}

/// The letters of a name that its neighbours have not, to the ends of the number or word in which they are.
fn own_part(letters: &[char], neighbours: [&str; 2]) -> std::ops::Range<usize> {
    let common = |other: &str| letters.iter().zip(other.chars()).take_while(|(a, b)| **a == *b).count();
    let lengths = neighbours.into_iter().filter(|other| !other.is_empty()).map(common);
    let (least, most) = lengths.fold((usize::MAX, 0), |(least, most), n| (n.min(least), n.max(most)));
    if least == usize::MAX {
        return 0..0;
    }
    let is_same_kind =
        |a: char, b: char| a.is_alphanumeric() && b.is_alphanumeric() && a.is_numeric() == b.is_numeric();
    let (mut start, mut end) = (least.min(letters.len()), (most + 1).min(letters.len()));
    while start > 0 && start < letters.len() && is_same_kind(letters[start - 1], letters[start]) {
        start -= 1;
    }
    while end > 0 && end < letters.len() && is_same_kind(letters[end - 1], letters[end]) {
        end += 1;
    }
    start.min(end)..end
}

/// `kept` letters in all: those of `own` first, then as many of the name's end, then of its beginning.
fn around(letters: &[char], own: std::ops::Range<usize>, kept: usize) -> String {
    let (before, behind) = (own.start, letters.len() - own.end);
    if own.is_empty() || own.len() >= kept {
        return without_middle(letters, kept);
    }
    let left = kept - own.len();
    let end = behind.min(left.div_ceil(2));
    let start = before.min(left - end);
    let end = behind.min(left - start);
    let mut text: String = letters[..start].iter().collect();
    text.extend((start < before).then_some('…'));
    text.extend(&letters[own.clone()]);
    text.extend((end < behind).then_some('…'));
    text.extend(&letters[letters.len() - end..]);
    text
}

/// The longest of the versions of `text` with so many letters that fits into `width`.
fn fitted(
    ui: &Ui,
    text: &str,
    font: &FontId,
    colour: Color32,
    width: f32,
    version: impl Fn(&[char], usize) -> String,
) -> Arc<Galley> {
    let text = fonts::drawable(text);
    let set = |text: String| {
        let job = LayoutJob::simple_singleline(text, font.clone(), colour);
        ui.fonts_mut(|fonts| fonts.layout_job(job))
    };
    let whole = set(text.clone().into_owned());
    if whole.size().x <= width {
        return whole;
    }
    // The longest version that fits; the width grows with the letters kept, so halving finds it.
    let letters: Vec<char> = text.chars().collect();
    let (mut fits, mut too_long) = (0, letters.len());
    while too_long - fits > 1 {
        let middle = usize::midpoint(fits, too_long);
        if set(version(&letters, middle)).size().x <= width { fits = middle } else { too_long = middle }
    }
    set(version(&letters, fits))
}

/// A label in `colour`, no wider than `width`.
pub fn label(ui: &mut Ui, text: &str, style: &TextStyle, colour: Color32, width: f32) -> Response {
    let font = style.resolve(ui.style());
    let galley = galley(ui, text, &font, colour, width.min(ui.available_width()));
    let (rect, response) = ui.allocate_exact_size(galley.size(), Sense::hover());
    response.widget_info(|| WidgetInfo::labeled(Role::Label, true, text));
    let is_whole = galley.text() == text;
    ui.painter().galley(rect.min, galley, colour);
    if is_whole { response } else { response.on_hover_text(text) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_middle_gives_way() {
        assert_eq!(short("王小明-左眼.jpg", 40), "王小明-左眼.jpg");
        assert_eq!(short("a-very-long-name-0123.jpg", 13), "a-very…23.jpg");
    }

    #[test]
    fn what_tells_a_name_from_its_neighbours_stays() {
        let cut = |text: &str, neighbours: [&str; 2], kept: usize| {
            let letters: Vec<char> = text.chars().collect();
            around(&letters, own_part(&letters, neighbours), kept)
        };
        let day = |n: usize| format!("clinic-north-2024-{n:04}-macula-centred-left.jpeg");
        let (before, after) = (day(41), day(43));
        assert_eq!(cut(&day(42), [&before, &after], 20), "clinic-n…0042…eft.jpeg");
        assert_eq!(cut(&day(42), [&before, &after], 9), "cl…0042…peg");
        for kept in 5..40 {
            assert!(cut(&day(42), [&before, &after], kept).contains("0042"), "{kept}");
            assert!(cut(&day(42), [&before, &after], kept).chars().count() <= kept + 2);
        }
        assert_eq!(cut("12_left.jpeg", ["12_right.jpeg", "13_left.jpeg"], 8), "12_left…g");
        assert_eq!(cut("a-very-long-name-0123.jpg", ["", ""], 12), "a-very…23.jpg");
        assert_eq!(cut("abc", ["abc", "abc"], 2), "a…c");
    }
}
