//! DICOM: from a file's bytes to one frame's pixels and what is said of them.
//!
//! The elements are walked within the bytes that are there ([`walk`]), only wanted ones are parsed by `dicom-object`,
//! and codecs see a frame only once its own header agrees with the file's. Names, ids and dates are read by
//! [`personal`] alone, and by [`whose`] what sorts a list by patient. Must not know models or maps.

mod attributes;
mod charset;
mod codecs;
mod display;
mod fault;
mod frame;
mod instance;
mod jpeg2000;
mod kept;
mod kind;
mod layout;
mod origin;
mod personal;
mod rle;
mod source;
mod syntax;
mod walk;
mod whose;

use std::path::Path;

use dicom_core::Tag;
use dicom_dictionary_std::tags;
use dicom_object::InMemDicomObject;

use self::attributes::{Attributes, decimals, is_wanted, text, texts};
use self::fault::{Fault, printable};
use self::layout::FrameLayout;
use self::source::Source;
use self::syntax::Packing;
use super::facts::{Facts, Spacing, SpacingOrigin};
use super::{Header, Pixels, ScanError};
use crate::guard::apart::ApartWork;

pub use self::instance::{Instance, instance};
pub use self::kind::{Kind, PROGRAM, kind};
pub use self::origin::{Origin, origin};
pub use self::personal::personal;
pub use self::source::{has_mark, is_dicom};
pub use self::syntax::{READ_SYNTAXES, is_read};
pub use self::whose::{Whose, whose};

/// What is done in a process of its own: decoding a frame whose codec is not all safe Rust. `None` of a name that is not
/// known.
pub fn apart(name: &str) -> Option<ApartWork> {
    (name == jpeg2000::APART).then_some(jpeg2000::unpack)
}

/// Those attributes for which `wanted` holds that stand in `head`, the beginning of a file, before the attribute `end`, both
/// as 0xggggeeee; `None` where the elements cannot be followed.
pub fn beginning(head: &[u8], wanted: fn(u32) -> bool, end: u32) -> Option<InMemDicomObject> {
    Source::beginning(head, wanted, end).ok()
}

/// Reads frame `frame`, counted from 0, of the file at `path` whose bytes are `bytes`.
///
/// # Errors
/// One sentence about what is wrong with the file.
pub fn read(bytes: &[u8], path: &Path, frame: u32) -> Result<(Pixels, Facts), ScanError> {
    frame_of(bytes, frame).map_err(|fault| fault.at(path))
}

/// What the file at `path` says of frame `frame`, counted from 0.
///
/// # Errors
/// Like [`read`].
pub fn header(bytes: &[u8], path: &Path, frame: u32) -> Result<Header, ScanError> {
    let read = || {
        let source = Source::read(bytes, is_wanted, frame)?;
        source.pixel_place()?;
        let layout = FrameLayout::read(&Attributes::new(&source.object))?;
        let taken = layout.decoding_bytes(source.syntax.packing == Packing::Jpeg2000);
        Ok(Header {
            size_px: (layout.width, layout.height),
            decoding_bytes: bytes.len() as u64 + taken,
            kept_bytes: layout.kept_bytes(),
        })
    };
    read().map_err(|fault: Fault| fault.at(path))
}

fn frame_of(bytes: &[u8], frame: u32) -> Result<(Pixels, Facts), Fault> {
    let source = Source::read(bytes, is_wanted, frame)?;
    source.pixel_place()?;
    let attributes = Attributes::new(&source.object);
    let layout = FrameLayout::read(&attributes)?;
    let mut samples = frame::samples(&source, &layout, frame)?;
    // JPEG gives red, green and blue already; all others leave YBR_FULL as it is.
    if layout.photometric.is_ybr() && source.syntax.packing != Packing::Jpeg {
        display::from_ybr(&mut samples, &layout);
    }
    let pixels = display::pixels(samples, &layout, &attributes)?;
    Ok((pixels, facts(&source, &layout, &attributes, frame)))
}

fn facts(source: &Source<'_>, layout: &FrameLayout, attributes: &Attributes<'_>, frame: u32) -> Facts {
    let root = attributes.root();
    let said = |tag: Tag| text(root, tag).map(|text| printable(&text));
    Facts {
        modality: said(tags::MODALITY),
        body_part: said(tags::BODY_PART_EXAMINED),
        laterality: said(tags::IMAGE_LATERALITY).or_else(|| said(tags::LATERALITY)),
        view_position: said(tags::VIEW_POSITION),
        age_years: said(tags::PATIENT_AGE).and_then(|age| years(&age)),
        spacing: spacing(attributes),
        orientation: orientation(root),
        value_unit: value_unit(attributes),
        frames: layout.frames,
        frame,
        photometric: said(tags::PHOTOMETRIC_INTERPRETATION).unwrap_or_default(),
        transfer_syntax: source.syntax.name().to_owned(),
    }
}

/// Patient Orientation, where it holds two directions of a few letters.
fn orientation(root: &InMemDicomObject) -> Option<[String; 2]> {
    let is_direction = |text: &String| (1..=3).contains(&text.len()) && text.chars().all(|c| "ARLPHF".contains(c));
    let both: [String; 2] = texts(root, tags::PATIENT_ORIENTATION).try_into().ok()?;
    both.iter().all(is_direction).then_some(both)
}

/// What values are in after the modality's own look-up: as the file says, and Hounsfield units where a CT does not say
/// (PS3.3 C.11.1.1.2).
fn value_unit(attributes: &Attributes<'_>) -> Option<String> {
    let said = text(attributes.group(tags::PIXEL_VALUE_TRANSFORMATION_SEQUENCE), tags::RESCALE_TYPE);
    let is_ct = text(attributes.root(), tags::MODALITY).as_deref() == Some("CT");
    let said = said.or_else(|| is_ct.then(|| "HU".to_owned()))?;
    let said = printable(&said);
    (said != "US" && said.len() <= 16).then_some(said)
}

/// A DICOM age, three digits and its unit, in years: `006M` is half a year.
fn years(age: &str) -> Option<f64> {
    let age = age.trim();
    let (number, unit) = age.split_at_checked(age.len().checked_sub(1)?)?;
    let per_year = match unit {
        "Y" => 1.0,
        "M" => 12.0,
        "W" => 52.0,
        "D" => 365.0,
        _ => return None,
    };
    number.parse::<u16>().ok().map(|number| f64::from(number) / per_year)
}

/// Pixel Spacing where it is given, else that at the detector. Where both are equal nothing was calibrated, and the
/// lengths are the detector's (PS3.3 10.7.1.3).
fn spacing(attributes: &Attributes<'_>) -> Option<Spacing> {
    let of = |object: &InMemDicomObject, tag: Tag, origin: SpacingOrigin| match decimals(object, tag)[..] {
        [row_mm, column_mm] if row_mm > 0.0 && column_mm > 0.0 => Some(Spacing { row_mm, column_mm, origin }),
        _ => None,
    };
    let measures = attributes.group(tags::PIXEL_MEASURES_SEQUENCE);
    let imager = of(attributes.root(), tags::IMAGER_PIXEL_SPACING, SpacingOrigin::Imager);
    let is_told = text(attributes.root(), tags::PIXEL_SPACING_CALIBRATION_TYPE).is_some();
    let is_the_imagers = |spacing: &Spacing| {
        imager.is_some_and(|imager| (imager.row_mm, imager.column_mm) == (spacing.row_mm, spacing.column_mm))
    };
    let calibrated = of(measures, tags::PIXEL_SPACING, SpacingOrigin::Calibrated);
    calibrated.filter(|spacing| is_told || !is_the_imagers(spacing)).or(imager)
}
