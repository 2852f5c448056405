//! The linked views, one for each layer: what each draws, and what the mouse does in it.

use egui::accesskit::Role;
use egui::{
    Align2, Color32, CornerRadius, CursorIcon, FontId, PointerButton, Pos2, Rect, Response, Sense, Stroke, StrokeKind,
    Ui, UiBuilder, pos2, vec2,
};

use super::layout::arrange;
use super::textures::Pane;
use super::{App, ruler, theme};
use crate::geometry::{PixelBox, Transform};
use crate::session::camera::{LevelRegion, MARGIN};
use crate::session::{Current, Layer, SessionCommand, ViewCommand};

/// Height of a view's title in points.
pub(super) const TITLE: f32 = 20.0;
/// Zoom of one notch of the wheel and of a key.
pub const ZOOM_STEP: f64 = 1.25;

/// What a view draws from, worked out once per frame.
pub(super) struct Viewport {
    screen_from_source: Transform,
    /// In points.
    pub rect: Rect,
    pixels_per_point: f32,
}

impl Viewport {
    pub fn to_screen(&self, (x, y): (f64, f64)) -> Pos2 {
        let (x, y) = self.screen_from_source.apply(x, y);
        let points = f64::from(self.pixels_per_point);
        self.rect.min + vec2((x / points) as f32, (y / points) as f32)
    }

    pub fn to_source(&self, at: Pos2) -> Option<(f64, f64)> {
        let off = (at - self.rect.min) * self.pixels_per_point;
        Some(self.screen_from_source.inverse()?.apply(f64::from(off.x), f64::from(off.y)))
    }
}

impl App {
    /// Draws the views into what is left of the window.
    pub(super) fn views(&mut self, ui: &mut Ui) {
        let area = ui.available_rect_before_wrap();
        self.keep_view();
        self.take_measuring_keys(ui);
        let Some(current) = self.session.current() else { return };
        let (width, height) = current.picture.size_px();
        if self.session.companion().is_some() {
            return self.two(ui, area);
        }
        // A reader who reads first sees only the picture; the same goes for one that the model does not read.
        let is_alone = self.session.awaits_reader() || self.session.answer_is_withheld();
        let layers = if is_alone { vec![Layer::Input] } else { self.session.layers() };
        let alone = self.maximised.filter(|view| layers.contains(view));
        let layers = alone.map_or(layers, |view| vec![view]);
        let places = arrange(area, layers.len(), width as f32 / height as f32, TITLE);
        self.keys_are_about(ui, places.first());
        for (view, place) in layers.into_iter().zip(places) {
            self.view(ui, Pane::Present, view, place);
        }
    }

    /// Keys act on the first view, unless pointer or keyboard are on another one.
    pub(super) fn keys_are_about(&mut self, ui: &Ui, place: Option<&Rect>) {
        if let Some(place) = place {
            self.last_view_px = self.view_px(ui, place.with_min_y(place.top() + TITLE));
        }
    }

    /// Another picture: nothing of the last one is being drawn on it, and where zoom is kept it looks at the same part.
    fn keep_view(&mut self) {
        let Some(current) = self.session.current() else { return };
        let (id, path, size_px) = (current.id, current.path.clone(), self.source_px());
        if let Some((_, before, from_px)) = self.looked_at.as_ref().filter(|(known, ..)| *known != id) {
            if self.session.preferences.keep_view && *before != path {
                let eyes = [before, &path].map(|path| self.session.eye_of(path));
                let is_mirrored = matches!(eyes, [Some(one), Some(other)] if one != other);
                self.camera.carry(*from_px, size_px, is_mirrored);
            }
            self.hand.drop_draft();
        }
        self.looked_at = Some((id, path, size_px));
    }

    pub(super) fn view(&mut self, ui: &mut Ui, pane: Pane, view: Layer, place: Rect) {
        let (title, rect) = place.split_top_bottom_at_y(place.top() + TITLE);
        self.title(ui, pane, view, title);
        ui.painter().rect_filled(rect, CornerRadius::ZERO, Color32::BLACK);
        let id = ui.scope_id().with(("view", pane, view as usize));
        let is_there = pane == Pane::Present || view == Layer::Input || self.session.companion_shown().is_some();
        if !is_there || pane == Pane::Beside && self.companion().is_none() {
            return self.nothing_beside(ui, rect);
        }
        let response = ui.interact(rect, id, Sense::click_and_drag());
        let (name, shows) = (self.view_name(pane, view), self.view_title(pane, view));
        let empty = if pane == Pane::Present { self.nothing_to_see(view) } else { None };
        response.widget_info(|| egui::WidgetInfo {
            current_text_value: empty.map(str::to_owned),
            ..egui::WidgetInfo::labeled(Role::Image, true, &name)
        });
        ui.ctx().accesskit_node_builder(id, |node| node.set_description(shows));
        self.steer(ui, &response, pane, view);
        let Some(viewport) = self.viewport(ui, pane, rect) else { return };
        self.draw(ui, pane, view, &viewport);
        if response.has_focus() {
            self.view_has_focus = true;
            // Arrow keys move through the maps here, not to the next control.
            let arrows = egui::EventFilter { horizontal_arrows: true, vertical_arrows: true, ..Default::default() };
            ui.memory_mut(|memory| memory.set_focus_lock_filter(id, arrows));
            ui.painter().rect_stroke(rect, CornerRadius::ZERO, ui.visuals().selection.stroke, StrokeKind::Inside);
        }
    }

    fn title(&mut self, ui: &mut Ui, pane: Pane, view: Layer, place: Rect) {
        let mut row =
            ui.new_child(UiBuilder::new().max_rect(place).layout(egui::Layout::right_to_left(egui::Align::Center)));
        let is_maximised = self.maximised == Some(view);
        let (icon, says) = if is_maximised { ("All", "Show all views") } else { ("Enlarge", "Show this view only") };
        let plain = self.plain_name(view);
        if pane == Pane::Present {
            let button = row.add(egui::Button::new(egui::RichText::new(icon).small()).frame(false)).on_hover_text(says);
            button.widget_info(|| egui::WidgetInfo::labeled(Role::Button, true, format!("{says}: {plain}")));
            if button.clicked() {
                self.commands.push(ViewCommand::Maximise(view).into());
            }
        }
        row.with_layout(egui::Layout::left_to_right(egui::Align::Center), |ui| {
            let title = egui::RichText::new(self.view_title(pane, view)).size(13.0).strong();
            ui.add(egui::Label::new(title).truncate());
        });
    }

    /// The picture that a pane shows.
    fn pane(&self, pane: Pane) -> Option<&Current> {
        match pane {
            Pane::Present => self.session.current(),
            Pane::Beside => self.companion(),
        }
    }

    fn companion(&self) -> Option<&Current> {
        self.session.companion()?.current()
    }

    fn plain_name(&self, view: Layer) -> String {
        view.kind().plain(self.session.card())
    }

    fn view_title(&self, pane: Pane, view: Layer) -> String {
        let scene = match pane {
            Pane::Present => self.session.scene(),
            Pane::Beside => self.session.companion_scene(),
        };
        match (view, scene) {
            (Layer::Input, _) => self.input_title(pane),
            (_, Some(scene)) => view.kind().title(&scene),
            (_, None) => self.plain_name(view),
        }
    }

    /// With side and position, so that nobody mistakes left for right.
    fn input_title(&self, pane: Pane) -> String {
        let facts = self.pane(pane).and_then(|current| current.picture.scan.facts.as_deref());
        match facts.map(crate::scan::Facts::line) {
            Some(line) if !line.is_empty() => format!("Input: {line}"),
            _ => "Input".to_owned(),
        }
    }

    /// What a screen reader says of a view.
    fn view_name(&self, pane: Pane, view: Layer) -> String {
        let file = self.pane(pane).map_or(String::new(), |current| {
            current.path.file_name().unwrap_or_default().to_string_lossy().into_owned()
        });
        let beside = if pane == Pane::Beside { ", beside" } else { "" };
        format!("{} view of {file}{beside}", self.plain_name(view))
    }

    /// Wheel and pinch zoom at the pointer, dragging pans, a double click fits, the pointer probes. What is done in the
    /// picture beside is done in the other one, mirrored where it is the other eye.
    fn steer(&mut self, ui: &Ui, response: &Response, pane: Pane, view: Layer) {
        let Some(viewport) = self.viewport(ui, pane, response.rect) else { return };
        let link = if pane == Pane::Beside { self.link() } else { None };
        let across = |by: f64| link.as_ref().map_or(by, |link| link.across(by));
        let (view_px, source_px) = (self.view_px(ui, response.rect), self.source_px());
        if response.contains_pointer() || response.has_focus() {
            self.last_view_px = view_px;
        }
        let is_present = pane == Pane::Present;
        if is_present && self.hand.tool.is_some() {
            ui.ctx().set_cursor_icon(if response.hovered() { CursorIcon::Crosshair } else { CursorIcon::Default });
        }
        if is_present && self.measures(ui, response, &viewport) {
        } else if response.double_clicked() {
            self.camera.fit();
        } else if response.dragged_by(PointerButton::Secondary) {
            let (by, size) = (response.drag_delta(), response.rect.size());
            if is_present && by != egui::Vec2::ZERO {
                let (across, down) = (f64::from(by.x / size.x), f64::from(by.y / size.y));
                self.commands.push(SessionCommand::WindowDrag { across, down }.into());
            }
        } else if response.dragged() {
            let by = response.drag_delta() * viewport.pixels_per_point;
            if by != egui::Vec2::ZERO {
                self.camera.pan((across(f64::from(by.x)), f64::from(by.y)), view_px, source_px);
            }
        }
        let Some(at) = response.hover_pos() else {
            if self.pointed.is_some_and(|(of, which, _)| (of, which) == (pane, view)) {
                (self.pointed, self.probe) = (None, None);
            }
            return;
        };
        let (pinch, wheel) =
            ui.input(|input| (f64::from(input.zoom_delta()), f64::from(input.smooth_scroll_delta().y)));
        let factor = pinch * (wheel * ZOOM_STEP.ln() / 50.0).exp();
        if (factor - 1.0).abs() > 1e-6 {
            let off = (at - response.rect.center()) * viewport.pixels_per_point;
            let off = (view_px.0 / 2.0 + across(f64::from(off.x)), view_px.1 / 2.0 + f64::from(off.y));
            self.camera.zoom_at(factor, off, view_px, source_px);
        }
        // A pointer at rest leaves a cross-hair that was moved by keys alone; one that moves, however slowly, is elsewhere.
        if self.pointed != Some((pane, view, at)) || response.dragged() {
            self.pointed = Some((pane, view, at));
            let back = link.and_then(|link| link.beside_from_present.inverse()).unwrap_or(Transform::IDENTITY);
            let source = viewport.to_source(at).map(|(x, y)| back.apply(x, y));
            self.probe = source.filter(|at| is_inside(*at, source_px));
        }
    }

    fn lengths(&self, painter: &egui::Painter, pane: Pane, view: Layer, viewport: &Viewport) {
        let Some(current) = self.pane(pane) else { return };
        let facts = current.picture.scan.facts.as_deref();
        if pane == Pane::Present {
            self.draw_measurements(painter, view, viewport);
        }
        if view == Layer::Input && facts.is_some() && self.session.preferences.ruler {
            let scale = f64::from(viewport.to_screen((1.0, 0.0)).x - viewport.to_screen((0.0, 0.0)).x);
            ruler::scale_bar(painter, viewport.rect, scale, facts.and_then(|facts| facts.spacing.as_ref()));
        }
        if let Some(edges) = facts.and_then(crate::scan::Facts::edges) {
            ruler::edges(painter, viewport.rect, &edges);
        }
    }

    fn view_px(&self, ui: &Ui, rect: Rect) -> (f64, f64) {
        let size = rect.size() * ui.pixels_per_point();
        (f64::from(size.x), f64::from(size.y))
    }

    pub(super) fn source_px(&self) -> (f64, f64) {
        let (width, height) = self.session.current().map_or((1, 1), |current| current.picture.size_px());
        (f64::from(width), f64::from(height))
    }

    fn viewport(&self, ui: &Ui, pane: Pane, rect: Rect) -> Option<Viewport> {
        self.session.current()?;
        let view_px = self.view_px(ui, rect);
        let screen_from_source = self.camera.screen_from_source(view_px, self.source_px());
        let screen_from_source = match pane {
            Pane::Present => screen_from_source,
            Pane::Beside => self.link()?.screen_from_beside(&screen_from_source, view_px),
        };
        Some(Viewport { screen_from_source, rect, pixels_per_point: ui.pixels_per_point() })
    }

    fn draw(&mut self, ui: &Ui, pane: Pane, view: Layer, viewport: &Viewport) {
        let painter = ui.painter().with_clip_rect(viewport.rect.intersect(ui.clip_rect()));
        if pane == Pane::Present && self.draw_coming(ui, &painter, view, viewport) {
            return;
        }
        let view_px = self.view_px(ui, viewport.rect);
        let limit_px = ui.input(|input| input.max_texture_side) as u32;
        let current = match pane {
            Pane::Present => self.session.current(),
            Pane::Beside => self.session.companion().and_then(|beside| beside.current()),
        };
        let Some(current) = current else { return };
        let (size_px, levels) = (current.picture.size_px(), current.picture.levels());
        let seen = |margin| LevelRegion::seen(&viewport.screen_from_source, view_px, size_px, levels, limit_px, margin);
        let Some((needed, wide)) = seen(0.0).zip(seen(MARGIN)) else { return };
        let wide = if wide.level == needed.level { wide } else { needed };
        let style = &self.session.preferences.style;
        let scene = match pane {
            Pane::Present => self.session.scene(),
            Pane::Beside => self.session.companion_scene(),
        };
        let layered = !self.hide_overlays && scene.is_some();
        let brightness = if layered { view.kind().brightness(style) } else { 1.0 };
        if brightness > 0.0
            && let Some(seen) = self.textures.base(ui.ctx(), (pane, view), current, needed, wide)
        {
            paint(&painter, viewport, size_px, &seen, Color32::from_gray((255.0 * brightness) as u8));
        }
        if layered && let Some(seen) = self.textures.layer(ui.ctx(), (pane, view), &self.session, needed, wide) {
            paint(&painter, viewport, size_px, &seen, Color32::WHITE);
        }
        if layered && view.kind().is_on_black(style) {
            outline(&painter, viewport, scene.map_or(&[], |scene| scene.outline));
        }
        if layered && let Some(bounds) = scene.and_then(|scene| view.kind().red_box(&scene)) {
            red_box(&painter, bounds, viewport);
        }
        self.cross_hair(&painter, pane, viewport);
        self.lengths(&painter, pane, view, viewport);
        if pane == Pane::Present {
            self.words(ui, &painter, view, viewport);
        }
    }

    /// The picture that was asked for, small as the list has it, until it is there; whether it stands in the view.
    fn draw_coming(&mut self, ui: &Ui, painter: &egui::Painter, view: Layer, viewport: &Viewport) -> bool {
        let Some(coming) = self.session.coming().map(std::path::Path::to_owned) else { return false };
        let Some(thumbnail) = self.session.worklist.thumbnail(&coming) else { return false };
        if view == Layer::Input {
            let texture = self.textures.thumbnail(ui.ctx(), &coming, thumbnail);
            let size = texture.size_vec2();
            let scale = (viewport.rect.width() / size.x).min(viewport.rect.height() / size.y);
            let place = Rect::from_center_size(viewport.rect.center(), size * scale);
            let whole = Rect::from_min_max(pos2(0.0, 0.0), pos2(1.0, 1.0));
            painter.image(texture.id(), place, whole, Color32::WHITE);
        }
        let name = coming.file_name().unwrap_or_default().to_string_lossy();
        let says = format!("Opening {}…", super::names::short(&name, 32));
        label(painter, viewport.rect.center_bottom() - vec2(0.0, 24.0), &says, Color32::WHITE);
        true
    }

    /// The same place in all views; a gap in the middle leaves the place itself free.
    fn cross_hair(&self, painter: &egui::Painter, pane: Pane, viewport: &Viewport) {
        let Some((x, y)) = self.probe else { return };
        let link = if pane == Pane::Beside { self.link() } else { None };
        let probe = link.map_or((x, y), |link| link.beside_from_present.apply(x, y));
        let (at, gap, rect) = (viewport.to_screen(probe), 9.0, viewport.rect);
        if !rect.contains(at) {
            return;
        }
        for (width, colour) in [(3.0, Color32::from_black_alpha(110)), (1.0, Color32::from_white_alpha(210))] {
            let stroke = Stroke::new(width, colour);
            for (from, to) in [
                (pos2(rect.left(), at.y), pos2(at.x - gap, at.y)),
                (pos2(at.x + gap, at.y), pos2(rect.right(), at.y)),
                (pos2(at.x, rect.top()), pos2(at.x, at.y - gap)),
                (pos2(at.x, at.y + gap), pos2(at.x, rect.bottom())),
            ] {
                painter.line_segment([from, to], stroke);
            }
        }
    }

    /// What a view without its map says.
    fn words(&self, ui: &Ui, painter: &egui::Painter, view: Layer, viewport: &Viewport) {
        if let Some(coming) = self.session.coming() {
            // What is still on the screen is of another picture than the one asked for.
            painter.rect_filled(viewport.rect, CornerRadius::ZERO, Color32::from_black_alpha(170));
            let name = coming.file_name().unwrap_or_default().to_string_lossy();
            let name = super::names::short(&name, 32);
            return label(painter, viewport.rect.center(), &format!("Opening {name}…"), Color32::WHITE);
        }
        if view == Layer::Input {
            return;
        }
        let says = if self.session.shown().is_some() {
            return self.nothing_shown(painter, view, viewport);
        } else if self.session.busy().is_some_and(|busy| busy.since.elapsed().as_millis() > 300) {
            "Explaining…"
        } else {
            return;
        };
        label(painter, viewport.rect.center(), says, theme::warning(ui.visuals()));
    }

    /// A blank map says that it is blank.
    fn nothing_shown(&self, painter: &egui::Painter, view: Layer, viewport: &Viewport) {
        if let Some(says) = self.nothing_to_see(view) {
            label(painter, viewport.rect.center_bottom() - vec2(0.0, 24.0), says, Color32::WHITE);
        }
    }

    fn nothing_to_see(&self, view: Layer) -> Option<&'static str> {
        self.session.scene().and_then(|scene| view.kind().empty(&scene))
    }
}

fn label(painter: &egui::Painter, at: Pos2, says: &str, colour: Color32) {
    let galley = painter.layout_no_wrap(says.to_owned(), FontId::proportional(15.0), colour);
    let rect = Align2::CENTER_CENTER.anchor_size(at, galley.size());
    painter.rect_filled(rect.expand(8.0), CornerRadius::same(4), Color32::from_black_alpha(190));
    painter.galley(rect.min, galley, colour);
}

fn is_inside((x, y): (f64, f64), (width, height): (f64, f64)) -> bool {
    (0.0..width).contains(&x) && (0.0..height).contains(&y)
}

/// Puts a region's texture where it belongs; the last texel of an odd side reaches beyond the picture and is cut.
fn paint(
    painter: &egui::Painter,
    viewport: &Viewport,
    size_px: (u32, u32),
    seen: &super::textures::Seen<'_>,
    tint: Color32,
) {
    let region = seen.region;
    let unit = f64::from(1u32 << region.level);
    let from = (f64::from(region.x) * unit, f64::from(region.y) * unit);
    let to = (f64::from(region.x + region.width) * unit, f64::from(region.y + region.height) * unit);
    let cut = (to.0.min(f64::from(size_px.0)), to.1.min(f64::from(size_px.1)));
    let rect = Rect::from_two_pos(viewport.to_screen(from), viewport.to_screen(cut));
    let used = ((cut.0 - from.0) / (to.0 - from.0), (cut.1 - from.1) / (to.1 - from.1));
    let uv = Rect::from_min_max(pos2(0.0, 0.0), pos2(used.0 as f32, used.1 as f32));
    painter.image(seen.texture.id(), rect, uv, tint);
}

/// Where the lit field ends.
fn outline(painter: &egui::Painter, viewport: &Viewport, line: &[(f64, f64)]) {
    let [r, g, b] = crate::compose::OUTLINE.0;
    let points: Vec<Pos2> = line.iter().map(|at| viewport.to_screen(*at)).collect();
    painter.line(points, Stroke::new(1.0, Color32::from_rgb(r, g, b)));
}

fn red_box(painter: &egui::Painter, bounds: PixelBox, viewport: &Viewport) {
    let (x, y) = (f64::from(bounds.x), f64::from(bounds.y));
    let end = (x + f64::from(bounds.width), y + f64::from(bounds.height));
    let rect = Rect::from_two_pos(viewport.to_screen((x, y)), viewport.to_screen(end));
    let [r, g, b] = crate::compose::RED.0;
    // The dark rim keeps the red visible on red.
    for (width, colour) in [(5.0, Color32::from_black_alpha(130)), (2.0, Color32::from_rgb(r, g, b))] {
        painter.rect_stroke(rect, CornerRadius::ZERO, Stroke::new(width, colour), StrokeKind::Middle);
    }
}
