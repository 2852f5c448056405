//! Lengths in a view: a scale bar, and a line that is drawn to measure. In millimetres where the file gives a spacing,
//! in pixels where not.

use egui::{Align2, Color32, FontId, Painter, Pos2, Stroke, pos2, vec2};

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

/// A length and its unit for people.
pub fn says(spacing: Option<&Spacing>, across_px: f64, down_px: f64) -> String {
    match spacing {
        Some(spacing) => {
            let length_mm = (across_px * spacing.column_mm).hypot(down_px * spacing.row_mm);
            format!("{length_mm:.1} mm {}", spacing.origin.says())
        }
        None => format!("{:.0} px", across_px.hypot(down_px)),
    }
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

/// Draws a measured line with its length.
pub fn measured(painter: &Painter, from: Pos2, to: Pos2, text: &str) {
    let across = (to - from).normalized().rot90() * 5.0;
    line(painter, &[(from, to), (from - across, from + across), (to - across, to + across)]);
    let below = if to.y > from.y { Align2::CENTER_TOP } else { Align2::CENTER_BOTTOM };
    let at = pos2(to.x, to.y + if to.y > from.y { 8.0 } else { -8.0 });
    words(painter, at, below, text);
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
    use crate::scan::facts::SpacingOrigin;

    #[test]
    fn bars_are_round_and_fit() {
        assert_eq!(round_length(730.0, 1.0), 500.0);
        assert_eq!(round_length(730.0, 1.0 / 0.2), 100.0, "146 mm fit");
        assert_eq!(round_length(3.0, 1.0), 2.0);
        assert_eq!(round_length(0.7, 1.0), 0.5);
    }

    #[test]
    fn lengths_follow_the_spacing_both_ways() {
        let spacing = Spacing { row_mm: 0.5, column_mm: 0.25, origin: SpacingOrigin::Imager };
        assert_eq!(says(Some(&spacing), 12.0, 8.0), "5.0 mm at the detector");
        assert_eq!(says(None, 30.0, 40.0), "50 px");
    }
}
