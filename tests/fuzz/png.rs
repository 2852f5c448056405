//! PNG files, chunk by chunk: the parts fit together by themselves, then some of them are changed.

use std::io::Write;
use std::sync::LazyLock;

use flate2::Compression;
use flate2::write::ZlibEncoder;

use super::choices::Choices;
use super::tiff;

const START: &[u8] = b"\x89PNG\r\n\x1a\n";
/// Rows and columns where each of the seven passes begins, and its steps.
const PASSES: [[u32; 4]; 7] =
    [[0, 0, 8, 8], [0, 4, 8, 8], [4, 0, 8, 4], [0, 2, 4, 4], [2, 0, 4, 2], [0, 1, 2, 2], [1, 0, 2, 1]];

/// 48 MiB of nothing, packed.
static BOMB: LazyLock<Vec<u8>> = LazyLock::new(|| {
    let mut packed = ZlibEncoder::new(Vec::new(), Compression::best());
    (0..48).for_each(|_| packed.write_all(&vec![0; 1 << 20]).unwrap());
    packed.finish().unwrap()
});

#[derive(Clone)]
struct Chunk {
    kind: [u8; 4],
    data: Vec<u8>,
    /// Of its length and its checksum.
    lies: [u32; 2],
}

fn chunk(kind: &[u8; 4], data: impl Into<Vec<u8>>) -> Chunk {
    Chunk { kind: *kind, data: data.into(), lies: [0; 2] }
}

pub fn make(c: &mut Choices<'_>) -> Vec<u8> {
    let mut chunks = whole(c);
    for _ in 0..c.below(4) {
        change(c, &mut chunks);
    }
    let mut bytes = START.to_vec();
    for Chunk { kind, data, lies: [length, sum] } in &chunks {
        let mut crc = flate2::Crc::new();
        crc.update(kind);
        crc.update(data);
        bytes.extend((data.len() as u32 ^ length).to_be_bytes());
        bytes.extend(kind);
        bytes.extend(data);
        bytes.extend((crc.sum() ^ sum).to_be_bytes());
    }
    c.perhaps_mangle(8, &mut bytes, START);
    bytes
}

/// A picture of any kind, mostly sound.
fn whole(c: &mut Choices<'_>) -> Vec<Chunk> {
    let (colour, depths): (u8, &[u8]) = match c.below(5) {
        0 => (0, &[8, 16, 1, 2, 4]),
        1 => (2, &[8, 16]),
        2 => (3, &[8, 1, 2, 4]),
        3 => (4, &[8, 16]),
        _ => (6, &[8, 16]),
    };
    let (depth, interlaced) = (c.one(depths), c.once_in(3));
    let (width, height) = (c.side(), c.side());
    let samples = [1, 0, 3, 1, 2, 0, 4][usize::from(colour)];
    let header =
        [&width.to_be_bytes()[..], &height.to_be_bytes(), &[depth, colour, 0, 0, u8::from(interlaced)]].concat();
    let mut chunks = vec![chunk(b"IHDR", header)];
    if colour == 3 {
        let colours = if c.once_in(4) { c.below(300) } else { 1 << depth };
        chunks.push(chunk(b"PLTE", c.noise(3 * colours)));
    }
    if c.once_in(3) {
        let length = if colour == 3 { c.below(260) } else { 2 * samples as usize };
        chunks.push(chunk(b"tRNS", c.noise(length)));
    }
    let rows = rows(c, width, height, u64::from(depth) * samples, interlaced);
    let packed = packed(&rows);
    let at = c.below(packed.len());
    chunks.extend([chunk(b"IDAT", &packed[..at]), chunk(b"IDAT", &packed[at..]), chunk(b"IEND", [])]);
    chunks
}

/// Lines with their filters; of pictures that only claim to be large there are few.
fn rows(c: &mut Choices<'_>, width: u32, height: u32, bits: u64, interlaced: bool) -> Vec<u8> {
    let passes = if interlaced { &PASSES[..] } else { &[[0, 0, 1, 1]] };
    let (mut out, seed) = (Vec::new(), c.noise(64));
    for [top, left, down, across] in passes {
        let (wide, high) = (width.saturating_sub(*left).div_ceil(*across), height.saturating_sub(*top).div_ceil(*down));
        let length = (u64::from(wide) * bits).div_ceil(8).min(1 << 16) as usize;
        for line in 0..if wide == 0 { 0 } else { high.min(1 << 10) } as usize {
            out.push(seed[line % 64] % 5);
            out.extend(seed.iter().cycle().skip(line % 7).take(length));
        }
    }
    if c.once_in(6) {
        c.mangle(&mut out, &seed);
    }
    out
}

fn packed(bytes: &[u8]) -> Vec<u8> {
    let mut packed = ZlibEncoder::new(Vec::new(), Compression::fast());
    packed.write_all(bytes).unwrap();
    packed.finish().unwrap()
}

fn change(c: &mut Choices<'_>, chunks: &mut Vec<Chunk>) {
    let at = c.below(chunks.len());
    match c.below(6) {
        0 | 1 => c.rearrange(chunks, strange),
        _ if chunks.is_empty() => {}
        2 => c.mangle(&mut chunks[at].data, START),
        3 => {
            let place = c.below(2);
            chunks[at].lies[place] = c.odd() as u32;
        }
        // One field of the header.
        4 => {
            let (place, value) = (c.below(13), c.one(&[0, 1, 2, 3, 4, 5, 6, 7, 8, 16, 32, 255]));
            chunks[0].data.get_mut(place).into_iter().for_each(|byte| *byte = value);
        }
        _ => chunks[at].kind = strange(c).kind,
    }
}

/// A chunk that some decoder looks into.
fn strange(c: &mut Choices<'_>) -> Chunk {
    let any = |c: &mut Choices<'_>| {
        let length = c.one(&[0, 1, 2, 3, 4, 5, 6, 8, 9, 13, 25, 26, 32, 256, 300, 768, 771]);
        c.noise(length)
    };
    let words = |c: &mut Choices<'_>, count: usize| -> Vec<u8> {
        (0..count).flat_map(|_| (c.odd() as u32).to_be_bytes()).collect()
    };
    match c.below(12) {
        0 => chunk(b"PLTE", any(c)),
        1 => chunk(b"tRNS", any(c)),
        2 => chunk(b"iCCP", [b"a\0\0", BOMB.as_slice()].concat()),
        3 => chunk(c.one(&[b"zTXt", b"iTXt"]), [b"a\0\0\0\0", BOMB.as_slice()].concat()),
        4 => chunk(b"acTL", words(c, 2)),
        5 => chunk(b"fcTL", [words(c, 5), vec![0; 4], vec![c.byte(), c.byte()]].concat()),
        6 => chunk(b"fdAT", [words(c, 1), packed(&any(c))].concat()),
        7 => chunk(b"eXIf", tiff::exif(c)),
        8 => chunk(b"IDAT", packed(&any(c))),
        9 => chunk(b"IDAT", BOMB.as_slice()),
        10 => chunk(c.one(&[b"IEND", b"IHDR", b"CgBI"]), any(c)),
        _ => chunk(c.one(&[b"gAMA", b"cHRM", b"sRGB", b"sBIT", b"bKGD", b"pHYs", b"tEXt", b"cICP", b"mDCV"]), any(c)),
    }
}
