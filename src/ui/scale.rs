//! The size of text, controls and window: as chosen, or, at a first start, as suits the screen.

use std::time::{Duration, Instant};

use egui::{Context, Vec2, ViewportCommand};

use super::{App, theme};
use crate::session::camera::Camera;
use crate::session::preferences::WindowPlace;

/// A desktop that scales by at least this has decided already.
const SCALES_ITSELF: f32 = 1.05;

/// The scale for a screen of so many physical pixels in height, on a desktop that gives `native` of them to a point. A
/// desktop of 4K screens often gives no hint, and text is then half as large as meant.
pub fn suggested(height_px: f32, native: f32) -> f32 {
    match height_px {
        _ if native > SCALES_ITSELF => 1.0,
        height if height >= 4000.0 => 3.0,
        height if height >= 2000.0 => 2.0,
        height if height >= 1500.0 => 1.5,
        height if height >= 1400.0 => 1.25,
        _ => 1.0,
    }
}

impl App {
    /// Theme and text size as the preferences say.
    pub(super) fn apply_preferences(&mut self, ctx: &Context) {
        self.ask_screen(ctx);
        let preferences = &self.session.preferences;
        let wanted = (preferences.theme, preferences.text_scale.or(self.suggested_scale).unwrap_or(1.0));
        if self.applied != Some(wanted) {
            theme::set_theme(ctx, wanted.0);
            ctx.set_zoom_factor(wanted.1);
            self.applied = Some(wanted);
        } else if (ctx.zoom_factor() - wanted.1).abs() > 1e-3 {
            // The desktop's own keys for larger text change it too.
            self.session.preferences.text_scale = Some(ctx.zoom_factor());
            self.applied = Some((wanted.0, ctx.zoom_factor()));
        }
    }

    /// Applies the scale that suits the screen, if none was chosen.
    fn ask_screen(&mut self, ctx: &Context) {
        if self.suggested_scale.is_some() || self.session.preferences.text_scale.is_some() {
            return;
        }
        let (screen, native) =
            ctx.input(|input| (input.viewport().monitor_size, input.viewport().native_pixels_per_point));
        let Some((screen, native)) = screen.zip(native).filter(|(screen, _)| screen.is_finite() && screen.y > 0.0)
        else {
            return;
        };
        let scale = suggested(screen.y * ctx.pixels_per_point(), native);
        self.suggested_scale = Some(scale);
        if scale > 1.0 && self.session.preferences.window.is_none() {
            // In points of before, so that the window grows with what it holds.
            let size: Vec2 = super::window::USUAL * scale;
            ctx.send_viewport_cmd(ViewportCommand::InnerSize(size.min(0.9 * screen)));
        }
    }

    /// Keeps the window's size for the next start.
    pub(super) fn note_window(&mut self, ctx: &Context) {
        let (rect, maximised) = ctx.input(|input| (input.viewport().inner_rect, input.viewport().maximized));
        if let Some(rect) = rect.filter(|rect| rect.is_finite() && rect.area() > 0.0) {
            let zoom = ctx.zoom_factor();
            self.session.preferences.window = Some(WindowPlace {
                width: rect.width() * zoom,
                height: rect.height() * zoom,
                maximised: maximised.unwrap_or(false),
            });
        }
    }

    /// Zoom and place of all views are kept with the readings, and come back with them.
    pub(super) fn note_view(&mut self, ctx: &Context) {
        if let Some(camera) = self.session.take_restored_view().and_then(|view| Camera::checked(&view)) {
            self.camera = camera;
        }
        if self.kept_camera != Some(self.camera)
            && let Ok(view) = serde_json::to_value(self.camera)
        {
            self.kept_camera = Some(self.camera);
            self.session.view_is(view, Instant::now());
        }
        if self.session.view_waits() {
            ctx.request_repaint_after(Duration::from_millis(600));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_large_screens_without_a_hint_are_scaled() {
        assert_eq!(
            [1080.0, 1200.0, 1440.0, 1600.0, 2160.0, 4320.0].map(|height| suggested(height, 1.0)),
            [1.0, 1.0, 1.25, 1.5, 2.0, 3.0]
        );
        assert_eq!(suggested(2160.0, 2.0), 1.0, "the desktop scales by itself");
    }
}
