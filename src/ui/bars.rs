//! The menu above, the line below, and notices between.

use egui::{Button, Context, RichText, Ui};

use super::{App, keys, theme};
use crate::compose::short_number;
use crate::export::NOTICE;
use crate::session::picture::value_at;
use crate::session::preferences::Theme;
use crate::session::{Command, Notice, SessionCommand, ViewCommand, WindowCommand};

impl App {
    pub(super) fn menu(&mut self, ui: &mut Ui) {
        egui::MenuBar::new().ui(ui, |ui| {
            ui.menu_button("File", |ui| self.file_menu(ui));
            ui.menu_button("View", |ui| self.view_menu(ui));
            ui.menu_button("Maps", |ui| self.maps_menu(ui));
            ui.menu_button("Model", |ui| self.model_menu(ui));
            ui.menu_button("Help", |ui| {
                self.entry(ui, "Keys and mouse", WindowCommand::Help);
                self.entry(ui, "About this model", WindowCommand::ModelCard);
            });
            ui.separator();
            self.toolbar(ui);
        });
    }

    /// What is used all the time, one click away.
    fn toolbar(&mut self, ui: &mut Ui) {
        let several = self.session.worklist.len() > 1;
        let buttons: [(&str, &str, Command, bool); 6] = [
            ("Open…", "Open pictures", WindowCommand::OpenFiles.into(), true),
            ("Previous", "Previous picture", SessionCommand::Previous.into(), several),
            ("Next", "Next picture", SessionCommand::Next.into(), several),
            ("Fit", "Fit the picture into the view", ViewCommand::Fit.into(), self.session.current().is_some()),
            ("1:1", "Actual size", ViewCommand::ActualSize.into(), self.session.current().is_some()),
            (
                "Export…",
                "Export pictures, maps and record",
                WindowCommand::Export.into(),
                self.session.shown().is_some(),
            ),
        ];
        for (name, says, command, enabled) in buttons {
            let hint = keys::shortcut_text(&command).map_or(says.to_owned(), |key| format!("{says} ({key})"));
            if ui.add_enabled(enabled, Button::new(name)).on_hover_text(hint).clicked() {
                self.commands.push(command);
            }
        }
    }

    fn entry(&mut self, ui: &mut Ui, name: &str, command: impl Into<Command>) {
        let command = command.into();
        let key = keys::shortcut_text(&command).unwrap_or_default();
        if ui.add(Button::new(name).shortcut_text(key)).clicked() {
            self.commands.push(command);
            ui.close();
        }
    }

    fn file_menu(&mut self, ui: &mut Ui) {
        self.entry(ui, "Open pictures…", WindowCommand::OpenFiles);
        self.entry(ui, "Open a folder…", WindowCommand::OpenFolder);
        self.entry(ui, "Type a path…", WindowCommand::OpenTyped);
        let recent = self.session.preferences.recent.clone();
        ui.add_enabled_ui(!recent.is_empty(), |ui| {
            ui.menu_button("Recent", |ui| {
                for path in recent {
                    let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
                    if ui.button(name).on_hover_text(path.display().to_string()).clicked() {
                        self.commands.push(SessionCommand::Open(vec![path]).into());
                        ui.close();
                    }
                }
            });
        });
        ui.menu_button("Samples", |ui| self.sample_buttons(ui));
        ui.separator();
        self.entry(ui, "Export…", WindowCommand::Export);
        self.entry(ui, "Copy the report picture", WindowCommand::CopyPanel);
        self.entry(ui, "Read the file again", SessionCommand::Reload);
        ui.separator();
        self.entry(ui, "Quit", WindowCommand::Quit);
    }

    fn view_menu(&mut self, ui: &mut Ui) {
        let entries: [(&str, Command); 9] = [
            ("Fit", ViewCommand::Fit.into()),
            ("Actual size, 1:1", ViewCommand::ActualSize.into()),
            ("Magnify", ViewCommand::ZoomIn.into()),
            ("Shrink", ViewCommand::ZoomOut.into()),
            ("List of pictures", WindowCommand::WorklistPanel.into()),
            ("Chart under the pointer", WindowCommand::ProbeChart.into()),
            ("Scale bar", WindowCommand::Ruler.into()),
            ("Swap light and dark", SessionCommand::WindowInvert.into()),
            ("Full screen", WindowCommand::FullScreen.into()),
        ];
        for (name, command) in entries {
            self.entry(ui, name, command);
        }
        ui.separator();
        for view in self.session.layers() {
            self.entry(ui, view.kind().only(), ViewCommand::Maximise(view));
        }
        ui.separator();
        let preferences = &mut self.session.preferences;
        for theme in Theme::ALL {
            ui.radio_value(&mut preferences.theme, theme, theme.name());
        }
        ui.separator();
        ui.label("Text size");
        for (scale, name) in [(0.85, "Small"), (1.0, "Normal"), (1.25, "Large"), (1.5, "Very large")] {
            ui.radio_value(&mut preferences.text_scale, scale, name);
        }
    }

    fn maps_menu(&mut self, ui: &mut Ui) {
        let entries: [(&str, Command); 8] = [
            ("CAM of the next class", SessionCommand::ClassNext.into()),
            ("CAM of the previous class", SessionCommand::ClassPrevious.into()),
            ("CAM of the decided class", SessionCommand::Class(None).into()),
            ("All classes on", SessionCommand::AllGrades(true).into()),
            ("More opacity", SessionCommand::OpacityUp.into()),
            ("Less opacity", SessionCommand::OpacityDown.into()),
            ("Red box", SessionCommand::ToggleBox.into()),
            ("Back to the first settings", SessionCommand::Defaults.into()),
        ];
        for (name, command) in entries {
            self.entry(ui, name, command);
        }
        ui.separator();
        let mut read_first = self.session.read_first.enabled;
        let says = "Hide the model's answer until the reader has entered a grade";
        if ui.checkbox(&mut read_first, "Read first").on_hover_text(says).changed() {
            self.commands.push(SessionCommand::ReadFirst(read_first).into());
            ui.close();
        }
    }

    fn model_menu(&mut self, ui: &mut Ui) {
        let in_use = self.session.card().map(|card| card.name.clone());
        for (name, title) in self.session.models() {
            let is_in_use = in_use.as_deref() == Some(name.as_str());
            if ui.radio(is_in_use, format!("{name}: {title}")).clicked() && !is_in_use {
                self.commands.push(SessionCommand::Model(name).into());
                ui.close();
            }
        }
        ui.separator();
        if let Some((device, is_gpu)) = self.session.model().map(|model| (model.device.clone(), model.is_gpu)) {
            ui.label(format!("Computes on {device}"));
            if is_gpu {
                self.entry(ui, "Use the CPU", SessionCommand::UseCpu);
            }
        }
    }

    /// The line below: notice, what is going on, what is under the pointer, zoom and size.
    pub(super) fn status(&mut self, ui: &mut Ui) {
        ui.horizontal(|ui| {
            ui.label(RichText::new(NOTICE).small().color(theme::warning(ui.visuals())));
            ui.separator();
            if let Some(busy) = self.session.busy().filter(|busy| busy.since.elapsed().as_millis() > 250) {
                ui.add(egui::Spinner::new().size(14.0));
                let seconds = busy.since.elapsed().as_secs();
                let time = if seconds > 1 { format!(" {seconds} s") } else { String::new() };
                ui.small(format!("{}…{time}", busy.what));
                if ui.small_button("Stop").clicked() {
                    self.commands.push(SessionCommand::Cancel.into());
                }
            }
            ui.with_layout(egui::Layout::right_to_left(egui::Align::Center), |ui| {
                self.picture_facts(ui);
                ui.with_layout(egui::Layout::left_to_right(egui::Align::Center), |ui| {
                    let says = RichText::new(self.probe_line()).small();
                    ui.add(egui::Label::new(says).truncate());
                });
            });
        });
    }

    fn picture_facts(&self, ui: &mut Ui) {
        let Some(current) = self.session.current() else { return };
        let (width, height) = current.picture.size_px();
        let scale = self.camera.scale(self.last_view_px, self.source_px());
        let name = current.path.file_name().unwrap_or_default().to_string_lossy();
        let device = self.session.model().map_or("", |model| model.device.as_str());
        let facts = format!("{name}  {width}×{height}  {:.0} %", 100.0 * scale);
        ui.small(facts).on_hover_text(format!("{}\n{device}", current.path.display()));
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

    /// Problems stay until they are dismissed; news go by themselves. They float, so that nothing jumps.
    pub(super) fn notices(&mut self, ctx: &Context) {
        if self.session.notices.is_empty() {
            return;
        }
        let (commands, notices) = (&mut self.commands, &self.session.notices);
        let width = (0.5 * ctx.content_rect().width()).clamp(300.0, 620.0);
        let area = egui::Area::new(egui::Id::unique("notices")).order(egui::Order::Foreground);
        area.anchor(egui::Align2::CENTER_BOTTOM, [0.0, -38.0]).show(ctx, |ui| {
            for notice in notices.iter().rev().take(3).rev() {
                egui::Frame::popup(ui.style()).inner_margin(10).show(ui, |ui| {
                    ui.set_width(width);
                    notice_row(ui, notice, commands);
                });
            }
        });
    }

    /// Keeps the window's size for the next start.
    pub(super) fn note_window(&mut self, ctx: &Context) {
        let (rect, maximised) = ctx.input(|input| (input.viewport().inner_rect, input.viewport().maximized));
        if let Some(rect) = rect.filter(|rect| rect.is_finite() && rect.area() > 0.0) {
            let zoom = ctx.zoom_factor();
            self.session.preferences.window = Some(crate::session::preferences::WindowPlace {
                width: rect.width() * zoom,
                height: rect.height() * zoom,
                maximised: maximised.unwrap_or(false),
            });
        }
    }
}

fn notice_row(ui: &mut Ui, notice: &Notice, commands: &mut Vec<Command>) {
    let colour = if notice.is_problem { theme::problem(ui.visuals()) } else { ui.visuals().text_color() };
    ui.horizontal_top(|ui| {
        let buttons = if notice.action.is_some() { 190.0 } else { 84.0 };
        let room = ui.available_width() - buttons;
        ui.vertical(|ui| {
            ui.set_width(room);
            ui.add(egui::Label::new(RichText::new(&notice.text).color(colour)).wrap());
        });
        if let Some((says, command)) = &notice.action
            && ui.button(*says).clicked()
        {
            commands.extend([command.clone(), SessionCommand::DismissNotice(notice.id)].map(Command::from));
        }
        if ui.button("Dismiss").clicked() {
            commands.push(SessionCommand::DismissNotice(notice.id).into());
        }
    });
}
