//! Whether a folder offers a model shortcuts, and whether the model's maps lie on them: what predicts a label without any
//! disease being seen, and where responses gather.
//!
//! Works on [`Looks`], a few hundred numbers a picture, so that pictures are looked at one by one and a run can go on where
//! it stopped.

mod appearance;
mod cues;
mod looks;
mod marks;
mod response;
mod section;
#[cfg(test)]
mod tests;

use serde::Serialize;

pub use self::appearance::Appearance;
use self::cues::Trial;
pub use self::cues::{Cue, CueKind, Tells};
pub use self::looks::{Gathered, Looks, MAP_SIDE};
pub use self::marks::Mark;
pub use self::response::{MeanMap, Place, Share};
pub use self::section::section;
use super::case::Truth;
use crate::statistics::{MayGoOn, RESAMPLINGS, Unit, Units};

/// What was looked at so far.
#[derive(Debug, Clone, Default)]
pub struct Shortcuts {
    pictures: Vec<(Looks, Truth, String)>,
    mean: MeanMap,
}

/// What was found.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
pub struct ShortcutFigures {
    pub n: usize,
    /// Pictures that the cues were learned from and tried on; 0 where there are too few.
    pub tried: usize,
    /// What the intervals draw, and how many there are.
    pub unit: Unit,
    pub units: usize,
    pub cues: Vec<Cue>,
    pub shares: Vec<Share>,
    pub mean: MeanMap,
    /// Which shortcut was found, or none, in a sentence.
    pub verdict: String,
}

impl Shortcuts {
    /// Takes one picture; `patient` is empty where it is not known.
    pub fn add(&mut self, mut looks: Looks, truth: &Truth, patient: &str) {
        if let Some(response) = &mut looks.response {
            self.mean.add(response);
            // The means are kept instead.
            response.map = Vec::new();
            response.seen = Vec::new();
        }
        self.pictures.push((looks, truth.clone(), patient.to_owned()));
    }

    pub fn is_empty(&self) -> bool {
        self.pictures.is_empty()
    }

    /// The figures, of a model with so many `classes`.
    pub fn figures(&self, classes: usize) -> ShortcutFigures {
        self.figures_while(classes, RESAMPLINGS, &|| true).unwrap_or_default()
    }

    /// Like [`Self::figures`], with so many draws for each interval; `None` once `may_go_on` says no.
    pub fn figures_while(&self, classes: usize, draws: usize, may_go_on: &MayGoOn<'_>) -> Option<ShortcutFigures> {
        let units = Units::of(self.pictures.iter().map(|(_, _, patient)| patient.as_str()));
        let trial = Trial::of(&self.pictures, classes);
        let cues = match &trial {
            Some(trial) => {
                let cue = |kind: CueKind| trial.cue(kind, draws, may_go_on);
                CueKind::ALL.into_iter().map(cue).collect::<Option<Vec<Cue>>>()?
            }
            None => Vec::new(),
        };
        let responses: Vec<Option<&Gathered>> =
            self.pictures.iter().map(|(looks, _, _)| looks.response.as_ref()).collect();
        let shares = response::shares(&responses, &units, draws, may_go_on)?;
        let mut figures = ShortcutFigures {
            n: self.pictures.len(),
            tried: trial.as_ref().map_or(0, Trial::len),
            unit: units.unit,
            units: units.len(),
            cues,
            shares,
            mean: self.mean.clone(),
            verdict: String::new(),
        };
        figures.verdict = section::verdict(&figures);
        Some(figures)
    }
}

impl ShortcutFigures {
    /// The cues from which the label can be told, the clearest first.
    pub fn found(&self) -> Vec<&Cue> {
        let mut found: Vec<&Cue> = self.cues.iter().filter(|cue| cue.tells == Tells::Yes).collect();
        let area = |cue: &Cue| cue.auc.value.unwrap_or(0.0);
        found.sort_by(|a, b| area(b).total_cmp(&area(a)));
        found
    }
}
