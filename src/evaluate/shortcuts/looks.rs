//! What is kept of a picture: a few hundred small numbers, which fit on a line of a file.

use image::imageops::{self, FilterType};
use serde::{Deserialize, Serialize};

use super::appearance::{Appearance, small_grey};
use super::marks::{Mark, marks};
use crate::input::{self, ModelInput};
use crate::maps::ClassMaps;
use crate::scan::Scan;

/// Rows and columns of a kept map.
pub const MAP_SIDE: usize = 24;
/// The border: so much of width and height at each edge; and the corners: squares of so much.
pub const BORDER: f64 = 0.1;
pub const CORNER: f64 = 0.2;

/// How a picture looks and where its response lies.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Looks {
    /// The whole picture as 16×16 grey values.
    pub thumbnail: Vec<u8>,
    pub appearance: Appearance,
    pub marks: Vec<Mark>,
    /// Where the response of the decided class lies; `None` where it has none.
    pub response: Option<Gathered>,
}

/// A response, gathered. All shares are parts of its sum.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Gathered {
    /// [`MAP_SIDE`]×[`MAP_SIDE`] cells of the model's frame, in 65535ths of the largest.
    pub map: Vec<u16>,
    /// The model's input at the same cells, grey.
    pub seen: Vec<u8>,
    pub border: f32,
    pub corners: f32,
    /// On burned-in marks and just beside, and which part of the frame they cover.
    pub marks: f32,
    pub marks_area: f32,
}

impl Looks {
    /// Of a picture, what the model was given of it, and the response of the `decided` class.
    pub fn of(scan: &Scan, input: &ModelInput, response: &ClassMaps, decided: usize) -> Self {
        let looks = Self::of_picture(scan);
        let response = response
            .class(decided)
            .and_then(|map| Gathered::of(map, (response.width, response.height), input, scan.size_px(), &looks.marks));
        Self { response, ..looks }
    }

    /// Of a picture alone.
    pub fn of_picture(scan: &Scan) -> Self {
        let grey = small_grey(scan);
        Self {
            thumbnail: input::thumbnail(scan).into_iter().map(|v| (255.0 * v).round() as u8).collect(),
            appearance: Appearance::of(&grey, scan.size_px()),
            marks: marks(&grey),
            response: None,
        }
    }
}

impl Gathered {
    /// Of a map `[height, width]` over the whole input; `None` where nothing responds. Of a signed one the size counts.
    fn of(
        map: &[f32],
        (width, height): (usize, usize),
        input: &ModelInput,
        source_px: (u32, u32),
        marks: &[Mark],
    ) -> Option<Self> {
        let size = |v: &f32| if v.is_finite() { f64::from(v.abs()) } else { 0.0 };
        let sum: f64 = map.iter().map(size).sum();
        if sum <= 0.0 || input.width == 0 || input.height == 0 {
            return None;
        }
        let mut cells = vec![0.0; MAP_SIDE * MAP_SIDE];
        let (mut border, mut corners, mut on_marks, mut marks_area) = (0.0, 0.0, 0.0, 0_usize);
        let to_model = (input.width as f64 / width as f64, input.height as f64 / height as f64);
        for (at, value) in map.iter().map(size).enumerate() {
            let (x, y) = ((at % width) as f64 + 0.5, (at / width) as f64 + 0.5);
            let (u, v) = (x / width as f64, y / height as f64);
            let edge = (u.min(1.0 - u), v.min(1.0 - v));
            border += if edge.0 < BORDER || edge.1 < BORDER { value } else { 0.0 };
            corners += if edge.0 < CORNER && edge.1 < CORNER { value } else { 0.0 };
            if !marks.is_empty() {
                let (x, y) = input.source_from_model.apply(x * to_model.0, y * to_model.1);
                let place = ((x / f64::from(source_px.0)) as f32, (y / f64::from(source_px.1)) as f32);
                let is_marked = marks.iter().any(|mark| mark.holds(place.0, place.1));
                on_marks += if is_marked { value } else { 0.0 };
                marks_area += usize::from(is_marked);
            }
        }
        spread(map, (width, height), &mut cells);
        let most = cells.iter().copied().fold(f64::MIN_POSITIVE, f64::max);
        let side = MAP_SIDE as u32;
        let seen = imageops::resize(&imageops::grayscale(&input.to_picture()), side, side, FilterType::Triangle);
        Some(Self {
            map: cells.iter().map(|v| (65535.0 * v / most).round() as u16).collect(),
            seen: seen.into_raw(),
            border: (border / sum) as f32,
            corners: (corners / sum) as f32,
            marks: (on_marks / sum) as f32,
            marks_area: (marks_area as f64 / map.len() as f64) as f32,
        })
    }

    /// The map with a sum of 1.
    pub fn shares(&self) -> Option<Vec<f64>> {
        let sum: f64 = self.map.iter().map(|v| f64::from(*v)).sum();
        let is_whole = self.map.len() == MAP_SIDE * MAP_SIDE && sum > 0.0;
        is_whole.then(|| self.map.iter().map(|v| f64::from(*v) / sum).collect())
    }
}

/// Adds each value of `map` to the cells that its pixel lies over, in proportion.
fn spread(map: &[f32], (width, height): (usize, usize), cells: &mut [f64]) {
    let (columns, rows) = (overlaps(width), overlaps(height));
    for (line, row) in map.chunks_exact(width).zip(&rows) {
        for (value, column) in line.iter().zip(&columns) {
            let value = if value.is_finite() { f64::from(value.abs()) } else { 0.0 };
            for (y, down) in row {
                for (x, along) in column {
                    cells[y * MAP_SIDE + x] += value * down * along;
                }
            }
        }
    }
}

/// For each of `count` pixels the cells that it lies over, and which part of it each has.
fn overlaps(count: usize) -> Vec<Vec<(usize, f64)>> {
    let unit = MAP_SIDE as f64 / count as f64;
    let of = |at: usize| {
        let (from, to) = (at as f64 * unit, (at + 1) as f64 * unit);
        let cells = from.floor() as usize..=(to.ceil() as usize).clamp(1, MAP_SIDE) - 1;
        let part = |cell: usize| (to.min(cell as f64 + 1.0) - from.max(cell as f64)).max(0.0) / unit;
        cells.map(|cell| (cell, part(cell))).filter(|(_, part)| *part > 0.0).collect()
    };
    (0..count).map(of).collect()
}

#[cfg(test)]
mod tests {
    use image::{Rgb, RgbImage};

    use super::*;
    use crate::geometry::Transform;
    use crate::scan::Pixels;

    /// A picture of 400×200 with a white stroke at the top left, of which the model sees the left half.
    fn scan() -> (Scan, ModelInput) {
        let picture = RgbImage::from_fn(400, 200, |x, y| {
            if (20..26).contains(&x) && (20..44).contains(&y) { Rgb([255; 3]) } else { Rgb([60, 50, 40]) }
        });
        let source_from_model = Transform::scale_then_move(2.0, 2.0, 0.0, 0.0);
        let input =
            ModelInput { values: vec![0.5; 100 * 100], channels: 1, height: 100, width: 100, source_from_model };
        (Scan::new(Pixels::Rgb8(picture), "p"), input)
    }

    fn map(at: impl Fn(usize, usize) -> f32) -> ClassMaps {
        ClassMaps::new(1, 100, 100, (0..10_000).map(|i| at(i % 100, i / 100)).collect())
    }

    fn is(found: f32, expected: f64) {
        assert!((f64::from(found) - expected).abs() < 1e-4, "{found}, not {expected}");
    }

    #[test]
    fn an_even_response_lies_everywhere_as_the_area_does() {
        let (scan, input) = scan();
        let looks = Looks::of(&scan, &input, &map(|_, _| 3.0), 0);
        let found = looks.response.unwrap();
        is(found.border, 0.36);
        is(found.corners, 0.16);
        is(found.marks, f64::from(found.marks_area));
        assert_eq!(looks.marks.len(), 1);
        // The stroke's box of 6×24 and, of height and width, a fifth of 24/200 around it: 25.2 × 33.6 of 200 × 200 pixels.
        assert!((found.marks_area - 0.0212).abs() < 0.002, "{}", found.marks_area);
        assert!(found.map.iter().all(|v| *v == 65535));
        assert!((found.shares().unwrap().iter().sum::<f64>() - 1.0).abs() < 1e-9);
    }

    #[test]
    fn a_response_on_the_stroke_is_on_a_mark_in_a_corner() {
        let (scan, input) = scan();
        // Source pixels are model pixels times two.
        let looks = Looks::of(
            &scan,
            &input,
            &map(|x, y| if (10..13).contains(&x) && (10..22).contains(&y) { 1.0 } else { 0.0 }),
            0,
        );
        let found = looks.response.unwrap();
        is(found.marks, 1.0);
        is(found.corners, 10.0 / 12.0);
        is(found.border, 0.0);
        let middle =
            Looks::of(&scan, &input, &map(|x, y| if x == 50 && y == 50 { -1.0 } else { 0.0 }), 0).response.unwrap();
        assert_eq!((middle.marks, middle.corners), (0.0, 0.0));
        assert_eq!(middle.map.iter().filter(|v| **v > 0).count(), 1);
        assert_eq!(middle.map[12 * MAP_SIDE + 12], 65535);
    }

    #[test]
    fn nothing_that_responds_is_nothing() {
        let (scan, input) = scan();
        assert_eq!(Looks::of(&scan, &input, &map(|_, _| 0.0), 0).response, None);
        assert_eq!(Looks::of(&scan, &input, &map(|_, _| f32::NAN), 0).response, None);
        let other = ClassMaps::of(vec![1], 2, 2, 2, vec![1.0; 4]);
        assert_eq!(Looks::of(&scan, &input, &other, 0).response, None);
        assert!(Looks::of(&scan, &input, &other, 1).response.is_some(), "a coarse map too");
    }

    #[test]
    fn a_line_of_json_holds_it() {
        let (scan, input) = scan();
        let looks = Looks::of(&scan, &input, &map(|x, y| (x * y) as f32), 0);
        let line = serde_json::to_string(&looks).unwrap();
        assert!(line.len() < 8000, "{}", line.len());
        assert_eq!(serde_json::from_str::<Looks>(&line).unwrap(), looks);
    }

    #[test]
    fn cells_share_what_lies_over_two() {
        for count in [1, 5, 24, 28, 100] {
            let mut cells = vec![0.0; MAP_SIDE * MAP_SIDE];
            spread(&vec![2.0; count * 7], (count, 7), &mut cells);
            let even = 2.0 * (count * 7) as f64 / (MAP_SIDE * MAP_SIDE) as f64;
            assert!(cells.iter().all(|cell| (cell - even).abs() < 1e-9), "{count}");
        }
    }
}
