//! How far two graders of the same pictures agree: a reader and the model, or two readers.
//!
//! Grades given without the model's answer count apart from those given beside it: only the former show what the reader
//! would have said alone.

mod figures;

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::path::PathBuf;

use serde::Serialize;

pub use self::figures::{Agreement, Pair};
use super::below::below;
use super::entry::{Contents, Entry, FrameOf};

/// How far two agree, blind readings apart from others.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Comparison {
    /// Where nobody had seen the model's answer before grading.
    pub blind: Agreement,
    /// Where somebody had.
    pub seen: Agreement,
    /// Which pictures each could grade (0) or not (1), whether the answer was seen or not.
    pub gradability: Agreement,
    /// Pictures that one of the two could not or would not grade, and the other did.
    pub left_out: usize,
    /// How many models answered, told apart by their weights; more than one are compared as if they were one.
    pub models: usize,
}

impl Comparison {
    /// Of reader (the reference) and model. Pictures that the model does not read, or takes for ungradable, are left out.
    pub fn with_model(contents: &Contents) -> Self {
        let (mut pairs, mut left_out, mut models) = (Pairs::default(), 0, BTreeSet::new());
        for (_, entry) in &contents.entries {
            let Some(answer) = &entry.answer else { continue };
            if let Some(gradable) = answer.gradable.filter(|_| !answer.is_refused && entry.reading.is_read()) {
                pairs.gradable(entry.reading.ungradable, !gradable, entry);
            }
            let is_graded = !answer.is_refused && answer.gradable != Some(false);
            match entry.reading.grade().filter(|_| is_graded) {
                Some(reference) => {
                    models.insert(answer.model.as_str());
                    pairs.push(entry.reading.answer_seen_before, reference, answer.class, entry);
                }
                None => left_out += usize::from(entry.reading.is_read()),
            }
        }
        pairs.compare(contents, left_out, models.len())
    }
}

/// The pairs of a comparison.
#[derive(Default)]
struct Pairs {
    blind: Vec<Pair>,
    seen: Vec<Pair>,
    gradability: Vec<Pair>,
}

impl Pairs {
    fn push(&mut self, was_seen: bool, reference: usize, other: usize, entry: &Entry) {
        let half = if was_seen { &mut self.seen } else { &mut self.blind };
        half.push(Pair { reference, other, patient: entry.identity.patient.clone() });
    }

    fn gradable(&mut self, reference: bool, other: bool, entry: &Entry) {
        let patient = entry.identity.patient.clone();
        self.gradability.push(Pair { reference: reference.into(), other: other.into(), patient });
    }

    fn compare(&self, contents: &Contents, left_out: usize, models: usize) -> Comparison {
        let (classes, ordered) = (contents.head.classes.len(), contents.head.ordered);
        let of = |pairs: &[Pair]| Agreement::of(classes, ordered, pairs);
        let gradability = Agreement::of(2, false, &self.gradability);
        Comparison { blind: of(&self.blind), seen: of(&self.seen), gradability, left_out, models }
    }
}

/// How far two readers agree.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct ReaderPair {
    /// The reference's name, and the other's.
    pub names: [String; 2],
    /// Pictures that are in both lists.
    pub shared: usize,
    #[serde(flatten)]
    pub comparison: Comparison,
}

impl ReaderPair {
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
        let (mut pairs, mut left_out, mut shared) = (Pairs::default(), 0, 0);
        for (entry, beside) in matched(contents, other) {
            shared += 1;
            let (a, b) = (&entry.reading, &beside.reading);
            if a.is_read() && b.is_read() {
                pairs.gradable(a.ungradable, b.ungradable, entry);
            }
            match (a.grade(), b.grade()) {
                (Some(reference), Some(graded)) => {
                    pairs.push(a.answer_seen_before || b.answer_seen_before, reference, graded, entry);
                }
                _ => left_out += usize::from(a.is_read() && b.is_read()),
            }
        }
        let names = [&contents.head.reader, &other.head.reader].map(Clone::clone);
        Ok(Self { names, shared, comparison: pairs.compare(contents, left_out, 0) })
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::reading::entry::{Answer, Reading, ReadingsHeader};

    fn head(opened: &str, classes: usize) -> ReadingsHeader {
        let classes = (0..classes).map(|class| class.to_string()).collect();
        ReadingsHeader { opened: vec![opened.into()], classes, ordered: true, ..ReadingsHeader::default() }
    }

    /// Reader's grade, whether the answer had been seen, and the model's grade.
    fn entry(class: Option<usize>, answer_seen_before: bool, answer: Option<usize>) -> Entry {
        let answer = answer.map(|class| Answer {
            model: "ab".into(),
            class,
            probability: 0.5,
            probabilities: Vec::new(),
            headline: String::new(),
            gradable: Some(true),
            is_refused: false,
            agrees: None,
        });
        let ungradable = class.is_none();
        let reading = Reading { class, ungradable, answer_seen_before, ..Reading::default() };
        Entry { reading, answer, ..Entry::default() }
    }

    fn contents(opened: &str, entries: Vec<(&str, Entry)>) -> Contents {
        let of = |(name, entry)| (FrameOf { path: std::path::Path::new(opened).join(name), frame: 0 }, entry);
        Contents { head: head(opened, 3), entries: entries.into_iter().map(of).collect(), ..Contents::default() }
    }

    #[test]
    fn blind_readings_count_apart_and_withheld_answers_do_not() {
        let mut refused = entry(Some(1), false, Some(1));
        let mut unfit = refused.clone();
        refused.answer.iter_mut().for_each(|answer| answer.is_refused = true);
        unfit.answer.iter_mut().for_each(|answer| answer.gradable = Some(false));
        let contents = contents(
            "/day",
            vec![
                ("a", entry(Some(1), false, Some(1))),
                ("b", entry(Some(2), false, Some(1))),
                ("c", entry(Some(0), true, Some(0))),
                ("d", entry(Some(0), true, None)),
                ("e", entry(None, false, Some(0))),
                ("f", refused),
                ("g", unfit),
                ("h", Entry { answer: entry(None, false, Some(0)).answer, ..Entry::default() }),
            ],
        );
        let found = Comparison::with_model(&contents);
        assert_eq!((found.blind.n, found.seen.n, found.left_out, found.models), (2, 1, 3, 1));
        assert_eq!(found.blind.confusion.counts, [[0, 0, 0], [0, 1, 0], [0, 1, 0]]);
        // Read as gradable: a, b, c, g; as ungradable: e. The model calls g ungradable and refuses f.
        assert_eq!(found.gradability.confusion.counts, [[3, 1], [1, 0]]);
    }

    #[test]
    fn two_readers_are_matched_by_what_lies_below_their_folders() {
        let ours = contents(
            "/day",
            vec![
                ("1/left.png", entry(Some(1), false, None)),
                ("2/left.png", entry(Some(2), false, None)),
                ("3/left.png", entry(None, false, None)),
                ("4/left.png", entry(Some(0), false, None)),
            ],
        );
        let mut theirs = contents(
            "/home/ben/day",
            vec![
                ("2/left.png", entry(Some(0), true, None)),
                ("1/left.png", entry(Some(1), false, None)),
                ("3/left.png", entry(Some(1), false, None)),
                ("5/left.png", entry(Some(1), false, None)),
            ],
        );
        let found = ReaderPair::of(&ours, &theirs).unwrap();
        assert_eq!((found.shared, found.comparison.blind.n, found.comparison.seen.n), (3, 1, 1));
        assert_eq!((found.comparison.left_out, found.comparison.seen.confusion.counts[2][0]), (1, 1));
        // Two of one place are nobody's.
        let mut twice = theirs.clone();
        twice.entries.push((FrameOf { path: "/mnt/1/left.png".into(), frame: 0 }, Entry::default()));
        twice.head.opened.push("/mnt".into());
        assert_eq!(ReaderPair::of(&ours, &twice).unwrap().shared, 2);
        theirs.head.classes.pop();
        assert!(ReaderPair::of(&ours, &theirs).unwrap_err().contains("0, 1, 2; and 0, 1"));
    }
}
