//! Whether the answer stays on variants of the picture.

use egui::{RichText, Ui};

use super::{App, theme};

impl App {
    /// A small line under the answer, once the variants were tried.
    pub(super) fn steadiness(&self, ui: &mut Ui) {
        let Some((steady, card)) = self.session.steady().zip(self.session.card()) else { return };
        let says = RichText::new(steady.says(|class| card.classes[class].name.clone())).small();
        let says = if steady.is_steady() { says } else { says.color(theme::warning(ui.visuals())) };
        let tried: Vec<&str> = steady.variants.iter().map(|variant| variant.name()).collect();
        ui.add(egui::Label::new(says).wrap())
            .on_hover_text(format!("What the model answers for the same picture {}", tried.join(", ")));
    }
}
