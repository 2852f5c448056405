//! What a test would do among people of whom a stated part is ill.

use serde::Serialize;

/// What is assumed of those who are screened.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Assumed {
    /// The part that is ill, 0 to 1.
    pub prevalence: f64,
    /// Of one ill person who is told to be healthy, and of one healthy person who is told to be ill: in one unit, whatever
    /// it is.
    pub cost_of_miss: f64,
    pub cost_of_false_alarm: f64,
}

/// What a threshold would do.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Screening {
    pub threshold: f64,
    pub sensitivity: f64,
    pub specificity: f64,
    /// The part of the positives that is ill (Bayes' rule); `None` where nobody is called positive.
    pub ppv: Option<f64>,
    /// The part of the negatives that is healthy.
    pub npv: Option<f64>,
    /// The part that is called positive.
    #[serde(rename = "yield")]
    pub called_positive: f64,
    /// Of 1000 people who are screened.
    pub missed_per_1000: f64,
    pub false_alarms_per_1000: f64,
    pub cost_per_1000: f64,
    /// Per person, in true positives: sensitivity · prevalence less false alarms, each weighing threshold / (1 − threshold)
    /// as somebody weighs them who acts from this probability on (Vickers and Elkin 2006). `None` at a threshold of 1.
    pub net_benefit: Option<f64>,
}

impl Screening {
    /// Of a test with this `sensitivity` and `specificity` at `threshold`, a probability.
    pub fn of(threshold: f64, sensitivity: f64, specificity: f64, assumed: &Assumed) -> Self {
        let ill = assumed.prevalence.clamp(0.0, 1.0);
        let (found, missed) = (sensitivity * ill, (1.0 - sensitivity) * ill);
        let (falsely, spared) = ((1.0 - specificity) * (1.0 - ill), specificity * (1.0 - ill));
        let part = |of: f64, others: f64| (of + others > 0.0).then(|| of / (of + others));
        let odds = (threshold < 1.0).then(|| threshold / (1.0 - threshold));
        Self {
            threshold,
            sensitivity,
            specificity,
            ppv: part(found, falsely),
            npv: part(spared, missed),
            called_positive: found + falsely,
            missed_per_1000: 1000.0 * missed,
            false_alarms_per_1000: 1000.0 * falsely,
            cost_per_1000: 1000.0 * (missed * assumed.cost_of_miss + falsely * assumed.cost_of_false_alarm),
            net_benefit: odds.map(|odds| found - falsely * odds),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Of 1000 people 100 are ill: 90 are found, 10 missed, of 900 healthy ones 180 are called ill.
    #[test]
    fn a_thousand_people_are_counted() {
        let assumed = Assumed { prevalence: 0.1, cost_of_miss: 20.0, cost_of_false_alarm: 1.0 };
        let found = Screening::of(0.2, 0.9, 0.8, &assumed);
        let is = |found: f64, expected: f64| assert!((found - expected).abs() < 1e-9, "{found}, not {expected}");
        is(found.ppv.unwrap(), 90.0 / 270.0);
        is(found.npv.unwrap(), 720.0 / 730.0);
        is(found.called_positive, 0.27);
        is(found.missed_per_1000, 10.0);
        is(found.false_alarms_per_1000, 180.0);
        is(found.cost_per_1000, 10.0 * 20.0 + 180.0);
        is(found.net_benefit.unwrap(), 0.09 - 0.18 * 0.25);
    }

    #[test]
    fn what_is_not_defined_is_not_said() {
        let assumed = Assumed { prevalence: 0.3, cost_of_miss: 1.0, cost_of_false_alarm: 1.0 };
        let nobody = Screening::of(1.0, 0.0, 1.0, &assumed);
        assert_eq!((nobody.ppv, nobody.net_benefit), (None, None));
        assert_eq!((nobody.npv, nobody.missed_per_1000), (Some(0.7), 300.0));
        let all = Screening::of(0.0, 1.0, 0.0, &assumed);
        assert_eq!((all.npv, all.net_benefit), (None, Some(0.3)), "treating all: the prevalence");
    }
}
