//! The figures of all pictures together, and the files that tell them.

use std::path::Path;
use std::time::SystemTime;

use anyhow::{Result, anyhow};
use image::ImageFormat;
use serde_json::{Value, json};

use super::labelled::Labelled;
use super::rows::Row;
use super::work::Work;
use super::{Arguments, Measured, certify, examples, say};
use crate::cli::signals::Stop;
use crate::evaluate::decisions::{self, DecisionOptions, Decisions};
use crate::evaluate::four_tests::FourTests;
use crate::evaluate::place::{PicturePlaces, Places};
use crate::evaluate::report::{self, ReportHeader};
use crate::evaluate::shortcuts::{self, ShortcutFigures, Shortcuts};
use crate::evaluate::strong_features::{PictureFeatures, StrongFeatures};
use crate::evaluate::truth::{PictureTruth, Truthfulness};
use crate::evaluate::{Case, Cases, Named, Section, Truth};
use crate::export::report_page::document;
use crate::export::{PageTheme, iso_date};
use crate::guard::whole::OutputSet;
use crate::statistics::RESAMPLINGS;
use crate::table::Table;

const PRINT_DPI: f32 = 300.0;
/// In the report, where it is seen on a screen.
const SCREEN_DPI: f32 = 130.0;

/// Works out the figures and writes all files, whole or not at all.
pub fn finish(
    arguments: &Arguments,
    work: &Work<'_>,
    labelled: &Labelled,
    measured: &Measured,
    (stop, certificate): (&Stop, Option<&Path>),
) -> Result<()> {
    let cases = cases(work, labelled, &measured.rows);
    let options = DecisionOptions {
        prevalence: arguments.prevalence,
        cost_of_miss: arguments.cost_of_miss,
        cost_of_false_alarm: arguments.cost_of_false_alarm,
        ..DecisionOptions::default()
    };
    let decided = decisions::decisions_while(&cases, &options, &|| !stop.is_asked());
    let Some(decided) = decided else { return super::stopped(stop) };
    let mut sections = vec![decisions::section(&cases, &decided)];
    let tested: Vec<PictureTruth> = measured.rows.iter().filter_map(|(_, row)| row.truth.clone()).collect();
    let truth = (!tested.is_empty()).then(|| Truthfulness::of(&tested));
    let placed: Vec<PicturePlaces> = measured.rows.iter().filter_map(|(_, row)| row.places.clone()).collect();
    let places = (!placed.is_empty()).then(|| Places::of(&placed));
    sections.extend(places.iter().map(Places::section));
    sections.extend(truth.iter().map(Truthfulness::section));
    let tests = FourTests::of(truth.as_ref(), places.as_ref());
    if truth.is_some() || places.is_some() {
        sections.push(tests.section());
    }
    let features: Vec<PictureFeatures> = measured.rows.iter().filter_map(|(_, row)| row.features.clone()).collect();
    let strong = (!features.is_empty()).then(|| StrongFeatures::of(&features, cases.classes.len(), work.truth.fill));
    sections.extend(strong.iter().map(StrongFeatures::section));
    let Some(shortcuts) = shortcuts(&cases, &measured.rows, stop) else { return super::stopped(stop) };
    sections.push(shortcuts::section(&shortcuts, &cases.classes));
    let mut files = Vec::new();
    if let Some(gallery) = examples::gallery(work, labelled, &measured.rows)? {
        let page = gallery.page(PageTheme::Light);
        let mut png = std::io::Cursor::new(Vec::new());
        page.to_picture(PRINT_DPI)?.write_to(&mut png, ImageFormat::Png)?;
        files.push(("examples-print.png".to_owned(), png.into_inner()));
        files.push(("examples.svg".to_owned(), page.to_svg().into_bytes()));
        let shown = page.to_picture(SCREEN_DPI)?;
        let pdf = document(&gallery.title, &iso_date(SystemTime::now()), vec![page], PageTheme::Light).to_pdf()?;
        files.push(("examples.pdf".to_owned(), pdf));
        sections.push(Section {
            title: "Examples".to_owned(),
            pictures: vec![Named::new("examples", gallery.caption, shown)],
            ..Section::default()
        });
    }
    let table = predictions(&cases);
    files.push(("predictions.csv".to_owned(), table.csv().map_err(|reason| anyhow!(reason))?));
    files.push(("predictions.parquet".to_owned(), table.parquet().map_err(|reason| anyhow!(reason))?));
    files.push((
        "metrics.json".to_owned(),
        metrics(&cases, &decided, json!({
        "places": places, "truth": truth, "four_tests": tests, "strong_features": strong, "shortcuts": shortcuts,
    }))?,
    ));
    let head = head(arguments, &cases, labelled, measured);
    files.extend(report::files(&head, &sections).map_err(|reason| anyhow!(reason))?);
    // What was measured before in the same folder is of the same pictures.
    let mut set = OutputSet::new(&arguments.out, "report", true);
    for (name, bytes) in &files {
        set.add_file(name, bytes).map_err(|error| anyhow!("{error}"))?;
    }
    set.finish().map_err(|error| anyhow!("{error}"))?;
    if let (Some(place), Some(on)) = (certificate, &arguments.certify) {
        certify::keep(place, &certify::certificate(&cases, &decided, &tests, tested.len(), on))?;
    }
    say(summary(&cases, &decided));
    say(format_args!("{}", arguments.out.join(report::PAGE).display()));
    Ok(())
}

fn shortcuts(cases: &Cases, rows: &[(usize, Row)], stop: &Stop) -> Option<ShortcutFigures> {
    let mut found = Shortcuts::default();
    for (case, (_, row)) in cases.all.iter().zip(rows) {
        if let Some(looks) = row.looks.clone() {
            found.add(looks, &case.truth, &case.patient);
        }
    }
    found.figures_while(cases.classes.len(), RESAMPLINGS, &|| !stop.is_asked())
}

fn cases(work: &Work<'_>, labelled: &Labelled, rows: &[(usize, Row)]) -> Cases {
    let mut cases = Cases::new(&work.explainer.card, &work.explainer.sha256, labelled.columns.clone());
    let case = |(picture, row): &(usize, Row)| {
        let picture = &labelled.pictures[*picture];
        Case {
            image: picture.label.image.clone(),
            truth: picture.truth.clone(),
            patient: picture.label.patient.clone().unwrap_or_default(),
            groups: picture.groups.clone(),
            probabilities: row.probabilities.clone(),
            decided: row.decided,
            findings: row.findings.clone(),
            gradable: row.gradable,
            is_refused: row.is_refused,
            agrees: row.agrees,
        }
    };
    cases.all = rows.iter().map(case).collect();
    cases
}

/// Every picture with its label and its answer.
fn predictions(cases: &Cases) -> Table {
    let findings = cases.output.has_findings();
    let first = ["image", "patient"].into_iter().map(str::to_owned).chain(cases.columns.clone());
    let names = || cases.classes.iter().map(|class| &class.name);
    let truths: Vec<String> =
        if findings { names().map(|name| format!("true_{name}")).collect() } else { vec!["truth".to_owned()] };
    let last = ["decided", "agrees", "gradable", "refused"].map(str::to_owned);
    let probabilities = names().map(|name| format!("p_{name}"));
    let mut table = Table::new(first.chain(truths).chain(last).chain(probabilities));
    let name = |class: usize| cases.classes.get(class).map(|class| class.name.as_str());
    for case in &cases.all {
        let mut row = vec![json!(case.image), json!(Some(&case.patient).filter(|patient| !patient.is_empty()))];
        row.extend(case.groups.iter().map(|group| json!(group)));
        match &case.truth {
            Truth::Class(class) => row.push(json!(name(*class))),
            Truth::Findings(there) => row.extend(there.iter().map(|there| json!(there))),
        }
        let said = |classes: &Vec<usize>| classes.iter().filter_map(|class| name(*class)).collect::<Vec<_>>().join(" ");
        row.push(case.findings.as_ref().map_or(json!(name(case.decided)), |classes| json!(said(classes))));
        row.extend([json!(case.agrees), json!(case.gradable), json!(case.is_refused)]);
        row.extend(case.probabilities.iter().map(|p| json!(f64::from(*p))));
        table.push(row);
    }
    table
}

fn metrics(cases: &Cases, decided: &Decisions, parts: Value) -> Result<Vec<u8>> {
    let mut metrics = serde_json::to_value(decided)?;
    if let Value::Object(fields) = &mut metrics {
        fields.insert("model".to_owned(), json!(cases.model));
        fields.insert("model_sha256".to_owned(), json!(cases.sha256));
        fields.extend(parts.as_object().cloned().unwrap_or_default());
        fields.insert("version".to_owned(), json!(env!("CARGO_PKG_VERSION")));
    }
    let mut bytes = serde_json::to_vec_pretty(&metrics)?;
    bytes.push(b'\n');
    Ok(bytes)
}

fn head(arguments: &Arguments, cases: &Cases, labelled: &Labelled, measured: &Measured) -> ReportHeader {
    let fact = |name: &str, value: String| (name.to_owned(), value);
    let name = |path: &Path| path.file_name().unwrap_or_default().to_string_lossy().into_owned();
    let mut facts = vec![
        fact("Model", cases.model.clone()),
        fact("Weights (SHA-256)", cases.sha256.clone()),
        fact("Pictures", arguments.paths.iter().map(|path| name(path)).collect::<Vec<_>>().join(", ")),
        fact("Labels", arguments.labels.as_ref().map_or_else(|| "MNIST's own".to_owned(), |path| name(path))),
        fact("Measured", format!("{} of {} labelled pictures", cases.all.len(), labelled.pictures.len())),
        fact("Date", iso_date(SystemTime::now())),
    ];
    facts.extend(labelled.left_out.iter().map(|says| fact("Left out", says.clone())));
    facts.extend(measured.failures.iter().take(20).map(|says| fact("Left out", says.clone())));
    let warnings = vec![
        "Figures hold for pictures like these. On pictures that the model learned from they say nothing; the model's card \
         tells what that was."
            .to_owned(),
    ];
    ReportHeader { title: format!("{}, measured on labelled pictures", cases.model), facts, warnings }
}

/// "400 pictures: accuracy 0.71 (majority 0.49), …".
fn summary(cases: &Cases, decided: &Decisions) -> String {
    let value = |figure: &crate::statistics::Figure| match (figure.value, figure.interval) {
        (Some(value), Some([low, high])) => format!("{value:.3} ({low:.3} to {high:.3})"),
        (Some(value), None) => format!("{value:.3}"),
        (None, _) => "not defined".to_owned(),
    };
    let mut says = format!("{}: {} pictures; accuracy {}", cases.model, decided.n, value(&decided.accuracy));
    if let Some(majority) = decided.majority {
        says += &format!(", majority {majority:.3}");
    }
    if decided.kappa.value.is_some() {
        says += &format!("; kappa {}", value(&decided.kappa));
    }
    for name in ["any", "referable"] {
        if let Some(auc) = decided.auc.get(name) {
            says += &format!("; AUC {name} {}", value(auc));
        }
    }
    says
}
