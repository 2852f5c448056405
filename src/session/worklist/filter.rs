//! Which pictures of a list are shown. Of what a reader may not know yet, no filter tells anything.

use serde::{Deserialize, Serialize};

use super::item::{Classes, Item};
use crate::bundle::question::Word;
use crate::reading::{Eye, Reading};

/// One thing that shown pictures must be.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Only {
    Unread,
    Flagged,
    /// A yes to the model's first question, or left open.
    Referable,
    /// Reader and model say different grades.
    Disagreement,
    NotGradable,
    NotForThisModel,
    /// Label and model say different things.
    Wrong,
}

impl Only {
    pub const ALL: [Self; 7] = [
        Self::Unread,
        Self::Flagged,
        Self::Referable,
        Self::Disagreement,
        Self::NotGradable,
        Self::NotForThisModel,
        Self::Wrong,
    ];

    /// Whether it says something only where there are labels.
    pub fn needs_labels(self) -> bool {
        self == Self::Wrong
    }

    pub fn name(self) -> &'static str {
        match self {
            Self::Unread => "Unread",
            Self::Flagged => "Flagged",
            Self::Referable => "Referable or undecided",
            Self::Disagreement => "Reader and model disagree",
            Self::NotGradable => "Not gradable",
            Self::NotForThisModel => "Not for this model",
            Self::Wrong => "Model wrong by the label",
        }
    }

    fn holds(self, item: &Item, classes: &Classes) -> bool {
        let answer = item.seen_answer();
        match self {
            Self::Unread => !item.is_read(),
            Self::Flagged => item.is_flagged(),
            Self::Referable => {
                let word = item.believed_answer().and_then(|answer| classes.referable(answer)).map(|(_, word)| word);
                word.is_some_and(|word| word != Word::No)
            }
            Self::Disagreement => item.disagrees(),
            Self::NotGradable => {
                let by_reader = item.reading.as_ref().is_some_and(|reading| reading.ungradable);
                by_reader || answer.is_some_and(|answer| answer.gradable == Some(false))
            }
            Self::NotForThisModel => answer.is_some_and(|answer| answer.is_refused),
            Self::Wrong => classes.judged(item).is_some_and(|judged| judged.is_wrong()),
        }
    }
}

/// A cell of the matrix of labels and answers, or a whole row or column of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct MatrixCell {
    /// The class that the matrix is of alone; all where `None`.
    pub alone: Option<usize>,
    /// The row, as [`Classes::place`] counts.
    pub truth: Option<usize>,
    /// The column.
    pub said: Option<usize>,
}

impl MatrixCell {
    fn holds(&self, item: &Item, classes: &Classes) -> bool {
        let is_it = |wanted: Option<usize>, found: usize| wanted.is_none_or(|wanted| wanted == found);
        let place = classes.place(item, self.alone);
        place.is_some_and(|(truth, said)| is_it(self.truth, truth) && is_it(self.said, said))
    }
}

/// What shown pictures must be, all of it.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Filter {
    /// Each is a part of the name, of the patient, of the day, or of a grade's name.
    pub words: String,
    /// The model's grade, as far as it may be known, or the reader's.
    pub grade: Option<usize>,
    pub only: Vec<Only>,
    pub cell: Option<MatrixCell>,
}

impl Filter {
    pub fn is_empty(&self) -> bool {
        let Self { words, grade, only, cell } = self;
        words.trim().is_empty() && grade.is_none() && only.is_empty() && cell.is_none()
    }

    /// Whether an answer, or what the reader says, can change what is shown.
    pub fn follows_reading(&self) -> bool {
        !self.is_empty()
    }

    pub fn switch(&mut self, only: Only, is_on: bool) {
        self.only.retain(|known| *known != only);
        self.only.extend(is_on.then_some(only));
    }
}

/// A filter made ready for many pictures.
pub struct Sieve<'a> {
    filter: &'a Filter,
    classes: &'a Classes,
    words: Vec<String>,
    /// By word, the classes whose names have it in them.
    graded: Vec<Vec<usize>>,
}

impl<'a> Sieve<'a> {
    pub fn new(filter: &'a Filter, classes: &'a Classes) -> Self {
        let words: Vec<String> = filter.words.split_whitespace().map(str::to_lowercase).collect();
        let named = |word: &String| (0..classes.folded.len()).filter(|c| classes.folded[*c].contains(word)).collect();
        Self { graded: words.iter().map(named).collect(), words, filter, classes }
    }

    pub fn passes(&self, item: &Item) -> bool {
        let grades = grades(item);
        let has = |(word, classes): (&String, &Vec<usize>)| {
            let is_graded = || grades.iter().flatten().any(|grade| classes.contains(grade));
            item.folded.contains(word.as_str()) || is_eye(item.identity.eye, word) || is_graded()
        };
        self.words.iter().zip(&self.graded).all(has)
            && self.filter.grade.is_none_or(|grade| grades.contains(&Some(grade)))
            && self.filter.cell.is_none_or(|cell| cell.holds(item, self.classes))
            && self.filter.only.iter().all(|only| only.holds(item, self.classes))
    }
}

/// The model's and the reader's.
fn grades(item: &Item) -> [Option<usize>; 2] {
    let said = item.believed_answer().map(|answer| answer.class);
    [said, item.reading.as_ref().and_then(Reading::grade)]
}

fn is_eye(eye: Option<Eye>, word: &str) -> bool {
    match eye {
        Some(Eye::Right) => matches!(word, "r" | "od" | "right"),
        Some(Eye::Left) => matches!(word, "l" | "os" | "left"),
        None => false,
    }
}
