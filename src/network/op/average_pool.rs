//! Average pooling, of windows and of whole channels; what comes back is spread evenly.

use burn_tensor::Tensor;
use burn_tensor::module::{avg_pool2d, avg_pool2d_backward};
use burn_tensor::ops::AvgPoolOptions;

use super::{Kept, Operation, Prepared};
use crate::bundle::blueprint::PoolWindow;
use crate::method::BackwardRule;

/// The mean of each window.
#[derive(Debug)]
pub(in crate::network) struct AveragePool {
    pub window: PoolWindow,
    /// Whether padding counts as zeros.
    pub counts_padding: bool,
    /// Height and width of what it reads.
    pub before: [usize; 2],
}

impl Operation for AveragePool {
    fn forward(&self, mut inputs: Vec<Tensor<4>>, _: bool) -> (Tensor<4>, Kept) {
        let PoolWindow { size, stride, padding, ceil } = self.window;
        let options = AvgPoolOptions::new([size; 2]).with_stride([stride; 2]).with_padding([padding; 2]);
        let options = options.with_ceil_mode(ceil).with_count_include_pad(self.counts_padding);
        (avg_pool2d(inputs.swap_remove(0), options), Kept::Nothing)
    }

    fn back(&self, signal: Tensor<4>, _: &Prepared, _: BackwardRule) -> Vec<Option<Tensor<4>>> {
        let ([batch, channels, _, _], [height, width]) = (signal.dims(), self.before);
        let grid = Tensor::<4>::zeros([1, 1, 1, 1], &signal.device()).expand([batch, channels, height, width]);
        let PoolWindow { size, stride, padding, ceil } = self.window;
        let counts = self.counts_padding;
        vec![Some(avg_pool2d_backward(grid, signal, [size; 2], [stride; 2], [padding; 2], counts, ceil))]
    }
}

/// The mean of each channel, as one cell.
#[derive(Debug)]
pub(in crate::network) struct GlobalAveragePool {
    /// Height and width of what it reads.
    pub before: [usize; 2],
}

impl Operation for GlobalAveragePool {
    fn forward(&self, mut inputs: Vec<Tensor<4>>, _: bool) -> (Tensor<4>, Kept) {
        (inputs.swap_remove(0).mean_dims(&[2, 3]), Kept::Nothing)
    }

    fn back(&self, signal: Tensor<4>, _: &Prepared, _: BackwardRule) -> Vec<Option<Tensor<4>>> {
        let ([batch, channels, _, _], [height, width]) = (signal.dims(), self.before);
        let each = signal.div_scalar((height * width) as f64);
        vec![Some(each.expand([batch, channels, height, width]))]
    }
}

#[cfg(all(test, feature = "train"))]
mod tests {
    use super::super::check;
    use crate::bundle::blueprint::{Op, PoolWindow};

    #[test]
    fn the_way_back_is_the_gradient() {
        check::is_the_gradient(Op::average_pool(PoolWindow::new(2, 2, 0)), &[[3, 7, 6]]);
        check::is_the_gradient(Op::average_pool(PoolWindow::new(3, 1, 1)), &[[2, 5, 6]]);
        let window = PoolWindow::new(3, 2, 1);
        check::is_the_gradient(Op::AveragePool { window, counts_padding: false }, &[[2, 5, 6]]);
        let window = PoolWindow { ceil: true, ..PoolWindow::new(3, 2, 0) };
        check::is_the_gradient(Op::AveragePool { window, counts_padding: false }, &[[2, 6, 8]]);
        check::is_the_gradient(Op::GlobalAveragePool, &[[3, 7, 6]]);
    }
}
