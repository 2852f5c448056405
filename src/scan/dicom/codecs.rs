//! The codecs of compressed frames, each called only once the sizes in its own header agree with the file's.

use jpeg_decoder::{CodingProcess, ColorTransform, PixelFormat};

use super::display::from_ybr;
use super::fault::Fault;
use super::layout::{FrameLayout, Photometric};
use crate::guard::panics::caught;

/// Codecs are other people's: what they do with a broken stream ends the picture, not the program.
pub(super) fn guarded<T>(name: &str, work: impl FnOnce() -> Result<T, String>) -> Result<T, Fault> {
    let failed = |reason: String| Fault::other(format!("its {name} stream cannot be decoded: {reason}"));
    caught(work).unwrap_or_else(|_| Err("it makes no sense".to_owned())).map_err(failed)
}

pub(super) fn same_size(
    name: &str,
    layout: &FrameLayout,
    width: u64,
    height: u64,
    samples: usize,
) -> Result<(), Fault> {
    let needed = layout.photometric.samples();
    if (width, height, samples) == (layout.width.into(), layout.height.into(), needed) {
        return Ok(());
    }
    Err(Fault::Size(format!(
        "its {name} stream is {width}×{height} with {samples} samples a pixel where the file says {}×{} with {needed}",
        layout.width, layout.height
    )))
}

/// Baseline, extended and lossless JPEG. Luminance and colour differences are red, green and blue afterwards.
pub fn jpeg(bytes: &[u8], layout: &FrameLayout) -> Result<Vec<u16>, Fault> {
    let mut decoder = jpeg_decoder::Decoder::new(bytes);
    decoder.set_max_decoding_buffer_size(layout.samples() * 2);
    guarded("JPEG", || decoder.read_info().map_err(|error| error.to_string()))?;
    let info = decoder.info().ok_or_else(|| Fault::other("its JPEG stream has no frame"))?;
    let samples = match info.pixel_format {
        PixelFormat::L8 | PixelFormat::L16 => 1,
        PixelFormat::RGB24 => 3,
        PixelFormat::CMYK32 => 4,
    };
    same_size("JPEG", layout, info.width.into(), info.height.into(), samples)?;
    let is_lossless = info.coding_process == CodingProcess::Lossless;
    if is_lossless && has_unusual_prediction(bytes) {
        return Err(Fault::other("its lossless JPEG has restarts or left-out bits, which cannot be read"));
    }
    // The file, and not a guess from the stream, says what the three samples are.
    match layout.photometric {
        Photometric::Rgb => decoder.set_color_transform(ColorTransform::RGB),
        Photometric::YbrFull | Photometric::YbrFull422 => decoder.set_color_transform(ColorTransform::YCbCr),
        _ => {}
    }
    let decoded = guarded("JPEG", || decoder.decode().map_err(|error| error.to_string()))?;
    // Whatever the pixel format says: lossless streams of other than 8 bits come in words.
    let mut samples: Vec<u16> = if decoded.len() == 2 * layout.samples() {
        decoded.as_chunks::<2>().0.iter().map(|word| u16::from_ne_bytes(*word)).collect()
    } else {
        decoded.into_iter().map(u16::from).collect()
    };
    if is_lossless && layout.photometric.is_ybr() {
        from_ybr(&mut samples, layout);
    }
    Ok(samples)
}

/// Whether a lossless stream has restart intervals or a point transform: the decoder predicts wrongly from both.
fn has_unusual_prediction(bytes: &[u8]) -> bool {
    let mut at = 2;
    while let Some([0xff, marker]) = bytes.get(at..).and_then(|rest| rest.first_chunk()) {
        let payload = |n: usize| bytes.get(at + 4 + n).copied().unwrap_or(0);
        match marker {
            0xff => {
                at += 1;
                continue;
            }
            0xdd if [payload(0), payload(1)] != [0, 0] => return true,
            0xda => return payload(usize::from(payload(0)) * 2 + 3) & 0x0f != 0,
            _ => {}
        }
        let Some(length) = bytes.get(at + 2..).and_then(|rest| rest.first_chunk()) else { break };
        at += 2 + usize::from(u16::from_be_bytes(*length));
    }
    false
}

/// JPEG-LS, lossless and near-lossless, grey.
pub fn jpeg_ls(bytes: &[u8], layout: &FrameLayout) -> Result<Vec<u16>, Fault> {
    const NAME: &str = "JPEG-LS";
    let (width, height, samples) = sof55(bytes).ok_or_else(|| Fault::other("its JPEG-LS stream has no header"))?;
    same_size(NAME, layout, width, height, samples)?;
    if samples != 1 {
        return Err(Fault::other("JPEG-LS in colour cannot be read; grey can"));
    }
    let decode = || jpegls::decode(bytes, layout.width, layout.height).map_err(|error| error.to_string());
    let (decoded, _, _) = guarded(NAME, decode)?;
    if decoded.len() != layout.pixels() {
        return Err(Fault::Cut);
    }
    Ok(decoded)
}

/// Width, height and samples in the first frame header.
fn sof55(bytes: &[u8]) -> Option<(u64, u64, usize)> {
    let mut at = 2;
    loop {
        let marker: [u8; 2] = *bytes.get(at..)?.first_chunk()?;
        let half = |n: usize| Some(u16::from_be_bytes(*bytes.get(at + n..)?.first_chunk()?));
        match marker {
            [0xff, 0xf7] => return Some((half(7)?.into(), half(5)?.into(), (*bytes.get(at + 9)?).into())),
            [0xff, 0xff] => at += 1,
            [0xff, 0xda] => return None,
            [0xff, _] => at += 2 + usize::from(half(2)?),
            _ => return None,
        }
    }
}
