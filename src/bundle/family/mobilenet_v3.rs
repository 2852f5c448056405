//! MobileNetV3 (Howard et al. 2019). Its normalisations have an epsilon of 1e-3.

use super::Builder;
use crate::bundle::blueprint::{Activation, Blueprint, Conv, HeadKind, ValueId};

/// Kernel, channels between and behind, whether it has a gate, its activation, stride.
type Block = (usize, usize, usize, bool, Activation, usize);

const RE: Activation = Activation::Relu;
const HS: Activation = Activation::HardSwish;

/// The paper's table 1.
pub(super) const LARGE: [Block; 15] = [
    (3, 16, 16, false, RE, 1),
    (3, 64, 24, false, RE, 2),
    (3, 72, 24, false, RE, 1),
    (5, 72, 40, true, RE, 2),
    (5, 120, 40, true, RE, 1),
    (5, 120, 40, true, RE, 1),
    (3, 240, 80, false, HS, 2),
    (3, 200, 80, false, HS, 1),
    (3, 184, 80, false, HS, 1),
    (3, 184, 80, false, HS, 1),
    (3, 480, 112, true, HS, 1),
    (3, 672, 112, true, HS, 1),
    (5, 672, 160, true, HS, 2),
    (5, 960, 160, true, HS, 1),
    (5, 960, 160, true, HS, 1),
];

/// The paper's table 2.
pub(super) const SMALL: [Block; 11] = [
    (3, 16, 16, true, RE, 2),
    (3, 72, 24, false, RE, 2),
    (3, 88, 24, false, RE, 1),
    (5, 96, 40, true, HS, 2),
    (5, 240, 40, true, HS, 1),
    (5, 240, 40, true, HS, 1),
    (5, 120, 48, true, HS, 1),
    (5, 144, 48, true, HS, 1),
    (5, 288, 96, true, HS, 2),
    (5, 576, 96, true, HS, 1),
    (5, 576, 96, true, HS, 1),
];

impl Builder {
    /// `hidden` features stand between the pooling and the last linear layer. So the pooling is inside the network, and a
    /// class map, the CAM, is one single cell: where something is only the way back (CLEAR, Grad-CAM) shows.
    pub(in crate::bundle) fn mobilenet_v3(mut self, blocks: &[Block], hidden: usize) -> Result<Blueprint, String> {
        let mut x = self.layer(0, "features.0", Conv::square(16, 3, 2), Some(HS));
        for (index, block) in (1..).zip(blocks) {
            x = self.gated_block(x, &format!("features.{index}.block"), *block);
        }
        let features = 6 * self.channels[x];
        x = self.layer(x, &format!("features.{}", blocks.len() + 1), Conv::square(features, 1, 1), Some(HS));
        x = self.global_average_pool(x);
        x = self.conv(x, "classifier.0", Conv::square(hidden, 1, 1));
        self.activate(x, HS);
        self.finish("classifier.3", HeadKind::Linear)
    }

    fn gated_block(&mut self, x: ValueId, name: &str, block: Block) -> ValueId {
        let (kernel, wide, outputs, has_gate, activation, stride) = block;
        let inputs = self.channels[x];
        let mut parts = (0..).map(|part| format!("{name}.{part}"));
        let mut next = || parts.next().unwrap_or_default();
        let mut h = x;
        if wide != inputs {
            h = self.layer(h, &next(), Conv::square(wide, 1, 1), Some(activation));
        }
        h = self.layer(h, &next(), Conv { groups: wide, ..Conv::square(wide, kernel, stride) }, Some(activation));
        if has_gate {
            h = self.squeeze_excite(h, &next(), squeezed(wide), [Activation::Relu, Activation::HardSigmoid]);
        }
        h = self.layer(h, &next(), Conv::square(outputs, 1, 1), None);
        if stride == 1 && inputs == outputs { self.add(vec![h, x]) } else { h }
    }
}

/// A quarter, as a multiple of 8 that is no more than a tenth below.
fn squeezed(channels: usize) -> usize {
    let quarter = channels / 4;
    let near = ((quarter + 4) / 8 * 8).max(8);
    if 10 * near < 9 * quarter { near + 8 } else { near }
}
