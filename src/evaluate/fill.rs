//! What takes the place of pixels that are removed from a picture, so that a network can be asked what it says without
//! them. Pictures here are planes of 0–255 on the model's grid, cut and resized but not normalised: what stands in for a
//! pixel is then something that a picture could hold.

use clap::ValueEnum;
use serde::{Deserialize, Serialize};

use crate::maps::{ClassMaps, neighbours};

/// Sigma of the blurred picture, as a part of its width: lesions of a fundus are gone, its shading stays. Petsiuk et al.
/// take 5 pixels of 224.
const BLUR: f32 = 0.05;

/// A picture on the model's grid.
///
/// # Shapes
/// `values` is `[channels, height, width]`, 0–255.
#[derive(Debug, Clone, PartialEq)]
pub struct Planes {
    pub values: Vec<f32>,
    pub channels: usize,
    pub height: usize,
    pub width: usize,
}

impl Planes {
    /// Pixels of one channel.
    pub fn area(&self) -> usize {
        self.height * self.width
    }
}

/// What stands in for a removed pixel.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, ValueEnum)]
#[serde(rename_all = "kebab-case")]
pub enum Fill {
    /// The picture after a Gaussian of a twentieth of its width, of the field's own pixels (Petsiuk 2018).
    Blur,
    /// The field's mean colour.
    Mean,
    /// What the pixels that are left lead to: pyramids of their means, pulled up and pushed down again (pull-push,
    /// Gortler et al. 1996).
    Inpaint,
    /// Black: what is not there in a drawing of white on black, such as MNIST's digits.
    Black,
}

impl Fill {
    pub const ALL: [Self; 4] = [Self::Blur, Self::Mean, Self::Inpaint, Self::Black];

    pub fn name(self) -> &'static str {
        match self {
            Self::Blur => "blur",
            Self::Mean => "mean",
            Self::Inpaint => "inpaint",
            Self::Black => "black",
        }
    }
}

/// A picture from which pixels of its field can be removed.
pub struct Filler<'a> {
    picture: &'a Planes,
    field: &'a [bool],
    /// What stands where everything is removed; of [`Fill::Inpaint`] the mean.
    ground: Vec<f32>,
    inpaints: bool,
}

impl<'a> Filler<'a> {
    /// `field` says which pixels can be removed, `[height, width]`.
    pub fn new(picture: &'a Planes, field: &'a [bool], fill: Fill) -> Self {
        let of_planes = |one: &dyn Fn(&[f32]) -> Vec<f32>| {
            picture.values.chunks_exact(picture.area().max(1)).flat_map(one).collect::<Vec<f32>>()
        };
        let ground = match fill {
            Fill::Blur => {
                let weights = blurred(picture, &field.iter().map(|is_in| f32::from(*is_in)).collect::<Vec<_>>());
                of_planes(&|plane| {
                    let lit: Vec<f32> = plane.iter().zip(field).map(|(v, is_in)| v * f32::from(*is_in)).collect();
                    blurred(picture, &lit).iter().zip(&weights).map(|(v, w)| v / w.max(1e-6)).collect()
                })
            }
            Fill::Mean | Fill::Inpaint => of_planes(&|plane| vec![mean(plane, field); plane.len()]),
            Fill::Black => vec![0.0; picture.values.len()],
        };
        Self { picture, field, ground, inpaints: fill == Fill::Inpaint }
    }

    /// The picture without the pixels that are `removed`, `[height, width]`; outside of the field it stays as it is.
    pub fn without(&self, removed: &[bool]) -> Planes {
        let area = self.picture.area().max(1);
        let gone: Vec<bool> = removed.iter().zip(self.field).map(|(removed, is_in)| *removed && *is_in).collect();
        let known: Vec<f32> = gone.iter().zip(self.field).map(|(gone, is_in)| f32::from(*is_in && !*gone)).collect();
        let mut values = self.picture.values.clone();
        for (plane, ground) in values.chunks_exact_mut(area).zip(self.ground.chunks_exact(area)) {
            let inpainted;
            let ground = if self.inpaints && known.contains(&1.0) {
                inpainted = pulled_and_pushed(plane, &known, (self.picture.height, self.picture.width));
                &inpainted
            } else {
                ground
            };
            let pixels = plane.iter_mut().zip(ground).zip(&gone).filter(|(_, gone)| **gone);
            pixels.for_each(|((pixel, ground), _)| *pixel = *ground);
        }
        Planes { values, ..*self.picture }
    }
}

fn mean(plane: &[f32], field: &[bool]) -> f32 {
    let inside = plane.iter().zip(field).filter(|(_, is_in)| **is_in);
    let (sum, count) = inside.fold((0.0, 0usize), |(sum, count), (v, _)| (sum + f64::from(*v), count + 1));
    (sum / count.max(1) as f64) as f32
}

fn blurred(picture: &Planes, plane: &[f32]) -> Vec<f32> {
    let map = ClassMaps::new(1, picture.height, picture.width, plane.to_vec());
    map.smoothed_class(0, BLUR * picture.width as f32).unwrap_or_default()
}

/// One plane with what the known pixels (weight 1) lead to in the place of the others (weight 0); some must be known.
fn pulled_and_pushed(plane: &[f32], known: &[f32], (height, width): (usize, usize)) -> Vec<f32> {
    if height <= 1 && width <= 1 {
        return plane.to_vec();
    }
    let (half_height, half_width) = (height.div_ceil(2), width.div_ceil(2));
    let mut sums = vec![(0.0f32, 0.0f32); half_height * half_width];
    for (i, (value, weight)) in plane.iter().zip(known).enumerate() {
        let sum = &mut sums[(i / width / 2) * half_width + i % width / 2];
        *sum = (sum.0 + weight * value, sum.1 + weight);
    }
    let pulled: Vec<f32> = sums.iter().map(|(value, weight)| value / weight.max(f32::MIN_POSITIVE)).collect();
    let weights: Vec<f32> = sums.iter().map(|(_, weight)| f32::from(*weight > 0.0)).collect();
    let coarse =
        if weights.contains(&0.0) { pulled_and_pushed(&pulled, &weights, (half_height, half_width)) } else { pulled };
    let columns: Vec<_> = (0..width).map(|x| neighbours((x as f64 + 0.5) / 2.0, half_width)).collect();
    let mut found = plane.to_vec();
    for y in 0..height {
        let (top, bottom, along_y) = neighbours((y as f64 + 0.5) / 2.0, half_height);
        let (upper, lower) = (&coarse[top * half_width..], &coarse[bottom * half_width..]);
        for (x, (left, right, along_x)) in columns.iter().enumerate() {
            let i = y * width + x;
            if known[i] == 0.0 {
                let between = |row: &[f32]| row[*left] + (row[*right] - row[*left]) * along_x;
                found[i] = between(upper) + (between(lower) - between(upper)) * along_y;
            }
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ramp() -> Planes {
        Planes { values: (0..64).map(|i| (i % 8) as f32 * 10.0).collect(), channels: 1, height: 8, width: 8 }
    }

    #[test]
    fn what_is_not_removed_stays() {
        let picture = ramp();
        let field: Vec<bool> = (0..64).map(|i| i / 8 < 7).collect();
        for fill in Fill::ALL {
            let filler = Filler::new(&picture, &field, fill);
            assert_eq!(filler.without(&[false; 64]), picture, "{fill:?}");
            let gone: Vec<bool> = (0..64).map(|i| i == 9 || i == 60).collect();
            let without = filler.without(&gone);
            for i in (0..64).filter(|i| *i != 9) {
                assert_eq!(without.values[i], picture.values[i], "{fill:?}: row 7 lies outside of the field");
            }
        }
    }

    #[test]
    fn fills_are_what_they_say() {
        let picture = ramp();
        let field = vec![true; 64];
        let without = |fill, gone: &dyn Fn(usize) -> bool| {
            Filler::new(&picture, &field, fill).without(&(0..64).map(gone).collect::<Vec<_>>()).values
        };
        assert!(without(Fill::Mean, &|_| true).iter().all(|v| (v - 35.0).abs() < 1e-4));
        assert!(without(Fill::Black, &|_| true).iter().all(|v| *v == 0.0));
        assert!(without(Fill::Inpaint, &|_| true).iter().all(|v| (v - 35.0).abs() < 1e-4), "nothing leads to anything");
        // A hole of one pixel in a ramp: three known neighbours in its 2×2 cell (10 is gone; 0, 0, 10 stay, mean 3.33),
        // then between the cells around it.
        let hole = without(Fill::Inpaint, &|i| i == 9)[9];
        assert!((5.0..15.0).contains(&hole), "{hole}");
        let even = Planes { values: vec![70.0; 64], ..ramp() };
        for fill in [Fill::Blur, Fill::Mean, Fill::Inpaint] {
            let filled = Filler::new(&even, &field, fill).without(&(0..64).map(|i| i % 3 > 0).collect::<Vec<_>>());
            assert!(filled.values.iter().all(|v| (v - 70.0).abs() < 1e-3), "{fill:?}");
        }
    }

    #[test]
    fn pull_push_by_hand() {
        // 1×4: known 8 at the left, 4 at the right. The cells hold 8 and 4; the pixels between lie a quarter of a cell
        // from their own cell's centre: 8 − 4·0.25 = 7 and 5.
        let found = pulled_and_pushed(&[8.0, 0.0, 0.0, 4.0], &[1.0, 0.0, 0.0, 1.0], (1, 4));
        assert_eq!(found, [8.0, 7.0, 5.0, 4.0]);
    }
}
