//! Size and orientation of a picture: a scale bar, in millimetres where the file gives a spacing, else in pixels, and the
//! letters at its edges.

use egui::{Align2, Color32, FontId, Painter, Pos2, Stroke, vec2};

use crate::scan::facts::Spacing;

/// The longest scale bar, as a part of the view's width.
const LONGEST: f64 = 0.3;

/// The length of the bar, in `unit_px` source pixels each, that is round and at most `most_px` source pixels long:
/// its number of units.
fn round_length(most_px: f64, unit_px: f64) -> f64 {
    let most = most_px / unit_px;
    let power = 10f64.powf(most.log10().floor());
    [5.0, 2.0, 1.0].into_iter().map(|factor| factor * power).find(|length| *length <= most).unwrap_or(power)
}

/// Draws the scale bar at the lower left of `rect`; `scale` is points a source pixel.
pub fn scale_bar(painter: &Painter, rect: egui::Rect, scale: f64, spacing: Option<&Spacing>) {
    let most_px = LONGEST * f64::from(rect.width()) / scale;
    let unit_px = spacing.map_or(1.0, |spacing| 1.0 / spacing.column_mm);
    let units = round_length(most_px, unit_px);
    if !units.is_finite() || units <= 0.0 {
        return;
    }
    let text = match spacing {
        Some(spacing) => format!("{units} mm {}", spacing.origin.says()),
        None => format!("{units} px"),
    };
    let from = rect.left_bottom() + vec2(14.0, -12.0);
    let to = from + vec2((units * unit_px * scale) as f32, 0.0);
    line(painter, &[(from, to), (from - vec2(0.0, 6.0), from), (to - vec2(0.0, 6.0), to)]);
    words(painter, from - vec2(0.0, 8.0), Align2::LEFT_BOTTOM, &text);
}

/// The letters of the left, right, upper and lower edge, in the middle of each.
pub fn edges(painter: &Painter, rect: egui::Rect, letters: &[String; 4]) {
    let inside = rect.shrink(6.0);
    let places = [
        (inside.left_center(), Align2::LEFT_CENTER),
        (inside.right_center(), Align2::RIGHT_CENTER),
        (inside.center_top(), Align2::CENTER_TOP),
        (inside.center_bottom(), Align2::CENTER_BOTTOM),
    ];
    for (letter, (at, anchor)) in letters.iter().zip(places) {
        let font = FontId::proportional(16.0);
        painter.text(at + vec2(1.0, 1.0), anchor, letter, font.clone(), Color32::from_black_alpha(200));
        painter.text(at, anchor, letter, font, Color32::from_rgb(235, 238, 240));
    }
}

/// Light with a dark rim: readable on any picture.
fn line(painter: &Painter, parts: &[(Pos2, Pos2)]) {
    for (width, colour) in [(3.5, Color32::from_black_alpha(150)), (1.5, Color32::from_rgb(255, 226, 120))] {
        for (from, to) in parts {
            painter.line_segment([*from, *to], Stroke::new(width, colour));
        }
    }
}

fn words(painter: &Painter, at: Pos2, anchor: Align2, text: &str) {
    let galley = painter.layout_no_wrap(text.to_owned(), FontId::proportional(13.0), Color32::from_rgb(255, 226, 120));
    let rect = anchor.anchor_size(at, galley.size());
    painter.rect_filled(rect.expand(2.0), 2, Color32::from_black_alpha(150));
    painter.galley(rect.min, galley, Color32::WHITE);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bars_are_round_and_fit() {
        assert_eq!(round_length(730.0, 1.0), 500.0);
        assert_eq!(round_length(730.0, 1.0 / 0.2), 100.0, "146 mm fit");
        assert_eq!(round_length(3.0, 1.0), 2.0);
        assert_eq!(round_length(0.7, 1.0), 0.5);
    }
}
