//! Nodes that depend on no picture: what exporters leave of shapes, and of weights that they have not worked out.

use super::values::two;
use super::{axes_of, axis_of, run_of, unsqueezed};
use crate::import::onnx::constant::{Constant, Values};
use crate::import::onnx::file::Node;
use crate::import::onnx::walk::Walk;

pub(super) fn take(walk: &mut Walk<'_>, node: &Node) -> Result<(), String> {
    let made = match node.kind.as_str() {
        "Constant" => constant(walk, node)?,
        "Identity" | "Cast" => cast(walk.needed(node, 0)?, node.int("to", 0)),
        "Transpose" => {
            let value = walk.needed(node, 0)?;
            let reversed = (0..value.dims.len()).rev().collect();
            let order = node.attribute("perm").map_or(Ok(reversed), |attribute| {
                attribute.ints.iter().map(|axis| axis_of(*axis, value.dims.len())).collect::<Result<Vec<_>, _>>()
            })?;
            value.transposed(&order)?
        }
        "Reshape" => walk.needed(node, 0)?.reshaped(walk.needed(node, 1)?.as_integers()?)?,
        "Squeeze" => {
            let mut value = walk.needed(node, 0)?;
            let gone = axes_of(walk, node, 1, value.dims.len())?;
            let mut axis = 0;
            value.dims.retain(|side| {
                axis += 1;
                *side != 1 || gone.as_ref().is_some_and(|gone| !gone.contains(&(axis - 1)))
            });
            value
        }
        "Unsqueeze" => {
            let value = walk.needed(node, 0)?;
            Constant { dims: unsqueezed(walk, node, value.dims)?, values: value.values }
        }
        "Concat" => {
            let parts = (0..node.inputs.len()).map(|n| walk.needed(node, n)).collect::<Result<Vec<_>, _>>()?;
            let lists = parts.iter().map(Constant::as_integers).collect::<Result<Vec<_>, _>>()?;
            Constant::integers(lists.concat())
        }
        "Gather" => {
            let (values, indices) = (walk.needed(node, 0)?, walk.needed(node, 1)?);
            let (list, wanted) = (values.as_integers()?, indices.as_integers()?);
            let taken = wanted.iter().map(|index| axis_of(*index, list.len()).map(|n| list[n]));
            Constant { dims: indices.dims.clone(), values: Values::Integers(taken.collect::<Result<_, _>>()?) }
        }
        "Slice" => {
            let value = walk.needed(node, 0)?;
            let list = value.as_integers()?;
            let [start, end] = [walk.needed(node, 1)?, walk.needed(node, 2)?];
            let ([start], [end], None | Some([1])) = (
                start.as_integers()?,
                end.as_integers()?,
                walk.constant(node, 4)?.as_ref().map(Constant::as_integers).transpose()?,
            ) else {
                return Err("one run of a list can be cut out".to_owned());
            };
            Constant::integers(list[run_of(*start, *end, list.len())].to_vec())
        }
        "ConstantOfShape" => filled(walk, node)?,
        "Sqrt" => {
            let value = walk.needed(node, 0)?;
            Constant::floats(value.dims.clone(), value.as_floats()?.iter().map(|v| v.sqrt()).collect())
        }
        kind => match two(kind) {
            Some(two) => between(&walk.needed(node, 0)?, &walk.needed(node, 1)?, |a, b| two.at(a, b))?,
            None => return Err("this operator is not worked out beforehand".to_owned()),
        },
    };
    walk.set_constant(node, made)
}

fn constant(walk: &Walk<'_>, node: &Node) -> Result<Constant, String> {
    if let Some(tensor) = node.attribute("value").and_then(|attribute| attribute.tensor.as_ref()) {
        return walk.read(tensor);
    }
    let find = |name: &str| node.attribute(name);
    match (find("value_float"), find("value_int"), find("value_floats"), find("value_ints")) {
        (Some(one), ..) => Ok(Constant::floats(Vec::new(), vec![one.float])),
        (_, Some(one), ..) => Ok(Constant { dims: Vec::new(), values: Values::Integers(vec![one.int]) }),
        (_, _, Some(list), _) => Ok(Constant::floats(vec![list.floats.len()], list.floats.clone())),
        (.., Some(list)) => Ok(Constant::integers(list.ints.clone())),
        _ => Err("constants of texts or with gaps are not read".to_owned()),
    }
}

/// One value everywhere.
fn filled(walk: &Walk<'_>, node: &Node) -> Result<Constant, String> {
    let sides = walk.needed(node, 0)?;
    let dims = sides.as_integers()?.iter().map(|side| usize::try_from(*side).ok()).collect::<Option<Vec<_>>>();
    let count = dims.as_ref().and_then(|dims| dims.iter().try_fold(1usize, |all, side| all.checked_mul(*side)));
    let (Some(dims), Some(count)) = (dims, count.filter(|count| *count <= 1 << 27)) else {
        return Err("it makes far too many values".to_owned());
    };
    let value = node.attribute("value").and_then(|attribute| attribute.tensor.as_ref());
    let value = value.map(|tensor| walk.read(tensor)).transpose()?;
    let values = match value.map(|value| value.values) {
        Some(Values::Integers(one)) => {
            Values::Integers(vec![one.first().copied().unwrap_or_default(); count.min(4096)])
        }
        Some(Values::Floats(one)) => Values::Floats(vec![one.first().copied().unwrap_or_default(); count]),
        None => Values::Floats(vec![0.0; count]),
    };
    let made = Constant { dims, values };
    if made.len() == count { Ok(made) } else { Err("it makes far too many integers".to_owned()) }
}

/// To ONNX's type `to`, of the two kinds that there are here.
fn cast(value: Constant, to: i64) -> Constant {
    let values = match (value.values, to) {
        (Values::Integers(list), 1 | 10 | 11 | 16) => Values::Floats(list.iter().map(|v| *v as f32).collect()),
        (Values::Floats(list), 6 | 7) => Values::Integers(list.iter().map(|v| *v as i64).collect()),
        (values, _) => values,
    };
    Constant { dims: value.dims, values }
}

/// Value by value; one of the two may be a single number.
fn between(a: &Constant, b: &Constant, of: impl Fn(f64, f64) -> f64) -> Result<Constant, String> {
    let number = |constant: &Constant, n: usize| match &constant.values {
        Values::Floats(list) => f64::from(list[n % list.len()]),
        Values::Integers(list) => list[n % list.len()] as f64,
    };
    let larger = if a.scalar().is_some() { b } else { a };
    if a.dims != b.dims && a.scalar().is_none() && b.scalar().is_none() || larger.dims.contains(&0) {
        return Err(format!("constants of {:?} and {:?} do not fit", a.dims, b.dims));
    }
    let count = larger.dims.iter().product();
    let made = (0..count).map(|n| of(number(a, n), number(b, n)));
    let values = match (&a.values, &b.values) {
        (Values::Integers(_), Values::Integers(_)) => Values::Integers(made.map(|v| v.trunc() as i64).collect()),
        _ => Values::Floats(made.map(|v| v as f32).collect()),
    };
    Ok(Constant { dims: larger.dims.clone(), values })
}
