//! Where a pixel of one frame lies in another: plain 3×3 affine transforms.
//!
//! A position is measured in pixels, the centre of the first pixel being (0.5, 0.5), so that a pure change of scale
//! needs no shift. This module must not know what the frames hold.

use serde::Serialize;

/// An affine transform of the plane as a row-major 3×3 matrix that acts on column vectors `(x, y, 1)`.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Transform(pub [[f64; 3]; 3]);

impl Transform {
    /// Leaves every position where it is.
    pub const IDENTITY: Self = Self([[1.0, 0.0, 0.0], [0.0, 1.0, 0.0], [0.0, 0.0, 1.0]]);

    /// Scales by (`sx`, `sy`), then moves by (`tx`, `ty`).
    pub fn scale_then_move(sx: f64, sy: f64, tx: f64, ty: f64) -> Self {
        Self([[sx, 0.0, tx], [0.0, sy, ty], [0.0, 0.0, 1.0]])
    }

    /// Where the position (`x`, `y`) goes.
    pub fn apply(&self, x: f64, y: f64) -> (f64, f64) {
        let [row_x, row_y, _] = self.0;
        (row_x[0] * x + row_x[1] * y + row_x[2], row_y[0] * x + row_y[1] * y + row_y[2])
    }

    /// The transform that applies `self` first and `next` afterwards.
    pub fn then(&self, next: &Self) -> Self {
        let mut product = [[0.0; 3]; 3];
        for (row, line) in product.iter_mut().enumerate() {
            for (column, cell) in line.iter_mut().enumerate() {
                *cell = (0..3).map(|k| next.0[row][k] * self.0[k][column]).sum();
            }
        }
        Self(product)
    }

    /// The way back, or `None` where the transform flattens the plane.
    pub fn inverse(&self) -> Option<Self> {
        let [[a, b, tx], [c, d, ty], _] = self.0;
        let determinant = a * d - b * c;
        if !determinant.is_normal() {
            return None;
        }
        let (ia, ib, ic, id) = (d / determinant, -b / determinant, -c / determinant, a / determinant);
        Some(Self([[ia, ib, -(ia * tx + ib * ty)], [ic, id, -(ic * tx + id * ty)], [0.0, 0.0, 1.0]]))
    }

    /// How many target pixels one pixel of the first frame covers along x and along y.
    pub fn scale(&self) -> (f64, f64) {
        let [[a, b, _], [c, d, _], _] = self.0;
        (a.hypot(c), b.hypot(d))
    }
}

/// A rectangle of whole pixels.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct PixelBox {
    /// Left edge, in pixels.
    pub x: u32,
    /// Upper edge, in pixels.
    pub y: u32,
    /// In pixels.
    pub width: u32,
    /// In pixels.
    pub height: u32,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn there_and_back_is_the_identity() {
        let source_from_model = Transform::scale_then_move(1.953, 1.87, -120.5, 33.25);
        let model_from_source = source_from_model.inverse().expect("a scale can be undone");
        for (x, y) in [(0.0, 0.0), (511.5, 0.5), (17.25, 400.0)] {
            let (sx, sy) = source_from_model.apply(x, y);
            let (bx, by) = model_from_source.apply(sx, sy);
            assert!((bx - x).abs() < 1e-9 && (by - y).abs() < 1e-9);
        }
        let both = source_from_model.then(&model_from_source);
        assert!(both.0.iter().flatten().zip(Transform::IDENTITY.0.iter().flatten()).all(|(a, b)| (a - b).abs() < 1e-9));
    }

    #[test]
    fn a_flat_transform_has_no_way_back() {
        assert_eq!(Transform::scale_then_move(0.0, 1.0, 2.0, 3.0).inverse(), None);
    }
}
