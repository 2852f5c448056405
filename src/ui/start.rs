//! The empty window: what this is, and how to open a picture.

use std::path::{Path, PathBuf};

use egui::{RichText, Ui};

use super::{App, actions, names, theme};
use crate::export::NOTICE;
use crate::session::{SessionCommand, WindowCommand, samples};

impl App {
    pub(super) fn start(&mut self, ui: &mut Ui) {
        let top = (ui.available_height() * 0.16).max(8.0);
        egui::ScrollArea::vertical().auto_shrink(false).show(ui, |ui| {
            ui.vertical_centered(|ui| {
                ui.add_space(top);
                ui.label(RichText::new("Fovea").size(40.0).strong());
                ui.label("Where and why a neural network graded a picture as it did");
                ui.label(RichText::new(NOTICE).color(theme::warning(ui.visuals())));
                ui.add_space(22.0);
                for command in [WindowCommand::OpenFiles, WindowCommand::OpenFolder] {
                    let Some(action) = actions::of(&command.into()) else { continue };
                    let button = egui::Button::new(action.label).min_size(egui::vec2(240.0, 36.0));
                    if ui.add(button).on_hover_text(action.hint()).clicked() {
                        self.commands.push(action.command);
                    }
                }
                ui.small("or drop files or a folder here");
                self.archive_hint(ui);
                ui.add_space(18.0);
                ui.strong("Drawn samples (no patient)");
                self.sample_buttons(ui);
                self.recent_links(ui);
                self.recent_sessions(ui);
            });
        });
    }

    pub(super) fn sample_buttons(&mut self, ui: &mut Ui) {
        ui.small("Eyes");
        for (file, name) in samples::all() {
            if ui.button(name).clicked() {
                self.open_samples(&[file], samples::EYE_MODEL);
                ui.close();
            }
        }
        if ui.button("All samples").clicked() {
            let files: Vec<&str> = samples::all().into_iter().map(|(file, _)| file).collect();
            self.open_samples(&files, samples::EYE_MODEL);
            ui.close();
        }
        ui.small("Chests");
        for (file, name) in samples::chests() {
            let response = ui.button(name);
            response.widget_info(|| {
                egui::WidgetInfo::labeled(egui::accesskit::Role::Button, true, format!("Chest X-ray: {name}"))
            });
            if response.clicked() {
                self.open_samples(&[file], samples::CHEST_MODEL);
                ui.close();
            }
        }
    }

    /// Opens samples with the model made for them.
    fn open_samples(&mut self, files: &[&str], model: &str) {
        let paths: Result<Vec<_>, _> = files.iter().map(|file| samples::path(file)).collect();
        let reads = |card: &crate::bundle::Card| card.name == model;
        if !self.session.card().is_some_and(reads) {
            self.commands.push(SessionCommand::Model(model.to_owned()).into());
        }
        match paths {
            Ok(paths) => self.commands.push(SessionCommand::Open(paths).into()),
            Err(error) => self.session.notice(format!("The samples could not be unpacked: {error}"), true, None),
        }
    }

    fn recent_sessions(&mut self, ui: &mut Ui) {
        let sessions: Vec<PathBuf> = self.session.preferences.sessions.iter().take(4).cloned().collect();
        if !sessions.is_empty() {
            ui.add_space(12.0);
            ui.strong("Reading sessions");
            sessions.iter().for_each(|file| self.session_link(ui, file, false));
        }
    }

    /// A file of readings by its name. One that is gone says so when it is opened.
    pub(super) fn session_link(&mut self, ui: &mut Ui, file: &Path, is_entry: bool) {
        let stem = file.file_stem().unwrap_or_default().to_string_lossy();
        let name = names::short(&stem, 48);
        let response = if is_entry { ui.button(name) } else { ui.link(name) };
        if response.on_hover_text(file.display().to_string()).clicked() {
            self.commands.push(SessionCommand::Open(vec![file.to_owned()]).into());
            ui.close();
        }
    }

    fn recent_links(&mut self, ui: &mut Ui) {
        if self.session.preferences.recent.is_empty() {
            return;
        }
        ui.add_space(18.0);
        ui.strong("Recent");
        for path in self.session.preferences.recent.iter().take(6) {
            let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
            if ui.link(names::short(&name, 60)).on_hover_text(path.display().to_string()).clicked() {
                self.commands.push(SessionCommand::Open(vec![path.clone()]).into());
            }
        }
    }
}
