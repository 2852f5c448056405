//! JPEG 2000, as a bare code stream or in a JP2 box. Its decoder is C that was turned into Rust, not all of it safe: it works
//! in a process of its own where there is a program to start.

use super::codecs::{guarded, same_size};
use super::fault::Fault;
use super::layout::FrameLayout;
use crate::guard::apart;

/// The name of the work that is done apart.
pub const APART: &str = "jpeg2000";
const NAME: &str = "JPEG 2000";

/// Unpacks a frame, called only once the sizes in its own header agree with the file's.
pub fn decode(bytes: &[u8], layout: &FrameLayout) -> Result<Vec<u16>, Fault> {
    let size = siz(bytes).ok_or_else(|| Fault::other("its JPEG 2000 stream has no header"))?;
    same_size(NAME, layout, size.width, size.height, size.samples)?;
    let sizes = [layout.width, layout.height, layout.photometric.samples() as u32];
    let asked = [sizes.map(u32::to_le_bytes).concat().as_slice(), bytes].concat();
    let words = guarded(NAME, || {
        let apart = apart::run(APART, &asked, 2 * layout.samples() + 1);
        apart.unwrap_or_else(|| unpack(&asked))
    })?;
    Ok(words.as_chunks::<2>().0.iter().map(|word| u16::from_le_bytes(*word)).collect())
}

/// What is done apart: `asked` are width, height and samples a pixel, 32 bits each, and a stream of those sizes; the answer
/// are its samples, pixel by pixel, 16 bits each. All little endian.
///
/// # Errors
/// What the decoder has against the stream, or that it is not of those sizes.
pub fn unpack(asked: &[u8]) -> Result<Vec<u8>, String> {
    let (sizes, bytes) = asked.split_first_chunk::<12>().ok_or("nothing to decode")?;
    let number = |n: usize| u32::from_le_bytes([sizes[4 * n], sizes[4 * n + 1], sizes[4 * n + 2], sizes[4 * n + 3]]);
    let (width, height, samples) = (number(0), number(1), number(2) as usize);
    // Palettes in the box would blow the picture up after its size was checked; DICOM has its own.
    let parameters = jpeg2k::DecodeParameters::new().ignore_pclr_cmap_cdef();
    let image = jpeg2k::Image::from_bytes_with(bytes, parameters).map_err(|error| error.to_string())?;
    let parts = image.components();
    let pixels = width as usize * height as usize;
    let whole = parts.len() == samples
        && parts.iter().all(|part| {
            (part.width(), part.height()) == (width, height)
                && (1..=16).contains(&part.precision())
                && part.data().len() == pixels
        });
    if !whole {
        return Err("its components differ in size or are deeper than 16 bits".to_owned());
    }
    let data: Vec<&[i32]> = parts.iter().map(jpeg2k::ImageComponent::data).collect();
    let mut words = Vec::with_capacity(2 * samples * pixels);
    for i in 0..pixels {
        data.iter().for_each(|part| words.extend(((part[i] & 0xffff) as u16).to_le_bytes()));
    }
    Ok(words)
}

struct Siz {
    width: u64,
    height: u64,
    samples: usize,
}

/// The image size in the code stream's SIZ segment, which follows its very beginning.
fn siz(bytes: &[u8]) -> Option<Siz> {
    const START: [u8; 4] = [0xff, 0x4f, 0xff, 0x51];
    let bytes = if bytes.starts_with(&START) { bytes } else { code_stream(bytes)? };
    let at = bytes.starts_with(&START).then_some(START.len())?;
    let number = |n: usize| -> Option<u64> {
        let four = bytes.get(at + 4 + 4 * n..at + 8 + 4 * n)?.first_chunk()?;
        Some(u32::from_be_bytes(*four).into())
    };
    let (right, bottom, left, top) = (number(0)?, number(1)?, number(2)?, number(3)?);
    let samples = bytes.get(at + 36..at + 38)?.first_chunk()?;
    Some(Siz {
        width: right.checked_sub(left)?,
        height: bottom.checked_sub(top)?,
        samples: u16::from_be_bytes(*samples).into(),
    })
}

/// What the code stream's box of a JP2 file holds, found as a decoder finds it: box by box.
fn code_stream(bytes: &[u8]) -> Option<&[u8]> {
    let mut at = 0;
    loop {
        let (length, kind) = bytes.get(at..at + 8)?.split_at(4);
        let length = match u32::from_be_bytes(*length.first_chunk()?) {
            0 => bytes.len() - at,
            1 => usize::try_from(u64::from_be_bytes(*bytes.get(at + 8..)?.first_chunk()?)).ok()?,
            length => length as usize,
        };
        if kind == b"jp2c" {
            let head = if bytes.get(at..at + 4)? == [0, 0, 0, 1] { 16 } else { 8 };
            return bytes.get(at + head..);
        }
        at = at.checked_add(length.max(8))?;
    }
}
