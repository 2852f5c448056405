//! What a DICOM file says of its own picture, held against what a model reads.

use super::{Gate, Misfit};
use crate::bundle::measures::FileWords;

/// Where a file only says that it says nothing.
const UNSAID: [&str; 5] = ["UNKNOWN", "OTHER", "NONE", "UNSPECIFIED", "SPECIAL"];
/// Views as DICOM calls them, and as devices do: any other word leaves the view open.
const VIEWS: [&str; 12] = ["AP", "PA", "LL", "RL", "RLD", "LLD", "RLO", "LLO", "LAT", "LATERAL", "OBL", "OBLIQUE"];

impl Gate {
    /// What in the file's own words speaks against the picture. What the file leaves open, or the card, speaks against none.
    pub(super) fn contradicted(&self, words: &FileWords) -> Option<Misfit> {
        let is_other = |said: &Option<String>, known: &[String], fits: fn(&str, &str) -> bool| {
            let said = said.as_deref().filter(|said| is_said(said));
            said.is_some_and(|said| !known.is_empty() && !known.iter().any(|known| fits(said, known)))
        };
        let view = words.view.clone().filter(|view| parts(view).any(|part| VIEWS.contains(&part.as_str())));
        if is_other(&words.modality, &self.modalities, |said, known| plain(said) == plain(known)) {
            return Some(Misfit::Modality);
        }
        if is_other(&words.body_part, &self.body_parts, names_part) {
            return Some(Misfit::BodyPart);
        }
        if is_other(&view, &self.views, |said, known| parts(said).any(|part| part == plain(known))) {
            return Some(Misfit::View);
        }
        let age = words.age_years.filter(|age| self.ages.is_some_and(|[least, most]| !(least..=most).contains(age)));
        age.map(Misfit::Age)
    }

    /// Whether the file itself says that its picture is of the model's kind: by modality and body part, and nothing else
    /// that it says speaks against it but perhaps the patient's age.
    pub fn is_named(&self, words: &FileWords) -> bool {
        let is_listed = |said: &Option<String>, known: &[String], fits: fn(&str, &str) -> bool| {
            said.as_deref().is_some_and(|said| known.iter().any(|known| fits(said, known)))
        };
        is_listed(&words.modality, &self.modalities, |said, known| plain(said) == plain(known))
            && is_listed(&words.body_part, &self.body_parts, names_part)
            && matches!(self.contradicted(words), None | Some(Misfit::Age(_)))
    }

    /// Whether the file's modality is one whose word stands in for vessels.
    pub(super) fn is_vouched(&self, words: &FileWords) -> bool {
        words.modality.as_deref().is_some_and(|said| self.vouching.iter().any(|known| plain(said) == plain(known)))
    }
}

fn is_said(said: &str) -> bool {
    let said = plain(said);
    !said.is_empty() && !UNSAID.contains(&said.as_str())
}

/// Devices write `CHEST PA`, `PORT_CHEST` and the like.
fn names_part(said: &str, known: &str) -> bool {
    plain(said).contains(&plain(known))
}

fn plain(text: &str) -> String {
    text.chars().filter(char::is_ascii_alphanumeric).collect::<String>().to_ascii_uppercase()
}

fn parts(text: &str) -> impl Iterator<Item = String> {
    text.split(|c: char| !c.is_ascii_alphanumeric()).map(plain)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn chest() -> Gate {
        let list = |known: &[&str]| known.iter().map(|known| (*known).to_owned()).collect();
        Gate {
            modalities: list(&["CR", "DX"]),
            body_parts: list(&["CHEST", "THORAX"]),
            views: list(&["PA", "AP"]),
            ages: Some([0.0, 18.0]),
            ..Gate::any("a child's chest X-ray")
        }
    }

    fn words(modality: &str, body_part: &str, view: &str, age_years: Option<f64>) -> FileWords {
        let said = |text: &str| Some(text.to_owned()).filter(|text| !text.is_empty());
        FileWords { modality: said(modality), body_part: said(body_part), view: said(view), age_years }
    }

    #[test]
    fn body_part_view_and_age_speak_against_a_picture_where_they_are_given() {
        let gate = chest();
        let found = |words: FileWords| gate.contradicted(&words);
        for fine in [
            words("CR", "CHEST", "PA", Some(4.0)),
            words("DX", "PORT_CHEST", "AP SUPINE", None),
            words("CR", "", "", None),
            words("", "", "", None),
            words("CR", "UNKNOWN", "ERECT", None),
        ] {
            assert_eq!(found(fine.clone()), None, "{fine:?}");
        }
        assert_eq!(found(words("MR", "CHEST", "", None)), Some(Misfit::Modality));
        assert_eq!(found(words("CR", "TIBIA", "AP", None)), Some(Misfit::BodyPart));
        assert_eq!(found(words("CR", "CHEST", "LL", None)), Some(Misfit::View));
        assert_eq!(found(words("CR", "CHEST", "LATERAL", None)), Some(Misfit::View));
        assert_eq!(found(words("CR", "CHEST", "PA", Some(45.0))), Some(Misfit::Age(45.0)));
    }

    #[test]
    fn a_file_names_the_kind_by_modality_and_body_part_together() {
        let gate = chest();
        assert!(gate.is_named(&words("CR", "CHEST", "PA", None)));
        assert!(gate.is_named(&words("CR", "CHEST", "PA", Some(45.0))), "an adult's is a chest all the same");
        for other in [words("CR", "", "PA", None), words("CR", "CHEST", "LL", None), words("", "CHEST", "PA", None)] {
            assert!(!gate.is_named(&other), "{other:?}");
        }
        assert!(!Gate::any("anything").is_named(&words("CR", "CHEST", "PA", None)), "a card that lists nothing");
    }
}
