//! The decisions in words, tables and plots.

use serde_json::{Value, json};

use super::super::case::Cases;
use super::super::section::{Axis, Line, Named, Plot, PlotKind, Section, Span};
use super::groups::{Column, Gap, LEAST_GROUP, Short};
use super::measures::Small;
use super::{Decisions, PointFigures, TargetFigures};
use crate::bundle::card::Class;
use crate::statistics::{Bin, Figure, Unit};
use crate::table::Table;

/// Of more classes no confusion matrix is drawn, and of more groups none is named.
const MOST_CLASSES_SHOWN: usize = 40;
const MOST_GROUPS_SHOWN: usize = 40;
/// A legend of more curves hides what it names.
const MOST_CURVES: usize = 8;

impl Small {
    fn title(self) -> &'static str {
        match self {
            Self::Accuracy => "accuracy",
            Self::Kappa => "kappa",
            Self::AnyAuc => "AUC, any",
            Self::ReferableAuc => "AUC, referable",
            Self::MeanAuc => "mean AUC, each against the rest",
            Self::Sensitivity => "sensitivity at the first operating point",
            Self::Specificity => "specificity at the first operating point",
        }
    }
}

/// What `decisions` says to people; `cases` are those that it is of.
pub fn section(cases: &Cases, decisions: &Decisions) -> Section {
    let mut section = Section { title: "Decisions".to_owned(), says: says(cases, decisions), ..Section::default() };
    section.tables.push(figures(cases, decisions));
    if !cases.output.has_findings() {
        section.tables.push(confusion_table(cases, decisions));
        section.plots.extend(confusion_plot(cases, decisions));
    }
    section.tables.push(points(decisions));
    section.plots.extend(roc(decisions));
    section.plots.push(reliability(&decisions.reliability));
    for target in screened(cases, decisions) {
        section.tables.push(screening(target));
        section.plots.extend(screening_plot(target));
    }
    for column in &decisions.groups {
        section.tables.push(groups(column));
        section.tables.extend(gaps(column));
        section.plots.extend(groups_plot(column));
    }
    section
}

fn names(cases: &Cases) -> Vec<String> {
    cases.classes.iter().map(Class::full_name).collect()
}

fn percent(part: f64) -> String {
    format!("{:.1} %", 100.0 * part)
}

/// "73.2 % (70.1 to 76.4)".
fn share(figure: &Figure) -> String {
    let Some(value) = figure.value else { return "not defined".to_owned() };
    let ends = figure.interval.map(|[low, high]| format!(" ({:.1} to {:.1})", 100.0 * low, 100.0 * high));
    percent(value) + &ends.unwrap_or_default()
}

/// "0.73 (0.70 to 0.76)".
fn number(figure: &Figure) -> String {
    let Some(value) = figure.value else { return "not defined".to_owned() };
    let ends = figure.interval.map(|[low, high]| format!(" ({low:.2} to {high:.2})"));
    format!("{value:.2}") + &ends.unwrap_or_default()
}

fn says(cases: &Cases, decisions: &Decisions) -> Vec<String> {
    if decisions.n == 0 {
        return vec!["No picture has both a label and an answer of this model's classes.".to_owned()];
    }
    let mut says = vec![accuracy_sentence(cases, decisions)];
    if decisions.kappa.value.is_some() {
        let weights = match decisions.kappa_weights {
            Some("quadratic") => {
                "Quadratic weighted kappa, which counts a mistake by the square of how many grades it is wide, is"
            }
            _ => "Cohen's kappa is",
        };
        says.push(format!("{weights} {}: 0 is what chance would give, 1 full agreement.", number(&decisions.kappa)));
    }
    if !cases.output.has_findings() {
        says.extend(decisions.targets.iter().filter(|target| target.auc.value.is_some()).map(target_sentence));
    }
    says.push(unit_sentence(decisions));
    if let Some(ece) = decisions.ece {
        let of = if cases.output.has_findings() {
            "What it says of a finding"
        } else {
            "The probability of what it decided"
        };
        says.push(format!(
            "{of} is off by {} on average (expected calibration error, ten bins); the Brier score is {}.",
            percent(ece),
            number(&decisions.brier)
        ));
    }
    says.push(withheld_sentence(decisions));
    says.extend(decisions.groups.iter().flat_map(gap_sentence));
    if decisions.left_out > 0 {
        says.push(format!(
            "{} pictures are left out: their label or answer is none of this model's classes.",
            decisions.left_out
        ));
    }
    says
}

fn accuracy_sentence(cases: &Cases, decisions: &Decisions) -> String {
    let majority = decisions.majority.map(percent).unwrap_or_default();
    let (n, accuracy) = (decisions.n, share(&decisions.accuracy));
    if cases.output.has_findings() {
        return format!(
            "On {n} pictures {accuracy} of all answers, of all findings, are as the labels have them. Giving each finding its commoner answer every time would be right in {majority}."
        );
    }
    let commonest = decisions.confusion.counts.iter().map(|row| row.iter().sum::<u64>()).enumerate();
    let commonest = commonest.max_by_key(|(class, count)| (*count, std::cmp::Reverse(*class)));
    let name = commonest.and_then(|(class, _)| cases.classes.get(class)).map(Class::full_name).unwrap_or_default();
    let verdict = match (decisions.accuracy.interval, decisions.accuracy.value, decisions.majority) {
        (Some([low, _]), _, Some(majority)) if low > majority => "the model does better than that",
        (Some([_, high]), _, Some(majority)) if high < majority => "the model does worse than that",
        _ => "the model is not clearly better than that",
    };
    format!(
        "The model's decision is that of the label in {accuracy} of {n} pictures. Always answering \"{name}\", the commonest label, would be right in {majority}: {verdict}."
    )
}

fn target_sentence(target: &TargetFigures) -> String {
    format!(
        "{}: of a picture with it and one without, the model gives the first the higher probability in {} of all pairs (AUC {}; {} of {} pictures have it).",
        capitalised(&target.name),
        target.auc.value.map(percent).unwrap_or_default(),
        number(&target.auc),
        target.positives,
        target.n
    )
}

fn capitalised(text: &str) -> String {
    let mut letters = text.chars();
    letters.next().map(|first| first.to_uppercase().chain(letters).collect()).unwrap_or_default()
}

fn unit_sentence(decisions: &Decisions) -> String {
    let (units, draws) = (decisions.units, decisions.draws);
    match decisions.unit {
        Unit::Patients => format!(
            "What stands in brackets are 95 % intervals: {units} patients were drawn {draws} times anew, each with all pictures (percentile bootstrap)."
        ),
        Unit::Pictures => format!(
            "What stands in brackets are 95 % intervals over {units} pictures, drawn {draws} times anew (percentile bootstrap). The patient of every picture is not known; where a patient has several pictures, the intervals are too narrow."
        ),
    }
}

fn withheld_sentence(decisions: &Decisions) -> String {
    let Decisions { refused, ungradable, .. } = decisions;
    match &decisions.answered {
        None => "The program would give its answer for every one of these pictures.".to_owned(),
        Some(answered) => {
            let accuracy = answered.figures.get(&Small::Accuracy).copied().unwrap_or_default();
            let majority = answered.majority.map(percent).unwrap_or_default();
            format!(
                "The program would hold its answer back for {refused} pictures, which its gate does not take for what the model reads, and calls {ungradable} unfit to be graded. All figures are over all pictures; over the {} that it answers, the accuracy is {} (the commonest label: {majority}).",
                answered.n,
                share(&accuracy)
            )
        }
    }
}

fn gap_sentence(column: &Column) -> Option<String> {
    let (small, gap) = main_gap(column)?;
    let is_clear = gap.difference.interval.is_some_and(|[low, _]| low > 0.0);
    let verdict = if is_clear { "a difference that chance hardly explains" } else { "chance may explain it" };
    Some(format!(
        "By {}: {} lies highest in {} and lowest in {}; the gap is {}, {verdict}.",
        column.name,
        small.title(),
        named(&gap.largest),
        named(&gap.smallest),
        number(&gap.difference)
    ))
}

fn named(group: &str) -> String {
    if group.is_empty() { "not stated".to_owned() } else { group.to_owned() }
}

/// The figure that says most of a group.
fn main_small(has: impl Fn(Small) -> bool) -> Option<Small> {
    [Small::ReferableAuc, Small::AnyAuc, Small::MeanAuc, Small::Accuracy].into_iter().find(|small| has(*small))
}

fn main_gap(column: &Column) -> Option<(Small, &Gap)> {
    let small = main_small(|small| column.gaps.contains_key(&small))?;
    Some((small, &column.gaps[&small]))
}

/// Value, low and high.
fn cells(figure: &Figure) -> [Value; 3] {
    [json!(figure.value), json!(figure.interval.map(|i| i[0])), json!(figure.interval.map(|i| i[1]))]
}

fn figures(cases: &Cases, decisions: &Decisions) -> Named<Table> {
    let mut table = Table::new(["figure", "value", "low", "high", "compared with"]);
    let mut push = |what: String, figure: &Figure, baseline: Option<f64>| {
        table.push([json!(what)].into_iter().chain(cells(figure)).chain([json!(baseline)]));
    };
    push("accuracy".to_owned(), &decisions.accuracy, decisions.majority);
    if let Some(weights) = decisions.kappa_weights {
        let what = if weights == "quadratic" { "quadratic weighted kappa" } else { "kappa" };
        push(what.to_owned(), &decisions.kappa, Some(0.0));
    }
    for target in &decisions.targets {
        push(format!("AUC, {}", target.name), &target.auc, Some(0.5));
    }
    for class in cases.classes.iter().filter(|_| !cases.output.has_findings()) {
        if let Some(figure) = decisions.auc.get(&class.name) {
            push(format!("AUC, {} against the rest", class.full_name()), figure, Some(0.5));
        }
    }
    push("Brier score".to_owned(), &decisions.brier, None);
    push("expected calibration error".to_owned(), &Figure { value: decisions.ece, interval: None }, None);
    for (small, figure) in decisions.answered.iter().flat_map(|answered| &answered.figures) {
        let majority = decisions.answered.as_ref().and_then(|answered| answered.majority);
        let baseline = if *small == Small::Accuracy { majority } else { None };
        push(format!("{}, of answered pictures alone", small.title()), figure, baseline);
    }
    let caption = "All figures with their 95 % intervals, beside what the commonest label or chance would give.";
    Named::new("figures", caption, table)
}

fn confusion_table(cases: &Cases, decisions: &Decisions) -> Named<Table> {
    let names = names(cases);
    let mut table =
        Table::new(["label".to_owned()].into_iter().chain(names.iter().map(|name| format!("decided {name}"))));
    for (name, row) in names.iter().zip(&decisions.confusion.counts) {
        table.push([json!(name)].into_iter().chain(row.iter().map(|count| json!(count))));
    }
    Named::new("confusion", "Pictures by label (rows) and decision (columns).", table)
}

fn confusion_plot(cases: &Cases, decisions: &Decisions) -> Option<Named<Plot>> {
    let count = cases.classes.len();
    let counts = decisions.confusion.counts.clone();
    let axis = |label: &str| Axis::new(label, 0.0, count as f64);
    let kind = PlotKind::Matrix { names: names(cases), counts };
    let plot = Plot { x: axis("decision"), y: axis("label"), kind };
    (count <= MOST_CLASSES_SHOWN)
        .then(|| Named::new("confusion-matrix", "Pictures by label (rows) and decision (columns).", plot))
}

fn points(decisions: &Decisions) -> Named<Table> {
    let mut columns = vec!["what".to_owned(), "yes from".to_owned()];
    for what in ["sensitivity", "specificity", "PPV", "NPV"] {
        columns.extend(["", " low", " high"].map(|end| format!("{what}{end}")));
    }
    columns.extend(["sensitivity on the card", "specificity on the card"].map(str::to_owned));
    let mut table = Table::new(columns);
    for target in &decisions.targets {
        for point in &target.points {
            let PointFigures { sensitivity, specificity, ppv, npv, .. } = point;
            let from = point.threshold.map_or(json!("the model's decision"), |threshold| json!(plain(threshold)));
            let stated = [0, 1].map(|which| json!(point.stated.map(|stated| plain(stated[which]))));
            let four = [sensitivity, specificity, ppv, npv].into_iter().flat_map(cells);
            table.push([json!(target.name), from].into_iter().chain(four).chain(stated));
        }
    }
    Named::new(
        "operating-points",
        "Sensitivity and specificity at each operating point; PPV and NPV at the prevalence of these pictures.",
        table,
    )
}

/// A card's figure without the digits that its number has too many of.
fn plain(value: f32) -> f64 {
    (f64::from(value) * 1e6).round() / 1e6
}

fn roc(decisions: &Decisions) -> Option<Named<Plot>> {
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

fn reliability(bins: &[Bin]) -> Named<Plot> {
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

/// What a screening is told for: the same as figures by group, or every finding.
fn screened<'a>(cases: &Cases, decisions: &'a Decisions) -> Vec<&'a TargetFigures> {
    let has = |target: &&TargetFigures| !target.screening.is_empty();
    if cases.output.has_findings() {
        return decisions.targets.iter().filter(has).collect();
    }
    let of = |key: &str| decisions.targets.iter().find(|target| target.key == key);
    of("referable").or_else(|| of("any")).filter(has).into_iter().collect()
}

/// A name for a file.
fn slug(text: &str) -> String {
    let letter = |c: char| if c.is_ascii_alphanumeric() { c.to_ascii_lowercase() } else { '-' };
    let joined: String = text.chars().map(letter).collect();
    joined.split('-').filter(|part| !part.is_empty()).collect::<Vec<_>>().join("-")
}

fn screening(target: &TargetFigures) -> Named<Table> {
    let mut table = Table::new([
        "yes from",
        "sensitivity",
        "specificity",
        "PPV",
        "NPV",
        "yield",
        "missed per 1000",
        "false alarms per 1000",
        "cost per 1000",
        "net benefit",
    ]);
    for row in &target.screening {
        table.push([
            json!(row.threshold),
            json!(row.sensitivity),
            json!(row.specificity),
            json!(row.ppv),
            json!(row.npv),
            json!(row.called_positive),
            json!(row.missed_per_1000),
            json!(row.false_alarms_per_1000),
            json!(row.cost_per_1000),
            json!(row.net_benefit),
        ]);
    }
    let assumed = target.assumed.map(|assumed| {
        format!(
            " if {} of those screened have it, a miss costs {} and a false alarm {}",
            percent(assumed.prevalence),
            assumed.cost_of_miss,
            assumed.cost_of_false_alarm
        )
    });
    let caption =
        format!("Screening for {}: what each threshold would bring{}.", target.name, assumed.unwrap_or_default());
    Named::new(format!("screening-{}", slug(&target.key)), caption, table)
}

fn screening_plot(target: &TargetFigures) -> Option<Named<Plot>> {
    let assumed = target.assumed?;
    let missed_of_all = |row: &crate::statistics::Screening| 1.0 - row.sensitivity;
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

fn groups(column: &Column) -> Named<Table> {
    let shown: Vec<Small> = Small::ALL
        .into_iter()
        .filter(|small| column.groups.iter().any(|group| has(group.figures.as_ref(), *small)))
        .collect();
    let heads = shown.iter().flat_map(|small| ["", ", low", ", high"].map(|end| format!("{}{end}", small.title())));
    let mut table = Table::new(
        [column.name.clone(), "pictures".to_owned()].into_iter().chain(["commonest label".to_owned()]).chain(heads),
    );
    for group in column.groups.iter().take(MOST_GROUPS_SHOWN) {
        let majority = group.figures.as_ref().and_then(|figures| figures.majority);
        let figure =
            |small: &Small| group.figures.as_ref().and_then(|f| f.figures.get(small)).copied().unwrap_or_default();
        let cells = shown.iter().flat_map(|small| cells(&figure(small)));
        table.push([json!(named(&group.name)), json!(group.n), json!(majority)].into_iter().chain(cells));
    }
    let more = column.groups.len().saturating_sub(MOST_GROUPS_SHOWN);
    let more = if more > 0 { format!(" {more} smaller groups are not listed.") } else { String::new() };
    let caption =
        format!("Figures by {}; groups of fewer than {LEAST_GROUP} pictures are too small for any.{more}", column.name);
    Named::new(format!("groups-{}", slug(&column.name)), caption, table)
}

fn has(figures: Option<&Short>, small: Small) -> bool {
    figures.is_some_and(|figures| figures.figures.contains_key(&small))
}

fn gaps(column: &Column) -> Option<Named<Table>> {
    let mut table = Table::new(["figure", "highest in", "lowest in", "gap", "low", "high"]);
    for (small, gap) in &column.gaps {
        let ends = [json!(small.title()), json!(named(&gap.largest)), json!(named(&gap.smallest))];
        table.push(ends.into_iter().chain(cells(&gap.difference)));
    }
    let caption = format!(
        "How far the highest and the lowest group by {} lie apart. An interval that holds 0 is no difference; of many groups the outermost two were picked, which makes a gap by chance likelier than the interval says.",
        column.name
    );
    (!table.rows.is_empty()).then(|| Named::new(format!("gaps-{}", slug(&column.name)), caption, table))
}

fn groups_plot(column: &Column) -> Option<Named<Plot>> {
    let small = main_small(|small| column.groups.iter().any(|group| has(group.figures.as_ref(), small)))?;
    let span = |group: &super::Group| {
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
