//! The decisions as tables.

use serde_json::json;

use super::super::super::case::Cases;
use super::super::super::cells::{exact, percent};
use super::super::super::section::Named;
use super::super::groups::{Column, LEAST_GROUP, Short};
use super::super::measures::Small;
use super::super::{Decisions, PointFigures, TargetFigures};
use super::words::named;
use super::{MOST_GROUPS_SHOWN, names, slug};
use crate::statistics::Figure;
use crate::table::Table;

pub fn figures(cases: &Cases, decisions: &Decisions) -> Named<Table> {
    let mut table = Table::new(["figure", "value", "low", "high", "compared with"]);
    let mut push = |what: String, figure: &Figure, baseline: Option<f64>| {
        table.push([json!(what)].into_iter().chain(exact(figure)).chain([json!(baseline)]));
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

pub fn confusion_table(cases: &Cases, decisions: &Decisions) -> Named<Table> {
    let names = names(cases);
    let mut table =
        Table::new(["label".to_owned()].into_iter().chain(names.iter().map(|name| format!("decided {name}"))));
    for (name, row) in names.iter().zip(&decisions.confusion.counts) {
        table.push([json!(name)].into_iter().chain(row.iter().map(|count| json!(count))));
    }
    Named::new("confusion", "Pictures by label (rows) and decision (columns).", table)
}

pub fn points(decisions: &Decisions) -> Named<Table> {
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
            let four = [sensitivity, specificity, ppv, npv].into_iter().flat_map(exact);
            table.push([json!(target.name), from].into_iter().chain(four).chain(stated));
        }
    }
    Named::new(
        "operating-points",
        "Sensitivity and specificity at each operating point; PPV and NPV at the prevalence of these pictures.",
        table,
    )
}

pub fn screening(target: &TargetFigures) -> Named<Table> {
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

pub fn groups(column: &Column) -> Named<Table> {
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
        let cells = shown.iter().flat_map(|small| exact(&figure(small)));
        table.push([json!(named(&group.name)), json!(group.n), json!(majority)].into_iter().chain(cells));
    }
    let more = column.groups.len().saturating_sub(MOST_GROUPS_SHOWN);
    let more = if more > 0 { format!(" {more} smaller groups are not listed.") } else { String::new() };
    let caption =
        format!("Figures by {}; groups of fewer than {LEAST_GROUP} pictures are too small for any.{more}", column.name);
    Named::new(format!("groups-{}", slug(&column.name)), caption, table)
}

pub fn gaps(column: &Column) -> Option<Named<Table>> {
    let mut table = Table::new(["figure", "highest in", "lowest in", "gap", "low", "high"]);
    for (small, gap) in &column.gaps {
        let ends = [json!(small.title()), json!(named(&gap.largest)), json!(named(&gap.smallest))];
        table.push(ends.into_iter().chain(exact(&gap.difference)));
    }
    let caption = format!(
        "How far the highest and the lowest group by {} lie apart. An interval that holds 0 is no difference; of many groups the outermost two were picked, which makes a gap by chance likelier than the interval says.",
        column.name
    );
    (!table.rows.is_empty()).then(|| Named::new(format!("gaps-{}", slug(&column.name)), caption, table))
}

/// A card's figure without the digits that its number has too many of.
fn plain(value: f32) -> f64 {
    (f64::from(value) * 1e6).round() / 1e6
}

pub fn has(figures: Option<&Short>, small: Small) -> bool {
    figures.is_some_and(|figures| figures.figures.contains_key(&small))
}
