//! EfficientNet (Tan, Le 2019): blocks of MobileNetV2 with gates, wider and deeper from B0 to B3. Its normalisations have
//! PyTorch's own epsilon, 1e-5, in torchvision.

use super::Builder;
use crate::bundle::blueprint::{Activation, Blueprint, Conv, HeadKind, ValueId};

/// How much wider and deeper than B0, in tenths.
#[derive(Debug, Clone, Copy)]
pub(in crate::bundle) struct Scaling {
    width: usize,
    depth: usize,
}

/// Blocks of one shape, the first of which has the stride.
#[derive(Debug, Clone, Copy)]
pub(super) struct Stage {
    pub kernel: usize,
    pub stride: usize,
    pub expansion: usize,
    pub outputs: usize,
    pub layers: usize,
}

impl Scaling {
    pub const B0: Self = Self { width: 10, depth: 10 };
    pub const B1: Self = Self { width: 10, depth: 11 };
    pub const B2: Self = Self { width: 11, depth: 12 };
    pub const B3: Self = Self { width: 12, depth: 14 };

    /// So many times as many channels, as a multiple of 8 that is no more than a tenth below.
    pub(super) fn wider(self, channels: usize) -> usize {
        let tenths = channels * self.width;
        let near = ((tenths + 40) / 80 * 8).max(8);
        if 100 * near < 9 * tenths { near + 8 } else { near }
    }

    pub(super) fn deeper(self, layers: usize) -> usize {
        (layers * self.depth).div_ceil(10)
    }

    /// The paper's table 1.
    pub(super) fn stages(self) -> [Stage; 7] {
        let stage = |[kernel, stride, expansion, outputs, layers]: [usize; 5]| {
            let (outputs, layers) = (self.wider(outputs), self.deeper(layers));
            Stage { kernel, stride, expansion, outputs, layers }
        };
        [
            [3, 1, 1, 16, 1],
            [3, 2, 6, 24, 2],
            [5, 2, 6, 40, 2],
            [3, 2, 6, 80, 3],
            [5, 1, 6, 112, 3],
            [5, 2, 6, 192, 4],
            [3, 1, 6, 320, 1],
        ]
        .map(stage)
    }
}

impl Builder {
    pub(in crate::bundle) fn efficientnet(mut self, scaling: Scaling) -> Result<Blueprint, String> {
        const SILU: Option<Activation> = Some(Activation::Silu);
        let mut x = self.layer(0, "features.0", Conv::square(scaling.wider(32), 3, 2), SILU);
        for (index, stage) in scaling.stages().into_iter().enumerate() {
            for layer in 0..stage.layers {
                let shape = Stage { stride: if layer == 0 { stage.stride } else { 1 }, ..stage };
                x = self.mobile_block(x, &format!("features.{}.{layer}.block", index + 1), shape);
            }
        }
        let features = 4 * self.channels[x];
        self.layer(x, "features.8", Conv::square(features, 1, 1), SILU);
        self.finish("classifier.1", HeadKind::Linear)
    }

    /// Widened by a 1×1 convolution, a kernel a channel, a gate, and back without an activation.
    fn mobile_block(&mut self, x: ValueId, name: &str, shape: Stage) -> ValueId {
        const SILU: Option<Activation> = Some(Activation::Silu);
        let Stage { kernel, stride, expansion, outputs, .. } = shape;
        let inputs = self.channels[x];
        let wide = inputs * expansion;
        let mut parts = (0..).map(|part| format!("{name}.{part}"));
        let mut next = || parts.next().unwrap_or_default();
        let mut h = x;
        if expansion > 1 {
            h = self.layer(h, &next(), Conv::square(wide, 1, 1), SILU);
        }
        h = self.layer(h, &next(), Conv { groups: wide, ..Conv::square(wide, kernel, stride) }, SILU);
        h = self.squeeze_excite(h, &next(), inputs / 4, [Activation::Silu, Activation::Sigmoid]);
        h = self.layer(h, &next(), Conv::square(outputs, 1, 1), None);
        let keeps_shape = stride == 1 && inputs == outputs;
        if keeps_shape { self.add(vec![h, x]) } else { h }
    }
}
