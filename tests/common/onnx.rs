//! ONNX files written by hand, field by field (onnx.proto3).

/// A part of a file.
pub type Part = Vec<u8>;

pub fn varint(mut value: u64) -> Part {
    let mut out = Vec::new();
    while value >= 0x80 {
        out.push(value as u8 | 0x80);
        value >>= 7;
    }
    out.push(value as u8);
    out
}

pub fn number(tag: u64, value: i64) -> Part {
    [varint(tag << 3), varint(value as u64)].concat()
}

pub fn part(tag: u64, bytes: &[u8]) -> Part {
    [&varint(tag << 3 | 2), &varint(bytes.len() as u64), bytes].concat()
}

fn text(tag: u64, text: &str) -> Part {
    part(tag, text.as_bytes())
}

/// A constant of floats.
pub fn floats(name: &str, dims: &[i64], values: &[f32]) -> Part {
    let raw: Vec<u8> = values.iter().flat_map(|v| v.to_le_bytes()).collect();
    [dims.iter().flat_map(|side| number(1, *side)).collect(), number(2, 1), text(8, name), part(9, &raw)].concat()
}

/// A list of int64.
pub fn integers(name: &str, values: &[i64]) -> Part {
    let raw: Vec<u8> = values.iter().flat_map(|v| v.to_le_bytes()).collect();
    [number(1, values.len() as i64), number(2, 7), text(8, name), part(9, &raw)].concat()
}

/// An attribute of integers.
pub fn ints(name: &str, values: &[i64]) -> Part {
    [text(1, name), values.iter().flat_map(|v| number(8, *v)).collect()].concat()
}

/// An attribute of one integer.
pub fn int(name: &str, value: i64) -> Part {
    [text(1, name), number(3, value)].concat()
}

/// An attribute of a text.
pub fn word(name: &str, value: &str) -> Part {
    [text(1, name), text(4, value)].concat()
}

/// A node that makes one value.
pub fn node(kind: &str, inputs: &[&str], output: &str, attributes: &[Part]) -> Part {
    let inputs: Part = inputs.iter().flat_map(|name| text(1, name)).collect();
    let attributes: Part = attributes.iter().flat_map(|attribute| part(5, attribute)).collect();
    [inputs, text(2, output), text(3, &format!("node of {output}")), text(4, kind), attributes].concat()
}

/// A network that reads `x` of `dims` (0 is open) and gives `y`.
pub fn model(dims: &[i64], tensors: &[Part], nodes: &[Part]) -> Vec<u8> {
    let side = |side: &i64| part(1, &if *side == 0 { text(2, "open") } else { number(1, *side) });
    let shape: Part = dims.iter().flat_map(side).collect();
    let kind = part(1, &[number(1, 1), part(2, &shape)].concat());
    let input = [text(1, "x"), part(2, &kind)].concat();
    let nodes: Part = nodes.iter().flat_map(|node| part(1, node)).collect();
    let tensors: Part = tensors.iter().flat_map(|tensor| part(5, tensor)).collect();
    let graph = [nodes, text(2, "made by hand"), tensors, part(11, &input), part(12, &text(1, "y"))].concat();
    [number(1, 8), part(7, &graph), part(8, &number(2, 17))].concat()
}
