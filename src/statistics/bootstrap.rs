//! Intervals by drawing patients anew (percentile bootstrap, Efron 1979).

use std::collections::HashMap;

use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;
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

/// What an interval draws anew: patients, or pictures where no patient is known.
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

    /// As [`Self::figures_of`], with draws of its own.
    pub fn figures<const N: usize>(&self, figures: impl Fn(&[usize]) -> [Option<f64>; N]) -> [Figure; N] {
        self.figures_of(self.draws(), figures)
    }

    /// One figure of [`Self::figures`].
    pub fn figure(&self, figure: impl Fn(&[usize]) -> Option<f64>) -> Figure {
        let [figure] = self.figures(|pictures| [figure(pictures)]);
        figure
    }
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
