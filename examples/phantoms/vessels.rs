//! Retinal arteries and veins: the arcades above and below the macula, the nasal trunks, and what branches off them.

use std::f32::consts::PI;

use image::Rgb32FImage;
use rand::prelude::*;
use rand_chacha::ChaCha8Rng;

use crate::fundus::{DISC, FIELD, FIELD_RADIUS, FOVEA, HEIGHT, WIDTH, distance, tint};

/// A vessel's centre line: position and width in pixels, a point per pixel or so.
struct Vessel {
    line: Vec<(f32, f32, f32)>,
    vein: bool,
}

/// Way points of the trunks from the disc outwards, relative to the disc's centre, above it; `true` for the temporal
/// arcades, which bend round the macula.
const TRUNKS: [(&[(f32, f32)], bool); 2] = [
    (
        &[
            (8., 0.),
            (4., -70.),
            (-30., -150.),
            (-130., -252.),
            (-290., -308.),
            (-470., -300.),
            (-640., -235.),
            (-830., -110.),
            (-960., 10.),
        ],
        true,
    ),
    (&[(12., 0.), (26., -70.), (64., -170.), (110., -280.), (140., -420.), (150., -560.)], false),
];

/// How light passes through a wide vein and a wide artery, per channel.
const VEIN: [f32; 3] = [0.68, 0.43, 0.50];
const ARTERY: [f32; 3] = [0.86, 0.60, 0.62];

/// Grows the vessels of one eye and draws them.
pub fn draw(rng: &mut ChaCha8Rng, canvas: &mut Rgb32FImage) {
    let mut vessels = Vec::new();
    for vein in [true, false] {
        for down in [false, true] {
            for (way, temporal) in TRUNKS {
                grow_trunk(rng, &mut vessels, way, (vein, down, temporal));
            }
        }
        // Horizontal twigs: two towards the macula, two to the nasal side.
        for (heading, width) in [(PI + 0.25, 3.6), (PI - 0.3, 3.4), (0.12, 5.0), (-0.35, 4.2)] {
            let (heading, length) = (heading + rng.random_range(-0.15..0.15), rng.random_range(230.0..300.0));
            let start = (DISC.0 + 7.0, DISC.1 + rng.random_range(-22.0..22.0));
            grow(rng, &mut vessels, Shoot { start, heading, width, length, vein, generation: 1 });
        }
    }
    paint(canvas, &vessels);
}

fn grow_trunk(rng: &mut ChaCha8Rng, vessels: &mut Vec<Vessel>, way: &[(f32, f32)], kind: (bool, bool, bool)) {
    let (vein, down, temporal) = kind;
    let side = if down { -1.0 } else { 1.0 };
    // An artery runs beside its vein, now on one side, now on the other.
    let beside = if vein { 0.0 } else { 16.0 * [-1.0, 1.0][rng.random_range(0..2)] };
    let stretch = rng.random_range(0.9..1.06);
    let points: Vec<(f32, f32)> = way
        .iter()
        .enumerate()
        .map(|(index, &(x, y))| {
            let loose = (0.06 + index as f32 / 3.0).min(1.0);
            let jitter = |rng: &mut ChaCha8Rng| loose * rng.random_range(-20.0..20.0);
            let (x, y) = (x + loose * beside * 0.6 + jitter(rng), (y + loose * beside) * stretch + jitter(rng));
            (DISC.0 + x, DISC.1 + side * y + if temporal && down { loose * 24.0 } else { 0.0 })
        })
        .collect();
    let (thick, thin) = match (vein, temporal) {
        (true, true) => (12.0, 6.0),
        (true, false) => (8.5, 4.5),
        (false, true) => (8.5, 4.0),
        (false, false) => (6.0, 3.2),
    };
    let wave = (rng.random_range(0.0..6.0), rng.random_range(75.0..130.0), rng.random_range(1.5..3.8));
    let line = smooth_line(&points, (thick, thin), wave);
    let (mut next, mut out) = (130.0, rng.random_bool(0.5));
    for (index, pair) in line.windows(2).enumerate() {
        if index as f32 > next && distance((pair[0].0, pair[0].1), FIELD) < FIELD_RADIUS {
            let turn = if out { 1.0 } else { -1.0 } * rng.random_range(0.55..0.95);
            let heading = (pair[1].1 - pair[0].1).atan2(pair[1].0 - pair[0].0) + turn;
            let (width, length) = (pair[0].2 * rng.random_range(0.42..0.62), rng.random_range(150.0..330.0));
            let start = (pair[0].0, pair[0].1);
            grow(rng, vessels, Shoot { start, heading, width, length, vein, generation: 1 });
            (next, out) = (next + rng.random_range(50.0..105.0), !out);
        }
    }
    vessels.push(Vessel { line, vein });
}

/// A Catmull-Rom curve through `points` with a gentle wave (phase, length, height), tapering from thick to thin.
fn smooth_line(points: &[(f32, f32)], (thick, thin): (f32, f32), wave: (f32, f32, f32)) -> Vec<(f32, f32, f32)> {
    let at = |i: isize| points[i.clamp(0, points.len() as isize - 1) as usize];
    let mut line: Vec<(f32, f32, f32)> = Vec::new();
    let mut gone = 0.0;
    for i in 0..points.len() as isize - 1 {
        let (a, b, c, d) = (at(i - 1), at(i), at(i + 1), at(i + 2));
        let steps = distance(b, c).ceil().max(1.0);
        for step in 0..steps as usize {
            let t = step as f32 / steps;
            let along = |a: f32, b: f32, c: f32, d: f32| {
                let (p, q) = (2.0 * a - 5.0 * b + 4.0 * c - d, 3.0 * b - a - 3.0 * c + d);
                0.5 * (2.0 * b + (c - a) * t + p * t * t + q * t * t * t)
            };
            let (x, y) = (along(a.0, b.0, c.0, d.0), along(a.1, b.1, c.1, d.1));
            gone += 1.0;
            let sway = wave.2 * (gone / 120.0_f32).min(1.0) * (wave.0 + gone / wave.1 * 2.0 * PI).sin();
            let normal = (c.1 - b.1).atan2(c.0 - b.0) + 0.5 * PI;
            line.push((
                x + sway * normal.cos(),
                y + sway * normal.sin(),
                thick + (thin - thick) * (gone / 800.0).min(1.0),
            ));
        }
    }
    line
}

/// A branch about to grow.
struct Shoot {
    start: (f32, f32),
    heading: f32,
    width: f32,
    length: f32,
    vein: bool,
    generation: u32,
}

/// Grows a branch that wanders, turns towards the macula where it lies ahead and away from the disc elsewhere, thins
/// out, and forks; it leaves the fovea without vessels.
fn grow(rng: &mut ChaCha8Rng, vessels: &mut Vec<Vessel>, shoot: Shoot) {
    let Shoot { start: (mut x, mut y), mut heading, width, length, vein, generation } = shoot;
    let to_fovea = (FOVEA.1 - y).atan2(FOVEA.0 - x);
    let homing = (heading - to_fovea).cos() > 0.2 && distance((x, y), FOVEA) < 340.0;
    let mut line = Vec::new();
    let (mut bend, mut next_fork) = (0.0, rng.random_range(25.0..70.0));
    for step in 0..length as usize {
        let thinned = width * (1.0 - 0.55 * step as f32 / length);
        line.push((x, y, thinned));
        let goal = if homing { (FOVEA.1 - y).atan2(FOVEA.0 - x) } else { (y - DISC.1).atan2(x - DISC.0) };
        bend = 0.94 * bend + rng.random_range(-0.0075..0.0075);
        heading += bend + 0.004 * (goal - heading).sin();
        (x, y) = (x + heading.cos(), y + heading.sin());
        if distance((x, y), FIELD) > FIELD_RADIUS + 4.0 || distance((x, y), FOVEA) < 52.0 {
            break;
        }
        if step as f32 > next_fork && generation < 3 && thinned > 1.6 {
            let turn = rng.random_range(0.4..0.8) * [-1.0, 1.0][rng.random_range(0..2)];
            let (start, width) = ((x, y), thinned * rng.random_range(0.6..0.85));
            let length = (length - step as f32) * rng.random_range(0.5..0.95);
            let child = Shoot { start, heading: heading + turn, width, length, vein, generation: generation + 1 };
            grow(rng, vessels, child);
            heading -= 0.25 * turn;
            next_fork += rng.random_range(45.0..110.0);
        }
    }
    vessels.push(Vessel { line, vein });
}

/// Darkens the canvas under the vessels; where two cross, the darker one counts.
fn paint(canvas: &mut Rgb32FImage, vessels: &[Vessel]) {
    let mut depth = [vec![0.0_f32; (WIDTH * HEIGHT) as usize], vec![0.0_f32; (WIDTH * HEIGHT) as usize]];
    let mut reflex = vec![0.0_f32; (WIDTH * HEIGHT) as usize];
    for vessel in vessels {
        for &point in &vessel.line {
            let strength = (0.16 + point.2 / 8.5).min(1.0);
            stamp(&mut depth[usize::from(vessel.vein)], point, |d, half| {
                let body = 0.72 + 0.28 * (1.0 - (d / half).powi(2)).max(0.0);
                strength * body * ((half - d) / 1.6 + 0.5).clamp(0.0, 1.0)
            });
            if point.2 > 4.5 {
                let shine = if vessel.vein { 0.12 } else { 0.3 };
                stamp(&mut reflex, point, |d, half| shine * (0.3 * half - d + 0.5).clamp(0.0, 1.0));
            }
        }
    }
    for (index, pixel) in canvas.pixels_mut().enumerate() {
        let (artery, vein, shine) = (depth[0][index], depth[1][index], reflex[index]);
        let through = [0, 1, 2].map(|channel| {
            let (a, v) = (1.0 - artery * (1.0 - ARTERY[channel]), 1.0 - vein * (1.0 - VEIN[channel]));
            a.min(v) + shine * (1.0 - a.min(v))
        });
        tint(pixel, through);
    }
}

/// Raises the field around a point of a vessel to `profile(distance, half width)`.
fn stamp(field: &mut [f32], (x, y, width): (f32, f32, f32), profile: impl Fn(f32, f32) -> f32) {
    let half = 0.5 * width;
    let reach = half + 1.5;
    for py in (y - reach).max(0.0) as u32..((y + reach + 1.0).max(0.0) as u32).min(HEIGHT) {
        for px in (x - reach).max(0.0) as u32..((x + reach + 1.0).max(0.0) as u32).min(WIDTH) {
            let d = distance((px as f32 + 0.5, py as f32 + 0.5), (x, y));
            let cell = &mut field[(py * WIDTH + px) as usize];
            *cell = cell.max(profile(d, half));
        }
    }
}
