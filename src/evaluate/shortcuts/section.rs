//! The shortcuts in words, tables and a picture.

use image::imageops::{self, FilterType};
use image::{Luma, Rgb, RgbImage};
use serde_json::json;

use super::super::cells::{exact, percent};
use super::super::section::{Axis, Named, Plot, PlotKind, Section, Span};
use super::cues::{DEALT, FEW_PICTURES, LEAST_OF_A_KIND, LEAST_PICTURES, TELLING};
use super::{Cue, MeanMap, ShortcutFigures, Tells};
use crate::bundle::card::Class;
use crate::statistics::Unit;
use crate::table::Table;

/// The side of the mean map as a picture, in pixels.
const PICTURE_PX: u32 = 480;

/// What was found, in one sentence.
pub fn verdict(figures: &ShortcutFigures) -> String {
    let found = figures.found();
    let gathers: Vec<String> = figures
        .shares
        .iter()
        .filter(|share| share.gathers)
        .map(|share| format!("{} ({:.1} times its area)", share.place.title(), share.ratio.value.unwrap_or(0.0)))
        .collect();
    let told: Vec<String> =
        found.iter().map(|cue| format!("{} (AUC {:.2})", cue.kind.title(), cue.auc.value.unwrap_or(0.0))).collect();
    let where_it_lies = match &gathers[..] {
        [] if figures.mean.n == 0 => String::new(),
        [] => "; responses do not gather on border, corners or burned-in marks".to_owned(),
        all => format!("; and responses gather on {}", joined(all)),
    };
    match &told[..] {
        _ if figures.tried == 0 => {
            format!(
                "Too few pictures to tell whether there are shortcuts: it takes at least {LEAST_PICTURES}, {LEAST_OF_A_KIND} of them with a label and {LEAST_OF_A_KIND} without{where_it_lies}."
            )
        }
        [] if gathers.is_empty() => format!(
            "No shortcut was found: neither thumbnail nor border, marks, exposure, sharpness or size tells the label{where_it_lies}."
        ),
        [] => format!("Nothing about how the pictures were taken tells the label{where_it_lies}."),
        all => format!(
            "Possible shortcut: the label can be told from {} alone, in {} not learned from{where_it_lies}.",
            joined(all),
            match figures.unit {
                Unit::Patients => "patients",
                Unit::Pictures => "pictures",
            }
        ),
    }
}

/// "a, b and c".
fn joined(all: &[String]) -> String {
    match all {
        [] => String::new(),
        [one] => one.clone(),
        [first @ .., last] => format!("{} and {last}", first.join(", ")),
    }
}

/// What `figures` say to people, of a model with these `classes`.
pub fn section(figures: &ShortcutFigures, classes: &[Class]) -> Section {
    let mut section = Section { title: "Shortcuts".to_owned(), says: says(figures, classes), ..Section::default() };
    if !figures.cues.is_empty() {
        section.tables.push(cues(figures, classes));
        section.plots.push(plot(figures));
    }
    if figures.mean.n > 0 {
        section.tables.push(shares(figures));
        section.pictures.push(mean_picture(&figures.mean));
    }
    section
}

fn says(figures: &ShortcutFigures, classes: &[Class]) -> Vec<String> {
    let mut says = vec![figures.verdict.clone()];
    if let Some(cue) = figures.cues.first() {
        says.push(thumbnail_sentence(cue, figures));
    }
    for cue in figures.found() {
        let Some((class, area)) = cue.best.filter(|_| classes.len() > 2) else { continue };
        let name = classes.get(class).map(Class::full_name).unwrap_or_default();
        says.push(format!("What {} tells best is {name} (AUC {area:.2}).", cue.kind.title()));
    }
    if !figures.found().is_empty() {
        says.push("That a label can be told so does not mean that the model does it: disease may change how a picture looks, and so may who took it. Compare groups of one camera, and see where the responses lie.".to_owned());
    }
    let slight: Vec<String> =
        figures.cues.iter().filter(|cue| cue.tells == Tells::Slightly).map(|cue| cue.kind.title().to_owned()).collect();
    if !slight.is_empty() {
        says.push(format!("A little, but surely, the label goes with {} (AUC below {TELLING}).", joined(&slight)));
    }
    says
}

fn thumbnail_sentence(cue: &Cue, figures: &ShortcutFigures) -> String {
    let unit = match figures.unit {
        Unit::Patients => "patients that were not learned from; intervals are over patients",
        Unit::Pictures => "pictures that were not learned from; whose they are is not known",
    };
    format!(
        "A logistic regression on 16×16 grey values of the whole picture gives the right label in {} of {} pictures, where always giving the commonest would in {}: over five folds, in {unit}.",
        cue.accuracy.value.map(percent).unwrap_or_default(),
        figures.tried,
        cue.majority.map(percent).unwrap_or_default()
    )
}

fn cues(figures: &ShortcutFigures, classes: &[Class]) -> Named<Table> {
    let mut table = Table::new([
        "told from",
        "AUC",
        "AUC low",
        "AUC high",
        "accuracy",
        "accuracy low",
        "accuracy high",
        "commonest label",
        "tells",
        "best told",
    ]);
    for cue in &figures.cues {
        let tells = match cue.tells {
            Tells::No => "no",
            Tells::Slightly => "slightly",
            Tells::Yes => "yes",
        };
        let best = cue.best.and_then(|(class, _)| classes.get(class)).map(Class::full_name);
        let row = [json!(cue.kind.title())].into_iter().chain(exact(&cue.auc)).chain(exact(&cue.accuracy));
        table.push(row.chain([json!(cue.majority), json!(tells), json!(best)]));
    }
    let caption = format!(
        "What tells the label without any disease being seen, on {} pictures: AUC 0.5 is chance. \"yes\" needs an area of at least {TELLING} that is surely above a half and, of fewer than {FEW_PICTURES} pictures, clearly above those of {DEALT} sets of labels reshuffled among the patients.",
        figures.tried
    );
    Named::new("shortcut-cues", caption, table)
}

fn plot(figures: &ShortcutFigures) -> Named<Plot> {
    let span =
        |cue: &Cue| Some(Span { name: cue.kind.title().to_owned(), value: cue.auc.value?, interval: cue.auc.interval });
    let spans: Vec<Span> = figures.cues.iter().filter_map(span).collect();
    let plot = Plot {
        x: Axis::new("AUC, mean over labels", 0.0, 1.0),
        y: Axis::new("told from", 0.0, spans.len() as f64),
        kind: PlotKind::Spans { spans, at: Some(0.5) },
    };
    Named::new(
        "shortcut-cues-plot",
        "How well the label is told from each of these alone, with 95 % intervals; the line is chance.",
        plot,
    )
}

fn shares(figures: &ShortcutFigures) -> Named<Table> {
    let mut table = Table::new([
        "place",
        "pictures",
        "share of response",
        "low",
        "high",
        "share of area",
        "times its area",
        "times low",
        "times high",
        "gathers there",
    ]);
    for share in &figures.shares {
        let row = [json!(share.place.title()), json!(share.n)].into_iter().chain(exact(&share.share));
        let row = row.chain([json!(share.area)]).chain(exact(&share.ratio));
        table.push(row.chain([json!(if share.gathers { "yes" } else { "no" })]));
    }
    let caption = "Where the response of the decided class lies, beside what the area alone would get.";
    Named::new("shortcut-places", caption, table)
}

/// The mean of what was seen in grey, and over it the mean response: the stronger, the more yellow.
fn mean_picture(mean: &MeanMap) -> Named<RgbImage> {
    let side = mean.side as u32;
    let most = mean.response.iter().copied().fold(f64::MIN_POSITIVE, f64::max);
    let enlarged = |values: &[f64], scale: f64| {
        let value = |x: u32, y: u32| values.get((y * side + x) as usize).copied().unwrap_or(0.0);
        let cells = image::ImageBuffer::from_fn(side, side, |x, y| Luma([(value(x, y) / scale) as f32]));
        imageops::resize(&cells, PICTURE_PX, PICTURE_PX, FilterType::Triangle)
    };
    let (seen, response) = (enlarged(&mean.seen, 1.0), enlarged(&mean.response, most));
    let picture = RgbImage::from_fn(PICTURE_PX, PICTURE_PX, |x, y| {
        let (grey, part) = (seen.get_pixel(x, y).0[0].clamp(0.0, 1.0), response.get_pixel(x, y).0[0].clamp(0.0, 1.0));
        let colour = colorous::VIRIDIS.eval_continuous(part.into());
        let blend = |c: u8| ((1.0 - 0.75 * part) * 255.0 * grey + 0.75 * part * f32::from(c)).round() as u8;
        Rgb([blend(colour.r), blend(colour.g), blend(colour.b)])
    });
    let even = 1.0 / mean.response.len().max(1) as f64;
    let caption = format!(
        "The mean response of the decided class over {} pictures in the model's frame, each map with a sum of 1, over the mean of what the model saw. The brightest yellow is {:.1} times what an even map would have there; colours are scaled to it.",
        mean.n,
        most / even
    );
    Named::new("mean-map", caption, picture)
}
