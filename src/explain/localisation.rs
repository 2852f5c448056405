//! The box of a class activation map (Zhou et al. 2016, section 3.2): the cells above a fifth of the map's maximum, the
//! largest connected part of them, and what bounds it.

use image::{ImageBuffer, Luma};
use imageproc::region_labelling::{Connectivity, connected_components};

use super::attention::{Attention, in_source, regions};
use crate::geometry::Transform;
use crate::maps::ClassMaps;

/// Of the map's maximum.
pub const CAM_THRESHOLD: f32 = 0.2;

/// The box of `class` in source pixels, from its `cam` of `[h, w]` cells, whose positions `source_from_cam` takes there;
/// its share is of what speaks for the class. Of parts of equally many cells it is the one in which more does. `None` where nothing speaks
/// for the class, where the map has one cell and so no places, or where the box lies outside of the picture.
pub fn cam_box(
    cam: &ClassMaps,
    class: usize,
    source_from_cam: &Transform,
    source_size_px: (u32, u32),
) -> Option<Attention> {
    let map: Vec<f32> = cam.class(class)?.iter().map(|v| if v.is_finite() { v.max(0.0) } else { 0.0 }).collect();
    let peak = map.iter().copied().fold(0.0f32, f32::max);
    if peak <= 0.0 || map.len() == 1 {
        return None;
    }
    let above = map.iter().map(|v| if *v > CAM_THRESHOLD * peak { 255u8 } else { 0 }).collect();
    let mask = ImageBuffer::<Luma<u8>, Vec<u8>>::from_raw(cam.width as u32, cam.height as u32, above)?;
    let labels = connected_components(&mask, Connectivity::Eight, Luma([0u8]));
    let parts = regions(&labels, &map);
    let largest = parts.iter().max_by(|a, b| a.pixels.cmp(&b.pixels).then(a.total.total_cmp(&b.total)))?;
    let whole: f64 = map.iter().map(|v| f64::from(*v)).sum();
    let bounds = in_source(largest, source_from_cam, source_size_px)?;
    Some(Attention { class, bounds, share: largest.total / whole })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::geometry::PixelBox;

    #[test]
    fn the_largest_part_is_boxed_and_not_the_strongest() {
        // 3×5: the strongest cell stands alone; 2 of 10 is no more than a fifth, 3 is.
        let map = vec![
            10.0, 0.0, 3.0, 3.0, 2.0, //
            0.0, 0.0, 0.0, 3.0, -9.0, //
            0.0, 0.0, 0.0, 0.0, 4.0,
        ];
        let cam = ClassMaps::new(1, 3, 5, map);
        let source_from_cam = Transform::scale_then_move(10.0, 20.0, 5.0, 0.0);
        let found = cam_box(&cam, 0, &source_from_cam, (100, 50)).unwrap();
        assert_eq!(
            found.bounds,
            PixelBox { x: 25, y: 0, width: 30, height: 50 },
            "cells 2 to 4, cut at the picture's end"
        );
        assert!((found.share - 13.0 / 25.0).abs() < 1e-9);
        assert_eq!(cam_box(&ClassMaps::new(1, 1, 2, vec![0.0, -1.0]), 0, &source_from_cam, (100, 50)), None);
        assert_eq!(cam_box(&ClassMaps::new(1, 1, 1, vec![1.0]), 0, &source_from_cam, (100, 50)), None);
        assert_eq!(cam_box(&cam, 1, &source_from_cam, (100, 50)), None);
    }
}
