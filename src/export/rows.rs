//! A record as one row of a table: the same columns whatever the model, so that the tables of many runs are one.
//!
//! What a record says once stands in a column of its own, what it says of each class or box in a list. The whole record
//! stands in the last column, so that nothing is lost and the picture can be explained again from it.

use serde_json::Value;

use crate::table::{Column, ColumnType};

/// What a row holds of a record: a column, the place in the record (RFC 6901), and what it is.
type Taken = (&'static str, &'static str, fn() -> ColumnType);

const TEXT: fn() -> ColumnType = || ColumnType::Text;
const WHOLE: fn() -> ColumnType = || ColumnType::Whole;
const SINGLE: fn() -> ColumnType = || ColumnType::Single;
const NUMBER: fn() -> ColumnType = || ColumnType::Number;
const TRUTH: fn() -> ColumnType = || ColumnType::Truth;
const TEXTS: fn() -> ColumnType = || ColumnType::list(ColumnType::Text);
const WHOLES: fn() -> ColumnType = || ColumnType::list(ColumnType::Whole);

/// The columns in their order. A column is only ever added, at the end of its group: who reads many tables goes by names.
const TAKEN: &[Taken] = &[
    ("file", "/file", TEXT),
    ("path", "/path", TEXT),
    ("picture_sha256", "/picture_sha256", TEXT),
    ("made_with", "/made_with", TEXT),
    ("date", "/date", TEXT),
    ("model", "/model", TEXT),
    ("model_sha256", "/model_sha256", TEXT),
    ("device", "/device", TEXT),
    ("version", "/version", TEXT),
    ("files", "/files", TEXTS),
    ("source_width_px", "/source_width_px", WHOLE),
    ("source_height_px", "/source_height_px", WHOLE),
    ("frame", "/frame", WHOLE),
    ("window", "/window", window),
    ("rule", "/settings/rule", TEXT),
    ("compare_rule", "/settings/compare_rule", TEXT),
    ("evidence", "/settings/evidence", TEXT),
    ("magnitude", "/settings/magnitude", TEXT),
    ("smoothing_px", "/settings/smoothing_px", SINGLE),
    ("cam", "/settings/cam", TEXT),
    ("cam_layer", "/settings/cam_layer", TEXT),
    ("shown_class", "/settings/shown_class", WHOLE),
    ("decision", "/settings/decision", TEXT),
    ("headline", "/report/headline", TEXT),
    ("figure", "/report/figure", TEXT),
    ("is_refused", "/report/is_refused", TRUTH),
    ("decided", "/decided", WHOLE),
    ("grade_set", "/grade_set", WHOLES),
    ("findings", "/findings", TEXTS),
    ("agrees", "/agreement/agrees", TRUTH),
    ("most_probable", "/agreement/most_probable", WHOLE),
    ("dominant_response", "/agreement/dominant_response", WHOLE),
    ("gate_passes", "/gate/passes", TRUTH),
    ("gate_says", "/gate/says", TEXT),
    ("gradable", "/gradable", TRUTH),
    ("quality", "/quality", TEXT),
    ("reasons", "/reasons", TEXTS),
    ("warnings", "/warnings", TEXTS),
    ("classes", "/classes", classes),
    ("questions", "/questions", questions),
    ("response_classes", "/response_classes", WHOLES),
    ("boxes", "/boxes", || ColumnType::list(region())),
    ("cam_box", "/cam_box", region),
    ("cam_scale", "/cam_scale", scale),
    ("layers", "/layers", layers),
    ("decode_ms", "/timings_ms/decode", NUMBER),
    ("prepare_ms", "/timings_ms/prepare", NUMBER),
    ("forward_ms", "/timings_ms/forward", NUMBER),
    ("back_projection_ms", "/timings_ms/back_projection", NUMBER),
    ("total_ms", "/timings_ms/total", NUMBER),
    ("maps_row", "/maps/row", WHOLE),
    ("source_from_model", "/maps/source_from_model", || ColumnType::list(ColumnType::list(ColumnType::Number))),
];

fn window() -> ColumnType {
    let number = || ColumnType::Number;
    ColumnType::record([
        ("function", ColumnType::Text),
        ("centre", number()),
        ("width", number()),
        ("inverted", ColumnType::Truth),
    ])
}

fn classes() -> ColumnType {
    ColumnType::list(ColumnType::record([
        ("name", ColumnType::Text),
        ("label", ColumnType::Text),
        ("probability", ColumnType::Single),
        ("operating_point", ColumnType::Single),
        ("response_share", ColumnType::Number),
        ("compared_response_share", ColumnType::Number),
    ]))
}

fn questions() -> ColumnType {
    let point = ColumnType::record([
        ("sensitivity", ColumnType::Single),
        ("specificity", ColumnType::Single),
        ("probability", ColumnType::Single),
        ("reached", ColumnType::Truth),
    ]);
    ColumnType::list(ColumnType::record([
        ("name", ColumnType::Text),
        ("answer", ColumnType::Text),
        ("probability", ColumnType::Single),
        ("operating_points", ColumnType::list(point)),
    ]))
}

fn region() -> ColumnType {
    let sides = ["x", "y", "width", "height"].map(|side| (side, ColumnType::Whole));
    ColumnType::record([("class", ColumnType::Text)].into_iter().chain(sides).chain([("share", ColumnType::Number)]))
}

fn scale() -> ColumnType {
    ColumnType::record([("low", ColumnType::Single), ("high", ColumnType::Single)])
}

fn layers() -> ColumnType {
    ColumnType::list(ColumnType::record([("name", ColumnType::Text), ("title", ColumnType::Text), ("scale", scale())]))
}

/// What a row says of its picture besides the record.
#[derive(Debug, Default)]
pub struct Beside<'a> {
    /// What its results are called.
    pub name: &'a str,
    /// `done` or `bad`.
    pub state: &'a str,
    /// Why it is bad.
    pub reason: Option<&'a str>,
    /// The picture's file, of a picture without a record.
    pub file: &'a str,
    /// The picture's file's SHA-256, the same.
    pub picture_sha256: Option<&'a str>,
}

const BEFORE: [&str; 3] = ["name", "state", "reason"];

/// The columns of every row: first what is beside the record, last the record itself as JSON.
pub fn columns() -> Vec<Column> {
    let before = BEFORE.map(|name| Column::new(name, ColumnType::Text));
    let taken = TAKEN.iter().map(|(name, _, kind)| Column::new(*name, kind()));
    let after = [
        ("decided_class", ColumnType::Text),
        ("decided_probability", ColumnType::Single),
        ("record", ColumnType::Text),
    ];
    before.into_iter().chain(taken).chain(after.map(|(name, kind)| Column::new(name, kind))).collect()
}

/// The cells of one row, one for each of [`columns`]; those of a picture without a record are empty.
///
/// # Errors
/// A text that is no JSON.
pub fn row(beside: &Beside<'_>, record: Option<&str>) -> serde_json::Result<Vec<Value>> {
    let parsed: Value = record.map(serde_json::from_str).transpose()?.unwrap_or_default();
    let mut cells = vec![beside.name.into(), beside.state.into(), beside.reason.into()];
    let known = |column: &str| match column {
        "file" => beside.file.into(),
        "picture_sha256" => beside.picture_sha256.into(),
        _ => Value::Null,
    };
    let taken = |(column, place, _): &Taken| parsed.pointer(place).cloned().unwrap_or_else(|| known(column));
    cells.extend(TAKEN.iter().map(taken));
    let decided = parsed.pointer("/decided").and_then(Value::as_u64);
    let decided = decided.and_then(|class| parsed.pointer(&format!("/classes/{class}")));
    let of_decided = |what| decided.and_then(|class| class.get(what)).cloned().unwrap_or_default();
    cells.extend([of_decided("name"), of_decided("probability"), record.into()]);
    Ok(cells)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Of a text that somebody else wrote, too, a row has as many cells as there are columns.
    #[test]
    fn a_row_fits_the_columns_whatever_the_record_says() {
        let bad = Beside { name: "a-2", state: "bad", reason: Some("cut"), file: "a.png", picture_sha256: None };
        let names: Vec<String> = columns().iter().map(|column| column.name.to_string()).collect();
        let cell = |row: &[Value], name: &str| row[names.iter().position(|n| n == name).unwrap()].clone();
        let row_of = |record| row(&bad, record).unwrap();
        assert_eq!(cell(&row_of(None), "file"), "a.png");
        assert!(cell(&row_of(None), "decided").is_null() && cell(&row_of(None), "record").is_null());
        let told = r#"{"file":"b.png","decided":1,"classes":[{},{"name":"ill","probability":0.1}],"maps":{"row":7}}"#;
        let told = row_of(Some(told));
        assert_eq!((cell(&told, "file"), cell(&told, "decided_class")), ("b.png".into(), "ill".into()));
        assert_eq!((cell(&told, "maps_row"), told.len()), (7.into(), names.len()));
        assert!(row_of(Some(r#"{"decided":9,"classes":3}"#)).len() == names.len() && row(&bad, Some("{")).is_err());
    }
}
