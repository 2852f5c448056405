//! The four tests that Arun et al. 2021 ask of a map before it is trusted, as one table: passed or failed, by figure and
//! threshold; what was not measured says so.

use serde::Serialize;
use serde_json::Value;

use super::cells::{number, words};
use super::place::{Places, Pointer, RegionGroup};
use super::section::{Named, Section};
use super::truth::{ALIKE_FROM, DEPENDS_BELOW, Truthfulness};
use crate::method::MapKind;
use crate::statistics::Figure;
use crate::table::Table;

/// What a map must do.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Asked {
    /// Point at lesions more often than chance and than the middle of the picture: the lower end of the interval of the
    /// pointing game lies above both.
    Localisation,
    /// Be another one when the weights are randomised: a rank correlation below [`DEPENDS_BELOW`].
    SensitivityToWeights,
    /// Come again on the worst of the changed pictures: a structural similarity of [`ALIKE_FROM`] at least.
    Repeatability,
    /// Come again from a second model, as alike.
    Reproducibility,
}

impl Asked {
    pub const ALL: [Self; 4] =
        [Self::Localisation, Self::SensitivityToWeights, Self::Repeatability, Self::Reproducibility];

    /// For people.
    pub fn title(self) -> &'static str {
        match self {
            Self::Localisation => "Localisation",
            Self::SensitivityToWeights => "Sensitivity to weights",
            Self::Repeatability => "Repeatability",
            Self::Reproducibility => "Reproducibility",
        }
    }

    /// What is measured, and when it is passed.
    pub fn criterion(self) -> &'static str {
        match self {
            Self::Localisation => "pointing game, its interval above chance and the middle",
            Self::SensitivityToWeights => "Spearman with the map of randomised weights, below the threshold",
            Self::Repeatability => "SSIM on the worst of the changed pictures, from the threshold on",
            Self::Reproducibility => "SSIM with the map of a second model, from the threshold on",
        }
    }
}

/// One test of one map.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct TestResult {
    pub map: MapKind,
    pub asked: Asked,
    /// `None` where it was not run.
    pub figure: Option<Figure>,
    pub threshold: Option<f64>,
    pub passed: Option<bool>,
}

/// All of them.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(transparent)]
pub struct FourTests {
    pub results: Vec<TestResult>,
}

impl FourTests {
    /// From what was measured of truth and of places.
    pub fn of(truth: Option<&Truthfulness>, places: Option<&Places>) -> Self {
        let of_truth = truth.iter().flat_map(|truth| &truth.maps).map(|map| map.map);
        let of_places = places.iter().flat_map(|places| &places.figures).filter_map(|figures| match figures.by {
            Pointer::Map(kind) => Some(kind),
            Pointer::Middle | Pointer::Chance => None,
        });
        let known: Vec<MapKind> = of_truth.chain(of_places).collect();
        let maps = MapKind::ALL.into_iter().filter(|kind| known.contains(kind));
        let results = maps.flat_map(|map| Asked::ALL.map(|asked| result(map, asked, truth, places)));
        Self { results: results.collect() }
    }

    pub fn find(&self, map: MapKind, asked: Asked) -> Option<&TestResult> {
        self.results.iter().find(|result| result.map == map && result.asked == asked)
    }

    /// A sentence a map, and the table.
    pub fn section(&self) -> Section {
        let mut table = Table::new(["map", "test", "criterion", "value", "low", "high", "threshold", "result"]);
        for found in &self.results {
            let figure = found.figure.map_or([Value::Null, Value::Null, Value::Null], super::cells::figure);
            let first: [Value; 3] =
                [found.map.name().into(), found.asked.title().into(), found.asked.criterion().into()];
            let last = [number(found.threshold), said(found.passed).into()];
            table.push(first.into_iter().chain(figure).chain(last));
        }
        let mut says = vec![
            "Arun et al. 2021 ask four things of a map; of the eight methods that they looked at each failed at least one."
                .to_owned(),
        ];
        let maps = MapKind::ALL.into_iter().filter(|map| self.results.iter().any(|result| result.map == *map));
        says.extend(maps.map(|map| self.sentence(map)));
        let caption = "Passed or failed, by figure and threshold; a test that was not run says so.";
        Section {
            title: "Four tests of each map".to_owned(),
            says,
            tables: vec![Named::new("four-tests", caption, table)],
            ..Section::default()
        }
    }

    fn sentence(&self, map: MapKind) -> String {
        let own = self.results.iter().filter(|result| result.map == map);
        let parts: Vec<String> = own
            .map(|result| match result.figure {
                Some(figure) => {
                    format!("{} {}, {}", result.asked.title().to_lowercase(), words(figure), said(result.passed))
                }
                None => format!("{} {}", result.asked.title().to_lowercase(), said(result.passed)),
            })
            .collect();
        format!("{}: {}.", map.title(), parts.join("; "))
    }
}

fn said(passed: Option<bool>) -> &'static str {
    match passed {
        Some(true) => "passed",
        Some(false) => "failed",
        None => "not run",
    }
}

fn result(map: MapKind, asked: Asked, truth: Option<&Truthfulness>, places: Option<&Places>) -> TestResult {
    let own = || truth.and_then(|truth| truth.map(map));
    let (figure, threshold) = match asked {
        Asked::Localisation => {
            let pointing = |by| Some(places?.find(by, &RegionGroup::Lesions)?.pointing);
            let baselines = [Pointer::Chance, Pointer::Middle].map(|by| pointing(by).and_then(|figure| figure.value));
            (pointing(Pointer::Map(map)), baselines.into_iter().flatten().reduce(f64::max))
        }
        Asked::SensitivityToWeights => (own().and_then(|map| map.randomised_spearman()), Some(DEPENDS_BELOW)),
        Asked::Repeatability => (own().and_then(|map| map.repeated_ssim()), Some(ALIKE_FROM)),
        Asked::Reproducibility => {
            (own().and_then(|map| map.reproduced.as_ref()).map(|found| found.ssim), Some(ALIKE_FROM))
        }
    };
    let figure = figure.filter(|figure| figure.value.is_some());
    let passes = |figure: Figure, threshold: f64| {
        let value = figure.value?;
        Some(match asked {
            Asked::Localisation => figure.interval.is_some_and(|[low, _]| low > threshold),
            Asked::SensitivityToWeights => value < threshold,
            Asked::Repeatability | Asked::Reproducibility => value >= threshold,
        })
    };
    let passed = figure.zip(threshold).and_then(|(figure, threshold)| passes(figure, threshold));
    TestResult { map, asked, figure, threshold, passed }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::evaluate::Similarity;
    use crate::evaluate::place::PlaceFigures;
    use crate::evaluate::truth::PictureTruth;
    use crate::evaluate::truth::{Randomised, Repeated};
    use crate::explain::steady::Variant;
    use crate::statistics::Unit;

    fn pointing(by: Pointer, value: f64, low: f64) -> PlaceFigures {
        let pointing = Figure { value: Some(value), interval: Some([low, 1.0]) };
        let none = Figure::default();
        let (energy, iou, hit_rate) = (none, none, none);
        PlaceFigures {
            by,
            group: RegionGroup::Lesions,
            n: 9,
            regions: 9,
            pointing,
            energy,
            iou,
            hit_rate,
            thresholds: [None; 2],
        }
    }

    #[test]
    fn each_test_is_passed_failed_or_not_run() {
        let alike =
            |spearman: f64, ssim: f64| vec![(MapKind::Cam, Similarity { spearman: Some(spearman), ssim: Some(ssim) })];
        let picture = PictureTruth {
            randomised: vec![Randomised { layers: "all".to_owned(), maps: alike(0.7, 0.1) }],
            repeated: vec![
                Repeated { variant: Variant::Darker, stays: true, maps: alike(0.9, 0.9) },
                Repeated { variant: Variant::Mirrored, stays: true, maps: alike(0.9, 0.6) },
            ],
            ..PictureTruth::default()
        };
        let truth = Truthfulness::of(&[picture]);
        let map = Pointer::Map(MapKind::Cam);
        let figures = |low| {
            vec![pointing(map, 0.6, low), pointing(Pointer::Middle, 0.4, 0.3), pointing(Pointer::Chance, 0.2, 0.2)]
        };
        let places = |low| Places { n: 9, unit: Unit::Pictures, figures: figures(low) };
        let found = FourTests::of(Some(&truth), Some(&places(0.5)));
        let of = |tests: &FourTests| Asked::ALL.map(|asked| tests.find(MapKind::Cam, asked).unwrap().passed);
        assert_eq!(of(&found), [Some(true), Some(false), Some(true), None]);
        assert_eq!(found.find(MapKind::Cam, Asked::Localisation).unwrap().threshold, Some(0.4));
        assert_eq!(of(&FourTests::of(None, Some(&places(0.39)))), [Some(false), None, None, None], "chance reaches it");
        let section = found.section();
        assert!(
            section.says[1].ends_with("repeatability 0.60, passed; reproducibility not run."),
            "{:?}",
            section.says
        );
        assert_eq!(section.tables[0].of.rows.len(), 4);
    }
}
