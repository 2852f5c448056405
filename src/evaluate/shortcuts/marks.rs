//! Burned-in text and markers: strokes that are much brighter or darker than what lies around them, of a letter's size, in
//! the outer part of a picture.
//!
//! A top-hat (what an opening or closing with a square takes away) keeps what is thinner than the square in some direction,
//! as the strokes of letters are and a field, a lung or an optic disc is not. Connected strokes of a letter's size count
//! where their middle lies in the outer quarter on some side. Coarse on purpose: what is found falsely is found as often
//! with one label as with the other.

use image::{GrayImage, Luma};
use imageproc::region_labelling::{Connectivity, connected_components};
use serde::{Deserialize, Serialize};

/// A stroke is thinner than this part of the picture's longer side, and that much brighter or darker, of 255.
const STROKE: f64 = 0.035;
const CONTRAST: u8 = 60;
/// The longer side of a letter, or of several that touch, as parts of the picture's longer side.
const LETTER: [f64; 2] = [0.01, 0.15];
const LEAST_PX: usize = 6;
/// How far from an edge a mark may lie, as a part of the picture's width or height.
pub const OUTER: f64 = 0.25;
/// More marks are noise.
const MOST: usize = 48;
/// Of a mark's longer side, in parts of width and height: how far around it counts as the mark.
const AROUND: f32 = 0.2;

/// A mark's box, in parts of the picture's width and height.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Mark {
    pub left: f32,
    pub top: f32,
    pub right: f32,
    pub bottom: f32,
    /// The part of the picture that its strokes cover.
    pub ink: f32,
}

impl Mark {
    /// Its middle.
    pub fn centre(&self) -> (f32, f32) {
        (f32::midpoint(self.left, self.right), f32::midpoint(self.top, self.bottom))
    }

    /// Whether a position (in parts of width and height) lies in it or just beside.
    pub fn holds(&self, x: f32, y: f32) -> bool {
        let around = AROUND * (self.right - self.left).max(self.bottom - self.top);
        (self.left - around..=self.right + around).contains(&x)
            && (self.top - around..=self.bottom + around).contains(&y)
    }
}

/// The marks of `grey`, those with the most ink first.
pub fn marks(grey: &GrayImage) -> Vec<Mark> {
    let (width, height) = grey.dimensions();
    if width == 0 || height == 0 {
        return Vec::new();
    }
    let reach = ((STROKE * f64::from(width.max(height)) / 2.0).round() as usize).max(1);
    let strokes = strokes(grey, reach);
    let components = components(&strokes);
    let longer = f64::from(width.max(height));
    let (w, h) = (width as f32, height as f32);
    let mark = |part: &Component| {
        let side = f64::from((part.right - part.left).max(part.bottom - part.top) + 1);
        let fits = part.pixels >= LEAST_PX && side >= LETTER[0] * longer && side <= LETTER[1] * longer;
        let mark = Mark {
            left: part.left as f32 / w,
            top: part.top as f32 / h,
            right: (part.right + 1) as f32 / w,
            bottom: (part.bottom + 1) as f32 / h,
            ink: part.pixels as f32 / (w * h),
        };
        (fits && is_outer(mark.centre())).then_some(mark)
    };
    let mut marks: Vec<Mark> = components.iter().filter_map(mark).collect();
    marks.sort_by(|a, b| b.ink.total_cmp(&a.ink));
    marks.truncate(MOST);
    marks
}

fn is_outer((x, y): (f32, f32)) -> bool {
    let near = |v: f32| f64::from(v.min(1.0 - v)) < OUTER;
    near(x) || near(y)
}

/// 255 where something thin stands out.
fn strokes(grey: &GrayImage, reach: usize) -> GrayImage {
    let opened = greatest(&least(grey, reach), reach);
    let closed = least(&greatest(grey, reach), reach);
    let mut strokes = GrayImage::new(grey.width(), grey.height());
    let all = grey.iter().zip(opened.iter().zip(closed.iter()));
    for (out, (here, (opened, closed))) in strokes.iter_mut().zip(all) {
        *out = if here - opened >= CONTRAST || closed - here >= CONTRAST { 255 } else { 0 };
    }
    strokes
}

/// The least value of the square that reaches so far to all sides.
fn least(picture: &GrayImage, reach: usize) -> GrayImage {
    of_squares(picture, reach, u8::MAX, u8::min)
}

/// The greatest.
fn greatest(picture: &GrayImage, reach: usize) -> GrayImage {
    of_squares(picture, reach, 0, u8::max)
}

/// `beyond` stands for what lies outside the picture.
fn of_squares(picture: &GrayImage, reach: usize, beyond: u8, better: impl Fn(u8, u8) -> u8) -> GrayImage {
    let across = transposed_lines(picture, reach, beyond, &better);
    transposed_lines(&across, reach, beyond, &better)
}

/// The best of each window along the lines, with lines as columns.
fn transposed_lines(picture: &GrayImage, reach: usize, beyond: u8, better: &impl Fn(u8, u8) -> u8) -> GrayImage {
    let (width, height) = (picture.width() as usize, picture.height() as usize);
    let length = 2 * reach + 1;
    let mut out = GrayImage::new(picture.height(), picture.width());
    let mut best = vec![beyond; width + 2 * reach];
    for (y, line) in picture.as_raw().chunks_exact(width).enumerate() {
        best.fill(beyond);
        best[reach..reach + width].copy_from_slice(line);
        // Each holds the best of the next `run`, which is doubled until two of them cover the window.
        let mut run = 1;
        while 2 * run <= length {
            for at in 0..best.len() - run {
                best[at] = better(best[at], best[at + run]);
            }
            run *= 2;
        }
        let column = out.iter_mut().skip(y).step_by(height);
        column.enumerate().for_each(|(x, out)| *out = better(best[x], best[x + length - run]));
    }
    out
}

#[derive(Debug, Clone, Copy)]
struct Component {
    left: u32,
    top: u32,
    right: u32,
    bottom: u32,
    pixels: usize,
}

fn components(strokes: &GrayImage) -> Vec<Component> {
    let labels = connected_components(strokes, Connectivity::Eight, Luma([0]));
    let mut found: Vec<Option<Component>> = Vec::new();
    for (x, y, Luma([label])) in labels.enumerate_pixels().filter(|(_, _, label)| label.0[0] > 0) {
        let at = *label as usize - 1;
        if found.len() <= at {
            found.resize(at + 1, None);
        }
        let part = found[at].get_or_insert(Component { left: x, top: y, right: x, bottom: y, pixels: 0 });
        part.left = part.left.min(x);
        part.right = part.right.max(x);
        part.bottom = part.bottom.max(y);
        part.pixels += 1;
    }
    found.into_iter().flatten().collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A bright disc on black.
    fn disc() -> GrayImage {
        GrayImage::from_fn(300, 240, |x, y| {
            let off = (f64::from(x) - 150.0).hypot(f64::from(y) - 120.0);
            Luma([if off < 110.0 { 120 } else { 4 }])
        })
    }

    fn with_box(mut picture: GrayImage, [x, y, w, h]: [u32; 4], value: u8) -> GrayImage {
        for (x, y) in (y..y + h).flat_map(|y| (x..x + w).map(move |x| (x, y))) {
            picture.put_pixel(x, y, Luma([value]));
        }
        picture
    }

    #[test]
    fn strokes_in_the_outer_part_are_marks_and_the_field_is_none() {
        assert_eq!(marks(&disc()), []);
        for (place, value) in [([12, 10, 3, 14], 230), ([150, 20, 3, 14], 20), ([270, 215, 14, 4], 255)] {
            let found = marks(&with_box(disc(), place, value));
            let [mark] = found[..] else { panic!("{found:?}") };
            let middle = ((place[0] + place[2] / 2) as f32 / 300.0, (place[1] + place[3] / 2) as f32 / 240.0);
            assert!(mark.holds(middle.0, middle.1) && !mark.holds(0.5, 0.5), "{mark:?}");
            let ink = mark.ink / ((place[2] * place[3]) as f32 / 72_000.0);
            assert!((0.9..2.0).contains(&ink), "{place:?}: {ink}");
        }
    }

    #[test]
    fn what_is_faint_large_or_in_the_middle_is_none() {
        assert_eq!(marks(&with_box(disc(), [150, 110, 3, 14], 255)), [], "in the middle");
        assert_eq!(marks(&with_box(disc(), [12, 10, 3, 14], 40)), [], "faint");
        assert_eq!(marks(&with_box(disc(), [0, 0, 40, 40], 255)), [], "no stroke");
        assert_eq!(marks(&with_box(disc(), [0, 5, 300, 3], 255)), [], "a line across");
    }

    #[test]
    fn squares_have_their_least_and_greatest_values() {
        let picture = GrayImage::from_fn(13, 9, |x, y| Luma([((x * 37 + y * 101) % 251) as u8]));
        for reach in 1..5_i64 {
            let around = |x: u32, y: u32| {
                let near = |a: u32, b: u32| (i64::from(a) - i64::from(b)).abs() <= reach;
                picture.enumerate_pixels().filter(move |(u, v, _)| near(*u, x) && near(*v, y)).map(|(_, _, p)| p.0[0])
            };
            let (low, high) = (least(&picture, reach as usize), greatest(&picture, reach as usize));
            assert!(low.enumerate_pixels().all(|(x, y, p)| Some(p.0[0]) == around(x, y).min()), "{reach}");
            assert!(high.enumerate_pixels().all(|(x, y, p)| Some(p.0[0]) == around(x, y).max()), "{reach}");
        }
    }

    #[test]
    fn odd_pictures_have_none() {
        for (width, height) in [(0, 0), (1, 1), (1, 500), (500, 1), (3, 3)] {
            assert_eq!(marks(&GrayImage::from_pixel(width, height, Luma([200]))), []);
        }
    }
}
