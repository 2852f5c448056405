//! The list of open pictures, by patient where patients are known. For the keyboard it is one control: arrows walk in it,
//! Enter opens.

mod head;
mod places;
mod row;

use egui::accesskit::Role;
use egui::{Context, EventFilter, Id, Key, Rect, Sense, TextStyle, Ui, UiBuilder, WidgetInfo, pos2, vec2};

use self::places::Places;
use super::App;
use super::walk::walked;
use crate::session::worklist::PatientGroup;
use crate::session::{ListCommand, SessionCommand};

/// Where the keyboard is in the list.
#[derive(Debug, Default)]
pub struct ListCursor {
    /// The row that arrows have reached; the open picture's where they have not moved.
    row: Option<usize>,
    /// Whether the row has to be brought into sight.
    seeks: bool,
    offset: f32,
    /// Rows that fit into the list.
    page: usize,
    /// The rows that were in sight last.
    in_sight: Option<(usize, usize)>,
    /// The picture that was shown last: it is brought into sight when it changes.
    followed: Option<std::path::PathBuf>,
    /// Whether the search is to have the keyboard.
    searches: bool,
}

impl ListCursor {
    pub fn search(&mut self) {
        self.searches = true;
    }
}

fn list_id() -> Id {
    Id::unique("list of pictures")
}

impl App {
    pub(super) fn list(&mut self, ui: &mut Ui) {
        self.list_header(ui);
        let (area, id) = (ui.available_rect_before_wrap(), list_id());
        let count = self.session.worklist.rows();
        let response = ui.interact(area, id, Sense::FOCUSABLE);
        response.widget_info(|| WidgetInfo::labeled(Role::ListBox, true, format!("{count} pictures")));
        if response.has_focus() {
            let arrows = EventFilter { horizontal_arrows: true, vertical_arrows: true, ..EventFilter::default() };
            ui.memory_mut(|memory| memory.set_focus_lock_filter(id, arrows));
        } else {
            self.list.row = None;
        }
        let reached = self.reached().filter(|_| response.has_focus());
        let places = places(ui);
        self.list.page = (area.height() / (places.row + places.gap)) as usize;
        let mut scroll = egui::ScrollArea::vertical().auto_shrink(false);
        if let Some(row) = self.sought(reached) {
            let groups = self.session.worklist.groups();
            let head = if Places::head(groups, row).is_some() { places.head + places.gap } else { 0.0 };
            let top = places.top(groups, row);
            let least = top + places.row + places.gap - area.height();
            scroll = scroll.vertical_scroll_offset(self.list.offset.min(top - head).max(least).max(0.0));
        }
        let within = UiBuilder::new().accessibility_parent(id);
        let seen = ui.scope_builder(within, |ui| {
            scroll.show_viewport(ui, |ui, viewport| self.rows(ui, places, viewport, reached))
        });
        let seen = seen.inner;
        self.list.offset = seen.state.clamped_offset().y;
        if let Some(row) = reached.filter(|row| seen.inner.contains(row)) {
            let descendant = row_id(row).accesskit_id();
            ui.ctx().accesskit_node_builder(id, |node| node.set_active_descendant(descendant));
        }
        if self.session.worklist.is_stale() {
            ui.ctx().request_repaint_after(std::time::Duration::from_secs(1));
        }
    }

    /// The row that has to be brought into sight: that of the keyboard, or of a picture that has just come.
    fn sought(&mut self, reached: Option<usize>) -> Option<usize> {
        let is_walked = std::mem::take(&mut self.list.seeks);
        let selected = self.session.selected();
        let has_come = self.list.followed.as_deref() != selected;
        if has_come {
            self.list.followed = selected.map(std::path::Path::to_owned);
            return selected.and_then(|path| self.session.worklist.position(path));
        }
        reached.filter(|_| is_walked)
    }

    fn rows(&mut self, ui: &mut Ui, places: Places, viewport: Rect, reached: Option<usize>) -> std::ops::Range<usize> {
        let list = &self.session.worklist;
        let (groups, count) = (list.groups(), list.rows());
        let seen = places.seen(groups, count, viewport.top(), viewport.bottom());
        let at = |row: usize| (row, places.top(groups, row), Places::head(groups, row).cloned());
        let rows: Vec<(usize, f32, Option<PatientGroup>)> = seen.clone().map(at).collect();
        ui.set_height(places.height(groups, count).max(0.0));
        let (origin, width) = (ui.max_rect().min, ui.available_width());
        for (row, top, group) in rows {
            if let Some(group) = group {
                let at = origin + vec2(0.0, top - places.head - places.gap);
                self.head(ui, &group, Rect::from_min_size(at, vec2(width, places.head)));
            }
            let rect = Rect::from_min_size(origin + vec2(0.0, top), vec2(width, places.row));
            self.row(ui, row, rect, reached == Some(row));
        }
        if count == 0 {
            ui.put(Rect::from_min_size(origin, vec2(width, 40.0)), egui::Label::new("No picture is like that."));
        }
        // A row below the edge is counted for the sake of its head.
        let in_view =
            seen.clone().filter(|row| places.top(self.session.worklist.groups(), *row) < viewport.bottom()).count();
        self.session.answers_are_listed(seen.start..seen.start + in_view);
        let in_sight = (seen.start, seen.end.saturating_sub(1).max(seen.start));
        if self.list.in_sight != Some(in_sight) && count > 0 {
            self.list.in_sight = Some(in_sight);
            self.commands.push(ListCommand::InSight { first: in_sight.0, last: in_sight.1 }.into());
        }
        seen
    }

    /// The row that the keyboard is at.
    fn reached(&self) -> Option<usize> {
        let open = || self.session.selected().and_then(|path| self.session.worklist.position(path));
        let last = self.session.worklist.rows().checked_sub(1)?;
        Some(self.list.row.or_else(open).unwrap_or(0).min(last))
    }

    /// Keys of the list, while it has the keyboard.
    pub(super) fn take_list_keys(&mut self, ctx: &Context) {
        let has_focus = ctx.memory(|memory| memory.focused() == Some(list_id()));
        let (true, Some(from)) = (has_focus, self.reached()) else { return };
        let (last, page) = (self.session.worklist.rows() - 1, self.list.page.max(1));
        let (row, opens) = walked(ctx, from, last, page, &[Key::Enter, Key::Space]);
        if row != from {
            (self.list.row, self.list.seeks) = (Some(row), true);
        }
        if let Some(item) = self.session.worklist.row(row).filter(|item| opens && item.problem.is_none()) {
            self.commands.push(SessionCommand::Show(item.path.clone()).into());
        }
    }
}

fn row_id(row: usize) -> Id {
    list_id().with(row)
}

/// A row is as high as its two lines and its thumbnail ask for.
fn places(ui: &Ui) -> Places {
    let (body, small) = (ui.text_style_height(&TextStyle::Body), ui.text_style_height(&TextStyle::Small));
    let row = (body + small + row::AROUND).max(row::THUMBNAIL.y + 8.0);
    Places { row, head: body + 6.0, gap: ui.spacing().item_spacing.y.min(4.0) }
}

/// The middles of a row's two lines.
fn lines(ui: &Ui, rect: Rect) -> (f32, f32) {
    let (body, small) = (ui.text_style_height(&TextStyle::Body), ui.text_style_height(&TextStyle::Small));
    let top = rect.center().y - (body + small + 3.0) / 2.0;
    (top + body / 2.0, top + body + 3.0 + small / 2.0)
}

/// At the left of `rect`, in its middle.
fn left_middle(rect: Rect, indent: f32) -> egui::Pos2 {
    pos2(rect.left() + indent, rect.center().y)
}
