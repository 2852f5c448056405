//! The studies found, as a table. For the keyboard it is one control: arrow keys move in it, Enter opens.

use egui::accesskit::Role;
use egui::{Context, EventFilter, Id, Key, Rect, ScrollArea, Sense, TextStyle, Ui, UiBuilder, WidgetInfo, vec2};

use super::super::walk::walked;
use super::super::{App, names, theme};
use super::{LEAST_TABLE, OTHERS};
use crate::pacs::FoundStudy;
use crate::reading::identity::of_dicom;

const TITLES: [&str; 6] = ["Patient", "Id", "Day", "Modality", "Description", "Images"];
/// Of the table's width; the description has the rest.
const PATIENT: f32 = 0.26;
const ID: f32 = 0.16;
/// In points.
const DAY: f32 = 84.0;
const MODALITY: f32 = 70.0;
const IMAGES: f32 = 54.0;
const GAP: f32 = 8.0;
/// Stands for a hidden name.
const HIDDEN: &str = "•••";

/// Where the keyboard is in the table.
#[derive(Default)]
pub struct TableCursor {
    pub row: Option<usize>,
    /// Whether to scroll to the row.
    seeks: bool,
    /// Rows that fit into the table.
    page: usize,
    /// What had the keyboard when the search began: if it still has, the table gets it.
    searched_from: Option<Option<Id>>,
}

impl TableCursor {
    /// A search begins.
    pub fn begin(&mut self, focused: Option<Id>) {
        *self = Self { searched_from: Some(focused), ..Self::default() };
    }
}

fn table_id() -> Id {
    Id::unique("studies of the archive")
}

impl App {
    pub(super) fn studies(&mut self, ui: &mut Ui) {
        let line = ui.text_style_height(&TextStyle::Body) + 8.0;
        let height = theme::dialog_height(ui.ctx(), OTHERS).max(LEAST_TABLE);
        let widths = widths(ui.available_width() - ui.spacing().scroll.bar_width - 6.0);
        head(ui, &widths, line);
        let area = Rect::from_min_size(ui.cursor().min, vec2(ui.available_width(), height));
        let count = self.session.found_studies().map_or(0, <[FoundStudy]>::len);
        let response = ui.interact(area, table_id(), Sense::FOCUSABLE);
        response.widget_info(|| WidgetInfo::labeled(Role::ListBox, true, format!("{count} studies")));
        if response.has_focus() {
            let arrows = EventFilter { vertical_arrows: true, ..EventFilter::default() };
            ui.memory_mut(|memory| memory.set_focus_lock_filter(table_id(), arrows));
            self.archive.walk.row = self.archive.walk.row.or(Some(0)).filter(|_| count > 0);
        }
        self.go_to_what_was_found(ui, count);
        self.archive.walk.page = (height / line) as usize;
        let row = self.archive.walk.row.filter(|row| *row < count);
        let mut scroll = ScrollArea::vertical().id_salt("studies").max_height(height).auto_shrink(false);
        if let Some(row) = row.filter(|_| std::mem::take(&mut self.archive.walk.seeks)) {
            let top = row as f32 * line - (height - line) / 2.0;
            scroll = scroll.vertical_scroll_offset(top.max(0.0));
        }
        ui.spacing_mut().item_spacing.y = 0.0;
        ui.scope_builder(UiBuilder::new().accessibility_parent(table_id()).max_rect(area), |ui| {
            scroll.min_scrolled_height(height).show_rows(ui, line, count, |ui, rows| {
                rows.for_each(|at| self.study_row(ui, at, line, &widths, row == Some(at)));
            });
        });
        if let Some(row) = row.filter(|_| response.has_focus()) {
            let descendant = row_id(row).accesskit_id();
            ui.ctx().accesskit_node_builder(table_id(), |node| node.set_active_descendant(descendant));
        }
    }

    /// Who searched by keyboard goes on in the table.
    fn go_to_what_was_found(&mut self, ui: &Ui, count: usize) {
        if self.session.waiting_for_archive().is_some() || self.session.found_studies().is_none() {
            return;
        }
        let Some(from) = self.archive.walk.searched_from.take() else { return };
        let focused = ui.memory(|memory| memory.focused());
        if count > 0 && (focused.is_none() || focused == from) {
            ui.memory_mut(|memory| memory.request_focus(table_id()));
            self.archive.walk.row = Some(0);
        }
    }

    fn study_row(&mut self, ui: &mut Ui, at: usize, height: f32, widths: &[f32; 6], is_chosen: bool) {
        let Some(study) = self.session.found_studies().and_then(|found| found.get(at)) else { return };
        let cells = cells(study, self.archive.hides_names);
        let (_, rect) = ui.allocate_space(vec2(ui.available_width(), height));
        let response = ui.interact(rect, row_id(at), Sense::CLICK);
        let says = [&cells[0], &cells[1], &cells[2], &cells[3], &cells[4]].map(String::as_str).join(", ");
        let says = format!("{says}, {} images", cells[5]);
        response.widget_info(|| WidgetInfo::selected(Role::ListBoxOption, true, is_chosen, &says));
        let visuals = ui.visuals();
        let ground = if is_chosen {
            visuals.selection.bg_fill
        } else if response.hovered() {
            visuals.widgets.hovered.weak_bg_fill
        } else if at % 2 == 1 {
            visuals.faint_bg_color
        } else {
            egui::Color32::TRANSPARENT
        };
        ui.painter().rect_filled(rect, 2.0, ground);
        row_of(ui, rect, widths, &cells.each_ref().map(String::as_str), &TextStyle::Body);
        let whole = response.on_hover_text(says);
        if whole.double_clicked() {
            self.fetch_study(at);
        } else if whole.clicked() {
            self.archive.walk.row = Some(at);
            ui.memory_mut(|memory| memory.request_focus(table_id()));
        }
    }

    /// Keys of the table, while it has the keyboard.
    pub(in crate::ui) fn take_study_keys(&mut self, ctx: &Context) {
        let has_focus = ctx.memory(|memory| memory.focused() == Some(table_id()));
        let Some(last) = self.session.found_studies().and_then(|found| found.len().checked_sub(1)) else { return };
        if !has_focus || !self.archive.is_open {
            return;
        }
        let from = self.archive.walk.row.unwrap_or(0).min(last);
        let page = self.archive.walk.page.max(1);
        let (row, opens) = walked(ctx, from, last, page, &[Key::Enter]);
        if row != from {
            (self.archive.walk.row, self.archive.walk.seeks) = (Some(row), true);
        }
        if opens && self.session.waiting_for_archive().is_none() {
            self.fetch_study(row);
        }
    }
}

fn row_id(row: usize) -> Id {
    table_id().with(row)
}

/// Of the columns, in points, within `width`.
fn widths(width: f32) -> [f32; 6] {
    let room = width - 5.0 * GAP;
    let fixed = [DAY, MODALITY, IMAGES].map(|wide| wide.min(0.16 * room));
    let [patient, id] = [PATIENT, ID].map(|part| part * room);
    let rest = room - patient - id - fixed.iter().sum::<f32>();
    [patient, id, fixed[0], fixed[1], rest.max(20.0), fixed[2]]
}

fn head(ui: &mut Ui, widths: &[f32; 6], height: f32) {
    let (_, rect) = ui.allocate_space(vec2(ui.available_width(), height));
    row_of(ui, rect, widths, &TITLES, &TextStyle::Small);
}

/// Texts of a row, each cut where its column ends.
fn row_of(ui: &Ui, rect: Rect, widths: &[f32; 6], texts: &[&str; 6], style: &TextStyle) {
    let (font, colour) = (style.resolve(ui.style()), ui.visuals().text_color());
    let mut left = rect.left() + 4.0;
    for (at, (text, width)) in texts.iter().zip(widths).enumerate() {
        let galley = names::galley(ui, text, &font, colour, *width);
        // Numbers stand on the right.
        let x = if at == 5 { left + width - galley.size().x } else { left };
        let y = rect.center().y - galley.size().y / 2.0;
        ui.painter().galley(egui::pos2(x, y), galley, colour);
        left += width + GAP;
    }
}

fn cells(study: &FoundStudy, hides_names: bool) -> [String; 6] {
    let shown = |text: &str| if hides_names && !text.is_empty() { HIDDEN.to_owned() } else { text.to_owned() };
    [
        shown(&person(&study.patient_name)),
        shown(&study.patient_id),
        of_dicom(&study.study_date).unwrap_or_else(|| study.study_date.clone()),
        study.modalities.join(", "),
        study.description.clone(),
        study.instances.map_or_else(|| "–".to_owned(), |count| count.to_string()),
    ]
}

/// A person's name as people write it: DICOM parts it by `^`, and by `=` into alphabets (PS3.5 6.2.1).
fn person(name: &str) -> String {
    let group = |group: &str| {
        let mut parts = group.split('^').map(str::trim);
        let family = parts.next().unwrap_or_default().to_owned();
        let given: Vec<&str> = parts.filter(|part| !part.is_empty()).collect();
        if given.is_empty() { family } else { format!("{family}, {}", given.join(" ")) }
    };
    name.split('=').map(group).filter(|group| !group.is_empty()).collect::<Vec<_>>().join(" · ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_written_as_people_write_them() {
        for (dicom, written) in [
            ("Test^One", "Test, One"),
            ("Test^One^Anna^Dr.", "Test, One Anna Dr."),
            ("Test", "Test"),
            ("Yamada^Tarou=山田^太郎", "Yamada, Tarou · 山田, 太郎"),
            ("", ""),
        ] {
            assert_eq!(person(dicom), written);
        }
    }

    #[test]
    fn columns_fill_the_table_at_every_width() {
        for width in [300.0, 576.0, 860.0] {
            let all = widths(width);
            assert!(all.iter().all(|width| *width >= 20.0), "{all:?}");
            let whole = all.iter().sum::<f32>() + 5.0 * GAP;
            assert!(whole <= width + 1.0, "{width}: {whole}");
        }
    }

    #[test]
    fn a_hidden_name_is_nowhere_in_its_row() {
        let study =
            FoundStudy { patient_name: "Test^One".to_owned(), patient_id: "P-77".to_owned(), ..FoundStudy::default() };
        let cells = cells(&study, true).join(" ");
        assert!(!cells.contains("Test") && !cells.contains("77") && cells.contains(HIDDEN));
    }
}
