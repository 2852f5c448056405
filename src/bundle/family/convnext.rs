//! ConvNeXt-Tiny (Liu et al. 2022). Its normalisations, all of them over the channels of a cell, have an epsilon of 1e-6.

use super::Builder;
use crate::bundle::blueprint::{Activation, Blueprint, Conv, HeadKind, Op, ValueId};

impl Builder {
    /// A normalisation stands between the pooling and the linear layer. So the pooling is inside the network, and a class
    /// map, the CAM, is one single cell: where something is only the way back (CLEAR, Grad-CAM) shows.
    pub(in crate::bundle) fn convnext_tiny(mut self) -> Result<Blueprint, String> {
        let mut x = self.conv(0, "features.0.0", patches(96, 4));
        x = self.layer_norm(x, "features.0.1");
        for (stage, (width, blocks)) in [(96, 3), (192, 3), (384, 9), (768, 3)].into_iter().enumerate() {
            if stage > 0 {
                x = self.layer_norm(x, &format!("features.{}.0", 2 * stage));
                x = self.conv(x, &format!("features.{}.1", 2 * stage), patches(width, 2));
            }
            for block in 0..blocks {
                x = self.convnext_block(x, &format!("features.{}.{block}", 2 * stage + 1));
            }
        }
        x = self.global_average_pool(x);
        self.layer_norm(x, "classifier.0");
        self.finish("classifier.2", HeadKind::Linear)
    }

    /// torchvision's linear layers over the channels of each cell are 1×1 convolutions here.
    fn convnext_block(&mut self, x: ValueId, name: &str) -> ValueId {
        let width = self.channels[x];
        let mut h = self.conv(x, &format!("{name}.block.0"), Conv { groups: width, ..Conv::square(width, 7, 1) });
        h = self.layer_norm(h, &format!("{name}.block.2"));
        h = self.conv(h, &format!("{name}.block.3"), Conv::square(4 * width, 1, 1));
        h = self.activate(h, Activation::Gelu);
        h = self.conv(h, &format!("{name}.block.5"), Conv::square(width, 1, 1));
        h = self.push(&format!("{name}.layer_scale"), Op::Scale, vec![h]);
        self.add(vec![h, x])
    }

    fn layer_norm(&mut self, from: ValueId, name: &str) -> ValueId {
        self.push(name, Op::LayerNorm { epsilon: self.epsilon }, vec![from])
    }
}

/// A convolution of patches that stand side by side.
fn patches(outputs: usize, side: usize) -> Conv {
    Conv { padding: [0; 4], ..Conv::square(outputs, side, side) }
}
