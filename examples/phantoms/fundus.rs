//! The eye without vessels: ground, macula, optic disc; and the camera that takes the picture.
//!
//! Everything is laid out as in a right eye: the disc to the right of the macula.

use image::imageops::{FilterType, resize};
use image::{ImageBuffer, Luma, Rgb, Rgb32FImage, RgbImage};
use imageproc::filter::gaussian_blur_f32;
use rand::prelude::*;
use rand_chacha::ChaCha8Rng;

pub const WIDTH: u32 = 1424;
pub const HEIGHT: u32 = 946;
/// The camera's round field, cut off above and below, in pixels.
pub const FIELD: (f32, f32) = (712.0, 473.0);
pub const FIELD_RADIUS: f32 = 528.0;
pub const DISC: (f32, f32) = (1034.0, 452.0);
pub const DISC_RADII: (f32, f32) = (72.0, 80.0);
/// 2.5 disc diameters from the disc, a little lower.
pub const FOVEA: (f32, f32) = (656.0, 488.0);

type Noise = ImageBuffer<Luma<f32>, Vec<f32>>;

pub fn distance(a: (f32, f32), b: (f32, f32)) -> f32 {
    (a.0 - b.0).hypot(a.1 - b.1)
}

/// 0 below `from`, 1 above `to`, smooth in between.
pub fn smooth_step(from: f32, to: f32, x: f32) -> f32 {
    let t = ((x - from) / (to - from)).clamp(0.0, 1.0);
    t * t * (3.0 - 2.0 * t)
}

/// Smooth noise of about unit amplitude whose features are `cell.0`×`cell.1` pixels large.
pub fn noise(rng: &mut ChaCha8Rng, cell: (u32, u32)) -> Noise {
    let coarse = Noise::from_fn(WIDTH / cell.0 + 3, HEIGHT / cell.1 + 3, |_, _| Luma([rng.random_range(-1.0..1.0)]));
    resize(&coarse, WIDTH, HEIGHT, FilterType::CatmullRom)
}

/// Multiplies each channel of a pixel.
pub fn tint(pixel: &mut Rgb<f32>, factors: [f32; 3]) {
    pixel.0.iter_mut().zip(factors).for_each(|(channel, factor)| *channel *= factor);
}

/// Moves a pixel towards `colour` by `amount` (0 to 1).
pub fn blend(pixel: &mut Rgb<f32>, colour: [f32; 3], amount: f32) {
    pixel.0.iter_mut().zip(colour).for_each(|(channel, target)| *channel += (target - *channel) * amount);
}

/// The orange ground with its choroid, the macula and the optic disc; sRGB 0 to 1.
pub fn ground(rng: &mut ChaCha8Rng, colour: [f32; 3]) -> Rgb32FImage {
    let (broad, middle, fine) = (noise(rng, (260, 260)), noise(rng, (70, 60)), noise(rng, (9, 9)));
    let choroid = [noise(rng, (34, 90)), noise(rng, (70, 44))];
    let grain = noise(rng, (3, 3));
    Rgb32FImage::from_fn(WIDTH, HEIGHT, |x, y| {
        let at = |n: &Noise| n.get_pixel(x, y).0[0];
        let place = (x as f32 + 0.5, y as f32 + 0.5);
        let mut pixel = Rgb(colour);
        // Choroidal vessels show as faint light bands, most of all away from the macula.
        let away = smooth_step(120.0, 420.0, distance(place, FOVEA));
        let bands: f32 = choroid.iter().map(|n| (1.0 - 3.0 * at(n).abs()).max(0.0)).sum();
        let light = 1.0 + 0.08 * at(&broad) + 0.04 * at(&middle) + 0.014 * at(&fine) + 0.012 * at(&grain);
        tint(&mut pixel, [light + 0.06 * away * bands, light + 0.05 * away * bands, light]);
        nerve_fibres(&mut pixel, place, at(&fine));
        macula(&mut pixel, place);
        disc(&mut pixel, place, at(&fine));
        pixel
    })
}

/// The pale sheen of the nerve fibres around the disc, brightest above and below it.
fn nerve_fibres(pixel: &mut Rgb<f32>, place: (f32, f32), grain: f32) {
    let (dx, dy) = (place.0 - DISC.0, place.1 - DISC.1);
    let near = (-(dx * dx / 2.2 + dy * dy * 0.55) / (150.0 * 150.0)).exp();
    let upright = 0.45 + 0.55 * (dy / dx.hypot(dy).max(1.0)).abs();
    blend(pixel, [0.88, 0.62, 0.40], 0.30 * near * upright * (1.0 + 0.15 * grain));
}

fn macula(pixel: &mut Rgb<f32>, place: (f32, f32)) {
    let squared = ((place.0 - FOVEA.0) / 1.1).powi(2) + (place.1 - FOVEA.1).powi(2);
    let (wide, core) = ((-squared / (2.0 * 88.0_f32.powi(2))).exp(), (-squared / (2.0 * 30.0_f32.powi(2))).exp());
    tint(pixel, [1.0 - 0.15 * wide, 1.0 - 0.21 * wide, 1.0 - 0.26 * wide]);
    tint(pixel, [1.0 - 0.15 * core, 1.0 - 0.22 * core, 1.0 - 0.30 * core]);
    // The foveal reflex.
    blend(pixel, [0.92, 0.62, 0.42], 0.5 * (-squared / 9.0).exp());
}

/// The disc: a bright rim around a paler cup, a darker line of pigment on its temporal side.
fn disc(pixel: &mut Rgb<f32>, place: (f32, f32), grain: f32) {
    let (dx, dy) = ((place.0 - DISC.0) / DISC_RADII.0, (place.1 - DISC.1) / DISC_RADII.1);
    let radius = dx.hypot(dy) + 0.012 * grain;
    let temporal = smooth_step(0.2, 0.9, -dx);
    let pigment = (-((radius - 1.05) / 0.045).powi(2)).exp() * temporal;
    tint(pixel, [1.0 - 0.16 * pigment, 1.0 - 0.22 * pigment, 1.0 - 0.2 * pigment]);
    let halo = (-((radius - 1.0).max(0.0) / 0.22).powi(2)).exp();
    blend(pixel, [0.93, 0.64, 0.40], 0.28 * halo);
    let rim = [0.98 - 0.03 * dx, 0.69 - 0.09 * dx, 0.43 - 0.09 * dx].map(|c| c + 0.012 * grain);
    blend(pixel, rim, 0.96 * (1.0 - smooth_step(0.93, 1.03, radius)));
    let cup = ((dx + 0.14) / 0.44).hypot((dy + 0.02) / 0.46);
    blend(pixel, [1.0, 0.90, 0.68], 0.9 * (1.0 - smooth_step(0.35, 1.15, cup)));
}

/// What a camera makes of the scene: uneven light, the round field, slight blur, sensor noise.
pub fn photograph(rng: &mut ChaCha8Rng, scene: &Rgb32FImage) -> RgbImage {
    let lamp = (FIELD.0 + rng.random_range(-70.0..70.0), FIELD.1 + rng.random_range(-50.0..50.0));
    let mut lit = scene.clone();
    for (x, y, pixel) in lit.enumerate_pixels_mut() {
        let place = (x as f32 + 0.5, y as f32 + 0.5);
        let falloff = (distance(place, lamp) / FIELD_RADIUS).powf(2.4);
        let edge = distance(place, FIELD);
        let glow = 0.05 * smooth_step(FIELD_RADIUS - 60.0, FIELD_RADIUS, edge);
        tint(pixel, [1.03 - 0.34 * falloff, 1.03 - 0.40 * falloff, 1.03 - 0.42 * falloff + glow]);
        let field = 1.0 - smooth_step(FIELD_RADIUS - 1.5, FIELD_RADIUS + 1.5, edge);
        tint(pixel, [field; 3]);
    }
    let grains: Vec<Rgb<f32>> = lit.pixels().map(|p| sensor_noise(rng, p)).collect();
    let mut noisy = gaussian_blur_f32(&lit, 0.85);
    let mut grain = Rgb32FImage::new(WIDTH, HEIGHT);
    grain.pixels_mut().zip(grains).for_each(|(to, from)| *to = from);
    let grain = gaussian_blur_f32(&grain, 0.6);
    for (pixel, grain) in noisy.pixels_mut().zip(grain.pixels()) {
        pixel.0.iter_mut().zip(grain.0).for_each(|(channel, grain)| *channel += grain);
    }
    let byte = |value: f32| (255.0 * value.clamp(0.0, 1.0)).round() as u8;
    RgbImage::from_fn(WIDTH, HEIGHT, |x, y| Rgb(noisy.get_pixel(x, y).0.map(byte)))
}

/// Mostly the same for all channels, and less in the dark.
fn sensor_noise(rng: &mut ChaCha8Rng, pixel: &Rgb<f32>) -> Rgb<f32> {
    let amount = 0.006 + 0.024 * pixel.0[1].max(0.0).sqrt();
    let mut centred = || rng.random_range(-1.0_f32..1.0) + rng.random_range(-1.0..1.0);
    let common = centred();
    Rgb([(); 3].map(|()| amount * (0.75 * common + 0.35 * centred())))
}
