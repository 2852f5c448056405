//! The operations that a network can be made of: what each makes of its inputs' shapes, and which tensors it has.
//! `network::op` holds the same operations on a device, one file each.

use serde::{Deserialize, Serialize};

use super::Shape;
use crate::bundle::tensor::TensorSpec;

const MAX_CHANNELS: usize = 8192;
pub(super) const MAX_KERNEL: usize = 31;
const MAX_STRIDE: usize = 16;

/// One operation.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub enum Op {
    Conv(Conv),
    /// Batch normalisation with what it has learned. `epsilon` is added to the variance under the root.
    Norm {
        epsilon: f64,
    },
    Activation(Activation),
    MaxPool(PoolWindow),
    /// The mean of each window; its padding counts as zeros (PyTorch's default) or not at all.
    AveragePool {
        window: PoolWindow,
        counts_padding: bool,
    },
    /// The mean of each channel, as one cell.
    GlobalAveragePool,
    /// The sum of any number of values of one shape.
    Add,
    /// The first value times the second, which has its shape or one cell per channel (squeeze-excite). The second is a
    /// gate: it is held constant on the way back.
    Gate,
    /// The channels of all, one behind the other.
    Concat,
    /// Layer normalisation over the channels of each cell; its statistics are held constant on the way back.
    LayerNorm {
        epsilon: f64,
    },
    /// Every channel times a factor of its own (ConvNeXt's layer scale).
    Scale,
    /// Every cell becomes `factor`×`factor` cells of its value.
    Upsample {
        factor: usize,
    },
}

/// A convolution; kernel, stride and dilation are of height and width.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Conv {
    pub outputs: usize,
    pub kernel: [usize; 2],
    pub stride: [usize; 2],
    /// Zeros above, below, left and right.
    pub padding: [usize; 4],
    pub dilation: [usize; 2],
    /// Groups of channels that do not mix; one per channel makes it depthwise.
    pub groups: usize,
    pub bias: bool,
}

/// What follows a sum or a normalisation, value by value.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub enum Activation {
    Relu,
    /// min(max(x, 0), 6)
    Relu6,
    LeakyRelu {
        slope: f64,
    },
    /// x σ(x)
    Silu,
    /// x min(max(x + 3, 0), 6) / 6
    HardSwish,
    /// x Φ(x)
    Gelu,
    /// 1 / (1 + exp(−x)): of gates.
    Sigmoid,
    /// min(max(x + 3, 0), 6) / 6: of gates.
    HardSigmoid,
}

/// A pooling window.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PoolWindow {
    pub size: usize,
    pub stride: usize,
    pub padding: usize,
    /// Whether a window that reaches over the end counts.
    pub ceil: bool,
}

impl Conv {
    /// A square kernel, padded by half of it, with bias.
    pub fn square(outputs: usize, kernel: usize, stride: usize) -> Self {
        let padding = [kernel / 2; 4];
        Self { outputs, kernel: [kernel; 2], stride: [stride; 2], padding, dilation: [1; 2], groups: 1, bias: true }
    }

    fn shape(&self, [channels, height, width]: Shape) -> Result<Shape, String> {
        let Self { outputs, kernel, stride, padding, dilation, groups, .. } = *self;
        let within = |sides: [usize; 2], most: usize| sides.iter().all(|side| (1..=most).contains(side));
        if !(1..=MAX_CHANNELS).contains(&outputs) || !within(kernel, MAX_KERNEL) || !within(stride, MAX_STRIDE) {
            return Err(format!(
                "channels 1–{MAX_CHANNELS}, kernels 1–{MAX_KERNEL} and strides 1–{MAX_STRIDE} are possible"
            ));
        }
        if !within(dilation, MAX_KERNEL) || padding.iter().any(|side| *side > MAX_KERNEL * MAX_KERNEL) {
            return Err(format!("dilations 1–{MAX_KERNEL} are possible, and paddings up to their square"));
        }
        if groups == 0 || channels % groups != 0 || outputs % groups != 0 {
            return Err(format!("{channels} channels to {outputs} cannot be cut into {groups} groups"));
        }
        let [above, below, left, right] = padding;
        let after = |side: usize, axis: usize, around: usize| {
            let reach = dilation[axis] * (kernel[axis] - 1) + 1;
            (side + around).checked_sub(reach).map_or(0, |rest| rest / stride[axis] + 1)
        };
        Ok([outputs, after(height, 0, above + below), after(width, 1, left + right)])
    }
}

impl PoolWindow {
    pub fn new(size: usize, stride: usize, padding: usize) -> Self {
        Self { size, stride, padding, ceil: false }
    }

    fn shape(&self, [channels, height, width]: Shape) -> Result<Shape, String> {
        let Self { size, stride, padding, ceil } = *self;
        if !(1..=MAX_KERNEL).contains(&size) || !(1..=MAX_STRIDE).contains(&stride) || padding > size / 2 {
            return Err(format!("cannot pool by {size} with stride {stride} and padding {padding}"));
        }
        let after = |side: usize| {
            let Some(rest) = (side + 2 * padding).checked_sub(size) else { return 0 };
            let cells = if ceil { rest.div_ceil(stride) } else { rest / stride } + 1;
            // A window that would begin in the padding behind the end does not count (PyTorch).
            if ceil && (cells - 1) * stride >= side + padding { cells - 1 } else { cells }
        };
        if after(height) == 0 || after(width) == 0 {
            return Err(format!("cannot pool {height}×{width} by {size}"));
        }
        Ok([channels, after(height), after(width)])
    }
}

impl Op {
    /// Average pooling as PyTorch has it where nothing else is said.
    pub fn average_pool(window: PoolWindow) -> Self {
        Self::AveragePool { window, counts_padding: true }
    }

    /// The shape of what it makes of values of these shapes.
    ///
    /// # Errors
    /// One sentence where they do not fit.
    pub fn shape(&self, inputs: &[Shape]) -> Result<Shape, String> {
        let [first, rest @ ..] = inputs else { return Err("it reads nothing".to_owned()) };
        match self {
            Self::Add if rest.is_empty() || rest.iter().any(|shape| shape != first) => {
                Err(format!("values of the shapes {inputs:?} have no sum"))
            }
            Self::Gate => match rest {
                [gate] if gate == first || *gate == [first[0], 1, 1] => Ok(*first),
                _ => Err(format!("a gate of {rest:?} does not fit {first:?}")),
            },
            Self::Concat if rest.is_empty() || rest.iter().any(|shape| shape[1..] != first[1..]) => {
                Err(format!("values of the shapes {inputs:?} cannot stand behind one another"))
            }
            Self::Concat => Ok([inputs.iter().map(|shape| shape[0]).sum(), first[1], first[2]]),
            Self::Add => Ok(*first),
            _ if !rest.is_empty() => Err(format!("it reads {} values; one is possible", inputs.len())),
            Self::Conv(conv) => conv.shape(*first),
            Self::MaxPool(window) | Self::AveragePool { window, .. } => window.shape(*first),
            Self::GlobalAveragePool => Ok([first[0], 1, 1]),
            Self::Norm { epsilon } | Self::LayerNorm { epsilon } if !(*epsilon > 0.0 && *epsilon < 1.0) => {
                Err("`architecture.norm-epsilon` must lie between 0 and 1".to_owned())
            }
            Self::Upsample { factor } if !(1..=MAX_STRIDE).contains(factor) => {
                Err(format!("factors of 1–{MAX_STRIDE} are possible"))
            }
            Self::Upsample { factor } => Ok([first[0], first[1] * factor, first[2] * factor]),
            Self::Norm { .. } | Self::Activation(_) | Self::LayerNorm { .. } | Self::Scale => Ok(*first),
        }
    }

    /// Its tensors under `name`, where its first input has so many `channels`.
    pub fn tensors(&self, name: &str, channels: usize) -> Vec<TensorSpec> {
        let vectors = |parts: &[&str]| {
            parts.iter().map(|part| TensorSpec::new(format!("{name}.{part}"), &[channels])).collect::<Vec<_>>()
        };
        match self {
            Self::Conv(Conv { outputs, kernel: [high, wide], groups, bias, .. }) => {
                let weight = [*outputs, channels / groups, *high, *wide];
                let mut specs = vec![TensorSpec::new(format!("{name}.weight"), &weight)];
                specs.extend(bias.then(|| TensorSpec::new(format!("{name}.bias"), &[*outputs])));
                specs
            }
            Self::Norm { .. } => vectors(&["weight", "bias", "running_mean", "running_var"]),
            Self::LayerNorm { .. } => vectors(&["weight", "bias"]),
            Self::Scale => vec![TensorSpec::new(name.to_owned(), &[channels, 1, 1])],
            _ => Vec::new(),
        }
    }

    /// Whether part of it is held constant on the way back.
    pub fn holds_constant(&self) -> bool {
        matches!(self, Self::Gate | Self::LayerNorm { .. })
    }

    /// Multiplications of a pass, where it reads so many `channels` and makes so many values.
    pub(super) fn multiplications(&self, channels: usize, made: usize) -> u64 {
        match self {
            Self::Conv(Conv { kernel: [high, wide], groups, .. }) => {
                (made as u64).saturating_mul((channels / groups * high * wide) as u64)
            }
            _ => 0,
        }
    }

    /// How many values a pass keeps of it at most, where it makes so many.
    pub(super) fn kept_values(&self, made: usize) -> usize {
        match self {
            Self::Activation(_) | Self::Gate | Self::LayerNorm { .. } => made,
            Self::MaxPool(_) => 2 * made, // switches are 64 bits wide
            _ => 0,
        }
    }
}
