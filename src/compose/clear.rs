//! The CLEAR map as pixels (Kumar, Wong, Taylor 2017): the dominant class gives the hue, its response the brightness.
//!
//! Ĉ(x) = argmax_c R(x|c) over the classes that are switched on, D(x) = R(x|Ĉ(x)), V = gain · D / scale with one scale
//! for all classes. The magnitude was applied before. This module must not know how the responses were computed.

use image::RgbaImage;
use rayon::prelude::*;
use serde::{Deserialize, Serialize};

use super::grid::{Axis, Grid, StretchedRows};
use crate::bundle::Colour;
use crate::geometry::Transform;
use crate::maps::ClassMaps;

/// Steps of brightness between none and full.
const STEPS: usize = 1020;

/// How a CLEAR map is drawn.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ClearStyle {
    /// Of the strongest response over a picture, 0 to 1; not used on black.
    pub opacity: f32,
    /// Multiplies the brightness before it saturates; 1 shows the largest response at full brightness.
    pub gain: f32,
    /// Which classes take part; a class beyond the end takes part.
    pub enabled: Vec<bool>,
    /// An opaque picture on black, as in the papers, instead of a layer to lay over the photograph.
    pub on_black: bool,
}

impl Default for ClearStyle {
    fn default() -> Self {
        Self { opacity: 0.9, gain: 1.0, enabled: Vec::new(), on_black: false }
    }
}

fn is_on(class: usize, enabled: &[bool]) -> bool {
    enabled.get(class).copied().unwrap_or(true)
}

/// The CLEAR map over (or as) a picture of `size` (width, height) pixels.
///
/// `colours` has one entry per class; `scale` is the response that stands for full brightness. As a layer over the
/// photograph a pixel is its class's colour with alpha opacity · V, which over black would be the paper's colour · V;
/// with `on_black` it is that product itself, opaque. Each class is bilinear between cells, and dominance is decided
/// per source pixel. Nothing is drawn outside the model's field.
///
/// # Panics
/// Where there are fewer colours than classes: that is a programming error.
pub fn clear_layer(
    response: &ClassMaps,
    colours: &[Colour],
    source_from_map: &Transform,
    size: (u32, u32),
    scale: f32,
    style: &ClearStyle,
) -> RgbaImage {
    assert!(colours.len() >= response.classes, "every class needs a colour");
    let ground = [0, 0, 0, if style.on_black { 255 } else { 0 }];
    let mut layer = RgbaImage::from_pixel(size.0, size.1, image::Rgba(ground));
    let grid = Grid::new((response.width, response.height), source_from_map, size);
    let (Some(grid), true) = (grid, scale.is_finite() && scale > 0.0) else { return layer };
    let shades = all_shades(&colours[..response.classes], style);
    let steps_per_unit = style.gain.max(0.0) / scale * STEPS as f32;
    let (columns, rows) = (&grid.columns, &grid.rows);
    let lines = layer.par_chunks_exact_mut(4 * size.0 as usize).skip(rows.covered.start);
    lines.zip(&rows.cells).with_min_len(16).for_each_init(
        || DominantLines::new(response, &style.enabled, columns),
        |dominant, (line, &row)| {
            let (best, chosen) = dominant.line(row);
            let (pixels, _) = line.as_chunks_mut::<4>();
            for ((pixel, &value), &class) in pixels[columns.covered.clone()].iter_mut().zip(best).zip(chosen) {
                let step = (value * steps_per_unit + 0.5).min(STEPS as f32) as usize;
                *pixel = shades[class as usize * (STEPS + 1) + step];
            }
        },
    );
    layer
}

/// Ĉ(x) of a picture of `size` (width, height) pixels where D(x) is above 0 and at least `least`, as the CLEAR map draws
/// it: in `[height, width]` the class's place in `response.held`, counted from 1, and 0 where there is none.
pub fn dominant_classes(
    response: &ClassMaps,
    source_from_map: &Transform,
    size: (u32, u32),
    least: f32,
    enabled: &[bool],
) -> Vec<u8> {
    let mut classes = vec![0; size.0 as usize * size.1 as usize];
    let Some(Grid { columns, rows }) = Grid::new((response.width, response.height), source_from_map, size) else {
        return classes;
    };
    let mut places = vec![0; response.classes];
    (1..).zip(&response.held).for_each(|(place, class)| places[*class] = place);
    let lines = classes.par_chunks_exact_mut(size.0 as usize).skip(rows.covered.start);
    lines.zip(&rows.cells).with_min_len(16).for_each_init(
        || DominantLines::new(response, enabled, &columns),
        |dominant, (line, &row)| {
            let (best, chosen) = dominant.line(row);
            for ((pixel, &value), &class) in line[columns.covered.clone()].iter_mut().zip(best).zip(chosen) {
                *pixel = if value > 0.0 && value >= least { places[class as usize] } else { 0 };
            }
        },
    );
    classes
}

/// Which class responds most in every pixel of a line, and how strongly.
pub(super) struct DominantLines<'a> {
    classes: Vec<(u32, StretchedRows<'a>)>,
    best: Vec<f32>,
    chosen: Vec<u32>,
}

impl<'a> DominantLines<'a> {
    /// Among the classes that are left on.
    pub fn new(response: &'a ClassMaps, enabled: &[bool], columns: &'a Axis) -> Self {
        let on = response.each().filter(|(class, _)| is_on(*class, enabled));
        let classes = on.map(|(class, map)| (class as u32, StretchedRows::new(map, response.width, columns))).collect();
        let pixels = columns.cells.len();
        Self { classes, best: vec![0.0; pixels], chosen: vec![0; pixels] }
    }

    /// D(x) and Ĉ(x) of the line that lies `down` of the way from row `first` to `second`.
    pub fn line(&mut self, (first, second, down): (u32, u32, f32)) -> (&[f32], &[u32]) {
        self.best.fill(0.0);
        self.chosen.fill(0);
        for (class, rows) in &mut self.classes {
            let (upper, lower) = rows.pair(first, second);
            keep_larger((&mut self.best, &mut self.chosen), *class, (upper, lower, down));
        }
        (&self.best, &self.chosen)
    }
}

/// Puts `class` into every pixel of a line where it responds more than the best so far; its response there lies `down`
/// of the way from the upper to the lower row.
fn keep_larger((best, chosen): (&mut [f32], &mut [u32]), class: u32, (upper, lower, down): (&[f32], &[f32], f32)) {
    for (((best, chosen), &a), &b) in best.iter_mut().zip(chosen).zip(upper).zip(lower) {
        let value = a + (b - a) * down;
        let larger = value > *best;
        *best = if larger { value } else { *best };
        *chosen = if larger { class } else { *chosen };
    }
}

/// Every class's colour at every step of brightness: `STEPS + 1` per class, class by class.
fn all_shades(colours: &[Colour], style: &ClearStyle) -> Vec<[u8; 4]> {
    let steps = |&colour| (0..=STEPS).map(move |step| shade(colour, step as f32 / STEPS as f32, style));
    colours.iter().flat_map(steps).collect()
}

pub(super) fn shade(colour: Colour, brightness: f32, style: &ClearStyle) -> [u8; 4] {
    let [r, g, b] = colour.0;
    if style.on_black {
        let part = |channel: u8| (f32::from(channel) * brightness + 0.5) as u8;
        return [part(r), part(g), part(b), 255];
    }
    [r, g, b, (255.0 * style.opacity.clamp(0.0, 1.0) * brightness + 0.5) as u8]
}

#[cfg(test)]
mod tests {
    use super::*;

    const COLOURS: [Colour; 3] = [Colour([255, 0, 0]), Colour([0, 200, 0]), Colour([0, 0, 100])];

    /// Three classes on 8×8 cells, in a pattern without ties.
    fn response() -> ClassMaps {
        let value = |i: usize| ((i * 7919 + 13) % 193) as f32 / 193.0 - 0.1;
        ClassMaps::new(3, 8, 8, (0..192).map(value).collect())
    }

    fn drawn(response: &ClassMaps, style: &ClearStyle) -> RgbaImage {
        clear_layer(response, &COLOURS, &Transform::scale_then_move(4.0, 4.0, 0.0, 0.0), (32, 32), 1.0, style)
    }

    #[test]
    fn switching_a_class_off_changes_only_where_it_dominated() {
        let (maps, style) = (response(), ClearStyle { on_black: true, ..ClearStyle::default() });
        let without = ClearStyle { enabled: vec![true, false, true], ..style.clone() };
        let (before, after) = (drawn(&maps, &style), drawn(&maps, &without));
        let was_green = |p: &image::Rgba<u8>| p.0[1] > 0;
        let changed = before.pixels().zip(after.pixels()).filter(|(a, b)| a != b);
        assert!(changed.clone().count() > 50, "the class dominated somewhere");
        assert!(changed.into_iter().all(|(a, _)| was_green(a)));
        assert!(!after.pixels().any(was_green));
    }

    #[test]
    fn the_classes_of_pixels_are_those_whose_colours_are_drawn() {
        let value = |i: usize| ((i * 7919 + i / 64 * 61) % 193) as f32 / 193.0 - 0.1;
        let maps = ClassMaps::new(3, 8, 8, (0..192).map(value).collect());
        let transform = Transform::scale_then_move(3.0, 3.5, 2.0, -1.0);
        let style = ClearStyle { on_black: true, enabled: vec![true, true, false], ..ClearStyle::default() };
        let drawn = clear_layer(&maps, &COLOURS, &transform, (30, 26), 1.0, &style);
        let classes = dominant_classes(&maps, &transform, (30, 26), 0.2, &style.enabled);
        // A response of 0.2 is drawn at 51 of 255 of its colour.
        let expected = |pixel: &image::Rgba<u8>| match pixel.0 {
            [51..=255, 0, 0, _] => 1,
            [0, 40..=255, 0, _] => 2,
            _ => 0,
        };
        let differ = drawn.pixels().zip(&classes).filter(|(pixel, class)| expected(pixel) != **class).count();
        assert!(differ < 4, "{differ} pixels, but for those that rounding puts on the limit");
        assert!((1..=2).all(|class| classes.iter().filter(|c| **c == class).count() > 50));
        let all = dominant_classes(&maps, &transform, (30, 26), 0.0, &[]);
        assert!(all.contains(&3) && all.iter().filter(|class| **class == 0).count() > 30, "nothing outside the field");
    }

    #[test]
    fn hue_is_the_class_and_brightness_the_response() {
        let maps = ClassMaps::new(3, 1, 3, vec![1.0, 0.0, 0.0, 0.1, 0.5, 0.0, 0.0, 0.0, 0.25]);
        let draw = |style: &ClearStyle| clear_layer(&maps, &COLOURS, &Transform::IDENTITY, (3, 1), 1.0, style);
        let black = draw(&ClearStyle { on_black: true, ..ClearStyle::default() });
        let pixels: Vec<[u8; 4]> = black.pixels().map(|p| p.0).collect();
        assert_eq!(pixels, [[255, 0, 0, 255], [0, 100, 0, 255], [0, 0, 25, 255]]);
        let over = draw(&ClearStyle { opacity: 0.5, gain: 2.0, ..ClearStyle::default() });
        assert_eq!(over.get_pixel(1, 0).0, [0, 200, 0, 128]);
    }

    #[test]
    fn outside_the_field_and_without_response_there_is_nothing() {
        let field = Transform::scale_then_move(1.0, 1.0, 10.0, 0.0);
        let layer = clear_layer(&response(), &COLOURS, &field, (32, 8), 1.0, &ClearStyle::default());
        assert!(layer.enumerate_pixels().all(|(x, _, p)| p.0[3] == 0 || (10..18).contains(&x)));
        assert!(layer.pixels().any(|p| p.0[3] > 0));
        let silent = ClassMaps::new(3, 8, 8, vec![0.0; 192]);
        assert!(drawn(&silent, &ClearStyle::default()).pixels().all(|p| p.0[3] == 0));
        let layer = clear_layer(&silent, &COLOURS, &field, (9, 9), silent.peak(), &ClearStyle::default());
        assert!(layer.pixels().all(|p| p.0[3] == 0));
    }
}
