//! The red box: the most attentive region of one class. How CLEAR-DR computed its box is not published; ours is the
//! connected component, above a threshold of the smoothed response, with the largest total response.

use image::{ImageBuffer, Luma};
use imageproc::region_labelling::{Connectivity, connected_components};

use crate::geometry::{PixelBox, Transform};
use crate::maps::ClassMaps;

/// The fraction of the smoothed response's maximum above which a pixel counts as attentive.
pub const THRESHOLD: f32 = 0.25;

/// A class with a smaller share of the dominant response gets no box: half of what would fall to each of the ten classes at
/// most that are looked at together, if all responded alike.
pub const LEAST_SHARE: f64 = 0.05;

/// Why a class has no box.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum NoBox {
    /// The class says that nothing was found: there is nothing to point at.
    Normal,
    /// It was not back-projected.
    NotHeld,
    /// It responds nowhere, or nowhere within the picture.
    Empty,
    /// Its share of the dominant response is below [`LEAST_SHARE`].
    Negligible(f64),
}

/// A region of attention in source pixels.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Attention {
    /// Index into the model's classes.
    pub class: usize,
    /// In source pixels.
    pub bounds: PixelBox,
    /// The region's share of the whole response of its class, 0 to 1.
    pub share: f64,
}

/// Why `class` gets no box whatever its map looks like, from each class's share of the dominant response.
pub fn without_box(class: usize, shares: &[Option<f64>], normal: Option<usize>) -> Option<NoBox> {
    match shares.get(class).copied().flatten() {
        _ if normal == Some(class) => Some(NoBox::Normal),
        None => Some(NoBox::NotHeld),
        Some(_) if shares.iter().flatten().all(|share| *share <= 0.0) => Some(NoBox::Empty),
        Some(share) if share < LEAST_SHARE => Some(NoBox::Negligible(share)),
        Some(_) => None,
    }
}

/// The most attentive region of `class` after smoothing by `sigma_px` map pixels, or `None` where the class does not
/// respond or the region lies outside the picture.
pub fn most_attentive(
    response: &ClassMaps,
    class: usize,
    sigma_px: f32,
    source_from_model: &Transform,
    source_size_px: (u32, u32),
) -> Option<Attention> {
    let smoothed = response.smoothed_class(class, sigma_px)?;
    let size = (response.width as u32, response.height as u32);
    most_attentive_in(&smoothed, size, class, source_from_model, source_size_px)
}

/// Like [`most_attentive`], with the map of `class` smoothed already: `[height, width]` of `map_size` (width, height).
pub fn most_attentive_in(
    smoothed: &[f32],
    (width, height): (u32, u32),
    class: usize,
    source_from_model: &Transform,
    source_size_px: (u32, u32),
) -> Option<Attention> {
    let map: Vec<f32> = smoothed.iter().map(|v| v.max(0.0)).collect();
    let peak = map.iter().copied().fold(0.0f32, f32::max);
    if peak <= 0.0 {
        return None;
    }
    let above = map.iter().map(|v| if *v >= THRESHOLD * peak { 255u8 } else { 0 }).collect();
    let mask = ImageBuffer::<Luma<u8>, Vec<u8>>::from_raw(width, height, above)?;
    let labels = connected_components(&mask, Connectivity::Eight, Luma([0u8]));
    let regions = regions(&labels, &map);
    let best = regions.iter().max_by(|a, b| a.total.total_cmp(&b.total))?;
    let whole: f64 = map.iter().map(|v| f64::from(*v)).sum();
    let bounds = in_source(best, source_from_model, source_size_px)?;
    Some(Attention { class, bounds, share: best.total / whole })
}

#[derive(Clone)]
pub(super) struct Region {
    pub(super) pixels: u32,
    pub(super) total: f64,
    left: u32,
    top: u32,
    right: u32,
    bottom: u32,
}

/// The connected parts of a map that are labelled from 1 on.
pub(super) fn regions(labels: &ImageBuffer<Luma<u32>, Vec<u32>>, map: &[f32]) -> Vec<Region> {
    let count = labels.iter().copied().max().unwrap_or(0) as usize;
    let empty = Region { pixels: 0, total: 0.0, left: u32::MAX, top: u32::MAX, right: 0, bottom: 0 };
    let mut regions = vec![empty; count];
    for ((x, y, Luma([label])), value) in labels.enumerate_pixels().zip(map) {
        if *label > 0 {
            let region = &mut regions[*label as usize - 1];
            region.pixels += 1;
            region.total += f64::from(*value);
            (region.left, region.top) = (region.left.min(x), region.top.min(y));
            (region.right, region.bottom) = (region.right.max(x + 1), region.bottom.max(y + 1));
        }
    }
    regions
}

/// The whole pixels of the picture that a region touches.
pub(super) fn in_source(
    region: &Region,
    source_from_model: &Transform,
    (width, height): (u32, u32),
) -> Option<PixelBox> {
    let (x0, y0) = source_from_model.apply(f64::from(region.left), f64::from(region.top));
    let (x1, y1) = source_from_model.apply(f64::from(region.right), f64::from(region.bottom));
    let (left, top) = (x0.floor().max(0.0) as u32, y0.floor().max(0.0) as u32);
    let (right, bottom) = (x1.ceil().min(f64::from(width)) as u32, y1.ceil().min(f64::from(height)) as u32);
    (left < right && top < bottom).then(|| PixelBox { x: left, y: top, width: right - left, height: bottom - top })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_region_with_the_largest_total_is_boxed_in_source_pixels() {
        let mut data = vec![0.0; 2 * 20 * 30];
        let map = &mut data[600..];
        map[2 * 30 + 3] = 10.0; // a single bright pixel
        for y in 10..14 {
            for x in 20..26 {
                map[y * 30 + x] = 6.0;
            }
        }
        let maps = ClassMaps::new(2, 20, 30, data);
        let source_from_model = Transform::scale_then_move(2.0, 2.0, 5.0, -3.0);
        let found = most_attentive(&maps, 1, 0.0, &source_from_model, (100, 100)).expect("class 1 responds");
        assert_eq!(found.bounds, PixelBox { x: 45, y: 17, width: 12, height: 8 });
        assert!((found.share - 144.0 / 154.0).abs() < 1e-9);
        assert_eq!(most_attentive(&maps, 0, 0.0, &source_from_model, (100, 100)), None);
    }

    #[test]
    fn neither_the_normal_class_nor_one_of_hardly_any_response_gets_a_box() {
        let shares = [Some(0.6), Some(0.36), Some(0.04), None];
        let of = |class| without_box(class, &shares, Some(0));
        assert_eq!([of(0), of(1)], [Some(NoBox::Normal), None]);
        assert_eq!([of(2), of(3)], [Some(NoBox::Negligible(0.04)), Some(NoBox::NotHeld)]);
        assert_eq!(without_box(0, &shares, None), None, "where none is marked as normal");
        assert_eq!(without_box(1, &[Some(0.0); 3], Some(0)), Some(NoBox::Empty));
    }
}
