//! A blueprint on a device: its steps in order, and which values are dropped, kept, or lie in a common buffer.

use burn_tensor::Tensor;
use rayon::prelude::*;

use super::ComputeDevice;
use super::op::{self, Chain, Concat, Kept, Operation, Place, Prepared};
use super::rewrite::{Draft, chains, home, rooms};
use crate::bundle::blueprint::{Node, Op, Shape, ValueId};
use crate::method::BackwardRule;

/// The steps of a network without its head.
#[derive(Debug)]
pub(super) struct Plan {
    steps: Vec<Step>,
    /// Of every value.
    shapes: Vec<Shape>,
    /// The value that the head reads.
    last: ValueId,
    layers: Vec<MapLayer>,
}

/// A value at which a map can be taken.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MapLayer {
    /// The name of the last tensors before it.
    pub name: String,
    /// Channels, height and width.
    pub shape: Shape,
    value: ValueId,
    /// The value that holds it after the pass.
    home: ValueId,
}

#[derive(Debug)]
struct Step {
    operation: Box<dyn Operation>,
    from: Vec<ValueId>,
    makes: ValueId,
    /// Of the values that it reads, those that nobody reads after it.
    ends: Vec<bool>,
    /// Whether it goes on in the buffer that its first input lies in.
    appends: bool,
    /// Of a step whose way back is worked out from what it read: the value that holds it after the pass.
    input_home: Option<ValueId>,
}

/// What a forward pass leaves for the way back.
#[derive(Debug)]
pub(super) struct Trace {
    /// Of each step.
    kept: Vec<Kept>,
    /// The values that steps' ways back are worked out from.
    values: Vec<Option<Tensor<4>>>,
}

impl Plan {
    /// Puts the network on `device`, with buffers and bands where `is_fast`.
    pub fn new(draft: &Draft, device: &ComputeDevice, is_fast: bool) -> Self {
        let blueprint = &draft.blueprint;
        let shapes = blueprint.shapes().expect("the network of a checked card is sound");
        let (nodes, readers) = (&blueprint.nodes, blueprint.readers());
        let rooms = if is_fast { rooms(nodes, &shapes) } else { vec![0; nodes.len()] };
        let load = |(n, node): (usize, &Node)| -> Option<Box<dyn Operation>> {
            let inputs: Vec<Shape> = node.from.iter().map(|id| shapes[*id]).collect();
            if rooms[n] > 0 {
                return Some(Box::new(Concat::new(&inputs).with_room(rooms[n])));
            }
            let place = Place { inputs: &inputs, is_first: node.from == [0] && readers[0] == 1 };
            Some(op::load(node, place, &draft.weights, device))
        };
        let mut operations: Vec<Option<Box<dyn Operation>>> = nodes.par_iter().enumerate().map(load).collect();
        let in_bands =
            if is_fast && !device.is_gpu { chains(nodes, &shapes, &readers, &operations) } else { Vec::new() };
        let mut steps = Vec::with_capacity(nodes.len());
        let mut n = 0;
        while n < nodes.len() {
            let links = in_bands.iter().find(|links| links.start == n).cloned().unwrap_or(n..n + 1);
            let from = nodes[n].from.clone();
            let mut taken: Vec<Box<dyn Operation>> =
                operations[links.clone()].iter_mut().filter_map(Option::take).collect();
            let operation: Box<dyn Operation> =
                if taken.len() == 1 { taken.swap_remove(0) } else { Box::new(Chain::new(taken, shapes[from[0]][1])) };
            let appends = nodes[n].op == Op::Concat
                && rooms[n] > 0
                && from[0].checked_sub(1).is_some_and(|before| rooms[before] == rooms[n]);
            let input_home = operation.needs_input().then(|| home(nodes, &rooms, from[0]));
            steps.push(Step { operation, from, makes: links.end, ends: Vec::new(), appends, input_home });
            n = links.end;
        }
        let layers = layers(nodes, &shapes, &steps, |value| home(nodes, &rooms, value));
        let mut plan = Self { steps, shapes, last: nodes.len(), layers };
        plan.find_ends();
        plan
    }

    fn find_ends(&mut self) {
        let mut is_read = vec![false; self.shapes.len()];
        is_read[self.last] = true;
        for step in self.steps.iter_mut().rev() {
            step.ends = vec![false; step.from.len()];
            for (id, end) in step.from.iter().zip(&mut step.ends).rev() {
                *end = !std::mem::replace(&mut is_read[*id], true);
            }
        }
    }

    /// The layers at which a map can be taken, in the order of the data; the last is what the head reads.
    pub fn layers(&self) -> &[MapLayer] {
        &self.layers
    }

    /// The last value of `x`, and with `keeps` what the way back needs, the value of one `layer` among it.
    pub fn forward(&self, x: Tensor<4>, keeps: bool, layer: Option<usize>) -> (Tensor<4>, Trace) {
        let mut values: Vec<Option<Tensor<4>>> = vec![None; self.shapes.len()];
        let mut homes = vec![false; self.shapes.len()];
        if keeps {
            self.steps.iter().filter_map(|step| step.input_home).for_each(|id| homes[id] = true);
        }
        if let Some(layer) = layer {
            homes[self.layers[layer].home] = true;
        }
        values[0] = Some(x);
        let mut kept = Vec::with_capacity(self.steps.len());
        for step in &self.steps {
            let mut inputs = Vec::with_capacity(step.from.len());
            for (position, (&id, &ends)) in step.from.iter().zip(&step.ends).enumerate() {
                let found = if ends && !homes[id] { values[id].take() } else { values[id].clone() };
                let value = found.unwrap_or_else(|| unreachable!("every value is made before it is read"));
                inputs.push(if step.appends && position == 0 { value } else { self.own_channels(value, id) });
            }
            let (value, of_step) = step.operation.forward(inputs, keeps);
            values[step.makes] = Some(value);
            kept.push(of_step);
        }
        let last = values[self.last].clone().unwrap_or_else(|| unreachable!("the last step makes the last value"));
        values.iter_mut().zip(homes).filter(|(_, is_home)| !is_home).for_each(|(value, _)| *value = None);
        (self.own_channels(last, self.last), Trace { kept, values })
    }

    /// The value of a layer that the pass has kept, `[1, channels, h, w]`.
    pub fn value(&self, trace: &Trace, layer: usize) -> Option<Tensor<4>> {
        let MapLayer { value, home, .. } = self.layers[layer];
        Some(self.own_channels(trace.values[home].clone()?, value))
    }

    /// A value without the rest of the buffer that it lies in.
    fn own_channels(&self, value: Tensor<4>, id: ValueId) -> Tensor<4> {
        if value.dims()[1] == self.shapes[id][0] { value } else { value.narrow(1, 0, self.shapes[id][0]) }
    }

    /// What all classes' ways back share, with or without the masks that some rules ask for.
    pub fn prepare(&self, trace: &Trace, masks: bool) -> Vec<Prepared> {
        let one = |(step, kept): (&Step, &Kept)| {
            let home = step.input_home.filter(|_| masks);
            let input = home.and_then(|home| trace.values[home].clone());
            let input = input.map(|value| self.own_channels(value, step.from[0]));
            step.operation.prepare(input, kept, masks)
        };
        self.steps.par_iter().zip(&trace.kept).map(one).collect()
    }

    /// Takes the signal of the last value, `[classes, channels, h, w]`, to that of the input, or of one `layer`.
    pub fn back(
        &self,
        signal: Tensor<4>,
        prepared: &[Prepared],
        rule: BackwardRule,
        layer: Option<usize>,
    ) -> Tensor<4> {
        let to = layer.map_or(0, |layer| self.layers[layer].value);
        let (classes, device) = (signal.dims()[0], signal.device());
        let mut signals: Vec<Option<Tensor<4>>> = vec![None; self.shapes.len()];
        signals[self.last] = Some(signal);
        // Whatever reads a value comes after what makes it.
        for (step, prepared) in self.steps.iter().zip(prepared).rev().take_while(|(step, _)| step.makes != to) {
            let Some(signal) = signals[step.makes].take() else { continue };
            for (id, signal) in step.from.iter().zip(step.operation.back(signal, prepared, rule)) {
                // What several steps give back to one value adds up.
                let known = signals[*id].take();
                signals[*id] = match (known, signal) {
                    (Some(known), Some(more)) => Some(known + more),
                    (known, more) => known.or(more),
                };
            }
        }
        // What is read by gates alone has no signal: they are held constant.
        let [channels, height, width] = self.shapes[to];
        signals.swap_remove(to).unwrap_or_else(|| Tensor::zeros([classes, channels, height, width], &device))
    }
}

/// The last value under each name of tensors, of those that steps make.
fn layers(nodes: &[Node], shapes: &[Shape], steps: &[Step], home: impl Fn(ValueId) -> ValueId) -> Vec<MapLayer> {
    let mut layers: Vec<MapLayer> = Vec::new();
    for value in steps.iter().map(|step| step.makes) {
        let Some(named) = nodes[..value].iter().rev().find(|node| !node.name.is_empty()) else { continue };
        let layer = MapLayer { name: named.name.clone(), shape: shapes[value], value, home: home(value) };
        match layers.last_mut() {
            Some(last) if last.name == layer.name => *last = layer,
            _ => layers.push(layer),
        }
    }
    layers
}
