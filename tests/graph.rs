//! ResNets, VGG-16 with GAP and SqueezeNet against torchvision's, from `tests/reference/graph.py`.
#![allow(clippy::unwrap_used, clippy::print_stderr)] // A panic is how a test fails.

mod common;

use common::dense::{dense_bundle, noise_input};
use common::{family_card, on, reference, relative_error};
use fovea::method::BackwardRule;
use fovea::network::{ComputeDevice, DeviceChoice, device};

/// Every so many-th value of a response is in the reference.
const EVERY: usize = 7;
/// A gate is a step: see `tests/densenet.rs`.
const FEW_GATES: f32 = 1e-2;

fn agrees(mark: &str, network: &str, [height, width]: [usize; 2], device: &ComputeDevice, tolerance: f32) {
    let card = family_card("graph", &format!("network = \"{network}\""), [3, height, width], 5);
    let network = on(&dense_bundle(card), device);
    let array = |what: &str| reference("graph.npz", &format!("{mark}_{what}")).iter().copied().collect::<Vec<f32>>();
    let pass = network.forward(&noise_input([height, width], array("seed")[0] as usize)).unwrap();
    let compare = |what: &str, found: &[f32], allowed: f32| {
        let off = relative_error(found, &array(what));
        assert!(off <= allowed, "{what} of {mark} differs by {off:e} on {}", device.name);
    };
    compare("scores", &pass.scores, tolerance);
    compare("cam", &network.class_maps(&pass).unwrap().data, tolerance);
    for rule in BackwardRule::ALL {
        let found = network.back_project(&pass, &[3, 1], rule).unwrap();
        let sampled: Vec<f32> = found.each().flat_map(|(_, map)| map.iter().copied().step_by(EVERY)).collect();
        compare(rule.name(), &sampled, if rule.uses_forward_mask() { FEW_GATES } else { tolerance });
    }
}

#[test]
fn resnets_agree() {
    agrees("resnet18", "resnet18", [67, 64], &device::cpu(), 1e-4);
    agrees("resnet50", "resnet50", [64, 70], &device::cpu(), 1e-4);
}

#[test]
fn vgg16_with_gap_agrees() {
    agrees("vgg16", "vgg16-gap", [64, 64], &device::cpu(), 1e-4);
}

#[test]
fn squeezenet_agrees() {
    agrees("squeezenet", "squeezenet1-1", [70, 64], &device::cpu(), 1e-4);
}

#[test]
fn efficientnet_lite0_to_its_stride_of_16_agrees() {
    agrees("efficientnet", "efficientnet-lite0-stride16", [67, 64], &device::cpu(), 1e-4);
}

#[test]
fn wgpu_agrees_to_one_in_a_thousand() {
    match device::open(DeviceChoice::Gpu) {
        Ok(gpu) => agrees("squeezenet", "squeezenet1-1", [70, 64], &gpu, 1e-3),
        Err(error) => eprintln!("skipped: {error}"),
    }
}
