//! What is said of one explained picture, in words: the window, the panel, the record and the command line's answer all
//! take their words from here, so that none of them says anything that another does not.
//!
//! Must not know colours, files or the user interface.

mod agreement;
mod boxed;
mod headline;

use serde::Serialize;

pub use self::agreement::MapAgreement;
use self::headline::Headline;
use super::{Explanation, Verdict};
use crate::bundle::{Advice, Assessment, Card};

/// The words for one picture.
#[derive(Debug, Clone, PartialEq)]
pub struct Report {
    /// The answer in large letters: "Referable: yes". Of a picture that the model does not read, that.
    pub headline: String,
    /// The probability that the headline goes by, in words: "P(grade ≥ 2) 78 %". Empty where there is none.
    pub figure: String,
    /// What stands below: the grade in words with its probability, or the runner-up; of a refused picture why.
    pub beneath: String,
    /// How the headline follows from its figure, in plain language. Empty of a refused picture.
    pub rule: String,
    /// The classes whose colours stand beside the answer.
    pub said: Vec<usize>,
    /// Whether verdict, most probable class and response point to one class.
    pub agreement: MapAgreement,
    /// `None` of a model without a gate.
    pub gate: Option<GateWords>,
    /// `None` of a model that does not judge quality.
    pub quality: Option<QualityWords>,
    /// What the red box shows, or why there is none.
    pub box_says: String,
    /// Whether the answer is held back, because the picture is none for this model and nobody asked for it all the same.
    pub is_refused: bool,
}

/// What the model's gate says of the picture.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct GateWords {
    /// Whether the model reads such pictures.
    pub passes: bool,
    /// "Not a picture for this model: …".
    #[serde(skip_serializing_if = "Option::is_none")]
    pub says: Option<String>,
    /// The name of a model that reads such pictures.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub instead: Option<String>,
}

/// How fit the picture is.
#[derive(Debug, Clone, PartialEq)]
pub struct QualityWords {
    /// Whether it can be graded at all.
    pub is_gradable: bool,
    /// "not gradable: too dark", or "quality: usable (out of focus)".
    pub says: String,
}

/// What is said of `explanation` by the model of `card`. `advice` is what its gate has against the picture, `assessed` its
/// quality; with `answer_anyway` a picture that the model does not read gets its answer all the same.
pub fn report(
    card: &Card,
    explanation: &Explanation,
    advice: Option<&Advice>,
    assessed: Option<&Assessment>,
    answer_anyway: bool,
) -> Report {
    let gate = card.gate.as_ref().map(|_| GateWords {
        passes: advice.is_none(),
        says: advice.map(Advice::text),
        instead: advice.and_then(|advice| advice.instead.clone()),
    });
    let refusal = advice.filter(|_| !answer_anyway);
    let Headline { headline, figure, beneath, rule, said } = match refusal {
        Some(advice) => Headline::refused(advice),
        None => Headline::of(card, &explanation.verdict),
    };
    Report {
        headline,
        figure,
        beneath,
        rule,
        said,
        agreement: MapAgreement::of(card, explanation),
        gate,
        // A refusal says that already.
        quality: assessed.filter(|found| refusal.is_none() || !found.is_by_the_gate_alone()).map(quality),
        box_says: boxed::says(card, explanation),
        is_refused: refusal.is_some(),
    }
}

/// The answer in large letters, before there are maps.
pub fn headline(card: &Card, verdict: &Verdict) -> String {
    Headline::of(card, verdict).headline
}

impl Report {
    /// What speaks against believing the answer that is given: of a picture that the model does not read.
    pub fn warning(&self) -> Option<&str> {
        let gate = self.gate.as_ref().filter(|_| !self.is_refused)?;
        gate.says.as_deref()
    }

    /// That the picture cannot be graded, and why.
    pub fn unfit(&self) -> Option<&str> {
        self.quality.as_ref().filter(|quality| !quality.is_gradable).map(|quality| quality.says.as_str())
    }

    /// Where verdict, most probable class and response do not point to one class: which says what. Nothing of it is said of
    /// an answer that is held back.
    pub fn disagreement(&self) -> Option<&str> {
        self.agreement.says.as_deref().filter(|_| !self.is_refused)
    }

    /// The answer in one line: headline, figure, and what stands below.
    pub fn line(&self) -> String {
        let parts = [self.headline.as_str(), &self.figure, &self.beneath];
        let separator = if self.is_refused { ": " } else { "  " };
        parts.into_iter().filter(|part| !part.is_empty()).collect::<Vec<_>>().join(separator)
    }
}

fn quality(assessed: &Assessment) -> QualityWords {
    let says = assessed.warning().unwrap_or_else(|| match assessed.reasons.join(", ") {
        reasons if reasons.is_empty() => format!("quality: {}", assessed.quality.name()),
        reasons => format!("quality: {} ({reasons})", assessed.quality.name()),
    });
    QualityWords { is_gradable: assessed.is_gradable(), says }
}

#[cfg(test)]
mod tests;
