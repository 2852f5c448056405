//! Fields of protobuf, wherever they lie: numbers, lengths and parts within parts.

use std::ops::Range;

use super::choices::Choices;
use super::common::onnx::varint;

struct Field {
    whole: Range<usize>,
    /// Behind key and length.
    value: Range<usize>,
    wire: u64,
    tag: u64,
}

/// Changes one field of the message in `bytes`, or one of a message within it. What is around it keeps its own length
/// in most cases: then it is right.
pub fn change(c: &mut Choices<'_>, bytes: &mut Vec<u8>, depth: usize) {
    let found = fields(bytes).unwrap_or_default();
    if found.is_empty() {
        return c.mangle(bytes, &[0x80; 12]);
    }
    let Field { whole, value, wire, tag } = &found[c.below(found.len())];
    let mut inside = bytes[value.clone()].to_vec();
    let is_message = *wire == 2 && fields(&inside).is_some_and(|fields| !fields.is_empty());
    let new = match c.below(9) {
        0..5 if is_message && depth < 6 => {
            change(c, &mut inside, depth + 1);
            written(*tag, &inside, 0)
        }
        0 => Vec::new(),
        1 => bytes[whole.clone()].repeat(c.one(&[2, 2, 3, 70_000])),
        2 => written(*tag, &inside, c.odd()),
        3 => written(c.below(17) as u64, &inside, 0),
        4 => [varint(tag << 3), varint(c.odd())].concat(),
        5 => [varint(tag << 3 | c.one(&[1, 3, 4, 5, 6, 7])), inside].concat(),
        // Within itself.
        6 => (0..c.one(&[1, 9, 200])).fold(inside, |inside, _| written(*tag, &inside, 0)),
        _ => {
            c.mangle(&mut inside, &[0x7f; 12]);
            if *wire == 0 { [varint(tag << 3), inside].concat() } else { written(*tag, &inside, 0) }
        }
    };
    drop(bytes.splice(whole.clone(), new));
}

/// A part with its length, which may lie.
fn written(tag: u64, inside: &[u8], lie: u64) -> Vec<u8> {
    [&varint(tag << 3 | 2), &varint(inside.len() as u64 ^ lie), inside].concat()
}

/// The fields of a message; `None` where the bytes are none.
fn fields(bytes: &[u8]) -> Option<Vec<Field>> {
    let (mut at, mut found) = (0, Vec::new());
    while at < bytes.len() {
        let (key, start) = read_varint(bytes, at)?;
        let (value, end) = match key & 7 {
            0 => (start, read_varint(bytes, start)?.1),
            1 => (start, start + 8),
            2 => {
                let (length, start) = read_varint(bytes, start)?;
                (start, start.checked_add(usize::try_from(length).ok()?)?)
            }
            5 => (start, start + 4),
            _ => return None,
        };
        if end > bytes.len() || key >> 3 == 0 || key >> 3 > 32 {
            return None;
        }
        found.push(Field { whole: at..end, value: value..end, wire: key & 7, tag: key >> 3 });
        at = end;
    }
    Some(found)
}

fn read_varint(bytes: &[u8], mut at: usize) -> Option<(u64, usize)> {
    let mut value = 0;
    for shift in (0..64).step_by(7) {
        let byte = *bytes.get(at)?;
        at += 1;
        value |= u64::from(byte & 0x7f) << shift;
        if byte < 0x80 {
            return Some((value, at));
        }
    }
    None
}
