//! Each preprocessing step against Pillow and NumPy, from `tests/reference/steps.py`.
#![allow(clippy::unwrap_used)] // A panic is how a test fails.

mod common;

use common::reference;
use fovea::bundle::steps::Step;
use fovea::input::prepare;
use fovea::scan::{Pixels, Scan};
use image::{Rgb, RgbImage, imageops};

/// The picture of the reference.
fn picture() -> RgbImage {
    RgbImage::from_fn(203, 151, |x, y| {
        let (x, y) = (i64::from(x), i64::from(y));
        let is_lit = (x - 140).pow(2) + (y - 74).pow(2) < 70 * 70;
        let waves = [150 + (x * 7 + y * 3) % 90, 60 + (x * y) % 70, 20 + (x * 5 + y * y) % 40];
        Rgb(waves.map(|v| if is_lit { v as u8 } else { 0 }))
    })
}

/// The largest difference of any value, in the reference's own unit.
fn largest_difference(name: &str, picture: RgbImage, steps: &[Step]) -> f32 {
    let found = prepare(&Scan::new(Pixels::Rgb8(picture), "drawn"), steps).unwrap();
    let expected = reference("steps.npz", name);
    assert_eq!(expected.shape(), [found.channels, found.height, found.width], "{name}");
    found.values.iter().zip(&expected).fold(0.0, |most, (a, b)| (a - b).abs().max(most))
}

fn resize(width: u32, height: u32) -> Step {
    Step::Resize { width, height }
}

#[test]
fn pictures_are_cut_and_resized_as_pillow_does_within_one_grey_level() {
    let retina = Step::CropToRetina { threshold: 25, coverage: 0.05, bright_part: Some(0.2), floor: Some(8) };
    let part = imageops::crop_imm(&picture(), 90, 40, 20, 15).to_image();
    for (name, picture, steps) in [
        ("resize", picture(), vec![resize(32, 20)]),
        ("enlarge", part, vec![resize(48, 40)]),
        ("grey", picture(), vec![Step::Grey, resize(32, 20)]),
        ("crop_margins", picture(), vec![Step::CropMargins { fraction: 0.05 }, resize(32, 20)]),
        ("crop_to_retina", picture(), vec![retina, resize(32, 32)]),
    ] {
        let off = largest_difference(name, picture, &steps);
        assert!(off <= 1.0, "{name} is off by {off} grey levels");
    }
}

#[test]
fn values_are_scaled_as_numpy_does() {
    let (mean, deviation) = (vec![0.4, 0.3, 0.2], vec![0.2, 0.25, 0.5]);
    let local = Step::LocalContrast { dark: 0.08, margin: 7, cell: 8, gain: 4.0, limit: 2.0 };
    // A grey level of the resizing may lie between, as large as the step makes it.
    for (name, steps, level) in [
        ("unit_range", vec![resize(32, 20), Step::UnitRange], 1.0 / 255.0),
        ("normalise", vec![resize(32, 20), Step::UnitRange, Step::Normalise { mean, deviation }], 5.0 / 255.0),
        ("standardise", vec![Step::Grey, resize(32, 20), Step::Standardise { limit: 1.5 }], 0.03),
        ("local_contrast", vec![resize(32, 32), Step::UnitRange, local], 2.0 * 4.0 / 255.0),
    ] {
        let off = largest_difference(name, picture(), &steps);
        assert!(off <= level + 1e-5, "{name} is off by {off}");
    }
}
