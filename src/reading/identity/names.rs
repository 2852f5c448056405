//! What common names of files and folders say: `12_left.jpeg`, `RET002OD.jpg`, `smith/2024-03-01/OD_2.png`. What is
//! uncertain is left open: a picture of an unknown patient stands alone, one of a wrong patient beside somebody else's.

use std::path::Path;

use super::{Eye, Identity, dates, words};

/// Longer names are nobody's.
const MOST_CHARACTERS: usize = 200;
/// Folders above a picture that are considered.
const MOST_FOLDERS: usize = 4;

/// One part of a name.
#[derive(Debug, Clone, PartialEq)]
enum Part {
    Eye(Eye),
    Day(String),
    /// A time of day, a day of birth: nobody's name.
    Passed,
    Generic,
    Number(String),
    /// What has letters in it.
    Word(String),
}

/// What one name says.
#[derive(Debug, Default)]
struct Said {
    eye: Option<Eye>,
    /// Two eyes in one name are none.
    is_torn: bool,
    taken: Option<String>,
    /// Whether it has a word that says nothing.
    is_padded: bool,
    /// A number behind a word like "patient".
    named_patient: Option<String>,
    /// What may be the patient where an eye stands beside it, and whether a folder may know better: a number behind the
    /// eye counts pictures where folders are patients.
    likely_patient: Option<String>,
    is_weak: bool,
}

pub fn of_path(path: &Path, root: &Path) -> Identity {
    let stem = path.file_stem().unwrap_or_default().to_string_lossy();
    let file = said(&stem);
    if file.is_torn {
        return Identity { taken: file.taken, ..Identity::default() };
    }
    let folders = folders(path, root);
    let eye = file.eye.or_else(|| folders.iter().find_map(|folder| folder.said.eye));
    let taken = file.taken.clone().or_else(|| folders.iter().find_map(|folder| folder.said.taken.clone()));
    let patient = patient(&file, &folders, eye).unwrap_or_default();
    Identity { patient, eye, taken, is_private: false }
}

/// A folder above a picture.
struct Folder {
    said: Said,
    /// Its whole name where that could be a patient's.
    name: Option<String>,
    /// Whether not all pictures of the list lie below it.
    is_below_root: bool,
}

/// The folders above, the nearest first; that which all pictures have in common is the last.
fn folders(path: &Path, root: &Path) -> Vec<Folder> {
    let above = path.ancestors().skip(1).take(MOST_FOLDERS).take_while(|folder| folder.starts_with(root));
    let folder = |folder: &Path| {
        let name = folder.file_name()?.to_string_lossy().into_owned();
        let parts = parts(&name);
        // An eye or a day may have a number beside it, but nothing that could be a name.
        let is_free = |part: &Part| matches!(part, Part::Word(_) | Part::Number(_));
        let is_bare = !parts.iter().any(|part| matches!(part, Part::Word(_)));
        let has_marks = parts.iter().any(|part| matches!(part, Part::Eye(_) | Part::Day(_) | Part::Generic));
        let is_patient = parts.iter().any(is_free) && !(is_bare && has_marks);
        let mut said = said(&name);
        if !is_bare {
            // `left behind` is no eye.
            said.eye = None;
        }
        Some(Folder { said, name: is_patient.then_some(name), is_below_root: folder != root })
    };
    above.map_while(folder).collect()
}

fn patient(file: &Said, folders: &[Folder], eye: Option<Eye>) -> Option<String> {
    if let Some(named) = &file.named_patient {
        return Some(named.clone());
    }
    if file.eye.is_some() && !file.is_weak && file.likely_patient.is_some() {
        return file.likely_patient.clone();
    }
    if let Some(named) = folders.iter().find_map(|folder| folder.said.named_patient.clone()) {
        return Some(named);
    }
    // A folder is a patient's where the eye or the day stands in it or below it.
    let above = folders.iter().skip_while(|folder| folder.name.is_none());
    let mut above = above.filter_map(|folder| Some((folder.name.clone()?, folder.is_below_root)));
    let is_dated_folder = folders.first().is_some_and(|folder| folder.name.is_none() && folder.said.taken.is_some());
    match above.next() {
        Some((name, true)) if eye.is_some() || is_dated_folder => Some(name),
        // `left/12.jpg` and `right/12.jpg`: folders of eyes, and the pictures bear the patients' numbers.
        // `left.jpg` stands in a patient's folder, `img_left.jpg` may stand in any.
        first if eye.is_some() => {
            let folder = first.filter(|(_, is_below)| *is_below || !file.is_padded).map(|(name, _)| name);
            file.likely_patient.clone().or(folder)
        }
        _ => None,
    }
}

fn said(name: &str) -> Said {
    let parts = parts(name);
    let mut said = Said::default();
    for part in &parts {
        match part {
            Part::Eye(eye) => {
                said.is_torn |= said.eye.is_some_and(|known| known != *eye);
                said.eye = Some(*eye);
            }
            // Of two days the later one is the picture's.
            Part::Day(day) => said.taken = said.taken.take().max(Some(day.clone())),
            Part::Passed | Part::Generic | Part::Number(_) | Part::Word(_) => {}
        }
    }
    said.is_padded = parts.contains(&Part::Generic);
    said.named_patient = named_patient(&parts);
    (said.likely_patient, said.is_weak) = likely_patient(&parts);
    if said.is_torn {
        said.eye = None;
    }
    said
}

/// `Patient 12`, `patient00012`, `P01`.
fn named_patient(parts: &[Part]) -> Option<String> {
    for (at, part) in parts.iter().enumerate() {
        let Part::Word(word) = part else { continue };
        let letters = word.trim_end_matches(|c: char| c.is_ascii_digit());
        if !words::comes_before_a_patient(letters) {
            continue;
        }
        match (&word[letters.len()..], parts.get(at + 1)) {
            ("", Some(Part::Number(number))) => return Some(number.clone()),
            ("", _) => {}
            // A letter alone belongs to the number.
            (_, _) if letters.len() == 1 => return Some(word.clone()),
            (number, _) => return Some(number.to_owned()),
        }
    }
    None
}

/// What stands before the eye, else the first thing behind it, and whether that is a number.
fn likely_patient(parts: &[Part]) -> (Option<String>, bool) {
    let eye = parts.iter().position(|part| matches!(part, Part::Eye(_))).unwrap_or(parts.len());
    let (before, behind) = parts.split_at(eye);
    let text = |part: &Part| match part {
        Part::Number(text) | Part::Word(text) => Some(text.clone()),
        _ => None,
    };
    let words: Vec<String> = before.iter().filter_map(text).collect();
    // `IMG_2034_smith_OD`: a number behind a word that says nothing counts pictures, where there is a better name.
    let mut named: Vec<String> = Vec::new();
    for (at, part) in before.iter().enumerate() {
        let counts = matches!(part, Part::Number(_)) && at > 0 && before[at - 1] == Part::Generic;
        named.extend(text(part).filter(|_| !counts));
    }
    let chosen = if named.is_empty() { words } else { named };
    if !chosen.is_empty() {
        return (Some(chosen.join("_")), false);
    }
    let first = behind.iter().find(|part| text(part).is_some());
    (first.and_then(text), matches!(first, Some(Part::Number(_))))
}

/// The parts of a name between its separators; days and eyes are told first.
fn parts(name: &str) -> Vec<Part> {
    let name: String = name.chars().take(MOST_CHARACTERS).collect();
    let is_separator = |c: char| !c.is_alphanumeric();
    let pieces: Vec<&str> = name.split(is_separator).filter(|piece| !piece.is_empty()).collect();
    let mut parts = Vec::new();
    let mut at = 0;
    while let Some(piece) = pieces.get(at) {
        if let Some(day) = written_day(&pieces[at..]) {
            parts.push(day);
            at += 3;
            continue;
        }
        let follows_day = matches!(parts.last(), Some(Part::Day(_)));
        if follows_day && dates::time(piece).is_some() {
            parts.push(Part::Passed);
        } else {
            parts.extend(classified(piece));
        }
        at += 1;
    }
    parts
}

/// `2024-03-01`, or `01.03.2024`, day first.
fn written_day(pieces: &[&str]) -> Option<Part> {
    let [a, b, c] = *pieces.first_chunk()?;
    let number = |text: &str| text.bytes().all(|b| b.is_ascii_digit()).then(|| text.parse::<u32>().ok())?;
    let (first, second, third) = (number(a)?, number(b)?, number(c)?);
    let (year, month, day) = match (a.len(), b.len(), c.len()) {
        (4, 1..=2, 1..=2) => (first, second, third),
        (1..=2, 1..=2, 4) => (third, second, first),
        _ => return None,
    };
    let is_birth = (1900..1980).contains(&year) && (1..=12).contains(&month) && (1..=31).contains(&day);
    dates::day(year, month, day).map(Part::Day).or(is_birth.then_some(Part::Passed))
}

fn classified(piece: &str) -> Vec<Part> {
    if let Some(eye) = words::eye(piece) {
        return vec![Part::Eye(eye)];
    }
    if piece.bytes().all(|b| b.is_ascii_digit()) {
        let is_birth = piece.len() == 8 && dates::compact(&format!("2000{}", &piece[4..])).is_some();
        let is_birth = is_birth && ("1900".."1980").contains(&&piece[..4]);
        return vec![match dates::compact(piece) {
            Some(day) => Part::Day(day),
            None if is_birth => Part::Passed,
            None => Part::Number(piece.to_owned()),
        }];
    }
    let letters = piece.trim_end_matches(|c: char| c.is_ascii_digit());
    if words::is_generic(letters) {
        let number = &piece[letters.len()..];
        let number = (!number.is_empty()).then(|| Part::Number(number.to_owned()));
        return [Part::Generic].into_iter().chain(number).collect();
    }
    eye_at_number(piece).unwrap_or_else(|| vec![Part::Word(piece.to_owned())])
}

/// `01L`, `RET002OD`, `l2`: letters, a number and an eye, or an eye and a small number.
fn eye_at_number(piece: &str) -> Option<Vec<Part>> {
    let rest = piece.trim_end_matches(char::is_alphabetic);
    if let Some(eye) = words::attached_eye(&piece[rest.len()..]) {
        let letters = rest.trim_end_matches(|c: char| c.is_ascii_digit());
        if !rest.is_empty() && letters.chars().all(char::is_alphabetic) && letters.len() < rest.len() {
            let mut parts = classified(rest);
            parts.push(Part::Eye(eye));
            return Some(parts);
        }
    }
    let letters = piece.trim_end_matches(|c: char| c.is_ascii_digit());
    let (eye, number) = (words::attached_eye(letters)?, &piece[letters.len()..]);
    (1..=2).contains(&number.len()).then(|| vec![Part::Eye(eye), Part::Number(number.to_owned())])
}

#[cfg(test)]
#[path = "names_tests.rs"]
mod tests;
