//! Whether something about a picture other than disease predicts its label: a yardstick model is trained on it alone and
//! tested on patients it was not trained on.
//!
//! Logistic regression, each class or finding against the rest, over five folds of patients; each picture is scored by the
//! model that did not see its patient. The figure that decides is the mean of the areas under the ROC curves, since it does
//! not depend on how common a label is; its error comes from resampling patients.

use rand::SeedableRng;
use rand::seq::SliceRandom;
use rand_chacha::ChaCha8Rng;
use rayon::prelude::*;
use serde::Serialize;

use super::super::case::Truth;
use super::looks::Looks;
use super::marks::{Mark, OUTER};
use crate::input::THUMBNAIL_SIDE;
use crate::statistics::{Figure, Logistic, MayGoOn, Measure, Ranked, Units};

const FOLDS: usize = 5;
/// Patients are drawn so that no more pictures than this are learned from: more take minutes and say little more.
const MOST_PICTURES: usize = 2000;
/// Below these numbers nothing is said: of all pictures, and of those with and without a label.
pub const LEAST_PICTURES: usize = 40;
pub const LEAST_OF_A_KIND: usize = 10;
/// Of more labels the commonest are asked for.
const MOST_LABELS: usize = 12;
/// A cue is told where the area lies so many standard errors above a half: one-sided 0.01 over six cues, if areas were
/// normal with the bootstrap's error.
const SURE: f64 = 2.94;
/// Of fewer pictures they are not, since what was learned follows the labels' own chance: there the area must also lie so
/// many deviations above those of labels that were reshuffled among the patients, each learned from anew. Of so few
/// deals the deviation is not sure either: one-sided 0.01 over six cues of Student's t with 18 degrees of freedom.
pub const FEW_PICTURES: usize = 400;
pub const DEALT: u64 = 19;
const SURE_OF_DEALT: f64 = 3.38;
/// An area that is surely above a half and less than this is said to be slight.
pub const TELLING: f64 = 0.6;
/// Half the width of a 95 % interval in standard errors.
const HALF_INTERVAL: f64 = 1.96;
/// The outermost cells of a thumbnail that are its border.
const RING: usize = 2;
const SEED: u64 = 15;

/// What may tell the label.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum CueKind {
    Thumbnail,
    Border,
    Marks,
    Exposure,
    Sharpness,
    Size,
}

impl CueKind {
    pub const ALL: [Self; 6] =
        [Self::Thumbnail, Self::Border, Self::Marks, Self::Exposure, Self::Sharpness, Self::Size];

    /// As it stands in a sentence.
    pub fn title(self) -> &'static str {
        match self {
            Self::Thumbnail => "a 16×16 thumbnail",
            Self::Border => "the border",
            Self::Marks => "burned-in marks",
            Self::Exposure => "the exposure",
            Self::Sharpness => "the sharpness",
            Self::Size => "the size and how much of it is lit",
        }
    }

    /// The numbers that it is, as many for every picture.
    pub fn features(self, looks: &Looks) -> Vec<f32> {
        let light = |v: &u8| f32::from(*v) / 255.0;
        match self {
            Self::Thumbnail => looks.thumbnail.iter().map(light).collect(),
            Self::Border => {
                let is_ring = |at: &usize| {
                    let near = |v: usize| v.min(THUMBNAIL_SIDE - 1 - v) < RING;
                    near(at % THUMBNAIL_SIDE) || near(at / THUMBNAIL_SIDE)
                };
                let ring = looks.thumbnail.iter().take(THUMBNAIL_SIDE * THUMBNAIL_SIDE).enumerate();
                let ring = ring.filter(|(at, _)| is_ring(at)).map(|(_, v)| light(v));
                ring.chain(looks.appearance.edges.iter().copied()).collect()
            }
            Self::Marks => ink(&looks.marks),
            Self::Exposure => looks.appearance.light.clone(),
            Self::Sharpness => looks.appearance.sharpness.clone(),
            Self::Size => looks.appearance.size.clone(),
        }
    }
}

/// Logarithms of the ink in each corner and along each side, and of all of it.
fn ink(marks: &[Mark]) -> Vec<f32> {
    let mut zones = [0.0_f32; 9];
    for mark in marks {
        let (x, y) = mark.centre();
        let third = |v: f32| usize::from(f64::from(v) >= OUTER) + usize::from(f64::from(v) > 1.0 - OUTER);
        zones[3 * third(y) + third(x)] += mark.ink;
    }
    // The middle holds no marks: its place is for their sum.
    zones[4] = zones.iter().sum();
    // A letter covers about a thousandth.
    zones.iter().map(|ink| (1.0 + 2000.0 * ink).ln()).collect()
}

/// How sure it is that a cue tells the label.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Tells {
    #[default]
    No,
    /// Surely more than chance, and little.
    Slightly,
    Yes,
}

/// What a cue tells.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Cue {
    pub kind: CueKind,
    pub tells: Tells,
    /// Mean over labels, each against the rest.
    pub auc: Figure,
    /// Of the label with the highest score; of findings, of all answers.
    pub accuracy: Figure,
    /// Always giving the commonest label.
    pub majority: Option<f64>,
    /// The label that it tells best, by its number among the model's classes, with its area.
    pub best: Option<(usize, f64)>,
}

/// Pictures with labels, and the folds that they are tried in.
pub struct Trial<'a> {
    looks: Vec<&'a Looks>,
    truths: Vec<&'a Truth>,
    classes: usize,
    labels: Vec<Label>,
    has_findings: bool,
    folds: Vec<usize>,
    pub units: Units,
}

/// One class or finding: which pictures have it, where that is known.
struct Label {
    class: usize,
    is_there: Vec<Option<bool>>,
}

/// Scores of one label: number of the picture, margin, log odds, and the truth.
type Scores = Vec<(usize, f32, f32, bool)>;

impl<'a> Trial<'a> {
    /// `None` where there are too few pictures.
    pub fn of(pictures: &'a [(Looks, Truth, String)], classes: usize) -> Option<Self> {
        let chosen = chosen(pictures);
        let units = Units::of(chosen.iter().map(|at| pictures[*at].2.as_str()));
        let truths: Vec<&Truth> = chosen.iter().map(|at| &pictures[*at].1).collect();
        let looks = chosen.iter().map(|at| &pictures[*at].0).collect();
        if chosen.len() < LEAST_PICTURES { None } else { Self::with(looks, truths, units, classes) }
    }

    fn with(looks: Vec<&'a Looks>, truths: Vec<&'a Truth>, units: Units, classes: usize) -> Option<Self> {
        let (labels, folds) = (labels(&truths, classes), folds(&units, &truths));
        let has_findings = truths.iter().any(|truth| matches!(truth, Truth::Findings(_)));
        (!labels.is_empty()).then_some(Self { looks, truths, classes, labels, has_findings, folds, units })
    }

    /// The same pictures with the labels of other patients, each patient's kept together as far as numbers allow.
    fn dealt(&self, seed: u64) -> Option<Self> {
        let mut members: Vec<&Vec<usize>> = self.units.members.iter().collect();
        members.shuffle(&mut ChaCha8Rng::seed_from_u64(SEED + 2 + seed));
        let taken = members.into_iter().flatten().map(|at| self.truths[*at]);
        let mut truths = self.truths.clone();
        self.units.members.iter().flatten().zip(taken).for_each(|(at, truth)| truths[*at] = truth);
        Self::with(self.looks.clone(), truths, self.units.clone(), self.classes)
    }

    pub fn len(&self) -> usize {
        self.looks.len()
    }

    /// What `kind` tells. `None` once `may_go_on` says no.
    pub fn cue(&self, kind: CueKind, draws: usize, may_go_on: &MayGoOn<'_>) -> Option<Cue> {
        let features: Vec<Vec<f32>> = self.looks.iter().map(|looks| kind.features(looks)).collect();
        let scores = self.all_scores(&features, may_go_on)?;
        let ranked: Vec<Ranked> = scores.iter().map(ranked).collect();
        let areas: Vec<Option<f64>> = ranked.iter().map(Ranked::auc_of_all).collect();
        let best = areas.iter().zip(&self.labels).filter_map(|(area, label)| Some((label.class, (*area)?)));
        let best = best.max_by(|a, b| a.1.total_cmp(&b.1));
        let (right, majority) = self.right(&scores);
        let mean_area: Measure<'_> = Box::new(|weights| mean(ranked.iter().map(|ranked| ranked.auc(weights))));
        let accuracy: Measure<'_> = Box::new(|weights| {
            let add = |(sum, all): (f64, f64), (at, part, whole): &(usize, f64, f64)| {
                (sum + f64::from(weights[*at]) * part, all + f64::from(weights[*at]) * whole)
            };
            let (sum, all) = right.iter().fold((0.0, 0.0), add);
            (all > 0.0).then(|| sum / all)
        });
        let figures = self.units.measured(&[mean_area, accuracy], draws, may_go_on)?;
        let mut tells = tells(&figures[0]);
        if let (Tells::Yes, Some(area)) = (tells, figures[0].value)
            && self.len() < FEW_PICTURES
            && !self.outdoes_chance(area, &features, may_go_on)?
        {
            tells = Tells::No;
        }
        Some(Cue { kind, tells, auc: figures[0], accuracy: figures[1], majority, best })
    }

    /// Whether `area` lies clearly above those of reshuffled labels.
    fn outdoes_chance(&self, area: f64, features: &[Vec<f32>], may_go_on: &MayGoOn<'_>) -> Option<bool> {
        let mut by_chance = Vec::new();
        for dealt in (0..DEALT).filter_map(|seed| self.dealt(seed)) {
            let scores = dealt.all_scores(features, may_go_on)?;
            by_chance.extend(mean(scores.iter().map(|scores| ranked(scores).auc_of_all())));
        }
        let count = by_chance.len() as f64;
        let middle = by_chance.iter().sum::<f64>() / count;
        let variance = by_chance.iter().map(|area| (area - middle).powi(2)).sum::<f64>() / (count - 1.0);
        // Of fewer than two there is no deviation, and the comparison fails.
        Some(area - middle > SURE_OF_DEALT * variance.sqrt())
    }

    /// Of every label.
    fn all_scores(&self, features: &[Vec<f32>], may_go_on: &MayGoOn<'_>) -> Option<Vec<Scores>> {
        let scores = |label: &Label| self.scores(label, features, may_go_on);
        let scores = self.labels.par_iter().map(scores).collect::<Option<Vec<Scores>>>()?;
        may_go_on().then_some(scores)
    }

    /// Each picture by the model of the folds that it is not in.
    fn scores(&self, label: &Label, features: &[Vec<f32>], may_go_on: &MayGoOn<'_>) -> Option<Scores> {
        let known = |at: &usize| label.is_there[*at].map(|is_there| (*at, is_there));
        let mut scores = Vec::new();
        for fold in 0..FOLDS {
            let (held, learned): (Vec<usize>, Vec<usize>) = (0..self.len()).partition(|at| self.folds[*at] == fold);
            let (lists, truth): (Vec<&[f32]>, Vec<bool>) =
                learned.iter().filter_map(known).map(|(at, is_there)| (features[at].as_slice(), is_there)).unzip();
            let model = match Logistic::fit(&lists, &truth, may_go_on) {
                Some(model) => model,
                None if may_go_on() => continue,
                None => return None,
            };
            let score = |(at, is_there): (usize, bool)| {
                (at, model.margin(&features[at]) as f32, model.score(&features[at]) as f32, is_there)
            };
            scores.extend(held.iter().filter_map(known).map(score));
        }
        Some(scores)
    }

    /// Right answers and answers of each picture, and the part that the commonest answers would have right.
    fn right(&self, scores: &[Scores]) -> (Vec<(usize, f64, f64)>, Option<f64>) {
        if self.has_findings {
            let of = |(at, _, score, truth): &(usize, f32, f32, bool)| {
                (*at, f64::from(u8::from((*score > 0.0) == *truth)), 1.0)
            };
            let commoner = |scores: &Scores| {
                let there = scores.iter().filter(|(.., truth)| *truth).count();
                there.max(scores.len() - there)
            };
            let all: usize = scores.iter().map(Vec::len).sum();
            let majority = scores.iter().map(commoner).sum::<usize>();
            return (scores.iter().flatten().map(of).collect(), (all > 0).then(|| majority as f64 / all as f64));
        }
        // Each picture's best label; two classes are one question, whose no is the other class.
        let mut best: Vec<Option<(f32, bool)>> = vec![None; self.len()];
        for (at, _, score, truth) in scores.iter().flatten() {
            let is_better = best[*at].is_none_or(|(known, _)| *score > known);
            if is_better {
                let is_yes = self.labels.len() > 1 || *score > 0.0;
                best[*at] = Some((*score, is_yes == *truth));
            }
        }
        let right = best.iter().enumerate();
        let right = right.filter_map(|(at, best)| Some((at, f64::from(u8::from((*best)?.1)), 1.0))).collect();
        let counts = self.labels.iter().map(|label| label.is_there.iter().filter(|is| **is == Some(true)).count());
        let most = counts.max().unwrap_or(0);
        let most = if self.labels.len() > 1 { most } else { most.max(self.len() - most) };
        (right, Some(most as f64 / self.len() as f64))
    }
}

fn ranked(scores: &Scores) -> Ranked {
    Ranked::of(scores.iter().map(|(at, margin, _, truth)| (*at, *margin, *truth)))
}

fn mean(areas: impl ExactSizeIterator<Item = Option<f64>>) -> Option<f64> {
    let count = areas.len() as f64;
    Some(areas.sum::<Option<f64>>()? / count)
}

/// By the lower end of the area, and by the area.
fn tells(auc: &Figure) -> Tells {
    let (Some(value), Some([low, high])) = (auc.value, auc.interval) else { return Tells::No };
    let error = (high - low) / (2.0 * HALF_INTERVAL);
    match value {
        value if value - 0.5 <= SURE * error => Tells::No,
        value if value < TELLING => Tells::Slightly,
        _ => Tells::Yes,
    }
}

/// All pictures, or those of so many patients, drawn at random, that they are not too many.
fn chosen(pictures: &[(Looks, Truth, String)]) -> Vec<usize> {
    let units = Units::of(pictures.iter().map(|(_, _, patient)| patient.as_str()));
    let mut members = units.members;
    members.shuffle(&mut ChaCha8Rng::seed_from_u64(SEED));
    let mut chosen = Vec::new();
    for pictures in members {
        if chosen.len() + pictures.len() <= MOST_PICTURES {
            chosen.extend(pictures);
        }
    }
    chosen.sort_unstable();
    chosen
}

/// Those of which there are enough with and enough without, the commonest first; of two classes the second alone.
fn labels(truths: &[&Truth], classes: usize) -> Vec<Label> {
    let of = |class: usize| {
        let is_there = |truth: &&Truth| match truth {
            Truth::Class(own) => Some(*own == class),
            Truth::Findings(findings) => findings.get(class).copied().flatten(),
        };
        Label { class, is_there: truths.iter().map(is_there).collect() }
    };
    let count = |label: &Label, kind: bool| label.is_there.iter().filter(|is| **is == Some(kind)).count();
    let all =
        (0..classes).map(of).filter(|label| [true, false].iter().all(|kind| count(label, *kind) >= LEAST_OF_A_KIND));
    let mut all: Vec<Label> = all.collect();
    all.sort_by_key(|label| std::cmp::Reverse(count(label, true)));
    all.truncate(MOST_LABELS);
    let is_one_question = matches!(&all[..], [a, b] if a.is_there.iter().zip(&b.is_there).all(|(a, b)| *a != *b && a.is_some() && b.is_some()));
    if is_one_question {
        all.sort_by_key(|label| label.class);
        all.remove(0);
    }
    all
}

/// The fold of each picture: units are dealt out in turn, those of one label after each other, so that folds are alike.
fn folds(units: &Units, truths: &[&Truth]) -> Vec<usize> {
    let mut dealt: Vec<&Vec<usize>> = units.members.iter().collect();
    dealt.shuffle(&mut ChaCha8Rng::seed_from_u64(SEED + 1));
    let kind = |pictures: &&Vec<usize>| match truths[pictures[0]] {
        Truth::Class(class) => *class,
        Truth::Findings(findings) => findings.iter().filter(|is| **is == Some(true)).count(),
    };
    dealt.sort_by_key(kind);
    let mut folds = vec![0; truths.len()];
    for (at, pictures) in dealt.into_iter().enumerate() {
        pictures.iter().for_each(|picture| folds[*picture] = at % FOLDS);
    }
    folds
}
