//! What a DenseNet-121 of 14 classes at 224×224 costs on the CPU beside PyTorch, Captum and Grad-CAM, which take turns
//! with it where a Python with torch and torchvision is at hand (`FOVEA_PYTHON`, else `python3`).
//!
//!     cargo bench --bench densenet
//!
//! The fastest turn of each is printed: whatever else a machine does only ever adds. Nothing is asserted.
#![allow(clippy::print_stdout, clippy::unwrap_used)]

mod made_up;
mod peer;

use std::time::Instant;

use fovea::bundle::Library;
use fovea::method::BackwardRule;
use fovea::network::device;
use peer::{Peer, ask};

/// As in the program.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

const TEN: [usize; 10] = [0, 1, 2, 3, 4, 5, 6, 7, 8, 9];
/// Turns of the quick work and of the slow.
const ROUNDS: usize = 21;
const SLOW_ROUNDS: usize = 3;

fn main() {
    // The card that ships.
    let network = made_up::network(Library::open(&[]).unwrap().find("chexnet").unwrap().card.unwrap());
    let input = made_up::input();
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
