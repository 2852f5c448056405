//! Readings as tables for other programs: CSV and JSON, a row for each picture of the list.
//!
//! Whose picture it is leaves a file of readings only on request.

mod names;

use std::path::Path;

use serde_json::{Value, json};

use self::names::Names;
use super::agreement::{Comparison, ReaderPair};
use super::entry::{Contents, Entry, FrameOf, Judgement};
use super::identity::Eye;
use crate::guard::whole::{OutputSet, WriteError};
use crate::table::Table;

/// What a table tells.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct TableOptions {
    /// Patients as the list calls them, when pictures were taken, and where files lie; else patients have numbers.
    pub with_patients: bool,
}

/// The columns in their order, as `docs/readings.md` explains them.
pub const COLUMNS: [&str; 32] = [
    "patient",
    "eye",
    "taken",
    "file",
    "frame",
    "order",
    "reader",
    "grade",
    "grade_name",
    "revised",
    "revised_name",
    "ungradable",
    "flagged",
    "judgement",
    "comment",
    "seconds",
    "answer_seen_before",
    "answer_seen",
    "at",
    "model",
    "model_sha256",
    "model_grade",
    "model_grade_name",
    "probability",
    "headline",
    "gradable",
    "refused",
    "agrees",
    "box_left_px",
    "box_top_px",
    "box_right_px",
    "box_bottom_px",
];
/// Behind the others, so that their names need not be counted.
const MEASUREMENTS: &str = "measurements";

/// The rows in the list's order.
pub fn rows(contents: &Contents, options: TableOptions) -> Table {
    let names = Names::of(contents, options.with_patients);
    let rows = contents.entries.iter().map(|(of, entry)| row(contents, &names, of, entry)).collect();
    Table { rows, ..Table::new(COLUMNS.into_iter().chain([MEASUREMENTS])) }
}

/// The table as CSV.
///
/// # Errors
/// Like [`Table::csv`].
pub fn csv(contents: &Contents, options: TableOptions) -> Result<Vec<u8>, String> {
    rows(contents, options).csv()
}

/// The rows, what they are about, and how far reader and model agree, and two readers where there is another.
///
/// # Errors
/// None that is known of; the writer might fail.
pub fn json(contents: &Contents, against: Option<&ReaderPair>, options: TableOptions) -> Result<Vec<u8>, String> {
    let head = &contents.head;
    // A path need not be text; what is no letter is marked as such.
    let texts = || head.opened.iter().map(|path| path.to_string_lossy()).collect::<Vec<_>>();
    let opened = options.with_patients.then(texts);
    let whole = json!({
        "format": "fovea readings",
        "version": env!("CARGO_PKG_VERSION"),
        "reader": head.reader,
        "opened": opened,
        "model": head.model,
        "classes": head.classes,
        "ordered": head.ordered,
        "blind": head.blind,
        "created": head.created,
        "agreement_with_model": Comparison::with_model(contents),
        "agreement_with_reader": against,
        "pictures": rows(contents, options).records(),
    });
    let mut text = serde_json::to_vec_pretty(&whole).map_err(|error| error.to_string())?;
    text.push(b'\n');
    Ok(text)
}

/// Writes `bytes` to `place`, whole or not at all.
///
/// # Errors
/// A file that is there and is not to be replaced, and a place that cannot be written.
pub fn write(place: &Path, bytes: &[u8], replace: bool) -> Result<(), WriteError> {
    let name = place.file_name().unwrap_or_default().to_string_lossy().into_owned();
    let folder = place.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let mut set = OutputSet::new(folder, &name, replace);
    set.add_file(&name, bytes)?;
    set.finish().map(drop)
}

fn row(contents: &Contents, names: &Names<'_>, of: &FrameOf, entry: &Entry) -> Vec<Value> {
    let (head, reading, answer) = (&contents.head, &entry.reading, entry.answer.as_ref());
    let class_name = |class: Option<usize>| class.and_then(|class| head.classes.get(class));
    let judgement = reading.judgement.map(|judgement| match judgement {
        Judgement::Accepted => "accepted",
        Judgement::Overruled => "overruled",
    });
    let [left, top, right, bottom] = reading.box_px.map_or([None; 4], |edges| edges.map(Some));
    // Whether it was seen says nothing of a grade that was not given.
    let seen_before = reading.is_read().then_some(reading.answer_seen_before);
    let cells = [
        json!(names.patient(entry)),
        json!(entry.identity.eye.map(Eye::short_name)),
        json!(names.with_patients.then_some(entry.identity.taken.as_ref()).flatten()),
        json!(names.file(&of.path, entry)),
        json!(u64::from(of.frame) + 1),
        json!(entry.order),
        json!(head.reader),
        json!(reading.class),
        json!(class_name(reading.class)),
        json!(reading.revised),
        json!(class_name(reading.revised)),
        json!(reading.ungradable),
        json!(reading.flagged),
        json!(judgement),
        json!(reading.comment),
        json!(reading.seconds),
        json!(seen_before),
        json!(entry.answer_seen),
        json!(reading.at),
        json!(answer.map(|_| &head.model)),
        json!(answer.map(|answer| &answer.model)),
        json!(answer.map(|answer| answer.class)),
        json!(class_name(answer.map(|answer| answer.class))),
        json!(answer.map(|answer| short(answer.probability))),
        json!(answer.map(|answer| &answer.headline)),
        json!(answer.and_then(|answer| answer.gradable)),
        json!(answer.map(|answer| answer.is_refused)),
        json!(answer.and_then(|answer| answer.agrees)),
        json!(left),
        json!(top),
        json!(right),
        json!(bottom),
    ];
    cells.into_iter().chain([json!(measurements(entry))]).collect()
}

/// The number that is written as `value` is: 0.7, and not what lies nearest to it among numbers of half the digits.
fn short(value: f32) -> Option<f64> {
    value.to_string().parse().ok()
}

/// How many measurements were drawn: a list's length, and one of anything else.
fn measurements(entry: &Entry) -> usize {
    match &entry.measurements {
        None | Some(Value::Null) => 0,
        Some(Value::Array(all)) => all.len(),
        Some(_) => 1,
    }
}

#[cfg(test)]
mod tests {
    use super::names::without;
    use super::*;
    use crate::reading::entry::{Answer, Reading, ReadingsHeader};
    use crate::reading::identity::Identity;

    fn contents() -> Contents {
        let head = ReadingsHeader {
            reader: "=cmd|' /C calc'!A0".into(),
            opened: vec!["/data/day".into()],
            model: "retina-dr".into(),
            classes: vec!["none".into(), "mild".into()],
            ..ReadingsHeader::default()
        };
        let entry = |patient: &str, reading| Entry {
            identity: Identity {
                patient: patient.into(),
                eye: Some(Eye::Left),
                taken: Some("2024-03-01".into()),
                is_private: false,
            },
            reading,
            ..Entry::default()
        };
        let read = Reading {
            class: Some(1),
            comment: "- soft, \"pale\"\nedge".into(),
            seconds: Some(3.25),
            box_px: Some([-2.5, 1.0, 3.0, 4.0]),
            ..Reading::default()
        };
        let mut second = entry("Müller 12", Reading::default());
        second.answer = Some(Answer {
            model: "ab".into(),
            class: 7,
            probability: 0.7,
            probabilities: vec![],
            headline: "mild".into(),
            gradable: Some(true),
            is_refused: false,
            agrees: None,
        });
        second.measurements = Some(json!([1, 2]));
        let of = |path: &str| FrameOf { path: path.into(), frame: 0 };
        Contents {
            head,
            entries: vec![
                (of("/data/day/12/12_left.png"), entry("12", read)),
                (of("/data/day/Müller 12/a.png"), second),
                (of("/elsewhere/x.png"), entry("", Reading::default())),
            ],
            ..Contents::default()
        }
    }

    fn rows(csv: &[u8]) -> Vec<std::collections::HashMap<String, String>> {
        csv::Reader::from_reader(csv).deserialize().map(Result::unwrap).collect()
    }

    #[test]
    fn a_table_says_what_was_read_and_gives_no_orders_to_a_spreadsheet() {
        let rows = rows(&csv(&contents(), TableOptions { with_patients: true }).unwrap());
        let of = |row: usize, name: &str| rows[row][name].as_str();
        assert_eq!((of(0, "patient"), of(0, "file"), of(0, "taken")), ("12", "12/12_left.png", "2024-03-01"));
        assert_eq!((of(0, "grade"), of(0, "grade_name"), of(0, "seconds")), ("1", "mild", "3.25"));
        assert_eq!((of(0, "reader"), of(0, "comment")), ("'=cmd|' /C calc'!A0", "'- soft, \"pale\"\nedge"));
        assert_eq!((of(0, "box_left_px"), of(0, "frame"), of(0, "answer_seen_before")), ("-2.5", "1", "false"));
        // A class that has no name, as a damaged file may say.
        assert_eq!((of(1, "model_grade"), of(1, "model_grade_name"), of(1, "probability")), ("7", "", "0.7"));
        assert_eq!((of(1, "grade"), of(1, "answer_seen_before"), of(1, "measurements")), ("", "", "2"));
        assert_eq!((of(2, "patient"), of(2, "file"), of(2, "model")), ("", "x.png", ""));
    }

    #[test]
    fn patients_are_numbers_unless_they_are_asked_for() {
        let bytes = csv(&contents(), TableOptions::default()).unwrap();
        let text = String::from_utf8(bytes.clone()).unwrap();
        assert!(!text.contains("ller") && !text.contains("2024") && !text.contains("12"), "{text}");
        let rows = rows(&bytes);
        assert_eq!((rows[0]["patient"].as_str(), rows[0]["file"].as_str()), ("1", "patient-1/patient-1_left.png"));
        assert_eq!((rows[1]["patient"].as_str(), rows[1]["file"].as_str()), ("2", "patient-2/a.png"));
        let text = String::from_utf8(json(&contents(), None, TableOptions::default()).unwrap()).unwrap();
        assert!(!text.contains("ller") && !text.contains("/data"), "{text}");
        assert_eq!(without("1/11_1.png", "1", "n"), "n/11_n.png");
    }

    #[cfg(unix)]
    #[test]
    fn a_path_that_is_no_text_is_told_as_far_as_it_is() {
        use std::os::unix::ffi::OsStrExt;
        let mut contents = contents();
        contents.head.opened = vec![std::ffi::OsStr::from_bytes(b"/day/\xff\xfe").into()];
        let text = json(&contents, None, TableOptions { with_patients: true }).unwrap();
        let told: Value = serde_json::from_slice(&text).unwrap();
        assert_eq!(told["opened"][0], "/day/\u{fffd}\u{fffd}");
    }

    #[test]
    fn files_are_written_whole_and_replace_nothing_unasked() {
        let folder = tempfile::tempdir().unwrap();
        let place = folder.path().join("a.csv");
        write(&place, b"one", false).unwrap();
        assert!(matches!(write(&place, b"two", false), Err(WriteError::Exists(_))));
        assert_eq!(std::fs::read(&place).unwrap(), b"one");
        write(&place, b"two", true).unwrap();
        assert_eq!(std::fs::read(&place).unwrap(), b"two");
    }
}
