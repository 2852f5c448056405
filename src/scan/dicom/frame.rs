//! The samples of one frame, unpacked: pixel by pixel, as they were stored. Knows nothing of grey values or colours.

use std::borrow::Cow;
use std::ops::Range;

use super::fault::Fault;
use super::layout::{FrameLayout, Photometric};
use super::source::{PixelPlace, Source};
use super::syntax::Packing;
use super::{codecs, jpeg2000, rle};

/// `[height, width, samples]`, each sample in its 8 or 16 allocated bits.
pub fn samples(source: &Source<'_>, layout: &FrameLayout, frame: u32) -> Result<Vec<u16>, Fault> {
    let place = source.pixel_place()?;
    if frame >= layout.frames {
        return Err(Fault::NoFrame { wanted: frame, frames: layout.frames });
    }
    match (source.syntax.packing, place) {
        (Packing::Native, PixelPlace::Native { value, in_words }) => native(source, layout, frame, value, *in_words),
        (Packing::Native, PixelPlace::Fragments(_)) => {
            Err(Fault::other("its pixels are in fragments where its transfer syntax says that they are not"))
        }
        (_, PixelPlace::Native { .. }) => {
            Err(Fault::other("its pixels are in no fragments where its transfer syntax says that they are"))
        }
        (packing, PixelPlace::Fragments(fragments)) => {
            let bytes = fragment(source, layout, frame, fragments)?;
            match packing {
                Packing::Rle => from_rle(&bytes, layout),
                Packing::Jpeg => codecs::jpeg(&bytes, layout),
                Packing::Jpeg2000 => jpeg2000::decode(&bytes, layout),
                Packing::JpegLs => codecs::jpeg_ls(&bytes, layout),
                Packing::Native => unreachable!("handled above"),
            }
        }
    }
}

fn native(
    source: &Source<'_>,
    layout: &FrameLayout,
    frame: u32,
    value: &Range<usize>,
    in_words: bool,
) -> Result<Vec<u16>, Fault> {
    let length = layout.native_bytes();
    if layout.photometric == Photometric::YbrFull422 && (layout.bits_allocated != 8 || layout.width % 2 == 1) {
        return Err(Fault::other("halved colour that is not compressed needs 8 bits and an even number of columns"));
    }
    let start = length.checked_mul(frame as usize).ok_or(Fault::Cut)?;
    let whole = u64::from(layout.frames) * length as u64;
    if whole > value.len() as u64 {
        return Err(Fault::Size(format!("it holds {} bytes of pixels where its sizes need {whole}", value.len())));
    }
    let from = value.start + start;
    let bytes = source.bytes_of(from..from + length)?;
    let big = source.syntax.encoding.big_endian;
    if layout.bits_allocated == 16 {
        let word = |w: &[u8; 2]| if big { u16::from_be_bytes(*w) } else { u16::from_le_bytes(*w) };
        return Ok(interleaved(bytes.as_chunks::<2>().0.iter().map(word).collect(), layout));
    }
    let samples: Vec<u16> = if big && in_words {
        // Bytes within words: the first sample is in the low byte, which stands second.
        let at = |i: usize| source.bytes[value.clone()].get((start + i) ^ 1).copied().unwrap_or(0);
        (0..length).map(|i| u16::from(at(i))).collect()
    } else {
        bytes.iter().map(|b| u16::from(*b)).collect()
    };
    if layout.photometric == Photometric::YbrFull422 {
        return Ok(samples.as_chunks::<4>().0.iter().flat_map(|[a, b, cb, cr]| [*a, *cb, *cr, *b, *cb, *cr]).collect());
    }
    Ok(interleaved(samples, layout))
}

/// Planes to pixels.
fn interleaved(samples: Vec<u16>, layout: &FrameLayout) -> Vec<u16> {
    if !layout.is_planar {
        return samples;
    }
    let area = layout.pixels();
    (0..area).flat_map(|i| [samples[i], samples[i + area], samples[i + 2 * area]]).collect()
}

/// Segments are planes of bytes, the high one first.
fn from_rle(bytes: &[u8], layout: &FrameLayout) -> Result<Vec<u16>, Fault> {
    let (area, kinds, depth) = (layout.pixels(), layout.photometric.samples(), (layout.bits_allocated / 8) as usize);
    if layout.photometric == Photometric::YbrFull422 {
        return Err(Fault::other("RLE with halved colour cannot be read"));
    }
    let planes = rle::decode(bytes, kinds * depth, area)
        .ok_or_else(|| Fault::other("its RLE segments do not hold what its sizes say"))?;
    let byte = |kind: usize, place: usize, i: usize| u16::from(planes[(kind * depth + place) * area + i]);
    let sample = |kind: usize, i: usize| (0..depth).fold(0, |sum, place| sum << 8 | byte(kind, place, i));
    Ok((0..area).flat_map(|i| (0..kinds).map(move |kind| (kind, i))).map(|(kind, i)| sample(kind, i)).collect())
}

/// The fragments of a frame as one run of bytes.
fn fragment<'a>(
    source: &'a Source<'_>,
    layout: &FrameLayout,
    frame: u32,
    fragments: &[Range<usize>],
) -> Result<Cow<'a, [u8]>, Fault> {
    let Some((table, fragments)) = fragments.split_first() else { return Err(Fault::NoPixelData) };
    let Some(first) = fragments.first() else { return Err(Fault::NoPixelData) };
    let places: Vec<usize> = fragments.iter().map(|range| range.start - first.start).collect();
    let of_frame = if layout.frames == 1 {
        0..fragments.len()
    } else if fragments.len() == layout.frames as usize {
        frame as usize..frame as usize + 1
    } else {
        by_table(&source.bytes[table.clone()], layout.frames, frame, &places)
            .or_else(|| by_beginnings(&source.bytes, fragments, layout.frames, frame))
            .ok_or_else(|| Fault::other("its fragments cannot be told apart: it has no table of offsets"))?
    };
    let bytes = &source.bytes;
    let of_frame = &fragments[of_frame];
    Ok(match of_frame {
        [one] => Cow::Borrowed(&bytes[one.clone()]),
        several => Cow::Owned(several.iter().flat_map(|range| &bytes[range.clone()]).copied().collect()),
    })
}

/// The fragments of a frame by the table of offsets; `places` are those of the fragments, the first at 0.
fn by_table(table: &[u8], frames: u32, frame: u32, places: &[usize]) -> Option<Range<usize>> {
    let offset = |n: u32| -> Option<usize> {
        let four = table.get(4 * n as usize..)?.first_chunk()?;
        // Places are those of the fragments' values, offsets those of their items: both begin at the first.
        usize::try_from(u32::from_le_bytes(*four)).ok()
    };
    let begins = offset(frame)?;
    let ends = if frame + 1 == frames { usize::MAX } else { offset(frame + 1)? };
    let range = places.partition_point(|place| *place < begins)..places.partition_point(|place| *place < ends);
    (!range.is_empty()).then_some(range)
}

/// The fragments of a frame where every frame begins as JPEG and JPEG 2000 streams do.
fn by_beginnings(bytes: &[u8], fragments: &[Range<usize>], frames: u32, frame: u32) -> Option<Range<usize>> {
    const BEGINNINGS: [&[u8]; 3] = [&[0xff, 0xd8, 0xff], &[0xff, 0x4f, 0xff, 0x51], b"\0\0\0\x0cjP"];
    let begins = |range: &Range<usize>| BEGINNINGS.iter().any(|start| bytes[range.clone()].starts_with(start));
    let starts: Vec<usize> = (0..fragments.len()).filter(|n| begins(&fragments[*n])).collect();
    let is_whole = starts.len() == frames as usize && starts.first() == Some(&0);
    let from = *starts.get(frame as usize).filter(|_| is_whole)?;
    Some(from..starts.get(frame as usize + 1).copied().unwrap_or(fragments.len()))
}
