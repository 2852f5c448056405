//! What labels tell of the answers in the list: the matrix of both, and how well one yes-or-no question is answered.
//!
//! Pictures whose answer a reader may not know yet count nowhere. Must not know windows or files.

use crate::bundle::Card;
use crate::bundle::card::Class;
use crate::evaluate::decisions::{Answered, Target, targets};
use crate::evaluate::{Case, Cases};
use crate::statistics::{
    Assumed, Bin, Confusion, Detection, Ranked, RocPoint, Screening, expected_calibration_error, reliability,
    squared_error,
};

use super::worklist::{Classes, Item, Worklist};

/// Without a point of its own a question is answered as a coin would be.
const USUAL_POINT: f32 = 0.5;
/// A matrix of more classes cannot be read.
const MOST_CLASSES: usize = 14;

/// A yes-or-no question that labels and answers both settle.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Contrast {
    /// One of what is looked for by the model, as an evaluation tells it: any disease, referable disease, a finding.
    Target(usize),
    /// One class against all others.
    Class(usize),
}

impl Contrast {
    /// All that can be asked of a model, what stands at the top first.
    pub fn all(card: &Card) -> Vec<Self> {
        let headline = card.output.headline_question().map(|question| question.name.as_str());
        let targets = targets(&Cases::new(card, "", Vec::new()), &[]);
        let mut targets: Vec<(usize, Target)> = targets.into_iter().enumerate().collect();
        targets.sort_by_key(|(_, target)| Some(target.name.as_str()) != headline);
        let classes = if card.output.has_findings() { 0 } else { card.classes.len() };
        targets.into_iter().map(|(at, _)| Self::Target(at)).chain((0..classes).map(Self::Class)).collect()
    }

    /// The question with the answers of `cases` to it.
    fn target(self, cases: &Cases) -> Option<Target> {
        let judged: Vec<&Case> = cases.all.iter().collect();
        match self {
            Self::Target(at) => targets(cases, &judged).into_iter().nth(at),
            Self::Class(class) => {
                let Class { name, .. } = cases.classes.get(class)?;
                let answered = |(picture, case): (usize, &&Case)| {
                    let (score, is_decided) = (*case.probabilities.get(class)?, case.decided == class);
                    Some(Answered { picture, score, is_there: case.class()? == class, is_decided })
                };
                let pictures = judged.iter().enumerate().filter_map(answered).collect();
                let (key, name) = (name.clone(), cases.classes[class].full_name());
                Some(Target { key, name, pictures, points: Vec::new() })
            }
        }
    }

    pub fn name(self, card: &Card) -> String {
        self.target(&Cases::new(card, "", Vec::new())).map(|target| target.name).unwrap_or_default()
    }

    /// From which probability on the program itself says yes.
    pub fn usual_point(self, card: &Card) -> f64 {
        let Some(target) = self.target(&Cases::new(card, "", Vec::new())) else { return f64::from(USUAL_POINT) };
        let question = card.output.questions.iter().find(|question| question.name == target.name);
        let of_question = question.map(|question| question.limits().1);
        let of_target = || target.points.first().and_then(|point| point.threshold);
        f64::from(of_question.or_else(of_target).unwrap_or(USUAL_POINT))
    }

    /// The class that the matrix is of alone: that of a finding, and where there are too many classes for one matrix.
    fn alone(self, card: &Card) -> Option<usize> {
        match self {
            Self::Target(at) if card.output.has_findings() => Some(at),
            Self::Class(class) if card.classes.len() > MOST_CLASSES => Some(class),
            Self::Target(_) if card.classes.len() > MOST_CLASSES => Some(card.normal_class().unwrap_or(0)),
            Self::Target(_) | Self::Class(_) => None,
        }
    }
}

/// Labels and answers of the list, held against each other.
#[derive(Debug, Clone, PartialEq)]
pub struct Measured {
    pub contrast: Contrast,
    /// The class that the matrix is of alone: 0 where it is not there, 1 where it is.
    pub alone: Option<usize>,
    /// Labels by row, answers by column.
    pub matrix: Confusion,
    /// Labelled pictures that the model does not read; they are left out.
    pub refused: usize,
    /// Labelled pictures that are not graded yet.
    pub waiting: usize,
    /// Labelled pictures whose answer the reader may not know yet.
    pub hidden: usize,
    /// Of each picture whose label settles the question: the probability of a yes, and whether yes is true.
    pub answers: Vec<(f32, bool)>,
    /// Empty where yes, or no, is true of no picture; so is the area.
    pub curve: Vec<RocPoint>,
    pub auc: Option<f64>,
    pub bins: Vec<Bin>,
    /// The expected calibration error.
    pub calibration_error: Option<f64>,
    pub brier: Option<f64>,
}

impl Measured {
    pub fn of(list: &Worklist, card: &Card, contrast: Contrast) -> Self {
        let (alone, classes) = (contrast.alone(card), list.classes());
        let labelled = || list.items().iter().filter(|item| item.seen_truth().is_some());
        let size = if alone.is_some() { 2 } else { card.classes.len() };
        let mut cases = Cases::new(card, "", Vec::new());
        cases.all.extend(labelled().filter_map(|item| case_of(item, classes)));
        let answered = contrast.target(&cases).map(|target| target.pictures).unwrap_or_default();
        let answers: Vec<(f32, bool)> = answered.iter().map(|answered| (answered.score, answered.is_there)).collect();
        let ranked = Ranked::of(answers.iter().enumerate().map(|(at, (probability, yes))| (at, *probability, *yes)));
        let predictions = || answers.iter().map(|(probability, yes)| (f64::from(*probability), *yes));
        let bins = reliability(predictions());
        let squared: f64 = predictions().map(|(probability, yes)| squared_error(probability, yes)).sum();
        Self {
            contrast,
            alone,
            matrix: Confusion::of(size, labelled().filter_map(|item| classes.place(item, alone))),
            refused: labelled().filter(|item| item.seen_answer().is_some_and(|answer| answer.is_refused)).count(),
            waiting: labelled().filter(|item| item.answer.is_none() && item.problem.is_none()).count(),
            hidden: list.items().iter().filter(|item| item.truth.is_some() && item.is_hidden).count(),
            curve: ranked.curve(),
            auc: ranked.auc_of_all(),
            calibration_error: expected_calibration_error(&bins),
            bins,
            brier: (!answers.is_empty()).then(|| squared / answers.len() as f64),
            answers,
        }
    }

    /// What comes of saying yes from the probability `point` on.
    pub fn at(&self, point: f64) -> Detection {
        Detection::of(self.answers.iter().map(|(probability, yes)| (*yes, f64::from(*probability) >= point, 1)))
    }

    /// The part of the labelled pictures of which yes is true.
    pub fn prevalence(&self) -> Option<f64> {
        let yes = self.answers.iter().filter(|(_, yes)| *yes).count();
        (!self.answers.is_empty()).then(|| yes as f64 / self.answers.len() as f64)
    }

    /// What the same would do among people of whom the part `prevalence` is ill. `None` where sensitivity or specificity
    /// is not known.
    pub fn among(&self, point: f64, prevalence: f64) -> Option<Screening> {
        let found = self.at(point);
        let (sensitivity, specificity) = found.sensitivity().zip(found.specificity())?;
        let assumed = Assumed { prevalence, cost_of_miss: 0.0, cost_of_false_alarm: 0.0 };
        Some(Screening::of(point, sensitivity, specificity, &assumed))
    }
}

/// A labelled picture as an evaluation has it; `None` where its label or its answer may not be known.
fn case_of(item: &Item, classes: &Classes) -> Option<Case> {
    let (answer, truth) = item.believed_answer().zip(item.seen_truth())?;
    let finds = |finding: &usize| classes.finds(answer, *finding);
    let findings = classes.has_findings().then(|| (0..answer.probabilities.len()).filter(finds).collect());
    Some(Case {
        image: item.label.clone(),
        truth: truth.clone(),
        patient: item.identity.patient.clone(),
        groups: Vec::new(),
        probabilities: answer.probabilities.clone(),
        decided: answer.class,
        findings,
        gradable: answer.gradable,
        is_refused: answer.is_refused,
        agrees: answer.agrees,
    })
}
