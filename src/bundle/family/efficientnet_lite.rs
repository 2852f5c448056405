//! EfficientNet-Lite (Tan, Le 2019; its blocks are those of MobileNetV2, Sandler et al. 2018): EfficientNet without gates,
//! with ReLU6, stem and head of one width.

use super::Builder;
use super::efficientnet::{Scaling, Stage};
use crate::bundle::blueprint::{Activation, Blueprint, Conv, HeadKind, ValueId};

impl Builder {
    /// The whole network by the names of the package `efficientnet-lite-pytorch`, padded as TensorFlow does. Its
    /// normalisations have an epsilon of 1e-3.
    pub(in crate::bundle) fn efficientnet_lite(mut self, scaling: Scaling) -> Result<Blueprint, String> {
        let [_, height, width] = self.input;
        let mut size = [height, width];
        let mut x = self.conv_norm(0, ["_conv_stem", "_bn0"], padded_as_same(Conv::square(32, 3, 2), &mut size));
        x = self.activate(x, Activation::Relu6);
        let mut index = 0;
        for (number, stage) in scaling.stages().into_iter().enumerate() {
            // The first stage and the last are as deep as Lite0's.
            let layers = if matches!(number, 0 | 6) { 1 } else { stage.layers };
            for layer in 0..layers {
                let shape = Stage { stride: if layer == 0 { stage.stride } else { 1 }, ..stage };
                x = self.lite_block(x, &format!("_blocks.{index}"), shape, &mut size);
                index += 1;
            }
        }
        x = self.conv_norm(x, ["_conv_head", "_bn1"], Conv::square(1280, 1, 1));
        self.activate(x, Activation::Relu6);
        self.finish("_fc", HeadKind::Linear)
    }

    fn lite_block(&mut self, x: ValueId, name: &str, shape: Stage, size: &mut [usize; 2]) -> ValueId {
        let Stage { kernel, stride, expansion, outputs, .. } = shape;
        let inputs = self.channels[x];
        let wide = inputs * expansion;
        let named = |part: &str| format!("{name}.{part}");
        let mut h = x;
        if expansion > 1 {
            h = self.conv_norm(h, [&named("_expand_conv"), &named("_bn0")], Conv::square(wide, 1, 1));
            h = self.activate(h, Activation::Relu6);
        }
        let depthwise = padded_as_same(Conv { groups: wide, ..Conv::square(wide, kernel, stride) }, size);
        h = self.conv_norm(h, [&named("_depthwise_conv"), &named("_bn1")], depthwise);
        h = self.activate(h, Activation::Relu6);
        h = self.conv_norm(h, [&named("_project_conv"), &named("_bn2")], Conv::square(outputs, 1, 1));
        let keeps_shape = stride == 1 && inputs == outputs;
        if keeps_shape { self.add(vec![h, x]) } else { h }
    }

    /// EfficientNet-Lite0 as far as its stride is 16, ReLU for ReLU6 and padding by half the kernel, then a 1×1
    /// convolution to 160 features; maps have bias and ReLU of their own.
    pub(in crate::bundle) fn efficientnet_lite0_stride16(mut self) -> Result<Blueprint, String> {
        /// Kernel, stride, expansion and outputs of every block; an expansion of 1 has no convolution of its own.
        const BLOCKS: [[usize; 4]; 11] = [
            [3, 1, 1, 16],
            [3, 2, 6, 24],
            [3, 1, 6, 24],
            [5, 2, 6, 40],
            [5, 1, 6, 40],
            [3, 2, 6, 80],
            [3, 1, 6, 80],
            [3, 1, 6, 80],
            [5, 1, 6, 112],
            [5, 1, 6, 112],
            [5, 1, 6, 112],
        ];
        const FEATURES: usize = 160;
        let mut x = self.conv_norm(0, ["stem.conv", "stem.norm"], Conv::square(32, 3, 2));
        x = self.relu(x);
        for (index, shape) in BLOCKS.into_iter().enumerate() {
            x = self.inverted_residual(x, &format!("blocks.{index}"), shape);
        }
        x = self.conv_norm(x, ["head.conv", "head.norm"], Conv::square(FEATURES, 1, 1));
        self.relu(x);
        self.finish("classes", HeadKind::Conv { kernel: 1, relu: true, bias_in_map: true })
    }

    /// Widened by a 1×1 convolution, a kernel a channel, and back without a ReLU.
    fn inverted_residual(
        &mut self,
        x: ValueId,
        name: &str,
        [kernel, stride, expansion, outputs]: [usize; 4],
    ) -> ValueId {
        let inputs = self.channels[x];
        let wide = inputs * expansion;
        let mut h = x;
        if expansion > 1 {
            h = self.part(h, name, "expand", Conv::square(wide, 1, 1));
            h = self.relu(h);
        }
        h = self.part(h, name, "depth", Conv { groups: wide, ..Conv::square(wide, kernel, stride) });
        h = self.relu(h);
        h = self.part(h, name, "project", Conv::square(outputs, 1, 1));
        let keeps_shape = stride == 1 && inputs == outputs;
        if keeps_shape { self.add(vec![h, x]) } else { h }
    }

    fn part(&mut self, from: ValueId, block: &str, part: &str, conv: Conv) -> ValueId {
        self.conv_norm(from, [&format!("{block}.{part}.conv"), &format!("{block}.{part}.norm")], conv)
    }
}

/// TensorFlow's SAME: as little padding as covers all of `size`, an odd rest behind the end. `size` becomes what is left.
fn padded_as_same(conv: Conv, size: &mut [usize; 2]) -> Conv {
    let around = |axis: usize| {
        let (side, stride) = (size[axis], conv.stride[axis]);
        let covered = if side % stride == 0 { stride } else { side % stride };
        let both = conv.kernel[axis].saturating_sub(covered);
        [both / 2, both - both / 2]
    };
    let ([above, below], [left, right]) = (around(0), around(1));
    *size = [0, 1].map(|axis| size[axis].div_ceil(conv.stride[axis]));
    Conv { padding: [above, below, left, right], ..conv }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn padding_is_tensorflows() {
        for (kernel, side, expected) in [(3, 224, [0, 1]), (3, 225, [1, 1]), (5, 112, [1, 2]), (5, 7, [2, 2])] {
            let mut size = [side, side];
            let [above, below, left, right] = padded_as_same(Conv::square(8, kernel, 2), &mut size).padding;
            assert_eq!(([above, below], [left, right], size), (expected, expected, [side.div_ceil(2); 2]));
        }
        assert_eq!(padded_as_same(Conv::square(8, 5, 1), &mut [7, 9]).padding, [2; 4]);
    }
}
