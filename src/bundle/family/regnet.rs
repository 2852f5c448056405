//! RegNet-Y (Radosavovic et al. 2020), of 400 million multiplications.

use super::Builder;
use crate::bundle::blueprint::{Activation, Blueprint, Conv, HeadKind, ValueId};

const RELU: Option<Activation> = Some(Activation::Relu);
/// Channels of each group of a 3×3 convolution.
const GROUP: usize = 8;

impl Builder {
    pub(in crate::bundle) fn regnet_y_400mf(mut self) -> Result<Blueprint, String> {
        let mut x = self.layer(0, "stem", Conv::square(32, 3, 2), RELU);
        for (stage, (width, blocks)) in (1..).zip([(48, 1), (104, 3), (208, 6), (440, 6)]) {
            for block in 0..blocks {
                let name = format!("trunk_output.block{stage}.block{stage}-{block}");
                x = self.grouped_residual(x, &name, width, if block == 0 { 2 } else { 1 });
            }
        }
        self.finish("fc", HeadKind::Linear)
    }

    /// 1×1, 3×3 in groups, a gate, 1×1; the gate is as narrow as a quarter of what the block reads.
    fn grouped_residual(&mut self, x: ValueId, name: &str, width: usize, stride: usize) -> ValueId {
        let inputs = self.channels[x];
        let mut h = self.layer(x, &format!("{name}.f.a"), Conv::square(width, 1, 1), RELU);
        let grouped = Conv { groups: width / GROUP, ..Conv::square(width, 3, stride) };
        h = self.layer(h, &format!("{name}.f.b"), grouped, RELU);
        h = self.squeeze_excite(h, &format!("{name}.f.se"), inputs / 4, [Activation::Relu, Activation::Sigmoid]);
        h = self.layer(h, &format!("{name}.f.c"), Conv::square(width, 1, 1), None);
        let way = if stride != 1 || inputs != width {
            self.layer(x, &format!("{name}.proj"), Conv::square(width, 1, stride), None)
        } else {
            x
        };
        let sum = self.add(vec![way, h]);
        self.relu(sum)
    }
}
