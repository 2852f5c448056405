//! Our DenseNet's scores, CAMs and responses against torchvision's, from `tests/reference/densenet.py`.
#![allow(clippy::unwrap_used, clippy::print_stderr)] // A panic is how a test fails.

mod common;

use common::dense::{DENSENET121, TINY, dense_bundle, dense_card, noise_input};
use common::{on, reference, relative_error};
use fovea::explain::BackwardRule;
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
}

/// Odd sizes: what is left over at the stride and at the halving goes the right way.
const SMALL: Case = Case { mark: "tiny", architecture: TINY, size: [33, 46], classes: 3, chosen: [2, 0], every: 1 };
const REAL: Case =
    Case { mark: "densenet121", architecture: DENSENET121, size: [224, 224], classes: 14, chosen: [6, 13], every: 61 };

fn agrees_with_torchvision(case: &Case, device: &ComputeDevice, tolerance: f32) {
    let network = on(&dense_bundle(dense_card(case.architecture, case.size, case.classes)), device);
    let pass = network.forward(&noise_input(case.size)).unwrap();
    let expect = |what: &str, found: &[f32]| {
        let expected = reference("densenet.npz", &format!("{}_{what}", case.mark));
        let error = relative_error(found, expected.as_standard_layout().as_slice().unwrap());
        eprintln!("{} {what}: {error:e}", case.mark);
        assert!(error <= tolerance, "{what} of {} differs by {error:e} on {}", case.mark, device.name);
    };
    expect("scores", &pass.scores);
    expect("cam", &network.class_maps(&pass).unwrap().data);
    for rule in BackwardRule::ALL {
        let found = network.back_project(&pass, &case.chosen, rule).unwrap();
        let sampled: Vec<f32> = (0..2).flat_map(|c| found.class(c).iter().copied().step_by(case.every)).collect();
        expect(rule.name(), &sampled);
    }
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
