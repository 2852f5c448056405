//! What is looked for in a picture, as a yes-or-no question: any disease, referable disease, one finding.

use super::super::case::{Case, Cases, Truth};
use crate::bundle::card::{Decision, Output};
use crate::bundle::question::{OperatingPoint, Question};
use crate::statistics::Detection;

/// The grade from which one is referred where a card with ordered grades asks no question: moderate retinopathy in the
/// international scale (Wilkinson 2003).
const REFERABLE: usize = 2;

/// What is looked for, and what each picture says to it.
#[derive(Debug, Clone)]
pub struct Target {
    /// For programs: `any`, `referable`, or a finding's name.
    pub key: String,
    pub name: String,
    /// Those of which the truth is known.
    pub pictures: Vec<Answered>,
    /// The first is what figures by group are at.
    pub points: Vec<DecisionPoint>,
}

/// One picture's answer.
#[derive(Debug, Clone, Copy)]
pub struct Answered {
    /// Its number among the cases.
    pub picture: usize,
    /// The probability that it is there.
    pub score: f32,
    pub is_there: bool,
    /// Whether the model's own decision says that it is there.
    pub is_decided: bool,
}

/// Where scores become answers.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct DecisionPoint {
    /// From which probability on the answer is yes; `None` for the model's own decision.
    pub threshold: Option<f32>,
    /// Sensitivity and specificity as the card has them.
    pub stated: Option<[f32; 2]>,
}

impl DecisionPoint {
    const DECISION: Self = Self { threshold: None, stated: None };

    fn at(threshold: f32) -> Self {
        Self { threshold: Some(threshold), stated: None }
    }

    fn of_card(point: &OperatingPoint) -> Self {
        Self { threshold: Some(point.probability), stated: Some([point.sensitivity, point.specificity]) }
    }

    pub fn says_yes(&self, answered: &Answered) -> bool {
        self.threshold.map_or(answered.is_decided, |threshold| answered.score >= threshold)
    }
}

impl Target {
    /// What comes of calling positive what scores at least `threshold`, each picture once.
    pub fn detection_at(&self, threshold: f32) -> Detection {
        Detection::of(self.pictures.iter().map(|answered| (answered.is_there, answered.score >= threshold, 1)))
    }
}

/// Everything that the model of `cases` is asked, the most general first; `judged` are the cases that count.
pub fn targets(cases: &Cases, judged: &[&Case]) -> Vec<Target> {
    let output = &cases.output;
    if output.has_findings() {
        return (0..cases.classes.len()).map(|class| finding(cases, class, judged)).collect();
    }
    let any_question = output.questions.iter().find(|question| question.least_class == 1);
    let referable = referable_question(output);
    let mut targets: Vec<Target> = any(cases, any_question, judged).into_iter().collect();
    if output.ordered {
        let least = referable.map_or(REFERABLE, |question| question.least_class);
        let name = referable.map_or_else(|| format!("{} and above", label(cases, least)), |q| q.name.clone());
        let referable = (least < cases.classes.len()).then(|| from_grade("referable", name, least, referable, judged));
        targets.extend(referable);
    }
    let is_known = |question: &Question| {
        [any_question, referable].into_iter().flatten().any(|known| std::ptr::eq(known, question))
    };
    let others = output.questions.iter().enumerate().filter(|(_, question)| !is_known(question));
    targets.extend(others.map(|(at, question)| {
        let key = format!("question-{}", at + 1);
        from_grade(&key, question.name.clone(), question.least_class, Some(question), judged)
    }));
    targets
}

/// The card's headline where it asks for more than any disease, else the last question that does.
fn referable_question(output: &Output) -> Option<&Question> {
    let asks_for_more = |question: &&Question| question.least_class > 1;
    let headline = output.headline_question().filter(asks_for_more);
    headline.or_else(|| output.questions.iter().rev().find(asks_for_more))
}

fn label(cases: &Cases, class: usize) -> String {
    cases.classes.get(class).map(crate::bundle::card::Class::full_name).unwrap_or_default()
}

/// The class that stands for health, if one does: the card's, the first under `threshold`, of grades, or of two.
fn normal_class(cases: &Cases) -> Option<usize> {
    let is_first = cases.output.decision == Decision::Threshold || cases.output.ordered || cases.classes.len() == 2;
    cases.classes.iter().position(|class| class.normal).or(is_first.then_some(0))
}

fn any(cases: &Cases, question: Option<&Question>, judged: &[&Case]) -> Option<Target> {
    let normal = normal_class(cases)?;
    if let Some(question) = question.filter(|_| normal == 0) {
        return Some(from_grade("any", question.name.clone(), 1, Some(question), judged));
    }
    // Summed as the verdict sums it, so that the threshold cuts alike.
    let score = |case: &Case| {
        let others = case.probabilities.iter().enumerate().filter(|(class, _)| *class != normal);
        others.map(|(_, p)| *p).sum()
    };
    let pictures = pictures(judged, score, |case| case.class().map(|class| class != normal), |c| c.decided != normal);
    let of_card = cases.output.operating_points.iter().filter(|_| cases.output.decision == Decision::Threshold);
    let mut points: Vec<DecisionPoint> = of_card.map(|point| DecisionPoint::at(*point)).collect();
    if points.is_empty() {
        points.push(DecisionPoint::DECISION);
    }
    let name = match cases.classes.len() {
        2 => label(cases, 1 - normal),
        _ => format!("anything but {}", label(cases, normal)),
    };
    Some(Target { key: "any".to_owned(), name, pictures, points })
}

/// Whether the grade is `least` or higher.
fn from_grade(key: &str, name: String, least: usize, question: Option<&Question>, judged: &[&Case]) -> Target {
    let score = |case: &Case| case.probabilities.iter().skip(least).sum();
    let pictures = pictures(judged, score, |case| case.class().map(|class| class >= least), |c| c.decided >= least);
    let mut points: Vec<DecisionPoint> = question.map_or_else(Vec::new, |question| {
        let of_card: Vec<DecisionPoint> = question.operating_points.iter().map(DecisionPoint::of_card).collect();
        // Without points the program answers from a half on.
        if of_card.is_empty() { vec![DecisionPoint::at(question.limits().0)] } else { of_card }
    });
    points.push(DecisionPoint::DECISION);
    Target { key: key.to_owned(), name, pictures, points }
}

fn finding(cases: &Cases, class: usize, judged: &[&Case]) -> Target {
    let is_there = |case: &Case| match &case.truth {
        Truth::Findings(findings) => findings.get(class).copied().flatten(),
        Truth::Class(_) => None,
    };
    let point =
        cases.output.operating_points.get(class).map_or(DecisionPoint::DECISION, |point| DecisionPoint::at(*point));
    let is_decided = |case: &Case| case.findings.as_ref().is_some_and(|findings| findings.contains(&class));
    let pictures = pictures(judged, |case| case.probabilities[class], is_there, is_decided);
    let key = cases.classes[class].name.clone();
    Target { key, name: label(cases, class), pictures, points: vec![point] }
}

fn pictures(
    judged: &[&Case],
    score: impl Fn(&Case) -> f32,
    is_there: impl Fn(&Case) -> Option<bool>,
    is_decided: impl Fn(&Case) -> bool,
) -> Vec<Answered> {
    let of = |(picture, case): (usize, &&Case)| {
        Some(Answered { picture, score: score(case), is_there: is_there(case)?, is_decided: is_decided(case) })
    };
    judged.iter().enumerate().filter_map(of).collect()
}
