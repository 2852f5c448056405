//! How the named networks are put together. Must not know tensors.

use super::{Blueprint, Classifier, Node};

/// Adds steps one after another; every method gives the number of the value that it made.
pub(super) struct Builder {
    nodes: Vec<Node>,
    /// Of every value.
    channels: Vec<usize>,
}

impl Builder {
    pub(super) fn new(channels: usize) -> Self {
        Self { nodes: Vec::new(), channels: vec![channels] }
    }

    fn push(&mut self, node: Node, channels: usize) -> usize {
        self.nodes.push(node);
        self.channels.push(channels);
        self.nodes.len()
    }

    /// `shape` is outputs, kernel and stride; padded by half the kernel.
    fn conv(&mut self, from: usize, name: &str, norm: Option<&str>, shape: [usize; 3], relu: bool) -> usize {
        self.grouped_conv(from, name, norm, shape, 1, relu)
    }

    /// As [`Self::conv`], the channels in so many groups that do not mix.
    fn grouped_conv(
        &mut self,
        from: usize,
        name: &str,
        norm: Option<&str>,
        [outputs, kernel, stride]: [usize; 3],
        groups: usize,
        relu: bool,
    ) -> usize {
        let inputs = self.channels[from];
        let (name, norm, padding) = (name.to_owned(), norm.map(str::to_owned), kernel / 2);
        self.push(Node::Conv { from, name, norm, inputs, outputs, groups, kernel, stride, padding, relu }, outputs)
    }

    fn pool(&mut self, from: usize, size: usize, padding: usize, ceil: bool) -> usize {
        self.push(Node::MaxPool { from, size, stride: 2, padding, ceil }, self.channels[from])
    }

    pub(super) fn resnet(mut self, layers: [usize; 4], is_deep: bool) -> Blueprint {
        let mut x = self.conv(0, "conv1", Some("bn1"), [64, 7, 2], true);
        x = self.pool(x, 3, 1, false);
        for (stage, (blocks, width)) in layers.into_iter().zip([64, 128, 256, 512]).enumerate() {
            for block in 0..blocks {
                let stride = if stage > 0 && block == 0 { 2 } else { 1 };
                let name = format!("layer{}.{block}", stage + 1);
                x = self.residual(x, &name, width, stride, is_deep);
            }
        }
        let features = self.channels[x];
        Blueprint { nodes: self.nodes, classifier: Classifier { name: "fc", features, is_conv: false } }
    }

    fn residual(&mut self, x: usize, name: &str, width: usize, stride: usize, is_deep: bool) -> usize {
        let part = |part: &str| format!("{name}.{part}");
        let mut conv = |from, n: usize, shape, relu| {
            self.conv(from, &part(&format!("conv{n}")), Some(&part(&format!("bn{n}"))), shape, relu)
        };
        let (out, outputs) = if is_deep {
            let narrow = conv(x, 1, [width, 1, 1], true);
            let middle = conv(narrow, 2, [width, 3, stride], true);
            (conv(middle, 3, [4 * width, 1, 1], false), 4 * width)
        } else {
            let first = conv(x, 1, [width, 3, stride], true);
            (conv(first, 2, [width, 3, 1], false), width)
        };
        let way = if stride != 1 || self.channels[x] != outputs {
            self.conv(x, &part("downsample.0"), Some(&part("downsample.1")), [outputs, 1, stride], false)
        } else {
            x
        };
        self.push(Node::Add { of: [out, way], relu: true }, outputs)
    }

    pub(super) fn vgg16(mut self) -> Blueprint {
        let (mut x, mut index) = (0, 0);
        for (width, convs) in [(64, 2), (128, 2), (256, 3), (512, 3), (512, 3)] {
            for _ in 0..convs {
                x = self.conv(x, &format!("features.{index}"), None, [width, 3, 1], true);
                index += 2;
            }
            x = self.pool(x, 2, 0, false);
            index += 1;
        }
        Blueprint { nodes: self.nodes, classifier: Classifier { name: "classifier", features: 512, is_conv: false } }
    }

    pub(super) fn squeezenet(mut self) -> Blueprint {
        // Its first convolution is not padded.
        let (inputs, name) = (self.channels[0], "features.0".to_owned());
        let first = Node::Conv {
            from: 0,
            name,
            norm: None,
            inputs,
            outputs: 64,
            groups: 1,
            kernel: 3,
            stride: 2,
            padding: 0,
            relu: true,
        };
        let mut x = self.push(first, 64);
        x = self.pool(x, 3, 0, true);
        for (index, narrow, wide) in [
            (3, 16, 64),
            (4, 16, 64),
            (6, 32, 128),
            (7, 32, 128),
            (9, 48, 192),
            (10, 48, 192),
            (11, 64, 256),
            (12, 64, 256),
        ] {
            if matches!(index, 6 | 9) {
                x = self.pool(x, 3, 0, true);
            }
            let part = |part: &str| format!("features.{index}.{part}");
            let squeezed = self.conv(x, &part("squeeze"), None, [narrow, 1, 1], true);
            let small = self.conv(squeezed, &part("expand1x1"), None, [wide, 1, 1], true);
            let large = self.conv(squeezed, &part("expand3x3"), None, [wide, 3, 1], true);
            x = self.push(Node::Concat { of: [small, large] }, 2 * wide);
        }
        Blueprint { nodes: self.nodes, classifier: Classifier { name: "classifier.1", features: 512, is_conv: true } }
    }

    pub(super) fn efficientnet_lite0_stride16(mut self) -> Blueprint {
        /// Kernel, stride, expansion and outputs of every block; an expansion of 1 has no convolution of its own.
        const BLOCKS: [[usize; 4]; 11] = [
            [3, 1, 1, 16],
            [3, 2, 6, 24],
            [3, 1, 6, 24],
            [5, 2, 6, 40],
            [5, 1, 6, 40],
            [3, 2, 6, 80],
            [3, 1, 6, 80],
            [3, 1, 6, 80],
            [5, 1, 6, 112],
            [5, 1, 6, 112],
            [5, 1, 6, 112],
        ];
        const FEATURES: usize = 160;
        let mut x = self.conv(0, "stem.conv", Some("stem.norm"), [32, 3, 2], true);
        for (index, shape) in BLOCKS.into_iter().enumerate() {
            x = self.inverted_residual(x, &format!("blocks.{index}"), shape);
        }
        self.conv(x, "head.conv", Some("head.norm"), [FEATURES, 1, 1], true);
        let classifier = Classifier { name: "classes", features: FEATURES, is_conv: true };
        Blueprint { nodes: self.nodes, classifier }
    }

    /// MBConv (Sandler et al. 2018): widened by a 1×1 convolution, a kernel a channel, and back without a ReLU.
    fn inverted_residual(&mut self, x: usize, name: &str, [kernel, stride, expansion, outputs]: [usize; 4]) -> usize {
        let inputs = self.channels[x];
        let wide = inputs * expansion;
        let names = |part: &str| (format!("{name}.{part}.conv"), format!("{name}.{part}.norm"));
        let mut h = x;
        if expansion > 1 {
            let (conv, norm) = names("expand");
            h = self.conv(h, &conv, Some(&norm), [wide, 1, 1], true);
        }
        let (conv, norm) = names("depth");
        h = self.grouped_conv(h, &conv, Some(&norm), [wide, kernel, stride], wide, true);
        let (conv, norm) = names("project");
        h = self.conv(h, &conv, Some(&norm), [outputs, 1, 1], false);
        let keeps_shape = stride == 1 && inputs == outputs;
        if keeps_shape { self.push(Node::Add { of: [h, x], relu: false }, outputs) } else { h }
    }
}
