//! Encoders for the tests: RLE and lossless JPEG by the standard, the others by crates.

/// RLE Lossless (PS3.5 annex G) of byte planes, as literal runs and runs of equal bytes.
pub fn rle(planes: &[Vec<u8>]) -> Vec<u8> {
    let packed: Vec<Vec<u8>> = planes.iter().map(|plane| pack_bits(plane)).collect();
    let mut header = vec![packed.len() as u32];
    let mut at = 64;
    for segment in &packed {
        header.push(at);
        at += segment.len() as u32;
    }
    header.resize(16, 0);
    header.iter().flat_map(|n| n.to_le_bytes()).chain(packed.concat()).collect()
}

fn pack_bits(bytes: &[u8]) -> Vec<u8> {
    let run_at = |at: usize| bytes[at..].iter().take(128).take_while(|b| **b == bytes[at]).count();
    let mut out = Vec::new();
    let mut at = 0;
    while at < bytes.len() {
        let run = run_at(at);
        if run > 1 {
            out.extend([(257 - run) as u8, bytes[at]]);
            at += run;
        } else {
            let literal = (at..bytes.len()).take(128).take_while(|i| run_at(*i) == 1).count();
            out.push((literal - 1) as u8);
            out.extend(&bytes[at..at + literal]);
            at += literal;
        }
    }
    if out.len() % 2 == 1 {
        out.push(0x80);
    }
    out
}

/// The high and the low bytes of words.
pub fn byte_planes(words: &[u16]) -> Vec<Vec<u8>> {
    vec![words.iter().map(|w| (w >> 8) as u8).collect(), words.iter().map(|w| *w as u8).collect()]
}

/// Lossless JPEG (T.81 process 14, first prediction), with one code of five bits for each of the 17 sizes.
pub fn jpeg_lossless(samples: &[u16], width: usize, precision: u8) -> Vec<u8> {
    jpeg_lossless_of(1, samples, width, precision)
}

/// The same of pixels with `kinds` samples each.
pub fn jpeg_lossless_of(kinds: usize, samples: &[u16], width: usize, precision: u8) -> Vec<u8> {
    let line = width * kinds;
    let ids = 1..=kinds as u8;
    let mut out = vec![0xff, 0xd8, 0xff, 0xc3, 0, 8 + 3 * kinds as u8, precision];
    out.extend(((samples.len() / line) as u16).to_be_bytes());
    out.extend((width as u16).to_be_bytes());
    out.push(kinds as u8);
    out.extend(ids.clone().flat_map(|id| [id, 0x11, 0]));
    out.extend([0xff, 0xc4, 0, 19 + 17, 0, 0, 0, 0, 0, 17]);
    out.extend([0; 11]);
    out.extend(0..17);
    out.extend([0xff, 0xda, 0, 6 + 2 * kinds as u8, kinds as u8]);
    out.extend(ids.flat_map(|id| [id, 0]));
    out.extend([1, 0, 0]);
    let mut bits = Bits { out, held: 0, count: 0 };
    for (i, sample) in samples.iter().enumerate() {
        let before = match (i % line, i / line) {
            (x, 0) if x < kinds => 1 << (precision - 1),
            (x, _) if x < kinds => samples[i - line],
            _ => samples[i - kinds],
        };
        let difference = i32::from(sample.wrapping_sub(before).cast_signed());
        let size = 32 - difference.unsigned_abs().leading_zeros();
        bits.put(size, 5);
        if size < 16 {
            let value = if difference < 0 { difference - 1 } else { difference };
            bits.put((value as u32) & ((1 << size) - 1), size);
        }
    }
    bits.put(0x7f, (8 - bits.count % 8) % 8);
    bits.out.extend([0xff, 0xd9]);
    bits.out
}

struct Bits {
    out: Vec<u8>,
    held: u64,
    count: u32,
}

impl Bits {
    fn put(&mut self, value: u32, length: u32) {
        if length == 0 {
            return;
        }
        self.held = self.held << length | u64::from(value & ((1 << length) - 1));
        self.count += length;
        while self.count >= 8 {
            self.count -= 8;
            let byte = (self.held >> self.count) as u8;
            self.out.push(byte);
            if byte == 0xff {
                self.out.push(0);
            }
        }
    }
}

pub fn jpeg_ls(samples: &[u16], width: usize) -> Vec<u8> {
    let mut out = Vec::new();
    jpegls::encode(samples, width as u32, (samples.len() / width) as u32, &mut out).unwrap();
    out
}

pub fn jpeg_grey(bytes: &[u8], width: usize) -> Vec<u8> {
    encode(bytes, width, image::ExtendedColorType::L8, bytes.len() / width)
}

pub fn jpeg_colour(bytes: &[u8], width: usize) -> Vec<u8> {
    encode(bytes, width, image::ExtendedColorType::Rgb8, bytes.len() / width / 3)
}

fn encode(bytes: &[u8], width: usize, kind: image::ExtendedColorType, height: usize) -> Vec<u8> {
    let mut out = Vec::new();
    image::codecs::jpeg::JpegEncoder::new_with_quality(&mut out, 98)
        .encode(bytes, width as u32, height as u32, kind)
        .unwrap();
    out
}
