//! What a DenseNet-121 of 14 classes at 224×224 costs on the CPU beside PyTorch, Captum and Grad-CAM, which take turns
//! with it where a Python with torch and torchvision is at hand (`FOVEA_PYTHON`, else `python3`).
//!
//!     cargo bench --bench densenet
//!
//! The fastest turn of each is printed: whatever else a machine does only ever adds. Nothing is asserted.
#![allow(clippy::print_stdout, clippy::unwrap_used)]

mod peer;

use std::time::Instant;

use fovea::bundle::weights::needed_tensors;
use fovea::bundle::{Bundle, Library};
use fovea::bundle::{TensorSpec, WeightTensor};
use fovea::geometry::Transform;
use fovea::input::ModelInput;
use fovea::method::BackwardRule;
use fovea::network::{Network, device};
use peer::{Peer, ask};

/// As in the program.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

const TEN: [usize; 10] = [0, 1, 2, 3, 4, 5, 6, 7, 8, 9];
/// Turns of the quick work and of the slow.
const ROUNDS: usize = 21;
const SLOW_ROUNDS: usize = 3;

fn main() {
    let network = network();
    let input = input();
    let mut peer = Peer::start("densenet_torch.py");
    println!("device: {}; {}\n", device::cpu().name, peer.as_ref().map_or("no PyTorch here", |p| p.name.as_str()));

    let mut quick = Times::default();
    for _ in 0..ROUNDS {
        quick.add("forward", time(|| drop(network.forward(&input).unwrap())));
        quick.add("theirs forward", ask(&mut peer, "forward"));
        quick.add("cam", time(|| drop(network.class_maps(&network.forward(&input).unwrap()).unwrap())));
        quick.add("theirs cam", ask(&mut peer, "cam"));
    }
    let pass = network.forward(&input).unwrap();
    let mut slow = Times::default();
    for _ in 0..SLOW_ROUNDS {
        for rule in BackwardRule::ALL {
            slow.add(rule.name(), time(|| drop(network.back_project(&pass, &TEN, rule).unwrap())));
        }
        for job in ["captum", "grad_cam", "by_gradients"] {
            slow.add(job, ask(&mut peer, job));
        }
    }
    let (forward, theirs) = (quick.fastest("forward"), quick.fastest("theirs forward"));
    println!("{:<58}{:>9}{:>9}{:>9}", "DenseNet-121, 224×224, 14 classes", "ms", "our fwd", "torch fwd");
    let line = |what: &str, ms: f64, bar: &str| {
        println!("{what:<58}{ms:>9.1}{:>9.2}{:>9.2}   {bar}", ms / forward, ms / theirs);
    };
    line("forward pass, fovea", forward, "bar 1.3 of PyTorch's");
    line("forward pass, PyTorch eager", theirs, "");
    line("forward pass with the CAM of all 14, fovea", quick.fastest("cam"), "bar 1.05 of our forward pass");
    line("forward pass with the CAM of all 14, PyTorch by hand", quick.fastest("theirs cam"), "");
    line("14 maps by pytorch-grad-cam", slow.fastest("grad_cam"), "");
    line("14 maps by gradients (14 forward and backward passes)", slow.fastest("by_gradients"), "");
    let captum = slow.fastest("captum");
    line("ten classes by Captum's Deconvolution, one batch", captum, "");
    for rule in BackwardRule::ALL {
        let ms = slow.fastest(rule.name());
        let bar = format!("{:.2} of Captum's (bar 1.0, goal 0.7), a forward pass included", (ms + forward) / captum);
        line(&format!("CLEAR of ten classes, fovea, {}", rule.name()), ms, &bar);
    }
}

fn time(work: impl FnOnce()) -> f64 {
    let start = Instant::now();
    work();
    start.elapsed().as_secs_f64() * 1e3
}

/// The card that ships, with weights of the right size that keep signals alive.
fn network() -> Network {
    let card = Library::open(&[]).unwrap().find("chexnet").unwrap().card.unwrap();
    let filled = |spec: TensorSpec| {
        let fan_in: usize = spec.shape.iter().skip(1).product();
        let (shift, scale) = if spec.shape.len() > 1 { (0.0, (6.0 / fan_in as f32).sqrt()) } else { (0.8, 0.2) };
        let value = |i: usize| shift + scale * ((i.wrapping_mul(0x9E37_79B1) >> 8 & 0xFFFF) as f32 / 32768.0 - 1.0);
        (spec.name, WeightTensor { values: (0..spec.shape.iter().product()).map(value).collect(), shape: spec.shape })
    };
    let weights = needed_tensors(&card).into_iter().map(filled).collect();
    Network::load(&Bundle { card, weights, sha256: String::new() }, &device::cpu())
}

fn input() -> ModelInput {
    let values = (0..3 * 224 * 224).map(|i| ((i * 7919) % 1009) as f32 / 504.5 - 1.0).collect();
    ModelInput { values, channels: 3, height: 224, width: 224, source_from_model: Transform::IDENTITY }
}

/// What was measured, by name.
#[derive(Default)]
struct Times(Vec<(String, f64)>);

impl Times {
    fn add(&mut self, name: &str, ms: f64) {
        self.0.push((name.to_owned(), ms));
    }

    fn fastest(&self, name: &str) -> f64 {
        self.0.iter().filter(|(n, _)| n == name).map(|(_, ms)| *ms).fold(f64::NAN, f64::min)
    }
}
