//! From samples to grey values with their windows, or to colours, as the file says (PS3.3 C.7.6.3, C.11.1, C.11.2).

use std::sync::Arc;

use dicom_core::Tag;
use dicom_dictionary_std::tags;
use dicom_object::InMemDicomObject;
use image::{ImageBuffer, Rgb, RgbImage};
use rayon::prelude::*;

use super::attributes::{Attributes, Lut, decimals, items, table, text, texts, whole};
use super::fault::{Fault, printable};
use super::layout::{FrameLayout, Photometric};
use crate::scan::Pixels;
use crate::scan::grey::GreyValues;
use crate::scan::window::{Preset, Voi, VoiFunction, VoiTable, Window};

/// Most windows or tables that are offered.
const MOST_PRESETS: usize = 32;

/// The pixels of one frame with their meaning.
pub fn pixels(mut samples: Vec<u16>, layout: &FrameLayout, attributes: &Attributes<'_>) -> Result<Pixels, Fault> {
    let lacking = || Fault::other("it holds fewer samples than its sizes need");
    if samples.len() < layout.samples() {
        return Err(lacking());
    }
    samples.truncate(layout.samples());
    if layout.photometric.is_grey() {
        return grey(samples, layout, attributes);
    }
    let (width, height) = (layout.width, layout.height);
    let colours = match layout.photometric {
        Photometric::Palette => Some(through_palette(&samples, layout, attributes.root())?),
        _ if layout.bits_stored <= 8 => Some(samples.iter().map(|v| to_eight_bits(*v, layout)).collect()),
        _ => None,
    };
    match colours {
        Some(bytes) => RgbImage::from_raw(width, height, bytes).map(Pixels::Rgb8),
        None => {
            let deep = samples.iter().map(|v| to_sixteen_bits(*v, layout)).collect();
            ImageBuffer::<Rgb<u16>, _>::from_raw(width, height, deep).map(Pixels::Rgb16)
        }
    }
    .ok_or_else(lacking)
}

fn to_eight_bits(sample: u16, layout: &FrameLayout) -> u8 {
    let most = (1u32 << layout.bits_stored) - 1;
    ((u32::from(layout.code(sample)) * 255 + most / 2) / most) as u8
}

fn to_sixteen_bits(sample: u16, layout: &FrameLayout) -> u16 {
    let most = (1u64 << layout.bits_stored) - 1;
    ((u64::from(layout.code(sample)) * 65535 + most / 2) / most) as u16
}

/// Y, Cb and Cr to red, green and blue (PS3.3 C.7.6.3.1.2), in place.
pub fn from_ybr(samples: &mut [u16], layout: &FrameLayout) {
    let half = (1u32 << layout.high_bit) as f32;
    let most = 2.0 * half - 1.0;
    samples.as_chunks_mut::<3>().0.par_iter_mut().with_min_len(1 << 14).for_each(|pixel| {
        let [y, cb, cr] = pixel.map(f32::from);
        let (cb, cr) = (cb - half, cr - half);
        let rgb = [y + 1.402 * cr, y - 0.344_136 * cb - 0.714_136 * cr, y + 1.772 * cb];
        *pixel = rgb.map(|v| v.round().clamp(0.0, most) as u16);
    });
}

fn through_palette(samples: &[u16], layout: &FrameLayout, root: &InMemDicomObject) -> Result<Vec<u8>, Fault> {
    let one = |descriptor: Tag, data: Tag| {
        table(root, descriptor, data, layout.is_signed)
            .ok_or_else(|| Fault::other("its colour palette is missing or not what it says"))
    };
    let palettes = [
        one(tags::RED_PALETTE_COLOR_LOOKUP_TABLE_DESCRIPTOR, tags::RED_PALETTE_COLOR_LOOKUP_TABLE_DATA)?,
        one(tags::GREEN_PALETTE_COLOR_LOOKUP_TABLE_DESCRIPTOR, tags::GREEN_PALETTE_COLOR_LOOKUP_TABLE_DATA)?,
        one(tags::BLUE_PALETTE_COLOR_LOOKUP_TABLE_DESCRIPTOR, tags::BLUE_PALETTE_COLOR_LOOKUP_TABLE_DATA)?,
    ];
    let looked_up = |palette: &Lut, stored: i32| {
        let last = palette.entries.len() as i32 - 1;
        let entry = palette.entries[(stored - palette.first).clamp(0, last) as usize];
        if palette.bits > 8 { (entry >> (palette.bits - 8)) as u8 } else { entry as u8 }
    };
    let colour = |v: &u16| {
        let stored = layout.stored_value(layout.code(*v));
        palettes.each_ref().map(|palette| looked_up(palette, stored))
    };
    Ok(samples.iter().flat_map(colour).collect())
}

fn grey(samples: Vec<u16>, layout: &FrameLayout, attributes: &Attributes<'_>) -> Result<Pixels, Fault> {
    let mut codes = samples;
    codes.par_iter_mut().with_min_len(1 << 16).for_each(|v| *v = layout.code(*v));
    let codes = ImageBuffer::from_raw(layout.width, layout.height, codes)
        .ok_or_else(|| Fault::other("it holds fewer samples than its sizes need"))?;
    let values = modality_values(layout, attributes);
    let presets = presets(attributes, values.iter().any(|value| *value < 0.0));
    let low_is_light = layout.photometric == Photometric::Monochrome1;
    let grey = GreyValues::new(codes, values, padding(layout, attributes.root()), low_is_light, presets)
        .ok_or_else(|| Fault::other("its samples are beyond their own bits"))?;
    Ok(Pixels::Grey(grey))
}

/// The value of every code: through the modality look-up table where there is one, else slope and intercept.
fn modality_values(layout: &FrameLayout, attributes: &Attributes<'_>) -> Vec<f64> {
    let stored = (0..=((1u32 << layout.bits_stored) - 1) as u16).map(|code| layout.stored_value(code));
    let of_table = items(attributes.root(), tags::MODALITY_LUT_SEQUENCE).first();
    if let Some(lut) = of_table.and_then(|item| table(item, tags::LUT_DESCRIPTOR, tags::LUT_DATA, layout.is_signed)) {
        let last = lut.entries.len() as i32 - 1;
        return stored.map(|v| f64::from(lut.entries[(v - lut.first).clamp(0, last) as usize])).collect();
    }
    let group = attributes.group(tags::PIXEL_VALUE_TRANSFORMATION_SEQUENCE);
    let number = |tag| decimals(group, tag).first().copied();
    let slope = number(tags::RESCALE_SLOPE).filter(|slope| *slope != 0.0).unwrap_or(1.0);
    let intercept = number(tags::RESCALE_INTERCEPT).unwrap_or(0.0);
    stored.map(|v| f64::from(v) * slope + intercept).collect()
}

/// Padding lies outside the picture's own values; a file whose padding is all it can hold is believed less.
fn padding(layout: &FrameLayout, root: &InMemDicomObject) -> Option<std::ops::RangeInclusive<u16>> {
    // A signed value may have been written as an unsigned one.
    let number = |tag| {
        let found = whole(root, tag)?;
        let wraps = layout.is_signed && found > i64::from(i16::MAX);
        Some(if wraps { found - 65536 } else { found })
    };
    let value = number(tags::PIXEL_PADDING_VALUE)?;
    let limit = number(tags::PIXEL_PADDING_RANGE_LIMIT).unwrap_or(value);
    let range = layout.codes_of(value.min(limit), value.max(limit))?;
    (range.len() <= 1 << (layout.bits_stored - 1)).then_some(range)
}

/// VOI tables and windows in the file's order, tables first. `is_signed`: whether values below 0 go into them.
fn presets(attributes: &Attributes<'_>, is_signed: bool) -> Vec<Preset> {
    let group = attributes.group(tags::FRAME_VOILUT_SEQUENCE);
    let named = |name: Option<String>, kind: &str, n: usize| match name.filter(|name| !name.is_empty()) {
        Some(name) => printable(&name),
        None => format!("{kind} {}", n + 1),
    };
    let mut presets = Vec::new();
    for (n, item) in items(attributes.root(), tags::VOILUT_SEQUENCE).iter().enumerate() {
        if let Some(Lut { first, bits, entries }) = table(item, tags::LUT_DESCRIPTOR, tags::LUT_DATA, is_signed) {
            let voi = Voi::Table(Arc::new(VoiTable { first, entries, bits }));
            presets.push(Preset { name: named(text(item, tags::LUT_EXPLANATION), "Table", n), voi });
        }
    }
    let function = match text(group, tags::VOILUT_FUNCTION).as_deref() {
        Some("SIGMOID") => VoiFunction::Sigmoid,
        Some("LINEAR_EXACT") => VoiFunction::LinearExact,
        _ => VoiFunction::Linear,
    };
    let names = texts(group, tags::WINDOW_CENTER_WIDTH_EXPLANATION);
    let (centres, widths) = (decimals(group, tags::WINDOW_CENTER), decimals(group, tags::WINDOW_WIDTH));
    for (n, (centre, width)) in centres.into_iter().zip(widths).enumerate() {
        if let Some(window) = Window::new(centre, width, function) {
            presets.push(Preset { name: named(names.get(n).cloned(), "Window", n), voi: Voi::Window(window) });
        }
    }
    presets.truncate(MOST_PRESETS);
    presets
}
