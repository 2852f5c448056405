//! Whether verdict, most probable class and dominant response point to one class, and one sentence where they do not.
//!
//! Findings stand side by side, so that probabilities and responses of different ones need not agree: there the clearest
//! finding is held against the one that responds most among those that are said. Under evidence against the classes the
//! response says which class is spoken against most, and is left out.

use serde::Serialize;

use crate::bundle::Card;
use crate::bundle::card::Decision;
use crate::bundle::question::{Word, percent};
use crate::explain::Explanation;
use crate::method::Evidence;

/// Indices are into the model's classes.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct MapAgreement {
    /// Whether all three point to one class.
    pub agrees: bool,
    /// By the verdict.
    pub decided: usize,
    /// The class of the highest probability.
    pub most_probable: usize,
    /// The class with the largest share of the dominant response; nothing where nothing responds.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub dominant_response: Option<usize>,
    /// Which says what, where they differ.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub says: Option<String>,
}

impl MapAgreement {
    /// Compares them.
    pub fn of(card: &Card, explanation: &Explanation) -> Self {
        let verdict = &explanation.verdict;
        let (decided, most_probable) = (verdict.decided, verdict.mode());
        let dominant = dominant(explanation);
        let name = |class: usize| card.classes[class].full_name();
        let noun = card.noun();
        let mut buts = Vec::new();
        if verdict.findings.is_none() && most_probable != decided {
            buts.push(format!(
                "{} is more probable ({})",
                name(most_probable),
                percent(verdict.probabilities[most_probable])
            ));
        }
        buts.extend(against_question(card, explanation));
        if let Some((class, share)) = dominant.filter(|(class, _)| *class != decided) {
            let how_much = if share > 0.5 { "most of the response" } else { "the largest share of the response" };
            let of_found = if verdict.findings.is_some() { " to what was found" } else { "" };
            buts.push(format!("{} holds {how_much}{of_found} ({})", name(class), percent(share as f32)));
        }
        let subject = match card.output.decision {
            Decision::EachFinding => "The clearest finding".to_owned(),
            _ => format!("The decided {noun}"),
        };
        let says = (!buts.is_empty()).then(|| format!("{subject} is {}, but {}.", name(decided), buts.join(" and ")));
        Self {
            agrees: says.is_none(),
            decided,
            most_probable,
            dominant_response: dominant.map(|(class, _)| class),
            says,
        }
    }
}

/// The class that holds the largest share of the dominant response, with its share; among findings of those that are said,
/// with its share of theirs.
fn dominant(explanation: &Explanation) -> Option<(usize, f64)> {
    if explanation.settings.evidence == Evidence::Against {
        return None;
    }
    let findings = explanation.verdict.findings.as_ref();
    let is_asked = |class: usize| findings.is_none_or(|found| found.contains(&class));
    let shares = explanation.response_shares.iter().enumerate();
    let asked: Vec<(usize, f64)> =
        shares.filter_map(|(class, share)| Some((class, (*share)?))).filter(|(class, _)| is_asked(*class)).collect();
    let whole: f64 = asked.iter().map(|(_, share)| share).sum();
    let largest = asked.into_iter().reduce(|best, next| if next.1 > best.1 { next } else { best });
    largest.filter(|(_, share)| *share > 0.0).map(|(class, share)| (class, share / whole))
}

/// Where the answer at the top is yes by many grades together and the decided one alone is a no, or the other way round.
fn against_question(card: &Card, explanation: &Explanation) -> Option<String> {
    let question = card.output.headline_question()?;
    let answer = question.answer(&explanation.verdict.probabilities);
    let is_yes = match answer.word() {
        Word::Undecided => return None,
        word => word == Word::Yes,
    };
    let least = question.least_class;
    let name = &card.classes[least].name;
    (is_yes != (explanation.verdict.decided >= least)).then(|| {
        let (noun, probability) = (card.noun(), percent(answer.probability));
        format!(
            "{} is answered with {} by P({noun} ≥ {name}) {probability}",
            question.short_name(),
            answer.word().name()
        )
    })
}
