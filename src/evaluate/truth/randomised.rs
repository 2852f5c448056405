//! Whether a map depends on the model at all (Adebayo et al. 2018): the map of the same class by the model whose layers
//! lose their weights one after the other, from the last to the first, against the model's own.

use serde::{Deserialize, Serialize};

use crate::bundle::Bundle;
use crate::bundle::randomised::{LayerGroup, layer_groups};
use crate::evaluate::similarity::Similarity;
use crate::evaluate::subject::Subject;
use crate::explain::{ExplainError, Explainer, SingleMap};
use crate::method::MapKind;
use crate::network::{ComputeDevice, NetworkError};
use crate::scan::Scan;
use crate::statistics::MayGoOn;

/// Below this rank correlation with the map of the model whose weights are all randomised a map depends on the model: less
/// than a quarter of what one says is then said by the other.
pub const DEPENDS_BELOW: f64 = 0.5;

/// The model after so many groups of layers lost their weights.
#[derive(Debug)]
pub struct RandomisedModel {
    /// The layers that lost theirs last.
    pub layers: String,
    explainer: Explainer,
}

impl RandomisedModel {
    /// `bundle` on `device` without the weights of `groups`.
    ///
    /// # Errors
    /// A device that fails.
    pub fn new(
        bundle: &Bundle,
        groups: &[LayerGroup],
        device: &ComputeDevice,
        seed: u64,
    ) -> Result<Self, NetworkError> {
        let explainer = Explainer::new(bundle.randomised(groups, seed), device)?;
        Ok(Self { layers: groups.last().map(LayerGroup::name).unwrap_or_default(), explainer })
    }

    /// The maps of `class` that the model gives then; fewer where it gives no finite numbers, or where
    /// it may not go on.
    ///
    /// # Errors
    /// A picture that cannot be read, or a device that fails.
    pub fn maps(
        &self,
        scan: &Scan,
        class: usize,
        kinds: &[MapKind],
        may_go_on: &MayGoOn<'_>,
    ) -> Result<Vec<SingleMap>, ExplainError> {
        let examined = self.explainer.examine_for_maps(scan)?;
        let mut maps = Vec::new();
        for kind in kinds.iter().take_while(|_| may_go_on()) {
            match self.explainer.single_map(&examined, class, *kind) {
                Ok(map) => maps.extend(map),
                Err(NetworkError::NotFinite { .. }) => {}
                Err(error) => return Err(error.into()),
            }
        }
        Ok(maps)
    }
}

/// The models of `bundle` on `device`, each with one group of layers more than the one before; the last has them all.
/// `None` where it may not go on. One draw of weights may resemble the model by chance: over many pictures, give each
/// the models of a seed of its own.
///
/// # Errors
/// A device that fails.
pub fn randomised_models(
    bundle: &Bundle,
    device: &ComputeDevice,
    seed: u64,
    may_go_on: &MayGoOn<'_>,
) -> Result<Option<Vec<RandomisedModel>>, NetworkError> {
    let groups = layer_groups(&bundle.card);
    let mut models = Vec::new();
    for at in 0..groups.len() {
        if !may_go_on() {
            return Ok(None);
        }
        models.push(RandomisedModel::new(bundle, &groups[..=at], device, seed)?);
    }
    Ok(Some(models))
}

/// One model's maps against the model's own.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Randomised {
    /// The layers that lost their weights last.
    pub layers: String,
    /// Empty where the network gave no finite numbers.
    pub maps: Vec<(MapKind, Similarity)>,
}

/// Compares the maps of `subject` with those of every model; `None` where it may not go on.
///
/// # Errors
/// A picture that cannot be read, or a device that fails.
pub fn measure(
    subject: &Subject<'_>,
    models: &[RandomisedModel],
    may_go_on: &MayGoOn<'_>,
) -> Result<Option<Vec<Randomised>>, ExplainError> {
    let kinds: Vec<MapKind> = subject.maps.iter().map(|map| map.kind).collect();
    let compared = |other: &SingleMap| {
        let own = subject.map(other.kind)?;
        Some((other.kind, Similarity::of(&own.values, &other.values, subject.size(), &subject.field)))
    };
    let mut all = Vec::new();
    for model in models {
        let maps = model.maps(subject.scan, subject.class, &kinds, may_go_on)?;
        if !may_go_on() {
            return Ok(None);
        }
        all.push(Randomised { layers: model.layers.clone(), maps: maps.iter().filter_map(compared).collect() });
    }
    Ok(Some(all))
}

/// Whether a map depends on the model, from its rank correlation with the map of the model whose weights are all
/// randomised. An even map, which has no order, has nothing in common with one that has: `None` counts as 0.
pub fn depends(spearman: Option<f64>) -> bool {
    spearman.unwrap_or(0.0) < DEPENDS_BELOW
}

/// One sentence of it.
pub fn says(spearman: Option<f64>) -> &'static str {
    match depends(spearman) {
        true => "this map depends on the model",
        false => "this map does not depend on the model",
    }
}

#[cfg(test)]
mod tests {
    use image::GrayImage;

    use super::*;
    use crate::bundle::Library;
    use crate::network::device;
    use crate::scan::Pixels;

    /// A ring with a bar, about as a digit is drawn.
    fn digit() -> Scan {
        let picture = GrayImage::from_fn(28, 28, |x, y| {
            let off = (f64::from(x) - 13.5).hypot(f64::from(y) - 13.5);
            let is_ink = (6.0..9.0).contains(&off) || (y.abs_diff(14) < 2 && (6..22).contains(&x));
            image::Luma([if is_ink { 230 } else { 0 }])
        });
        Scan::new(Pixels::from_grey8(&picture), "drawn")
    }

    /// How strongly the picture itself changes at each pixel: what an edge detector gives, whatever the model.
    fn edges(subject: &Subject<'_>) -> Vec<f32> {
        let ((height, width), values) = (subject.size(), &subject.picture.values);
        let at = |y: usize, x: usize| values[y.min(height - 1) * width + x.min(width - 1)];
        let edge = |i: usize| {
            let (y, x) = (i / width, i % width);
            (at(y, x + 1) - at(y, x.saturating_sub(1))).hypot(at(y + 1, x) - at(y.saturating_sub(1), x))
        };
        (0..height * width).map(edge).collect()
    }

    #[test]
    fn a_map_of_the_model_depends_on_it_and_an_edge_detector_does_not() {
        let bundle = Library::open(&[]).unwrap().load("mnist").unwrap();
        let cpu = device::cpu();
        let models = randomised_models(&bundle, &cpu, 1, &|| true).unwrap().unwrap();
        let explainer = Explainer::new(bundle, &cpu).unwrap();
        let scan = digit();
        let subject = Subject::new(&explainer, &scan, &[MapKind::Cam]).unwrap();
        let found = measure(&subject, &models, &|| true).unwrap().unwrap();
        assert_eq!(found.len(), models.len());
        let (_, last) = found.last().unwrap().maps[0];
        assert!(depends(last.spearman), "{last:?}");
        assert_eq!(says(last.spearman), "this map depends on the model");

        // The same edges stand for the map of the model and of every model.
        let own = edges(&subject);
        for model in &models {
            let other = Subject::new(&model.explainer, &scan, &[]).unwrap();
            let found = Similarity::of(&own, &edges(&other), subject.size(), &subject.field);
            assert_eq!(says(found.spearman), "this map does not depend on the model");
        }
        assert!(measure(&subject, &models, &|| false).unwrap().is_none(), "cancelled");
        let none = SingleMap { values: vec![0.0; 784], ..subject.maps[0].clone() };
        let vanished = Similarity::of(&subject.maps[0].values, &none.values, subject.size(), &subject.field);
        assert!(vanished.spearman.is_none() && depends(vanished.spearman));
    }
}
