//! Correct and misclassified examples as a figure, chosen by the program: of every class those of which the model is surest.

use anyhow::Result;

use super::labelled::Labelled;
use super::rows::Row;
use super::work::Work;
use crate::evaluate::Truth;
use crate::explain::report;
use crate::export::Pictures;
use crate::export::gallery::{Columns, Example, Gallery};
use crate::input;
use crate::layers::Style;

/// Of more classes a figure would be a book.
const MOST_CLASSES: usize = 20;

/// The figure; `None` of a model of findings, or of too many classes.
///
/// # Errors
/// A picture that could be read before and cannot any more.
pub fn gallery(work: &Work<'_>, labelled: &Labelled, rows: &[(usize, Row)]) -> Result<Option<Gallery>> {
    let (card, style) = (&work.explainer.card, Style::default());
    if card.output.has_findings() || card.classes.len() > MOST_CLASSES {
        return Ok(None);
    }
    // A digit is a picture of a few pixels, and so much is to be seen of it.
    let columns = if super::is_small(card) { Columns::Foci } else { Columns::Maps };
    let mut examples = Vec::new();
    for class in 0..card.classes.len() {
        for is_correct in [true, false] {
            if let Some(picture) = surest(labelled, rows, class, is_correct) {
                let scan = labelled.pictures[picture].source.scan()?;
                let explanation = work.explainer.explain(&scan, &work.settings)?;
                let (measures, lit) = input::measure_with_field(&scan);
                let assessed = crate::bundle::assess(card, &measures);
                let says = report(card, &explanation, None, assessed.as_ref(), true);
                let rgb = scan.to_rgb8();
                let pictures = Pictures::new(&rgb, card, &explanation, &style)
                    .with_report(says)
                    .with_outline(lit.as_ref().map_or(&[], |lit| &lit.contour));
                examples.push(Example::new(&pictures, class, columns)?);
            }
        }
    }
    let colours = style.colours(card);
    let classes = card.classes.iter().zip(&colours).map(|(class, colour)| (class.full_name(), colour.0)).collect();
    let refused = "Pictures that the model does not read, or that cannot be graded, are left out.";
    let caption = format!(
        "Of {} labelled pictures, for each class the correctly and the wrongly answered one of which {} was surest \
         (the highest probability of its answer); chosen by the program, not by hand. Rows are the label's classes. {refused} \
         CLEAR map: hue is the class that responds most, brightness how strongly, on one scale; backward rule {}.",
        rows.len(),
        card.name,
        work.settings.rule.name()
    );
    let title = format!("{}: correct and misclassified examples", card.name);
    Ok(Some(Gallery { title, caption, classes, columns, examples }))
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
