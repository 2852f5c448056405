//! A `conv-stack`: convolutions, ReLU, max pooling, and a last kernel per class.

use serde::{Deserialize, Serialize};

use super::Builder;
use crate::bundle::blueprint::{Blueprint, Conv, HeadKind, PoolWindow};

/// The sizes of a `conv-stack`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct ConvStackSizes {
    /// Channels, height and width of the input.
    pub input: [usize; 3],
    /// Added to the variance under the root of every batch normalisation.
    #[serde(default = "super::default_norm_epsilon")]
    pub norm_epsilon: f64,
    pub layers: Vec<StackLayer>,
}

/// One layer of a `conv-stack`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case", tag = "kind")]
pub enum StackLayer {
    /// Square convolution padded by half its kernel, then batch normalisation where `norm`, then ReLU.
    Conv {
        channels: usize,
        kernel: usize,
        #[serde(default = "one")]
        stride: usize,
        #[serde(default = "yes")]
        norm: bool,
    },
    /// Max pooling whose stride is its size.
    MaxPool { size: usize },
    /// The last convolution: one kernel per class; the mean of its map over all cells plus a bias is the score. With
    /// `relu` a map holds evidence for its class only, as in networks whose last convolution has a ReLU like the rest.
    Classes {
        kernel: usize,
        #[serde(default)]
        relu: bool,
    },
}

fn one() -> usize {
    1
}

fn yes() -> bool {
    true
}

impl ConvStackSizes {
    /// # Errors
    /// Layers that are missing, out of order, or do not fit together.
    pub fn blueprint(&self) -> Result<Blueprint, String> {
        let Some((&StackLayer::Classes { kernel, relu }, before)) = self.layers.split_last() else {
            return Err("`architecture.layers` must end with one of kind `classes`".to_owned());
        };
        if kernel % 2 == 0 || kernel > 31 {
            return Err(format!("the `classes` layer has kernel {kernel}; odd sizes up to 31 are possible"));
        }
        let mut builder = Builder::new(self.input, self.norm_epsilon);
        let mut x = 0;
        for (index, layer) in before.iter().enumerate() {
            let (place, name) = (format!("`architecture.layers[{index}]`"), format!("layers.{index}"));
            x = match *layer {
                StackLayer::Conv { kernel, .. } if kernel % 2 == 0 => {
                    return Err(format!("{place}: a kernel of {kernel}; odd sizes are possible"));
                }
                StackLayer::Conv { channels, kernel, stride, norm } => {
                    let conv = Conv::square(channels, kernel, stride);
                    let sums = if norm {
                        builder.conv_norm(x, [&name, &format!("{name}.norm")], conv)
                    } else {
                        builder.conv(x, &name, conv)
                    };
                    builder.relu(sums)
                }
                StackLayer::MaxPool { size } if size < 2 => return Err(format!("{place}: cannot pool by {size}")),
                StackLayer::MaxPool { size } => builder.max_pool(x, PoolWindow::new(size, size, 0)),
                StackLayer::Classes { .. } => {
                    return Err(format!("{place}: only the last layer can be of kind `classes`"));
                }
            };
        }
        builder.finish(&format!("layers.{}", before.len()), HeadKind::Conv { kernel, relu, bias_in_map: false })
    }
}
