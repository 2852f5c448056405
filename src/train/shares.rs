//! Each class's part of the guided response that reaches the last block, written out so that it can be learned from: what
//! decides which colour a place gets on the CLEAR-DR map is taught, not hoped for. As in `training/retina_followed.py`.
//!
//! Must not know data or losses.

use burn_tensor::module::conv2d;
use burn_tensor::ops::ConvOptions;
use burn_tensor::{Tensor, activation};

use super::learned::{bias_name, weight_name};
use super::network::TrainableNetwork;
use crate::bundle::blueprint::{Conv, Node, Op, ValueId};

/// A picture without any response has shares of 0, not of nothing by nothing.
const LEAST_TOTAL: f32 = 1e-6;

impl TrainableNetwork {
    /// Each class's part of the guided response at the value of [`followed_to`](super::plan::Plan::followed_to), `[batch, classes]`; a row sums to 1.
    /// Batch normalisation goes by its running means and variances.
    ///
    /// # Shapes
    /// `deep` is that value, `[batch, channels, height, width]`.
    pub(super) fn shares(&self, deep: Tensor<4>) -> Tensor<2> {
        let cut = self.plan.followed_to();
        let nodes = &self.plan.blueprint.nodes[cut..];
        let values = self.followed(deep, nodes, cut);
        let (kernels, last) = (self.class_kernels(), self.plan.last.kernel);
        let [_, _, rows, columns] = kernels.dims();
        let head = ConvOptions::new([1, 1], [last / 2; 2], [1, 1], 1);
        let maps = activation::relu(conv2d(values[nodes.len()].clone(), kernels.clone(), None, head));
        let [batch, classes, height, width] = maps.dims();
        // All classes at once, as pictures of one batch: each begins with its own map.
        let own = Tensor::<2>::eye(classes, &maps.device()).reshape([1, classes, classes, 1, 1]);
        let begun = (maps.unsqueeze_dim::<5>(2) * own).reshape([batch * classes, classes, height, width]);
        let mut signals: Vec<Option<Tensor<4>>> = vec![None; nodes.len() + 1];
        signals[nodes.len()] = Some(transposed(begun, kernels, [rows, columns], [last / 2; 2], 1));
        for (n, node) in nodes.iter().enumerate().rev() {
            let Some(signal) = signals[n + 1].take() else { continue };
            let back = self.back(node, signal, &values[node.from[0] - cut], classes);
            for from in &node.from {
                let place = &mut signals[from - cut];
                *place = Some(place.take().map_or_else(|| back.clone(), |sum| sum + back.clone()));
            }
        }
        let reached =
            signals.swap_remove(0).expect("the features are read by the class maps, and each value by what follows");
        let totals = reached.abs().reshape([(batch * classes) as i32, -1]).sum_dim(1).reshape([batch, classes]);
        totals.clone() / totals.sum_dim(1).clamp_min(LEAST_TOTAL)
    }

    /// All values from `deep` on.
    fn followed(&self, deep: Tensor<4>, nodes: &[Node], cut: ValueId) -> Vec<Tensor<4>> {
        let mut values = vec![deep];
        for node in nodes {
            let read = |at: usize| values[node.from[at] - cut].clone();
            let value = match node.op {
                Op::Conv(conv) => {
                    let bias = conv.bias.then(|| self.vectors[&bias_name(&node.name)].clone());
                    let padding = [conv.padding[0], conv.padding[2]];
                    let options = ConvOptions::new(conv.stride, padding, conv.dilation, conv.groups);
                    conv2d(read(0), self.kernels[&weight_name(&node.name)].clone(), bias, options)
                }
                Op::Norm { epsilon } => {
                    let (factor, shift) = self.frozen(&node.name, epsilon);
                    read(0) * channelwise(factor) + channelwise(shift)
                }
                Op::Add => (1..node.from.len()).fold(read(0), |sum, at| sum + read(at)),
                _ => activation::relu(read(0)),
            };
            values.push(value);
        }
        values
    }

    /// The guided way back through one node that read `value`; what an addition returns goes to all that it read.
    fn back(&self, node: &Node, signal: Tensor<4>, value: &Tensor<4>, classes: usize) -> Tensor<4> {
        match node.op {
            Op::Conv(Conv { kernel, padding, groups, .. }) => {
                let weight = self.kernels[&weight_name(&node.name)].clone();
                transposed(signal, weight, kernel, [padding[0], padding[2]], groups)
            }
            Op::Norm { epsilon } => signal * channelwise(self.frozen(&node.name, epsilon).0),
            Op::Add => signal,
            _ => {
                let [batch, channels, height, width] = value.dims();
                let kept = value.clone().greater_elem(0.0).float().unsqueeze_dim::<5>(1).repeat_dim(1, classes);
                activation::relu(signal) * kept.reshape([batch * classes, channels, height, width])
            }
        }
    }
}

fn channelwise(values: Tensor<1>) -> Tensor<4> {
    let [channels] = values.dims();
    values.reshape([1, channels, 1, 1])
}

/// A transposed convolution of stride 1, as a convolution with the kernels turned round.
fn transposed(
    signal: Tensor<4>,
    weight: Tensor<4>,
    kernel: [usize; 2],
    padding: [usize; 2],
    groups: usize,
) -> Tensor<4> {
    let weight = if groups > 1 { weight } else { weight.swap_dims(0, 1) };
    let padding = [kernel[0] - 1 - padding[0], kernel[1] - 1 - padding[1]];
    conv2d(signal, weight.flip([2, 3]), None, ConvOptions::new([1, 1], padding, [1, 1], groups))
}

#[cfg(test)]
mod tests {
    use burn_tensor::{Device, TensorData};

    use super::*;
    use crate::bundle::card::Architecture;
    use crate::bundle::family::conv_stack::{ConvStackSizes, StackLayer};
    use crate::bundle::{Bundle, Card, Library};
    use crate::geometry::Transform;
    use crate::input::ModelInput;
    use crate::network::{Network, device};
    use crate::train::Recipe;
    use crate::train::learned::{Learning, first_weights, take_over, tensors, to_bundle};
    use crate::train::loss::{Batch, Loss};
    use crate::train::network::Outputs;
    use crate::train::plan::Plan;

    /// The formula of `tests/reference/conv_stack.py`.
    fn formula(count: usize, seed: u8, scale: f32, shift: f32) -> Vec<f32> {
        let seed = f64::from(seed);
        let value = |i: usize| ((1.7 * i as f64 + 3.1 * seed).sin() * (0.3 * i as f64 - seed).cos()) as f32;
        (0..count).map(|i| shift + scale * value(i)).collect()
    }

    fn stack(layers: Vec<StackLayer>) -> Card {
        let architecture = Architecture::ConvStack(ConvStackSizes { input: [1, 8, 8], norm_epsilon: 1e-5, layers });
        Card { architecture, ..Recipe::find("retina-dr").unwrap().card }
    }

    fn learning() -> Learning {
        Learning { equal_kernels: true, freeze_norms: true, shared: 1, ..Learning::default() }
    }

    #[test]
    fn shares_are_those_of_the_engines_own_response() {
        let conv = |channels| StackLayer::Conv { channels, kernel: 3, stride: 1, norm: true };
        let card = stack(vec![conv(4), conv(6), StackLayer::Classes { kernel: 1, relu: true }]);
        let plan = Plan::of(&card).unwrap();
        assert_eq!(plan.followed_to(), 0, "the input is one channel, as the engine's response is");
        let mut rng = rand::SeedableRng::seed_from_u64(3);
        let weights = first_weights(&tensors(&plan, learning()), &mut rng);
        let mut network = TrainableNetwork::new(&plan, learning(), &weights, &Device::flex().autodiff());
        let values = formula(64, 5, 1.5, 0.1);
        let x = Tensor::<4>::from_data(TensorData::new(values.clone(), [1, 1, 8, 8]), &Device::flex().autodiff());
        let found = network.forward(x).shares.unwrap().into_data().try_to_vec::<f32>().unwrap();
        let rule = card.explanation.rule;
        let bundle = Bundle { card, weights: to_bundle(network.weights(), &plan), ..whole() };
        let engine = Network::load(&bundle, &device::cpu());
        let input = ModelInput { values, channels: 1, height: 8, width: 8, source_from_model: Transform::IDENTITY };
        let pass = engine.forward(&input).unwrap();
        let maps = engine.back_project(&pass, &[0, 1, 2, 3, 4], rule).unwrap();
        let totals: Vec<f32> = maps.data.chunks_exact(64).map(|map| map.iter().map(|v| v.abs()).sum()).collect();
        let all = totals.iter().sum::<f32>();
        assert!(all > 0.0 && totals.iter().filter(|total| **total > 0.01 * all).count() > 1, "{totals:?}");
        let expected: Vec<f32> = totals.iter().map(|total| total / all).collect();
        approx::assert_relative_eq!(found.as_slice(), expected.as_slice(), max_relative = 1e-3, epsilon = 1e-5);
    }

    #[test]
    fn pooling_and_strides_end_the_way_back() {
        let conv = |stride| StackLayer::Conv { channels: 4, kernel: 3, stride, norm: true };
        let classes = StackLayer::Classes { kernel: 1, relu: true };
        let cut = |layers| {
            let plan = Plan::of(&stack(layers)).unwrap();
            (plan.followed_to(), plan.blueprint.nodes.len())
        };
        let (pooled, all) = cut(vec![conv(1), StackLayer::MaxPool { size: 2 }, conv(1), classes.clone()]);
        assert_eq!(all - pooled, 3, "convolution, norm and activation");
        let (strided, all) = cut(vec![conv(1), conv(2), classes]);
        assert_eq!(strided, all - 2, "norm and activation");
    }

    fn whole() -> Bundle {
        Library::open(&[]).unwrap().load("retina-dr").unwrap()
    }

    /// Expected figures: `tests/reference/shares.py`.
    #[test]
    fn shares_and_their_slope_agree_with_pytorch() {
        let mut small = whole();
        let Architecture::Graph(sizes) = &mut small.card.architecture else { panic!("retina-dr is a graph") };
        sizes.input = [3, 64, 64];
        let plan = Plan::of(&small.card).unwrap();
        let mut rng = rand::SeedableRng::seed_from_u64(1);
        let mut weights = first_weights(&tensors(&plan, learning()), &mut rng);
        take_over(&mut weights, &small.weights, &plan, learning());
        let device = Device::flex().autodiff();
        let mut network = TrainableNetwork::new(&plan, learning(), &weights, &device);
        let values = TensorData::new(formula(3 * 64 * 64, 3, 1.5, 0.2), [1, 3, 64, 64]);
        let shares = network.forward(Tensor::from_data(values, &device)).shares.unwrap();
        let found = shares.clone().into_data().try_to_vec::<f32>().unwrap();
        approx::assert_abs_diff_eq!(
            found.as_slice(),
            [0.57313, 0.16741, 0.15894, 0.10052, 0.0].as_slice(),
            epsilon = 2e-4
        );
        let bell = [0.008_575, 0.058_882, 0.865_085, 0.058_882, 0.008_575];
        let bell = Tensor::<2>::from_data([bell], &device);
        let gradients = (bell * shares.add_scalar(1e-3).log()).sum().neg().backward();
        for (name, norm, eighth) in [
            ("blocks.9.project.conv", 5.175_08, 0.001_086),
            ("blocks.10.expand.conv", 9.971_844, 0.008_586_1),
            ("blocks.10.depth.conv", 3.804_123, 0.003_403_2),
            ("blocks.10.project.conv", 1.320_917, 0.0),
            ("head.conv", 7.085_463, -0.030_602_7),
        ] {
            let slope = network.kernels[&weight_name(name)].grad(&gradients).unwrap();
            let slope = slope.into_data().try_to_vec::<f32>().unwrap();
            let found = slope.iter().map(|v| v * v).sum::<f32>().sqrt();
            approx::assert_relative_eq!(found, norm, max_relative = 5e-3);
            approx::assert_abs_diff_eq!(slope[7], eighth, epsilon = 2e-4);
        }
    }

    /// The truth is grade 2; its bell is 0.8651, 0.0589 for its neighbours, 0.0086 beyond.
    #[test]
    fn the_share_term_is_as_by_hand() {
        let objective = Recipe::find("retina-dr").unwrap().schedule.objective;
        let device = Device::flex().autodiff();
        let cost = |shares: Option<Tensor<2>>| {
            let (maps, scores) = (Tensor::zeros([1, 5, 1, 1], &device), Tensor::zeros([1, 5], &device));
            let outputs = Outputs { maps, scores, lesions: None, shares };
            let batch = Batch { values: vec![], classes: vec![2], cells: vec![], known: vec![], grid: None };
            Loss::new(&objective, &[1; 5]).of(&outputs, &batch).into_scalar::<f32>()
        };
        let shares = Tensor::from_data([[0.1f32, 0.2, 0.4, 0.2, 0.1]], &device);
        // −(0.8651 ln 0.401 + 2 · 0.0589 ln 0.201 + 2 · 0.0086 ln 0.101), at half the weight.
        approx::assert_abs_diff_eq!(cost(Some(shares)) - cost(None), 0.5 * 1.018_775, epsilon = 1e-4);
    }
}
