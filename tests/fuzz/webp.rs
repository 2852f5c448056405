//! WebP files, chunk by chunk: lossless, lossy, with transparency and with several frames.

use super::choices::Choices;
use super::tiff;

#[derive(Clone)]
struct Chunk {
    kind: [u8; 4],
    data: Vec<u8>,
    lie: u32,
}

fn chunk(kind: &[u8; 4], data: impl Into<Vec<u8>>) -> Chunk {
    Chunk { kind: *kind, data: data.into(), lie: 0 }
}

pub fn make(c: &mut Choices<'_>) -> Vec<u8> {
    let mut chunks = whole(c);
    for _ in 0..c.below(4) {
        let at = c.below(chunks.len());
        match c.below(4) {
            0 => c.rearrange(&mut chunks, strange),
            _ if chunks.is_empty() => {}
            1 => chunks[at].lie = c.odd() as u32,
            2 => chunks[at].kind = strange(c).kind,
            _ => c.mangle(&mut chunks[at].data, &[0x2f, 0xff, 0, 0x9d, 1, 0x2a]),
        }
    }
    let body = [b"WEBP".to_vec(), written(&chunks)].concat();
    let lie = if c.once_in(8) { c.odd() as u32 } else { 0 };
    let mut bytes = [&b"RIFF"[..], &(body.len() as u32 ^ lie).to_le_bytes(), &body].concat();
    c.perhaps_mangle(8, &mut bytes, b"VP8L");
    bytes
}

fn written(chunks: &[Chunk]) -> Vec<u8> {
    let mut bytes = Vec::new();
    for Chunk { kind, data, lie } in chunks {
        bytes.extend(kind);
        bytes.extend((data.len() as u32 ^ lie).to_le_bytes());
        bytes.extend(data);
        bytes.resize(bytes.len().next_multiple_of(2), 0);
    }
    bytes
}

fn whole(c: &mut Choices<'_>) -> Vec<Chunk> {
    let (width, height) = (c.within(1, 40) as u32, c.within(1, 40) as u32);
    let picture = |c: &mut Choices<'_>| if c.once_in(2) { lossless(c, width, height) } else { lossy(c, width, height) };
    if c.once_in(2) {
        return vec![picture(c)];
    }
    let three = |v: u32| v.to_le_bytes()[..3].to_vec();
    let canvas = |c: &mut Choices<'_>, v: u32| three(if c.once_in(6) { c.odd() as u32 } else { v - 1 });
    let is_animated = c.once_in(2);
    let flags = if c.once_in(4) { c.byte() } else { 0x10 | u8::from(is_animated) << 1 };
    let mut chunks = vec![chunk(b"VP8X", [vec![flags, 0, 0, 0], canvas(c, width), canvas(c, height)].concat())];
    if is_animated {
        chunks.push(chunk(b"ANIM", [0, 0, 0, 0, c.byte(), 0]));
        for _ in 0..c.within(1, 3) {
            let place = [canvas(c, 1), canvas(c, 1), canvas(c, width), canvas(c, height), three(40), vec![c.byte()]];
            let inside = if c.once_in(2) { vec![alpha(c), lossy(c, width, height)] } else { vec![picture(c)] };
            chunks.push(chunk(b"ANMF", [place.concat(), written(&inside)].concat()));
        }
    } else {
        chunks.extend([alpha(c), picture(c)]);
    }
    chunks
}

fn lossless(c: &mut Choices<'_>, width: u32, height: u32) -> Chunk {
    let mut file = Vec::new();
    let pixels = c.noise(4 * (width * height) as usize);
    let encoder = image::codecs::webp::WebPEncoder::new_lossless(&mut file);
    encoder.encode(&pixels, width, height, image::ExtendedColorType::Rgba8).unwrap();
    // Twelve bytes of the file's head, eight of the chunk's.
    let mut data = file.split_off(20);
    if c.once_in(4) {
        // Sizes, then transforms and codes as they come.
        data.truncate(5);
        data.extend(c.noise(80));
    }
    chunk(b"VP8L", data)
}

/// Whatever bits follow are a picture to a decoder of VP8.
fn lossy(c: &mut Choices<'_>, width: u32, height: u32) -> Chunk {
    let (first, rest) = (c.within(20, 120), c.below(400));
    let tag = (first as u32) << 5 | 1 << 4 | (c.below(4) as u32) << 1;
    let side = |v: u32| (v as u16).to_le_bytes();
    let head = [&tag.to_le_bytes()[..3], &[0x9d, 1, 0x2a], &side(width), &side(height)].concat();
    chunk(b"VP8 ", [head, c.noise(first + rest)].concat())
}

fn alpha(c: &mut Choices<'_>) -> Chunk {
    let length = c.below(200);
    chunk(b"ALPH", [vec![c.byte() & 0x1f], c.noise(length)].concat())
}

fn strange(c: &mut Choices<'_>) -> Chunk {
    let length = c.one(&[0, 1, 4, 9, 10, 11, 16, 17, 24, 60]);
    let any = c.noise(length);
    match c.below(4) {
        0 => chunk(b"EXIF", tiff::exif(c)),
        1 => alpha(c),
        2 => lossy(c, 16, 16),
        _ => chunk(c.one(&[b"VP8X", b"VP8L", b"VP8 ", b"ANIM", b"ANMF", b"ICCP", b"XMP ", b"ALPH", b"junk"]), any),
    }
}
