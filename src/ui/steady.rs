//! How far the answer is to be believed: whether it stays on variants of the picture, and what stands in its place where the
//! model does not read such pictures.

use egui::{RichText, Ui};

use super::{App, theme};
use crate::session::SessionCommand;

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

    /// Instead of an answer that is none; the picture itself can be looked at as any other.
    pub(super) fn withheld(&mut self, ui: &mut Ui) {
        ui.heading("Not a picture for this model");
        self.warning(ui);
        let says = "What the model would say of it all the same; it was neither made nor tried for such pictures";
        if ui.button("Show its answer anyway").on_hover_text(says).clicked() {
            self.commands.push(SessionCommand::AnswerAnyway.into());
        }
        ui.separator();
        self.picture_controls(ui);
    }
}
