//! A reader's own habit of naming, as a pattern: `{patient}_{eye}`, `{patient}/{date}_{eye}`. Letters between the fields
//! stand for themselves, in either case; `/` separates folders; the file's ending plays no part.

use std::path::Path;

use super::{Eye, Identity, dates, words};

/// Nobody's pattern is longer, and nobody's name: the work of a comparison is bounded by both.
const MOST_PATTERN: usize = 120;
const MOST_NAME: usize = 300;
const MOST_PATIENT: usize = 64;

/// What a pattern is made of.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Part {
    Letter(char),
    Patient,
    Eye,
    Date,
    /// Anything within one name, or nothing.
    Any,
}

/// A pattern that can be compared with paths.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Pattern {
    parts: Vec<Part>,
    folders: usize,
}

/// Why a text is no pattern.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum PatternError {
    #[error("a pattern has at most {MOST_PATTERN} letters")]
    TooLong,
    #[error("there is no field `{{{0}}}`; fields are {{patient}}, {{eye}}, {{date}} and {{any}}")]
    Unknown(String),
    #[error("a `{{` has no `}}` behind it")]
    Open,
    #[error("the field `{{{0}}}` stands twice")]
    Twice(&'static str),
    #[error("name a field: {{patient}}, {{eye}} or {{date}}")]
    Nothing,
}

impl std::str::FromStr for Pattern {
    type Err = PatternError;

    fn from_str(text: &str) -> Result<Self, PatternError> {
        if text.chars().count() > MOST_PATTERN {
            return Err(PatternError::TooLong);
        }
        let (mut parts, mut rest) = (Vec::new(), text.trim());
        while let Some(letter) = rest.chars().next() {
            if letter != '{' {
                parts.push(Part::Letter(letter.to_lowercase().next().unwrap_or(letter)));
                rest = &rest[letter.len_utf8()..];
                continue;
            }
            let (name, behind) = rest[1..].split_once('}').ok_or(PatternError::Open)?;
            parts.push(match name.to_lowercase().as_str() {
                "patient" => Part::Patient,
                "eye" => Part::Eye,
                "date" => Part::Date,
                "any" => Part::Any,
                _ => return Err(PatternError::Unknown(name.to_owned())),
            });
            rest = behind;
        }
        let count = |part: &Part| parts.iter().filter(|known| *known == part).count();
        let fields = [(Part::Patient, "patient"), (Part::Eye, "eye"), (Part::Date, "date")];
        if let Some((_, name)) = fields.iter().find(|(part, _)| count(part) > 1) {
            return Err(PatternError::Twice(name));
        }
        if fields.iter().all(|(part, _)| count(part) == 0) {
            return Err(PatternError::Nothing);
        }
        let folders = count(&Part::Letter('/'));
        Ok(Self { parts, folders })
    }
}

impl Pattern {
    /// What `path` says, where it is named so.
    pub fn read(&self, path: &Path) -> Option<Identity> {
        let above = path.ancestors().skip(1).take(self.folders);
        let mut names: Vec<String> =
            above.map(|folder| Some(folder.file_name()?.to_string_lossy().into_owned())).collect::<Option<_>>()?;
        names.reverse();
        names.push(path.file_stem()?.to_string_lossy().into_owned());
        let text: Vec<char> = names.join("/").chars().collect();
        if names.len() <= self.folders || text.len() > MOST_NAME {
            return None;
        }
        let failed = vec![false; (self.parts.len() + 1) * (text.len() + 1)];
        let mut search = Search { parts: &self.parts, text: &text, failed, found: Identity::default() };
        search.goes(0, 0).then_some(search.found)
    }
}

struct Search<'a> {
    parts: &'a [Part],
    text: &'a [char],
    /// By part and place: what was tried in vain is not tried again, so that no pattern takes long.
    failed: Vec<bool>,
    found: Identity,
}

impl Search<'_> {
    /// Whether the parts from `part` on describe the text from `at` on.
    fn goes(&mut self, part: usize, at: usize) -> bool {
        let Some(now) = self.parts.get(part) else { return at == self.text.len() };
        let key = part * (self.text.len() + 1) + at;
        if self.failed[key] {
            return false;
        }
        let goes = match now {
            Part::Letter(letter) => {
                let is_same = self.text.get(at).is_some_and(|c| c.to_lowercase().next() == Some(*letter));
                is_same && self.goes(part + 1, at + 1)
            }
            Part::Any => (0..=self.within(at)).any(|length| self.goes(part + 1, at + length)),
            Part::Patient => (1..=self.within(at).min(MOST_PATIENT)).any(|length| self.is_patient(part, at, length)),
            Part::Eye => (1..=self.within(at).min(8)).rev().any(|length| self.is_eye(part, at, length)),
            Part::Date => [19, 15, 14, 10, 9, 8].into_iter().any(|length| self.is_date(part, at, length)),
        };
        self.failed[key] = !goes;
        goes
    }

    /// Letters up to the end of the name.
    fn within(&self, at: usize) -> usize {
        self.text[at..].iter().take_while(|c| **c != '/').count()
    }

    fn slice(&self, at: usize, length: usize) -> String {
        self.text[at..at + length].iter().collect()
    }

    fn is_patient(&mut self, part: usize, at: usize, length: usize) -> bool {
        let patient = self.slice(at, length);
        if patient.trim().is_empty() || !self.goes(part + 1, at + length) {
            return false;
        }
        self.found.patient = patient.trim().to_owned();
        true
    }

    fn is_eye(&mut self, part: usize, at: usize, length: usize) -> bool {
        // A whole word: not the beginning of `leftover`, nor the end of `bright`.
        let is_letter = |at: Option<usize>| at.and_then(|at| self.text.get(at)).is_some_and(|c| c.is_alphabetic());
        let eye: Option<Eye> = words::eye(&self.slice(at, length));
        if is_letter(at.checked_sub(1)) || is_letter(Some(at + length)) || eye.is_none() {
            return false;
        }
        self.found.eye = self.goes(part + 1, at + length).then_some(eye).flatten();
        self.found.eye.is_some()
    }

    fn is_date(&mut self, part: usize, at: usize, length: usize) -> bool {
        if length > self.within(at) {
            return false;
        }
        let Some(date) = date(&self.slice(at, length)) else { return false };
        let is_digit = |at: Option<usize>| at.and_then(|at| self.text.get(at)).is_some_and(char::is_ascii_digit);
        if is_digit(at.checked_sub(1)) || is_digit(Some(at + length)) || !self.goes(part + 1, at + length) {
            return false;
        }
        self.found.taken = Some(date);
        true
    }
}

/// `2024-03-01`, `20240301`, `01.03.2024`, the first two with a time behind them.
fn date(text: &str) -> Option<String> {
    let digits: String = text.chars().filter(char::is_ascii_digit).collect();
    let marks: String = text.chars().filter(|c| !c.is_ascii_digit()).collect();
    let pieces: Vec<&str> = text.split(|c: char| !c.is_ascii_digit()).collect();
    let number = |piece: &str| piece.parse::<u32>().ok();
    match (pieces.as_slice(), marks.chars().count()) {
        ([day, month, year], 2) if day.len() == 2 && month.len() == 2 && year.len() == 4 => {
            dates::day(number(year)?, number(month)?, number(day)?)
        }
        ([year, ..], _) if year.len() >= 4 => dates::compact(&digits),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(pattern: &str, path: &str) -> Option<(String, &'static str, String)> {
        let pattern: Pattern = pattern.parse().unwrap();
        let said = pattern.read(Path::new(path))?;
        Some((said.patient, said.eye.map_or("", Eye::short_name), said.taken.unwrap_or_default()))
    }

    #[test]
    fn fields_are_found_between_letters() {
        for (pattern, path, patient, eye, taken) in [
            ("{patient}_{eye}", "/x/smith_john_OD.jpg", "smith_john", "R", ""),
            ("{patient}/{date}_{eye}", "/x/4711/2024-03-01_left.png", "4711", "L", "2024-03-01"),
            ("{patient}/{date}_{eye}", "4711/20240301_OS.png", "4711", "L", "2024-03-01"),
            ("{date} {patient} {eye}{any}", "01.03.2024 Anna M OD macula.png", "Anna M", "R", "2024-03-01"),
            ("CLINIC-{patient}-{any}-{eye}", "clinic-77-9-x-r.tif", "77", "R", ""),
            ("{any}_{date}_{patient}", "a_b_20240301101112_77.jpg", "77", "", "2024-03-01 10:11:12"),
            ("{eye}/{patient}", "x/RIGHT/12.jpg", "12", "R", ""),
        ] {
            assert_eq!(read(pattern, path), Some((patient.to_owned(), eye, taken.to_owned())), "{pattern} of {path}");
        }
    }

    #[test]
    fn other_names_are_left_to_the_usual_habits() {
        for (pattern, path) in [
            ("{patient}_{eye}", "smith.jpg"),
            ("{patient}_{eye}", "12_leftover.jpg"),
            ("{patient}{eye}", "bright.jpg"),
            ("{patient}_{date}", "12_20241399.jpg"),
            ("{patient}_{date}", "12_202403011.jpg"),
            ("{patient}/{eye}", "left.jpg"),
            ("{patient}_{eye}", "_left.jpg"),
        ] {
            assert_eq!(read(pattern, path), None, "{pattern} of {path}");
        }
    }

    #[test]
    fn what_is_no_pattern_is_said() {
        for (text, says) in [
            ("{name}_{eye}", "there is no field `{name}`"),
            ("{patient", "has no `}`"),
            ("{eye}{eye}", "`{eye}` stands twice"),
            ("abc", "name a field"),
            ("", "name a field"),
        ] {
            assert!(text.parse::<Pattern>().unwrap_err().to_string().contains(says), "{text}");
        }
        assert_eq!("é".repeat(121).parse::<Pattern>(), Err(PatternError::TooLong));
    }

    #[test]
    fn no_pattern_takes_long() {
        let pattern: Pattern = format!("{}{{eye}}", "{any}a".repeat(18)).parse().unwrap();
        let start = std::time::Instant::now();
        assert_eq!(pattern.read(Path::new(&"a".repeat(250))), None);
        assert!(start.elapsed().as_millis() < 500);
    }
}
