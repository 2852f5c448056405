//! The list of open pictures: thumbnail, name, grade. For the keyboard it is one control: arrows walk in it, Enter opens.

use egui::accesskit::Role;
use egui::{
    Color32, ComboBox, Context, CornerRadius, EventFilter, Id, Key, Modifiers, Rect, Sense, Stroke, StrokeKind,
    TextStyle, Ui, UiBuilder, WidgetInfo, pos2, vec2,
};

use super::{App, names, percent, theme};
use crate::bundle::Card;
use crate::compose::Palette;
use crate::reading::FrameOf;
use crate::session::SessionCommand;
use crate::session::worklist::{Item, SortBy};

const THUMBNAIL: egui::Vec2 = vec2(66.0, 46.0);
/// Above and below a row's two lines of text.
const AROUND: f32 = 16.0;

/// Where the keyboard is in the list.
#[derive(Debug, Default)]
pub struct Walk {
    /// The row that arrows have reached; the open picture's where they have not moved.
    row: Option<usize>,
    /// Whether the row has to be brought into sight.
    seeks: bool,
    offset: f32,
    /// Rows that fit into the list.
    page: usize,
}

fn list_id() -> Id {
    Id::unique("list of pictures")
}

impl App {
    pub(super) fn list(&mut self, ui: &mut Ui) {
        self.list_header(ui);
        let (area, id) = (ui.available_rect_before_wrap(), list_id());
        let count = self.session.worklist.len();
        let response = ui.interact(area, id, Sense::FOCUSABLE);
        response.widget_info(|| WidgetInfo::labeled(Role::ListBox, true, format!("{count} pictures")));
        if response.has_focus() {
            let arrows = EventFilter { horizontal_arrows: true, vertical_arrows: true, ..EventFilter::default() };
            ui.memory_mut(|memory| memory.set_focus_lock_filter(id, arrows));
        } else {
            self.list.row = None;
        }
        let reached = self.reached().filter(|_| response.has_focus());
        let height = row_height(ui);
        let step = height + ui.spacing().item_spacing.y;
        let mut scroll = egui::ScrollArea::vertical().auto_shrink(false);
        if std::mem::take(&mut self.list.seeks)
            && let Some(row) = reached
        {
            let (top, least) = (row as f32 * step, (row + 1) as f32 * step - area.height());
            scroll = scroll.vertical_scroll_offset(self.list.offset.min(top).max(least));
        }
        let within = UiBuilder::new().accessibility_parent(id);
        let seen = ui.scope_builder(within, |ui| {
            scroll.show_rows(ui, height, count, |ui, rows| {
                for row in rows.clone() {
                    self.row(ui, row, height, reached == Some(row));
                }
                rows
            })
        });
        let seen = seen.inner;
        (self.list.offset, self.list.page) = (seen.state.clamped_offset().y, (area.height() / step) as usize);
        if let Some(row) = reached.filter(|row| seen.inner.contains(row)) {
            let descendant = row_id(row).accesskit_id();
            ui.ctx().accesskit_node_builder(id, |node| node.set_active_descendant(descendant));
        }
    }

    fn list_header(&mut self, ui: &mut Ui) {
        ui.horizontal_wrapped(|ui| {
            ui.strong(format!("{} pictures", self.session.worklist.len()));
            let sort = self.session.worklist.sorted_by();
            let width = 120.0_f32.min(ui.available_width());
            let response = ComboBox::from_id_salt("sort").selected_text(sort.name()).width(width).show_ui(ui, |ui| {
                for by in SortBy::ALL {
                    if ui.selectable_label(by == sort, by.name()).clicked() {
                        self.commands.push(SessionCommand::Sort(by).into());
                    }
                }
            });
            let says = format!("Sort: {}", sort.name());
            response.response.widget_info(|| WidgetInfo::labeled(Role::ComboBox, true, &says));
        });
    }

    /// The row that the keyboard is at.
    fn reached(&self) -> Option<usize> {
        let open = || self.session.selected().and_then(|path| self.session.worklist.position(path));
        let last = self.session.worklist.len().checked_sub(1)?;
        Some(self.list.row.or_else(open).unwrap_or(0).min(last))
    }

    /// Keys of the list, while it has the keyboard.
    pub(super) fn take_list_keys(&mut self, ctx: &Context) {
        let has_focus = ctx.memory(|memory| memory.focused() == Some(list_id()));
        let (true, Some(from)) = (has_focus, self.reached()) else { return };
        let (last, page) = (self.session.worklist.len() - 1, self.list.page.max(1));
        let mut row = from;
        let opens = ctx.input_mut(|input| {
            let mut pressed = |key| input.count_and_consume_key(Modifiers::NONE, key);
            row = (row + pressed(Key::ArrowDown) + page * pressed(Key::PageDown)).min(last);
            row = row.saturating_sub(pressed(Key::ArrowUp) + page * pressed(Key::PageUp));
            if pressed(Key::Home) > 0 {
                row = 0;
            }
            if pressed(Key::End) > 0 {
                row = last;
            }
            pressed(Key::Enter) + pressed(Key::Space) > 0
        });
        if row != from {
            (self.list.row, self.list.seeks) = (Some(row), true);
        }
        if let Some(item) = self.session.worklist.items().get(row).filter(|item| opens && item.problem.is_none()) {
            self.commands.push(SessionCommand::Show(item.path.clone()).into());
        }
    }

    fn row(&mut self, ui: &mut Ui, row: usize, height: f32, is_reached: bool) {
        let Some(item) = self.session.worklist.items().get(row) else { return };
        let is_selected = self.session.selected() == Some(item.path.as_path());
        let (_, rect) = ui.allocate_space(vec2(ui.available_width(), height));
        // Clicked, but no stop of the Tab key: the list is.
        let response = ui.interact(rect, row_id(row), Sense::CLICK);
        let grade = self.grade_of(item);
        let state = item.problem.clone().or_else(|| grade.as_ref().map(|(text, _)| text.clone())).unwrap_or_default();
        let says = format!("{} {state}", item.name);
        response.widget_info(|| WidgetInfo::selected(Role::ListBoxOption, true, is_selected, says.trim_end()));
        let count = self.session.worklist.len();
        ui.ctx().accesskit_node_builder(response.id, |node| {
            node.set_selected(is_selected);
            node.set_position_in_set(row + 1);
            node.set_size_of_set(count);
        });
        if response.clicked() && item.problem.is_none() {
            self.commands.push(SessionCommand::Show(item.path.clone()).into());
        }
        let fill = if is_selected {
            ui.visuals().selection.bg_fill
        } else if response.hovered() || is_reached {
            ui.visuals().widgets.hovered.weak_bg_fill
        } else {
            Color32::TRANSPARENT
        };
        ui.painter().rect_filled(rect, CornerRadius::same(3), fill);
        if is_reached {
            let ring = Stroke::new(2.0, theme::focus_ring(ui.visuals()));
            ui.painter().rect_stroke(rect, CornerRadius::same(3), ring, StrokeKind::Inside);
        }
        let text_colour = if is_selected { ui.visuals().strong_text_color() } else { ui.visuals().text_color() };
        let beside = rect.left() + THUMBNAIL.x + 12.0;
        let room = rect.right() - beside - 6.0;
        let (upper, lower) = lines(ui, rect);
        let line = |text: &str, style: TextStyle, colour, indent: f32, middle: f32| {
            let galley = names::galley(ui, text, &style.resolve(ui.style()), colour, (room - indent).max(10.0));
            let at = pos2(beside + indent, middle - galley.size().y / 2.0);
            ui.painter().galley(at, galley, colour);
        };
        line(&item.name, TextStyle::Body, text_colour, 0.0, upper);
        if item.problem.is_some() {
            line("cannot be opened", TextStyle::Small, theme::problem(ui.visuals()), 0.0, lower);
        } else if let Some((says, colour)) = &grade {
            let chip = Rect::from_center_size(pos2(beside + 6.0, lower), vec2(12.0, 12.0));
            ui.painter().rect_filled(chip, CornerRadius::same(2), *colour);
            line(says, TextStyle::Small, text_colour, 18.0, lower);
        }
        let whole = item.path.display().to_string();
        let problem = item.problem.clone();
        response.on_hover_text(problem.map_or(whole.clone(), |problem| format!("{whole}\n{problem}")));
        let place = Rect::from_min_size(rect.min + vec2(4.0, (height - THUMBNAIL.y) / 2.0), THUMBNAIL);
        self.thumbnail(ui, row, place);
    }

    /// The decided grade with its probability, unless the reader has to say one first.
    fn grade_of(&self, item: &Item) -> Option<(String, Color32)> {
        let (graded, card) = item.graded.zip(self.session.card())?;
        if self.session.readings.hides(&FrameOf { path: item.path.clone(), frame: 0 }) {
            return None;
        }
        let is_on_screen = self.session.current().is_some_and(|current| current.path == item.path);
        if graded.is_refused && (!is_on_screen || self.session.answer_is_withheld()) {
            return Some(("Not for this model".to_owned(), Color32::TRANSPARENT));
        }
        if !graded.is_said {
            return Some(("No finding".to_owned(), Color32::TRANSPARENT));
        }
        let unfit = if graded.is_gradable { "" } else { "Not gradable: " };
        Some((
            format!("{unfit}{} {}", card.classes.get(graded.class)?.full_name(), percent(graded.probability)),
            self.chip(card, graded.class),
        ))
    }

    fn chip(&self, card: &Card, class: usize) -> Color32 {
        let style = &self.session.preferences.style;
        let colours = match style.palette {
            Palette::Model => card.classes.iter().map(|class| class.colour).collect(),
            _ => style.colours(card),
        };
        theme::colour32(colours[class])
    }

    fn thumbnail(&mut self, ui: &Ui, row: usize, place: Rect) {
        let Some(item) = self.session.worklist.items().get(row) else { return };
        ui.painter().rect_filled(place, CornerRadius::same(2), Color32::BLACK);
        let Some(thumbnail) = &item.thumbnail else { return };
        let texture = self.textures.thumbnail(ui.ctx(), &item.path, thumbnail);
        let size = texture.size_vec2();
        let scale = (place.width() / size.x).min(place.height() / size.y);
        let whole = Rect::from_min_max(pos2(0.0, 0.0), pos2(1.0, 1.0));
        ui.painter().image(texture.id(), Rect::from_center_size(place.center(), size * scale), whole, Color32::WHITE);
    }
}

fn row_id(row: usize) -> Id {
    list_id().with(row)
}

/// As high as its two lines and its thumbnail ask for.
fn row_height(ui: &Ui) -> f32 {
    let text = ui.text_style_height(&TextStyle::Body) + ui.text_style_height(&TextStyle::Small);
    (text + AROUND).max(THUMBNAIL.y + 8.0)
}

/// The middles of a row's two lines.
fn lines(ui: &Ui, rect: Rect) -> (f32, f32) {
    let (body, small) = (ui.text_style_height(&TextStyle::Body), ui.text_style_height(&TextStyle::Small));
    let top = rect.center().y - (body + small + 3.0) / 2.0;
    (top + body / 2.0, top + body + 3.0 + small / 2.0)
}
