//! Pictures that the command line draws: this program starts itself as `fovea`.

use std::path::Path;
use std::process::{Command, Stdio};

use image::RgbImage;

use super::scenes;

/// Whether this process was started to be the program itself.
pub fn is_the_program() -> bool {
    std::env::args().nth(1).is_some_and(|word| ["explain", "evaluate"].contains(&word.as_str()))
}

fn fovea(words: &[&str], out: &Path) {
    let mut command = Command::new(std::env::current_exe().unwrap());
    let status =
        command.args(words).args(["--device", "cpu", "--out"]).arg(out).stdout(Stdio::null()).status().unwrap();
    assert!(status.success(), "{words:?}: {status}");
}

/// The panel of the README's sample.
pub fn panel() -> RgbImage {
    let folder = tempfile::tempdir().unwrap();
    let sample = scenes::sample("phantom-moderate.jpg");
    fovea(&["explain", "--no-layers", sample.to_str().unwrap()], folder.path());
    image::open(folder.path().join("phantom-moderate.panel.png")).unwrap().into_rgb8()
}

/// Right and wrong examples of each grade.
pub fn examples() -> RgbImage {
    let (pictures, results) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    scenes::labelled(pictures.path());
    let (folder, labels) = (pictures.path().to_str().unwrap().to_owned(), scenes::labels_file());
    fovea(&["evaluate", &folder, "--labels", labels.to_str().unwrap(), "--truth", "0"], results.path());
    image::open(results.path().join("examples.png")).unwrap().into_rgb8()
}
