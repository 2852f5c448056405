//! A picture's path below what was opened: the same on every machine.

use std::path::{Path, PathBuf};

/// A picture's path below the folder that was opened, else its file's name.
pub fn below<'a>(path: &'a Path, opened: &[PathBuf]) -> &'a Path {
    let inside = opened.iter().filter_map(|opened| path.strip_prefix(opened).ok());
    let inside = inside.filter(|rest| !rest.as_os_str().is_empty()).min_by_key(|rest| rest.components().count());
    inside.unwrap_or_else(|| path.file_name().map_or(path, Path::new))
}
