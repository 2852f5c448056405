//! Networks against what `tests/reference/graph.py` found of them in PyTorch.

use fovea::bundle::Bundle;
use fovea::method::BackwardRule;
use fovea::network::ComputeDevice;

use super::dense::noise_input;
use super::{on, reference, relative_error};

/// Every so many-th value of a response is in the reference.
const EVERY: usize = 7;
/// A gate is a step: see `tests/densenet.rs`.
const FEW_GATES: f32 = 1e-2;

/// Scores, class maps and responses under all four rules are those under `mark`.
pub fn agrees(bundle: &Bundle, mark: &str, device: &ComputeDevice, tolerance: f32) {
    let [_, height, width] = bundle.card.architecture.input();
    let network = on(bundle, device);
    let array = |what: &str| reference("graph.npz", &format!("{mark}_{what}")).iter().copied().collect::<Vec<f32>>();
    let pass = network.forward(&noise_input([height, width], array("seed")[0] as usize)).unwrap();
    let compare = |what: &str, found: &[f32], allowed: f32| {
        let off = relative_error(found, &array(what));
        assert!(off <= allowed, "{what} of {mark} differs by {off:e} on {}", device.name);
    };
    compare("scores", &pass.scores, tolerance);
    compare("cam", &network.class_maps(&pass).unwrap().data, tolerance);
    let classes: Vec<usize> = array("classes").iter().map(|class| *class as usize).collect();
    for rule in BackwardRule::ALL {
        let found = network.back_project(&pass, &classes, rule).unwrap();
        let sampled: Vec<f32> = found.each().flat_map(|(_, map)| map.iter().copied().step_by(EVERY)).collect();
        compare(rule.name(), &sampled, if rule.uses_forward_mask() { FEW_GATES } else { tolerance });
    }
}
