//! The pages, read as blocks of code and lines of text.

use std::fs;
use std::path::{Path, PathBuf};

/// A page by its path below the repository.
pub struct Page {
    pub path: PathBuf,
    pub text: String,
}

/// A fenced block of code.
pub struct Block {
    /// Where it begins, as `docs/many.md:12`.
    pub place: String,
    pub language: String,
    pub can_run: bool,
    pub lines: Vec<String>,
}

pub fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

fn page(path: &Path) -> Page {
    let text = fs::read_to_string(root().join(path)).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    Page { path: path.to_owned(), text }
}

/// The pages of the book, in the order of their names, its table of contents left out.
pub fn book() -> Vec<Page> {
    let entries = fs::read_dir(root().join("docs")).unwrap().map(|entry| entry.unwrap().file_name());
    let mut names: Vec<String> = entries.filter_map(|name| name.into_string().ok()).collect();
    names.retain(|name| name.ends_with(".md") && name != "SUMMARY.md");
    names.sort();
    names.iter().map(|name| page(&Path::new("docs").join(name))).collect()
}

/// The table of contents.
pub fn summary() -> Page {
    page(Path::new("docs/SUMMARY.md"))
}

/// The book and what stands at the top of the repository.
pub fn all() -> Vec<Page> {
    let top = ["README.md", "ARCHITECTURE.md", "CHANGELOG.md", "CONTRIBUTING.md", "SECURITY.md"];
    top.iter().map(|name| page(Path::new(name))).chain([summary()]).chain(book()).collect()
}

impl Page {
    /// Lines with their numbers from 1, and whether they stand in a fenced block.
    fn marked(&self) -> Vec<(usize, &str, bool)> {
        let mut is_inside = false;
        let mut marked = Vec::new();
        for (index, line) in self.text.lines().enumerate() {
            let is_fence = line.trim_start().starts_with("```");
            marked.push((index + 1, line, is_inside || is_fence));
            is_inside ^= is_fence;
        }
        marked
    }

    /// Lines of text with their numbers.
    pub fn prose(&self) -> impl Iterator<Item = (usize, &str)> {
        self.marked().into_iter().filter(|(_, _, is_code)| !is_code).map(|(number, line, _)| (number, line))
    }

    /// What stands between single backticks in the text, with its line.
    pub fn spans(&self) -> Vec<(usize, &str)> {
        let spans = |line| str::split(line, '`').skip(1).step_by(2);
        self.prose().flat_map(|(number, line)| spans(line).map(move |span| (number, span))).collect()
    }

    pub fn blocks(&self) -> Vec<Block> {
        let mut blocks: Vec<Block> = Vec::new();
        let mut is_open = false;
        for (index, line) in self.text.lines().enumerate() {
            match line.trim_start().strip_prefix("```") {
                Some(info) if !is_open => {
                    let mut words = info.split([' ', ',']);
                    let language = words.next().unwrap_or_default().to_owned();
                    let can_run = !words.any(|word| word == "no-run");
                    let place = format!("{}:{}", self.path.display(), index + 1);
                    blocks.push(Block { place, language, can_run, lines: Vec::new() });
                    is_open = true;
                }
                Some(_) => is_open = false,
                None if is_open => blocks.last_mut().unwrap().lines.push(line.to_owned()),
                None => {}
            }
        }
        assert!(!is_open, "{}: a block of code has no end", self.path.display());
        blocks
    }
}
