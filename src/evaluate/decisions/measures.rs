//! The figures as measures of a resampled set of pictures, each for all pictures or some of them.

use serde::Serialize;

use super::super::case::{Case, Cases, Truth};
use super::target::{Answered, DecisionPoint, Target, targets};
use crate::statistics::{Confusion, Detection, KappaWeights, Measure, Ranked, mean};

/// Figures that are small enough to be given for every group of pictures.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Small {
    Accuracy,
    Kappa,
    AnyAuc,
    ReferableAuc,
    /// The mean over classes or findings, each against the rest.
    MeanAuc,
    /// At the first operating point of what is screened for.
    Sensitivity,
    Specificity,
}

impl Small {
    pub const ALL: [Self; 7] = [
        Self::Accuracy,
        Self::Kappa,
        Self::AnyAuc,
        Self::ReferableAuc,
        Self::MeanAuc,
        Self::Sensitivity,
        Self::Specificity,
    ];
}

/// The cases that count, and what they are asked.
pub struct View<'a> {
    pub cases: &'a Cases,
    pub judged: Vec<&'a Case>,
    pub targets: Vec<Target>,
}

impl<'a> View<'a> {
    /// Leaves out what is no answer to the label: another number of probabilities, a class that there is not.
    pub fn of(cases: &'a Cases) -> Self {
        let classes = cases.classes.len();
        let fits = |case: &&Case| {
            let truth_fits = match &case.truth {
                Truth::Class(class) => *class < classes && !cases.output.has_findings(),
                Truth::Findings(findings) => findings.len() == classes && cases.output.has_findings(),
            };
            truth_fits && case.probabilities.len() == classes && case.decided < classes
        };
        let judged: Vec<&Case> = cases.all.iter().filter(fits).collect();
        let targets = targets(cases, &judged);
        Self { cases, judged, targets }
    }

    pub fn classes(&self) -> usize {
        self.cases.classes.len()
    }

    pub fn target(&self, key: &str) -> Option<&Target> {
        self.targets.iter().find(|target| target.key == key).filter(|_| !self.cases.output.has_findings())
    }

    /// What a screening looks for: referable disease, or any. Findings are many.
    pub fn screened(&self) -> Option<&Target> {
        self.target("referable").or_else(|| self.target("any"))
    }

    pub fn kappa_weights(&self) -> Option<KappaWeights> {
        let weights = if self.cases.output.ordered { KappaWeights::Quadratic } else { KappaWeights::Unweighted };
        (!self.cases.output.has_findings()).then_some(weights)
    }

    pub fn confusion(&self, pictures: &[usize]) -> Confusion {
        let pairs = self.pairs(pictures);
        Confusion::of(self.classes(), pairs.into_iter().map(|(_, truth, decided)| (truth, decided)))
    }

    /// Number, true class and decided class of each of `pictures`.
    fn pairs(&self, pictures: &[usize]) -> Vec<(usize, usize, usize)> {
        let pair = |picture: &usize| {
            let case = self.judged.get(*picture)?;
            Some((*picture, case.class()?, case.decided))
        };
        pictures.iter().filter_map(pair).collect()
    }

    /// The accuracy of who always gives the commonest answer; of findings, to each finding of its own.
    pub fn majority(&self, pictures: &[usize]) -> Option<f64> {
        if !self.cases.output.has_findings() {
            return self.confusion(pictures).majority_baseline();
        }
        let is_meant = meant(pictures, self.judged.len());
        let (mut right, mut all) = (0, 0);
        for target in &self.targets {
            let known: Vec<&Answered> = target.pictures.iter().filter(|answered| is_meant[answered.picture]).collect();
            let there = known.iter().filter(|answered| answered.is_there).count();
            right += there.max(known.len() - there);
            all += known.len();
        }
        (all > 0).then(|| right as f64 / all as f64)
    }

    /// A figure of `pictures`; `None` where this model has no such figure.
    pub fn measure(&self, small: Small, pictures: &[usize]) -> Option<Measure<'a>> {
        match small {
            Small::Accuracy => Some(self.accuracy(pictures)),
            Small::Kappa => self.kappa(pictures),
            Small::AnyAuc => self.target("any").map(|target| auc(ranked(target, &self.only(pictures)))),
            Small::ReferableAuc => self.target("referable").map(|target| auc(ranked(target, &self.only(pictures)))),
            Small::MeanAuc => self.mean_auc(pictures),
            Small::Sensitivity => self.at_first_point(pictures, |found| found.sensitivity()),
            Small::Specificity => self.at_first_point(pictures, |found| found.specificity()),
        }
    }

    /// Which of all pictures are meant.
    fn only(&self, pictures: &[usize]) -> Vec<bool> {
        meant(pictures, self.judged.len())
    }

    fn accuracy(&self, pictures: &[usize]) -> Measure<'a> {
        if !self.cases.output.has_findings() {
            let right = |(picture, truth, decided): (usize, usize, usize)| {
                (picture, f64::from(u8::from(truth == decided)), 1.0)
            };
            return mean(self.pairs(pictures).into_iter().map(right).collect());
        }
        let is_meant = self.only(pictures);
        // Right answers and known truths of each picture.
        let mut parts: Vec<(usize, f64, f64)> = (0..self.judged.len()).map(|picture| (picture, 0.0, 0.0)).collect();
        for target in &self.targets {
            for answered in target.pictures.iter().filter(|answered| is_meant[answered.picture]) {
                let is_right = target.points[0].says_yes(answered) == answered.is_there;
                let (_, right, known) = &mut parts[answered.picture];
                *right += f64::from(u8::from(is_right));
                *known += 1.0;
            }
        }
        parts.retain(|(_, _, known)| *known > 0.0);
        mean(parts)
    }

    fn kappa(&self, pictures: &[usize]) -> Option<Measure<'a>> {
        let weights = self.kappa_weights()?;
        let (pairs, classes) = (self.pairs(pictures), self.classes());
        Some(Box::new(move |drawn| {
            let weighed = pairs.iter().map(|(picture, truth, decided)| (*truth, *decided, drawn[*picture]));
            Confusion::weighed(classes, weighed).kappa(weights)
        }))
    }

    /// Of one class against the rest.
    pub fn class_auc(&self, class: usize, pictures: &[usize]) -> Measure<'a> {
        auc(self.class_ranked(class, &self.only(pictures)))
    }

    fn class_ranked(&self, class: usize, is_meant: &[bool]) -> Ranked {
        if self.cases.output.has_findings() {
            return ranked(&self.targets[class], is_meant);
        }
        let meant = self.judged.iter().enumerate().filter(|(picture, _)| is_meant[*picture]);
        let of = |(picture, case): (usize, &&Case)| Some((picture, case.probabilities[class], case.class()? == class));
        Ranked::of(meant.filter_map(of))
    }

    /// Over those classes that can be told from the rest at all; in a draw all of them must be there.
    fn mean_auc(&self, pictures: &[usize]) -> Option<Measure<'a>> {
        if self.cases.output.ordered {
            return None;
        }
        let is_meant = self.only(pictures);
        let all = (0..self.classes()).map(|class| self.class_ranked(class, &is_meant));
        let defined: Vec<Ranked> = all.filter(|ranked| ranked.auc_of_all().is_some()).collect();
        Some(Box::new(move |drawn| {
            let sum: f64 = defined.iter().map(|ranked| ranked.auc(drawn)).sum::<Option<f64>>()?;
            (!defined.is_empty()).then(|| sum / defined.len() as f64)
        }))
    }

    fn at_first_point(
        &self,
        pictures: &[usize],
        of: impl Fn(&Detection) -> Option<f64> + Send + Sync + 'static,
    ) -> Option<Measure<'a>> {
        let target = self.screened()?;
        let point = target.points.first()?;
        Some(at_point(target, point, &self.only(pictures), of))
    }
}

fn meant(pictures: &[usize], of: usize) -> Vec<bool> {
    let mut is_meant = vec![false; of];
    pictures.iter().for_each(|picture| is_meant[*picture] = true);
    is_meant
}

fn ranked(target: &Target, is_meant: &[bool]) -> Ranked {
    let meant = target.pictures.iter().filter(|answered| is_meant[answered.picture]);
    Ranked::of(meant.map(|answered| (answered.picture, answered.score, answered.is_there)))
}

fn auc<'a>(ranked: Ranked) -> Measure<'a> {
    Box::new(move |drawn| ranked.auc(drawn))
}

/// The area under the ROC curve of a target, over all pictures of which its truth is known.
pub fn target_auc<'a>(target: &Target) -> Measure<'a> {
    auc(target_ranked(target))
}

pub fn target_ranked(target: &Target) -> Ranked {
    Ranked::of(target.pictures.iter().map(|answered| (answered.picture, answered.score, answered.is_there)))
}

/// What comes of a point, over those pictures that are meant.
pub fn at_point<'a>(
    target: &Target,
    point: &DecisionPoint,
    is_meant: &[bool],
    of: impl Fn(&Detection) -> Option<f64> + Send + Sync + 'a,
) -> Measure<'a> {
    let meant = target.pictures.iter().filter(|answered| is_meant[answered.picture]);
    let answers: Vec<(usize, bool, bool)> =
        meant.map(|answered| (answered.picture, answered.is_there, point.says_yes(answered))).collect();
    Box::new(move |drawn| {
        of(&Detection::of(answers.iter().map(|(picture, truth, answer)| (*truth, *answer, drawn[*picture]))))
    })
}
