//! Intervals by resampling patients (percentile bootstrap, Efron 1979).

use std::collections::HashMap;
use std::hash::Hash;

use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;
use rayon::prelude::*;
use serde::ser::SerializeStruct;
use serde::{Serialize, Serializer};

/// Enough for two digits of an interval's ends.
pub const RESAMPLINGS: usize = 2000;
/// The same pictures give the same interval every time.
const SEED: u64 = 20_240_229;
/// An interval of those resamplings alone in which a figure is defined says nothing where many are left out.
const DEFINED: f64 = 0.95;

/// A figure and its interval of 95 %; neither where it is not defined. In JSON `{value, low, high}`.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct Figure {
    pub value: Option<f64>,
    pub interval: Option<[f64; 2]>,
}

impl Serialize for Figure {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut figure = serializer.serialize_struct("Figure", 3)?;
        figure.serialize_field("value", &self.value)?;
        figure.serialize_field("low", &self.interval.map(|[low, _]| low))?;
        figure.serialize_field("high", &self.interval.map(|[_, high]| high))?;
        figure.end()
    }
}

/// A figure of pictures that were drawn so many times each (0: not at all); `None` where it is not defined. What can be
/// sorted is sorted once, before.
pub type Measure<'a> = Box<dyn Fn(&[u32]) -> Option<f64> + Send + Sync + 'a>;

/// Whether somebody still waits for the result. Asked often, from several threads.
pub type MayGoOn<'a> = dyn Fn() -> bool + Sync + 'a;

/// What an interval resamples: patients, or pictures where no patient is known.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Unit {
    Patients,
    #[default]
    Pictures,
}

/// Which pictures are drawn together.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Units {
    pub unit: Unit,
    /// Pictures by their numbers, in the order in which patients come.
    pub members: Vec<Vec<usize>>,
}

impl Units {
    /// The pictures of each patient, from the patient of each picture; each picture alone where a patient is not known
    /// (empty).
    pub fn of<'a>(patients: impl IntoIterator<Item = &'a str>) -> Self {
        let patients: Vec<&str> = patients.into_iter().collect();
        if patients.is_empty() || patients.iter().any(|patient| patient.is_empty()) {
            return Self { unit: Unit::Pictures, members: (0..patients.len()).map(|picture| vec![picture]).collect() };
        }
        Self::of_groups(patients)
    }

    /// The pictures of each patient, whose number or name is known of each picture.
    pub fn of_groups(patients: impl IntoIterator<Item = impl Hash + Eq>) -> Self {
        let mut index = HashMap::new();
        let mut members: Vec<Vec<usize>> = Vec::new();
        for (picture, patient) in patients.into_iter().enumerate() {
            let at = *index.entry(patient).or_insert(members.len());
            if at == members.len() {
                members.push(Vec::new());
            }
            members[at].push(picture);
        }
        Self { unit: Unit::Patients, members }
    }

    pub fn len(&self) -> usize {
        self.members.len()
    }

    pub fn is_empty(&self) -> bool {
        self.members.is_empty()
    }

    /// [`RESAMPLINGS`] times as many units as there are, each time the numbers of units, drawn with replacement.
    pub fn draws(&self) -> impl Iterator<Item = Vec<usize>> + use<> {
        let mut rng = ChaCha8Rng::seed_from_u64(SEED);
        let all = self.len();
        (0..RESAMPLINGS).map(move |_| (0..all).map(|_| rng.random_range(0..all)).collect())
    }

    /// `figures` of all pictures, each with the interval over what they are of the `draws` of units. `figures` is given the
    /// numbers of pictures, some of them several times.
    pub fn figures_of<const N: usize>(
        &self,
        draws: impl Iterator<Item = Vec<usize>>,
        figures: impl Fn(&[usize]) -> [Option<f64>; N],
    ) -> [Figure; N] {
        let all: Vec<usize> = self.members.iter().flatten().copied().collect();
        let whole = figures(&all);
        // One unit cannot vary.
        let of = |draw: Vec<usize>| {
            let pictures: Vec<usize> = draw.iter().flat_map(|at| self.members[*at].iter().copied()).collect();
            figures(&pictures)
        };
        let drawn: Vec<[Option<f64>; N]> = if self.len() < 2 { Vec::new() } else { draws.map(of).collect() };
        std::array::from_fn(|which| Figure {
            value: whole[which],
            interval: whole[which].and_then(|_| interval(drawn.iter().map(|figures| figures[which]))),
        })
    }

    /// Like [`Self::figures_of`], with draws of its own.
    pub fn figures<const N: usize>(&self, figures: impl Fn(&[usize]) -> [Option<f64>; N]) -> [Figure; N] {
        self.figures_of(self.draws(), figures)
    }

    /// Each of `measures` of all pictures, with its interval over `draws` draws; the draws are the same for all. `None` once
    /// `may_go_on` says no.
    pub fn measured(&self, measures: &[Measure<'_>], draws: usize, may_go_on: &MayGoOn<'_>) -> Option<Vec<Figure>> {
        let pictures = self.members.iter().flatten().max().map_or(0, |last| last + 1);
        let of = |draw: Vec<usize>| -> Option<Vec<Option<f64>>> {
            if !may_go_on() {
                return None;
            }
            let mut weights = vec![0; pictures];
            draw.into_iter().flat_map(|unit| &self.members[unit]).for_each(|picture| weights[*picture] += 1);
            Some(measures.iter().map(|measure| measure(&weights)).collect())
        };
        let whole = of((0..self.len()).collect())?;
        // One unit cannot vary.
        let draws = if self.len() < 2 || measures.is_empty() { 0 } else { draws };
        // Their order does not matter: intervals come from sorted values.
        let drawn: Vec<Vec<Option<f64>>> = self.draws().take(draws).par_bridge().map(of).collect::<Option<_>>()?;
        let figure = |(which, value): (usize, Option<f64>)| Figure {
            value,
            interval: value.and_then(|_| interval(drawn.iter().map(|figures| figures[which]))),
        };
        Some(whole.into_iter().enumerate().map(figure).collect())
    }

    /// One figure of [`Self::figures`].
    pub fn figure(&self, figure: impl Fn(&[usize]) -> Option<f64>) -> Figure {
        let [figure] = self.figures(|pictures| [figure(pictures)]);
        figure
    }
}

/// A mean of pictures: number, sum and count of each.
pub fn mean<'a>(parts: Vec<(usize, f64, f64)>) -> Measure<'a> {
    Box::new(move |drawn| {
        let add = |(sum, all): (f64, f64), (picture, part, whole): &(usize, f64, f64)| {
            let weight = f64::from(drawn[*picture]);
            (sum + weight * part, all + weight * whole)
        };
        let (sum, all) = parts.iter().fold((0.0, 0.0), add);
        (all > 0.0).then(|| sum / all)
    })
}

/// From the 2.5th to the 97.5th percentile; `None` where the figure is defined in too few of the draws.
pub fn interval(drawn: impl IntoIterator<Item = Option<f64>>) -> Option<[f64; 2]> {
    let drawn: Vec<Option<f64>> = drawn.into_iter().collect();
    let mut found: Vec<f64> = drawn.iter().flatten().copied().collect();
    found.sort_by(f64::total_cmp);
    let enough = !found.is_empty() && found.len() as f64 >= DEFINED * drawn.len() as f64;
    enough.then(|| [0.025, 0.975].map(|part| quantile(&found, part)))
}

/// Between two of the sorted values, in proportion, as NumPy does.
pub fn quantile(sorted: &[f64], part: f64) -> f64 {
    let at = part * (sorted.len() - 1) as f64;
    let low = sorted[at.floor() as usize];
    let high = sorted[at.ceil() as usize];
    low + (high - low) * at.fract()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::statistics::{Confusion, KappaWeights};

    fn share(right: &[bool]) -> Measure<'_> {
        Box::new(move |weights| {
            let of = |wanted: bool| {
                let chosen = weights.iter().zip(right).filter(|(_, right)| !wanted || **right);
                chosen.map(|(weight, _)| f64::from(*weight)).sum::<f64>()
            };
            Some(of(true) / of(false))
        })
    }

    /// A share of 0.3 among 400 has a standard error of 0.0229; of 100 groups of four alike it is twice that.
    #[test]
    fn an_interval_is_wider_where_groups_are_alike() {
        let right: Vec<bool> = (0..400).map(|i| i / 4 % 10 < 3).collect();
        let width = |units: Units| {
            let figure = units.measured(&[share(&right)], 1000, &|| true).unwrap()[0];
            assert_eq!(figure.value, Some(0.3));
            figure.interval.map(|[low, high]| high - low).unwrap()
        };
        let apart = width(Units::of_groups(0..400));
        let alike = width(Units::of_groups((0..400).map(|i| i / 4)));
        assert!((apart - 4.0 * 0.0229).abs() < 0.015, "{apart}");
        assert!((alike / apart - 2.0).abs() < 0.3, "{alike}");
    }

    /// Of 200 sets of 60 patients with two pictures each, which are right or wrong together more often than not.
    #[test]
    fn about_95_of_100_intervals_over_patients_hold_the_truth() {
        let mut rng = ChaCha8Rng::seed_from_u64(5);
        let (mut over_patients, mut over_pictures) = (0, 0);
        for _ in 0..200 {
            let right: Vec<bool> = (0..60)
                .flat_map(|_| {
                    let (first, own, like) = (rng.random_bool(0.7), rng.random_bool(0.7), rng.random_bool(0.9));
                    [first, if like { first } else { own }]
                })
                .collect();
            let holds = |units: Units| {
                let figure = units.measured(&[share(&right)], 400, &|| true).unwrap()[0];
                figure.interval.is_some_and(|[low, high]| low <= 0.7 && 0.7 <= high)
            };
            over_patients += u32::from(holds(Units::of_groups((0..120).map(|i| i / 2))));
            over_pictures += u32::from(holds(Units::of_groups(0..120)));
        }
        assert!((183..=197).contains(&over_patients), "{over_patients} of 200");
        assert!(over_pictures < 180, "{over_pictures} of 200: pictures of one patient are not independent");
    }

    #[test]
    fn weights_and_lists_of_pictures_give_the_same_figures() {
        let pairs: Vec<(usize, usize)> = (0..50).map(|i| (i * 7 % 3, i * 5 % 11 % 3)).collect();
        let units = Units::of_groups((0..50).map(|i| i / 3));
        let kappa: Measure<'_> = Box::new(|weights| {
            let weighed = pairs.iter().zip(weights).map(|((a, b), weight)| (*a, *b, *weight));
            Confusion::weighed(3, weighed).kappa(KappaWeights::Quadratic)
        });
        let listed = units.figure(|pictures| {
            Confusion::of(3, pictures.iter().map(|picture| pairs[*picture])).kappa(KappaWeights::Quadratic)
        });
        assert_eq!(units.measured(&[kappa], RESAMPLINGS, &|| true), Some(vec![listed]));
    }

    #[test]
    fn what_cannot_vary_has_no_interval_and_what_nobody_waits_for_ends() {
        let right = [true, false, true];
        let one = Units::of_groups([1, 1, 1]).measured(&[share(&right)], 100, &|| true).unwrap()[0];
        assert_eq!((one.value, one.interval), (Some(2.0 / 3.0), None));
        let never: Measure<'_> = Box::new(|_| None);
        assert_eq!(Units::of_groups([1, 2, 3]).measured(&[never], 100, &|| true), Some(vec![Figure::default()]));
        assert_eq!(Units::of_groups([1, 2, 3]).measured(&[share(&right)], 100, &|| false), None);
        assert_eq!(Units::of([]).measured(&[], 100, &|| true), Some(Vec::new()));
    }
}
