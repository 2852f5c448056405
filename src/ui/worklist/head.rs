//! Above the list: how many pictures, their order, search and filter, and how far they are graded.

use egui::accesskit::Role;
use egui::{ComboBox, Key, ProgressBar, TextEdit, Ui, WidgetInfo};

use super::super::App;
use super::list_id;
use crate::session::worklist::{Only, SortBy};
use crate::session::{ListCommand, SessionCommand};

impl App {
    pub(super) fn list_header(&mut self, ui: &mut Ui) {
        ui.horizontal_wrapped(|ui| {
            let (shown, all) = (self.session.worklist.rows(), self.session.worklist.len());
            let says = if shown == all { format!("{all} pictures") } else { format!("{shown} of {all}") };
            ui.strong(says);
            self.sort_choice(ui);
        });
        ui.horizontal(|ui| {
            self.filter_menu(ui);
            self.search(ui);
        });
        self.grading(ui);
        ui.add_space(2.0);
    }

    fn sort_choice(&mut self, ui: &mut Ui) {
        let sort = self.session.worklist.sorted_by();
        // Room for the button that turns it round.
        let width = 120.0_f32.min(ui.available_width() - 34.0);
        let response =
            ComboBox::from_id_salt("sort").selected_text(sort.name()).width(width).truncate().show_ui(ui, |ui| {
                let has_question = self.session.worklist.classes().question().is_some();
                let has_labels = self.session.measured().is_some();
                let is_there = |by: &SortBy| {
                    (*by != SortBy::Referable || has_question) && (!by.needs_labels() || has_labels || *by == sort)
                };
                for by in SortBy::ALL.into_iter().filter(is_there) {
                    if ui.selectable_label(by == sort, by.name()).clicked() {
                        self.commands.push(SessionCommand::Sort(by).into());
                    }
                }
            });
        let says = format!("Sort: {}", sort.name());
        response.response.widget_info(|| WidgetInfo::labeled(Role::ComboBox, true, &says));
        let is_reversed = self.session.worklist.is_reversed();
        let turn = ui.selectable_label(is_reversed, "⇅").on_hover_text("The other way round");
        turn.widget_info(|| WidgetInfo::selected(Role::Button, true, is_reversed, "The other way round"));
        if turn.clicked() {
            self.commands.push(ListCommand::Reversed(!is_reversed).into());
        }
    }

    fn filter_menu(&mut self, ui: &mut Ui) {
        let filter = self.session.worklist.filter().clone();
        let is_on = filter.grade.is_some() || !filter.only.is_empty() || filter.cell.is_some();
        let title = if is_on { "Filter •" } else { "Filter" };
        let menu = ui.menu_button(title, |ui| {
            let has_question = self.session.worklist.classes().question().is_some();
            let has_labels = self.session.measured().is_some();
            let is_there =
                |only: &Only| (*only != Only::Referable || has_question) && (!only.needs_labels() || has_labels);
            for only in Only::ALL.into_iter().filter(is_there) {
                let mut is_on = filter.only.contains(&only);
                if ui.checkbox(&mut is_on, only.name()).changed() {
                    self.commands.push(ListCommand::Only(only, is_on).into());
                }
            }
            ui.separator();
            self.grade_choice(ui, filter.grade);
            ui.separator();
            if ui.add_enabled(!filter.is_empty(), egui::Button::new("Show all")).clicked() {
                self.commands.push(ListCommand::ShowAll.into());
                ui.close();
            }
        });
        let says = if is_on { "Filter: on" } else { "Filter" };
        menu.response.widget_info(|| WidgetInfo::labeled(Role::Button, true, says));
    }

    fn grade_choice(&mut self, ui: &mut Ui, grade: Option<usize>) {
        let mut chosen = grade;
        ui.radio_value(&mut chosen, None, "Any grade");
        for (class, name) in self.session.worklist.classes().names().iter().enumerate() {
            ui.radio_value(&mut chosen, Some(class), name);
        }
        if chosen != grade {
            self.commands.push(ListCommand::Grade(chosen).into());
        }
    }

    fn search(&mut self, ui: &mut Ui) {
        let mut words = self.session.worklist.filter().words.clone();
        let is_empty = self.session.worklist.filter().is_empty();
        let width = ui.available_width() - if is_empty { 0.0 } else { 30.0 };
        let edit = TextEdit::singleline(&mut words).hint_text("Search").desired_width(width.max(40.0)).char_limit(200);
        let field = ui.add(edit).on_hover_text("Name, patient, day or grade (Ctrl+F)");
        ui.ctx().accesskit_node_builder(field.id, |node| {
            node.set_role(Role::SearchInput);
            node.set_label("Search the list");
        });
        if std::mem::take(&mut self.list.searches) {
            field.request_focus();
        }
        if field.changed() {
            self.commands.push(ListCommand::Search(words).into());
        }
        if field.lost_focus() && ui.input(|input| input.key_pressed(Key::Enter)) {
            // To what was found.
            ui.memory_mut(|memory| memory.request_focus(list_id()));
        }
        if !is_empty {
            let all = ui.small_button("✕").on_hover_text("Show all");
            all.widget_info(|| WidgetInfo::labeled(Role::Button, true, "Show all"));
            if all.clicked() {
                self.commands.push(ListCommand::ShowAll.into());
            }
        }
    }

    /// How far the list is graded, while it is not.
    fn grading(&mut self, ui: &mut Ui) {
        let Some(progress) = self.session.grading() else { return };
        ui.horizontal(|ui| {
            let says = format!("{} of {} graded", progress.done, progress.all);
            let (label, hint) = if progress.is_paused {
                ("Go on", "Grade all pictures while nothing else is asked for")
            } else {
                ("Pause", "No picture is graded unless it is opened")
            };
            let (room, button) = (ui.available_width(), 56.0);
            let part = progress.done as f32 / progress.all.max(1) as f32;
            let bar = ProgressBar::new(part).text(egui::RichText::new(&says).small()).desired_width(room - button);
            let bar = ui.add(bar.desired_height(18.0));
            bar.widget_info(|| WidgetInfo::labeled(Role::ProgressIndicator, true, &says));
            if ui.small_button(label).on_hover_text(hint).clicked() {
                self.commands.push(ListCommand::GradeAll(progress.is_paused).into());
            }
        });
    }
}
