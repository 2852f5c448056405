//! What people marked, as regions on the model's grid.

use std::ops::Range;

use image::{ImageBuffer, Luma};
use imageproc::region_labelling::{Connectivity, connected_components};
use serde::{Deserialize, Serialize};

use crate::geometry::Transform;
use crate::lesions::{KINDS, LANDMARK, LesionBox};

/// The kind of what a mask marks that does not say what.
pub const MARKED: &str = "marked";
/// Up to these parts of the picture's area a region is small, and medium; a haemorrhage's box has about 0.3 %.
pub const SMALL_BELOW: f64 = 0.0025;
pub const MEDIUM_BELOW: f64 = 0.01;

/// How large a region is, by its part of the picture's area.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Size {
    Small,
    Medium,
    Large,
}

impl Size {
    pub const ALL: [Self; 3] = [Self::Small, Self::Medium, Self::Large];

    fn of(share: f64) -> Self {
        match share {
            share if share < SMALL_BELOW => Self::Small,
            share if share < MEDIUM_BELOW => Self::Medium,
            _ => Self::Large,
        }
    }

    pub fn name(self) -> &'static str {
        match self {
            Self::Small => "small",
            Self::Medium => "medium",
            Self::Large => "large",
        }
    }
}

/// One marked place.
#[derive(Debug, Clone, PartialEq)]
pub struct Region {
    pub kind: String,
    pub size: Size,
    pub extent: Extent,
}

/// What a region touches of the model's grid; nothing where it lies outside of the model's frame.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Extent {
    Box {
        rows: Range<usize>,
        columns: Range<usize>,
    },
    /// Places on the grid, ascending.
    Pixels(Vec<usize>),
}

impl Extent {
    pub fn is_empty(&self) -> bool {
        match self {
            Self::Box { rows, columns } => rows.is_empty() || columns.is_empty(),
            Self::Pixels(pixels) => pixels.is_empty(),
        }
    }

    /// Marks what it touches in `mask`, `[height, width]`.
    pub fn mark(&self, mask: &mut [bool], width: usize) {
        match self {
            Self::Box { rows, columns } => {
                for row in rows.clone() {
                    mask[row * width..][columns.clone()].fill(true);
                }
            }
            Self::Pixels(pixels) => pixels.iter().for_each(|at| mask[*at] = true),
        }
    }
}

impl Region {
    /// Whether it is a mark of disease.
    pub fn is_lesion(&self) -> bool {
        self.kind != LANDMARK
    }
}

/// From a picture's pixels to the model's.
#[derive(Debug, Clone, Copy)]
pub struct SourceGrid {
    /// Width and height in pixels.
    pub source_px: (u32, u32),
    pub source_from_model: Transform,
    /// Height and width.
    pub model_size: (usize, usize),
}

impl SourceGrid {
    /// Each box with the pixels that it touches.
    pub fn of_boxes(&self, boxes: &[LesionBox]) -> Vec<Region> {
        let Some(model_from_source) = self.source_from_model.inverse() else { return Vec::new() };
        let (width, height) = (f64::from(self.source_px.0), f64::from(self.source_px.1));
        let of = |lesion: &LesionBox| {
            let at = |x: f64, y: f64| model_from_source.apply(x.clamp(0.0, 1.0) * width, y.clamp(0.0, 1.0) * height);
            let ((left, top), (right, low)) = (at(lesion.x_min, lesion.y_min), at(lesion.x_max, lesion.y_max));
            let (rows, columns) = self.model_size;
            let span = |from: f64, to: f64, count: usize| {
                let first = from.floor().max(0.0) as usize;
                // A box without width touches the pixel in which it lies.
                let end = (to.ceil() as usize).max(if from >= 0.0 { first + 1 } else { 0 });
                first.min(count)..end.min(count)
            };
            let extent = Extent::Box { rows: span(top, low, rows), columns: span(left, right, columns) };
            let share =
                (lesion.x_max.min(1.0) - lesion.x_min.max(0.0)) * (lesion.y_max.min(1.0) - lesion.y_min.max(0.0));
            Region { kind: lesion.lesion.clone(), size: Size::of(share.max(0.0)), extent }
        };
        boxes.iter().map(of).collect()
    }

    /// The connected parts of a mask `[height, width]` of the picture: one bit a kind, or, where there is one value only
    /// or values beyond those bits, whatever is not 0.
    pub fn of_mask(&self, mask: &[u8]) -> Vec<Region> {
        let marked = mask.iter().copied().filter(|value| *value > 0);
        let (lowest, highest) = marked.fold((u8::MAX, 0), |(low, high), value| (low.min(value), high.max(value)));
        let has_bits = usize::from(highest) < 1 << KINDS.len() && !(lowest == highest && highest == 1);
        if highest == 0 {
            return Vec::new();
        }
        if !has_bits {
            return self.parts(mask, MARKED, |value| value > 0);
        }
        KINDS
            .iter()
            .enumerate()
            .flat_map(|(bit, kind)| self.parts(mask, kind, |value| value & (1 << bit) > 0))
            .collect()
    }

    fn parts(&self, mask: &[u8], kind: &str, is_marked: impl Fn(u8) -> bool) -> Vec<Region> {
        let (width, height) = self.source_px;
        let bytes = mask.iter().map(|value| if is_marked(*value) { 255 } else { 0 }).collect();
        let Some(mask) = ImageBuffer::<Luma<u8>, Vec<u8>>::from_raw(width, height, bytes) else { return Vec::new() };
        let labels = connected_components(&mask, Connectivity::Eight, Luma([0]));
        let Some(model_from_source) = self.source_from_model.inverse() else { return Vec::new() };
        let count = labels.iter().copied().max().unwrap_or(0) as usize;
        let mut parts: Vec<(usize, Vec<usize>)> = vec![(0, Vec::new()); count];
        let place = |x: f64, y: f64| {
            let inside = x >= 0.0 && y >= 0.0 && x < self.model_size.1 as f64 && y < self.model_size.0 as f64;
            inside.then(|| y as usize * self.model_size.1 + x as usize)
        };
        // A microaneurysm of a few pixels is not lost where the model's grid is coarser …
        for (x, y, Luma([label])) in labels.enumerate_pixels().filter(|(_, _, Luma([label]))| *label > 0) {
            let (area, pixels) = &mut parts[*label as usize - 1];
            *area += 1;
            let (x, y) = model_from_source.apply(f64::from(x) + 0.5, f64::from(y) + 0.5);
            pixels.extend(place(x, y));
        }
        // … and has no gaps where it is finer.
        for at in 0..self.model_size.0 * self.model_size.1 {
            let (x, y) = ((at % self.model_size.1) as f64 + 0.5, (at / self.model_size.1) as f64 + 0.5);
            let (x, y) = self.source_from_model.apply(x, y);
            if x >= 0.0 && y >= 0.0 && x < f64::from(width) && y < f64::from(height) {
                let Luma([label]) = *labels.get_pixel(x as u32, y as u32);
                if label > 0 {
                    parts[label as usize - 1].1.push(at);
                }
            }
        }
        let whole = f64::from(width) * f64::from(height);
        let region = |(area, mut pixels): (usize, Vec<usize>)| {
            pixels.sort_unstable();
            pixels.dedup();
            Region { kind: kind.to_owned(), size: Size::of(area as f64 / whole), extent: Extent::Pixels(pixels) }
        };
        parts.into_iter().map(region).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A picture of 200×100 pixels, cropped to its middle square and shown to the model at 50×50.
    fn grid() -> SourceGrid {
        let source_from_model = Transform::scale_then_move(2.0, 2.0, 50.0, 0.0);
        SourceGrid { source_px: (200, 100), source_from_model, model_size: (50, 50) }
    }

    fn pixels(region: &Region) -> Vec<usize> {
        let mut mask = vec![false; 2500];
        region.extent.mark(&mut mask, 50);
        (0..2500).filter(|at| mask[*at]).collect()
    }

    fn boxed(x: [f64; 2], y: [f64; 2]) -> Vec<Region> {
        let [(x_min, x_max), (y_min, y_max)] = [x, y].map(|[from, to]| (from, to));
        let (image, lesion) = ("a".to_owned(), "drusen".to_owned());
        grid().of_boxes(&[LesionBox { image, lesion, x_min, y_min, x_max, y_max }])
    }

    #[test]
    fn boxes_mark_what_they_touch() {
        // x 60 to 63 is 5 to 6.5 of the model's grid, y 50 to 50.5 is 25 to 25.25.
        let found = boxed([0.30, 0.315], [0.5, 0.505]);
        assert_eq!((pixels(&found[0]), found[0].size), (vec![25 * 50 + 5, 25 * 50 + 6], Size::Small));
        assert_eq!(pixels(&boxed([0.30, 0.30], [0.5, 0.5])[0]), [25 * 50 + 5], "a point");
        for x in [[0.0, 0.2], [0.8, 1.0], [-3.0, 0.0]] {
            let beside = &boxed(x, [0.0, 1.0])[0];
            assert!(beside.extent.is_empty() && pixels(beside).is_empty(), "beside the square");
        }
        let all = &boxed([-0.1, 1.1], [-0.1, 1.1])[0];
        assert_eq!((pixels(all).len(), all.size), (2500, Size::Large));
        assert_eq!(boxed([0.0, 0.05], [0.0, 0.1])[0].size, Size::Medium, "half a percent");
    }

    #[test]
    fn a_mask_falls_into_its_connected_parts_by_kind() {
        let mut mask = vec![0u8; 200 * 100];
        mask[41 * 200 + 69] = 1 | 16; // x 9.75, y 20.75 of the model's grid
        mask[42 * 200 + 70] = 1; // touches it at a corner
        mask[10 * 200 + 20] = 2; // left of the square
        let found = grid().of_mask(&mask);
        let said: Vec<(&str, Vec<usize>)> = found.iter().map(|r| (r.kind.as_str(), pixels(r))).collect();
        let (first, second) = (20 * 50 + 9, 21 * 50 + 10);
        assert_eq!(
            said,
            [("microaneurysm", vec![first, second]), ("haemorrhage", vec![]), ("optic_disc", vec![first])]
        );
        assert!(found[0].is_lesion() && !found[2].is_lesion());
    }

    #[test]
    fn a_mask_without_bits_marks_whatever_is_not_zero() {
        let of = |value: u8| {
            let mask = (0..200 * 100).map(|i| if i == 41 * 200 + 69 { value } else { 0 }).collect::<Vec<_>>();
            grid().of_mask(&mask).into_iter().map(|region| region.kind).collect::<Vec<_>>()
        };
        assert_eq!(
            [of(255), of(1), of(40)],
            [["marked"], ["marked"], ["marked"]].map(|k| k.map(str::to_owned).to_vec())
        );
        assert_eq!((of(4), of(0).len()), (vec!["hard_exudates".to_owned()], 0));
    }
}
