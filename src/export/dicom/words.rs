//! Codes for what models say. Their classes and questions stand in no public scheme: they are ours, and what they mean
//! depends on the model, which stands in the place of the scheme's version.

use super::element::Code;
use crate::bundle::Card;
use crate::bundle::card::Class;
use crate::bundle::question::Word;

/// A class under its name in the card.
pub fn class_code(card: &Card, class: &Class) -> Code {
    of_model(card, Code::own(&class.name, &class.full_name()))
}

/// A question of a card under its own words.
pub fn question_code(card: &Card, name: &str) -> Code {
    of_model(card, Code::own(&name.to_lowercase().replace(' ', "-"), name))
}

pub fn answer_code(answer: Word) -> Code {
    match answer {
        Word::Yes => Code::sct("373066001", "Yes"),
        Word::No => Code::sct("373067005", "No"),
        Word::Undecided => Code::own("undecided", "Undecided"),
    }
}

fn of_model(card: &Card, code: Code) -> Code {
    Code { version: Some(card.name.clone()), ..code }
}
