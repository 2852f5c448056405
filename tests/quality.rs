//! Whether a picture is fit to be graded: drawn pictures made worse, odd sizes, and the pictures of a clinic.
#![allow(clippy::unwrap_used, clippy::print_stderr)] // A panic is how a test fails; a skipped one says so.

mod common;

use std::path::Path;

use fovea::bundle::quality::Quality;
use fovea::bundle::{Assessment, Card, Library, assess};
use fovea::input;
use fovea::scan::{self, Pixels, Scan};
use image::imageops::{FilterType, fast_blur, resize};
use image::{Rgb, RgbImage};

fn card() -> Card {
    Library::open(&[]).unwrap().find("retina-dr").unwrap().card.unwrap()
}

fn assessed(picture: RgbImage) -> Assessment {
    assess(&card(), &input::measure(&Scan::new(Pixels::Rgb8(picture), "p"))).unwrap()
}

fn phantom(name: &str) -> RgbImage {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("assets/samples").join(format!("phantom-{name}.jpg"));
    scan::open(&path).unwrap().to_rgb8().into_owned()
}

/// Every channel by `change`.
fn changed(picture: &RgbImage, change: impl Fn(f64) -> f64) -> RgbImage {
    let mut picture = picture.clone();
    picture.iter_mut().for_each(|v| *v = change(f64::from(*v)).clamp(0.0, 255.0) as u8);
    picture
}

#[test]
fn the_samples_can_be_graded_at_every_size() {
    for name in ["healthy-left", "healthy-right", "mild", "moderate", "severe"] {
        let picture = phantom(name);
        for longer in [picture.width(), 700, 300] {
            let height = picture.height() * longer / picture.width();
            let found = assessed(resize(&picture, longer, height, FilterType::Triangle));
            assert!(found.is_gradable() && found.warning().is_none(), "{name} at {longer}: {found:?}");
        }
    }
}

#[test]
fn a_picture_made_worse_says_how() {
    let picture = phantom("moderate");
    let has = |picture: RgbImage, reason: &str| {
        let found = assessed(picture);
        assert!(found.quality == Quality::Reject && found.reasons.iter().any(|r| r == reason), "{reason}: {found:?}");
        assert!(found.warning().unwrap().starts_with("not gradable: "));
        found
    };
    let dark = has(changed(&picture, |v| v * 0.15), "too dark");
    let marked = |found: &Assessment| found.map.as_ref().unwrap().cells.iter().filter(|cell| **cell).count();
    assert!(marked(&dark) > 100, "most of the field is hatched: {}", marked(&dark));
    let small = resize(&picture, 1024, 1024 * picture.height() / picture.width(), FilterType::Triangle);
    has(fast_blur(&small, 16.0), "out of focus");
    // A white haze over half of the field.
    let mut hazy = picture.clone();
    let (width, height) = (f64::from(picture.width()), f64::from(picture.height()));
    for (x, y, pixel) in hazy.enumerate_pixels_mut() {
        let (dx, dy) = (f64::from(x) - 0.45 * width, f64::from(y) - 0.5 * height);
        if dx.hypot(dy) < 0.38 * height {
            *pixel = Rgb([250, 248, 240]);
        }
    }
    let glare = has(hazy, "glare");
    let map = glare.map.as_ref().unwrap();
    assert!(map.cells[8 * 16 + 7] && !map.cells[2 * 16 + 8], "hatched where it is, not elsewhere");
}

#[test]
fn what_is_no_fundus_cannot_be_graded() {
    for (picture, reason) in [
        (RgbImage::from_pixel(300, 200, Rgb([40, 90, 200])), "not a retinal photograph"),
        (RgbImage::from_pixel(1, 1, Rgb([200; 3])), "not a retinal photograph"),
        (RgbImage::from_pixel(5000, 1, Rgb([200, 90, 40])), "not a retinal photograph"),
        (RgbImage::from_pixel(1, 5000, Rgb([200, 90, 40])), "not a retinal photograph"),
        (RgbImage::new(640, 480), "too dark"),
        (RgbImage::new(1, 1), "too dark"),
    ] {
        let size = picture.dimensions();
        let found = assessed(picture);
        assert!(!found.is_gradable() && found.reasons.iter().any(|r| r.ends_with(reason)), "{size:?}: {found:?}");
    }
    let even = input::measure(&Scan::new(Pixels::Rgb8(RgbImage::from_pixel(64, 64, Rgb([255; 3]))), "p"));
    assert!(even.quality.unwrap().values.iter().all(|value| value.is_finite()));
}

/// Counts on the pictures that the rule was fitted to: that what was fitted is what is shipped. How well it does on
/// others is measured by folds, in `training/quality.py`.
#[test]
fn the_shipped_rule_is_the_fitted_one() {
    let Some(data) = common::real_data() else {
        return eprintln!("skipped: ../shared/data is absent");
    };
    let Ok(labels) = std::fs::read_to_string(data.join("eyepacs/labels.csv")) else {
        return eprintln!("skipped: no EyePACS there");
    };
    let card = card();
    let (mut good, mut poor) = ((0, 0), (0, 0));
    for line in labels.lines().skip(1) {
        let [image, _, quality] = line.split(',').collect::<Vec<_>>()[..] else { panic!("{line}") };
        let count = match quality {
            "0" => &mut good,
            "2" => &mut poor,
            _ => continue,
        };
        if count.1 == 60 {
            continue;
        }
        let scan = scan::open(&data.join("eyepacs/images").join(image)).unwrap();
        let found = assess(&card, &input::measure(&scan)).unwrap();
        assert_eq!(found.quality == Quality::Reject, !found.reasons.is_empty() && !found.is_gradable());
        *count = (count.0 + usize::from(found.is_gradable()), count.1 + 1);
    }
    assert_eq!((good.1, poor.1), (60, 60));
    assert!(
        good.0 >= 57 && poor.0 <= 15,
        "gradable: {} of 60 good ones, {} of 60 that are to be rejected",
        good.0,
        poor.0
    );
}
