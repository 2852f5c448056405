//! The pictures that are open: what is known of each, in which order they stand, and which of them are shown.
//!
//! Must not know how pictures are decoded or explained.

mod filter;
mod item;
mod labels;
mod order;
mod patients;
#[cfg(test)]
mod tests;

use std::collections::{HashMap, HashSet};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use image::RgbImage;

use self::filter::Sieve;
use crate::evaluate::Truth;
use crate::reading::{Identity, Pattern};

pub use self::filter::{Filter, MatrixCell, Only};
pub use self::item::{Classes, Item, Judged};
pub use self::order::SortBy;
pub use self::patients::PatientGroup;

/// While answers come in, the order follows so often.
const REFRESH_EACH: Duration = Duration::from_secs(1);

/// All pictures that are open.
#[derive(Debug, Default)]
pub struct Worklist {
    /// As they were given.
    items: Vec<Item>,
    index: HashMap<PathBuf, usize>,
    /// All of them as they are sorted, and where each stands there.
    order: Vec<usize>,
    rank: Vec<usize>,
    /// Those of `order` that are shown, and in which row each is.
    shown: Vec<usize>,
    row: Vec<Option<usize>>,
    groups: Vec<PatientGroup>,
    sort: SortBy,
    is_reversed: bool,
    filter: Filter,
    classes: Classes,
    /// The reader's own habit of naming.
    own: Option<Pattern>,
    shows_names: bool,
    is_stale: bool,
    /// How often rows have changed.
    arranged: u64,
    /// How often something may have become known of a picture.
    changed: u64,
    refreshed: Option<Instant>,
    /// What was opened: files, or folders of them.
    opened: Vec<PathBuf>,
}

impl Worklist {
    pub fn new(paths: Vec<PathBuf>, sort: SortBy) -> Self {
        let (labels, files) = (labels::on_screen(&paths), labels::of_files(&paths));
        let item = |(given, ((path, label), export_name)): (usize, ((PathBuf, String), String))| Item {
            name: path.file_name().unwrap_or_default().to_string_lossy().into_owned(),
            path,
            label,
            export_name,
            identity: Identity::default(),
            thumbnail: None,
            answer: None,
            reading: None,
            truth: None,
            is_hidden: false,
            problem: None,
            given,
            by_file: Identity::default(),
            by_reader: None,
            patient_number: 0,
            folded: String::new(),
        };
        let items: Vec<Item> = paths.into_iter().zip(labels).zip(files).enumerate().map(item).collect();
        let index = items.iter().map(|item| (item.path.clone(), item.given)).collect();
        let mut list = Self { items, index, sort, ..Self::default() };
        list.identify(None);
        list
    }

    /// The same, found in what was `opened`.
    pub fn of(self, opened: Vec<PathBuf>) -> Self {
        Self { opened, ..self }
    }

    pub fn opened(&self) -> &[PathBuf] {
        &self.opened
    }

    /// All, as they were given.
    pub fn items(&self) -> &[Item] {
        &self.items
    }

    pub fn len(&self) -> usize {
        self.items.len()
    }

    pub fn is_empty(&self) -> bool {
        self.items.is_empty()
    }

    /// How many are shown.
    pub fn rows(&self) -> usize {
        self.shown.len()
    }

    /// The picture in a row, of those that are shown.
    pub fn row(&self, row: usize) -> Option<&Item> {
        self.shown.get(row).map(|at| &self.items[*at])
    }

    pub fn shown(&self) -> impl DoubleEndedIterator<Item = &Item> + ExactSizeIterator {
        self.shown.iter().map(|at| &self.items[*at])
    }

    /// In which row a picture is shown.
    pub fn position(&self, path: &Path) -> Option<usize> {
        self.row[*self.index.get(path)?]
    }

    pub fn get(&self, path: &Path) -> Option<&Item> {
        self.index.get(path).map(|at| &self.items[*at])
    }

    /// The small picture of a file, where there is one.
    pub fn thumbnail(&self, path: &Path) -> Option<&RgbImage> {
        self.get(path)?.thumbnail.as_ref()
    }

    /// To change what the order may depend on.
    pub fn item_mut(&mut self, path: &Path) -> Option<&mut Item> {
        self.is_stale = true;
        self.changed += 1;
        self.index.get(path).map(|at| &mut self.items[*at])
    }

    pub fn all_mut(&mut self) -> impl Iterator<Item = &mut Item> {
        self.is_stale = true;
        self.changed += 1;
        self.items.iter_mut()
    }

    /// No order depends on it.
    pub fn set_thumbnail(&mut self, path: &Path, make: impl FnOnce() -> RgbImage) {
        if let Some(at) = self.index.get(path) {
            self.items[*at].thumbnail.get_or_insert_with(make);
        }
    }

    /// Gives up the thumbnails of all but `kept`.
    pub fn drop_thumbnails(&mut self, kept: &HashSet<PathBuf>) {
        self.items.iter_mut().filter(|item| !kept.contains(&item.path)).for_each(|item| item.thumbnail = None);
    }

    pub fn sorted_by(&self) -> SortBy {
        self.sort
    }

    pub fn is_reversed(&self) -> bool {
        self.is_reversed
    }

    pub fn sort_by(&mut self, sort: SortBy, is_reversed: bool) {
        (self.sort, self.is_reversed) = (sort, is_reversed);
        self.arrange();
    }

    pub fn filter(&self) -> &Filter {
        &self.filter
    }

    pub fn set_filter(&mut self, filter: Filter) {
        if self.filter != filter {
            self.filter = filter;
            self.arrange();
        }
    }

    pub fn classes(&self) -> &Classes {
        &self.classes
    }

    /// Grades belong to a model: another model knows none yet, and labels are to be read in its own.
    pub fn set_classes(&mut self, classes: Classes) {
        self.classes = classes;
        (self.filter.grade, self.filter.cell) = (None, None);
        self.items.iter_mut().for_each(|item| (item.answer, item.truth) = (None, None));
        self.changed += 1;
        self.arrange();
    }

    /// Labels in the classes of the model in use, of those pictures that have one; all others have none.
    pub fn set_truths(&mut self, mut truths: HashMap<PathBuf, Truth>) {
        self.filter.cell = None;
        if truths.is_empty() {
            // No menu would offer to switch it off.
            self.filter.only.retain(|only| !only.needs_labels());
        }
        self.items.iter_mut().for_each(|item| item.truth = truths.remove(&item.path));
        self.changed += 1;
        self.arrange();
    }

    /// A number that changes whenever something may have become known of a picture, or must no longer be known.
    pub fn changed(&self) -> u64 {
        self.changed
    }

    pub fn shows_names(&self) -> bool {
        self.shows_names
    }

    pub fn show_names(&mut self, shows: bool) {
        self.shows_names = shows;
        self.fold();
        self.arrange();
    }

    /// The patients whose pictures stand together, where patients are known and the order leaves them together.
    pub fn groups(&self) -> &[PatientGroup] {
        &self.groups
    }

    /// The next openable picture that is shown, `forwards` or backwards of `from`.
    pub fn neighbour(&self, from: &Path, forwards: bool) -> Option<&Item> {
        let at = self.rank[*self.index.get(from)?];
        let open = |at: &usize| self.row[*at].is_some() && self.items[*at].problem.is_none();
        let found = if forwards {
            self.order[at + 1..].iter().find(|at| open(at))
        } else {
            self.order[..at].iter().rev().find(|at| open(at))
        };
        found.map(|at| &self.items[*at])
    }

    /// The shown pictures from `from` on, then those before it, then the others.
    pub fn from(&self, from: Option<&Path>) -> impl Iterator<Item = &Item> {
        let at = from.and_then(|path| self.index.get(path)).map_or(0, |at| self.rank[*at]);
        let around = self.order[at..].iter().chain(&self.order[..at]);
        let is_shown = |at: &&usize| self.row[**at].is_some();
        let (shown, others) = (around.clone().filter(is_shown), around.filter(move |at| !is_shown(at)));
        shown.chain(others).map(|at| &self.items[*at])
    }

    /// How many have an answer of the model in use.
    pub fn graded(&self) -> usize {
        self.items.iter().filter(|item| item.answer.is_some()).count()
    }

    /// A number that changes with the rows.
    pub fn arranged(&self) -> u64 {
        self.arranged
    }

    /// Whether the order waits for [`Self::refresh`].
    pub fn is_stale(&self) -> bool {
        self.is_stale && (self.sort.follows_reading() || self.filter.follows_reading())
    }

    /// Lets order and filter follow what has come in, at once or when it is time.
    pub fn refresh(&mut self, now: Instant, at_once: bool) {
        let is_due = |last: Instant| now.saturating_duration_since(last) >= REFRESH_EACH;
        if self.is_stale() && (at_once || self.refreshed.is_none_or(is_due)) {
            self.refreshed = Some(now);
            self.arrange();
        }
    }

    /// Like [`Self::refresh`], whatever may have changed.
    pub fn rearrange(&mut self) {
        self.arrange();
    }

    fn arrange(&mut self) {
        self.is_stale = false;
        self.arranged += 1;
        let (items, classes) = (&self.items, &self.classes);
        let (sort, is_reversed) = (self.sort, self.is_reversed);
        self.order = (0..items.len()).collect();
        self.order.sort_by(|a, b| order::compare(sort, is_reversed, classes, &items[*a], &items[*b]));
        self.rank = vec![0; items.len()];
        self.order.iter().enumerate().for_each(|(rank, at)| self.rank[*at] = rank);
        let sieve = Sieve::new(&self.filter, classes);
        self.shown = self.order.iter().copied().filter(|at| sieve.passes(&items[*at])).collect();
        self.row = vec![None; items.len()];
        self.shown.iter().enumerate().for_each(|(row, at)| self.row[*at] = Some(row));
        self.groups = self.grouped();
    }
}
