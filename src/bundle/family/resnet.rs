//! ResNets (He et al. 2016).

use super::Builder;
use crate::bundle::blueprint::{Blueprint, Conv, HeadKind, PoolWindow, ValueId};

impl Builder {
    /// `layers` are the blocks of each stage; deep ones have three convolutions.
    pub(in crate::bundle) fn resnet(mut self, layers: [usize; 4], is_deep: bool) -> Result<Blueprint, String> {
        let mut x = self.conv_norm(0, ["conv1", "bn1"], Conv::square(64, 7, 2));
        x = self.relu(x);
        x = self.max_pool(x, PoolWindow::new(3, 2, 1));
        for (stage, (blocks, width)) in layers.into_iter().zip([64, 128, 256, 512]).enumerate() {
            for block in 0..blocks {
                let stride = if stage > 0 && block == 0 { 2 } else { 1 };
                x = self.residual(x, &format!("layer{}.{block}", stage + 1), width, stride, is_deep);
            }
        }
        self.finish("fc", HeadKind::Linear)
    }

    fn residual(&mut self, x: ValueId, name: &str, width: usize, stride: usize, is_deep: bool) -> ValueId {
        let shapes = if is_deep {
            vec![Conv::square(width, 1, 1), Conv::square(width, 3, stride), Conv::square(4 * width, 1, 1)]
        } else {
            vec![Conv::square(width, 3, stride), Conv::square(width, 3, 1)]
        };
        let (last, mut out) = (shapes.len(), x);
        for (n, conv) in (1..).zip(shapes) {
            out = self.conv_norm(out, [&format!("{name}.conv{n}"), &format!("{name}.bn{n}")], conv);
            out = if n < last { self.relu(out) } else { out };
        }
        let outputs = self.channels[out];
        let way = if stride != 1 || self.channels[x] != outputs {
            let names = [&*format!("{name}.downsample.0"), &*format!("{name}.downsample.1")];
            self.conv_norm(x, names, Conv::square(outputs, 1, stride))
        } else {
            x
        };
        let sum = self.add(vec![out, way]);
        self.relu(sum)
    }
}
