//! From picture to model input and back to source pixels.
#![allow(clippy::unwrap_used, clippy::print_stderr)] // A panic is how a test fails.

mod common;

use fovea::bundle::Library;
use fovea::bundle::steps::Step;
use fovea::input::{InputError, prepare};
use fovea::scan::{GreyValues, Pixels, Scan, open};
use image::{DynamicImage, ImageBuffer, Luma, Rgb, RgbImage};

fn scan(picture: RgbImage) -> Scan {
    Scan::new(Pixels::Rgb8(picture), "made.png")
}

/// A lit disc around (`cx`, `cy`) with one marked pixel block.
fn retina((width, height): (u32, u32), (cx, cy): (f64, f64), radius: f64, mark: (u32, u32)) -> RgbImage {
    RgbImage::from_fn(width, height, |x, y| {
        let lit = (f64::from(x) + 0.5 - cx).hypot(f64::from(y) + 0.5 - cy) < radius;
        let marked = x.abs_diff(mark.0) <= 4 && y.abs_diff(mark.1) <= 4;
        if marked {
            Rgb([250, 250, 250])
        } else if lit {
            Rgb([140, 70, 30])
        } else {
            Rgb([0, 0, 0])
        }
    })
}

#[test]
fn to_source_pixels_and_back_is_the_identity_within_half_a_pixel() {
    let steps = Library::open(&[]).unwrap().load("retina-dr").unwrap().card.preprocessing;
    for (size, centre, radius, mark) in
        [((1424, 946), (712.0, 473.0), 520.0, (600, 300)), ((700, 900), (350.0, 460.0), 300.0, (420, 610))]
    {
        let input = prepare(&scan(retina(size, centre, radius, mark)), &steps).unwrap();
        let brightest = (0..512 * 512).max_by(|a, b| input.values[*a].total_cmp(&input.values[*b])).unwrap();
        // The middle of the plateau of equal values around the brightest one.
        let level = input.values[brightest] * 0.9;
        let plateau: Vec<(f64, f64)> = (0..512 * 512)
            .filter(|i| input.values[*i] >= level)
            .map(|i| ((i % 512) as f64 + 0.5, (i / 512) as f64 + 0.5))
            .collect();
        let n = plateau.len() as f64;
        let (mx, my) = (plateau.iter().map(|p| p.0).sum::<f64>() / n, plateau.iter().map(|p| p.1).sum::<f64>() / n);
        let (sx, sy) = input.source_from_model.apply(mx, my);
        let pixel = input.source_from_model.scale().0;
        let wanted = (f64::from(mark.0) + 0.5, f64::from(mark.1) + 0.5);
        assert!((sx - wanted.0).abs() < 0.5 * pixel && (sy - wanted.1).abs() < 0.5 * pixel, "{sx} {sy} {wanted:?}");
        let model_from_source = input.source_from_model.inverse().unwrap();
        let (bx, by) = model_from_source.apply(sx, sy);
        assert!((bx - mx).abs() < 1e-6 && (by - my).abs() < 1e-6);
    }
}

#[test]
fn the_input_does_not_depend_on_the_resolution_of_the_source() {
    let steps = Library::open(&[]).unwrap().load("retina-dr").unwrap().card.preprocessing;
    let small = retina((712, 473), (356.0, 236.5), 260.0, (300, 200));
    let large = image::imageops::resize(&small, 2136, 1419, image::imageops::FilterType::Triangle);
    let (a, b) = (prepare(&scan(small), &steps).unwrap(), prepare(&scan(large), &steps).unwrap());
    let difference: f32 =
        a.values.iter().zip(&b.values).map(|(x, y)| (x - y).abs()).sum::<f32>() / a.values.len() as f32;
    assert!(difference < 0.02, "{difference}");
}

#[test]
fn outside_the_disc_the_contrast_is_zero_and_inside_it_is_bounded() {
    let steps = Library::open(&[]).unwrap().load("retina-dr").unwrap().card.preprocessing;
    let input = prepare(&scan(retina((600, 600), (300.0, 300.0), 250.0, (250, 250))), &steps).unwrap();
    assert_eq!(input.values[0], 0.0);
    assert!(input.values.iter().all(|v| (-2.0..=2.0).contains(v)));
    assert!(input.values.iter().any(|v| *v > 0.5));
}

#[test]
fn grey_and_sixteen_bit_pictures_become_the_same_input() {
    let steps = [Step::Grey, Step::Resize { width: 8, height: 8 }, Step::UnitRange];
    let eight = ImageBuffer::<Luma<u8>, _>::from_fn(8, 8, |x, y| Luma([(x * 30 + y) as u8]));
    let sixteen = ImageBuffer::<Luma<u16>, _>::from_fn(8, 8, |x, y| Luma([eight.get_pixel(x, y).0[0] as u16 * 257]));
    let of = |pixels| prepare(&Scan::new(pixels, "p"), &steps).unwrap();
    let (a, b) = (of(Pixels::from_grey8(&eight)), of(Pixels::Grey(GreyValues::plain(sixteen, 16))));
    assert_eq!((a.channels, a.height, a.width), (1, 8, 8));
    assert!(a.values.iter().zip(&b.values).all(|(x, y)| (x - y).abs() < 1e-6));
    assert!((a.values[9] - f32::from(eight.get_pixel(1, 1).0[0]) / 255.0).abs() < 1e-6);
}

#[test]
fn a_dark_picture_is_refused() {
    let steps = [Step::CropToRetina { threshold: 25, coverage: 0.05, bright_part: None, floor: None }];
    assert_eq!(prepare(&scan(RgbImage::new(64, 64)), &steps).unwrap_err(), InputError::NoRetina);
}

#[test]
fn every_format_and_depth_opens_as_it_was_stored() {
    let folder = tempfile::tempdir().unwrap();
    let colour = RgbImage::from_fn(31, 17, |x, y| Rgb([x as u8 * 8, y as u8 * 15, 77]));
    let deep = ImageBuffer::<Rgb<u16>, _>::from_fn(31, 17, |x, y| Rgb([x as u16 * 2000, y as u16 * 3000, 65535]));
    for name in ["a.png", "a.tif", "a.bmp", "a.webp", "a.jpg"] {
        let path = folder.path().join(name);
        colour.save(&path).unwrap();
        let found = open(&path).unwrap();
        assert_eq!((found.size_px(), found.bit_depth(), found.is_grey()), ((31, 17), 8, false), "{name}");
        if name != "a.jpg" {
            assert_eq!(*found.to_rgb8(), colour, "{name}");
        }
    }
    for name in ["b.png", "b.tif"] {
        let path = folder.path().join(name);
        DynamicImage::ImageRgb16(deep.clone()).save(&path).unwrap();
        assert_eq!(open(&path).unwrap().bit_depth(), 16, "{name}");
    }
}

#[test]
fn three_equal_channels_are_grey_and_stay_as_they_were() {
    let folder = tempfile::tempdir().unwrap();
    let same = RgbImage::from_fn(256, 3, |x, y| image::Rgb([(x ^ y) as u8; 3]));
    let mut other = same.clone();
    other.put_pixel(255, 2, image::Rgb([1, 2, 3]));
    for (picture, is_grey) in [(same, true), (other, false)] {
        let path = folder.path().join("p.png");
        picture.save(&path).unwrap();
        let scan = open(&path).unwrap();
        assert_eq!((scan.is_grey(), &*scan.to_rgb8()), (is_grey, &picture));
    }
}
