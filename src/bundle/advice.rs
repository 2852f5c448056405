//! What is said of a picture that a model does not read: what it is instead, as far as that can be told, and which other
//! model reads it.
//!
//! Must not know pictures: it is given what was measured of one.

use super::field::GreyRetina;
use super::gate::{Gate, Misfit};
use super::measures::Measures;
use super::{Card, Library};

/// How every refusal begins.
pub const NOT_FOR_THIS_MODEL: &str = "Not a picture for this model";

/// Stands in the place of an answer, or beside it where somebody asked for one all the same.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Advice {
    /// What the picture is instead, and what the model reads.
    pub why: String,
    /// The name of a model that reads such pictures, or at least their kind.
    pub instead: Option<String>,
}

impl Advice {
    /// All of it in one sentence or two.
    pub fn text(&self) -> String {
        format!("{NOT_FOR_THIS_MODEL}: {}", self.why)
    }
}

/// What is said of a picture of `measures` under the model of `card`; `None` where it is of the model's kind, or where the
/// card has no gate. `library` is opened only where another model may be needed.
pub fn advise(card: &Card, measures: &Measures, library: impl FnOnce() -> Option<Library>) -> Option<Advice> {
    let gate = card.gate.as_ref()?;
    let misfit = gate.misfit(measures)?;
    // A folder of models that has gone takes the recommendation with it, not the warning.
    let library = library();
    let cards: Vec<&Card> = library.iter().flat_map(Library::usable).collect();
    let grey = grey_retina(cards.iter().copied().chain([card]), measures);
    let others = || cards.iter().copied().filter(|other| other.name != card.name);
    let instead = if grey.is_some() { None } else { Instead::among(others(), measures) };
    let looks_like = |kind: &str| format!("it looks like {kind}; {} reads {}", card.name, gate.reads);
    let what = match (misfit, grey, &instead) {
        // More than that its file says OP.
        (Misfit::Appearance | Misfit::Modality, Some(grey), _) => looks_like(grey.name()),
        (Misfit::Appearance, None, Some(other)) if other.is_full => looks_like(&other.gate.reads),
        (misfit, ..) => said(card, gate, misfit, measures),
    };
    let mut why = format!("{what}.");
    if let Some(other) = &instead {
        why += &other.said();
    }
    Some(Advice { why, instead: instead.map(|other| other.name.to_owned()) })
}

/// What a misfit is, in words, where nothing better is known of the picture.
fn said(card: &Card, gate: &Gate, misfit: Misfit, measures: &Measures) -> String {
    let line = measures.words.line();
    let what = match misfit {
        // No age is written down: it is the patient's own.
        Misfit::Age(age) => {
            let [least, most] = gate.ages.unwrap_or_default();
            let (than, limit) = if age > most { ("older", most) } else { ("younger", least) };
            format!("its file says {line}, of a patient {than} than {limit:.0} years")
        }
        Misfit::Appearance if gate.is_named(&measures.words) => {
            format!("its file says {line}, but it does not look like those that the model learned from")
        }
        Misfit::Appearance => return format!("it does not look like {}", gate.reads),
        Misfit::Modality | Misfit::BodyPart | Misfit::View => format!("its file says {line}"),
    };
    format!("{what}; {} reads {}", card.name, gate.reads)
}

/// A retina without colour, by the limits of whichever model knows retinas. Coarse light alone would take it for a chest.
fn grey_retina<'a>(mut cards: impl Iterator<Item = &'a Card>, measures: &Measures) -> Option<GreyRetina> {
    cards.find_map(|card| measures.field?.grey_retina(&card.gate.as_ref()?.field?))
}

/// Another model for a picture.
struct Instead<'a> {
    name: &'a str,
    gate: &'a Gate,
    /// Whether the picture passes its gate, and not only by the kind that its file names.
    is_full: bool,
    age: Option<f64>,
}

impl<'a> Instead<'a> {
    /// The first that reads the picture; else the first that reads what its file says it is, though not from just any
    /// patient or of any look. A gate that is too wide to recommend anything by looks may still go by a file's words.
    fn among(others: impl Iterator<Item = &'a Card> + Clone, measures: &Measures) -> Option<Self> {
        let by = |is_full: bool, fits: &dyn Fn(&Gate) -> bool| {
            let mut gates = others.clone().filter_map(|card| Some((card.name.as_str(), card.gate.as_ref()?)));
            let found = gates.find(|(_, gate)| fits(gate));
            found.map(|(name, gate)| Self { name, gate, is_full, age: measures.words.age_years })
        };
        let names = |gate: &Gate| gate.is_named(&measures.words);
        by(true, &|gate| gate.recommends(measures)).or_else(|| by(false, &names))
    }

    fn said(&self) -> String {
        let Self { name, gate, .. } = self;
        if self.is_full {
            return format!(" {name} reads such pictures.");
        }
        let [least, most] = gate.ages.unwrap_or([0.0, f64::MAX]);
        match self.age {
            Some(age) if !(least..=most).contains(&age) => format!(" {name} reads {}, of other patients.", gate.reads),
            _ => format!(" {name} reads {}, and may not know one like this.", gate.reads),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::bundle::field::Field;
    use crate::bundle::measures::FileWords;

    /// What the two shipped gates say of pictures that are only colour and coarse light.
    #[test]
    fn each_model_sends_the_others_pictures_there() {
        let library = || Library::open(&[]).ok();
        let known = library().unwrap();
        let card = |name: &str| known.usable().find(|card| card.name == name).unwrap().clone();
        let of = |card: &Card, colour: f64| Measures {
            colour,
            cells: card.gate.as_ref().unwrap().template.iter().map(|v| f64::from(*v)).collect(),
            words: FileWords::default(),
            field: card.gate.as_ref().unwrap().field,
            quality: None,
            is_dark: false,
        };
        let (chest, retina) = (card("cxr-pneumonia"), card("retina-dr"));
        let (radiograph, fundus) = (of(&chest, 0.0), of(&retina, 0.3));
        assert_eq!(advise(&chest, &radiograph, library), None);
        assert_eq!(advise(&retina, &fundus, library), None);
        let advice = advise(&chest, &fundus, library).unwrap();
        assert_eq!(advice.instead.as_deref(), Some("retina-dr"));
        assert!(advice.text().contains("a child's chest X-ray"), "{}", advice.text());
        // A folder of models that has vanished takes no warning with it.
        let alone = advise(&chest, &fundus, || None).unwrap();
        assert!(alone.instead.is_none() && alone.text().starts_with(NOT_FOR_THIS_MODEL), "{}", alone.text());
        assert_eq!(advise(&retina, &radiograph, library).unwrap().instead.as_deref(), Some("cxr-pneumonia"));
        // A retina without colour is named, and sent nowhere.
        let least = retina.gate.as_ref().unwrap().field.unwrap();
        let round = Field { colour: 0.0, red: 0.0, yellow: 0.0, roundness: 0.95, ..least };
        let red_free = Measures { field: Some(round), ..radiograph.clone() };
        let angiogram = Field { line_balance: -0.4, ..round };
        let angiogram = Measures { field: Some(angiogram), ..radiograph.clone() };
        for (measures, named) in [(red_free, "a red-free photograph"), (angiogram, "an angiogram")] {
            // By the chest's model too, which its coarse light would let pass.
            for card in [&retina, &chest] {
                let advice = advise(card, &measures, library).unwrap();
                assert!(advice.instead.is_none() && advice.text().contains(named), "{}", advice.text());
            }
        }
        // A colourful picture with its light elsewhere: nobody's.
        let cells = (0..256).map(|i| f64::from(i % 16)).collect();
        let holiday =
            Measures { colour: 0.3, cells, words: FileWords::default(), field: None, quality: None, is_dark: false };
        let advice = advise(&chest, &holiday, library).unwrap();
        assert!(advice.instead.is_none() && advice.text().starts_with(NOT_FOR_THIS_MODEL), "{}", advice.text());
    }
    /// A radiograph that looks like nothing the models know, with what its file says.
    fn said(modality: &str, body_part: &str, view: &str, age_years: Option<f64>) -> Measures {
        let some = |text: &str| Some(text.to_owned());
        let words = FileWords { modality: some(modality), body_part: some(body_part), view: some(view), age_years };
        let cells = (0..256).map(|i| f64::from(i % 16)).collect();
        Measures { colour: 0.0, cells, words, field: None, quality: None, is_dark: false }
    }

    #[test]
    fn a_file_s_own_words_send_a_chest_to_a_model_of_chests_and_a_shin_nowhere() {
        let library = || Library::open(&[]).ok();
        let known = library().unwrap();
        let card = |name: &str| known.usable().find(|card| card.name == name).unwrap().clone();
        let (chest, retina) = (card("cxr-pneumonia"), card("retina-dr"));
        let adult = advise(&retina, &said("CR", "CHEST", "PA", None), library).unwrap();
        assert_eq!(adult.instead.as_deref(), Some("cxr-pneumonia"));
        assert!(adult.text().contains("a child's chest X-ray"), "{}", adult.text());
        for shin in [said("CR", "TIBIA", "AP", None), said("CT", "CHEST", "PA", None)] {
            assert_eq!(advise(&retina, &shin, library).unwrap().instead, None);
            assert_eq!(advise(&chest, &shin, library).unwrap().instead, None);
        }
        // What looks like a child's chest is refused once its file says that it is a shin, from aside, or an adult's.
        let cells: Vec<f64> = chest.gate.as_ref().unwrap().template.iter().map(|v| f64::from(*v)).collect();
        let alike = |measures: Measures| Measures { cells: cells.clone(), ..measures };
        assert_eq!(advise(&chest, &alike(said("CR", "CHEST", "PA", Some(4.0))), library), None);
        let refused = |measures: Measures| advise(&chest, &alike(measures), library).unwrap().text();
        assert!(refused(said("CR", "TIBIA", "AP", None)).contains("TIBIA"));
        assert!(refused(said("DX", "CHEST", "LL", None)).contains("LL"));
        let adult = refused(said("DX", "CHEST", "PA", Some(47.0)));
        assert!(adult.contains("older than 18 years") && !adult.contains("47"), "{adult}");
    }
}
