//! Chance changes of a picture, the same for the picture and its lesion cells. Plain f32 planes; must not know Burn.

use rand::RngExt;
use rand_chacha::ChaCha8Rng;

use super::schedule::Augmentation;

/// The lightest bar, in deviations, and where standardised values are cut off.
const BAR_LIGHT: f32 = 3.0;
const STANDARD_LIMIT: f32 = 3.0;

/// Where each position of the changed picture comes from, in coordinates that run from −1 to 1 over both sides.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Motion {
    pub linear: [[f32; 2]; 2],
    pub shift: [f32; 2],
}

impl Motion {
    /// Draws rotation, scale, mirroring, transposition and shift.
    pub fn draw(settings: &Augmentation, rng: &mut ChaCha8Rng) -> Self {
        let mut within = |most: f32| rng.random_range(-most..=most);
        let angle = within(settings.rotation_degrees).to_radians();
        let scale = within(settings.log_scale).exp();
        let shift = [within(settings.shift), within(settings.shift)];
        let mut flip = || settings.flips && rng.random_bool(0.5);
        let [mirror_x, mirror_y] = [flip(), flip()].map(|yes| if yes { -1.0 } else { 1.0 });
        let (cos, sin) = (angle.cos() * scale, angle.sin() * scale);
        let mut linear = [[cos * mirror_x, -sin * mirror_y], [sin * mirror_x, cos * mirror_y]];
        if flip() {
            linear.iter_mut().for_each(|row| row.swap(0, 1));
        }
        Self { linear, shift }
    }

    /// The planes `[channels, height, width]` after the motion, bilinear; from beyond the picture comes its edge, or 0.
    pub fn apply(
        &self,
        planes: &[f32],
        [channels, height, width]: [usize; 3],
        repeat_edges: bool,
        changed: &mut Vec<f32>,
    ) {
        let (area, start) = (height * width, changed.len());
        changed.resize(start + channels * area, 0.0);
        let out = &mut changed[start..];
        let [[xx, xy], [yx, yy]] = self.linear;
        let (w, h) = (width as f32, height as f32);
        for row in 0..height {
            let v = (2 * row + 1) as f32 / h - 1.0;
            for column in 0..width {
                let u = (2 * column + 1) as f32 / w - 1.0;
                let x = ((xx * u + xy * v + self.shift[0] + 1.0) * w - 1.0) / 2.0;
                let y = ((yx * u + yy * v + self.shift[1] + 1.0) * h - 1.0) / 2.0;
                let (left, top) = (x.floor(), y.floor());
                let (right_part, low_part) = (x - left, y - top);
                let corners = [
                    (0.0, 0.0, (1.0 - right_part) * (1.0 - low_part)),
                    (1.0, 0.0, right_part * (1.0 - low_part)),
                    (0.0, 1.0, (1.0 - right_part) * low_part),
                    (1.0, 1.0, right_part * low_part),
                ];
                for (dx, dy, share) in corners {
                    let (mut cx, mut cy) = (left + dx, top + dy);
                    if repeat_edges {
                        (cx, cy) = (cx.clamp(0.0, w - 1.0), cy.clamp(0.0, h - 1.0));
                    }
                    if share > 0.0 && cx >= 0.0 && cy >= 0.0 && cx < w && cy < h {
                        let from = cy as usize * width + cx as usize;
                        for c in 0..channels {
                            out[c * area + row * width + column] += planes[c * area + from] * share;
                        }
                    }
                }
            }
        }
    }
}

/// Multiplies every plane of `area` values by a factor near 1.
pub fn change_contrast(planes: &mut [f32], area: usize, settings: &Augmentation, rng: &mut ChaCha8Rng) {
    let mut within = |most: f32| rng.random_range(-most..=most);
    let all = within(settings.log_contrast);
    for plane in planes.chunks_exact_mut(area) {
        let factor = (all + within(settings.log_channel_contrast)).exp();
        plane.iter_mut().for_each(|v| *v *= factor);
    }
}

/// Lays even bars of chance light along edges of the planes, then standardises them again.
pub fn add_edge_bars(
    values: &mut [f32],
    [channels, height, width]: [usize; 3],
    settings: &Augmentation,
    rng: &mut ChaCha8Rng,
) {
    if settings.edge_bars <= 0.0 || rng.random_bool(0.5) {
        return;
    }
    // Left, right, top, bottom.
    let sides = [width, width, height, height];
    let bars = sides.map(|side| {
        let widest = settings.edge_bars * side as f32;
        if rng.random_bool(0.5) { rng.random_range(0.0..=widest) as usize } else { 0 }
    });
    let light = if rng.random_bool(0.5) { BAR_LIGHT } else { -BAR_LIGHT } * rng.random_range(0.3..=1.0);
    for (i, value) in values.iter_mut().enumerate().take(channels * height * width) {
        let (x, y) = (i % width, i / width % height);
        if x < bars[0] || x >= width - bars[1] || y < bars[2] || y >= height - bars[3] {
            *value = light;
        }
    }
    let count = values.len().max(1) as f32;
    let mean = values.iter().sum::<f32>() / count;
    let deviation = (values.iter().map(|v| (v - mean).powi(2)).sum::<f32>() / count).sqrt() + 1e-3;
    values.iter_mut().for_each(|v| *v = ((*v - mean) / deviation).clamp(-STANDARD_LIMIT, STANDARD_LIMIT));
}

/// Bends the scale of greys of all `values`, then shifts it.
pub fn change_exposure(values: &mut [f32], settings: &Augmentation, rng: &mut ChaCha8Rng) {
    // Nothing is drawn where nothing changes: other recipes keep their course of chance.
    let mut within = |most: f32| if most > 0.0 { rng.random_range(-most..=most) } else { 0.0 };
    let (bend, shift) = (within(settings.bend), within(settings.brightness));
    if bend != 0.0 || shift != 0.0 {
        values.iter_mut().for_each(|v| *v += bend * (*v * *v - 1.0) + shift);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOTHING: Motion = Motion { linear: [[1.0, 0.0], [0.0, 1.0]], shift: [0.0, 0.0] };
    const PLANES: [f32; 12] = [1.0, 2.0, 3.0, 4.0, 5.0, 6.0, -1.0, -2.0, -3.0, -4.0, -5.0, -6.0];

    fn moved(motion: Motion) -> Vec<f32> {
        let mut changed = Vec::new();
        motion.apply(&PLANES, [2, 2, 3], false, &mut changed);
        changed
    }

    #[test]
    fn nothing_changes_nothing() {
        approx::assert_relative_eq!(moved(NOTHING).as_slice(), PLANES.as_slice(), epsilon = 1e-5);
    }

    #[test]
    fn mirroring_turns_every_row_round() {
        let mirrored = moved(Motion { linear: [[-1.0, 0.0], [0.0, 1.0]], ..NOTHING });
        let expected = [3.0, 2.0, 1.0, 6.0, 5.0, 4.0, -3.0, -2.0, -1.0, -6.0, -5.0, -4.0];
        approx::assert_relative_eq!(mirrored.as_slice(), expected.as_slice(), epsilon = 1e-5);
    }

    #[test]
    fn a_shift_of_one_pixel_brings_zeros_in() {
        let shifted = moved(Motion { shift: [2.0 / 3.0, 0.0], ..NOTHING });
        let expected = [2.0, 3.0, 0.0, 5.0, 6.0, 0.0, -2.0, -3.0, 0.0, -5.0, -6.0, 0.0];
        approx::assert_relative_eq!(shifted.as_slice(), expected.as_slice(), epsilon = 1e-5);
    }

    #[test]
    fn transposition_swaps_rows_and_columns() {
        let square = [1.0, 2.0, 3.0, 4.0];
        let mut changed = Vec::new();
        Motion { linear: [[0.0, 1.0], [1.0, 0.0]], ..NOTHING }.apply(&square, [1, 2, 2], false, &mut changed);
        approx::assert_relative_eq!(changed.as_slice(), [1.0, 3.0, 2.0, 4.0].as_slice(), epsilon = 1e-5);
    }

    #[test]
    fn a_repeated_edge_is_no_cue() {
        let mut changed = Vec::new();
        Motion { shift: [2.0 / 3.0, 0.0], ..NOTHING }.apply(&PLANES[..6], [1, 2, 3], true, &mut changed);
        approx::assert_relative_eq!(changed.as_slice(), [2.0, 3.0, 3.0, 5.0, 6.0, 6.0].as_slice(), epsilon = 1e-5);
    }

    #[test]
    fn bars_lie_along_edges_and_the_rest_keeps_its_order() {
        let mut settings = crate::train::Recipe::find("cxr-pneumonia").unwrap().schedule.augmentation;
        settings.edge_bars = 0.25;
        let before: Vec<f32> = (0..256).map(|i| (i as f32 - 128.0) / 64.0).collect();
        let mut barred = 0;
        for seed in 0..40 {
            let mut after = before.clone();
            add_edge_bars(&mut after, [1, 16, 16], &settings, &mut rand::SeedableRng::seed_from_u64(seed));
            let inner: Vec<f32> = (4..12).flat_map(|y| after[16 * y + 4..16 * y + 12].to_vec()).collect();
            assert!(inner.is_sorted(), "no bar is wider than a quarter");
            let mean = after.iter().sum::<f32>() / 256.0;
            let is_barred = after != before;
            barred += usize::from(is_barred);
            assert!(!is_barred || mean.abs() < 0.2, "{mean}");
        }
        assert!((10..30).contains(&barred), "{barred} of 40");
    }
}
