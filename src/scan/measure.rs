//! Measurements on a picture: a length, an angle, or an area with the mean and the spread of its values. Points are in
//! source pixels, so that they hold at every zoom; what they amount to is worked out from the scan.
//!
//! Must not know who draws them.

use std::ops::Range;

use rayon::prelude::*;
use serde::{Deserialize, Serialize};

use super::facts::{Spacing, SpacingOrigin};
use super::{Pixels, Scan};

/// A polygon of more corners than this was drawn by no hand.
pub const MOST_POINTS: usize = 1000;
/// Measurements on one frame.
pub const MOST_MEASUREMENTS: usize = 200;

/// A position in source pixels: x, y.
pub type Point = [f64; 2];

/// What is measured.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum MeasurementKind {
    /// From one point to another.
    Length,
    /// At the second of three points.
    Angle,
    /// The ellipse in the box between two corners.
    Ellipse,
    /// Inside of three corners or more.
    Polygon,
}

impl MeasurementKind {
    /// All of them, in the order of the toolbar.
    pub const ALL: [Self; 4] = [Self::Length, Self::Angle, Self::Ellipse, Self::Polygon];

    /// For people.
    pub fn title(self) -> &'static str {
        match self {
            Self::Length => "Length",
            Self::Angle => "Angle",
            Self::Ellipse => "Ellipse",
            Self::Polygon => "Polygon",
        }
    }

    /// How many points make one; a polygon has any number from three.
    pub fn points(self) -> Option<usize> {
        match self {
            Self::Length | Self::Ellipse => Some(2),
            Self::Angle => Some(3),
            Self::Polygon => None,
        }
    }

    /// Whether it has an inside.
    pub fn is_area(self) -> bool {
        matches!(self, Self::Ellipse | Self::Polygon)
    }
}

/// One measurement, as it was drawn.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Measurement {
    /// What is measured.
    pub kind: MeasurementKind,
    /// In source pixels.
    pub points_px: Vec<Point>,
}

/// What it amounts to on a scan.
#[derive(Debug, Clone, PartialEq)]
pub struct Figures {
    /// In its unit.
    pub value: f64,
    /// `mm`, `px`, `mm²`, `px²` or `°`.
    pub unit: &'static str,
    /// Where a length in millimetres holds.
    pub origin: Option<SpacingOrigin>,
    /// Of the pixels in an area whose centres lie inside, those of padding left out.
    pub inside: Option<Inside>,
}

/// The values inside an area.
#[derive(Debug, Clone, PartialEq)]
pub struct Inside {
    /// How many.
    pub pixels: u64,
    /// Of their values.
    pub mean: f64,
    /// With one less than the number of pixels below the root.
    pub standard_deviation: f64,
    /// What the values are: a file's own unit such as `HU`, `stored value`, or `green`.
    pub of: String,
}

impl Measurement {
    /// The box around it in source pixels: left, top, right, bottom.
    pub fn bounds_px(&self) -> [f64; 4] {
        let start = [f64::INFINITY, f64::INFINITY, f64::NEG_INFINITY, f64::NEG_INFINITY];
        let wider = |[left, top, right, bottom]: [f64; 4], [x, y]: &Point| {
            [left.min(*x), top.min(*y), right.max(*x), bottom.max(*y)]
        };
        self.points_px.iter().fold(start, wider)
    }

    /// `None` of points that make no such measurement.
    pub fn new(kind: MeasurementKind, points_px: Vec<Point>) -> Option<Self> {
        let measurement = Self { kind, points_px };
        measurement.is_sound().then_some(measurement)
    }

    fn is_sound(&self) -> bool {
        let count = self.points_px.len();
        let is_count = self.kind.points().map_or((3..=MOST_POINTS).contains(&count), |points| points == count);
        is_count && self.points_px.iter().flatten().all(|at| at.is_finite() && at.abs() < 1e7)
    }

    /// The lines that show it; those of areas are closed.
    pub fn outline_px(&self) -> Vec<Point> {
        match self.kind {
            MeasurementKind::Length | MeasurementKind::Angle => self.points_px.clone(),
            MeasurementKind::Polygon => self.points_px.iter().chain(self.points_px.first()).copied().collect(),
            MeasurementKind::Ellipse => {
                let [a, b] = [self.points_px[0], self.points_px[1]];
                let middle = [f64::midpoint(a[0], b[0]), f64::midpoint(a[1], b[1])];
                let half = [(b[0] - a[0]).abs() / 2.0, (b[1] - a[1]).abs() / 2.0];
                let at = |step: u32| {
                    let turn = f64::from(step) / 72.0 * std::f64::consts::TAU;
                    [middle[0] + half[0] * turn.cos(), middle[1] + half[1] * turn.sin()]
                };
                (0..=72).map(at).collect()
            }
        }
    }

    /// What it measures on `scan`.
    pub fn figures(&self, scan: &Scan) -> Figures {
        let spacing = scan.facts.as_ref().and_then(|facts| facts.spacing);
        let value = self.value(spacing.as_ref());
        let (unit, origin) = match (self.kind, spacing) {
            (MeasurementKind::Angle, _) => ("°", None),
            (MeasurementKind::Length, Some(spacing)) => ("mm", Some(spacing.origin)),
            (MeasurementKind::Length, None) => ("px", None),
            (MeasurementKind::Ellipse | MeasurementKind::Polygon, Some(spacing)) => ("mm²", Some(spacing.origin)),
            (MeasurementKind::Ellipse | MeasurementKind::Polygon, None) => ("px²", None),
        };
        Figures { value, unit, origin, inside: if self.kind.is_area() { self.inside(scan) } else { None } }
    }

    fn value(&self, spacing: Option<&Spacing>) -> f64 {
        let (across, down) = spacing.map_or((1.0, 1.0), |spacing| (spacing.column_mm, spacing.row_mm));
        let points: Vec<Point> = self.points_px.iter().map(|[x, y]| [x * across, y * down]).collect();
        let arm = |from: Point, to: Point| (to[0] - from[0], to[1] - from[1]);
        match (self.kind, points.as_slice()) {
            (MeasurementKind::Length, [a, b]) => {
                let (x, y) = arm(*a, *b);
                x.hypot(y)
            }
            (MeasurementKind::Angle, [a, corner, b]) => {
                let ((ax, ay), (bx, by)) = (arm(*corner, *a), arm(*corner, *b));
                (ax * by - ay * bx).abs().atan2(ax * bx + ay * by).to_degrees()
            }
            (MeasurementKind::Ellipse, [a, b]) => {
                let (x, y) = arm(*a, *b);
                std::f64::consts::FRAC_PI_4 * (x * y).abs()
            }
            (MeasurementKind::Polygon, corners) => {
                let next = corners.iter().cycle().skip(1);
                let twice: f64 = corners.iter().zip(next).map(|(a, b)| a[0] * b[1] - b[0] * a[1]).sum();
                twice.abs() / 2.0
            }
            _ => f64::NAN,
        }
    }

    /// Mean and spread of the pixels inside; `None` where there is none.
    fn inside(&self, scan: &Scan) -> Option<Inside> {
        let (width, height) = scan.size_px();
        let (low, high) = self
            .points_px
            .iter()
            .fold((f64::INFINITY, f64::NEG_INFINITY), |(low, high), [_, y]| (low.min(*y), high.max(*y)));
        let rows = within(low, high, height);
        let row = |y: u32| {
            let mut sums = Sums::default();
            for (from, to) in self.spans(f64::from(y) + 0.5) {
                within(from, to, width).for_each(|x| sums.add(value(scan, x, y)));
            }
            sums
        };
        let sums = rows.into_par_iter().with_min_len(16).map(row).reduce(Sums::default, Sums::and);
        let (count, mean) = (sums.count as f64, sums.sum / sums.count as f64);
        let of = match &scan.pixels {
            Pixels::Grey(_) => scan.facts.as_ref().and_then(|facts| facts.value_unit.clone()),
            Pixels::Rgb8(_) | Pixels::Rgb16(_) => Some("green".to_owned()),
        };
        (sums.count > 0).then(|| Inside {
            pixels: sums.count,
            mean,
            standard_deviation: ((sums.squares - sums.sum * mean) / (count - 1.0).max(1.0)).max(0.0).sqrt(),
            of: of.unwrap_or_else(|| "stored value".to_owned()),
        })
    }

    /// From where to where the line at height `y` is inside.
    fn spans(&self, y: f64) -> Vec<(f64, f64)> {
        if let (MeasurementKind::Ellipse, [a, b]) = (self.kind, self.points_px.as_slice()) {
            let (half_x, half_y) = ((b[0] - a[0]).abs() / 2.0, (b[1] - a[1]).abs() / 2.0);
            let up = (y - f64::midpoint(a[1], b[1])) / half_y;
            let (middle, reach) = (f64::midpoint(a[0], b[0]), half_x * (1.0 - up * up).max(0.0).sqrt());
            return if up.abs() <= 1.0 { vec![(middle - reach, middle + reach)] } else { Vec::new() };
        }
        let corners = &self.points_px;
        let next = corners.iter().cycle().skip(1);
        let crossed = corners.iter().zip(next).filter(|(a, b)| (a[1] <= y) != (b[1] <= y));
        let mut at: Vec<f64> = crossed.map(|(a, b)| a[0] + (y - a[1]) / (b[1] - a[1]) * (b[0] - a[0])).collect();
        at.sort_by(f64::total_cmp);
        at.chunks_exact(2).map(|pair| (pair[0], pair[1])).collect()
    }
}

/// The pixels whose centres lie from `low` up to, not including, `high`.
fn within(low: f64, high: f64, side: u32) -> Range<u32> {
    // A number too large or none at all saturates.
    let first = (low - 0.5).ceil().max(0.0) as u32;
    let end = ((high - 0.5).ceil().max(0.0) as u32).min(side);
    first.min(end)..end
}

fn value(scan: &Scan, x: u32, y: u32) -> Option<f64> {
    match &scan.pixels {
        Pixels::Grey(grey) => grey.value(x, y),
        Pixels::Rgb8(colours) => Some(f64::from(colours.get_pixel(x, y).0[1])),
        Pixels::Rgb16(colours) => Some(f64::from(colours.get_pixel(x, y).0[1])),
    }
}

#[derive(Default)]
struct Sums {
    count: u64,
    sum: f64,
    squares: f64,
}

impl Sums {
    fn add(&mut self, value: Option<f64>) {
        let Some(value) = value.filter(|value| value.is_finite()) else { return };
        (self.count, self.sum, self.squares) = (self.count + 1, self.sum + value, self.squares + value * value);
    }

    fn and(self, other: Self) -> Self {
        Self { count: self.count + other.count, sum: self.sum + other.sum, squares: self.squares + other.squares }
    }
}

impl Figures {
    /// `12.3 mm at the detector`, `48.1°`, `1250 px²`.
    pub fn says(&self) -> String {
        let decimals = if self.unit == "px" || self.unit == "px²" || self.value >= 1000.0 { 0 } else { 1 };
        let space = if self.unit == "°" { "" } else { " " };
        let origin = self.origin.map_or_else(String::new, |origin| format!(" {}", origin.says()));
        format!("{:.decimals$}{space}{}{origin}", self.value, self.unit)
    }

    /// `mean 103.2 ± 5.1 HU`, of an area.
    pub fn inside_says(&self) -> Option<String> {
        let Inside { mean, standard_deviation, of, .. } = self.inside.as_ref()?;
        Some(format!("mean {mean:.1} ± {standard_deviation:.1} {of}"))
    }

    /// All of it in one line.
    pub fn line(&self) -> String {
        self.inside_says().map_or_else(|| self.says(), |inside| format!("{}, {inside}", self.says()))
    }
}

/// Measurements for a file, which [`from_value`] reads again.
pub fn to_value(measurements: &[Measurement]) -> serde_json::Value {
    serde_json::to_value(measurements).unwrap_or_default()
}

/// What a file holds; what is unsound in it is left out.
pub fn from_value(value: &serde_json::Value) -> Vec<Measurement> {
    let all = value.as_array().map(Vec::as_slice).unwrap_or_default().iter();
    let read = all.take(MOST_MEASUREMENTS).filter_map(|one| Measurement::deserialize(one).ok());
    read.filter(Measurement::is_sound).collect()
}

#[cfg(test)]
mod tests {
    use image::{ImageBuffer, Luma, Rgb, RgbImage};

    use super::*;
    use crate::scan::GreyValues;

    fn grey(width: u32, height: u32, value: impl Fn(u32, u32) -> u16) -> Scan {
        let codes = ImageBuffer::from_fn(width, height, |x, y| Luma([value(x, y)]));
        Scan::new(Pixels::Grey(GreyValues::plain(codes, 12)), "a.png")
    }

    fn measured(kind: MeasurementKind, points: &[Point]) -> Measurement {
        Measurement::new(kind, points.to_vec()).unwrap()
    }

    #[test]
    fn lengths_angles_and_areas_follow_the_spacing_both_ways() {
        let spacing = Spacing { row_mm: 0.5, column_mm: 0.25, origin: SpacingOrigin::Imager };
        let length = measured(MeasurementKind::Length, &[[1.0, 1.0], [13.0, 9.0]]);
        assert_eq!(length.value(Some(&spacing)), 5.0);
        assert_eq!(measured(MeasurementKind::Length, &[[0.0, 0.0], [30.0, 40.0]]).value(None), 50.0);
        let angle = measured(MeasurementKind::Angle, &[[0.0, 10.0], [0.0, 0.0], [10.0, 10.0]]);
        assert!((angle.value(None) - 45.0).abs() < 1e-9);
        assert!((angle.value(Some(&spacing)) - 26.565_051).abs() < 1e-5, "5 mm down, 2.5 mm across");
        let ellipse = measured(MeasurementKind::Ellipse, &[[20.0, 10.0], [0.0, 0.0]]);
        assert!((ellipse.value(None) - 50.0 * std::f64::consts::PI).abs() < 1e-9);
        let polygon = measured(MeasurementKind::Polygon, &[[0.0, 0.0], [4.0, 0.0], [4.0, 3.0]]);
        assert_eq!((polygon.value(None), polygon.value(Some(&spacing))), (6.0, 0.75));
    }

    #[test]
    fn the_values_inside_are_those_of_pixels_whose_centres_are() {
        // Columns 0, 1, 2 … hold 0, 10, 20 …
        let scan = grey(40, 30, |x, _| (10 * x) as u16);
        let square = measured(MeasurementKind::Polygon, &[[2.0, 3.0], [6.0, 3.0], [6.0, 7.0], [2.0, 7.0]]);
        let inside = square.figures(&scan).inside.unwrap();
        assert_eq!((inside.pixels, inside.mean), (16, 35.0));
        // 20, 30, 40, 50, four times each: squares of deviation 4 · (225 + 25) · 2 = 2000, over 15.
        assert!((inside.standard_deviation - (2000.0_f64 / 15.0).sqrt()).abs() < 1e-9);
        assert_eq!(square.figures(&scan).line(), "16 px², mean 35.0 ± 11.5 stored value");
        let round = measured(MeasurementKind::Ellipse, &[[5.0, 5.0], [25.0, 25.0]]).figures(&scan).inside.unwrap();
        assert!((round.pixels as f64 - 100.0 * std::f64::consts::PI).abs() < 8.0 && (round.mean - 145.0).abs() < 1e-9);
        // What lies beyond the picture has no values.
        let half = measured(MeasurementKind::Polygon, &[[-10.0, 0.0], [2.0, 0.0], [2.0, 1e6], [-10.0, 1e6]]);
        assert_eq!(half.figures(&scan).inside.unwrap().pixels, 60);
        assert_eq!(measured(MeasurementKind::Ellipse, &[[50.0, 0.0], [60.0, 9.0]]).figures(&scan).inside, None);
        let colour = Scan::new(Pixels::Rgb8(RgbImage::from_pixel(9, 9, Rgb([1, 77, 3]))), "a.jpg");
        let green = measured(MeasurementKind::Ellipse, &[[0.0, 0.0], [9.0, 9.0]]).figures(&colour).inside.unwrap();
        assert_eq!((green.mean, green.standard_deviation, green.of.as_str()), (77.0, 0.0, "green"));
    }

    #[test]
    fn a_hole_in_a_polygon_that_crosses_itself_is_left_out() {
        let scan = grey(20, 20, |_, _| 5);
        let bow = measured(MeasurementKind::Polygon, &[[0.0, 0.0], [10.0, 10.0], [10.0, 0.0], [0.0, 10.0]]);
        assert_eq!(
            bow.figures(&scan).inside.unwrap().pixels,
            60 - 10,
            "two triangles of 5 + 4 + 3 + 2 + 1 rows and back"
        );
    }

    #[test]
    fn what_is_kept_comes_back_and_what_is_unsound_does_not() {
        let all = vec![
            measured(MeasurementKind::Length, &[[0.5, 1.5], [2.0, 3.0]]),
            measured(MeasurementKind::Polygon, &[[0.0, 0.0], [4.0, 0.0], [4.0, 3.0], [1.0, 1.0]]),
        ];
        assert_eq!(from_value(&to_value(&all)), all);
        let mut value = to_value(&all);
        value[0]["points_px"] = serde_json::json!([[1.0, 2.0]]);
        value[1]["kind"] = "circle".into();
        assert!(from_value(&value).is_empty());
        assert!(from_value(&serde_json::json!({"a": 1})).is_empty());
        assert_eq!(Measurement::new(MeasurementKind::Angle, vec![[0.0, f64::NAN]; 3]), None);
    }
}
