//! Figures of agreement with their intervals, by resampling patients.

use serde::Serialize;

use crate::statistics::{Confusion, Figure, KappaWeights, Unit, Units};

/// Of more classes no matrix is made, and of more than the second no interval.
const MOST_CLASSES: usize = 1000;
const MOST_CLASSES_DRAWN: usize = 64;

/// Two grades of one picture.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Pair {
    pub reference: usize,
    pub other: usize,
    /// Empty where it is not known.
    pub patient: String,
}

/// How far two agree.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Agreement {
    pub n: u64,
    pub confusion: Confusion,
    pub accuracy: Figure,
    pub majority_baseline: Option<f64>,
    pub kappa: Figure,
    /// Only of classes that are ordered.
    pub linear_kappa: Option<Figure>,
    pub quadratic_kappa: Option<Figure>,
    /// What the intervals drew, and how many of them there are.
    pub unit: Unit,
    pub units: usize,
}

/// What is worked out of a matrix: accuracy, kappa, linear and quadratic kappa.
type Figures = [Option<f64>; 4];

impl Agreement {
    pub fn of(classes: usize, ordered: bool, pairs: &[Pair]) -> Self {
        // A file may claim any number of them.
        let classes = if classes > MOST_CLASSES { 0 } else { classes };
        let inside: Vec<&Pair> = pairs.iter().filter(|p| p.reference < classes && p.other < classes).collect();
        let units = Units::of(inside.iter().map(|pair| pair.patient.as_str()));
        let confusion = Confusion::of(classes, inside.iter().map(|pair| (pair.reference, pair.other)));
        // Of so many classes nobody asks for intervals.
        let draws = units.draws().take(if classes > MOST_CLASSES_DRAWN { 0 } else { usize::MAX });
        let [accuracy, kappa, linear, quadratic] = with_intervals(classes, &inside, &units, draws);
        Self {
            n: confusion.n(),
            accuracy,
            majority_baseline: confusion.majority_baseline(),
            kappa,
            linear_kappa: ordered.then_some(linear),
            quadratic_kappa: ordered.then_some(quadratic),
            unit: units.unit,
            units: units.len(),
            confusion,
        }
    }
}

fn figures(confusion: &Confusion) -> Figures {
    let kappa = |weights| confusion.kappa(weights);
    [confusion.accuracy(), kappa(KappaWeights::Unweighted), kappa(KappaWeights::Linear), kappa(KappaWeights::Quadratic)]
}

fn with_intervals(
    classes: usize,
    pairs: &[&Pair],
    units: &Units,
    draws: impl Iterator<Item = Vec<usize>>,
) -> [Figure; 4] {
    let pair = |picture: &usize| (pairs[*picture].reference, pairs[*picture].other);
    units.figures_of(draws, |pictures| figures(&Confusion::of(classes, pictures.iter().map(pair))))
}

#[cfg(test)]
mod tests {
    use serde::Deserialize;

    use super::*;

    #[derive(Deserialize)]
    struct Case {
        classes: usize,
        pairs: Vec<(usize, usize)>,
        patients: Vec<usize>,
        confusion: Vec<Vec<u64>>,
        accuracy: Option<f64>,
        majority_baseline: Option<f64>,
        kappa: Option<f64>,
        linear_kappa: Option<f64>,
        quadratic_kappa: Option<f64>,
        draws: Vec<Vec<usize>>,
        intervals: Vec<[f64; 2]>,
    }

    fn cases() -> Vec<Case> {
        let path = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/fixtures/agreement.json");
        serde_json::from_slice(&std::fs::read(path).unwrap()).unwrap()
    }

    fn pairs(case: &Case) -> Vec<Pair> {
        let pair = |((reference, other), patient): (&(usize, usize), &usize)| Pair {
            reference: *reference,
            other: *other,
            patient: format!("p{patient}"),
        };
        case.pairs.iter().zip(&case.patients).map(pair).collect()
    }

    fn is_near(found: Option<f64>, expected: Option<f64>) -> bool {
        match (found, expected) {
            (Some(found), Some(expected)) => (found - expected).abs() < 1e-9,
            (None, None) => true,
            _ => false,
        }
    }

    #[test]
    fn figures_are_those_of_scikit_learn() {
        let cases = cases();
        assert!(cases.len() >= 8);
        for (at, case) in cases.iter().enumerate() {
            let found = Agreement::of(case.classes, true, &pairs(case));
            assert_eq!((found.n as usize, &found.confusion.counts), (case.pairs.len(), &case.confusion), "case {at}");
            let weighted = |figure: Option<Figure>| figure.and_then(|figure| figure.value);
            for (what, found, expected) in [
                ("accuracy", found.accuracy.value, case.accuracy),
                ("majority", found.majority_baseline, case.majority_baseline),
                ("kappa", found.kappa.value, case.kappa),
                ("linear", weighted(found.linear_kappa), case.linear_kappa),
                ("quadratic", weighted(found.quadratic_kappa), case.quadratic_kappa),
            ] {
                assert!(is_near(found, expected), "case {at}, {what}: {found:?}, {expected:?}");
            }
        }
    }

    #[test]
    fn intervals_of_the_same_draws_are_those_of_numpy() {
        let case = cases().into_iter().find(|case| !case.draws.is_empty()).unwrap();
        let pairs = pairs(&case);
        let inside: Vec<&Pair> = pairs.iter().collect();
        let units = Units::of(pairs.iter().map(|pair| pair.patient.as_str()));
        let found = with_intervals(case.classes, &inside, &units, case.draws.iter().cloned());
        for (figure, [low, high]) in found.iter().zip(&case.intervals) {
            let [found_low, found_high] = figure.interval.unwrap();
            assert!((found_low - low).abs() < 1e-9 && (found_high - high).abs() < 1e-9, "{figure:?}, {low} to {high}");
        }
        assert_eq!((units.unit, units.len()), (Unit::Patients, case.draws[0].len()));
        // Our own draws give much the same.
        let own = Agreement::of(case.classes, true, &pairs);
        let ends = own.quadratic_kappa.unwrap().interval.unwrap();
        assert!(ends.iter().zip(&case.intervals[3]).all(|(a, b)| (a - b).abs() < 0.05), "{ends:?}");
        assert_eq!(own, Agreement::of(case.classes, true, &pairs), "the same at every time");
    }

    #[test]
    fn what_is_not_defined_is_not_said() {
        let nothing = Agreement::of(3, true, &[]);
        assert_eq!((nothing.n, nothing.accuracy, nothing.kappa), (0, Figure::default(), Figure::default()));
        let pair = |patient: &str| Pair { reference: 1, other: 1, patient: patient.into() };
        let one_grade = Agreement::of(3, false, &[pair("a"), pair("b")]);
        assert_eq!((one_grade.accuracy.value, one_grade.kappa), (Some(1.0), Figure::default()));
        assert!(one_grade.quadratic_kappa.is_none());
        // One patient alone cannot be drawn in several ways; a picture without a patient stands for itself.
        assert_eq!(Agreement::of(3, false, &[pair("a"), pair("a")]).accuracy.interval, None);
        let mixed = Agreement::of(3, false, &[pair("a"), pair("a"), pair("")]);
        assert_eq!((mixed.unit, mixed.units), (Unit::Pictures, 3));
        // What a damaged file may claim.
        assert_eq!(Agreement::of(usize::MAX, true, &[pair("a")]).n, 0);
        assert_eq!(Agreement::of(1, true, &[pair("a")]).n, 0);
    }
}
