//! The decisions in sentences.

use super::super::super::case::Cases;
use super::super::super::cells::percent;
use super::super::groups::{Column, Gap};
use super::super::measures::Small;
use super::super::{Decisions, TargetFigures};
use crate::bundle::card::Class;
use crate::statistics::{Figure, Unit};

pub fn says(cases: &Cases, decisions: &Decisions) -> Vec<String> {
    if decisions.n == 0 {
        return vec!["No picture has both a label and an answer of this model's classes.".to_owned()];
    }
    let mut says = vec![accuracy_sentence(cases, decisions)];
    if decisions.kappa.value.is_some() {
        let weights = match decisions.kappa_weights {
            Some("quadratic") => {
                "Quadratic weighted kappa, which counts a mistake by the square of how many grades it is wide, is"
            }
            _ => "Cohen's kappa is",
        };
        says.push(format!("{weights} {}: 0 is what chance would give, 1 full agreement.", number(&decisions.kappa)));
    }
    if !cases.output.has_findings() {
        says.extend(decisions.targets.iter().filter(|target| target.auc.value.is_some()).map(target_sentence));
    }
    says.push(unit_sentence(decisions));
    if let Some(ece) = decisions.ece {
        let of = if cases.output.has_findings() {
            "What it says of a finding"
        } else {
            "The probability of what it decided"
        };
        says.push(format!(
            "{of} is off by {} on average (expected calibration error, ten bins); the Brier score is {}.",
            percent(ece),
            number(&decisions.brier)
        ));
    }
    says.push(withheld_sentence(decisions));
    says.extend(decisions.groups.iter().flat_map(gap_sentence));
    if decisions.left_out > 0 {
        says.push(format!(
            "{} pictures are left out: their label or answer is none of this model's classes.",
            decisions.left_out
        ));
    }
    says
}

fn accuracy_sentence(cases: &Cases, decisions: &Decisions) -> String {
    let majority = decisions.majority.map(percent).unwrap_or_default();
    let (n, accuracy) = (decisions.n, share(&decisions.accuracy));
    if cases.output.has_findings() {
        return format!(
            "On {n} pictures {accuracy} of all answers, of all findings, are as the labels have them. Giving each finding its commoner answer every time would be right in {majority}."
        );
    }
    let commonest = decisions.confusion.counts.iter().map(|row| row.iter().sum::<u64>()).enumerate();
    let commonest = commonest.max_by_key(|(class, count)| (*count, std::cmp::Reverse(*class)));
    let name = commonest.and_then(|(class, _)| cases.classes.get(class)).map(Class::full_name).unwrap_or_default();
    let verdict = match (decisions.accuracy.interval, decisions.accuracy.value, decisions.majority) {
        (Some([low, _]), _, Some(majority)) if low > majority => "the model does better than that",
        (Some([_, high]), _, Some(majority)) if high < majority => "the model does worse than that",
        _ => "the model is not clearly better than that",
    };
    format!(
        "The model's decision is that of the label in {accuracy} of {n} pictures. Always answering \"{name}\", the commonest label, would be right in {majority}: {verdict}."
    )
}

fn target_sentence(target: &TargetFigures) -> String {
    format!(
        "{}: of a picture with it and one without, the model gives the first the higher probability in {} of all pairs (AUC {}; {} of {} pictures have it).",
        capitalised(&target.name),
        target.auc.value.map(percent).unwrap_or_default(),
        number(&target.auc),
        target.positives,
        target.n
    )
}

fn unit_sentence(decisions: &Decisions) -> String {
    let (units, draws) = (decisions.units, decisions.draws);
    match decisions.unit {
        Unit::Patients => format!(
            "The values in brackets are 95 % intervals: {units} patients, each with all pictures, were resampled {draws} times (percentile bootstrap)."
        ),
        Unit::Pictures => format!(
            "The values in brackets are 95 % intervals over {units} pictures, resampled {draws} times (percentile bootstrap). The patient of every picture is not known; where a patient has several pictures, the intervals are too narrow."
        ),
    }
}

fn withheld_sentence(decisions: &Decisions) -> String {
    let Decisions { refused, ungradable, .. } = decisions;
    match &decisions.answered {
        None => "The program would give its answer for every one of these pictures.".to_owned(),
        Some(answered) => {
            let accuracy = answered.figures.get(&Small::Accuracy).copied().unwrap_or_default();
            let majority = answered.majority.map(percent).unwrap_or_default();
            format!(
                "The program would hold its answer back for {refused} pictures, which its gate does not take for what the model reads, and calls {ungradable} unfit to be graded. All figures are over all pictures; over the {} that it answers, the accuracy is {} (the commonest label: {majority}).",
                answered.n,
                share(&accuracy)
            )
        }
    }
}

fn gap_sentence(column: &Column) -> Option<String> {
    let (small, gap) = main_gap(column)?;
    let is_clear = gap.difference.interval.is_some_and(|[low, _]| low > 0.0);
    let verdict = if is_clear { "a difference that chance hardly explains" } else { "chance may explain it" };
    Some(format!(
        "By {}: {} lies highest in {} and lowest in {}; the gap is {}, {verdict}.",
        column.name,
        small.title(),
        named(&gap.largest),
        named(&gap.smallest),
        number(&gap.difference)
    ))
}

/// The figure that says most of a group.
pub fn main_small(has: impl Fn(Small) -> bool) -> Option<Small> {
    [Small::ReferableAuc, Small::AnyAuc, Small::MeanAuc, Small::Accuracy].into_iter().find(|small| has(*small))
}

fn main_gap(column: &Column) -> Option<(Small, &Gap)> {
    let small = main_small(|small| column.gaps.contains_key(&small))?;
    Some((small, &column.gaps[&small]))
}

/// "73.2 % (70.1 to 76.4)".
fn share(figure: &Figure) -> String {
    let Some(value) = figure.value else { return "not defined".to_owned() };
    let ends = figure.interval.map(|[low, high]| format!(" ({:.1} to {:.1})", 100.0 * low, 100.0 * high));
    percent(value) + &ends.unwrap_or_default()
}

/// "0.73 (0.70 to 0.76)".
fn number(figure: &Figure) -> String {
    let Some(value) = figure.value else { return "not defined".to_owned() };
    let ends = figure.interval.map(|[low, high]| format!(" ({low:.2} to {high:.2})"));
    format!("{value:.2}") + &ends.unwrap_or_default()
}

pub fn capitalised(text: &str) -> String {
    let mut letters = text.chars();
    letters.next().map(|first| first.to_uppercase().chain(letters).collect()).unwrap_or_default()
}

pub fn named(group: &str) -> String {
    if group.is_empty() { "not stated".to_owned() } else { group.to_owned() }
}

impl Small {
    pub fn title(self) -> &'static str {
        match self {
            Self::Accuracy => "accuracy",
            Self::Kappa => "kappa",
            Self::AnyAuc => "AUC, any",
            Self::ReferableAuc => "AUC, referable",
            Self::MeanAuc => "mean AUC, each against the rest",
            Self::Sensitivity => "sensitivity at the first operating point",
            Self::Specificity => "specificity at the first operating point",
        }
    }
}
