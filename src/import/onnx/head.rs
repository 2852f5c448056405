//! The end of a network: which of its last steps are the head that class maps are taken from.

use super::expr::{Expr, One};
use super::walk::{Map, Walk};
use crate::bundle::WeightMap;
use crate::bundle::blueprint::{Activation, Blueprint, Conv, Head, HeadKind, Node, Op, ValueId};
use crate::bundle::card;

/// A network that was taken from a file.
#[derive(Debug)]
pub struct Taken {
    pub blueprint: Blueprint,
    pub weights: WeightMap,
    pub classes: usize,
    /// What makes probabilities of its scores, where the file says so.
    pub ends_with: Option<card::OutputActivation>,
}

/// What the head reads, and what it is.
struct End {
    value: ValueId,
    name: String,
    kind: HeadKind,
}

/// Finds the head of the network that ends in `last`.
///
/// # Errors
/// A last value that is not one number a class.
pub fn finish(mut walk: Walk<'_>, mut last: Map) -> Result<Taken, String> {
    let mut ends_with = last.is_softmax.then_some(card::OutputActivation::Softmax);
    if let Expr::One(One::Activation(Activation::Sigmoid), scores) = &last.expr
        && ends_with.is_none()
    {
        ends_with = Some(card::OutputActivation::Sigmoid);
        last.expr = (**scores).clone();
    }
    let scores = walk.settled(&last)?;
    let [classes, height, width] = walk.shapes[scores];
    if height * width != 1 || scores == 0 {
        return Err(format!("it ends in a map of {classes}×{height}×{width}; a classifier ends in one value a class"));
    }
    let end = linear(&mut walk, scores).or_else(|| averaged(&mut walk, scores));
    let end = match end {
        Some(end) => end?,
        None => as_they_are(&mut walk, scores, classes)?,
    };
    let nodes = reached(&walk.nodes, end.value);
    let head = Head { name: end.name, kind: end.kind };
    let blueprint = Blueprint { input: walk.shapes[0], nodes, head };
    let mut all = walk.weights;
    let take = |spec: crate::bundle::TensorSpec| all.remove(&spec.name).map(|tensor| (spec.name, tensor));
    let weights = blueprint.tensors(classes)?.into_iter().filter_map(take).collect();
    Ok(Taken { blueprint, weights, classes, ends_with })
}

/// A linear layer, behind global average pooling or whatever else ends in one cell.
fn linear(walk: &mut Walk<'_>, scores: ValueId) -> Option<Result<End, String>> {
    let Node { name, op: Op::Conv(conv), from } = walk.nodes[scores - 1].clone() else { return None };
    let features = from[0];
    if walk.shapes[features][1..] != [1, 1] || conv.kernel != [1, 1] || conv.groups != 1 {
        return None;
    }
    let pooled = features.checked_sub(1).map(|n| &walk.nodes[n]).filter(|node| node.op == Op::GlobalAveragePool);
    let value = pooled.map_or(features, |node| node.from[0]);
    Some(linear_end(walk, name, conv, value))
}

fn linear_end(walk: &mut Walk<'_>, name: String, conv: Conv, value: ValueId) -> Result<End, String> {
    if let Some(weight) = walk.weights.get_mut(&format!("{name}.weight")) {
        weight.shape.truncate(2);
    }
    with_bias(walk, &name, conv)?;
    Ok(End { value, name, kind: HeadKind::Linear })
}

/// A head has a bias, if only of zeros.
fn with_bias(walk: &mut Walk<'_>, name: &str, conv: Conv) -> Result<(), String> {
    if conv.bias { Ok(()) } else { walk.keep(format!("{name}.bias"), vec![conv.outputs], vec![0.0; conv.outputs]) }
}

/// Global average pooling of a convolution with one kernel per class, perhaps with a ReLU between.
fn averaged(walk: &mut Walk<'_>, scores: ValueId) -> Option<Result<End, String>> {
    let made = |walk: &Walk<'_>, value: ValueId| value.checked_sub(1).map(|n| walk.nodes[n].clone());
    let pool = made(walk, scores).filter(|node| node.op == Op::GlobalAveragePool)?;
    let mut maker = made(walk, pool.from[0])?;
    let relu = maker.op == Op::Activation(Activation::Relu);
    if relu {
        maker = made(walk, maker.from[0])?;
    }
    let Node { name, op: Op::Conv(conv), from } = maker else { return None };
    let kernel = conv.kernel[0];
    if (Conv { bias: conv.bias, ..Conv::square(conv.outputs, kernel, 1) }) != conv || kernel % 2 == 0 {
        return None;
    }
    if kernel == 1 && !relu {
        return Some(linear_end(walk, name, conv, from[0]));
    }
    let kind = HeadKind::Conv { kernel, relu, bias_in_map: relu };
    Some(with_bias(walk, &name, conv).map(|()| End { value: from[0], name, kind }))
}

/// Whatever else ends in one value a class: these values are the scores, by a linear layer that changes nothing.
fn as_they_are(walk: &mut Walk<'_>, scores: ValueId, classes: usize) -> Result<End, String> {
    if classes > 4096 {
        return Err(format!("it ends in {classes} values, too many for classes"));
    }
    let node = &walk.nodes[scores - 1];
    let value = if node.op == Op::GlobalAveragePool { node.from[0] } else { scores };
    let name = walk.unique("classes");
    let ones = (0..classes * classes).map(|n| if n % (classes + 1) == 0 { 1.0 } else { 0.0 }).collect();
    walk.keep(format!("{name}.weight"), vec![classes, classes], ones)?;
    walk.keep(format!("{name}.bias"), vec![classes], vec![0.0; classes])?;
    Ok(End { value, name, kind: HeadKind::Linear })
}

/// The nodes that `value` comes from, in their order; it is what the last of them makes.
fn reached(nodes: &[Node], value: ValueId) -> Vec<Node> {
    let mut is_needed = vec![false; nodes.len() + 1];
    is_needed[value] = true;
    for (n, node) in nodes.iter().enumerate().rev() {
        if is_needed[n + 1] {
            node.from.iter().for_each(|id| is_needed[*id] = true);
        }
    }
    let mut now = vec![0; nodes.len() + 1];
    let mut kept = Vec::new();
    for (n, node) in nodes.iter().enumerate().filter(|(n, _)| is_needed[n + 1]) {
        kept.push(Node { from: node.from.iter().map(|id| now[*id]).collect(), ..node.clone() });
        now[n + 1] = kept.len();
    }
    kept
}
