//! What the model says, at the top of the sidebar on the right: quality and gate above the answer, the answer in one line,
//! its rule, and where decision, probability and response do not agree. All words come from `explain::report`.

use egui::{RichText, Ui};

use super::{App, legend, theme};
use crate::bundle::{Card, NOT_FOR_THIS_MODEL};
use crate::explain::{Report, Verdict};
use crate::session::{SessionCommand, WindowCommand};

/// Most colours beside the answer.
const MOST_SWATCHES: usize = 5;

impl App {
    pub(super) fn verdict(&mut self, ui: &mut Ui) {
        let Some(report) = self.session.report() else { return };
        self.quality(ui, &report);
        if let Some(warning) = report.warning() {
            band(ui, warning);
        }
        self.answer(ui, &report);
        let Some(card) = self.session.card() else { return };
        let says = format!("{}: what it can and cannot do", card.name);
        if ui.add(egui::Link::new(RichText::new(says).small())).clicked() {
            self.commands.push(WindowCommand::ModelCard.into());
        }
        ui.add_space(4.0);
        if let Some(shown) = self.session.shown() {
            let colours = self.session.preferences.style.colours(card);
            legend::probabilities(ui, card, &shown.explanation.verdict, &colours);
        }
        self.steadiness(ui);
    }

    /// Whether there is anything to grade.
    fn quality(&mut self, ui: &mut Ui, report: &Report) {
        let Some(quality) = &report.quality else { return };
        let says = capitalised(&quality.says);
        if quality.is_gradable {
            ui.small(says);
        } else {
            let colour = theme::warning(ui.visuals());
            ui.add(egui::Label::new(RichText::new(says).strong().size(18.0).color(colour)).wrap());
        }
        let map = self.session.assessed().and_then(|assessed| assessed.map.as_ref());
        if map.is_some_and(|map| !map.is_empty()) {
            let mut hatched = self.session.preferences.style.hatched;
            if ui.checkbox(&mut hatched, "Hatch where it cannot be graded").changed() {
                self.commands.push(SessionCommand::Hatch(hatched).into());
            }
        }
        ui.add_space(4.0);
    }

    /// In place of an answer: that there is none, why, and which model has one.
    pub(super) fn withheld(&mut self, ui: &mut Ui) {
        let Some(advice) = self.session.advice() else { return };
        let colour = theme::warning(ui.visuals());
        frame(ui, |ui| {
            ui.add(egui::Label::new(RichText::new(NOT_FOR_THIS_MODEL).strong().size(18.0).color(colour)).wrap());
            ui.add(egui::Label::new(RichText::new(capitalised(&advice.why)).color(colour)).wrap());
            if let Some(name) = advice.instead.as_ref().filter(|name| ui.button(format!("Use {name}")).clicked()) {
                self.commands.push(SessionCommand::Model(name.clone()).into());
            }
        });
        let says = "What the model would say anyway; it was neither made nor tested for such pictures";
        if ui.button("Show its answer anyway").on_hover_text(says).clicked() {
            self.commands.push(SessionCommand::AnswerAnyway.into());
        }
        // The picture itself can be looked at as any other.
        ui.separator();
        self.picture_controls(ui);
    }

    fn answer(&self, ui: &mut Ui, report: &Report) {
        let Some((shown, card)) = self.session.shown().zip(self.session.card()) else { return };
        let colours = self.session.preferences.style.colours(card);
        ui.horizontal(|ui| {
            for class in report.said.iter().take(MOST_SWATCHES) {
                legend::swatch(ui, colours[*class], true, 20.0);
            }
            ui.add(egui::Label::new(RichText::new(&report.headline).heading().strong().size(22.0)).wrap());
        });
        for line in [&report.figure, &report.beneath].into_iter().filter(|line| !line.is_empty()) {
            ui.label(RichText::new(line).strong());
        }
        ui.add(egui::Label::new(RichText::new(capitalised(&report.rule)).small()).wrap());
        let verdict = &shown.explanation.verdict;
        if verdict.class_set.is_some() {
            ui.small("A set that keeps the promise of `fovea calibrate`").on_hover_text(
                "Learned from a clinic's labelled pictures: the true grade is in the set as often as was promised there",
            );
        }
        other_questions(ui, card, verdict);
        if let Some(disagreement) = report.disagreement() {
            ui.add_space(4.0);
            band(ui, disagreement);
        }
    }
}

/// The questions of the card that do not stand at the top.
fn other_questions(ui: &mut Ui, card: &Card, verdict: &Verdict) {
    let first = card.output.headline_question();
    for question in card.output.questions.iter().filter(|question| Some(*question) != first) {
        let answer = question.answer(&verdict.probabilities);
        let said = format!("{}: {}, {}", question.short_name(), answer.word().name(), answer.said());
        ui.small(unbroken(&said)).on_hover_text(format!("Operating points measured on {}", question.on));
    }
}

/// A sentence that must not be overlooked.
fn band(ui: &mut Ui, says: &str) {
    let (colour, says) = (theme::warning(ui.visuals()), unbroken(says));
    frame(ui, |ui| _ = ui.add(egui::Label::new(RichText::new(says).color(colour)).wrap()));
}

fn frame(ui: &mut Ui, inside: impl FnOnce(&mut Ui)) {
    let colour = theme::warning(ui.visuals());
    egui::Frame::group(ui.style()).stroke(egui::Stroke::new(1.5, colour)).show(ui, |ui| {
        ui.set_width(ui.available_width());
        inside(ui);
    });
    ui.add_space(4.0);
}

/// Keeps a number and its per cent sign on one line.
fn unbroken(text: &str) -> String {
    text.replace(" %", "\u{a0}%")
}

fn capitalised(text: &str) -> String {
    let text = unbroken(text);
    let mut letters = text.chars();
    letters.next().map_or_else(String::new, |first| first.to_uppercase().chain(letters).collect())
}
