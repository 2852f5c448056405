//! Two small dialogs: whose picture is on the screen, and how this reader's files are named.

use std::path::PathBuf;

use egui::{Context, TextEdit, Ui};

use super::{App, theme};
use crate::reading::{Eye, Identity, Pattern, identity};
use crate::session::ListCommand;

/// Longest id: longer ones do not exist.
const MOST_LETTERS: usize = 64;

/// Whose picture it is, while it is being typed.
pub struct IdentityForm {
    path: PathBuf,
    patient: String,
    eye: Option<Eye>,
    taken: String,
    /// Whether the patient's number came from a file; it stays so.
    was_private: Option<String>,
}

/// A pattern while it is being typed.
pub struct PatternForm {
    text: String,
}

impl App {
    pub(super) fn start_identity(&mut self) {
        let Some(item) = self.session.current().and_then(|current| self.session.worklist.get(&current.path)) else {
            return;
        };
        let Identity { patient, eye, taken, is_private } = item.identity.clone();
        let shown = if is_private { self.session.worklist.patient(item).unwrap_or_default() } else { patient.clone() };
        self.identity = Some(IdentityForm {
            path: item.path.clone(),
            patient: shown,
            eye,
            taken: taken.unwrap_or_default(),
            was_private: is_private.then_some(patient),
        });
    }

    pub(super) fn start_pattern(&mut self) {
        self.pattern = Some(PatternForm { text: self.session.preferences.name_pattern.clone() });
    }

    pub(super) fn identity_dialog(&mut self, ctx: &Context) {
        let Some(mut form) = self.identity.take() else { return };
        let mut goes = false;
        let modal = theme::dialog(ctx, egui::Id::unique("identity")).show(ctx, |ui| {
            ui.set_width(theme::dialog_width(ctx, 420.0));
            ui.heading("Whose picture");
            identity_fields(ui, &mut form);
            let problem = form.problem();
            ui.label(problem.unwrap_or_default());
            ui.horizontal(|ui| {
                goes = ui.add_enabled(problem.is_none(), egui::Button::new("Keep")).clicked();
                if ui.button("Close").clicked() {
                    ui.close();
                }
            });
        });
        if goes {
            let shown = self.session.worklist.get(&form.path).and_then(|item| self.session.worklist.patient(item));
            let identity = form.identity(shown.as_deref());
            self.commands.push(ListCommand::Identity(form.path, identity).into());
        } else if !modal.should_close() {
            self.identity = Some(form);
        }
    }

    pub(super) fn pattern_dialog(&mut self, ctx: &Context) {
        let Some(mut form) = self.pattern.take() else { return };
        let mut goes = false;
        let modal = theme::dialog(ctx, egui::Id::unique("pattern")).show(ctx, |ui| {
            ui.set_width(theme::dialog_width(ctx, 520.0));
            ui.heading("How files are named");
            ui.label(
                "Usual names are understood: 12_left, Patient001_L, smith/OD_2. For others, a pattern of your own:",
            );
            let label = ui.label("Pattern");
            ui.add(TextEdit::singleline(&mut form.text).hint_text("{patient}_{eye}").desired_width(f32::INFINITY))
                .labelled_by(label.id);
            ui.small("{patient}, {eye}, {date} and {any}; / leads from a folder into it: {patient}/{date}_{eye}");
            let problem = self.pattern_line(ui, &form.text);
            ui.horizontal(|ui| {
                goes = ui.add_enabled(!problem, egui::Button::new("Use")).clicked();
                if ui.button("Close").clicked() {
                    ui.close();
                }
            });
        });
        if goes {
            self.commands.push(ListCommand::Pattern(form.text).into());
        } else if !modal.should_close() {
            self.pattern = Some(form);
        }
    }

    /// Shows what the pattern makes of the picture on the screen; returns whether it is invalid.
    fn pattern_line(&self, ui: &mut Ui, text: &str) -> bool {
        if text.trim().is_empty() {
            ui.label("Without one, the usual names alone are understood.");
            return false;
        }
        let pattern = match text.parse::<Pattern>() {
            Ok(pattern) => pattern,
            Err(error) => {
                ui.colored_label(theme::problem(ui.visuals()), error.to_string());
                return true;
            }
        };
        let read = |path: &PathBuf| pattern.read(path);
        let (mut fits, mut first) = (0, None);
        for item in self.session.worklist.items() {
            if let Some(said) = read(&item.path) {
                fits += 1;
                first.get_or_insert((item.label.clone(), said));
            }
        }
        let all = self.session.worklist.len();
        let example = first.map_or(String::new(), |(label, said)| format!("; {label}: {}", in_words(&said)));
        ui.label(format!("{fits} of {all} pictures are named so{example}"));
        false
    }
}

fn in_words(said: &Identity) -> String {
    let patient = (!said.patient.is_empty()).then(|| format!("patient {}", said.patient));
    let eye = said.eye.map(|eye| format!("{} eye", eye.name()));
    [patient, eye, said.taken.clone()].into_iter().flatten().collect::<Vec<_>>().join(", ")
}

fn identity_fields(ui: &mut Ui, form: &mut IdentityForm) {
    egui::Grid::new("identity fields").num_columns(2).spacing([12.0, 8.0]).show(ui, |ui| {
        let label = ui.label("Patient");
        ui.add(TextEdit::singleline(&mut form.patient).char_limit(MOST_LETTERS)).labelled_by(label.id);
        ui.end_row();
        ui.label("Eye");
        ui.horizontal(|ui| {
            ui.radio_value(&mut form.eye, Some(Eye::Right), "Right");
            ui.radio_value(&mut form.eye, Some(Eye::Left), "Left");
            ui.radio_value(&mut form.eye, None, "Not known");
        });
        ui.end_row();
        let label = ui.label("Day");
        ui.add(TextEdit::singleline(&mut form.taken).hint_text("2024-03-01").char_limit(19)).labelled_by(label.id);
        ui.end_row();
    });
}

impl IdentityForm {
    fn problem(&self) -> Option<&'static str> {
        let taken = self.taken.trim();
        (!taken.is_empty() && !identity::is_date(taken)).then_some("Write the day like 2024-03-01.")
    }

    /// `shown` is the patient's name before the edit.
    fn identity(&self, shown: Option<&str>) -> Identity {
        let typed = self.patient.trim();
        let kept = self.was_private.as_ref().filter(|_| shown == Some(typed));
        let taken = Some(self.taken.trim()).filter(|taken| !taken.is_empty()).map(str::to_owned);
        let patient = kept.cloned().unwrap_or_else(|| typed.to_owned());
        Identity { patient, eye: self.eye, taken, is_private: kept.is_some() }
    }
}
