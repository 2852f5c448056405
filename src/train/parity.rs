//! Two training steps against PyTorch: forward pass, loss, gradient, clipping, AdamW and running statistics at once.
//! The expected figures are printed by `tests/reference/train_steps.py`.

use burn_tensor::{Device, Tensor, TensorData};

use super::learned::{Learning, first_weights, take_over, tensors, to_bundle};
use super::loss::{Batch, Loss};
use super::network::{Outputs, TrainableNetwork};
use super::optimiser::NamedAdamW;
use super::plan::Plan;
use super::recipe::Recipe;
use super::schedule::{LesionHead, Objective};
use crate::bundle::card::Architecture;
use crate::bundle::family::conv_stack::{ConvStackSizes, StackLayer};
use crate::bundle::{Bundle, Card, Library};
use crate::bundle::{WeightMap, WeightTensor};
use crate::geometry::Transform;
use crate::input::ModelInput;
use crate::network::{Network, device};

/// The formula of `tests/reference/conv_stack.py`.
fn formula(count: usize, seed: u8, scale: f32, shift: f32) -> Vec<f32> {
    let seed = f64::from(seed);
    let value = |i: usize| ((1.7 * i as f64 + 3.1 * seed).sin() * (0.3 * i as f64 - seed).cos()) as f32;
    (0..count).map(|i| shift + scale * value(i)).collect()
}

fn plan() -> Plan {
    let layers = vec![
        StackLayer::Conv { channels: 6, kernel: 3, stride: 1, norm: true },
        StackLayer::MaxPool { size: 2 },
        StackLayer::Classes { kernel: 1, relu: true },
    ];
    let architecture = Architecture::ConvStack(ConvStackSizes { input: [3, 8, 8], norm_epsilon: 1e-5, layers });
    Plan::of(&Card { architecture, ..Recipe::find("retina-dr").unwrap().card }).unwrap()
}

fn weights(learning: Learning) -> WeightMap {
    let first = |name: &str, count| match name {
        "layers.0.weight" => formula(count, 1, 0.5, 0.0),
        "layers.0.norm.weight" => formula(count, 2, 0.5, 1.0),
        "layers.0.norm.bias" => formula(count, 3, 1.0, 0.0),
        "layers.0.norm.running_var" => vec![1.0; count],
        "layers.2.weight" => formula(count, 4, 4.0, 0.0),
        "layers.2.log_scale" => vec![2.0f32.ln()],
        "lesion.weight" => formula(count, 6, 1.0, 0.0),
        "lesion.bias" => formula(count, 7, 1.0, 0.0),
        _ => vec![0.0; count],
    };
    let specs = tensors(&plan(), learning).into_iter();
    specs
        .map(|spec| {
            let values = first(&spec.name, spec.shape.iter().product());
            (spec.name, WeightTensor { shape: spec.shape, values })
        })
        .collect()
}

fn ordinal() -> Objective {
    Recipe::find("retina-dr").unwrap().schedule.objective
}

#[test]
fn two_steps_agree_with_pytorch() {
    let (objective, device) = (ordinal(), Device::flex().autodiff());
    let lesion_head = Some(LesionHead { stride: 1, kinds: 5, finer: 2 });
    let learning = Learning { lesion_head, equal_kernels: true, ..Learning::default() };
    let mut network = TrainableNetwork::new(&plan(), learning, &weights(learning), &device);
    let mut optimiser = NamedAdamW::new(0.03, network.not_kernels());
    let loss = Loss::new(&objective, &[2, 0, 1, 4, 1]);
    let values = formula(4 * 3 * 64, 8, 1.0, 0.0);
    let cells = formula(4 * 5 * 256, 9, 1.0, 0.0).into_iter().map(|v| if v > 0.5 { 1.0 } else { 0.0 }).collect();
    let known = [[1, 1, 1, 1, 1], [0, 1, 1, 0, 1], [0; 5], [1; 5]].as_flattened().iter().map(|v| *v as f32).collect();
    let batch = Batch { values, classes: vec![0, 2, 3, 4], cells, known, grid: Some([5, 16, 16]) };
    let losses = [6.957223, 6.756177].map(|expected| {
        let x = Tensor::<4>::from_data(TensorData::new(batch.values.clone(), [4, 3, 8, 8]), &device);
        let outputs = network.forward(x);
        let cost = loss.of(&outputs, &batch);
        optimiser.step(&mut network, cost.backward(), 0.01);
        (cost.into_scalar::<f32>(), expected)
    });
    for (found, expected) in losses {
        approx::assert_relative_eq!(found, expected, max_relative = 1e-4);
    }
    let found = network.weights();
    let expected: [(&str, &[f32], f32); 9] = [
        ("layers.0.weight", &[0.03072, -0.39971, 0.08683, 0.44810], 10.33902),
        ("layers.0.norm.weight", &[1.03728, 0.91569, 0.96521, 0.80361], 6.67752),
        ("layers.0.norm.bias", &[-0.10322, 0.88409, -0.11810, -0.46753], 1.04279),
        ("layers.0.norm.running_mean", &[-0.00025, -0.00026, 0.00063, -0.00084], 0.0),
        ("layers.0.norm.running_var", &[0.82263, 0.83703, 0.82084, 0.84829], 4.13998),
        ("layers.2.weight", &[0.43298, -3.39006, 0.35542, 3.89913], 123.14829),
        ("layers.2.log_scale", &[0.67323], 0.45324),
        ("lesion.weight", &[-0.25699, 0.80822, -0.02560, -0.39415], 29.35382),
        ("lesion.bias", &[0.19644, -0.88241, -0.01253, 0.95874], 4.75731),
    ];
    for (name, first, squares) in expected {
        let values = &found[name].values;
        approx::assert_abs_diff_eq!(values[..first.len()], *first, epsilon = 2e-5);
        let sum: f32 = values.iter().map(|v| v * v).sum();
        approx::assert_relative_eq!(sum, squares, max_relative = 1e-4, epsilon = 2e-5);
    }
    let bundle = to_bundle(found, &plan());
    assert!(bundle["layers.2.bias"].values.iter().all(|bias| *bias == 0.0));
    for kernel in bundle["layers.2.weight"].values.chunks_exact(6) {
        let length = kernel.iter().map(|v| v * v).sum::<f32>().sqrt();
        approx::assert_relative_eq!(length, 0.67323f32.exp(), max_relative = 1e-4);
    }
}

/// A network that knows nothing gives each grade a fifth; the truth is grade 2.
#[test]
fn the_loss_of_even_odds_is_as_by_hand() {
    let device = Device::flex().autodiff();
    let [maps, scores] = [(); 2].map(|()| Tensor::<4>::zeros([1, 5, 1, 1], &device));
    let outputs = Outputs { maps, scores: scores.reshape([1, 5]), lesions: None, shares: None };
    let batch = Batch { values: vec![], classes: vec![2], cells: vec![], known: vec![], grid: None };
    let found = Loss::new(&ordinal(), &[1; 5]).of(&outputs, &batch).into_scalar::<f32>();
    // ≥ 1 and ≥ 2 are true and have 0.8 and 0.6, ≥ 3 and ≥ 4 are not and have 0.4 and 0.2, each at half the weight.
    let cuts = -(0.8f32.ln() + 0.6f32.ln() + 0.5 * 0.6f32.ln() + 0.5 * 0.8f32.ln());
    let distance = (4.0 + 1.0 + 0.0 + 1.0 + 4.0) / 5.0;
    approx::assert_relative_eq!(found, 5.0f32.ln() + 0.5 * cuts + 0.3 * distance, max_relative = 1e-5);
}

/// What learns with frozen norms gives the scores of the network that is shipped, before and after it is a bundle again.
#[test]
fn a_network_begun_from_a_model_gives_that_models_scores() {
    let parent = Library::open(&[]).unwrap().load("retina-dr").unwrap();
    // The layers do not care how large the picture is.
    let mut small = parent.clone();
    match &mut small.card.architecture {
        Architecture::ConvStack(sizes) => sizes.input = [3, 64, 64],
        Architecture::Graph(sizes) => sizes.input = [3, 64, 64],
        Architecture::DenseNet(sizes) => sizes.input = [3, 64, 64],
        Architecture::Described(_) => panic!("no model of the library is described"),
    }
    let plan = Plan::of(&small.card).unwrap();
    let values: Vec<f32> = formula(3 * 64 * 64, 3, 1.5, 0.2);
    let scores_of = |bundle: &Bundle| {
        let source_from_model = Transform::IDENTITY;
        let input = ModelInput { values: values.clone(), channels: 3, height: 64, width: 64, source_from_model };
        Network::load(bundle, &device::cpu()).forward(&input).unwrap().scores
    };
    let expected = scores_of(&small);
    let learning = Learning { equal_kernels: true, freeze_norms: true, ..Learning::default() };
    let mut rng = rand::SeedableRng::seed_from_u64(1);
    let mut weights = first_weights(&tensors(&plan, learning), &mut rng);
    take_over(&mut weights, &parent.weights, &plan, learning);
    let device = Device::flex().autodiff();
    let mut network = TrainableNetwork::new(&plan, learning, &weights, &device);
    let x = Tensor::<4>::from_data(TensorData::new(values.clone(), [1, 3, 64, 64]), &device);
    let scores = network.forward(x).scores.into_data().try_to_vec::<f32>().unwrap();
    assert!(scores.iter().any(|score| *score > 0.05), "{scores:?} say nothing");
    approx::assert_relative_eq!(scores.as_slice(), expected.as_slice(), max_relative = 1e-3, epsilon = 1e-4);
    small.weights = to_bundle(network.weights(), &plan);
    approx::assert_relative_eq!(scores_of(&small).as_slice(), expected.as_slice(), max_relative = 1e-4, epsilon = 1e-5);
    for (name, tensor) in &parent.weights {
        approx::assert_relative_eq!(
            small.weights[name].values.as_slice(),
            tensor.values.as_slice(),
            max_relative = 1e-5
        );
    }
}
