//! A model's answer about a picture, as lists and tables keep it.
//!
//! Must not know how it was computed.

use std::sync::Arc;

use crate::bundle::measures::Measures;
use crate::bundle::{Card, NOT_FOR_THIS_MODEL, advise, assess};
use crate::explain::{Verdict, headline};
use crate::guard::checksum::sha256_hex;
use crate::reading::Answer;

/// To be changed whenever the same model would answer differently about the same picture.
const FORMAT: &str = concat!("1 ", env!("CARGO_PKG_VERSION"));

/// The answer of the model with `card` and the weights `model` about a picture with `measures`, given its `verdict`.
pub fn answer(card: &Card, model: &str, verdict: &Verdict, measures: &Measures) -> Answer {
    let is_refused = advise(card, measures, || None).is_some();
    Answer {
        model: model.to_owned(),
        class: verdict.decided,
        probability: verdict.probabilities[verdict.decided],
        probabilities: verdict.probabilities.clone(),
        headline: if is_refused { NOT_FOR_THIS_MODEL.to_owned() } else { headline(card, verdict) },
        gradable: assess(card, measures).map(|assessed| assessed.is_gradable()),
        is_refused,
        agrees: None,
    }
}

/// What an answer depends on: the model's weights, and everything its card makes of them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AnsweredBy {
    /// The SHA-256 of its weights.
    pub model: String,
    /// The SHA-256 of its card and of this program's own rules.
    pub rules: String,
    /// Number of classes.
    pub classes: usize,
}

impl AnsweredBy {
    pub fn new(card: &Card, model: &str) -> Arc<Self> {
        let rules = sha256_hex(format!("{FORMAT}\n{card:?}").as_bytes());
        Arc::new(Self { model: model.to_owned(), rules, classes: card.classes.len() })
    }

    /// Whether `answer`, read from a file, can be this model's.
    pub fn can_say(&self, answer: &Answer) -> bool {
        let is_fraction = |p: &f32| (0.0..=1.0).contains(p);
        answer.model == self.model
            && answer.class < self.classes
            && answer.probabilities.len() == self.classes
            && answer.probabilities.iter().all(is_fraction)
            && answer.probabilities[answer.class] == answer.probability
    }
}
