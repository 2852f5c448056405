//! Data elements as rows of a table: tag, VR, value. Knows nothing of pictures.

use dicom_core::value::{DataSetSequence, PrimitiveValue};
use dicom_core::{Tag, VR};
use dicom_dictionary_std::tags;
use dicom_object::InMemDicomObject;
use dicom_object::mem::InMemElement;

/// One attribute with its value.
pub type Row = InMemElement;

/// Longest values (PS3.5 6.2), in characters.
const LO: usize = 64;
const SH: usize = 16;

/// An attribute with one value or several.
pub fn row(tag: Tag, vr: VR, value: impl Into<PrimitiveValue>) -> Row {
    let value: PrimitiveValue = value.into();
    let most = match vr {
        VR::LO => LO,
        VR::SH | VR::CS | VR::DS => SH,
        VR::ST => 1024,
        VR::LT => 10_240,
        _ => usize::MAX,
    };
    // A backslash would end a value of these.
    let is_single = matches!(vr, VR::LO | VR::SH);
    let value = match value {
        PrimitiveValue::Str(text) if most < usize::MAX => PrimitiveValue::Str(plain(&text, most, is_single)),
        other => other,
    };
    Row::new(tag, vr, value)
}

/// Text of at most `most` characters without any that control a receiver.
fn plain(text: &str, most: usize, is_single: bool) -> String {
    let is_fine = |c: &char| (!c.is_control() || (*c == '\n' && !is_single)) && !(is_single && *c == '\\');
    text.chars().filter(is_fine).take(most).collect::<String>().trim_end().to_owned()
}

/// Several texts or decimals.
pub fn list(tag: Tag, vr: VR, values: &[&str]) -> Row {
    Row::new(tag, vr, PrimitiveValue::Strs(values.iter().map(|value| (*value).to_owned()).collect()))
}

/// An attribute without a value, where the standard wants one that is not known (type 2).
pub fn empty(tag: Tag, vr: VR) -> Row {
    if vr == VR::SQ { sequence(tag, Vec::new()) } else { Row::new(tag, vr, PrimitiveValue::Empty) }
}

pub fn sequence(tag: Tag, items: Vec<InMemDicomObject>) -> Row {
    Row::new(tag, VR::SQ, DataSetSequence::from(items))
}

pub fn item(rows: impl IntoIterator<Item = Row>) -> InMemDicomObject {
    InMemDicomObject::from_element_iter(rows)
}

/// Decimals as texts of at most 16 characters (PS3.5 6.2, DS), as exact as these allow.
pub fn decimals(tag: Tag, values: &[f64]) -> Row {
    let texts: Vec<String> = values.iter().map(|value| decimal(*value)).collect();
    list(tag, VR::DS, &texts.iter().map(String::as_str).collect::<Vec<_>>())
}

pub fn decimal(value: f64) -> String {
    let value = if value.is_finite() { value } else { 0.0 };
    let plain = format!("{value}");
    if plain.len() <= 16 {
        return plain;
    }
    let short = (0..=14).rev().flat_map(|digits| [format!("{value:.digits$}"), format!("{value:.digits$e}")]);
    // Of equally many digits the one that is nearer.
    let fitting = short.filter(|text| text.len() <= 16);
    let off = |text: &String| text.parse::<f64>().map_or(f64::INFINITY, |read| (read - value).abs());
    fitting.min_by(|a, b| off(a).total_cmp(&off(b))).unwrap_or_else(|| "0".to_owned())
}

/// A code: value, scheme, meaning.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Code {
    pub value: String,
    pub scheme: &'static str,
    /// Where the scheme alone does not say what the value means.
    pub version: Option<String>,
    pub meaning: String,
}

/// Codes that no public scheme has: the classes of a model, and what is said of them.
pub const OWN_SCHEME: &str = "99FOVEA";

impl Code {
    pub fn new(value: &str, scheme: &'static str, meaning: &str) -> Self {
        Self { value: value.to_owned(), scheme, version: None, meaning: meaning.to_owned() }
    }

    /// Of PS3.16 annex D.
    pub fn dcm(value: &str, meaning: &str) -> Self {
        Self::new(value, "DCM", meaning)
    }

    /// Of SNOMED CT.
    pub fn sct(value: &str, meaning: &str) -> Self {
        Self::new(value, "SCT", meaning)
    }

    pub fn own(value: &str, meaning: &str) -> Self {
        Self::new(value, OWN_SCHEME, meaning)
    }

    /// A number without a unit.
    pub fn no_units() -> Self {
        Self::new("1", "UCUM", "no units")
    }

    pub fn item(&self) -> InMemDicomObject {
        let value = plain(&self.value, LO, true);
        // PS3.3 8.1: a value that is too long for the short attribute has another.
        let is_long = value.chars().count() > SH;
        let value =
            if is_long { row(tags::LONG_CODE_VALUE, VR::UC, value) } else { row(tags::CODE_VALUE, VR::SH, value) };
        let version = self.version.as_ref().map(|version| row(tags::CODING_SCHEME_VERSION, VR::SH, version.as_str()));
        let scheme = row(tags::CODING_SCHEME_DESIGNATOR, VR::SH, self.scheme);
        let meaning = row(tags::CODE_MEANING, VR::LO, self.meaning.as_str());
        item([value, scheme, meaning].into_iter().chain(version))
    }
}

pub fn coded(tag: Tag, code: &Code) -> Row {
    sequence(tag, vec![code.item()])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn decimals_fit_and_are_as_near_as_they_can_be() {
        for value in [0.0, 1.0, 0.139, -0.125, 1.0 / 3.0, -1.0 / 3.0, 1e-9 / 7.0, 123_456_789.123_456_79, -2e300 / 3.0]
        {
            let text = decimal(value);
            let read: f64 = text.parse().unwrap();
            assert!(text.len() <= 16, "{text}");
            assert!((read - value).abs() <= value.abs() * 1e-8, "{text} of {value}");
        }
        assert_eq!((decimal(0.139), decimal(f64::NAN)), ("0.139".to_owned(), "0".to_owned()));
    }

    #[test]
    fn texts_are_cut_and_carry_no_second_value() {
        let long = "a\\b\u{7}".to_owned() + &"é".repeat(80);
        let text = row(tags::SERIES_DESCRIPTION, VR::LO, long).to_str().unwrap().into_owned();
        assert!(text.starts_with("abé") && text.chars().count() == 64);
        let code = Code::own("a-class-of-a-long-name", "A class").item();
        assert!(code.get(tags::CODE_VALUE).is_none() && code.get(tags::LONG_CODE_VALUE).is_some());
    }
}
