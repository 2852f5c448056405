//! Correct and misclassified examples as a figure, chosen by the program: of every class those of which the model is surest.

use anyhow::{Context, Result, anyhow};

use super::labelled::Labelled;
use super::rows::Row;
use super::work::Work;
use crate::evaluate::Truth;
use crate::export::gallery::Gallery;
use crate::layers::Style;
use crate::session::gallery;

/// The figure; `None` of a model of findings, or of too many classes.
///
/// # Errors
/// A picture that could be read before and no longer can be.
pub fn gallery(work: &Work<'_>, labelled: &Labelled, rows: &[(usize, Row)]) -> Result<Option<Gallery>> {
    let (card, style) = (&work.explainer.card, Style::default());
    if !gallery::suits(card) {
        return Ok(None);
    }
    let look = (&work.settings, &style);
    let mut examples = Vec::new();
    for class in 0..card.classes.len() {
        for picture in [true, false].into_iter().filter_map(|is_correct| surest(labelled, rows, class, is_correct)) {
            let source = &labelled.pictures[picture].source;
            let example = gallery::example(work.explainer, &*source.scan()?, look, class);
            examples.push(example.map_err(|reason| anyhow!(reason)).with_context(|| source.name())?);
        }
    }
    Ok(Some(gallery::gallery(card, look, &gallery::by_program(rows.len(), card), examples)))
}

/// The picture of `class` of whose answer the model is surest, among its right answers or its wrong ones.
fn surest(labelled: &Labelled, rows: &[(usize, Row)], class: usize, is_correct: bool) -> Option<usize> {
    let fits = |(picture, row): &&(usize, Row)| {
        labelled.pictures[*picture].truth == Truth::Class(class)
            && (row.decided == class) == is_correct
            && !row.is_refused
            && row.gradable != Some(false)
    };
    let probability = |row: &Row| row.probabilities.get(row.decided).copied().unwrap_or(0.0);
    let best = rows.iter().filter(fits).max_by(|(_, a), (_, b)| probability(a).total_cmp(&probability(b)));
    best.map(|(picture, _)| *picture)
}
