//! Yes-or-no questions about ordered grades, with the operating points that were measured for them.

use serde::{Deserialize, Serialize};

/// "Referable?" is the question whether the grade is 2 or higher.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct Question {
    /// What a yes means: "Referable retinopathy".
    pub name: String,
    /// What is answered with yes, no or undecided at the top of everything: "Referable". One question of a card has it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub headline: Option<String>,
    /// Index of the least class that is a yes; all after it are too.
    pub least_class: usize,
    /// On which pictures the points were measured.
    pub on: String,
    /// From the most sensitive to the most specific.
    pub operating_points: Vec<OperatingPoint>,
}

/// From which probability on the answer is yes, and what that brought. All are fractions.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct OperatingPoint {
    /// The threshold.
    pub probability: f32,
    /// As it was measured there.
    pub sensitivity: f32,
    /// As it was measured there.
    pub specificity: f32,
}

/// A question's answer in one word.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Word {
    /// Below what rules out.
    No,
    /// Between the two.
    Undecided,
    /// From what rules in.
    Yes,
}

impl Word {
    /// For records and reports.
    pub fn name(self) -> &'static str {
        match self {
            Self::No => "no",
            Self::Undecided => "undecided",
            Self::Yes => "yes",
        }
    }
}

/// Without operating points a question is answered as a coin would be: yes from a half on.
const WITHOUT_POINTS: f32 = 0.5;

/// What a model says to a question.
#[derive(Debug, Clone, PartialEq)]
pub struct Answer<'a> {
    /// What was asked.
    pub question: &'a Question,
    /// The sum over all classes that are a yes.
    pub probability: f32,
    /// How many of the question's operating points are reached: the first so many.
    pub reached: usize,
}

impl Question {
    /// The answer where the classes have these probabilities.
    pub fn answer(&self, probabilities: &[f32]) -> Answer<'_> {
        let probability = probabilities.iter().skip(self.least_class).sum();
        let reached = self.operating_points.iter().take_while(|point| probability >= point.probability).count();
        Answer { question: self, probability, reached }
    }

    /// From which probabilities on the answer is no longer no, and yes. The most sensitive point rules out: what lies below
    /// it is no. The next rules in: from it on it is yes. Between them the answer is left open. One point alone does both.
    pub fn limits(&self) -> (f32, f32) {
        let at = |index: usize| self.operating_points.get(index).map(|point| point.probability);
        let no_longer_no = at(0).unwrap_or(WITHOUT_POINTS);
        (no_longer_no, at(1).unwrap_or(no_longer_no))
    }

    /// How it is called where there is little room.
    pub fn short_name(&self) -> &str {
        self.headline.as_deref().unwrap_or(&self.name)
    }

    /// The rule of [`Answer::word`] in plain language: "yes from 46 % on, the point of 90 % sensitivity; no below 28 %, that
    /// of 95 %; undecided between".
    pub fn rule(&self) -> String {
        let (no_longer_no, yes) = self.limits();
        let sensitive = |index: usize| self.operating_points.get(index).map(|point| percent(point.sensitivity));
        match (sensitive(0), sensitive(1)) {
            (Some(out), Some(in_)) if yes > no_longer_no => format!(
                "yes from {} on, the point of {in_} sensitivity; no below {}, that of {out}; undecided between",
                percent(yes),
                percent(no_longer_no)
            ),
            (Some(only), _) => format!("yes from {} on, the point of {only} sensitivity", percent(yes)),
            (None, _) => format!("yes from {} on", percent(yes)),
        }
    }

    /// Refuses questions that make no sense for so many classes.
    ///
    /// # Errors
    /// Names the figure.
    pub(super) fn check(&self, classes: usize) -> Result<(), String> {
        let place = format!("`output.questions` of `{}`", self.name);
        if !(1..classes).contains(&self.least_class) {
            return Err(format!("{place}: `least-class` must lie between 1 and {}", classes - 1));
        }
        let values = |p: &OperatingPoint| [p.probability, p.sensitivity, p.specificity];
        if self.operating_points.iter().flat_map(values).any(|v| !(0.0..=1.0).contains(&v)) {
            return Err(format!("{place}: all values of its operating points must lie between 0 and 1"));
        }
        if !self.operating_points.is_sorted_by(|a, b| a.probability <= b.probability) {
            return Err(format!("{place}: its operating points must begin with the lowest probability"));
        }
        Ok(())
    }
}

/// A fraction in whole per cent. One that is not 1 is not said to be, nor one that is not 0.
pub fn percent(fraction: f32) -> String {
    match 100.0 * fraction {
        all if all >= 99.5 && fraction < 1.0 => "over 99 %".to_owned(),
        nothing if nothing < 0.5 && fraction > 0.0 => "under 1 %".to_owned(),
        part => format!("{part:.0} %"),
    }
}

impl Answer<'_> {
    /// The answer by [`Question::limits`].
    pub fn word(&self) -> Word {
        match self.question.limits() {
            (_, yes) if self.probability >= yes => Word::Yes,
            (no_longer_no, _) if self.probability >= no_longer_no => Word::Undecided,
            _ => Word::No,
        }
    }

    /// In words: "31 %: reaches the point of 90 % sensitivity (specificity 82 %)".
    pub fn said(&self) -> String {
        let points = &self.question.operating_points;
        let at = |point: &OperatingPoint| {
            format!(
                "the point of {} sensitivity (specificity {})",
                percent(point.sensitivity),
                percent(point.specificity)
            )
        };
        let place = match (self.reached.checked_sub(1).and_then(|last| points.get(last)), points.first()) {
            (Some(last), _) => format!(": reaches {}", at(last)),
            (None, Some(first)) => format!(": below {}", at(first)),
            (None, None) => String::new(),
        };
        format!("{}{place}", percent(self.probability))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn referable() -> Question {
        let point = |probability, sensitivity, specificity| OperatingPoint { probability, sensitivity, specificity };
        let operating_points = vec![point(0.2, 0.95, 0.6), point(0.35, 0.9, 0.82), point(0.6, 0.8, 0.95)];
        Question { name: "Referable".to_owned(), headline: None, least_class: 2, on: String::new(), operating_points }
    }

    #[test]
    fn the_first_point_rules_out_and_the_second_rules_in() {
        let question = referable();
        let word = |question: &Question, p: f32| question.answer(&[1.0 - p, 0.0, p]).word();
        for (p, expected) in
            [(0.19, Word::No), (0.2, Word::Undecided), (0.34, Word::Undecided), (0.35, Word::Yes), (0.9, Word::Yes)]
        {
            assert_eq!(word(&question, p), expected, "{p}");
        }
        let rule = question.rule();
        assert!(["35 %", "90 %", "20 %", "95 %"].iter().all(|figure| rule.contains(figure)), "{rule}");
        // One point decides alone, none is a half.
        let one = Question { operating_points: question.operating_points[..1].to_vec(), ..referable() };
        assert_eq!([0.19, 0.2].map(|p| word(&one, p)), [Word::No, Word::Yes]);
        let bare = Question { operating_points: Vec::new(), ..referable() };
        assert_eq!([0.49, 0.5].map(|p| word(&bare, p)), [Word::No, Word::Yes]);
        assert_eq!(bare.rule(), "yes from 50 % on");
    }

    #[test]
    fn an_answer_names_the_most_specific_point_that_is_reached() {
        let question = referable();
        let said = |probabilities: &[f32]| question.answer(probabilities).said();
        assert_eq!(said(&[0.5, 0.1, 0.2, 0.1, 0.1]), "40 %: reaches the point of 90 % sensitivity (specificity 82 %)");
        assert_eq!(said(&[0.9, 0.0, 0.1, 0.0, 0.0]), "10 %: below the point of 95 % sensitivity (specificity 60 %)");
        assert_eq!(question.answer(&[0.0, 0.0, 0.0, 0.0, 1.0]).reached, 3);
        let bare = Question { operating_points: Vec::new(), ..referable() };
        assert_eq!(bare.answer(&[0.5, 0.25, 0.25]).said(), "25 %");
    }

    #[test]
    fn questions_that_make_no_sense_are_refused() {
        assert!(referable().check(5).is_ok());
        assert!(referable().check(2).is_err(), "no class 2 among two");
        let mut bad = referable();
        bad.operating_points.swap(0, 2);
        assert!(bad.check(5).is_err());
        bad = referable();
        bad.operating_points[1].specificity = f32::NAN;
        assert!(bad.check(5).is_err());
    }
}
