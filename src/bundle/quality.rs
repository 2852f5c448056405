//! Whether a picture is fit to be graded, with the reasons in words and the places that cannot be: a rule on the card,
//! fitted to graders' labels, whose errors were counted.
//!
//! Must not know pictures: `input::quality` takes their measures.

mod cells;

use serde::{Deserialize, Serialize};

pub use self::cells::CellLimits;
use self::cells::Failing;
use super::Card;
use super::measures::{MEASURES, Measures, QualityMeasures};

/// The gate's own reason.
const NO_FUNDUS: &str = "not a retinal photograph";

/// The card's `[quality]`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct QualityRule {
    /// Reject against the rest.
    pub reject: Logit,
    /// Good against the rest.
    pub good: Logit,
    /// What both regressions go by.
    pub measures: Vec<Weighed>,
    /// What is said of a picture, and from which measure on.
    pub reasons: Vec<Limit>,
    /// Which parts of a picture cannot be graded.
    pub cells: CellLimits,
}

/// A logistic regression but for its weights.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct Logit {
    /// Its constant term.
    pub bias: f64,
    /// From which probability on it says yes.
    pub least: f64,
}

/// One measure's part in both regressions: the weights are of (value − mean) / spread.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct Weighed {
    /// The measure's name.
    pub name: String,
    /// Over the pictures that it was fitted to.
    pub mean: f64,
    /// The standard deviation over them.
    pub spread: f64,
    /// Its weight in the regression of [`QualityRule::reject`].
    pub reject: f64,
    /// Its weight in the regression of [`QualityRule::good`].
    pub good: f64,
}

/// What is said of a picture whose measure lies beyond a limit that few good pictures reach.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct Limit {
    /// The reason in words.
    pub says: String,
    /// The measure's name.
    pub measure: String,
    /// Said of values below it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub below: Option<f64>,
    /// Said of values above it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub above: Option<f64>,
    /// A reason of the whole picture; beside it this one, of some parts, is not said.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub unless: Option<String>,
}

/// How fit a picture is, as EyeQ's graders have it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Quality {
    /// All can be seen.
    Good,
    /// Not all, but enough to be graded.
    Usable,
    /// Not to be graded.
    Reject,
}

impl Quality {
    /// For records and reports.
    pub fn name(self) -> &'static str {
        match self {
            Self::Good => "good",
            Self::Usable => "usable",
            Self::Reject => "reject",
        }
    }
}

/// What is said of one picture.
#[derive(Debug, Clone, PartialEq)]
pub struct Assessment {
    /// How fit the picture is.
    pub quality: Quality,
    /// Why not better: never empty for `reject`, always for `good`.
    pub reasons: Vec<String>,
    /// Where it cannot be graded, if anything of it can.
    pub map: Option<UngradableMap>,
}

/// The cells that cannot be graded.
#[derive(Debug, Clone, PartialEq)]
pub struct UngradableMap {
    /// 16×16, row by row.
    pub cells: Vec<bool>,
    /// Like [`QualityMeasures::corners`].
    pub corners: [[f64; 2]; 2],
}

impl UngradableMap {
    /// Whether all of the picture can be graded.
    pub fn is_empty(&self) -> bool {
        !self.cells.contains(&true)
    }
}

impl Assessment {
    /// Whether it can be graded at all.
    pub fn is_gradable(&self) -> bool {
        self.quality != Quality::Reject
    }

    /// Whether nothing but the gate speaks against it.
    pub fn is_by_the_gate_alone(&self) -> bool {
        self.reasons == [NO_FUNDUS]
    }

    /// What stands above every answer about a picture that fails; `None` for one that does not.
    pub fn warning(&self) -> Option<String> {
        (!self.is_gradable()).then(|| format!("not gradable: {}", self.reasons.join(", ")))
    }
}

/// What the card's rule says of a picture of `measures`; `None` where the card has none.
pub fn assess(card: &Card, measures: &Measures) -> Option<Assessment> {
    let rule = card.quality.as_ref()?;
    let is_fundus = card.gate.as_ref().is_none_or(|gate| gate.passes(measures));
    let Some(found) = &measures.quality else {
        // Grey pictures are not measured, black ones cannot be.
        let reason = if measures.is_dark { "too dark" } else { NO_FUNDUS };
        return Some(Assessment { quality: Quality::Reject, reasons: vec![reason.to_owned()], map: None });
    };
    let mut assessed = rule.assess(found);
    if assessed.quality == Quality::Reject && assessed.reasons.is_empty() {
        assessed.reasons.extend(rule.nearest(found));
    }
    if !is_fundus {
        // A gate looks for vessels and colour, which a photograph that is poor enough has not.
        let perhaps = if assessed.quality == Quality::Reject { "perhaps " } else { "" };
        assessed.quality = Quality::Reject;
        assessed.reasons.push(format!("{perhaps}{NO_FUNDUS}"));
    }
    Some(assessed)
}

impl QualityRule {
    /// Quality and reasons by the rule alone; a reject may be without a reason.
    fn assess(&self, found: &QualityMeasures) -> Assessment {
        let says = |logit: &Logit, weight: fn(&Weighed) -> f64| {
            let sum =
                self.measures.iter().map(|m| weight(m) * (value(found, &m.name) - m.mean) / m.spread).sum::<f64>();
            1.0 / (1.0 + (-(sum + logit.bias)).exp()) >= logit.least
        };
        let failing = self.cells.failing(&found.cells);
        let inside = found.cells.iter().filter(|cell| cell.is_inside()).count().max(1);
        let share = failing.iter().flatten().count() as f64 / inside as f64;
        let is_lost = share > self.cells.most;
        let quality = if is_lost || says(&self.reject, |m| m.reject) {
            Quality::Reject
        } else if share <= self.cells.some && says(&self.good, |m| m.good) {
            Quality::Good
        } else {
            Quality::Usable
        };
        let mut reasons: Vec<String> = Vec::new();
        if quality != Quality::Good {
            for limit in self.reasons.iter().filter(|limit| limit.excess(found) > 0.0) {
                if !reasons.contains(&limit.says) {
                    reasons.push(limit.says.clone());
                }
            }
        }
        let count = |why: Failing| failing.iter().flatten().filter(|found| **found == why).count();
        let commonest = [Failing::Dark, Failing::Glare, Failing::Flat].into_iter().max_by_key(|why| count(*why));
        if let Some(why) = commonest.filter(|why| is_lost && !reasons.iter().any(|reason| reason == why.says())) {
            reasons.push(why.says().to_owned());
        }
        let reasons = self.without_parts(reasons);
        let map = UngradableMap { cells: failing.iter().map(Option::is_some).collect(), corners: found.corners };
        Assessment { quality, reasons, map: Some(map) }
    }

    /// The reasons without those of parts of which the whole picture's own says enough.
    fn without_parts(&self, reasons: Vec<String>) -> Vec<String> {
        let is_covered = |reason: &String| {
            let whole = |limit: &Limit| limit.unless.as_ref().is_some_and(|whole| reasons.contains(whole));
            self.reasons.iter().any(|limit| limit.says == *reason && whole(limit))
        };
        reasons.iter().filter(|reason| !is_covered(reason)).cloned().collect()
    }

    /// The reason whose measure is furthest on the way from the usual to its limit.
    fn nearest(&self, found: &QualityMeasures) -> Option<String> {
        let beyond = |limit: &Limit| {
            let spread = self.measures.iter().find(|m| m.name == limit.measure).map_or(1.0, |m| m.spread);
            limit.excess(found) / spread
        };
        self.reasons.iter().max_by(|a, b| beyond(a).total_cmp(&beyond(b))).map(|limit| limit.says.clone())
    }

    /// Refuses names and figures that make no sense.
    ///
    /// # Errors
    /// Names the place.
    pub fn check(&self) -> Result<(), String> {
        let used = self.measures.iter().map(|m| &m.name).chain(self.reasons.iter().map(|limit| &limit.measure));
        if let Some(name) = used.into_iter().find(|name| !MEASURES.contains(&name.as_str())) {
            return Err(format!("`quality` names the measure `{name}`; there are {}", MEASURES.join(", ")));
        }
        if self.reasons.is_empty() || self.reasons.iter().any(|l| l.below.is_some() == l.above.is_some()) {
            return Err("`quality.reasons` needs entries, each with `below` or `above`".to_owned());
        }
        let whole = |says: &String| self.reasons.iter().any(|limit| limit.says == *says && limit.unless.is_none());
        if let Some(says) = self.reasons.iter().filter_map(|limit| limit.unless.as_ref()).find(|says| !whole(says)) {
            return Err(format!("`quality.reasons` has `unless` = `{says}`, which is no reason that stands by itself"));
        }
        let logits = [self.reject, self.good];
        let weights = self.measures.iter().flat_map(|m| [m.mean, m.reject, m.good]);
        let cells = [self.cells.dark, self.cells.glare, self.cells.flat, self.cells.some, self.cells.most];
        let limits = self.reasons.iter().filter_map(|limit| limit.below.or(limit.above));
        let is_sensible = |value: f64| value.abs() <= 1e3;
        let all = weights.chain(logits.map(|logit| logit.bias)).chain(limits).chain(cells).all(is_sensible);
        let spreads = self.measures.iter().all(|m| (1e-6..=1e3).contains(&m.spread));
        let points = logits.iter().all(|logit| logit.least > 0.0 && logit.least < 1.0);
        if all && spreads && points {
            Ok(())
        } else {
            Err("`quality` has figures beyond ±1000, a `spread` of nothing, or a `least` that is not between 0 and 1"
                .to_owned())
        }
    }
}

impl Limit {
    /// How far beyond the limit the measure lies; negative within.
    fn excess(&self, found: &QualityMeasures) -> f64 {
        let value = value(found, &self.measure);
        match (self.below, self.above) {
            (Some(below), _) => below - value,
            (_, Some(above)) => value - above,
            _ => f64::NEG_INFINITY,
        }
    }
}

fn value(found: &QualityMeasures, name: &str) -> f64 {
    MEASURES.iter().position(|known| *known == name).map_or(0.0, |at| found.values[at])
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::bundle::measures::{CELLS, Cell};

    fn rule() -> QualityRule {
        let limit = |says: &str, measure: &str, below| Limit {
            says: says.to_owned(),
            measure: measure.to_owned(),
            below,
            above: None,
            unless: None,
        };
        QualityRule {
            reject: Logit { bias: -3.0, least: 0.5 },
            good: Logit { bias: 1.0, least: 0.5 },
            measures: vec![Weighed { name: "brightness".to_owned(), mean: -1.0, spread: 0.5, reject: -2.0, good: 2.0 }],
            reasons: vec![limit("too dark", "brightness", Some(-2.0)), limit("out of focus", "laplacian", Some(-9.0))],
            cells: CellLimits { dark: 0.1, glare: 0.5, flat: 0.01, some: 0.1, most: 0.3 },
        }
    }

    fn of(brightness: f64, laplacian: f64) -> QualityMeasures {
        let mut values = [0.0; MEASURES.len()];
        (values[0], values[4]) = (brightness, laplacian);
        let cell = Cell { part: 1.0, light: 0.4, detail: 0.02, glare: 0.0 };
        QualityMeasures { values, disc: None, cells: vec![cell; CELLS * CELLS], corners: [[0.0; 2], [9.0; 2]] }
    }

    #[test]
    fn quality_falls_with_the_measure_and_only_a_poor_picture_has_reasons() {
        let rule = rule();
        assert!(rule.check().is_ok());
        let said = |brightness, laplacian| {
            let assessed = rule.assess(&of(brightness, laplacian));
            (assessed.quality, assessed.reasons.join(", "))
        };
        assert_eq!(said(-1.0, -9.5), (Quality::Good, String::new()));
        assert_eq!(said(-1.5, -9.5), (Quality::Usable, "out of focus".to_owned()));
        assert_eq!(said(-2.5, -9.5), (Quality::Reject, "too dark, out of focus".to_owned()));
        assert_eq!(rule.nearest(&of(-1.9, -8.0)), Some("too dark".to_owned()));
    }

    #[test]
    fn a_dark_picture_is_not_said_to_have_dark_parts_as_well() {
        let mut rule = rule();
        let parts =
            Limit { says: "parts in the dark".to_owned(), measure: "dark-share".to_owned(), ..rule.reasons[0].clone() };
        rule.reasons.push(Limit { below: None, above: Some(0.01), unless: Some("too dark".to_owned()), ..parts });
        assert!(rule.check().is_ok());
        let said = |brightness: f64, laplacian: f64, light: f64| {
            let mut found = of(brightness, laplacian);
            found.values[12] = 0.5;
            found.cells.iter_mut().for_each(|cell| cell.light = light);
            rule.assess(&found).reasons.join(", ")
        };
        assert_eq!(said(-2.5, -9.5, 0.4), "too dark, out of focus");
        assert_eq!(said(-2.5, -9.5, 0.05), "too dark, out of focus", "nor by its cells");
        assert_eq!(said(-1.9, -9.5, 0.4), "out of focus, parts in the dark", "dark parts alone are said");
        rule.reasons[2].unless = Some("too loud".to_owned());
        assert!(rule.check().is_err());
    }

    #[test]
    fn a_picture_that_fails_in_too_many_places_is_a_reject() {
        let flat = vec![Cell { part: 1.0, light: 0.4, detail: 0.0, glare: 0.0 }; CELLS * CELLS];
        let lost = QualityMeasures { cells: flat, ..of(0.0, 0.0) };
        let assessed = rule().assess(&lost);
        assert_eq!(
            (assessed.quality, assessed.reasons.join(", ")),
            (Quality::Reject, "parts without detail".to_owned())
        );
    }

    #[test]
    fn senseless_rules_are_refused() {
        let mut unknown = rule();
        unknown.reasons[0].measure = "smell".to_owned();
        let mut nothing = rule();
        nothing.measures[0].spread = 0.0;
        let mut wild = rule();
        wild.reject.bias = f64::NAN;
        let none = QualityRule { reasons: Vec::new(), ..rule() };
        for bad in [unknown, nothing, wild, none] {
            assert!(bad.check().is_err(), "{bad:?}");
        }
    }
}
