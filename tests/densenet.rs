//! Our DenseNet's scores, CAMs and responses against torchvision's, from `tests/reference/densenet.py`.
#![allow(clippy::unwrap_used, clippy::print_stderr)] // A panic is how a test fails.

mod common;

use common::dense::{DENSENET121, TINY, dense_bundle, dense_card, noise_input};
use common::{on, reference, relative_error};
use fovea::method::BackwardRule;
use fovea::network::{ComputeDevice, DeviceChoice, device};

/// One of the reference's networks.
struct Case {
    mark: &'static str,
    architecture: &'static str,
    size: [usize; 2],
    classes: usize,
    /// Which classes go back, in this order.
    chosen: [usize; 2],
    /// Every so many-th value of a response is in the reference.
    every: usize,
    /// Of the input.
    seed: usize,
}

/// Odd sizes: what is left over at the stride and at the halving goes the right way.
const SMALL: Case =
    Case { mark: "tiny", architecture: TINY, size: [33, 46], classes: 3, chosen: [2, 0], every: 1, seed: 9999 };
const REAL: Case = Case {
    mark: "densenet121",
    architecture: DENSENET121,
    size: [224, 224],
    classes: 14,
    chosen: [6, 13],
    every: 61,
    seed: 10071,
};

/// A gate is a step: a ReLU's input that is 0 but for rounding passes here and not there (the reference's script has
/// figures). In a network of 121 layers a few of some nine million do: they may move single values by a hundredth.
const FEW_GATES: f32 = 1e-2;

fn agrees_with_torchvision(case: &Case, device: &ComputeDevice, tolerance: f32) {
    let network = on(&dense_bundle(dense_card(case.architecture, case.size, case.classes)), device);
    let pass = network.forward(&noise_input(case.size, case.seed)).unwrap();
    let compare = |what: &str, found: &[f32], worst_allowed: f32| {
        let expected = reference("densenet.npz", &format!("{}_{what}", case.mark));
        let expected = expected.as_standard_layout();
        let expected = expected.as_slice().unwrap();
        let (worst, mean) = (relative_error(found, expected), mean_error(found, expected));
        let differs = format!("{what} of {} differs by {worst:e} (mean {mean:e}) on {}", case.mark, device.name);
        assert!(worst <= worst_allowed && mean <= tolerance, "{differs}");
    };
    compare("scores", &pass.scores, tolerance);
    compare("cam", &network.class_maps(&pass).unwrap().data, tolerance);
    for rule in BackwardRule::ALL {
        let found = network.back_project(&pass, &case.chosen, rule).unwrap();
        let sampled: Vec<f32> = found.each().flat_map(|(_, map)| map.iter().copied().step_by(case.every)).collect();
        let few_gates = case.every > 1 && rule.uses_forward_mask();
        compare(rule.name(), &sampled, if few_gates { FEW_GATES } else { tolerance });
    }
}

/// The mean difference as a fraction of the largest expected value.
fn mean_error(found: &[f32], expected: &[f32]) -> f32 {
    let largest = expected.iter().fold(0.0f32, |m, v| m.max(v.abs()));
    let sum: f32 = found.iter().zip(expected).map(|(a, b)| (a - b).abs()).sum();
    sum / expected.len() as f32 / largest
}

#[test]
fn a_small_densenet_agrees_everywhere() {
    agrees_with_torchvision(&SMALL, &device::cpu(), 1e-4);
}

#[test]
fn densenet121_agrees_to_one_in_ten_thousand() {
    agrees_with_torchvision(&REAL, &device::cpu(), 1e-4);
}

#[test]
fn wgpu_agrees_to_one_in_a_thousand() {
    match device::open(DeviceChoice::Gpu) {
        Ok(gpu) => agrees_with_torchvision(&SMALL, &gpu, 1e-3),
        Err(error) => eprintln!("skipped: {error}"),
    }
}
