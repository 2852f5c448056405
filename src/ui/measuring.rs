//! Measurements in the views: drawn with the mouse, moved, selected, and listed with their values.
//!
//! Must not know how values are computed: `scan::measure` does.

use egui::accesskit::Role;
use egui::{Align2, Color32, FontId, Key, Painter, PointerButton, Pos2, Response, RichText, Stroke, Ui, pos2, vec2};

use super::App;
use super::views::Viewport;
use crate::scan::measure::{Figures, Measurement, MeasurementKind, Point};
use crate::session::{Layer, Measuring, ReadingCommand, SessionCommand};

/// How near the pointer has to be to a point, and to a line, in points of the screen.
const REACH: f32 = 9.0;
const NEAR_A_LINE: f32 = 6.0;
const COLOUR: Color32 = Color32::from_rgb(255, 226, 120);
const SELECTED: Color32 = Color32::from_rgb(120, 220, 255);
/// The reader's own box.
const OWN: Color32 = Color32::from_rgb(130, 240, 150);

/// What the mouse is doing.
#[derive(Debug, Default)]
pub struct Hand {
    /// What it draws; with `None`, it moves the picture.
    pub tool: Option<MeasurementKind>,
    /// The measurement being drawn, with its points so far.
    draft: Option<(MeasurementKind, Vec<Point>)>,
    /// The pointer's position in source pixels, while drawing.
    at: Option<Point>,
    /// A point being moved: measurement, index of the point, and the measurement's new shape.
    held: Option<(usize, usize, Measurement)>,
}

impl Hand {
    /// Discards what is being drawn, or puts the tool away; returns whether there was anything.
    pub fn let_go(&mut self) -> bool {
        self.draft.take().is_some() || self.held.take().is_some() || self.tool.take().is_some()
    }

    /// Another picture: discards what was being drawn.
    pub fn drop_draft(&mut self) {
        (self.draft, self.held) = (None, None);
    }

    /// How the tool in hand is used.
    pub fn hint(&self) -> Option<&'static str> {
        let kind = self.tool.or(self.draft.as_ref().map(|(kind, _)| *kind))?;
        Some(match kind {
            MeasurementKind::Length => "Length: drag, or click both ends. Esc ends",
            MeasurementKind::Angle => "Angle: click an end, the corner, the other end. Esc ends",
            MeasurementKind::Ellipse => "Ellipse: drag from corner to corner. Esc ends",
            MeasurementKind::Polygon => "Polygon: click its corners; double click, or Enter, closes it. Esc ends",
        })
    }

    /// The measurement being drawn, so far.
    fn drafted(&self) -> Option<(MeasurementKind, Vec<Point>)> {
        let (kind, points) = self.draft.as_ref()?;
        Some((*kind, points.iter().copied().chain(self.at).collect()))
    }
}

impl App {
    /// Lets the mouse work on measurements in a view; returns whether it was used.
    pub(super) fn measures(&mut self, ui: &Ui, response: &Response, viewport: &Viewport) -> bool {
        let source = |at: Pos2| viewport.to_source(at).map(|(x, y)| [x, y]);
        if let Some(at) = response.hover_pos().and_then(source) {
            self.hand.at = Some(at);
        }
        let shift = ui.input(|input| input.modifiers.shift_only());
        let kind = self.hand.tool.or((shift && response.drag_started()).then_some(MeasurementKind::Length));
        let Some(at) = response.interact_pointer_pos().and_then(source) else { return false };
        if response.drag_started_by(PointerButton::Primary) {
            // A drag is noticed some pixels behind the place at which the button went down.
            let origin = ui.input(|input| input.pointer.press_origin());
            let pressed = origin.and_then(source).unwrap_or(at);
            self.hand.held = origin.filter(|_| self.hand.draft.is_none()).and_then(|at| self.point_at(viewport, at));
            if let (None, Some(kind)) = (&self.hand.held, kind) {
                let (_, points) = self.hand.draft.get_or_insert((kind, Vec::new()));
                if points.is_empty() {
                    points.push(pressed);
                }
            }
        }
        if let Some((index, point, measurement)) = &mut self.hand.held {
            measurement.points_px[*point] = at;
            if response.drag_stopped() {
                let change = Measuring::Change(*index, measurement.clone());
                self.commands.push(SessionCommand::Measure(change).into());
                self.hand.held = None;
            }
            return true;
        }
        if response.dragged_by(PointerButton::Primary) || response.drag_stopped_by(PointerButton::Primary) {
            self.hand.at = Some(at);
            if response.drag_stopped() {
                self.set_point(at, viewport);
            }
            return self.hand.draft.is_some() || self.hand.tool.is_some();
        }
        if response.clicked_by(PointerButton::Primary) {
            return self.click(response, viewport, at);
        }
        false
    }

    fn click(&mut self, response: &Response, viewport: &Viewport, at: Point) -> bool {
        if let Some(tool) = self.hand.tool {
            if response.double_clicked() {
                self.close_polygon();
            } else {
                self.hand.draft.get_or_insert((tool, Vec::new()));
                self.set_point(at, viewport);
            }
            return true;
        }
        let hit = response.interact_pointer_pos().and_then(|at| self.line_at(viewport, at));
        if hit != self.session.selected_measurement() {
            self.commands.push(SessionCommand::Measure(Measuring::Select(hit)).into());
        }
        hit.is_some()
    }

    /// One more point of what is being drawn; the last one makes a measurement of it.
    fn set_point(&mut self, at: Point, viewport: &Viewport) {
        let Some((kind, points)) = &mut self.hand.draft else { return };
        let screen = |[x, y]: Point| viewport.to_screen((x, y));
        let closes =
            points.len() > 2 && points.first().is_some_and(|first| screen(*first).distance(screen(at)) < REACH);
        if *kind == MeasurementKind::Polygon && closes {
            return self.close_polygon();
        }
        // A second click on the same place is ignored.
        if points.last().is_none_or(|last| screen(*last).distance(screen(at)) > 1.5) {
            points.push(at);
        }
        if kind.points() == Some(points.len()) {
            self.finish_draft();
        }
    }

    pub(super) fn close_polygon(&mut self) {
        if self.hand.draft.as_ref().is_some_and(|(kind, points)| *kind == MeasurementKind::Polygon && points.len() > 2)
        {
            self.finish_draft();
        }
    }

    fn finish_draft(&mut self) {
        let made = self.hand.draft.take().and_then(|(kind, points)| Measurement::new(kind, points));
        self.commands.extend(made.map(|made| SessionCommand::Measure(Measuring::Add(made)).into()));
    }

    /// Enter closes a polygon.
    pub(super) fn take_measuring_keys(&mut self, ui: &Ui) {
        let is_drawn = matches!(&self.hand.draft, Some((MeasurementKind::Polygon, _)));
        if is_drawn && !ui.ctx().text_edit_focused() && ui.input(|input| input.key_pressed(Key::Enter)) {
            self.close_polygon();
        }
    }

    /// The point of a measurement under the pointer.
    fn point_at(&self, viewport: &Viewport, at: Pos2) -> Option<(usize, usize, Measurement)> {
        let near = |[x, y]: &Point| viewport.to_screen((*x, *y)).distance(at) < REACH;
        self.session.measurements().enumerate().find_map(|(index, (measurement, _))| {
            let point = measurement.points_px.iter().position(near)?;
            Some((index, point, measurement.clone()))
        })
    }

    fn line_at(&self, viewport: &Viewport, at: Pos2) -> Option<usize> {
        let is_near = |measurement: &Measurement| {
            let line: Vec<Pos2> = measurement.outline_px().iter().map(|[x, y]| viewport.to_screen((*x, *y))).collect();
            line.windows(2).any(|ends| distance(at, ends[0], ends[1]) < NEAR_A_LINE)
        };
        self.session.measurements().position(|(measurement, _)| is_near(measurement))
    }

    /// Draws all measurements, those of the picture itself with their values.
    pub(super) fn draw_measurements(&self, painter: &Painter, view: Layer, viewport: &Viewport) {
        let speaks = view == Layer::Input || self.maximised == Some(view);
        let held = self.hand.held.as_ref();
        for (index, (measurement, figures)) in self.session.measurements().enumerate() {
            let moved = held.filter(|(of, ..)| *of == index).map(|(_, _, moved)| moved);
            let colour = if self.session.selected_measurement() == Some(index) { SELECTED } else { COLOUR };
            let anew = moved.filter(|_| speaks).and_then(|moved| self.figures(moved));
            let figures = anew.as_ref().unwrap_or(figures);
            draw(painter, viewport, moved.unwrap_or(measurement), speaks.then_some(figures), colour);
        }
        if let Some([left, top, right, bottom]) = self.own_box() {
            let corners = [(left, top), (right, top), (right, bottom), (left, bottom), (left, top)];
            line(painter, &corners.map(|corner| viewport.to_screen(corner)), OWN);
            let below = viewport.to_screen(((left + right) / 2.0, bottom)) + vec2(0.0, 4.0);
            words(painter, viewport.rect, below, "Your box", OWN);
        }
        let Some((kind, points)) = self.hand.drafted() else { return };
        match Measurement::new(kind, points.clone()) {
            Some(drafted) => {
                let figures = if speaks { self.figures(&drafted) } else { None };
                draw(painter, viewport, &drafted, figures.as_ref(), SELECTED);
            }
            None => {
                line(painter, &points.iter().map(|[x, y]| viewport.to_screen((*x, *y))).collect::<Vec<_>>(), SELECTED)
            }
        }
    }

    /// The reader's own box on the picture on the screen.
    fn own_box(&self) -> Option<[f64; 4]> {
        self.session.readings.reading(&self.session.on_screen()?)?.box_px
    }

    /// Offers to make the reader's box of a measured area.
    fn own_box_buttons(&mut self, ui: &mut Ui) {
        let selected = self.session.selected_measurement().and_then(|at| self.session.measurements().nth(at));
        let area = selected.map(|(measurement, _)| measurement).filter(|measurement| measurement.kind.is_area());
        let says = "Where the reader sees it; stands in tables and reading sessions, beside the model's red box";
        if let Some(bounds_px) = area.map(Measurement::bounds_px)
            && ui.button("As your box").on_hover_text(says).clicked()
        {
            self.commands.push(ReadingCommand::Box(Some(bounds_px)).into());
        }
        if self.own_box().is_some() && ui.button("Remove your box").clicked() {
            self.commands.push(ReadingCommand::Box(None).into());
        }
    }

    fn figures(&self, measurement: &Measurement) -> Option<Figures> {
        self.session.current().map(|current| measurement.figures(&current.picture.scan))
    }

    /// The list of measurements for the sidebar on the right.
    pub(super) fn measurement_list(&mut self, ui: &mut Ui) {
        if self.session.measurements().len() == 0 && self.own_box().is_none() {
            return;
        }
        ui.separator();
        ui.strong("Measurements");
        let selected = self.session.selected_measurement();
        for (index, (measurement, figures)) in self.session.measurements().enumerate() {
            let says = format!("{}: {}", measurement.kind.title(), figures.line());
            ui.horizontal(|ui| {
                ui.set_width(ui.available_width());
                let delete = ui.small_button("✕").on_hover_text("Delete this measurement");
                delete.widget_info(|| egui::WidgetInfo::labeled(Role::Button, true, format!("Delete {says}")));
                let is_selected = selected == Some(index);
                let row = egui::Button::selectable(is_selected, RichText::new(&says).small()).wrap();
                let chosen = (!is_selected).then_some(index);
                if ui.add(row).clicked() {
                    self.commands.push(SessionCommand::Measure(Measuring::Select(chosen)).into());
                }
                if delete.clicked() {
                    let both = [Measuring::Select(Some(index)), Measuring::Delete];
                    self.commands.extend(both.map(|change| SessionCommand::Measure(change).into()));
                }
            });
        }
        ui.horizontal_wrapped(|ui| self.own_box_buttons(ui));
    }
}

fn distance(at: Pos2, from: Pos2, to: Pos2) -> f32 {
    let (line, off) = (to - from, at - from);
    let along = if line.length_sq() > 0.0 { (off.dot(line) / line.length_sq()).clamp(0.0, 1.0) } else { 0.0 };
    (off - along * line).length()
}

fn draw(painter: &Painter, viewport: &Viewport, measurement: &Measurement, figures: Option<&Figures>, colour: Color32) {
    let points: Vec<Pos2> = measurement.outline_px().iter().map(|[x, y]| viewport.to_screen((*x, *y))).collect();
    line(painter, &points, colour);
    for [x, y] in &measurement.points_px {
        let at = viewport.to_screen((*x, *y));
        painter.circle(at, 3.0, Color32::from_black_alpha(160), Stroke::new(1.5, colour));
    }
    let lowest = points.iter().copied().reduce(|low, next| if next.y > low.y { next } else { low });
    if let Some((figures, lowest)) = figures.zip(lowest) {
        let text = [Some(figures.says()), figures.inside_says()].into_iter().flatten().collect::<Vec<_>>().join("\n");
        words(painter, viewport.rect, lowest + vec2(0.0, 8.0), &text, colour);
    }
}

/// With a dark rim: readable on any picture.
fn line(painter: &Painter, points: &[Pos2], colour: Color32) {
    for (width, colour) in [(3.5, Color32::from_black_alpha(150)), (1.5, colour)] {
        painter.line(points.to_vec(), Stroke::new(width, colour));
    }
}

/// Text below `at`, kept inside of `rect` where the place itself is.
fn words(painter: &Painter, rect: egui::Rect, at: Pos2, text: &str, colour: Color32) {
    let galley = painter.layout_no_wrap(text.to_owned(), FontId::proportional(13.0), colour);
    let mut place = Align2::CENTER_TOP.anchor_size(at, galley.size());
    let room = rect.shrink(4.0);
    if rect.contains(at - vec2(0.0, 8.0)) && room.width() > place.width() && room.height() > place.height() {
        let by = |low: f32, high: f32, from: f32, to: f32| (low - from).max(0.0) + (high - to).min(0.0);
        let shift = vec2(
            by(room.left(), room.right(), place.left(), place.right()),
            by(room.top(), room.bottom(), place.top(), place.bottom()),
        );
        place = place.translate(shift);
    }
    painter.rect_filled(place.expand(2.0), 2, Color32::from_black_alpha(150));
    painter.galley(pos2(place.left(), place.top()), galley, colour);
}
