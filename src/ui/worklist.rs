//! The list of open pictures: thumbnail, name, grade.

use egui::accesskit::Role;
use egui::{Color32, ComboBox, CornerRadius, Rect, Sense, Ui, pos2, vec2};

use super::{App, percent, theme};
use crate::bundle::Card;
use crate::compose::Palette;
use crate::session::SessionCommand;
use crate::session::worklist::{Item, SortBy};

const ROW: f32 = 54.0;
const THUMBNAIL: egui::Vec2 = vec2(66.0, 46.0);

impl App {
    pub(super) fn list(&mut self, ui: &mut Ui) {
        ui.horizontal(|ui| {
            ui.strong(format!("{} pictures", self.session.worklist.len()));
            let sort = self.session.worklist.sorted_by();
            ui.with_layout(egui::Layout::right_to_left(egui::Align::Center), |ui| {
                let response =
                    ComboBox::from_id_salt("sort").selected_text(sort.name()).width(120.0).show_ui(ui, |ui| {
                        for by in SortBy::ALL {
                            if ui.selectable_label(by == sort, by.name()).clicked() {
                                self.commands.push(SessionCommand::Sort(by).into());
                            }
                        }
                    });
                let says = format!("Sort: {}", sort.name());
                response.response.widget_info(|| egui::WidgetInfo::labeled(Role::ComboBox, true, &says));
            });
        });
        let count = self.session.worklist.len();
        egui::ScrollArea::vertical().auto_shrink(false).show_rows(ui, ROW, count, |ui, rows| {
            for row in rows {
                self.row(ui, row);
            }
        });
    }

    fn row(&mut self, ui: &mut Ui, row: usize) {
        let Some(item) = self.session.worklist.items().get(row) else { return };
        let is_selected = self.session.selected() == Some(item.path.as_path());
        let (rect, response) = ui.allocate_exact_size(vec2(ui.available_width(), ROW), Sense::click());
        let grade = self.grade_of(item);
        let state = item.problem.clone().or_else(|| grade.as_ref().map(|(text, _)| text.clone())).unwrap_or_default();
        let says = format!("{} {state}", item.name);
        response.widget_info(|| egui::WidgetInfo::selected(Role::ListBoxOption, true, is_selected, &says));
        if response.clicked() && item.problem.is_none() {
            self.commands.push(SessionCommand::Show(item.path.clone()).into());
        }
        let fill = if is_selected {
            ui.visuals().selection.bg_fill
        } else if response.hovered() || response.has_focus() {
            ui.visuals().widgets.hovered.weak_bg_fill
        } else {
            Color32::TRANSPARENT
        };
        ui.painter().rect_filled(rect, CornerRadius::same(3), fill);
        let text_colour = if is_selected { ui.visuals().strong_text_color() } else { ui.visuals().text_color() };
        let beside = rect.left() + THUMBNAIL.x + 12.0;
        let room = rect.right() - beside - 6.0;
        let line = |text: &str, size, colour, indent: f32, middle: f32| {
            let galley = theme::elided(ui, text, size, colour, room - indent);
            let at = pos2(beside + indent, rect.top() + middle - galley.size().y / 2.0);
            ui.painter().galley(at, galley, colour);
        };
        line(&item.name, 13.5, text_colour, 0.0, 18.0);
        if item.problem.is_some() {
            line("cannot be opened", 12.0, theme::problem(ui.visuals()), 0.0, 38.0);
        } else if let Some((says, colour)) = &grade {
            let chip = Rect::from_center_size(pos2(beside + 6.0, rect.top() + 38.0), vec2(12.0, 12.0));
            ui.painter().rect_filled(chip, CornerRadius::same(2), *colour);
            line(says, 12.0, text_colour, 18.0, 38.0);
        }
        if let Some(problem) = &item.problem {
            response.on_hover_text(problem);
        } else {
            response.on_hover_text(item.path.display().to_string());
        }
        let place = Rect::from_min_size(rect.min + vec2(4.0, 4.0), THUMBNAIL);
        self.thumbnail(ui, row, place);
    }

    /// The decided grade with its probability, unless the reader has to say one first.
    fn grade_of(&self, item: &Item) -> Option<(String, Color32)> {
        let (graded, card) = item.graded.zip(self.session.card())?;
        if self.session.read_first.hides(&item.path, 0) {
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
