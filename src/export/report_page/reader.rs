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
        let named = |name: &str| {
            let class = card.classes.iter().find(|class| class.name == name);
            class.map_or_else(|| name.to_owned(), crate::bundle::card::Class::full_name)
        };
        let grade = if record.ungradable { "ungradable".to_owned() } else { named(&record.class) };
        let revised = record.revised.as_ref().map(|class| format!("then {}, once the answer was seen", named(class)));
        let judgement = record.judgement.map(|judgement| match judgement {
            Judgement::Accepted => "accepts the model's answer".to_owned(),
            Judgement::Overruled => "overrules the model's answer".to_owned(),
        });
        let seen = if record.answer_seen_before { "after the answer was seen" } else { "before the answer was seen" };
        let given = (record.seconds > 0.0).then(|| format!("given in {:.0} s", record.seconds));
        let flagged = record.flagged.then(|| "flagged".to_owned());
        let notes = revised
            .into_iter()
            .chain(judgement)
            .chain(given)
            .chain([seen.to_owned()])
            .chain(record.at.clone())
            .chain(flagged)
            .collect();
        Self { grade, notes, comment: record.comment.trim().to_owned() }
    }
}
