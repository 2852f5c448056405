//! Plain per-class maps: what an explanation is made of. Knows neither Burn nor pictures.

use image::{ImageBuffer, Luma};
use rayon::prelude::*;

/// One f32 map per class, all on the same grid.
///
/// # Shapes
/// `data` is `[classes, height, width]`, row-major.
#[derive(Debug, Clone, PartialEq)]
pub struct ClassMaps {
    pub classes: usize,
    pub height: usize,
    pub width: usize,
    pub data: Vec<f32>,
}

impl ClassMaps {
    /// Maps of the given size over `data`.
    ///
    /// # Panics
    /// Where `data` does not hold `classes * height * width` values: that is a programming error.
    pub fn new(classes: usize, height: usize, width: usize, data: Vec<f32>) -> Self {
        assert_eq!(data.len(), classes * height * width, "maps and their shape disagree");
        Self { classes, height, width, data }
    }

    /// The map of one class, `[height, width]`.
    pub fn class(&self, class: usize) -> &[f32] {
        let area = self.height * self.width;
        &self.data[class * area..(class + 1) * area]
    }

    /// Maps of `classes` classes, of which the k-th of these is that of class `of[k]`; all others are zero.
    pub fn spread(self, of: &[usize], classes: usize) -> Self {
        if self.classes == classes {
            return self;
        }
        let mut whole = Self::new(classes, self.height, self.width, vec![0.0; classes * self.height * self.width]);
        let area = self.height * self.width;
        for (from, &to) in self.data.chunks_exact(area).zip(of) {
            whole.data[to * area..(to + 1) * area].copy_from_slice(from);
        }
        whole
    }

    /// The largest value over all classes, at least 0: the one scale that keeps classes comparable.
    pub fn peak(&self) -> f32 {
        self.data.iter().copied().filter(|v| v.is_finite()).fold(0.0, f32::max)
    }

    /// Every map after [`Self::smoothed_class`].
    pub fn smoothed(&self, sigma_px: f32) -> Self {
        let maps: Vec<Vec<f32>> =
            (0..self.classes).into_par_iter().map(|class| self.smoothed_class(class, sigma_px)).collect();
        Self::new(self.classes, self.height, self.width, maps.concat())
    }

    /// The map of one class after a Gaussian of `sigma_px` map pixels, the edge value held beyond the edge; what is no
    /// finite number counts as 0. Without a positive `sigma_px` it is the map itself.
    pub fn smoothed_class(&self, class: usize, sigma_px: f32) -> Vec<f32> {
        if !(sigma_px.is_finite() && sigma_px > 0.0) {
            return self.class(class).to_vec();
        }
        let finite = self.class(class).iter().map(|v| if v.is_finite() { *v } else { 0.0 }).collect();
        let map = ImageBuffer::<Luma<f32>, Vec<f32>>::from_raw(self.width as u32, self.height as u32, finite);
        map.map_or_else(Vec::new, |map| imageproc::filter::gaussian_blur_f32(&map, sigma_px).into_raw())
    }

    /// The value of `class` at a position of the map's own frame (pixel centres at .5), bilinear between the
    /// neighbours and held constant beyond the outermost centres.
    pub fn sample(&self, class: usize, x: f64, y: f64) -> f32 {
        let map = self.class(class);
        let (left, right, along_x) = neighbours(x, self.width);
        let (top, bottom, along_y) = neighbours(y, self.height);
        let row = |r: usize| {
            let line = &map[r * self.width..(r + 1) * self.width];
            line[left] + (line[right] - line[left]) * along_x
        };
        let upper = row(top);
        upper + (row(bottom) - upper) * along_y
    }
}

/// The two cells whose centres enclose `position`, and how far the way is gone from the first to the second.
pub fn neighbours(position: f64, cells: usize) -> (usize, usize, f32) {
    let last = cells - 1;
    let p = (position - 0.5).clamp(0.0, last as f64);
    let first = (p.floor() as usize).min(last);
    (first, (first + 1).min(last), (p - first as f64) as f32)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn smoothing_keeps_the_sum_and_lowers_the_peak() {
        let mut point = ClassMaps::new(1, 33, 33, vec![0.0; 33 * 33]);
        point.data[16 * 33 + 16] = 1.0;
        let smooth = point.smoothed(2.0);
        assert!((smooth.data.iter().sum::<f32>() - 1.0).abs() < 1e-3);
        assert!(smooth.peak() < 0.06 && point.smoothed(0.0) == point);
    }

    #[test]
    fn maps_of_some_classes_go_to_their_places() {
        let some = ClassMaps::new(2, 1, 2, vec![1.0, 2.0, 3.0, 4.0]);
        assert_eq!(some.spread(&[1, 3], 4).data, [0.0, 0.0, 1.0, 2.0, 0.0, 0.0, 3.0, 4.0]);
    }

    #[test]
    fn samples_lie_between_their_neighbours() {
        let maps = ClassMaps::new(2, 1, 2, vec![9.0, 9.0, 1.0, 3.0]);
        let found = [-5.0, 0.5, 1.0, 1.25, 1.5, 9.0].map(|x| maps.sample(1, x, 0.5));
        assert_eq!(found, [1.0, 1.0, 2.0, 2.5, 3.0, 3.0]);
    }
}
