//! The search form.

use dicom_core::chrono::{Days, Local, NaiveDate};
use egui::{Button, Grid, Key, TextEdit, Ui};

use super::super::{App, theme};
use crate::pacs::Query;
use crate::pacs::query::MOST_FOUND;
use crate::session::ArchiveCommand;

/// Longer than any of DICOM's own (PS3.5 6.2: LO).
const MOST_LETTERS: usize = 64;
const MOST_DATE: usize = 10;
const MOST_MODALITY: usize = 16;

/// The fields as they are typed.
#[derive(Default)]
pub struct Fields {
    patient_id: String,
    patient_name: String,
    from: String,
    to: String,
    modality: String,
}

impl Fields {
    pub fn forget_patient(&mut self) {
        (self.patient_id, self.patient_name) = (String::new(), String::new());
    }

    /// The query that they make.
    ///
    /// # Errors
    /// What is wrong with them.
    fn query(&self) -> Result<Query, &'static str> {
        let study_date = [compact(&self.from)?, compact(&self.to)?];
        if study_date.iter().all(|date| !date.is_empty()) && study_date[0] > study_date[1] {
            return Err("The first day is after the last.");
        }
        let modality = self.modality.trim().to_uppercase();
        if !modality.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '*' | '?' | '_' | ' ')) {
            return Err("A modality is a word such as CR, DX or OP.");
        }
        let [patient_id, patient_name] = [&self.patient_id, &self.patient_name].map(|text| text.trim().to_owned());
        // PS3.5 6.2: a backslash would part it into several values.
        if [&patient_id, &patient_name].iter().any(|text| text.contains(|c: char| c == '\\' || c.is_control())) {
            return Err("No id and no name has a backslash in it.");
        }
        Ok(Query { patient_id, patient_name, study_date, modality })
    }

    /// From so many days before today on.
    fn set_days(&mut self, back: u64) {
        let today = Local::now().date_naive();
        let from = today.checked_sub_days(Days::new(back)).unwrap_or(today);
        [self.from, self.to] = [from, today].map(|day| day.format("%Y-%m-%d").to_string());
    }
}

/// A day as DICOM writes it; nothing where nothing was typed.
fn compact(typed: &str) -> Result<String, &'static str> {
    let typed = typed.trim();
    if typed.is_empty() {
        return Ok(String::new());
    }
    let day = ["%Y-%m-%d", "%Y%m%d"].into_iter().find_map(|form| NaiveDate::parse_from_str(typed, form).ok());
    day.map(|day| day.format("%Y%m%d").to_string()).ok_or("Write a day like 2026-03-01.")
}

impl App {
    pub(super) fn search_fields(&mut self, ui: &mut Ui) {
        let before = ui.ctx().memory(|memory| memory.focused());
        let mut entered = false;
        let fields = &mut self.archive.fields;
        let begins = std::mem::take(&mut self.archive.begins);
        let is_wide = ui.available_width() > 640.0;
        let width = if is_wide { 220.0 } else { (ui.available_width() - 120.0).clamp(80.0, 260.0) };
        Grid::new("study fields").num_columns(if is_wide { 4 } else { 2 }).spacing([12.0, 6.0]).show(ui, |ui| {
            let mut field = |ui: &mut Ui, name: &str, text: &mut String, hint: &str, most: usize, width: f32| {
                let label = ui.label(name);
                // A grid would have a column no wider than its first field was.
                let edit = TextEdit::singleline(text).hint_text(hint).char_limit(most);
                let edit = edit.desired_width(width).min_size(egui::vec2(width, 0.0));
                let edit = ui.add(edit).labelled_by(label.id);
                entered |= edit.lost_focus() && ui.input(|input| input.key_pressed(Key::Enter));
                edit
            };
            let first = field(ui, "Patient's id", &mut fields.patient_id, "", MOST_LETTERS, width);
            if begins {
                first.request_focus();
            }
            if !is_wide {
                ui.end_row();
            }
            field(ui, "Patient's name", &mut fields.patient_name, "Family^Given", MOST_LETTERS, width);
            ui.end_row();
            field(ui, "First day", &mut fields.from, "YYYY-MM-DD", MOST_DATE, width.min(120.0));
            if !is_wide {
                ui.end_row();
            }
            field(ui, "Last day", &mut fields.to, "YYYY-MM-DD", MOST_DATE, width.min(120.0));
            ui.end_row();
            field(ui, "Modality", &mut fields.modality, "CR, DX, OP", MOST_MODALITY, width.min(120.0));
            if !is_wide {
                ui.end_row();
                ui.label("");
            } else {
                ui.label("Days");
            }
            ui.horizontal(|ui| {
                if ui.button("Today").clicked() {
                    fields.set_days(0);
                }
                if ui.button("Last 7 days").clicked() {
                    fields.set_days(6);
                }
                if ui.button("Any day").clicked() {
                    (fields.from, fields.to) = (String::new(), String::new());
                }
            });
            ui.end_row();
        });
        let query = fields.query();
        let is_free = self.session.waiting_for_archive().is_none();
        let mut searches = false;
        ui.horizontal_wrapped(|ui| {
            let search = ui.add_enabled(query.is_ok() && is_free, Button::new("Search"));
            searches = search.clicked() || entered && is_free;
            match &query {
                Ok(_) => self.archive_line(ui, &self.rest_line()),
                Err(problem) => _ = ui.colored_label(theme::problem(ui.visuals()), *problem),
            }
        });
        if let Ok(query) = query
            && searches
        {
            self.archive.walk.begin(before);
            self.commands.push(ArchiveCommand::Search(query).into());
        }
    }

    /// What is said while nothing goes on and nothing went wrong.
    fn rest_line(&self) -> String {
        match self.session.found_studies().map(<[_]>::len) {
            None => "Empty fields do not matter; * and ? stand for anything.".to_owned(),
            Some(0) => "No study is like that. Fewer letters, or more days, find more.".to_owned(),
            Some(1) => "One study.".to_owned(),
            Some(count) if count >= MOST_FOUND => {
                format!("More than can be shown: these are {count} of them. Say more of what you look for.")
            }
            Some(count) => format!("{count} studies."),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn days_are_read_as_people_and_as_dicom_write_them() {
        for (typed, day) in [("", Ok("")), (" 2026-03-01 ", Ok("20260301")), ("20260301", Ok("20260301"))] {
            assert_eq!(compact(typed).as_deref(), day);
        }
        for typed in ["2026-02-30", "1.3.2026", "yesterday", "2026"] {
            assert!(compact(typed).is_err(), "{typed}");
        }
    }

    #[test]
    fn fields_make_a_question_or_say_why_not() {
        let fields = |from: &str, to: &str, modality: &str| Fields {
            patient_name: " Test^One ".to_owned(),
            from: from.to_owned(),
            to: to.to_owned(),
            modality: modality.to_owned(),
            ..Fields::default()
        };
        let query = fields("2026-03-01", "", "cr").query().unwrap();
        assert_eq!((query.patient_name.as_str(), query.modality.as_str()), ("Test^One", "CR"));
        assert_eq!(query.study_date, ["20260301".to_owned(), String::new()]);
        assert!(fields("2026-03-02", "2026-03-01", "").query().is_err());
        assert!(fields("", "", "C\\R").query().is_err());
        assert!(Fields { patient_id: "1\\2".to_owned(), ..Fields::default() }.query().is_err());
        let mut today = Fields::default();
        today.set_days(6);
        let [from, to] = today.query().unwrap().study_date;
        assert!(from < to && to.len() == 8);
    }
}
