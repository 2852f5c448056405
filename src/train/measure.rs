//! Judges a finished bundle on pictures that were left out of training, through the network that is shipped.

use super::TrainError;
use super::data::{DataSet, Example};
use super::metrics::{accuracy, auc, interval, majority, quadratic_weighted_kappa};
use super::operating_point::{self, SENSITIVITY};
use super::schedule::{Objective, Schedule};
use super::thumbnail;
use crate::bundle::Bundle;
use crate::bundle::card::{Decision, Measured};
use crate::explain::Verdict;
use crate::geometry::Transform;
use crate::input::ModelInput;
use crate::network::{ComputeDevice, Network};

/// Chooses the operating point where the card's decision needs one, on the pictures that are kept for it.
pub fn set_operating_point(bundle: &mut Bundle, data: &DataSet, device: &ComputeDevice) -> Result<(), TrainError> {
    if bundle.card.output.decision != Decision::Threshold {
        return Ok(());
    }
    let (scores, ill) = (ill_scores(&verdicts(bundle, &data.tune, data, device)?), ill(&data.tune));
    if let Some(point) = operating_point::choose(&scores, &ill) {
        bundle.card.output.operating_points = vec![point];
        let found = 100.0 * SENSITIVITY;
        bundle.card.training.notes.push(format!(
            "Operating point {point}: the highest at which {found} % of the ill were found on {} pictures of patients left out of training, other ones than the results are of.",
            data.tune.len()
        ));
    }
    Ok(())
}

/// The figures for the card.
pub fn measure(
    bundle: &Bundle,
    schedule: &Schedule,
    data: &DataSet,
    device: &ComputeDevice,
) -> Result<Vec<Measured>, TrainError> {
    let verdicts = verdicts(bundle, &data.held, data, device)?;
    let figure = |what: &str, value: f64, baseline: Option<f64>| Measured {
        what: what.to_owned(),
        on: data.held_is.clone(),
        value: rounded(value),
        spread: None,
        baseline: baseline.map(rounded),
    };
    if bundle.card.output.decision == Decision::Threshold {
        return Ok(against_health(&verdicts, data, figure));
    }
    if let Objective::Ordinal(_) = schedule.objective {
        return Ok(of_grades(&verdicts, data, figure));
    }
    let truths: Vec<usize> = data.held.iter().map(|example| example.class).collect();
    let answers: Vec<usize> = verdicts.iter().map(|verdict| verdict.decided).collect();
    Ok(vec![figure("accuracy", accuracy(&answers, &truths), Some(majority(&truths)))])
}

/// What the parent of a model gave on the same pictures, as it was.
pub fn before(
    parent: &Bundle,
    schedule: &Schedule,
    data: &DataSet,
    device: &ComputeDevice,
) -> Result<Vec<Measured>, TrainError> {
    let mut results = measure(parent, schedule, data, device)?;
    for result in &mut results {
        result.what = format!("before, by `{}` itself: {}", parent.card.name, result.what);
        result.on = "the same pictures, if it had not learned from them".to_owned();
    }
    Ok(results)
}

/// The figures of ordered grades, each with its 95 % interval over patients.
fn of_grades(
    verdicts: &[Verdict],
    data: &DataSet,
    figure: impl Fn(&str, f64, Option<f64>) -> Measured,
) -> Vec<Measured> {
    type Of<'a> = Box<dyn Fn(&[usize]) -> Option<f64> + 'a>;
    let truths: Vec<usize> = data.held.iter().map(|example| example.class).collect();
    let groups: Vec<usize> = data.held.iter().map(|example| example.group).collect();
    let pairs = |chosen: &[usize]| -> (Vec<usize>, Vec<usize>) {
        chosen.iter().map(|i| (verdicts[*i].decided, truths[*i])).unzip()
    };
    let auc_from = |first: usize| -> Of<'_> {
        let (verdicts, truths) = (&verdicts, &truths);
        Box::new(move |chosen| {
            let score = |i: &usize| verdicts[*i].probabilities[first..].iter().sum::<f32>();
            let (scores, positive): (Vec<f32>, Vec<bool>) =
                chosen.iter().map(|i| (score(i), truths[*i] >= first)).unzip();
            auc(&scores, &positive)
        })
    };
    let figures: [(&str, Of<'_>, f64); 4] = [
        ("accuracy", Box::new(|chosen| Some(pairs(chosen)).map(|(a, t)| accuracy(&a, &t))), majority(&truths)),
        ("AUC, any retinopathy", auc_from(1), 0.5),
        ("AUC, referable (grade 2 and above)", auc_from(2), 0.5),
        (
            "quadratic weighted kappa",
            Box::new(|chosen| Some(pairs(chosen)).and_then(|(a, t)| quadratic_weighted_kappa(&a, &t))),
            0.0,
        ),
    ];
    let all: Vec<usize> = (0..truths.len()).collect();
    let measured = |(what, of, baseline): &(&str, Of<'_>, f64)| {
        let spread = interval(&groups, of).map(|spread| spread.map(rounded));
        of(&all).map(|value| Measured { spread, ..figure(what, value, Some(*baseline)) })
    };
    figures.iter().filter_map(measured).collect()
}

/// The figures of a model whose first class stands for health.
fn against_health(
    verdicts: &[Verdict],
    data: &DataSet,
    figure: impl Fn(&str, f64, Option<f64>) -> Measured,
) -> Vec<Measured> {
    let ill = ill(&data.held);
    let scores = ill_scores(verdicts);
    let answers: Vec<bool> = verdicts.iter().map(|verdict| verdict.decided > 0).collect();
    let right = |answers: &[bool]| answers.iter().zip(&ill).filter(|(a, b)| a == b).count() as f64;
    let all = ill.len().max(1) as f64;
    let of_ill = ill.iter().filter(|ill| **ill).count() as f64 / all;
    let (sensitivity, specificity) = operating_point::sensitivity_and_specificity(&answers, &ill);
    let mut results = Vec::new();
    results.extend(auc(&scores, &ill).map(|value| figure("AUC, pneumonia", value, Some(0.5))));
    let majority = of_ill.max(1.0 - of_ill);
    results.push(figure("accuracy at the operating point, pneumonia", right(&answers) / all, Some(majority)));
    results.push(figure("sensitivity at the operating point, pneumonia", sensitivity, None));
    results.push(figure("specificity at the operating point, pneumonia", specificity, None));
    let (kinds, bacterial): (Vec<f32>, Vec<bool>) = verdicts
        .iter()
        .zip(&data.held)
        .filter(|(_, example)| example.class > 0)
        .map(|(verdict, example)| (verdict.probabilities[1] / ill_score(verdict).max(1e-9), example.class == 1))
        .unzip();
    results.extend(auc(&kinds, &bacterial).map(|value| figure("AUC, bacterial against viral", value, Some(0.5))));
    let side = thumbnail::SIDE;
    let what = format!(
        "AUC, pneumonia, of a {side}×{side} thumbnail of the stored picture alone (logistic regression, the same split)"
    );
    if data.held.iter().all(|example| example.thumbnail.len() == side * side) {
        results.extend(auc(&thumbnail::scores(data), &ill).map(|value| figure(&what, value, Some(0.5))));
    }
    results
}

fn ill(examples: &[Example]) -> Vec<bool> {
    examples.iter().map(|example| example.class > 0).collect()
}

/// The probabilities of all classes but the first, together.
fn ill_score(verdict: &Verdict) -> f32 {
    verdict.probabilities[1..].iter().sum()
}

fn ill_scores(verdicts: &[Verdict]) -> Vec<f32> {
    verdicts.iter().map(ill_score).collect()
}

fn verdicts(
    bundle: &Bundle,
    examples: &[Example],
    data: &DataSet,
    device: &ComputeDevice,
) -> Result<Vec<Verdict>, TrainError> {
    let network = Network::load(bundle, device);
    let [channels, height, width] = data.input;
    let verdict = |example: &Example| {
        let values = data.input_of(example).map_err(|error| TrainError::Steps(error.to_string()))?;
        let input = ModelInput { values, channels, height, width, source_from_model: Transform::IDENTITY };
        let pass = network.forward(&input)?;
        Ok(Verdict::from_scores(&pass.scores, &bundle.card.output))
    };
    examples.iter().map(verdict).collect()
}

/// To four decimals: more would be more than these numbers of pictures can tell.
fn rounded(value: f64) -> f64 {
    (value * 1e4).round() / 1e4
}
