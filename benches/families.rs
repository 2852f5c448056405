//! What networks that researchers bring cost on the CPU beside PyTorch, which takes turns with them (`FOVEA_PYTHON`, else
//! `python3`, with torch and torchvision).
//!
//!     cargo bench --bench families
//!
//! 1000 classes, 3×224×224, made-up weights. The fastest turn of each is printed; nothing is asserted.
#![allow(clippy::print_stdout, clippy::unwrap_used)]

mod made_up;
mod peer;

use std::time::Instant;

use fovea::bundle::Library;
use fovea::bundle::card::Architecture;
use fovea::bundle::family::{GraphSizes, NamedGraph};
use fovea::method::BackwardRule;
use fovea::network::{Network, device};
use peer::{Peer, ask};

/// As in the program.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

const ROUNDS: usize = 9;
const NETWORKS: [NamedGraph; 8] = [
    NamedGraph::EfficientNetB0,
    NamedGraph::ResNet18,
    NamedGraph::ResNet50,
    NamedGraph::ConvNextTiny,
    NamedGraph::MobileNetV2,
    NamedGraph::MobileNetV3Large,
    NamedGraph::RegNetY400Mf,
    NamedGraph::InceptionV3,
];

fn main() {
    let mut peer = Peer::start("families_torch.py");
    println!("device: {}; {}\n", device::cpu().name, peer.as_ref().map_or("no PyTorch here", |p| p.name.as_str()));
    println!("{:<22}{:>12}{:>12}{:>8}{:>16}", "forward pass, ms", "fovea", "PyTorch", "ratio", "CLEAR of 10");
    for named in NETWORKS {
        let network = network(named);
        let input = made_up::input();
        let (mut ours, mut theirs) = (f64::NAN, f64::NAN);
        for _ in 0..ROUNDS {
            ours = ours.min(time(|| drop(network.scores(&input).unwrap())));
            theirs = theirs.min(ask(&mut peer, &named.name()));
        }
        let pass = network.forward(&input).unwrap();
        let classes: Vec<usize> = (0..10).collect();
        let clear = time(|| drop(network.back_project(&pass, &classes, BackwardRule::Guided).unwrap()));
        let ratio = ours / theirs;
        println!("{:<22}{ours:>12.1}{theirs:>12.1}{ratio:>8.2}{:>11.1} passes", named.name(), clear / ours);
    }
}

fn time(work: impl FnOnce()) -> f64 {
    let start = Instant::now();
    work();
    start.elapsed().as_secs_f64() * 1e3
}

fn network(named: NamedGraph) -> Network {
    let mut card = Library::open(&[]).unwrap().find("chexnet").unwrap().card.unwrap();
    card.architecture = Architecture::Graph(GraphSizes { network: named, input: [3, 224, 224], norm_epsilon: None });
    card.classes = vec![card.classes[0].clone(); 1000];
    made_up::network(card)
}
