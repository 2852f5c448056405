//! Inception v3 (Szegedy et al. 2016) without its auxiliary head. Its normalisations have an epsilon of 1e-3.
//!
//! torchvision's own weights were trained on values between −1 and 1, and its model turns ImageNet's normalisation into
//! those first (`transform_input`). That is no step of the network here: the card's preprocessing must give those values.

use super::Builder;
use crate::bundle::blueprint::{Activation, Blueprint, Conv, HeadKind, Op, PoolWindow, ValueId};

/// A convolution's name, outputs, and height and width of its kernel.
type Link<'a> = (&'a str, usize, [usize; 2]);

impl Builder {
    pub(in crate::bundle) fn inception_v3(mut self) -> Result<Blueprint, String> {
        let bare = |outputs, kernel, stride| Conv { padding: [0; 4], ..Conv::square(outputs, kernel, stride) };
        let mut x = self.basic(0, "Conv2d_1a_3x3", bare(32, 3, 2));
        x = self.basic(x, "Conv2d_2a_3x3", bare(32, 3, 1));
        x = self.basic(x, "Conv2d_2b_3x3", Conv::square(64, 3, 1));
        x = self.max_pool(x, PoolWindow::new(3, 2, 0));
        x = self.basic(x, "Conv2d_3b_1x1", Conv::square(80, 1, 1));
        x = self.basic(x, "Conv2d_4a_3x3", bare(192, 3, 1));
        x = self.max_pool(x, PoolWindow::new(3, 2, 0));
        for (name, pooled) in [("Mixed_5b", 32), ("Mixed_5c", 64), ("Mixed_5d", 64)] {
            x = self.inception_a(x, name, pooled);
        }
        x = self.inception_b(x, "Mixed_6a");
        for (name, narrow) in [("Mixed_6b", 128), ("Mixed_6c", 160), ("Mixed_6d", 160), ("Mixed_6e", 192)] {
            x = self.inception_c(x, name, narrow);
        }
        x = self.inception_d(x, "Mixed_7a");
        x = self.inception_e(x, "Mixed_7b");
        self.inception_e(x, "Mixed_7c");
        self.finish("fc", HeadKind::Linear)
    }

    fn inception_a(&mut self, x: ValueId, name: &str, pooled: usize) -> ValueId {
        let point = self.branch(x, name, &[("branch1x1", 64, [1, 1])]);
        let five = self.branch(x, name, &[("branch5x5_1", 48, [1, 1]), ("branch5x5_2", 64, [5, 5])]);
        let two = [("branch3x3dbl_1", 64, [1, 1]), ("branch3x3dbl_2", 96, [3, 3]), ("branch3x3dbl_3", 96, [3, 3])];
        let two = self.branch(x, name, &two);
        let pool = self.pooled_branch(x, name, pooled);
        self.concat(vec![point, five, two, pool])
    }

    /// Halves height and width.
    fn inception_b(&mut self, x: ValueId, name: &str) -> ValueId {
        let one = self.halving_branch(x, name, &[("branch3x3", 384, [3, 3])]);
        let two = [("branch3x3dbl_1", 64, [1, 1]), ("branch3x3dbl_2", 96, [3, 3]), ("branch3x3dbl_3", 96, [3, 3])];
        let two = self.halving_branch(x, name, &two);
        let pool = self.max_pool(x, PoolWindow::new(3, 2, 0));
        self.concat(vec![one, two, pool])
    }

    fn inception_c(&mut self, x: ValueId, name: &str, narrow: usize) -> ValueId {
        const WIDE: [usize; 2] = [1, 7];
        const HIGH: [usize; 2] = [7, 1];
        let point = self.branch(x, name, &[("branch1x1", 192, [1, 1])]);
        let once = [("branch7x7_1", narrow, [1, 1]), ("branch7x7_2", narrow, WIDE), ("branch7x7_3", 192, HIGH)];
        let once = self.branch(x, name, &once);
        let twice = [
            ("branch7x7dbl_1", narrow, [1, 1]),
            ("branch7x7dbl_2", narrow, HIGH),
            ("branch7x7dbl_3", narrow, WIDE),
            ("branch7x7dbl_4", narrow, HIGH),
            ("branch7x7dbl_5", 192, WIDE),
        ];
        let twice = self.branch(x, name, &twice);
        let pool = self.pooled_branch(x, name, 192);
        self.concat(vec![point, once, twice, pool])
    }

    /// Halves height and width.
    fn inception_d(&mut self, x: ValueId, name: &str) -> ValueId {
        let three = self.halving_branch(x, name, &[("branch3x3_1", 192, [1, 1]), ("branch3x3_2", 320, [3, 3])]);
        let seven = [
            ("branch7x7x3_1", 192, [1, 1]),
            ("branch7x7x3_2", 192, [1, 7]),
            ("branch7x7x3_3", 192, [7, 1]),
            ("branch7x7x3_4", 192, [3, 3]),
        ];
        let seven = self.halving_branch(x, name, &seven);
        let pool = self.max_pool(x, PoolWindow::new(3, 2, 0));
        self.concat(vec![three, seven, pool])
    }

    /// Two of its branches fork at their end.
    fn inception_e(&mut self, x: ValueId, name: &str) -> ValueId {
        let point = self.branch(x, name, &[("branch1x1", 320, [1, 1])]);
        let once = self.branch(x, name, &[("branch3x3_1", 384, [1, 1])]);
        let once = self.fork(once, name, ["branch3x3_2a", "branch3x3_2b"]);
        let twice = self.branch(x, name, &[("branch3x3dbl_1", 448, [1, 1]), ("branch3x3dbl_2", 384, [3, 3])]);
        let twice = self.fork(twice, name, ["branch3x3dbl_3a", "branch3x3dbl_3b"]);
        let pool = self.pooled_branch(x, name, 192);
        self.concat(vec![point, once, twice, pool])
    }

    fn branch(&mut self, x: ValueId, block: &str, links: &[Link<'_>]) -> ValueId {
        links.iter().fold(x, |x, (part, outputs, [high, wide])| {
            let padding = [high / 2, high / 2, wide / 2, wide / 2];
            let conv = Conv { kernel: [*high, *wide], padding, ..Conv::square(*outputs, 1, 1) };
            self.basic(x, &format!("{block}.{part}"), conv)
        })
    }

    /// The last convolution has stride 2 and no padding.
    fn halving_branch(&mut self, x: ValueId, block: &str, links: &[Link<'_>]) -> ValueId {
        let Some(((part, outputs, [kernel, _]), before)) = links.split_last() else { return x };
        let x = self.branch(x, block, before);
        let conv = Conv { padding: [0; 4], ..Conv::square(*outputs, *kernel, 2) };
        self.basic(x, &format!("{block}.{part}"), conv)
    }

    fn pooled_branch(&mut self, x: ValueId, block: &str, outputs: usize) -> ValueId {
        let pooled = self.push("", Op::average_pool(PoolWindow::new(3, 1, 1)), vec![x]);
        self.branch(pooled, block, &[("branch_pool", outputs, [1, 1])])
    }

    fn fork(&mut self, x: ValueId, block: &str, [wide, high]: [&str; 2]) -> ValueId {
        let wide = self.branch(x, block, &[(wide, 384, [1, 3])]);
        let high = self.branch(x, block, &[(high, 384, [3, 1])]);
        self.concat(vec![wide, high])
    }

    /// torchvision's `BasicConv2d`.
    fn basic(&mut self, from: ValueId, name: &str, conv: Conv) -> ValueId {
        let x = self.conv_norm(from, [&format!("{name}.conv"), &format!("{name}.bn")], conv);
        self.activate(x, Activation::Relu)
    }
}
