//! Report pages from the export dialog, with what the reader said.

use std::fs;

use egui::accesskit::Role;
use egui::{Key, Modifiers};
use egui_kittest::kittest::Queryable;

use super::window::{opened, press, wait};

#[test]
fn a_report_page_carries_the_readers_grade_beside_the_models() {
    let mut window = opened();
    press(&mut window, Modifiers::NONE, Key::Y);
    press(&mut window, Modifiers::NONE, Key::K);
    window.get_by_role_and_label(Role::Button, "Export…").click();
    window.run_steps(4);
    for name in ["Report page (.pdf)", "Report page (.svg)", "Legend (.svg)"] {
        window.get_by_role_and_label(Role::CheckBox, name).click();
        window.run_steps(2);
    }
    window.get_by_role_and_label(Role::RadioButton, "dark").click();
    window.run_steps(2);
    for _ in 0..500 {
        window.run_steps(1);
        if window.query_by_label("Drawing the preview…").is_none() {
            break;
        }
        std::thread::sleep(std::time::Duration::from_millis(10));
    }
    if let Some(folder) = std::env::var_os("FOVEA_PAGES") {
        window.render().unwrap().save(std::path::Path::new(&folder).join("dialog.png")).unwrap();
    }
    let folder = tempfile::tempdir().unwrap();
    window.get_by_role_and_label(Role::TextInput, "Folder").set_text_value_accesskit(folder.path().to_str().unwrap());
    window.run_steps(4);
    window.get_by_role_and_label(Role::Button, "Export").click();
    window.run_steps(2);
    wait(&mut window, "the files", |app| app.session.notices.iter().any(|notice| notice.text.starts_with("Wrote ")));
    let read = |ending: &str| fs::read(folder.path().join(format!("phantom-moderate.{ending}"))).unwrap();
    let svg = String::from_utf8(read("report.svg")).unwrap();
    for said in ["Referable: ", "accepts the model's answer", "after the answer was", "flagged", "#111316"] {
        assert!(svg.contains(said), "{said}");
    }
    assert!(read("report.pdf").starts_with(b"%PDF-") && read("legend.svg").starts_with(b"<?xml"));
    let record: serde_json::Value = serde_json::from_slice(&read("json")).unwrap();
    assert_eq!(record["reader"]["judgement"], "accepted");
    assert!(record["files"].as_array().unwrap().contains(&"report.pdf".into()));
}

#[test]
fn objects_for_an_archive_come_from_the_dialog() {
    let mut window = opened();
    window.get_by_role_and_label(Role::Button, "Export…").click();
    window.run_steps(4);
    for name in ["DICOM objects", "Single layers", "Raw maps (.npz)"] {
        window.get_by_role_and_label(Role::CheckBox, name).click_accesskit();
        window.run_steps(2);
    }
    let folder = tempfile::tempdir().unwrap();
    window.get_by_role_and_label(Role::TextInput, "Folder").set_text_value_accesskit(folder.path().to_str().unwrap());
    window.run_steps(4);
    window.get_by_role_and_label(Role::Button, "Export").click();
    window.run_steps(2);
    wait(&mut window, "the files", |app| app.session.notices.iter().any(|notice| notice.text.starts_with("Wrote ")));
    let read = |ending: &str| fs::read(folder.path().join(format!("phantom-moderate.{ending}"))).unwrap();
    let record: serde_json::Value = serde_json::from_slice(&read("json")).unwrap();
    assert_eq!(record["dicom_profile"], "kept");
    for ending in ["picture.dcm", "sc.dcm", "seg.dcm", "pm-2.dcm", "sr.dcm"] {
        assert_eq!(&read(ending)[128..132], b"DICM", "{ending}");
        assert!(record["files"].as_array().unwrap().contains(&ending.into()), "{ending}");
    }
}
