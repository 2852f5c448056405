//! What each operator of ONNX becomes.

mod fold;
mod layers;
mod pools;
mod shapes;
mod values;

use std::ops::Range;

use super::constant::MOST_AXES;
use super::file::Node;
use super::walk::{Value, Walk};

/// Takes one node.
///
/// # Errors
/// Why it cannot be taken, in a sentence without its name.
pub fn take(walk: &mut Walk<'_>, node: &Node) -> Result<(), String> {
    if !matches!(node.domain.as_str(), "" | "ai.onnx") {
        return Err(format!("operators of `{}` are not known here", node.domain));
    }
    if let Some(name) = node.inputs.iter().find(|name| !walk.knows(name)) {
        return Err(format!("nothing makes `{name}`, which it reads"));
    }
    if !(0..node.inputs.len()).any(|n| walk.is_map(node, n)) {
        return fold::take(walk, node);
    }
    match node.kind.as_str() {
        "Conv" => layers::conv(walk, node),
        "Gemm" => layers::gemm(walk, node),
        "MatMul" => layers::matrix_product(walk, node),
        "BatchNormalization" => layers::batch_norm(walk, node),
        "LayerNormalization" => layers::layer_norm(walk, node),
        "MaxPool" => pools::max_pool(walk, node),
        "AveragePool" => pools::average_pool(walk, node),
        "GlobalAveragePool" => pools::global_average(walk, node),
        "GlobalMaxPool" => pools::global_max(walk, node),
        "ReduceMean" => pools::reduce(walk, node, pools::global_average),
        "ReduceMax" => pools::reduce(walk, node, pools::global_max),
        "Resize" | "Upsample" => pools::resize(walk, node),
        "Pad" => pools::pad(walk, node),
        "Flatten" => shapes::flatten(walk, node),
        "Reshape" => shapes::reshape(walk, node),
        "Squeeze" => shapes::squeeze(walk, node),
        "Unsqueeze" => shapes::unsqueeze(walk, node),
        "Transpose" => shapes::transpose(walk, node),
        "Shape" => shapes::shape(walk, node),
        "Concat" => shapes::concat(walk, node),
        "Gather" => shapes::gather(walk, node),
        "Slice" => shapes::slice(walk, node),
        "Split" => shapes::split(walk, node),
        "Identity" | "Dropout" | "Cast" => values::same(walk, node),
        "Softmax" | "LogSoftmax" => values::softmax(walk, node),
        "Sum" => values::sum(walk, node),
        "Clip" => values::clip(walk, node),
        "PRelu" => values::leaky(walk, node),
        kind => match (values::one(node), values::two(kind)) {
            (Some(one), _) => values::take_one(walk, node, one),
            (None, Some(two)) => values::take_two(walk, node, two),
            (None, None) => Err("this operator has no way back here".to_owned()),
        },
    }
}

/// Non-negative integers of an attribute of `N` of them.
fn sizes<const N: usize>(node: &Node, name: &str, otherwise: usize) -> Result<[usize; N], String> {
    let Some(attribute) = node.attribute(name) else { return Ok([otherwise; N]) };
    let found = attribute.ints.iter().map(|side| usize::try_from(*side).ok()).collect::<Option<Vec<_>>>();
    found.and_then(|found| found.try_into().ok()).ok_or_else(|| format!("its `{name}` is {:?}", attribute.ints))
}

/// An axis of so many, counted from the end where it is negative.
fn axis_of(axis: i64, rank: usize) -> Result<usize, String> {
    let from_start = if axis < 0 { axis.checked_add_unsigned(rank as u64) } else { Some(axis) };
    let axis = from_start.and_then(|axis| usize::try_from(axis).ok()).filter(|axis| *axis < rank);
    axis.ok_or_else(|| format!("there is no such axis of {rank}"))
}

/// Integers of an attribute or of input `n`, as newer files have it.
fn integers_of(walk: &Walk<'_>, node: &Node, name: &str, n: usize) -> Result<Option<Vec<i64>>, String> {
    match (node.attribute(name), walk.constant(node, n)?) {
        (Some(attribute), _) => Ok(Some(attribute.ints.clone())),
        (None, Some(constant)) => constant.as_integers().map(|list| Some(list.to_vec())),
        (None, None) => Ok(None),
    }
}

/// Like [`integers_of`], of axes.
fn axes_of(walk: &Walk<'_>, node: &Node, n: usize, rank: usize) -> Result<Option<Vec<usize>>, String> {
    let Some(given) = integers_of(walk, node, "axes", n)? else { return Ok(None) };
    if rank > MOST_AXES || given.len() > MOST_AXES {
        return Err(format!("{rank} axes are too many"));
    }
    given.into_iter().map(|axis| axis_of(axis, rank)).collect::<Result<_, _>>().map(Some)
}

/// Dimensions with the axes of one that an Unsqueeze adds.
fn unsqueezed(walk: &Walk<'_>, node: &Node, mut dims: Vec<usize>) -> Result<Vec<usize>, String> {
    let more = integers_of(walk, node, "axes", 1)?.ok_or("its axes are not known")?.len();
    let mut axes = axes_of(walk, node, 1, dims.len() + more)?.unwrap_or_default();
    axes.sort_unstable();
    axes.iter().for_each(|axis| dims.insert((*axis).min(dims.len()), 1));
    Ok(dims)
}

/// From `start` to `end` of so many, both counted from the end where they are negative.
fn run_of(start: i64, end: i64, count: usize) -> Range<usize> {
    let long = count as i64;
    let place = |at: i64| if at < 0 { at.saturating_add(long) } else { at }.clamp(0, long) as usize;
    place(start)..place(end).max(place(start))
}
