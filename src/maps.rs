//! Plain maps of classes: what an explanation is made of. Knows neither Burn nor pictures.

use image::{ImageBuffer, Luma};
use rayon::prelude::*;

/// f32 maps of some or all of a model's classes, on one grid. A class whose map was not computed has none: that is not a
/// map of zeros.
///
/// # Shapes
/// `data` is `[held.len(), height, width]`, row-major.
#[derive(Debug, Clone, PartialEq)]
pub struct ClassMaps {
    /// How many classes the model has.
    pub classes: usize,
    /// The classes that have a map, in the order of the maps.
    pub held: Vec<usize>,
    /// Rows of each map.
    pub height: usize,
    /// Columns of each map.
    pub width: usize,
    /// All values, map after map, row by row: `[held, height, width]`.
    pub data: Vec<f32>,
}

impl ClassMaps {
    /// Maps of all `classes`.
    ///
    /// # Panics
    /// Where `data` does not hold `classes * height * width` values: that is a programming error.
    pub fn new(classes: usize, height: usize, width: usize, data: Vec<f32>) -> Self {
        Self::of((0..classes).collect(), classes, height, width, data)
    }

    /// Maps of the classes `held` among `classes`.
    ///
    /// # Panics
    /// Where `data` does not hold a map for each: that is a programming error.
    pub fn of(held: Vec<usize>, classes: usize, height: usize, width: usize, data: Vec<f32>) -> Self {
        assert_eq!(data.len(), held.len() * height * width, "maps and their shape disagree");
        Self { classes, held, height, width, data }
    }

    /// The map of one class, `[height, width]`, where it was computed.
    pub fn class(&self, class: usize) -> Option<&[f32]> {
        let place = self.held.iter().position(|held| *held == class)?;
        let area = self.height * self.width;
        Some(&self.data[place * area..(place + 1) * area])
    }

    /// Every class that has a map, with it.
    pub fn each(&self) -> impl Iterator<Item = (usize, &[f32])> {
        self.held.iter().copied().zip(self.data.chunks_exact((self.height * self.width).max(1)))
    }

    /// The largest value over all classes, at least 0: the one scale that keeps classes comparable.
    pub fn peak(&self) -> f32 {
        self.data.iter().copied().filter(|v| v.is_finite()).fold(0.0, f32::max)
    }

    /// Every map after [`Self::smoothed_class`].
    pub fn smoothed(&self, sigma_px: f32) -> Self {
        let smooth = |class: &usize| self.smoothed_class(*class, sigma_px).unwrap_or_default();
        let maps: Vec<Vec<f32>> = self.held.par_iter().map(smooth).collect();
        Self::of(self.held.clone(), self.classes, self.height, self.width, maps.concat())
    }

    /// The map of one class after a Gaussian of `sigma_px` map pixels, the edge value held beyond the edge; what is no
    /// finite number counts as 0. Without a positive `sigma_px` it is the map itself.
    pub fn smoothed_class(&self, class: usize, sigma_px: f32) -> Option<Vec<f32>> {
        let map = self.class(class)?;
        if !(sigma_px.is_finite() && sigma_px > 0.0) {
            return Some(map.to_vec());
        }
        let finite = map.iter().map(|v| if v.is_finite() { *v } else { 0.0 }).collect();
        let map = ImageBuffer::<Luma<f32>, Vec<f32>>::from_raw(self.width as u32, self.height as u32, finite)?;
        Some(imageproc::filter::gaussian_blur_f32(&map, sigma_px).into_raw())
    }

    /// The map of one class on a grid of `height`×`width` over the same frame, `[height, width]`, bilinear as
    /// [`Self::sample`]; `None` where it has none.
    pub fn resampled_class(&self, class: usize, (height, width): (usize, usize)) -> Option<Vec<f32>> {
        self.class(class)?;
        let (along_x, along_y) = (self.width as f64 / width as f64, self.height as f64 / height as f64);
        let row = |y: usize| {
            let y = (y as f64 + 0.5) * along_y;
            (0..width).filter_map(move |x| self.sample(class, (x as f64 + 0.5) * along_x, y))
        };
        Some((0..height).flat_map(row).collect())
    }

    /// The value of `class` at a position of the map's own frame (pixel centres at .5), bilinear between the
    /// neighbours and held constant beyond the outermost centres; `None` where it has no map.
    pub fn sample(&self, class: usize, x: f64, y: f64) -> Option<f32> {
        let map = self.class(class)?;
        let (left, right, along_x) = neighbours(x, self.width);
        let (top, bottom, along_y) = neighbours(y, self.height);
        let row = |r: usize| {
            let line = &map[r * self.width..(r + 1) * self.width];
            line[left] + (line[right] - line[left]) * along_x
        };
        let upper = row(top);
        Some(upper + (row(bottom) - upper) * along_y)
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
    fn a_class_that_was_not_computed_has_no_map() {
        let some = ClassMaps::of(vec![3, 1], 4, 1, 2, vec![1.0, 2.0, 3.0, 4.0]);
        assert_eq!((some.class(1), some.class(0)), (Some(&[3.0, 4.0][..]), None));
        assert_eq!(some.each().map(|(class, map)| (class, map[0])).collect::<Vec<_>>(), [(3, 1.0), (1, 3.0)]);
        assert_eq!((some.sample(3, 1.0, 0.5), some.sample(2, 1.0, 0.5)), (Some(1.5), None));
        assert_eq!(some.smoothed(1.0).held, [3, 1]);
    }

    #[test]
    fn a_finer_grid_lies_over_the_same_frame() {
        let maps = ClassMaps::new(1, 1, 2, vec![0.0, 4.0]);
        assert_eq!(maps.resampled_class(0, (1, 4)).unwrap(), [0.0, 1.0, 3.0, 4.0]);
        assert_eq!(maps.resampled_class(0, (2, 1)).unwrap(), [2.0, 2.0]);
        assert_eq!(maps.resampled_class(1, (1, 4)), None);
    }

    #[test]
    fn samples_lie_between_their_neighbours() {
        let maps = ClassMaps::new(2, 1, 2, vec![9.0, 9.0, 1.0, 3.0]);
        let found = [-5.0, 0.5, 1.0, 1.25, 1.5, 9.0].map(|x| maps.sample(1, x, 0.5).unwrap());
        assert_eq!(found, [1.0, 1.0, 2.0, 2.5, 3.0, 3.0]);
    }
}
