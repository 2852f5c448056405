//! What a reader said of a picture, in words.

use crate::bundle::Card;
use crate::export::ReaderRecord;
use crate::reading::Judgement;

/// A reader's grade, to stand beside the model's.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Reader {
    /// The class in words, or that there is none to give.
    pub grade: String,
    /// How the grade came about, a line each.
    pub notes: Vec<String>,
    pub comment: String,
}

impl Reader {
    /// `record`'s words, in the classes of `card`.
    pub fn of(record: &ReaderRecord, card: &Card) -> Self {
        let class = card.classes.iter().find(|class| class.name == record.class);
        let grade = match class {
            _ if record.ungradable => "ungradable".to_owned(),
            Some(class) => class.full_name(),
            None => record.class.clone(),
        };
        let judgement = record.judgement.map(|judgement| match judgement {
            Judgement::Accepted => "accepts the model's answer".to_owned(),
            Judgement::Overruled => "overrules the model's answer".to_owned(),
        });
        let seen = if record.answer_seen_before { "after the answer was seen" } else { "before the answer was seen" };
        let given = match record.seconds {
            seconds if seconds > 0.0 => format!("given in {seconds:.0} s, {seen}"),
            _ => format!("given {seen}"),
        };
        let flagged = record.flagged.then(|| "flagged".to_owned());
        let notes = judgement.into_iter().chain([given]).chain(record.at.clone()).chain(flagged).collect();
        Self { grade, notes, comment: record.comment.trim().to_owned() }
    }
}
