//! A dense block: layers that read all channels so far and append their own.

use std::ops::Range;

use burn_tensor::{Tensor, activation, s};
use rayon::prelude::*;

use super::norm::Norm;
use super::taps::Taps;
use super::{Conv, same_size};
use crate::explain::options::BackwardRule;
use crate::network::relu::{gate, through_relu};

/// The layers of one dense block.
#[derive(Debug)]
pub(super) struct Block {
    pub layers: Vec<DenseLayer>,
    /// Channels that go in.
    pub before: usize,
    /// Channels that each layer adds.
    pub growth: usize,
}

/// Norm, ReLU, 1×1 convolution (with the second normalisation folded in), ReLU, 3×3 convolution.
#[derive(Debug)]
pub(super) struct DenseLayer {
    pub norm: Norm,
    pub narrow: Conv,
    pub narrow_bias: Tensor<1>,
    pub wide: Conv,
    /// The same 3×3 convolution in the form that the CPU is faster with.
    pub taps: Option<Taps>,
}

/// What the way back needs of one block.
#[derive(Debug)]
pub(super) struct BlockTrace {
    /// All channels of the block, `[1, before + layers · growth, h, w]`.
    pub features: Tensor<4>,
    /// The output of each layer's second ReLU, band by band.
    pub middles: Vec<Vec<Tensor<4>>>,
}

/// Which values the two ReLUs of each layer let through.
#[derive(Debug)]
pub(super) struct BlockGates {
    pub first: Vec<Tensor<4>>,
    pub second: Vec<Tensor<4>>,
}

impl Block {
    /// Runs the block in `bands` of rows at a time: every layer does each band as a whole, which keeps all cores busy
    /// where single operations are too small to be shared out. One band is the whole.
    pub fn forward(&self, x: Tensor<4>, bands: usize) -> BlockTrace {
        let [batch, _, height, width] = x.dims();
        let after = self.before + self.layers.len() * self.growth;
        let mut features = Tensor::zeros([batch, after, height, width], &x.device());
        features = features.slice_assign(s![.., 0..self.before], x);
        let bands = bands_of(height, bands);
        let mut middles = Vec::with_capacity(self.layers.len());
        for (index, layer) in self.layers.iter().enumerate() {
            let read = self.reads(index);
            let band = |rows: &Range<usize>| layer.forward_band(&features, read, rows.clone(), height);
            let (middle, added): (Vec<_>, Vec<_>) = bands.par_iter().map(band).unzip();
            for (rows, added) in bands.iter().zip(added) {
                let place = s![.., read..read + self.growth, rows.clone()];
                features = features.slice_assign(place, added);
            }
            middles.push(middle);
        }
        BlockTrace { features, middles }
    }

    /// Takes the signal of all channels, `[classes, after, h, w]`, to that of the channels that went in.
    pub fn back(&self, mut signal: Tensor<4>, gates: Option<&BlockGates>, rule: BackwardRule) -> Tensor<4> {
        for (index, layer) in self.layers.iter().enumerate().rev() {
            let read = self.reads(index);
            let own = signal.clone().slice(s![.., read..read + self.growth]);
            let gates = gates.map(|gates| (&gates.first[index], &gates.second[index]));
            signal = signal.slice(s![.., 0..read]) + layer.back(own, gates, rule);
        }
        signal
    }

    pub fn gates(&self, trace: &BlockTrace) -> BlockGates {
        let first = |(index, layer): (usize, &DenseLayer)| {
            gate(&layer.norm.activate(trace.features.clone().slice(s![.., 0..self.reads(index)])))
        };
        BlockGates {
            first: self.layers.par_iter().enumerate().map(first).collect(),
            second: trace.middles.par_iter().map(|bands| gate(&Tensor::cat(bands.clone(), 2))).collect(),
        }
    }

    /// How many channels the layer at `index` reads.
    fn reads(&self, index: usize) -> usize {
        self.before + index * self.growth
    }
}

/// `height` rows in `count` bands of nearly the same size.
pub(super) fn bands_of(height: usize, count: usize) -> Vec<Range<usize>> {
    let count = count.clamp(1, height.max(1));
    (0..count).map(|band| band * height / count..(band + 1) * height / count).collect()
}

impl DenseLayer {
    /// The output of the second ReLU, and the channels that the layer adds, at some rows of all `height`; the 3×3
    /// convolution needs one row more on either side.
    fn forward_band(
        &self,
        features: &Tensor<4>,
        read: usize,
        rows: Range<usize>,
        height: usize,
    ) -> (Tensor<4>, Tensor<4>) {
        let around = rows.start.saturating_sub(1)..(rows.end + 1).min(height);
        let x = features.clone().slice(s![.., 0..read, around.clone()]);
        let narrowed = same_size(self.norm.activate(x), &self.narrow.weight, Some(&self.narrow_bias));
        let middle = activation::relu(narrowed);
        let own = rows.start - around.start..rows.end - around.start;
        let added = match &self.taps {
            Some(taps) => taps.forward(middle.clone(), own.clone()),
            None => self.wide.forward(middle.clone()).slice(s![.., .., own.clone()]),
        };
        (middle.slice(s![.., .., own]), added)
    }

    fn back(&self, own: Tensor<4>, gates: Option<(&Tensor<4>, &Tensor<4>)>, rule: BackwardRule) -> Tensor<4> {
        let middle = through_relu(self.wide.back(own), gates.map(|(_, second)| second), rule);
        let read = through_relu(self.narrow.back(middle), gates.map(|(first, _)| first), rule);
        self.norm.back(read)
    }
}
