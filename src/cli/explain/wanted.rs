//! Which pictures are meant: files, all in folders, and those that a list names.

use std::collections::HashSet;
use std::path::{Component, Path, PathBuf};

use anyhow::{Context, Result};

use super::names;
use crate::guard::regular;
use crate::scan::{ScanError, find};

/// A list of ten million pictures is smaller.
const MOST_LIST_BYTES: u64 = 2 << 30;
const LIST_ENDINGS: [&str; 2] = ["txt", "list"];

/// A picture that is to be explained.
#[derive(Debug)]
pub struct Wanted {
    pub path: PathBuf,
    /// Its path below the folder or beside the list that was named, with `/` between the parts: the same on every machine.
    pub file: String,
    /// What its results are called: follows from all pictures, whichever shard they are in.
    pub name: String,
}

/// All that was named.
pub struct All {
    pub pictures: Vec<Wanted>,
    /// What could not be looked into.
    pub problems: Vec<ScanError>,
    /// Results of this program among them.
    pub own: usize,
}

/// What `paths` mean.
///
/// # Errors
/// Where there is no picture at all, and a list that cannot be read.
pub fn all(paths: &[PathBuf]) -> Result<All> {
    let (lists, others): (Vec<PathBuf>, Vec<PathBuf>) = paths.iter().cloned().partition(|path| is_list(path));
    let mut found =
        if others.is_empty() && !lists.is_empty() { find::Found::default() } else { find::pictures(&others)? };
    let mut files: Vec<String> = found.pictures.iter().map(|picture| below_any(picture, &others)).collect();
    for list in &lists {
        let listed = listed(list).with_context(|| format!("{}", list.display()))?;
        if listed.is_empty() {
            found.problems.push(ScanError::NoPictures(list.clone()));
        }
        let folder = list.parent().unwrap_or(Path::new(""));
        files.extend(listed.iter().map(|path| below(path, folder)));
        found.pictures.extend(listed);
    }
    if found.pictures.is_empty() && !found.problems.is_empty() {
        return Err(found.problems.swap_remove(0).into());
    }
    let names = names::of_results(&found.pictures);
    let pictures = found.pictures.into_iter().zip(files).zip(names);
    let pictures = pictures.map(|((path, file), name)| Wanted { path, file, name }).collect();
    Ok(All { pictures, problems: found.problems, own: found.own })
}

fn is_list(path: &Path) -> bool {
    let is_one = |ending: &str| LIST_ENDINGS.iter().any(|known| ending.eq_ignore_ascii_case(known));
    path.extension().is_some_and(|ending| is_one(&ending.to_string_lossy())) && path.is_file()
}

/// The paths in a text file, one a line, each once; those that are relative begin where the list lies.
fn listed(list: &Path) -> std::io::Result<Vec<PathBuf>> {
    let text = regular::read_text(list, MOST_LIST_BYTES)?;
    let folder = list.parent().unwrap_or(Path::new(""));
    let lines = text.trim_start_matches('\u{feff}').lines().filter(|line| !line.trim().is_empty());
    let mut known = HashSet::new();
    Ok(lines.map(|line| folder.join(line)).filter(|path| known.insert(path.clone())).collect())
}

/// Below the innermost of the folders that were named; of a file that was named itself, its name.
fn below_any(picture: &Path, named: &[PathBuf]) -> String {
    let folders = named.iter().filter(|folder| picture != folder.as_path() && picture.starts_with(folder));
    let innermost = folders.max_by_key(|folder| folder.components().count()).map(PathBuf::as_path);
    below(picture, innermost.or(picture.parent()).unwrap_or(Path::new("")))
}

/// The whole path, where it does not lie in `folder`.
fn below(picture: &Path, folder: &Path) -> String {
    let rest = picture.strip_prefix(folder).unwrap_or(picture);
    let parts = rest.components().filter(|part| !matches!(part, Component::CurDir | Component::RootDir));
    parts.map(|part| part.as_os_str().to_string_lossy().into_owned()).collect::<Vec<_>>().join("/")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn said(all: &All) -> Vec<(&str, &str)> {
        all.pictures.iter().map(|picture| (picture.file.as_str(), picture.name.as_str())).collect()
    }

    #[test]
    fn a_list_and_its_folder_mean_the_same() {
        let folder = tempfile::tempdir().unwrap();
        std::fs::create_dir(folder.path().join("b")).unwrap();
        for name in ["a.png", "b/a.png", "c.png"] {
            std::fs::write(folder.path().join(name), "").unwrap();
        }
        let list = folder.path().join("all.txt");
        // As another system writes it; one line stands there twice, and one names a file that is gone.
        std::fs::write(&list, "\u{feff}a.png\r\nb/a.png\r\n\r\nc.png\na.png\ngone.png\n").unwrap();
        let by_folder = all(&[folder.path().to_owned()]).unwrap();
        assert_eq!(said(&by_folder), [("a.png", "a"), ("b/a.png", "a-2"), ("c.png", "c")]);
        let by_list = all(&[list]).unwrap();
        assert_eq!(said(&by_list), [("a.png", "a"), ("b/a.png", "a-2"), ("c.png", "c"), ("gone.png", "gone")]);
        assert_eq!(by_list.pictures[1].path, folder.path().join("b/a.png"));
        // Below a folder, wherever that lies, and of a file its name.
        let other = all(&[folder.path().join("b/./"), folder.path().join("c.png")]).unwrap();
        assert_eq!(said(&other), [("a.png", "a"), ("c.png", "c")]);
    }

    #[test]
    fn an_empty_list_is_no_request() {
        let folder = tempfile::tempdir().unwrap();
        let list = folder.path().join("all.txt");
        std::fs::write(&list, "\n").unwrap();
        assert!(all(std::slice::from_ref(&list)).err().unwrap().to_string().contains("holds no picture"));
        std::fs::write(&list, [0xff, 0xfe]).unwrap();
        assert!(format!("{:#}", all(&[list]).err().unwrap()).contains("no text in UTF-8"));
    }
}
