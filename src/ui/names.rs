//! Names that others gave: of any length and in any script. In one line, the middle left out where there is no room,
//! since the end of a name tells pictures apart; whole on hover, and whole for a screen reader.

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
        if set(without_middle(&letters, middle)).size().x <= width { fits = middle } else { too_long = middle }
    }
    set(without_middle(&letters, fits))
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
}
