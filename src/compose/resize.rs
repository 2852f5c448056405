//! A picture at another size, by the Catmull-Rom filter: the same bytes as `image::imageops::resize` gives, which goes down
//! the columns of a large picture pixel by pixel and takes several times as long.

use image::RgbImage;
use rayon::prelude::*;

/// How far the filter reaches to each side, in pixels of the larger picture.
const REACH: f32 = 2.0;
const CHANNELS: usize = 3;

/// `picture` at `size` (width, height).
pub fn resized(picture: &RgbImage, size: (u32, u32)) -> RgbImage {
    let (from, (width, height)) = (picture.dimensions(), size);
    if from == size {
        return picture.clone();
    }
    let mut resized = RgbImage::new(width, height);
    if from.0 == 0 || from.1 == 0 || width == 0 || height == 0 {
        return resized;
    }
    let (columns, rows) = (all_taps(from.0, width), all_taps(from.1, height));
    let (line, from_line) = (CHANNELS * width as usize, CHANNELS * from.0 as usize);
    let lines = resized.par_chunks_exact_mut(line).zip(&rows).with_min_len(16);
    lines.for_each_init(
        || vec![0.0_f32; from_line],
        |sums, (line, taps)| {
            sums.fill(0.0);
            let above = picture.as_raw().chunks_exact(from_line).skip(taps.first);
            for (source, weight) in above.zip(&taps.weights) {
                sums.iter_mut().zip(source).for_each(|(sum, value)| *sum += f32::from(*value) * weight);
            }
            across(sums, &columns, line);
        },
    );
    resized
}

/// One line of sums to the width that `columns` are of.
fn across(sums: &[f32], columns: &[Taps], line: &mut [u8]) {
    let (sums, _) = sums.as_chunks::<CHANNELS>();
    let (pixels, _) = line.as_chunks_mut::<CHANNELS>();
    for (pixel, taps) in pixels.iter_mut().zip(columns) {
        let mut sum = [0.0; CHANNELS];
        for (values, weight) in sums[taps.first..].iter().zip(&taps.weights) {
            sum.iter_mut().zip(values).for_each(|(sum, value)| *sum += value * weight);
        }
        *pixel = sum.map(|value| value.clamp(0.0, 255.0).round() as u8);
    }
}

/// The pixels that one is made of, and what each counts.
struct Taps {
    first: usize,
    /// Together 1.
    weights: Vec<f32>,
}

/// Those of every pixel of a line that is `to` long instead of `from`.
fn all_taps(from: u32, to: u32) -> Vec<Taps> {
    let ratio = from as f32 / to as f32;
    let stretch = ratio.max(1.0);
    let taps = |place: u32| {
        let centre = (place as f32 + 0.5) * ratio;
        let first = ((centre - REACH * stretch).floor() as i64).clamp(0, i64::from(from) - 1);
        let end = ((centre + REACH * stretch).ceil() as i64).clamp(first + 1, i64::from(from));
        let mut weights: Vec<f32> = (first..end).map(|i| catmull_rom((i as f32 - (centre - 0.5)) / stretch)).collect();
        let sum = weights.iter().fold(0.0, |sum, weight| sum + weight);
        weights.iter_mut().for_each(|weight| *weight /= sum);
        Taps { first: first as usize, weights }
    };
    (0..to).map(taps).collect()
}

/// The cubic spline of Mitchell and Netravali (1988) with B = 0 and C = 1/2.
fn catmull_rom(x: f32) -> f32 {
    let a = x.abs();
    let sixfold = if a < 1.0 {
        9.0 * a.powi(3) - 15.0 * a.powi(2) + 6.0
    } else if a < 2.0 {
        -3.0 * a.powi(3) + 15.0 * a.powi(2) - 24.0 * a + 12.0
    } else {
        0.0
    };
    sixfold / 6.0
}

#[cfg(test)]
mod tests {
    use image::Rgb;
    use image::imageops::{FilterType, resize};

    use super::*;

    #[test]
    fn bytes_are_those_of_the_image_crate() {
        let value = |x: u32, y: u32, c: u32| ((x * 7919 + y * 104_729 + c * 1299) % 251) as u8;
        for (from, to) in [
            ((97, 61), (33, 20)),
            ((640, 480), (72, 54)),
            ((33, 20), (97, 61)),
            ((50, 40), (50, 17)),
            ((300, 2), (7, 9)),
            ((1, 1), (4, 3)),
            ((12, 9), (12, 9)),
        ] {
            // Hard edges overshoot, so that values are cut off at both ends.
            let edge = |x: u32, y: u32| (x / 5 + y / 3).is_multiple_of(2);
            let picture = RgbImage::from_fn(from.0, from.1, |x, y| {
                Rgb(if edge(x, y) { [255, 0, value(x, y, 0)] } else { [0, 255, value(x, y, 1)] })
            });
            let theirs = resize(&picture, to.0, to.1, FilterType::CatmullRom);
            assert!(resized(&picture, to) == theirs, "{from:?} to {to:?}");
        }
        assert_eq!(resized(&RgbImage::new(0, 5), (2, 2)).dimensions(), (2, 2));
    }
}
