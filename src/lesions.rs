//! Where people marked lesions: boxes as fractions of a picture, or masks of its pixels. Must not know models.

use std::collections::HashMap;
use std::path::{Path, PathBuf};

use serde::Deserialize;

use crate::guard::regular;
use crate::scan::{self, ScanError};

/// The kinds of lesion of a retina, in the order of a mask's bits; the last is a landmark.
pub const KINDS: [&str; 5] = ["microaneurysm", "haemorrhage", "hard_exudates", "soft_exudates", "optic_disc"];
/// What is no lesion but must not be mistaken for one.
pub const LANDMARK: &str = "optic_disc";

/// A table of more is not one of boxes.
const MOST_BYTES: u64 = 64 << 20;
const MOST_BOXES: usize = 1 << 20;
/// Of one picture.
const MOST_BOXES_EACH: usize = 4096;
/// Of a kind's name, in letters, and how many kinds there can be.
const MOST_NAME: usize = 64;
const MOST_KINDS: usize = 64;

/// Why marks cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum LesionsError {
    #[error("{}: {reason}", path.display())]
    Data { path: PathBuf, reason: String },
    #[error(transparent)]
    Scan(#[from] ScanError),
}

/// A line of `image,lesion,x_min,y_min,x_max,y_max`: a box as fractions of the picture's width and height.
#[derive(Debug, Clone, PartialEq, Deserialize)]
pub struct LesionBox {
    pub image: String,
    pub lesion: String,
    pub x_min: f64,
    pub y_min: f64,
    pub x_max: f64,
    pub y_max: f64,
}

/// The boxes by picture, whose name is without folder and ending.
///
/// # Errors
/// A file that cannot be read or is no such table, boxes outside of their pictures, kinds that are no names.
pub fn read_boxes(path: &Path) -> Result<HashMap<String, Vec<LesionBox>>, LesionsError> {
    let failed = |reason: String| LesionsError::Data { path: path.to_owned(), reason };
    let bytes = regular::read(path, MOST_BYTES).map_err(|error| failed(format!("cannot be read: {error}")))?;
    let mut reader = csv::ReaderBuilder::new().flexible(true).trim(csv::Trim::All).from_reader(bytes.as_slice());
    let mut boxes: HashMap<String, Vec<LesionBox>> = HashMap::new();
    let mut kinds: Vec<String> = Vec::new();
    for (number, line) in reader.deserialize().enumerate() {
        let line: LesionBox = line.map_err(|error| failed(format!("is no table of boxes: {error}")))?;
        if number == MOST_BOXES {
            return Err(failed(format!("it has more than {MOST_BOXES} boxes; give it in parts")));
        }
        // Real boxes reach a little beyond their pictures; those that lie wholly elsewhere are mistakes.
        let spans = [(line.x_min, line.x_max), (line.y_min, line.y_max)];
        if !spans.iter().all(|(from, to)| from <= to && *to >= 0.0 && *from <= 1.0) {
            return Err(failed(format!("a box of {} lies outside of its picture", line.image.escape_debug())));
        }
        if !kinds.contains(&line.lesion) {
            let name = &line.lesion;
            if name.is_empty() || name.chars().count() > MOST_NAME || name.chars().any(char::is_control) {
                return Err(failed(format!("a kind of lesion must be a name of 1 to {MOST_NAME} letters")));
            }
            if kinds.len() == MOST_KINDS {
                return Err(failed(format!("it names more than {MOST_KINDS} kinds of lesions")));
            }
            kinds.push(name.clone());
        }
        let of_picture = boxes.entry(stem(Path::new(&line.image))).or_default();
        if of_picture.len() == MOST_BOXES_EACH {
            let image = line.image.escape_debug();
            return Err(failed(format!("it has more than {MOST_BOXES_EACH} boxes of {image}; a mask can hold them")));
        }
        of_picture.push(line);
    }
    Ok(boxes)
}

/// What a picture's marks are known by: its name without folder and ending.
pub fn stem(path: &Path) -> String {
    path.file_stem().unwrap_or_default().to_string_lossy().into_owned()
}

/// The pixels of a mask of 8 bits, row by row; as large as its picture.
///
/// # Errors
/// What is no grey picture of 8 bits of that size.
pub fn read_mask(path: &Path, source_px: (u32, u32)) -> Result<Vec<u8>, LesionsError> {
    let failed = |reason: String| LesionsError::Data { path: path.to_owned(), reason };
    let file = scan::Encoded::read(path, 0)?;
    let fits = |(w, h): (u32, u32)| {
        let (width, height) = source_px;
        let says = || failed(format!("the mask is {w}×{h} pixels, its picture {width}×{height}"));
        if (w, h) == source_px { Ok(()) } else { Err(says()) }
    };
    // Before it is decoded: a mask may say that it is larger than its picture. It may lie on its side and say so.
    let (w, h) = file.header.size_px;
    fits((w, h)).or_else(|error| fits((h, w)).map_err(|_| error))?;
    let mask = file.decode()?;
    fits(mask.size_px())?;
    let Some(grey) = mask.grey().filter(|_| mask.bit_depth() == 8) else {
        return Err(failed("a mask must be a grey PNG of 8 bits, one bit a kind of lesion".to_owned()));
    };
    Ok(grey.codes.iter().map(|code| *code as u8).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hostile_tables_are_refused_in_a_sentence() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("boxes.csv");
        let read = |lines: &str| {
            std::fs::write(&path, format!("image,lesion,x_min,y_min,x_max,y_max\n{lines}")).unwrap();
            read_boxes(&path).map_err(|error| error.to_string())
        };
        let found = read("a/b.jpg,drusen,0.1,0.2,0.3,0.4\nb.png,drusen,-0.01,0,0.5,1.02\n").unwrap();
        assert_eq!((found.len(), found["b"].len()), (1, 2));
        for line in ["b,x,0.5,0,0.4,1", "b,x,NaN,0,1,1", "b,x,2,0,3,1", "b,x,0,-2,1,-1"] {
            assert!(read(line).unwrap_err().contains("outside of its picture"), "{line}");
        }
        assert!(read("b,x,0,0,1\n").unwrap_err().contains("is no table of boxes"));
        assert!(read("b,,0,0,1,1\n").unwrap_err().contains("must be a name"));
        assert!(read(&format!("b,{},0,0,1,1\n", "x".repeat(65))).unwrap_err().contains("must be a name"));
        let many: String = (0..65).map(|kind| format!("b,k{kind},0,0,1,1\n")).collect();
        assert!(read(&many).unwrap_err().contains("more than 64 kinds"));
        assert!(read(&"b,x,0,0,1,1\n".repeat(4097)).unwrap_err().contains("a mask can hold them"));
        assert!(read_boxes(folder.path()).unwrap_err().to_string().contains("cannot be read"));
    }

    #[test]
    fn masks_are_grey_and_as_large_as_their_pictures() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("mask.png");
        image::GrayImage::from_pixel(4, 3, image::Luma([255])).save(&path).unwrap();
        assert_eq!(read_mask(&path, (4, 3)).unwrap(), [255; 12]);
        assert!(read_mask(&path, (3, 4)).unwrap_err().to_string().contains("is 4×3 pixels, its picture 3×4"));
        image::RgbImage::from_pixel(4, 3, image::Rgb([1, 2, 3])).save(&path).unwrap();
        assert!(read_mask(&path, (4, 3)).unwrap_err().to_string().contains("must be a grey PNG"));
        std::fs::write(&path, b"\x89PNG\r\n\x1a\nnothing").unwrap();
        assert!(read_mask(&path, (4, 3)).is_err());
    }
}
