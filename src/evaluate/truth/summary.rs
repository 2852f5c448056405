//! The figures of many pictures, map by map.

use serde::Serialize;

use super::randomised::depends;
use super::{PictureTruth, Strong};
use crate::evaluate::cells::mean;
use crate::evaluate::fill::Fill;
use crate::evaluate::similarity::Similarity;
use crate::explain::steady::Variant;
use crate::method::MapKind;
use crate::statistics::{Figure, Unit, Units};

/// From this structural similarity on two maps count as alike: the lower of the baselines of Arun et al. 2021.
pub const ALIKE_FROM: f64 = 0.5;

/// How truthful maps are over a set of pictures; every mean is over the pictures that have the figure.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Truthfulness {
    pub n: usize,
    /// What the intervals resample.
    pub unit: Unit,
    pub maps: Vec<MapTruth>,
    /// The curves of a random order.
    pub chance: Vec<CurveFigures>,
    /// In how many pictures the decision stays, by variant.
    pub stays: Vec<(Variant, Figure)>,
}

/// Of one kind of map.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct MapTruth {
    pub map: MapKind,
    pub curves: Vec<CurveFigures>,
    pub rescored: Vec<RescoredFigures>,
    /// By randomised model.
    pub randomised: Vec<LikenessFigures<String>>,
    /// Whether the map depends on the model; `None` where its weights were not randomised.
    pub depends_on_model: Option<bool>,
    pub repeated: Vec<LikenessFigures<Variant>>,
    /// Against a second model.
    pub reproduced: Option<LikenessFigures<()>>,
}

/// Insertion and deletion under one fill.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct CurveFigures {
    pub fill: Fill,
    pub insertion: Figure,
    pub deletion: Figure,
    /// By how much insertion lies above, and deletion below, those of a random order of the same picture.
    pub insertion_gain: Figure,
    pub deletion_gain: Figure,
    /// The mean curves, for plots.
    #[serde(skip)]
    pub curves: [Vec<f64>; 2],
}

/// Strong pixels kept and removed: the decided class's probability, and how often the decision stays.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct RescoredFigures {
    pub strong: Strong,
    pub share: Figure,
    pub kept: SaidFigures,
    pub removed: SaidFigures,
    pub random_kept: SaidFigures,
    pub random_removed: SaidFigures,
}

#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct SaidFigures {
    pub probability: Figure,
    pub stays: Figure,
}

/// How alike two maps are.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct LikenessFigures<T> {
    pub of: T,
    pub spearman: Figure,
    pub ssim: Figure,
}

impl Truthfulness {
    /// Of `pictures`, all of one model and the same settings.
    pub fn of(pictures: &[PictureTruth]) -> Self {
        let units = Units::of(pictures.iter().map(|picture| picture.patient.as_str()));
        let first = pictures.first();
        let mut kinds: Vec<MapKind> = MapKind::ALL.to_vec();
        kinds.retain(|kind| pictures.iter().any(|picture| picture.has(*kind)));
        let all = Measured { pictures, units: &units };
        let variants = Variant::REPEATED.into_iter();
        let stays = |variant: Variant| {
            let of = |picture: &PictureTruth| {
                picture.repeated.iter().find(|repeated| repeated.variant == variant).map(|r| f64::from(r.stays))
            };
            (variant, all.mean(of))
        };
        Self {
            n: pictures.len(),
            unit: units.unit,
            maps: kinds.into_iter().map(|kind| all.map(kind)).collect(),
            chance: first.map_or_else(Vec::new, |first| all.curves(first, None)),
            stays: variants.map(stays).filter(|(_, figure)| figure.value.is_some()).collect(),
        }
    }

    pub fn map(&self, kind: MapKind) -> Option<&MapTruth> {
        self.maps.iter().find(|map| map.map == kind)
    }
}

impl MapTruth {
    /// The rank correlation with the map of the model whose weights are all randomised.
    pub fn randomised_spearman(&self) -> Option<Figure> {
        self.randomised.last().map(|model| model.spearman)
    }

    /// Over variants of the picture the structural similarity of the one in which the map comes again worst.
    pub fn repeated_ssim(&self) -> Option<Figure> {
        let known = self.repeated.iter().map(|variant| variant.ssim).filter(|ssim| ssim.value.is_some());
        known.min_by(|a, b| a.value.unwrap_or(0.0).total_cmp(&b.value.unwrap_or(0.0)))
    }
}

impl PictureTruth {
    fn has(&self, kind: MapKind) -> bool {
        self.curves.iter().any(|curve| curve.map == Some(kind))
            || self.rescored.iter().any(|rescored| rescored.map == kind)
            || self.repeated.iter().any(|repeated| of_kind(&repeated.maps, kind).is_some())
            || self.randomised.iter().any(|model| of_kind(&model.maps, kind).is_some())
    }
}

fn of_kind(maps: &[(MapKind, Similarity)], kind: MapKind) -> Option<Similarity> {
    maps.iter().find(|(known, _)| *known == kind).map(|(_, similarity)| *similarity)
}

struct Measured<'a> {
    pictures: &'a [PictureTruth],
    units: &'a Units,
}

impl Measured<'_> {
    fn mean(&self, of: impl Fn(&PictureTruth) -> Option<f64>) -> Figure {
        mean(self.units, &self.pictures.iter().map(of).collect::<Vec<_>>())
    }

    fn map(&self, kind: MapKind) -> MapTruth {
        let none = PictureTruth::default();
        let first = self.pictures.first().unwrap_or(&none);
        let randomised: Vec<LikenessFigures<String>> = first
            .randomised
            .iter()
            .map(|model| {
                let of = |picture: &PictureTruth| {
                    let found = picture.randomised.iter().find(|known| known.layers == model.layers)?;
                    of_kind(&found.maps, kind)
                };
                self.likeness(model.layers.clone(), of, true)
            })
            .collect();
        let repeated = Variant::REPEATED.into_iter().map(|variant| {
            let of = |picture: &PictureTruth| {
                let found = picture.repeated.iter().find(|repeated| repeated.variant == variant)?;
                of_kind(&found.maps, kind)
            };
            self.likeness(variant, of, false)
        });
        let reproduced = self.likeness((), |picture| of_kind(&picture.reproduced, kind), false);
        let last = randomised.last().map(|model| model.spearman.value);
        MapTruth {
            map: kind,
            curves: self.curves(first, Some(kind)),
            rescored: self.rescored(first, kind),
            depends_on_model: last.flatten().map(|spearman| depends(Some(spearman))),
            randomised,
            repeated: repeated.filter(|likeness| likeness.ssim.value.or(likeness.spearman.value).is_some()).collect(),
            reproduced: Some(reproduced).filter(|likeness| likeness.ssim.value.or(likeness.spearman.value).is_some()),
        }
    }

    /// `vanished_counts`: an even map, which has no order, has nothing in common with another one.
    fn likeness<T>(
        &self,
        of: T,
        similarity: impl Fn(&PictureTruth) -> Option<Similarity>,
        vanished_counts: bool,
    ) -> LikenessFigures<T> {
        let spearman = |picture: &PictureTruth| {
            let found = similarity(picture)?;
            found.spearman.or(vanished_counts.then_some(0.0))
        };
        LikenessFigures { of, spearman: self.mean(spearman), ssim: self.mean(|picture| similarity(picture)?.ssim) }
    }

    fn curves(&self, first: &PictureTruth, kind: Option<MapKind>) -> Vec<CurveFigures> {
        let mut fills: Vec<Fill> = first.curves.iter().map(|curve| curve.fill).collect();
        fills.dedup();
        let figures = |fill: Fill| {
            let of = |picture: &PictureTruth, kind: Option<MapKind>| {
                picture.curves.iter().find(|curve| curve.map == kind && curve.fill == fill).cloned()
            };
            let gain = |picture: &PictureTruth, sign: f64, area: fn(&super::Curves) -> f64| {
                Some(sign * (area(&of(picture, kind)?) - area(&of(picture, None)?)))
            };
            let steps = of(first, kind).map_or(0, |curve| curve.insertion.len());
            let mean_curve = |values: fn(&super::Curves) -> &Vec<f32>| -> Vec<f64> {
                let all: Vec<Vec<f32>> =
                    self.pictures.iter().filter_map(|picture| of(picture, kind)).map(|c| values(&c).clone()).collect();
                let at = |step: usize| {
                    let known = all.iter().filter_map(|curve| curve.get(step)).map(|p| f64::from(*p));
                    known.sum::<f64>() / all.len().max(1) as f64
                };
                (0..steps).map(at).collect()
            };
            CurveFigures {
                fill,
                insertion: self.mean(|picture| Some(of(picture, kind)?.insertion_area)),
                deletion: self.mean(|picture| Some(of(picture, kind)?.deletion_area)),
                insertion_gain: self.mean(|picture| gain(picture, 1.0, |curve| curve.insertion_area)),
                deletion_gain: self.mean(|picture| gain(picture, -1.0, |curve| curve.deletion_area)),
                curves: [mean_curve(|curve| &curve.insertion), mean_curve(|curve| &curve.deletion)],
            }
        };
        fills.into_iter().map(figures).collect()
    }

    fn rescored(&self, first: &PictureTruth, kind: MapKind) -> Vec<RescoredFigures> {
        let definitions = first.rescored.iter().filter(|rescored| rescored.map == kind).map(|r| r.strong);
        let figures = |strong: Strong| {
            let of = |picture: &PictureTruth| {
                picture.rescored.iter().find(|known| known.map == kind && known.strong == strong).cloned()
            };
            let said = |said: fn(&super::Rescored) -> super::Said| SaidFigures {
                probability: self.mean(|picture| Some(f64::from(said(&of(picture)?).probability))),
                stays: self.mean(|picture| Some(f64::from(said(&of(picture)?).decided == picture.decided))),
            };
            RescoredFigures {
                strong,
                share: self.mean(|picture| Some(of(picture)?.share)),
                kept: said(|rescored| rescored.kept),
                removed: said(|rescored| rescored.removed),
                random_kept: said(|rescored| rescored.random_kept),
                random_removed: said(|rescored| rescored.random_removed),
            }
        };
        definitions.map(figures).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::evaluate::truth::{Curves, Randomised, Repeated};

    fn picture(patient: &str, insertion: f64, by_chance: f64, likeness: Option<f64>) -> PictureTruth {
        let curve = |map, area| Curves {
            map,
            fill: Fill::Blur,
            insertion: vec![0.0, area as f32, 1.0],
            deletion: vec![1.0, 0.0],
            insertion_area: area,
            deletion_area: 0.25,
        };
        let maps = vec![(MapKind::Cam, Similarity { spearman: likeness, ssim: Some(0.4) })];
        PictureTruth {
            patient: patient.to_owned(),
            curves: vec![curve(Some(MapKind::Cam), insertion), curve(None, by_chance)],
            randomised: vec![Randomised { layers: "head".to_owned(), maps: maps.clone() }],
            repeated: vec![Repeated { variant: Variant::Darker, stays: patient == "a", maps }],
            ..PictureTruth::default()
        }
    }

    #[test]
    fn means_and_gains_by_hand() {
        let pictures = [picture("a", 0.9, 0.5, Some(0.8)), picture("b", 0.6, 0.4, None)];
        let found = Truthfulness::of(&pictures);
        assert_eq!((found.n, found.unit, found.maps.len()), (2, Unit::Patients, 1));
        let map = found.map(MapKind::Cam).unwrap();
        let close = |figure: Figure, value: f64| assert!((figure.value.unwrap() - value).abs() < 1e-6, "{figure:?}");
        close(map.curves[0].insertion, 0.75);
        close(map.curves[0].insertion_gain, 0.3);
        close(map.curves[0].deletion_gain, 0.0);
        close(found.chance[0].insertion, 0.45);
        assert!((map.curves[0].curves[0][1] - 0.75).abs() < 1e-6);
        // What has vanished has nothing in common: (0.8 + 0) / 2; of repeated maps it is left out.
        close(map.randomised_spearman().unwrap(), 0.4);
        assert_eq!(map.depends_on_model, Some(true));
        close(map.repeated[0].spearman, 0.8);
        close(map.repeated_ssim().unwrap(), 0.4);
        close(found.stays[0].1, 0.5);
        assert_eq!((map.reproduced.clone(), found.stays.len()), (None, 1));
        let line = serde_json::to_string(&pictures[0]).unwrap();
        assert_eq!(serde_json::from_str::<PictureTruth>(&line).unwrap(), pictures[0]);
    }
}
