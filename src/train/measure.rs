//! Judges a finished bundle on pictures that were left out of training, through the network that is shipped.

use super::TrainError;
use super::data::DataSet;
use super::metrics::{accuracy, auc, majority, quadratic_weighted_kappa};
use super::schedule::{Objective, Schedule};
use crate::bundle::Bundle;
use crate::bundle::card::Measured;
use crate::explain::Verdict;
use crate::geometry::Transform;
use crate::input::ModelInput;
use crate::network::{ComputeDevice, Network, NetworkError};

/// The figures for the card.
pub fn measure(
    bundle: &Bundle,
    schedule: &Schedule,
    data: &DataSet,
    device: &ComputeDevice,
) -> Result<Vec<Measured>, TrainError> {
    let verdicts = verdicts(bundle, data, device)?;
    let truths: Vec<usize> = data.held.iter().map(|example| example.class).collect();
    let answers: Vec<usize> = verdicts.iter().map(|verdict| verdict.decided).collect();
    let figure = |what: &str, value: f64, baseline: f64| Measured {
        what: what.to_owned(),
        on: data.held_is.clone(),
        value: rounded(value),
        spread: None,
        baseline: Some(rounded(baseline)),
    };
    let mut results = vec![figure("accuracy", accuracy(&answers, &truths), majority(&truths))];
    if let Objective::Ordinal(_) = schedule.objective {
        for (what, first) in [("AUC, any retinopathy", 1), ("AUC, referable (grade 2 and above)", 2)] {
            let scores: Vec<f32> = verdicts.iter().map(|v| v.probabilities[first..].iter().sum()).collect();
            let positive: Vec<bool> = truths.iter().map(|truth| *truth >= first).collect();
            results.extend(auc(&scores, &positive).map(|value| figure(what, value, 0.5)));
        }
        let kappa = quadratic_weighted_kappa(&answers, &truths);
        results.extend(kappa.map(|value| figure("quadratic weighted kappa", value, 0.0)));
    }
    Ok(results)
}

fn verdicts(bundle: &Bundle, data: &DataSet, device: &ComputeDevice) -> Result<Vec<Verdict>, NetworkError> {
    let network = Network::load(bundle, device);
    let [channels, height, width] = data.input;
    let verdict = |values: &Vec<f32>| {
        let values = values.clone();
        let input = ModelInput { values, channels, height, width, source_from_model: Transform::IDENTITY };
        network.forward(&input).map(|pass| Verdict::from_scores(&pass.scores, &bundle.card.output))
    };
    data.held.iter().map(|example| verdict(&example.values)).collect()
}

/// To four decimals: more would be more than these numbers of pictures can tell.
fn rounded(value: f64) -> f64 {
    (value * 1e4).round() / 1e4
}
