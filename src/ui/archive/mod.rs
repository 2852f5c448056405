//! *From the PACS…*: searching an archive, its results, and bringing a study to the screen.

mod connection;
mod fields;
mod found;

use std::path::PathBuf;

use egui::accesskit::Role;
use egui::{Button, ComboBox, Context, Id, RichText, TextEdit, Ui, WidgetInfo};

use self::connection::ConnectionForm;
use self::fields::Fields;
use self::found::TableCursor;
use super::picker::Picker;
use super::{App, theme};
use crate::pacs::FoundStudy;
use crate::session::archive::WaitingFor;
use crate::session::{ArchiveCommand, WindowCommand};

/// What is not the table of studies is about so high, in points.
const OTHERS: f32 = 460.0;
/// A table has at least so much.
const LEAST_TABLE: f32 = 110.0;

/// The dialog. Whom one searched for is forgotten when it is closed; the rest stays as long as the window.
#[derive(Default)]
pub struct Dialog {
    is_open: bool,
    fields: Fields,
    walk: TableCursor,
    hides_names: bool,
    /// The folder in which a copy is kept; none where it is empty.
    pub keep: String,
    /// A connection that is being written.
    connection: Option<ConnectionForm>,
    /// Whether the first field is to have the keyboard.
    begins: bool,
}

impl Dialog {
    pub fn is_open(&self) -> bool {
        self.is_open
    }

    fn folder(&self) -> Option<PathBuf> {
        Some(self.keep.trim()).filter(|folder| !folder.is_empty()).map(PathBuf::from)
    }
}

impl App {
    pub(super) fn start_archive(&mut self) {
        (self.archive.is_open, self.archive.begins) = (true, true);
    }

    pub(super) fn close_archive(&mut self) {
        if self.archive.is_open {
            self.archive.is_open = false;
            self.archive.connection = None;
            self.archive.fields.forget_patient();
            self.archive.walk = TableCursor::default();
            self.session.apply(&ArchiveCommand::Leave.into());
        }
    }

    /// Escape: what goes on ends, then a connection that is being written, then the dialog.
    pub(super) fn escape_archive(&mut self) -> bool {
        if !self.archive.is_open {
            return false;
        }
        if self.session.waiting_for_archive().is_some() {
            self.session.apply(&ArchiveCommand::Stop.into());
        } else if self.archive.connection.take().is_none() {
            self.close_archive();
        }
        true
    }

    pub(super) fn archive_dialog(&mut self, ctx: &Context) {
        if self.session.take_study_has_come() {
            self.close_archive();
        }
        if !self.archive.is_open {
            return;
        }
        let mut closes = false;
        let modal = theme::dialog(ctx, Id::unique("archive")).show(ctx, |ui| {
            ui.set_width(theme::dialog_width(ctx, 860.0));
            ui.heading("From the PACS");
            if self.archive.connection.is_some() {
                self.connection_form(ui);
            } else {
                closes = self.search_page(ui);
            }
        });
        // A click beside it closes it; Escape has its own way.
        if closes || modal.backdrop_response.clicked() {
            self.close_archive();
        }
    }

    /// Whether it is to be closed.
    fn search_page(&mut self, ui: &mut Ui) -> bool {
        if self.session.preferences.connections.is_empty() {
            return self.no_connection(ui);
        }
        let height = theme::dialog_height(ui.ctx(), 182.0);
        egui::ScrollArea::vertical().max_height(height).min_scrolled_height(height).show(ui, |ui| {
            self.connection_row(ui);
            ui.separator();
            self.search_fields(ui);
            ui.separator();
            self.studies(ui);
        });
        ui.separator();
        self.study_buttons(ui)
    }

    fn no_connection(&mut self, ui: &mut Ui) -> bool {
        ui.label("No archive is known here yet.");
        ui.label(
            "The administrator of your PACS tells you what to enter: host, port and AE title, or the address of its \
             DICOMweb service. The archive has to know this computer, too, by an AE title such as FOVEA.",
        );
        let mut closes = false;
        ui.horizontal(|ui| {
            let add = ui.button("Add a connection…");
            if std::mem::take(&mut self.archive.begins) {
                add.request_focus();
            }
            if add.clicked() {
                self.archive.connection = Some(ConnectionForm::new());
            }
            closes = ui.button("Close").clicked();
        });
        closes
    }

    fn connection_row(&mut self, ui: &mut Ui) {
        let Some(chosen) = self.session.connection().cloned() else { return };
        let names: Vec<String> = self.session.preferences.connections.iter().map(|c| c.name.clone()).collect();
        let is_free = self.session.waiting_for_archive().is_none();
        ui.horizontal_wrapped(|ui| {
            ui.label("Archive");
            let width = 220.0_f32.min(ui.available_width() - 20.0);
            let combo = ComboBox::from_id_salt("archives").selected_text(&chosen.name).width(width).truncate();
            let response = combo.show_ui(ui, |ui| {
                for name in names {
                    if ui.selectable_label(name == chosen.name, &name).clicked() && name != chosen.name {
                        self.commands.push(ArchiveCommand::Choose(name).into());
                    }
                }
            });
            let says = format!("Archive: {}", chosen.name);
            response.response.widget_info(|| WidgetInfo::labeled(Role::ComboBox, true, &says));
            let test = ui.add_enabled(is_free, Button::new("Test")).on_hover_text("Whether it answers");
            if test.clicked() {
                self.commands.push(ArchiveCommand::Test(Box::new(chosen.clone())).into());
            }
            if ui.button("Edit…").clicked() {
                self.archive.connection = Some(ConnectionForm::of(&chosen));
            }
            if ui.button("Add…").on_hover_text("Another archive").clicked() {
                self.archive.connection = Some(ConnectionForm::new());
            }
        });
    }

    /// Progress or outcome: a line that is always there, so that nothing moves.
    fn archive_line(&mut self, ui: &mut Ui, rest: &str) {
        if let Some(waiting) = self.session.waiting_for_archive().cloned() {
            ui.horizontal(|ui| {
                ui.add(egui::Spinner::new().size(16.0));
                ui.label(format!("{}…", waiting.what.says()));
                if ui.button("Stop").on_hover_text("Esc").clicked() {
                    self.commands.push(ArchiveCommand::Stop.into());
                }
                if let WaitingFor::Fetch { arrived, of: Some(of) } = waiting.what {
                    let part = arrived as f32 / of.max(1) as f32;
                    let bar = egui::ProgressBar::new(part.min(1.0)).desired_width(ui.available_width().min(240.0));
                    ui.add(bar).widget_info(|| WidgetInfo::labeled(Role::ProgressIndicator, true, waiting.what.says()));
                }
            });
            return;
        }
        match self.session.archive_answer() {
            Some(Ok(says)) => _ = ui.label(says),
            Some(Err(reason)) => _ = ui.colored_label(theme::problem(ui.visuals()), reason),
            None => _ = ui.label(RichText::new(rest)),
        }
    }

    /// Where the pictures go, and the way to them; whether the dialog is to be closed.
    fn study_buttons(&mut self, ui: &mut Ui) -> bool {
        let chosen = self.chosen_study();
        let (mut opens, mut closes, mut browses) = (false, false, false);
        ui.horizontal(|ui| {
            let label = ui.label("Keep a copy in");
            let width = (ui.available_width() - 100.0).clamp(60.0, 420.0);
            let edit = TextEdit::singleline(&mut self.archive.keep).desired_width(width).hint_text("nowhere");
            ui.add(edit).labelled_by(label.id);
            browses = ui.button("Browse…").clicked();
        });
        ui.small(if self.archive.folder().is_none() {
            "Without a folder the pictures lie in a private one, which is deleted when the window closes or other pictures are \
             opened. Your readings are kept, and are there when the study is fetched again."
        } else {
            "The pictures are kept there, in a folder of their own without a name in it."
        });
        ui.horizontal(|ui| {
            let is_free = chosen.is_some() && self.session.waiting_for_archive().is_none();
            opens = ui.add_enabled(is_free, Button::new("Open the study")).on_hover_text("Enter").clicked();
            closes = ui.button("Close").clicked();
            ui.with_layout(egui::Layout::right_to_left(egui::Align::Center), |ui| {
                ui.checkbox(&mut self.archive.hides_names, "Hide names");
            });
        });
        if let Some(row) = chosen.filter(|_| opens) {
            self.fetch_study(row);
        }
        if browses && self.picker.is_none() {
            self.picker = Some(Picker::keep_folder(ui.ctx()));
        }
        closes
    }

    fn fetch_study(&mut self, row: usize) {
        let keep = self.archive.folder();
        self.commands.push(ArchiveCommand::Fetch { row, keep }.into());
    }

    /// The row of the study that is chosen.
    fn chosen_study(&self) -> Option<usize> {
        self.archive.walk.row.filter(|row| *row < self.session.found_studies().map_or(0, <[FoundStudy]>::len))
    }

    /// The start screen's line about archives.
    pub(super) fn archive_hint(&mut self, ui: &mut Ui) {
        if let Some(action) = super::actions::of(&WindowCommand::Archive.into())
            && ui.link(action.label).on_hover_text(action.hint()).clicked()
        {
            self.commands.push(action.command);
        }
    }
}
