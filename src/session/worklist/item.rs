//! One picture of the list, and what the list needs to know of the model that grades it.

use std::path::PathBuf;

use image::RgbImage;

use crate::bundle::Card;
use crate::bundle::card::Decision;
use crate::bundle::question::{Question, Word};
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
    /// Whether the reader has to say a grade before anything may be known of the answer.
    pub is_hidden: bool,
    /// Why it cannot be opened.
    pub problem: Option<String>,
    pub(super) given: usize,
    /// Whose picture it is as the file itself says, and as the reader says.
    pub(super) by_file: Identity,
    pub(super) by_reader: Option<Identity>,
    /// Of the list's patients, the how manieth, counted from 1; 0 of a picture of nobody known.
    pub(super) patient_number: usize,
    /// What is searched for words, in small letters.
    pub(super) folded: String,
}

impl Item {
    /// The answer, as far as this reader may know it.
    pub fn seen_answer(&self) -> Option<&Answer> {
        self.answer.as_ref().filter(|_| !self.is_hidden)
    }

    /// As [`Self::seen_answer`], where the model reads such pictures.
    pub fn believed_answer(&self) -> Option<&Answer> {
        self.seen_answer().filter(|answer| !answer.is_refused)
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

/// What the list needs of a model's card.
#[derive(Debug, Clone, Default)]
pub struct Classes {
    pub(super) names: Vec<String>,
    /// In small letters.
    pub(super) folded: Vec<String>,
    question: Option<Question>,
    /// Of findings of their own: from which probability on each is there.
    points: Option<Vec<f32>>,
}

impl Classes {
    pub fn of(card: &Card) -> Self {
        let names: Vec<String> = card.classes.iter().map(|class| class.full_name()).collect();
        Self {
            folded: names.iter().map(|name| name.to_lowercase()).collect(),
            names,
            question: card.output.headline_question().cloned(),
            points: (card.output.decision == Decision::EachFinding).then(|| card.output.operating_points.clone()),
        }
    }

    /// Whether the model says the class of `answer`: of findings the one nearest to its operating point may not be there.
    pub fn is_said(&self, answer: &Answer) -> bool {
        let point = self.points.as_ref().and_then(|points| points.get(answer.class));
        point.is_none_or(|point| answer.probability >= *point)
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
