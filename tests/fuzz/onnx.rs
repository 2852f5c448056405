//! ONNX files: a small network with steps of every kind in its middle, then its fields changed one by one.

use std::path::Path;
use std::sync::LazyLock;

use fovea::bundle::Card;
use fovea::explain::{Explainer, Settings};
use fovea::import;
use fovea::network::device;
use fovea::scan::{Pixels, Scan};

use super::choices::Choices;
use super::common::family_card;
use super::common::formula::values;
use super::common::onnx::{Part, floats, int, integers, ints, model, node, number, part, word};
use super::fields;

const KINDS: [&str; 56] = [
    "Relu",
    "MaxPool",
    "AveragePool",
    "Conv",
    "BatchNormalization",
    "Add",
    "Mul",
    "Concat",
    "Reshape",
    "Transpose",
    "Flatten",
    "Pad",
    "ReduceMean",
    "Gather",
    "Slice",
    "Split",
    "Squeeze",
    "Unsqueeze",
    "Shape",
    "Cast",
    "Constant",
    "Softmax",
    "Resize",
    "Identity",
    "Sigmoid",
    "HardSigmoid",
    "HardSwish",
    "LayerNormalization",
    "Pow",
    "Sqrt",
    "Erf",
    "Div",
    "Sub",
    "ConstantOfShape",
    "Expand",
    "Tile",
    "Where",
    "Range",
    "Clip",
    "LeakyRelu",
    "PRelu",
    "Elu",
    "Gelu",
    "Gemm",
    "MatMul",
    "GlobalAveragePool",
    "GlobalMaxPool",
    "Dropout",
    "Exp",
    "Neg",
    "Max",
    "Min",
    "Abs",
    "Floor",
    "Equal",
    "Tanh",
];
const ATTRIBUTES: [&str; 20] = [
    "pads",
    "strides",
    "kernel_shape",
    "dilations",
    "axes",
    "perm",
    "axis",
    "group",
    "ceil_mode",
    "count_include_pad",
    "keepdims",
    "transB",
    "transA",
    "to",
    "split",
    "starts",
    "ends",
    "allowzero",
    "batch_dims",
    "value_ints",
];
const NAMES: [&str; 14] =
    ["a", "first.weight", "first.bias", "last.weight", "last.bias", "i0", "i1", "i2", "f0", "f1", "b0", "b1", "b2", ""];

static CARD: LazyLock<Card> = LazyLock::new(|| {
    let text = toml::to_string(&family_card("graph", "network = \"resnet18\"", [3, 64, 64], 3)).unwrap();
    let text = text.replace("height = 64", "height = 12").replace("width = 64", "width = 10");
    Card::form(&text).unwrap()
});

pub fn make(c: &mut Choices<'_>) -> Vec<u8> {
    let mut nodes = vec![node("Conv", &["x", "first.weight", "first.bias"], "a", &[ints("pads", &[1, 1, 1, 1])])];
    let mut last = "a";
    for name in ["b0", "b1", "b2"] {
        if c.once_in(2) {
            nodes.push(any_node(c, last, name));
            last = name;
        }
    }
    let pooled = [node("GlobalAveragePool", &[last], "p", &[]), node("Flatten", &["p"], "f", &[])];
    nodes.extend(pooled);
    nodes.push(node("Gemm", &["f", "last.weight", "last.bias"], "y", &[int("transB", 1)]));
    let mut bytes = model(&[1, 3, 12, 10], &tensors(c), &nodes);
    for _ in 0..c.below(3) {
        fields::change(c, &mut bytes, 0);
    }
    c.perhaps_mangle(8, &mut bytes, b"\x0a\xff\xff\xff\xff\x0f");
    bytes
}

/// Those of the network, and constants that other steps may read.
fn tensors(c: &mut Choices<'_>) -> Vec<Part> {
    let list = |c: &mut Choices<'_>| -> Vec<i64> {
        let plain = [&[1, 4, 12, 10][..], &[0], &[-1], &[2, 3], &[0, 0, 1, 1, 0, 0, 1, 1], &[1, 2, 2, 12, 10], &[]];
        let mut list = c.of(&plain).to_vec();
        if c.once_in(3) {
            list.push(c.odd().cast_signed());
        }
        list
    };
    let [i0, i1, i2] = [list(c), list(c), list(c)];
    let plain = [&[4, 4, 1, 1][..], &[4, 1, 3, 3], &[1, 4, 1, 1], &[4], &[]];
    let dims = c.of(&plain);
    let count = dims.iter().product::<i64>() as usize;
    let scalar = c.one(&[0.0, 6.0, -1.0, f32::NAN, f32::INFINITY, 1e38, 1e-40]);
    vec![
        floats("first.weight", &[4, 3, 3, 3], &values(108, 1)),
        floats("first.bias", &[4], &values(4, 2)),
        floats("last.weight", &[3, 4], &values(12, 3)),
        floats("last.bias", &[3], &values(3, 4)),
        integers("i0", &i0),
        integers("i1", &i1),
        integers("i2", &i2),
        floats("f0", dims, &values(count, 5)),
        floats("f1", &[], &[scalar]),
    ]
}

fn any_node(c: &mut Choices<'_>, from: &str, to: &str) -> Part {
    let mut inputs = vec![from];
    for _ in 0..c.below(4) {
        inputs.push(c.of(&NAMES));
    }
    if c.once_in(8) {
        inputs.reverse();
    }
    let attribute = |c: &mut Choices<'_>| {
        let name = c.of(&ATTRIBUTES);
        let small =
            [&[1, 1][..], &[2, 2], &[3, 3], &[1, 1, 1, 1], &[0, 1, 1, 0], &[2, 3], &[0, 3, 1, 2], &[0, 2, 3, 1], &[1]];
        match c.below(5) {
            0 => int(name, c.one(&[0, 1, 2, -1, 3, 4])),
            1 => int(name, c.odd().cast_signed()),
            2 => ints(name, &[c.odd().cast_signed(), 1]),
            3 => word("auto_pad", c.of(&["SAME_UPPER", "SAME_LOWER", "VALID", "x"])),
            _ => ints(name, c.of(&small)),
        }
    };
    let mut attributes: Vec<Part> = (0..c.below(4)).map(|_| attribute(c)).collect();
    if c.once_in(6) {
        attributes.push([part(1, b"value"), part(5, &integers("", &[c.odd().cast_signed()]))].concat());
    }
    if c.once_in(6) {
        attributes.push([part(1, c.of(&["alpha", "beta", "epsilon"]).as_bytes()), number(3, 1)].concat());
    }
    node(c.of(&KINDS), &inputs, to, &attributes)
}

/// The file as a model, and one look with it: whatever is taken must run.
pub fn read(path: &Path) -> Result<(), String> {
    let bundle = import::read_onnx(path, &CARD).map_err(|error| error.to_string())?;
    let settings = Settings::recommended(&bundle.card);
    let explainer = Explainer::new(bundle, &device::cpu()).map_err(|error| error.to_string())?;
    let picture = image::RgbImage::from_fn(13, 9, |x, y| image::Rgb([x as u8 * 9, y as u8 * 20, 77]));
    let explained = explainer.explain(&Scan::new(Pixels::Rgb8(picture), "drawn"), &settings);
    explained.map(drop).map_err(|error| error.to_string())
}
