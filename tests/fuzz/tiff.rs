//! TIFF files, entry by entry, and the orientation that other formats carry in such a form.

use std::io::Write;

use flate2::Compression;
use flate2::write::ZlibEncoder;

use super::choices::Choices;

/// Tag, type, and values of one directory's entry.
#[derive(Clone)]
struct Entry {
    tag: u16,
    kind: u16,
    values: Vec<u32>,
    /// Of its count and of its place.
    lies: [u32; 2],
}

fn entry(tag: u16, kind: u16, values: impl Into<Vec<u32>>) -> Entry {
    Entry { tag, kind, values: values.into(), lies: [0; 2] }
}

/// The order of bytes.
#[derive(Clone, Copy)]
struct Order(bool);

impl Order {
    fn half(self, v: u32) -> [u8; 2] {
        if self.0 { (v as u16).to_be_bytes() } else { (v as u16).to_le_bytes() }
    }

    fn word(self, v: u32) -> [u8; 4] {
        if self.0 { v.to_be_bytes() } else { v.to_le_bytes() }
    }

    fn values(self, entry: &Entry) -> Vec<u8> {
        let one = |v: &u32| match entry.kind {
            1 | 2 | 6 | 7 => vec![*v as u8],
            3 | 8 => self.half(*v).to_vec(),
            5 | 10 | 12 | 16 => [self.word(*v), self.word(1)].concat(),
            _ => self.word(*v).to_vec(),
        };
        entry.values.iter().flat_map(one).collect()
    }
}

pub fn make(c: &mut Choices<'_>) -> Vec<u8> {
    let order = Order(c.once_in(3));
    let (mut entries, pixels) = whole(c);
    for _ in 0..c.below(4) {
        change(c, &mut entries);
    }
    let mut bytes = file(c, order, &entries, &pixels);
    c.perhaps_mangle(8, &mut bytes, &pixels);
    bytes
}

/// What cameras write: little else than which side is up.
pub fn exif(c: &mut Choices<'_>) -> Vec<u8> {
    let order = Order(c.once_in(2));
    let mut entries = vec![entry(0x0112, c.one(&[3, 4, 1, 99]), [c.odd() as u32 % 12])];
    if c.once_in(2) {
        change(c, &mut entries);
    }
    let mut bytes = file(c, order, &entries, &[]);
    c.perhaps_mangle(3, &mut bytes, &[]);
    bytes
}

/// Header, pixels, long values, the directory, which may be followed by itself.
fn file(c: &mut Choices<'_>, order: Order, entries: &[Entry], pixels: &[u8]) -> Vec<u8> {
    let mut body = pixels.to_vec();
    let mut lines = order.half(entries.len() as u32).to_vec();
    for entry in entries {
        let [count, place] = entry.lies;
        let mut value = order.values(entry);
        if value.len() > 4 {
            let at = 8 + body.len() as u32;
            body.append(&mut value);
            value = order.word(at ^ place).to_vec();
        }
        value.resize(4, 0);
        lines.extend([order.half(entry.tag.into()), order.half(entry.kind.into())].concat());
        lines.extend([&order.word(entry.values.len() as u32 ^ count)[..], &value].concat());
    }
    let at = 8 + body.len() as u32;
    let next = if c.once_in(6) { c.one(&[at, 8, at + 2, u32::MAX]) } else { 0 };
    let mark: [u8; 4] = if order.0 { *b"MM\0*" } else { *b"II*\0" };
    [&mark[..], &order.word(at), &body, &lines, &order.word(next)].concat()
}

/// A picture of any kind, mostly sound: its entries, and its pixels in one strip or tile.
fn whole(c: &mut Choices<'_>) -> (Vec<Entry>, Vec<u8>) {
    let (width, height) = (c.side(), c.side());
    let (photometric, kinds) = c.one(&[(1u32, 1u32), (2, 3), (0, 1), (2, 4), (5, 4), (3, 1), (1, 2), (6, 3), (8, 3)]);
    let deep: &[u32] = if kinds == 1 { &[8, 16, 1, 2, 4, 32, 64, 12] } else { &[8, 16, 32, 64, 4] };
    let rare = (c.one(deep), c.one(&[1, 2, 3, 4]));
    let (bits, format) = c.one(&[(8, 1), (8, 1), (16, 1), (16, 1), (32, 3), rare]);
    let compression = c.one(&[1u32, 1, 8, 8, 32773, 5, 32946, 7, 2, 4, 6, 50000]);
    let is_tiled = c.once_in(4);
    let (wide, high) = if is_tiled { (c.one(&[16, 32, 48]), 16) } else { (width.min(1 << 12), height.min(1 << 10)) };
    let across = if is_tiled { (width.div_ceil(wide).saturating_mul(height.div_ceil(high))).min(200) } else { 1 };
    let length = (u64::from(wide) * u64::from(bits * kinds)).div_ceil(8) as usize * high as usize;
    let pixels = packed(&c.noise(length.min(1 << 20)), compression);
    let mut entries = vec![
        entry(256, 4, [width]),
        entry(257, 4, [height]),
        entry(258, 3, vec![bits; kinds as usize]),
        entry(259, 3, [compression]),
        entry(262, 3, [photometric]),
        entry(277, 3, [kinds]),
        entry(339, 3, vec![format; kinds as usize]),
    ];
    if is_tiled {
        entries.extend([entry(322, 4, [wide]), entry(323, 4, [high])]);
    } else {
        entries.push(entry(278, 4, [if c.once_in(4) { c.odd() as u32 } else { high }]));
    }
    let [offsets, counts] = if is_tiled { [324, 325] } else { [273, 279] };
    // Every tile is the same.
    let many = |v: u32| vec![v; across as usize];
    entries.extend([entry(offsets, 4, many(8)), entry(counts, 4, many(pixels.len() as u32))]);
    if c.once_in(3) {
        entries.push(entry(317, 3, [if format == 3 { 3 } else { c.one(&[2, 1, 3, 4]) }]));
    }
    if c.once_in(8) {
        entries.push(entry(284, 3, [2]));
    }
    if photometric == 3 {
        entries.push(entry(320, 3, vec![c.byte().into(); 3 << bits.min(8)]));
    }
    entries.sort_by_key(|entry| entry.tag);
    (entries, pixels)
}

/// Packed where the kind of packing is one that can be written here; else the bytes are what they are.
fn packed(bytes: &[u8], compression: u32) -> Vec<u8> {
    match compression {
        8 | 32946 => {
            let mut packed = ZlibEncoder::new(Vec::new(), Compression::fast());
            packed.write_all(bytes).unwrap();
            packed.finish().unwrap()
        }
        32773 => bytes.chunks(128).flat_map(|run| [&[run.len() as u8 - 1], run].concat()).collect(),
        _ => bytes.to_vec(),
    }
}

fn change(c: &mut Choices<'_>, entries: &mut Vec<Entry>) {
    let at = c.below(entries.len());
    match c.below(6) {
        0 => c.rearrange(entries, |c| {
            let tag = c.one(&[256, 257, 266, 273, 274, 279, 282, 292, 297, 322, 324, 330, 338, 347, 400, 530, 34665]);
            let values = (0..c.below(5)).map(|_| c.odd() as u32).collect::<Vec<_>>();
            entry(tag, c.one(&[3, 4, 1, 2, 5, 7, 12, 13, 16, 0, 99]), values)
        }),
        _ if entries.is_empty() => {}
        1 => entries[at].kind = c.one(&[1, 2, 3, 4, 5, 7, 8, 9, 11, 12, 13, 16, 0, 99]),
        2 => {
            let place = c.below(2);
            entries[at].lies[place] = c.odd() as u32;
        }
        3 => entries[at].values = vec![c.odd() as u32; c.below(9)],
        _ => {
            let values = &mut entries[at].values;
            let place = c.below(values.len());
            let odd = c.odd() as u32;
            values.get_mut(place).into_iter().for_each(|value| *value = odd);
        }
    }
}
