//! SqueezeNet 1.1 (Iandola et al. 2016).

use super::Builder;
use crate::bundle::blueprint::{Blueprint, Conv, HeadKind, PoolWindow};

impl Builder {
    pub(in crate::bundle) fn squeezenet(mut self) -> Result<Blueprint, String> {
        const POOL: PoolWindow = PoolWindow { size: 3, stride: 2, padding: 0, ceil: true };
        /// Position among `features`, channels between the layers, and of each branch.
        const FIRES: [[usize; 3]; 8] = [
            [3, 16, 64],
            [4, 16, 64],
            [6, 32, 128],
            [7, 32, 128],
            [9, 48, 192],
            [10, 48, 192],
            [11, 64, 256],
            [12, 64, 256],
        ];
        // Its first convolution is not padded.
        let mut x = self.conv(0, "features.0", Conv { padding: [0; 4], ..Conv::square(64, 3, 2) });
        x = self.relu(x);
        x = self.max_pool(x, POOL);
        for [index, narrow, wide] in FIRES {
            if matches!(index, 6 | 9) {
                x = self.max_pool(x, POOL);
            }
            let mut layer = |from, part: &str, outputs, kernel| {
                let sums = self.conv(from, &format!("features.{index}.{part}"), Conv::square(outputs, kernel, 1));
                self.relu(sums)
            };
            let squeezed = layer(x, "squeeze", narrow, 1);
            let small = layer(squeezed, "expand1x1", wide, 1);
            let large = layer(squeezed, "expand3x3", wide, 3);
            x = self.concat(vec![small, large]);
        }
        self.finish("classifier.1", HeadKind::Conv { kernel: 1, relu: true, bias_in_map: true })
    }
}
