//! The tensors of a network in training: their initial values, or those of a bundle, and how they become a bundle again.
//! Plain values; must not know Burn.

use rand::RngExt;
use rand_chacha::ChaCha8Rng;

use super::Schedule;
use super::chance::normal;
use super::plan::Plan;
use super::schedule::{LesionHead, Objective};
use crate::bundle::{TensorSpec, WeightMap, WeightTensor};

/// The length of every class kernel at first, where all have one.
const FIRST_LENGTH: f32 = 2.0;
/// Features are never negative: a little more plus than minus, so that no class map starts empty everywhere.
const DIRECTION_SHIFT: f32 = 0.3;
/// Below this a kernel counts as this long, so that nothing is divided by 0.
pub(super) const SHORTEST: f32 = 1e-12;
/// Lesions are rare.
const LESION_BIAS: f32 = -3.0;

/// How the network learns, beyond its card.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Learning {
    pub lesion_head: Option<LesionHead>,
    /// Whether the class kernels have one length, learned as `log_scale` beside their directions, and no bias.
    pub equal_kernels: bool,
    /// Whether batch normalisation keeps its means and variances.
    pub freeze_norms: bool,
    /// Of so many pictures of a batch the way back is followed too.
    pub shared: usize,
}

impl Learning {
    /// The lesion head is left out where the lesions are not known.
    pub fn new(schedule: &Schedule, lesions_are_known: bool) -> Self {
        let lesion_head = schedule.lesion_head.filter(|_| lesions_are_known);
        let shared = match &schedule.objective {
            Objective::Ordinal(parts) if parts.share > 0.0 => parts.shared,
            _ => 0,
        };
        Self { lesion_head, equal_kernels: schedule.equal_kernels, freeze_norms: schedule.freeze_norms, shared }
    }
}

/// The tensors of a network while it learns: the bundle's, and those of the lesion head. Equal class kernels have a
/// `log_scale` in place of their bias.
pub fn tensors(plan: &Plan, learning: Learning) -> Vec<TensorSpec> {
    let mut specs = plan.tensors.clone();
    if learning.equal_kernels {
        let last = &plan.last.name;
        specs.retain(|spec| spec.name != bias_name(last));
        specs.push(TensorSpec { name: log_scale_name(last), shape: vec![1] });
    }
    if let Some(head) = learning.lesion_head
        && let Some(place) = plan.place_of(head)
    {
        let outputs = head.kinds * head.finer * head.finer;
        specs.push(TensorSpec { name: "lesion.weight".to_owned(), shape: vec![outputs, place.channels, 1, 1] });
        specs.push(TensorSpec { name: "lesion.bias".to_owned(), shape: vec![outputs] });
    }
    specs
}

/// First weights, drawn as PyTorch draws them: uniform within ±1/√(inputs of one output) for kernels, 1 for the
/// factors and variances of batch normalisation, 0 for the rest. Directions of equal class kernels are normal.
pub fn first_weights(specs: &[TensorSpec], rng: &mut ChaCha8Rng) -> WeightMap {
    let is_direction =
        |spec: &TensorSpec| specs.iter().any(|s| s.name.strip_suffix("log_scale") == spec.name.strip_suffix("weight"));
    let first = |spec: &TensorSpec, rng: &mut ChaCha8Rng| {
        let count: usize = spec.shape.iter().product();
        let values = if spec.shape.len() == 4 && is_direction(spec) {
            (0..count).map(|_| normal(rng) + DIRECTION_SHIFT).collect()
        } else if spec.shape.len() == 4 {
            let bound = 1.0 / (spec.shape[1..].iter().product::<usize>() as f32).sqrt();
            (0..count).map(|_| rng.random_range(-bound..bound)).collect()
        } else {
            let value = match spec.name.as_str() {
                "lesion.bias" => LESION_BIAS,
                name if name.ends_with("log_scale") => FIRST_LENGTH.ln(),
                name if name.ends_with("norm.weight") || name.ends_with("running_var") => 1.0,
                _ => 0.0,
            };
            vec![value; count]
        };
        (spec.name.clone(), WeightTensor { shape: spec.shape.clone(), values })
    };
    specs.iter().map(|spec| first(spec, rng)).collect()
}

/// Takes the weights of a bundle over into those of a network that learns; what the bundle lacks stays.
pub fn take_over(weights: &mut WeightMap, bundle: &WeightMap, plan: &Plan, learning: Learning) {
    for (name, tensor) in weights.iter_mut() {
        if let Some(known) = bundle.get(name) {
            tensor.clone_from(known);
        }
    }
    if !learning.equal_kernels {
        return;
    }
    let last = &plan.last.name;
    let (Some(length), Some(kernels)) = (common_length(bundle, plan), weights.get_mut(&weight_name(last))) else {
        return;
    };
    // A direction's own length does not count, but how fast it turns does: as long as one that was drawn.
    let (_, each) = lengths(kernels);
    let factor = (each as f32).sqrt() / length;
    kernels.values.iter_mut().for_each(|v| *v *= factor);
    weights.insert(log_scale_name(last), WeightTensor { shape: vec![1], values: vec![length.ln()] });
}

/// The length that all class kernels of a bundle share; `None` where they do not, or where a class has a bias.
pub fn common_length(bundle: &WeightMap, plan: &Plan) -> Option<f32> {
    let last = &plan.last.name;
    let (lengths, _) = lengths(bundle.get(&weight_name(last))?);
    let mean = lengths.iter().sum::<f32>() / lengths.len() as f32;
    let even = lengths.iter().all(|length| (length - mean).abs() <= 1e-4 * mean);
    let bias = &bundle.get(&bias_name(last))?.values;
    (even && mean > 0.0 && bias.iter().all(|bias| *bias == 0.0)).then_some(mean)
}

/// The length of each kernel, and how many values it has.
fn lengths(kernels: &WeightTensor) -> (Vec<f32>, usize) {
    let each = kernels.shape[1..].iter().product::<usize>().max(1);
    (kernels.values.chunks_exact(each).map(|k| k.iter().map(|v| v * v).sum::<f32>().sqrt()).collect(), each)
}

/// What a bundle keeps of a network that learned: no lesion head, and equal class kernels at their length.
pub fn to_bundle(mut weights: WeightMap, plan: &Plan) -> WeightMap {
    weights.retain(|name, _| !name.starts_with("lesion."));
    let last = &plan.last.name;
    if let Some(scale) = weights.remove(&log_scale_name(last))
        && let Some(kernels) = weights.get_mut(&weight_name(last))
    {
        let (lengths, each) = lengths(kernels);
        for (kernel, length) in kernels.values.chunks_exact_mut(each).zip(&lengths) {
            kernel.iter_mut().for_each(|v| *v *= scale.values[0].exp() / length.max(SHORTEST));
        }
        let bias = WeightTensor { shape: vec![lengths.len()], values: vec![0.0; lengths.len()] };
        weights.insert(bias_name(last), bias);
    }
    weights
}

pub(super) fn weight_name(layer: &str) -> String {
    format!("{layer}.weight")
}

pub(super) fn bias_name(layer: &str) -> String {
    format!("{layer}.bias")
}

pub(super) fn log_scale_name(layer: &str) -> String {
    format!("{layer}.log_scale")
}
