//! The pictures that are open: their order, what is known of each, and which one is looked at.
//!
//! Must not know how pictures are decoded or explained.

use std::cmp::Ordering;
use std::path::{Path, PathBuf};

use image::RgbImage;
use serde::{Deserialize, Serialize};

use crate::reading::Identity;

/// What a worklist is sorted by.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum SortBy {
    /// As the pictures were given.
    #[default]
    Given,
    Name,
    /// Highest grade first, then the most probable; pictures without one, or that the model does not read, last.
    Grade,
}

impl SortBy {
    pub const ALL: [Self; 3] = [Self::Given, Self::Name, Self::Grade];

    pub fn name(self) -> &'static str {
        match self {
            Self::Given => "As opened",
            Self::Name => "Name",
            Self::Grade => "Grade, highest first",
        }
    }
}

/// What the model in use says of a file's first frame.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Graded {
    /// Whether the model says so; of findings the one nearest to its operating point may not be there.
    pub is_said: bool,
    pub class: usize,
    pub probability: f32,
    /// Whether the picture is fit for it; of a model that does not judge that, yes.
    pub is_gradable: bool,
    /// Whether the model does not read such pictures, so that its answer is no answer.
    pub is_refused: bool,
}

/// One picture of the list.
#[derive(Debug, Clone)]
pub struct Item {
    pub path: PathBuf,
    /// The file's name.
    pub name: String,
    /// Whose eye it is.
    pub identity: Identity,
    pub thumbnail: Option<RgbImage>,
    pub graded: Option<Graded>,
    /// Why it cannot be opened.
    pub problem: Option<String>,
    given: usize,
}

/// All pictures that are open, in the order in which they are shown.
#[derive(Debug, Default)]
pub struct Worklist {
    items: Vec<Item>,
    sort: SortBy,
}

impl Worklist {
    pub fn new(paths: Vec<PathBuf>, sort: SortBy) -> Self {
        let item = |(given, path): (usize, PathBuf)| Item {
            name: path.file_name().unwrap_or_default().to_string_lossy().into_owned(),
            path,
            identity: Identity::default(),
            thumbnail: None,
            graded: None,
            problem: None,
            given,
        };
        let mut list = Self { items: paths.into_iter().enumerate().map(item).collect(), sort };
        list.sort_by(sort);
        list
    }

    pub fn items(&self) -> &[Item] {
        &self.items
    }

    pub fn len(&self) -> usize {
        self.items.len()
    }

    pub fn is_empty(&self) -> bool {
        self.items.is_empty()
    }

    pub fn position(&self, path: &Path) -> Option<usize> {
        self.items.iter().position(|item| item.path == path)
    }

    pub fn item_mut(&mut self, path: &Path) -> Option<&mut Item> {
        self.items.iter_mut().find(|item| item.path == path)
    }

    pub fn thumbnail(&self, path: &Path) -> Option<&RgbImage> {
        self.items.iter().find(|item| item.path == path)?.thumbnail.as_ref()
    }

    pub fn sorted_by(&self) -> SortBy {
        self.sort
    }

    pub fn sort_by(&mut self, sort: SortBy) {
        self.sort = sort;
        match sort {
            SortBy::Given => self.items.sort_by_key(|item| item.given),
            SortBy::Name => self.items.sort_by(|a, b| a.name.cmp(&b.name).then(a.given.cmp(&b.given))),
            SortBy::Grade => self.items.sort_by(by_grade),
        }
    }

    /// The next openable picture `forwards` or backwards of `from`.
    pub fn neighbour(&self, from: &Path, forwards: bool) -> Option<&Item> {
        let at = self.position(from)?;
        let openable = |item: &&Item| item.problem.is_none();
        if forwards { self.items[at + 1..].iter().find(openable) } else { self.items[..at].iter().rev().find(openable) }
    }

    /// Grades belong to a model: another model knows none yet.
    pub fn forget_grades(&mut self) {
        self.items.iter_mut().for_each(|item| item.graded = None);
    }
}

fn by_grade(a: &Item, b: &Item) -> Ordering {
    let believed = |item: &Item| item.graded.filter(|graded| !graded.is_refused);
    let key = |item: &Item| believed(item).map(|graded| (graded.class, graded.probability));
    match (key(a), key(b)) {
        (Some((a_class, a_p)), Some((b_class, b_p))) => b_class.cmp(&a_class).then(b_p.total_cmp(&a_p)),
        (a_key, b_key) => b_key.is_some().cmp(&a_key.is_some()),
    }
    .then(a.given.cmp(&b.given))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn list() -> Worklist {
        let mut list = Worklist::new(["c.png", "a.png", "b.png", "d.png"].map(PathBuf::from).to_vec(), SortBy::Given);
        list.item_mut(Path::new("a.png")).unwrap().graded =
            Some(Graded { is_said: true, class: 1, probability: 0.9, is_gradable: true, is_refused: false });
        list.item_mut(Path::new("b.png")).unwrap().graded =
            Some(Graded { is_said: true, class: 3, probability: 0.4, is_gradable: true, is_refused: false });
        list.item_mut(Path::new("d.png")).unwrap().graded =
            Some(Graded { is_said: true, class: 3, probability: 0.6, is_gradable: true, is_refused: false });
        list
    }

    fn names(list: &Worklist) -> String {
        list.items().iter().map(|item| &item.name[..1]).collect()
    }

    #[test]
    fn sorts_by_name_by_grade_and_back() {
        let mut list = list();
        for (sort, expected) in [(SortBy::Name, "abcd"), (SortBy::Grade, "dbac"), (SortBy::Given, "cabd")] {
            list.sort_by(sort);
            assert_eq!(names(&list), expected);
        }
    }

    #[test]
    fn a_bad_picture_is_stepped_over() {
        let mut list = list();
        list.item_mut(Path::new("a.png")).unwrap().problem = Some("cut off".to_owned());
        let step = |from: &str, forwards| list.neighbour(Path::new(from), forwards).map(|item| item.name.as_str());
        assert_eq!(step("c.png", true), Some("b.png"));
        assert_eq!(step("b.png", false), Some("c.png"));
        assert_eq!((step("d.png", true), step("c.png", false), step("x.png", true)), (None, None, None));
    }
}
