//! How far two agree who graded the same pictures: a reader and the model, or two readers.
//!
//! A grade that was given without the model's answer counts apart from one that was given beside it: only the first says
//! what the reader would have said alone.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::path::PathBuf;

use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;
use serde::Serialize;

use super::entry::{Contents, Entry, FrameOf};
use super::table::below;

/// Enough for two digits of an interval's ends.
pub const RESAMPLINGS: usize = 2000;
/// The same pictures give the same interval every time.
const SEED: u64 = 20_240_229;
/// An interval of those resamplings alone in which a figure is defined says nothing where many are left out.
const DEFINED: f64 = 0.95;
/// Of more classes no matrix is made, and of more than the second no interval.
const MOST_CLASSES: usize = 1000;
const MOST_CLASSES_DRAWN: usize = 64;

/// Who gave which grade how often.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(transparent)]
pub struct Confusion {
    /// Rows are the reference's grades, columns the other's.
    pub counts: Vec<Vec<u64>>,
}

/// How a disagreement weighs that is so many grades wide.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Weights {
    /// All alike.
    Unweighted,
    Linear,
    Quadratic,
}

impl Weights {
    fn of(self, a: usize, b: usize) -> f64 {
        let apart = a.abs_diff(b) as f64;
        match self {
            Self::Unweighted => f64::from(u8::from(a != b)),
            Self::Linear => apart,
            Self::Quadratic => apart * apart,
        }
    }
}

impl Confusion {
    pub fn new(classes: usize) -> Self {
        Self { counts: vec![vec![0; classes]; classes] }
    }

    /// Of pairs (reference, other); what is no class is left out.
    pub fn of(classes: usize, pairs: impl IntoIterator<Item = (usize, usize)>) -> Self {
        let mut confusion = Self::new(classes);
        for (reference, other) in pairs {
            if let Some(count) = confusion.counts.get_mut(reference).and_then(|row| row.get_mut(other)) {
                *count += 1;
            }
        }
        confusion
    }

    pub fn n(&self) -> u64 {
        self.counts.iter().flatten().sum()
    }

    fn cells(&self) -> impl Iterator<Item = (usize, usize, f64)> {
        let row = |(a, row): (usize, &Vec<u64>)| {
            row.iter().enumerate().map(move |(b, count)| (a, b, *count as f64)).collect::<Vec<_>>()
        };
        self.counts.iter().enumerate().flat_map(row)
    }

    fn rows(&self) -> Vec<f64> {
        self.counts.iter().map(|row| row.iter().sum::<u64>() as f64).collect()
    }

    fn columns(&self) -> Vec<f64> {
        (0..self.counts.len()).map(|b| self.counts.iter().map(|row| row[b]).sum::<u64>() as f64).collect()
    }

    /// The part in which both say the same. `None` without pairs.
    pub fn accuracy(&self) -> Option<f64> {
        let same: f64 = self.cells().filter(|(a, b, _)| a == b).map(|(_, _, count)| count).sum();
        ratio(same, self.n() as f64)
    }

    /// The accuracy of whoever always says the reference's commonest grade. `None` without pairs.
    pub fn majority_baseline(&self) -> Option<f64> {
        ratio(self.rows().into_iter().fold(0.0, f64::max), self.n() as f64)
    }

    /// Cohen's kappa. `None` where no disagreement can be expected: without pairs, or where both know one grade only.
    pub fn kappa(&self, weights: Weights) -> Option<f64> {
        let (rows, columns, n) = (self.rows(), self.columns(), self.n() as f64);
        let sums = self.cells().fold((0.0, 0.0), |(observed, expected), (a, b, count)| {
            let weight = weights.of(a, b);
            (observed + weight * count, expected + weight * rows[a] * columns[b])
        });
        ratio(sums.0 * n, sums.1).map(|part| 1.0 - part)
    }
}

fn ratio(part: f64, whole: f64) -> Option<f64> {
    (whole > 0.0).then(|| part / whole)
}

/// A figure and its interval of 95 %; neither where it is not defined.
#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize)]
pub struct Figure {
    pub value: Option<f64>,
    pub interval: Option<[f64; 2]>,
}

/// What an interval draws anew: patients, or pictures where no patient is known.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Unit {
    Patients,
    #[default]
    Pictures,
}

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
        let (unit, groups) = groups(&inside);
        let confusion = Confusion::of(classes, inside.iter().map(|pair| (pair.reference, pair.other)));
        let mut rng = ChaCha8Rng::seed_from_u64(SEED);
        let draw = |_| (0..groups.len()).map(|_| rng.random_range(0..groups.len())).collect();
        let draws = resampled(classes, &groups, (0..RESAMPLINGS).map(draw));
        let [accuracy, kappa, linear, quadratic] = with_intervals(figures(&confusion), &draws);
        Self {
            n: confusion.n(),
            accuracy,
            majority_baseline: confusion.majority_baseline(),
            kappa,
            linear_kappa: ordered.then_some(linear),
            quadratic_kappa: ordered.then_some(quadratic),
            unit,
            units: groups.len(),
            confusion,
        }
    }
}

fn figures(confusion: &Confusion) -> Figures {
    let kappa = |weights| confusion.kappa(weights);
    [confusion.accuracy(), kappa(Weights::Unweighted), kappa(Weights::Linear), kappa(Weights::Quadratic)]
}

type Group = Vec<(usize, usize)>;

/// The pairs of each patient in the order in which patients come; each picture alone where a patient is not known.
fn groups(pairs: &[&Pair]) -> (Unit, Vec<Group>) {
    if pairs.is_empty() || pairs.iter().any(|pair| pair.patient.is_empty()) {
        return (Unit::Pictures, pairs.iter().map(|pair| vec![(pair.reference, pair.other)]).collect());
    }
    let mut index = HashMap::new();
    let mut groups: Vec<Group> = Vec::new();
    for pair in pairs {
        let at = *index.entry(pair.patient.as_str()).or_insert(groups.len());
        if at == groups.len() {
            groups.push(Vec::new());
        }
        groups[at].push((pair.reference, pair.other));
    }
    (Unit::Patients, groups)
}

/// The figures of each draw of groups.
fn resampled(classes: usize, groups: &[Group], draws: impl Iterator<Item = Vec<usize>>) -> Vec<Figures> {
    // One group cannot vary, and of so many classes nobody asks for kappas.
    if groups.len() < 2 || classes > MOST_CLASSES_DRAWN {
        return Vec::new();
    }
    let of = |draw: Vec<usize>| Confusion::of(classes, draw.iter().flat_map(|at| groups[*at].iter().copied()));
    draws.map(|draw| figures(&of(draw))).collect()
}

fn with_intervals(whole: Figures, draws: &[Figures]) -> [Figure; 4] {
    std::array::from_fn(|which| {
        let mut found: Vec<f64> = draws.iter().filter_map(|figures| figures[which]).collect();
        found.sort_by(f64::total_cmp);
        let enough = !found.is_empty() && found.len() as f64 >= DEFINED * draws.len() as f64;
        let interval = whole[which].filter(|_| enough).map(|_| [0.025, 0.975].map(|part| quantile(&found, part)));
        Figure { value: whole[which], interval }
    })
}

/// Between two of the sorted values, in proportion, as NumPy does.
fn quantile(sorted: &[f64], part: f64) -> f64 {
    let at = part * (sorted.len() - 1) as f64;
    let low = sorted[at.floor() as usize];
    let high = sorted[at.ceil() as usize];
    low + (high - low) * at.fract()
}

/// How far two agree, blind readings apart from others.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Comparison {
    /// Where nobody had seen the model's answer before grading.
    pub blind: Agreement,
    /// Where somebody had.
    pub seen: Agreement,
    /// Pictures that one of the two could not or would not grade, and the other did.
    pub left_out: usize,
    /// How many models answered, told apart by their weights; more than one are compared as if they were one.
    pub models: usize,
}

impl Comparison {
    /// Of reader (the reference) and model. Pictures that the model does not read, or takes for ungradable, are left out.
    pub fn with_model(contents: &Contents) -> Self {
        let (mut halves, mut left_out, mut models) = (Halves::default(), 0, BTreeSet::new());
        for (_, entry) in &contents.entries {
            let Some(answer) = &entry.answer else { continue };
            let is_graded = !answer.is_refused && answer.gradable != Some(false);
            match entry.reading.class.filter(|_| is_graded) {
                Some(reference) => {
                    models.insert(answer.model.as_str());
                    halves.push(entry.reading.answer_seen_before, reference, answer.class, entry);
                }
                None => left_out += usize::from(entry.reading.is_read()),
            }
        }
        halves.compare(contents, left_out, models.len())
    }
}

/// The pairs of a comparison.
#[derive(Default)]
struct Halves {
    blind: Vec<Pair>,
    seen: Vec<Pair>,
}

impl Halves {
    fn push(&mut self, was_seen: bool, reference: usize, other: usize, entry: &Entry) {
        let half = if was_seen { &mut self.seen } else { &mut self.blind };
        half.push(Pair { reference, other, patient: entry.identity.patient.clone() });
    }

    fn compare(&self, contents: &Contents, left_out: usize, models: usize) -> Comparison {
        let (classes, ordered) = (contents.head.classes.len(), contents.head.ordered);
        let of = |pairs| Agreement::of(classes, ordered, pairs);
        Comparison { blind: of(&self.blind), seen: of(&self.seen), left_out, models }
    }
}

/// How far two readers agree.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Readers {
    /// The reference's name, and the other's.
    pub names: [String; 2],
    /// Pictures that are in both lists.
    pub shared: usize,
    #[serde(flatten)]
    pub comparison: Comparison,
}

impl Readers {
    /// Of the reader of `contents` (the reference) and that of `other`.
    ///
    /// # Errors
    /// Grades under other names cannot be compared.
    pub fn of(contents: &Contents, other: &Contents) -> Result<Self, String> {
        let classes = [&contents.head.classes, &other.head.classes];
        if classes[0] != classes[1] {
            let [a, b] = classes.map(|classes| classes.join(", "));
            return Err(format!("the two were read under different grades: {a}; and {b}"));
        }
        let (mut halves, mut left_out, mut shared) = (Halves::default(), 0, 0);
        for (entry, beside) in matched(contents, other) {
            shared += 1;
            let (a, b) = (&entry.reading, &beside.reading);
            match (a.class, b.class) {
                (Some(reference), Some(graded)) => {
                    halves.push(a.answer_seen_before || b.answer_seen_before, reference, graded, entry);
                }
                _ => left_out += usize::from(a.is_read() && b.is_read()),
            }
        }
        let names = [&contents.head.reader, &other.head.reader].map(Clone::clone);
        Ok(Self { names, shared, comparison: halves.compare(contents, left_out, 0) })
    }
}

/// The same frames of two lists: by their full paths, else by their paths below what each reader opened, where that is
/// no other picture's too.
fn matched<'a>(contents: &'a Contents, other: &'a Contents) -> Vec<(&'a Entry, &'a Entry)> {
    let whole: HashMap<&FrameOf, &Entry> = other.entries.iter().map(|(of, entry)| (of, entry)).collect();
    let (ours, theirs) = (by_place(contents), by_place(other));
    let beside = |of: &FrameOf| {
        let key = (below(&of.path, &contents.head.opened).to_owned(), of.frame);
        ours.get(&key)?.as_ref()?;
        theirs.get(&key).copied().flatten()
    };
    let pair = |(of, entry): &'a (FrameOf, Entry)| Some((entry, whole.get(of).copied().or_else(|| beside(of))?));
    contents.entries.iter().filter_map(pair).collect()
}

/// Entries by their places below what was opened; `None` for a place that several share.
fn by_place(contents: &Contents) -> BTreeMap<(PathBuf, u32), Option<&Entry>> {
    let mut places = BTreeMap::new();
    for (of, entry) in &contents.entries {
        let key = (below(&of.path, &contents.head.opened).to_owned(), of.frame);
        places.entry(key).and_modify(|known| *known = None).or_insert(Some(entry));
    }
    places
}
