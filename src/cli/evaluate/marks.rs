//! Where people marked lesions: boxes of a table, or a folder of masks.

use std::collections::HashMap;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail};

use super::{Arguments, note};
use crate::evaluate::place::{Region, SourceGrid};
use crate::guard::checksum::sha256_hex;
use crate::lesions::{self, LesionBox};
use crate::scan;

pub enum Marks {
    None,
    Boxes(HashMap<String, Vec<LesionBox>>),
    /// By the picture's name without its ending.
    Masks(HashMap<String, PathBuf>),
}

impl Marks {
    pub fn read(arguments: &Arguments) -> Result<Self> {
        match (&arguments.lesions, &arguments.masks) {
            (Some(table), _) => Ok(Self::Boxes(lesions::read_boxes(table)?)),
            (None, Some(folder)) => {
                let found = scan::find::pictures(std::slice::from_ref(folder))?;
                found.problems.iter().for_each(|problem| note(format_args!("left out: {problem}")));
                // The photographs may lie beside or below them.
                let is_png = |path: &PathBuf| path.extension().is_some_and(|ending| ending.eq_ignore_ascii_case("png"));
                let mut masks: HashMap<String, PathBuf> = HashMap::new();
                for path in found.pictures.into_iter().filter(is_png) {
                    if let Some(other) = masks.insert(lesions::stem(&path), path.clone()) {
                        bail!(
                            "{} and {} would mark the same picture; give pictures and masks unique names",
                            other.display(),
                            path.display()
                        );
                    }
                }
                if masks.is_empty() {
                    bail!("{} has no masks (PNG files with the names of the pictures)", folder.display());
                }
                Ok(Self::Masks(masks))
            }
            (None, None) => Ok(Self::None),
        }
    }

    /// Refuses pictures that share the name of their marks: those of one would be taken for the other's.
    pub fn check<'a>(&self, pictures: impl Iterator<Item = &'a Path>) -> Result<()> {
        let mut named: HashMap<String, &Path> = HashMap::new();
        for path in pictures.filter(|path| self.has(path)) {
            if let Some(other) = named.insert(lesions::stem(path), path) {
                bail!(
                    "{} and {} have the same marks; give pictures and marks unique names",
                    other.display(),
                    path.display()
                );
            }
        }
        Ok(())
    }

    /// Whether anything may be marked in the picture at `path`.
    pub fn has(&self, path: &Path) -> bool {
        match self {
            Self::None => false,
            Self::Boxes(boxes) => boxes.contains_key(&lesions::stem(path)),
            // A mask that is the picture itself marks nothing.
            Self::Masks(masks) => masks.get(&lesions::stem(path)).is_some_and(|mask| mask != path),
        }
    }

    /// What is marked in the picture at `path`, on the model's grid.
    pub fn regions(&self, path: &Path, grid: &SourceGrid) -> Result<Vec<Region>> {
        let stem = lesions::stem(path);
        match self {
            Self::None => Ok(Vec::new()),
            Self::Boxes(boxes) => Ok(boxes.get(&stem).map_or_else(Vec::new, |boxes| grid.of_boxes(boxes))),
            Self::Masks(masks) => {
                let Some(mask) = masks.get(&stem) else { return Ok(Vec::new()) };
                Ok(grid.of_mask(&lesions::read_mask(mask, grid.source_px)?))
            }
        }
    }

    /// One number for all that is marked.
    pub fn sha256(&self, arguments: &Arguments) -> Result<String> {
        let of = |path: &Path| {
            let bytes = std::fs::read(path).with_context(|| format!("cannot read {}", path.display()))?;
            Ok::<_, anyhow::Error>(sha256_hex(&bytes))
        };
        match self {
            Self::None => Ok(String::new()),
            Self::Boxes(_) => arguments.lesions.as_deref().map_or(Ok(String::new()), of),
            Self::Masks(masks) => {
                let mut all = masks.iter().map(|(name, path)| Ok((name, of(path)?))).collect::<Result<Vec<_>>>()?;
                all.sort();
                Ok(sha256_hex(format!("{all:?}").as_bytes()))
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn two_pictures_of_one_name_do_not_share_their_marks() {
        let boxes = HashMap::from([("left".to_owned(), Vec::new())]);
        let check = |paths: &[&str]| Marks::Boxes(boxes.clone()).check(paths.iter().map(Path::new));
        assert!(check(&["a/left.jpg", "a/right.jpg", "b/right.jpg"]).is_ok());
        let says = check(&["a/left.jpg", "b/left.png"]).unwrap_err().to_string();
        assert!(says.starts_with("a/left.jpg and b/left.png have the same marks"), "{says}");
    }
}
