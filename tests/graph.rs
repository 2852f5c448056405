//! Networks by their names against torchvision's, and EfficientNet-Lite against its package's, from
//! `tests/reference/graph.py`.
#![allow(clippy::unwrap_used, clippy::print_stderr)] // A panic is how a test fails.

mod common;

use common::dense::dense_bundle;
use common::{family_card, torch};
use fovea::network::{ComputeDevice, DeviceChoice, device};

fn agrees(mark: &str, network: &str, size: [usize; 2], device: &ComputeDevice, tolerance: f32) {
    agrees_with(mark, network, "", size, device, tolerance);
}

/// With further `lines` on the card.
fn agrees_with(
    mark: &str,
    network: &str,
    lines: &str,
    [height, width]: [usize; 2],
    device: &ComputeDevice,
    tolerance: f32,
) {
    let architecture = format!("network = \"{network}\"\n{lines}");
    let card = family_card("graph", &architecture, [3, height, width], 5);
    torch::agrees(&dense_bundle(card), mark, device, tolerance);
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
    agrees_with("efficientnet", "efficientnet-lite0-stride16", "norm-epsilon = 1e-5", [67, 64], &device::cpu(), 1e-4);
}

#[test]
fn efficientnets_agree() {
    agrees("efficientnet_b0", "efficientnet-b0", [67, 64], &device::cpu(), 1e-4);
    agrees("efficientnet_b3", "efficientnet-b3", [64, 70], &device::cpu(), 1e-4);
}

#[test]
fn efficientnet_lites_agree_padded_as_tensorflow_does() {
    agrees("efficientnet_lite0", "efficientnet-lite0", [67, 64], &device::cpu(), 1e-4);
    agrees("efficientnet_lite2", "efficientnet-lite2", [64, 70], &device::cpu(), 1e-4);
}

#[test]
fn mobilenet_v2_agrees() {
    agrees("mobilenet_v2", "mobilenet-v2", [67, 64], &device::cpu(), 1e-4);
}

/// Their maps are one cell: a hidden layer stands between the pooling and the classes.
#[test]
fn mobilenets_v3_agree() {
    agrees("mobilenet_v3_large", "mobilenet-v3-large", [64, 70], &device::cpu(), 1e-4);
    agrees("mobilenet_v3_small", "mobilenet-v3-small", [67, 64], &device::cpu(), 1e-4);
}

#[test]
fn regnet_agrees() {
    agrees("regnet_y_400mf", "regnet-y-400mf", [67, 64], &device::cpu(), 1e-4);
}

#[test]
fn convnext_agrees() {
    agrees("convnext_tiny", "convnext-tiny", [67, 64], &device::cpu(), 1e-4);
}

#[test]
fn inception_agrees() {
    agrees("inception_v3", "inception-v3", [107, 107], &device::cpu(), 1e-4);
}

#[test]
fn wgpu_agrees_to_one_in_a_thousand() {
    match device::open(DeviceChoice::Gpu) {
        Ok(gpu) => {
            agrees("squeezenet", "squeezenet1-1", [70, 64], &gpu, 1e-3);
            agrees("mobilenet_v3_small", "mobilenet-v3-small", [67, 64], &gpu, 1e-3);
        }
        Err(error) => eprintln!("skipped: {error}"),
    }
}
