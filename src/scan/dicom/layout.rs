//! How a frame's samples are laid out, checked before anything is allocated for them.

use std::ops::RangeInclusive;

use dicom_dictionary_std::tags;

use super::attributes::{Attributes, text, whole};
use super::fault::{Fault, printable};
use crate::scan::error::MOST_PIXELS;

/// What the samples mean together.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Photometric {
    Monochrome1,
    Monochrome2,
    Palette,
    Rgb,
    YbrFull,
    YbrFull422,
    /// Components that JPEG 2000 transforms back by itself.
    YbrTransformed,
}

impl Photometric {
    fn of(name: &str) -> Result<Self, Fault> {
        Ok(match name {
            "MONOCHROME1" => Self::Monochrome1,
            "MONOCHROME2" => Self::Monochrome2,
            "PALETTE COLOR" => Self::Palette,
            "RGB" => Self::Rgb,
            "YBR_FULL" => Self::YbrFull,
            "YBR_FULL_422" => Self::YbrFull422,
            "YBR_ICT" | "YBR_RCT" => Self::YbrTransformed,
            other => return Err(Fault::Photometric(printable(other))),
        })
    }

    pub fn is_grey(self) -> bool {
        matches!(self, Self::Monochrome1 | Self::Monochrome2)
    }

    /// Luminance and colour differences that no codec turns back by itself.
    pub fn is_ybr(self) -> bool {
        matches!(self, Self::YbrFull | Self::YbrFull422)
    }

    pub fn samples(self) -> usize {
        if self.is_grey() || self == Self::Palette { 1 } else { 3 }
    }
}

/// The sizes of one frame.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct FrameLayout {
    pub width: u32,
    pub height: u32,
    pub frames: u32,
    pub photometric: Photometric,
    /// 8 or 16.
    pub bits_allocated: u32,
    pub bits_stored: u32,
    pub high_bit: u32,
    pub is_signed: bool,
    /// All samples of one kind after those of another, instead of pixel by pixel.
    pub is_planar: bool,
}

impl FrameLayout {
    pub fn read(attributes: &Attributes<'_>) -> Result<Self, Fault> {
        let root = attributes.root();
        let number = |tag| whole(root, tag).and_then(|n| u32::try_from(n).ok());
        let needed = |tag, name: &str| number(tag).ok_or_else(|| Fault::Size(format!("it does not say its {name}")));
        let (height, width) = (needed(tags::ROWS, "rows")?, needed(tags::COLUMNS, "columns")?);
        if width == 0 || height == 0 || u64::from(width) * u64::from(height) > MOST_PIXELS {
            return Err(Fault::Pixels { width, height });
        }
        let name = text(root, tags::PHOTOMETRIC_INTERPRETATION).unwrap_or_default();
        let photometric = Photometric::of(&name)?;
        let samples = number(tags::SAMPLES_PER_PIXEL).unwrap_or(1);
        if samples as usize != photometric.samples() {
            return Err(Fault::Size(format!(
                "it has {samples} samples a pixel where {name} needs {}",
                photometric.samples()
            )));
        }
        let bits_allocated = needed(tags::BITS_ALLOCATED, "bits allocated")?;
        if !matches!(bits_allocated, 8 | 16) {
            return Err(Fault::other(format!("its samples take {bits_allocated} bits; 8 and 16 can be read")));
        }
        let bits_stored = number(tags::BITS_STORED).unwrap_or(bits_allocated);
        let high_bit = number(tags::HIGH_BIT).unwrap_or(bits_stored.saturating_sub(1));
        let fits =
            (1..=bits_allocated).contains(&bits_stored) && high_bit < bits_allocated && high_bit + 1 >= bits_stored;
        if !fits {
            return Err(Fault::Size(format!("it stores {bits_stored} bits up to bit {high_bit} in {bits_allocated}")));
        }
        Ok(Self {
            width,
            height,
            frames: number(tags::NUMBER_OF_FRAMES).unwrap_or(1).max(1),
            photometric,
            bits_allocated,
            bits_stored,
            high_bit,
            is_signed: whole(root, tags::PIXEL_REPRESENTATION) == Some(1),
            is_planar: samples > 1 && number(tags::PLANAR_CONFIGURATION) == Some(1),
        })
    }

    pub fn pixels(&self) -> usize {
        self.width as usize * self.height as usize
    }

    pub fn samples(&self) -> usize {
        self.pixels() * self.photometric.samples()
    }

    /// Bytes of one frame that is not compressed.
    pub fn native_bytes(&self) -> usize {
        let samples = if self.photometric == Photometric::YbrFull422 { 2 * self.pixels() } else { self.samples() };
        samples * (self.bits_allocated / 8) as usize
    }

    /// The most memory that is taken while a frame is decoded, the file apart: bytes, samples, and one more copy of them;
    /// a JPEG 2000 decoder works on 32 bits twice, in a process of its own.
    pub fn decoding_bytes(&self, is_jpeg2000: bool) -> u64 {
        (if is_jpeg2000 { 16 } else { 8 }) * self.samples() as u64
    }

    /// What the decoded frame takes.
    pub fn kept_bytes(&self) -> u64 {
        let deep = self.photometric != Photometric::Palette && self.bits_stored > 8;
        self.pixels() as u64
            * if self.photometric.is_grey() {
                2
            } else if deep {
                6
            } else {
                3
            }
    }

    /// The stored bits of a sample; signed ones are moved up so that the lowest is 0.
    pub fn code(&self, sample: u16) -> u16 {
        let mask = ((1u32 << self.bits_stored) - 1) as u16;
        let code = (sample >> (self.high_bit + 1 - self.bits_stored)) & mask;
        if self.is_signed { code ^ (1 << (self.bits_stored - 1)) } else { code }
    }

    /// The number that a code stands for before any look-up table.
    pub fn stored_value(&self, code: u16) -> i32 {
        i32::from(code) - if self.is_signed { 1 << (self.bits_stored - 1) } else { 0 }
    }

    /// The codes of the stored numbers from `low` to `high`; `None` where all of them are out of reach.
    pub fn codes_of(&self, low: i64, high: i64) -> Option<RangeInclusive<u16>> {
        let lowest = i64::from(self.stored_value(0));
        let most = (1 << self.bits_stored) - 1;
        let (low, high) = (low.saturating_sub(lowest), high.saturating_sub(lowest));
        (high >= 0 && low <= most).then(|| low.max(0) as u16..=high.min(most) as u16)
    }
}
