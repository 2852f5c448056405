//! A `conv-stack`: convolutions, ReLU, max pooling, and a last kernel per class.

use super::Builder;
use crate::bundle::blueprint::{Blueprint, Conv, HeadKind, Window};
use crate::bundle::card::{ConvStackSizes, Layer};

impl ConvStackSizes {
    /// # Errors
    /// Layers that are missing, out of order, or do not fit together.
    pub fn blueprint(&self) -> Result<Blueprint, String> {
        let Some((&Layer::Classes { kernel, relu }, before)) = self.layers.split_last() else {
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
                Layer::Conv { kernel, .. } if kernel % 2 == 0 => {
                    return Err(format!("{place}: a kernel of {kernel}; odd sizes are possible"));
                }
                Layer::Conv { channels, kernel, stride, norm } => {
                    let conv = Conv::square(channels, kernel, stride);
                    let sums = if norm {
                        builder.conv_norm(x, [&name, &format!("{name}.norm")], conv)
                    } else {
                        builder.conv(x, &name, conv)
                    };
                    builder.relu(sums)
                }
                Layer::MaxPool { size } if size < 2 => return Err(format!("{place}: cannot pool by {size}")),
                Layer::MaxPool { size } => builder.max_pool(x, Window::new(size, size, 0)),
                Layer::Classes { .. } => return Err(format!("{place}: only the last layer can be of kind `classes`")),
            };
        }
        builder.finish(&format!("layers.{}", before.len()), HeadKind::Conv { kernel, relu, bias_in_map: false })
    }
}
