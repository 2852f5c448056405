//! Views of a photograph that take away what tells a clinic: exposure, colour, sharpness, JPEG, framing. As in
//! `training/retina_augment.py`. Bytes and plain f32 planes; must not know Burn.

use std::io::Cursor;

use image::codecs::jpeg::JpegEncoder;
use image::imageops::{self, FilterType};
use image::{ExtendedColorType, ImageFormat, RgbImage};
use rand::RngExt;
use rand_chacha::ChaCha8Rng;

use super::augment::Motion;
use super::chance::{happens, normal, within};
use super::schedule::{Augmentation, CameraJitter};

/// How a picture is taken and stored once more.
#[derive(Debug, Clone, PartialEq)]
pub struct Retake {
    /// Factor of every channel, exposure included, and the power before it.
    factors: [f32; 3],
    gamma: f32,
    /// The stored size as a part of its own.
    size: f32,
    quality: Option<u8>,
    /// The part of the height that is black above and below.
    cut: f32,
}

impl Retake {
    pub fn draw(camera: &CameraJitter, rng: &mut ChaCha8Rng) -> Self {
        let [deviation, most] = camera.stops;
        let light = (normal(rng) * deviation).clamp(-most, most).exp2();
        let gamma = within(camera.log_gamma, rng).exp();
        let factors = std::array::from_fn(|_| light * (normal(rng) * camera.log_cast).exp());
        let [often, smallest] = camera.smaller;
        let size = if happens(often, rng) { rng.random_range(smallest.ln()..=0.0).exp() } else { 1.0 };
        let [low, high] = camera.quality;
        let quality = rng.random_bool(camera.jpeg).then(|| rng.random_range(low..=high));
        let [often, most] = camera.cut;
        let cut = if happens(often, rng) { rng.random_range(0.0..=most) } else { 0.0 };
        Self { factors, gamma, size, quality, cut }
    }

    /// The picture as this camera gives it, as planes `[3, height, width]` of 0–255.
    pub fn apply(&self, picture: RgbImage) -> Vec<f32> {
        let (width, height) = picture.dimensions();
        let mut picture = self.exposed(picture);
        let small = |side: u32| ((side as f32 * self.size).round() as u32).clamp(1, side);
        if self.size < 1.0 {
            picture = imageops::resize(&picture, small(width), small(height), FilterType::Triangle);
        }
        if let Some(quality) = self.quality {
            picture = stored(picture, quality);
        }
        if picture.dimensions() != (width, height) {
            picture = imageops::resize(&picture, width, height, FilterType::Triangle);
        }
        (0..3).flat_map(|c| picture.iter().skip(c).step_by(3).map(|v| f32::from(*v)).collect::<Vec<_>>()).collect()
    }

    fn exposed(&self, mut picture: RgbImage) -> RgbImage {
        let table = self.factors.map(|factor| {
            let value = |v: usize| ((v as f32 / 255.0).powf(self.gamma) * factor).clamp(0.0, 1.0) * 255.0;
            (0..256).map(|v| value(v).round() as u8).collect::<Vec<u8>>()
        });
        let height = picture.height();
        let band = (self.cut * height as f32) as u32;
        for (_, y, pixel) in picture.enumerate_pixels_mut() {
            let is_cut = y < band || y >= height - band;
            for (value, table) in pixel.0.iter_mut().zip(&table) {
                *value = if is_cut { 0 } else { table[usize::from(*value)] };
            }
        }
        picture
    }
}

/// Through JPEG and back. What the library will not store stays as it is.
fn stored(picture: RgbImage, quality: u8) -> RgbImage {
    let mut bytes = Vec::new();
    let (width, height) = picture.dimensions();
    let encoder = JpegEncoder::new_with_quality(Cursor::new(&mut bytes), quality);
    let mut encoder = encoder;
    if encoder.encode(&picture, width, height, ExtendedColorType::Rgb8).is_err() {
        return picture;
    }
    image::load_from_memory_with_format(&bytes, ImageFormat::Jpeg).map_or(picture, image::DynamicImage::into_rgb8)
}

/// Any turn, a mirror image, nearer or farther, and pixels that are not quite square.
pub fn motion(settings: &Augmentation, camera: &CameraJitter, rng: &mut ChaCha8Rng) -> Motion {
    let (sin, cos) = within(settings.rotation_degrees, rng).to_radians().sin_cos();
    let [near, far] = camera.log_zoom;
    let zoom = rng.random_range(near..=far).exp();
    let mut stretch = (normal(rng) * camera.log_stretch).exp();
    let [often, most] = camera.squeezed;
    if happens(often, rng) {
        stretch *= rng.random_range(1.0..=most);
    }
    let mirror = if settings.flips && happens(0.5, rng) { -1.0 } else { 1.0 };
    let (across, down) = (zoom * stretch * mirror, zoom / stretch);
    // A picture is squeezed along its own axes, so the turn comes before it in the result.
    let linear = [[across * cos, -across * sin], [down * sin, down * cos]];
    Motion { linear, shift: [within(settings.shift, rng), within(settings.shift, rng)] }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::train::Recipe;
    use rand::SeedableRng;

    fn photograph() -> RgbImage {
        RgbImage::from_fn(64, 48, |x, y| image::Rgb([180, 60 + x as u8, y as u8 * 2]))
    }

    const AS_IT_WAS: Retake = Retake { factors: [1.0; 3], gamma: 1.0, size: 1.0, quality: None, cut: 0.0 };

    #[test]
    fn the_same_camera_changes_nothing() {
        let planes = AS_IT_WAS.apply(photograph());
        let expected = photograph();
        for (i, pixel) in expected.pixels().enumerate() {
            assert_eq!([0, 1, 2].map(|c| planes[c * 64 * 48 + i] as u8), pixel.0);
        }
    }

    #[test]
    fn a_stop_more_light_doubles_and_a_cut_field_is_black() {
        let retake = Retake { factors: [1.0, 2.0, 1.0], cut: 0.25, ..AS_IT_WAS };
        let planes = retake.apply(photograph());
        let green = |x: usize, y: usize| planes[64 * 48 + y * 64 + x];
        assert_eq!([green(3, 11), green(3, 12), green(3, 35), green(3, 36)], [0.0, 126.0, 126.0, 0.0]);
        assert_eq!(green(63, 20), 246.0);
    }

    #[test]
    fn a_smaller_jpeg_is_near_the_picture_and_not_the_same() {
        let planes = Retake { size: 0.5, quality: Some(60), ..AS_IT_WAS }.apply(photograph());
        let before = AS_IT_WAS.apply(photograph());
        let away = planes.iter().zip(&before).map(|(a, b)| (a - b).abs()).sum::<f32>() / planes.len() as f32;
        assert!(away > 0.1 && away < 8.0, "{away}");
    }

    #[test]
    fn draws_keep_to_the_recipe() {
        let settings = Recipe::find("retina-dr").unwrap().schedule.augmentation;
        let camera = settings.camera.as_ref().unwrap();
        let mut rng = ChaCha8Rng::seed_from_u64(3);
        let drawn: Vec<Retake> = (0..2000).map(|_| Retake::draw(camera, &mut rng)).collect();
        let share = |is: &dyn Fn(&&Retake) -> bool| drawn.iter().filter(is).count() as f32 / 2000.0;
        assert!((share(&|r| r.size < 1.0) - 0.6).abs() < 0.05);
        assert!((share(&|r| r.quality.is_some()) - 0.4).abs() < 0.05);
        assert!((share(&|r| r.cut > 0.0) - 0.2).abs() < 0.05);
        assert!(drawn.iter().all(|r| r.size >= 0.38 && r.cut < 0.136 && r.gamma.ln().abs() <= 0.2501));
        let mirrored = (0..500).map(|_| motion(&settings, camera, &mut rng)).filter(|m| {
            let [[a, b], [c, d]] = m.linear;
            assert!((-0.61..=0.21).contains(&(a * d - b * c).abs().ln()), "two sides of 0.74 to 1.11");
            a * d - b * c < 0.0
        });
        assert!((200..300).contains(&mirrored.count()));
    }
}
