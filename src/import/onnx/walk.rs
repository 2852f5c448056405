//! From the nodes of an ONNX file to the steps of a blueprint, one after another. Each operator's part stands in
//! `operators`; here is what they share: which value of the file is which of the network, and in what order its axes are.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use super::constant::Constant;
use super::expr::{Expr, Known, Two};
use super::file::{Graph, Node, Tensor};
use crate::bundle::blueprint::{self, Conv, Op, Shape, ValueId};
use crate::bundle::{WeightMap, WeightTensor};

/// f32 values that are held at once (1 GiB).
const MOST_HELD: usize = 1 << 28;

/// What a name of the file stands for.
#[derive(Debug, Clone)]
pub enum Value {
    Map(Map),
    Constant(Constant),
}

/// A value of the network: what a step makes, and what is done to it value by value until another step reads it.
#[derive(Debug, Clone)]
pub struct Map {
    pub id: ValueId,
    pub expr: Expr,
    pub axes: Axes,
    /// Zeros around it, above, below, left and right, that the next convolution takes over.
    pub padding: [usize; 4],
    /// Whether it is the probabilities at the end.
    pub is_softmax: bool,
}

/// The order of the axes of a map of channels, height and width. The batch, of one picture, stands before them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Axes {
    ChannelsFirst,
    ChannelsLast,
    /// One axis of channels, or of all values channel by channel.
    Flat,
    /// One axis of all values, cell by cell.
    FlatChannelsLast,
    /// One channel without its axis.
    Plane,
    /// Number of groups of channels, then channels per group; the other way round where they are `turned`.
    Groups {
        count: usize,
        turned: bool,
    },
    /// Like [`Self::Flat`], without the axis of the batch.
    Row,
}

/// A network on its way from a file to a blueprint.
#[derive(Debug)]
pub struct Walk<'a> {
    folder: &'a Path,
    initializers: BTreeMap<&'a str, &'a Tensor>,
    /// How often each value of the file is read.
    readers: BTreeMap<&'a str, usize>,
    values: BTreeMap<String, Value>,
    pub nodes: Vec<blueprint::Node>,
    pub shapes: Vec<Shape>,
    pub weights: WeightMap,
    names: BTreeSet<String>,
    /// Values of weights and of what was worked out beforehand.
    held: usize,
    /// Names of values that are just what a convolution makes.
    fresh: BTreeSet<String>,
}

impl Map {
    pub fn new(id: ValueId, axes: Axes) -> Self {
        Self { id, expr: Expr::X, axes, padding: [0; 4], is_softmax: false }
    }
}

impl<'a> Walk<'a> {
    /// Begins with the `input` of a shape; weights in other files lie in `folder`.
    pub fn new(graph: &'a Graph, input: &str, shape: Shape, axes: Axes, folder: &'a Path) -> Self {
        let mut readers = BTreeMap::new();
        let read = graph.nodes.iter().flat_map(|node| &node.inputs).chain(&graph.outputs);
        read.for_each(|name| *readers.entry(name.as_str()).or_default() += 1);
        Self {
            folder,
            initializers: graph.initializers.iter().map(|tensor| (tensor.name.as_str(), tensor)).collect(),
            readers,
            values: BTreeMap::from([(input.to_owned(), Value::Map(Map::new(0, axes)))]),
            nodes: Vec::new(),
            shapes: vec![shape],
            weights: WeightMap::new(),
            names: BTreeSet::new(),
            held: 0,
            fresh: BTreeSet::new(),
        }
    }

    /// What input `n` of a node is; `None` where it is left out.
    pub fn input(&self, node: &Node, n: usize) -> Result<Option<Value>, String> {
        let Some(name) = node.inputs.get(n).filter(|name| !name.is_empty()) else { return Ok(None) };
        self.value(name).map(Some)
    }

    pub fn value(&self, name: &str) -> Result<Value, String> {
        if let Some(value) = self.values.get(name) {
            return Ok(value.clone());
        }
        let tensor = self.initializers.get(name).ok_or_else(|| format!("nothing makes `{name}`, which it reads"))?;
        self.read(tensor).map(Value::Constant)
    }

    pub fn read(&self, tensor: &Tensor) -> Result<Constant, String> {
        Constant::read(tensor, self.folder)
    }

    /// Input `n`, which must depend on the picture.
    pub fn map(&self, node: &Node, n: usize) -> Result<Map, String> {
        match self.input(node, n)? {
            Some(Value::Map(map)) if map.is_softmax => Err("it reads probabilities, which end a network".to_owned()),
            Some(Value::Map(map)) => Ok(map),
            _ => Err("it reads a constant where a map is expected".to_owned()),
        }
    }

    /// Input `n`, which must not depend on the picture; `None` where it is left out.
    pub fn constant(&self, node: &Node, n: usize) -> Result<Option<Constant>, String> {
        match self.input(node, n)? {
            Some(Value::Constant(constant)) => Ok(Some(constant)),
            Some(Value::Map(_)) => Err("it reads a map where a constant is expected".to_owned()),
            None => Ok(None),
        }
    }

    pub fn needed(&self, node: &Node, n: usize) -> Result<Constant, String> {
        self.constant(node, n)?.ok_or_else(|| "it lacks an input".to_owned())
    }

    /// Whether anything stands under `name`, or nothing is meant.
    pub fn knows(&self, name: &str) -> bool {
        name.is_empty() || self.values.contains_key(name) || self.initializers.contains_key(name)
    }

    /// Whether input `n` of a node depends on the picture.
    pub fn is_map(&self, node: &Node, n: usize) -> bool {
        node.inputs.get(n).is_some_and(|name| matches!(self.values.get(name), Some(Value::Map(_))))
    }

    pub fn set(&mut self, node: &Node, map: Map) {
        if let Some(name) = node.outputs.first() {
            self.set_output(name, map);
        }
    }

    pub fn set_output(&mut self, name: &str, map: Map) {
        self.values.insert(name.to_owned(), Value::Map(map));
    }

    pub fn set_constant(&mut self, node: &Node, constant: Constant) -> Result<(), String> {
        self.hold(constant.len())?;
        if let Some(name) = node.outputs.first() {
            self.values.insert(name.clone(), Value::Constant(constant));
        }
        Ok(())
    }

    /// Counts values that stay in memory: a small file could ask for any number of copies of its weights.
    fn hold(&mut self, values: usize) -> Result<(), String> {
        self.held += values;
        if self.held <= MOST_HELD { Ok(()) } else { Err("the network's weights would not fit into memory".to_owned()) }
    }

    /// Like [`Self::set`], of a convolution.
    pub fn set_fresh(&mut self, node: &Node, map: Map) {
        self.fresh.extend(node.outputs.first().cloned());
        self.set(node, map);
    }

    /// Whether the value under `name` is just what a convolution makes, and only one node reads it.
    pub fn is_open_convolution(&self, name: &str) -> bool {
        self.fresh.contains(name) && self.readers.get(name) == Some(&1)
    }

    /// Dimensions of a map as the file sees them.
    pub fn dims(&self, map: &Map) -> Vec<usize> {
        let [channels, height, width] = self.shapes[map.id];
        let [above, below, left, right] = map.padding;
        let (height, width) = (height + above + below, width + left + right);
        match map.axes {
            Axes::ChannelsFirst => vec![1, channels, height, width],
            Axes::ChannelsLast => vec![1, height, width, channels],
            Axes::Flat | Axes::FlatChannelsLast => vec![1, channels * height * width],
            Axes::Plane => vec![1, height, width],
            Axes::Groups { count, turned: false } => vec![1, count, channels / count, height, width],
            Axes::Groups { count, turned: true } => vec![1, channels / count, count, height, width],
            Axes::Row => vec![channels * height * width],
        }
    }

    /// Adds a step; its shape is checked at once.
    pub fn push(&mut self, name: &str, op: Op, from: Vec<ValueId>) -> Result<ValueId, String> {
        let inputs: Vec<Shape> = from.iter().map(|id| self.shapes[*id]).collect();
        let shape = op.shape(&inputs)?;
        if shape.contains(&0) {
            return Err(format!("nothing is left of {inputs:?}"));
        }
        self.nodes.push(blueprint::Node { name: name.to_owned(), op, from });
        self.shapes.push(shape);
        Ok(self.nodes.len())
    }

    /// A name for the tensors of a node that stands nowhere else: that of its weights in the file, where it is one.
    pub fn name_for(&mut self, node: &Node, weights: usize) -> String {
        match node.inputs.get(weights).and_then(|name| name.strip_suffix(".weight")) {
            Some(name) => self.unique(name),
            None => self.unique(node.path()),
        }
    }

    /// `wanted` as a name of tensors that stands nowhere else.
    pub fn unique(&mut self, wanted: &str) -> String {
        let fits = |c: char| if c.is_ascii_alphanumeric() || "._-/".contains(c) { c } else { '_' };
        let plain: String = wanted.chars().take(120).map(fits).collect();
        let plain = if plain.is_empty() { "step".to_owned() } else { plain };
        let mut name = plain.clone();
        let mut n = 2;
        while !self.names.insert(name.clone()) {
            name = format!("{plain}_{n}");
            n += 1;
        }
        name
    }

    pub fn keep(&mut self, name: String, shape: Vec<usize>, values: Vec<f32>) -> Result<(), String> {
        self.hold(values.len())?;
        self.weights.insert(name, WeightTensor { shape, values });
        Ok(())
    }

    /// The value of a map with all that was done to it, as a step may read it.
    pub fn settled(&mut self, map: &Map) -> Result<ValueId, String> {
        if map.padding != [0; 4] {
            return Err("padding is possible in front of a convolution alone".to_owned());
        }
        self.settled_before_padding(map)
    }

    pub fn settled_before_padding(&mut self, map: &Map) -> Result<ValueId, String> {
        self.settle(map.id, &map.expr)
    }

    fn settle(&mut self, id: ValueId, expr: &Expr) -> Result<ValueId, String> {
        match (expr.known(), expr) {
            (Some(known), _) => self.settle_known(id, &known),
            (None, Expr::Two(Two::Sum, a, b)) => {
                let parts = vec![self.settle(id, a)?, self.settle(id, b)?];
                self.push("", Op::Add, parts)
            }
            _ => Err("what is done value by value in front of it is none of the activations that can be explained"
                .to_owned()),
        }
    }

    fn settle_known(&mut self, id: ValueId, known: &Known) -> Result<ValueId, String> {
        match known {
            Known::Identity => Ok(id),
            Known::Activation(activation) => {
                // Several readers of one activation share it.
                let op = Op::Activation(*activation);
                let same = self.nodes.iter().position(|node| node.op == op && node.from == [id]);
                same.map_or_else(|| self.push("", op, vec![id]), |n| Ok(n + 1))
            }
            Known::Affine(factor, shift) => {
                let channels = self.shapes[id][0];
                let one = |value: &f64| vec![*value as f32; channels];
                self.affine(id, "affine", one(factor), one(shift))
            }
            Known::Steps(steps) => steps.iter().try_fold(id, |id, step| self.settle_known(id, step)),
        }
    }

    /// A factor and a shift for every channel: a depthwise convolution of 1×1.
    pub fn affine(&mut self, id: ValueId, name: &str, factor: Vec<f32>, shift: Vec<f32>) -> Result<ValueId, String> {
        let channels = self.shapes[id][0];
        let name = self.unique(name);
        self.keep(format!("{name}.weight"), vec![channels, 1, 1, 1], factor)?;
        self.keep(format!("{name}.bias"), vec![channels], shift)?;
        self.push(&name, Op::Conv(Conv { groups: channels, ..Conv::square(channels, 1, 1) }), vec![id])
    }
}
