//! Two pictures side by side: both eyes as readers hang them, or an earlier picture beside the current one.
//!
//! Must not know which picture is chosen: the session does.

use egui::{Color32, Layout, Rect, RichText, TextStyle, Ui, UiBuilder, vec2};

use super::layout::{GAP, arrange};
use super::textures::Pane;
use super::views::TITLE;
use super::{App, names};
use crate::session::camera::{FieldCircle, Link};
use crate::session::picture::Picture;
use crate::session::{Current, Layer};

/// Height of the title above each picture.
const HEADING: f32 = 24.0;

impl App {
    /// Draws both pictures with their layers, the same layers at the same height.
    pub(super) fn two(&mut self, ui: &mut Ui, area: Rect) {
        let Some(current) = self.session.current() else { return };
        let (width, height) = current.picture.size_px();
        let is_alone = self.session.awaits_reader() || self.session.answer_is_withheld();
        let both = [Layer::Input, Layer::Clear];
        let all = both.into_iter().filter(|view| *view == Layer::Input || !is_alone);
        let views: Vec<Layer> = match self.maximised {
            Some(view) if !is_alone || view == Layer::Input => vec![view],
            _ => all.collect(),
        };
        let half = ((area.width() - GAP) / 2.0).floor();
        let left = Rect::from_min_size(area.min, vec2(half, area.height()));
        let right = left.translate(vec2(half + GAP, 0.0));
        let panes = if self.session.companion_is_left() {
            [Pane::Beside, Pane::Present]
        } else {
            [Pane::Present, Pane::Beside]
        };
        for (pane, side) in panes.into_iter().zip([left, right]) {
            let (heading, rest) = side.split_top_bottom_at_y(side.top() + HEADING);
            self.heading(ui, pane, heading);
            let places = arrange(rest, views.len(), width as f32 / height as f32, TITLE);
            if pane == Pane::Present {
                self.keys_are_about(ui, places.first());
            }
            for (view, place) in views.iter().zip(places) {
                self.view(ui, pane, *view, place);
            }
        }
    }

    /// Whose picture it is, and the line about it.
    fn heading(&self, ui: &mut Ui, pane: Pane, place: Rect) {
        let (path, says) = match pane {
            Pane::Present => (self.session.current().map(|current| current.path.clone()), self.headline()),
            Pane::Beside => {
                (self.session.companion().map(|beside| beside.path().to_owned()), self.session.companion_says())
            }
        };
        let Some(path) = path else { return };
        let identity = self.session.identity_of(&path).cloned().unwrap_or_default();
        let mut row = ui.new_child(UiBuilder::new().max_rect(place).layout(Layout::left_to_right(egui::Align::Center)));
        if let Some(eye) = identity.eye {
            row.label(RichText::new(eye.short_name()).strong().size(18.0));
        }
        if let Some(day) = identity.taken.as_deref().and_then(|taken| taken.get(..10)) {
            row.label(RichText::new(day).strong());
        }
        let colour = row.visuals().strong_text_color();
        let room = row.available_width();
        names::label(&mut row, &says, &TextStyle::Body, colour, room * 0.62);
        let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
        row.with_layout(Layout::right_to_left(egui::Align::Center), |ui| {
            let (room, colour) = (ui.available_width(), ui.visuals().weak_text_color());
            names::label(ui, &name, &TextStyle::Small, colour, room);
        });
    }

    /// A line about the picture on the screen.
    fn headline(&self) -> String {
        if self.session.awaits_reader() {
            return "Not read yet".to_owned();
        }
        let said = self.session.report().map(|report| match report.figure.as_str() {
            "" => report.headline,
            figure => format!("{}, {figure}", report.headline),
        });
        said.unwrap_or_default()
    }

    /// The transform between the picture beside and the one on the screen.
    pub(super) fn link(&self) -> Option<Link> {
        let present = self.session.current()?;
        let beside = self.session.companion()?.current()?;
        let [present, beside] = discs([present, beside]);
        Some(Link::new(present, beside, self.session.is_mirrored()))
    }

    /// What a view of the picture beside says while it has nothing to show.
    pub(super) fn nothing_beside(&self, ui: &Ui, rect: Rect) {
        let galley = ui.painter().layout(
            self.session.companion_says(),
            TextStyle::Body.resolve(ui.style()),
            Color32::GRAY,
            rect.width(),
        );
        let at = rect.center() - galley.size() / 2.0;
        ui.painter().galley(at, galley, Color32::GRAY);
    }
}

/// The fields of both pictures, or both pictures as they are where one has none.
fn discs([a, b]: [&Current; 2]) -> [FieldCircle; 2] {
    let lit = |picture: &Picture| picture.lit.as_ref().map(|lit| (lit.centre_px, lit.radius_px));
    match (lit(&a.picture), lit(&b.picture)) {
        (Some(a), Some(b)) => [a, b],
        _ => [a, b].map(|current| {
            let (width, height) = current.picture.size_px();
            ((f64::from(width) / 2.0, f64::from(height) / 2.0), f64::from(width.max(height)) / 2.0)
        }),
    }
}
