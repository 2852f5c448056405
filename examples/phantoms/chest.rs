//! A chest X-ray of nobody: attenuations of a drawn thorax, added up along the beam, as 12-bit DICOM.

use std::error::Error;
use std::path::Path;

use dicom_core::{DataElement, PrimitiveValue, VR};
use dicom_dictionary_std::{tags, uids};
use dicom_object::{FileMetaTableBuilder, InMemDicomObject};
use image::{ImageBuffer, Luma};
use imageproc::filter::gaussian_blur_f32;
use rand::prelude::*;
use rand_chacha::ChaCha8Rng;

pub const WIDTH: u32 = 640;
pub const HEIGHT: u32 = 720;
const PIXEL_MM: f64 = 0.4;

type Film = ImageBuffer<Luma<f32>, Vec<f32>>;

/// A child's chest; `consolidation` is centre and radius of a clouded part, in pixels.
pub struct Chest {
    pub name: &'static str,
    pub seed: u64,
    pub consolidation: Option<(f32, f32, f32)>,
}

pub const CHESTS: [Chest; 2] = [
    Chest { name: "clear", seed: 71, consolidation: None },
    Chest { name: "consolidation", seed: 83, consolidation: Some((205.0, 440.0, 105.0)) },
];

/// How deep within an ellipsoid the beam through `at` runs: 1 through the middle, 0 beyond its edge.
fn depth(at: (f32, f32), centre: (f32, f32), radii: (f32, f32)) -> f32 {
    let (u, v) = ((at.0 - centre.0) / radii.0, (at.1 - centre.1) / radii.1);
    (1.0 - u * u - v * v).max(0.0).sqrt()
}

/// What is in the way of the beam, without ribs and noise.
fn soft_parts(at: (f32, f32), chest: &Chest) -> f32 {
    let (x, y) = at;
    let middle = 320.0;
    let body = depth(at, (middle, 470.0), (292.0, 560.0));
    let shoulders = depth(at, (middle, 150.0), (330.0, 130.0)) * 0.55;
    let neck = depth(at, (middle, 40.0), (88.0, 190.0)) * 0.5;
    let mut sum = 1.55 * body.max(shoulders).max(neck);
    for side in [-1.0, 1.0] {
        // The diaphragm cuts the lung off below, the left lung leaves room for the heart.
        let dome =
            572.0 - 46.0 * (-((x - middle - side * 132.0) / 90.0).powi(2)).exp() + if side > 0.0 { 16.0 } else { 0.0 };
        let above = 1.0 / (1.0 + ((y - dome) / 5.0).exp());
        sum -= 0.92 * depth(at, (middle + side * 132.0, 360.0), (112.0, 268.0)) * above;
    }
    let heart =
        depth(at, (middle + 42.0, 470.0), (112.0, 104.0)).max(depth(at, (middle + 6.0, 360.0), (52.0, 160.0)) * 0.8);
    sum += 0.5 * heart * body;
    let spine = (-((x - middle) / 30.0).powi(2)).exp();
    sum += 0.24 * spine * (0.9 + 0.1 * (y / 13.0).sin()) * body.max(neck);
    let windpipe = (-((x - middle) / 13.0).powi(2)).exp() / (1.0 + ((y - 268.0) / 12.0).exp());
    sum -= 0.22 * windpipe;
    // Vessels fan out from the hila.
    for side in [-1.0, 1.0] {
        let (dx, dy) = ((x - middle - side * 62.0) * side, y - 352.0);
        let far = dx.hypot(dy).max(1.0);
        if dx > -10.0 {
            let fan = (dy.atan2(dx) * 9.0).sin().max(0.0).powi(6);
            sum += 0.20 * fan * (-far / 90.0).exp() + 0.16 * (-(far / 30.0).powi(2)).exp();
        }
    }
    if let Some((cx, cy, radius)) = chest.consolidation {
        sum += 0.8 * (-((x - cx).hypot(y - cy) / radius).powi(4)).exp();
    }
    sum
}

/// Ribs: arcs that fall outwards behind and rise in front, and two collar bones.
fn bones(at: (f32, f32)) -> f32 {
    let (x, y) = at;
    let out = (x - 320.0).abs();
    if out > 268.0 {
        return 0.0;
    }
    let inside = depth(at, (320.0, 400.0), (272.0, 400.0)).min(0.5) * 2.0;
    let edge = 0.35 + 0.65 * (out / 262.0).powi(6);
    let band = |middle: f32, half: f32| (-((y - middle) / half).powi(4)).exp();
    let mut sum = 0.0f32;
    for rib in 0..9 {
        let start = 128.0 + 50.0 * rib as f32;
        sum += 0.17 * edge * band(start + 0.0016 * out * out - 0.18 * out, 8.0);
        sum += 0.09 * band(start + 92.0 - 0.0011 * out * out, 9.0) * (out / 120.0).min(1.0);
    }
    let collar = 150.0 - 0.26 * out + 0.0006 * out * out;
    sum * inside + if out > 30.0 { 0.30 * band(collar, 9.0) } else { 0.0 }
}

/// The film as 12-bit values, dense parts light.
pub fn film(chest: &Chest) -> Vec<u16> {
    let mut rng = ChaCha8Rng::seed_from_u64(chest.seed);
    let clear = Film::from_fn(WIDTH, HEIGHT, |x, y| {
        let at = (x as f32 + 0.5, y as f32 + 0.5);
        Luma([soft_parts(at, chest) + bones(at)])
    });
    let blurred = gaussian_blur_f32(&clear, 1.6);
    // A patchy cloud, as alveoli fill unevenly.
    let patches = gaussian_blur_f32(&Film::from_fn(WIDTH, HEIGHT, |_, _| Luma([rng.random_range(-1.0..1.0f32)])), 6.0);
    let value = |(density, patch): (&f32, &f32)| {
        let cloud = if chest.consolidation.is_some() { 0.5 } else { 0.15 };
        // Counting noise grows where little passes.
        let noise = rng.random_range(-1.0..1.0f32) * (6.0 + 5.0 * density);
        (420.0 + 1350.0 * (density + cloud * patch * density * 0.2) + noise).clamp(0.0, 4095.0) as u16
    };
    blurred.iter().zip(patches.iter()).map(value).collect()
}

/// Writes the film as a DX picture with two windows.
pub fn write(chest: &Chest, folder: &Path) -> Result<String, Box<dyn Error>> {
    let file = format!("phantom-chest-{}.dcm", chest.name);
    let text = |tag, vr, value: &str| DataElement::new(tag, vr, PrimitiveValue::from(value));
    let number = |tag, value: u16| DataElement::new(tag, VR::US, PrimitiveValue::from(value));
    let spacing = format!("{PIXEL_MM}\\{PIXEL_MM}");
    let uid = |of: u64| format!("2.25.{}", of + chest.seed);
    let (instance, series, study) = (uid(4_000_000), uid(4_100_000), uid(4_200_000));
    let picture = InMemDicomObject::from_element_iter([
        text(tags::SOP_CLASS_UID, VR::UI, uids::DIGITAL_X_RAY_IMAGE_STORAGE_FOR_PRESENTATION),
        text(tags::SOP_INSTANCE_UID, VR::UI, &instance),
        text(tags::MODALITY, VR::CS, "DX"),
        text(tags::PATIENT_NAME, VR::PN, "PHANTOM^DRAWN"),
        text(tags::PATIENT_ID, VR::LO, "NOBODY"),
        // What is derived from the picture belongs to its study, and refers to its series.
        text(tags::STUDY_INSTANCE_UID, VR::UI, &study),
        text(tags::SERIES_INSTANCE_UID, VR::UI, &series),
        text(tags::SERIES_NUMBER, VR::IS, "1"),
        text(tags::INSTANCE_NUMBER, VR::IS, "1"),
        text(tags::BODY_PART_EXAMINED, VR::CS, "CHEST"),
        text(tags::VIEW_POSITION, VR::CS, "AP"),
        text(tags::IMAGER_PIXEL_SPACING, VR::DS, &spacing),
        text(tags::PHOTOMETRIC_INTERPRETATION, VR::CS, "MONOCHROME2"),
        number(tags::SAMPLES_PER_PIXEL, 1),
        number(tags::ROWS, HEIGHT as u16),
        number(tags::COLUMNS, WIDTH as u16),
        number(tags::BITS_ALLOCATED, 16),
        number(tags::BITS_STORED, 12),
        number(tags::HIGH_BIT, 11),
        number(tags::PIXEL_REPRESENTATION, 0),
        text(tags::WINDOW_CENTER, VR::DS, "1650\\1250"),
        text(tags::WINDOW_WIDTH, VR::DS, "2600\\1400"),
        text(tags::WINDOW_CENTER_WIDTH_EXPLANATION, VR::LO, "WHOLE\\LUNG"),
        DataElement::new(tags::PIXEL_DATA, VR::OW, PrimitiveValue::U16(film(chest).into())),
    ]);
    let meta = FileMetaTableBuilder::new()
        .transfer_syntax(uids::EXPLICIT_VR_LITTLE_ENDIAN)
        .media_storage_sop_class_uid(uids::DIGITAL_X_RAY_IMAGE_STORAGE_FOR_PRESENTATION)
        .media_storage_sop_instance_uid(instance);
    picture.with_meta(meta)?.write_to_file(folder.join(&file))?;
    Ok(file)
}
