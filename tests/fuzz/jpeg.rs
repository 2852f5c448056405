//! JPEG streams, segment by segment: baseline, progressive and lossless ones, inside DICOM files too.

use super::choices::Choices;
use super::encode;
use super::tiff;

#[derive(Clone)]
struct Segment {
    marker: u8,
    data: Vec<u8>,
    /// What follows a start of scan.
    scan: Vec<u8>,
    /// Of its length.
    lie: u16,
}

fn segment(marker: u8, data: impl Into<Vec<u8>>) -> Segment {
    Segment { marker, data: data.into(), scan: Vec::new(), lie: 0 }
}

pub fn make(c: &mut Choices<'_>) -> Vec<u8> {
    let (width, height) = (c.within(1, 40), c.within(1, 24));
    let stream = match c.below(5) {
        0 | 1 => encode::jpeg_colour(&c.noise(3 * width * height), width),
        2 => encode::jpeg_grey(&c.noise(width * height), width),
        3 => encode::jpeg_lossless(&words(c, width * height, 12), width, 12),
        _ => progressive(c, width as u16, height as u16),
    };
    changed(c, &stream)
}

/// A stream with some of its segments changed.
pub fn changed(c: &mut Choices<'_>, stream: &[u8]) -> Vec<u8> {
    let mut segments = parsed(stream);
    for _ in 0..c.below(4) {
        change(c, &mut segments);
    }
    let mut bytes = vec![0xff, 0xd8];
    for Segment { marker, data, scan, lie } in &segments {
        bytes.extend([0xff, *marker]);
        if !matches!(marker, 0xd0..=0xd9) {
            bytes.extend(((data.len() as u16 + 2) ^ lie).to_be_bytes());
        }
        bytes.extend(data);
        bytes.extend(scan);
    }
    c.perhaps_mangle(8, &mut bytes, stream);
    bytes
}

pub fn words(c: &mut Choices<'_>, count: usize, bits: u32) -> Vec<u16> {
    let bytes = c.noise(2 * count);
    bytes.as_chunks::<2>().0.iter().map(|two| u16::from_le_bytes(*two) & ((1u32 << bits) - 1) as u16).collect()
}

fn parsed(stream: &[u8]) -> Vec<Segment> {
    let (mut segments, mut at) = (Vec::new(), 2);
    while let Some([0xff, marker, more @ ..]) = stream.get(at..) {
        let length = more.first_chunk().map_or(2, |two| usize::from(u16::from_be_bytes(*two)));
        if matches!(marker, 0xd0..=0xd9) {
            segments.push(segment(*marker, []));
            at += 2;
            continue;
        }
        let after = more.get(length..).unwrap_or_default();
        let is_end = |pair: &[u8]| pair[0] == 0xff && !matches!(pair[1], 0 | 0xd0..=0xd7);
        let scan = if *marker == 0xda { after.windows(2).position(is_end).unwrap_or(after.len()) } else { 0 };
        segments.push(Segment { scan: after[..scan].to_vec(), ..segment(*marker, &more[2.min(length)..length]) });
        at += 2 + length + scan;
    }
    segments
}

/// The parts of a progressive picture; its codes are whatever comes.
fn progressive(c: &mut Choices<'_>, width: u16, height: u16) -> Vec<u8> {
    let kinds = c.one(&[1u8, 3, 4]);
    let mut out = vec![0xff, 0xd8, 0xff, 0xdb, 0, 67, 0];
    out.extend([1; 64]);
    out.extend([0xff, 0xc2, 0, 8 + 3 * kinds, 8]);
    out.extend(height.to_be_bytes());
    out.extend(width.to_be_bytes());
    out.push(kinds);
    let sampling = c.one(&[0x11, 0x22, 0x21, 0x41, 0x44]);
    (1..=kinds).for_each(|id| out.extend([id, if id == 1 { sampling } else { 0x11 }, 0]));
    // Codes of four bits for the first eight lengths of each table.
    for table in [0x00, 0x10] {
        out.extend([0xff, 0xc4, 0, 19 + 8, table, 0, 0, 0, 8]);
        out.extend([0; 12]);
        out.extend(if table == 0 { [0, 1, 2, 3, 4, 5, 6, 7] } else { [0, 1, 0x11, 0x21, 0xf0, 0x10, 0x20, 2] });
    }
    for _ in 0..c.within(1, 4) {
        let (is_first, bits) = (!c.once_in(3), c.one(&[0x00, 0x01, 0x10, 0x21]));
        let (of, [low, high]) = if is_first { (kinds, [0, 0]) } else { (1, c.one(&[[1, 63], [1, 5], [6, 63]])) };
        out.extend([0xff, 0xda, 0, 6 + 2 * of, of]);
        (1..=of).for_each(|id| out.extend([id, 0]));
        out.extend([low, high, bits]);
        out.extend(c.noise(60).iter().filter(|byte| **byte != 0xff));
    }
    out.extend([0xff, 0xd9]);
    out
}

fn change(c: &mut Choices<'_>, segments: &mut Vec<Segment>) {
    let at = c.below(segments.len());
    match c.below(8) {
        0 | 1 => c.rearrange(segments, strange),
        _ if segments.is_empty() => {}
        2 => c.mangle(&mut segments[at].data, &[0xff; 8]),
        3 => c.mangle(&mut segments[at].scan, &[0xff, 0xd0, 0xff, 0xd9]),
        4 => segments[at].lie = c.odd() as u16,
        5 => segments[at].marker = strange(c).marker,
        // The frame's own kind and sizes.
        _ => {
            let frame = segments.iter_mut().find(|found| matches!(found.marker, 0xc0..=0xc3)).map(|found| {
                if c.once_in(4) {
                    found.marker = c.one(&[0xc0, 0xc1, 0xc2, 0xc3, 0xc5, 0xc9, 0xca, 0xf7]);
                }
                &mut found.data
            });
            let (place, value) = (c.below(15), c.one(&[0, 1, 2, 3, 4, 8, 12, 16, 0x11, 0x12, 0x21, 0x22, 0x44, 0xff]));
            frame.and_then(|data| data.get_mut(place)).into_iter().for_each(|byte| *byte = value);
        }
    }
}

/// A segment that some decoder looks into.
fn strange(c: &mut Choices<'_>) -> Segment {
    let length = c.one(&[0, 1, 2, 3, 4, 5, 12, 13, 14, 17, 18, 65, 67, 129, 300]);
    let any = c.noise(length);
    let icc = |c: &mut Choices<'_>| [&b"ICC_PROFILE\0"[..], &[c.byte(), c.byte()], &[7; 40]].concat();
    match c.below(9) {
        0 => segment(0xe1, [b"Exif\0\0".to_vec(), tiff::exif(c)].concat()),
        1 => segment(0xe2, icc(c)),
        2 => segment(0xee, [&b"Adobe\0\x64\0\0\0\0"[..], &[c.byte() % 4]].concat()),
        3 => segment(0xdd, (c.odd() as u16).to_be_bytes()),
        4 => segment(0xc4, [vec![c.one(&[0, 1, 2, 0x10, 0x13, 0xff])], c.noise(16), any].concat()),
        5 => segment(0xdb, [vec![c.one(&[0, 1, 3, 4, 0x10, 0xff])], any].concat()),
        6 => segment(0xdc, (c.odd() as u16).to_be_bytes()),
        7 => segment(c.one(&[0xd0, 0xd7, 0xd8, 0xd9, 0xda, 0x01, 0xc8, 0xcc, 0xf8, 0xfe, 0xff]), any),
        _ => Segment { scan: c.noise(30), ..segment(0xda, any) },
    }
}
