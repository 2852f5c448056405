//! What diabetes does to a retina, each lesion with the box it was drawn in.

use std::f32::consts::PI;

use image::Rgb32FImage;
use rand::prelude::*;
use rand_chacha::ChaCha8Rng;
use serde::Serialize;

use crate::fundus::{DISC, FIELD, FIELD_RADIUS, FOVEA, HEIGHT, WIDTH, blend, distance, smooth_step, tint};

#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Kind {
    Microaneurysm,
    BlotHaemorrhage,
    FlameHaemorrhage,
    HardExudate,
    CottonWoolSpot,
}

/// How many of a kind an eye has; of hard exudates, how many clusters.
pub struct Finding {
    pub kind: Kind,
    pub count: usize,
}

/// A lesion and the pixels it covers: first column and row, width, height.
#[derive(Debug, Clone, Serialize)]
pub struct Lesion {
    kind: Kind,
    x: u32,
    y: u32,
    width: u32,
    height: u32,
}

impl Lesion {
    /// The same lesion in the picture mirrored left to right.
    pub fn mirror(&mut self) {
        self.x = WIDTH - self.x - self.width;
    }
}

/// Draws all lesions of one finding.
pub fn draw(rng: &mut ChaCha8Rng, canvas: &mut Rgb32FImage, finding: &Finding) -> Vec<Lesion> {
    let mut found = Vec::new();
    for index in 0..finding.count {
        // One quadrant after the other, so that a severe eye bleeds in all four.
        let quadrant = index % 4;
        match finding.kind {
            Kind::Microaneurysm => {
                let (place, radius) = (somewhere(rng, quadrant, 70.0), rng.random_range(2.2..3.9));
                let shape = Blob::new(rng, place, (radius, radius), 0.0, 0.08);
                found.extend(stain(canvas, Kind::Microaneurysm, &shape, 1.3, [0.66, 0.36, 0.42]));
            }
            Kind::BlotHaemorrhage => {
                let place = somewhere(rng, quadrant, 90.0);
                let radius = 6.0 + 17.0 * rng.random_range(0.0_f32..1.0).powi(3);
                let radii = (radius * rng.random_range(1.0..1.4), radius);
                let turned = rng.random_range(0.0..PI);
                let shape = Blob::new(rng, place, radii, turned, 0.17);
                found.extend(stain(canvas, Kind::BlotHaemorrhage, &shape, 0.22 * radius + 1.6, [0.60, 0.34, 0.40]));
            }
            Kind::FlameHaemorrhage => found.extend(flame(rng, canvas, quadrant)),
            Kind::HardExudate => exudate_cluster(rng, canvas, index, &mut found),
            Kind::CottonWoolSpot => found.extend(cotton_wool(rng, canvas, quadrant)),
        }
    }
    found
}

/// A place in one quadrant round the fovea, `clear` pixels or more away from it, off the disc and inside the field.
fn somewhere(rng: &mut ChaCha8Rng, quadrant: usize, clear: f32) -> (f32, f32) {
    loop {
        let angle = 0.5 * PI * (quadrant as f32 + rng.random_range(0.04..0.96));
        let reach = rng.random_range(clear..470.0);
        let place = (FOVEA.0 + reach * angle.cos(), FOVEA.1 + reach * angle.sin());
        let inside = distance(place, FIELD) < FIELD_RADIUS - 45.0 && (45.0..HEIGHT as f32 - 45.0).contains(&place.1);
        if inside && distance(place, DISC) > 135.0 {
            return place;
        }
    }
}

/// A round thing with an uneven rim.
struct Blob {
    centre: (f32, f32),
    radii: (f32, f32),
    turned: f32,
    /// Height and phase of the rim's waves with two, three … periods.
    waves: [(f32, f32); 5],
}

impl Blob {
    fn new(rng: &mut ChaCha8Rng, centre: (f32, f32), radii: (f32, f32), turned: f32, uneven: f32) -> Self {
        let waves = [2.0, 3.0, 4.0, 5.0, 6.0]
            .map(|periods| (uneven * rng.random_range(0.6..1.9) / periods, rng.random_range(0.0..2.0 * PI)));
        Self { centre, radii, turned, waves }
    }

    /// How far inside the rim a place lies, in pixels; negative outside.
    fn depth(&self, place: (f32, f32)) -> f32 {
        let (dx, dy) = (place.0 - self.centre.0, place.1 - self.centre.1);
        let (sin, cos) = self.turned.sin_cos();
        let (u, v) = ((dx * cos + dy * sin) / self.radii.0, (dy * cos - dx * sin) / self.radii.1);
        let angle = v.atan2(u);
        let wave = |(k, (height, phase)): (usize, &(f32, f32))| height * ((k + 2) as f32 * angle + phase).cos();
        let rim = 1.0 + self.waves.iter().enumerate().map(wave).sum::<f32>();
        (rim - u.hypot(v)) * self.radii.0.min(self.radii.1)
    }
}

/// Changes the pixels around `centre` where `cover` (0 to 1) is above 0; the box holds what is at least 30 % covered.
fn cover(
    canvas: &mut Rgb32FImage,
    kind: Kind,
    (centre, reach): ((f32, f32), f32),
    cover: impl Fn((f32, f32)) -> f32,
    change: impl Fn(&mut image::Rgb<f32>, f32),
) -> Option<Lesion> {
    let (mut low, mut high) = ((u32::MAX, u32::MAX), (0, 0));
    let range = |middle: f32, limit: u32| (middle - reach).max(0.0) as u32..((middle + reach) as u32 + 1).min(limit);
    for y in range(centre.1, HEIGHT) {
        for x in range(centre.0, WIDTH) {
            let covered = cover((x as f32 + 0.5, y as f32 + 0.5));
            if covered > 0.0 {
                change(canvas.get_pixel_mut(x, y), covered);
            }
            if covered >= 0.3 {
                (low, high) = ((low.0.min(x), low.1.min(y)), (high.0.max(x + 1), high.1.max(y + 1)));
            }
        }
    }
    (high.0 > 0).then(|| Lesion { kind, x: low.0, y: low.1, width: high.0 - low.0, height: high.1 - low.1 })
}

/// Blood: the light that still passes in its middle is `through`.
fn stain(canvas: &mut Rgb32FImage, kind: Kind, blob: &Blob, soft: f32, through: [f32; 3]) -> Option<Lesion> {
    let reach = 1.9 * blob.radii.0.max(blob.radii.1) + 2.0 * soft;
    let covered = |place| smooth_step(-0.6 * soft, soft, blob.depth(place));
    cover(canvas, kind, (blob.centre, reach), covered, |pixel, amount| {
        tint(pixel, through.map(|t| 1.0 - amount * (1.0 - t)))
    })
}

/// Blood between the nerve fibres: streaks that fan out along them.
fn flame(rng: &mut ChaCha8Rng, canvas: &mut Rgb32FImage, quadrant: usize) -> Option<Lesion> {
    let centre = loop {
        let place = somewhere(rng, quadrant, 150.0);
        if distance(place, DISC) < 640.0 {
            break place;
        }
    };
    // The fibres leave the disc radially and bend round the macula.
    let radial = (centre.1 - DISC.1).atan2(centre.0 - DISC.0);
    let (length, width) = (rng.random_range(17.0..31.0), rng.random_range(5.0..9.5));
    let streaks: Vec<Blob> = (0..11)
        .map(|_| {
            let (across, along) = (rng.random_range(-1.0_f32..1.0), rng.random_range(-0.45..0.45) * length);
            let fan = radial + 0.14 * across + rng.random_range(-0.05..0.05);
            let (sin, cos) = radial.sin_cos();
            let place = (centre.0 + along * cos - across * width * sin, centre.1 + along * sin + across * width * cos);
            let radii = (length * (1.0 - 0.55 * across.abs()) * rng.random_range(0.6..1.0), rng.random_range(1.6..3.6));
            Blob::new(rng, place, radii, fan, 0.1)
        })
        .collect();
    let covered = |place| {
        let clear: f32 = streaks.iter().map(|s| 1.0 - 0.7 * smooth_step(-1.2, 1.8, s.depth(place))).product();
        1.0 - clear
    };
    let through = [0.62, 0.30, 0.36];
    cover(canvas, Kind::FlameHaemorrhage, (centre, 2.2 * length), covered, |pixel, amount| {
        tint(pixel, through.map(|t| 1.0 - amount * (1.0 - t)));
    })
}

/// Lipid: sharp yellow flecks, in a ring around a leak or heaped together.
fn exudate_cluster(rng: &mut ChaCha8Rng, canvas: &mut Rgb32FImage, index: usize, found: &mut Vec<Lesion>) {
    let angle = PI * (0.7 + 0.62 * index as f32) + rng.random_range(-0.3..0.3);
    let away = rng.random_range(115.0..175.0);
    let centre = (FOVEA.0 + away * angle.cos(), FOVEA.1 + away * angle.sin());
    let ring = if index.is_multiple_of(2) { rng.random_range(42.0..66.0) } else { 0.0 };
    let start = rng.random_range(0.0..2.0 * PI);
    for _ in 0..rng.random_range(26..38) {
        let turn = start + rng.random_range(0.0..1.55 * PI);
        let out = ring
            + (rng.random_range(-1.0_f32..1.0) + rng.random_range(-1.0_f32..1.0)) * if ring > 0.0 { 9.0 } else { 26.0 };
        let place = (centre.0 + out * turn.cos(), centre.1 + out * turn.sin());
        let size = 1.9 + 6.0 * rng.random_range(0.0_f32..1.0).powi(3);
        let radii = (size * rng.random_range(1.0..1.5), size);
        let turned = rng.random_range(0.0..PI);
        let blob = Blob::new(rng, place, radii, turned, 0.2);
        let strength = rng.random_range(0.72..0.95);
        let covered = |place| strength * smooth_step(-0.5, 1.1, blob.depth(place));
        let area = (place, 2.0 * radii.0 + 2.0);
        found.extend(cover(canvas, Kind::HardExudate, area, covered, |pixel, amount| {
            blend(pixel, [0.98, 0.86, 0.38], amount);
        }));
    }
}

/// Swollen nerve fibres: a pale patch with feathered edges, near the arcades.
fn cotton_wool(rng: &mut ChaCha8Rng, canvas: &mut Rgb32FImage, quadrant: usize) -> Option<Lesion> {
    let centre = loop {
        let place = somewhere(rng, quadrant, 180.0);
        if distance(place, DISC) < 640.0 {
            break place;
        }
    };
    let along = (centre.1 - DISC.1).atan2(centre.0 - DISC.0) + 0.5 * PI + rng.random_range(-0.5..0.5);
    let size = rng.random_range(13.0..20.0);
    let puffs: Vec<Blob> = (0..4)
        .map(|_| {
            let place = (centre.0 + rng.random_range(-0.6..0.6) * size, centre.1 + rng.random_range(-0.6..0.6) * size);
            let radii = (size * rng.random_range(0.8..1.25), size * rng.random_range(0.55..0.85));
            Blob::new(rng, place, radii, along, 0.14)
        })
        .collect();
    let covered = |place| {
        let clear: f32 =
            puffs.iter().map(|p| 1.0 - 0.42 * smooth_step(-0.45 * size, 0.6 * size, p.depth(place))).product();
        1.0 - clear
    };
    cover(canvas, Kind::CottonWoolSpot, (centre, 3.0 * size), covered, |pixel, amount| {
        blend(pixel, [0.96, 0.88, 0.72], 0.95 * amount);
    })
}
