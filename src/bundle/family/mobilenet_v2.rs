//! MobileNetV2 (Sandler et al. 2018).

use super::Builder;
use crate::bundle::blueprint::{Activation, Blueprint, Conv, HeadKind, ValueId};

impl Builder {
    pub(in crate::bundle) fn mobilenet_v2(mut self) -> Result<Blueprint, String> {
        /// Expansion, outputs, blocks and the first one's stride.
        const STAGES: [[usize; 4]; 7] =
            [[1, 16, 1, 1], [6, 24, 2, 2], [6, 32, 3, 2], [6, 64, 4, 2], [6, 96, 3, 1], [6, 160, 3, 2], [6, 320, 1, 1]];
        const RELU6: Option<Activation> = Some(Activation::Relu6);
        let mut x = self.layer(0, "features.0", Conv::square(32, 3, 2), RELU6);
        let mut index = 1;
        for [expansion, outputs, blocks, stride] in STAGES {
            for block in 0..blocks {
                let stride = if block == 0 { stride } else { 1 };
                x = self.bottleneck(x, &format!("features.{index}.conv"), [expansion, outputs, stride]);
                index += 1;
            }
        }
        self.layer(x, &format!("features.{index}"), Conv::square(1280, 1, 1), RELU6);
        self.finish("classifier.1", HeadKind::Linear)
    }

    /// Widened by a 1×1 convolution, a kernel a channel, and back without an activation.
    fn bottleneck(&mut self, x: ValueId, name: &str, [expansion, outputs, stride]: [usize; 3]) -> ValueId {
        const RELU6: Option<Activation> = Some(Activation::Relu6);
        let inputs = self.channels[x];
        let wide = inputs * expansion;
        let (mut h, mut part) = (x, 0);
        if expansion > 1 {
            h = self.layer(h, &format!("{name}.0"), Conv::square(wide, 1, 1), RELU6);
            part = 1;
        }
        h = self.layer(h, &format!("{name}.{part}"), Conv { groups: wide, ..Conv::square(wide, 3, stride) }, RELU6);
        // The last convolution and its normalisation stand side by side with those two.
        let names = [part + 1, part + 2].map(|part| format!("{name}.{part}"));
        h = self.conv_norm(h, [&names[0], &names[1]], Conv::square(outputs, 1, 1));
        if stride == 1 && inputs == outputs { self.add(vec![h, x]) } else { h }
    }
}
