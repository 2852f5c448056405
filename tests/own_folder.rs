//! `fovea train retina-dr --labels`: any clinic's folder and table, from nothing or from a model. The program's own
//! phantoms stand for photographs.
#![allow(clippy::unwrap_used)] // A panic is how a test fails.

use std::path::{Path, PathBuf};

use assert_cmd::Command;
use fovea::bundle::{Bundle, Library};
use fovea::train::data::{DataSet, Example};
use fovea::train::{Recipe, checkpoint_path, read};
use predicates::prelude::PredicateBooleanExt;
use predicates::str::contains;

struct Clinic {
    folder: tempfile::TempDir,
}

impl Clinic {
    /// Six pictures in `pictures/`, two of each patient; the table and the masks lie elsewhere.
    fn new() -> Self {
        let clinic = Self { folder: tempfile::tempdir().unwrap() };
        let samples = Path::new(env!("CARGO_MANIFEST_DIR")).join("assets/samples");
        std::fs::create_dir_all(clinic.pictures().join("deeper")).unwrap();
        std::fs::create_dir_all(clinic.at("tables/masks")).unwrap();
        let names = ["1_left", "1_right", "2_left", "deeper/2_right", "3_left", "3_right"];
        let phantoms = ["healthy-left", "healthy-right", "mild", "severe", "moderate", "severe"];
        for (name, phantom) in names.iter().zip(phantoms) {
            let to = clinic.pictures().join(format!("{name}.jpg"));
            std::fs::copy(samples.join(format!("phantom-{phantom}.jpg")), to).unwrap();
        }
        clinic
    }

    fn at(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    fn pictures(&self) -> PathBuf {
        self.at("pictures")
    }

    fn table(&self, text: &str) -> PathBuf {
        let path = self.at("tables/labels.csv");
        std::fs::write(&path, text).unwrap();
        path
    }

    fn read(&self, text: &str) -> Result<DataSet, String> {
        let recipe = Recipe::find("retina-dr").unwrap();
        read::read(&recipe, &self.pictures(), Some(&self.table(text))).map_err(|error| error.to_string())
    }

    fn train(&self, table: &str, more: &[&str]) -> assert_cmd::assert::Assert {
        let mut command = Command::cargo_bin("fovea").unwrap();
        command.args(["train", "retina-dr", "--batch", "2", "--data"]).arg(self.pictures());
        command.arg("--labels").arg(self.table(table)).arg("--out").arg(self.at("models/ours")).args(more).assert()
    }

    fn model(&self) -> Bundle {
        Library::open(&[self.at("models")]).unwrap().load("ours").unwrap()
    }
}

const TABLE: &str =
    "image,grade,patient\n1_left.jpg,0,a\n1_right,0,a\n2_left,1,b\n2_right,3,b\n3_left,2,c\n3_right,4,c\n";

#[test]
fn a_patient_is_on_one_side() {
    let data = Clinic::new().read(TABLE).unwrap();
    assert_eq!((data.learn.len(), data.held.len(), &data.left_out), (4, 2, &None));
    let groups = |part: &[Example]| part.iter().map(|example| example.group).collect::<Vec<_>>();
    assert!(groups(&data.learn).iter().all(|group| !groups(&data.held).contains(group)));
    // In the order of their worst grades the third of five is left out: here the one of grade 4.
    let mut held: Vec<usize> = data.held.iter().map(|example| example.class).collect();
    held.sort_unstable();
    assert_eq!(held, [2, 4]);
    assert!(data.held_is.contains("2 pictures of 1 patients"), "{}", data.held_is);
    assert_eq!(data.cells, None, "no mask, no lesion head");
}

#[test]
fn what_does_not_match_is_said_once() {
    let clinic = Clinic::new();
    std::fs::write(clinic.pictures().join("broken.jpg"), b"nothing").unwrap();
    std::fs::copy(clinic.pictures().join("1_left.jpg"), clinic.pictures().join("unknown.jpg")).unwrap();
    std::fs::copy(clinic.pictures().join("1_left.jpg"), clinic.at("outside.jpg")).unwrap();
    let data = clinic.read(&format!("{TABLE}broken,1,d\n../outside.jpg,4,e\n/etc/passwd,4,e\ngone,2,f\n")).unwrap();
    let said = data.left_out.unwrap();
    assert!(said.starts_with("left out: 1 picture without a line in the table, 3 lines without a picture (../outside.jpg, /etc/passwd, gone), 1 picture that cannot be read ("), "{said}");
    assert_eq!(data.learn.len() + data.held.len(), 6);
}

#[test]
fn tables_that_cannot_be_used_end_in_a_sentence() {
    let clinic = Clinic::new();
    assert!(clinic.read("image,grade\n").unwrap_err().contains("none of its 0 lines names a picture"));
    assert!(clinic.read("image,grade\nelsewhere,1\n").unwrap_err().contains("none of its 1 lines names a picture"));
    assert!(clinic.read("image,grade\n1_left,7\n").unwrap_err().contains("the grade `7`; known are 0, 1, 2, 3, 4"));
    assert!(clinic.read("image,score\n1_left,1\n").unwrap_err().contains("no column `grade`"));
    assert!(clinic.read("image,grade\n1_left,1\n2_left,1\n").unwrap_err().contains("too few patients"));
    let hostile = clinic.read("image,grade,mask\n1_left,1,../pictures/2_left.jpg\n").unwrap_err();
    assert!(hostile.contains("no file in the table's folder"), "{hostile}");
}

#[test]
fn masks_mark_cells_and_are_no_pictures() {
    let clinic = Clinic::new();
    let size = image::image_dimensions(clinic.pictures().join("3_left.jpg")).unwrap();
    let mut mask = image::GrayImage::new(size.0, size.1);
    mask.put_pixel(size.0 / 2, size.1 / 2, image::Luma([1 | 4]));
    // The mask bears a picture's name, and even lies among the pictures.
    std::fs::create_dir(clinic.pictures().join("masks")).unwrap();
    mask.save(clinic.pictures().join("masks/3_left.png")).unwrap();
    let table = clinic.pictures().join("labels.csv");
    std::fs::write(
        &table,
        "image,grade,mask\n1_left,0,\n1_right,0,\n2_left,1,\n3_left,2,masks/3_left.png\n3_right,4,\n",
    )
    .unwrap();
    let recipe = Recipe::find("retina-dr").unwrap();
    let data = read::read(&recipe, &clinic.pictures(), Some(&table)).unwrap();
    assert_eq!(data.cells, Some([5, 128, 128]));
    let all: Vec<_> = data.learn.iter().chain(&data.held).collect();
    assert_eq!(all.len(), 5);
    let marked: Vec<_> = all.iter().filter(|example| example.lesions.known == [1.0; 5]).collect();
    assert_eq!(marked.len(), 1);
    assert_eq!(marked[0].class, 2);
    let lit: Vec<usize> = (0..5 * 128 * 128).filter(|i| marked[0].lesions.cells[*i] > 0.0).collect();
    assert_eq!(lit.len(), 2, "one cell of two kinds");
    assert_eq!(lit[1] - lit[0], 2 * 128 * 128);
    assert!(all.iter().filter(|example| example.lesions.known == [0.0; 5]).count() == 4);
    std::fs::write(clinic.pictures().join("masks/3_left.png"), b"no picture").unwrap();
    let refusal = read::read(&recipe, &clinic.pictures(), Some(&table)).unwrap_err().to_string();
    assert!(refusal.contains("is no mask that can be read"), "{refusal}");
}

#[test]
fn a_fine_tune_leaves_a_model_that_says_where_it_comes_from() {
    let clinic = Clinic::new();
    let parent = Library::open(&[]).unwrap().load("retina-dr").unwrap();
    let more = ["--from", "retina-dr", "--epochs", "1"];
    let said = clinic.train(&format!("{TABLE}gone,2,f\n"), &more).success();
    let before = contains("before, by `retina-dr` itself: AUC").or(contains("before, by `retina-dr` itself: accuracy"));
    said.stdout(contains("accuracy").and(before)).stderr(contains("left out: 1 line without a picture (gone)"));
    let child = clinic.model();
    assert_ne!(child.weights, parent.weights);
    assert_eq!(child.weights["classes.bias"].values, [0.0; 5]);
    let card = &child.card;
    assert!(card.training.data.contains(&parent.sha256), "{}", card.training.data);
    assert!(
        card.training.data.starts_with("a folder of one's own: 4 pictures of 2 patients"),
        "{}",
        card.training.data
    );
    assert_eq!(card.training.licence, parent.card.training.licence);
    assert_eq!(
        card.training.command,
        "fovea train retina-dr --data DIR --out DIR --labels CSV --from retina-dr --epochs 1 --batch 2"
    );
    assert_eq!((&card.gate, card.explanation.rule), (&parent.card.gate, parent.card.explanation.rule));
    assert_eq!(card.results[0].baseline, Some(0.5));
    assert!(!checkpoint_path(&clinic.at("models/ours")).exists());
    // The child can be gone on from by its folder.
    let folder = clinic.at("models/ours");
    let again = ["--from", folder.to_str().unwrap(), "--epochs", "1", "--force"];
    clinic.train(TABLE, &again).success();
    assert!(clinic.model().card.training.data.contains(&child.sha256));
}

#[test]
fn models_that_do_not_fit_are_refused() {
    let clinic = Clinic::new();
    clinic.train(TABLE, &["--from", "mnist"]).code(2).stderr(contains("`mnist` cannot be gone on from"));
    clinic.train(TABLE, &["--from", "chexnet"]).code(2).stderr(contains("weights"));
    clinic
        .train(TABLE, &["--from", "nowhere"])
        .code(2)
        .stderr(contains("--from nowhere is neither a model's folder nor a known model"));
    assert!(!clinic.at("models").exists());
}
