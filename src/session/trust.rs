//! Whether the map of one picture can be trusted: tests, one after another, the quick ones first.
//!
//! Each test starts from the picture, so that an interrupted one costs no other.

use std::path::PathBuf;
use std::sync::Arc;

use image::RgbImage;

use super::key::PictureKey;
use super::picture::Picture;
use crate::bundle::Bundle;
use crate::bundle::randomised::layer_groups;
use crate::compose::{CamColours, CamScale, CamStyle, cam_layer};
use crate::evaluate::fill::Fill;
use crate::evaluate::truth::{
    CurveSettings, Curves, RandomisedModel, Repeated, Rescored, TruthSettings, insertion_and_deletion, repeated,
    rescored,
};
use crate::evaluate::{Similarity, Subject};
use crate::explain::{ExplainError, Explainer, SingleMap};
use crate::geometry::Transform;
use crate::maps::ClassMaps;
use crate::method::MapKind;
use crate::statistics::MayGoOn;

/// Seed of everything random.
const SEED: u64 = 1;
/// Most randomised models shown; the last, in which no weight is left, always is.
const MOST_MODELS: usize = 5;
/// Side of the maps shown side by side.
const MAP_PX: u32 = 160;
/// The removed pixels of a curve are blurred, and the mean of so many random orders stands beside.
const RANDOM_ORDERS: usize = 2;

/// What results belong to.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct TrustKey {
    pub picture: PictureKey,
    /// The SHA-256 of the model's weights.
    pub model: String,
    /// The class whose map is tested.
    pub kind: MapKind,
}

/// One test.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TrustPart {
    /// Only the strong pixels kept, and only they removed.
    Strong,
    /// The map of the picture mirrored, shifted, darker and lighter.
    Repeated,
    /// The maps by other methods and rules.
    Alike,
    /// Insertion and deletion.
    Curves,
    /// The maps of a model that loses its weights.
    Randomised,
}

impl TrustPart {
    pub const ALL: [Self; 5] = [Self::Strong, Self::Repeated, Self::Alike, Self::Curves, Self::Randomised];

    pub fn name(self) -> &'static str {
        match self {
            Self::Strong => "strong pixels kept and removed",
            Self::Repeated => "mirror, shift and exposure",
            Self::Alike => "other maps",
            Self::Curves => "insertion and deletion",
            Self::Randomised => "randomised weights",
        }
    }
}

/// A test to be run.
#[derive(Debug, Clone)]
pub struct TrustJob {
    pub number: u64,
    pub of: TrustKey,
    pub part: TrustPart,
    pub picture: Arc<Picture>,
    /// The model's name, and further folders it may lie in: its weights are read again to be randomised.
    pub name: String,
    pub folders: Vec<PathBuf>,
}

/// The map of the model after some of its layers lost their weights.
#[derive(Debug, Clone, PartialEq)]
pub struct RandomisedMap {
    /// The layers that lost theirs last.
    pub layers: String,
    /// With the model's own map; `None` where the network gave no finite numbers.
    pub similarity: Option<Similarity>,
    pub picture: RgbImage,
}

/// The result of a test.
#[derive(Debug, Clone, PartialEq)]
pub enum TrustFound {
    Strong(Vec<Rescored>),
    Repeated(Vec<Repeated>),
    Alike(Vec<(MapKind, Similarity)>),
    Curves(Vec<Curves>),
    Randomised { own: RgbImage, models: Vec<RandomisedMap> },
}

impl TrustFound {
    pub fn part(&self) -> TrustPart {
        match self {
            Self::Strong(_) => TrustPart::Strong,
            Self::Repeated(_) => TrustPart::Repeated,
            Self::Alike(_) => TrustPart::Alike,
            Self::Curves(_) => TrustPart::Curves,
            Self::Randomised { .. } => TrustPart::Randomised,
        }
    }
}

/// Tries the part of `job` under `explainer`; `None` where it may not go on. `bundle` reads the model once more.
///
/// # Errors
/// What the network, or the reading of its weights, fails with, in a sentence.
pub fn try_part(
    explainer: &Explainer,
    job: &TrustJob,
    bundle: impl FnOnce() -> Result<Bundle, String>,
    may_go_on: &MayGoOn<'_>,
) -> Result<Option<TrustFound>, String> {
    let says = |error: ExplainError| error.to_string();
    let kind = job.of.kind;
    let kinds: &[MapKind] = if job.part == TrustPart::Alike { &MapKind::ALL } else { &[kind] };
    let subject = Subject::new(explainer, &job.picture.scan, kinds).map_err(says)?;
    if !may_go_on() {
        return Ok(None);
    }
    Ok(match job.part {
        TrustPart::Strong => {
            let TruthSettings { strong, fill, .. } = TruthSettings::default();
            rescored(&subject, &strong, fill, SEED, may_go_on).map_err(says)?.map(TrustFound::Strong)
        }
        TrustPart::Repeated => repeated(&subject, may_go_on).map_err(says)?.map(TrustFound::Repeated),
        TrustPart::Alike => Some(TrustFound::Alike(alike(&subject, kind))),
        TrustPart::Curves => {
            let usual = CurveSettings::default();
            let settings = CurveSettings { fills: vec![Fill::Blur], random_orders: RANDOM_ORDERS, ..usual };
            insertion_and_deletion(&subject, &settings, SEED, may_go_on).map_err(says)?.map(TrustFound::Curves)
        }
        TrustPart::Randomised => randomised(&subject, kind, &bundle()?, may_go_on)?,
    })
}

/// How alike the map is to those by every other method and rule.
fn alike(subject: &Subject<'_>, kind: MapKind) -> Vec<(MapKind, Similarity)> {
    let Some(own) = subject.map(kind) else { return Vec::new() };
    let others = subject.maps.iter().filter(|map| map.kind != kind);
    others.map(|map| (map.kind, Similarity::of(&own.values, &map.values, subject.size(), &subject.field))).collect()
}

fn randomised(
    subject: &Subject<'_>,
    kind: MapKind,
    bundle: &Bundle,
    may_go_on: &MayGoOn<'_>,
) -> Result<Option<TrustFound>, String> {
    let Some(own) = subject.map(kind) else { return Err("The model has no such map.".to_owned()) };
    let groups = layer_groups(&bundle.card);
    let mut models = Vec::new();
    for at in spread(groups.len(), MOST_MODELS) {
        if !may_go_on() {
            return Ok(None);
        }
        // One at a time: each is a whole network.
        let device = subject.explainer.network().device();
        let model = RandomisedModel::new(bundle, &groups[..=at], device, SEED).map_err(|error| error.to_string())?;
        // One map is not worth stopping in, and one that is missing would be taken for a network that broke.
        let maps = model.maps(subject.scan, subject.class, &[kind], &|| true).map_err(|error| error.to_string())?;
        // A network without its weights may give no finite numbers, and so no map.
        let map = maps.into_iter().next();
        let similarity =
            map.as_ref().map(|map| Similarity::of(&own.values, &map.values, subject.size(), &subject.field));
        let picture = map.as_ref().map_or_else(|| RgbImage::new(MAP_PX, MAP_PX), drawn);
        models.push(RandomisedMap { layers: model.layers, similarity, picture });
    }
    Ok(Some(TrustFound::Randomised { own: drawn(own), models }))
}

/// At most `most` of `count` places, evenly apart, the last among them.
fn spread(count: usize, most: usize) -> Vec<usize> {
    let kept = count.min(most);
    (1..=kept).map(|n| n * count / kept - 1).collect()
}

/// A map by itself, a little smoothed, each by its own largest value: what counts here is where it is bright.
fn drawn(map: &SingleMap) -> RgbImage {
    let longest = map.width.max(map.height).max(1) as f64;
    let factor = f64::from(MAP_PX) / longest;
    let side = |cells: usize| ((cells as f64 * factor).round() as u32).max(1);
    let size = (side(map.width), side(map.height));
    let values: Vec<f32> = map.values.iter().map(|v| if v.is_finite() { v.abs() } else { 0.0 }).collect();
    // Single bright pixels would be lost in a small picture.
    let sigma_px = (longest / f64::from(MAP_PX)) as f32;
    let maps = ClassMaps::new(1, map.height, map.width, values).smoothed(sigma_px);
    let scale = CamScale::of_all(&maps);
    let style = CamStyle { opacity: 1.0, threshold: 0.0, colours: CamColours::Inferno };
    let picture_from_map = Transform::scale_then_move(factor, factor, 0.0, 0.0);
    let layer = cam_layer(&maps, 0, &picture_from_map, size, scale, &style);
    RgbImage::from_fn(size.0, size.1, |x, y| {
        let [r, g, b, a] = layer.get_pixel(x, y).0;
        image::Rgb([r, g, b].map(|v| (u16::from(v) * u16::from(a) / 255) as u8))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_of_the_models_is_always_shown() {
        assert_eq!(spread(3, 5), [0, 1, 2]);
        assert_eq!(spread(10, 5), [1, 3, 5, 7, 9]);
        assert_eq!(spread(7, 5), [0, 1, 3, 4, 6]);
        assert!(spread(0, 5).is_empty());
    }

    #[test]
    fn a_map_is_bright_where_it_is_strong() {
        let mut values = vec![0.0; 16];
        values[5] = -2.0;
        let map = SingleMap { kind: MapKind::Cam, height: 4, width: 4, values, source_from_model: Transform::IDENTITY };
        let picture = drawn(&map);
        let light = |x: u32, y: u32| picture.get_pixel(x, y).0.iter().map(|v| u32::from(*v)).sum::<u32>();
        assert!(light(60, 60) > 400 && light(150, 150) < 60, "{} {}", light(60, 60), light(150, 150));
    }
}
