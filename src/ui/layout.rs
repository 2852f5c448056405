//! Where the three views stand: beside each other, above each other, or one above two, whichever shows most.
//!
//! Knows sizes only.

use egui::{Rect, Vec2, pos2, vec2};

/// Between two views, in points.
const GAP: f32 = 6.0;

/// The places of input, CAM and CLEAR view in `area`, each with a title of `title_height`, for a picture of `aspect`
/// (width over height).
pub fn arrange(area: Rect, aspect: f32, title_height: f32) -> [Rect; 3] {
    let candidates = [row(area), column(area), one_above_two(area)];
    let shown = |views: &[Rect; 3]| -> f32 {
        // The smallest view counts twice: no view may starve for the sake of the others.
        let areas = views.map(|view| fitted_area(view.size() - vec2(0.0, title_height), aspect));
        areas.iter().sum::<f32>() + 2.0 * areas.iter().copied().fold(f32::INFINITY, f32::min)
    };
    let best = candidates.iter().max_by(|a, b| shown(a).total_cmp(&shown(b)));
    best.copied().unwrap_or(candidates[0])
}

fn fitted_area(size: Vec2, aspect: f32) -> f32 {
    let width = size.x.max(0.0).min(size.y.max(0.0) * aspect);
    width * width / aspect
}

fn row(area: Rect) -> [Rect; 3] {
    let width = ((area.width() - 2.0 * GAP) / 3.0).floor().max(1.0);
    [0.0, 1.0, 2.0].map(|n| {
        let left = area.left() + n * (width + GAP);
        Rect::from_min_size(pos2(left, area.top()), vec2(width, area.height()))
    })
}

fn column(area: Rect) -> [Rect; 3] {
    let height = ((area.height() - 2.0 * GAP) / 3.0).floor().max(1.0);
    [0.0, 1.0, 2.0].map(|n| {
        let top = area.top() + n * (height + GAP);
        Rect::from_min_size(pos2(area.left(), top), vec2(area.width(), height))
    })
}

fn one_above_two(area: Rect) -> [Rect; 3] {
    let height = ((area.height() - GAP) / 2.0).floor().max(1.0);
    let width = ((area.width() - GAP) / 2.0).floor().max(1.0);
    let below = area.top() + height + GAP;
    [
        Rect::from_min_size(area.min, vec2(area.width(), height)),
        Rect::from_min_size(pos2(area.left(), below), vec2(width, height)),
        Rect::from_min_size(pos2(area.left() + width + GAP, below), vec2(width, height)),
    ]
}

#[cfg(test)]
mod tests {
    use super::*;

    fn kind(width: f32, height: f32) -> &'static str {
        let views = arrange(Rect::from_min_size(pos2(0.0, 0.0), vec2(width, height)), 1.5, 24.0);
        for (i, a) in views.iter().enumerate() {
            assert!(a.width() > 0.0 && a.right() <= width && a.bottom() <= height, "{width}×{height}");
            assert!(views[..i].iter().all(|b| !a.intersects(*b)), "views overlap");
        }
        match views {
            [a, b, c] if a.top() == b.top() && b.top() == c.top() => "row",
            [a, b, _] if a.left() == b.left() && a.width() == b.width() => "column",
            _ => "one above two",
        }
    }

    #[test]
    fn the_layout_follows_the_window() {
        assert_eq!(kind(3400.0, 900.0), "row");
        assert_eq!(kind(500.0, 1400.0), "column");
        assert_eq!(kind(700.0, 620.0), "one above two");
        kind(60.0, 60.0);
    }
}
