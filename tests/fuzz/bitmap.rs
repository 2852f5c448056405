//! BMP files: headers of every length, palettes, masks and runs.

use super::choices::Choices;

pub fn make(c: &mut Choices<'_>) -> Vec<u8> {
    let (bits, packing) =
        c.one(&[(24u16, 0u32), (32, 0), (8, 0), (8, 1), (4, 0), (4, 2), (1, 0), (16, 0), (16, 3), (32, 3)]);
    let (width, height) = (c.side(), c.side());
    let height = if c.once_in(3) { height.wrapping_neg() } else { height };
    let length = c.one(&[40u32, 40, 40, 12, 12, 52, 56, 108, 108, 124, 16, 64, 0, 39, 200]);
    let colours = if bits > 8 || c.once_in(4) { c.odd() as u32 % 300 } else { 1 << bits };
    let mut info = length.to_le_bytes().to_vec();
    if length == 12 {
        info.extend([width as u16, height as u16, 1, bits].iter().flat_map(|v| v.to_le_bytes()));
    } else {
        info.extend([width, height].iter().flat_map(|v| v.to_le_bytes()));
        info.extend([1, bits].iter().flat_map(|v: &u16| v.to_le_bytes()));
        info.extend([packing, 0, 2835, 2835, colours, 0].iter().flat_map(|v| v.to_le_bytes()));
        let masks =
            c.one(&[[0xf800u32, 0x07e0, 0x001f, 0], [0xff_0000, 0xff00, 0xff, 0xff00_0000], [5, u32::MAX, 0, 1]]);
        info.extend(masks.iter().flat_map(|v| v.to_le_bytes()));
        info.resize((length as usize).max(40) + if packing == 3 && length == 40 { 12 } else { 0 }, 0);
    }
    if c.once_in(4) {
        let (place, odd) = (c.below(info.len() - 4), c.odd() as u32);
        info[place & !3..][..4].copy_from_slice(&odd.to_le_bytes());
    }
    let palette = c.noise(if bits <= 8 { colours.min(256) as usize * if length == 12 { 3 } else { 4 } } else { 0 });
    let line = (u64::from(width.min(1 << 12)) * u64::from(bits)).div_ceil(32) as usize * 4;
    let lines = c.side().min(40).max((height as i32).unsigned_abs().min(40)) as usize;
    let pixels = if matches!(packing, 1 | 2) { runs(c) } else { c.noise(line * lines) };
    let start = (14 + info.len() + palette.len()) as u32;
    let start = if c.once_in(8) { c.odd() as u32 } else { start };
    let head = [&b"BM"[..], &[0; 8], &start.to_le_bytes()].concat();
    let mut bytes = [head, info, palette, pixels].concat();
    c.perhaps_mangle(6, &mut bytes, b"BM");
    bytes
}

/// Runs, literal ones, ends of lines, leaps.
fn runs(c: &mut Choices<'_>) -> Vec<u8> {
    let mut out = Vec::new();
    for _ in 0..c.below(40) {
        match c.below(5) {
            0 => out.extend([0, 0]),
            1 => out.extend([0, 2, c.byte(), c.byte()]),
            2 => {
                let count = c.within(3, 20);
                out.extend([0, count as u8]);
                out.extend(c.noise(count.next_multiple_of(2)));
            }
            _ => out.extend([c.byte(), c.byte()]),
        }
    }
    out.extend([0, 1]);
    out
}
