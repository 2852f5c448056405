//! One row of the list: thumbnail, name, eye, grade, what the reader said; and the head over a patient's pictures.

use egui::accesskit::Role;
use egui::{Align2, Color32, CornerRadius, Rect, Sense, Stroke, StrokeKind, TextStyle, Ui, WidgetInfo, pos2, vec2};

use super::super::{App, names, theme};
use super::{left_middle, lines, list_id, row_id};
use crate::bundle::Card;
use crate::compose::{Palette, percent};
use crate::evaluate::Truth;
use crate::session::SessionCommand;
use crate::session::worklist::{Item, PatientGroup};

pub const THUMBNAIL: egui::Vec2 = vec2(66.0, 46.0);
/// Above and below a row's two lines of text.
pub const AROUND: f32 = 16.0;

/// A class's name in a row has at most so many letters.
const MOST_LETTERS: usize = 9;

/// What is said of a label.
pub struct LabelSays {
    /// At the end of a row.
    short: String,
    pub spoken: String,
    pub is_wrong: bool,
}

impl App {
    /// Whose the pictures below are, and of which eyes.
    pub(super) fn head(&self, ui: &Ui, group: &PatientGroup, rect: Rect) {
        let Some(item) = self.session.worklist.row(group.row) else { return };
        let patient = self.session.worklist.patient(item);
        let patient = patient.filter(|_| group.is_known).unwrap_or_else(|| "Patient not known".to_owned());
        let eyes = group.eyes();
        let says = if eyes.is_empty() { patient.clone() } else { format!("{patient} · {eyes}") };
        let response = ui.interact(rect, list_id().with(("head", group.row)), Sense::hover());
        response.widget_info(|| WidgetInfo::labeled(Role::Label, true, &says));
        let visuals = ui.visuals();
        let line = Stroke::new(1.0, visuals.widgets.noninteractive.bg_stroke.color);
        ui.painter().hline(rect.x_range(), rect.bottom(), line);
        let font = TextStyle::Small.resolve(ui.style());
        let colour = visuals.strong_text_color();
        let behind = ui.painter().layout_no_wrap(eyes, font.clone(), colour);
        let room = rect.width() - behind.size().x - 20.0;
        let galley = names::galley(ui, &patient, &font, colour, room);
        let (name_width, height) = (galley.size().x, galley.size().y);
        let at = left_middle(rect, 4.0) - vec2(0.0, height / 2.0);
        ui.painter().galley(at, galley, colour);
        let gap = ui.painter().text(
            at + vec2(name_width + 4.0, height / 2.0),
            Align2::LEFT_CENTER,
            if behind.text().is_empty() { "" } else { "·" },
            font,
            colour,
        );
        ui.painter().galley(pos2(gap.right() + 4.0, at.y), behind, colour);
    }

    pub(super) fn row(&mut self, ui: &mut Ui, row: usize, rect: Rect, is_reached: bool) {
        let Some(item) = self.session.worklist.row(row) else { return };
        let is_selected = self.session.selected() == Some(item.path.as_path());
        // Clicked, but no stop of the Tab key: the list is.
        let response = ui.interact(rect, row_id(row), Sense::CLICK);
        let grade = self.grade_of(item);
        response.widget_info(|| {
            WidgetInfo::selected(Role::ListBoxOption, true, is_selected, self.spoken(item, grade.as_ref()))
        });
        let count = self.session.worklist.rows();
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
        let (upper, lower) = lines(ui, rect);
        let marks = marks(ui, item, text_colour, pos2(rect.right() - 6.0, upper));
        let neighbours = [row.checked_sub(1), Some(row + 1)]
            .map(|row| row.and_then(|row| self.session.worklist.row(row)).map_or("", |item| item.label.as_str()));
        let font = TextStyle::Body.resolve(ui.style());
        let name = names::distinct(ui, &item.label, neighbours, &font, text_colour, (marks - beside - 4.0).max(10.0));
        ui.painter().galley(pos2(beside, upper - name.size().y / 2.0), name, text_colour);
        let label = self.label_of(item);
        let small = TextStyle::Small.resolve(ui.style());
        let label_width = label.as_ref().map_or(0.0, |label| {
            let colour = if label.is_wrong { theme::warning(ui.visuals()) } else { text_colour };
            let at = pos2(rect.right() - 6.0, lower);
            ui.painter().text(at, Align2::RIGHT_CENTER, &label.short, small.clone(), colour).width() + 6.0
        });
        let line = |text: &str, colour, indent: f32| {
            let room = rect.right() - beside - 6.0 - indent - label_width;
            let galley = names::galley(ui, text, &small, colour, room.max(10.0));
            let at = pos2(beside + indent, lower - galley.size().y / 2.0);
            ui.painter().galley(at, galley, colour);
        };
        if item.problem.is_some() {
            line("cannot be opened", theme::problem(ui.visuals()), 0.0);
        } else if let Some((says, colour)) = &grade {
            let chip = Rect::from_center_size(pos2(beside + 6.0, lower), vec2(12.0, 12.0));
            ui.painter().rect_filled(chip, CornerRadius::same(2), *colour);
            line(says, text_colour, 18.0);
        }
        let hint = self.hint(item);
        response.on_hover_text(hint);
        let place = Rect::from_min_size(rect.min + vec2(4.0, (rect.height() - THUMBNAIL.y) / 2.0), THUMBNAIL);
        self.thumbnail(ui, row, place);
    }

    /// A row for who hears it.
    fn spoken(&self, item: &Item, grade: Option<&(String, Color32)>) -> String {
        let state = item.problem.clone().or_else(|| grade.map(|(text, _)| text.clone())).unwrap_or_default();
        let mut says = format!("{} {state}", item.label).trim_end().to_owned();
        if let Some(eye) = item.identity.eye {
            says += &format!(", {} eye", eye.name());
        }
        says += &self.label_of(item).map_or_else(String::new, |label| format!(", {}", label.spoken));
        says += if item.is_read() { ", read" } else { "" };
        says += if item.is_flagged() { ", flagged" } else { "" };
        says
    }

    /// All that is known of a picture, and of its answer what may be known.
    fn hint(&self, item: &Item) -> String {
        let mut lines = vec![item.path.display().to_string()];
        let eye = item.identity.eye.map(|eye| format!("{} eye", eye.name()));
        let whose = [self.session.worklist.patient(item), eye, item.identity.taken.clone()];
        let whose: Vec<String> = whose.into_iter().flatten().collect();
        lines.extend((!whose.is_empty()).then(|| whose.join(", ")));
        lines.extend(item.problem.clone());
        lines.extend(self.label_of(item).map(|label| label.spoken));
        lines.extend(item.seen_answer().map(|answer| answer.headline.clone()).filter(|_| !self.is_withheld(item)));
        lines.join("\n")
    }

    fn is_withheld(&self, item: &Item) -> bool {
        let is_on_screen = self.session.current().is_some_and(|current| current.path == item.path);
        is_on_screen && self.session.answer_is_withheld()
    }

    /// The decided grade with its probability, unless the reader has to say one first.
    fn grade_of(&self, item: &Item) -> Option<(String, Color32)> {
        let (answer, card) = item.seen_answer().zip(self.session.card())?;
        let is_on_screen = self.session.current().is_some_and(|current| current.path == item.path);
        if answer.is_refused && (!is_on_screen || self.session.answer_is_withheld()) {
            return Some(("Not for this model".to_owned(), Color32::TRANSPARENT));
        }
        if !self.session.worklist.classes().is_said(answer) {
            return Some(("No finding".to_owned(), Color32::TRANSPARENT));
        }
        let unfit = if answer.gradable == Some(false) { "Not gradable: " } else { "" };
        Some((
            format!("{unfit}{} {}", card.classes.get(answer.class)?.full_name(), percent(answer.probability)),
            self.chip(card, answer.class),
        ))
    }

    /// What the label of a picture says beside the answer, as far as this reader may know both.
    pub(in crate::ui) fn label_of(&self, item: &Item) -> Option<LabelSays> {
        let (truth, card) = item.seen_truth().zip(self.session.card())?;
        let judged = self.session.worklist.classes().judged(item);
        let is_wrong = judged.is_some_and(|judged| judged.is_wrong());
        Some(match truth {
            Truth::Class(class) => {
                let class = card.classes.get(*class)?;
                let sign = judged.map_or("label", |judged| if judged.is_wrong() { "≠" } else { "=" });
                let how = judged
                    .map_or("", |judged| if judged.is_wrong() { ", the model is wrong" } else { ", as the model" });
                let short = format!("{sign} {}", names::short(&class.name, MOST_LETTERS));
                LabelSays { short, spoken: format!("label {}{how}", class.full_name()), is_wrong }
            }
            Truth::Findings(there) => {
                let there = there.iter().enumerate().filter(|(_, is_there)| **is_there == Some(true));
                let there: Vec<&str> =
                    there.filter_map(|(class, _)| Some(card.classes.get(class)?.label.as_str())).collect();
                let there = if there.is_empty() { "no finding".to_owned() } else { there.join(", ") };
                let short = judged.map_or_else(|| "labelled".to_owned(), |judged| format!("{} wrong", judged.apart));
                let how = judged.map_or_else(String::new, |judged| format!(", {} wrong of the model", judged.apart));
                LabelSays { short, spoken: format!("label {there}{how}"), is_wrong }
            }
        })
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
        let Some(item) = self.session.worklist.row(row) else { return };
        ui.painter().rect_filled(place, CornerRadius::same(2), Color32::BLACK);
        let Some(thumbnail) = &item.thumbnail else { return };
        let texture = self.textures.thumbnail(ui.ctx(), &item.path, thumbnail);
        let size = texture.size_vec2();
        let scale = (place.width() / size.x).min(place.height() / size.y);
        let whole = Rect::from_min_max(pos2(0.0, 0.0), pos2(1.0, 1.0));
        ui.painter().image(texture.id(), Rect::from_center_size(place.center(), size * scale), whole, Color32::WHITE);
    }
}

/// Eye, flag and that it was read, from the right; where what is left of them ends.
fn marks(ui: &Ui, item: &Item, colour: Color32, right: egui::Pos2) -> f32 {
    let eye = item.identity.eye.map(|eye| (eye.short_name(), colour));
    let flag = item.is_flagged().then(|| ("⚑", theme::warning(ui.visuals())));
    let read = item.is_read().then_some(("✔", colour));
    let font = TextStyle::Small.resolve(ui.style());
    let mut at = right;
    for (text, colour) in [eye, read, flag].into_iter().flatten() {
        let drawn = ui.painter().text(at, Align2::RIGHT_CENTER, text, font.clone(), colour);
        at.x = drawn.left() - 4.0;
    }
    at.x
}
