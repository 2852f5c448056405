//! Max pooling, and its way back by unpooling switches (Zeiler, Fergus 2014).

use burn_tensor::Tensor;
use burn_tensor::module::{max_pool2d, max_pool2d_with_indices, max_pool2d_with_indices_backward};
use burn_tensor::ops::MaxPoolOptions;

use super::{Kept, Operation, Prepared};
use crate::bundle::blueprint::PoolWindow;
use crate::method::BackwardRule;

/// The largest value of each window.
#[derive(Debug)]
pub(in crate::network) struct MaxPool {
    pub window: PoolWindow,
    /// Height and width of what it reads.
    pub before: [usize; 2],
}

impl MaxPool {
    fn options(&self) -> MaxPoolOptions<2> {
        let PoolWindow { size, stride, padding, ceil } = self.window;
        MaxPoolOptions::new([size; 2]).with_stride([stride; 2]).with_padding([padding; 2]).with_ceil_mode(ceil)
    }
}

impl Operation for MaxPool {
    fn forward(&self, mut inputs: Vec<Tensor<4>>, keeps: bool) -> (Tensor<4>, Kept) {
        let x = inputs.swap_remove(0);
        if !keeps {
            return (max_pool2d(x, self.options()), Kept::Nothing);
        }
        let (value, switches) = max_pool2d_with_indices(x, self.options());
        (value, Kept::Switches(switches))
    }

    fn prepare(&self, _: Option<Tensor<4>>, kept: &Kept, _: bool) -> Prepared {
        match kept {
            Kept::Switches(switches) => Prepared::Switches(switches.clone()),
            _ => Prepared::Nothing,
        }
    }

    /// Every value returns to the position that its maximum came from; overlapping windows add up.
    fn back(&self, signal: Tensor<4>, prepared: &Prepared, _: BackwardRule) -> Vec<Option<Tensor<4>>> {
        let Prepared::Switches(switches) = prepared else {
            unreachable!("a pass that goes back has kept the switches")
        };
        let ([batch, channels, h, w], [height, width]) = (signal.dims(), self.before);
        let grid = Tensor::<4>::zeros([1, 1, 1, 1], &signal.device()).expand([batch, channels, height, width]);
        let switches = switches.clone().expand([batch, channels, h, w]);
        let PoolWindow { size, stride, padding, ceil } = self.window;
        let (size, stride, padding) = ([size; 2], [stride; 2], [padding; 2]);
        vec![Some(max_pool2d_with_indices_backward(grid, size, stride, padding, [1, 1], ceil, signal, switches))]
    }
}

#[cfg(all(test, feature = "train"))]
mod tests {
    use super::super::check;
    use crate::bundle::blueprint::{Op, PoolWindow};

    #[test]
    fn the_way_back_is_the_gradient() {
        check::is_the_gradient(Op::MaxPool(PoolWindow::new(2, 2, 0)), &[[3, 7, 6]]);
        check::is_the_gradient(Op::MaxPool(PoolWindow::new(3, 2, 1)), &[[2, 7, 8]]);
        check::is_the_gradient(Op::MaxPool(PoolWindow { ceil: true, ..PoolWindow::new(3, 2, 0) }), &[[2, 8, 7]]);
    }
}
