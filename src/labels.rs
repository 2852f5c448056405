//! What people say of pictures: a table `image,grade[,patient]`, and which of its lines belong to which files.
//!
//! Must not know models: classes are looked up by whoever has the card.

use std::collections::{BTreeSet, HashMap};
use std::path::{Path, PathBuf};

use crate::scan::find::has_picture_ending;

/// A table larger than this is not one of labels.
const MOST_BYTES: u64 = 64 << 20;
/// Heads under which the answer may stand.
const ANSWERS: [&str; 3] = ["grade", "class", "label"];

/// Why a table of labels cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum LabelsError {
    #[error("cannot read the labels in {}: {reason}", path.display())]
    Read { path: PathBuf, reason: String },
    #[error("{} has no column `{column}`; its first line should be image,grade or image,grade,patient", path.display())]
    Column { path: PathBuf, column: &'static str },
    #[error("{} names `{image}` twice with different grades; leave one of the two lines", path.display())]
    Twice { path: PathBuf, image: String },
}

/// One line of the table.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Label {
    /// The file's name, with or without its ending.
    pub image: String,
    pub grade: String,
    pub patient: Option<String>,
}

/// Reads a table with a line of heads; columns besides image, grade and patient are passed over.
///
/// # Errors
/// A file that cannot be read or is no such table; a picture with two different grades.
pub fn read(path: &Path) -> Result<Vec<Label>, LabelsError> {
    let failed = |reason: String| LabelsError::Read { path: path.to_owned(), reason };
    let bytes = std::fs::metadata(path).map_err(|error| failed(error.to_string()))?.len();
    if bytes > MOST_BYTES {
        return Err(failed(format!("it is {bytes} bytes large; at most {MOST_BYTES} are read")));
    }
    let reader = csv::ReaderBuilder::new().flexible(true).trim(csv::Trim::All).from_path(path);
    let mut reader = reader.map_err(|error| failed(error.to_string()))?;
    let heads = reader.headers().map_err(|error| failed(error.to_string()))?.clone();
    let column =
        |names: &[&str]| heads.iter().position(|head| names.iter().any(|name| head.eq_ignore_ascii_case(name)));
    let missing = |column| LabelsError::Column { path: path.to_owned(), column };
    let image = column(&["image"]).ok_or_else(|| missing("image"))?;
    let grade = column(&ANSWERS).ok_or_else(|| missing("grade"))?;
    let patient = column(&["patient"]);
    let mut labels: Vec<Label> = Vec::new();
    let mut known: HashMap<String, String> = HashMap::new();
    for line in reader.records() {
        let line = line.map_err(|error| failed(error.to_string()))?;
        let field = |index: usize| line.get(index).filter(|text| !text.is_empty()).map(str::to_owned);
        let (Some(image), Some(grade)) = (field(image), field(grade)) else { continue };
        match known.insert(stem(&image), grade.clone()) {
            Some(before) if before != grade => return Err(LabelsError::Twice { path: path.to_owned(), image }),
            Some(_) => {}
            None => labels.push(Label { image, grade, patient: patient.and_then(field) }),
        }
    }
    Ok(labels)
}

/// Pictures with their labels, and the two kinds of leftovers.
#[derive(Debug, Default)]
pub struct Matched {
    pub pictures: Vec<(PathBuf, Label)>,
    /// Lines that no picture belongs to.
    pub without_picture: Vec<String>,
    /// How many pictures have no line.
    pub without_label: usize,
}

/// Brings files and lines together by the file's name, with or without its ending.
pub fn matched(files: &[PathBuf], labels: &[Label]) -> Matched {
    let by_stem: HashMap<String, &Label> = labels.iter().map(|label| (stem(&label.image), label)).collect();
    let mut found = Matched::default();
    let mut used = BTreeSet::new();
    for file in files {
        let name = stem(&file.file_name().unwrap_or_default().to_string_lossy());
        match by_stem.get(&name) {
            Some(label) => {
                used.insert(name);
                found.pictures.push((file.clone(), (*label).clone()));
            }
            None => found.without_label += 1,
        }
    }
    found.without_picture =
        labels.iter().filter(|label| !used.contains(&stem(&label.image))).map(|label| label.image.clone()).collect();
    found
}

/// A name without the ending of a picture file; a dot inside a name is no ending.
fn stem(name: &str) -> String {
    let path = Path::new(name);
    let kept = if has_picture_ending(path) { path.file_stem() } else { path.file_name() };
    kept.unwrap_or_default().to_string_lossy().into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn table(text: &str) -> Result<Vec<Label>, LabelsError> {
        let file = tempfile::NamedTempFile::new().unwrap();
        std::fs::write(file.path(), text).unwrap();
        read(file.path())
    }

    #[test]
    fn lines_meet_files_with_and_without_endings() {
        let labels = table("Image,camera,Grade,patient\na.jpg,x,2,p1\nb.1,y,0,\n\nc,,,\nd,z,4,p2\n").unwrap();
        assert_eq!(labels.len(), 3, "a line without a grade is none");
        assert_eq!((labels[0].patient.as_deref(), labels[1].patient.as_deref()), (Some("p1"), None));
        let found = matched(&["x/a.png", "x/b.1.JPG", "x/e.png"].map(PathBuf::from), &labels);
        let pairs: Vec<&str> = found.pictures.iter().map(|(_, label)| label.grade.as_str()).collect();
        assert_eq!(pairs, ["2", "0"]);
        assert_eq!((found.without_picture, found.without_label), (vec!["d".to_owned()], 1));
    }

    #[test]
    fn tables_that_cannot_be_used_say_why() {
        assert!(matches!(table("name,grade\na,1\n"), Err(LabelsError::Column { column: "image", .. })));
        assert!(matches!(table("image,score\na,1\n"), Err(LabelsError::Column { column: "grade", .. })));
        assert!(matches!(table("image,grade\na.png,1\na.jpg,2\n"), Err(LabelsError::Twice { .. })));
        assert_eq!(table("image,grade\na.png,1\na,1\n").unwrap().len(), 1, "twice the same is once");
        assert!(matches!(read(Path::new("/nowhere")), Err(LabelsError::Read { .. })));
    }
}
