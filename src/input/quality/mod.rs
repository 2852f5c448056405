//! Measures of a fundus photograph that tell whether it can be graded: light, focus, glare, evenness, the optic disc;
//! as a whole and cell by cell. They are taken on the square round the lit field, made small, so that a picture's own
//! size matters little. Must not know models.

mod disc;
mod plane;

use image::imageops::{FilterType, resize};
use image::{Rgb, RgbImage};

use self::plane::Plane;
use super::reduced::Reduced;
use super::retina;
use crate::bundle::measures::{CELLS, Cell, MEASURES, QualityMeasures};

/// The side of the square that is looked at, in pixels: less than the smallest pictures in use have.
const SIDE: usize = 192;
/// Rows and columns of blocks.
const BLOCKS: usize = 8;
/// A channel above this is blown out, where all three are.
const GLARE: f32 = 0.8;
const DARK: f32 = 0.12;

/// The measures of a picture; `None` where nothing in it is lit.
pub fn quality(reduced: &Reduced<'_>) -> Option<QualityMeasures> {
    let picture = reduced.picture.as_ref();
    // As the models' own step `crop-to-retina` finds it.
    let threshold = retina::lit_threshold(picture, 25, 0.2, 8);
    let square = retina::square(picture, threshold, 0.05)?;
    let side = SIDE as u32;
    let small = resize(&retina::crop(picture, square), side, side, FilterType::Triangle);
    let field = Field::new(&small, threshold as f32 / 255.0);
    let disc = disc::find(&field.light, &field.green, &field.lit, &field.inside);
    let (sx, sy) = reduced.scale;
    let to_source = |x: f64, y: f64| {
        let unit = f64::from(square.side) / f64::from(side);
        [(square.left as f64 + x * unit) * sx, (square.top as f64 + y * unit) * sy]
    };
    let found = Measured { field: &field, bands: field.bands() };
    Some(QualityMeasures {
        values: found.values(disc.map_or(0.0, |disc| disc.likeness)),
        disc: disc.map(|disc| to_source(disc.x as f64 + 0.5, disc.y as f64 + 0.5)),
        cells: found.cells(),
        corners: [to_source(0.0, 0.0), to_source(f64::from(side), f64::from(side))],
    })
}

/// The square's channels and where its field is.
struct Field {
    /// 0.3 R + 0.7 G, 0–1.
    grey: Plane,
    green: Plane,
    /// (R + G) / 2, 0–1.
    light: Plane,
    /// 1 where all channels are blown out.
    glare: Plane,
    lit: Plane,
    /// The field without its rim, which is sharp in every picture.
    inside: Plane,
    /// Sums of the three channels within.
    colour: [f64; 3],
}

impl Field {
    fn new(small: &RgbImage, threshold: f32) -> Self {
        let pixel = |x: usize, y: usize| small.get_pixel(x as u32, y as u32).0.map(|v| f32::from(v) / 255.0);
        let of = |value: fn([f32; 3]) -> f32| Plane::from_fn(SIDE, |x, y| value(pixel(x, y)));
        let lit = of(|[r, g, b]| r.max(g).max(b));
        let lit = Plane::from_fn(SIDE, |x, y| f32::from(u8::from(lit.at(x, y) > threshold)));
        let inside = lit.shrunk(7);
        let mut colour = [0.0; 3];
        for (Rgb(pixel), _) in small.pixels().zip(&inside.values).filter(|(_, inside)| **inside > 0.0) {
            for (sum, value) in colour.iter_mut().zip(pixel) {
                *sum += f64::from(*value) / 255.0;
            }
        }
        Self {
            grey: of(|[r, g, _]| 0.3 * r + 0.7 * g),
            green: of(|[_, g, _]| g),
            light: of(|[r, g, _]| 0.5 * (r + g)),
            glare: of(|[r, g, b]| f32::from(u8::from(r.min(g).min(b) > GLARE))),
            lit,
            inside,
            colour,
        }
    }

    /// Detail of three sizes: what differs from its surroundings.
    fn bands(&self) -> [Plane; 3] {
        let means = |size: usize| if size == 1 { self.grey.clone() } else { self.grey.means(&self.lit, size, size) };
        [(1, 5), (3, 13), (7, 35)].map(|(fine, coarse)| means(fine).with(&means(coarse), |a, b| a - b))
    }
}

struct Measured<'a> {
    field: &'a Field,
    bands: [Plane; 3],
}

impl Measured<'_> {
    /// The sum of `plane` within the field.
    fn sum(&self, plane: &Plane, value: impl Fn(f32) -> f32) -> f64 {
        let inside = plane.values.iter().zip(&self.field.inside.values).filter(|(_, inside)| **inside > 0.0);
        inside.map(|(v, _)| f64::from(value(*v))).sum()
    }

    fn values(&self, likeness: f64) -> [f64; MEASURES.len()] {
        let field = self.field;
        let count = self.sum(&field.inside, |v| v).max(1.0);
        let mean = self.sum(&field.grey, |v| v) / count;
        let energy = |plane: &Plane| (self.sum(plane, |v| v * v) / count + 1e-6).ln();
        let [fine, middle, coarse] = self.bands.each_ref().map(energy);
        let blocks = Blocks::new(field, &self.bands[1], BLOCKS);
        let lights = blocks.sorted(|block| block.light);
        let details = blocks.sorted(|block| block.detail);
        let block_mean = lights.iter().sum::<f64>() / lights.len().max(1) as f64;
        let variance = lights.iter().map(|v| (v - block_mean).powi(2)).sum::<f64>() / lights.len().max(1) as f64;
        let flat = details.iter().filter(|detail| **detail < 0.01).count() as f64 / details.len().max(1) as f64;
        let total = field.colour.iter().sum::<f64>().max(1e-3);
        let log = |value: f64| value.max(1e-6).ln();
        [
            log(mean),
            log(variance.sqrt() + 0.01),
            log(at(&lights, 0.1) + 0.01),
            log(at(&lights, 0.9) + 0.01),
            energy(&laplacian(&field.grey)),
            fine,
            middle,
            coarse,
            flat,
            log(at(&details, 0.2) + 0.001),
            f64::from(field.lit.values.iter().sum::<f32>()) / (SIDE * SIDE) as f64,
            self.sum(&field.glare, |v| v) / count,
            self.sum(&field.grey, |v| f32::from(u8::from(v < DARK))) / count,
            blocks.halves(|column, _| column),
            blocks.halves(|_, row| row),
            field.colour[0] / total,
            field.colour[2] / total,
            likeness,
        ]
    }

    /// What each of the small cells is like.
    fn cells(&self) -> Vec<Cell> {
        Blocks::new(self.field, &self.bands[1], CELLS).0
    }
}

/// The mean values of square blocks.
struct Blocks(Vec<Cell>);

impl Blocks {
    fn new(field: &Field, band: &Plane, across: usize) -> Self {
        let size = SIDE / across;
        let block = |index: usize| {
            let (left, top) = (index % across * size, index / across * size);
            let places = (0..size * size).map(|i| (top + i / size) * SIDE + left + i % size);
            let (mut inside, mut light, mut detail, mut glare) = (0.0, 0.0, 0.0, 0.0);
            for place in places.filter(|place| field.inside.values[*place] > 0.0) {
                inside += 1.0;
                light += f64::from(field.grey.values[place]);
                detail += f64::from(band.values[place]).powi(2);
                glare += f64::from(field.glare.values[place]);
            }
            let count = f64::max(inside, 1.0);
            let part = inside / (size * size) as f64;
            Cell { part, light: light / count, detail: (detail / count).sqrt(), glare: glare / count }
        };
        Self((0..across * across).map(block).collect())
    }

    /// One value of all blocks that lie in the field for the most part, or of the fullest where none does.
    fn sorted(&self, value: impl Fn(&Cell) -> f64) -> Vec<f64> {
        let fullest = self.0.iter().map(|block| block.part).fold(0.0, f64::max);
        let least = fullest.min(0.5);
        let mut values: Vec<f64> = self.0.iter().filter(|block| block.part >= least).map(value).collect();
        values.sort_by(f64::total_cmp);
        values
    }

    /// How much lighter one half is than the other, as the size of a logarithm.
    fn halves(&self, along: fn(usize, usize) -> usize) -> f64 {
        let (mut light, mut part) = ([0.1f64; 2], [0.1f64; 2]);
        for (index, block) in self.0.iter().enumerate() {
            let half = usize::from(along(index % BLOCKS, index / BLOCKS) >= BLOCKS / 2);
            light[half] += block.light * block.part;
            part[half] += block.part;
        }
        ((light[0] / part[0]).ln() - (light[1] / part[1]).ln()).abs()
    }
}

/// The value at `part` of the way through sorted values.
fn at(sorted: &[f64], part: f64) -> f64 {
    let place = part * sorted.len().saturating_sub(1) as f64;
    let value = |index: usize| sorted.get(index).copied().unwrap_or(0.0);
    let (below, along) = (place.floor() as usize, place.fract());
    value(below) + along * (value((below + 1).min(sorted.len().saturating_sub(1))) - value(below))
}

fn laplacian(plane: &Plane) -> Plane {
    let last = plane.side - 1;
    Plane::from_fn(plane.side, |x, y| {
        if x == 0 || y == 0 || x == last || y == last {
            return 0.0;
        }
        plane.at(x - 1, y) + plane.at(x + 1, y) + plane.at(x, y - 1) + plane.at(x, y + 1) - 4.0 * plane.at(x, y)
    })
}
