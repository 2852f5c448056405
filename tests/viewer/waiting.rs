//! What stands where the explanation will be, in every state.

use std::path::PathBuf;

use egui_kittest::kittest::Queryable;
use fovea::session::SessionCommand;

use super::window::*;

#[test]
fn a_picture_without_a_model_is_told_so_and_not_to_be_opened() {
    let mut window = build_with(Vec::new(), Some("no-such-model".to_owned()), None, false);
    act(&mut window, SessionCommand::Open(vec![moderate()]));
    wait(&mut window, "the picture", |app| app.session.current().is_some() && app.session.busy().is_none());
    window.get_by_label("No model");
    window.get_by_label_contains("choose another in the menu Model");
    assert!(!says(&window, "Open a picture"), "there is one");
    act(&mut window, SessionCommand::Model("retina-dr".to_owned()));
    assert!(says(&window, "No model yet") || window.state().session.card().is_some());
    wait(&mut window, "the explanation", |app| app.session.shown().is_some());
    assert!(!says(&window, "No model"));
}

#[test]
fn what_is_under_way_is_named_and_what_was_stopped_can_be_started_again() {
    let mut window = build(None, false);
    wait(&mut window, "the model", |app| app.session.card().is_some());
    act(&mut window, SessionCommand::Open(vec![moderate()]));
    wait(&mut window, "the picture", |app| app.session.current().is_some());
    if window.state().session.shown().is_none() {
        assert!(says(&window, "No explanation yet"));
    }
    act(&mut window, SessionCommand::Cancel);
    window.run_steps(3);
    if window.state().session.shown().is_none() && window.state().session.busy().is_none() {
        window.get_by_label("No explanation");
        window.get_by_role_and_label(egui::accesskit::Role::Button, "Read the file again").click();
        window.run_steps(2);
    }
    wait(&mut window, "the explanation", |app| app.session.shown().is_some());
}

#[test]
fn while_another_opens_its_name_is_short() {
    let mut window = opened();
    let folder = tempfile::tempdir().unwrap();
    let path: PathBuf = folder.path().join(format!("{}.jpg", "long".repeat(40)));
    std::fs::copy(moderate(), &path).unwrap();
    act(&mut window, SessionCommand::Open(vec![path.clone()]));
    wait(&mut window, "the other", |app| app.session.current().is_some_and(|current| current.path == path));
    window.run_steps(2);
    for seen in super::tree::nodes(&window) {
        assert!(seen.rect.right() <= 1281.0 || !seen.rect.is_finite(), "{} {:?}", seen.name, seen.rect);
    }
}
