//! The places of a picture that cannot be graded, as a hatch to be laid over it.

use image::{Rgba, RgbaImage};
use rayon::prelude::*;

use crate::bundle::measures::CELLS;
use crate::bundle::quality::UngradableMap;
use crate::geometry::Transform;

/// The notice's amber, and what keeps it apart from a bright retina.
const STRIPE: Rgba<u8> = Rgba([255, 196, 92, 190]);
const BETWEEN: Rgba<u8> = Rgba([0, 0, 0, 70]);
/// Stripes across a cell.
const STRIPES: f64 = 2.0;

/// A layer of `size` pixels, transparent where the picture can be graded. `layer_from_source` takes source pixels, in
/// which the map lies, to the layer's; it scales and moves only. Without a map nothing is hatched.
pub fn ungradable_layer(map: Option<&UngradableMap>, layer_from_source: &Transform, size: (u32, u32)) -> RgbaImage {
    let mut layer = RgbaImage::new(size.0, size.1);
    let Some((map, source_from_layer)) = map.filter(|map| !map.is_empty()).zip(layer_from_source.inverse()) else {
        return layer;
    };
    let [[left, top], [right, bottom]] = map.corners;
    let cells = CELLS as f64;
    layer.par_enumerate_pixels_mut().for_each(|(x, y, pixel)| {
        let (sx, sy) = source_from_layer.apply(f64::from(x) + 0.5, f64::from(y) + 0.5);
        let (cx, cy) = ((sx - left) / (right - left) * cells, (sy - top) / (bottom - top) * cells);
        if !(0.0..cells).contains(&cx) || !(0.0..cells).contains(&cy) {
            return;
        }
        if map.cells.get(cy as usize * CELLS + cx as usize).copied().unwrap_or(false) {
            *pixel = if ((cx + cy) * STRIPES).fract() < 0.25 { STRIPE } else { BETWEEN };
        }
    });
    layer
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_map_s_cells_are_hatched_whatever_the_frame() {
        let mut cells = vec![false; CELLS * CELLS];
        cells[2 * CELLS + 1] = true;
        let map = UngradableMap { cells, corners: [[-16.0, 0.0], [144.0, 160.0]] };
        let layer = ungradable_layer(Some(&map), &Transform::IDENTITY, (128, 160));
        // Cells of 10 pixels; the second column begins at -6.
        for (x, y, pixel) in layer.enumerate_pixels() {
            assert_eq!(pixel.0[3] > 0, x < 4 && (20..30).contains(&y), "{x}, {y}");
        }
        let halved = Transform::scale_then_move(0.5, 0.5, 0.0, -5.0);
        let part = ungradable_layer(Some(&map), &halved, (10, 10));
        assert!(part.get_pixel(1, 7).0[3] > 0 && part.get_pixel(2, 7).0[3] == 0 && part.get_pixel(1, 2).0[3] == 0);
        assert!(ungradable_layer(None, &halved, (3, 3)).iter().all(|v| *v == 0));
    }
}
