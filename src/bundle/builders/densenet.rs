//! DenseNets (Huang et al. 2017, "Densely Connected Convolutional Networks").

use super::Builder;
use crate::bundle::blueprint::{Blueprint, Conv, HeadKind, Op, ValueId, Window};
use crate::bundle::densenet::DenseNetSizes;

impl DenseNetSizes {
    /// # Errors
    /// Sizes that are missing, too large, or leave nothing to look at.
    pub fn blueprint(&self) -> Result<Blueprint, String> {
        self.check()?;
        let mut builder = Builder::new(self.input, self.norm_epsilon);
        let mut x = builder.conv_norm(0, ["features.conv0", "features.norm0"], Conv::square(self.first_channels, 7, 2));
        x = builder.relu(x);
        x = builder.max_pool(x, Window::new(3, 2, 1));
        for (index, layers) in self.blocks.iter().enumerate() {
            x = self.block(&mut builder, x, index + 1, *layers);
            if index + 1 < self.blocks.len() {
                let name = format!("features.transition{}", index + 1);
                x = builder.norm(x, &format!("{name}.norm"));
                x = builder.relu(x);
                let half = Conv { bias: false, ..Conv::square(builder.channels[x] / 2, 1, 1) };
                x = builder.conv(x, &format!("{name}.conv"), half);
                x = builder.push("", Op::AveragePool(Window::new(2, 2, 0)), vec![x]);
            }
        }
        // torchvision's name of the last normalisation, however many blocks there are.
        x = builder.norm(x, "features.norm5");
        builder.relu(x);
        builder.finish("classifier", HeadKind::Linear)
    }

    /// Layers that each read all channels so far and append their own.
    fn block(&self, builder: &mut Builder, x: ValueId, block: usize, layers: usize) -> ValueId {
        let mut all = x;
        for layer in 1..=layers {
            let name = format!("features.denseblock{block}.denselayer{layer}");
            let mut h = builder.norm(all, &format!("{name}.norm1"));
            h = builder.relu(h);
            let narrow = Conv::square(self.bottleneck * self.growth, 1, 1);
            h = builder.conv_norm(h, [&format!("{name}.conv1"), &format!("{name}.norm2")], narrow);
            h = builder.relu(h);
            h = builder.conv(h, &format!("{name}.conv2"), Conv { bias: false, ..Conv::square(self.growth, 3, 1) });
            all = builder.concat(vec![all, h]);
        }
        all
    }
}
