//! One picture of the list, and what the list needs to know of the model that grades it.

use std::path::PathBuf;

use image::RgbImage;

use crate::bundle::Card;
use crate::bundle::card::Decision;
use crate::bundle::question::{Question, Word};
use crate::evaluate::Truth;
use crate::reading::{Answer, Identity, Reading};

/// One picture of the list.
#[derive(Debug, Clone)]
pub struct Item {
    pub path: PathBuf,
    /// The file's name.
    pub name: String,
    /// The same with as many folders as tell it from all others of the list.
    pub label: String,
    /// What files made of it are called.
    pub export_name: String,
    pub identity: Identity,
    pub thumbnail: Option<RgbImage>,
    /// What the model in use says of the first frame; to be shown, sorted or counted by through
    /// [`Self::seen_answer`] alone.
    pub answer: Option<Answer>,
    pub reading: Option<Reading>,
    /// What a table of labels says; to be shown, sorted or counted by through [`Self::seen_truth`] alone.
    pub truth: Option<Truth>,
    /// Whether the reader has to say a grade before anything may be known of answer and label.
    pub is_hidden: bool,
    /// Why it cannot be opened.
    pub problem: Option<String>,
    pub(super) given: usize,
    /// Whose picture it is as the file itself says, and as the reader says.
    pub(super) by_file: Identity,
    pub(super) by_reader: Option<Identity>,
    /// The patient's position in the list, counted from 1; 0 of a picture whose patient is not known.
    pub(super) patient_number: usize,
    /// What is searched for words, in small letters.
    pub(super) folded: String,
}

impl Item {
    /// The answer, as far as this reader may know it.
    pub fn seen_answer(&self) -> Option<&Answer> {
        self.answer.as_ref().filter(|_| !self.is_hidden)
    }

    /// Like [`Self::seen_answer`], where the model reads such pictures.
    pub fn believed_answer(&self) -> Option<&Answer> {
        self.seen_answer().filter(|answer| !answer.is_refused)
    }

    /// The label, as far as this reader may know it: who is to read blind must not read it off.
    pub fn seen_truth(&self) -> Option<&Truth> {
        self.truth.as_ref().filter(|_| !self.is_hidden)
    }

    pub fn is_read(&self) -> bool {
        self.reading.as_ref().is_some_and(Reading::is_read)
    }

    pub fn is_flagged(&self) -> bool {
        self.reading.as_ref().is_some_and(|reading| reading.flagged)
    }

    /// Whether reader and model say different grades.
    pub fn disagrees(&self) -> bool {
        let said = self.reading.as_ref().and_then(Reading::grade);
        said.zip(self.believed_answer()).is_some_and(|(class, answer)| class != answer.class)
    }
}

/// An answer held against a label.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Judged {
    /// How many grades lie between them, 1 between classes that are no grades; of findings how many are wrong.
    pub apart: usize,
    /// The probability of what was decided; of findings that of the surest among the wrong.
    pub confidence: f32,
}

impl Judged {
    pub fn is_wrong(&self) -> bool {
        self.apart > 0
    }
}

/// What the list needs of a model's card.
#[derive(Debug, Clone, Default)]
pub struct Classes {
    pub(super) names: Vec<String>,
    /// In small letters.
    pub(super) folded: Vec<String>,
    question: Option<Question>,
    /// Of findings of their own: from which probability on each is there.
    points: Option<Vec<f32>>,
    /// Whether the classes are grades, so that some lie further apart than others.
    is_ordered: bool,
}

impl Classes {
    pub fn of(card: &Card) -> Self {
        let names: Vec<String> = card.classes.iter().map(|class| class.full_name()).collect();
        Self {
            folded: names.iter().map(|name| name.to_lowercase()).collect(),
            names,
            question: card.output.headline_question().cloned(),
            points: (card.output.decision == Decision::EachFinding).then(|| card.output.operating_points.clone()),
            is_ordered: card.output.ordered,
        }
    }

    /// Whether the model says the class of `answer`: of findings the one nearest to its operating point may not be there.
    pub fn is_said(&self, answer: &Answer) -> bool {
        self.points.is_none() || self.finds(answer, answer.class)
    }

    /// Whether the model says that a finding is there.
    pub fn finds(&self, answer: &Answer, finding: usize) -> bool {
        let point = self.points.as_ref().and_then(|points| points.get(finding));
        point.zip(answer.probabilities.get(finding)).is_some_and(|(point, probability)| probability >= point)
    }

    /// Whether the model finds things that may stand side by side.
    pub fn has_findings(&self) -> bool {
        self.points.is_some()
    }

    /// Where a picture stands in the matrix of labels (rows) and answers (columns): of classes their numbers, of one that
    /// is looked at `alone` 0 where it is not there and 1 where it is. `None` where one of the two is not known.
    pub fn place(&self, item: &Item, alone: Option<usize>) -> Option<(usize, usize)> {
        let (answer, truth) = item.believed_answer().zip(item.seen_truth())?;
        let number = |is_there: bool| usize::from(is_there);
        match (truth, alone) {
            (Truth::Class(class), None) => Some((*class, answer.class)),
            (Truth::Class(class), Some(alone)) => Some((number(*class == alone), number(answer.class == alone))),
            (Truth::Findings(there), Some(alone)) => {
                let is_there = (*there.get(alone)?)?;
                Some((number(is_there), number(self.finds(answer, alone))))
            }
            (Truth::Findings(_), None) => None,
        }
    }

    /// How right the answer is by the label; `None` where one of the two is not known.
    pub fn judged(&self, item: &Item) -> Option<Judged> {
        let (answer, truth) = item.believed_answer().zip(item.seen_truth())?;
        match truth {
            Truth::Class(class) => {
                let apart = class.abs_diff(answer.class);
                let apart = if self.is_ordered { apart } else { apart.min(1) };
                Some(Judged { apart, confidence: answer.probability })
            }
            Truth::Findings(there) => {
                let known = there.iter().enumerate().filter_map(|(finding, there)| Some((finding, (*there)?)));
                let mut judged = None;
                for (finding, is_there) in known {
                    let judged = judged.get_or_insert(Judged { apart: 0, confidence: 0.0 });
                    if self.finds(answer, finding) != is_there {
                        let probability = answer.probabilities.get(finding).copied().unwrap_or_default();
                        let confidence = if is_there { 1.0 - probability } else { probability };
                        judged.apart += 1;
                        judged.confidence = judged.confidence.max(confidence);
                    }
                }
                judged
            }
        }
    }

    /// The probability of a yes to the model's first question, where it has one.
    pub fn referable(&self, answer: &Answer) -> Option<(f32, Word)> {
        let asked = self.question.as_ref()?.answer(&answer.probabilities);
        Some((asked.probability, asked.word()))
    }

    /// What a yes is called: "Referable".
    pub fn question(&self) -> Option<&str> {
        self.question.as_ref().map(Question::short_name)
    }

    pub fn names(&self) -> &[String] {
        &self.names
    }
}
