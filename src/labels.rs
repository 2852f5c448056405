//! What people say of pictures: a table `image,grade[,patient][,mask]`, or with a column of 0 and 1 for each finding, and
//! which of its lines belong to which files.
//!
//! Names in a table are hostile: they are only ever compared with files that were found, or shown to stay in their
//! folder ([`inside`]). Must not know models: classes are looked up by whoever has the card.

use std::collections::{HashMap, HashSet};
use std::path::{Component, Path, PathBuf};

use crate::guard::regular;
use crate::scan::find::has_picture_ending;

/// A table larger than this is not one of labels.
const MOST_BYTES: u64 = 64 << 20;
const MOST_LINES: usize = 2 << 20;
const MOST_CELLS: usize = 8 << 20;
/// Heads under which the answer may stand.
const ANSWERS: [&str; 3] = ["grade", "class", "label"];

/// Why a table of labels cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum LabelsError {
    #[error("cannot read the labels in {}: {reason}", path.display())]
    Read { path: PathBuf, reason: String },
    #[error("{} has no column `{column}`; its first line should be image,grade[,patient][,mask]", path.display())]
    Column { path: PathBuf, column: &'static str },
    #[error("{} says two things of `{image}`; leave one of the two lines", path.display())]
    Twice { path: PathBuf, image: String },
}

/// One line of the table.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Label {
    /// The file's name, with or without its ending, and with or without the last of its folders.
    pub image: String,
    /// Empty where the table has no column of grades.
    pub grade: String,
    pub patient: Option<String>,
    /// A picture of marked pixels, relative to the table's folder.
    pub mask: Option<String>,
    /// The whole line, one cell for each of [`LabelTable::heads`].
    pub cells: Vec<String>,
}

/// A table with all its columns.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct LabelTable {
    pub path: PathBuf,
    pub heads: Vec<String>,
    pub has_grades: bool,
    pub lines: Vec<Label>,
}

impl LabelTable {
    /// The place of the column that is called `name`, whether it is written with spaces, `-` or `_`, in small letters or
    /// large.
    pub fn column(&self, name: &str) -> Option<usize> {
        let plain = |text: &str| text.to_lowercase().replace(['-', '_'], " ");
        self.heads.iter().position(|head| plain(head) == plain(name))
    }
}

/// Reads a table of grades with a line of heads. Lines without a grade are passed over.
///
/// # Errors
/// A file that cannot be read or is no such table; a picture with two different grades.
pub fn read(path: &Path) -> Result<Vec<Label>, LabelsError> {
    let table = read_table(path)?;
    if table.has_grades { Ok(table.lines) } else { Err(LabelsError::Column { path: path.to_owned(), column: "grade" }) }
}

/// Reads a table with a line of heads, whatever is said of the pictures. Lines without a picture are passed over, and of a
/// table of grades those without a grade.
///
/// # Errors
/// A file that cannot be read or has no column of pictures; a picture of which two lines say different things.
pub fn read_table(path: &Path) -> Result<LabelTable, LabelsError> {
    let failed = |reason: String| LabelsError::Read { path: path.to_owned(), reason };
    let bytes = regular::read(path, MOST_BYTES).map_err(|error| failed(error.to_string()))?;
    let mut reader = csv::ReaderBuilder::new().flexible(true).trim(csv::Trim::All).from_reader(bytes.as_slice());
    let heads = reader.headers().map_err(|error| failed(error.to_string()))?.clone();
    let column =
        |names: &[&str]| heads.iter().position(|head| names.iter().any(|name| head.eq_ignore_ascii_case(name)));
    let missing = |column| LabelsError::Column { path: path.to_owned(), column };
    let image_at = column(&["image"]).or_else(|| column(&["name"])).ok_or_else(|| missing("image"))?;
    let (grade, patient, mask) = (column(&ANSWERS), column(&["patient"]), column(&["mask"]));
    let mut lines: Vec<Label> = Vec::new();
    // What was said of each picture: its grade, or of findings the whole line.
    let mut known: HashMap<String, Vec<String>> = HashMap::new();
    for (number, line) in reader.records().enumerate() {
        if number == MOST_LINES {
            return Err(failed(format!("it has more than {MOST_LINES} lines; give it in parts")));
        }
        // A short line has all columns, too.
        if (lines.len() + 1).saturating_mul(heads.len()) > MOST_CELLS {
            return Err(failed("it has too many columns for its lines; give it in parts".to_owned()));
        }
        let line = line.map_err(|error| failed(error.to_string()))?;
        let field = |index: usize| line.get(index).filter(|text| !text.is_empty()).map(str::to_owned);
        let Some(image) = field(image_at) else { continue };
        let (grade, is_graded) = (grade.and_then(field), grade.is_some());
        if is_graded && grade.is_none() {
            continue;
        }
        let cells: Vec<String> = (0..heads.len()).map(|index| field(index).unwrap_or_default()).collect();
        let key = key(&image).map_or_else(|| image.clone(), |key| key.to_string_lossy().into_owned());
        let said = grade.clone().map_or_else(|| without(&cells, image_at), |grade| vec![grade]);
        match known.insert(key, said.clone()) {
            Some(before) if before != said => return Err(LabelsError::Twice { path: path.to_owned(), image }),
            Some(_) => {}
            None => lines.push(Label {
                image,
                grade: grade.unwrap_or_default(),
                patient: patient.and_then(field),
                mask: mask.and_then(field),
                cells,
            }),
        }
    }
    let heads: Vec<String> = heads.iter().map(str::to_owned).collect();
    Ok(LabelTable { path: path.to_owned(), heads, has_grades: grade.is_some(), lines })
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

/// Brings files and lines together by the file's name, with or without its ending; folders that a line names must be the
/// file's last ones.
pub fn matched(files: &[PathBuf], labels: &[Label]) -> Matched {
    let keys: Vec<Option<PathBuf>> = labels.iter().map(|label| key(&label.image)).collect();
    let mut by_stem: HashMap<String, Vec<usize>> = HashMap::new();
    for (index, key) in keys.iter().enumerate() {
        if let Some(name) = key.as_deref().and_then(Path::file_name) {
            by_stem.entry(name.to_string_lossy().into_owned()).or_default().push(index);
        }
    }
    let mut found = Matched::default();
    let mut used = HashSet::new();
    for file in files {
        let name = without_ending(file);
        let stem = name.file_name().unwrap_or_default().to_string_lossy().into_owned();
        let fits = |index: &&usize| keys[**index].as_ref().is_some_and(|key| name.ends_with(key));
        let depth = |index: &&usize| keys[**index].as_ref().map_or(0, |key| key.components().count());
        match by_stem.get(&stem).and_then(|lines| lines.iter().filter(fits).max_by_key(depth)) {
            Some(index) => {
                used.insert(*index);
                found.pictures.push((file.clone(), labels[*index].clone()));
            }
            None => found.without_label += 1,
        }
    }
    let unused = labels.iter().enumerate().filter(|(index, _)| !used.contains(index));
    found.without_picture = unused.map(|(_, label)| label.image.clone()).collect();
    found
}

/// The file `name` of `folder`; `None` where the name, or a link that it follows, leads out of the folder, or to nothing.
pub fn inside(folder: &Path, name: &str) -> Option<PathBuf> {
    let file = folder.join(plain(name)?).canonicalize().ok()?;
    (file.is_file() && file.starts_with(folder.canonicalize().ok()?)).then_some(file)
}

/// What a line says besides the picture's name.
fn without(cells: &[String], image: usize) -> Vec<String> {
    cells.iter().enumerate().filter(|(at, _)| *at != image).map(|(_, cell)| cell.clone()).collect()
}

/// What a line's picture is known by: its name without an ending, behind those folders that the line names.
fn key(name: &str) -> Option<PathBuf> {
    plain(name).map(|path| without_ending(&path))
}

/// A relative path that goes downwards only; Windows' separators are separators everywhere.
fn plain(name: &str) -> Option<PathBuf> {
    let name = name.replace('\\', "/");
    let mut path = PathBuf::new();
    for part in Path::new(&name).components() {
        match part {
            Component::Normal(part) => path.push(part),
            Component::CurDir => {}
            _ => return None,
        }
    }
    path.file_name().is_some().then_some(path)
}

/// A path without the ending of a picture file; a dot inside a name is no ending.
fn without_ending(path: &Path) -> PathBuf {
    if has_picture_ending(path) { path.with_extension("") } else { path.to_owned() }
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
        assert!(matches!(table("picture,grade\na,1\n"), Err(LabelsError::Column { column: "image", .. })));
        assert!(matches!(table("image,score\na,1\n"), Err(LabelsError::Column { column: "grade", .. })));
        assert!(matches!(table("image,grade\na.png,1\na.jpg,2\n"), Err(LabelsError::Twice { .. })));
        assert_eq!(table("image,grade\na.png,1\na,1\n").unwrap().len(), 1, "twice the same is once");
        assert!(matches!(read(Path::new("/nowhere")), Err(LabelsError::Read { .. })));
    }

    #[test]
    fn a_table_of_findings_keeps_all_its_columns() {
        let file = tempfile::NamedTempFile::new().unwrap();
        std::fs::write(file.path(), "image,Pleural_Thickening,Edema,sex\na.png,1,0,F\na,1,0,F\nb,,1\n,1,1,F\n")
            .unwrap();
        let found = read_table(file.path()).unwrap();
        assert!(!found.has_grades && matches!(read(file.path()), Err(LabelsError::Column { column: "grade", .. })));
        assert_eq!(
            (found.column("pleural-thickening"), found.column("SEX"), found.column("mass")),
            (Some(1), Some(3), None)
        );
        let cells: Vec<&[String]> = found.lines.iter().map(|line| line.cells.as_slice()).collect();
        assert_eq!(
            cells,
            [&["a.png", "1", "0", "F"].map(str::to_owned)[..], &["b", "", "1", ""].map(str::to_owned)[..]]
        );
        for twice in ["image,edema\na,1\na.png,0\n", "edema,image\n1,a\n0,a.png\n"] {
            std::fs::write(file.path(), twice).unwrap();
            assert!(matches!(read_table(file.path()), Err(LabelsError::Twice { .. })));
        }
        std::fs::write(file.path(), "edema,image\n1,a\n1,a.png\n").unwrap();
        assert_eq!(read_table(file.path()).unwrap().lines.len(), 1, "the same is said twice");
        std::fs::write(file.path(), format!("image{}\na\n", ",".repeat(MOST_CELLS))).unwrap();
        assert!(matches!(read_table(file.path()), Err(LabelsError::Read { .. })), "more cells than anybody needs");
    }

    #[test]
    fn folders_that_a_line_names_must_be_the_files_own() {
        let labels = table("name,grade,mask\np1/left.jpg,0,\np2\\left,3,m/left.png\nleft,1,\n").unwrap();
        assert_eq!(labels[1].mask.as_deref(), Some("m/left.png"));
        let found = matched(&["x/p1/left.jpg", "x/p2/left.jpg", "x/p3/left.jpg"].map(PathBuf::from), &labels);
        let grades: Vec<&str> = found.pictures.iter().map(|(_, label)| label.grade.as_str()).collect();
        assert_eq!(grades, ["0", "3", "1"]);
        assert!(found.without_picture.is_empty());
    }

    #[test]
    fn no_name_leads_out_of_its_folder() {
        let folder = tempfile::tempdir().unwrap();
        let data = folder.path().join("data");
        std::fs::create_dir(&data).unwrap();
        std::fs::write(folder.path().join("a.png"), "").unwrap();
        std::fs::write(data.join("b.png"), "").unwrap();
        let hostile = ["../a.png", "../data/b.png", "/etc/passwd", "..", ".", "", "..\\a.png", "gone.png"];
        for name in hostile {
            assert_eq!(inside(&data, name), None, "{name}");
        }
        assert!(inside(&data, "./b.png").is_some());
        #[cfg(unix)]
        {
            std::os::unix::fs::symlink(folder.path().join("a.png"), data.join("link.png")).unwrap();
            assert_eq!(inside(&data, "link.png"), None, "a link leads out as well");
        }
        let labels = table("image,grade\n../a.png,1\n/b,2\nb,3\n").unwrap();
        let found = matched(&[folder.path().join("a.png"), data.join("b.png")], &labels);
        assert_eq!(found.pictures.len(), 1);
        assert_eq!(found.without_picture, ["../a.png", "/b"]);
    }
}
