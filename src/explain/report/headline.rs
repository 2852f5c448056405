//! The answer of a model in words, one for each kind of decision. What stands in large letters and the figure beside it are
//! always of the same quantity, so that the two cannot contradict each other.

use crate::bundle::card::Decision;
use crate::bundle::question::{Question, percent};
use crate::bundle::{Advice, Card, NOT_FOR_THIS_MODEL};
use crate::explain::Verdict;

/// As many findings are named at the top.
const MOST_NAMED: usize = 4;

pub struct Headline {
    pub headline: String,
    pub figure: String,
    pub beneath: String,
    pub rule: String,
    pub said: Vec<usize>,
}

impl Headline {
    pub fn of(card: &Card, verdict: &Verdict) -> Self {
        let names = Names { card, verdict };
        if let Some(found) = &verdict.findings {
            return names.findings(found);
        }
        match (card.output.headline_question(), card.output.decision) {
            (Some(question), _) => names.question(question),
            (None, Decision::Threshold) => names.threshold(),
            (None, _) => names.decided(),
        }
    }

    pub fn refused(advice: &Advice) -> Self {
        let (headline, beneath) = (NOT_FOR_THIS_MODEL.to_owned(), advice.why.clone());
        Self { headline, figure: String::new(), beneath, rule: String::new(), said: Vec::new() }
    }
}

struct Names<'a> {
    card: &'a Card,
    verdict: &'a Verdict,
}

impl Names<'_> {
    fn name(&self, class: usize) -> String {
        self.card.classes[class].full_name()
    }

    fn probability(&self, class: usize) -> String {
        percent(self.verdict.probabilities[class])
    }

    fn with(&self, class: usize) -> String {
        format!("{} {}", self.name(class), self.probability(class))
    }

    /// "Referable: yes" by P(grade ≥ 2), and below it the grade or the set of grades.
    fn question(&self, question: &Question) -> Headline {
        let answer = question.answer(&self.verdict.probabilities);
        let least = &self.card.classes[question.least_class].name;
        Headline {
            headline: format!("{}: {}", question.short_name(), answer.word().name()),
            figure: format!("P({} ≥ {least}) {}", self.card.noun(), percent(answer.probability)),
            beneath: self.grades(),
            rule: question.rule(),
            said: self.set(),
        }
    }

    fn set(&self) -> Vec<usize> {
        self.verdict.class_set.clone().unwrap_or_else(|| vec![self.verdict.decided])
    }

    /// The grade, or the set of grades of a calibrated model, with its probability.
    fn grades(&self) -> String {
        let noun = self.card.noun();
        match self.verdict.said_as_set(|class| self.name(class)) {
            Some(set) => format!("{noun} {set}, together {}", self.together()),
            None => format!("{noun} {}", self.with(self.verdict.decided)),
        }
    }

    fn together(&self) -> String {
        percent(self.set().iter().map(|class| self.verdict.probabilities[*class]).sum())
    }

    /// The decided class. Where that is not the most probable one, as the median of grades may be, no figure stands beside
    /// it that another class exceeds.
    fn decided(&self) -> Headline {
        let (decided, mode) = (self.verdict.decided, self.verdict.mode());
        let rule = match self.card.output.decision {
            Decision::Median => "the middle grade: half of the probability lies at it or below",
            _ => "the most probable class",
        };
        let others = |verdict: &Verdict| verdict.runner_up().map(|other| format!("then {}", self.with(other)));
        let (headline, figure, beneath) = match self.verdict.said_as_set(|class| self.name(class)) {
            Some(set) => (set, format!("together {}", self.together()), format!("most probable {}", self.with(mode))),
            None if mode != decided => {
                (self.name(decided), String::new(), format!("most probable alone {}", self.with(mode)))
            }
            None => (self.name(decided), self.probability(decided), others(self.verdict).unwrap_or_default()),
        };
        Headline { headline, figure, beneath, rule: rule.to_owned(), said: self.set() }
    }

    /// The first class stands for health: what is decided by is the probability that it is not so.
    fn threshold(&self) -> Headline {
        let (decided, healthy) = (self.verdict.decided, self.name(0));
        let point = self.card.output.operating_points.first().copied().unwrap_or(0.5);
        let ill: f32 = self.verdict.probabilities.iter().skip(1).sum();
        let is_two = self.card.classes.len() == 2;
        let named = self.verdict.said_as_set(|class| self.name(class)).unwrap_or_else(|| self.name(decided));
        let others: Vec<String> = (1..self.card.classes.len()).map(|class| self.with(class)).collect();
        let rule = match is_two {
            true => format!("{} from {} on", self.name(1), percent(point)),
            false => format!("{healthy} unless the others together reach {}; then the most probable", percent(point)),
        };
        Headline {
            headline: named,
            figure: if is_two {
                format!("P({}) {}", self.name(1), percent(ill))
            } else {
                format!("P(not {healthy}) {}", percent(ill))
            },
            beneath: if is_two { String::new() } else { others.join(", ") },
            rule,
            said: self.set(),
        }
    }

    /// Those from their operating points on, the clearest first.
    fn findings(&self, found: &[usize]) -> Headline {
        let points = &self.card.output.operating_points;
        let is_one_point = points.windows(2).all(|pair| pair[0] == pair[1]);
        let rule = match points.first() {
            Some(point) if is_one_point => format!("each finding from {} on", percent(*point)),
            _ => "each finding from its own operating point on".to_owned(),
        };
        let nearest = self.verdict.decided;
        let (headline, beneath) = match found {
            [] => {
                let point = percent(points[nearest]);
                ("No finding".to_owned(), format!("nearest {}, there from {point} on", self.with(nearest)))
            }
            found => {
                let names: Vec<String> = found.iter().take(MOST_NAMED).map(|class| self.name(*class)).collect();
                let more = found.len().saturating_sub(MOST_NAMED);
                let more = if more > 0 { format!(" and {more} more") } else { String::new() };
                let figures: Vec<String> =
                    found.iter().take(MOST_NAMED).map(|class| self.probability(*class)).collect();
                (names.join(", ") + &more, format!("with {}", figures.join(", ")))
            }
        };
        Headline { headline, figure: String::new(), beneath, rule, said: found.to_vec() }
    }
}
