//! The parts of an ONNX file (onnx.proto3), read field by field: nothing is nested deeper than here, nothing is kept that
//! is not asked for, and values stay in the file's own bytes until somebody wants them.
//!
//! Such a file is hostile until shown otherwise. What it makes us allocate is bounded by [`MOST_FIELDS`].

use prost::bytes::{Buf, Bytes};
use prost::encoding::{DecodeContext, WireType, decode_key, decode_varint, skip_field};

/// Fields and integers of a whole file; the largest networks have some ten thousand.
const MOST_FIELDS: usize = 1 << 20;

/// A network as its file has it.
#[derive(Debug, Default)]
pub struct Graph {
    pub nodes: Vec<Node>,
    pub initializers: Vec<Tensor>,
    pub inputs: Vec<Input>,
    /// Names of values.
    pub outputs: Vec<String>,
}

#[derive(Debug, Clone, Default)]
pub struct Node {
    pub name: String,
    /// Its operator.
    pub kind: String,
    /// Of operators that ONNX itself does not know.
    pub domain: String,
    /// Names of values; empty where one is left out.
    pub inputs: Vec<String>,
    pub outputs: Vec<String>,
    pub attributes: Vec<Attribute>,
}

#[derive(Debug, Clone, Default)]
pub struct Attribute {
    pub name: String,
    pub float: f32,
    pub int: i64,
    pub string: Bytes,
    pub tensor: Option<Tensor>,
    pub floats: Vec<f32>,
    pub ints: Vec<i64>,
}

/// A tensor whose values have not been read.
#[derive(Debug, Clone, Default)]
pub struct Tensor {
    pub name: String,
    pub dims: Vec<i64>,
    /// As `TensorProto.DataType` counts them.
    pub kind: u64,
    /// Values in the type's own bytes, little-endian.
    pub raw: Option<Bytes>,
    /// Values of a list of its own, packed or one by one: floats, doubles or varints.
    pub listed: Vec<Bytes>,
    pub varints: Vec<i64>,
    /// Key and value: where the values lie in another file.
    pub external: Vec<(String, String)>,
    pub is_external: bool,
}

/// What a network reads, or an initializer that is listed as such.
#[derive(Debug, Clone, Default)]
pub struct Input {
    pub name: String,
    /// `None` where it is left open.
    pub dims: Vec<Option<i64>>,
}

enum Field {
    Number(u64),
    /// Length-delimited, or of a fixed width.
    Bytes(Bytes),
}

struct Reader {
    fields_left: usize,
}

type Read<T> = Result<T, String>;

/// Reads the network of a file.
///
/// # Errors
/// Bytes that are no ONNX file, one without a network, and one of too many parts.
pub fn graph(bytes: Bytes) -> Result<Graph, String> {
    let mut reader = Reader { fields_left: MOST_FIELDS };
    let mut found = None;
    let read = reader.each(bytes, |reader, tag, field| match (tag, field) {
        (7, Field::Bytes(bytes)) => reader.graph(bytes).map(|graph| found = Some(graph)),
        _ => Ok(()),
    });
    read.and_then(|()| found.ok_or_else(|| "it holds no network".to_owned()))
}

impl Reader {
    fn count(&mut self) -> Read<()> {
        self.fields_left = self.fields_left.checked_sub(1).ok_or("it has far too many parts for a network")?;
        Ok(())
    }

    fn each(&mut self, mut bytes: Bytes, mut take: impl FnMut(&mut Self, u32, Field) -> Read<()>) -> Read<()> {
        while bytes.has_remaining() {
            self.count()?;
            let (tag, wire) = decode_key(&mut bytes).map_err(said)?;
            let length = match wire {
                WireType::Varint => {
                    let number = decode_varint(&mut bytes).map_err(said)?;
                    take(self, tag, Field::Number(number))?;
                    continue;
                }
                WireType::LengthDelimited => decode_varint(&mut bytes).map_err(said)?,
                WireType::ThirtyTwoBit => 4,
                WireType::SixtyFourBit => 8,
                _ => {
                    skip_field(wire, tag, &mut bytes, DecodeContext::default()).map_err(said)?;
                    continue;
                }
            };
            let length = usize::try_from(length).ok().filter(|length| *length <= bytes.remaining()).ok_or_else(cut)?;
            let part = bytes.split_to(length);
            take(self, tag, Field::Bytes(part))?;
        }
        Ok(())
    }

    fn graph(&mut self, bytes: Bytes) -> Read<Graph> {
        let mut graph = Graph::default();
        self.each(bytes, |reader, tag, field| {
            let Field::Bytes(bytes) = field else { return Ok(()) };
            match tag {
                1 => graph.nodes.push(reader.node(bytes)?),
                5 => graph.initializers.push(reader.tensor(bytes)?),
                11 => graph.inputs.push(reader.input(bytes)?),
                12 => graph.outputs.push(reader.input(bytes)?.name),
                _ => {}
            }
            Ok(())
        })?;
        Ok(graph)
    }

    fn node(&mut self, bytes: Bytes) -> Read<Node> {
        let mut node = Node::default();
        self.each(bytes, |reader, tag, field| {
            let Field::Bytes(bytes) = field else { return Ok(()) };
            match tag {
                1 => node.inputs.push(text(&bytes)),
                2 => node.outputs.push(text(&bytes)),
                3 => node.name = text(&bytes),
                4 => node.kind = text(&bytes),
                5 => node.attributes.push(reader.attribute(bytes)?),
                7 => node.domain = text(&bytes),
                _ => {}
            }
            Ok(())
        })?;
        Ok(node)
    }

    /// Networks inside of attributes are not read: no operator that has one can be taken.
    fn attribute(&mut self, bytes: Bytes) -> Read<Attribute> {
        let mut attribute = Attribute::default();
        self.each(bytes, |reader, tag, field| {
            match (tag, field) {
                (1, Field::Bytes(bytes)) => attribute.name = text(&bytes),
                (2, Field::Bytes(bytes)) => attribute.float = floats(&bytes).next().ok_or_else(cut)?,
                (3, Field::Number(number)) => attribute.int = number.cast_signed(),
                (4, Field::Bytes(bytes)) => attribute.string = bytes,
                (5, Field::Bytes(bytes)) => attribute.tensor = Some(reader.tensor(bytes)?),
                (7, Field::Bytes(bytes)) => attribute.floats.extend(floats(&bytes)),
                (8, field) => reader.integers(field, &mut attribute.ints)?,
                _ => {}
            }
            Ok(())
        })?;
        Ok(attribute)
    }

    fn tensor(&mut self, bytes: Bytes) -> Read<Tensor> {
        let mut tensor = Tensor::default();
        self.each(bytes, |reader, tag, field| {
            match (tag, field) {
                (1, field) => reader.integers(field, &mut tensor.dims)?,
                (2, Field::Number(kind)) => tensor.kind = kind,
                (4 | 10, Field::Bytes(bytes)) => tensor.listed.push(bytes),
                (5 | 7, field) => reader.integers(field, &mut tensor.varints)?,
                (8, Field::Bytes(bytes)) => tensor.name = text(&bytes),
                (9, Field::Bytes(bytes)) => tensor.raw = Some(bytes),
                (13, Field::Bytes(bytes)) => tensor.external.push(reader.entry(bytes)?),
                (14, Field::Number(place)) => tensor.is_external = place == 1,
                _ => {}
            }
            Ok(())
        })?;
        Ok(tensor)
    }

    fn entry(&mut self, bytes: Bytes) -> Read<(String, String)> {
        let mut entry = (String::new(), String::new());
        self.each(bytes, |_, tag, field| {
            match (tag, field) {
                (1, Field::Bytes(bytes)) => entry.0 = text(&bytes),
                (2, Field::Bytes(bytes)) => entry.1 = text(&bytes),
                _ => {}
            }
            Ok(())
        })?;
        Ok(entry)
    }

    /// `ValueInfoProto` → `TypeProto` → `TypeProto.Tensor` → `TensorShapeProto` → `Dimension`.
    fn input(&mut self, bytes: Bytes) -> Read<Input> {
        let mut input = Input::default();
        let mut kind = Bytes::new();
        self.each(bytes, |_, tag, field| {
            match (tag, field) {
                (1, Field::Bytes(bytes)) => input.name = text(&bytes),
                (2, Field::Bytes(bytes)) => kind = bytes,
                _ => {}
            }
            Ok(())
        })?;
        let tensor = self.part(kind, 1)?;
        let shape = self.part(tensor, 2)?;
        self.each(shape, |reader, tag, field| {
            let (1, Field::Bytes(bytes)) = (tag, field) else { return Ok(()) };
            let mut side = None;
            reader.each(bytes, |_, tag, field| {
                if let (1, Field::Number(number)) = (tag, field) {
                    side = Some(number.cast_signed());
                }
                Ok(())
            })?;
            input.dims.push(side);
            Ok(())
        })?;
        Ok(input)
    }

    /// One integer, or many of them packed.
    fn integers(&mut self, field: Field, into: &mut Vec<i64>) -> Read<()> {
        match field {
            Field::Number(number) => into.push(number.cast_signed()),
            Field::Bytes(mut packed) => {
                while packed.has_remaining() {
                    self.count()?;
                    into.push(decode_varint(&mut packed).map_err(said)?.cast_signed());
                }
            }
        }
        Ok(())
    }

    /// The last part under `wanted`.
    fn part(&mut self, bytes: Bytes, wanted: u32) -> Read<Bytes> {
        let mut found = Bytes::new();
        self.each(bytes, |_, tag, field| {
            if let Field::Bytes(bytes) = field
                && tag == wanted
            {
                found = bytes;
            }
            Ok(())
        })?;
        Ok(found)
    }
}

impl Node {
    /// Where it stands in its network: exporters write `/layer1/conv/Conv`; what it makes where it has no name.
    pub fn path(&self) -> &str {
        let path = self.name.rsplit_once('/').map_or(self.name.as_str(), |(path, _)| path).trim_start_matches('/');
        if path.is_empty() { self.outputs.first().map_or("", String::as_str) } else { path }
    }

    pub fn attribute(&self, name: &str) -> Option<&Attribute> {
        self.attributes.iter().find(|attribute| attribute.name == name)
    }

    pub fn int(&self, name: &str, otherwise: i64) -> i64 {
        self.attribute(name).map_or(otherwise, |attribute| attribute.int)
    }

    pub fn float(&self, name: &str, otherwise: f32) -> f32 {
        self.attribute(name).map_or(otherwise, |attribute| attribute.float)
    }

    pub fn string(&self, name: &str) -> String {
        self.attribute(name).map_or_else(String::new, |attribute| text(&attribute.string))
    }
}

fn text(bytes: &Bytes) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

fn floats(bytes: &Bytes) -> impl Iterator<Item = f32> {
    bytes.as_chunks::<4>().0.iter().map(|four| f32::from_le_bytes(*four))
}

fn cut() -> String {
    "it was cut off".to_owned()
}

fn said(error: prost::DecodeError) -> String {
    error.to_string()
}
