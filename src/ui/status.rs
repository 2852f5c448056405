//! The status line: disclaimer, progress, what is under the pointer, name, size and zoom.

use egui::{RichText, TextStyle, Ui};

use super::{App, names, theme};
use crate::compose::short_number;
use crate::export::NOTICE;
use crate::session::SessionCommand;
use crate::session::picture::value_at;

/// The most that a name or a sentence takes of the rest of the line.
const SHARE: f32 = 0.45;

impl App {
    pub(super) fn status(&mut self, ui: &mut Ui) {
        ui.horizontal(|ui| {
            ui.label(RichText::new(NOTICE).small().color(theme::warning(ui.visuals())));
            ui.separator();
            if let Some(busy) = self.session.busy().filter(|busy| busy.since.elapsed().as_millis() > 250) {
                ui.add(egui::Spinner::new().size(14.0));
                let seconds = busy.since.elapsed().as_secs();
                let time = if seconds > 1 { format!(" {seconds} s") } else { String::new() };
                let (colour, room) = (ui.visuals().text_color(), SHARE * ui.available_width());
                names::label(ui, &format!("{}…{time}", busy.what), &TextStyle::Small, colour, room);
                if busy.can_stop && ui.small_button("Stop").on_hover_text("Esc").clicked() {
                    self.commands.push(SessionCommand::Cancel.into());
                }
            }
            ui.with_layout(egui::Layout::right_to_left(egui::Align::Center), |ui| {
                self.picture_facts(ui);
                let line = self.hand.hint().map_or_else(|| self.probe_line(), str::to_owned);
                if line.is_empty() || ui.available_width() < 40.0 {
                    return;
                }
                ui.with_layout(egui::Layout::left_to_right(egui::Align::Center), |ui| {
                    ui.add(egui::Label::new(RichText::new(line).small()).truncate());
                });
            });
        });
    }

    fn picture_facts(&self, ui: &mut Ui) {
        let Some(current) = self.session.current() else { return };
        let (width, height) = current.picture.size_px();
        let scale = self.camera.scale(self.last_view_px, self.source_px());
        let room = SHARE * ui.available_width();
        ui.small(format!("{width}×{height}  {:.0} %", 100.0 * scale)).on_hover_text("Width, height and magnification");
        // Two patients' `left.jpg` do not look alike.
        let listed = self.session.worklist.get(&current.path).map(|item| item.label.clone());
        let stored = || current.path.file_name().unwrap_or_default().to_string_lossy().into_owned();
        let name = listed.unwrap_or_else(stored);
        let device = self.session.model().map_or("", |model| model.device.as_str());
        let colour = ui.visuals().text_color();
        let facts = names::label(ui, &name, &TextStyle::Small, colour, room);
        facts.on_hover_text(format!("{}\n{device}", current.path.display()));
        ui.separator();
    }

    /// Source pixel and value, CAM value, and the response of every grade.
    fn probe_line(&self) -> String {
        let (Some((x, y)), Some(current)) = (self.probe, self.session.current()) else { return String::new() };
        let Some(value) = value_at(&current.picture.scan, x as u32, y as u32) else { return String::new() };
        let value: Vec<String> = value.iter().map(f64::to_string).collect();
        let value = if value.is_empty() { vec!["padding".to_owned()] } else { value };
        let mut line = format!("({}, {})  value {}", x as u32, y as u32, value.join(" "));
        let (Some(shown), Some(card)) = (self.session.shown(), self.session.card()) else { return line };
        match shown.probe(x, y) {
            None => line.push_str("  outside of what the network saw"),
            Some(probe) => {
                let responses: Vec<String> = card
                    .classes
                    .iter()
                    .zip(&probe.responses)
                    .filter_map(|(class, response)| Some(format!("{}: {}", class.name, short_number((*response)?))))
                    .collect();
                line.push_str(&format!("   CAM {}   response {}", short_number(probe.cam), responses.join("  ")));
            }
        }
        line
    }
}
