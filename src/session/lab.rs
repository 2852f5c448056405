//! What labels tell of the answers in the list: the matrix of both, and how well one yes-or-no question is answered.
//!
//! Pictures whose answer a reader may not know yet count nowhere. Must not know windows or files.

use crate::bundle::Card;
use crate::bundle::question::Question;
use crate::evaluate::Truth;
use crate::statistics::{
    Assumed, Bin, Confusion, Detection, Ranked, RocPoint, Screening, expected_calibration_error, reliability,
    squared_error,
};

use super::worklist::{Item, Worklist};

/// Without a point of its own a question is answered as a coin would be.
const USUAL_POINT: f32 = 0.5;
/// A matrix of more classes cannot be read.
const MOST_CLASSES: usize = 14;

/// A yes-or-no question that labels and answers both settle.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Contrast {
    /// One of the card's questions about ordered grades.
    Question(usize),
    /// Anything but the class that stands for health.
    Abnormal,
    /// One class against all others; of a model of findings, whether that one is there.
    Class(usize),
}

impl Contrast {
    /// All that can be asked of a model, what stands at the top first.
    pub fn all(card: &Card) -> Vec<Self> {
        let questions = &card.output.questions;
        let headline = questions.iter().position(|question| Some(question) == card.output.headline_question());
        let others = (0..questions.len()).filter(|at| Some(*at) != headline).map(Self::Question);
        let abnormal = (questions.is_empty() && !card.output.has_findings()).then(|| card.normal_class()).flatten();
        let classes = (0..card.classes.len()).map(Self::Class);
        let first = headline.map(Self::Question).into_iter().chain(others);
        first.chain(abnormal.map(|_| Self::Abnormal)).chain(classes).collect()
    }

    pub fn name(self, card: &Card) -> String {
        match self {
            Self::Question(at) => card.output.questions.get(at).map_or_else(String::new, |asked| asked.name.clone()),
            Self::Abnormal => "Any finding".to_owned(),
            Self::Class(class) => card.classes.get(class).map_or_else(String::new, |class| class.full_name()),
        }
    }

    /// From which probability on the program itself says yes.
    pub fn usual_point(self, card: &Card) -> f64 {
        let points = &card.output.operating_points;
        let point = match self {
            Self::Question(at) => card.output.questions.get(at).map(|question| question.limits().1),
            Self::Abnormal => points.first().copied(),
            Self::Class(class) if card.output.has_findings() => points.get(class).copied(),
            Self::Class(_) => None,
        };
        f64::from(point.unwrap_or(USUAL_POINT))
    }

    /// The probability of a yes.
    fn probability(self, card: &Card, probabilities: &[f32]) -> Option<f32> {
        let probability = match self {
            Self::Question(at) => card.output.questions.get(at)?.answer(probabilities).probability,
            Self::Abnormal => 1.0 - probabilities.get(card.normal_class()?)?,
            Self::Class(class) => *probabilities.get(class)?,
        };
        Some(probability.clamp(0.0, 1.0))
    }

    /// Whether yes is true; `None` where the label leaves it open.
    fn is_true(self, card: &Card, truth: &Truth) -> Option<bool> {
        match (self, truth) {
            (Self::Question(at), Truth::Class(class)) => {
                let Question { least_class, .. } = card.output.questions.get(at)?;
                Some(class >= least_class)
            }
            (Self::Abnormal, Truth::Class(class)) => Some(*class != card.normal_class()?),
            (Self::Class(asked), Truth::Class(class)) => Some(asked == *class),
            (Self::Class(asked), Truth::Findings(there)) => *there.get(asked)?,
            (Self::Question(_) | Self::Abnormal, Truth::Findings(_)) => None,
        }
    }

    /// The class that the matrix is of alone: that of a finding, and where there are too many classes for one matrix.
    fn alone(self, card: &Card) -> Option<usize> {
        let is_alone = card.output.has_findings() || card.classes.len() > MOST_CLASSES;
        let class = match self {
            Self::Class(class) => class,
            Self::Question(_) | Self::Abnormal => card.normal_class().unwrap_or(0),
        };
        is_alone.then_some(class)
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
        let answer = |item: &Item| {
            let (answer, truth) = item.believed_answer().zip(item.seen_truth())?;
            Some((contrast.probability(card, &answer.probabilities)?, contrast.is_true(card, truth)?))
        };
        let size = if alone.is_some() { 2 } else { card.classes.len() };
        let answers: Vec<(f32, bool)> = labelled().filter_map(answer).collect();
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
