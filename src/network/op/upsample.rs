//! Enlarging by whole factors: every cell becomes several of its value, which add up on the way back.

use burn_tensor::Tensor;
use burn_tensor::module::avg_pool2d;
use burn_tensor::ops::AvgPoolOptions;

use super::{Kept, Operation, Prepared};
use crate::method::BackwardRule;

/// Nearest neighbour.
#[derive(Debug)]
pub(in crate::network) struct Upsample {
    pub factor: usize,
}

impl Operation for Upsample {
    fn forward(&self, mut inputs: Vec<Tensor<4>>, _: bool) -> (Tensor<4>, Kept) {
        let x = inputs.swap_remove(0);
        let ([batch, channels, height, width], factor) = (x.dims(), self.factor);
        let cells = x.reshape([batch * channels, height, 1, width, 1]).expand([
            batch * channels,
            height,
            factor,
            width,
            factor,
        ]);
        (cells.reshape([batch, channels, height * factor, width * factor]), Kept::Nothing)
    }

    fn back(&self, signal: Tensor<4>, _: &Prepared, _: BackwardRule) -> Vec<Option<Tensor<4>>> {
        let options = AvgPoolOptions::new([self.factor; 2]).with_stride([self.factor; 2]);
        vec![Some(avg_pool2d(signal, options).mul_scalar((self.factor * self.factor) as f64))]
    }
}

#[cfg(all(test, feature = "train"))]
mod tests {
    use super::super::check;
    use crate::bundle::blueprint::Op;

    #[test]
    fn the_way_back_is_the_gradient() {
        check::is_the_gradient(Op::Upsample { factor: 3 }, &[[2, 4, 3]]);
    }
}
