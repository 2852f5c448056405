//! Pan and zoom, shared by all views, and which part of a picture a view shows.
//!
//! Screen positions are physical pixels from a view's upper left corner. Must not know what is drawn.

use serde::{Deserialize, Serialize};

use crate::geometry::Transform;

/// A screen pixel shows at most this many source pixels along a side, and a source pixel at most this many of the
/// screen's.
const MOST_ZOOM: f64 = 64.0;
/// The part of a picture composed beyond each side of a view, so that a small pan needs no new composition.
pub const MARGIN: f64 = 0.2;

/// How large a picture is shown.
#[derive(Debug, Clone, Copy, PartialEq, Default, Serialize, Deserialize)]
pub enum Zoom {
    /// As large as the view allows.
    #[default]
    Fit,
    /// Screen pixels per source pixel, in every view.
    Fixed(f64),
    /// Relative to the largest size that fits the view: views of different sizes show the same part.
    Times(f64),
}

/// Where all views look.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Camera {
    pub zoom: Zoom,
    /// The source position in a view's middle, as a fraction of the picture's sides.
    centre: (f64, f64),
}

impl Default for Camera {
    fn default() -> Self {
        Self { zoom: Zoom::Fit, centre: (0.5, 0.5) }
    }
}

type Size = (f64, f64);

impl Camera {
    /// From a file's values, unless they make no sense.
    pub fn checked(said: &serde_json::Value) -> Option<Self> {
        let camera = Self::deserialize(said).ok()?;
        let is_fine = match camera.zoom {
            Zoom::Fit => true,
            Zoom::Fixed(scale) => (1e-6..=MOST_ZOOM).contains(&scale),
            Zoom::Times(times) => (1e-3..=1e6).contains(&times),
        };
        let within = |at: f64| (0.0..=1.0).contains(&at);
        (is_fine && within(camera.centre.0) && within(camera.centre.1)).then_some(camera)
    }

    /// Screen pixels per source pixel.
    pub fn scale(&self, view_px: Size, source_px: Size) -> f64 {
        match self.zoom {
            Zoom::Fit => fit_scale(view_px, source_px),
            Zoom::Fixed(scale) => scale,
            Zoom::Times(times) => times * fit_scale(view_px, source_px),
        }
    }

    pub fn screen_from_source(&self, view_px: Size, source_px: Size) -> Transform {
        let scale = self.scale(view_px, source_px);
        let centre = (self.centre.0 * source_px.0, self.centre.1 * source_px.1);
        // Whole screen pixels keep an unmagnified picture sharp.
        let corner = |view: f64, centre: f64| (view / 2.0 - centre * scale).round();
        Transform::scale_then_move(scale, scale, corner(view_px.0, centre.0), corner(view_px.1, centre.1))
    }

    pub fn fit(&mut self) {
        *self = Self::default();
    }

    /// One source pixel per screen pixel, keeping the middle.
    pub fn actual_size(&mut self) {
        self.zoom = Zoom::Fixed(1.0);
    }

    /// Magnifies by `factor`; what lies under `at` (screen) stays there.
    pub fn zoom_at(&mut self, factor: f64, at: Size, view_px: Size, source_px: Size) {
        if !(factor.is_finite() && factor > 0.0) || source_px.0 <= 0.0 || source_px.1 <= 0.0 {
            return;
        }
        let before = self.scale(view_px, source_px);
        let fit = fit_scale(view_px, source_px);
        let after = (before * factor).clamp(fit.min(1.0) / 4.0, MOST_ZOOM.max(fit));
        let off = (at.0 - view_px.0 / 2.0, at.1 - view_px.1 / 2.0);
        self.zoom = Zoom::Times(after / fit);
        let shift = 1.0 / before - 1.0 / after;
        self.move_centre((off.0 * shift / source_px.0, off.1 * shift / source_px.1));
    }

    /// Moves the picture by screen pixels.
    pub fn pan(&mut self, by: Size, view_px: Size, source_px: Size) {
        let scale = self.scale(view_px, source_px);
        if self.zoom == Zoom::Fit {
            self.zoom = Zoom::Times(1.0);
        }
        self.move_centre((-by.0 / scale / source_px.0, -by.1 / scale / source_px.1));
    }

    /// Shows another picture like the last one: the same part of it, equally large on the screen, and mirrored where it is
    /// of the other eye.
    pub fn carry(&mut self, from_px: Size, to_px: Size, is_mirrored: bool) {
        if let Zoom::Fixed(scale) = &mut self.zoom {
            *scale = (*scale * from_px.0.max(1.0) / to_px.0.max(1.0)).clamp(1e-6, MOST_ZOOM);
        }
        if is_mirrored {
            self.centre.0 = 1.0 - self.centre.0;
        }
    }

    /// The picture's edge may reach a view's middle, but it is never lost.
    fn move_centre(&mut self, (dx, dy): Size) {
        self.centre = ((self.centre.0 + dx).clamp(0.0, 1.0), (self.centre.1 + dy).clamp(0.0, 1.0));
    }
}

fn fit_scale(view_px: Size, source_px: Size) -> f64 {
    (view_px.0 / source_px.0.max(1.0)).min(view_px.1 / source_px.1.max(1.0)).max(1e-6)
}

/// How the picture beside another one lies with respect to it: both fields have the same middle and the same size on the
/// screen, and the other eye's is mirrored.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Link {
    pub beside_from_present: Transform,
    pub is_mirrored: bool,
    /// Source pixels of the picture beside per source pixel of the other.
    scale: f64,
}

/// The middle and the radius of a picture's field, in source pixels.
pub type FieldCircle = ((f64, f64), f64);

impl Link {
    pub fn new(present: FieldCircle, beside: FieldCircle, is_mirrored: bool) -> Self {
        let ((from_x, from_y), from_radius) = present;
        let ((to_x, to_y), to_radius) = beside;
        let scale = if from_radius > 0.0 && to_radius > 0.0 { to_radius / from_radius } else { 1.0 };
        let across = if is_mirrored { -scale } else { scale };
        let beside_from_present =
            Transform::scale_then_move(across, scale, to_x - across * from_x, to_y - scale * from_y);
        Self { beside_from_present, is_mirrored, scale }
    }

    /// Where the picture beside lies in a view as large as that of the other.
    pub fn screen_from_beside(&self, screen_from_present: &Transform, view_px: Size) -> Transform {
        let scale = screen_from_present.scale().0 / self.scale;
        let middle = (view_px.0 / 2.0, view_px.1 / 2.0);
        let (x, y) = screen_from_present.inverse().map_or((0.0, 0.0), |inverse| inverse.apply(middle.0, middle.1));
        let (x, y) = self.beside_from_present.apply(x, y);
        Transform::scale_then_move(scale, scale, (middle.0 - x * scale).round(), (middle.1 - y * scale).round())
    }

    /// A movement, or a distance from a view's left edge, as seen in the other picture's view.
    pub fn across(&self, by: f64) -> f64 {
        if self.is_mirrored { -by } else { by }
    }
}

/// A part of one level of a picture, in that level's pixels.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LevelRegion {
    /// Level n has 1/2ⁿ of the sides.
    pub level: u32,
    pub x: u32,
    pub y: u32,
    pub width: u32,
    pub height: u32,
}

impl LevelRegion {
    /// The part that a view of `view_px` needs, with `margin` (a fraction of the view) on each side, at the level that
    /// suits the zoom: source pixels where they are magnified, else pixels of about a screen pixel each. `None` where the
    /// picture lies outside the view. No side exceeds `limit_px`.
    pub fn seen(
        screen_from_source: &Transform,
        view_px: Size,
        source_px: (u32, u32),
        levels: u32,
        limit_px: u32,
        margin: f64,
    ) -> Option<Self> {
        let (scale, _) = screen_from_source.scale();
        let source_from_screen = screen_from_source.inverse()?;
        let wanted = (1.0 / scale).log2().round().max(0.0) as u32;
        let (x0, y0) = source_from_screen.apply(-margin * view_px.0, -margin * view_px.1);
        let (x1, y1) = source_from_screen.apply((1.0 + margin) * view_px.0, (1.0 + margin) * view_px.1);
        (wanted.min(levels - 1)..levels)
            .find_map(|level| {
                let part = |from: f64, to: f64, side: u32| {
                    let (unit, end) = (f64::from(1u32 << level), side.div_ceil(1 << level));
                    let first = (from / unit).floor().max(0.0) as u32;
                    let last = ((to / unit).ceil().max(0.0) as u32).min(end);
                    (first, last.saturating_sub(first))
                };
                let ((x, width), (y, height)) = (part(x0, x1, source_px.0), part(y0, y1, source_px.1));
                (width <= limit_px && height <= limit_px).then_some(Self { level, x, y, width, height })
            })
            .filter(|region| region.width > 0 && region.height > 0)
    }

    /// Takes source positions to this region's pixels.
    pub fn region_from_source(&self) -> Transform {
        let scale = 1.0 / f64::from(1u32 << self.level);
        Transform::scale_then_move(scale, scale, -f64::from(self.x), -f64::from(self.y))
    }

    /// Whether all that `needed` shows is in here, at the same level.
    pub fn covers(&self, needed: &Self) -> bool {
        self.level == needed.level
            && self.x <= needed.x
            && self.y <= needed.y
            && self.x + self.width >= needed.x + needed.width
            && self.y + self.height >= needed.y + needed.height
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const VIEW: Size = (400.0, 300.0);
    const SOURCE: Size = (1600.0, 800.0);

    #[test]
    fn fit_shows_the_whole_picture_in_the_middle() {
        let t = Camera::default().screen_from_source(VIEW, SOURCE);
        assert_eq!((t.apply(0.0, 0.0), t.apply(1600.0, 800.0)), ((0.0, 50.0), (400.0, 250.0)));
    }

    #[test]
    fn what_is_under_the_pointer_stays_there() {
        let mut camera = Camera::default();
        let at = (310.0, 120.0);
        let under = |camera: &Camera| {
            let back = camera.screen_from_source(VIEW, SOURCE).inverse().unwrap();
            back.apply(at.0, at.1)
        };
        let before = under(&camera);
        for factor in [1.5, 2.0, 3.0, 0.7] {
            camera.zoom_at(factor, at, VIEW, SOURCE);
            let (x, y) = under(&camera);
            assert!((x - before.0).abs() < 4.0 && (y - before.1).abs() < 4.0, "{x} {y}");
        }
    }

    #[test]
    fn a_pan_moves_by_screen_pixels_and_never_loses_the_picture() {
        let mut camera = Camera::default();
        camera.actual_size();
        let before = camera.screen_from_source(VIEW, SOURCE).apply(0.0, 0.0);
        camera.pan((30.0, -20.0), VIEW, SOURCE);
        let after = camera.screen_from_source(VIEW, SOURCE).apply(0.0, 0.0);
        assert_eq!((after.0 - before.0, after.1 - before.1), (30.0, -20.0));
        camera.pan((1e9, 1e9), VIEW, SOURCE);
        assert_eq!(camera.screen_from_source(VIEW, SOURCE).apply(0.0, 0.0), (200.0, 150.0));
    }

    fn seen(camera: &Camera, limit_px: u32) -> Option<LevelRegion> {
        LevelRegion::seen(&camera.screen_from_source(VIEW, SOURCE), VIEW, (1600, 800), 3, limit_px, MARGIN)
    }

    #[test]
    fn a_fitted_picture_is_drawn_from_a_small_level_and_a_magnified_one_from_its_own_pixels() {
        assert_eq!(seen(&Camera::default(), 8192), Some(LevelRegion { level: 2, x: 0, y: 0, width: 400, height: 200 }));
        let mut camera = Camera { zoom: Zoom::Fixed(4.0), ..Camera::default() };
        let region = seen(&camera, 8192).unwrap();
        assert_eq!((region.level, region.width, region.height), (0, 140, 106));
        camera.zoom = Zoom::Fixed(1.0);
        assert!(seen(&camera, 300).unwrap().level > 0, "a limit on textures takes a smaller level");
    }

    #[test]
    fn a_region_knows_what_it_covers_and_where_it_lies() {
        let whole = LevelRegion { level: 1, x: 0, y: 0, width: 800, height: 400 };
        assert!(
            whole.covers(&LevelRegion { x: 10, width: 100, ..whole })
                && !whole.covers(&LevelRegion { level: 0, ..whole })
        );
        let part = LevelRegion { level: 1, x: 10, y: 5, width: 3, height: 3 };
        assert_eq!(part.region_from_source().apply(24.0, 12.0), (2.0, 1.0));
    }

    #[test]
    fn the_picture_beside_keeps_the_same_place_of_the_field_under_the_views_middle() {
        let view = (800.0, 600.0);
        for is_mirrored in [false, true] {
            // The other photograph is twice as large, and its field lies elsewhere.
            let link = Link::new(((500.0, 400.0), 300.0), ((1300.0, 900.0), 600.0), is_mirrored);
            let mut camera = Camera::default();
            camera.zoom_at(3.0, (200.0, 100.0), view, (1000.0, 800.0));
            let present = camera.screen_from_source(view, (1000.0, 800.0));
            let beside = link.screen_from_beside(&present, view);
            let (x, y) = present.inverse().unwrap().apply(400.0, 300.0);
            let (bx, by) = beside.inverse().unwrap().apply(400.0, 300.0);
            let turned = if is_mirrored { -1.0 } else { 1.0 };
            assert!((bx - (1300.0 + turned * 2.0 * (x - 500.0))).abs() < 1.0, "{bx} {x}");
            assert!((by - (900.0 + 2.0 * (y - 400.0))).abs() < 1.0);
            assert!((beside.scale().0 - present.scale().0 / 2.0).abs() < 1e-9, "fields are as large as each other");
            let (there, _) = link.beside_from_present.apply(x + 10.0, y);
            let moved = beside.apply(there, by).0 - 400.0;
            assert!(
                (moved - turned * 10.0 * present.scale().0).abs() < 1.5,
                "right of one is left of its mirror picture"
            );
        }
    }

    #[test]
    fn a_kept_view_shows_the_same_part_of_a_picture_of_another_size() {
        let mut camera = Camera { zoom: Zoom::Fixed(2.0), centre: (0.25, 0.5) };
        camera.carry((1000.0, 800.0), (2000.0, 1600.0), true);
        assert_eq!(camera, Camera { zoom: Zoom::Fixed(1.0), centre: (0.75, 0.5) });
        let mut fitted = Camera::default();
        fitted.carry((10.0, 10.0), (20.0, 20.0), false);
        assert_eq!(fitted, Camera::default());
    }
}
