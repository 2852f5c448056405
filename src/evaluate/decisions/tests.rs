use serde::Deserialize;

use super::*;
use crate::bundle::card::{Class, Decision, Output, OutputActivation};
use crate::bundle::colour::Colour;
use crate::bundle::question::{OperatingPoint, Question};
use crate::evaluate::{Plot, PlotKind, Section, Truth};

/// Few draws: what is held here are values.
const QUICK: DecisionOptions =
    DecisionOptions { prevalence: None, cost_of_miss: 1.0, cost_of_false_alarm: 1.0, draws: 100 };

#[derive(Deserialize)]
struct Reference {
    grades: Grades,
    findings: Findings,
}

#[derive(Deserialize)]
struct Grades {
    truth: Vec<usize>,
    parts: Vec<Vec<u8>>,
    confusion: Vec<Vec<u64>>,
    accuracy: f64,
    kappa: f64,
    plain_kappa: f64,
    brier: f64,
    ece: f64,
    class_auc: Vec<f64>,
    mean_auc: f64,
    any: Binary,
    referable: Binary,
}

#[derive(Deserialize)]
struct Findings {
    truth: Vec<Vec<Option<bool>>>,
    parts: Vec<Vec<u8>>,
    points: Vec<f32>,
    accuracy: f64,
    brier: f64,
    findings: Vec<Binary>,
}

#[derive(Deserialize)]
struct Binary {
    auc: f64,
    brier: f64,
    threshold: f32,
    sensitivity: f64,
    specificity: f64,
    ppv: f64,
    npv: f64,
    observed: Vec<f64>,
    predicted: Vec<f64>,
    ece: f64,
    roc: Vec<(f64, f64)>,
}

fn reference() -> Reference {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/fixtures/decisions.json");
    serde_json::from_slice(&std::fs::read(path).unwrap()).unwrap()
}

fn probabilities(parts: &[u8]) -> Vec<f32> {
    parts.iter().map(|part| f32::from(*part) / 64.0).collect()
}

fn class(name: &str, normal: bool) -> Class {
    Class { name: name.to_owned(), label: name.to_owned(), colour: Colour([0, 0, 0]), normal }
}

fn output(decision: Decision) -> Output {
    let activation =
        if decision == Decision::EachFinding { OutputActivation::Sigmoid } else { OutputActivation::Softmax };
    Output { activation, decision, operating_points: Vec::new(), ordered: false, questions: Vec::new() }
}

fn cases(classes: usize, output: Output, all: Vec<Case>) -> Cases {
    let classes = (0..classes).map(|at| class(&at.to_string(), false)).collect();
    Cases { model: "m".to_owned(), sha256: String::new(), classes, output, columns: Vec::new(), all }
}

fn case(truth: Truth, probabilities: Vec<f32>, decided: usize) -> Case {
    Case {
        image: String::new(),
        truth,
        patient: String::new(),
        groups: Vec::new(),
        probabilities,
        decided,
        findings: None,
        gradable: None,
        is_refused: false,
        agrees: None,
    }
}

/// Of two classes, the second with the probability `p`, decided from a half on.
fn two(is_ill: bool, p: f32) -> Case {
    case(Truth::Class(is_ill.into()), vec![1.0 - p, p], usize::from(p >= 0.5))
}

/// The grades of the reference, asked at its thresholds.
fn graded(reference: &Grades) -> Cases {
    let question = |least_class, probability| Question {
        name: format!("from {least_class} on"),
        headline: (least_class == 2).then(|| "Referable".to_owned()),
        least_class,
        on: String::new(),
        operating_points: vec![OperatingPoint { probability, sensitivity: 0.9, specificity: 0.8 }],
    };
    let questions = vec![question(1, reference.any.threshold), question(2, reference.referable.threshold)];
    let all = reference.truth.iter().zip(&reference.parts).map(|(truth, parts)| {
        let probabilities = probabilities(parts);
        let most = parts.iter().max().unwrap();
        let decided = parts.iter().position(|part| part == most).unwrap();
        case(Truth::Class(*truth), probabilities, decided)
    });
    let output = Output { ordered: true, questions, ..output(Decision::MostProbable) };
    cases(5, output, all.collect())
}

fn is(what: &str, found: Option<f64>, expected: f64) {
    let found = found.unwrap_or(f64::NAN);
    assert!((found - expected).abs() < 1e-9, "{what}: {found}, not {expected}");
}

fn agrees(found: &TargetFigures, expected: &Binary) {
    is("AUC", found.auc.value, expected.auc);
    is("Brier", found.brier.value, expected.brier);
    is("ECE", found.ece, expected.ece);
    let point = &found.points[0];
    assert_eq!(point.threshold, Some(expected.threshold));
    is("sensitivity", point.sensitivity.value, expected.sensitivity);
    is("specificity", point.specificity.value, expected.specificity);
    is("PPV", point.ppv.value, expected.ppv);
    is("NPV", point.npv.value, expected.npv);
    let bins: Vec<&Bin> = found.reliability.iter().filter(|bin| bin.n > 0).collect();
    assert_eq!(bins.len(), expected.observed.len());
    for (bin, (observed, predicted)) in bins.iter().zip(expected.observed.iter().zip(&expected.predicted)) {
        is("observed", bin.observed, *observed);
        is("predicted", bin.predicted, *predicted);
    }
    // Ours has fewer points: all of theirs lie on it, and all of its are theirs.
    let corners: Vec<(f64, f64)> =
        found.roc.iter().map(|corner| (corner.false_positive_rate, corner.sensitivity)).collect();
    let is_at = |a: (f64, f64), b: (f64, f64)| (a.0 - b.0).abs() < 1e-9 && (a.1 - b.1).abs() < 1e-9;
    let lies_between = |at: (f64, f64), pair: &[(f64, f64)]| {
        let (along, up) = (pair[1].0 - pair[0].0, pair[1].1 - pair[0].1);
        let (x, y) = (at.0 - pair[0].0, at.1 - pair[0].1);
        (x * up - y * along).abs() < 1e-9 && (-1e-9..=along + 1e-9).contains(&x) && (-1e-9..=up + 1e-9).contains(&y)
    };
    assert!(corners.iter().all(|corner| expected.roc.iter().any(|theirs| is_at(*corner, *theirs))));
    assert!(expected.roc.iter().all(|theirs| corners.windows(2).any(|pair| lies_between(*theirs, pair))));
}

#[test]
fn figures_of_grades_are_those_of_scikit_learn() {
    let reference = reference().grades;
    let mut cases = graded(&reference);
    let found = decisions(&cases, &QUICK);
    assert_eq!((found.n, &found.confusion.counts), (160, &reference.confusion));
    is("accuracy", found.accuracy.value, reference.accuracy);
    is("kappa", found.kappa.value, reference.kappa);
    is("Brier", found.brier.value, reference.brier);
    is("ECE", found.ece, reference.ece);
    for (at, expected) in reference.class_auc.iter().enumerate() {
        is("a class's AUC", found.auc[&at.to_string()].value, *expected);
    }
    assert_eq!(found.targets.iter().map(|target| target.key.as_str()).collect::<Vec<_>>(), ["any", "referable"]);
    agrees(&found.targets[0], &reference.any);
    agrees(&found.targets[1], &reference.referable);
    assert_eq!(found.auc["referable"], found.targets[1].auc);
    assert_eq!(found.targets[1].points[0].stated, Some([0.9, 0.8]));
    // Classes without an order.
    cases.output = output(Decision::MostProbable);
    let found = decisions(&cases, &QUICK);
    is("plain kappa", found.kappa.value, reference.plain_kappa);
    assert_eq!((found.kappa_weights, found.targets.len(), found.auc.len()), (Some("none"), 0, 5));
    let view = View::of(&cases);
    let everything: Vec<usize> = (0..160).collect();
    let mean = view.measure(Small::MeanAuc, &everything).unwrap();
    is("mean AUC", mean(&vec![1; 160]), reference.mean_auc);
}

#[test]
fn figures_of_findings_are_those_of_scikit_learn() {
    let reference = reference().findings;
    let all = reference
        .truth
        .iter()
        .zip(&reference.parts)
        .map(|(truth, parts)| case(Truth::Findings(truth.clone()), probabilities(parts), 0));
    let output = Output { operating_points: reference.points.clone(), ..output(Decision::EachFinding) };
    let found = decisions(&cases(3, output, all.collect()), &QUICK);
    assert_eq!((found.n, found.targets.len(), found.kappa), (120, 3, Figure::default()));
    is("accuracy", found.accuracy.value, reference.accuracy);
    is("Brier", found.brier.value, reference.brier);
    for (found, expected) in found.targets.iter().zip(&reference.findings) {
        agrees(found, expected);
    }
    for (at, target) in found.targets.iter().enumerate() {
        let known: Vec<bool> = reference.truth.iter().filter_map(|truth| truth[at]).collect();
        let there = known.iter().filter(|there| **there).count();
        assert_eq!((target.n, target.positives), (known.len(), there));
        is("prevalence", target.prevalence, there as f64 / known.len() as f64);
    }
    assert_eq!(found.auc.keys().collect::<Vec<_>>(), ["0", "1", "2"]);
}

#[test]
fn json_has_the_shape_that_other_programs_read() {
    let found = decisions(&graded(&reference().grades), &QUICK);
    let json = serde_json::to_value(&found).unwrap();
    for key in ["any", "referable", "0", "1", "2", "3", "4"] {
        let figure = &json["auc"][key];
        let [low, value, high] = ["low", "value", "high"].map(|end| figure[end].as_f64().unwrap());
        assert!(low <= value && value <= high, "{key}: {figure}");
    }
    assert_eq!(json["n"], 160);
    assert_eq!(json["confusion"][0].as_array().unwrap().len(), 5, "rows are labels");
    assert!(["accuracy", "kappa"].iter().all(|key| json[key]["high"].is_f64()), "{json}");
    assert!(json["majority"].is_f64());
    assert!(json["targets"][1]["screening"][0]["yield"].is_f64());
}

/// Of ten pictures in a folder half are ill; of those who are screened a tenth is. At 0.5 four of five are found and one of
/// five healthy ones is called ill.
#[test]
fn a_screening_is_told_for_the_stated_prevalence() {
    let ill = [0.9, 0.8, 0.7, 0.6, 0.3].map(|p| two(true, p));
    let healthy = [0.1, 0.2, 0.3, 0.4, 0.6].map(|p| two(false, p));
    let cases = cases(2, output(Decision::MostProbable), ill.into_iter().chain(healthy).collect());
    let options = DecisionOptions { prevalence: Some(0.1), cost_of_miss: 10.0, cost_of_false_alarm: 2.0, draws: 10 };
    let found = decisions(&cases, &options);
    let target = &found.targets[0];
    assert_eq!((target.key.as_str(), target.points[0].threshold), ("any", None));
    assert_eq!((target.points[0].sensitivity.value, target.points[0].specificity.value), (Some(0.8), Some(0.8)));
    let row = target.screening.iter().find(|row| row.threshold == 0.5).unwrap();
    is("PPV", row.ppv, 0.08 / (0.08 + 0.18));
    is("NPV", row.npv, 0.72 / 0.74);
    is("yield", Some(row.called_positive), 0.26);
    is("missed", Some(row.missed_per_1000), 20.0);
    is("cost", Some(row.cost_per_1000), 20.0 * 10.0 + 180.0 * 2.0);
    assert!(target.screening.is_sorted_by(|a, b| a.threshold < b.threshold));
    // Pairs: 0.6 ties once, 0.3 loses two and ties one; the others win all.
    is("AUC", target.auc.value, (15.0 + 4.5 + 2.5) / 25.0);
}

/// One camera's pictures are all told right, the other's only as a coin would.
fn two_cameras() -> Cases {
    let mut all = Vec::new();
    for at in 0..120 {
        let (is_ill, is_good) = (at % 2 == 0, at % 4 < 2);
        let p = if is_good { 0.2 + 0.6 * f32::from(u8::from(is_ill)) } else { 0.25 + 0.5 * (at / 4 % 2) as f32 };
        let camera = if is_good { "A" } else { "B" };
        all.push(Case { groups: vec![camera.to_owned()], patient: format!("p{}", at / 2), ..two(is_ill, p) });
    }
    all.push(Case { groups: vec!["C".to_owned()], patient: "p60".to_owned(), ..two(true, 0.9) });
    let mut cases = cases(2, output(Decision::MostProbable), all);
    cases.columns = vec!["camera".to_owned()];
    cases
}

/// A table of foreign heads: names of files that differ all the same.
#[test]
fn columns_of_one_name_become_files_of_several() {
    let mut cases = two_cameras();
    cases.columns = vec!["фон".to_owned(), "камера".to_owned(), "Eye plot".to_owned(), "eye".to_owned()];
    cases.all.iter_mut().for_each(|case| case.groups = vec![case.groups[0].clone(); 4]);
    is_sound(&section(&cases, &decisions(&cases, &QUICK)));
}

#[test]
fn groups_and_their_gap() {
    let cases = two_cameras();
    let found = decisions(&cases, &QUICK);
    assert_eq!((found.unit, found.units), (Unit::Patients, 61));
    let column = &found.groups[0];
    let names: Vec<(&str, usize)> = column.groups.iter().map(|group| (group.name.as_str(), group.n)).collect();
    assert_eq!(names, [("A", 60), ("B", 60), ("C", 1)]);
    assert_eq!(column.groups[2].figures, None, "one picture is no group");
    let value = |group: usize, small| column.groups[group].figures.as_ref().unwrap().figures[&small].value;
    assert_eq!((value(0, Small::Accuracy), value(1, Small::Accuracy)), (Some(1.0), Some(0.5)));
    assert_eq!((value(0, Small::AnyAuc), value(1, Small::AnyAuc)), (Some(1.0), Some(0.5)));
    assert_eq!(value(1, Small::Sensitivity), Some(0.5));
    let gap = &column.gaps[&Small::Accuracy];
    assert_eq!((gap.largest.as_str(), gap.smallest.as_str(), gap.difference.value), ("A", "B", Some(0.5)));
    // Of 30 patients of B with one picture right in two each: nearly none of it varies. The AUC's does.
    let [low, high] = column.gaps[&Small::AnyAuc].difference.interval.unwrap();
    assert!(low > 0.2 && high < 0.8, "{low} to {high}");
    assert_eq!(column.groups[0].figures.as_ref().unwrap().majority, Some(0.5));
}

/// Two groups of which neither is better: some nineteen in twenty gaps have an interval that holds 0.
#[test]
fn a_gap_by_chance_is_told_as_one() {
    use rand::{RngExt, SeedableRng};
    let mut rng = rand_chacha::ChaCha8Rng::seed_from_u64(3);
    let mut clear = 0;
    for _ in 0..100 {
        let all = (0..120).map(|at| {
            let is_ill = rng.random_bool(0.5);
            let p = if rng.random_bool(0.75) == is_ill { 0.9 } else { 0.1 };
            Case { groups: vec![(at % 2).to_string()], ..two(is_ill, p) }
        });
        let mut cases = cases(2, output(Decision::MostProbable), all.collect());
        cases.columns = vec!["eye".to_owned()];
        let (view, units) = (View::of(&cases), Units::of_groups(0..120));
        let gap = groups::column(&view, 0, &units, 200, &|| true).unwrap().gaps[&Small::Accuracy].difference;
        clear += u32::from(gap.interval.unwrap()[0] > 0.0);
    }
    assert!((1..=10).contains(&clear), "{clear} of 100");
}

#[test]
fn what_the_program_would_not_answer_is_counted_apart() {
    let mut cases = two_cameras();
    for (at, case) in cases.all.iter_mut().enumerate() {
        case.is_refused = at < 10;
        case.gradable = Some(!(5..20).contains(&at));
    }
    let found = decisions(&cases, &QUICK);
    assert_eq!((found.n, found.refused, found.ungradable), (121, 10, 15));
    assert_eq!(found.answered.map(|answered| answered.n), Some(101));
    assert_eq!(decisions(&two_cameras(), &QUICK).answered, None, "all are answered");
}

#[test]
fn odd_cases_are_no_end() {
    let nothing = decisions(&cases(2, output(Decision::MostProbable), Vec::new()), &QUICK);
    assert_eq!((nothing.n, nothing.accuracy, nothing.majority), (0, Figure::default(), None));
    let odd = vec![
        two(true, f32::NAN),
        case(Truth::Class(7), vec![0.5, 0.5], 0),
        case(Truth::Class(0), vec![0.5], 0),
        case(Truth::Findings(vec![None, None]), vec![0.5, 0.5], 0),
        case(Truth::Class(0), vec![0.5, 0.5], 9),
    ];
    let mut cases = cases(2, output(Decision::Threshold), odd);
    cases.columns = vec!["eye".to_owned()];
    let found = decisions(&cases, &QUICK);
    assert_eq!((found.n, found.left_out), (1, 4));
    section(&cases, &found);
    cases.output = output(Decision::EachFinding);
    let found = decisions(&cases, &QUICK);
    assert_eq!((found.n, found.auc["0"].value), (1, None));
    section(&cases, &found);
    assert_eq!(decisions_while(&cases, &QUICK, &|| false), None);
}

/// Tables have as many cells as heads, plots' points lie within their axes, names differ.
fn is_sound(section: &Section) {
    let mut names: Vec<&str> = section.tables.iter().map(|table| table.name.as_str()).collect();
    names.extend(section.plots.iter().map(|plot| plot.name.as_str()));
    let count = names.len();
    names.sort_unstable();
    names.dedup();
    assert_eq!(names.len(), count, "{names:?}");
    assert!(names.iter().all(|name| name.chars().all(|c| c == '-' || c.is_ascii_lowercase() || c.is_ascii_digit())));
    for table in &section.tables {
        assert!(table.of.rows.iter().all(|row| row.len() == table.of.columns.len()), "{}", table.name);
        assert!(table.of.csv().is_ok());
    }
    let inside = |plot: &Plot, x: f64, y: f64| {
        let within = |range: [f64; 2], v: f64| range[0] <= v && v <= range[1];
        within(plot.x.range, x) && within(plot.y.range, y)
    };
    for plot in section.plots.iter().map(|plot| &plot.of) {
        if let PlotKind::Lines(lines) = &plot.kind {
            assert!(lines.iter().flat_map(|line| &line.points).all(|(x, y)| inside(plot, *x, *y)));
        }
    }
}

#[test]
fn a_section_says_what_was_found() {
    let reference = reference();
    let cases = graded(&reference.grades);
    let found = section(&cases, &decisions(&cases, &QUICK));
    is_sound(&found);
    let says = found.says.join("\n");
    let majority = 100.0
        * *reference.grades.confusion.iter().map(|row| row.iter().sum::<u64>()).max().as_ref().unwrap() as f64
        / 160.0;
    assert!(says.contains(&format!("{:.1} % ", 100.0 * reference.grades.accuracy)), "{says}");
    assert!(says.contains(&format!("would be right in {majority:.1} %")), "{says}");
    assert!(says.contains("over 160 pictures"), "{says}");
    assert!(says.contains("too narrow"), "{says}");
    let cases = two_cameras();
    let found = section(&cases, &decisions(&cases, &QUICK));
    is_sound(&found);
    let says = found.says.join("\n");
    assert!(says.contains("61 patients") && says.contains("highest in A and lowest in B"), "{says}");
    assert!(found.plots.iter().any(|plot| matches!(&plot.of.kind, PlotKind::Spans { spans, .. } if spans.len() == 2)));
    let worse = cases.all.iter().map(|case| Case { decided: 1 - case.decided, ..case.clone() }).collect();
    let cases = Cases { all: worse, ..cases };
    let says = section(&cases, &decisions(&cases, &QUICK)).says;
    assert!(says[0].contains("worse than that"), "{}", says[0]);
}
