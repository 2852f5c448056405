//! Which files the paths given by a user mean.

use std::collections::HashSet;
use std::io::Read;
use std::path::{Path, PathBuf};

use walkdir::WalkDir;

use super::{ScanError, dicom};
use crate::guard::{panics, regular};

/// Of the files that are looked for in folders; others are known by their content once they are named.
pub const ENDINGS: [&str; 12] =
    ["png", "jpg", "jpeg", "tif", "tiff", "bmp", "webp", "jfif", "dcm", "dicom", "dic", "ima"];

/// What the paths that a user gives mean.
#[derive(Debug, Default)]
pub struct Found {
    /// Each once, whatever leads to it, in the order of the paths, those of a folder by name.
    pub pictures: Vec<PathBuf>,
    /// What could not be looked into: no reason to leave the others.
    pub problems: Vec<ScanError>,
    /// Results of this program that lie in the folders: those are not explained again.
    pub own: usize,
}

/// Files stay as they are; a folder becomes the pictures in it and below.
///
/// # Errors
/// Where there is no picture at all: a path that does not exist, a folder that cannot be read or that has none.
pub fn pictures(paths: &[PathBuf]) -> Result<Found, ScanError> {
    let (mut found, mut known) = (Found::default(), HashSet::new());
    for path in paths {
        let before = (found.pictures.len(), found.own);
        match std::fs::metadata(path) {
            Err(error) => found.problems.push(unreadable(path, error)),
            Ok(data) if data.is_dir() => {
                in_folder(path, &mut found);
                if before == (found.pictures.len(), found.own) {
                    found.problems.push(ScanError::NoPictures(path.clone()));
                }
            }
            Ok(_) => found.pictures.push(path.clone()),
        }
    }
    // A link to a folder above, or a folder given with one inside it, leads to a picture twice.
    found.pictures.retain(|path| known.insert(path.canonicalize().unwrap_or_else(|_| path.clone())));
    if !found.pictures.is_empty() {
        return Ok(found);
    }
    let nothing = || ScanError::NoPictures(paths.first().cloned().unwrap_or_default());
    Err(if found.problems.is_empty() { nothing() } else { found.problems.swap_remove(0) })
}

fn in_folder(folder: &Path, found: &mut Found) {
    for entry in WalkDir::new(folder).follow_links(true).sort_by_file_name() {
        let entry = match entry {
            Ok(entry) => entry,
            Err(error) if leads_nowhere(&error) => continue,
            Err(error) => {
                let path = error.path().unwrap_or(folder).to_owned();
                found.problems.push(unreadable(&path, error.into()));
                continue;
            }
        };
        if !entry.file_type().is_file() || !(has_picture_ending(entry.path()) || is_bare_dicom(entry.path())) {
            continue;
        }
        if is_own_result(entry.path()) {
            found.own += 1;
        } else {
            found.pictures.push(entry.into_path());
        }
    }
}

/// Whether this program has made the file at `path`: a PNG says so in the text before the pixels, a DICOM object by its
/// equipment.
fn is_own_result(path: &Path) -> bool {
    const SIGN: &[u8] = b"tEXtSoftware\0fovea ";
    if may_be_dicom(path) {
        return head(path, 16 << 10).is_some_and(|head| {
            let is_own = || dicom::has_mark(&head) && dicom::kind(&head).is_some_and(|kind| kind.is_own);
            panics::caught(is_own).unwrap_or(false)
        });
    }
    let is_png = path.extension().is_some_and(|ending| ending.eq_ignore_ascii_case("png"));
    is_png && head(path, 512).is_some_and(|head| head.windows(SIGN.len()).any(|part| part == SIGN))
}

/// The first bytes of a file, at most so many.
pub(super) fn head(path: &Path, bytes: u64) -> Option<Vec<u8>> {
    let mut head = Vec::new();
    regular::open(path).ok()?.0.take(bytes).read_to_end(&mut head).ok()?;
    Some(head)
}

/// A link in a circle or to nothing is no picture, and no reason to refuse the others.
fn leads_nowhere(error: &walkdir::Error) -> bool {
    let is_broken = || error.path().is_some_and(Path::is_symlink) && error.path().is_some_and(|path| !path.exists());
    error.loop_ancestor().is_some() || is_broken()
}

fn unreadable(path: &Path, error: std::io::Error) -> ScanError {
    match error.kind() {
        std::io::ErrorKind::NotFound => ScanError::NotFound(path.to_owned()),
        std::io::ErrorKind::PermissionDenied => ScanError::NoPermission(path.to_owned()),
        _ => ScanError::Read { path: path.to_owned(), error },
    }
}

/// Files from a modality's disc often have no ending, or a number for one: DICOM's mark tells them. The disc's own list
/// has the mark too.
fn is_bare_dicom(path: &Path) -> bool {
    let is_list = path.file_name().is_some_and(|name| name.eq_ignore_ascii_case("DICOMDIR"));
    !is_list && has_bare_name(path) && head(path, 132).is_some_and(|head| dicom::has_mark(&head))
}

/// Whether a file's name leaves it open that it is DICOM.
pub fn may_be_dicom(path: &Path) -> bool {
    let ending = path.extension().map(|e| e.to_string_lossy().to_lowercase());
    has_bare_name(path) || ending.is_some_and(|e| ["dcm", "dicom", "dic", "ima"].contains(&e.as_str()))
}

fn has_bare_name(path: &Path) -> bool {
    path.extension().is_none_or(|e| e.to_string_lossy().chars().all(|c| c.is_ascii_digit()))
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
        assert_eq!((found.pictures, found.problems.len()), (vec![folder.path().join("link.png")], 0));
    }

    #[test]
    fn every_picture_is_found_once_and_a_closed_folder_closes_no_other() {
        let folder = tempfile::tempdir().unwrap();
        let (a, closed) = (folder.path().join("a.png"), folder.path().join("closed"));
        std::fs::write(&a, "").unwrap();
        std::fs::create_dir(&closed).unwrap();
        symlink(&a, folder.path().join("b.png")).unwrap();
        let found = pictures(&[a.clone(), folder.path().to_owned(), closed, a.clone()]).unwrap();
        assert_eq!((found.pictures, found.problems.len()), (vec![a], 1), "{:?}", found.problems);
        assert!(matches!(pictures(&[folder.path().join("c.png")]), Err(ScanError::NotFound(_))));
    }

    #[test]
    fn results_of_this_program_are_no_pictures_to_explain() {
        let folder = tempfile::tempdir().unwrap();
        let mut bytes = Vec::new();
        let mut encoder = png::Encoder::new(&mut bytes, 1, 1);
        encoder.add_text_chunk("Software".to_owned(), "fovea 9".to_owned()).unwrap();
        encoder.write_header().unwrap().write_image_data(&[0]).unwrap();
        std::fs::write(folder.path().join("a.panel.png"), bytes).unwrap();
        assert!(matches!(pictures(&[folder.path().to_owned()]), Err(ScanError::NoPictures(_))));
        std::fs::write(folder.path().join("b.png"), "").unwrap();
        let found = pictures(&[folder.path().to_owned()]).unwrap();
        assert_eq!((found.pictures, found.own), (vec![folder.path().join("b.png")], 1));
    }
}
