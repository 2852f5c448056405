//! A network as a list of steps: the one description that shapes, tensors, checks, loading and both passes follow.
//!
//! Values are numbered: 0 is the input, n + 1 what node n gives. Must not know files or devices.

mod op;

use op::MAX_KERNEL;
pub use op::{Activation, Conv, Op, PoolWindow};

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

use super::tensor::TensorSpec;

/// Number of a value.
pub type ValueId = usize;
/// Channels, height and width of a value.
pub type Shape = [usize; 3];

const MAX_SIDE: usize = 4096;
const MAX_NODES: usize = 8192;
/// Of a described network's names.
const MAX_NAME: usize = 200;
/// f32 values of the largest feature map (1 GiB).
const MAX_VALUES: usize = 1 << 28;
/// f32 values that a pass keeps for its way back (2 GiB).
const MAX_KEPT: usize = 1 << 29;
/// Multiplications of a pass: some ten seconds on a CPU of two cores.
const MAX_MULTIPLICATIONS: u64 = 1_000_000_000_000;

/// One step.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Node {
    /// Of its tensors, without `.weight`; empty where it has none.
    pub name: String,
    pub op: Op,
    pub from: Vec<ValueId>,
}

/// What makes class maps and scores of the last value.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Head {
    /// Of its tensors, without `.weight`.
    pub name: String,
    pub kind: HeadKind,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case", rename_all_fields = "kebab-case")]
pub enum HeadKind {
    /// A linear layer behind global average pooling, `[classes, features]`; its map is M_c, without bias.
    Linear,
    /// A square convolution with one kernel per class, padded by half its kernel; the mean of a map is the score.
    Conv {
        kernel: usize,
        /// Whether negative values of a map are cut off.
        relu: bool,
        /// Whether the bias belongs to the map; else it is added to the score.
        bias_in_map: bool,
    },
}

/// A whole network.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Blueprint {
    pub input: Shape,
    pub nodes: Vec<Node>,
    pub head: Head,
}

impl Blueprint {
    /// The shape of every value, the input first.
    ///
    /// # Errors
    /// The first node that does not fit what it reads, and values that are too many.
    pub fn shapes(&self) -> Result<Vec<Shape>, String> {
        let [channels, height, width] = self.input;
        if !(1..=16).contains(&channels) || !(1..=MAX_SIDE).contains(&height) || !(1..=MAX_SIDE).contains(&width) {
            return Err(format!("`architecture.input` is {:?}; 1–16 channels and sides up to {MAX_SIDE}", self.input));
        }
        if self.nodes.len() > MAX_NODES {
            return Err(format!("the network has {} steps; {MAX_NODES} are possible", self.nodes.len()));
        }
        let mut shapes = vec![self.input];
        let (mut kept, mut multiplications) = (0, 0u64);
        for (n, node) in self.nodes.iter().enumerate() {
            let refused = |reason: String| format!("step {n} of the network{}: {reason}", node.called());
            let inputs = node.from.iter().map(|id| shapes.get(*id).copied()).collect::<Option<Vec<_>>>();
            let inputs = inputs.ok_or_else(|| refused("it reads a value that is not there yet".to_owned()))?;
            let shape = node.op.shape(&inputs).map_err(refused)?;
            let values = shape.iter().try_fold(1usize, |product, side| product.checked_mul(*side));
            match values {
                Some(0) => return Err(refused(format!("nothing is left of {:?}", inputs.first().unwrap_or(&[0; 3])))),
                Some(values) if values <= MAX_VALUES => {
                    kept += node.op.kept_values(values);
                    let channels = inputs.first().map_or(0, |shape| shape[0]);
                    multiplications = multiplications.saturating_add(node.op.multiplications(channels, values));
                }
                _ => return Err(refused(format!("{shape:?} values are too many"))),
            }
            shapes.push(shape);
        }
        if kept > MAX_KEPT {
            return Err(format!("the network keeps {kept} values for an input of {height}×{width}; {MAX_KEPT} can be"));
        }
        if multiplications > MAX_MULTIPLICATIONS {
            let most = MAX_MULTIPLICATIONS;
            return Err(format!("the network multiplies {multiplications} times for one picture; {most} can be"));
        }
        Ok(shapes)
    }

    /// The most memory that a pass and its way back for `held` classes take: what is kept of the pass, and on either way
    /// three of the largest values.
    pub fn pass_bytes(&self, held: usize) -> u64 {
        let Ok(shapes) = self.shapes() else { return 0 };
        let values = |shape: &Shape| shape.iter().product::<usize>();
        let kept = self.nodes.iter().zip(&shapes[1..]).map(|(node, shape)| node.op.kept_values(values(shape)));
        let largest = shapes.iter().map(values).max().unwrap_or(0);
        4 * (kept.sum::<usize>() + 3 * held.max(1) * largest) as u64
    }

    /// All tensors of the network with `classes` outputs, in the order of its steps.
    ///
    /// # Errors
    /// Like [`Self::shapes`].
    pub fn tensors(&self, classes: usize) -> Result<Vec<TensorSpec>, String> {
        let shapes = self.shapes()?;
        let mut specs: Vec<TensorSpec> =
            self.nodes.iter().flat_map(|node| node.op.tensors(&node.name, shapes[node.from[0]][0])).collect();
        let features = shapes[self.nodes.len()][0];
        let shape = match self.head.kind {
            HeadKind::Linear => vec![classes, features],
            HeadKind::Conv { kernel, .. } => vec![classes, features, kernel, kernel],
        };
        specs.push(TensorSpec::new(format!("{}.weight", self.head.name), &shape));
        specs.push(TensorSpec::new(format!("{}.bias", self.head.name), &[classes]));
        Ok(specs)
    }

    /// What a network that somebody describes may have against it beyond its shapes.
    ///
    /// # Errors
    /// A value that nobody reads, a head that cannot be, names that cannot be shown, and such of tensors that stand twice.
    pub fn check_description(&self) -> Result<(), String> {
        let shapes = self.shapes()?;
        if let HeadKind::Conv { kernel, .. } = self.head.kind
            && (kernel % 2 == 0 || kernel > MAX_KERNEL)
        {
            return Err(format!("its head has a kernel of {kernel}; odd ones up to {MAX_KERNEL} are possible"));
        }
        let names = self.nodes.iter().map(|node| &node.name).chain([&self.head.name]);
        if names.into_iter().any(|name| name.len() > MAX_NAME || name.chars().any(char::is_control)) {
            return Err(format!("names of up to {MAX_NAME} letters are possible, without control characters"));
        }
        if let Some(unread) = self.readers().iter().position(|readers| *readers == 0) {
            return Err(format!("nothing reads value {unread} of the network"));
        }
        let with_tensors = self.nodes.iter().filter(|node| !node.op.tensors("", shapes[node.from[0]][0]).is_empty());
        let mut known = BTreeSet::from([self.head.name.as_str()]);
        match with_tensors.map(|node| node.name.as_str()).find(|name| !known.insert(name)) {
            Some(name) => Err(format!("two steps of the network have tensors under the name `{name}`")),
            None => Ok(()),
        }
    }

    /// How often each value is read.
    pub fn readers(&self) -> Vec<usize> {
        let mut readers = vec![0; self.nodes.len() + 1];
        self.nodes.iter().flat_map(|node| &node.from).for_each(|id| readers[*id] += 1);
        readers[self.nodes.len()] += 1; // by the head
        readers
    }
}

impl Node {
    fn called(&self) -> String {
        if self.name.is_empty() { String::new() } else { format!(" (`{}`)", self.name) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn blueprint(nodes: Vec<Node>) -> Blueprint {
        let head = Head { name: "fc".to_owned(), kind: HeadKind::Linear };
        Blueprint { input: [3, 10, 8], nodes, head }
    }

    fn node(name: &str, op: Op, from: &[ValueId]) -> Node {
        Node { name: name.to_owned(), op, from: from.to_vec() }
    }

    #[test]
    fn shapes_and_tensors_follow_the_steps() {
        let conv = Conv { bias: false, ..Conv::square(6, 3, 2) };
        let network = blueprint(vec![
            node("a", Op::Conv(conv), &[0]),
            node("b", Op::Norm { epsilon: 1e-5 }, &[1]),
            node("", Op::Activation(Activation::Relu), &[2]),
            node("", Op::Concat, &[3, 1]),
        ]);
        assert_eq!(network.shapes().unwrap()[1..], [[6, 5, 4], [6, 5, 4], [6, 5, 4], [12, 5, 4]]);
        let specs = network.tensors(7).unwrap();
        let names: Vec<&str> = specs.iter().map(|spec| spec.name.as_str()).collect();
        assert_eq!(names[..2], ["a.weight", "b.weight"]);
        assert_eq!(specs.last().unwrap().shape, [7]);
        assert_eq!(specs[specs.len() - 2].shape, [7, 12]);
        assert_eq!(network.readers(), [1, 2, 1, 1, 1]);
    }

    #[test]
    fn steps_that_do_not_fit_are_named() {
        let refused = |op: Op, from: &[ValueId]| blueprint(vec![node("x", op, from)]).shapes().unwrap_err();
        let conv = |conv: Conv| Op::Conv(conv);
        assert!(refused(Op::Add, &[0, 1]).contains("step 0 of the network (`x`): it reads a value that is not there"));
        assert!(refused(conv(Conv { groups: 2, ..Conv::square(4, 3, 1) }), &[0]).contains("groups"));
        assert!(refused(conv(Conv { padding: [0; 4], ..Conv::square(4, 31, 1) }), &[0]).contains("nothing is left"));
        assert!(refused(conv(Conv::square(usize::MAX, 3, 1)), &[0]).contains("channels"));
        let large =
            Blueprint { input: [3, 4096, 4096], ..blueprint(vec![node("", conv(Conv::square(64, 3, 1)), &[0])]) };
        assert!(large.shapes().unwrap_err().contains("too many"));
        let long = Blueprint {
            input: [3, 2048, 2048],
            ..blueprint(vec![node("", Op::Activation(Activation::Relu), &[0]); 50])
        };
        assert!(long.shapes().unwrap_err().contains("keeps"));
        let slow =
            Blueprint { input: [16, 4096, 4096], ..blueprint(vec![node("", conv(Conv::square(16, 31, 1)), &[0]); 9]) };
        assert!(slow.shapes().unwrap_err().contains("multiplies"));
    }
}
