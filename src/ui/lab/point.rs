//! The operating point in numbers: on these pictures, and in another population.

use egui::accesskit::Role;
use egui::{Button, RichText, Slider, SliderClamping, Ui, WidgetInfo};

use super::super::App;
use super::{percent, yes};
use crate::session::LabCommand;
use crate::session::lab::Measured;

/// Of so many people it is said how many are found and missed.
const PEOPLE: f64 = 1000.0;

impl App {
    pub(super) fn point(&mut self, ui: &mut Ui, measured: &Measured) {
        let Some(point) = self.session.operating_point() else { return };
        ui.set_width(300.0);
        ui.spacing_mut().slider_width = 120.0;
        let (name, found) = (yes(self, measured), measured.at(point));
        ui.horizontal(|ui| {
            let mut chosen = point;
            let slider = Slider::new(&mut chosen, 0.0..=1.0).fixed_decimals(3).step_by(0.005).text("Operating point");
            // What is shown is not brought onto a step: a point of the program's own lies between two.
            let slider = slider.clamping(SliderClamping::Edits);
            let slider = ui.add(slider).on_hover_text(format!("{name}: yes from this probability on"));
            if slider.changed() {
                self.commands.push(LabCommand::Point(Some(chosen)).into());
            }
        });
        let among = measured.prevalence();
        ui.horizontal(|ui| {
            let mut part = 100.0 * self.session.prevalence().or(among).unwrap_or(0.5);
            let slider = Slider::new(&mut part, 0.01..=99.9).logarithmic(true).suffix(" %").max_decimals(2);
            let slider = slider.clamping(SliderClamping::Edits);
            let slider = ui.add(slider.text("Prevalence")).on_hover_text("Among those of whom it is asked");
            if slider.changed() {
                self.commands.push(LabCommand::Prevalence(Some(part / 100.0)).into());
            }
        });
        ui.horizontal(|ui| {
            let back = [
                (
                    "The program's point",
                    self.session.card().map(|card| measured.contrast.usual_point(card)) == Some(point),
                    LabCommand::Point(None),
                ),
                ("As in the labels", self.session.prevalence().is_none(), LabCommand::Prevalence(None)),
            ];
            for (label, is_so, command) in back {
                if ui.add_enabled(!is_so, Button::new(RichText::new(label).small())).clicked() {
                    self.commands.push(command.into());
                }
            }
        });
        let prevalence = self.session.prevalence().or(among);
        let there = prevalence.and_then(|prevalence| measured.among(point, prevalence));
        let counts = |part: u64, others: u64| format!("{part} of {}", part + others);
        let rows = [
            ("Sensitivity", percent(found.sensitivity()), counts(found.true_positives, found.false_negatives)),
            ("Specificity", percent(found.specificity()), counts(found.true_negatives, found.false_positives)),
            ("PPV", percent(there.and_then(|there| there.ppv)), "of a yes, true".to_owned()),
            ("NPV", percent(there.and_then(|there| there.npv)), "of a no, true".to_owned()),
        ];
        egui::Grid::new("figures of the point").num_columns(3).spacing([10.0, 2.0]).show(ui, |ui| {
            for (name, value, counts) in rows {
                ui.label(name);
                let label = ui.strong(&value);
                label.widget_info(|| WidgetInfo::labeled(Role::Label, true, format!("{name} {value}, {counts}")));
                ui.label(RichText::new(counts).small().weak());
                ui.end_row();
            }
        });
        if let Some(there) = there {
            let called = PEOPLE * there.called_positive;
            ui.add(
                egui::Label::new(
                    RichText::new(format!(
                        "Of {PEOPLE:.0} people: {called:.0} called, {:.0} of them falsely; {:.0} missed.",
                        there.false_alarms_per_1000, there.missed_per_1000
                    ))
                    .small(),
                )
                .wrap(),
            );
        }
    }
}
