//! Small networks with made-up weights for the rewrites' tests.

use super::Draft;
use crate::bundle::WeightTensor;
use crate::bundle::blueprint::{Blueprint, Head, HeadKind, Node, Shape};
use crate::geometry::Transform;
use crate::input::ModelInput;
use crate::method::BackwardRule;
use crate::network::{Network, device};

const CLASSES: usize = 2;

/// A network of `nodes` and a linear head.
pub fn drafted(nodes: Vec<Node>, input: Shape) -> Draft {
    let head = Head { name: "head".to_owned(), kind: HeadKind::Linear };
    let blueprint = Blueprint { input, nodes, head };
    let filled = |(seed, spec): (usize, crate::bundle::TensorSpec)| {
        let shift = if spec.name.ends_with("running_var") { 1.5 } else { 0.0 };
        let values = wave(spec.shape.iter().product(), seed).into_iter().map(|v| v + shift).collect();
        (spec.name, WeightTensor { shape: spec.shape, values })
    };
    let specs = blueprint.tensors(CLASSES).expect("the test's network is sound");
    Draft { weights: specs.into_iter().enumerate().map(filled).collect(), blueprint }
}

fn wave(count: usize, seed: usize) -> Vec<f32> {
    (0..count)
        .map(|i| ((1.7 * i as f64 + 3.1 * seed as f64).sin() * (0.3 * i as f64 - seed as f64).cos()) as f32)
        .collect()
}

/// Scores, maps and all four ways back of both.
pub fn assert_same(one: Draft, other: Draft) {
    let (a, b) = (Network::as_it_is(one), Network::as_it_is(other));
    assert_networks_agree(&a, &b);
}

/// With and without what a plan does of its own: buffers and bands.
pub fn assert_plans_agree(draft: Draft) {
    assert_networks_agree(&Network::as_it_is(draft.clone()), &Network::planned(draft, &device::cpu()));
}

fn assert_networks_agree(a: &Network, b: &Network) {
    let [channels, height, width] = a.input();
    let values = wave(channels * height * width, 77);
    let input = ModelInput { values, channels, height, width, source_from_model: Transform::IDENTITY };
    let (of_a, of_b) = (a.forward(&input).unwrap(), b.forward(&input).unwrap());
    close(&of_a.scores, &of_b.scores);
    close(&a.class_maps(&of_a).unwrap().data, &b.class_maps(&of_b).unwrap().data);
    for rule in BackwardRule::ALL {
        let [x, y] = [(a, &of_a), (b, &of_b)].map(|(n, pass)| n.back_project(pass, &[1, 0], rule).unwrap().data);
        close(&x, &y);
    }
}

fn close(a: &[f32], b: &[f32]) {
    assert_eq!(a.len(), b.len());
    let largest = a.iter().fold(1e-6f32, |most, v| most.max(v.abs()));
    let off = a.iter().zip(b).fold(0.0f32, |most, (a, b)| most.max((a - b).abs())) / largest;
    assert!(off < 1e-5, "{off:e}");
}
