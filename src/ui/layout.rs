//! Where the views go: side by side, stacked, in rows, or the picture large and the maps beside or below it, whichever
//! shows most.
//!
//! Knows sizes only.

use egui::{Rect, Vec2, pos2, vec2};

use crate::compose::spread;

/// Between two views, in points.
pub const GAP: f32 = 4.0;

/// The places of `count` views in `area`, in their order, each with a title of `title_height`, for a picture of `aspect`
/// (width over height).
pub fn arrange(area: Rect, count: usize, aspect: f32, title_height: f32) -> Vec<Rect> {
    let shown = |views: &Vec<Rect>| -> f32 {
        // The smallest view counts twice: no view may starve for the sake of the others.
        let areas = views.iter().map(|view| fitted_area(view.size() - vec2(0.0, title_height), aspect));
        let (sum, least) = areas.fold((0.0, f32::INFINITY), |(sum, least), area| (sum + area, area.min(least)));
        sum + 2.0 * least
    };
    let candidates = (1..=count).map(|rows| in_rows(area, &spread(count, rows))).chain(with_a_large_one(area, count));
    // Among equals the one with the fewest rows.
    candidates.reduce(|best, next| if shown(&next) > shown(&best) { next } else { best }).unwrap_or_default()
}

fn fitted_area(size: Vec2, aspect: f32) -> f32 {
    let width = size.x.max(0.0).min(size.y.max(0.0) * aspect);
    width * width / aspect
}

/// Three views, of which the first is larger: the others stand beside or below it.
fn with_a_large_one(area: Rect, count: usize) -> impl Iterator<Item = Vec<Rect>> {
    let parts = (count == 3).then_some(30..=80).into_iter().flatten();
    parts.flat_map(move |per_cent| {
        let part = per_cent as f32 / 100.0;
        let x = (area.left() + area.width() * part).round();
        let (large, rest) = area.split_left_right_at_x(x);
        let beside = std::iter::once(large).chain(in_rows(rest.with_min_x(x + GAP), &[1, 1])).collect();
        let y = (area.top() + area.height() * part).round();
        let (large, rest) = area.split_top_bottom_at_y(y);
        let below = std::iter::once(large).chain(in_rows(rest.with_min_y(y + GAP), &[2])).collect();
        [beside, below]
    })
}

/// Views per row, all rows of the same width and height.
fn in_rows(area: Rect, rows: &[usize]) -> Vec<Rect> {
    let part = |whole: f32, parts: usize| ((whole - (parts - 1) as f32 * GAP) / parts as f32).floor().max(1.0);
    let height = part(area.height(), rows.len());
    let row = |(row, columns): (usize, &usize)| {
        let (top, width) = (area.top() + row as f32 * (height + GAP), part(area.width(), *columns));
        (0..*columns).map(move |column| {
            let left = area.left() + column as f32 * (width + GAP);
            Rect::from_min_size(pos2(left, top), vec2(width, height))
        })
    };
    rows.iter().enumerate().flat_map(row).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn arranged(width: f32, height: f32, count: usize) -> Vec<Rect> {
        arrange(Rect::from_min_size(pos2(0.0, 0.0), vec2(width, height)), count, 1.5, 24.0)
    }

    fn kind(width: f32, height: f32) -> &'static str {
        let views = arranged(width, height, 3);
        for (i, a) in views.iter().enumerate() {
            assert!(a.width() > 0.0 && a.right() <= width && a.bottom() <= height, "{width}×{height}");
            assert!(views[..i].iter().all(|b| !a.intersects(*b)), "views overlap");
        }
        match views.as_slice() {
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

    #[test]
    fn five_views_stand_in_two_rows_of_a_common_window_and_one_fills_it() {
        let views = arranged(900.0, 760.0, 5);
        let above = views.iter().filter(|view| view.top() == 0.0).count();
        assert_eq!((views.len(), above), (5, 2));
        for (i, a) in views.iter().enumerate() {
            assert!(views[..i].iter().all(|b| !a.intersects(*b)));
        }
        assert_eq!(arranged(900.0, 760.0, 1), [Rect::from_min_size(pos2(0.0, 0.0), vec2(900.0, 760.0))]);
        assert!(arranged(900.0, 760.0, 0).is_empty());
    }
}
