//! A map's own values under the pixels of a picture: what is drawn, before it becomes colours.

use rayon::prelude::*;

use super::grid::{Grid, StretchedRows};
use crate::geometry::Transform;
use crate::maps::ClassMaps;

/// The map of `class` under a picture of `size` (width, height) pixels, `[height, width]`, bilinear between cells; 0
/// outside of the map's field and where it is no number. `None` where the class has no map.
pub fn class_values(
    maps: &ClassMaps,
    class: usize,
    picture_from_map: &Transform,
    size: (u32, u32),
) -> Option<Vec<f32>> {
    let map = maps.class(class)?;
    let mut values = vec![0.0; size.0 as usize * size.1 as usize];
    if let Some(Grid { columns, rows }) = Grid::new((maps.width, maps.height), picture_from_map, size) {
        let lines = values.par_chunks_exact_mut(size.0 as usize).skip(rows.covered.start);
        lines.zip(&rows.cells).with_min_len(16).for_each_init(
            || StretchedRows::new(map, maps.width, &columns),
            |stretched, (line, &(first, second, down))| {
                let (upper, lower) = stretched.pair(first, second);
                for ((value, a), b) in line[columns.covered.clone()].iter_mut().zip(upper).zip(lower) {
                    *value = a + (b - a) * down;
                }
            },
        );
    }
    Some(values)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_are_those_that_the_map_has_there_and_nothing_lies_outside() {
        let maps = ClassMaps::of(vec![1], 2, 5, 4, (0..20).map(|i| ((i * 37) % 11) as f32 - 3.0).collect());
        let picture_from_map = Transform::scale_then_move(3.0, 2.5, 4.0, -2.0);
        let values = class_values(&maps, 1, &picture_from_map, (20, 12)).unwrap();
        let map_from_picture = picture_from_map.inverse().unwrap();
        for (i, value) in values.iter().enumerate() {
            let (x, y) = map_from_picture.apply((i % 20) as f64 + 0.5, (i / 20) as f64 + 0.5);
            let is_inside = (0.0..=4.0).contains(&x) && (0.0..=5.0).contains(&y);
            let expected = if is_inside { maps.sample(1, x, y).unwrap() } else { 0.0 };
            assert!((value - expected).abs() < 1e-5, "pixel {i}: {value} and {expected}");
        }
        assert_eq!(class_values(&maps, 0, &picture_from_map, (20, 12)), None);
    }
}
