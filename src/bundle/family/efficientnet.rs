//! EfficientNet-Lite (Tan, Le 2019; its blocks are those of MobileNetV2, Sandler et al. 2018).

use super::Builder;
use crate::bundle::blueprint::{Blueprint, Conv, HeadKind, ValueId};

impl Builder {
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
