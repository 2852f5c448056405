//! In which order pictures stand. Of what a reader may not know yet, no order tells anything.

use std::cmp::Ordering;

use serde::{Deserialize, Serialize};

use super::item::{Classes, Item, Judged};
use crate::reading::{Eye, Reading};

/// What a worklist is sorted by.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum SortBy {
    /// As the pictures were given.
    #[default]
    Given,
    Name,
    /// Then day and eye.
    Patient,
    Eye,
    /// The newest first.
    Date,
    /// Highest grade first, then the most probable; pictures without one, or that the model does not read, last.
    Grade,
    /// By the probability of the model's first question, highest first.
    Referable,
    /// What cannot be graded first.
    Quality,
    ReaderGrade,
    Flagged,
    /// How long the reader took, longest first.
    Time,
    /// The answers that lie most grades from their labels first.
    Apart,
    /// Of answers that are wrong by their labels the most probable first.
    SurelyWrong,
    /// Where decision, probability and map point to several classes first, wrong answers before right ones.
    Mismatch,
}

impl SortBy {
    pub const ALL: [Self; 14] = [
        Self::Given,
        Self::Name,
        Self::Patient,
        Self::Eye,
        Self::Date,
        Self::Grade,
        Self::Referable,
        Self::Quality,
        Self::ReaderGrade,
        Self::Flagged,
        Self::Time,
        Self::Apart,
        Self::SurelyWrong,
        Self::Mismatch,
    ];

    /// Whether it says something only where there are labels.
    pub fn needs_labels(self) -> bool {
        matches!(self, Self::Apart | Self::SurelyWrong)
    }

    pub fn name(self) -> &'static str {
        match self {
            Self::Given => "As opened",
            Self::Name => "Name",
            Self::Patient => "Patient",
            Self::Eye => "Eye, right first",
            Self::Date => "Date, newest first",
            Self::Grade => "Grade, highest first",
            Self::Referable => "Most urgent first",
            Self::Quality => "Not gradable first",
            Self::ReaderGrade => "Reader's grade",
            Self::Flagged => "Flagged first",
            Self::Time => "Reading time, longest first",
            Self::Apart => "Furthest from the label",
            Self::SurelyWrong => "Surest of the wrong",
            Self::Mismatch => "Map unlike the decision",
        }
    }

    /// Whether an answer, or what the reader says, moves pictures.
    pub fn follows_reading(self) -> bool {
        match self {
            Self::Given | Self::Name | Self::Patient | Self::Eye | Self::Date => false,
            Self::Grade | Self::Referable | Self::Quality | Self::ReaderGrade | Self::Flagged | Self::Time => true,
            Self::Apart | Self::SurelyWrong | Self::Mismatch => true,
        }
    }
}

/// The order of two pictures; what has nothing to be sorted by comes last, also where the order is `reversed`.
pub fn compare(by: SortBy, reversed: bool, classes: &Classes, a: &Item, b: &Item) -> Ordering {
    let turned = |order: Ordering| if reversed { order.reverse() } else { order };
    let order = match by {
        SortBy::Given => turned(a.given.cmp(&b.given)),
        SortBy::Name => turned(natural(&a.label, &b.label)),
        SortBy::Patient => {
            let known = |item: &Item| (!item.identity.patient.is_empty()).then_some(());
            present(known(a), known(b), |(), ()| turned(by_patient(a, b)))
        }
        SortBy::Eye => present(a.identity.eye, b.identity.eye, |a, b| turned(side(a).cmp(&side(b)))),
        SortBy::Date => present(a.identity.taken.as_ref(), b.identity.taken.as_ref(), |a, b| turned(b.cmp(a))),
        SortBy::Grade => present(grade(a), grade(b), |a, b| turned(b.0.cmp(&a.0).then(b.1.total_cmp(&a.1)))),
        SortBy::Referable => {
            // A model without a question has its grades.
            let urgency = |item: &Item| {
                let answer = item.believed_answer()?;
                Some(classes.referable(answer).map_or(answer.class as f32 + answer.probability, |(p, _)| p))
            };
            present(urgency(a), urgency(b), |a, b| turned(b.total_cmp(&a)))
        }
        SortBy::Quality => {
            let gradable = |item: &Item| item.seen_answer().and_then(|answer| answer.gradable);
            present(gradable(a), gradable(b), |a, b| turned(a.cmp(&b)))
        }
        SortBy::ReaderGrade => {
            let said = |item: &Item| item.reading.as_ref().and_then(Reading::grade);
            present(said(a), said(b), |a, b| turned(b.cmp(&a)))
        }
        SortBy::Flagged => turned(b.is_flagged().cmp(&a.is_flagged())),
        SortBy::Time => {
            let seconds = |item: &Item| item.reading.as_ref().and_then(|reading| reading.seconds);
            present(seconds(a), seconds(b), |a, b| turned(b.total_cmp(&a)))
        }
        SortBy::Apart => present(classes.judged(a), classes.judged(b), |a, b| {
            // The probability of what is right says nothing of a mistake.
            let sure = |judged: Judged| if judged.is_wrong() { judged.confidence } else { 0.0 };
            turned(b.apart.cmp(&a.apart).then(sure(b).total_cmp(&sure(a))))
        }),
        SortBy::SurelyWrong => {
            let wrong = |item: &Item| classes.judged(item).filter(Judged::is_wrong).map(|judged| judged.confidence);
            present(wrong(a), wrong(b), |a, b| turned(b.total_cmp(&a)))
        }
        SortBy::Mismatch => {
            let mismatch = |item: &Item| {
                let agrees = item.believed_answer()?.agrees?;
                Some((!agrees, classes.judged(item).is_some_and(|judged| judged.is_wrong())))
            };
            present(mismatch(a), mismatch(b), |a, b| turned(b.cmp(&a)))
        }
    };
    order.then(a.given.cmp(&b.given))
}

fn grade(item: &Item) -> Option<(usize, f32)> {
    item.believed_answer().map(|answer| (answer.class, answer.probability))
}

fn side(eye: Eye) -> u8 {
    match eye {
        Eye::Right => 0,
        Eye::Left => 1,
    }
}

fn by_patient(a: &Item, b: &Item) -> Ordering {
    let (x, y) = (&a.identity, &b.identity);
    // Private numbers give away nothing, not even by their order.
    let patient = match (x.is_private, y.is_private) {
        (false, false) => natural(&x.patient, &y.patient),
        _ => a.patient_number.cmp(&b.patient_number),
    };
    patient.then_with(|| x.taken.cmp(&y.taken)).then_with(|| x.eye.map(side).cmp(&y.eye.map(side)))
}

/// What is there before what is not.
fn present<T>(a: Option<T>, b: Option<T>, compare: impl FnOnce(T, T) -> Ordering) -> Ordering {
    match (a, b) {
        (Some(a), Some(b)) => compare(a, b),
        (a, b) => b.is_some().cmp(&a.is_some()),
    }
}

/// Numbers within names by their size: `2_left` before `10_left`.
pub fn natural(a: &str, b: &str) -> Ordering {
    let (mut a, mut b) = (a, b);
    loop {
        let (Some(x), Some(y)) = (a.chars().next(), b.chars().next()) else { return a.len().cmp(&b.len()) };
        if x.is_ascii_digit() && y.is_ascii_digit() {
            let (left, right) = (digits(a), digits(b));
            let size = |text: &str| text.trim_start_matches('0').len();
            let worth = size(left).cmp(&size(right));
            let order = worth.then_with(|| left.trim_start_matches('0').cmp(right.trim_start_matches('0')));
            if order.is_ne() {
                return order;
            }
            (a, b) = (&a[left.len()..], &b[right.len()..]);
            continue;
        }
        let order = x.to_lowercase().cmp(y.to_lowercase()).then(x.cmp(&y));
        if order.is_ne() {
            return order;
        }
        (a, b) = (&a[x.len_utf8()..], &b[y.len_utf8()..]);
    }
}

fn digits(text: &str) -> &str {
    &text[..text.len() - text.trim_start_matches(|c: char| c.is_ascii_digit()).len()]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_in_names_count_as_numbers() {
        let mut names = ["10_left", "2_right", "2_left", "b", "A", "a", "007", "7", "10", ""];
        names.sort_by(|a, b| natural(a, b));
        assert_eq!(names, ["", "2_left", "2_right", "007", "7", "10", "10_left", "A", "a", "b"]);
    }
}
