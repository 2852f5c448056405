//! What the pictures of a list are called, so that no two are called the same: on the screen and as files.
//!
//! Knows paths only.

use std::collections::{HashMap, HashSet};
use std::path::{Path, PathBuf};

/// Most folders named.
const MOST_NAMES: usize = 12;
/// Longer names leave no room for the endings.
const MOST_BYTES: usize = 160;

/// The shortest end of each path that no other path has: `left.jpg`, or `smith/left.jpg` beside `jones/left.jpg`.
pub fn on_screen(paths: &[PathBuf]) -> Vec<String> {
    tails(paths).into_iter().map(|names| names.join("/")).collect()
}

/// What the files of each picture are called: `left`, or `smith-left` beside `jones-left`. Pictures that differ in their
/// ending alone, or on some disks not at all, are numbered.
pub fn of_files(paths: &[PathBuf]) -> Vec<String> {
    let stems: Vec<PathBuf> = paths.iter().map(|path| path.with_extension("")).collect();
    let mut known = HashSet::new();
    let distinct: Vec<PathBuf> = stems.iter().filter(|stem| known.insert(*stem)).cloned().collect();
    let named: HashMap<&PathBuf, String> =
        distinct.iter().zip(tails(&distinct)).map(|(stem, names)| (stem, fit(&names.join("-")))).collect();
    let mut taken = HashSet::new();
    let name = |stem: &PathBuf| {
        let name = named.get(stem).cloned().unwrap_or_default();
        let numbered = (2..).map(|number: usize| format!("{name}-{number}"));
        let mut free = [name.clone()].into_iter().chain(numbered).filter(|name| taken.insert(name.to_lowercase()));
        free.next().unwrap_or(name)
    };
    stems.iter().map(name).collect()
}

/// Fit to be part of a file's name, and not hidden.
fn fit(name: &str) -> String {
    let fit = |c: char| if c.is_control() || matches!(c, '/' | '\\') { '_' } else { c };
    let mut name: String = name.chars().map(fit).collect();
    if name.is_empty() || name.starts_with('.') {
        name.insert(0, '_');
    }
    while name.len() > MOST_BYTES {
        name.pop();
    }
    name
}

/// The last names of each path, as few as tell it from all others, large and small letters alike.
fn tails(paths: &[PathBuf]) -> Vec<Vec<String>> {
    let mut lengths = vec![1; paths.len()];
    let mut alike: Vec<usize> = (0..paths.len()).collect();
    for length in 1..=MOST_NAMES {
        let mut groups: HashMap<String, Vec<usize>> = HashMap::new();
        for at in alike {
            lengths[at] = length;
            groups.entry(tail(&paths[at], length).join("/").to_lowercase()).or_default().push(at);
        }
        alike = groups.into_values().filter(|group| group.len() > 1).flatten().collect();
    }
    paths.iter().zip(lengths).map(|(path, length)| tail(path, length)).collect()
}

fn tail(path: &Path, length: usize) -> Vec<String> {
    let named = path.ancestors().filter_map(Path::file_name);
    let mut names: Vec<String> = named.take(length).map(|name| name.to_string_lossy().into_owned()).collect();
    names.reverse();
    names
}

#[cfg(test)]
mod tests {
    use super::*;

    fn paths(paths: &[&str]) -> Vec<PathBuf> {
        paths.iter().map(PathBuf::from).collect()
    }

    #[test]
    fn folders_are_named_where_names_are_alike_and_nowhere_else() {
        let all =
            paths(&["/d/smith/left.jpg", "/d/jones/left.jpg", "/d/smith/right.jpg", "/d/x/1/a.png", "/d/y/1/A.png"]);
        assert_eq!(on_screen(&all), ["smith/left.jpg", "jones/left.jpg", "right.jpg", "x/1/a.png", "y/1/A.png"]);
    }

    #[test]
    fn no_two_pictures_become_the_same_files() {
        let all = paths(&[
            "/d/smith/left.jpg",
            "/d/jones/left.jpg",
            "/d/a.png",
            "/d/a.jpg",
            "/d/a-2.png",
            "/d/smith-left.jpg",
        ]);
        assert_eq!(of_files(&all), ["smith-left", "jones-left", "a", "a-2", "a-2-2", "smith-left-2"]);
        assert_eq!(of_files(&paths(&["/d/.a.png", "/d/b\u{7}.png"])), ["_.a", "b_"]);
        let long = "é".repeat(150);
        assert!(of_files(&paths(&[&long]))[0].len() <= MOST_BYTES);
    }
}
