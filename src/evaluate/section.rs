//! What a part of the evidence says to people, as data: sentences, tables and plots. `evaluate::report` sets it as HTML, and
//! writes each table and plot as files of its own.

use image::RgbImage;

use crate::table::Table;

/// A part of a report.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Section {
    pub title: String,
    /// Paragraphs that stand before the rest.
    pub says: Vec<String>,
    pub tables: Vec<Named<Table>>,
    pub plots: Vec<Named<Plot>>,
    pub pictures: Vec<Named<RgbImage>>,
}

/// Something that becomes a file of its own.
#[derive(Debug, Clone, PartialEq)]
pub struct Named<T> {
    /// Of the file, without its ending: small letters and `-`.
    pub name: String,
    /// What it shows, in a sentence or two.
    pub caption: String,
    pub of: T,
}

impl<T> Named<T> {
    pub fn new(name: impl Into<String>, caption: impl Into<String>, of: T) -> Self {
        Self { name: name.into(), caption: caption.into(), of }
    }
}

/// A figure with axes.
#[derive(Debug, Clone, PartialEq)]
pub struct Plot {
    pub x: Axis,
    pub y: Axis,
    pub kind: PlotKind,
}

#[derive(Debug, Clone, PartialEq)]
pub struct Axis {
    /// With its unit.
    pub label: String,
    pub range: [f64; 2],
}

impl Axis {
    pub fn new(label: impl Into<String>, low: f64, high: f64) -> Self {
        Self { label: label.into(), range: [low, high] }
    }
}

#[derive(Debug, Clone, PartialEq)]
pub enum PlotKind {
    /// Curves over a common axis.
    Lines(Vec<Line>),
    /// Values with intervals below each other, each with a name; `x` is their axis, `y` names what they are of. `at` draws
    /// an upright line, such as that of chance.
    Spans { spans: Vec<Span>, at: Option<f64> },
    /// Counts by row (truth) and column (answer).
    Matrix { names: Vec<String>, counts: Vec<Vec<u64>> },
}

#[derive(Debug, Clone, PartialEq)]
pub struct Line {
    /// Empty: not in the legend.
    pub name: String,
    pub points: Vec<(f64, f64)>,
    /// A curve that is there for comparison, such as chance: thin and dashed.
    pub is_baseline: bool,
    /// Marks at the points instead of a curve through them.
    pub is_marks: bool,
}

impl Line {
    pub fn curve(name: impl Into<String>, points: Vec<(f64, f64)>) -> Self {
        Self { name: name.into(), points, is_baseline: false, is_marks: false }
    }

    pub fn baseline(name: impl Into<String>, points: Vec<(f64, f64)>) -> Self {
        Self { is_baseline: true, ..Self::curve(name, points) }
    }

    pub fn marks(name: impl Into<String>, points: Vec<(f64, f64)>) -> Self {
        Self { is_marks: true, ..Self::curve(name, points) }
    }
}

#[derive(Debug, Clone, PartialEq)]
pub struct Span {
    pub name: String,
    pub value: f64,
    pub interval: Option<[f64; 2]>,
}
