//! One HTML file: no script, nothing fetched, plots as SVG and pictures as data within.

use maud::{DOCTYPE, Markup, PreEscaped, html};
use serde_json::Value;

use super::{ReportHeader, plots, png};
use crate::evaluate::Section;
use crate::page::base64;
use crate::table::Table;

/// Longer tables are cut in the report; their files are whole.
const MOST_ROWS: usize = 60;
const STYLE: &str = include_str!("style.css");

pub fn page(head: &ReportHeader, sections: &[Section]) -> Result<String, String> {
    let bodies = sections.iter().enumerate().map(|(at, section)| body(at, section)).collect::<Result<Vec<_>, _>>()?;
    let page = html! {
        (DOCTYPE)
        html lang="en" {
            head {
                meta charset="utf-8";
                meta name="viewport" content="width=device-width, initial-scale=1";
                title { (head.title) }
                style { (PreEscaped(STYLE)) }
            }
            body {
                h1 { (head.title) }
                @for warning in &head.warnings { p.warning { (warning) } }
                dl { @for (name, value) in &head.facts { dt { (name) } dd { (value) } } }
                nav { @for (at, section) in sections.iter().enumerate() { a href={ "#s" (at) } { (section.title) } } }
                @for body in bodies { (body) }
                footer { "For research, not for diagnosis. Made by Fovea " (env!("CARGO_PKG_VERSION")) "." }
            }
        }
    };
    Ok(page.into_string())
}

fn body(at: usize, section: &Section) -> Result<Markup, String> {
    let plots = section.plots.iter().map(|plot| plots::svg(&plot.of)).collect::<Result<Vec<_>, _>>();
    let plots = plots.map_err(|error| error.to_string())?;
    let pictures = section.pictures.iter().map(|picture| png(&picture.of)).collect::<Result<Vec<_>, _>>()?;
    Ok(html! {
        section id={ "s" (at) } {
            h2 { (section.title) }
            @for words in &section.says { p { (words) } }
            @for (plot, drawn) in section.plots.iter().zip(&plots) {
                figure { (PreEscaped(drawn)) figcaption { (plot.caption) } }
            }
            @for (picture, bytes) in section.pictures.iter().zip(&pictures) {
                figure {
                    img alt=(picture.caption) src={ "data:image/png;base64," (base64::encoded(bytes)) };
                    figcaption { (picture.caption) }
                }
            }
            @for named in &section.tables { (table(&named.name, &named.caption, &named.of)) }
        }
    })
}

fn table(name: &str, caption: &str, table: &Table) -> Markup {
    let left_out = table.rows.len().saturating_sub(MOST_ROWS);
    let columns = shown(&table.columns);
    let are_numbers = |at: usize| table.rows.iter().any(|row| row[at].is_number());
    html! {
        div.scroll {
            table {
                caption { (caption) @if left_out > 0 { " " (left_out) " more rows are in " (name) ".csv." } }
                thead { tr {
                    @for (at, _) in &columns { th.number[are_numbers(*at)] scope="col" { (table.columns[*at]) } }
                } }
                tbody {
                    @for row in table.rows.iter().take(MOST_ROWS) {
                        tr {
                            @for (at, has_interval) in &columns {
                                td.number[row[*at].is_number()] {
                                    (words(&row[*at]))
                                    @if *has_interval && !row[at + 1].is_null() {
                                        " (" (words(&row[at + 1])) " to " (words(&row[at + 2])) ")"
                                    }
                                }
                            }
                        }
                    }
                }
            }
        }
    }
}

/// Which columns are shown, and whether the next two are their intervals, which then stand in the same cells: on paper there
/// is no room for three.
fn shown(columns: &[String]) -> Vec<(usize, bool)> {
    let is_end = |column: Option<&String>, of: &str, end: &str| {
        column.is_some_and(|column| {
            *column == end || [", ", " ", "_"].iter().any(|join| *column == format!("{of}{join}{end}"))
        })
    };
    let (mut shown, mut at) = (Vec::new(), 0);
    while let Some(column) = columns.get(at) {
        let has_interval = is_end(columns.get(at + 1), column, "low") && is_end(columns.get(at + 2), column, "high");
        shown.push((at, has_interval));
        at += if has_interval { 3 } else { 1 };
    }
    shown
}

/// A cell as people read it: three places of a number, a dash where there is none.
fn words(cell: &Value) -> String {
    match cell {
        Value::Null => "–".to_owned(),
        Value::Bool(true) => "yes".to_owned(),
        Value::Bool(false) => "no".to_owned(),
        Value::String(text) => text.clone(),
        Value::Number(number) if number.is_f64() => {
            number.as_f64().map_or_else(String::new, |value| format!("{value:.3}"))
        }
        cell => cell.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::evaluate::{Axis, Line, Named, Plot, PlotKind};
    use image::RgbImage;
    use serde_json::json;

    fn section() -> Section {
        let mut of = Table::new(["group", "n", "AUC"]);
        of.push([json!("<script>alert(1)</script>"), json!(12), json!(0.123_456)]);
        of.push([json!(null), json!(3), json!(null)]);
        let lines = vec![Line::curve("</svg><script>", vec![(0.0, 0.0), (1.0, 1.0)])];
        let plot = Plot { x: Axis::new("x", 0.0, 1.0), y: Axis::new("y", 0.0, 1.0), kind: PlotKind::Lines(lines) };
        Section {
            title: "Decisions".to_owned(),
            says: vec!["Of 5 & more.".to_owned()],
            tables: vec![Named::new("groups", "By camera.", of)],
            plots: vec![Named::new("roc", "The ROC curve.", plot)],
            pictures: vec![Named::new("mean-map", "The \"mean\" map.", RgbImage::new(3, 2))],
        }
    }

    #[test]
    fn a_report_holds_everything_and_runs_nothing() {
        let head = ReportHeader {
            title: "retina-dr on a day's pictures".to_owned(),
            facts: vec![("Model".to_owned(), "retina-dr <b>".to_owned())],
            warnings: vec!["The labels know the model.".to_owned()],
        };
        let page = page(&head, &[section()]).unwrap();
        assert!(!page.contains("<script") && !page.contains("<b>"), "names are words, not orders");
        assert!(!page.contains("http://") || page.contains("http://www.w3.org/2000/svg"), "nothing is fetched");
        for part in ["Of 5 &amp; more.", "By camera.", "0.123", "<svg", "data:image/png;base64,", "not for diagnosis"] {
            assert!(page.contains(part), "{part} is missing");
        }
        // Well-formed, as a reader of XML sees it once the sign of HTML is gone.
        assert_eq!(page.matches("<section").count(), page.matches("</section>").count());
    }

    #[test]
    fn long_tables_say_where_the_rest_is() {
        let mut section = section();
        section.tables[0].of.rows = vec![vec![json!("a"), json!(1), json!(2)]; MOST_ROWS + 7];
        let page = page(&ReportHeader::default(), &[section]).unwrap();
        assert!(page.contains("7 more rows are in groups.csv") && page.matches("<tr>").count() == MOST_ROWS + 1);
    }

    #[test]
    fn an_interval_stands_behind_its_figure() {
        let columns = ["what", "value", "low", "high", "PPV", "PPV low", "PPV high", "low", "n"].map(str::to_owned);
        assert_eq!(shown(&columns), [(0, false), (1, true), (4, true), (7, false), (8, false)]);
        let mut of = Table::new(["what", "value", "low", "high"]);
        of.push([json!("AUC"), json!(0.5), json!(0.4), json!(0.6)]);
        of.push([json!("ECE"), json!(0.1), json!(null), json!(null)]);
        let words = table("t", "", &of).into_string();
        assert!(
            words.contains("0.500 (0.400 to 0.600)") && words.contains(">0.100<") && !words.contains("low"),
            "{words}"
        );
    }

    #[test]
    fn every_part_is_a_file_too() {
        let files = super::super::files(&ReportHeader::default(), &[section()]).unwrap();
        let names: Vec<&str> = files.iter().map(|(name, _)| name.as_str()).collect();
        assert_eq!(names, ["report.html", "groups.csv", "groups.parquet", "roc.svg", "roc.png", "mean-map.png"]);
        assert!(files.iter().all(|(_, bytes)| !bytes.is_empty()));
    }
}
