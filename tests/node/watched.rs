//! A folder that is watched, and options from a file.

use std::process::{Command, Stdio};

use fovea::guard::checksum::sha256_hex;

use super::*;

#[test]
fn a_watched_folder_is_answered_into_another_by_options_from_a_file() {
    let folder = tempfile::tempdir().unwrap();
    let path = |name: &str| folder.path().join(name);
    std::fs::create_dir(path("in")).unwrap();
    let digit = common::picture(&path(&format!("in/{}.png", SECRETS[0])));
    let config = format!(
        "folder = \"{0}/node\"\nwatch = \"{0}/in\"\nout = [\"{0}/out\"]\nmodel = \"mnist\"\ndevice = \"cpu\"\nmonitor = \"127.0.0.1:0\"\n",
        folder.path().display()
    );
    std::fs::write(path("node.toml"), config).unwrap();
    let fovea = || {
        let mut command = Command::new(env!("CARGO_BIN_EXE_fovea"));
        command.env("HOME", "/nonexistent").env("XDG_DATA_HOME", "/nonexistent").arg("node");
        command
    };
    let mut child = fovea().arg("--config").arg(path("node.toml")).stdout(Stdio::piped()).spawn().unwrap();
    let stem = sha256_hex(&std::fs::read(&digit).unwrap())[..16].to_owned();
    // A hidden file waits for its place.
    let results = || common::files(&path("out")).into_iter().filter(|name| !name.starts_with('.')).collect::<Vec<_>>();
    let is_done = || {
        let status = fovea().args(["status", "--json", "--folder"]).arg(path("node")).output().unwrap();
        let status: serde_json::Value = serde_json::from_slice(&status.stdout).unwrap_or_default();
        status["queue"]["totals"]["outcome:explained"] == 1 && status["queue"]["answered"] == 0
    };
    until("the answer", is_done);
    let refused = fovea().arg("--config").arg(path("node.toml")).output().unwrap();
    assert!(String::from_utf8_lossy(&refused.stderr).contains("another node"), "{refused:?}");
    assert!(Command::new("kill").args(["-TERM", &child.id().to_string()]).status().unwrap().success());
    assert!(child.wait().unwrap().success());
    let names = results();
    assert!(names.iter().all(|name| name.starts_with(&stem) && name.ends_with(".dcm")), "{names:?}");
    assert!(names.iter().any(|name| name.ends_with(".sc.dcm")) && names.len() > 2, "{names:?}");
    assert_silent(&path("node"), &[], "");
    let said = fovea().args(["status", "--folder"]).arg(path("node")).output().unwrap();
    let said = String::from_utf8_lossy(&said.stdout).into_owned();
    assert!(said.contains("answered: 1 explained") && said.contains("waiting: 0"), "{said}");
}
