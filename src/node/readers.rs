//! Which model reads a picture, and the models that were needed so far, on their device.

use std::num::NonZeroUsize;
use std::path::PathBuf;

use anyhow::{Context, Result, bail};
use lru::LruCache;

use crate::bundle::measures::Measures;
use crate::bundle::{Card, Library, NOT_FOR_THIS_MODEL, advise};
use crate::explain::Explainer;
use crate::network::{ComputeDevice, DeviceChoice, device};

/// Networks that stay loaded; beyond that the least recently used one goes.
const MOST_LOADED: NonZeroUsize = NonZeroUsize::MIN.saturating_add(3);
/// Stands for a model's name.
pub const AUTO: &str = "auto";

/// Which models a node has.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Models {
    /// In the order in which they are asked; [`AUTO`] means all that have a gate.
    pub names: Vec<String>,
    /// Folders of further models.
    pub folders: Vec<PathBuf>,
    pub device: DeviceChoice,
}

/// The models of a node.
pub struct Readers {
    models: Models,
    cards: Vec<Card>,
    is_auto: bool,
    device: ComputeDevice,
    loaded: LruCache<String, Explainer>,
}

impl Readers {
    /// # Errors
    /// A name that no model has, a model without weights, no device, or nothing to choose from.
    pub fn open(models: Models) -> Result<Self> {
        let library = Library::open(&models.folders)?;
        let is_auto = models.names.iter().any(|name| name == AUTO);
        let cards: Vec<Card> = if is_auto {
            if models.names.len() > 1 {
                bail!("--model {AUTO} takes all models; give it alone, or names alone");
            }
            // A model without a gate would accept everything.
            library.usable().filter(|card| card.gate.is_some()).cloned().collect()
        } else {
            let named = |name: &String| {
                let known = || library.usable().map(|card| card.name.as_str()).collect::<Vec<_>>().join(", ");
                let card = library.usable().find(|card| card.name == *name).cloned();
                card.with_context(|| format!("there is no model `{name}` with weights; there are {}", known()))
            };
            models.names.iter().map(named).collect::<Result<_>>()?
        };
        if cards.is_empty() {
            bail!("there is no model to answer with; name one with --model");
        }
        let device = device::open(models.device)?;
        Ok(Self { models, cards, is_auto, device, loaded: LruCache::new(MOST_LOADED) })
    }

    /// The names of the models in use.
    pub fn names(&self) -> Vec<&str> {
        self.cards.iter().map(|card| card.name.as_str()).collect()
    }

    /// The first model that reads a picture with these `measures`; else the reason why none does.
    ///
    /// # Errors
    /// The reason, in words.
    pub fn choose(&self, measures: &Measures) -> Result<&Card, String> {
        let reads = |card: &&Card| match &card.gate {
            Some(gate) if self.is_auto => gate.recommends(measures),
            Some(gate) => gate.passes(measures),
            None => true,
        };
        self.cards.iter().find(reads).ok_or_else(|| self.why_none(measures))
    }

    fn why_none(&self, measures: &Measures) -> String {
        // A single model gives its own reason.
        if let [card] = self.cards.as_slice()
            && let Some(advice) = advise(card, measures, || None)
        {
            return advice.text();
        }
        let gates = self.cards.iter().filter_map(|card| card.gate.as_ref());
        let reads: Vec<&str> = gates.map(|gate| gate.reads.as_str()).collect();
        format!("{NOT_FOR_THIS_MODEL}: none of the models here reads it; they read {}.", reads.join(", or "))
    }

    /// The model of `card` on its device.
    ///
    /// # Errors
    /// Weights that are not what the card says, or a device that fails.
    pub fn ready(&mut self, card: &Card) -> Result<&Explainer> {
        if !self.loaded.contains(&card.name) {
            let entry = Library::open(&self.models.folders)?.find(&card.name)?;
            let (bundle, calibration) = entry.load_calibrated()?;
            let explainer = Explainer::new(bundle, &self.device)?.with_calibration(calibration);
            self.loaded.put(card.name.clone(), explainer);
        }
        self.loaded.get(&card.name).context("the model was put away")
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::bundle::measures::FileWords;

    fn readers(names: &[&str]) -> Result<Readers> {
        let names = names.iter().map(|name| (*name).to_owned()).collect();
        Readers::open(Models { names, folders: Vec::new(), device: DeviceChoice::Cpu })
    }

    fn said(modality: &str, body_part: &str) -> Measures {
        let some = |text: &str| Some(text.to_owned());
        let words = FileWords { modality: some(modality), body_part: some(body_part), view: None, age_years: None };
        let cells = (0..256).map(|i| f64::from(i % 16)).collect();
        Measures { colour: 0.0, cells, words, field: None, quality: None, is_dark: false }
    }

    #[test]
    fn a_model_that_reads_anything_must_be_named() {
        let auto = readers(&[AUTO]).unwrap();
        assert!(auto.names().contains(&"retina-dr") && !auto.names().contains(&"mnist"), "{:?}", auto.names());
        let why = auto.choose(&said("MR", "KNEE")).unwrap_err();
        assert!(why.starts_with(NOT_FOR_THIS_MODEL) && why.contains("fundus"), "{why}");
        assert_eq!(readers(&["mnist"]).unwrap().choose(&said("MR", "KNEE")).unwrap().name, "mnist");
        let alone = readers(&["cxr-pneumonia"]).unwrap();
        assert!(alone.choose(&said("MR", "KNEE")).unwrap_err().contains("MR, KNEE"));
    }

    #[test]
    fn names_that_lead_nowhere_are_refused_at_the_start() {
        let refused = |names: &[&str]| readers(names).err().map(|error| error.to_string()).unwrap_or_default();
        assert!(refused(&["nobody"]).contains("`nobody`"));
        assert!(refused(&["chexnet"]).contains("with weights"), "a form is no model");
        assert!(refused(&[AUTO, "mnist"]).contains("alone"));
        assert!(!refused(&[]).is_empty());
    }

    #[test]
    fn auto_takes_the_model_whose_own_kind_it_is() {
        let mut auto = readers(&[AUTO]).unwrap();
        let library = Library::open(&[]).unwrap();
        let chest = library.usable().find(|card| card.name == "cxr-pneumonia").unwrap();
        let cells = chest.gate.as_ref().unwrap().template.iter().map(|v| f64::from(*v)).collect();
        let alike = Measures { cells, ..said("DX", "CHEST") };
        let card = auto.choose(&alike).unwrap().clone();
        assert_eq!(card.name, "cxr-pneumonia");
        assert_eq!(auto.ready(&card).unwrap().sha256, card.weights.sha256);
    }
}
