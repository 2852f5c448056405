//! How good a model's decisions are: against the labels, at its operating points, by group, and as screening.

mod groups;
mod measures;
mod section;
mod target;
#[cfg(test)]
mod tests;

use std::collections::BTreeMap;

use serde::Serialize;

pub use self::groups::{Column, Gap, LEAST_GROUP, Short, Subgroup};
pub use self::measures::Small;
use self::measures::View;
pub use self::section::section;
pub use self::target::{Answered, Target, targets};
use super::case::{Case, Cases};
use crate::statistics::{
    Assumed, Bin, Confusion, Figure, KappaWeights, MayGoOn, Measure, RESAMPLINGS, RocPoint, Screening, Unit, Units,
    expected_calibration_error, mean, reliability, squared_error, squared_error_of_classes,
};

/// Of more classes no interval is drawn for each.
const MOST_CLASSES_DRAWN: usize = 64;
/// Steps of the thresholds that a screening is told for, besides the card's own.
const THRESHOLDS: u16 = 20;

/// What is assumed, and how sure figures are to be.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct DecisionOptions {
    /// Of those who are screened; that of the pictures where nobody says.
    pub prevalence: Option<f64>,
    pub cost_of_miss: f64,
    pub cost_of_false_alarm: f64,
    /// How often each interval is drawn.
    pub draws: usize,
}

impl Default for DecisionOptions {
    fn default() -> Self {
        Self { prevalence: None, cost_of_miss: 1.0, cost_of_false_alarm: 1.0, draws: RESAMPLINGS }
    }
}

/// All figures of a model's decisions on labelled pictures.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
pub struct Decisions {
    /// Pictures with a label and an answer.
    pub n: usize,
    /// Pictures whose label or answer is not of this model's classes.
    pub left_out: usize,
    /// What the intervals draw, how many of them there are, and how often they were drawn.
    pub unit: Unit,
    pub units: usize,
    pub draws: usize,
    /// Of findings the part of all answers, of all findings, that is right.
    pub accuracy: Figure,
    /// The accuracy of always giving the commonest answer.
    pub majority: Option<f64>,
    /// With quadratic weights of ordered classes, without of others; not of findings.
    pub kappa: Figure,
    pub kappa_weights: Option<&'static str>,
    /// Rows are the labels' classes; empty of findings.
    pub confusion: Confusion,
    /// `any` and `referable` where the model tells them, and each class or finding against the rest.
    pub auc: BTreeMap<String, Figure>,
    /// Over all classes or findings: Brier's own score (0 to 2 of classes that exclude each other).
    pub brier: Figure,
    /// Of the probability of what was decided; of findings, of all answers.
    pub ece: Option<f64>,
    pub reliability: Vec<Bin>,
    /// Questions of yes and no: any, referable, or each finding.
    pub targets: Vec<TargetFigures>,
    pub groups: Vec<Column>,
    /// What the program would not have answered, and the figures of the rest.
    pub refused: usize,
    pub ungradable: usize,
    pub answered: Option<Short>,
}

/// How well something is found.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
pub struct TargetFigures {
    pub key: String,
    pub name: String,
    /// Pictures of which it is known whether it is there.
    pub n: usize,
    pub positives: usize,
    /// The part in which it is there.
    pub prevalence: Option<f64>,
    pub auc: Figure,
    pub points: Vec<PointFigures>,
    pub brier: Figure,
    pub ece: Option<f64>,
    pub reliability: Vec<Bin>,
    pub roc: Vec<RocPoint>,
    pub assumed: Option<Assumed>,
    /// By rising threshold.
    pub screening: Vec<Screening>,
}

/// What comes of an operating point.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct PointFigures {
    /// `None` for the model's own decision.
    pub threshold: Option<f32>,
    pub sensitivity: Figure,
    pub specificity: Figure,
    /// At the prevalence of these pictures.
    pub ppv: Figure,
    pub npv: Figure,
    /// Sensitivity and specificity as the card states them.
    pub stated: Option<[f32; 2]>,
}

/// All figures of `cases`.
pub fn decisions(cases: &Cases, options: &DecisionOptions) -> Decisions {
    decisions_while(cases, options, &|| true).unwrap_or_default()
}

/// Like [`decisions`]; `None` once `may_go_on` says no, which is asked before every draw.
pub fn decisions_while(cases: &Cases, options: &DecisionOptions, may_go_on: &MayGoOn<'_>) -> Option<Decisions> {
    let view = View::of(cases);
    let units = Units::of(view.judged.iter().map(|case| case.patient.as_str()));
    let all: Vec<usize> = (0..view.judged.len()).collect();
    let is_answered = |picture: &usize| !is_withheld(view.judged[*picture]);
    let answered: Vec<usize> = all.iter().copied().filter(is_answered).collect();
    let is_whole = answered.len() == all.len();
    let sets = if is_whole { vec![all.clone()] } else { vec![all.clone(), answered] };
    let mut shorts = groups::shorts(&view, &sets, &units, options.draws, may_go_on)?;
    let answered = if is_whole { None } else { shorts.pop() };
    let whole = shorts.pop().unwrap_or_default();
    let of = |small: Small| whole.figures.get(&small).copied().unwrap_or_default();
    let target = |target: &Target| target_figures(target, &view, &units, options, may_go_on);
    let targets: Vec<TargetFigures> = view.targets.iter().map(target).collect::<Option<_>>()?;
    let column = |at: usize| groups::column(&view, at, &units, options.draws, may_go_on);
    let reliability = reliability(confidences(&view));
    Some(Decisions {
        n: view.judged.len(),
        left_out: cases.all.len() - view.judged.len(),
        unit: units.unit,
        units: units.len(),
        draws: options.draws,
        accuracy: of(Small::Accuracy),
        majority: whole.majority,
        kappa: of(Small::Kappa),
        kappa_weights: view.kappa_weights().map(|weights| match weights {
            KappaWeights::Quadratic => "quadratic",
            KappaWeights::Linear | KappaWeights::Unweighted => "none",
        }),
        confusion: if cases.output.has_findings() { Confusion::new(0) } else { view.confusion(&all) },
        auc: aucs(&view, &targets, &units, &all, options, may_go_on)?,
        brier: units.measured(&[brier(&view)], options.draws, may_go_on)?.pop().unwrap_or_default(),
        ece: expected_calibration_error(&reliability),
        reliability,
        targets,
        groups: (0..cases.columns.len()).map(column).collect::<Option<_>>()?,
        refused: view.judged.iter().filter(|case| case.is_refused).count(),
        ungradable: view.judged.iter().filter(|case| case.gradable == Some(false)).count(),
        answered,
    })
}

/// Whether the program would hold the answer back or take the picture for unfit.
fn is_withheld(case: &Case) -> bool {
    case.is_refused || case.gradable == Some(false)
}

/// Those of targets, and of each class against the rest.
fn aucs(
    view: &View<'_>,
    targets: &[TargetFigures],
    units: &Units,
    all: &[usize],
    options: &DecisionOptions,
    may_go_on: &MayGoOn<'_>,
) -> Option<BTreeMap<String, Figure>> {
    let is_named = |target: &&TargetFigures| view.cases.output.has_findings() || !target.key.starts_with("question-");
    let mut found: BTreeMap<String, Figure> =
        targets.iter().filter(is_named).map(|target| (target.key.clone(), target.auc)).collect();
    if view.cases.output.has_findings() {
        return Some(found);
    }
    let measures: Vec<Measure<'_>> = (0..view.classes()).map(|class| view.class_auc(class, all)).collect();
    let draws = if view.classes() > MOST_CLASSES_DRAWN { 0 } else { options.draws };
    let figures = units.measured(&measures, draws, may_go_on)?;
    for (class, figure) in view.cases.classes.iter().zip(figures) {
        found.entry(class.name.clone()).or_insert(figure);
    }
    Some(found)
}

/// What was decided, with its probability, and whether it is true; of findings all that is said of any.
fn confidences(view: &View<'_>) -> Vec<(f64, bool)> {
    if view.cases.output.has_findings() {
        let said = |answered: &Answered| (f64::from(answered.score), answered.is_there);
        return view.targets.iter().flat_map(|target| target.pictures.iter().map(said)).collect();
    }
    let said = |case: &&Case| (f64::from(case.probabilities[case.decided]), case.class() == Some(case.decided));
    view.judged.iter().map(said).collect()
}

fn brier<'a>(view: &View<'a>) -> Measure<'a> {
    if view.cases.output.has_findings() {
        return mean(view.targets.iter().flat_map(squared_errors).collect());
    }
    let error = |(picture, case): (usize, &&Case)| {
        Some((picture, squared_error_of_classes(&case.probabilities, case.class()?), 1.0))
    };
    mean(view.judged.iter().enumerate().filter_map(error).collect())
}

fn squared_errors(target: &Target) -> Vec<(usize, f64, f64)> {
    let error = |answered: &Answered| squared_error(f64::from(answered.score), answered.is_there);
    target.pictures.iter().map(|answered| (answered.picture, error(answered), 1.0)).collect()
}

fn target_figures(
    target: &Target,
    view: &View<'_>,
    units: &Units,
    options: &DecisionOptions,
    may_go_on: &MayGoOn<'_>,
) -> Option<TargetFigures> {
    let everywhere = vec![true; view.judged.len()];
    let mut all: Vec<Measure<'_>> = vec![measures::target_auc(target), mean(squared_errors(target))];
    for point in &target.points {
        all.push(measures::at_point(target, point, &everywhere, |found| found.sensitivity()));
        all.push(measures::at_point(target, point, &everywhere, |found| found.specificity()));
        all.push(measures::at_point(target, point, &everywhere, |found| found.ppv()));
        all.push(measures::at_point(target, point, &everywhere, |found| found.npv()));
    }
    let figures = units.measured(&all, options.draws, may_go_on)?;
    let point = |(point, four): (&target::DecisionPoint, &[Figure])| PointFigures {
        threshold: point.threshold,
        sensitivity: four[0],
        specificity: four[1],
        ppv: four[2],
        npv: four[3],
        stated: point.stated,
    };
    let said = target.pictures.iter().map(|answered| (f64::from(answered.score), answered.is_there));
    let reliability = reliability(said);
    let (n, positives) = (target.pictures.len(), target.pictures.iter().filter(|answered| answered.is_there).count());
    let prevalence = (n > 0).then(|| positives as f64 / n as f64);
    let assumed = options.prevalence.or(prevalence).map(|prevalence| Assumed {
        prevalence,
        cost_of_miss: options.cost_of_miss,
        cost_of_false_alarm: options.cost_of_false_alarm,
    });
    Some(TargetFigures {
        key: target.key.clone(),
        name: target.name.clone(),
        n,
        positives,
        prevalence,
        auc: figures[0],
        points: target.points.iter().zip(figures[2..].chunks_exact(4)).map(point).collect(),
        brier: figures[1],
        ece: expected_calibration_error(&reliability),
        reliability,
        roc: measures::target_ranked(target).curve(),
        assumed,
        screening: assumed.map(|assumed| screening(target, &assumed)).unwrap_or_default(),
    })
}

/// At thresholds in even steps, and at those of the card.
fn screening(target: &Target, assumed: &Assumed) -> Vec<Screening> {
    let mut thresholds: Vec<f32> = (1..THRESHOLDS).map(|step| f32::from(step) / f32::from(THRESHOLDS)).collect();
    thresholds.extend(target.points.iter().filter_map(|point| point.threshold));
    thresholds.sort_by(f32::total_cmp);
    thresholds.dedup();
    let at = |threshold: f32| {
        let found = target.detection_at(threshold);
        // As the card writes it, without the digits that come of single precision.
        let written = (f64::from(threshold) * 1e6).round() / 1e6;
        Some(Screening::of(written, found.sensitivity()?, found.specificity()?, assumed))
    };
    thresholds.into_iter().filter_map(at).collect()
}
