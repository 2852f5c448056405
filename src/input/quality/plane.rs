//! One channel of a square picture, and means over boxes of it.

/// A square of values, row by row.
#[derive(Debug, Clone)]
pub struct Plane {
    pub side: usize,
    pub values: Vec<f32>,
}

impl Plane {
    pub fn from_fn(side: usize, value: impl Fn(usize, usize) -> f32) -> Self {
        let values = (0..side * side).map(|i| value(i % side, i / side)).collect();
        Self { side, values }
    }

    pub fn at(&self, x: usize, y: usize) -> f32 {
        self.values[y * self.side + x]
    }

    /// Both planes, value by value.
    pub fn with(&self, other: &Self, value: impl Fn(f32, f32) -> f32) -> Self {
        let values = self.values.iter().zip(&other.values).map(|(a, b)| value(*a, *b)).collect();
        Self { side: self.side, values }
    }

    /// Sums over the `across`×`down` box round every pixel, cut off at the edge; odd sizes.
    pub fn sums(&self, across: usize, down: usize) -> Self {
        let side = self.side;
        // Sums of everything above and to the left, one row and column larger than the plane.
        let mut whole = vec![0.0f64; (side + 1) * (side + 1)];
        for y in 0..side {
            let mut row = 0.0;
            for x in 0..side {
                row += f64::from(self.at(x, y));
                whole[(y + 1) * (side + 1) + x + 1] = whole[y * (side + 1) + x + 1] + row;
            }
        }
        let (rx, ry) = (across / 2, down / 2);
        Self::from_fn(side, |x, y| {
            let (left, right) = (x.saturating_sub(rx), (x + rx + 1).min(side));
            let (top, bottom) = (y.saturating_sub(ry), (y + ry + 1).min(side));
            let corner = |x: usize, y: usize| whole[y * (side + 1) + x];
            (corner(right, bottom) - corner(left, bottom) - corner(right, top) + corner(left, top)) as f32
        })
    }

    /// Means over boxes of `across`×`down`, of what `mask` (0 or 1) lets through; 0 where that is nothing.
    pub fn means(&self, mask: &Self, across: usize, down: usize) -> Self {
        let sums = self.with(mask, |v, m| v * m).sums(across, down);
        sums.with(&mask.sums(across, down), |sum, count| if count > 0.5 { sum / count } else { 0.0 })
    }

    /// 1 where the whole box of `size`×`size` of this mask is 1; beyond the edge nothing is.
    pub fn shrunk(&self, size: usize) -> Self {
        let whole = (size * size) as f32 - 0.5;
        let sums = self.sums(size, size);
        Self { side: self.side, values: sums.values.iter().map(|sum| f32::from(u8::from(*sum > whole))).collect() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn means_are_of_what_the_mask_lets_through() {
        let plane = Plane::from_fn(5, |x, y| (x + 10 * y) as f32);
        let mask = Plane::from_fn(5, |x, _| f32::from(u8::from(x != 2)));
        let means = plane.means(&mask, 3, 1);
        assert_eq!((means.at(2, 1), means.at(1, 0), means.at(4, 4)), (12.0, 0.5, 43.5));
        assert_eq!(plane.means(&Plane::from_fn(5, |_, _| 0.0), 3, 3).at(2, 2), 0.0);
        let shrunk = Plane::from_fn(5, |_, _| 1.0).shrunk(3);
        assert_eq!(shrunk.values.iter().sum::<f32>(), 9.0, "the edge is no place for a whole box");
    }
}
