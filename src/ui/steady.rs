//! Whether the answer stays the same on variants of the picture.

use egui::{RichText, TextStyle, Ui, vec2};

use super::{App, theme};

/// Lines of the longest usual sentence: they are there from the start, so that nothing moves under a pointer when it comes.
const LINES: f32 = 2.0;

impl App {
    /// A small text under the answer: how steady it is, once the variants were tried.
    pub(super) fn steadiness(&self, ui: &mut Ui) {
        let height = LINES * ui.text_style_height(&TextStyle::Small);
        let size = vec2(ui.available_width(), height);
        ui.allocate_ui(size, |ui| {
            ui.set_min_size(size);
            let Some((steady, card)) = self.session.steady().zip(self.session.card()) else {
                ui.label(RichText::new("Steady? Not tried yet").small().weak());
                return;
            };
            let says = RichText::new(steady.says(|class| card.classes[class].name.clone())).small();
            let says = if steady.is_steady() { says } else { says.color(theme::warning(ui.visuals())) };
            let tried: Vec<&str> = steady.variants.iter().map(|variant| variant.name()).collect();
            ui.add(egui::Label::new(says).wrap())
                .on_hover_text(format!("What the model answers for the same picture {}", tried.join(", ")));
        });
    }
}
