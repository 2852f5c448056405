//! Where two CLEAR maps of one picture differ: what each shows in its brightness, the first less the second.
//!
//! D(x) of each is divided by that map's own maximum, since two ways back have units of their own; so a difference of 1
//! stands where the one is strongest and the other silent. This module must not know what sets the two maps apart.

use image::RgbaImage;
use rayon::prelude::*;

use super::bar::{ColourBar, Tick, short_number};
use super::clear::{ClearStyle, DominantLines, shade};
use super::grid::Grid;
use crate::bundle::Colour;
use crate::geometry::Transform;
use crate::maps::ClassMaps;

/// Steps from no difference to the largest one.
const STEPS: usize = 1020;
/// Blue where the second responds more, yellow where the first does: the one axis of hue that red-blind and green-blind
/// readers keep. Dark between them, so that equal maps leave nothing.
const ENDS: [Colour; 2] = [Colour([70, 150, 255]), Colour([255, 225, 60])];

/// Responses, and the largest of them over all classes.
pub type Scaled<'a> = (&'a ClassMaps, f32);

/// The difference of `first` and `second`, which lie on one grid, over (or as) a picture of `size` (width, height) pixels.
///
/// Opacity, gain, ground and the classes left on are those of the CLEAR maps. Nothing is drawn outside the model's field.
///
/// # Panics
/// Where the two grids differ: that is a programming error.
pub fn difference_layer(
    first: Scaled<'_>,
    second: Scaled<'_>,
    source_from_map: &Transform,
    size: (u32, u32),
    style: &ClearStyle,
) -> RgbaImage {
    let cells = |(maps, _): Scaled<'_>| (maps.width, maps.height);
    assert_eq!(cells(first), cells(second), "two maps of one picture lie on one grid");
    let ground = [0, 0, 0, if style.on_black { 255 } else { 0 }];
    let mut layer = RgbaImage::from_pixel(size.0, size.1, image::Rgba(ground));
    let Some(grid) = Grid::new(cells(first), source_from_map, size) else { return layer };
    let shades: Vec<[u8; 4]> = (0..=2 * STEPS).map(|step| shade_at(step as f32 / STEPS as f32 - 1.0, style)).collect();
    let factors = [first, second].map(|(_, peak)| if peak > 0.0 { style.gain.max(0.0) / peak } else { 0.0 });
    let (columns, rows) = (&grid.columns, &grid.rows);
    let lines = layer.par_chunks_exact_mut(4 * size.0 as usize).skip(rows.covered.start);
    lines.zip(&rows.cells).with_min_len(16).for_each_init(
        || [first, second].map(|(maps, _)| DominantLines::new(maps, &style.enabled, columns)),
        |[first, second], (line, &row)| {
            let ((first, _), (second, _)) = (first.line(row), second.line(row));
            let (pixels, _) = line.as_chunks_mut::<4>();
            for ((pixel, &a), &b) in pixels[columns.covered.clone()].iter_mut().zip(first).zip(second) {
                let along = (a * factors[0] - b * factors[1]).clamp(-1.0, 1.0) + 1.0;
                *pixel = shades[(along * STEPS as f32 + 0.5) as usize];
            }
        },
    );
    layer
}

fn shade_at(difference: f32, style: &ClearStyle) -> [u8; 4] {
    shade(ENDS[usize::from(difference > 0.0)], difference.abs(), style)
}

/// What the colours mean under `gain`: from `second` (a name) responding more to `first` doing so.
pub fn difference_bar(gain: f32, first: &str, second: &str) -> ColourBar {
    let full = 100.0 / gain;
    let tick = |along: f32, value: f32| Tick { along, label: format!("{} %", short_number(value)) };
    let ticks = vec![tick(0.0, -full), Tick { along: 0.5, label: "0".to_owned() }, tick(1.0, full)];
    let ends = [second, first].map(|name| format!("{name} more"));
    let black = ClearStyle { on_black: true, ..ClearStyle::default() };
    ColourBar::new(ticks, ends, move |along| {
        let [r, g, b, _] = shade_at(2.0 * along - 1.0, &black);
        [r, g, b]
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn maps(data: &[f32]) -> ClassMaps {
        ClassMaps::new(2, 1, data.len() / 2, data.to_vec())
    }

    #[test]
    fn each_map_counts_by_its_own_maximum_and_equal_ones_leave_nothing() {
        // In the first cell both are strongest, in the second only the first responds, in the third only the second.
        let (a, b) = (maps(&[4.0, 2.0, 0.0, 0.0, 0.0, 0.0]), maps(&[0.0, 0.0, 0.0, 100.0, 0.0, 100.0]));
        let style = ClearStyle { on_black: true, ..ClearStyle::default() };
        let layer = difference_layer((&a, 4.0), (&b, 100.0), &Transform::IDENTITY, (3, 1), &style);
        let pixels: Vec<[u8; 4]> = layer.pixels().map(|p| p.0).collect();
        assert_eq!(pixels, [[0, 0, 0, 255], [128, 113, 30, 255], [70, 150, 255, 255]]);
        let over = ClearStyle { opacity: 0.5, ..ClearStyle::default() };
        let layer = difference_layer((&a, 4.0), (&b, 100.0), &Transform::IDENTITY, (3, 1), &over);
        let pixels: Vec<[u8; 4]> = layer.pixels().map(|p| p.0).collect();
        assert_eq!(pixels.iter().map(|p| p[3]).collect::<Vec<_>>(), [0, 64, 128]);
    }

    #[test]
    fn a_class_that_is_switched_off_takes_no_part_and_an_empty_map_is_no_number() {
        let (a, b) = (maps(&[1.0, 1.0, 0.0, 0.5]), maps(&[0.0; 4]));
        let style = ClearStyle { on_black: true, enabled: vec![false, true], ..ClearStyle::default() };
        let layer = difference_layer((&a, 1.0), (&b, 0.0), &Transform::IDENTITY, (2, 1), &style);
        assert_eq!(layer.get_pixel(0, 0).0, [0, 0, 0, 255]);
        assert_eq!(layer.get_pixel(1, 0).0, [128, 113, 30, 255]);
    }

    #[test]
    fn the_bar_names_both_and_shows_what_gain_makes_of_the_scale() {
        let bar = difference_bar(2.0, "guided", "linear");
        let labels: Vec<&str> = bar.ticks.iter().map(|tick| tick.label.as_str()).collect();
        assert_eq!(labels, ["−50.0 %", "0", "50.0 %"]);
        assert_eq!(bar.ends, ["linear more", "guided more"]);
        let picture = bar.picture((201, 1));
        assert!(picture.get_pixel(0, 0).0[2] > 200 && picture.get_pixel(200, 0).0[0] > 200);
        assert!(picture.get_pixel(100, 0).0.iter().all(|v| *v < 3));
    }
}
