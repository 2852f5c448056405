//! Whether maps tell the truth: of one picture plain figures that can be kept in a line of JSON, of many a summary.

mod curves;
mod order;
pub mod randomised;
mod repeated;
mod rescored;
mod section;
mod summary;

use serde::{Deserialize, Serialize};

use super::fill::Fill;
use super::subject::Subject;
use crate::explain::{ExplainError, Explainer};
use crate::method::MapKind;
use crate::statistics::MayGoOn;

pub use self::curves::{CurveSettings, Curves, Ways, measure as insertion_and_deletion, ways};
pub use self::order::Order;
pub use self::randomised::{
    DEPENDS_BELOW, Randomised, RandomisedModel, measure as against_randomised, randomised_models,
};
pub use self::repeated::{Repeated, measure as repeated, measure_against as reproduced};
pub use self::rescored::{Rescored, Said, Strong, kept_and_removed, measure as rescored};
pub use self::summary::{ALIKE_FROM, MapTruth, Truthfulness};
use super::similarity::Similarity;

/// What is measured, and how finely.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct TruthSettings {
    pub kinds: Vec<MapKind>,
    pub curves: CurveSettings,
    /// When pixels count as strongly attentive.
    pub strong: Vec<Strong>,
    /// What takes the place of pixels that are kept out or removed.
    pub fill: Fill,
    /// Of all that is drawn by chance.
    pub seed: u64,
}

impl Default for TruthSettings {
    fn default() -> Self {
        Self {
            kinds: MapKind::ALL.to_vec(),
            curves: CurveSettings::default(),
            strong: vec![Strong::OfMaximum(0.25), Strong::OfMaximum(0.5), Strong::TopShare(0.1)],
            fill: Fill::Blur,
            seed: 1,
        }
    }
}

/// The other models that maps are held against.
#[derive(Debug, Clone, Copy, Default)]
pub struct Others<'a> {
    /// Of [`randomised_models`]; none: the weights are not randomised.
    pub models: &'a [RandomisedModel],
    pub against: Option<&'a Explainer>,
}

/// All figures of one picture.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct PictureTruth {
    pub image: String,
    /// Empty where it is not known.
    pub patient: String,
    /// The class that the maps are of, and its probability.
    pub decided: usize,
    pub probability: f32,
    pub curves: Vec<Curves>,
    pub rescored: Vec<Rescored>,
    pub randomised: Vec<Randomised>,
    pub repeated: Vec<Repeated>,
    /// Against a second model.
    pub reproduced: Vec<(MapKind, Similarity)>,
}

impl PictureTruth {
    /// Measures all that there is of one picture; `None` where it may not go on.
    ///
    /// # Errors
    /// A picture that a model cannot read, or a device that fails.
    pub fn of(
        subject: &Subject<'_>,
        (image, patient): (&str, &str),
        settings: &TruthSettings,
        others: Others<'_>,
        may_go_on: &MayGoOn<'_>,
    ) -> Result<Option<Self>, ExplainError> {
        let TruthSettings { curves, strong, fill, seed, .. } = settings;
        let Some(curves) = insertion_and_deletion(subject, curves, *seed, may_go_on)? else { return Ok(None) };
        let Some(rescored) = rescored(subject, strong, *fill, *seed, may_go_on)? else { return Ok(None) };
        let Some(randomised) = against_randomised(subject, others.models, may_go_on)? else { return Ok(None) };
        let Some(repeated) = repeated(subject, may_go_on)? else { return Ok(None) };
        let reproduced = match others.against {
            Some(against) => reproduced(subject, against, may_go_on)?,
            None => Some(Vec::new()),
        };
        let Some(reproduced) = reproduced else { return Ok(None) };
        Ok(Some(Self {
            image: image.to_owned(),
            patient: patient.to_owned(),
            decided: subject.class,
            probability: subject.probability(),
            curves,
            rescored,
            randomised,
            repeated,
            reproduced,
        }))
    }
}
