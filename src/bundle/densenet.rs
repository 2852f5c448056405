//! The sizes of the `densenet` family (Huang et al. 2017, "Densely Connected Convolutional Networks"): what a card may
//! say of them, and which tensors they need under torchvision's names.
//!
//! Must not know files or devices.

use serde::{Deserialize, Serialize};

use super::weights::TensorSpec;

const MAX_SIDE: usize = 2048;
const MAX_CHANNELS: usize = 8192;
const MAX_BLOCKS: usize = 8;
const MAX_LAYERS: usize = 128;
/// Values in one feature map of one layer (1 GiB of f32).
const MAX_VALUES: usize = 1 << 28;

/// Dense blocks of norm-ReLU-conv layers, halved in channels and size between the blocks, then norm, ReLU, global
/// average pooling and one linear layer.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct DenseNetSizes {
    /// Channels, height and width of the input.
    pub input: [usize; 3],
    /// Channels that every dense layer adds.
    pub growth: usize,
    /// Channels of the first convolution.
    pub first_channels: usize,
    /// Dense layers of each block.
    pub blocks: Vec<usize>,
    /// Channels between the two convolutions of a dense layer, in growths.
    #[serde(default = "default_bottleneck")]
    pub bottleneck: usize,
    /// Added to the variance under the root of every batch normalisation.
    #[serde(default = "super::card::default_norm_epsilon")]
    pub norm_epsilon: f64,
}

fn default_bottleneck() -> usize {
    4
}

/// The channels and the height and width of one dense block.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct BlockShape {
    /// Dense layers.
    pub layers: usize,
    /// Channels that go in.
    pub before: usize,
    /// Channels that come out.
    pub after: usize,
    pub height: usize,
    pub width: usize,
}

impl DenseNetSizes {
    /// The depths that the paper and torchvision name, at 3×224×224.
    pub fn of_depth(depth: usize) -> Option<Self> {
        let (growth, first_channels, blocks) = match depth {
            121 => (32, 64, [6, 12, 24, 16]),
            161 => (48, 96, [6, 12, 36, 24]),
            169 => (32, 64, [6, 12, 32, 32]),
            201 => (32, 64, [6, 12, 48, 32]),
            _ => return None,
        };
        let blocks = blocks.to_vec();
        Some(Self { input: [3, 224, 224], growth, first_channels, blocks, bottleneck: 4, norm_epsilon: 1e-5 })
    }

    /// The depth that the paper counts, where these are the sizes of one that has a name.
    pub fn depth(&self) -> Option<usize> {
        [121, 161, 169, 201].into_iter().find(|depth| {
            Self::of_depth(*depth).is_some_and(|named| {
                named == Self { input: named.input, norm_epsilon: named.norm_epsilon, ..self.clone() }
            })
        })
    }

    /// The dense blocks in their order.
    pub fn block_shapes(&self) -> Vec<BlockShape> {
        let [_, height, width] = self.input;
        let quarter = |side: usize| side.div_ceil(2).div_ceil(2);
        let (mut before, mut height, mut width) = (self.first_channels, quarter(height), quarter(width));
        let mut shapes = Vec::with_capacity(self.blocks.len());
        for &layers in &self.blocks {
            let after = before + layers * self.growth;
            shapes.push(BlockShape { layers, before, after, height, width });
            (before, height, width) = (after / 2, height / 2, width / 2);
        }
        shapes
    }

    /// Channels of the last feature map.
    pub fn features(&self) -> usize {
        self.block_shapes().last().map_or(self.first_channels, |shape| shape.after)
    }

    /// Refuses sizes that are missing, too large, or leave nothing to look at.
    pub(super) fn check(&self) -> Result<(), String> {
        let [channels, height, width] = self.input;
        if !(1..=16).contains(&channels) || !(32..=MAX_SIDE).contains(&height) || !(32..=MAX_SIDE).contains(&width) {
            return Err(format!(
                "`architecture.input` is {:?}; 1–16 channels and sides of 32 to {MAX_SIDE}",
                self.input
            ));
        }
        if !(self.norm_epsilon > 0.0 && self.norm_epsilon < 1.0) {
            return Err("`architecture.norm-epsilon` must lie between 0 and 1".to_owned());
        }
        if !(1..=256).contains(&self.growth)
            || !(1..=512).contains(&self.first_channels)
            || !(1..=16).contains(&self.bottleneck)
        {
            return Err("`architecture`: growth 1–256, first-channels 1–512, bottleneck 1–16".to_owned());
        }
        if !(1..=MAX_BLOCKS).contains(&self.blocks.len())
            || !self.blocks.iter().all(|layers| (1..=MAX_LAYERS).contains(layers))
        {
            return Err(format!("`architecture.blocks`: 1–{MAX_BLOCKS} blocks of 1–{MAX_LAYERS} layers"));
        }
        for (index, shape) in self.block_shapes().into_iter().enumerate() {
            let BlockShape { after, height, width, .. } = shape;
            let widest = after.max(self.bottleneck * self.growth);
            if after > MAX_CHANNELS || height == 0 || width == 0 || widest * height * width > MAX_VALUES {
                return Err(format!("`architecture.blocks[{index}]` would end in {after}×{height}×{width} values"));
            }
        }
        Ok(())
    }

    /// All tensors of the network with `classes` outputs, in the order of its layers: convolutions `[out, in, k, k]`
    /// without bias, four vectors for every batch normalisation, and the classifier `[classes, features]` with bias.
    pub fn tensors(&self, classes: usize) -> Vec<TensorSpec> {
        let mut specs = Vec::new();
        let middle = self.bottleneck * self.growth;
        conv(&mut specs, "features.conv0", self.first_channels, self.input[0], 7);
        norm(&mut specs, "features.norm0", self.first_channels);
        let shapes = self.block_shapes();
        for (index, shape) in shapes.iter().enumerate() {
            let block = index + 1;
            for layer in 0..shape.layers {
                let name = layer_name(index, layer);
                let inputs = shape.before + layer * self.growth;
                norm(&mut specs, &format!("{name}.norm1"), inputs);
                conv(&mut specs, &format!("{name}.conv1"), middle, inputs, 1);
                norm(&mut specs, &format!("{name}.norm2"), middle);
                conv(&mut specs, &format!("{name}.conv2"), self.growth, middle, 3);
            }
            if block < shapes.len() {
                norm(&mut specs, &format!("features.transition{block}.norm"), shape.after);
                conv(&mut specs, &format!("features.transition{block}.conv"), shape.after / 2, shape.after, 1);
            }
        }
        let features = self.features();
        norm(&mut specs, LAST_NORM, features);
        specs.push(TensorSpec::new("classifier.weight".to_owned(), &[classes, features]));
        specs.push(TensorSpec::new("classifier.bias".to_owned(), &[classes]));
        specs
    }
}

/// torchvision's name of a dense layer; both positions count from 0 here and from 1 there.
pub fn layer_name(block: usize, layer: usize) -> String {
    format!("features.denseblock{}.denselayer{}", block + 1, layer + 1)
}

/// torchvision's name of the last normalisation, however many blocks there are.
pub const LAST_NORM: &str = "features.norm5";

fn conv(specs: &mut Vec<TensorSpec>, name: &str, out: usize, inputs: usize, kernel: usize) {
    specs.push(TensorSpec::new(format!("{name}.weight"), &[out, inputs, kernel, kernel]));
}

fn norm(specs: &mut Vec<TensorSpec>, name: &str, channels: usize) {
    let parts = ["weight", "bias", "running_mean", "running_var"];
    specs.extend(parts.iter().map(|part| TensorSpec::new(format!("{name}.{part}"), &[channels])));
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn densenet121_has_the_parameters_that_the_paper_counts() {
        let sizes = DenseNetSizes::of_depth(121).unwrap();
        let specs = sizes.tensors(1000);
        let values: usize = specs.iter().map(|spec| spec.shape.iter().product::<usize>()).sum();
        // 7 978 856 are learned; the running means and variances are as many as the norms' scales and shifts.
        let running: usize =
            specs.iter().filter(|s| s.name.contains("running")).map(|s| s.shape.iter().product::<usize>()).sum();
        assert_eq!((values - running, specs.len()), (7_978_856, 606));
        assert_eq!(sizes.features(), 1024);
        assert_eq!(sizes.block_shapes()[3], BlockShape { layers: 16, before: 512, after: 1024, height: 7, width: 7 });
        let names: Vec<&str> = specs.iter().map(|spec| spec.name.as_str()).collect();
        assert!(names.contains(&"features.denseblock4.denselayer16.norm1.running_var"));
        assert!(names.contains(&"features.transition3.conv.weight") && names.contains(&"features.norm5.weight"));
    }

    #[test]
    fn sizes_that_cannot_be_are_refused() {
        let good = DenseNetSizes::of_depth(121).unwrap();
        assert!(good.check().is_ok());
        for bad in [
            DenseNetSizes { input: [3, 16, 16], ..good.clone() },
            DenseNetSizes { growth: usize::MAX, ..good.clone() },
            DenseNetSizes { blocks: vec![6, 1_000_000], ..good.clone() },
            DenseNetSizes { blocks: vec![2; 8], input: [3, 64, 64], ..good.clone() },
            DenseNetSizes { blocks: vec![], ..good.clone() },
            DenseNetSizes { norm_epsilon: 0.0, ..good.clone() },
        ] {
            assert!(bad.check().is_err(), "{bad:?}");
        }
    }
}
