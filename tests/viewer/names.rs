//! Names of any length and script: elided in the middle, drawn by fonts of the machine, whole for a screen reader.

use std::path::PathBuf;

use egui::accesskit::Role;
use egui_kittest::kittest::Queryable;

use super::tree::nodes;
use super::window::*;

fn copied(folder: &tempfile::TempDir, name: &str) -> PathBuf {
    let path = folder.path().join(name);
    std::fs::copy(moderate(), &path).unwrap();
    path
}

#[test]
fn a_long_name_overprints_nothing_and_keeps_its_end() {
    let folder = tempfile::tempdir().unwrap();
    let name = format!("{}-left-eye-0042.jpg", "a-name-from-some-archive".repeat(8));
    let mut window = build(None, false);
    window.set_size(egui::vec2(900.0, 700.0));
    open(&mut window, &[copied(&folder, &name)]);
    let notice = window.get_by_label("Research use only, not for diagnosis").rect();
    let shown = window.get_by(|node| node.role() == Role::Label && node.value().as_deref() == Some(&name)).rect();
    assert!(shown.left() > notice.right() && shown.right() <= 900.0, "{notice:?} {shown:?}");
    let outside: Vec<_> = nodes(&window)
        .into_iter()
        .filter(|seen| seen.role == Role::Label && seen.rect.top() > notice.top() - 2.0)
        .filter(|seen| seen.rect.left() < 0.0 || seen.rect.right() > 900.0)
        .map(|seen| seen.value)
        .collect();
    assert_eq!(outside, Vec::<Option<String>>::new());
}

/// Where a font is missing the window under test panics, as it is told to.
#[test]
fn names_in_other_scripts_are_no_boxes() {
    let folder = tempfile::tempdir().unwrap();
    let names = ["王小明-左眼-眼底照片.jpg", "山田さん-右目.jpg", "홍길동.jpg", "عين-يسرى.jpg", "глаз.jpg"];
    let missing = names.iter().flat_map(|name| name.chars()).find(|c| !c.is_ascii() && !can_be_drawn(*c));
    if let Some(missing) = missing {
        eprintln!("left out: no font of this machine has {missing}");
        return;
    }
    let paths: Vec<PathBuf> = names.iter().map(|name| copied(&folder, name)).collect();
    let mut window = build(None, can_draw());
    open(&mut window, &paths);
    for name in names {
        assert!(says(&window, name), "{name}");
    }
    if can_draw() {
        window.render().unwrap();
    }
}

fn can_be_drawn(c: char) -> bool {
    let built_in = "глазعينيسرى".contains(c);
    built_in || fovea::fonts::for_char(c).is_some()
}

#[test]
fn what_no_font_draws_is_a_number_and_the_name_stays_whole_for_a_screen_reader() {
    let folder = tempfile::tempdir().unwrap();
    let name = "eye-\u{F8F0}-\u{F8F1}.jpg";
    let mut window = build(None, false);
    open(&mut window, &[copied(&folder, name), copied(&folder, "b.jpg")]);
    assert!(says(&window, name));
}
