//! Figures as cells of tables.

use serde_json::{Value, json};

use crate::statistics::{self, Figure, RESAMPLINGS, Units};

/// The names of a figure's three cells.
pub fn columns(name: &str) -> [String; 3] {
    [name.to_owned(), format!("{name}_low"), format!("{name}_high")]
}

/// The value of a figure and both ends of its interval, to four digits; `null` where there is none.
pub fn figure(figure: Figure) -> [Value; 3] {
    [figure.value, figure.interval.map(|[low, _]| low), figure.interval.map(|[_, high]| high)].map(number)
}

/// Like [`figure`], with all digits.
pub fn exact(figure: &Figure) -> [Value; 3] {
    [json!(figure.value), json!(figure.interval.map(|[low, _]| low)), json!(figure.interval.map(|[_, high]| high))]
}

/// "73.2 %".
pub fn percent(part: f64) -> String {
    format!("{:.1} %", 100.0 * part)
}

/// To four digits.
pub fn number(value: Option<f64>) -> Value {
    value.map_or(Value::Null, |value| Value::from((value * 1e4).round() / 1e4))
}

/// The mean over those pictures that have a value, one per picture, with its interval over the units.
pub fn mean(units: &Units, values: &[Option<f64>]) -> Figure {
    let parts = (0..).zip(values).filter_map(|(picture, value)| Some((picture, (*value)?, 1.0))).collect();
    let found = units.measured(&[statistics::mean(parts)], RESAMPLINGS, &|| true);
    found.and_then(|figures| figures.first().copied()).unwrap_or_default()
}

/// In words: "0.81 (0.76 to 0.86)".
pub fn words(figure: Figure) -> String {
    match (figure.value, figure.interval) {
        (None, _) => "not known".to_owned(),
        (Some(value), None) => format!("{value:.2}"),
        (Some(value), Some([low, high])) => format!("{value:.2} ({low:.2} to {high:.2})"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn means_leave_out_what_is_not_known() {
        let found = mean(&Units::of(["a", "b", "c"]), &[Some(1.0), None, Some(2.0)]);
        assert_eq!(found.value, Some(1.5));
        assert_eq!(figure(Figure { value: Some(0.123_46), interval: None })[0], Value::from(0.1235));
        assert_eq!(words(Figure { value: Some(0.5), interval: Some([0.25, 0.75]) }), "0.50 (0.25 to 0.75)");
        assert_eq!(mean(&Units::of([]), &[]).value, None);
    }
}
