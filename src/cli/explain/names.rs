//! What the results of each picture are called.

use std::collections::HashSet;
use std::path::{Path, PathBuf};

/// Longer names leave no room for the endings.
const MOST_BYTES: usize = 200;

/// The pictures' stems; a number is added where two would be the same, also on a disk that takes `A` for `a`. A picture
/// keeps the name that is its own whatever the others are called.
pub fn of_results(paths: &[PathBuf]) -> Vec<String> {
    let stems: Vec<String> = paths.iter().map(|path| stem(path)).collect();
    let mut taken = HashSet::new();
    let is_first: Vec<bool> = stems.iter().map(|stem| taken.insert(stem.to_lowercase())).collect();
    let named = |(stem, is_first): (String, bool)| {
        if is_first {
            return stem;
        }
        let numbered = (2..).map(|number: usize| format!("{stem}-{number}"));
        let mut free = numbered.filter(|name| taken.insert(name.to_lowercase()));
        free.next().unwrap_or(stem)
    };
    stems.into_iter().zip(is_first).map(named).collect()
}

/// The file's name without its ending, fit to be part of another's.
fn stem(path: &Path) -> String {
    let stem = path.file_stem().unwrap_or_default().to_string_lossy();
    let fit = |c: char| if c.is_control() || matches!(c, '/' | '\\') { '_' } else { c };
    let mut stem: String = stem.chars().map(fit).collect();
    if stem.is_empty() || stem.starts_with('.') {
        // Results are not hidden.
        stem.insert(0, '_');
    }
    while stem.len() > MOST_BYTES {
        stem.pop();
    }
    stem
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(paths: &[&str]) -> Vec<String> {
        of_results(&paths.iter().map(PathBuf::from).collect::<Vec<_>>())
    }

    #[test]
    fn no_two_results_are_called_the_same() {
        assert_eq!(names(&["a.png", "a.jpg", "a-2.png", "x/a.png"]), ["a", "a-3", "a-2", "a-4"]);
        assert_eq!(names(&["A.png", "a.png"]), ["A", "a-2"]);
        assert_eq!(names(&["a\u{1b}[2J\nb.png"]), ["a_[2J_b"]);
        assert!(names(&[&"é".repeat(150)])[0].len() <= MOST_BYTES);
    }
}
