//! Labelled pictures with what a model said of them.

use crate::bundle::Card;
use crate::bundle::card::{Class, Output};

/// What is true of a picture.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Truth {
    /// Of a model of one answer: the class.
    Class(usize),
    /// Of a model of findings: whether each is there, `None` where nobody says.
    Findings(Vec<Option<bool>>),
}

/// A labelled picture that a model has answered.
#[derive(Debug, Clone, PartialEq)]
pub struct Case {
    /// As the table of labels calls it.
    pub image: String,
    pub truth: Truth,
    /// Empty where it is not known.
    pub patient: String,
    /// What the table says in each of [`Cases::columns`]; may be empty.
    pub groups: Vec<String>,
    /// One per class, as [`crate::explain::Verdict`] has them.
    pub probabilities: Vec<f32>,
    pub decided: usize,
    /// Of a model of findings: those that it says are there.
    pub findings: Option<Vec<usize>>,
    /// Whether the model takes the picture for gradable, where it can tell.
    pub gradable: Option<bool>,
    /// Whether the model's gate would hold the answer back.
    pub is_refused: bool,
    /// Whether the class that dominates the response is the decided one, where that is known.
    pub agrees: Option<bool>,
}

impl Case {
    /// The true class, of a model of one answer.
    pub fn class(&self) -> Option<usize> {
        match self.truth {
            Truth::Class(class) => Some(class),
            Truth::Findings(_) => None,
        }
    }
}

/// All of them, and what is needed of the model's card.
#[derive(Debug, Clone, PartialEq)]
pub struct Cases {
    pub model: String,
    /// Of the weights.
    pub sha256: String,
    pub classes: Vec<Class>,
    pub output: Output,
    /// Columns of the table by which figures are told apart, such as camera, eye or sex.
    pub columns: Vec<String>,
    pub all: Vec<Case>,
}

impl Cases {
    /// None yet, of the model of `card`.
    pub fn new(card: &Card, sha256: &str, columns: Vec<String>) -> Self {
        Self {
            model: card.name.clone(),
            sha256: sha256.to_owned(),
            classes: card.classes.clone(),
            output: card.output.clone(),
            columns,
            all: Vec::new(),
        }
    }
}
