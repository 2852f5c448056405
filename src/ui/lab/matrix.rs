//! The matrix of labels and answers. A cell, a row or a column shows its pictures in the list alone; the same again shows
//! all. For the keyboard it is one control: arrows walk in it, Enter chooses.

use egui::accesskit::Role;
use egui::{
    Align2, Color32, Context, CornerRadius, EventFilter, Id, Key, Modifiers, Rect, Sense, Stroke, StrokeKind,
    TextStyle, Ui, UiBuilder, WidgetInfo, pos2, vec2,
};

use super::super::{App, names, theme};
use crate::session::ListCommand;
use crate::session::lab::Measured;
use crate::session::worklist::MatrixCell;

/// Sides of a cell, in points.
const SMALLEST: f32 = 18.0;
const LARGEST: f32 = 40.0;
/// The names of rows take so much.
const NAMES: f32 = 92.0;
/// Above the matrix: its title, and the names of columns.
const TITLE: f32 = 20.0;
const HEADS: f32 = 20.0;

fn matrix_id() -> Id {
    Id::unique("matrix of labels and answers")
}

/// Names of rows and columns: short and whole.
fn class_names(app: &App, measured: &Measured) -> Vec<(String, String)> {
    let Some(card) = app.session.card() else { return Vec::new() };
    match measured.alone {
        Some(class) => {
            let name = card.classes.get(class).map_or_else(String::new, |class| class.full_name());
            vec![("no".to_owned(), format!("no {name}")), ("yes".to_owned(), name)]
        }
        None => card.classes.iter().map(|class| (class.name.clone(), class.full_name())).collect(),
    }
}

/// The cell at a place in the matrix with its heads; `None` of the corner.
fn cell_at((row, column): (usize, usize), alone: Option<usize>) -> Option<MatrixCell> {
    let cell = MatrixCell { alone, truth: row.checked_sub(1), said: column.checked_sub(1) };
    (cell.truth.is_some() || cell.said.is_some()).then_some(cell)
}

impl App {
    pub(super) fn matrix(&mut self, ui: &mut Ui, measured: &Measured, height: f32) {
        let names = class_names(self, measured);
        let count = names.len();
        let side = ((height - TITLE - HEADS) / count.max(1) as f32).clamp(SMALLEST, LARGEST).floor();
        let size = vec2(NAMES + side * count as f32 + 2.0, TITLE + HEADS + side * count as f32);
        let (area, _) = ui.allocate_exact_size(size, Sense::hover());
        let id = matrix_id();
        let response = ui.interact(area, id, Sense::FOCUSABLE);
        let says = format!("Labels by answers, {count} by {count}, {} pictures", measured.matrix.n());
        response.widget_info(|| WidgetInfo::labeled(Role::Grid, true, &says));
        if response.has_focus() {
            let arrows = EventFilter { horizontal_arrows: true, vertical_arrows: true, ..EventFilter::default() };
            ui.memory_mut(|memory| memory.set_focus_lock_filter(id, arrows));
        }
        let reached = self.bench.reached.unwrap_or((1, 1));
        let reached = response.has_focus().then_some((reached.0.min(count), reached.1.min(count)));
        let small = TextStyle::Small.resolve(ui.style());
        let title = pos2(area.left() + NAMES + side * count as f32 / 2.0, area.top() + TITLE / 2.0);
        ui.painter().text(title, Align2::CENTER_CENTER, "Model", small.clone(), ui.visuals().weak_text_color());
        let corner = pos2(area.left() + 2.0, area.top() + TITLE + HEADS / 2.0);
        ui.painter().text(corner, Align2::LEFT_CENTER, "Label", small, ui.visuals().weak_text_color());
        let place = |(row, column): (usize, usize)| {
            let at = |at: usize, head: f32| if at == 0 { 0.0 } else { head + side * (at - 1) as f32 };
            let size = vec2(if column == 0 { NAMES } else { side }, if row == 0 { HEADS } else { side });
            Rect::from_min_size(area.min + vec2(at(column, NAMES), TITLE + at(row, HEADS)), size)
        };
        ui.scope_builder(UiBuilder::new().accessibility_parent(id), |ui| {
            for at in (0..=count).flat_map(|row| (0..=count).map(move |column| (row, column))).skip(1) {
                self.cell(ui, measured, &names, at, place(at), reached == Some(at));
            }
        });
        if let Some((row, column)) = reached {
            let descendant = id.with((row, column)).accesskit_id();
            ui.ctx().accesskit_node_builder(id, |node| node.set_active_descendant(descendant));
        }
    }

    fn cell(
        &mut self,
        ui: &Ui,
        measured: &Measured,
        names: &[(String, String)],
        at: (usize, usize),
        rect: Rect,
        is_reached: bool,
    ) {
        let Some(cell) = cell_at(at, measured.alone) else { return };
        let counts = &measured.matrix.counts;
        let row_sum = |row: usize| counts[row].iter().sum::<u64>();
        let count = match (cell.truth, cell.said) {
            (Some(truth), Some(said)) => counts[truth][said],
            (Some(truth), None) => row_sum(truth),
            (None, Some(said)) => counts.iter().map(|row| row[said]).sum(),
            (None, None) => 0,
        };
        let name = |class: usize| names[class].1.as_str();
        let parts = [cell.truth.map(|c| format!("label {}", name(c))), cell.said.map(|c| format!("model {}", name(c)))];
        let parts: Vec<String> = parts.into_iter().flatten().collect();
        let s = if count == 1 { "" } else { "s" };
        let says = format!("{}: {count} picture{s}", parts.join(", "));
        let is_chosen = self.session.worklist.filter().cell == Some(cell);
        let response = ui.interact(rect, matrix_id().with(at), Sense::CLICK);
        let role = match (cell.truth, cell.said) {
            (Some(_), Some(_)) => Role::Cell,
            (Some(_), None) => Role::RowHeader,
            _ => Role::ColumnHeader,
        };
        response.widget_info(|| WidgetInfo::selected(role, true, is_chosen, &says));
        if response.clicked() {
            self.commands.push(ListCommand::Cell(cell).into());
        }
        let visuals = ui.visuals();
        let inner = rect.shrink(1.0);
        let is_cell = cell.truth.is_some() && cell.said.is_some();
        if let Some(truth) = cell.truth.filter(|_| is_cell) {
            let share = count as f32 / row_sum(truth).max(1) as f32;
            let ground = if cell.truth == cell.said { visuals.selection.bg_fill } else { theme::wrong(visuals) };
            ui.painter().rect_filled(inner, CornerRadius::same(2), visuals.faint_bg_color);
            ui.painter().rect_filled(inner, CornerRadius::same(2), ground.gamma_multiply(share.sqrt()));
        }
        if response.hovered() || is_chosen {
            let ring = Stroke::new(if is_chosen { 2.0 } else { 1.0 }, visuals.strong_text_color());
            ui.painter().rect_stroke(inner, CornerRadius::same(2), ring, StrokeKind::Inside);
        }
        if is_reached {
            let ring = Stroke::new(2.0, theme::focus_ring(visuals));
            ui.painter().rect_stroke(rect, CornerRadius::same(2), ring, StrokeKind::Inside);
        }
        self.cell_text(ui, names, cell, count, rect);
        let hint = if is_chosen { "Click for all pictures" } else { "Click for these pictures alone" };
        response.on_hover_text(format!("{says}\n{hint}"));
    }

    fn cell_text(&self, ui: &Ui, names: &[(String, String)], cell: MatrixCell, count: u64, rect: Rect) {
        let font = TextStyle::Small.resolve(ui.style());
        let strong = ui.visuals().strong_text_color();
        let centred = |text: &str, colour: Color32| {
            let galley = names::galley(ui, text, &font, colour, rect.width() - 2.0);
            ui.painter().galley(rect.center() - galley.size() / 2.0, galley, colour);
        };
        match (cell.truth, cell.said) {
            (Some(_), Some(_)) if count == 0 => {}
            (Some(_), Some(_)) => centred(&count.to_string(), strong),
            (None, Some(said)) => centred(&names[said].0, ui.visuals().text_color()),
            (Some(truth), None) => {
                let galley = names::galley(ui, &names[truth].1, &font, ui.visuals().text_color(), NAMES - 8.0);
                let at = pos2(rect.left() + 2.0, rect.center().y - galley.size().y / 2.0);
                ui.painter().galley(at, galley, strong);
            }
            (None, None) => {}
        }
    }

    /// Keys of the matrix, while it has the keyboard.
    pub(in crate::ui) fn take_matrix_keys(&mut self, ctx: &Context) {
        let has_focus = ctx.memory(|memory| memory.focused() == Some(matrix_id()));
        let (true, Some(measured)) = (has_focus, self.session.measured()) else { return };
        let (last, alone) = (measured.matrix.counts.len(), measured.alone);
        let (mut row, mut column) = self.bench.reached.unwrap_or((1, 1));
        let chooses = ctx.input_mut(|input| {
            let mut pressed = |key| input.count_and_consume_key(Modifiers::NONE, key);
            row = (row + pressed(Key::ArrowDown)).min(last).saturating_sub(pressed(Key::ArrowUp));
            column = (column + pressed(Key::ArrowRight)).min(last).saturating_sub(pressed(Key::ArrowLeft));
            pressed(Key::Enter) + pressed(Key::Space) > 0
        });
        self.bench.reached = Some((row, column));
        if let Some(cell) = cell_at((row, column), alone).filter(|_| chooses) {
            self.commands.push(ListCommand::Cell(cell).into());
        }
    }
}
