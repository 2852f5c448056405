//! Judges a finished bundle on pictures that were left out of training, through the network that is shipped.

use super::TrainError;
use super::data::{DataSet, Example};
use super::operating_point::{self, SENSITIVITY};
use super::schedule::{Objective, Schedule};
use super::thumbnail;
use crate::bundle::Bundle;
use crate::bundle::card::{Decision, Measured};
use crate::explain::Verdict;
use crate::geometry::Transform;
use crate::input::{ModelInput, THUMBNAIL_SIDE};
use crate::network::{ComputeDevice, Network};
use crate::statistics::{Confusion, Detection, Figure, KappaWeights, Measure, RESAMPLINGS, Ranked, Units, auc};

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
        return Ok(of_grades(bundle.card.classes.len(), &verdicts, data, figure));
    }
    let confusion = Confusion::of(bundle.card.classes.len(), pairs(&verdicts, data));
    let accuracy = confusion.accuracy().unwrap_or(0.0);
    Ok(vec![figure("accuracy", accuracy, confusion.majority_baseline())])
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

/// Of each picture that was left out the true class and the decided one.
fn pairs<'a>(verdicts: &'a [Verdict], data: &'a DataSet) -> impl Iterator<Item = (usize, usize)> + Clone + 'a {
    data.held.iter().zip(verdicts).map(|(example, verdict)| (example.class, verdict.decided))
}

/// The figures of ordered grades, each with its 95 % interval over patients.
fn of_grades(
    classes: usize,
    verdicts: &[Verdict],
    data: &DataSet,
    figure: impl Fn(&str, f64, Option<f64>) -> Measured,
) -> Vec<Measured> {
    let drawn = |weights: &[u32]| {
        Confusion::weighed(classes, pairs(verdicts, data).zip(weights).map(|((a, b), weight)| (a, b, *weight)))
    };
    let auc_from = |first: usize| -> Measure<'_> {
        let score = |verdict: &Verdict| verdict.probabilities.iter().skip(first).sum::<f32>();
        let scored = data.held.iter().zip(verdicts).enumerate();
        let ranked = Ranked::of(scored.map(|(at, (example, verdict))| (at, score(verdict), example.class >= first)));
        Box::new(move |weights| ranked.auc(weights))
    };
    let majority = Confusion::of(classes, pairs(verdicts, data)).majority_baseline().unwrap_or(0.0);
    let named = [
        ("accuracy", majority),
        ("AUC, any retinopathy", 0.5),
        ("AUC, referable (grade 2 and above)", 0.5),
        ("quadratic weighted kappa", 0.0),
    ];
    let measures: [Measure<'_>; 4] = [
        Box::new(|weights| drawn(weights).accuracy()),
        auc_from(1),
        auc_from(2),
        Box::new(|weights| drawn(weights).kappa(KappaWeights::Quadratic)),
    ];
    let units = Units::of_groups(data.held.iter().map(|example| example.group));
    let figures = units.measured(&measures, RESAMPLINGS, &|| true).unwrap_or_default();
    let measured = |((what, baseline), found): ((&str, f64), Figure)| {
        let spread = found.interval.map(|spread| spread.map(rounded));
        found.value.map(|value| Measured { spread, ..figure(what, value, Some(baseline)) })
    };
    named.into_iter().zip(figures).filter_map(measured).collect()
}

/// The figures of a model whose first class stands for health.
fn against_health(
    verdicts: &[Verdict],
    data: &DataSet,
    figure: impl Fn(&str, f64, Option<f64>) -> Measured,
) -> Vec<Measured> {
    let ill = ill(&data.held);
    let scores = ill_scores(verdicts);
    let answers = verdicts.iter().zip(&ill).map(|(verdict, ill)| (*ill, verdict.decided > 0));
    let two = Confusion::of(2, answers.clone().map(|(ill, says_so)| (ill.into(), says_so.into())));
    let found = Detection::of(answers.map(|(ill, says_so)| (ill, says_so, 1)));
    let mut results = Vec::new();
    results.extend(auc(&scores, &ill).map(|value| figure("AUC, pneumonia", value, Some(0.5))));
    let at_the_point = [
        ("accuracy at the operating point, pneumonia", two.accuracy(), two.majority_baseline()),
        ("sensitivity at the operating point, pneumonia", found.sensitivity(), None),
        ("specificity at the operating point, pneumonia", found.specificity(), None),
    ];
    results.extend(at_the_point.map(|(what, value, baseline)| figure(what, value.unwrap_or(0.0), baseline)));
    let (kinds, bacterial): (Vec<f32>, Vec<bool>) = verdicts
        .iter()
        .zip(&data.held)
        .filter(|(_, example)| example.class > 0)
        .map(|(verdict, example)| (verdict.probabilities[1] / ill_score(verdict).max(1e-9), example.class == 1))
        .unzip();
    results.extend(auc(&kinds, &bacterial).map(|value| figure("AUC, bacterial against viral", value, Some(0.5))));
    let side = THUMBNAIL_SIDE;
    let what = format!(
        "AUC, pneumonia, of a {side}×{side} thumbnail of the stored picture alone (logistic regression, the same split)"
    );
    if data.held.iter().all(|example| example.thumbnail.len() == side * side) {
        let scores = thumbnail::scores(data);
        results.extend(scores.and_then(|scores| auc(&scores, &ill)).map(|value| figure(&what, value, Some(0.5))));
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
