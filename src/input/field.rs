//! Measures the lit field of a picture: its colour, its roundness, and its vessels. Must not know models.

use image::imageops::{FilterType, resize};
use image::{ImageBuffer, Luma, Rgb, RgbImage};

use super::reduced::{Reduced, scaled};
use super::retina;
use crate::bundle::field::Field;

/// The longer side of the picture that is looked at, in pixels: the vessels of any camera are then a few pixels wide.
const SIDE_PX: u32 = 256;
/// A pixel is lit from this part of the picture's bright level on, and never below `DARK`.
const LIT: f64 = 0.25;
const DARK: u8 = 12;
/// Rows and columns belong to the field where more than this part of them is lit.
const COVERAGE: f64 = 0.05;
/// Vessels are looked for within this part of the field's radius: its edge is a line too.
const INNER: f64 = 0.8;

/// The measures of `picture`; `None` where nothing in it is lit.
pub fn field(reduced: &Reduced<'_>) -> Option<Field> {
    let picture = small(&reduced.picture)?;
    let width = picture.width() as usize;
    let least = (LIT * retina::bright_level(&picture)).max(f64::from(DARK));
    let lit: Vec<bool> = picture.pixels().map(|Rgb([r, g, b])| f64::from(*r.max(g).max(b)) > least).collect();
    let bounds = Bounds::of(retina::lit_box(&picture, least, COVERAGE)?);
    let means = means(&picture, &lit)?;
    let [r, g, b] = means.channels;
    let Lines { dark, bright, cover } = lines(&picture, &lit, &bounds)?;
    Some(Field {
        colour: means.colour,
        red: (r - g) / (r + g + 1.0),
        yellow: (g - b) / (g + b + 1.0),
        roundness: bounds.overlap(&lit, width, true).max(bounds.overlap(&lit, width, false)),
        dark_lines: dark,
        line_cover: cover,
        line_balance: (dark - bright) / (dark + bright + 0.05),
    })
}

/// The picture with a longer side of [`SIDE_PX`].
fn small(picture: &RgbImage) -> Option<RgbImage> {
    let (width, height) = picture.dimensions();
    let longer = width.max(height);
    let side = |side: u32| scaled(side, longer, SIDE_PX);
    (longer > 0).then(|| resize(picture, side(width), side(height), FilterType::Triangle))
}

/// The box around the lit rows and columns, in pixels; right and bottom lie outside.
struct Bounds {
    left: f64,
    right: f64,
    top: f64,
    bottom: f64,
}

impl Bounds {
    fn of([columns, rows]: [(i64, i64); 2]) -> Self {
        Self { left: columns.0 as f64, right: columns.1 as f64, top: rows.0 as f64, bottom: rows.1 as f64 }
    }

    /// How far a pixel's centre is from the middle: 1 on the ellipse of the box.
    fn distance(&self, x: usize, y: usize, is_disc: bool) -> f64 {
        let (mut rx, mut ry) = ((self.right - self.left) / 2.0, (self.bottom - self.top) / 2.0);
        if is_disc {
            (rx, ry) = (rx.max(ry), rx.max(ry));
        }
        let dx = x as f64 + 0.5 - f64::midpoint(self.left, self.right);
        let dy = y as f64 + 0.5 - f64::midpoint(self.top, self.bottom);
        (dx / rx).hypot(dy / ry)
    }

    /// Lit pixels and those of the disc or ellipse: those in both over those in either.
    fn overlap(&self, lit: &[bool], width: usize, is_disc: bool) -> f64 {
        let (mut both, mut either) = (0usize, 0usize);
        for (index, lit) in lit.iter().enumerate() {
            let inside = self.distance(index % width, index / width, is_disc) <= 1.0;
            both += usize::from(*lit && inside);
            either += usize::from(*lit || inside);
        }
        both as f64 / either.max(1) as f64
    }
}

struct Means {
    channels: [f64; 3],
    colour: f64,
}

fn means(picture: &RgbImage, lit: &[bool]) -> Option<Means> {
    let (mut sums, mut colour, mut count) = ([0.0; 3], 0.0, 0.0);
    for (Rgb(pixel), _) in picture.pixels().zip(lit).filter(|(_, lit)| **lit) {
        let [r, g, b] = pixel.map(f64::from);
        for (sum, value) in sums.iter_mut().zip([r, g, b]) {
            *sum += value;
        }
        colour += (r.max(g).max(b) - r.min(g).min(b)) / 255.0;
        count += 1.0;
    }
    (count > 0.0).then(|| Means { channels: sums.map(|sum| sum / count), colour: colour / count })
}

/// What lines there are in green within the field.
struct Lines {
    /// Mean strength of lines darker than both their sides, in hundredths of the field's green.
    dark: f64,
    /// The same of brighter ones.
    bright: f64,
    /// The part of the field that belongs to a dark line of at least [`FAINT`] of the field's green.
    cover: f64,
}

/// The least strength of a line that counts, as a part of the field's green.
const FAINT: f64 = 0.001;

/// `None` where the field is too small to tell.
fn lines(picture: &RgbImage, lit: &[bool], bounds: &Bounds) -> Option<Lines> {
    const REACH: usize = 3;
    const LEAST_PIXELS: usize = 100;
    let (width, height) = (picture.width() as usize, picture.height() as usize);
    let green: Vec<f32> = picture.pixels().map(|pixel| f32::from(pixel.0[1])).collect();
    let green = ImageBuffer::<Luma<f32>, _>::from_raw(width as u32, height as u32, green)?;
    let green = imageproc::filter::gaussian_blur_f32(&green, 1.0).into_raw();
    let inside = |x: usize, y: usize| lit[y * width + x] && bounds.distance(x, y, false) <= INNER;
    let rows = REACH..height.saturating_sub(REACH);
    let places = rows.flat_map(|y| (REACH..width.saturating_sub(REACH)).map(move |x| (x, y)));
    let places: Vec<usize> = places.filter(|(x, y)| inside(*x, *y)).map(|(x, y)| y * width + x).collect();
    if places.len() < LEAST_PIXELS {
        return None;
    }
    let mean = |values: &[f32]| values.iter().map(|v| f64::from(*v)).sum::<f64>() / places.len() as f64;
    let ridges = |sign: f32| places.iter().map(|place| ridge(&green, width, *place, sign)).collect::<Vec<f32>>();
    let level = mean(&places.iter().map(|place| green[*place]).collect::<Vec<f32>>()) + 1.0;
    let dark = ridges(1.0);
    let counted = dark.iter().filter(|strength| f64::from(**strength) / level >= FAINT).count();
    Some(Lines {
        dark: 100.0 * mean(&dark) / level,
        bright: 100.0 * mean(&ridges(-1.0)) / level,
        cover: counted as f64 / places.len() as f64,
    })
}

/// How far both sides lie above (`sign` 1) or below (−1) the value at `here`, less what changes along the line; the best
/// of four directions.
fn ridge(green: &[f32], width: usize, here: usize, sign: f32) -> f32 {
    // Offsets across a line; those along it stand at a right angle.
    let straight = [(3 * width, 3), (3, 3 * width)];
    let slanted = [(2 * width + 2, 2 * width - 2), (2 * width - 2, 2 * width + 2)];
    let of = |(across, along): (usize, usize)| {
        let side = |index: usize| sign * (green[index] - green[here]);
        let sides = side(here - across).min(side(here + across)).max(0.0);
        let change = |index: usize| (green[index] - green[here]).abs();
        (sides - change(here - along).max(change(here + along))).max(0.0)
    };
    straight.into_iter().chain(slanted).map(of).fold(0.0, f32::max)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn field(picture: &RgbImage) -> Option<Field> {
        super::field(&Reduced::new(picture))
    }

    /// A round reddish field of 200 pixels, with `dark` added to green along some curved lines.
    fn drawn(vessels: f64) -> RgbImage {
        RgbImage::from_fn(300, 240, |x, y| {
            let (dx, dy) = (f64::from(x) - 150.0, f64::from(y) - 120.0);
            if dx.hypot(dy) > 100.0 {
                return Rgb([2, 2, 2]);
            }
            let nearest = (0..5).map(|i| (dy - (dx / 30.0 + f64::from(i)).sin() * 60.0).abs()).fold(99.0, f64::min);
            let line = if nearest < 2.0 { vessels } else { 0.0 };
            Rgb([180, (90.0 + line) as u8, 40])
        })
    }

    #[test]
    fn a_field_with_dark_lines_is_told_from_a_ball_and_from_bright_lines() {
        let fundus = field(&drawn(-25.0)).unwrap();
        assert!(fundus.roundness > 0.97 && fundus.red > 0.3 && fundus.colour > 0.4, "{fundus:?}");
        assert!(fundus.dark_lines > 0.3 && fundus.line_balance > 0.3, "{fundus:?}");
        let ball = field(&drawn(0.0)).unwrap();
        assert!(ball.dark_lines < 0.05 && ball.line_balance.abs() < 0.1, "{ball:?}");
        assert!(field(&drawn(25.0)).unwrap().line_balance < -0.3);
    }

    #[test]
    fn a_larger_picture_of_the_same_measures_alike() {
        let large = resize(&drawn(-25.0), 3000, 2400, FilterType::Triangle);
        let (a, b) = (field(&drawn(-25.0)).unwrap(), field(&large).unwrap());
        assert!(
            (a.roundness - b.roundness).abs() < 0.02 && (a.line_balance - b.line_balance).abs() < 0.15,
            "{a:?} {b:?}"
        );
    }

    #[test]
    fn odd_pictures_have_no_field_or_a_poor_one() {
        assert_eq!(field(&RgbImage::new(30, 20)), None);
        let dot = field(&RgbImage::from_pixel(1, 1, Rgb([200; 3]))).unwrap();
        assert!(dot.colour < 0.01 && dot.dark_lines < 1e-9, "{dot:?}");
        for (width, height) in [(90, 90), (1, 5000), (5000, 1)] {
            let even = field(&RgbImage::from_pixel(width, height, Rgb([200; 3]))).unwrap();
            assert!(even.colour < 0.01 && even.dark_lines < 1e-9, "{even:?}");
            // Of a strip only what is there of a disc can be seen, as of a field that is cut off.
            assert!(even.roundness < 0.79 || width != height, "{even:?}");
        }
    }
}
