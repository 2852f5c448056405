//! Convolutions of every kind, and their transposed on the way back.

use std::ops::Range;

use burn_tensor::module::{conv_transpose2d, conv2d};
use burn_tensor::ops::{ConvOptions, ConvTransposeOptions};
use burn_tensor::{Tensor, TensorData};

use super::{Kept, Operation, Place, Prepared};
use crate::bundle::blueprint::Conv as Sizes;
use crate::bundle::{WeightMap, WeightTensor};
use crate::method::BackwardRule;
use crate::network::ComputeDevice;
use crate::network::cpu::{self, Depthwise, Direct};
use crate::network::load::{on_device, summed_over_inputs, turned};

/// A convolution with what its way back needs; a bias plays no part there.
#[derive(Debug)]
pub(in crate::network) struct Conv {
    sizes: Sizes,
    /// Height and width of what it reads.
    before: [usize; 2],
    kernel: Kernel,
    transposed: Transposed,
}

/// A convolution with its weights, in the form that is fastest on its device.
#[derive(Debug)]
enum Kernel {
    Plain(Box<Plain>),
    Depthwise(Depthwise),
    Direct(Direct),
}

/// Burn's own convolution.
#[derive(Debug)]
struct Plain {
    /// `[out, in / groups, k, k]`
    weight: Tensor<4>,
    bias: Option<Tensor<1>>,
    options: ConvOptions<2>,
}

impl Kernel {
    fn new(sizes: Sizes, inputs: usize, weight: &WeightTensor, bias: Option<&[f32]>, device: &ComputeDevice) -> Self {
        // On the CPU Burn's own is fastest for what is a plain product of matrices.
        let is_product = sizes.kernel == [1, 1] && sizes.stride == [1, 1] && sizes.groups == 1;
        if is_product || !cpu::is_direct(device) {
            let Sizes { stride, padding: [above, below, left, right], dilation, groups, .. } = sizes;
            let options = ConvOptions::new_with_padding(stride, [(above, below), (left, right)], dilation, groups);
            let bias = bias.map(|values| Tensor::from_data(TensorData::from(values), &device.burn));
            return Self::Plain(Box::new(Plain { weight: on_device(weight, device), bias, options }));
        }
        Depthwise::new(&sizes, inputs, weight, bias)
            .map_or_else(|| Self::Direct(Direct::new(sizes, inputs, weight, bias)), Self::Depthwise)
    }

    /// Some rows, or all.
    fn forward(&self, x: Tensor<4>, rows: Option<Range<usize>>) -> Tensor<4> {
        let own = match self {
            Self::Depthwise(depthwise) => return depthwise.forward(x, rows),
            Self::Direct(direct) => return direct.forward(x, rows),
            Self::Plain(own) => own,
        };
        let value = conv2d(x, own.weight.clone(), own.bias.clone(), own.options.clone());
        match rows {
            Some(rows) if rows.len() < value.dims()[2] => value.narrow(2, rows.start, rows.len()),
            _ => value,
        }
    }
}

/// ĥ = Σ_k z_k * w_k (Zeiler, Fergus 2014).
#[derive(Debug)]
enum Transposed {
    /// As a convolution with turned kernels, `[in, out / groups, k, k]`, where the stride is 1: it is the faster one.
    Turned(Kernel),
    /// `[out, in / groups, k, k]`
    Strided(Box<Tensor<4>>),
}

impl Conv {
    pub fn load(name: &str, sizes: Sizes, place: Place<'_>, weights: &WeightMap, device: &ComputeDevice) -> Self {
        let weight = &weights[&format!("{name}.weight")];
        let bias = sizes.bias.then(|| weights[&format!("{name}.bias")].values.as_slice());
        let summed = (place.is_first && sizes.groups == 1).then(|| summed_over_inputs(weight));
        let back = summed.as_ref().unwrap_or(weight);
        let [channels, height, width] = place.inputs[0];
        let transposed = match padding_back(&sizes).filter(|_| sizes.stride == [1, 1]) {
            Some(padding) => {
                let turned = turned(back, sizes.groups);
                let sizes_back = Sizes { outputs: turned.shape[0], padding, bias: false, ..sizes };
                Transposed::Turned(Kernel::new(sizes_back, sizes.outputs, &turned, None, device))
            }
            None => Transposed::Strided(Box::new(on_device(back, device))),
        };
        let kernel = Kernel::new(sizes, channels, weight, bias, device);
        Self { before: [height, width], kernel, transposed, sizes }
    }

    fn transposed_with_stride(&self, signal: Tensor<4>, weight: &Tensor<4>) -> Tensor<4> {
        let Sizes { kernel, stride, padding: [above, _, left, _], dilation, groups, .. } = self.sizes;
        let [_, _, height, width] = signal.dims();
        // All that the kernels reach, cut to what was read; rows and columns that the stride left over get nothing.
        let lost = |axis: usize, after: usize, skipped: usize| {
            let reached = (after - 1) * stride[axis] + dilation[axis] * (kernel[axis] - 1) + 1;
            (self.before[axis] + skipped).saturating_sub(reached)
        };
        let beyond = [lost(0, height, above), lost(1, width, left)];
        let options = ConvTransposeOptions::new(stride, [0, 0], beyond, dilation, groups);
        let whole = conv_transpose2d(signal, weight.clone(), None, options);
        whole.narrow(2, above, self.before[0]).narrow(3, left, self.before[1])
    }
}

impl Operation for Conv {
    fn forward(&self, mut inputs: Vec<Tensor<4>>, _: bool) -> (Tensor<4>, Kept) {
        (self.kernel.forward(inputs.swap_remove(0), None), Kept::Nothing)
    }

    fn back(&self, signal: Tensor<4>, _: &Prepared, _: BackwardRule) -> Vec<Option<Tensor<4>>> {
        vec![Some(match &self.transposed {
            Transposed::Turned(kernel) => kernel.forward(signal, None),
            Transposed::Strided(weight) => self.transposed_with_stride(signal, weight),
        })]
    }

    fn halo(&self) -> Option<usize> {
        let Sizes { kernel: [high, wide], stride, padding, dilation, .. } = self.sizes;
        let keeps_size = stride == [1, 1]
            && dilation == [1, 1]
            && high % 2 == 1
            && wide % 2 == 1
            && padding == [high / 2, high / 2, wide / 2, wide / 2];
        keeps_size.then_some(high / 2)
    }

    fn forward_rows(&self, input: Tensor<4>, rows: Range<usize>) -> Tensor<4> {
        self.kernel.forward(input, Some(rows))
    }
}

/// Of the convolution with turned kernels that is the transposed of one of stride 1; `None` where it was padded by more
/// than its kernel reaches.
fn padding_back(sizes: &Sizes) -> Option<[usize; 4]> {
    let [above, below, left, right] = sizes.padding;
    let rest = |axis: usize, side: usize| (sizes.dilation[axis] * (sizes.kernel[axis] - 1)).checked_sub(side);
    Some([rest(0, above)?, rest(0, below)?, rest(1, left)?, rest(1, right)?])
}

#[cfg(all(test, feature = "train"))]
mod tests {
    use super::super::check;
    use crate::bundle::blueprint::{Conv, Op};

    #[test]
    fn the_way_back_is_the_gradient_whatever_stride_padding_dilation_and_groups() {
        for conv in [
            Conv::square(5, 3, 1),
            Conv { bias: false, ..Conv::square(2, 3, 1) },
            Conv::square(4, 1, 2),
            Conv::square(4, 7, 2),
            Conv { groups: 4, ..Conv::square(4, 5, 1) },
            Conv { groups: 4, ..Conv::square(4, 3, 2) },
            Conv { groups: 2, ..Conv::square(6, 3, 1) },
            Conv { groups: 2, ..Conv::square(6, 3, 2) },
            Conv { dilation: [2, 3], padding: [2, 2, 3, 3], ..Conv::square(3, 3, 1) },
            Conv { dilation: [2, 2], ..Conv::square(3, 3, 2) },
            // What TensorFlow calls SAME.
            Conv { padding: [0, 1, 0, 1], ..Conv::square(3, 3, 2) },
            Conv { padding: [0, 1, 2, 0], ..Conv::square(3, 3, 1) },
            Conv { kernel: [1, 7], padding: [0, 0, 3, 3], ..Conv::square(3, 1, 1) },
            Conv { padding: [4; 4], ..Conv::square(3, 3, 1) },
        ] {
            for size in [[9, 8], [8, 11]] {
                check::is_the_gradient(Op::Conv(conv), &[[4, size[0], size[1]]]);
            }
        }
    }
}
