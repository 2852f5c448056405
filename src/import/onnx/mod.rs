//! From an ONNX file to a bundle whose network is described step by step: no name of a network is needed.
//!
//! The way of the data: [`file`] reads the parts of the file, [`walk`] goes from node to node and [`operators`] say what
//! each becomes, [`head`] finds where class maps are taken from. Nothing in the file is ever run.

mod constant;
mod expr;
mod file;
mod head;
mod operators;
mod walk;

use std::collections::BTreeSet;
use std::path::Path;

use prost::bytes::Bytes;

use self::file::{Graph, Input, Node};
use self::head::Taken;
use self::walk::{Axes, Value, Walk};
use super::error::ImportError;
use crate::bundle::blueprint::Shape;
use crate::bundle::card::Architecture;
use crate::bundle::family::DescribedNetwork;
use crate::bundle::steps::Step;
use crate::bundle::{Card, WeightMap};
use crate::guard::regular;

/// Bytes that a file may have; those of protobuf's own limit would not fit into everybody's memory twice.
const MOST_BYTES: u64 = 1 << 30;

/// The network at `path`: a card of it, and its weights.
///
/// # Errors
/// See [`super::read_onnx`].
pub fn read(path: &Path, card: &Card) -> Result<(Card, WeightMap), ImportError> {
    let failed = |error| ImportError::Read { path: path.to_owned(), error };
    let (_, found) = regular::open(path).map_err(failed)?;
    if found > MOST_BYTES {
        return Err(ImportError::TooLarge { path: path.to_owned(), found, limit: MOST_BYTES });
    }
    let bytes = Bytes::from(regular::read(path, MOST_BYTES).map_err(failed)?);
    let wrong = |reason: String| ImportError::Onnx { path: path.to_owned(), reason };
    let graph = file::graph(bytes).map_err(|reason| wrong(format!("it cannot be read as ONNX: {reason}")))?;
    let folder = path.parent().unwrap_or(Path::new(""));
    let taken = network(&graph, folder, card).map_err(wrong)?;
    let mut card = card.clone();
    fits(&taken, &card).map_err(wrong)?;
    let network = DescribedNetwork::of(taken.blueprint).map_err(wrong)?;
    card.architecture = Architecture::Described(network);
    card.check().map_err(|reason| ImportError::Form { card: card.name.clone(), reason })?;
    Ok((card, taken.weights))
}

fn network(graph: &Graph, folder: &Path, card: &Card) -> Result<Taken, String> {
    let known: BTreeSet<&str> = graph.initializers.iter().map(|tensor| tensor.name.as_str()).collect();
    let inputs: Vec<&Input> = graph.inputs.iter().filter(|input| !known.contains(input.name.as_str())).collect();
    let ([input], Some(output)) = (inputs.as_slice(), graph.outputs.first()) else {
        return Err(format!("it reads {} pictures and gives {} values", inputs.len(), graph.outputs.len()));
    };
    let (shape, axes) = picture(input, card)?;
    let mut walk = Walk::new(graph, &input.name, shape, axes, folder);
    for node in needed(graph, output)? {
        operators::take(&mut walk, node).map_err(|reason| refused(node, &reason))?;
    }
    match walk.value(output)? {
        Value::Map(last) => head::finish(walk, last),
        Value::Constant(_) => Err("its output does not depend on its input".to_owned()),
    }
}

/// The shape of a picture and the order of its axes; sides that are left open are the card's.
fn picture(input: &Input, card: &Card) -> Result<(Shape, Axes), String> {
    let [_, a, b, c] = *input.dims.as_slice() else {
        return Err(format!(
            "its input `{}` has {} axes; pictures with channels, rows and columns have four",
            plain(&input.name),
            input.dims.len()
        ));
    };
    let is_grey = card.preprocessing.contains(&Step::Grey);
    let (wide, high) = card
        .preprocessing
        .iter()
        .rev()
        .find_map(|step| match step {
            Step::Resize { width, height } => Some((*width as usize, *height as usize)),
            _ => None,
        })
        .unwrap_or_default();
    let side = |given: Option<i64>, otherwise: usize| match given {
        None => Ok(otherwise),
        Some(side) => usize::try_from(side).map_err(|_| format!("its input has a side of {side}")),
    };
    let channels = if is_grey { 1 } else { 3 };
    let is_last = matches!(c, Some(1..=4)) && !matches!(a, Some(1..=4));
    if is_last {
        Ok(([side(c, channels)?, side(a, high)?, side(b, wide)?], Axes::ChannelsLast))
    } else {
        Ok(([side(a, channels)?, side(b, high)?, side(c, wide)?], Axes::ChannelsFirst))
    }
}

/// The nodes that `output` depends on, in the file's order.
fn needed<'a>(graph: &'a Graph, output: &'a str) -> Result<Vec<&'a Node>, String> {
    let mut names = BTreeSet::from([output]);
    let mut nodes = Vec::new();
    for node in graph.nodes.iter().rev() {
        if node.outputs.iter().any(|name| names.contains(name.as_str())) {
            names.extend(node.inputs.iter().map(String::as_str));
            nodes.push(node);
        }
    }
    const MOST_NODES: usize = 16384;
    if nodes.len() > MOST_NODES {
        return Err(format!("it has {} nodes; {MOST_NODES} are possible", nodes.len()));
    }
    nodes.reverse();
    Ok(nodes)
}

fn refused(node: &Node, reason: &str) -> String {
    let makes = node.outputs.first().map_or("", String::as_str);
    let called = if node.name.is_empty() { String::new() } else { format!(" `{}`", plain(&node.name)) };
    format!("its node{called} ({}), which makes `{}`, cannot be taken: {reason}", plain(&node.kind), plain(makes))
}

/// A name of the file as a message may show it.
fn plain(name: &str) -> String {
    name.chars().take(120).filter(|c| !c.is_control()).collect()
}

fn fits(taken: &Taken, card: &Card) -> Result<(), String> {
    if taken.classes != card.classes.len() {
        return Err(format!("it has {} classes, the card `{}` has {}", taken.classes, card.name, card.classes.len()));
    }
    match taken.ends_with {
        Some(own) if own != card.output.activation => {
            let named = format!("{own:?}").to_lowercase();
            Err(format!("it ends with {named}; the card's `output.activation` must be \"{named}\" too"))
        }
        _ => Ok(()),
    }
}
