//! Plain per-class maps: what an explanation is made of. Knows neither Burn nor pictures.

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

    /// The largest value over all classes, at least 0: the one scale that keeps classes comparable.
    pub fn peak(&self) -> f32 {
        self.data.iter().copied().filter(|v| v.is_finite()).fold(0.0, f32::max)
    }

    /// The maps mirrored left to right.
    pub fn mirrored(&self) -> Self {
        let mut data = self.data.clone();
        data.chunks_exact_mut(self.width).for_each(<[f32]>::reverse);
        Self { data, ..*self }
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
