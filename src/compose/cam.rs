//! The class activation map as a coloured layer (Zhou et al. 2016: M_c(x, y) = Σ_k w_k^c f_k(x, y), upsampled).
//!
//! A map without negative values gets a perceptually uniform colour scale from 0; a signed one gets a diverging scale
//! whose neutral colour is 0 exactly, because a negative value speaks against the class. Nothing is stretched
//! silently: the scale is an argument. This module must not know where the map comes from.

use clap::ValueEnum;
use image::RgbaImage;
use rayon::prelude::*;
use serde::{Deserialize, Serialize};

use super::grid::{Grid, StretchedRows};
use crate::geometry::Transform;
use crate::maps::ClassMaps;

/// Steps of a colour scale; odd, so that a symmetric scale has its 0 in the middle step.
const STEPS: usize = 1025;
/// Part of the scale over which the layer fades in above the threshold, so that its rim is no false contour.
const FADE: f32 = 0.06;

/// The colours of a map without negative values. A signed map is always drawn green (for) against purple (against).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, ValueEnum)]
#[serde(rename_all = "kebab-case")]
pub enum CamColours {
    /// Purple, green, yellow: stands out from the red of a fundus.
    #[default]
    Viridis,
    /// Black, red, yellow.
    Inferno,
    /// Blue, grey, yellow: made for colour-blind readers.
    Cividis,
    /// Black to white; a signed map goes from black over mid grey to white.
    Grey,
}

impl CamColours {
    /// All of them, in the order in which they are offered.
    pub const ALL: [Self; 4] = [Self::Viridis, Self::Inferno, Self::Cividis, Self::Grey];

    /// As the command line and records have it.
    pub fn name(self) -> &'static str {
        match self {
            Self::Viridis => "viridis",
            Self::Inferno => "inferno",
            Self::Cividis => "cividis",
            Self::Grey => "grey",
        }
    }
}

/// How a class activation map is laid over a picture.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct CamStyle {
    /// Of the layer where it is seen at all, 0 to 1.
    pub opacity: f32,
    /// Values smaller than this fraction of the scale are transparent. The paper's boxes use 0.2.
    pub threshold: f32,
    /// From low values to high ones.
    pub colours: CamColours,
}

impl Default for CamStyle {
    fn default() -> Self {
        Self { opacity: 0.55, threshold: 0.2, colours: CamColours::default() }
    }
}

/// The values at the two ends of the colours, in the units of the map (contributions to the class score).
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct CamScale {
    /// The value of the first colour.
    pub low: f32,
    /// The value of the last colour.
    pub high: f32,
}

impl CamScale {
    /// One scale for all classes, so that their maps can be compared: from 0 to the largest value, or symmetric about 0
    /// where there are negative ones.
    pub fn of_all(maps: &ClassMaps) -> Self {
        let finite = maps.data.iter().copied().filter(|v| v.is_finite());
        let (low, high) = finite.fold((0.0_f32, 0.0_f32), |(low, high), v| (low.min(v), high.max(v)));
        let reach = high.max(-low);
        if low < 0.0 { Self { low: -reach, high: reach } } else { Self { low: 0.0, high } }
    }

    /// Whether the scale has room for evidence against the class.
    pub fn is_signed(&self) -> bool {
        self.low < 0.0
    }

    /// The larger of the two ends' distances from 0, or `None` where nothing can be drawn on this scale.
    pub fn reach(&self) -> Option<f32> {
        let reach = self.high.abs().max(self.low.abs());
        (reach.is_finite() && reach > 0.0 && self.high > self.low).then_some(reach)
    }
}

/// The map of `class` as a layer over a picture of `size` (width, height) pixels.
///
/// Bilinear between the cells. Transparent outside the model's field, below the threshold, and at 0.
pub fn cam_layer(
    maps: &ClassMaps,
    class: usize,
    source_from_map: &Transform,
    size: (u32, u32),
    scale: CamScale,
    style: &CamStyle,
) -> RgbaImage {
    let mut layer = RgbaImage::new(size.0, size.1);
    let grid = Grid::new((maps.width, maps.height), source_from_map, size);
    let (Some(grid), Some(_)) = (grid, scale.reach()) else { return layer };
    let colours = scale_colours(scale, style);
    let Some(map) = maps.class(class) else { return layer };
    let last = (STEPS - 1) as f32;
    let steps_per_unit = last / (scale.high - scale.low);
    let (columns, rows) = (&grid.columns, &grid.rows);
    let lines = layer.par_chunks_exact_mut(4 * size.0 as usize).skip(rows.covered.start);
    lines.zip(&rows.cells).with_min_len(16).for_each_init(
        || StretchedRows::new(map, maps.width, columns),
        |stretched, (line, &(first, second, down))| {
            let (upper, lower) = stretched.pair(first, second);
            let (pixels, _) = line.as_chunks_mut::<4>();
            for ((pixel, &a), &b) in pixels[columns.covered.clone()].iter_mut().zip(upper).zip(lower) {
                let step = (a + (b - a) * down - scale.low) * steps_per_unit;
                *pixel = colours[(step + 0.5).clamp(0.0, last) as usize];
            }
        },
    );
    layer
}

/// The layer's colours from the low to the high end of `scale`, alpha included.
pub(super) fn scale_colours(scale: CamScale, style: &CamStyle) -> Vec<[u8; 4]> {
    let reach = scale.reach().unwrap_or(f32::INFINITY);
    let step_colour = |step: usize| {
        let along = step as f32 / (STEPS - 1) as f32;
        let fraction = (scale.low + (scale.high - scale.low) * along).abs() / reach;
        let seen = ((fraction - style.threshold) / FADE).clamp(0.0, 1.0);
        let [r, g, b] = colour_at(along, scale.is_signed(), style.colours);
        [r, g, b, (255.0 * seen * style.opacity.clamp(0.0, 1.0)).round() as u8]
    };
    (0..STEPS).map(step_colour).collect()
}

/// The colour at `along` (0 to 1) of a scale.
pub(super) fn colour_at(along: f32, signed: bool, colours: CamColours) -> [u8; 3] {
    let along = f64::from(along);
    let gradient = match colours {
        CamColours::Grey => return [(255.0 * along).round() as u8; 3],
        _ if signed => return purple_or_green(along),
        CamColours::Viridis => colorous::VIRIDIS,
        CamColours::Inferno => colorous::INFERNO,
        CamColours::Cividis => colorous::CIVIDIS,
    };
    gradient.eval_continuous(along).into_array()
}

/// Purple at 0, dark grey at 0.5, green at 1: the stronger the brighter, as in the other scales, so that weak evidence
/// does not lie on the picture like fog. Red-blind and green-blind readers see blue against yellow.
fn purple_or_green(along: f64) -> [u8; 3] {
    const ENDS: [[f64; 3]; 2] = [[228.0, 120.0, 255.0], [120.0, 235.0, 90.0]];
    let end = ENDS[usize::from(along > 0.5)];
    let strength = (2.0 * along - 1.0).abs();
    end.map(|channel| (66.0 + (channel - 66.0) * strength).round() as u8)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn map(width: usize, data: &[f32]) -> ClassMaps {
        ClassMaps::new(1, data.len() / width, width, data.to_vec())
    }

    fn opaque() -> CamStyle {
        CamStyle { opacity: 1.0, threshold: 0.0, colours: CamColours::Viridis }
    }

    #[test]
    fn known_colours_stand_at_known_places() {
        let maps = map(2, &[0.0, 3.0, 1.5, 3.0]);
        let scale = CamScale::of_all(&maps);
        assert_eq!(scale, CamScale { low: 0.0, high: 3.0 });
        let layer = cam_layer(&maps, 0, &Transform::scale_then_move(5.0, 5.0, 0.0, 0.0), (10, 10), scale, &opaque());
        let yellow = colorous::VIRIDIS.eval_continuous(1.0).into_array();
        let middle = colorous::VIRIDIS.eval_continuous(0.5).into_array();
        assert_eq!(layer.get_pixel(9, 0).0, [yellow[0], yellow[1], yellow[2], 255]);
        assert_eq!(layer.get_pixel(0, 9).0, [middle[0], middle[1], middle[2], 255]);
        assert_eq!(layer.get_pixel(0, 0).0[3], 0);
    }

    #[test]
    fn a_signed_map_is_symmetric_about_a_neutral_zero() {
        let maps = map(3, &[-1.0, 0.0, 4.0]);
        let scale = CamScale::of_all(&maps);
        assert_eq!(scale, CamScale { low: -4.0, high: 4.0 });
        let colours = scale_colours(scale, &opaque());
        assert_eq!(colours[STEPS / 2][3], 0, "zero is transparent");
        let [r, g, b] = colour_at(0.5, true, CamColours::Viridis);
        assert!(r.abs_diff(g) < 4 && g.abs_diff(b) < 4, "zero is neutral");
        let (against, for_it) = (colour_at(0.0, true, CamColours::Viridis), colour_at(1.0, true, CamColours::Viridis));
        assert!(against[2] > against[1] && for_it[1] > for_it[2], "purple against green");
    }

    #[test]
    fn of_two_classes_the_weaker_one_is_darker() {
        let maps = ClassMaps::new(2, 1, 1, vec![4.0, 1.0]);
        let scale = CamScale::of_all(&maps);
        assert_eq!(scale, CamScale { low: 0.0, high: 4.0 });
        let light = |class| {
            let layer = cam_layer(&maps, class, &Transform::IDENTITY, (1, 1), scale, &opaque());
            layer.get_pixel(0, 0).0[..3].iter().map(|v| u32::from(*v)).sum::<u32>()
        };
        assert!(light(1) + 100 < light(0), "{} and {}", light(1), light(0));
        let signed = ClassMaps::new(2, 1, 1, vec![4.0, -1.0]);
        assert_eq!(CamScale::of_all(&signed), CamScale { low: -4.0, high: 4.0 });
    }

    #[test]
    fn nothing_is_drawn_outside_the_field_or_for_an_empty_map() {
        let maps = map(2, &[1.0; 4]);
        let aside = Transform::scale_then_move(2.0, 2.0, 3.0, 4.0);
        let layer = cam_layer(&maps, 0, &aside, (12, 12), CamScale::of_all(&maps), &opaque());
        for (x, y, pixel) in layer.enumerate_pixels() {
            assert_eq!(pixel.0[3] > 0, (3..7).contains(&x) && (4..8).contains(&y), "at {x}, {y}");
        }
        for data in [[0.0; 4], [f32::NAN; 4]] {
            let maps = map(2, &data);
            let layer = cam_layer(&maps, 0, &aside, (12, 12), CamScale::of_all(&maps), &opaque());
            assert!(layer.pixels().all(|pixel| pixel.0[3] == 0));
        }
    }

    #[test]
    fn the_threshold_hides_weak_values_only() {
        let maps = map(4, &[0.1, 0.1, 1.0, 1.0]);
        let style = CamStyle { threshold: 0.2, ..opaque() };
        let layer = cam_layer(&maps, 0, &Transform::IDENTITY, (4, 1), CamScale { low: 0.0, high: 1.0 }, &style);
        let alpha: Vec<u8> = layer.pixels().map(|pixel| pixel.0[3]).collect();
        assert_eq!(alpha, [0, 0, 255, 255]);
    }
}
