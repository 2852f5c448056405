//! Which cells of a map lie under each pixel of a picture, worked out once per column and once per row.
//!
//! Knows neither colours nor classes.

use std::ops::Range;

use crate::geometry::Transform;
use crate::maps::neighbours;

/// The two cells next to every pixel along one axis.
pub(super) struct Axis {
    /// The pixels whose centre the map covers; outside of it the network saw nothing.
    pub covered: Range<usize>,
    /// For each covered pixel: first cell, second cell, and how far the way is gone from the first to the second.
    pub cells: Vec<(u32, u32, f32)>,
}

/// A map's lattice under a picture.
pub(super) struct Grid {
    pub columns: Axis,
    pub rows: Axis,
}

impl Grid {
    /// The lattice of a map of `cells` (width, height) under a picture of `size` (width, height) pixels. `None` where
    /// the map is empty or the transform flattens the plane.
    ///
    /// `source_from_map` may scale, mirror and move; turning and shearing are not looked at.
    pub fn new(cells: (usize, usize), source_from_map: &Transform, size: (u32, u32)) -> Option<Self> {
        let [[x_scale, _, x_shift], [_, y_scale, y_shift], _] = source_from_map.inverse()?.0;
        if cells.0 == 0 || cells.1 == 0 || size.0 == 0 || size.1 == 0 {
            return None;
        }
        let columns = axis(size.0, cells.0, x_scale, x_shift);
        let rows = axis(size.1, cells.1, y_scale, y_shift);
        Some(Self { columns, rows })
    }
}

fn axis(pixels: u32, cells: usize, scale: f64, shift: f64) -> Axis {
    let position = |pixel: u32| (f64::from(pixel) + 0.5) * scale + shift;
    let inside = |pixel: &u32| (0.0..=cells as f64).contains(&position(*pixel));
    let start = (0..pixels).find(inside).unwrap_or(pixels);
    let end = (start..pixels).find(|pixel| !inside(pixel)).unwrap_or(pixels);
    let cells = (start..end)
        .map(|pixel| {
            let (first, second, along) = neighbours(position(pixel), cells);
            (first as u32, second as u32, along)
        })
        .collect();
    Axis { covered: start as usize..end as usize, cells }
}

/// The rows of one `[height, width]` map stretched to the covered pixels of a line, the last two kept: neighbouring
/// lines of a picture mostly lie between the same two rows.
pub(super) struct StretchedRows<'a> {
    map: &'a [f32],
    width: usize,
    columns: &'a Axis,
    upper: (u32, Vec<f32>),
    lower: (u32, Vec<f32>),
}

impl<'a> StretchedRows<'a> {
    pub fn new(map: &'a [f32], width: usize, columns: &'a Axis) -> Self {
        let empty = || (u32::MAX, vec![0.0; columns.cells.len()]);
        Self { map, width, columns, upper: empty(), lower: empty() }
    }

    /// The rows `first` and `second`, a value per covered pixel; one that is no number counts as 0.
    pub fn pair(&mut self, first: u32, second: u32) -> (&[f32], &[f32]) {
        if self.upper.0 != first {
            std::mem::swap(&mut self.upper, &mut self.lower);
        }
        let (map, width, columns) = (self.map, self.width, self.columns);
        for (row, (held, line)) in [(first, &mut self.upper), (second, &mut self.lower)] {
            if *held != row {
                let cells = &map[row as usize * width..(row as usize + 1) * width];
                stretch(cells, columns, line);
                *held = row;
            }
        }
        (&self.upper.1, &self.lower.1)
    }
}

fn stretch(cells: &[f32], columns: &Axis, line: &mut [f32]) {
    for (value, &(left, right, along)) in line.iter_mut().zip(&columns.cells) {
        let (left, right) = (cells[left as usize], cells[right as usize]);
        let between = left + (right - left) * along;
        *value = if between.is_finite() { between } else { 0.0 };
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn covers_what_the_map_covers_and_no_more() {
        let grid = Grid::new((4, 4), &Transform::scale_then_move(2.0, 3.0, 5.0, -3.0), (20, 20)).unwrap();
        assert_eq!((grid.columns.covered, grid.rows.covered), (5..13, 0..9));
        assert_eq!(grid.columns.cells.first(), Some(&(0, 1, 0.0)));
    }

    #[test]
    fn a_mirrored_map_is_read_backwards() {
        let grid = Grid::new((4, 1), &Transform::scale_then_move(-1.0, 1.0, 4.0, 0.0), (4, 1)).unwrap();
        let firsts: Vec<u32> = grid.columns.cells.iter().map(|cell| cell.0).collect();
        assert_eq!(firsts, [3, 2, 1, 0]);
    }

    #[test]
    fn kept_rows_are_the_rows_asked_for() {
        let map: Vec<f32> = (0..12).map(|v| v as f32).collect();
        let grid = Grid::new((3, 4), &Transform::IDENTITY, (3, 4)).unwrap();
        let mut rows = StretchedRows::new(&map, 3, &grid.columns);
        for (first, second) in [(0, 1), (0, 1), (1, 2), (3, 3), (1, 2), (0, 1)] {
            let (upper, lower) = rows.pair(first, second);
            assert_eq!((upper[0], lower[2]), (3.0 * first as f32, 3.0 * second as f32 + 2.0));
        }
    }

    #[test]
    fn a_flat_transform_covers_nothing() {
        assert!(Grid::new((4, 4), &Transform::scale_then_move(0.0, 1.0, 0.0, 0.0), (9, 9)).is_none());
    }
}
