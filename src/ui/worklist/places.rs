//! Where rows and heads of a long list lie, without going through all of them.
//!
//! Knows heights only.

use std::ops::Range;

use crate::session::worklist::PatientGroup;

/// Heights in points.
#[derive(Debug, Clone, Copy)]
pub struct Places {
    pub row: f32,
    pub head: f32,
    pub gap: f32,
}

impl Places {
    /// Heads that stand above `row` or are its own.
    fn heads(groups: &[PatientGroup], row: usize) -> usize {
        groups.partition_point(|group| group.row <= row)
    }

    /// The top of a row, below its head where it has one.
    pub fn top(&self, groups: &[PatientGroup], row: usize) -> f32 {
        row as f32 * (self.row + self.gap) + Self::heads(groups, row) as f32 * (self.head + self.gap)
    }

    pub fn height(&self, groups: &[PatientGroup], rows: usize) -> f32 {
        rows as f32 * (self.row + self.gap) + groups.len() as f32 * (self.head + self.gap)
    }

    /// The group whose head stands above `row`.
    pub fn head(groups: &[PatientGroup], row: usize) -> Option<&PatientGroup> {
        groups.get(Self::heads(groups, row).checked_sub(1)?).filter(|group| group.row == row)
    }

    /// The rows of which something lies between `top` and `bottom`.
    pub fn seen(&self, groups: &[PatientGroup], rows: usize, top: f32, bottom: f32) -> Range<usize> {
        let first = first(rows, |row| self.top(groups, row) + self.row >= top);
        // A head may be in sight where its row is not.
        let end = first_from(first, rows, |row| self.top(groups, row) - self.head - self.gap > bottom);
        first..end
    }
}

fn first(rows: usize, holds: impl Fn(usize) -> bool) -> usize {
    first_from(0, rows, holds)
}

/// The first row from `low` on for which `holds`, which holds for all after it.
fn first_from(mut low: usize, mut high: usize, holds: impl Fn(usize) -> bool) -> usize {
    while low < high {
        let middle = usize::midpoint(low, high);
        if holds(middle) { high = middle } else { low = middle + 1 }
    }
    low
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_lie_below_their_heads_and_are_found_where_they_lie() {
        let group = |row: usize| PatientGroup { row, count: 2, is_known: true, eyes: [true; 2] };
        let groups: Vec<PatientGroup> = (0..500).map(|n| group(2 * n)).collect();
        let places = Places { row: 50.0, head: 20.0, gap: 5.0 };
        assert_eq!([0, 1, 2].map(|row| places.top(&groups, row)), [25.0, 80.0, 160.0]);
        assert_eq!(places.height(&groups, 1000), 1000.0 * 55.0 + 500.0 * 25.0);
        for (top, bottom) in [(0.0, 10.0), (0.0, 300.0), (9_000.0, 9_700.0), (67_400.0, 99_999.0)] {
            let seen = places.seen(&groups, 1000, top, bottom);
            for row in 0..1000 {
                let (from, to) = (places.top(&groups, row), places.top(&groups, row) + 50.0);
                let is_seen = to >= top && from <= bottom;
                assert!(!is_seen || seen.contains(&row), "row {row} of {top}..{bottom}: {seen:?}");
            }
            assert!(seen.len() < 20);
        }
        assert!(places.seen(&[], 0, 0.0, 100.0).is_empty());
        assert_eq!(Places::head(&groups, 4).map(|group| group.row), Some(4));
        assert_eq!(Places::head(&groups, 5), None);
    }
}
