//! What is said of a picture that does not look like those a model reads, and which other model would.
//!
//! Must not know pictures: it is given what was measured of one.

use super::field::GreyRetina;
use super::measures::Measures;
use super::{Card, Library};

/// A warning beside an answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Advice {
    pub text: String,
    /// The name of a model that reads such pictures.
    pub instead: Option<String>,
}

/// The warning about a picture of `measures` under the model of `card`; `None` where it is of the model's kind, or
/// where the card has no gate. `library` is opened only where another model may be needed.
pub fn advise(card: &Card, measures: &Measures, library: impl FnOnce() -> Option<Library>) -> Option<Advice> {
    let gate = card.gate.as_ref().filter(|gate| !gate.passes(measures))?;
    let mut text = format!("This picture does not look like those that {} reads ({}).", card.name, gate.reads);
    let grey = gate.field.zip(measures.field).and_then(|(least, found)| found.grey_retina(&least));
    text += match grey {
        Some(GreyRetina::RedFree) => " It looks like a red-free photograph.",
        Some(GreyRetina::Angiogram) => " It looks like an angiogram.",
        None => "",
    };
    // A gate without template or field is too wide to recommend anything.
    let reads_it = |other: &&Card| {
        other.name != card.name && other.gate.as_ref().is_some_and(|g| g.is_narrow() && g.passes(measures))
    };
    // Coarse light alone takes a grey retina for a chest.
    // A folder of models that has gone takes the recommendation with it, not the warning.
    let library = library().filter(|_| grey.is_none());
    let instead = library.and_then(|library| library.usable().find(reads_it).map(|other| other.name.clone()));
    match &instead {
        Some(name) => text += &format!(" {name} reads such pictures."),
        None => text += " Do not trust the answer.",
    }
    Some(Advice { text, instead })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::bundle::field::Field;

    /// What the two shipped gates say of pictures that are only colour and coarse light.
    #[test]
    fn each_model_sends_the_others_pictures_there() {
        let library = || Library::open(&[]).ok();
        let known = library().unwrap();
        let card = |name: &str| known.usable().find(|card| card.name == name).unwrap().clone();
        let of = |card: &Card, colour: f64| Measures {
            colour,
            cells: card.gate.as_ref().unwrap().template.iter().map(|v| f64::from(*v)).collect(),
            modality: None,
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
        assert!(advice.text.contains("a child's chest X-ray"), "{}", advice.text);
        // A folder of models that has vanished takes no warning with it.
        let alone = advise(&chest, &fundus, || None).unwrap();
        assert!(alone.instead.is_none() && alone.text.contains("Do not trust"), "{}", alone.text);
        assert_eq!(advise(&retina, &radiograph, library).unwrap().instead.as_deref(), Some("cxr-pneumonia"));
        // A retina without colour is named, and sent nowhere.
        let least = retina.gate.as_ref().unwrap().field.unwrap();
        let round = Field { colour: 0.0, red: 0.0, yellow: 0.0, roundness: 0.95, ..least };
        let red_free = Measures { field: Some(round), ..radiograph.clone() };
        let angiogram = Field { line_balance: -0.4, ..round };
        let angiogram = Measures { field: Some(angiogram), ..radiograph.clone() };
        for (measures, named) in [(red_free, "a red-free photograph"), (angiogram, "an angiogram")] {
            let advice = advise(&retina, &measures, library).unwrap();
            assert!(advice.instead.is_none() && advice.text.contains(named), "{}", advice.text);
        }
        // A colourful picture with its light elsewhere: nobody's.
        let cells = (0..256).map(|i| f64::from(i % 16)).collect();
        let holiday = Measures { colour: 0.3, cells, modality: None, field: None, quality: None, is_dark: false };
        let advice = advise(&chest, &holiday, library).unwrap();
        assert!(advice.instead.is_none() && advice.text.contains("Do not trust"), "{}", advice.text);
    }
}
