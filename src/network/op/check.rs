//! What every operation's way back is held against: Burn's own gradient of the way forward.

use burn_tensor::{Device, Tensor, TensorData, activation};

use super::{Kept, Operation, Place, load};
use crate::bundle::blueprint::{Node, Op, Shape};
use crate::bundle::{WeightMap, WeightTensor};
use crate::method::BackwardRule;
use crate::network::{ComputeDevice, device};

/// Under `gated` the way back is the gradient; under `linear` an activation lets everything pass; `deconvnet` and
/// `guided` take the positive part of what comes to one before that.
pub fn is_the_gradient(op: Op, inputs: &[Shape]) {
    let (node, weights) = made_up(op, inputs);
    let auto = ComputeDevice { burn: Device::flex().autodiff(), ..device::cpu() };
    let operation = load(&node, Place { inputs, is_first: false }, &weights, &auto);
    is_the_gradient_of(op, inputs, |x| operation.forward(x, false).0);
}

/// Like [`is_the_gradient`], of another forward pass of the same values: one that holds constant what the operation does.
pub fn is_the_gradient_of(op: Op, inputs: &[Shape], forward: impl Fn(Vec<Tensor<4>>) -> Tensor<4>) {
    let (node, weights) = made_up(op, inputs);
    let operation = load(&node, Place { inputs, is_first: false }, &weights, &device::cpu());
    let (plain, auto) = (Device::flex(), Device::flex().autodiff());
    let placed = |device: &Device| {
        inputs.iter().enumerate().map(|(n, shape)| tensor(shape, n + 1, device)).collect::<Vec<Tensor<4>>>()
    };
    // The signal of every input where the value gets `signal`. A tape goes back once, so each starts again.
    let gradients = |signal: &Tensor<4>| {
        let learned: Vec<Tensor<4>> = placed(&auto).into_iter().map(Tensor::require_grad).collect();
        let loss = (forward(learned.clone()) * Tensor::from_inner(signal.clone())).sum();
        let found = loss.backward();
        learned.iter().map(|input| input.grad(&found).expect("every input has a gradient")).collect::<Vec<_>>()
    };
    let (value, kept) = operation.forward(placed(&plain), true);
    close(&value, &forward(placed(&auto)).inner(), "the value");
    let [_, channels, height, width] = value.dims();
    let signals = [7, 8].map(|seed| tensor(&[channels, height, width], seed, &plain));
    for rule in BackwardRule::ALL {
        let found = found(operation.as_ref(), Tensor::cat(signals.to_vec(), 0), placed(&plain), &kept, rule);
        for (class, signal) in signals.iter().enumerate() {
            let signal = match op {
                Op::Activation(_) if rule.keeps_positive_only() => activation::relu(signal.clone()),
                _ => signal.clone(),
            };
            let expected = match op {
                Op::Activation(_) if !rule.uses_forward_mask() => vec![signal],
                _ => gradients(&signal),
            };
            for (found, expected) in found.iter().zip(&expected).filter_map(|(f, e)| Some((f.as_ref()?, e))) {
                close(&found.clone().narrow(0, class, 1), expected, &format!("{op:?} under {}", rule.name()));
            }
        }
    }
}

fn found(
    operation: &dyn Operation,
    signal: Tensor<4>,
    inputs: Vec<Tensor<4>>,
    kept: &Kept,
    rule: BackwardRule,
) -> Vec<Option<Tensor<4>>> {
    let input = operation.needs_input().then(|| inputs[0].clone());
    let found = operation.back(signal, &operation.prepare(input, kept, rule.uses_forward_mask()), rule);
    assert!(found.len() == inputs.len() && found[0].is_some(), "one signal for every input");
    found
}

fn made_up(op: Op, inputs: &[Shape]) -> (Node, WeightMap) {
    let node = Node { name: "x".to_owned(), op, from: (0..inputs.len()).collect() };
    let filled = |(seed, spec): (usize, crate::bundle::TensorSpec)| {
        let shift = if spec.name.ends_with("running_var") { 1.5 } else { 0.0 };
        let values = wave(spec.shape.iter().product(), 20 + seed).into_iter().map(|v| v + shift).collect();
        (spec.name, WeightTensor { shape: spec.shape, values })
    };
    (node, op.tensors("x", inputs[0][0]).into_iter().enumerate().map(filled).collect())
}

/// The vectors `weight` and `bias` of an operation's made-up tensors.
pub fn vectors(op: Op, channels: usize) -> [Vec<f32>; 2] {
    let (_, weights) = made_up(op, &[[channels, 1, 1]]);
    ["x.weight", "x.bias"].map(|name| weights[name].values.clone())
}

/// Values between −4 and 4, so that every part of an activation is met.
fn tensor(shape: &Shape, seed: usize, device: &Device) -> Tensor<4> {
    let values = wave(shape.iter().product(), seed).into_iter().map(|v| 4.0 * v).collect();
    Tensor::from_data(TensorData::new(values, [1, shape[0], shape[1], shape[2]]), device)
}

fn wave(count: usize, seed: usize) -> Vec<f32> {
    let seed = seed as f64;
    (0..count).map(|i| ((1.7 * i as f64 + 3.1 * seed).sin() * (0.3 * i as f64 - seed).cos()) as f32).collect()
}

fn close(found: &Tensor<4>, expected: &Tensor<4>, what: &str) {
    assert_eq!(found.dims(), expected.dims(), "{what}");
    let [a, b] = [found, expected].map(|t| t.clone().into_data().try_to_vec::<f32>().expect("values are f32"));
    let largest = b.iter().fold(1e-3f32, |most, v| most.max(v.abs()));
    let off = a.iter().zip(&b).fold(0.0f32, |most, (a, b)| most.max((a - b).abs())) / largest;
    assert!(off < 1e-4, "{what} is off by {off:e}");
}
