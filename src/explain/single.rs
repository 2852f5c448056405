//! The map of one class by any method on the model's input grid, so that maps can be held against each other.

use super::explainer::guarded;
use super::{Examined, ExplainError, Explainer};
use crate::geometry::Transform;
use crate::maps::ClassMaps;
use crate::method::{Cam, CamMethod, MapKind};
use crate::network::NetworkError;
use crate::scan::Scan;

/// The map of one class over the model's frame.
///
/// # Shapes
/// `values` is `[height, width]`, row-major. A CAM's are signed, what speaks against the class below 0; a response is as
/// the card's magnitude makes it.
#[derive(Debug, Clone, PartialEq)]
pub struct SingleMap {
    /// How it was made.
    pub kind: MapKind,
    /// Rows.
    pub height: usize,
    /// Columns.
    pub width: usize,
    /// Row by row: `[height, width]`.
    pub values: Vec<f32>,
    /// From positions in it to source pixels.
    pub source_from_model: Transform,
}

impl SingleMap {
    /// The map's value at each pixel of another frame of `height`×`width` pixels, whose positions `source_from_other` takes
    /// to the same source; bilinear, and held constant beyond the map's edge. `None` where the frames cannot be joined.
    pub fn seen_from(&self, source_from_other: &Transform, (height, width): (usize, usize)) -> Option<Vec<f32>> {
        let own_from_other = source_from_other.then(&self.source_from_model.inverse()?);
        let map = ClassMaps::new(1, self.height, self.width, self.values.clone());
        let value = |i: usize| {
            let (x, y) = own_from_other.apply((i % width) as f64 + 0.5, (i / width) as f64 + 0.5);
            map.sample(0, x, y)
        };
        (0..height * width).map(value).collect()
    }
}

impl Explainer {
    /// The kinds of maps that have places in this network.
    pub fn map_kinds(&self) -> Vec<MapKind> {
        MapKind::ALL.into_iter().filter(|kind| *kind != MapKind::Cam || self.network().has_cam()).collect()
    }

    /// Runs the network forward on one picture, with what maps of every kind need.
    ///
    /// # Errors
    /// Like [`Self::examine`].
    pub fn examine_for_maps(&self, scan: &Scan) -> Result<Examined, ExplainError> {
        self.examine(scan, Cam { method: CamMethod::GradCam, layer: None })
    }

    /// The map of `class` by `kind` on the model's input grid, from what [`Self::examine_for_maps`] kept: a CAM between
    /// its cells bilinearly, CLEAR of the evidence and the magnitude that the card recommends. `None` where the network
    /// has no such map.
    ///
    /// # Errors
    /// A device that fails.
    pub fn single_map(
        &self,
        examined: &Examined,
        class: usize,
        kind: MapKind,
    ) -> Result<Option<SingleMap>, NetworkError> {
        let (network, pass) = (self.network(), &examined.pass);
        let recommended = &self.card.explanation;
        let maps = guarded(network.device(), || match (kind, kind.rule()) {
            (_, Some(rule)) => {
                let how = crate::method::BackProjection { rule, evidence: recommended.evidence };
                let mut response = network.back_project(pass, &[class], how)?;
                response.data.iter_mut().for_each(|v| *v = recommended.magnitude.apply(*v));
                Ok(Some(response))
            }
            (MapKind::Cam, None) => Ok(network.has_cam().then(|| examined.class_maps.clone())),
            (kind, None) => network.gradient_maps(pass, &[class], kind == MapKind::HiResCam),
        })?;
        let [_, height, width] = network.input();
        let values = maps.and_then(|maps| maps.resampled_class(class, (height, width)));
        let source_from_model = examined.source_from_model;
        Ok(values.map(|values| SingleMap { kind, height, width, values, source_from_model }))
    }
}
