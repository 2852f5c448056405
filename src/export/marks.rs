//! Measurements for pictures and records: what is drawn of them, and what is written.

use serde::Serialize;

use super::Record;
use crate::compose::Mark;
use crate::scan::Facts;
use crate::scan::measure::{Figures, Measurement, MeasurementKind, Point};

/// One measurement on the picture, as it was drawn by a reader.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct MeasurementRecord {
    /// A length, an angle or an area.
    pub kind: MeasurementKind,
    /// Each x and y, in source pixels.
    pub points_px: Vec<Point>,
    /// In the unit that is named with it.
    pub value: f64,
    /// `mm`, `px`, `mm²`, `px²` or `°`.
    pub unit: &'static str,
    /// Where millimetres hold: `calibrated` or `at the detector`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub spacing: Option<&'static str>,
    /// Of an area: the pixels inside, and their values.
    #[serde(flatten, skip_serializing_if = "Option::is_none")]
    pub inside: Option<InsideRecord>,
}

/// Of the pixels inside an area.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct InsideRecord {
    /// How many.
    pub pixels: u64,
    /// Of their values.
    pub mean: f64,
    /// Of their values.
    pub standard_deviation: f64,
    /// What the values are: `HU`, `stored value`, `green` …
    pub values: String,
}

/// A measurement with what it amounts to.
pub type Measured = (Measurement, Figures);

impl From<&Measured> for MeasurementRecord {
    fn from((measurement, figures): &Measured) -> Self {
        let inside = figures.inside.as_ref().map(|inside| InsideRecord {
            pixels: inside.pixels,
            mean: inside.mean,
            standard_deviation: inside.standard_deviation,
            values: inside.of.clone(),
        });
        Self {
            kind: measurement.kind,
            points_px: measurement.points_px.clone(),
            value: figures.value,
            unit: figures.unit,
            spacing: figures.origin.map(|origin| origin.says()),
            inside,
        }
    }
}

/// What a picture is given of a measurement.
pub(super) fn mark((measurement, figures): &Measured) -> Mark {
    let line = measurement.outline_px().into_iter().map(|[x, y]| (x, y)).collect();
    Mark { line, says: std::iter::once(figures.says()).chain(figures.inside_says()).collect() }
}

/// What stands on the picture itself besides its pixels.
#[derive(Debug, Clone, Default)]
pub struct Marks {
    /// In the order in which they were made.
    pub measured: Vec<Measured>,
    /// For the left, right, upper and lower edge.
    pub edges: Option<[String; 4]>,
}

impl Marks {
    /// The letters that a file gives for its edges, and `measured`.
    pub fn new(facts: Option<&Facts>, measured: Vec<Measured>) -> Self {
        Self { measured, edges: facts.and_then(Facts::edges) }
    }

    /// The endings of the files that they have.
    pub fn endings(&self) -> Vec<String> {
        if self.measured.is_empty() { Vec::new() } else { vec![MEASUREMENTS.to_owned()] }
    }
}

/// The picture with its measurements.
pub(super) const MEASUREMENTS: &str = "measurements.png";

impl Record {
    /// Adds what was measured.
    pub fn with_measurements(self, measured: &[Measured]) -> Self {
        Self { measurements: measured.iter().map(MeasurementRecord::from).collect(), ..self }
    }
}
