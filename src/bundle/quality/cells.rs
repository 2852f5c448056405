//! Which parts of a picture cannot be graded, and why.

use serde::{Deserialize, Serialize};

use crate::bundle::measures::{CELLS, Cell};

/// When a cell cannot be graded.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct CellLimits {
    /// Darker than this, see [`Cell::light`].
    pub dark: f64,
    /// Blown out from this part on.
    pub glare: f64,
    /// No cell about it has as much detail, see [`Cell::detail`].
    pub flat: f64,
    /// A picture of which more than this part of the field fails is not good.
    pub some: f64,
    /// A picture of which more than this part fails is a reject.
    pub most: f64,
}

/// Why a cell cannot be graded.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Failing {
    Dark,
    Glare,
    Flat,
}

impl Failing {
    /// As a reason for the whole picture.
    pub(super) fn says(self) -> &'static str {
        match self {
            Self::Dark => "parts in the dark",
            Self::Glare => "glare",
            Self::Flat => "parts without detail",
        }
    }
}

/// Of a cell in the field more than this lies in it.
const INSIDE: f64 = 0.3;

impl Cell {
    /// Whether it belongs to the field.
    pub fn is_inside(&self) -> bool {
        self.part > INSIDE
    }
}

impl CellLimits {
    /// Which cells cannot be graded, and why; those outside the field are none.
    pub(super) fn failing(&self, cells: &[Cell]) -> Vec<Option<Failing>> {
        let at = |x: usize, y: usize| cells.get(y * CELLS + x).filter(|cell| cell.is_inside());
        let around = |i: usize| i.saturating_sub(1)..(i + 2).min(CELLS);
        // The macula alone has hardly any detail; with everything about it, it has.
        let detail = |x: usize, y: usize| {
            let near = around(y).flat_map(|y| around(x).map(move |x| (x, y))).filter_map(|(x, y)| at(x, y));
            near.map(|cell| cell.detail).fold(0.0, f64::max)
        };
        let fails = |(x, y): (usize, usize)| match at(x, y)? {
            cell if cell.glare >= self.glare => Some(Failing::Glare),
            cell if cell.light < self.dark => Some(Failing::Dark),
            _ => (detail(x, y) < self.flat).then_some(Failing::Flat),
        };
        (0..CELLS * CELLS).map(|i| fails((i % CELLS, i / CELLS))).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cells_fail_where_they_are_dark_blown_out_or_flat_with_all_about_them() {
        let limits = CellLimits { dark: 0.1, glare: 0.5, flat: 0.01, some: 0.1, most: 0.3 };
        let mut cells = vec![Cell { part: 1.0, light: 0.4, detail: 0.02, glare: 0.0 }; CELLS * CELLS];
        cells[17].detail = 0.0;
        assert_eq!(limits.failing(&cells)[17], None, "detail is beside it");
        cells[0].light = 0.05;
        cells[40].glare = 0.9;
        cells[255] = Cell::default();
        let failed: Vec<usize> = (0..256).filter(|i| limits.failing(&cells)[*i].is_some()).collect();
        assert_eq!(failed, [0, 40], "and nothing outside the field");
        let flat = vec![Cell { part: 1.0, light: 0.4, detail: 0.0, glare: 0.0 }; 256];
        assert!(limits.failing(&flat).iter().all(|fails| *fails == Some(Failing::Flat)));
    }
}
