//! The decisions as plots.

use super::super::super::case::Cases;
use super::super::super::cells::percent;
use super::super::super::section::{Axis, Line, Named, Plot, PlotKind, Span};
use super::super::groups::Column;
use super::super::measures::Small;
use super::super::{Decisions, PointFigures, Subgroup, TargetFigures};
use super::tables::has;
use super::words::{capitalised, main_small, named};
use super::{MOST_GROUPS_SHOWN, names, slug};
use crate::statistics::{Bin, Screening};

/// Of more classes no confusion matrix is drawn.
const MOST_CLASSES_SHOWN: usize = 40;

/// A legend of more curves hides what it names.
const MOST_CURVES: usize = 8;

pub fn confusion_plot(cases: &Cases, decisions: &Decisions) -> Option<Named<Plot>> {
    let count = cases.classes.len();
    let counts = decisions.confusion.counts.clone();
    let axis = |label: &str| Axis::new(label, 0.0, count as f64);
    let kind = PlotKind::Matrix { names: names(cases), counts };
    let plot = Plot { x: axis("decision"), y: axis("label"), kind };
    (count <= MOST_CLASSES_SHOWN)
        .then(|| Named::new("confusion-matrix", "Pictures by label (rows) and decision (columns).", plot))
}

pub fn roc(decisions: &Decisions) -> Option<Named<Plot>> {
    let curves: Vec<&TargetFigures> = decisions.targets.iter().filter(|target| !target.roc.is_empty()).collect();
    let mut lines = vec![Line::baseline("chance", vec![(0.0, 0.0), (1.0, 1.0)])];
    for target in &curves {
        let points = target.roc.iter().map(|point| (point.false_positive_rate, point.sensitivity)).collect();
        let name = if curves.len() > MOST_CURVES { String::new() } else { target.name.clone() };
        lines.push(Line::curve(name, points));
    }
    let at = |point: &PointFigures| Some((1.0 - point.specificity.value?, point.sensitivity.value?));
    let of_card = |point: &&PointFigures| point.threshold.is_some();
    let marks: Vec<(f64, f64)> =
        curves.iter().flat_map(|target| target.points.iter().filter(of_card).filter_map(at)).collect();
    if !marks.is_empty() {
        lines.push(Line::marks("operating points of the card", marks));
    }
    let plot = Plot {
        x: Axis::new("1 − specificity", 0.0, 1.0),
        y: Axis::new("sensitivity", 0.0, 1.0),
        kind: PlotKind::Lines(lines),
    };
    (!curves.is_empty()).then(|| {
        Named::new("roc", "ROC curves: what is found against what is called so falsely, at every threshold.", plot)
    })
}

pub fn reliability(bins: &[Bin]) -> Named<Plot> {
    let points: Vec<(f64, f64)> = bins.iter().filter_map(|bin| Some((bin.predicted?, bin.observed?))).collect();
    let lines = vec![
        Line::baseline("as it says", vec![(0.0, 0.0), (1.0, 1.0)]),
        Line::curve("", points.clone()),
        Line::marks("ten bins", points),
    ];
    let plot = Plot {
        x: Axis::new("probability that the model gives", 0.0, 1.0),
        y: Axis::new("part that is so", 0.0, 1.0),
        kind: PlotKind::Lines(lines),
    };
    Named::new("reliability", "Calibration: above the diagonal the model is too modest, below it too sure.", plot)
}

pub fn screening_plot(target: &TargetFigures) -> Option<Named<Plot>> {
    let assumed = target.assumed?;
    let missed_of_all = |row: &Screening| 1.0 - row.sensitivity;
    let yields = target.screening.iter().map(|row| (row.threshold, row.called_positive)).collect();
    let missed = target.screening.iter().map(|row| (row.threshold, missed_of_all(row))).collect();
    let lines =
        vec![Line::curve("called positive, of all", yields), Line::curve("missed, of those who have it", missed)];
    let plot =
        Plot { x: Axis::new("threshold", 0.0, 1.0), y: Axis::new("part", 0.0, 1.0), kind: PlotKind::Lines(lines) };
    let caption = format!(
        "Screening for {} at a prevalence of {}: how many are called positive, and how many of those who have it are missed.",
        target.name,
        percent(assumed.prevalence)
    );
    Some(Named::new(format!("screening-{}-curve", slug(&target.key)), caption, plot))
}

pub fn groups_plot(column: &Column) -> Option<Named<Plot>> {
    let small = main_small(|small| column.groups.iter().any(|group| has(group.figures.as_ref(), small)))?;
    let span = |group: &Subgroup| {
        let figure = group.figures.as_ref()?.figures.get(&small)?;
        Some(Span {
            name: format!("{} ({})", named(&group.name), group.n),
            value: figure.value?,
            interval: figure.interval,
        })
    };
    let spans: Vec<Span> = column.groups.iter().take(MOST_GROUPS_SHOWN).filter_map(span).collect();
    let plot = Plot {
        x: Axis::new(small.title(), 0.0, 1.0),
        y: Axis::new(column.name.clone(), 0.0, spans.len() as f64),
        kind: PlotKind::Spans { at: (small != Small::Accuracy).then_some(0.5), spans },
    };
    let caption = format!("{} by {}, with 95 % intervals.", capitalised(small.title()), column.name);
    Some(Named::new(format!("groups-{}-plot", slug(&column.name)), caption, plot))
}
