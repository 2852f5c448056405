//! The keyboard alone: what Escape ends, where the keyboard is, and the way from the start to exported files.

use egui::accesskit::Role;
use egui::{Key, Modifiers};
use egui_kittest::kittest::{NodeT, Queryable};
use fovea::session::{Layer, ViewCommand, WindowCommand};

use super::window::*;

pub fn key(window: &mut Window, key: Key) {
    press(window, Modifiers::NONE, key);
}

/// Name of what has the keyboard, by the tree that a screen reader is given.
pub fn focused(window: &Window) -> String {
    let node = window.root().accesskit_node();
    let mut found = None;
    find(&node, &mut found);
    found.unwrap_or_default()
}

fn find(node: &egui_kittest::kittest::AccessKitNode<'_>, found: &mut Option<String>) {
    if node.is_focused() && node.role() != Role::Window {
        *found = Some(node.label().or(node.value()).unwrap_or_default());
    }
    node.children().for_each(|child| find(&child, found));
}

/// Presses Tab until `name` has the keyboard.
pub fn tab_to(window: &mut Window, name: &str) {
    let mut passed = Vec::new();
    for _ in 0..120 {
        if focused(window).starts_with(name) {
            return;
        }
        key(window, Key::Tab);
        passed.push(focused(window));
    }
    panic!("Tab never comes to {name}: {passed:?}");
}

pub fn type_text(window: &mut Window, text: &str) {
    window.event(egui::Event::Text(text.to_owned()));
    window.run_steps(3);
}

#[test]
fn escape_closes_the_innermost_thing_and_no_key_acts_beneath_it() {
    let mut window = opened();
    act(&mut window, ViewCommand::Maximise(Layer::Cam));
    let boxed = |window: &Window| window.state().session.preferences.style.boxed;
    let is_enlarged = |window: &Window| window.query_by_label("Input view of phantom-moderate.jpg").is_none();
    let before = boxed(&window);
    // A menu above an enlarged view.
    window.get_by_role_and_label(Role::Button, "Maps").click();
    window.run_steps(4);
    assert!(says(&window, "All classes on"));
    key(&mut window, Key::B);
    assert_eq!(boxed(&window), before, "beneath a menu");
    key(&mut window, Key::Escape);
    assert!(!says(&window, "All classes on") && is_enlarged(&window), "the menu alone is closed");
    // A list of choices within a dialog's neighbourhood: the inspector's.
    act(&mut window, WindowCommand::More);
    window.get_by_role_and_label(Role::ComboBox, "Map of one class").click();
    window.run_steps(4);
    let choices = |window: &Window| says(window, "HiResCAM") || window.query_all_by_label("Grad-CAM").count() > 0;
    assert!(choices(&window));
    key(&mut window, Key::B);
    key(&mut window, Key::Escape);
    assert!(boxed(&window) == before && is_enlarged(&window) && !choices(&window));
    // A dialog: keys do nothing behind it.
    key(&mut window, Key::F1);
    key(&mut window, Key::B);
    key(&mut window, Key::N);
    assert!(boxed(&window) == before && says(&window, "Mouse, in a view"));
    key(&mut window, Key::Escape);
    assert!(!says(&window, "Mouse, in a view") && is_enlarged(&window));
    key(&mut window, Key::Escape);
    assert!(!is_enlarged(&window), "at last the view itself");
    key(&mut window, Key::B);
    assert_ne!(boxed(&window), before);
}

#[test]
fn escape_leaves_a_number_that_is_typed_before_it_leaves_the_view() {
    let mut window = opened();
    act(&mut window, ViewCommand::Maximise(Layer::Cam));
    let value = window.get_all_by_role(Role::SpinButton).next().unwrap();
    value.focus();
    window.run_steps(3);
    assert!(window.ctx.text_edit_focused(), "a focused number is edited");
    key(&mut window, Key::Escape);
    assert!(window.query_by_label("Input view of phantom-moderate.jpg").is_none(), "still enlarged");
    key(&mut window, Key::Escape);
    window.get_by_label("Input view of phantom-moderate.jpg");
}

#[test]
fn what_has_the_keyboard_wears_a_ring_in_menu_and_toolbar() {
    if !can_draw() {
        return;
    }
    for theme in [fovea::session::preferences::Theme::Dark, fovea::session::preferences::Theme::Light] {
        let mut window = build(None, true);
        window.state_mut().session.preferences.theme = theme;
        open(&mut window, &[moderate()]);
        for name in ["File", "Maps", "Open pictures…", "Export…"] {
            let rect = window.get_by_role_and_label(Role::Button, name).rect();
            let before = window.render().unwrap();
            window.get_by_role_and_label(Role::Button, name).focus();
            window.run_steps(3);
            let after = window.render().unwrap();
            let around = rect.expand(3.0);
            let mut changed = 0;
            for y in around.top().max(0.0) as u32..around.bottom() as u32 {
                for x in around.left().max(0.0) as u32..around.right() as u32 {
                    let (a, b) = (before.get_pixel(x, y).0, after.get_pixel(x, y).0);
                    changed += usize::from((0..3).any(|c| a[c].abs_diff(b[c]) > 60));
                }
            }
            let around = 2.0 * (rect.width() + rect.height());
            assert!(changed as f32 > around, "{theme:?} {name}: {changed} pixels changed clearly of {around}");
        }
    }
}

#[test]
fn the_list_is_one_stop_and_arrows_walk_in_it() {
    let mut window = build(None, false);
    open(&mut window, &[sample("")]);
    wait(&mut window, "all", |app| app.session.busy().is_none());
    let count = window.state().session.worklist.len();
    assert!(count > 4);
    window.get_by_role_and_label(Role::ListBox, &format!("{count} pictures")).focus();
    window.run_steps(3);
    let name = |window: &Window| {
        window.state().session.selected().unwrap().file_name().unwrap().to_string_lossy().into_owned()
    };
    let names: Vec<String> = window.state().session.worklist.items().iter().map(|item| item.name.clone()).collect();
    key(&mut window, Key::ArrowDown);
    key(&mut window, Key::ArrowDown);
    assert_eq!(name(&window), names[0], "walking opens nothing");
    key(&mut window, Key::Enter);
    wait(&mut window, "the third", |app| app.session.coming().is_none() && app.session.shown().is_some());
    assert_eq!(name(&window), names[2]);
    for (pressed, at) in [(Key::End, count - 1), (Key::Home, 0), (Key::PageDown, count - 1), (Key::ArrowUp, count - 2)]
    {
        key(&mut window, pressed);
        if pressed == Key::PageDown {
            // The list is higher than its rows.
            continue;
        }
        key(&mut window, Key::Enter);
        wait(&mut window, "it", |app| app.session.coming().is_none() && app.session.shown().is_some());
        assert_eq!(name(&window), names[at], "{pressed:?}");
    }
    // A screen reader is told the row within the list.
    assert!(focused(&window).starts_with(names[count - 2].as_str()), "{}", focused(&window));
    // One stop: Tab leaves it at once.
    key(&mut window, Key::Tab);
    assert!(!names.iter().any(|name| focused(&window).starts_with(name.as_str())), "{}", focused(&window));
    let selected =
        window.query_all_by_role(Role::ListBoxOption).filter(|node| node.accesskit_node().is_selected() == Some(true));
    assert_eq!(selected.count(), 1);
}

#[test]
fn from_the_start_to_an_exported_overlay_without_a_mouse() {
    let mut window = build(None, false);
    window.run_steps(3);
    // By the menu, to which Tab comes first.
    tab_to(&mut window, "File");
    key(&mut window, Key::Enter);
    for _ in 0..8 {
        if focused(&window) == "Type a path…" {
            break;
        }
        key(&mut window, Key::ArrowDown);
    }
    assert_eq!(focused(&window), "Type a path…");
    key(&mut window, Key::Enter);
    assert!(says(&window, "Path of a picture, a folder or a reading session"));
    type_text(&mut window, moderate().to_str().unwrap());
    key(&mut window, Key::Enter);
    wait(&mut window, "the explanation", |app| app.session.shown().is_some());
    // Another class, by the slider.
    tab_to(&mut window, "Class");
    key(&mut window, Key::ArrowRight);
    press(&mut window, Modifiers::COMMAND, Key::E);
    assert!(says(&window, "Export what the screen shows"));
    let folder = tempfile::tempdir().unwrap();
    tab_to(&mut window, "Folder");
    press(&mut window, Modifiers::COMMAND, Key::A);
    type_text(&mut window, folder.path().to_str().unwrap());
    // Maps and record are left out.
    for name in ["Raw maps", "Record"] {
        tab_to(&mut window, name);
        key(&mut window, Key::Space);
    }
    tab_to(&mut window, "Export");
    key(&mut window, Key::Enter);
    wait(&mut window, "the files", |app| app.session.notices.iter().any(|notice| notice.text.starts_with("Wrote ")));
    assert!(folder.path().join("phantom-moderate.cam-overlay.png").exists());
    assert!(
        !folder.path().join("phantom-moderate.npz").exists() && !folder.path().join("phantom-moderate.json").exists()
    );
}

#[test]
fn the_keyboard_comes_back_to_where_it_was_when_a_menu_closes() {
    let mut window = opened();
    window.get_by_role_and_label(Role::Button, "View").focus();
    window.run_steps(3);
    key(&mut window, Key::Enter);
    assert!(says(&window, "Magnify"));
    key(&mut window, Key::ArrowDown);
    key(&mut window, Key::Escape);
    assert!(!says(&window, "Magnify"));
    assert_eq!(focused(&window), "View");
}
