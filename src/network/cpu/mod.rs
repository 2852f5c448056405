//! Loops over the values of Flex's tensors, in the widest SIMD that the CPU has: where Flex goes over them several times,
//! or takes them one by one. Every loop has a test that it gives what Burn's own operations give.

#[cfg(test)]
mod check;
mod depthwise;
mod direct;
mod grid;
mod layer_norm;
pub mod math;

use burn_tensor::{Tensor, TensorData};
use pulp::{Arch, Simd, WithSimd};
use rayon::prelude::*;

pub use depthwise::Depthwise;
pub use direct::Direct;
pub use layer_norm::layer_norm;

use super::ComputeDevice;

/// Values that one core takes at a time: they stay in its cache.
const PORTION: usize = 1 << 14;

/// Whether tensors on `device` are values in memory that nobody watches, and the CPU has SIMD.
pub fn is_direct(device: &ComputeDevice) -> bool {
    !device.is_gpu && !device.burn.is_autodiff() && lanes() > 1
}

/// How many f32 a register holds.
pub fn lanes() -> usize {
    struct Lanes;

    impl WithSimd for Lanes {
        type Output = usize;

        #[inline(always)]
        fn with_simd<S: Simd>(self, _: S) -> usize {
            S::F32_LANES
        }
    }

    Arch::new().dispatch(Lanes)
}

/// The values of a tensor; they are moved where nobody else holds them.
pub fn values_of(x: Tensor<4>) -> Vec<f32> {
    x.into_data().try_into_vec().unwrap_or_else(|_| unreachable!("a network's values are f32"))
}

/// `f` of every value.
pub fn each(x: Tensor<4>, f: impl Fn(f32) -> f32 + Sync) -> Tensor<4> {
    let (shape, device) = (x.dims(), x.device());
    let mut values = values_of(x);
    values.par_chunks_mut(PORTION).for_each(|portion| {
        Arch::new().dispatch(|| portion.iter_mut().for_each(|value| *value = f(*value)));
    });
    Tensor::from_data(TensorData::new(values, shape), &device)
}
