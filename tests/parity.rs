//! Our scores, CAMs and responses against PyTorch's, from `tests/reference/conv_stack.py`.
#![allow(clippy::unwrap_used, clippy::print_stderr)] // A panic is how a test fails.

mod common;

use common::{formula_bundle, formula_input, on, reference, reference_card, relative_error};
use fovea::bundle::Bundle;
use fovea::method::{BackProjection, BackwardRule, Evidence};
use fovea::network::{ComputeDevice, DeviceChoice, device};

fn agrees_with_pytorch(device: &ComputeDevice, tolerance: f32) {
    for (relu, mark) in [(false, ""), (true, "_relu")] {
        compare(&formula_bundle(reference_card(relu)), mark, device, tolerance);
    }
}

fn compare(bundle: &Bundle, mark: &str, device: &ComputeDevice, tolerance: f32) {
    let network = on(bundle, device);
    let pass = network.forward(&formula_input([3, 45, 38], 99)).unwrap();
    let expect = |what: &str, found: &[f32]| {
        let expected = reference("conv_stack.npz", &format!("{what}{mark}"));
        let error = relative_error(found, expected.as_slice().unwrap());
        assert!(error <= tolerance, "{what}{mark} differs by {error:e} on {}", device.name);
    };
    expect("scores", &pass.scores);
    expect("cam", &network.class_maps(&pass).unwrap().data);
    for rule in BackwardRule::ALL {
        expect(rule.name(), &network.back_project(&pass, &[0, 1, 2, 3], rule).unwrap().data);
    }
    if mark.is_empty() {
        let against = BackProjection { rule: BackwardRule::Guided, evidence: Evidence::Against };
        expect("against", &network.back_project(&pass, &[0, 1, 2, 3], against).unwrap().data);
    }
}

#[test]
fn the_cpu_agrees_to_one_in_ten_thousand() {
    agrees_with_pytorch(&device::cpu(), 1e-4);
}

#[test]
fn wgpu_agrees_to_one_in_a_thousand() {
    match device::open(DeviceChoice::Gpu) {
        Ok(gpu) => agrees_with_pytorch(&gpu, 1e-3),
        Err(error) => eprintln!("skipped: {error}"),
    }
}
