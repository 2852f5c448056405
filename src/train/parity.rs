//! Two training steps against PyTorch: forward pass, loss, gradient, clipping, AdamW and running statistics at once.
//! The expected figures are printed by `tests/reference/train_steps.py`.

use burn_tensor::{Device, Tensor, TensorData};

use super::loss::{Batch, Loss};
use super::optimiser::NamedAdamW;
use super::recipe::Recipe;
use super::schedule::Objective;
use super::stack::{LesionHead, TrainableStack, tensors};
use crate::bundle::card::{ConvStackSizes, Layer};
use crate::bundle::weights::{WeightMap, WeightTensor};

/// The formula of `tests/reference/conv_stack.py`.
fn formula(count: usize, seed: u8, scale: f32, shift: f32) -> Vec<f32> {
    let seed = f64::from(seed);
    let value = |i: usize| ((1.7 * i as f64 + 3.1 * seed).sin() * (0.3 * i as f64 - seed).cos()) as f32;
    (0..count).map(|i| shift + scale * value(i)).collect()
}

fn sizes() -> ConvStackSizes {
    let layers = vec![
        Layer::Conv { channels: 6, kernel: 3, stride: 1, norm: true },
        Layer::MaxPool { size: 2 },
        Layer::Classes { kernel: 1, relu: true },
    ];
    ConvStackSizes { input: [3, 8, 8], norm_epsilon: 1e-5, layers }
}

fn weights(head: LesionHead) -> WeightMap {
    let first = |name: &str, count| match name {
        "layers.0.weight" => formula(count, 1, 0.5, 0.0),
        "layers.0.norm.weight" => formula(count, 2, 0.5, 1.0),
        "layers.0.norm.bias" => formula(count, 3, 1.0, 0.0),
        "layers.0.norm.running_var" => vec![1.0; count],
        "layers.2.weight" => formula(count, 4, 4.0, 0.0),
        "layers.2.bias" => formula(count, 5, 1.0, 0.0),
        "lesion.weight" => formula(count, 6, 1.0, 0.0),
        "lesion.bias" => formula(count, 7, 1.0, 0.0),
        _ => vec![0.0; count],
    };
    let specs = tensors(&sizes(), 5, Some(head)).into_iter();
    specs
        .map(|spec| {
            let values = first(&spec.name, spec.shape.iter().product());
            (spec.name, WeightTensor { shape: spec.shape, values })
        })
        .collect()
}

#[test]
fn two_steps_agree_with_pytorch() {
    let Objective::Ordinal(parts) = Recipe::find("retina-dr").unwrap().schedule.objective else {
        panic!("the recipe's grades are ordered")
    };
    let objective = Objective::Ordinal(parts);
    let device = Device::flex().autodiff();
    let head = LesionHead { layer: 0, kinds: 3 };
    let mut network = TrainableStack::new(&sizes(), Some(head), &weights(head), &device);
    let mut optimiser = NamedAdamW::new(0.03);
    let loss = Loss::new(&objective, &[2, 0, 1, 4, 1]);
    let values = formula(4 * 3 * 64, 8, 1.0, 0.0);
    let cells = formula(4 * 3 * 64, 9, 1.0, 0.0).into_iter().map(|v| if v > 0.5 { 1.0 } else { 0.0 }).collect();
    let batch = Batch { values, classes: vec![0, 2, 3, 4], cells, grid: Some([3, 8, 8]) };
    let losses = [9.279189, 8.628483].map(|expected| {
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
        ("layers.0.weight", &[0.03010, -0.40071, 0.09251, 0.44849], 10.30206),
        ("layers.0.norm.weight", &[1.03669, 0.91509, 0.96460, 0.80316], 6.66975),
        ("layers.0.norm.bias", &[-0.10313, 0.88352, -0.11817, -0.46722], 1.04152),
        ("layers.0.norm.running_mean", &[-0.00025, -0.00029, 0.00068, -0.00083], 0.0),
        ("layers.0.norm.running_var", &[0.82267, 0.83828, 0.82116, 0.84816], 4.14304),
        ("layers.2.weight", &[0.43272, -3.38802, 0.35521, 3.89679], 123.0935),
        ("layers.2.bias", &[0.07853, 0.03235, 0.00451, -0.54523], 0.35304),
        ("lesion.weight", &[-0.25700, 0.80822, -0.02560, -0.39416], 3.65911),
        ("lesion.bias", &[0.19628, -0.92187, -0.05247], 0.89113),
    ];
    for (name, first, squares) in expected {
        let values = &found[name].values;
        approx::assert_abs_diff_eq!(values[..first.len()], *first, epsilon = 2e-5);
        let sum: f32 = values.iter().map(|v| v * v).sum();
        approx::assert_relative_eq!(sum, squares, max_relative = 1e-4, epsilon = 2e-5);
    }
}
