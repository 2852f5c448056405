//! The sizes of the `densenet` family (Huang et al. 2017, "Densely Connected Convolutional Networks"): sizes and network.
//!
//! Must not know files or devices.

use serde::{Deserialize, Serialize};

use super::Builder;
use crate::bundle::blueprint::{Blueprint, Conv, HeadKind, Op, PoolWindow, ValueId};

const MAX_BLOCKS: usize = 8;
const MAX_LAYERS: usize = 128;

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
    #[serde(default = "super::default_norm_epsilon")]
    pub norm_epsilon: f64,
}

fn default_bottleneck() -> usize {
    4
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

    /// Refuses sizes of which no blueprint can be made.
    fn check(&self) -> Result<(), String> {
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
        Ok(())
    }
}

impl DenseNetSizes {
    /// # Errors
    /// Sizes that are missing, too large, or leave nothing to look at.
    pub fn blueprint(&self) -> Result<Blueprint, String> {
        self.check()?;
        let mut builder = Builder::new(self.input, self.norm_epsilon);
        let mut x = builder.conv_norm(0, ["features.conv0", "features.norm0"], Conv::square(self.first_channels, 7, 2));
        x = builder.relu(x);
        x = builder.max_pool(x, PoolWindow::new(3, 2, 1));
        for (index, layers) in self.blocks.iter().enumerate() {
            x = self.block(&mut builder, x, index + 1, *layers);
            if index + 1 < self.blocks.len() {
                let name = format!("features.transition{}", index + 1);
                x = builder.norm(x, &format!("{name}.norm"));
                x = builder.relu(x);
                let half = Conv { bias: false, ..Conv::square(builder.channels[x] / 2, 1, 1) };
                x = builder.conv(x, &format!("{name}.conv"), half);
                x = builder.push("", Op::average_pool(PoolWindow::new(2, 2, 0)), vec![x]);
            }
        }
        // torchvision's name of the last normalisation, however many blocks there are.
        x = builder.norm(x, "features.norm5");
        builder.relu(x);
        builder.finish("classifier", HeadKind::Linear)
    }

    /// Layers that each read all channels so far and append their own.
    fn block(&self, builder: &mut Builder, x: ValueId, block: usize, layers: usize) -> ValueId {
        let mut all = x;
        for layer in 1..=layers {
            let name = format!("features.denseblock{block}.denselayer{layer}");
            let mut h = builder.norm(all, &format!("{name}.norm1"));
            h = builder.relu(h);
            let narrow = Conv::square(self.bottleneck * self.growth, 1, 1);
            h = builder.conv_norm(h, [&format!("{name}.conv1"), &format!("{name}.norm2")], narrow);
            h = builder.relu(h);
            h = builder.conv(h, &format!("{name}.conv2"), Conv { bias: false, ..Conv::square(self.growth, 3, 1) });
            all = builder.concat(vec![all, h]);
        }
        all
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn densenet121_has_the_parameters_that_the_paper_counts() {
        let network = DenseNetSizes::of_depth(121).unwrap().blueprint().unwrap();
        let specs = network.tensors(1000).unwrap();
        let values: usize = specs.iter().map(|spec| spec.shape.iter().product::<usize>()).sum();
        // 7 978 856 are learned; the running means and variances are as many as the norms' scales and shifts.
        let running: usize =
            specs.iter().filter(|s| s.name.contains("running")).map(|s| s.shape.iter().product::<usize>()).sum();
        assert_eq!((values - running, specs.len()), (7_978_856, 606));
        assert_eq!(network.shapes().unwrap().last(), Some(&[1024, 7, 7]));
        let names: Vec<&str> = specs.iter().map(|spec| spec.name.as_str()).collect();
        assert!(names.contains(&"features.denseblock4.denselayer16.norm1.running_var"));
        assert!(names.contains(&"features.transition3.conv.weight") && names.contains(&"features.norm5.weight"));
    }

    #[test]
    fn sizes_that_cannot_be_are_refused() {
        let good = DenseNetSizes::of_depth(121).unwrap();
        assert!(good.blueprint().is_ok());
        for bad in [
            DenseNetSizes { input: [3, 8, 8], ..good.clone() },
            DenseNetSizes { growth: usize::MAX, ..good.clone() },
            DenseNetSizes { blocks: vec![6, 1_000_000], ..good.clone() },
            DenseNetSizes { blocks: vec![2; 8], input: [3, 64, 64], ..good.clone() },
            DenseNetSizes { blocks: vec![], ..good.clone() },
            DenseNetSizes { norm_epsilon: 0.0, ..good.clone() },
        ] {
            assert!(bad.blueprint().is_err(), "{bad:?}");
        }
    }
}
