//! Which files are meant by the paths that a user gives.

use std::io::Read;
use std::path::{Path, PathBuf};

use walkdir::WalkDir;

use super::{ScanError, dicom};

/// Of the files that are looked for in folders; others are known by their content once they are named.
pub const ENDINGS: [&str; 12] =
    ["png", "jpg", "jpeg", "tif", "tiff", "bmp", "webp", "jfif", "dcm", "dicom", "dic", "ima"];

/// Files stay as they are; a folder becomes the pictures in it and below, by name.
///
/// # Errors
/// A path that does not exist, a folder that cannot be read, or one without a picture.
pub fn pictures(paths: &[PathBuf]) -> Result<Vec<PathBuf>, ScanError> {
    let mut found = Vec::new();
    for path in paths {
        if !path.try_exists().map_err(|source| unreadable(path, source))? {
            return Err(ScanError::NotFound(path.clone()));
        }
        if !path.is_dir() {
            found.push(path.clone());
            continue;
        }
        let inside = in_folder(path)?;
        if inside.is_empty() {
            return Err(ScanError::NoPictures(path.clone()));
        }
        found.extend(inside);
    }
    Ok(found)
}

fn in_folder(folder: &Path) -> Result<Vec<PathBuf>, ScanError> {
    let mut inside = Vec::new();
    for entry in WalkDir::new(folder).follow_links(true).sort_by_file_name() {
        let entry = match entry {
            Ok(entry) => entry,
            Err(error) if leads_nowhere(&error) => continue,
            Err(error) => {
                let path = error.path().unwrap_or(folder).to_owned();
                return Err(unreadable(&path, error.into()));
            }
        };
        if entry.file_type().is_file() && (has_picture_ending(entry.path()) || is_bare_dicom(entry.path())) {
            inside.push(entry.into_path());
        }
    }
    Ok(inside)
}

/// A link in a circle or to nothing is no picture, and no reason to refuse the others.
fn leads_nowhere(error: &walkdir::Error) -> bool {
    let is_broken = || error.path().is_some_and(Path::is_symlink) && error.path().is_some_and(|path| !path.exists());
    error.loop_ancestor().is_some() || is_broken()
}

fn unreadable(path: &Path, source: std::io::Error) -> ScanError {
    match source.kind() {
        std::io::ErrorKind::PermissionDenied => ScanError::NoPermission(path.to_owned()),
        _ => ScanError::Read { path: path.to_owned(), source },
    }
}

/// Files from a modality's disc often have no ending, or a number for one: DICOM's mark tells them. The disc's own list
/// has the mark too.
fn is_bare_dicom(path: &Path) -> bool {
    let is_list = path.file_name().is_some_and(|name| name.eq_ignore_ascii_case("DICOMDIR"));
    let is_bare = !is_list && path.extension().is_none_or(|e| e.to_string_lossy().chars().all(|c| c.is_ascii_digit()));
    let mut head = Vec::new();
    let mut read = || std::fs::File::open(path).and_then(|file| file.take(132).read_to_end(&mut head));
    is_bare && read().is_ok() && dicom::has_mark(&head)
}

/// Whether a file's name ends as those of pictures do.
pub fn has_picture_ending(path: &Path) -> bool {
    let ending = path.extension().map(|e| e.to_string_lossy().to_lowercase());
    ending.is_some_and(|e| ENDINGS.contains(&e.as_str()))
}

#[cfg(all(test, unix))]
mod tests {
    use super::*;
    use std::os::unix::fs::symlink;

    #[test]
    fn links_to_pictures_are_followed_and_bad_links_are_passed_over() {
        let (folder, elsewhere) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
        std::fs::write(elsewhere.path().join("a.png"), "").unwrap();
        symlink(elsewhere.path().join("a.png"), folder.path().join("link.png")).unwrap();
        symlink(elsewhere.path().join("gone.png"), folder.path().join("broken.png")).unwrap();
        symlink(folder.path(), folder.path().join("circle")).unwrap();
        let found = pictures(&[folder.path().to_owned()]).unwrap();
        assert_eq!(found, [folder.path().join("link.png")]);
    }
}
