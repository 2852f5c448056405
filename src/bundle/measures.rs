//! What is measured of a picture before any network sees it: gate and quality are rules over these values.
//!
//! `input::measure` takes them.

use super::field::Field;

/// The measures of a whole picture, in the order of [`QualityMeasures::values`].
pub const MEASURES: [&str; 18] = [
    // Logarithms of the mean grey, of its spread over 8×8 blocks, and of the blocks' 10th and 90th percentile.
    "brightness",
    "block-spread",
    "darkest-tenth",
    "brightest-tenth",
    // Logarithms of the energy of edges and of detail of three sizes.
    "laplacian",
    "detail-fine",
    "detail-middle",
    "detail-coarse",
    // The part of the blocks with hardly any detail, and the logarithm of the 20th percentile of theirs.
    "flat-blocks",
    "weakest-detail",
    // The parts that are lit (of the square), blown out, dark (of the field).
    "lit-share",
    "glare-share",
    "dark-share",
    // The size of the logarithm of one half's light over the other's.
    "left-right",
    "top-bottom",
    // Red and blue over all three channels.
    "red-share",
    "blue-share",
    // How like an optic disc the most disc-like place is.
    "disc-likeness",
];

/// Rows and columns of the map of cells.
pub const CELLS: usize = 16;

/// One part of a picture.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct Cell {
    /// How much of it lies in the field, 0–1. The rest is of that part.
    pub part: f64,
    /// Mean of 0.3 R + 0.7 G, 0–1.
    pub light: f64,
    /// Root mean square of the detail of middle size.
    pub detail: f64,
    /// The part that is blown out, 0–1.
    pub glare: f64,
}

/// What was measured of a picture.
#[derive(Debug, Clone, PartialEq)]
pub struct QualityMeasures {
    /// By [`MEASURES`].
    pub values: [f64; MEASURES.len()],
    /// The most disc-like place, in source pixels.
    pub disc: Option<[f64; 2]>,
    /// [`CELLS`]×[`CELLS`] parts of the square round the field, row by row.
    pub cells: Vec<Cell>,
    /// The square's upper left and lower right corner in source pixels; it may reach beyond the picture.
    pub corners: [[f64; 2]; 2],
}

/// What a DICOM file says of its own picture; empty for other files.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct FileWords {
    /// `CR`, `DX`, `OP` …
    pub modality: Option<String>,
    pub body_part: Option<String>,
    /// `PA`, `AP`, `LL` …
    pub view: Option<String>,
    pub age_years: Option<f64>,
}

impl FileWords {
    /// What was said, for a sentence: "CR, CHEST, PA".
    pub fn line(&self) -> String {
        let said = [self.modality.as_deref(), self.body_part.as_deref(), self.view.as_deref()];
        said.into_iter().flatten().collect::<Vec<_>>().join(", ")
    }
}

/// What a gate looks at.
#[derive(Debug, Clone, PartialEq)]
pub struct Measures {
    /// Mean over all pixels of (largest − smallest channel) / 255: 0 for a grey picture.
    pub colour: f64,
    /// Means of 16×16 cells of (R + G + B) / 3, row by row.
    pub cells: Vec<f64>,
    /// What the file says of itself.
    pub words: FileWords,
    /// The lit field, where there is one.
    pub field: Option<Field>,
    /// What quality is judged by: of colour pictures in which something is lit.
    pub quality: Option<QualityMeasures>,
    /// Whether nothing in the picture is lit.
    pub is_dark: bool,
}

impl Measures {
    /// Pearson's correlation of the cells with `template`; 0 where one of them is even.
    pub fn likeness(&self, template: &[u8]) -> f64 {
        let count = self.cells.len().max(1) as f64;
        let theirs: Vec<f64> = template.iter().map(|v| f64::from(*v)).collect();
        let mean = |values: &[f64]| values.iter().sum::<f64>() / count;
        let (a, b) = (mean(&self.cells), mean(&theirs));
        let pairs = || self.cells.iter().zip(&theirs).map(|(x, y)| (x - a, y - b));
        let product: f64 = pairs().map(|(x, y)| x * y).sum();
        let squares = pairs().map(|(x, _)| x * x).sum::<f64>() * pairs().map(|(_, y)| y * y).sum::<f64>();
        if squares > 1e-9 { product / squares.sqrt() } else { 0.0 }
    }
}
