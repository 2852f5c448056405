//! Yes-or-no questions about ordered grades, with the operating points that were measured for them.

use serde::{Deserialize, Serialize};

/// "Referable?" is the question whether the grade is 2 or higher.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct Question {
    /// What a yes means: "Referable retinopathy".
    pub name: String,
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
    pub probability: f32,
    pub sensitivity: f32,
    pub specificity: f32,
}

/// What a model says to a question.
#[derive(Debug, Clone, PartialEq)]
pub struct Answer<'a> {
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

impl Answer<'_> {
    /// In words: "31 %: reaches the point of 90 % sensitivity (specificity 82 %)".
    pub fn said(&self) -> String {
        let percent = |value: f32| format!("{:.0} %", 100.0 * value);
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
        Question { name: "Referable".to_owned(), least_class: 2, on: String::new(), operating_points }
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
