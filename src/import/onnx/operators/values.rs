//! What is done value by value, between two maps or a map and a constant.

use crate::bundle::blueprint::{Activation, Op, ValueId};
use crate::import::onnx::constant::Constant;
use crate::import::onnx::expr::{Expr, Known, One, Two};
use crate::import::onnx::file::Node;
use crate::import::onnx::walk::{Axes, Map, Value, Walk};

/// An operator of one input.
pub(super) fn one(node: &Node) -> Option<One> {
    let number = |name: &str, otherwise: f32| f64::from(node.float(name, otherwise));
    Some(match node.kind.as_str() {
        "Relu" => One::Activation(Activation::Relu),
        "LeakyRelu" => One::Activation(Activation::LeakyRelu { slope: number("alpha", 0.01) }),
        "Sigmoid" => One::Activation(Activation::Sigmoid),
        // A sixth is no f32: PyTorch's own is meant.
        "HardSigmoid" if (number("alpha", 0.2) - 1.0 / 6.0).abs() < 1e-6 => {
            One::HardSigmoid { slope: 1.0 / 6.0, shift: number("beta", 0.5) }
        }
        "HardSigmoid" => One::HardSigmoid { slope: number("alpha", 0.2), shift: number("beta", 0.5) },
        "HardSwish" => One::Activation(Activation::HardSwish),
        "Swish" if node.float("alpha", 1.0) == 1.0 => One::Activation(Activation::Silu),
        "Gelu" if node.string("approximate") != "tanh" => One::Activation(Activation::Gelu),
        "Tanh" => One::Tanh,
        "Erf" => One::Erf,
        "Exp" => One::Exp,
        "Log" => One::Log,
        "Softplus" => One::Softplus,
        "Sqrt" => One::Sqrt,
        "Neg" => One::Negative,
        "Abs" => One::Magnitude,
        _ => return None,
    })
}

/// An operator of two inputs.
pub(super) fn two(kind: &str) -> Option<Two> {
    Some(match kind {
        "Add" => Two::Sum,
        "Sub" => Two::Difference,
        "Mul" => Two::Product,
        "Div" => Two::Quotient,
        "Pow" => Two::Power,
        "Min" => Two::Least,
        "Max" => Two::Most,
        _ => return None,
    })
}

/// A map on which values can be changed one by one.
fn plain(walk: &Walk<'_>, node: &Node, n: usize) -> Result<Map, String> {
    let map = walk.map(node, n)?;
    if map.padding == [0; 4] { Ok(map) } else { Err("padding is possible in front of a convolution alone".to_owned()) }
}

pub(super) fn same(walk: &mut Walk<'_>, node: &Node) -> Result<(), String> {
    let map = walk.map(node, 0)?;
    walk.set(node, map);
    Ok(())
}

pub(super) fn softmax(walk: &mut Walk<'_>, node: &Node) -> Result<(), String> {
    let map = plain(walk, node, 0)?;
    // Over which axis: of one cell only that of the channels is meant.
    if walk.shapes[map.id][1..] != [1, 1] {
        return Err("probabilities are possible at the end of a network alone".to_owned());
    }
    walk.set(node, Map { is_softmax: true, ..map });
    Ok(())
}

pub(super) fn take_one(walk: &mut Walk<'_>, node: &Node, one: One) -> Result<(), String> {
    let map = plain(walk, node, 0)?;
    let expr = Expr::one(one, map.expr.clone()).checked()?;
    walk.set(node, Map { expr, ..map });
    Ok(())
}

/// Leaky ReLU with a slope that was learned.
pub(super) fn leaky(walk: &mut Walk<'_>, node: &Node) -> Result<(), String> {
    let map = plain(walk, node, 0)?;
    let slope = walk.needed(node, 1)?.scalar().ok_or("one slope for all channels is possible")?;
    let one = One::Activation(Activation::LeakyRelu { slope: f64::from(slope) });
    let expr = Expr::one(one, map.expr.clone()).checked()?;
    walk.set(node, Map { expr, ..map });
    Ok(())
}

pub(super) fn clip(walk: &mut Walk<'_>, node: &Node) -> Result<(), String> {
    let mut map = plain(walk, node, 0)?;
    for (n, name, two) in [(1, "min", Two::Most), (2, "max", Two::Least)] {
        let of_input = walk.constant(node, n)?.map(|bound| bound.scalar().ok_or("its bounds are no numbers"));
        let bound = of_input.transpose()?.or(node.attribute(name).map(|attribute| attribute.float));
        if let Some(bound) = bound {
            map.expr = Expr::two(two, map.expr, Expr::Number(f64::from(bound))).checked()?;
        }
    }
    walk.set(node, map);
    Ok(())
}

pub(super) fn sum(walk: &mut Walk<'_>, node: &Node) -> Result<(), String> {
    let maps = (0..node.inputs.len()).map(|n| walk.map(node, n)).collect::<Result<Vec<_>, _>>()?;
    let [first, ..] = maps.as_slice() else { return Err("it reads nothing".to_owned()) };
    if maps.iter().any(|map| map.axes != first.axes) {
        return Err("it reads maps in different orders".to_owned());
    }
    let axes = first.axes;
    let parts = maps.iter().map(|map| walk.settled(map)).collect::<Result<Vec<_>, _>>()?;
    let id = if parts.len() == 1 { parts[0] } else { walk.push("", Op::Add, parts)? };
    walk.set(node, Map::new(id, axes));
    Ok(())
}

pub(super) fn take_two(walk: &mut Walk<'_>, node: &Node, two: Two) -> Result<(), String> {
    if node.inputs.len() != 2 {
        return Err(format!("it reads {} values; two are possible", node.inputs.len()));
    }
    match (walk.input(node, 0)?, walk.input(node, 1)?) {
        (Some(Value::Map(_)), Some(Value::Map(_))) => {
            let (a, b) = (plain(walk, node, 0)?, plain(walk, node, 1)?);
            let made = between_maps(walk, two, a, b)?;
            walk.set(node, made);
        }
        (Some(Value::Map(_)), Some(Value::Constant(constant))) => {
            let map = plain(walk, node, 0)?;
            let made = with_constant(walk, node, two, map, &constant, false)?;
            walk.set(node, made);
        }
        (Some(Value::Constant(constant)), Some(Value::Map(_))) => {
            let map = plain(walk, node, 1)?;
            let made = with_constant(walk, node, two, map, &constant, true)?;
            walk.set(node, made);
        }
        _ => return Err("it lacks an input".to_owned()),
    }
    Ok(())
}

fn between_maps(walk: &mut Walk<'_>, two: Two, a: Map, b: Map) -> Result<Map, String> {
    if a.axes != b.axes {
        return Err("it reads maps in different orders".to_owned());
    }
    if a.id == b.id
        && let Ok(expr) = Expr::two(two, a.expr.clone(), b.expr.clone()).checked()
        && (expr.known().is_some() || two != Two::Product || !is_gate(&b) && !is_gate(&a))
    {
        return Ok(Map { expr, ..a });
    }
    let axes = a.axes;
    let id = match two {
        Two::Sum => {
            let parts = vec![walk.settled(&a)?, walk.settled(&b)?];
            walk.push("", Op::Add, parts)?
        }
        Two::Difference => {
            let expr = Expr::one(One::Negative, b.expr.clone()).checked()?;
            let parts = vec![walk.settled(&a)?, walk.settled(&Map { expr, ..b })?];
            walk.push("", Op::Add, parts)?
        }
        Two::Product => {
            let (map, gate) = which_is_gate(walk, a, b)?;
            let parts = vec![walk.settled(&map)?, walk.settled(&gate)?];
            walk.push("", Op::Gate, parts)?
        }
        _ => {
            return Err(
                "between two maps only sums, differences and products with a gate have a way back here".to_owned()
            );
        }
    };
    Ok(Map::new(id, axes))
}

/// The map and its gate: one value a channel, or what a sigmoid has made.
fn which_is_gate(walk: &Walk<'_>, a: Map, b: Map) -> Result<(Map, Map), String> {
    let cells = |map: &Map| walk.shapes[map.id][1] * walk.shapes[map.id][2];
    match (cells(&a), cells(&b)) {
        (many, 1) if many > 1 => Ok((a, b)),
        (1, many) if many > 1 => Ok((b, a)),
        _ => {
            match (is_gate(&a), is_gate(&b)) {
                (false, true) => Ok((a, b)),
                (true, false) => Ok((b, a)),
                _ => Err("of a product of two maps one must be a gate, made by a sigmoid or of one value a channel"
                    .to_owned()),
            }
        }
    }
}

fn is_gate(map: &Map) -> bool {
    let ends_so = |known: &Known| matches!(known, Known::Activation(Activation::Sigmoid | Activation::HardSigmoid));
    match map.expr.known() {
        Some(Known::Steps(steps)) => steps.last().is_some_and(ends_so),
        Some(known) => ends_so(&known),
        None => false,
    }
}

/// With a number, or with one number a channel.
fn with_constant(
    walk: &mut Walk<'_>,
    node: &Node,
    two: Two,
    map: Map,
    constant: &Constant,
    constant_is_first: bool,
) -> Result<Map, String> {
    if let Some(number) = constant.scalar() {
        let number = Expr::Number(f64::from(number));
        let (a, b) = if constant_is_first { (number, map.expr.clone()) } else { (map.expr.clone(), number) };
        return Ok(Map { expr: Expr::two(two, a, b).checked()?, ..map });
    }
    let values = per_channel(walk, &map, constant)?;
    let id = walk.settled(&map)?;
    let axes = map.axes;
    let each = |of: fn(f32) -> f32| values.iter().map(|value| of(*value)).collect::<Vec<f32>>();
    let (of_map, name) = (&node.inputs[usize::from(constant_is_first)], &node.inputs[usize::from(!constant_is_first)]);
    let ones = vec![1.0; values.len()];
    let id = match (two, constant_is_first) {
        (Two::Product, _) => scale(walk, name, id, values)?,
        (Two::Quotient, false) => scale(walk, name, id, each(|value| 1.0 / value))?,
        (Two::Sum, _) => shifted(walk, of_map, id, values)?,
        (Two::Difference, false) => {
            let values = each(|value| -value);
            walk.affine(id, name, ones, values)?
        }
        (Two::Difference, true) => walk.affine(id, name, each(|_| -1.0), values)?,
        _ => return Err("with one number a channel this has no way back here".to_owned()),
    };
    Ok(Map::new(id, axes))
}

/// A factor for each channel; the step is called as its tensor.
fn scale(walk: &mut Walk<'_>, constant: &str, id: ValueId, values: Vec<f32>) -> Result<ValueId, String> {
    let name = walk.unique(constant);
    walk.keep(name.clone(), vec![values.len(), 1, 1], values)?;
    walk.push(&name, Op::Scale, vec![id])
}

/// A bias that stands behind its convolution becomes part of it.
fn shifted(walk: &mut Walk<'_>, of_map: &str, id: ValueId, values: Vec<f32>) -> Result<ValueId, String> {
    if walk.is_open_convolution(of_map)
        && let Op::Conv(conv) = &mut walk.nodes[id - 1].op
        && !conv.bias
    {
        conv.bias = true;
        let name = format!("{}.bias", walk.nodes[id - 1].name);
        walk.keep(name, vec![values.len()], values)?;
        return Ok(id);
    }
    walk.affine(id, "shift", vec![1.0; values.len()], values)
}

/// One value of `constant` for each channel of `map`, where it is spread so.
fn per_channel(walk: &Walk<'_>, map: &Map, constant: &Constant) -> Result<Vec<f32>, String> {
    let dims = walk.dims(map);
    let channels = walk.shapes[map.id][0];
    let axis = match map.axes {
        Axes::ChannelsFirst | Axes::Flat | Axes::FlatChannelsLast => 1,
        Axes::ChannelsLast => 3,
        Axes::Plane | Axes::Row => 0,
        Axes::Groups { .. } => return Err("between groups of channels this has no way back here".to_owned()),
    };
    let missing = dims.len().checked_sub(constant.dims.len()).ok_or("it has more axes than the map")?;
    let is_so = (missing..dims.len()).all(|n| constant.dims[n - missing] == if n == axis { channels } else { 1 });
    if !is_so || axis < missing || dims[axis] != channels {
        return Err(format!("a constant of {:?} is neither one number nor one a channel of {dims:?}", constant.dims));
    }
    Ok(constant.as_floats()?.to_vec())
}
