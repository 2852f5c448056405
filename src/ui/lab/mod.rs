//! The evidence: what labels tell about the model. A matrix that filters the list, the ROC curve with a movable operating
//! point, calibration, and what the point would mean in another population.

mod curves;
mod matrix;
mod point;
mod trust;

use std::path::PathBuf;

use egui::accesskit::Role;
use egui::{ComboBox, RichText, ScrollArea, TextStyle, Ui, WidgetInfo};

use super::{App, actions, names, page};
use crate::session::lab::{Contrast, Measured};
use crate::session::{LabCommand, WindowCommand};

/// Where the keyboard is in the matrix, and which labels were seen to come.
#[derive(Debug, Default)]
pub struct Bench {
    /// Row and column that arrows have reached, heads counted as the first of both.
    reached: Option<(usize, usize)>,
    labels: Option<PathBuf>,
    /// Whether the evidence is that about the picture on the screen.
    is_about_picture: bool,
}

impl App {
    /// Whether the evidence stands in the window. It comes by itself with labels.
    pub(super) fn has_evidence(&mut self) -> bool {
        let file = self.session.labels_file().map(std::path::Path::to_owned);
        if self.bench.labels != file {
            if file.is_some() {
                (self.shows_evidence, self.bench.is_about_picture) = (true, false);
            }
            self.bench.labels = file;
        }
        self.shows_evidence && !self.session.worklist.is_empty()
    }

    /// All of it, in a place of a certain height.
    pub(super) fn evidence(&mut self, ui: &mut Ui) {
        page::named(ui, "Evidence");
        self.evidence_head(ui);
        if self.bench.is_about_picture {
            return self.trust(ui);
        }
        let Some(measured) = self.session.measured().cloned() else {
            self.no_labels(ui);
            return;
        };
        ScrollArea::both().auto_shrink(false).show(ui, |ui| {
            let height = (ui.available_height() - 8.0).max(150.0);
            ui.horizontal_top(|ui| {
                ui.spacing_mut().item_spacing.x = 14.0;
                self.matrix(ui, &measured, height);
                self.curve(ui, &measured, height);
                self.calibration(ui, &measured, height);
                ui.vertical(|ui| self.point(ui, &measured));
            });
        });
    }

    /// What it is about, what is left out, and which question is asked.
    fn evidence_head(&mut self, ui: &mut Ui) {
        ui.horizontal(|ui| {
            for (is_about_picture, name) in [(false, "Labels and answers"), (true, "This picture's map")] {
                let is_on = self.bench.is_about_picture == is_about_picture;
                if ui.selectable_label(is_on, name).clicked() {
                    self.bench.is_about_picture = is_about_picture;
                }
            }
            let close = actions::of(&WindowCommand::Evidence.into());
            ui.with_layout(egui::Layout::right_to_left(egui::Align::Center), |ui| {
                let button = ui.small_button("✕").on_hover_text("Hide the evidence (E)");
                button.widget_info(|| WidgetInfo::labeled(Role::Button, true, "Hide the evidence"));
                if button.clicked() {
                    self.commands.extend(close.map(|action| action.command));
                }
                self.contrast_choice(ui);
                let says = self.evidence_says();
                let (room, colour) = (ui.available_width(), ui.visuals().weak_text_color());
                ui.with_layout(egui::Layout::left_to_right(egui::Align::Center), |ui| {
                    names::label(ui, &says, &TextStyle::Small, colour, room);
                });
            });
        });
    }

    fn evidence_says(&self) -> String {
        if self.bench.is_about_picture {
            return self.session.trying().map_or_else(String::new, |(part, _)| format!("Trying {}…", part.name()));
        }
        let (Some(file), Some(measured)) = (self.session.labels_file(), self.session.measured()) else {
            return String::new();
        };
        let counted = measured.matrix.n();
        let mut says = format!("{}: {counted} pictures", file.file_name().unwrap_or_default().to_string_lossy());
        for (count, what) in [
            (measured.waiting, "not graded yet"),
            (measured.refused, "not for this model"),
            (measured.hidden, "hidden until they are read"),
        ] {
            if count > 0 {
                says += &format!(", {count} {what}");
            }
        }
        says
    }

    fn contrast_choice(&mut self, ui: &mut Ui) {
        let (Some(chosen), Some(card)) = (self.session.contrast(), self.session.card()) else { return };
        if self.session.measured().is_none() || self.bench.is_about_picture {
            return;
        }
        let name = chosen.name(card);
        let all: Vec<(Contrast, String)> =
            Contrast::all(card).into_iter().map(|contrast| (contrast, contrast.name(card))).collect();
        let combo = ComboBox::from_id_salt("contrast").selected_text(&name).width(190.0).truncate();
        let response = combo.show_ui(ui, |ui| {
            for (contrast, name) in all {
                if ui.selectable_label(contrast == chosen, name).clicked() {
                    self.commands.push(LabCommand::Contrast(contrast).into());
                }
            }
        });
        response.response.widget_info(|| WidgetInfo::labeled(Role::ComboBox, true, format!("Question: {name}")));
        ui.label(RichText::new("Question").small().weak());
    }

    fn no_labels(&mut self, ui: &mut Ui) {
        ui.label(if self.session.labels_file().is_some() {
            "The labels say nothing in this model's classes."
        } else {
            "Open a table of what is true of these pictures: image,grade, or image and a column of 0 and 1 for each \
             finding. What labels and model say is then held against each other here."
        });
        if let Some(action) = actions::of(&WindowCommand::Labels.into())
            && ui.button(action.label).on_hover_text(action.hint()).clicked()
        {
            self.commands.push(action.command);
        }
    }
}

/// A part in whole per cent, or a dash where it is not known.
fn percent(part: Option<f64>) -> String {
    part.map_or_else(|| "–".to_owned(), |part| crate::compose::percent(part as f32))
}

/// What a yes to the question is called in a few letters.
fn yes(app: &App, measured: &Measured) -> String {
    app.session.card().map_or_else(String::new, |card| measured.contrast.name(card))
}
