//! VGG-16 with global average pooling (Simonyan, Zisserman 2015; Zhou et al. 2016).

use super::Builder;
use crate::bundle::blueprint::{Blueprint, Conv, HeadKind, PoolWindow};

impl Builder {
    /// torchvision's `features`, then `classifier`, one linear layer.
    pub(in crate::bundle) fn vgg16_gap(mut self) -> Result<Blueprint, String> {
        let (mut x, mut index) = (0, 0);
        for (width, convs) in [(64, 2), (128, 2), (256, 3), (512, 3), (512, 3)] {
            for _ in 0..convs {
                x = self.conv(x, &format!("features.{index}"), Conv::square(width, 3, 1));
                x = self.relu(x);
                index += 2;
            }
            x = self.max_pool(x, PoolWindow::new(2, 2, 0));
            index += 1;
        }
        self.finish("classifier", HeadKind::Linear)
    }
}
