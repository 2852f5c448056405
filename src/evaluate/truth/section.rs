//! Truth, as it is said to people.

use serde_json::Value;

use super::randomised::{DEPENDS_BELOW, says};
use super::summary::{LikenessFigures, MapTruth, SaidFigures, Truthfulness};
use crate::evaluate::cells::{columns, figure, words};
use crate::evaluate::section::{Axis, Line, Named, Plot, PlotKind, Section};
use crate::statistics::Unit;
use crate::table::Table;

impl Truthfulness {
    /// Sentences, tables and plots.
    pub fn section(&self) -> Section {
        let over = match self.unit {
            Unit::Patients => "patients",
            Unit::Pictures => "pictures, since the table names no patients",
        };
        let mut says = vec![format!(
            "Whether maps tell the truth, measured on {} pictures; intervals of 95 % are drawn over {over}. Maps are of the \
             decided class. Pixels are changed in the picture as the model is given it, before it is normalised.",
            self.n
        )];
        let sentences: Vec<String> = self.maps.iter().filter_map(sentence).collect();
        if !sentences.is_empty() {
            says.push(
                "Randomised weights are the model's own in an order that chance gives, another one for each picture, so that \
                 the intervals hold how draws differ, too."
                    .to_owned(),
            );
        }
        says.extend(sentences);
        let tables = [
            Named::new(
                "insertion-deletion",
                "Area under the decided class's probability while pixels are put in (higher is better) or taken out (lower \
                 is better), strongest first (Petsiuk 2018); gain: against a random order of the same pixels.",
                self.curve_table(),
            ),
            Named::new(
                "keep-remove",
                "The decided class's probability, and how often the decision stays, with strong pixels alone and without \
                 them (CLEAR's experiment), beside as many pixels by chance.",
                self.rescored_table(),
            ),
            Named::new(
                "randomised-weights",
                "The model's own maps against those of the model whose layers lose their weights from the last to the \
                 first (Adebayo 2018).",
                likeness_table("layers", &self.maps, |map| {
                    map.randomised.iter().map(|s| with(s, s.of.clone())).collect()
                }),
            ),
            Named::new(
                "repeatability",
                "Maps of the changed picture, brought back to the picture's frame, against its own (Arun 2021).",
                likeness_table("variant", &self.maps, |map| {
                    map.repeated.iter().map(|s| with(s, s.of.name().to_owned())).collect()
                }),
            ),
            Named::new(
                "reproducibility",
                "Maps of a second model of the same class against those of this one.",
                likeness_table("against", &self.maps, |map| {
                    map.reproduced.iter().map(|s| with(s, "second model".to_owned())).collect()
                }),
            ),
        ];
        Section {
            title: "Do the maps tell the truth?".to_owned(),
            says,
            tables: tables.into_iter().filter(|table| !table.of.rows.is_empty()).collect(),
            plots: self.plots(),
            pictures: Vec::new(),
        }
    }

    fn curve_table(&self) -> Table {
        let names = ["insertion", "insertion_gain", "deletion", "deletion_gain"].map(columns).concat();
        let mut table = Table::new(["map".to_owned(), "fill".to_owned()].into_iter().chain(names));
        let maps = self.maps.iter().map(|map| (map.map.name(), &map.curves));
        for (name, curves) in maps.chain([("random-order", &self.chance)]) {
            for curve in curves {
                let figures = [curve.insertion, curve.insertion_gain, curve.deletion, curve.deletion_gain];
                let cells = figures.map(figure).concat();
                table.push([Value::from(name), curve.fill.name().into()].into_iter().chain(cells));
            }
        }
        table
    }

    fn rescored_table(&self) -> Table {
        let of = ["kept", "kept_by_chance", "removed", "removed_by_chance"];
        let names =
            of.map(|name| [columns(&format!("{name}_probability")), columns(&format!("{name}_stays"))].concat());
        let first = ["map", "strong", "share_of_pixels"].map(str::to_owned);
        let mut table = Table::new(first.into_iter().chain(names.concat()));
        for map in &self.maps {
            for found in &map.rescored {
                let said = |said: &SaidFigures| [figure(said.probability), figure(said.stays)].concat();
                let cells = [&found.kept, &found.random_kept, &found.removed, &found.random_removed].map(said).concat();
                let [share, ..] = figure(found.share);
                let first = [map.map.name().into(), found.strong.to_string().into(), share];
                table.push(first.into_iter().chain(cells));
            }
        }
        table
    }

    fn plots(&self) -> Vec<Named<Plot>> {
        let mut plots = Vec::new();
        let fills = self.chance.iter().chain(self.maps.iter().flat_map(|map| &map.curves)).map(|curve| curve.fill);
        let mut known = Vec::new();
        for fill in fills {
            if known.contains(&fill) {
                continue;
            }
            known.push(fill);
            for (which, name) in ["insertion", "deletion"].into_iter().enumerate() {
                let points = |curves: &[super::summary::CurveFigures]| {
                    let curve = curves.iter().find(|curve| curve.fill == fill)?;
                    Some(spread(&curve.curves[which]))
                };
                let curve = |map: &MapTruth| Some(Line::curve(map.map.title(), points(&map.curves)?));
                let mut lines: Vec<Line> = self.maps.iter().filter_map(curve).collect();
                lines.extend(points(&self.chance).map(|points| Line::baseline("random order", points)));
                plots.push(Named::new(
                    format!("{name}-{}", fill.name()),
                    format!(
                        "Mean probability of the decided class over the part of the pixels, {name}, fill: {}.",
                        fill.name()
                    ),
                    lines_plot("part of the pixels", "probability", lines),
                ));
            }
        }
        let curve = |map: &MapTruth| {
            let values: Vec<f64> = map.randomised.iter().map(|model| model.spearman.value.unwrap_or(0.0)).collect();
            let points = [1.0].into_iter().chain(values).enumerate().map(|(step, value)| (step as f64, value));
            Line::curve(map.map.title(), points.collect())
        };
        let most = self.maps.iter().map(|map| map.randomised.len()).max().unwrap_or(0);
        if most > 0 {
            let lines = self.maps.iter().map(curve).collect();
            let (x, y) = (Axis::new("groups of layers randomised", 0.0, most as f64), Axis::new("Spearman", -0.2, 1.0));
            let caption = "Rank correlation with the model's own map while its layers lose their weights from the last to the first.";
            plots.push(Named::new("randomised-weights", caption, Plot { x, y, kind: PlotKind::Lines(lines) }));
        }
        plots
    }
}

fn sentence(map: &MapTruth) -> Option<String> {
    let found = map.randomised_spearman()?;
    let Some(spearman) = found.value else {
        return Some(format!("{}: the model without its weights gave no map to compare.", map.map.title()));
    };
    Some(format!(
        "{}: {}. Its rank correlation with the map of the model without its weights is {}; below {DEPENDS_BELOW} it depends.",
        map.map.title(),
        says(Some(spearman)),
        words(found)
    ))
}

fn lines_plot(x: &str, y: &str, lines: Vec<Line>) -> Plot {
    Plot { x: Axis::new(x, 0.0, 1.0), y: Axis::new(y, 0.0, 1.0), kind: PlotKind::Lines(lines) }
}

/// Values over 0 to 1.
fn spread(values: &[f64]) -> Vec<(f64, f64)> {
    let steps = values.len().saturating_sub(1).max(1) as f64;
    values.iter().enumerate().map(|(step, value)| (step as f64 / steps, *value)).collect()
}

fn with<T>(found: &LikenessFigures<T>, of: String) -> LikenessFigures<String> {
    LikenessFigures { of, spearman: found.spearman, ssim: found.ssim }
}

fn likeness_table(of: &str, maps: &[MapTruth], rows: impl Fn(&MapTruth) -> Vec<LikenessFigures<String>>) -> Table {
    let names = ["spearman", "ssim"].map(columns).concat();
    let mut table = Table::new(["map".to_owned(), of.to_owned()].into_iter().chain(names));
    for map in maps {
        for found in rows(map) {
            let cells = [figure(found.spearman), figure(found.ssim)].concat();
            table.push([Value::from(map.map.name()), found.of.into()].into_iter().chain(cells));
        }
    }
    table
}
